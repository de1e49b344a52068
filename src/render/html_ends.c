/* What stands before and behind the text: contents, notes and sources. */
#include "render/escape.h"
#include "render/html.h"

/* Deeper headings are not in the contents. */
#define CONTENTS_RANK_MAX 3

static void
open_section(struct html *html, const char *element, const char *name, const char *words)
{
    buffer_append_format(html->out, "<%s class=\"%s\" aria-labelledby=\"_%s\">\n<h2 id=\"_%s\">",
                         element, name, name, name);
    escape_text(html->out, slice_text(words));
    buffer_append_text(html->out, "</h2>\n");
}

static const struct block *
next_heading(const struct block *heading)
{
    do
        heading = heading->heading.next;
    while (heading != NULL && heading->heading.rank > CONTENTS_RANK_MAX);
    return heading;
}

void
html_contents(struct html *html)
{
    const struct block *heading = html->rendering->document->headings;
    uint32_t depth = 1;
    if (heading == NULL)
        return;
    open_section(html, "nav", "contents", html->words->contents);
    buffer_append_text(html->out, "<ol>\n");
    while (heading != NULL) {
        const struct block *next = next_heading(heading);
        uint32_t rank = next == NULL ? 1 : next->heading.rank;
        buffer_append_format(html->out, "<li><a href=\"#%.*s\">",
                             SLICE_FORMAT(heading->heading.anchor));
        escape_text(html->out, heading->heading.text);
        buffer_append_text(html->out, "</a>");
        if (rank > depth)
            buffer_append_text(html->out, "\n<ol>\n");
        else
            buffer_append_text(html->out, "</li>\n");
        for (uint32_t i = rank; i < depth; i++)
            buffer_append_text(html->out, "</ol></li>\n");
        depth = rank;
        heading = next;
    }
    buffer_append_text(html->out, "</ol>\n</nav>\n");
}

/* Links to the marks that lead here. */
static void
write_back_links(struct html *html, const char *kind, uint32_t number, uint32_t count)
{
    for (uint32_t use = 1; use <= count; use++) {
        buffer_append_format(html->out,
                             " <a class=\"back\" href=\"#_%s-%u-%u\" role=\"doc-backlink\"", kind,
                             number, use);
        buffer_append_format(html->out, " aria-label=\"%s [%u", html->words->back, number);
        buffer_append_format(html->out, count > 1 ? ", %u]\">\u21A9" : "]\">\u21A9", use);
        if (count > 1)
            buffer_append_format(html->out, "<sup>%u</sup>", use);
        buffer_append_text(html->out, "</a>");
    }
}

void
html_notes(struct html *html)
{
    const struct note *note = html->rendering->document->notes;
    if (note == NULL)
        return;
    open_section(html, "section", "notes", html->words->notes);
    buffer_append_text(html->out, "<ol>\n");
    for (; note != NULL; note = note->next) {
        buffer_append_format(html->out, "<li id=\"_note-%u\">", note->number);
        html_blocks(html, note->first);
        write_back_links(html, "note", note->number, note->use_count);
        buffer_append_text(html->out, "</li>\n");
    }
    buffer_append_text(html->out, "</ol>\n</section>\n");
}

static void
write_source_title(struct html *html, const struct citation *citation)
{
    bool is_link = citation->address.size > 0;
    struct slice title = citation->title.size > 0      ? citation->title
                         : citation->document.size > 0 ? citation->document
                                                       : citation->address;
    if (title.size == 0)
        return;
    buffer_append_text(html->out, is_link ? "<a class=\"title\"" : "<span class=\"title\"");
    if (is_link)
        escape_attribute(html->out, "href", citation->address);
    buffer_append_byte(html->out, '>');
    escape_text(html->out, title);
    buffer_append_text(html->out, is_link ? "</a>" : "</span>");
}

/* Where it is to be found, unless that is its title. */
static void
write_source_place(struct html *html, const struct citation *citation)
{
    struct slice place = citation->document.size > 0 ? citation->document : citation->address;
    if (place.size == 0 || citation->title.size == 0 || slice_equal(place, citation->title))
        return;
    buffer_append_text(html->out, " <span class=\"place\">");
    escape_text(html->out, place);
    buffer_append_text(html->out, "</span>");
}

static void
write_source(struct html *html, const struct citation *citation)
{
    buffer_append_format(html->out, "<li id=\"_source-%u\">", citation->number);
    write_source_title(html, citation);
    write_source_place(html, citation);
    if (citation->is_unverified) {
        buffer_append_text(html->out, " <span class=\"unverified\">");
        escape_text(html->out, slice_text(html->words->unverified));
        buffer_append_text(html->out, "</span>");
    }
    write_back_links(html, "source", citation->number, citation->use_count);
    if (citation->quote.size > 0) {
        buffer_append_text(html->out, "\n<q>");
        escape_text(html->out, citation->quote);
        buffer_append_text(html->out, "</q>");
    }
    buffer_append_text(html->out, "</li>\n");
}

void
html_sources(struct html *html)
{
    const struct citation *citation = html->rendering->document->citations;
    if (citation == NULL)
        return;
    open_section(html, "section", "sources", html->words->sources);
    buffer_append_text(html->out, "<ol>\n");
    for (; citation != NULL; citation = citation->next) {
        write_source(html, citation);
        html->rendering->flush(html->rendering->context);
    }
    buffer_append_text(html->out, "</ol>\n</section>\n");
}
