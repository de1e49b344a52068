#include "test.h"

#include "render/sheet.h"

#include "base/limits.h"
#include "render/markdown.h"
#include "render/pdf_module.h"
#include "render/pdf_table.h"

#include <string.h>

/* Two pixels by one, red and blue. */
static const unsigned char png[] = {
    0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0x00, 0x00, 0x00, 0x0D, 0x49, 0x48,
    0x44, 0x52, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x01, 0x08, 0x02, 0x00, 0x00,
    0x00, 0x7B, 0x40, 0xE8, 0xDD, 0x00, 0x00, 0x00, 0x0D, 0x49, 0x44, 0x41, 0x54, 0x78,
    0x9C, 0x63, 0xF8, 0xCF, 0x00, 0x04, 0xFF, 0x01, 0x07, 0x00, 0x01, 0xFF, 0xE2, 0x23,
    0x9E, 0x59, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82};

static void
drop_nothing(void *context)
{
}

void
sheet_begin(struct sheet *sheet)
{
    *sheet = (struct sheet){0};
    arena_init(&sheet->arena, MIB(256));
    buffer_init(&sheet->out, MIB(64));
    sheet->citations[0] =
        (struct citation){.title = SLICE("Annual report"), .quote = SLICE("Sales grew by 8 %")};
    sheet->citations[1] = (struct citation){.title = SLICE("Outlook"),
                                            .quote = SLICE("It will go on"),
                                            .address = SLICE("https://example.com/a(b)'c")};
    sheet->citations[2] = (struct citation){
        .document = SLICE("notes.md"), .quote = SLICE("Nobody said this"), .is_unverified = true};
    sheet->pictures[0] = (struct picture){.name = SLICE("a.png"),
                                          .type = PICTURE_PNG,
                                          .bytes = slice_of((const char *)png, sizeof(png)),
                                          .width = 2,
                                          .height = 1};
    sheet->supplies = (struct supplies){.citations = sheet->citations,
                                        .citation_count = 3,
                                        .pictures = sheet->pictures,
                                        .picture_count = 1};
    sheet->document = (struct document){
        .language = SLICE("en"), .date = SLICE("31 March 2026"), .date_iso = SLICE("2026-03-31")};
    sheet->rendering = (struct rendering){.document = &sheet->document,
                                          .arena = &sheet->arena,
                                          .out = &sheet->out,
                                          .flush = drop_nothing};
}

void
sheet_end(struct sheet *sheet)
{
    pdf_close(&sheet->pdf);
    arena_done(&sheet->arena);
    buffer_done(&sheet->out);
}

void
sheet_set_title(struct sheet *sheet, const char *title)
{
    struct span *span = arena_alloc(&sheet->arena, sizeof(*span));
    *span = (struct span){.kind = SPAN_TEXT, .text = slice_text(title)};
    sheet->document.title = span;
    sheet->document.title_text = span->text;
}

void
sheet_read(struct sheet *sheet, const char *markdown)
{
    if (markdown_read(&sheet->document, &sheet->arena, slice_text(markdown), &sheet->supplies,
                      &sheet->error) != STATUS_OK)
        fail_msg("%s", sheet->error.text);
}

void
sheet_lay_out(struct sheet *sheet)
{
    if (pdf_open(&sheet->pdf, &sheet->rendering, &sheet->error) != STATUS_OK ||
        pdf_lay_out(&sheet->pdf) != STATUS_OK)
        fail_msg("%s", sheet->error.text);
}

enum status
sheet_render(struct sheet *sheet)
{
    return pdf_render(&sheet->rendering, &sheet->error);
}

const struct pdf_page *
sheet_page(const struct sheet *sheet, uint32_t number)
{
    const struct pdf_page *page = sheet->pdf.pages;
    for (uint32_t i = 1; i < number && page != NULL; i++)
        page = page->next;
    assert_non_null(page);
    return page;
}

static const char *
line_words(struct sheet *sheet, struct pdf_text *text, uint32_t line)
{
    PangoLayout *layout = pdf_text_layout(&sheet->pdf.texts, text);
    const PangoLayoutLine *of = pango_layout_get_line_readonly(layout, (int)line);
    const char *words = pango_layout_get_text(layout) + of->start_index;
    return arena_format(&sheet->arena, "%.*s", of->length, words);
}

const char *
sheet_words(struct sheet *sheet, const struct pdf_strip *strip)
{
    if (strip->kind == STRIP_TEXT || strip->kind == STRIP_CONTENTS)
        return line_words(sheet, strip->text, strip->line);
    const char *words = "";
    if (strip->kind != STRIP_ROW)
        return words;
    for (uint32_t c = 0; c < strip->row->table->column_count; c++)
        if (strip->line < strip->row->cells[c].line_count)
            words = arena_format(&sheet->arena, "%s%s|", words,
                                 line_words(sheet, &strip->row->cells[c], strip->line));
    return words;
}

static bool
has_words(struct sheet *sheet, const struct pdf_strip *first, const struct pdf_strip *end,
          const char *words)
{
    for (const struct pdf_strip *strip = first; strip != end; strip = strip->next)
        if (strstr(sheet_words(sheet, strip), words) != NULL)
            return true;
    return false;
}

uint32_t
sheet_page_of(struct sheet *sheet, const char *words)
{
    uint32_t number = 0;
    for (const struct pdf_page *page = sheet->pdf.pages; page != NULL; page = page->next) {
        number++;
        if (has_words(sheet, page->first, page->end, words))
            return number;
    }
    return 0;
}

uint32_t
sheet_note_page_of(struct sheet *sheet, const char *words)
{
    uint32_t number = 0;
    for (const struct pdf_page *page = sheet->pdf.pages; page != NULL; page = page->next) {
        number++;
        for (const struct pdf_run *run = page->notes; run != NULL; run = run->next)
            if (has_words(sheet, run->first, run->end, words))
                return number;
    }
    return 0;
}

size_t
sheet_count(const struct sheet *sheet, const char *bytes)
{
    size_t count = 0;
    struct slice rest = buffer_slice(&sheet->out);
    const char *at = NULL;
    while ((at = memmem(rest.ptr, rest.size, bytes, strlen(bytes))) != NULL) {
        count++;
        rest = slice_of(at + 1, rest.size - (size_t)(at + 1 - rest.ptr));
    }
    return count;
}

bool
sheet_has(const struct sheet *sheet, const char *bytes)
{
    return sheet_count(sheet, bytes) > 0;
}

char *
sheet_repeat(struct sheet *sheet, const char *words, size_t count)
{
    size_t size = strlen(words);
    char *all = arena_try_alloc(&sheet->arena, size * count + 1);
    assert_non_null(all);
    for (size_t i = 0; i < count; i++)
        memcpy(all + i * size, words, size);
    all[size * count] = '\0';
    return all;
}
