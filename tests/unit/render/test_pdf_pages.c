/* How documents are laid out on pages: facts that hold whatever fonts the machine has. */
#include "test.h"

#include "base/limits.h"
#include "render/pdf_pages.h"
#include "render/pdf_table.h"
#include "render/sheet.h"

#include <string.h>

#define SENTENCE "Words of a sentence that goes on for a while until it comes to its end. "

static void
begin(struct sheet *sheet, const char *markdown)
{
    sheet_begin(sheet);
    sheet_read(sheet, markdown);
    sheet_lay_out(sheet);
}

/* A paragraph that is cut has two lines or more on each side. */
static void
test_no_line_of_a_paragraph_stands_alone(void **state)
{
    struct sheet sheet;
    sheet_begin(&sheet);
    const char *paragraph = arena_format(&sheet.arena, "%s\n\n", sheet_repeat(&sheet, SENTENCE, 9));
    sheet_read(&sheet, sheet_repeat(&sheet, paragraph, 60));
    sheet_lay_out(&sheet);
    assert_true(sheet.pdf.page_count > 3);
    for (const struct pdf_page *page = sheet.pdf.pages; page->next != NULL; page = page->next) {
        const struct pdf_strip *next = page->end;
        assert_int_not_equal(next->line, 1);
        assert_true(next->line == 0 || next->line + 1 < next->text->line_count);
    }
    sheet_end(&sheet);
}

static void
test_a_heading_stays_with_what_follows(void **state)
{
    struct sheet sheet;
    sheet_begin(&sheet);
    const char *section = arena_format(&sheet.arena, "## Section\n\n### Part\n\n%s\n\n",
                                       sheet_repeat(&sheet, SENTENCE, 11));
    sheet_read(&sheet, sheet_repeat(&sheet, section, 60));
    sheet_lay_out(&sheet);
    assert_true(sheet.pdf.page_count > 3);
    for (const struct pdf_page *page = sheet.pdf.pages; page != NULL; page = page->next) {
        const struct pdf_strip *last = page->first;
        while (last->next != page->end)
            last = last->next;
        assert_string_not_equal(sheet_words(&sheet, last), "Section");
        assert_string_not_equal(sheet_words(&sheet, last), "Part");
    }
    sheet_end(&sheet);
}

static void
test_nothing_is_higher_than_a_page(void **state)
{
    struct sheet sheet;
    sheet_begin(&sheet);
    struct buffer text;
    buffer_init(&text, MIB(4));
    buffer_append_format(&text, "# %s\n\n%s\n\n", sheet_repeat(&sheet, "Heading ", 300),
                         sheet_repeat(&sheet, "W", 9000));
    buffer_append_format(&text, "| a | b |\n| --- | --- |\n| c | %s |\n\n",
                         sheet_repeat(&sheet, "cell ", 4000));
    buffer_append_format(&text, "```\n%s```\n\n", sheet_repeat(&sheet, "code\n", 300));
    buffer_append_format(&text, "Text[^1]\n\n[^1]: %s\n", sheet_repeat(&sheet, "note ", 5000));
    buffer_append_byte(&text, '\0');
    sheet_read(&sheet, text.ptr);
    sheet_lay_out(&sheet);
    for (const struct pdf_page *page = sheet.pdf.pages; page != NULL; page = page->next) {
        double height = 0;
        for (const struct pdf_strip *strip = page->first; strip != page->end; strip = strip->next)
            height += (strip == page->first ? 0 : strip->space) + pdf_strip_height(strip);
        double notes = page->notes == NULL ? 0 : PDF_NOTES_GAP;
        for (const struct pdf_run *run = page->notes; run != NULL; run = run->next)
            for (const struct pdf_strip *strip = run->first; strip != run->end; strip = strip->next)
                notes += strip->space + pdf_strip_height(strip);
        assert_true(height + notes <= sheet.pdf.height + 0.01);
    }
    buffer_done(&text);
    sheet_end(&sheet);
}

static void
test_the_head_of_a_table_stands_again(void **state)
{
    struct sheet sheet;
    sheet_begin(&sheet);
    const char *rows = sheet_repeat(&sheet, "| some | words |\n", 200);
    const char *text = arena_format(&sheet.arena, "| Name | Value |\n| --- | ---: |\n");
    struct buffer all;
    buffer_init(&all, MIB(1));
    buffer_append_format(&all, "%s%s", text, rows);
    buffer_append_byte(&all, '\0');
    sheet_read(&sheet, all.ptr);
    sheet_lay_out(&sheet);
    assert_true(sheet.pdf.page_count >= 3);
    assert_null(sheet_page(&sheet, 1)->head);
    for (uint32_t number = 2; number <= sheet.pdf.page_count; number++) {
        const struct pdf_page *page = sheet_page(&sheet, number);
        assert_non_null(page->head);
        assert_true(page->head->row->is_head);
    }
    buffer_done(&all);
    sheet_end(&sheet);
}

static void
test_rows_break_across_pages_and_short_ones_do_not(void **state)
{
    struct sheet sheet;
    sheet_begin(&sheet);
    struct buffer text;
    buffer_init(&text, MIB(1));
    buffer_append_text(&text, "| a | b |\n| --- | --- |\n");
    for (int i = 0; i < 40; i++)
        buffer_append_format(&text, "| %d | %s |\n", i,
                             sheet_repeat(&sheet, SENTENCE, i == 20 ? 150 : 5));
    buffer_append_byte(&text, '\0');
    sheet_read(&sheet, text.ptr);
    sheet_lay_out(&sheet);
    size_t cut = 0;
    for (const struct pdf_page *page = sheet.pdf.pages; page->next != NULL; page = page->next) {
        cut += page->end->line > 0;
        if (page->end->line > 0)
            assert_true(page->end->row->line_count > 50);
    }
    assert_true(cut >= 1);
    buffer_done(&text);
    sheet_end(&sheet);
}

static void
test_columns_are_as_wide_as_what_is_in_them(void **state)
{
    struct sheet sheet;
    begin(&sheet, "| Company | Figure | Comment |\n| --- | --- | --- |\n"
                  "| Short | 12 | " SENTENCE SENTENCE SENTENCE SENTENCE " |\n");
    const struct pdf_row *row = sheet.pdf.body.first->row;
    const struct pdf_column *columns = row->table->columns;
    assert_true(columns[2].width > columns[0].width * 3);
    assert_int_equal(row->cells[0].line_count, 1);
    assert_int_equal(row->cells[1].line_count, 1);
    double end = columns[2].x + columns[2].width + PDF_CELL_PAD_SIDE;
    assert_true(end > sheet.pdf.width - 0.5 && end < sheet.pdf.width + 0.5);
    sheet_end(&sheet);
}

/* No word is cut as long as all have room. */
static void
test_columns_have_room_for_their_words(void **state)
{
    struct sheet sheet;
    begin(&sheet, "| Name | Responsibilities | Notes |\n| --- | --- | --- |\n"
                  "| One two three four | Internationalization and electroencephalography, as "
                  "well as many other things that take room | " SENTENCE SENTENCE SENTENCE SENTENCE
                      SENTENCE SENTENCE SENTENCE " |\n");
    const struct pdf_row *row = sheet.pdf.body.first->row;
    for (uint32_t c = 0; c < row->table->column_count; c++)
        assert_true(row->table->columns[c].width >= row->table->columns[c].smallest - 0.01);
    sheet_end(&sheet);
}

/* Each part has the first column, and every column stands in one of them. */
static void
test_a_table_that_is_too_wide_comes_in_parts(void **state)
{
    struct sheet sheet;
    sheet_begin(&sheet);
    struct buffer text;
    buffer_init(&text, MIB(1));
    for (int line = 0; line < 4; line++) {
        for (int c = 0; c < 40; c++)
            buffer_append_format(&text, line == 1 ? "| --- " : "| column%dx%d ", c, line);
        buffer_append_text(&text, "|\n");
    }
    buffer_append_byte(&text, '\0');
    sheet_read(&sheet, text.ptr);
    sheet_lay_out(&sheet);
    bool seen[40] = {false};
    for (const struct pdf_strip *strip = sheet.pdf.body.first; strip != NULL; strip = strip->next) {
        const char *words = sheet_words(&sheet, strip);
        if (strip->row->is_head && strip->line == 0)
            assert_non_null(strstr(words, "column0x0"));
        for (int c = 0; c < 40; c++)
            if (strstr(words, arena_format(&sheet.arena, "column%dx0|", c)) != NULL)
                seen[c] = true;
    }
    for (int c = 0; c < 40; c++)
        assert_true(seen[c]);
    buffer_done(&text);
    sheet_end(&sheet);
}

static void
test_a_note_stands_on_the_page_of_its_mark(void **state)
{
    struct sheet sheet;
    sheet_begin(&sheet);
    const char *filler = arena_format(&sheet.arena, "%s\n\n", sheet_repeat(&sheet, SENTENCE, 20));
    struct buffer text;
    buffer_init(&text, MIB(1));
    buffer_append_format(&text, "%sFirstmark.[^a]\n\n%s", sheet_repeat(&sheet, filler, 12),
                         sheet_repeat(&sheet, filler, 9));
    buffer_append_text(&text, "| h |\n| --- |\n| Secondmark[^b] again[^a] |\n\n");
    buffer_append_text(&text, "[^a]: Firstnote.\n[^b]: Secondnote with another.[^c]\n"
                              "[^c]: Thirdnote.\n");
    buffer_append_byte(&text, '\0');
    sheet_read(&sheet, text.ptr);
    sheet_lay_out(&sheet);
    uint32_t first = sheet_page_of(&sheet, "Firstmark");
    uint32_t second = sheet_page_of(&sheet, "Secondmark");
    assert_true(first > 1 && second > first);
    assert_int_equal(sheet_note_page_of(&sheet, "Firstnote"), first);
    assert_int_equal(sheet_note_page_of(&sheet, "Secondnote"), second);
    assert_int_equal(sheet_note_page_of(&sheet, "Thirdnote"), second);
    buffer_done(&text);
    sheet_end(&sheet);
}

static void
test_a_page_break_begins_a_page(void **state)
{
    struct sheet sheet;
    begin(&sheet, "One\n\n\\pagebreak\n\n\\pagebreak\n\nTwo\n\n\\pagebreak\n\n# Three\n");
    assert_int_equal(sheet.pdf.page_count, 3);
    assert_int_equal(sheet_page_of(&sheet, "Two"), 2);
    assert_int_equal(sheet_page_of(&sheet, "Three"), 3);
    sheet_end(&sheet);
}

static void
test_the_contents_tell_the_pages_of_headings(void **state)
{
    struct sheet sheet;
    sheet_begin(&sheet);
    sheet.rendering.has_contents = true;
    sheet_set_title(&sheet, "Report");
    sheet_read(&sheet, "## Alpha\n\ntext\n\n\\pagebreak\n\n## Beta\n\n### Gamma\n\ntext\n\n"
                       "#### Delta\n\n###\n\nText [@1]\n");
    sheet_lay_out(&sheet);
    const struct pdf_heading *heading = sheet.pdf.headings;
    static const struct {
        const char *text;
        uint32_t rank, page;
    } table[] = {
        {"Alpha", 1, 2}, {"Beta", 1, 3}, {"Gamma", 2, 3}, {"Delta", 3, 3}, {"Sources", 1, 3}};
    for (size_t i = 0; i < COUNT_OF(table); i++, heading = heading->next) {
        assert_non_null(heading);
        assert_true(slice_is(heading->text, table[i].text));
        assert_int_equal(heading->rank, table[i].rank);
        assert_int_equal(heading->page, table[i].page);
        assert_int_equal(sheet_page_of(&sheet, table[i].text), 1);
    }
    assert_null(heading);
    sheet_end(&sheet);
}

static void
test_lists_do_not_indent_for_ever(void **state)
{
    struct sheet sheet;
    sheet_begin(&sheet);
    struct buffer text;
    buffer_init(&text, MIB(1));
    for (int depth = 0; depth < 14; depth++)
        buffer_append_format(&text, "%*s- level%d\n", depth * 2, "", depth);
    buffer_append_byte(&text, '\0');
    sheet_read(&sheet, text.ptr);
    sheet_lay_out(&sheet);
    for (const struct pdf_strip *strip = sheet.pdf.body.first; strip != NULL; strip = strip->next)
        assert_true(strip->width > 100 && strip->x + strip->width <= sheet.pdf.width + 0.01);
    buffer_done(&text);
    sheet_end(&sheet);
}

static void
test_paper_is_a4_or_letter(void **state)
{
    struct sheet sheet;
    begin(&sheet, "text\n");
    assert_true(sheet.pdf.page_width < 596 && sheet.pdf.page_height > 841);
    sheet_end(&sheet);
    sheet_begin(&sheet);
    sheet.rendering.paper = PAPER_LETTER;
    sheet_read(&sheet, "text\n");
    sheet_lay_out(&sheet);
    assert_true(sheet.pdf.page_width > 611 && sheet.pdf.page_height < 793);
    sheet_end(&sheet);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_line_of_a_paragraph_stands_alone),
        cmocka_unit_test(test_a_heading_stays_with_what_follows),
        cmocka_unit_test(test_nothing_is_higher_than_a_page),
        cmocka_unit_test(test_the_head_of_a_table_stands_again),
        cmocka_unit_test(test_rows_break_across_pages_and_short_ones_do_not),
        cmocka_unit_test(test_columns_are_as_wide_as_what_is_in_them),
        cmocka_unit_test(test_columns_have_room_for_their_words),
        cmocka_unit_test(test_a_table_that_is_too_wide_comes_in_parts),
        cmocka_unit_test(test_a_note_stands_on_the_page_of_its_mark),
        cmocka_unit_test(test_a_page_break_begins_a_page),
        cmocka_unit_test(test_the_contents_tell_the_pages_of_headings),
        cmocka_unit_test(test_lists_do_not_indent_for_ever),
        cmocka_unit_test(test_paper_is_a4_or_letter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
