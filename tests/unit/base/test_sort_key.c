/* Sort keys: their bytes compare as the values do, alone, descending and side by side. */
#include "base/json.h"
#include "base/rng.h"
#include "base/sort_key.h"
#include "base/value.h"
#include "test.h"

#include <math.h>
#include <stdio.h>

#define BIG ((size_t)64 * 1024 * 1024)
#define SEED 20240607
#define RANDOM_VALUES 1500

static struct value
parse(struct arena *arena, const char *text)
{
    struct value value;
    struct error error = {0};
    if (json_parse(&value, arena, slice_text(text), 0, NULL, &error) != STATUS_OK)
        fail_msg("%s: %s", text, error.text);
    return value;
}

static int
sign_of(int number)
{
    return (number > 0) - (number < 0);
}

static struct slice
key_of(struct arena *arena, struct value value, bool is_descending)
{
    struct buffer buffer;
    buffer_init(&buffer, BIG);
    sort_key_append(&buffer, value, is_descending);
    struct slice key = arena_copy(arena, buffer_slice(&buffer));
    buffer_done(&buffer);
    return key;
}

static void
check_pair(struct arena *arena, const struct value *values, const struct slice *keys, size_t i,
           size_t j)
{
    int expected = sign_of(value_compare(values[i], values[j]));
    if (sign_of(slice_compare(keys[i], keys[j])) != expected) {
        struct slice a = json_text(arena, values[i]);
        struct slice b = json_text(arena, values[j]);
        fail_msg("%.*s and %.*s should compare as %d", SLICE_FORMAT(a), SLICE_FORMAT(b), expected);
    }
}

/* Each with each; descending keys the other way round. */
static void
check_all(struct arena *arena, const struct value *values, size_t count)
{
    struct slice *keys = arena_try_alloc(arena, count * sizeof(*keys));
    struct slice *falling = arena_try_alloc(arena, count * sizeof(*keys));
    for (size_t i = 0; i < count; i++) {
        keys[i] = key_of(arena, values[i], false);
        falling[i] = key_of(arena, values[i], true);
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            check_pair(arena, values, keys, i, j);
            int rising = sign_of(slice_compare(keys[i], keys[j]));
            assert_int_equal(sign_of(slice_compare(falling[i], falling[j])), -rising);
        }
    }
}

/* In rising order; those of one row are equal. */
static const char *const ladder[][6] = {
    {"null"},
    {"false"},
    {"true"},
    {"-1e4000000000000000000", "-1e4000000000000000000000"},
    {"-1e400"},
    {"-1.7976931348623157e308"},
    {"-9223372036854775809"},
    {"-9223372036854775808", "-9223372036854775808.0", "-9.223372036854775808e18"},
    {"-9007199254740993"},
    {"-9007199254740992", "-9007199254740992.0"},
    {"-1000000", "-1e6"},
    {"-100", "-1e2", "-100.000"},
    {"-99.5"},
    {"-10.01"},
    {"-10", "-1e1"},
    {"-1.5"},
    {"-1.05"},
    {"-1", "-1.0", "-0.1e1", "-10e-1"},
    {"-0.1"},
    {"-1e-97"},
    {"-1e-400"},
    {"-1e-70000"},
    {"0", "-0", "0.0", "0e99", "-0.000e-7"},
    {"1e-9999999999999999999", "1e-4000000000000000001"},
    {"1e-70000"},
    {"1e-65537"},
    {"1e-400"},
    {"1e-98"},
    {"1e-97"},
    {"1e-96"},
    {"0.1", "1e-1", "0.10", "10e-2"},
    {"0.11"},
    {"0.2"},
    {"1", "1.0", "1e0", "10e-1", "0.001e3"},
    {"1.000000000000000000000000000000000000000000000000001"},
    {"1.01"},
    {"1.05"},
    {"1.1", "1.10", "11e-1"},
    {"10", "1e1", "1.0e1"},
    {"10.01"},
    {"99"},
    {"100", "1e2", "100.0"},
    {"101"},
    {"9007199254740992", "9007199254740992.000"},
    {"9007199254740993"},
    {"9223372036854775807"},
    {"9223372036854775808", "9223372036854775808.0"},
    {"1e95"},
    {"1e96"},
    {"1e255"},
    {"1e256"},
    {"1e308"},
    {"1e400"},
    {"1e65536"},
    {"1e4000000000000000000", "10e4000000000000000001"},
    {"\"\""},
    {"\"\\u0000\""},
    {"\"\\u0000\\u0000\""},
    {"\"\\u0000\\u0001\""},
    {"\"\\u0001\""},
    {"\"\\u0001\\u0000\""},
    {"\"\\u0002\""},
    {"\"A\""},
    {"\"a\""},
    {"\"a\\u0000\""},
    {"\"a\\u0000b\""},
    {"\"a\\u0001\""},
    {"\"a \""},
    {"\"aa\""},
    {"\"ab\"", "\"\\u0061b\""},
    {"\"b\""},
    {"\"\\u00e9\""},
    {"\"\\uffff\""},
    {"\"\\ud83d\\ude00\""},
    {"[]"},
    {"[null]"},
    {"[null,null]"},
    {"[1]", "[1.0]"},
    {"[1,null]"},
    {"[1,2]"},
    {"[2]"},
    {"[\"\"]"},
    {"[\"\",\"\"]"},
    {"[\"\\u0000\"]"},
    {"[[]]"},
    {"[[],[]]"},
    {"[[[]]]"},
    {"[{}]"},
    {"{}"},
    {"{\"\":9}"},
    {"{\"\":1,\"a\":0}"},
    {"{\"a\":null}"},
    {"{\"a\":1}", "{\"a\":1e0}"},
    {"{\"a\":{}}"},
    {"{\"a\":1,\"b\":1}", "{\"b\":1.0,\"a\":1}"},
    {"{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}"},
    {"{\"a\":2,\"b\":1}"},
    {"{\"a\":0,\"b\":0,\"c\":0}"},
    {"{\"a\":0,\"c\":0}"},
    {"{\"a\\u0000\":0}"},
    {"{\"b\":null}"},
};

static void
test_ladder_rises_and_equal_values_have_equal_keys(void **state)
{
    struct arena arena;
    arena_init(&arena, BIG);
    struct value all[6 * COUNT_OF(ladder)];
    size_t count = 0;
    struct slice before = SLICE("");
    for (size_t i = 0; i < COUNT_OF(ladder); i++) {
        struct slice first = key_of(&arena, parse(&arena, ladder[i][0]), false);
        if (slice_compare(before, first) >= 0)
            fail_msg("%s does not come behind the row before", ladder[i][0]);
        for (size_t j = 0; j < COUNT_OF(ladder[i]) && ladder[i][j] != NULL; j++) {
            all[count] = parse(&arena, ladder[i][j]);
            if (!slice_equal(first, key_of(&arena, all[count], false)))
                fail_msg("%s and %s differ", ladder[i][0], ladder[i][j]);
            count++;
        }
        before = first;
    }
    check_all(&arena, all, count);
    arena_done(&arena);
}

static struct value
random_number_text(struct arena *arena, struct rng *rng)
{
    char text[96];
    size_t size = 0;
    if (rng_below(rng, 2) == 0)
        text[size++] = '-';
    size_t whole = 1 + rng_below(rng, 4);
    for (size_t i = 0; i < whole; i++)
        text[size++] = (char)('0' + (i == 0 && whole > 1 ? 1 : 0) + (int)rng_below(rng, 3));
    if (rng_below(rng, 2) == 0) {
        text[size++] = '.';
        for (size_t i = 1 + rng_below(rng, 5); i > 0; i--)
            text[size++] = (char)('0' + (int)rng_below(rng, 3));
    }
    if (rng_below(rng, 2) == 0) {
        static const int exponents[] = {0, 1, -1, 2, -2, 95, 96, 97, -96, -97, 255, 256, -65536};
        size += (size_t)snprintf(text + size, sizeof(text) - size, "e%d",
                                 exponents[rng_below(rng, COUNT_OF(exponents))]);
    }
    return value_number(arena_copy(arena, slice_of(text, size)));
}

static struct value
random_number(struct arena *arena, struct rng *rng)
{
    static const double nasty[] = {0.0,  -0.0, 0.1,    1e17,   9007199254740994.0, 5e-324, 1e-308,
                                   1e21, -1.5, 1e-320, -1e308, 123456.789};
    switch (rng_below(rng, 5)) {
    case 0:
        return value_int((int64_t)rng_below(rng, 7) - 3);
    case 1:
        return value_int((int64_t)rng_next(rng) >> rng_below(rng, 63));
    case 2:
        return value_double(nasty[rng_below(rng, COUNT_OF(nasty))]);
    case 3:
        return value_double(((double)rng_below(rng, 2000) - 1000) / 8);
    default:
        return random_number_text(arena, rng);
    }
}

static struct value
random_string(struct arena *arena, struct rng *rng)
{
    static const char letters[] = {0, 1, 2, 'a', 'b', 0x7F};
    char text[6];
    size_t size = rng_below(rng, sizeof(text) + 1);
    for (size_t i = 0; i < size; i++)
        text[i] = letters[rng_below(rng, sizeof(letters))];
    return value_string_copy(arena, slice_of(text, size));
}

static struct value
random_value(struct arena *arena, struct rng *rng, unsigned depth)
{
    uint64_t choice = rng_below(rng, depth == 0 ? 8 : 12);
    if (choice < 2)
        return choice == 0 ? value_null() : value_bool(rng_below(rng, 2) == 0);
    if (choice < 5)
        return random_number(arena, rng);
    if (choice < 8)
        return random_string(arena, rng);
    /* Now and then more members than are sorted on the stack. */
    size_t count = rng_below(rng, 40) == 0 ? 20 : rng_below(rng, 4);
    struct value made = choice < 10 ? value_empty_array() : value_empty_object();
    for (size_t i = 0; i < count; i++) {
        struct value item = random_value(arena, rng, depth - 1);
        if (choice < 10)
            made = value_array_append(arena, made, item);
        else
            made = value_object_set(arena, made, random_string(arena, rng), item);
    }
    return made;
}

static void
test_random_values_compare_as_their_keys(void **state)
{
    struct arena arena;
    arena_init(&arena, BIG);
    struct rng rng;
    rng_seed(&rng, SEED);
    struct value *values = arena_try_alloc(&arena, RANDOM_VALUES * sizeof(*values));
    for (size_t i = 0; i < RANDOM_VALUES; i++)
        values[i] = random_value(&arena, &rng, 3);
    check_all(&arena, values, RANDOM_VALUES);
    arena_done(&arena);
}

/* Several keys one behind the other, each with its own direction. */
static void
test_keys_side_by_side(void **state)
{
    struct arena arena;
    arena_init(&arena, BIG);
    struct rng rng;
    rng_seed(&rng, SEED);
    for (size_t round = 0; round < 20000; round++) {
        struct buffer left;
        struct buffer right;
        buffer_init(&left, BIG);
        buffer_init(&right, BIG);
        int expected = 0;
        for (size_t i = 0; i < 3; i++) {
            bool is_descending = rng_below(&rng, 2) == 0;
            struct value a = random_value(&arena, &rng, 1);
            struct value b = rng_below(&rng, 2) == 0 ? a : random_value(&arena, &rng, 1);
            sort_key_append(&left, a, is_descending);
            sort_key_append(&right, b, is_descending);
            int order = sign_of(value_compare(a, b));
            if (expected == 0)
                expected = is_descending ? -order : order;
        }
        int got = sign_of(slice_compare(buffer_slice(&left), buffer_slice(&right)));
        assert_int_equal(got, expected);
        buffer_done(&left);
        buffer_done(&right);
        arena_reset(&arena);
    }
    arena_done(&arena);
}

static void
test_what_is_no_decimal(void **state)
{
    struct arena arena;
    arena_init(&arena, BIG);
    struct slice nan = key_of(&arena, value_double((double)NAN), false);
    struct slice low = key_of(&arena, value_double(-(double)INFINITY), false);
    struct slice high = key_of(&arena, value_double((double)INFINITY), false);
    struct slice least = key_of(&arena, parse(&arena, "-1e999999999999999999"), false);
    struct slice most = key_of(&arena, parse(&arena, "1e999999999999999999"), false);
    assert_true(slice_equal(nan, key_of(&arena, value_double(-(double)NAN), false)));
    assert_true(slice_compare(key_of(&arena, value_bool(true), false), nan) < 0);
    assert_true(slice_compare(nan, low) < 0);
    assert_true(slice_compare(low, least) < 0);
    assert_true(slice_compare(most, high) < 0);
    assert_true(slice_compare(high, key_of(&arena, value_text(""), false)) < 0);
    struct value nothing = {0};
    assert_true(slice_compare(key_of(&arena, nothing, false), key_of(&arena, value_null(), false)) <
                0);
    arena_done(&arena);
}

static void
test_over_the_maximum_is_marked(void **state)
{
    static const char *const texts[] = {"\"0123456789\"", "-123456789012345", "[1,2,3,4,5]",
                                        "{\"a\":1,\"b\":[2,3]}"};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct arena arena;
        arena_init(&arena, BIG);
        struct buffer buffer;
        buffer_init(&buffer, 4);
        sort_key_append(&buffer, parse(&arena, texts[i]), true);
        assert_true(buffer_is_over(&buffer));
        buffer_done(&buffer);
        arena_done(&arena);
    }
}

static void
test_keys_are_at_most_twice_the_text(void **state)
{
    struct arena arena;
    arena_init(&arena, BIG);
    struct rng rng;
    rng_seed(&rng, SEED);
    for (size_t i = 0; i < 20000; i++) {
        struct value value = random_value(&arena, &rng, 3);
        struct slice text = json_text(&arena, value);
        assert_in_range(key_of(&arena, value, false).size, 1, 2 * text.size + 2);
        arena_reset(&arena);
    }
    arena_done(&arena);
}

static void
test_hashes_follow_the_keys(void **state)
{
    struct arena arena;
    arena_init(&arena, BIG);
    uint8_t one[SORT_KEY_HASH_BYTES];
    uint8_t same[SORT_KEY_HASH_BYTES];
    uint8_t other[SORT_KEY_HASH_BYTES];
    sort_key_hash(key_of(&arena, parse(&arena, "{\"a\":1,\"b\":2}"), false), one);
    sort_key_hash(key_of(&arena, parse(&arena, "{\"b\":2.0,\"a\":1}"), false), same);
    sort_key_hash(key_of(&arena, parse(&arena, "{\"b\":2.5,\"a\":1}"), false), other);
    assert_memory_equal(one, same, sizeof(one));
    assert_memory_not_equal(one, other, sizeof(one));
    arena_done(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ladder_rises_and_equal_values_have_equal_keys),
        cmocka_unit_test(test_random_values_compare_as_their_keys),
        cmocka_unit_test(test_keys_side_by_side),
        cmocka_unit_test(test_what_is_no_decimal),
        cmocka_unit_test(test_over_the_maximum_is_marked),
        cmocka_unit_test(test_keys_are_at_most_twice_the_text),
        cmocka_unit_test(test_hashes_follow_the_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
