/* Which formats of cells stand for dates and times. */
#include "test.h"

#include "convert/xlsx_format.h"

#include "base/status.h"

static void
test_codes(void **state)
{
    static const struct {
        const char *code;
        enum xlsx_format format;
    } table[] = {
        {"General", XLSX_FORMAT_NUMBER},
        {"", XLSX_FORMAT_NUMBER},
        {"0.00", XLSX_FORMAT_NUMBER},
        {"#,##0.00 [$\xE2\x82\xAC-407]", XLSX_FORMAT_NUMBER},
        {"0.00E+00", XLSX_FORMAT_NUMBER},
        {"# ?/?", XLSX_FORMAT_NUMBER},
        {"@", XLSX_FORMAT_NUMBER},
        {"\"days\" 0", XLSX_FORMAT_NUMBER},
        {"0 \\d\\a\\y\\s", XLSX_FORMAT_NUMBER},
        {"[Red]0;[Blue]-0", XLSX_FORMAT_NUMBER},
        {"[$-409]0", XLSX_FORMAT_NUMBER},
        {"0;yyyy", XLSX_FORMAT_NUMBER},
        {"_(* #,##0_);_(* \\(#,##0\\);_(* \"-\"??_);_(@_)", XLSX_FORMAT_NUMBER},
        {"yyyy-mm-dd", XLSX_FORMAT_DATE},
        {"D.M.YY", XLSX_FORMAT_DATE},
        {"mmm", XLSX_FORMAT_DATE},
        {"mmmm yyyy;@", XLSX_FORMAT_DATE},
        {"[$-F800]dddd, mmmm dd, yyyy", XLSX_FORMAT_DATE},
        {"h:mm", XLSX_FORMAT_TIME},
        {"hh:mm:ss", XLSX_FORMAT_TIME},
        {"mm:ss", XLSX_FORMAT_TIME},
        {"mm:ss.0", XLSX_FORMAT_TIME},
        {"h:mm AM/PM", XLSX_FORMAT_TIME},
        {"yyyy-mm-dd hh:mm", XLSX_FORMAT_DATE_TIME},
        {"dd/mm/yyyy\\ hh:mm:ss", XLSX_FORMAT_DATE_TIME},
        {"yyyy-mm-dd\"T\"hh:mm", XLSX_FORMAT_DATE_TIME},
        {"[h]:mm", XLSX_FORMAT_ELAPSED},
        {"[mm]:ss", XLSX_FORMAT_ELAPSED},
        {"[SS]", XLSX_FORMAT_ELAPSED},
        {"[h", XLSX_FORMAT_NUMBER},
        {"\"yyyy", XLSX_FORMAT_NUMBER},
        {"\\", XLSX_FORMAT_NUMBER},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        enum xlsx_format format = xlsx_format_of_code(slice_text(table[i].code));
        if (format != table[i].format)
            fail_msg("%s: %d", table[i].code, (int)format);
    }
}

static void
test_formats_that_every_workbook_has(void **state)
{
    static const struct {
        uint32_t id;
        enum xlsx_format format;
    } table[] = {
        {0, XLSX_FORMAT_NUMBER},     {2, XLSX_FORMAT_NUMBER},  {13, XLSX_FORMAT_NUMBER},
        {14, XLSX_FORMAT_DATE},      {17, XLSX_FORMAT_DATE},   {18, XLSX_FORMAT_TIME},
        {22, XLSX_FORMAT_DATE_TIME}, {37, XLSX_FORMAT_NUMBER}, {45, XLSX_FORMAT_TIME},
        {46, XLSX_FORMAT_ELAPSED},   {49, XLSX_FORMAT_NUMBER}, {4000000000u, XLSX_FORMAT_NUMBER},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++)
        assert_int_equal(xlsx_format_of_id(table[i].id), table[i].format);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_formats_that_every_workbook_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
