/* Which parts of long texts are given to a model. */
#include "test.h"

#include "ai/passages.h"
#include "base/buffer.h"
#include "base/limits.h"

static void
add_filler(struct buffer *text, int paragraphs)
{
    for (int i = 0; i < paragraphs; i++)
        buffer_append_format(text,
                             "Paragraph %d speaks of the weather, of the sea and of nothing much "
                             "that anybody would want to know, at some length.\n\n",
                             i);
}

static void
test_passages_are_the_text(void **state)
{
    struct buffer text;
    buffer_init(&text, MIB(1));
    add_filler(&text, 40);
    for (int i = 0; i < 3000; i++)
        buffer_append_text(&text, "\xe6\x97\xa5"); /* no place to cut */
    struct slice texts[] = {SLICE("short"), SLICE(""), buffer_slice(&text)};
    struct arena arena;
    arena_init(&arena, MIB(1));
    struct passages passages;
    assert_true(passages_split(&passages, texts, 3, &arena));
    size_t at = 0;
    for (size_t i = 0; i < passages.count; i++) {
        const struct passage *passage = &passages.items[i];
        assert_true(passage->size > 0 && passage->size <= PASSAGE_BYTES_MAX);
        struct slice part = slice_of(texts[passage->text].ptr + passage->start, passage->size);
        assert_true(slice_is_utf8(part));
        if (passage->text == 0) {
            assert_int_equal(passage->size, 5);
            continue;
        }
        assert_int_equal(passage->text, 2);
        assert_int_equal(passage->start, at);
        at += passage->size;
    }
    assert_int_equal(at, text.size);
    arena_done(&arena);
    buffer_done(&text);
}

static void
test_the_best_passages_are_kept_in_order(void **state)
{
    static const struct {
        const char *query, *want;
    } table[] = {
        {"What is the CAPITAL city?", "capitals of the land"},
        {"\xe6\x9d\xb1\xe4\xba\xac", "\xe6\x9d\xb1\xe4\xba\xac\xe3\x81\xaf"},
        {"revenue 1995", "Revenue in 1995"},
    };
    struct buffer text;
    buffer_init(&text, MIB(1));
    add_filler(&text, 30);
    buffer_append_text(&text, "Of the capitals of the land only one is large.\n\n");
    add_filler(&text, 30);
    buffer_append_text(&text, "Revenue in 1995 was small.\n\n");
    add_filler(&text, 30);
    buffer_append_text(&text, "\xe6\x9d\xb1\xe4\xba\xac\xe3\x81\xaf\xe9\xa6\x96\xe9\x83\xbd\n\n");
    struct slice texts[] = {buffer_slice(&text)};
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct arena arena;
        arena_init(&arena, MIB(1));
        struct passages passages;
        struct slice query = slice_text(table[i].query);
        assert_true(passages_split(&passages, texts, 1, &arena));
        passages_rank(&passages, texts, &query, 1);
        assert_true(passages_keep(&passages, 3 * PASSAGE_BYTES_MAX, &arena));
        size_t size = 0;
        bool is_found = false;
        for (size_t k = 0; k < passages.count; k++) {
            const struct passage *passage = &passages.items[k];
            size += passage->size;
            is_found |= memmem(text.ptr + passage->start, passage->size, table[i].want,
                               strlen(table[i].want)) != NULL;
            if (k > 0)
                assert_true(passage->start > passages.items[k - 1].start);
        }
        assert_true(size <= 3 * PASSAGE_BYTES_MAX);
        if (!is_found)
            fail_msg("%s", table[i].query);
        arena_done(&arena);
    }
    buffer_done(&text);
}

static void
test_without_a_hit_the_beginning_is_kept(void **state)
{
    struct buffer text;
    buffer_init(&text, MIB(1));
    add_filler(&text, 60);
    struct slice texts[] = {buffer_slice(&text)};
    struct slice query = SLICE("xylophone");
    struct arena arena;
    arena_init(&arena, MIB(1));
    struct passages passages;
    assert_true(passages_split(&passages, texts, 1, &arena));
    passages_rank(&passages, texts, &query, 1);
    assert_true(passages_keep(&passages, 2 * PASSAGE_BYTES_MAX, &arena));
    assert_true(passages.count >= 2);
    assert_int_equal(passages.items[0].start, 0);
    assert_int_equal(passages.items[1].start, passages.items[0].size);
    arena_done(&arena);
    buffer_done(&text);
}

static void
test_a_full_arena_is_said(void **state)
{
    struct buffer text;
    buffer_init(&text, MIB(4));
    add_filler(&text, 5000);
    struct slice texts[] = {buffer_slice(&text)};
    struct arena arena;
    arena_init(&arena, KIB(8));
    struct passages passages;
    assert_false(passages_split(&passages, texts, 1, &arena));
    arena_done(&arena);
    buffer_done(&text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_passages_are_the_text),
        cmocka_unit_test(test_the_best_passages_are_kept_in_order),
        cmocka_unit_test(test_without_a_hit_the_beginning_is_kept),
        cmocka_unit_test(test_a_full_arena_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
