/* Sheets as Excel, LibreOffice and others write them, and as they should not be: the lines that
 * come out, or the words. */
#include "test.h"

#include "workbook.h"

#include "base/limits.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ROW(number, cells) "<row r=\"" #number "\">" cells "</row>"
#define TEXT(place, text) "<c r=\"" place "\" t=\"inlineStr\"><is><t>" text "</t></is></c>"
#define CELL(place, more, value) "<c r=\"" place "\" " more "><v>" value "</v></c>"
#define HEADER ROW(1, TEXT("A1", "a") TEXT("B1", "b"))

static void
check(const char *label, const struct workbook *workbook, const char *options, const char *wanted)
{
    struct lines lines;
    lines_of(&lines, workbook_file(workbook), options);
    const char *got = lines.status == STATUS_OK ? lines.text.ptr : lines.error.text;
    if (strcmp(got, wanted) != 0)
        fail_msg("%s: %s", label, got);
    lines_done(&lines);
}

static void
test_cells_become_values(void **state)
{
    static const struct {
        const char *label, *cells, *line;
    } table[] = {
        {"an integer", CELL("A2", "", "42"), "[42]"},
        {"beyond 2^53", CELL("A2", "t=\"n\"", "12345678901234567890"), "[12345678901234567890]"},
        {"as it is written", CELL("A2", "", "1.10"), "[1.10]"},
        {"0.1 as Excel writes it", CELL("A2", "", "0.10000000000000001"), "[0.1]"},
        {"0.1 + 0.2", CELL("A2", "", "0.30000000000000004"), "[0.30000000000000004]"},
        {"an exponent", CELL("A2", "", "1.5E-7"), "[1.5E-7]"},
        {"more digits than a double has", CELL("A2", "", "3.14159265358979323846"),
         "[3.14159265358979323846]"},
        {"not as JSON has it", CELL("A2", "", ".5") CELL("B2", "", "+7"), "[0.5,7]"},
        {"white space around it", CELL("A2", "", " 7\n"), "[7]"},
        {"no number", CELL("A2", "", "seven"), "\"row 2, column A: \\\"seven\\\" is no number\""},
        {"infinite", CELL("B2", "", "1e999x"), "\"row 2, column B: \\\"1e999x\\\" is no number\""},
        {"booleans", CELL("A2", "t=\"b\"", "1") CELL("B2", "t=\"b\"", "0"), "[true,false]"},
        {"an error", CELL("A2", "t=\"e\"", "#N/A") CELL("B2", "", "1"), "[null,1]"},
        {"a formula's result", "<c r=\"A2\"><f>1+1</f><v>2</v></c>", "[2]"},
        {"a formula's text", "<c r=\"A2\" t=\"str\"><f>A1</f><v> x </v></c>", "[\" x \"]"},
        {"shared text", CELL("A2", "t=\"s\"", "1") CELL("B2", "t=\"s\"", "0"), "[\"two\",\"one\"]"},
        {"rich shared text", CELL("A2", "t=\"s\"", "2"), "[\"bold and plain\"]"},
        {"an empty shared text", CELL("A2", "t=\"s\"", "3") CELL("B2", "", "1"), "[null,1]"},
        {"no such shared text", CELL("A2", "t=\"s\"", "9"),
         "\"row 2, column A: there is no shared text 9\""},
        {"shared text of a negative number", CELL("A2", "t=\"s\"", "-1"),
         "\"row 2, column A: there is no shared text -1\""},
        {"white space that is not kept", TEXT("A2", " x "), "[\"x\"]"},
        {"white space that is kept",
         "<c r=\"A2\" t=\"inlineStr\"><is><t xml:space=\"preserve\"> x </t></is></c>", "[\" x \"]"},
        {"escapes", TEXT("A2", "a_x000D_b_x0041_ _x005F_x0041_ _xD83D__xDE00_ _xD800_!"),
         "[\"a\\rbA _x0041_ \xF0\x9F\x98\x80 \xEF\xBF\xBD!\"]"},
        {"markup", TEXT("A2", "&lt;a&gt; &amp; &#233; <![CDATA[<b>]]>"),
         "[\"<a> & \xC3\xA9 <b>\"]"},
        {"rich inline text without its pronunciation",
         "<c r=\"A2\" t=\"inlineStr\"><is><r><t>A</t></r><rPh><t>x</t></rPh><r><t>B</t></r></is>"
         "</c>",
         "[\"AB\"]"},
        {"a date of ISO", CELL("A2", "t=\"d\"", "2024-02-29T10:00:00"),
         "[\"2024-02-29T10:00:00\"]"},
        {"gaps", CELL("B2", "", "2"), "[null,2]"},
        {"cells without places", "<c><v>1</v></c><c><v>2</v></c>", "[1,2]"},
        {"cells in no order", CELL("B2", "", "2") CELL("A2", "", "1"), "[1,2]"},
        {"a cell twice", CELL("A2", "", "1") CELL("A2", "", "2"), "[2]"},
        {"empty texts beyond the header", CELL("A2", "", "1") TEXT("D2", ""), "[1]"},
        {"a value beyond the header", CELL("A2", "", "1") CELL("D2", "", "4"),
         "\"row 2, column D: a value beyond the last column of the header\""},
        {"beyond every column", CELL("A2", "", "1") CELL("XFE2", "", "4"),
         "\"row 2, column XFE: a sheet has at most 16384 columns\""},
        {"a column without end", CELL("ZZZZZZZZZZZZZZZ2", "", "4"),
         "\"row 2, column ZZZ: a sheet has at most 16384 columns\""},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct buffer sheet;
        struct buffer wanted;
        buffer_init(&sheet, KIB(64));
        buffer_init(&wanted, KIB(64));
        buffer_append_format(&sheet, HEADER "<row r=\"2\">%s</row>", table[i].cells);
        buffer_append_byte(&sheet, '\0');
        buffer_append_format(&wanted, "[\"a\",\"b\"]\n%s\n", table[i].line);
        buffer_append_byte(&wanted, '\0');
        struct workbook workbook = {
            .sheet = sheet.ptr,
            .strings = "<si><t>one</t></si><si><t xml:space=\"preserve\">two</t></si>"
                       "<si><r><rPr><b/></rPr><t xml:space=\"preserve\">bold </t></r>"
                       "<r><t>and plain</t></r><phoneticPr/></si><si><t> </t></si>",
        };
        check(table[i].label, &workbook, "{}", wanted.ptr);
        buffer_done(&sheet);
        buffer_done(&wanted);
    }
}

static void
test_numbers_with_formats_of_dates_are_dates(void **state)
{
    static const char styles[] =
        "<numFmts><numFmt numFmtId=\"164\" formatCode=\"dd/mm/yyyy\"/>"
        "<numFmt numFmtId=\"165\" formatCode=\"[h]:mm:ss\"/>"
        "<numFmt numFmtId=\"166\" formatCode=\"&quot;day&quot; 0.00;[Red]\\d0\"/></numFmts>"
        "<cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs>"
        "<cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"22\"/>"
        "<xf numFmtId=\"21\"/><xf numFmtId=\"164\"/><xf numFmtId=\"165\"/><xf numFmtId=\"166\"/>"
        "</cellXfs>";
    static const struct {
        const char *style, *serial, *value, *value_1904;
    } table[] = {
        {"0", "45351", "45351", "45351"},
        {"1", "45351", "\"2024-02-29\"", "\"2028-03-01\""},
        {"1", "45351.5", "\"2024-02-29T12:00:00\"", "\"2028-03-01T12:00:00\""},
        {"2", "45351", "\"2024-02-29T00:00:00\"", "\"2028-03-01T00:00:00\""},
        {"2", "45351.000002893518", "\"2024-02-29T00:00:00.250\"", "\"2028-03-01T00:00:00.250\""},
        {"2", "45351.9999999999", "\"2024-03-01T00:00:00\"", "\"2028-03-02T00:00:00\""},
        {"3", "0.4375", "\"10:30:00\"", "\"10:30:00\""},
        {"3", "1.4375", "\"1900-01-01T10:30:00\"", "\"1904-01-02T10:30:00\""},
        {"4", "1", "\"1900-01-01\"", "\"1904-01-02\""},
        {"4", "59", "\"1900-02-28\"", "\"1904-02-29\""},
        {"4", "60", "\"1900-02-29\"", "\"1904-03-01\""},
        {"4", "61", "\"1900-03-01\"", "\"1904-03-02\""},
        {"4", "0", "0", "\"1904-01-01\""},
        {"4", "0.5", "\"12:00:00\"", "\"1904-01-01T12:00:00\""},
        {"4", "2958465", "\"9999-12-31\"", "2958465"},
        {"4", "2958466", "2958466", "2958466"},
        {"4", "-1", "-1", "-1"},
        {"4", "1e300", "1e300", "1e300"},
        {"5", "1.260416666667", "\"30:15:00\"", "\"30:15:00\""},
        {"5", "-0.5", "\"-12:00:00\"", "\"-12:00:00\""},
        {"6", "45351", "45351", "45351"},
        {"99", "45351", "45351", "45351"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        for (int is_1904 = 0; is_1904 < 2; is_1904++) {
            char sheet[200];
            char wanted[200];
            snprintf(sheet, sizeof(sheet), "<row><c s=\"%s\"><v>%s</v></c></row>", table[i].style,
                     table[i].serial);
            snprintf(wanted, sizeof(wanted), "[%s]\n",
                     is_1904 ? table[i].value_1904 : table[i].value);
            struct workbook workbook = {.sheet = sheet, .styles = styles};
            if (is_1904)
                workbook.book = "<workbookPr date1904=\"1\"/><sheets><sheet name=\"Data\" "
                                "sheetId=\"1\" r:id=\"rId1\"/></sheets>";
            check(table[i].serial, &workbook, "{\"header\":false}", wanted);
        }
    }
}

static void
test_rows(void **state)
{
    static const struct {
        const char *label, *sheet, *options, *wanted;
    } table[] = {
        {"rows without values are passed over",
         ROW(3, TEXT("A3", "a")) ROW(4, "<c r=\"A4\" s=\"1\"/>") ROW(5, TEXT("A5", ""))
             ROW(1000000, CELL("A1000000", "", "1")),
         "{}", "[\"a\"]\n[1]\n"},
        {"names are texts",
         ROW(1, CELL("A1", "", "2024") CELL("B1", "t=\"b\"", "1") TEXT("D1", "d"))
             ROW(2, CELL("D2", "", "4")),
         "{}", "[\"2024\",\"true\",null,\"d\"]\n[null,null,null,4]\n"},
        {"a header alone", HEADER, "{}", "[\"a\",\"b\"]\n"},
        {"no header", HEADER ROW(2, CELL("C2", "", "1")), "{\"header\":false}",
         "[\"a\",\"b\"]\n[null,null,1]\n"},
        {"nothing, and no header", "", "{\"header\":false}", ""},
        {"nothing", "", "{}",
         "the sheet \"Data\" is empty: expected a first row with the names of the columns"},
        {"a bad row, and one behind it",
         HEADER ROW(2, CELL("A2", "", "x")) ROW(3, CELL("A3", "", "3")), "{}",
         "[\"a\",\"b\"]\n\"row 2, column A: \\\"x\\\" is no number\"\n[3]\n"},
        {"a header that cannot be read", ROW(1, CELL("A1", "t=\"s\"", "5")), "{}",
         "the header cannot be read: row 1, column A: there is no shared text 5"},
        {"rows and cells in cells",
         "<row><c t=\"inlineStr\"><is><t>abc</t><t><c><v>1</v></c> </t></is></c><c t=\"inlineStr\">"
         "<is><t>abc</t><t><row><c><v>2</v></c></row></t></is></c></row><row><c><v>3</v></c></row>",
         "{\"header\":false}", "[2]\n[3]\n"},
        {"what stands around the rows",
         "<?xml version=\"1.0\"?><x:worksheet xmlns:x=\"http://schemas.openxmlformats.org/"
         "spreadsheetml/2006/main\" xmlns:o=\"urn:other\"><x:dimension ref=\"A1\"/><x:cols><x:col/>"
         "</x:cols><x:sheetData><o:row><o:c><o:v>9</o:v></o:c></o:row><x:row><x:c><x:v>1</x:v>"
         "<o:v>2</o:v></x:c></x:row></x:sheetData><x:mergeCells/></x:worksheet>",
         "{\"header\":false}", "[1]\n"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct workbook workbook = {.sheet = table[i].sheet};
        check(table[i].label, &workbook, table[i].options, table[i].wanted);
        workbook.is_strict = true;
        if (strstr(table[i].sheet, "<?xml") == NULL)
            check(table[i].label, &workbook, table[i].options, table[i].wanted);
    }
}

static void
test_the_result_tells_about_the_sheet(void **state)
{
    struct workbook workbook = {.sheet =
                                    HEADER ROW(2, CELL("A2", "", "x")) ROW(3, CELL("A3", "", "1"))};
    struct lines lines;
    lines_of(&lines, workbook_file(&workbook), "{}");
    assert_string_equal(lines.result.ptr, "{\"sheet\":\"Data\",\"rows\":2,\"columns\":2}");
    lines_done(&lines);
    lines_of(&lines, workbook_file(&workbook), "{\"header\":false}");
    assert_string_equal(lines.result.ptr, "{\"sheet\":\"Data\",\"rows\":3,\"columns\":2}");
    lines_done(&lines);
}

#define TYPE "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"

static void
test_a_sheet_is_found_by_name_and_number(void **state)
{
    static const char book[] = "<sheets><sheet name=\"Chart\" r:id=\"c\"/><sheet name=\"Old\" "
                               "r:id=\"x\" state=\"hidden\"/><sheet name=\"&#220;bersicht &amp; "
                               "Rest\" r:id=\"d\"/></sheets>";
    static const char links[] =
        "<Relationship Id=\"c\" Type=\"" TYPE "chartsheet\" Target=\"charts/1.xml\"/>"
        "<Relationship Id=\"x\" Type=\"" TYPE "worksheet\" Target=\"worksheets/none.xml\"/>"
        "<Relationship Id=\"e\" Type=\"" TYPE "worksheet\" Target=\"http://a.example/\" "
        "TargetMode=\"External\"/>"
        "<Relationship Id=\"d\" Type=\"" TYPE "worksheet\" Target=\"./worksheets/sheet1.xml\"/>";
    static const char names[] = "\"Chart\", \"Old\", \"\xC3\x9C"
                                "bersicht & Rest\"";
    static const struct {
        const char *options, *wanted, *more;
    } table[] = {
        {"{}", "[1]\n", ""},
        {"{\"sheet\":3}", "[1]\n", ""},
        {"{\"sheet\":\"\xC3\x9C"
         "BERSICHT & rest\"}",
         "[1]\n", ""},
        {"{\"sheet\":1}", "it has no sheet 1 with rows; its sheets are ", names},
        {"{\"sheet\":4}", "it has no sheet 4 with rows; its sheets are ", names},
        {"{\"sheet\":\"Data\"}", "it has no sheet \"Data\" with rows, but ", names},
        {"{\"sheet\":\"Old\"}", "it has no part xl/worksheets/none.xml", ""},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct workbook workbook = {
            .sheet = "<row><c><v>1</v></c></row>", .book = book, .links = links};
        char options[200];
        char wanted[300];
        snprintf(options, sizeof(options), "%.*s%s\"header\":false}",
                 (int)strlen(table[i].options) - 1, table[i].options,
                 strlen(table[i].options) > 2 ? "," : "");
        snprintf(wanted, sizeof(wanted), "%s%s", table[i].wanted, table[i].more);
        check(table[i].options, &workbook, options, wanted);
    }
}

static void
test_hidden_sheets_are_read_when_there_are_no_others(void **state)
{
    struct workbook workbook = {
        .sheet = "<row><c><v>1</v></c></row>",
        .book = "<sheets><sheet name=\"H\" r:id=\"rId1\" state=\"veryHidden\"/></sheets>",
    };
    check("hidden", &workbook, "{\"header\":false}", "[1]\n");
    workbook.book = "<sheets/>";
    check("none", &workbook, "{\"header\":false}", "it has no sheet");
}

static void
test_hostile_parts_are_refused(void **state)
{
    static const struct {
        const char *label, *sheet, *words;
    } table[] = {
        {"an entity",
         "<?xml version=\"1.0\"?><!DOCTYPE worksheet [<!ENTITY a \"b\">]><worksheet>&a;"
         "</worksheet>",
         "declares a document type"},
        {"an outer entity",
         "<?xml version=\"1.0\"?><!DOCTYPE worksheet SYSTEM \"file:///etc/passwd\"><worksheet/>",
         "declares a document type"},
        {"an unknown entity", "<?xml version=\"1.0\"?><worksheet>&nbsp;</worksheet>",
         "undefined entity"},
        {"torn XML", "<?xml version=\"1.0\"?><worksheet><sheetData><row>", "line 1, column "},
        {"no XML", "<?xml version=\"1.0\"?>\x01", "line 1, column "},
        {"bytes that are no text", "<?xml version=\"1.0\"?><worksheet>\xFF\xFE</worksheet>",
         "not well-formed"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct workbook workbook = {.sheet = table[i].sheet};
        struct lines lines;
        lines_of(&lines, workbook_file(&workbook), "{}");
        if (lines.status != STATUS_INVALID || strstr(lines.error.text, table[i].words) == NULL)
            fail_msg("%s: %s", table[i].label, lines.error.text);
        lines_done(&lines);
    }
}

static void
check_words(const char *label, struct lines *lines, enum status status, const char *words)
{
    if (lines->status != status || strstr(lines->error.text, words) == NULL)
        fail_msg("%s: %s: %s", label, status_name(lines->status), lines->error.text);
    lines_done(lines);
}

static void
test_what_grows_has_a_maximum(void **state)
{
    struct lines lines;
    struct buffer sheet;
    buffer_init(&sheet, MIB(120));
    for (int i = 0; i < 1000; i++)
        buffer_append_text(&sheet, "<x>");
    buffer_append_byte(&sheet, '\0');
    struct workbook deep = {.sheet = sheet.ptr};
    lines_of(&lines, workbook_file(&deep), "{}");
    check_words("deep", &lines, STATUS_LIMIT, "nested deeper than 256");

    buffer_clear(&sheet);
    buffer_append_text(&sheet, "<row><c><v>");
    while (sheet.size < MIB(100))
        buffer_append_text(&sheet,
                           "0000000000000000000000000000000000000000000000000000000000000000");
    buffer_append_text(&sheet, "</v></c></row>");
    buffer_append_byte(&sheet, '\0');
    struct workbook bomb = {.sheet = sheet.ptr};
    lines_of(&lines, workbook_file(&bomb), "{\"header\":false}");
    check_words("bomb", &lines, STATUS_LIMIT, "seems to be a bomb");

    buffer_clear(&sheet);
    buffer_append_text(&sheet, "<row><c t=\"inlineStr\"><is><t>");
    while (sheet.size < MIB(20))
        buffer_append_text(&sheet, "text that is longer than a cell may be. ");
    buffer_append_text(&sheet, "</t></is></c></row><row><c><v>1</v></c></row>");
    buffer_append_byte(&sheet, '\0');
    struct workbook large = {.sheet = sheet.ptr};
    lines_of(&lines, workbook_file(&large), "{\"header\":false}");
    assert_int_equal(lines.status, STATUS_OK);
    assert_string_equal(lines.text.ptr,
                        "\"row 1, column A: the text is larger than 16 MB\"\n[1]\n");
    lines_done(&lines);
    buffer_done(&sheet);
}

static void
test_other_files_get_clear_words(void **state)
{
    static const struct {
        const char *label, *bytes;
        size_t size;
        const char *words;
    } table[] = {
        {"nothing", "", 0, "it is empty"},
        {"CSV", "a,b\n1,2\n", 8, "it is text, not a workbook; read_csv reads CSV"},
        {"UTF-16",
         "\xFF\xFE"
         "a\0,\0",
         6, "text in UTF-16"},
        {"HTML", "\n<html><table>", 14, "a web page or XML"},
        {"PDF", "%PDF-1.7\n\1", 10, "a PDF document"},
        {"a torn ZIP file", "PK\3\4\24\0\0\0\10\0", 10, "the end of the file is missing"},
        {"bytes", "\0\1\2\3", 4, "not a file that Excel wrote"},
        {"a torn old workbook", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8, "old Office program"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct lines lines;
        lines_of(&lines, bytes_file(table[i].bytes, table[i].size), "{}");
        check_words(table[i].label, &lines, STATUS_INVALID, table[i].words);
    }
}

/* A compound file: a header that says where the directory is, and there a name. */
static void
test_compound_files_are_told_apart(void **state)
{
    static const struct {
        const char *name, *words;
    } table[] = {
        {"EncryptedPackage", "protected by a password"},
        {"Workbook", "a workbook of Excel 97 (.xls)"},
        {"Book", "a workbook of Excel 97 (.xls)"},
        {"WordDocument", "a file of an old Office program"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        char file[2048] = "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
        struct lines lines;
        file[30] = 9; /* sectors of 512 bytes, the directory in the third */
        file[48] = 2;
        for (size_t at = 0; at < strlen(table[i].name); at++)
            file[512 * 3 + 128 + 2 * at] = table[i].name[at];
        lines_of(&lines, bytes_file(file, sizeof(file)), "{}");
        check_words(table[i].name, &lines, STATUS_INVALID, table[i].words);
    }
}

static void
test_damage_is_told(void **state)
{
    struct workbook workbook = {.sheet = HEADER ROW(2, CELL("A2", "", "1"))};
    int fd = workbook_file(&workbook);
    off_t size = lseek(fd, 0, SEEK_END);
    char *bytes = mem_alloc((size_t)size);
    assert_int_equal(pread(fd, bytes, (size_t)size, 0), size);
    close(fd);
    /* Whatever byte is another: rows, or words; never a crash. */
    for (off_t at = 0; at < size; at++) {
        struct lines lines;
        bytes[at] ^= 0x55;
        lines_of(&lines, bytes_file(bytes, (size_t)size), "{}");
        if (lines.status != STATUS_OK && lines.error.text[0] == '\0')
            fail_msg("byte %lld: %s without words", (long long)at, status_name(lines.status));
        lines_done(&lines);
        bytes[at] ^= 0x55;
    }
    for (off_t cut = 0; cut < size; cut += 7) {
        struct lines lines;
        lines_of(&lines, bytes_file(bytes, (size_t)cut), "{}");
        assert_int_equal(lines.status, STATUS_INVALID);
        lines_done(&lines);
    }
    mem_free(bytes);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells_become_values),
        cmocka_unit_test(test_numbers_with_formats_of_dates_are_dates),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_the_result_tells_about_the_sheet),
        cmocka_unit_test(test_a_sheet_is_found_by_name_and_number),
        cmocka_unit_test(test_hidden_sheets_are_read_when_there_are_no_others),
        cmocka_unit_test(test_hostile_parts_are_refused),
        cmocka_unit_test(test_what_grows_has_a_maximum),
        cmocka_unit_test(test_other_files_get_clear_words),
        cmocka_unit_test(test_compound_files_are_told_apart),
        cmocka_unit_test(test_damage_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
