#include "test.h"

#include "base/status.h"
#include "engine/key.h"

static void
test_keys_sort_as_their_ordinals(void **state)
{
    static const uint64_t ordinals[] = {
        0,
        1,
        2,
        9,
        10,
        127,
        128,
        255,
        256,
        257,
        65535,
        65536,
        UINT32_MAX,
        (uint64_t)UINT32_MAX + 1,
        UINT64_MAX - 1,
        UINT64_MAX,
    };
    for (size_t i = 0; i < COUNT_OF(ordinals); i++) {
        for (size_t j = 0; j < COUNT_OF(ordinals); j++) {
            struct key a = key_of_ordinal(ordinals[i]);
            struct key b = key_of_ordinal(ordinals[j]);
            int order = slice_compare(key_slice(&a), key_slice(&b));
            if ((order < 0) != (i < j) || (order == 0) != (i == j))
                fail_msg("%llu and %llu: %d", (unsigned long long)ordinals[i],
                         (unsigned long long)ordinals[j], order);
        }
    }
}

static void
test_bytes_of_a_key(void **state)
{
    static const struct {
        uint64_t ordinal;
        struct slice want;
    } table[] = {
        {0, {"\0", 1}},
        {1, {"\1\1", 2}},
        {255, {"\1\xff", 2}},
        {256, {"\2\1\0", 3}},
        {UINT64_MAX, {"\x08\xff\xff\xff\xff\xff\xff\xff\xff", 9}},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct key key = key_of_ordinal(table[i].ordinal);
        if (!slice_equal(key_slice(&key), table[i].want))
            fail_msg("%llu: %u bytes", (unsigned long long)table[i].ordinal, key.size);
    }
    struct key empty = key_empty();
    assert_int_equal(key_slice(&empty).size, 0);
}

static void
test_keys_as_people_read_them(void **state)
{
    static const struct {
        struct slice key;
        const char *want;
    } table[] = {
        {{"", 0}, ""},         {{"\0", 1}, "0"},
        {{"\1\x0c", 2}, "12"}, {{"\2\1\0\1\3", 5}, "256.3"},
        {{"\0\0", 2}, "0.0"},  {{"\2\1", 2}, "1"}, /* cut short: what is there */
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        char text[64];
        size_t size = key_print(table[i].key, text, sizeof(text));
        if (size != strlen(table[i].want) || strcmp(text, table[i].want) != 0)
            fail_msg("row %zu: \"%s\", expected \"%s\"", i, text, table[i].want);
    }
}

static void
test_printing_stays_within_its_room(void **state)
{
    char text[4] = "xyz";
    struct key key = key_of_ordinal(123456);
    assert_int_equal(key_print(key_slice(&key), text, sizeof(text)), 3);
    assert_string_equal(text, "123");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_sort_as_their_ordinals),
        cmocka_unit_test(test_bytes_of_a_key),
        cmocka_unit_test(test_keys_as_people_read_them),
        cmocka_unit_test(test_printing_stays_within_its_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
