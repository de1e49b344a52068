/* Cells as XML, names of sheets, and the limits of a workbook. What other programs make of the
 * files is tested end to end. */
#include "test.h"

#include "base/json.h"
#include "base/limits.h"
#include "document/xlsx_cell.h"
#include "document/xlsx_parts.h"
#include "document/xlsx_write.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CELL(rest) "<c r=\"B7\"" rest "</c>"
#define TEXT(text) CELL(" t=\"inlineStr\"><is><t>" text "</t></is>")
#define NUMBER(text) CELL("><v>" text "</v>")

static struct value
parsed(struct arena *arena, const char *json)
{
    struct value value = {0};
    assert_int_equal(json_parse(&value, arena, slice_text(json), 0, NULL, NULL), STATUS_OK);
    return value;
}

static void
check_cell(const char *label, struct value value, bool has_dates, const char *wanted)
{
    struct buffer out;
    buffer_init(&out, MIB(1));
    struct xlsx_cell cell = {.letters = "B", .row = 7, .has_dates = has_dates};
    xlsx_append_cell(&out, &cell, value);
    if (!slice_is(buffer_slice(&out), wanted))
        fail_msg("%s: %.*s", label, SLICE_FORMAT(buffer_slice(&out)));
    buffer_done(&out);
}

static void
test_values_become_cells_that_excel_keeps(void **state)
{
    static const struct {
        const char *label, *json, *cell;
    } table[] = {
        {"null", "null", ""},
        {"empty text", "\"\"", ""},
        {"true", "true", CELL(" t=\"b\"><v>1</v>")},
        {"false", "false", CELL(" t=\"b\"><v>0</v>")},
        {"an integer", "-42", NUMBER("-42")},
        {"15 digits", "999999999999999", NUMBER("999999999999999")},
        {"16 digits", "9007199254740991", TEXT("9007199254740991")},
        {"16 digits, the last zeros", "1234567890123450", NUMBER("1234567890123450")},
        {"beyond int64", "123456789012345678901234567890", TEXT("123456789012345678901234567890")},
        {"a fraction as written", "1.10", NUMBER("1.10")},
        {"a fraction of a double", "0.30000000000000004", NUMBER("0.30000000000000004")},
        {"a fraction that no double is", "3.14159265358979323846", TEXT("3.14159265358979323846")},
        {"beyond a double", "1e400", TEXT("1e400")},
        {"below a double", "1e-400", TEXT("1e-400")},
        {"zero", "0.0", NUMBER("0.0")},
        {"an exponent", "1.5e300", NUMBER("1.5e300")},
        {"text", "\"a\"", TEXT("a")},
        {"digits in text", "\"0042\"", TEXT("0042")},
        {"a formula is text", "\"=1+1\"", TEXT("=1+1")},
        {"markup", "\"<a> & \\\"b\\\"\"", TEXT("&lt;a&gt; &amp; \"b\"")},
        {"a line end stays", "\"a\\nb\\tc\"", TEXT("a\nb\tc")},
        {"a control character", "\"a\\u0001\\rb\\u0000\"", TEXT("a_x0001__x000D_b_x0000_")},
        {"text like an escape", "\"_x0041_ _x_ _X0041_\"", TEXT("_x005F_x0041_ _x_ _X0041_")},
        {"noncharacters", "\"\xEF\xBF\xBE\xEF\xBF\xBF!\"", TEXT("_xFFFE__xFFFF_!")},
        {"other characters of that block", "\"\xEF\xBF\xBD\"", TEXT("\xEF\xBF\xBD")},
        {"white space at an edge", "\" a\"",
         CELL(" t=\"inlineStr\"><is><t xml:space=\"preserve\"> a</t></is>")},
        {"a list", "[1,\"<\"]", TEXT("[1,\"&lt;\"]")},
        {"a date is text", "\"2024-02-29\"", TEXT("2024-02-29")},
    };
    struct arena arena;
    arena_init(&arena, MIB(1));
    for (size_t i = 0; i < COUNT_OF(table); i++)
        check_cell(table[i].label, parsed(&arena, table[i].json), false, table[i].cell);
    check_cell("not a number", value_double(NAN), false, "");
    check_cell("a computed number", value_double(0.1 + 0.2), false, NUMBER("0.30000000000000004"));
    check_cell("nothing", (struct value){0}, false, "");
    arena_done(&arena);
}

#define DATE(serial) CELL(" s=\"2\"><v>" serial "</v>")
#define TIME(serial) CELL(" s=\"3\"><v>" serial "</v>")

static void
test_iso_text_becomes_dates_when_asked(void **state)
{
    static const struct {
        const char *text, *cell;
    } table[] = {
        {"2024-02-29", DATE("45351")},
        {"1970-01-01", DATE("25569")},
        {"1900-03-01", DATE("61")},
        {"9999-12-31", DATE("2958465")},
        {"2024-02-29T12:00:00Z", TIME("45351.5000000000")},
        {"2024-02-29 06:00", TIME("45351.2500000000")},
        {"2024-02-29T00:00:00.000Z", TIME("45351")},
        {"2024-02-29T00:00:00.001", TIME("45351.0000000116")},
        {"2024-02-29T23:59:59.999Z", TIME("45351.9999999884")},
        {"1900-02-28", TEXT("1900-02-28")},
        {"2023-02-29", TEXT("2023-02-29")},
        {"2024-13-01", TEXT("2024-13-01")},
        {"2024-02-29T24:00", TEXT("2024-02-29T24:00")},
        {"2024-02-29T10:00:00+02:00", TEXT("2024-02-29T10:00:00+02:00")},
        {"2024-02-29T10:0", TEXT("2024-02-29T10:0")},
        {"2024-02-29T10:00:00.", TEXT("2024-02-29T10:00:00.")},
        {"2024-02-29T10:00:00.1x", TEXT("2024-02-29T10:00:00.1x")},
        {"2024-02-29T", TEXT("2024-02-29T")},
        {"20240229", TEXT("20240229")},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++)
        check_cell(table[i].text, value_text(table[i].text), true, table[i].cell);
}

static void
test_letters_and_names(void **state)
{
    static const struct {
        uint32_t column;
        const char *letters;
    } letters[] = {{0, "A"}, {25, "Z"}, {26, "AA"}, {701, "ZZ"}, {702, "AAA"}, {16383, "XFD"}};
    for (size_t i = 0; i < COUNT_OF(letters); i++) {
        char out[XLSX_LETTERS_BYTES];
        xlsx_letters(letters[i].column, out);
        assert_string_equal(out, letters[i].letters);
    }
    static const struct {
        const char *wanted;
        uint32_t number;
        const char *name;
    } names[] = {
        {"", 1, "Sheet1"},
        {"  ", 2, "Sheet1 (2)"},
        {"Companies", 1, "Companies"},
        {"a/b:c*d?e\\f[g]", 1, "a_b_c_d_e_f_g_"},
        {"'quoted'", 1, "_quoted_"},
        {"it's", 3, "it's (3)"},
        {"0123456789012345678901234567890123456789", 1, "0123456789012345678901234567890"},
        {"0123456789012345678901234567890123456789", 12, "01234567890123456789012345 (12)"},
        {"\xF0\x9F\x98\x80", 1, "\xF0\x9F\x98\x80"},
        {"012345678901234567890123456789\xF0\x9F\x98\x80", 1, "012345678901234567890123456789"},
    };
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char out[XLSX_SHEET_NAME_BYTES];
        xlsx_sheet_name(out, slice_text(names[i].wanted), names[i].number);
        assert_string_equal(out, names[i].name);
    }
}

static void
test_text_length_counts_as_excel_does(void **state)
{
    assert_int_equal(xlsx_text_length(SLICE("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80")), 5);
    char *text = malloc(XLSX_TEXT_MAX + 1);
    memset(text, 'a', XLSX_TEXT_MAX + 1);
    assert_true(xlsx_can_hold(value_string(slice_of(text, XLSX_TEXT_MAX))));
    assert_false(xlsx_can_hold(value_string(slice_of(text, XLSX_TEXT_MAX + 1))));
    struct arena arena;
    arena_init(&arena, MIB(1));
    struct value item = value_string(slice_of(text, XLSX_TEXT_MAX - 4));
    assert_true(xlsx_can_hold(value_array_new(&arena, &item, 1)));
    item = value_string(slice_of(text, XLSX_TEXT_MAX - 3));
    assert_false(xlsx_can_hold(value_array_new(&arena, &item, 1)));
    arena_done(&arena);
    free(text);
}

/* --- whole files --- */

struct book {
    struct arena arena;
    struct xlsx_writer *writer;
    struct buffer out;
    struct error error;
};

static void
book_open(struct book *book, const char *columns, uint32_t rows_max, bool may_split)
{
    *book = (struct book){.writer = NULL};
    arena_init(&book->arena, MIB(16));
    struct xlsx_options options = {
        .columns = parsed(&book->arena, columns),
        .rows_max = rows_max,
        .may_split = may_split,
        .created_unix_ms = 1700000000000,
    };
    book->writer = xlsx_writer_new(&options);
    buffer_init(&book->out, MIB(64));
}

static void
book_close(struct book *book)
{
    xlsx_writer_free(&book->writer);
    buffer_done(&book->out);
    arena_done(&book->arena);
}

static enum status
book_add(struct book *book, const char *row)
{
    return xlsx_writer_add(book->writer, parsed(&book->arena, row), &book->out, &book->error);
}

static bool
holds(const struct book *book, const char *text)
{
    return memmem(book->out.ptr, book->out.size, text, strlen(text)) != NULL;
}

static void
test_rows_beyond_the_sheet_are_refused_or_split(void **state)
{
    struct book book;
    book_open(&book, "[\"a\"]", 2, false);
    assert_int_equal(book_add(&book, "{\"a\":1}"), STATUS_OK);
    assert_int_equal(book_add(&book, "{\"a\":2}"), STATUS_OK);
    assert_int_equal(book_add(&book, "{\"a\":3}"), STATUS_LIMIT);
    assert_non_null(strstr(book.error.text, "more than 2 rows"));
    assert_non_null(strstr(book.error.text, "split: true"));
    book_close(&book);

    book_open(&book, "[\"a\"]", 2, true);
    for (int i = 0; i < 5; i++)
        assert_int_equal(book_add(&book, "{\"a\":1}"), STATUS_OK);
    assert_int_equal(xlsx_writer_end(book.writer, &book.out, &book.error), STATUS_OK);
    assert_true(holds(&book, "xl/worksheets/sheet3.xml"));
    assert_false(holds(&book, "xl/worksheets/sheet4.xml"));
    book_close(&book);
}

static void
test_too_many_sheets_are_refused(void **state)
{
    struct book book;
    book_open(&book, "[\"a\"]", 1, true);
    enum status status = STATUS_OK;
    int rows = 0;
    while (status == STATUS_OK && rows < 2000) {
        status = book_add(&book, "{\"a\":1}");
        rows++;
    }
    assert_int_equal(status, STATUS_LIMIT);
    assert_int_equal(rows, 1001);
    book_close(&book);
}

static void
test_a_long_text_is_refused_with_its_place(void **state)
{
    struct book book;
    book_open(&book, "[\"a\",\"note\"]", 10, false);
    char *text = malloc(XLSX_TEXT_MAX + 1);
    memset(text, 'x', XLSX_TEXT_MAX + 1);
    struct member members[] = {
        {value_text("a"), value_int(1)},
        {value_text("note"), value_string(slice_of(text, XLSX_TEXT_MAX + 1))}};
    struct value row = value_object_new(&book.arena, members, 2);
    assert_int_equal(xlsx_writer_add(book.writer, row, &book.out, &book.error), STATUS_LIMIT);
    assert_string_equal(book.error.text,
                        "row 2, column B (note): a cell holds at most 32767 characters");
    free(text);
    book_close(&book);
}

static void
test_the_same_rows_give_the_same_bytes(void **state)
{
    struct book first;
    struct book again;
    book_open(&first, "[\"a\",\"b\"]", 1000000, false);
    book_open(&again, "[\"a\",\"b\"]", 1000000, false);
    struct buffer pieces;
    buffer_init(&pieces, MIB(64));
    for (int i = 0; i < 5000; i++) {
        char row[100];
        snprintf(row, sizeof(row), "{\"b\":\"text %d\",\"a\":%d}", i * 7919 % 1000, i);
        assert_int_equal(book_add(&first, row), STATUS_OK);
        assert_int_equal(book_add(&again, row), STATUS_OK);
        /* However the bytes are taken away. */
        buffer_append_slice(&pieces, buffer_slice(&again.out));
        buffer_clear(&again.out);
    }
    assert_int_equal(xlsx_writer_end(first.writer, &first.out, &first.error), STATUS_OK);
    assert_int_equal(xlsx_writer_end(again.writer, &again.out, &again.error), STATUS_OK);
    buffer_append_slice(&pieces, buffer_slice(&again.out));
    assert_int_equal(pieces.size, first.out.size);
    assert_memory_equal(pieces.ptr, first.out.ptr, pieces.size);
    assert_memory_equal(pieces.ptr, "PK\3\4", 4);
    buffer_done(&pieces);
    book_close(&first);
    book_close(&again);
}

static void
test_comments_have_parts_of_their_own_on_each_sheet(void **state)
{
    struct book book;
    book_open(&book, "[\"a\",\"b\"]", 1, true);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(book_add(&book, "{\"a\":1,\"b\":2}"), STATUS_OK);
        if (i != 1)
            xlsx_writer_comment(book.writer, SLICE("b"), SLICE("why"));
        xlsx_writer_comment(book.writer, SLICE("none"), SLICE("nowhere"));
    }
    assert_int_equal(xlsx_writer_end(book.writer, &book.out, &book.error), STATUS_OK);
    assert_true(holds(&book, "xl/comments1.xml"));
    assert_true(holds(&book, "xl/drawings/vmlDrawing1.vml"));
    assert_true(holds(&book, "xl/worksheets/_rels/sheet1.xml.rels"));
    assert_false(holds(&book, "xl/comments2.xml"));
    assert_true(holds(&book, "xl/comments3.xml"));
    book_close(&book);
}

/* More than are kept: the file is whole, and says so. */
static void
test_comments_are_bounded(void **state)
{
    struct book book;
    char text[1000];
    memset(text, 'x', sizeof(text));
    book_open(&book, "[\"a\"]", 100000, false);
    for (int i = 0; i < 10000; i++) {
        assert_int_equal(book_add(&book, "{\"a\":1}"), STATUS_OK);
        xlsx_writer_comment(book.writer, SLICE("a"), slice_of(text, sizeof(text)));
    }
    assert_int_equal(xlsx_writer_end(book.writer, &book.out, &book.error), STATUS_OK);
    assert_true(holds(&book, "xl/comments1.xml"));
    assert_true(book.out.size < MIB(1));
    book_close(&book);
}

static void
test_an_empty_table_is_a_workbook(void **state)
{
    struct book book;
    book_open(&book, "[]", 10, false);
    assert_int_equal(book_add(&book, "{}"), STATUS_OK);
    assert_int_equal(xlsx_writer_end(book.writer, &book.out, &book.error), STATUS_OK);
    assert_true(holds(&book, "[Content_Types].xml"));
    book_close(&book);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_become_cells_that_excel_keeps),
        cmocka_unit_test(test_iso_text_becomes_dates_when_asked),
        cmocka_unit_test(test_letters_and_names),
        cmocka_unit_test(test_text_length_counts_as_excel_does),
        cmocka_unit_test(test_rows_beyond_the_sheet_are_refused_or_split),
        cmocka_unit_test(test_too_many_sheets_are_refused),
        cmocka_unit_test(test_a_long_text_is_refused_with_its_place),
        cmocka_unit_test(test_the_same_rows_give_the_same_bytes),
        cmocka_unit_test(test_comments_have_parts_of_their_own_on_each_sheet),
        cmocka_unit_test(test_comments_are_bounded),
        cmocka_unit_test(test_an_empty_table_is_a_workbook),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
