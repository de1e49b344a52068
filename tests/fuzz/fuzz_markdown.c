/* Markdown of anybody becomes a page, or words; and what is written as Markdown again reads as the
 * same page. */
#include "../unit/render/pages.h"
#include "fuzz.h"

#include <ctype.h>
#include <string.h>

static bool
has(struct slice page, const char *text)
{
    return memmem(page.ptr, page.size, text, strlen(text)) != NULL;
}

static void
check_page(struct page *page)
{
    struct buffer file;
    assert(page->status == STATUS_OK || page->error.text[0] != '\0');
    if (page->status != STATUS_OK)
        return;
    page_render(page, render_html, &file);
    assert(page->status == STATUS_OK);
    assert(slice_is_utf8(buffer_slice(&file)));
    assert(!has(buffer_slice(&file), "<script"));
    assert(!has(buffer_slice(&file), "href=\"javascript"));
    buffer_done(&file);
    page_render(page, render_docx, &file);
    assert(page->status == STATUS_OK || page->status == STATUS_LIMIT);
    buffer_done(&file);
}

static bool
is_sign(char byte)
{
    return byte == '*' || byte == '_' || byte == '~';
}

/* 0: space; 1: punctuation; 2: part of a word; 3: one of both. */
static int
class_of(char byte)
{
    unsigned char code = (unsigned char)byte;
    return code >= 0x80 ? 3 : isspace(code) ? 0 : ispunct(code) ? 1 : 2;
}

/* A sign of emphasis inside a word, or between punctuation, may open or close, and md4c has rules
 * of its own for what it does in the company of others. */
static bool
has_doubtful_sign(struct slice text)
{
    for (size_t at = 1; at < text.size; at++) {
        if (!is_sign(text.ptr[at]))
            continue;
        int before = class_of(text.ptr[at - 1]);
        while (at < text.size && is_sign(text.ptr[at]))
            at++;
        if (at < text.size && (before & class_of(text.ptr[at])) != 0)
            return true;
    }
    return false;
}

static void
check_again(struct page *page)
{
    struct buffer html;
    struct buffer html_again;
    struct buffer markdown;
    struct page again;
    page_render(page, render_html, &html);
    page_render(page, render_markdown, &markdown);
    assert(page->status == STATUS_OK);
    page_read(&again, buffer_slice(&markdown), false);
    assert(again.status == STATUS_OK);
    page_render(&again, render_html, &html_again);
    assert(slice_equal(buffer_slice(&html), buffer_slice(&html_again)) ||
           has_doubtful_sign(buffer_slice(&markdown)));
    page_done(&again);
    buffer_done(&markdown);
    buffer_done(&html_again);
    buffer_done(&html);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_of((const char *)data, size);
    struct page page;
    if (!slice_is_utf8(text))
        return 0;
    page_read(&page, text, true);
    page.has_contents = true;
    check_page(&page);
    page_done(&page);
    page_read(&page, text, false);
    if (page.status == STATUS_OK)
        check_again(&page);
    page_done(&page);
    return 0;
}
