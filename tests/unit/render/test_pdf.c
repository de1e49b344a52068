/* The PDF file itself: its facts, links and outline, and that it is the same each time. */
#include "test.h"

#include "base/limits.h"
#include "render/sheet.h"

#include <string.h>

static const char rich[] =
    "# Überblick (kurz)\n\nText with **bold**, *slanted*, `code`, ~~gone~~ and a "
    "[link](https://example.com/x(y)z), [one inside](#zweiter), a note[^1] and [@1], [@2], "
    "[@1].\n\n"
    "> quoted\n\n1. one\n2. two\n   - [x] done\n\n| a | b |\n| --- | ---: |\n| x[^1] | 12 |\n\n"
    "```\ncode\n```\n\n![a](a.png \"shown\")\n\nin line ![a](a.png) here\n\n---\n\n## "
    "Zweiter\n\nEnd "
    "[@3].\n\n[^1]: A note with a [link](mailto:a@example.com).\n";

static void
render(struct sheet *sheet, const char *markdown)
{
    sheet_read(sheet, markdown);
    if (sheet_render(sheet) != STATUS_OK)
        fail_msg("%s", sheet->error.text);
    assert_true(slice_starts_with(buffer_slice(&sheet->out), SLICE("%PDF-1.5\n")));
    assert_memory_equal(sheet->out.ptr + sheet->out.size - 6, "%%EOF\n", 6);
}

static void
test_what_the_document_says_about_itself(void **state)
{
    struct sheet sheet;
    sheet_begin(&sheet);
    sheet_set_title(&sheet, "Memo, draft");
    sheet.document.author = SLICE("Research desk");
    sheet.document.subtitle = SLICE("First quarter");
    render(&sheet, "Hello\n");
    assert_true(sheet_has(&sheet, "/Title (Memo, draft)"));
    assert_true(sheet_has(&sheet, "/Author (Research desk)"));
    assert_true(sheet_has(&sheet, "/Subject (First quarter)"));
    assert_true(sheet_has(&sheet, "/CreationDate (20260331000000Z)"));
    assert_true(sheet_has(&sheet, "/Creator (Windrow)"));
    assert_int_equal(sheet.rendering.page_count, 1);
    sheet_end(&sheet);
}

/* Else the file would change from day to day. */
static void
test_without_a_date_there_is_none(void **state)
{
    struct sheet sheet;
    sheet_begin(&sheet);
    sheet.document.date = sheet.document.date_iso = SLICE("");
    render(&sheet, "Hello\n");
    assert_false(sheet_has(&sheet, "/CreationDate"));
    sheet_end(&sheet);
}

static void
test_the_same_document_gives_the_same_bytes(void **state)
{
    struct sheet sheets[2];
    for (size_t i = 0; i < 2; i++) {
        sheet_begin(&sheets[i]);
        sheet_set_title(&sheets[i], "Twice");
        sheets[i].rendering.has_contents = true;
        render(&sheets[i], rich);
    }
    assert_int_equal(sheets[0].out.size, sheets[1].out.size);
    assert_memory_equal(sheets[0].out.ptr, sheets[1].out.ptr, sheets[0].out.size);
    for (size_t i = 0; i < 2; i++)
        sheet_end(&sheets[i]);
}

static void
test_links_lead_to_places_that_exist(void **state)
{
    struct sheet sheet;
    sheet_begin(&sheet);
    sheet_set_title(&sheet, "Links");
    sheet.rendering.has_contents = true;
    render(&sheet, rich);
    static const char *const linked[] = {"h-zweiter", "note-1-0", "note-1-1", "cite-1-0",
                                         "cite-2-0",  "cite-3-0", "cite-1-1", "cite-1-2",
                                         "cite-2-1",  "cite-3-1", "sources"};
    for (size_t i = 0; i < COUNT_OF(linked); i++) {
        if (!sheet_has(&sheet, arena_format(&sheet.arena, "/Dest (%s)", linked[i])) ||
            !sheet_has(&sheet, arena_format(&sheet.arena, "(%s) [", linked[i])))
            fail_msg("%s", linked[i]);
    }
    assert_true(sheet_has(&sheet, "/URI (https://example.com/x%28y%29z)"));
    assert_true(sheet_has(&sheet, "/URI (https://example.com/a%28b%29%27c)"));
    assert_true(sheet_has(&sheet, "/URI (mailto:a@example.com)"));
    sheet_end(&sheet);
}

static void
test_headings_are_bookmarks(void **state)
{
    struct sheet sheet;
    sheet_begin(&sheet);
    render(&sheet, "# One\n\n## Two\n\n# Three (\n\n> # Not this\n");
    assert_true(sheet_has(&sheet, "/Title (One)"));
    assert_true(sheet_has(&sheet, "/Title (Two)"));
    assert_true(sheet_has(&sheet, "/Title <FEFF0054006800720065006500200028>"));
    assert_false(sheet_has(&sheet, "/Title (Not this)"));
    sheet_end(&sheet);
}

/* A picture that stands in many places is in the file once. */
static void
test_a_picture_is_in_the_file_once(void **state)
{
    struct sheet sheet;
    sheet_begin(&sheet);
    render(&sheet, "![a](a.png)\n\ntext ![a](a.png) text\n\n\\pagebreak\n\n![a](a.png)\n");
    assert_int_equal(sheet_count(&sheet, "/Subtype /Image"), 1);
    sheet_end(&sheet);
}

static void
test_what_is_too_much_is_told(void **state)
{
    struct sheet sheet;
    sheet_begin(&sheet);
    sheet.pictures[0].width = sheet.pictures[0].height = MODEL_PICTURE_PIXELS_MAX;
    sheet_read(&sheet, "![a](a.png)\n");
    assert_int_equal(sheet_render(&sheet), STATUS_LIMIT);
    assert_non_null(strstr(sheet.error.text, "picture a.png has more than 40 million pixels"));
    sheet_end(&sheet);

    sheet_begin(&sheet);
    sheet_read(&sheet, sheet_repeat(&sheet, "a\n\n\\pagebreak\n\n", LIMIT_PDF_PAGES + 2));
    assert_int_equal(sheet_render(&sheet), STATUS_LIMIT);
    assert_non_null(strstr(sheet.error.text, "more than 2000 pages"));
    sheet_end(&sheet);

    sheet_begin(&sheet);
    struct buffer text;
    buffer_init(&text, MIB(8));
    buffer_append_format(&text, "| a |\n| --- |\n%s",
                         sheet_repeat(&sheet, "| a |\n", LIMIT_PDF_CELLS));
    buffer_append_byte(&text, '\0');
    sheet_read(&sheet, text.ptr);
    assert_int_equal(sheet_render(&sheet), STATUS_LIMIT);
    assert_non_null(strstr(sheet.error.text, "more than 100000 cells"));
    buffer_done(&text);
    sheet_end(&sheet);
}

static void
test_a_picture_that_is_none_is_told(void **state)
{
    struct sheet sheet;
    sheet_begin(&sheet);
    sheet.pictures[0].bytes.size = 40;
    sheet_read(&sheet, "![a](a.png)\n");
    assert_int_equal(sheet_render(&sheet), STATUS_INVALID);
    assert_non_null(strstr(sheet.error.text, "picture a.png cannot be read"));
    sheet_end(&sheet);
}

/* Other directions and scripts, and whatever else should not be in anybody's way. */
static void
test_odd_documents_become_files(void **state)
{
    static const char *const table[] = {
        "",
        "\\pagebreak\n",
        "#\n\n##\n",
        "|  |\n| --- |\n",
        "|  | |\n| --- | --- |\n|  | |\n",
        "1.\n2. # in a list\n3. > quoted\n",
        "```\n```\n",
        "שלום עולם, 123 English [@1] [^1]\n\n1. אחד\n\n| א | 1 |\n| --- | --- |\n| ב | 2 "
        "|\n\n[^1]: הערה\n",
        "漢字かな交じり文。한국어. ไทย. नमस्ते. 😀 "
        "👩‍👩‍👧 "
        "e\xCC\x81\n",
        "\xE2\x80\xAE turned \xE2\x80\xAC \xE2\x80\xA8 \xEF\xBF\xBC \xEF\xBB\xBF\n",
    };
    for (size_t i = 0; i < COUNT_OF(table) * 2; i++) {
        struct sheet sheet;
        sheet_begin(&sheet);
        sheet.rendering.has_contents = i % 2 == 0;
        if (i % 2 == 1) {
            sheet.document.direction = DIRECTION_RIGHT_TO_LEFT;
            sheet.document.language = SLICE("he");
        }
        render(&sheet, table[i / 2]);
        assert_true(sheet.rendering.page_count >= 1);
        sheet_end(&sheet);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_the_document_says_about_itself),
        cmocka_unit_test(test_without_a_date_there_is_none),
        cmocka_unit_test(test_the_same_document_gives_the_same_bytes),
        cmocka_unit_test(test_links_lead_to_places_that_exist),
        cmocka_unit_test(test_headings_are_bookmarks),
        cmocka_unit_test(test_a_picture_is_in_the_file_once),
        cmocka_unit_test(test_what_is_too_much_is_told),
        cmocka_unit_test(test_a_picture_that_is_none_is_told),
        cmocka_unit_test(test_odd_documents_become_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
