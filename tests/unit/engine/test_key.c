#include "test.h"

#include "base/buffer.h"
#include "base/limits.h"
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

/* What is printed names the key again, up to the longest that there can be. */
static void
test_keys_are_read_as_they_are_printed(void **state)
{
    static const uint8_t hash[KEY_HASH_BYTES] = {0xab, 0, 1, 255};
    struct key keys[] = {
        key_empty(),       key_of_ordinal(0), key_of_ordinal(12), key_of_ordinal(UINT64_MAX),
        key_of_hash(hash), key_of_nothing(),  key_empty(),        key_empty(),
    };
    keys[6] = key_joined(key_slice(&keys[4]), key_slice(&keys[4]));
    for (int i = 0; i < KEY_BYTES_MAX / 5; i++) {
        struct key part = key_of_ordinal(UINT32_MAX);
        keys[7] = key_joined(key_slice(&keys[7]), key_slice(&part));
    }
    assert_int_equal(keys[7].size, KEY_BYTES_MAX);
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        char text[KEY_PRINT_BYTES];
        struct key back;
        size_t size = key_print(key_slice(&keys[i]), text, sizeof(text));
        if (!key_parse(slice_of(text, size), &back) ||
            !slice_equal(key_slice(&back), key_slice(&keys[i])))
            fail_msg("row %zu: \"%s\" is read as another key", i, text);
    }
}

static void
test_texts_that_are_no_keys(void **state)
{
    static const char *const texts[] = {
        "x",
        "01",
        "-1",
        "1.",
        ".1",
        "1..2",
        "18446744073709551616",
        "1 ",
        "--",
        "0x1",
        "ab",
        "abababababababababababababababag",
        "99999999999999999999999999999999",
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct key key;
        bool is_hash = i + 1 == COUNT_OF(texts); /* digits only, and yet a hash */
        if (key_parse(slice_text(texts[i]), &key) != is_hash)
            fail_msg("\"%s\"", texts[i]);
    }
    struct buffer longest;
    struct key key;
    buffer_init(&longest, KIB(4));
    for (int i = 0; i < KEY_BYTES_MAX + 1; i++)
        buffer_append_text(&longest, i == 0 ? "0" : ".0");
    assert_false(key_parse(buffer_slice(&longest), &key));
    assert_true(key_parse(slice_cut(buffer_slice(&longest), 2 * KEY_BYTES_MAX - 1), &key));
    buffer_done(&longest);
}

static void
test_keys_of_ordinals_tell_them(void **state)
{
    static const uint8_t hash[KEY_HASH_BYTES] = {1};
    struct key twelve = key_of_ordinal(12), zero = key_of_ordinal(0), none = key_empty();
    struct key hashed = key_of_hash(hash);
    struct key pair = key_joined(key_slice(&twelve), key_slice(&zero));
    uint64_t ordinal;
    assert_true(key_is_ordinal(&twelve, &ordinal));
    assert_int_equal(ordinal, 12);
    assert_true(key_is_ordinal(&zero, &ordinal));
    assert_int_equal(ordinal, 0);
    assert_false(key_is_ordinal(&none, &ordinal));
    assert_false(key_is_ordinal(&hashed, &ordinal));
    assert_false(key_is_ordinal(&pair, &ordinal));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_sort_as_their_ordinals),
        cmocka_unit_test(test_bytes_of_a_key),
        cmocka_unit_test(test_keys_as_people_read_them),
        cmocka_unit_test(test_printing_stays_within_its_room),
        cmocka_unit_test(test_keys_are_read_as_they_are_printed),
        cmocka_unit_test(test_texts_that_are_no_keys),
        cmocka_unit_test(test_keys_of_ordinals_tell_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
