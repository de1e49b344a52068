/* Values: building, sharing, finding, order, equality, hashes and exact numbers. */
#include "base/json.h"
#include "base/value.h"
#include "test.h"

#include <math.h>
#include <stdio.h>

#define BIG ((size_t)64 * 1024 * 1024)

static int
sign_of(int number)
{
    return (number > 0) - (number < 0);
}

static struct value
parse(struct arena *arena, const char *text)
{
    struct value value;
    struct error error = {0};
    if (json_parse(&value, arena, slice_text(text), 0, NULL, &error) != STATUS_OK)
        fail_msg("%s: %s", text, error.text);
    return value;
}

static void
check_text(struct arena *arena, struct value value, const char *expected)
{
    struct slice text = json_text(arena, value);
    if (!slice_is(text, expected))
        fail_msg("%.*s, expected %s", SLICE_FORMAT(text), expected);
}

static void
test_doubles_become_integers_where_exact(void **state)
{
    assert_int_equal(value_double(3.0).kind, VALUE_INT);
    assert_int_equal(value_double(-9007199254740992.0).kind, VALUE_INT);
    assert_int_equal(value_double(9007199254740994.0).kind, VALUE_DOUBLE);
    assert_int_equal(value_double(0.0).kind, VALUE_INT);
    assert_int_equal(value_double(-0.0).kind, VALUE_DOUBLE);
    assert_int_equal(value_double(0.5).kind, VALUE_DOUBLE);
    assert_int_equal(value_double((double)NAN).kind, VALUE_DOUBLE);
    assert_int_equal(value_double((double)INFINITY).kind, VALUE_DOUBLE);
    assert_int_equal(value_double(1e300).kind, VALUE_DOUBLE);
}

static void
test_number_texts(void **state)
{
    assert_int_equal(value_number(SLICE("9223372036854775807")).kind, VALUE_INT);
    assert_int_equal(value_number(SLICE("-9223372036854775808")).integer, INT64_MIN);
    assert_int_equal(value_number(SLICE("9223372036854775808")).kind, VALUE_DECIMAL);
    assert_int_equal(value_number(SLICE("-0")).kind, VALUE_DECIMAL);
    assert_int_equal(value_number(SLICE("0")).kind, VALUE_INT);
    assert_int_equal(value_number(SLICE("1.0")).kind, VALUE_DECIMAL);
}

static void
test_kind_names_and_truth(void **state)
{
    static const struct {
        enum value_kind kind;
        const char *name;
        bool truth;
    } table[] = {
        {VALUE_NONE, "nothing", false},  {VALUE_NULL, "null", false},
        {VALUE_FALSE, "boolean", false}, {VALUE_TRUE, "boolean", true},
        {VALUE_INT, "number", true},     {VALUE_DOUBLE, "number", true},
        {VALUE_DECIMAL, "number", true}, {VALUE_STRING, "string", true},
        {VALUE_ARRAY, "array", true},    {VALUE_OBJECT, "object", true},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct value value = {.kind = (uint8_t)table[i].kind};
        assert_string_equal(value_kind_name(value), table[i].name);
        assert_int_equal(value_is_true(value), table[i].truth);
    }
}

static void
test_append_shares_the_body_and_keeps_older_views(void **state)
{
    struct arena arena;
    arena_init(&arena, BIG);
    struct value one = value_array_append(&arena, value_empty_array(), value_int(1));
    struct value two = value_array_append(&arena, one, value_int(2));
    struct value other = value_array_append(&arena, one, value_int(3));
    assert_ptr_equal(one.array, two.array);
    assert_ptr_not_equal(one.array, other.array);
    check_text(&arena, one, "[1]");
    check_text(&arena, two, "[1,2]");
    check_text(&arena, other, "[1,3]");

    struct arena elsewhere;
    arena_init(&elsewhere, BIG);
    struct value far = value_array_append(&elsewhere, two, value_int(4));
    assert_ptr_not_equal(far.array, two.array);
    check_text(&arena, far, "[1,2,4]");
    arena_done(&elsewhere);
    arena_done(&arena);
}

static void
test_appending_is_linear_in_memory(void **state)
{
    struct arena arena;
    arena_init(&arena, BIG);
    struct value array = value_empty_array();
    for (int i = 0; i < 10000; i++)
        array = value_array_append(&arena, array, value_int(i));
    assert_int_equal(array.count, 10000);
    assert_int_equal(value_items(array)[9999].integer, 9999);
    assert_true(arena.used_bytes < 10000 * sizeof(struct value) * 5);
    arena_done(&arena);
}

static void
test_concat(void **state)
{
    struct arena arena;
    arena_init(&arena, BIG);
    struct value a = parse(&arena, "[1,2]");
    check_text(&arena, value_array_concat(&arena, a, a), "[1,2,1,2]");
    struct value grown = value_array_append(&arena, a, value_int(3));
    check_text(&arena, value_array_concat(&arena, grown, grown), "[1,2,3,1,2,3]");
    check_text(&arena, value_array_concat(&arena, a, value_empty_array()), "[1,2]");
    check_text(&arena, value_array_concat(&arena, value_empty_array(), a), "[1,2]");
    check_text(&arena, grown, "[1,2,3]");
    arena_done(&arena);
}

static struct value
nested(struct arena *arena, unsigned depth)
{
    struct value value = value_empty_array();
    for (unsigned i = 1; i < depth; i++)
        value = value_array_new(arena, &value, 1);
    return value;
}

static void
test_depth_is_bounded_in_every_builder(void **state)
{
    struct arena arena;
    arena_init(&arena, BIG);
    struct value deep = nested(&arena, VALUE_DEPTH_MAX);
    struct value under = nested(&arena, VALUE_DEPTH_MAX - 1);
    struct value empty = value_empty_object();
    struct member member = {.key = value_text("a"), .value = deep};
    assert_int_equal(deep.depth, VALUE_DEPTH_MAX);
    assert_int_equal(value_array_new(&arena, &deep, 1).kind, VALUE_NONE);
    assert_int_equal(value_array_append(&arena, value_empty_array(), deep).kind, VALUE_NONE);
    assert_int_equal(value_object_set(&arena, empty, member.key, deep).kind, VALUE_NONE);
    assert_int_equal(value_object_new(&arena, &member, 1).kind, VALUE_NONE);
    assert_int_equal(value_object_set(&arena, empty, member.key, under).depth, VALUE_DEPTH_MAX);
    assert_int_equal(value_array_append(&arena, value_empty_array(), under).depth, VALUE_DEPTH_MAX);
    arena_done(&arena);
}

static void
test_depth_shrinks_when_the_deep_member_goes(void **state)
{
    struct arena arena;
    arena_init(&arena, BIG);
    struct value object = parse(&arena, "{\"a\":[[]],\"b\":1}");
    assert_int_equal(object.depth, 3);
    assert_int_equal(value_object_remove(&arena, object, SLICE("a")).depth, 1);
    assert_int_equal(value_object_set(&arena, object, value_text("a"), value_null()).depth, 1);
    arena_done(&arena);
}

static void
test_nothing_in_gives_nothing_out(void **state)
{
    struct arena arena;
    arena_init(&arena, BIG);
    struct value nothing = {.kind = VALUE_NONE};
    struct value key = value_text("k");
    struct value empty = value_empty_object();
    assert_int_equal(value_array_new(&arena, &nothing, 1).kind, VALUE_NONE);
    assert_int_equal(value_array_append(&arena, nothing, value_int(1)).kind, VALUE_NONE);
    assert_int_equal(value_array_append(&arena, value_empty_array(), nothing).kind, VALUE_NONE);
    assert_int_equal(value_array_concat(&arena, nothing, value_empty_array()).kind, VALUE_NONE);
    assert_int_equal(value_array_concat(&arena, value_empty_array(), nothing).kind, VALUE_NONE);
    assert_int_equal(value_object_set(&arena, nothing, key, key).kind, VALUE_NONE);
    assert_int_equal(value_object_set(&arena, empty, key, nothing).kind, VALUE_NONE);
    assert_int_equal(value_object_set(&arena, empty, nothing, key).kind, VALUE_NONE);
    assert_int_equal(value_object_remove(&arena, nothing, SLICE("k")).kind, VALUE_NONE);
    assert_int_equal(value_find(nothing, SLICE("k")).kind, VALUE_NONE);
    arena_done(&arena);
}

static void
test_builders_stop_at_the_limit(void **state)
{
    struct arena arena;
    arena_init(&arena, 8192);
    struct value items[1024];
    for (size_t i = 0; i < COUNT_OF(items); i++)
        items[i] = value_int(1);
    assert_int_equal(value_array_new(&arena, items, COUNT_OF(items)).kind, VALUE_NONE);

    struct value array = value_empty_array();
    struct value object = value_empty_object();
    char names[1024][12];
    for (int i = 0; i < 1024; i++) {
        snprintf(names[i], sizeof(names[i]), "%d", i);
        array = value_array_append(&arena, array, value_int(i));
        object = value_object_set(&arena, object, value_text(names[i]), value_int(i));
    }
    assert_int_equal(array.kind, VALUE_NONE);
    assert_int_equal(object.kind, VALUE_NONE);
    char text[9000] = {0};
    assert_int_equal(value_string_copy(&arena, slice_of(text, sizeof(text))).kind, VALUE_NONE);
    assert_int_equal(value_copy(&arena, value_string(slice_of(text, sizeof(text)))).kind,
                     VALUE_NONE);
    arena_done(&arena);
}

static void
test_object_set_replaces_appends_and_keeps_order(void **state)
{
    struct arena arena;
    arena_init(&arena, BIG);
    struct value first =
        value_object_set(&arena, value_empty_object(), value_text("b"), value_int(1));
    struct value second = value_object_set(&arena, first, value_text("a"), value_int(2));
    struct value third = value_object_set(&arena, first, value_text("c"), value_int(3));
    struct value replaced = value_object_set(&arena, second, value_text("b"), value_int(4));
    assert_ptr_equal(first.object, second.object);
    check_text(&arena, first, "{\"b\":1}");
    check_text(&arena, second, "{\"b\":1,\"a\":2}");
    check_text(&arena, third, "{\"b\":1,\"c\":3}");
    check_text(&arena, replaced, "{\"b\":4,\"a\":2}");
    assert_int_equal(value_get(first, "a").kind, VALUE_NONE);
    assert_int_equal(value_find_or_null(first, SLICE("a")).kind, VALUE_NULL);
    assert_int_equal(value_get(value_int(1), "a").kind, VALUE_NONE);
    struct value named = value_set(&arena, second, "a", value_text("text"));
    check_text(&arena, named, "{\"b\":1,\"a\":\"text\"}");
    assert_true(slice_is(value_get_text(named, "a"), "text"));
    assert_true(slice_is(value_get_text(named, "b"), ""));
    assert_true(slice_is(value_get_text(value_null(), "a"), ""));
    assert_true(slice_is(value_slice_or(value_int(1), SLICE("other")), "other"));
    arena_done(&arena);
}

static void
test_an_owner_changes_its_object_in_place(void **state)
{
    struct arena arena;
    arena_init(&arena, BIG);
    struct value key = value_text("a");
    struct value given = parse(&arena, "{\"a\":[[1]],\"b\":2}");
    struct value mine = value_object_put(&arena, 7, given, key, value_int(3));
    assert_ptr_not_equal(mine.object, given.object);
    assert_int_equal(mine.depth, 1);
    struct value again = value_object_put(&arena, 7, mine, key, value_int(4));
    assert_ptr_equal(again.object, mine.object);
    struct value other = value_object_put(&arena, 8, again, key, given);
    assert_ptr_not_equal(other.object, again.object);
    assert_int_equal(other.depth, 4);
    other = value_object_put(&arena, 8, other, key, value_null());
    assert_int_equal(other.depth, 1);
    struct value set = value_object_set(&arena, other, key, value_int(5));
    assert_ptr_not_equal(set.object, other.object);
    check_text(&arena, given, "{\"a\":[[1]],\"b\":2}");
    check_text(&arena, again, "{\"a\":4,\"b\":2}");
    check_text(&arena, other, "{\"a\":null,\"b\":2}");
    struct value grown = value_object_put(&arena, 8, other, value_text("c"), value_int(6));
    check_text(&arena, value_object_put(&arena, 8, grown, key, value_int(7)),
               "{\"a\":7,\"b\":2,\"c\":6}");
    assert_int_equal(value_object_put(&arena, 8, grown, key, (struct value){0}).kind, VALUE_NONE);
    arena_done(&arena);
}

static void
test_an_owner_changes_its_array_in_place(void **state)
{
    struct arena arena;
    arena_init(&arena, BIG);
    struct value given = parse(&arena, "[[[1]],2]");
    struct value mine = value_array_put(&arena, 7, given, 0, value_int(3));
    assert_ptr_not_equal(mine.array, given.array);
    assert_int_equal(mine.depth, 1);
    struct value again = value_array_put(&arena, 7, mine, 1, given);
    assert_ptr_equal(again.array, mine.array);
    assert_int_equal(again.depth, 4);
    assert_int_equal(value_array_put(&arena, 7, again, 1, value_null()).depth, 1);
    check_text(&arena, given, "[[[1]],2]");
    check_text(&arena, again, "[3,null]");
    assert_int_equal(value_array_put(&arena, 7, again, 0, (struct value){0}).kind, VALUE_NONE);
    arena_done(&arena);
}

static void
test_object_remove(void **state)
{
    struct arena arena;
    arena_init(&arena, BIG);
    struct value object = parse(&arena, "{\"a\":1,\"b\":2,\"c\":3}");
    check_text(&arena, value_object_remove(&arena, object, SLICE("b")), "{\"a\":1,\"c\":3}");
    check_text(&arena, value_object_remove(&arena, object, SLICE("x")),
               "{\"a\":1,\"b\":2,\"c\":3}");
    struct value one = parse(&arena, "{\"a\":1}");
    check_text(&arena, value_object_remove(&arena, one, SLICE("a")), "{}");
    arena_done(&arena);
}

static struct value
numbered_object(struct arena *arena, int count)
{
    struct value object = value_empty_object();
    for (int i = 0; i < count; i++) {
        const char *name = arena_format(arena, "name%d", i);
        object = value_object_set(arena, object, value_text(name), value_int(i));
    }
    return object;
}

static void
test_large_objects_are_indexed(void **state)
{
    struct arena arena;
    arena_init(&arena, BIG);
    struct value object = numbered_object(&arena, 5000);
    assert_int_equal(object.count, 5000);
    assert_non_null(object.object->slots);
    for (int i = 0; i < 5000; i += 7)
        assert_int_equal(value_get(object, arena_format(&arena, "name%d", i)).integer, i);
    assert_int_equal(value_get(object, "name5000").kind, VALUE_NONE);
    struct value fewer = value_object_remove(&arena, object, SLICE("name0"));
    assert_int_equal(value_get(fewer, "name0").kind, VALUE_NONE);
    assert_int_equal(value_get(fewer, "name4999").integer, 4999);
    arena_done(&arena);
}

/* Goal: an older view of an indexed body never looks at names beyond it, which may lie in memory
 * that a rewind has freed. Method: append names after a mark, rewind, and look for them. */
static void
test_view_survives_rewind_of_later_members(void **state)
{
    struct arena arena;
    arena_init(&arena, BIG);
    struct value object = numbered_object(&arena, 20);
    struct arena_mark mark = arena_mark(&arena);
    struct value later =
        value_object_set(&arena, object, value_string_copy(&arena, SLICE("late")), value_int(1));
    assert_ptr_equal(later.object, object.object);
    arena_rewind(&arena, mark);
    assert_int_equal(value_get(object, "late").kind, VALUE_NONE);
    assert_int_equal(value_get(object, "name19").integer, 19);
    struct value again = value_object_set(&arena, object, value_text("late"), value_int(2));
    assert_int_equal(value_get(again, "late").integer, 2);
    assert_int_equal(again.count, 21);
    arena_done(&arena);
}

static void
test_copy_leaves_nothing_behind(void **state)
{
    static const char text[] = "{\"a\":[1,\"\",\"two\",2.50,null,true,{}],\"b\":{\"c\":[]}}";
    struct arena source;
    struct arena target;
    arena_init(&source, BIG);
    arena_init(&target, BIG);
    struct value small = value_copy(&target, parse(&source, text));
    struct value large = value_copy(&target, numbered_object(&source, 100));
    arena_done(&source);
    check_text(&target, small, text);
    assert_int_equal(value_get(large, "name99").integer, 99);
    large = value_object_set(&target, large, value_text("more"), small);
    assert_int_equal(large.count, 101);
    arena_done(&target);
}

static void
test_copy_stops_at_the_limit(void **state)
{
    struct arena source;
    struct arena target;
    arena_init(&source, BIG);
    struct value deep = parse(&source, "[{\"name\":\"a long enough string, and another\"},[1,2]]");
    unsigned refused = 0;
    for (size_t limit = 1; limit < 4096; limit += 16) {
        arena_init(&target, limit);
        struct value copy = value_copy(&target, deep);
        refused += copy.kind == VALUE_NONE;
        if (copy.kind != VALUE_NONE)
            assert_true(value_equal(copy, deep));
        assert_false(arena_is_over(&target));
        arena_done(&target);
    }
    assert_in_range(refused, 10, 100);
    arena_done(&source);
}

static void
check_order(struct value a, struct value b, int expected, const char *label)
{
    if (sign_of(value_compare(a, b)) != expected || sign_of(value_compare(b, a)) != -expected)
        fail_msg("%s: %d, %d", label, value_compare(a, b), value_compare(b, a));
    if (value_equal(a, b) != (expected == 0) || value_equal(b, a) != (expected == 0))
        fail_msg("%s: equality", label);
    if (expected == 0 && value_hash(a, 7) != value_hash(b, 7))
        fail_msg("%s: hashes differ", label);
}

static const char *const ascending[] = {
    "null",
    "false",
    "true",
    "-1e999999999999999999999",
    "-1e400",
    "-9223372036854775809",
    "-9223372036854775808",
    "-2.5",
    "-1e-400",
    "0",
    "1e-999999999999",
    "1e-400",
    "0.5",
    "9007199254740991",
    "9007199254740992",
    "9007199254740993",
    "9007199254740993.5",
    "9223372036854775807",
    "9223372036854775808",
    "1e400",
    "1e999999999999",
    "1.5e999999999999",
    "1e1000000000000",
    "\"\"",
    "\"\\u0000\"",
    "\"a\"",
    "\"aa\"",
    "\"b\"",
    "\"\\u00e9\"",
    "\"\\uffff\"",
    "\"\\ud800\\udc00\"",
    "[]",
    "[null]",
    "[1]",
    "[1,0]",
    "[2]",
    "[[]]",
    "{}",
    "{\"a\":2}",
    "{\"a\":1,\"b\":9}",
    "{\"a\":2,\"b\":0}",
    "{\"a\":0,\"c\":0}",
    "{\"b\":0}",
};

static void
test_order_of_all_kinds(void **state)
{
    struct arena arena;
    arena_init(&arena, BIG);
    for (size_t i = 0; i < COUNT_OF(ascending); i++)
        for (size_t j = 0; j < COUNT_OF(ascending); j++) {
            int expected = (i > j) - (i < j);
            check_order(parse(&arena, ascending[i]), parse(&arena, ascending[j]), expected,
                        arena_format(&arena, "%s, %s", ascending[i], ascending[j]));
        }
    arena_done(&arena);
}

static void
test_numbers_equal_by_value(void **state)
{
    static const struct {
        const char *a;
        const char *b;
    } table[] = {
        {"1.10", "1.1"},
        {"1", "1.0"},
        {"100", "1e2"},
        {"100", "0.001e5"},
        {"0", "-0"},
        {"0", "0.000e999999999999999999"},
        {"-0.0", "0e5"},
        {"9223372036854775807", "9223372036854775807.000"},
        {"9223372036854775808", "9223372036854775.808e3"},
        {"1e999999999999999999", "10e999999999999999998"},
        {"1.5e-999999999999", "0.15e-999999999998"},
        {"120000000000000000000000", "12e22"},
        {"{\"a\":1,\"b\":[2.0]}", "{\"b\":[2],\"a\":1.00}"},
    };
    struct arena arena;
    arena_init(&arena, BIG);
    for (size_t i = 0; i < COUNT_OF(table); i++)
        check_order(parse(&arena, table[i].a), parse(&arena, table[i].b), 0, table[i].a);
    arena_done(&arena);
}

static void
test_doubles_compare_as_what_they_print(void **state)
{
    struct value two_to_60 = value_double(1152921504606846976.0);
    check_order(value_double(0.1), value_number(SLICE("0.10")), 0, "0.1");
    check_order(value_double(0.1 + 0.2), value_number(SLICE("0.3")), 1, "0.30000000000000004");
    check_order(value_double(1e17), value_int(100000000000000000), 0, "1e17");
    check_order(two_to_60, value_int(1152921504606847000), 0, "2^60 as printed");
    check_order(two_to_60, value_int(1152921504606846976), 1, "2^60 as stored");
    check_order(value_double(-0.0), value_int(0), 0, "-0.0");
    check_order(value_double(-0.0), value_number(SLICE("-0")), 0, "-0.0 and -0");
    check_order(value_double(1e300), value_int(INT64_MAX), 1, "1e300");
    check_order(value_double(-1e300), value_int(INT64_MIN), -1, "-1e300");
    check_order(value_double(0.5), value_int(1), -1, "0.5");
}

static void
test_infinities_and_nan(void **state)
{
    struct value up = value_double((double)INFINITY);
    struct value down = value_double(-(double)INFINITY);
    struct value nan = value_double((double)NAN);
    check_order(up, up, 0, "inf");
    check_order(up, value_number(SLICE("1e999999999999")), 1, "inf, large");
    check_order(up, value_double(1.7976931348623157e308), 1, "inf, DBL_MAX");
    check_order(down, value_number(SLICE("-1e999999999999")), -1, "-inf, large");
    check_order(down, value_int(INT64_MIN), -1, "-inf, int");
    assert_true(value_compare(nan, nan) < 0);
    assert_true(value_compare(nan, down) < 0);
    assert_true(value_compare(down, nan) > 0);
    assert_true(value_compare(nan, value_number(SLICE("-1e999999"))) < 0);
    assert_true(value_compare(value_int(0), nan) > 0);
    assert_true(value_compare(nan, value_bool(true)) > 0);
    assert_false(value_equal(nan, nan));
}

static void
test_hash_depends_on_value_and_seed(void **state)
{
    struct arena arena;
    arena_init(&arena, BIG);
    static const char *const different[] = {
        "null",
        "false",
        "true",
        "0",
        "1",
        "-1",
        "0.5",
        "-0.5",
        "5",
        "50.5",
        "\"\"",
        "\"0\"",
        "\"a\"",
        "\"abcdefgh\"",
        "\"abcdefghi\"",
        "\"abcdefghj\"",
        "[]",
        "[[]]",
        "[0]",
        "[1]",
        "[0,1]",
        "[1,0]",
        "{}",
        "{\"a\":0}",
        "{\"a\":1}",
        "{\"b\":0}",
        "{\"a\":0,\"b\":1}",
        "{\"a\":1,\"b\":0}",
        "1e400",
        "1e401",
        "-1e400",
    };
    for (size_t i = 0; i < COUNT_OF(different); i++) {
        uint64_t hash = value_hash(parse(&arena, different[i]), 1);
        assert_true(hash != value_hash(parse(&arena, different[i]), 2));
        for (size_t j = 0; j < i; j++)
            if (hash == value_hash(parse(&arena, different[j]), 1))
                fail_msg("%s and %s", different[i], different[j]);
    }
    arena_done(&arena);
}

static void
test_real_is_rounded_to_nearest(void **state)
{
    static const struct {
        const char *text;
        double real;
    } table[] = {
        {"0.1", 0.1},
        {"1e400", (double)INFINITY},
        {"-1e400", -(double)INFINITY},
        {"1e999999999999999999999", (double)INFINITY},
        {"1e-999999999999999999999", 0.0},
        {"9007199254740993.0", 9007199254740992.0},
        {"9007199254740993.00000000000000000000001", 9007199254740994.0},
        {"123456789012345678901234567890", 123456789012345678901234567890.0},
        {"1.7976931348623157e308", 1.7976931348623157e308},
        {"5e-324", 5e-324},
        {"2e-324", 0.0},
        {"12e22", 12e22},
        {"12e-22", 12e-22},
        {"123456789012345e23", 123456789012345e23},
        {"0.000001", 0.000001},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        double real = value_real(value_number(slice_text(table[i].text)));
        if (real != table[i].real)
            fail_msg("%s: %.17g", table[i].text, real);
    }
    assert_true(signbit(value_real(value_number(SLICE("-0")))) != 0);
    assert_true(value_real(value_int(INT64_MAX)) == 9223372036854775808.0);
    assert_true(value_real(value_double(0.25)) == 0.25);
}

/* Goal: what follows the 768th digit still decides which side of a half it is. */
static void
test_real_of_a_very_long_number(void **state)
{
    static char text[2000];
    memset(text, '0', sizeof(text));
    memcpy(text, "9007199254740993.", 17);
    assert_true(value_real(value_number(slice_of(text, sizeof(text)))) == 9007199254740992.0);
    text[sizeof(text) - 1] = '1';
    assert_true(value_real(value_number(slice_of(text, sizeof(text)))) == 9007199254740994.0);
}

static void
test_integers(void **state)
{
    static const struct {
        const char *text;
        bool fits;
        int64_t integer;
    } table[] = {
        {"7", true, 7},
        {"1.0", true, 1},
        {"1e3", true, 1000},
        {"-0", true, 0},
        {"-12.50e1", true, -125},
        {"1.5", false, 0},
        {"1e-1", false, 0},
        {"9223372036854775807.0", true, INT64_MAX},
        {"-9223372036854775808.0", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"1e18", true, 1000000000000000000},
        {"1e19", false, 0},
        {"1e999999999999999999999999", false, 0},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        int64_t integer = -1;
        bool fits = value_integer(value_number(slice_text(table[i].text)), &integer);
        if (fits != table[i].fits || integer != table[i].integer)
            fail_msg("%s: %d, %lld", table[i].text, fits, (long long)integer);
    }
    int64_t integer = 0;
    assert_true(value_integer(value_double(1e17), &integer));
    assert_int_equal(integer, 100000000000000000);
    assert_false(value_integer(value_double((double)INFINITY), &integer));
    assert_false(value_integer(value_double((double)NAN), &integer));
    assert_false(value_integer(value_double(0.5), &integer));
    assert_false(value_integer(value_text("1"), &integer));
}

static void
check_sorted(struct arena *arena, struct value object)
{
    const struct member **sorted = arena_try_alloc(arena, object.count * sizeof(*sorted));
    value_sorted_members(object, sorted);
    for (uint32_t i = 1; i < object.count; i++)
        assert_true(slice_compare(value_slice(sorted[i - 1]->key), value_slice(sorted[i]->key)) <
                    0);
}

static void
test_sorted_members(void **state)
{
    struct arena arena;
    arena_init(&arena, BIG);
    check_sorted(&arena, parse(&arena, "{\"b\":1,\"\":2,\"aa\":3,\"a\":4,\"\\u00e9\":5}"));
    check_sorted(&arena, numbered_object(&arena, 16));
    check_sorted(&arena, numbered_object(&arena, 17));
    check_sorted(&arena, numbered_object(&arena, 1000));
    assert_true(value_compare(numbered_object(&arena, 50), numbered_object(&arena, 51)) != 0);
    assert_true(value_equal(numbered_object(&arena, 50), numbered_object(&arena, 50)));
    assert_int_equal(value_compare(numbered_object(&arena, 50), numbered_object(&arena, 50)), 0);
    arena_done(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_doubles_become_integers_where_exact),
        cmocka_unit_test(test_number_texts),
        cmocka_unit_test(test_kind_names_and_truth),
        cmocka_unit_test(test_append_shares_the_body_and_keeps_older_views),
        cmocka_unit_test(test_appending_is_linear_in_memory),
        cmocka_unit_test(test_concat),
        cmocka_unit_test(test_depth_is_bounded_in_every_builder),
        cmocka_unit_test(test_depth_shrinks_when_the_deep_member_goes),
        cmocka_unit_test(test_nothing_in_gives_nothing_out),
        cmocka_unit_test(test_builders_stop_at_the_limit),
        cmocka_unit_test(test_object_set_replaces_appends_and_keeps_order),
        cmocka_unit_test(test_an_owner_changes_its_object_in_place),
        cmocka_unit_test(test_an_owner_changes_its_array_in_place),
        cmocka_unit_test(test_object_remove),
        cmocka_unit_test(test_large_objects_are_indexed),
        cmocka_unit_test(test_view_survives_rewind_of_later_members),
        cmocka_unit_test(test_copy_leaves_nothing_behind),
        cmocka_unit_test(test_copy_stops_at_the_limit),
        cmocka_unit_test(test_order_of_all_kinds),
        cmocka_unit_test(test_numbers_equal_by_value),
        cmocka_unit_test(test_doubles_compare_as_what_they_print),
        cmocka_unit_test(test_infinities_and_nan),
        cmocka_unit_test(test_hash_depends_on_value_and_seed),
        cmocka_unit_test(test_real_is_rounded_to_nearest),
        cmocka_unit_test(test_real_of_a_very_long_number),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_sorted_members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
