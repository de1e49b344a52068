/* One page that needs nothing else: style, pictures and charts are in it, and nothing runs. */
#include "render/html.h"

#include "base/embedded.h"
#include "render/escape.h"

extern const struct embedded_file page_style_files[];

static void
write_meta(struct buffer *out, const char *name, struct slice content)
{
    if (content.size == 0)
        return;
    buffer_append_text(out, "<meta");
    escape_attribute(out, "name", slice_text(name));
    escape_attribute(out, "content", content);
    buffer_append_text(out, ">\n");
}

/* A page wants a title; one without words has its language's for a document's contents. */
static void
write_title(struct html *html)
{
    struct slice title = html->rendering->document->title_text;
    buffer_append_text(html->out, "<title>");
    escape_text(html->out, title.size > 0 ? title : slice_text(html->words->contents));
    buffer_append_text(html->out, "</title>\n");
}

static void
write_head(struct html *html)
{
    static const char policy[] =
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
        "form-action 'none'";
    const struct document *document = html->rendering->document;
    struct buffer *out = html->out;
    buffer_append_text(out, "<!DOCTYPE html>\n<html");
    escape_attribute(out, "lang", document->language);
    escape_attribute(out, "dir",
                     document->direction == DIRECTION_RIGHT_TO_LEFT ? SLICE("rtl") : SLICE("ltr"));
    buffer_append_text(out, ">\n<head>\n<meta charset=\"utf-8\">\n"
                            "<meta http-equiv=\"Content-Security-Policy\"");
    escape_attribute(out, "content", slice_text(policy));
    buffer_append_text(out,
                       ">\n<meta name=\"viewport\" content=\"width=device-width, "
                       "initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n");
    write_title(html);
    write_meta(out, "author", document->author);
    write_meta(out, "description", document->subtitle);
    buffer_append_text(out, "<style>\n");
    buffer_append_text(out, embedded_find(page_style_files, SLICE("page.css")));
    buffer_append_text(out, html->rendering->paper == PAPER_LETTER ? "@page { size: letter; }\n"
                                                                   : "@page { size: a4; }\n");
    buffer_append_text(out, "</style>\n</head>\n");
}

static void
write_byline(struct html *html)
{
    const struct document *document = html->rendering->document;
    struct buffer *out = html->out;
    if (document->author.size == 0 && document->date.size == 0)
        return;
    buffer_append_text(out, "<p class=\"byline\">");
    escape_text(out, document->author);
    if (document->author.size > 0 && document->date.size > 0)
        buffer_append_text(out, " \u00B7 ");
    if (document->date.size > 0) {
        buffer_append_text(out, "<time");
        escape_attribute(out, "datetime", document->date_iso);
        buffer_append_byte(out, '>');
        escape_text(out, document->date);
        buffer_append_text(out, "</time>");
    }
    buffer_append_text(out, "</p>\n");
}

static void
write_header(struct html *html)
{
    const struct document *document = html->rendering->document;
    if (document->title == NULL && document->subtitle.size == 0 && document->author.size == 0)
        return;
    buffer_append_text(html->out, "<header class=\"head\">\n");
    if (document->title != NULL) {
        buffer_append_text(html->out, "<h1>");
        html_spans(html, document->title);
        buffer_append_text(html->out, "</h1>\n");
    }
    if (document->subtitle.size > 0) {
        buffer_append_text(html->out, "<p class=\"subtitle\">");
        escape_text(html->out, document->subtitle);
        buffer_append_text(html->out, "</p>\n");
    }
    write_byline(html);
    buffer_append_text(html->out, "</header>\n");
}

enum status
render_html(struct rendering *rendering, struct error *error)
{
    struct html html = {
        .rendering = rendering,
        .out = rendering->out,
        .words = words_of(rendering->document->language),
        .error = error,
    };
    write_head(&html);
    buffer_append_text(html.out, "<body>\n<main>\n");
    write_header(&html);
    if (rendering->has_contents)
        html_contents(&html);
    html_blocks(&html, rendering->document->first);
    html_notes(&html);
    html_sources(&html);
    buffer_append_text(html.out, "</main>\n</body>\n</html>\n");
    if (html.status == STATUS_OK && buffer_is_over(html.out))
        html.status = error_set(error, STATUS_LIMIT, "the document becomes too large");
    return html.status;
}
