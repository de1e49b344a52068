/* Arenas and the heap below them. */
#include "base/arena.h"
#include "base/mem.h"
#include "test.h"

#include <stdint.h>
#include <string.h>

static void
test_memory_is_zeroed_aligned_and_apart(void **state)
{
    struct arena arena;
    arena_init(&arena, 1 << 20);
    char *before = NULL;
    for (size_t size = 0; size < ARENA_SMALL_BYTES; size += 7) {
        char *memory = arena_alloc(&arena, size);
        assert_int_equal((uintptr_t)memory % 16, 0);
        assert_ptr_not_equal(memory, before);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(memory[i], 0);
        memset(memory, 0xA5, size);
        before = memory;
    }
    arena_done(&arena);
}

static void
test_small_requests_pass_the_limit_and_are_noticed(void **state)
{
    struct arena arena;
    arena_init(&arena, 10000);
    size_t count = 0;
    while (!arena_is_over(&arena) && count < 1000) {
        arena_alloc(&arena, 100);
        count++;
    }
    assert_in_range(count, 80, 100);
    assert_non_null(arena_alloc(&arena, 4000));
    arena_done(&arena);
    assert_false(arena_is_over(&arena));
}

static void
test_large_requests_ask_first(void **state)
{
    static const struct {
        const char *label;
        size_t limit;
        size_t size;
        bool fits;
    } table[] = {
        {"well below", 100000, 50000, true},
        {"no room for the header", 100000, 100000, false},
        {"above", 100000, 100001, false},
        {"nothing", 100, 0, true},
        {"small but above", 100, 200, false},
        {"absurd", 100000, SIZE_MAX, false},
        {"absurd after rounding", SIZE_MAX, SIZE_MAX - 3, false},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct arena arena;
        arena_init(&arena, table[i].limit);
        void *memory = arena_try_alloc(&arena, table[i].size);
        if ((memory != NULL) != table[i].fits)
            fail_msg("%s: %p", table[i].label, memory);
        assert_false(arena_is_over(&arena));
        arena_done(&arena);
    }
}

static void
test_a_large_request_leaves_the_shared_block_in_use(void **state)
{
    struct arena arena;
    arena_init(&arena, 1 << 20);
    char *first = arena_alloc(&arena, 16);
    char *large = arena_try_alloc(&arena, 100000);
    char *second = arena_alloc(&arena, 16);
    assert_ptr_equal(second, first + 16);
    memset(large, 1, 100000);
    assert_int_equal(first[15] + second[0], 0);
    arena_done(&arena);
}

static void
test_rewind_gives_back_all_since_the_mark(void **state)
{
    struct arena arena;
    arena_init(&arena, 1 << 20);
    struct arena_mark empty = arena_mark(&arena);
    arena_try_alloc(&arena, 50000);
    struct arena_mark no_shared = arena_mark(&arena);
    arena_alloc(&arena, 10);
    struct arena_mark mark = arena_mark(&arena);
    size_t used = arena.used_bytes;

    for (int round = 0; round < 3; round++) {
        char *next = arena_alloc(&arena, 32);
        assert_ptr_equal(next, mark.next);
        for (int i = 0; i < 100; i++)
            arena_alloc(&arena, 1000);
        assert_non_null(arena_try_alloc(&arena, 20000));
        arena_rewind(&arena, mark);
        assert_int_equal(arena.used_bytes, used);
    }
    arena_rewind(&arena, no_shared);
    arena_alloc(&arena, 10);
    arena_rewind(&arena, empty);
    assert_null(arena.blocks);
    assert_int_equal(arena.used_bytes, 0);
    arena_alloc(&arena, 10);
    arena_done(&arena);
}

static void
test_reset_keeps_one_block(void **state)
{
    struct arena arena;
    arena_init(&arena, 1 << 20);
    arena_reset(&arena);
    assert_null(arena.blocks);
    for (int i = 0; i < 200; i++)
        arena_alloc(&arena, 1000);
    assert_non_null(arena_try_alloc(&arena, 300000));
    arena_reset(&arena);
    assert_non_null(arena.blocks);
    assert_true(arena.used_bytes < 100);

    struct arena_block *kept = arena.blocks;
    for (int i = 0; i < 20; i++)
        arena_alloc(&arena, 1000);
    assert_ptr_equal(arena.blocks, kept);
    arena_done(&arena);

    arena_try_alloc(&arena, 5000);
    arena_reset(&arena);
    assert_null(arena.blocks);
    arena_done(&arena);
}

static void
test_accounting_covers_what_was_handed_out(void **state)
{
    struct arena arena;
    arena_init(&arena, 1 << 20);
    size_t asked = 0;
    for (size_t i = 0; i < 500; i++) {
        arena_alloc(&arena, 16 * (i % 100 + 1));
        asked += 16 * (i % 100 + 1);
    }
    assert_in_range(arena.used_bytes, asked, asked + asked / 10 + 4096);
    arena_done(&arena);
}

static void
test_copy_ends_with_nul_and_respects_the_limit(void **state)
{
    struct arena arena;
    arena_init(&arena, 6000);
    struct slice copy = arena_copy(&arena, SLICE("hello"));
    assert_string_equal(copy.ptr, "hello");
    assert_int_equal(copy.size, 5);
    struct slice empty = arena_copy(&arena, slice_of(NULL, 0));
    assert_string_equal(empty.ptr, "");
    char large[6000] = {0};
    assert_null(arena_copy(&arena, slice_of(large, sizeof(large))).ptr);
    arena_done(&arena);
}

static void
test_format_cuts_at_4095_bytes(void **state)
{
    struct arena arena;
    arena_init(&arena, 1 << 20);
    assert_string_equal(arena_format(&arena, "%d-%s", 12, "x"), "12-x");
    assert_string_equal(arena_format(&arena, "%s", ""), "");
    assert_int_equal(strlen(arena_format(&arena, "%4095d", 1)), 4095);
    size_t cut = strlen(arena_format(&arena, "%5000d", 1));
    assert_in_range(cut, 4091, 4095);
    const char *text = arena_format(&arena, "%4093d\xE2\x82\xAC", 1);
    assert_int_equal(strlen(text), 4093);
    arena_done(&arena);
}

static void
test_heap_memory_is_never_null(void **state)
{
    char *zeroed = mem_alloc(100);
    for (int i = 0; i < 100; i++)
        assert_int_equal(zeroed[i], 0);
    mem_free(zeroed);
    void *nothing = mem_alloc(0);
    assert_non_null(nothing);
    mem_free(nothing);
    mem_free(mem_resize(mem_alloc_raw(0), 0));
    mem_free(mem_alloc_array(0, 16));
    char *copy = mem_copy_text("abcdef", 3);
    assert_string_equal(copy, "abc");
    mem_free(copy);
    mem_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_is_zeroed_aligned_and_apart),
        cmocka_unit_test(test_small_requests_pass_the_limit_and_are_noticed),
        cmocka_unit_test(test_large_requests_ask_first),
        cmocka_unit_test(test_a_large_request_leaves_the_shared_block_in_use),
        cmocka_unit_test(test_rewind_gives_back_all_since_the_mark),
        cmocka_unit_test(test_reset_keeps_one_block),
        cmocka_unit_test(test_accounting_covers_what_was_handed_out),
        cmocka_unit_test(test_copy_ends_with_nul_and_respects_the_limit),
        cmocka_unit_test(test_format_cuts_at_4095_bytes),
        cmocka_unit_test(test_heap_memory_is_never_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
