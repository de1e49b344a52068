/* CSV, both ways: every oddity of a text as it must be read, and the same however the text is cut
 * into blocks; cells as they must be written, and read back. */
#include "document/csv.h"
#include "test.h"

#include "base/json.h"

#include <stdio.h>

#define FIELDS_MAX 8
#define SHOWN_BYTES 4096

/* Rows as text: "[a|b]" a row, "-" a blank line, "!2:3 words" a bad row with its place; each
 * followed by the physical lines it took if more than one. */
struct shown {
    char text[SHOWN_BYTES];
    size_t size;
};

static void
show_bytes(struct shown *shown, struct slice bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        const char *mark = bytes.ptr[i] == '\n' ? "\\n" : bytes.ptr[i] == '\r' ? "\\r" : NULL;
        int count = mark != NULL ? snprintf(shown->text + shown->size, 8, "%s", mark)
                                 : snprintf(shown->text + shown->size, 8, "%c", bytes.ptr[i]);
        shown->size += (size_t)count;
    }
}

static void
show_row(struct shown *shown, const struct csv_row *row)
{
    show_bytes(shown, SLICE("["));
    for (uint32_t i = 0; i < row->count && i < FIELDS_MAX; i++) {
        if (i > 0)
            show_bytes(shown, SLICE("|"));
        show_bytes(shown, value_slice(row->fields[i]));
    }
    show_bytes(shown, SLICE("]"));
    if (row->count > FIELDS_MAX)
        shown->size += (size_t)snprintf(shown->text + shown->size, 32, "of %u", row->count);
}

/* The words that every second case would repeat are cut. */
static void
show_problem(struct shown *shown, const struct csv_row *row)
{
    bool is_text = strncmp(row->problem, "text after a closing quote (", 28) == 0;
    shown->size +=
        (size_t)snprintf(shown->text + shown->size, 128, "!%d:%d %s", (int)row->problem_line,
                         (int)row->problem_column, is_text ? "text" : row->problem);
}

static void
show_end(struct shown *shown, enum csv_end end, const struct csv_row *row)
{
    if (end == CSV_ROW)
        show_row(shown, row);
    else if (end == CSV_BLANK)
        show_bytes(shown, SLICE("-"));
    else
        show_problem(shown, row);
    if (row->lines != 1)
        shown->size += (size_t)snprintf(shown->text + shown->size, 16, "x%d", (int)row->lines);
}

static struct csv_reader
reader_of(struct slice text, char delimiter, struct arena *arena, struct value *fields)
{
    return (struct csv_reader){
        .at = text.ptr,
        .end = text.ptr + text.size,
        .dialect = {delimiter, '"'},
        .is_last = true,
        .arena = arena,
        .fields = fields,
        .fields_max = FIELDS_MAX,
    };
}

/* How a text is read: in blocks that begin at a row's first byte and grow by block_bytes until they
 * hold it. */
struct way {
    struct csv_dialect dialect;
    uint32_t row_fields;
    size_t block_bytes;
};

static const struct way commas = {.dialect = {',', '"'}};

static void
read_all(struct slice text, struct way way, struct shown *shown)
{
    struct arena arena;
    arena_init(&arena, 1 << 20);
    struct value fields[FIELDS_MAX];
    *shown = (struct shown){.size = 0};
    size_t at = 0;
    size_t size = way.block_bytes;
    for (;;) {
        size_t left = text.size - at;
        size = size < left ? size : left;
        /* A copy of its own, so that reading past the block is seen by the sanitizer. */
        char *block = arena_try_alloc(&arena, size);
        assert_non_null(block);
        memcpy(block, text.ptr + at, size);
        struct csv_reader reader = reader_of(slice_of(block, size), 0, &arena, fields);
        reader.dialect = way.dialect;
        reader.row_fields = way.row_fields;
        reader.is_last = size == left;
        struct csv_row row;
        enum csv_end end = csv_read_row(&reader, &row);
        if (end == CSV_DONE)
            break;
        if (end == CSV_MORE) {
            assert_ptr_equal(reader.at, block);
            assert_false(reader.is_last);
            size += way.block_bytes;
            continue;
        }
        assert_true(reader.at > block);
        show_end(shown, end, &row);
        at += (size_t)(reader.at - block);
        size = way.block_bytes;
    }
    shown->text[shown->size] = '\0';
    arena_done(&arena);
}

/* The same rows, however the text is cut. */
static void
check_blocks(const char *label, const char *text, struct way way, const char *rows)
{
    size_t size = strlen(text);
    for (way.block_bytes = 1; way.block_bytes <= size + 1; way.block_bytes++) {
        struct shown shown;
        read_all(slice_text(text), way, &shown);
        if (strcmp(shown.text, rows) != 0)
            fail_msg("%s, blocks of %zu: %s", label, way.block_bytes, shown.text);
    }
}

static void
test_oddities_are_read_alike_in_blocks_of_every_size(void **state)
{
    static const struct {
        const char *label;
        const char *text;
        const char *rows;
    } table[] = {
        {"nothing", "", ""},
        {"one field", "a", "[a]"},
        {"one field, ended", "a\n", "[a]"},
        {"two rows", "a,b\nc,d\n", "[a|b][c|d]"},
        {"no end at the end", "a,b\nc,d", "[a|b][c|d]"},
        {"CRLF", "a,b\r\nc,d\r\n", "[a|b][c|d]"},
        {"CR", "a,b\rc,d\r", "[a|b][c|d]"},
        {"all ends mixed", "a\nb\rc\r\nd", "[a][b][c][d]"},
        {"LF CR is two ends", "a\n\rb", "[a]-[b]"},
        {"empty fields", ",\n,,\n", "[|][||]"},
        {"empty last field", "a,", "[a|]"},
        {"empty last field, ended", "a,\n", "[a|]"},
        {"blank lines", "\n\na\n\n", "--[a]-"},
        {"blank lines of CRLF", "\r\n\r\na", "--[a]"},
        {"spaces are no blank line", " \n", "[ ]"},
        {"a quoted nothing is a row", "\"\"\n", "[]"},
        {"quoted", "\"a\",\"b\"\n", "[a|b]"},
        {"quoted at the end", "\"a\"", "[a]"},
        {"comma inside quotes", "\"a,b\",c", "[a,b|c]"},
        {"doubled quotes", "\"a\"\"b\"", "[a\"b]"},
        {"only doubled quotes", "\"\"\"\"", "[\"]"},
        {"two doubled quotes", "\"\"\"\"\"\"", "[\"\"]"},
        {"doubled at both ends", "\"\"\"a\"\"\",b", "[\"a\"|b]"},
        {"line ends inside quotes", "\"a\nb\",c\n", "[a\\nb|c]x2"},
        {"CRLF inside quotes", "\"a\r\nb\r\n\",c\r\nd", "[a\\r\\nb\\r\\n|c]x3[d]"},
        {"CR inside quotes", "\"a\rb\"\nc", "[a\\rb]x2[c]"},
        {"quote inside a plain field", "a\"b,c\"\n", "[a\"b|c\"]"},
        {"blanks around quotes", " \"a\" ,\t\"b,c\"\t,d", "[a|b,c|d]"},
        {"blanks before quotes with more behind", " \"a\" b, \"c", "[ \"a\" b| \"c]"},
        {"blanks before quotes over two lines", " \"a\nb\"", "[ \"a][b\"]"},
        {"blanks before doubled quotes", " \"\"\"a\"\"\"", "[\"a\"]"},
        {"blanks without quotes stay", " a , b\t", "[ a | b\t]"},
        {"text after a quote", "\"a\"b,c\nd\n", "!0:4 text[d]"},
        {"text after a quote and a blank", "\"a\" b,c\nd\n", "!0:5 text[d]"},
        {"the same, ended by CR", "\"a\"b\rd", "!0:4 text[d]"},
        {"the same at the end", "x,\"a\"b", "!0:6 text"},
        {"bad in the second line", "\"\xC3\xA9\n\xC3\xA9\"-\nd", "!1:3 textx2[d]"},
        {"not closed", "a,\"b\nc\nd", "!0:3 a quoted field is not closedx3"},
        {"not closed, ended", "a\nb,\"c\n", "[a]!0:3 a quoted field is not closed"},
        {"a lone quote", "\"", "!0:1 a quoted field is not closed"},
        {"not closed behind a line", "\"a\nb\",\"c", "!1:4 a quoted field is not closedx2"},
        {"more fields than room", "1,2,3,4,5,6,7,8,9,10\na", "[1|2|3|4|5|6|7|8]of 10[a]"},
        {"long fields", "abcdefghijklmnopqrstuvwxyz,0123456789abcdef\nabcdefg,\"hijklmno\"",
         "[abcdefghijklmnopqrstuvwxyz|0123456789abcdef][abcdefg|hijklmno]"},
        {"bytes above ASCII", "\xC3\xA4,\xFF\x8D\n\x8A", "[\xC3\xA4|\xFF\x8D][\x8A]"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++)
        check_blocks(table[i].label, table[i].text, commas, table[i].rows);
}

static void
test_reading_goes_on_behind_a_malformed_row(void **state)
{
    static const struct {
        const char *label;
        uint32_t row_fields;
        const char *text;
        const char *rows;
    } table[] = {
        {"an open quote costs its row", 2, "1,\"a\n2,\"b\"\n3,c\n", "!1:4 text[2|b][3|c]"},
        {"open to the end", 2, "1,\"a\n2,b\n3,c", "!0:3 a quoted field is not closed[2|b][3|c]"},
        {"open in the last row", 2, "1,a\n2,\"b\n", "[1|a]!0:3 a quoted field is not closed"},
        {"open in every row", 2, "1,\"a\n2,\"b\n3,\"c\n4,\"d\n", "!1:4 textx2!1:4 textx2"},
        {"no line of it is a row", 3, "1,2,\"a\nb\nc\"d,e\n1,2,3", "!2:3 textx3[1|2|3]"},
        {"quotes inside are no row", 2, "1,\"a\nb,c\"d\n2,e", "!1:5 textx2[2|e]"},
        {"doubled quotes may open a row", 2, "1,\"a\n2,\"\"\"b\"\"\"\n3,c\n",
         "!1:6 text[2|\"b\"][3|c]"},
        {"blank lines are no rows", 1, "\"a\n\nb\n", "!0:1 a quoted field is not closedx2[b]"},
        {"CRLF", 2, "1,\"a\r\n2,b\r\n3,c\r\n", "!0:3 a quoted field is not closed[2|b][3|c]"},
        {"CR", 2, "1,\"a\r2,b\r3,c\r", "!0:3 a quoted field is not closed[2|b][3|c]"},
        {"the number is not known", 0, "1,\"a\n2,b\n", "!0:3 a quoted field is not closedx2"},
        {"shorter lines are no rows", 3, "1,2,\"a\n3,4\n5,6,7",
         "!0:5 a quoted field is not closedx2[5|6|7]"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct way way = {.dialect = {',', '"'}, .row_fields = table[i].row_fields};
        check_blocks(table[i].label, table[i].text, way, table[i].rows);
    }
}

static void
test_quotes_may_be_others_or_none(void **state)
{
    static const struct {
        int quote;
        const char *text;
        const char *rows;
    } table[] = {
        {'\'', "'a,b',\"c\"\n'it''s'", "[a,b|\"c\"][it's]"},
        {CSV_NO_QUOTE, "\"a,b\",c\n\"\n \"d\",\xFF,\n", "[\"a|b\"|c][\"][ \"d\"|\xFF|]"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct way way = {.dialect = {',', table[i].quote}};
        check_blocks("quotes", table[i].text, way, table[i].rows);
    }
}

/* A block that is full is never asked to grow. */
static void
test_a_row_longer_than_a_full_block_is_bad(void **state)
{
    static const struct {
        const char *block;
        const char *shown;
        bool is_cut;
        const char *left;
    } table[] = {
        {"1,abc", "!0:1 the row is longer than 16 MiBx0", true, ""},
        {"1,abc\r", "!0:1 the row is longer than 16 MiBx0", true, "\r"},
        {"1,\"abc", "!0:3 a quoted field is not closed within 16 MiBx0", true, ""},
        {"1,\"abc\n2,", "!0:3 a quoted field is not closed within 16 MiB", true, ""},
        {"1,\"abc\n2,b\n3", "!0:3 a quoted field is not closed within 16 MiB", false, "2,b\n3"},
        {"1,\"a\n2,b", "!0:3 a quoted field is not closed within 16 MiB", true, ""},
        {"1,a\n2,b", "[1|a]", false, "2,b"},
    };
    struct arena arena;
    arena_init(&arena, 1 << 16);
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct value fields[FIELDS_MAX];
        struct csv_row row;
        struct shown shown = {.size = 0};
        struct csv_reader reader = reader_of(slice_text(table[i].block), ',', &arena, fields);
        reader.is_last = false;
        reader.is_full = true;
        reader.row_fields = 2;
        show_end(&shown, csv_read_row(&reader, &row), &row);
        shown.text[shown.size] = '\0';
        assert_string_equal(shown.text, table[i].shown);
        assert_int_equal(row.is_cut, table[i].is_cut);
        assert_true(slice_is(slice_of(reader.at, (size_t)(reader.end - reader.at)), table[i].left));
    }
    arena_done(&arena);
}

static void
test_text_in_fields_beyond_the_room_is_told(void **state)
{
    static const struct {
        const char *text;
        uint32_t count;
        int surplus; /* its place, or -1 */
    } table[] = {{"1,2", 2, -1},
                 {"1,2,,", 4, -1},
                 {"1,2,\"\"", 3, -1},
                 {"1,2,,x,y", 5, 5},
                 {"1,2, \"x\"\n", 3, 5}};
    struct arena arena;
    arena_init(&arena, 1 << 16);
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct value fields[FIELDS_MAX];
        struct csv_row row;
        struct csv_reader reader = reader_of(slice_text(table[i].text), ',', &arena, fields);
        reader.fields_max = 2;
        assert_int_equal(csv_read_row(&reader, &row), CSV_ROW);
        assert_int_equal(row.count, table[i].count);
        const char *surplus = table[i].surplus < 0 ? NULL : table[i].text + table[i].surplus;
        assert_ptr_equal(row.surplus, surplus);
    }
    arena_done(&arena);
}

static void
test_any_byte_may_delimit(void **state)
{
    static const char delimiters[] = {';', '\t', '|', ' ', ':', '\x01', 'x'};
    for (size_t i = 0; i < sizeof(delimiters); i++) {
        char text[] = "a?\"b?c\"?,\nd";
        for (size_t c = 0; c < sizeof(text); c++)
            text[c] = text[c] == '?' ? delimiters[i] : text[c];
        struct shown shown;
        struct way way = {.dialect = {delimiters[i], '"'}, .block_bytes = 3};
        read_all(slice_text(text), way, &shown);
        char wanted[] = "[a|b?c|,][d]";
        wanted[4] = delimiters[i];
        assert_string_equal(shown.text, wanted);
    }
}

static void
test_every_place_of_a_cell_end_in_a_word_is_found(void **state)
{
    for (size_t first = 0; first < 20; first++) {
        for (size_t second = 0; second < 20; second++) {
            char text[64];
            char wanted[64];
            snprintf(text, sizeof(text), "%.*s,%.*s\n", (int)first, "++++++++++++++++++++++++",
                     (int)second, "------------------------");
            snprintf(wanted, sizeof(wanted), "[%.*s|%.*s]", (int)first, text, (int)second,
                     text + first + 1);
            struct shown shown;
            struct way way = {.dialect = {',', '"'}, .block_bytes = sizeof(text)};
            read_all(slice_text(text), way, &shown);
            assert_string_equal(shown.text, wanted);
        }
    }
}

static void
test_nul_bytes_are_ordinary(void **state)
{
    static const char text[] = "a\0b,\"\0\"\n";
    struct arena arena;
    arena_init(&arena, 1 << 16);
    struct value fields[FIELDS_MAX];
    struct slice all = slice_of(text, sizeof(text) - 1);
    struct csv_reader reader = reader_of(all, ',', &arena, fields);
    struct csv_row row;
    assert_int_equal(csv_read_row(&reader, &row), CSV_ROW);
    assert_int_equal(row.count, 2);
    assert_true(slice_equal(value_slice(fields[0]), SLICE("a\0b")));
    assert_true(slice_equal(value_slice(fields[1]), SLICE("\0")));
    arena_done(&arena);
}

static void
test_a_full_arena_stops_before_the_row(void **state)
{
    enum { size = 10000 };
    static char text[size];
    memset(text, 'a', size);
    memcpy(text, "\"\"\"", 3);
    text[size - 1] = '"';
    struct arena arena;
    arena_init(&arena, 64);
    struct value fields[FIELDS_MAX];
    struct csv_reader reader = reader_of(slice_of(text, size), ',', &arena, fields);
    struct csv_row row;
    assert_int_equal(csv_read_row(&reader, &row), CSV_FULL);
    assert_ptr_equal(reader.at, text);
    arena_done(&arena);
}

static struct value
json_value(struct arena *arena, const char *text)
{
    struct value value;
    assert_int_equal(json_parse(&value, arena, slice_text(text), 0, NULL, NULL), STATUS_OK);
    return value;
}

static const struct csv_format comma_format = {.delimiter = ','};

static void
test_cells_are_quoted_only_where_needed(void **state)
{
    static const struct {
        const char *json;
        char delimiter;
        const char *cell;
    } table[] = {
        {"null", ',', ""},
        {"\"\"", ',', ""},
        {"true", ',', "true"},
        {"false", ',', "false"},
        {"12", ',', "12"},
        {"9007199254740993", ',', "9007199254740993"},
        {"1.10", ',', "1.10"},
        {"1e400", ',', "1e400"},
        {"\"plain\"", ',', "plain"},
        {"\"a longer plain text\"", ',', "a longer plain text"},
        {"\"a,b\"", ',', "\"a,b\""},
        {"\"a,b\"", ';', "a,b"},
        {"\"a;b\"", ';', "\"a;b\""},
        {"\"say \\\"hi\\\"\"", ',', "\"say \"\"hi\"\"\""},
        {"\"\\\"\"", ',', "\"\"\"\""},
        {"\"two\\nlines of text\"", ',', "\"two\nlines of text\""},
        {"\"ends with\\r\"", ',', "\"ends with\r\""},
        {"\" a\"", ',', "\" a\""},
        {"\"a \"", ',', "\"a \""},
        {"\"a b\"", ',', "a b"},
        {"\"\\u00e9\"", ',', "\xC3\xA9"},
        {"[1,2]", ',', "\"[1,2]\""},
        {"[1]", ',', "[1]"},
        {"{\"a\":\"b\"}", ',', "\"{\"\"a\"\":\"\"b\"\"}\""},
        {"{}", ',', "{}"},
        {"{\"a\":1}", ';', "\"{\"\"a\"\":1}\""},
        {"1.5", '.', "\"1.5\""},
        {"-1", '-', "\"-1\""},
        {"true", 'u', "\"true\""},
        {"12", '5', "12"},
        {"\"=1\"", ',', "=1"},
    };
    struct arena arena;
    arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct buffer out;
        buffer_init(&out, 1 << 16);
        struct value cell = json_value(&arena, table[i].json);
        struct csv_format format = {.delimiter = table[i].delimiter};
        csv_write_cells(&out, &cell, 1, &format);
        if (!slice_is(buffer_slice(&out), table[i].cell))
            fail_msg("%s: %.*s", table[i].json, SLICE_FORMAT(buffer_slice(&out)));
        buffer_done(&out);
    }
    arena_done(&arena);
}

/* Texts of all lengths with one special byte at every place. */
static void
test_what_is_written_reads_back(void **state)
{
    static const char specials[] = {',', '"', '\n', '\r', ' ', 'a'};
    struct arena arena;
    arena_init(&arena, 1 << 20);
    for (size_t size = 1; size < 20; size++) {
        for (size_t at = 0; at < size * sizeof(specials); at++) {
            char text[20];
            memset(text, 'x', size);
            text[at % size] = specials[at / size];
            struct buffer out;
            buffer_init(&out, 1 << 16);
            struct value cells[] = {value_string(slice_of(text, size)), value_text("y")};
            csv_write_cells(&out, cells, COUNT_OF(cells), &comma_format);
            csv_end_row(&out, 0, COUNT_OF(cells));
            struct value fields[FIELDS_MAX];
            struct csv_reader reader = reader_of(buffer_slice(&out), ',', &arena, fields);
            struct csv_row row;
            assert_int_equal(csv_read_row(&reader, &row), CSV_ROW);
            assert_int_equal(row.count, 2);
            assert_true(slice_equal(value_slice(fields[0]), slice_of(text, size)));
            assert_true(slice_is(value_slice(fields[1]), "y"));
            buffer_done(&out);
        }
    }
    arena_done(&arena);
}

static void
test_formulas_are_known(void **state)
{
    static const struct {
        const char *text;
        bool is_formula;
    } table[] = {
        {"=1+1", true},
        {"=SUM(A1:A9)", true},
        {"+1+1", true},
        {"-1-1", true},
        {"-A1", true},
        {"@SUM(A1)", true},
        {"\t=1", true},
        {"\tx", true},
        {"\rx", true},
        {"\nx", true},
        {" =1", true},
        {"\"=1", true},
        {" \" @x", true},
        {"=", false},
        {"-", false},
        {"---", false},
        {"+ -", false},
        {"- item", true},
        {"=cmd|' /C calc'!A0", true},
        {"+1-202-555-0100", true},
        {"+1 (202) 555", true},
        {"\uFF1D"
         "1+1",
         true},
        {"\uFF0B"
         "1",
         true},
        {"\uFF0D"
         "1",
         true},
        {"\uFF20x", true},
        {"\uFF21", false},
        {"-5", false},
        {"+5", false},
        {"+3.2e1", false},
        {"-1E-7", false},
        {"-1,234.50", false},
        {"-1.234,50", false},
        {"-1'234.50", false},
        {"-.5", false},
        {"-12%", false},
        {" -5", false},
        {"+49 30 1234", false},
        {"-1e", true},
        {"-1e5e5", true},
        {"-1%%", true},
        {"-,", true},
        {"-e5", true},
        {"-0x10", true},
        {"", false},
        {" ", false},
        {"\"", false},
        {"x=1", false},
        {"'=1", false},
        {"1+1", false},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        if (csv_is_formula(slice_text(table[i].text)) != table[i].is_formula)
            fail_msg("%s", table[i].text);
    }
    assert_true(csv_is_formula(SLICE("-\0"
                                     "5")));
    assert_true(csv_is_formula(SLICE("=\0")));
}

static void
test_formulas_get_an_apostrophe(void **state)
{
    static const struct {
        const char *json;
        const char *cell;
    } table[] = {
        {"\"=1+1\"", "'=1+1"},
        {"\"=a,b\"", "\"'=a,b\""},
        {"\"=\\\"x\\\"\"", "\"'=\"\"x\"\"\""},
        {"\"\\t=1\"", "'\t=1"},
        {"\" =1\"", "\"' =1\""},
        {"\"\\\"=1\"", "\"'\"\"=1\""},
        {"\"\\r\"", "\"'\r\""},
        {"\"-5\"", "-5"},
        {"\"- 5 -\"", "'- 5 -"},
        {"\"+1e5\"", "+1e5"},
        {"\"plain\"", "plain"},
        {"\" plain\"", "\" plain\""},
        {"-5", "-5"},
        {"-1.50", "-1.50"},
        {"[\"=1\"]", "\"[\"\"=1\"\"]\""},
        {"null", ""},
        {"\"\\uFEFF=1\"", "\xEF\xBB\xBF=1"},
        {"\"\\uFF1D1\"", "'\xEF\xBC\x9D"
                         "1"},
    };
    struct csv_format format = {.delimiter = ',', .escapes_formulas = true};
    struct arena arena;
    arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct buffer out;
        buffer_init(&out, 1 << 16);
        struct value cells[] = {value_text("x"), json_value(&arena, table[i].json)};
        csv_write_cells(&out, cells, COUNT_OF(cells), &format);
        struct slice cell = slice_of(out.ptr + 2, out.size - 2);
        if (!slice_is(cell, table[i].cell))
            fail_msg("%s: %.*s", table[i].json, SLICE_FORMAT(cell));
        buffer_done(&out);
    }
    arena_done(&arena);
}

static void
test_headers_tell_their_delimiter(void **state)
{
    static const struct {
        const char *name;
        char delimiter;
        const char *cell;
    } table[] = {
        {"a", ',', "a"},
        {"a;b", ',', "\"a;b\""},
        {"a|b", ',', "\"a|b\""},
        {"a\tb", ';', "\"a\tb\""},
        {"a,b", ';', "\"a,b\""},
        {"sep=;", ';', "\"sep=;\""},
        {"Sep=", ',', "\"Sep=\""},
        {"\xEF\xBB\xBFx", ',', "\"\xEF\xBB\xBFx\""},
        {"", ',', ""},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct csv_format format = {.delimiter = table[i].delimiter, .is_telling = true};
        struct value cell = value_text(table[i].name);
        struct buffer out;
        buffer_init(&out, 1 << 10);
        csv_write_cells(&out, &cell, 1, &format);
        if (!slice_is(buffer_slice(&out), table[i].cell))
            fail_msg("%s: %.*s", table[i].name, SLICE_FORMAT(buffer_slice(&out)));
        buffer_done(&out);
    }
}

static void
test_a_full_buffer_is_marked(void **state)
{
    static const char *const values[] = {"\"0123456789abcdef\"", "\"0123456789abc,ef\"",
                                         "[1,2,3,4,5,6,7,8,9]", "123456789012345678"};
    struct arena arena;
    arena_init(&arena, 1 << 16);
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        struct buffer out;
        buffer_init(&out, 12);
        struct value cell = json_value(&arena, values[i]);
        csv_write_cells(&out, &cell, 1, &comma_format);
        assert_true(buffer_is_over(&out));
        buffer_done(&out);
    }
    arena_done(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oddities_are_read_alike_in_blocks_of_every_size),
        cmocka_unit_test(test_reading_goes_on_behind_a_malformed_row),
        cmocka_unit_test(test_quotes_may_be_others_or_none),
        cmocka_unit_test(test_a_row_longer_than_a_full_block_is_bad),
        cmocka_unit_test(test_text_in_fields_beyond_the_room_is_told),
        cmocka_unit_test(test_any_byte_may_delimit),
        cmocka_unit_test(test_every_place_of_a_cell_end_in_a_word_is_found),
        cmocka_unit_test(test_nul_bytes_are_ordinary),
        cmocka_unit_test(test_a_full_arena_stops_before_the_row),
        cmocka_unit_test(test_cells_are_quoted_only_where_needed),
        cmocka_unit_test(test_what_is_written_reads_back),
        cmocka_unit_test(test_formulas_are_known),
        cmocka_unit_test(test_formulas_get_an_apostrophe),
        cmocka_unit_test(test_headers_tell_their_delimiter),
        cmocka_unit_test(test_a_full_buffer_is_marked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
