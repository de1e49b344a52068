/* JSON: what is taken, what is refused and with which words, printing, and streams. */
#include "base/json.h"
#include "test.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>

#define BIG ((size_t)64 * 1024 * 1024)

/* Texts that the printer gives back unchanged. */
static void
test_texts_come_back_as_they_were(void **state)
{
    static const char *const texts[] = {
        "null",
        "true",
        "false",
        "0",
        "-1",
        "9223372036854775807",
        "-9223372036854775808",
        "9223372036854775808",
        "-0",
        "-0.0",
        "1.10",
        "1e400",
        "1E+2",
        "0.1",
        "\"\"",
        "\"a\"",
        "\"\\u0000\"",
        "\"\\b\\f\\n\\r\\t\\\"\\\\/\"",
        "\"\\u001f\\u007f\"",
        "[]",
        "{}",
        "[[],{}]",
        "\"exactly8\"",
        "\"more than eight \\\" bytes \\n of text\"",
        "\"\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80 \xEF\xBF\xBF\"",
        "{\"b\":1,\"a\":[1,2,{\"c\":null}],\"\":\"\"}",
        "{\"a\":{\"a\":{\"a\":1}}}",
    };
    struct arena arena;
    arena_init(&arena, BIG);
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        for (unsigned flags = 0; flags <= JSON_BORROW; flags++) {
            struct value value;
            struct error error = {0};
            struct slice text = slice_text(texts[i]);
            if (json_parse(&value, &arena, text, flags, NULL, &error) != STATUS_OK)
                fail_msg("%s: %s", texts[i], error.text);
            struct slice printed = json_text(&arena, value);
            if (!slice_equal(printed, text))
                fail_msg("%s: %.*s", texts[i], SLICE_FORMAT(printed));
        }
    arena_done(&arena);
}

static void
test_escapes_and_spaces_are_read(void **state)
{
    static const struct {
        const char *text;
        const char *printed;
    } table[] = {
        {" \t\r\n[ 1 , 2 ] \n", "[1,2]"},
        {"{ \"a\" : 1 , \"b\" : { } }", "{\"a\":1,\"b\":{}}"},
        {"\"\\u0041\\u00e9\\u20AC\\ud83d\\uDE00\\/\"",
         "\"A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80/\""},
        {"{\"\\u0061\":1}", "{\"a\":1}"},
        {"\"\\ud7ff\\ue000\"", "\"\xED\x9F\xBF\xEE\x80\x80\""},
    };
    struct arena arena;
    arena_init(&arena, BIG);
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct value value;
        struct slice text = slice_text(table[i].text);
        assert_int_equal(json_parse(&value, &arena, text, 0, NULL, NULL), STATUS_OK);
        struct slice printed = json_text(&arena, value);
        if (!slice_is(printed, table[i].printed))
            fail_msg("%s: %.*s", table[i].text, SLICE_FORMAT(printed));
    }
    arena_done(&arena);
}

static const struct {
    const char *text;
    const char *words;
} refused[] = {
    {"", "line 1, column 1: expected a value, found the end of the text"},
    {"  ", "line 1, column 3: expected a value, found the end of the text"},
    {"nul", "line 1, column 1: expected a value, found 'n'"},
    {"True", "line 1, column 1: expected a value, found 'T'"},
    {"NaN", "line 1, column 1: expected a value, found 'N'"},
    {"\xEF\xBB\xBF{}", "line 1, column 1: expected a value, found a byte order mark"},
    {"// x\n1", "line 1, column 1: expected a value, found '/'"},
    {"1 2", "line 1, column 3: expected the end of the text, found '2'"},
    {"truex", "line 1, column 5: expected the end of the text, found 'x'"},
    {"01", "line 1, column 1: a number may not begin with 0"},
    {"-01", "line 1, column 2: a number may not begin with 0"},
    {"-", "line 1, column 2: expected a digit after '-', found the end of the text"},
    {"+1", "line 1, column 1: expected a value, found '+'"},
    {".5", "line 1, column 1: expected a value, found '.'"},
    {"1.", "line 1, column 3: expected a digit after '.', found the end of the text"},
    {"1.e2", "line 1, column 3: expected a digit after '.', found 'e'"},
    {"1e", "line 1, column 3: expected a digit in the exponent, found the end of the text"},
    {"1e+x", "line 1, column 4: expected a digit in the exponent, found 'x'"},
    {"[1", "line 1, column 3: expected ',' or ']' after an element of the array, "
           "found the end of the text"},
    {"[1,]", "line 1, column 4: expected a value, found ']'"},
    {"[1}", "line 1, column 3: expected ',' or ']' after an element of the array, found '}'"},
    {"[\n1,\n  \xC3\xA9", "line 3, column 3: expected a value, found '\xC3\xA9'"},
    {"[\"\xC3\xA9\", \x01]", "line 1, column 7: expected a value, found the byte 0x01"},
    {"{", "line 1, column 2: expected a name in double quotes, found the end of the text"},
    {"{'a':1}", "line 1, column 2: expected a name in double quotes, found '''"},
    {"{\"a\" 1}", "line 1, column 6: expected ':' after the name, found '1'"},
    {"{\"a\":1,}", "line 1, column 8: expected a name in double quotes, found '}'"},
    {"{\"a\":1]", "line 1, column 7: expected ',' or '}' after a member of the object, found ']'"},
    {"\"abc", "line 1, column 5: the text ends inside a string"},
    {"\"abc\\", "line 1, column 6: the text ends inside a string"},
    {"\"a\nb\"", "line 1, column 3: control character in a string; write it as \\n, \\t, \\u00XX"},
    {"\"\\x\"",
     "line 1, column 2: unknown escape; known are \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u"},
    {"\"\\u12G4\"", "line 1, column 2: \\u must be followed by four hexadecimal digits"},
    {"\"\\u12\"", "line 1, column 2: \\u must be followed by four hexadecimal digits"},
    {"\"\\ud800\"",
     "line 1, column 2: half of a surrogate pair; write both halves or the character"},
    {"\"a\\udc00\"",
     "line 1, column 3: half of a surrogate pair; write both halves or the character"},
    {"\"\\ud800\\u0041\"",
     "line 1, column 2: half of a surrogate pair; write both halves or the character"},
    {"\"ok \xC3\xA9 \xFF\"", "line 1, column 7: the text is not UTF-8 here"},
    {"\"\xC0\xAF\"", "line 1, column 2: the text is not UTF-8 here"},
    {"\"\xED\xA0\x80\"", "line 1, column 2: the text is not UTF-8 here"},
    {"\"\xE2\x82\"", "line 1, column 2: the text is not UTF-8 here"},
    {"{\"a\":1,\"b\":[{\"x\":\",\\\"\"}],\"a\":2}",
     "line 1, column 26: this name stands twice in one object: \"a\""},
    {"[{\"a\":1,\"\\u0061\":2}]",
     "line 1, column 9: this name stands twice in one object: \"\\u0061\""},
};

static void
test_refused_texts_and_their_words(void **state)
{
    struct arena arena;
    arena_init(&arena, BIG);
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        struct value value = value_null();
        struct error error = {0};
        struct slice text = slice_text(refused[i].text);
        enum status status = json_parse(&value, &arena, text, 0, NULL, &error);
        if (status != STATUS_INVALID || strcmp(error.text, refused[i].words) != 0)
            fail_msg("%s: %s", refused[i].text, error.text);
        assert_int_equal(value.kind, VALUE_NONE);
    }
    arena_done(&arena);
}

static void
test_place_counts_lines_characters_and_bytes(void **state)
{
    struct arena arena;
    arena_init(&arena, BIG);
    struct value value;
    struct json_place place = {0};
    enum status status =
        json_parse(&value, &arena, SLICE("[\n \"\xF0\x9F\x98\x80\", x]"), 0, &place, NULL);
    assert_int_equal(status, STATUS_INVALID);
    assert_int_equal(place.line, 2);
    assert_int_equal(place.column, 7);
    assert_int_equal(place.offset, 11);
    arena_done(&arena);
}

static void
test_nesting_is_bounded(void **state)
{
    static char text[2 * VALUE_DEPTH_MAX + 2];
    memset(text, '[', VALUE_DEPTH_MAX + 1);
    memset(text + VALUE_DEPTH_MAX + 1, ']', VALUE_DEPTH_MAX + 1);
    struct arena arena;
    arena_init(&arena, BIG);
    struct value value;
    struct error error = {0};
    assert_int_equal(
        json_parse(&value, &arena, slice_of(text + 1, sizeof(text) - 2), 0, NULL, NULL), STATUS_OK);
    assert_int_equal(value.depth, VALUE_DEPTH_MAX);
    assert_int_equal(json_parse(&value, &arena, slice_of(text, sizeof(text)), 0, NULL, &error),
                     STATUS_INVALID);
    assert_string_equal(error.text,
                        "line 1, column 257: arrays and objects are nested deeper than 256 levels");
    arena_done(&arena);
}

static struct slice
many_names(struct arena *arena, int count, int last)
{
    struct buffer buffer;
    buffer_init(&buffer, BIG);
    for (int i = 0; i < count; i++)
        buffer_append_format(&buffer, "%c\"name%d\":%d", i == 0 ? '{' : ',',
                             i + 1 == count ? last : i, i);
    buffer_append_byte(&buffer, '}');
    struct slice text = arena_copy(arena, buffer_slice(&buffer));
    buffer_done(&buffer);
    return text;
}

static void
test_twice_the_same_name_in_objects_of_any_size(void **state)
{
    struct arena arena;
    arena_init(&arena, BIG);
    for (int count = 2; count < 3000; count += count < 40 ? 1 : 487) {
        struct value value;
        struct error error = {0};
        struct slice good = many_names(&arena, count, count - 1);
        struct slice bad = many_names(&arena, count, count / 2 - 1);
        assert_int_equal(json_parse(&value, &arena, good, 0, NULL, &error), STATUS_OK);
        assert_int_equal(value.count, count);
        assert_int_equal(json_parse(&value, &arena, bad, 0, NULL, &error), STATUS_INVALID);
        assert_non_null(strstr(error.text, "twice"));
    }
    arena_done(&arena);
}

static void
test_limit_of_the_arena(void **state)
{
    static char text[20000];
    struct value value;
    struct arena arena;
    struct error error = {0};
    for (size_t i = 0; i < sizeof(text); i += 2)
        memcpy(text + i, i == 0 ? "[1" : ",1", 2);
    text[sizeof(text) - 1] = ']';
    text[sizeof(text) - 2] = '1';
    text[sizeof(text) - 3] = '1';
    arena_init(&arena, 100000);
    assert_int_equal(json_parse(&value, &arena, slice_of(text, sizeof(text)), 0, NULL, &error),
                     STATUS_LIMIT);
    assert_int_equal(value.kind, VALUE_NONE);
    assert_non_null(strstr(error.text, "line 1, column "));

    memset(text, 'a', sizeof(text));
    text[0] = '"';
    text[sizeof(text) - 1] = '"';
    arena_done(&arena);
    arena_init(&arena, 8192);
    struct slice string = slice_of(text, sizeof(text));
    assert_int_equal(json_parse(&value, &arena, string, 0, NULL, NULL), STATUS_LIMIT);
    assert_int_equal(json_parse(&value, &arena, string, JSON_BORROW, NULL, NULL), STATUS_OK);
    text[1] = '\\';
    text[2] = 'n';
    assert_int_equal(json_parse(&value, &arena, string, JSON_BORROW, NULL, NULL), STATUS_LIMIT);
    arena_done(&arena);
}

static void
test_borrowed_strings_point_into_the_text(void **state)
{
    static const char text[] = "[\"plain\",1.5,\"es\\nc\"]";
    struct value value;
    struct arena arena;
    arena_init(&arena, BIG);
    assert_int_equal(json_parse(&value, &arena, SLICE(text), JSON_BORROW, NULL, NULL), STATUS_OK);
    const struct value *items = value_items(value);
    assert_ptr_equal(items[0].text, text + 2);
    assert_ptr_equal(items[1].text, text + 9);
    assert_false(items[2].text >= text && items[2].text < text + sizeof(text));
    arena_done(&arena);
}

static void
test_next_of_concatenated_texts(void **state)
{
    static const char text[] = " 1 [2]{\"a\":3}\"b\"null\n4,5";
    static const char *const expected[] = {"1", "[2]", "{\"a\":3}", "\"b\"", "null", "4"};
    struct arena arena;
    arena_init(&arena, BIG);
    size_t offset = 0;
    struct value value;
    struct error error = {0};
    struct json_place place = {0};
    for (size_t i = 0; i < COUNT_OF(expected); i++) {
        assert_int_equal(json_parse_next(&value, &arena, SLICE(text), &offset, 0, &place, &error),
                         STATUS_OK);
        assert_true(slice_is(json_text(&arena, value), expected[i]));
    }
    assert_int_equal(json_parse_next(&value, &arena, SLICE(text), &offset, 0, &place, &error),
                     STATUS_INVALID);
    assert_string_equal(error.text, "line 2, column 2: expected a value, found ','");
    assert_int_equal(place.line, 2);

    offset = 0;
    assert_int_equal(json_parse_next(&value, &arena, SLICE(" \n"), &offset, 0, NULL, NULL),
                     STATUS_OK);
    assert_int_equal(value.kind, VALUE_NONE);
    assert_int_equal(offset, 2);
    offset = 0;
    assert_int_equal(json_parse_next(&value, &arena, SLICE("nullnull"), &offset, 0, NULL, &error),
                     STATUS_INVALID);
    assert_int_equal(json_parse_next(&value, &arena, SLICE("1-1"), &offset, 0, NULL, &error),
                     STATUS_INVALID);
    assert_int_equal(offset, 0);
    arena_done(&arena);
}

static void
check_printed(void (*print)(struct buffer *, struct value), const char *text, const char *expected)
{
    struct arena arena;
    struct buffer buffer;
    struct value value;
    arena_init(&arena, BIG);
    buffer_init(&buffer, BIG);
    assert_int_equal(json_parse(&value, &arena, slice_text(text), 0, NULL, NULL), STATUS_OK);
    print(&buffer, value);
    if (!slice_is(buffer_slice(&buffer), expected))
        fail_msg("%s: %.*s", text, SLICE_FORMAT(buffer_slice(&buffer)));
    buffer_done(&buffer);
    arena_done(&arena);
}

static void
test_pretty_is_as_jq_prints(void **state)
{
    check_printed(json_print_pretty, "1", "1");
    check_printed(json_print_pretty, "[]", "[]");
    check_printed(json_print_pretty, "{\"a\":[],\"b\":{},\"c\":[1,{\"d\":null}]}",
                  "{\n  \"a\": [],\n  \"b\": {},\n  \"c\": [\n    1,\n    {\n      \"d\": null\n"
                  "    }\n  ]\n}");
}

static void
test_canonical_sorts_and_normalises(void **state)
{
    check_printed(json_print_canonical, "{\"b\":{\"d\":1,\"c\":2},\"a\":[]}",
                  "{\"a\":[],\"b\":{\"c\":2,\"d\":1}}");
    check_printed(json_print_canonical, "[1.10,1.0,1e3,-0,0.0e9,-0.50,100000000000000000000]",
                  "[1.1,1,1000,0,0,-0.5,1e+20]");
    check_printed(json_print_canonical, "[1e20,10.0e19,1E+20]", "[1e+20,1e+20,1e+20]");
    check_printed(json_print_canonical, "[0.00001,1.50e-5,1e400,-1e-999999999999]",
                  "[1e-05,1.5e-05,1e+400,-1e-999999999999]");
    check_printed(json_print_canonical, "[1e99999999999999999999,0.01e-99999999999999999999]",
                  "[1e+3999999999999999999,1e-4000000000000000001]");
    check_printed(json_print_canonical, "[1e+3999999999999999999,1e-4000000000000000001]",
                  "[1e+3999999999999999999,1e-4000000000000000001]");
    check_printed(json_print_canonical, "123456789012345678901234567890.50",
                  "123456789012345678901234567890.5");
}

static void
test_doubles_print_as_jq_prints_them(void **state)
{
    static const struct {
        double real;
        const char *text;
    } table[] = {
        {0.1, "0.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1.0 / 3.0, "0.3333333333333333"},
        {100.0 / 3.0, "33.333333333333336"},
        {3.0, "3"},
        {-0.0, "-0"},
        {0.0001, "0.0001"},
        {0.00001, "1e-05"},
        {1.5e-7, "1.5e-07"},
        {1e15, "1000000000000000"},
        {1e16, "1e+16"},
        {12e15, "12000000000000000"},
        {12345678901234567890.0, "12345678901234567000"},
        {5e-324, "5e-324"},
        {2.2250738585072014e-308, "2.2250738585072014e-308"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {5.684341886080802e-14, "5.684341886080802e-14"}, /* 2^-44, where 17 digits seem needed */
        {-1.2345678901234567e30, "-1234567890123456700000000000000"},
        {-1.2345678901234567e31, "-1.2345678901234567e+31"},
        {9007199254740993.0, "9007199254740992"},
        {123456.789e3, "123456789"},
        {(double)INFINITY, "1.7976931348623157e+308"},
        {-(double)INFINITY, "-1.7976931348623157e+308"},
        {(double)NAN, "null"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        char text[JSON_DOUBLE_BYTES];
        size_t size = json_print_double(text, table[i].real);
        if (!slice_is(slice_of(text, size), table[i].text))
            fail_msg("%s: %.*s", table[i].text, (int)size, text);
    }
}

/* Goal: no locale changes numbers. Method: one with ',' as decimal point, if the machine has one;
 * without it the test still runs in the plain locale. */
static void
test_numbers_do_not_follow_the_locale(void **state)
{
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "C"};
    size_t i = 0;
    while (setlocale(LC_NUMERIC, names[i]) == NULL)
        i++;
    char text[JSON_DOUBLE_BYTES];
    size_t size = json_print_double(text, 1.0 / 3.0);
    assert_true(slice_is(slice_of(text, size), "0.3333333333333333"));
    assert_true(value_real(value_number(SLICE("1234567890123456789.5e-3"))) ==
                1234567890123456789.5e-3);
    setlocale(LC_NUMERIC, "C");
}

static void
test_random_doubles_read_back(void **state)
{
    uint64_t random = 0x123456789ABCDEF;
    for (int i = 0; i < 20000; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        uint64_t bits = random ^ random >> 29;
        double real;
        memcpy(&real, &bits, sizeof(real));
        if (!isfinite(real))
            continue;
        char text[JSON_DOUBLE_BYTES];
        size_t size = json_print_double(text, real);
        if (value_real(value_number(slice_of(text, size))) != real)
            fail_msg("%.17g: %.*s", real, (int)size, text);
    }
}

static void
test_printing_stops_at_the_buffers_maximum(void **state)
{
    struct arena arena;
    struct value value;
    arena_init(&arena, BIG);
    static const char text[] = "{\"a\":[1,-22,\"some text \\n here\",null,true,1.5],\"b\":{}}";
    assert_int_equal(json_parse(&value, &arena, SLICE(text), 0, NULL, NULL), STATUS_OK);
    for (size_t max = 0; max < sizeof(text) + 2; max++) {
        struct buffer buffer;
        buffer_init(&buffer, max);
        json_print(&buffer, value);
        assert_int_equal(buffer_is_over(&buffer), max < sizeof(text) - 1);
        assert_true(buffer.size <= max);
        if (!buffer_is_over(&buffer))
            assert_true(slice_is(buffer_slice(&buffer), text));
        buffer_done(&buffer);
    }
    arena_done(&arena);
    arena_init(&arena, 16);
    assert_null(json_text(&arena, value_text("a text of more than sixteen bytes")).ptr);
    arena_done(&arena);
}

static void
test_printing_appends(void **state)
{
    struct buffer buffer;
    buffer_init(&buffer, BIG);
    buffer_append_text(&buffer, "x=");
    json_print(&buffer, value_int(INT64_MIN));
    json_print_string(&buffer, SLICE("\"\x7F\xC3\xA9\x01"));
    json_print(&buffer, value_double((double)NAN));
    assert_true(slice_is(buffer_slice(&buffer),
                         "x=-9223372036854775808\"\\\"\\u007f\xC3\xA9\\u0001\"null"));
    buffer_done(&buffer);
}

/* What a stream gives, as lines: elements, then "done", "waits" or the error. */
static void
take_all(struct json_stream *stream, struct buffer *out)
{
    struct arena arena;
    struct value value;
    struct error error = {0};
    arena_init(&arena, BIG);
    enum status status = STATUS_OK;
    while ((status = json_stream_next(stream, &value, &arena, NULL, &error)) == STATUS_OK &&
           value.kind != VALUE_NONE) {
        json_print(out, value);
        buffer_append_byte(out, '\n');
    }
    if (status != STATUS_OK)
        buffer_append_format(out, "%s: %s", status_name(status), error.text);
    arena_done(&arena);
}

static void
run_stream(enum json_stream_shape shape, struct slice text, size_t piece_size, struct buffer *out)
{
    struct json_stream *stream = json_stream_new(shape, 1024);
    struct error error = {0};
    size_t at = 0;
    enum status status = STATUS_OK;
    do {
        size_t size = text.size - at < piece_size ? text.size - at : piece_size;
        struct slice piece = slice_of(text.ptr + at, size);
        at += size;
        status = json_stream_feed(stream, piece, at == text.size, &error);
        if (status == STATUS_OK)
            take_all(stream, out);
    } while (status == STATUS_OK && at < text.size && out->size < 100000);
    if (json_stream_is_done(stream))
        buffer_append_text(out, "done");
    json_stream_free(&stream);
    assert_null(stream);
}

static const struct {
    enum json_stream_shape shape;
    const char *text;
    const char *expected;
} stream_table[] = {
    {JSON_STREAM_ARRAY, "[]", "done"},
    {JSON_STREAM_ARRAY, " [ 1 , \"a,]\\\"\" , [2,[3]] , {\"b\":\"}\"} ,null] \n",
     "1\n\"a,]\\\"\"\n[2,[3]]\n{\"b\":\"}\"}\nnull\ndone"},
    {JSON_STREAM_ARRAY, "", "invalid: line 1, column 1: expected '[', the beginning of an array"},
    {JSON_STREAM_ARRAY, "{}", "invalid: line 1, column 1: expected '[', the beginning of an array"},
    {JSON_STREAM_ARRAY, "[",
     "invalid: line 1, column 2: expected an element or ']', found the end of the text"},
    {JSON_STREAM_ARRAY, "[1,",
     "1\ninvalid: line 1, column 4: expected an element, found the end of the text"},
    {JSON_STREAM_ARRAY, "[1,\n]", "1\ninvalid: line 2, column 1: expected a value, found ']'"},
    {JSON_STREAM_ARRAY, "[1\n 2]",
     "1\ninvalid: line 2, column 2: expected ',' or ']' after an element of the array"},
    {JSON_STREAM_ARRAY, "[1",
     "1\ninvalid: line 1, column 3: expected ',' or ']' after an element of the array"},
    {JSON_STREAM_ARRAY, "[] x",
     "invalid: line 1, column 4: expected the end of the text after the array"},
    {JSON_STREAM_ARRAY, "[[1}]",
     "invalid: line 1, column 4: expected ',' or ']' after an element of the array, found '}'"},
    {JSON_STREAM_ARRAY, "[1,\n\"\xC3\xA9\",\n  {\"a\":x}]",
     "1\n\"\xC3\xA9\"\ninvalid: line 3, column 8: expected a value, found 'x'"},
    {JSON_STREAM_TEXTS, "", "done"},
    {JSON_STREAM_TEXTS, " \n", "done"},
    {JSON_STREAM_TEXTS, "{\"a\":1}\n{\"a\":2}\n", "{\"a\":1}\n{\"a\":2}\ndone"},
    {JSON_STREAM_TEXTS, "1 2.50\n\"x\"[]true", "1\n2.50\n\"x\"\n[]\ntrue\ndone"},
    {JSON_STREAM_TEXTS,
     "1\n{\"a\":", "1\ninvalid: line 2, column 6: expected a value, found the end of the text"},
    {JSON_STREAM_TEXTS, "\"abc", "invalid: line 1, column 5: the text ends inside a string"},
    {JSON_STREAM_TEXTS, "\"abc\\", "invalid: line 1, column 6: the text ends inside a string"},
    {JSON_STREAM_TEXTS, "1,2", "1\ninvalid: line 1, column 2: expected a value, found ','"},
    {JSON_STREAM_TEXTS, "]", "invalid: line 1, column 1: expected a value, found ']'"},
    {JSON_STREAM_TEXTS, "nullnull",
     "invalid: line 1, column 5: expected the end of the text, found 'n'"},
};

static void
test_streams_in_pieces_of_any_size(void **state)
{
    for (size_t i = 0; i < COUNT_OF(stream_table); i++)
        for (size_t piece = 1; piece < 80; piece++) {
            struct buffer out;
            buffer_init(&out, BIG);
            struct slice text = slice_text(stream_table[i].text);
            run_stream(stream_table[i].shape, text, piece, &out);
            if (!slice_is(buffer_slice(&out), stream_table[i].expected))
                fail_msg("%s by %zu: %.*s", stream_table[i].text, piece,
                         SLICE_FORMAT(buffer_slice(&out)));
            buffer_done(&out);
        }
}

static void
test_stream_tells_where_elements_begin(void **state)
{
    struct json_stream *stream = json_stream_new(JSON_STREAM_TEXTS, 100);
    struct arena arena;
    struct value value;
    struct json_place place = {0};
    arena_init(&arena, BIG);
    assert_int_equal(json_stream_feed(stream, SLICE("\"\xC3\xA9\" 1\n"), false, NULL), STATUS_OK);
    assert_int_equal(json_stream_next(stream, &value, &arena, &place, NULL), STATUS_OK);
    assert_int_equal(json_stream_next(stream, &value, &arena, &place, NULL), STATUS_OK);
    assert_int_equal(value.kind, VALUE_INT);
    assert_int_equal(place.column, 5);
    assert_int_equal(place.offset, 5);
    assert_int_equal(json_stream_feed(stream, SLICE("  {}  ?"), true, NULL), STATUS_OK);
    assert_int_equal(json_stream_next(stream, &value, &arena, &place, NULL), STATUS_OK);
    assert_int_equal(value.kind, VALUE_OBJECT);
    assert_int_equal(place.line, 2);
    assert_int_equal(place.column, 3);
    assert_int_equal(place.offset, 9);
    assert_int_equal(json_stream_next(stream, &value, &arena, &place, NULL), STATUS_INVALID);
    assert_int_equal(place.column, 7);
    place.column = 0;
    assert_int_equal(json_stream_next(stream, &value, &arena, &place, NULL), STATUS_INVALID);
    assert_int_equal(place.column, 7);
    assert_false(json_stream_is_done(stream));
    json_stream_free(&stream);
    json_stream_free(&stream);
    arena_done(&arena);
}

static void
test_stream_refuses_a_large_element(void **state)
{
    struct arena arena;
    struct value value;
    struct error error = {0};
    arena_init(&arena, BIG);
    struct json_stream *stream = json_stream_new(JSON_STREAM_ARRAY, 10);
    assert_int_equal(json_stream_feed(stream, SLICE("[\"12345678\",\"123456789\"]"), true, NULL),
                     STATUS_OK);
    assert_int_equal(json_stream_next(stream, &value, &arena, NULL, &error), STATUS_OK);
    assert_int_equal(value.kind, VALUE_STRING);
    assert_int_equal(json_stream_next(stream, &value, &arena, NULL, &error), STATUS_LIMIT);
    assert_string_equal(error.text, "line 1, column 13: this element is larger than allowed");
    json_stream_free(&stream);

    stream = json_stream_new(JSON_STREAM_TEXTS, 10);
    enum status status = STATUS_OK;
    int pieces = 0;
    while (status == STATUS_OK && pieces < 100) {
        status = json_stream_feed(stream, SLICE("[["), false, &error);
        pieces++;
        if (status == STATUS_OK)
            status = json_stream_next(stream, &value, &arena, NULL, &error);
    }
    assert_int_equal(status, STATUS_LIMIT);
    assert_int_equal(pieces, 7);
    assert_int_equal(json_stream_feed(stream, SLICE("1"), true, NULL), STATUS_LIMIT);
    json_stream_free(&stream);
    arena_done(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts_come_back_as_they_were),
        cmocka_unit_test(test_escapes_and_spaces_are_read),
        cmocka_unit_test(test_refused_texts_and_their_words),
        cmocka_unit_test(test_place_counts_lines_characters_and_bytes),
        cmocka_unit_test(test_nesting_is_bounded),
        cmocka_unit_test(test_twice_the_same_name_in_objects_of_any_size),
        cmocka_unit_test(test_limit_of_the_arena),
        cmocka_unit_test(test_borrowed_strings_point_into_the_text),
        cmocka_unit_test(test_next_of_concatenated_texts),
        cmocka_unit_test(test_pretty_is_as_jq_prints),
        cmocka_unit_test(test_canonical_sorts_and_normalises),
        cmocka_unit_test(test_doubles_print_as_jq_prints_them),
        cmocka_unit_test(test_numbers_do_not_follow_the_locale),
        cmocka_unit_test(test_random_doubles_read_back),
        cmocka_unit_test(test_printing_stops_at_the_buffers_maximum),
        cmocka_unit_test(test_printing_appends),
        cmocka_unit_test(test_streams_in_pieces_of_any_size),
        cmocka_unit_test(test_stream_tells_where_elements_begin),
        cmocka_unit_test(test_stream_refuses_a_large_element),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
