#include "render/docx.h"

#include "base/limits.h"
#include "document/zip_write.h"
#include "render/words.h"

#include <inttypes.h>
#include <stdio.h>

/* The body, and the notes, before they are deflated. */
#define PART_BYTES MIB(128)
/* Sizes of paper and margins, in twips. */
#define MARGIN 1418
#define CONTENTS_RANK_MAX 3

/* --- parts --- */

void
docx_append(struct docx *docx, struct slice text)
{
    escape_text(&docx->part->body, text);
}

uint32_t
docx_link(struct docx *docx, const char *kind, struct slice target, bool is_outside)
{
    struct buffer *links = &docx->part->links;
    uint32_t number = ++docx->part->link_count;
    buffer_append_format(
        links, "<Relationship Id=\"rId%" PRIu32 "\" Type=\"" DOCX_OFFICE "/%s\" Target=\"", number,
        kind);
    escape_text(links, target);
    buffer_append_text(links, is_outside ? "\" TargetMode=\"External\"/>" : "\"/>");
    return number;
}

/* The same picture twice is one file. */
static const struct docx_thing *
find_picture(const struct docx *docx, const struct picture *picture)
{
    for (const struct docx_thing *thing = docx->things; thing != NULL; thing = thing->next) {
        if (picture != NULL && thing->picture == picture)
            return thing;
    }
    return NULL;
}

static const char *
thing_target(const struct docx *docx, const struct docx_thing *thing)
{
    if (thing->chart != NULL)
        return arena_format(docx->arena, "charts/chart%" PRIu32 ".xml", thing->number);
    return arena_format(docx->arena, "media/image%" PRIu32 ".%s", thing->number,
                        thing->picture->type == PICTURE_PNG ? "png" : "jpeg");
}

struct docx_thing *
docx_add_thing(struct docx *docx, const struct picture *picture, const struct chart *chart)
{
    const struct docx_thing *same = find_picture(docx, picture);
    struct docx_thing *thing = arena_alloc(docx->arena, sizeof(*thing));
    *thing = (struct docx_thing){.picture = picture, .chart = chart};
    if (same != NULL)
        thing->number = same->number;
    else
        thing->number = chart != NULL ? ++docx->chart_count : ++docx->picture_count;
    thing->link = docx_link(docx, chart != NULL ? "chart" : "image",
                            slice_text(thing_target(docx, thing)), false);
    if (same != NULL)
        return thing;
    *docx->last_thing = thing;
    docx->last_thing = &thing->next;
    return thing;
}

/* --- the body --- */

static void
append_line(struct docx *docx, const char *style, struct slice text)
{
    struct docx_place place = {.style = style};
    if (text.size == 0)
        return;
    docx_begin_paragraph(docx, &place);
    docx_run(docx, text, "");
    docx_text(docx, "</w:p>");
}

static void
append_front(struct docx *docx)
{
    const struct document *document = docx->document;
    const char *between = document->author.size > 0 && document->date.size > 0 ? " \u00B7 " : "";
    struct docx_place place = {.style = "Title"};
    if (document->title != NULL) {
        docx_begin_paragraph(docx, &place);
        docx_spans(docx, document->title, false);
        docx_text(docx, "</w:p>");
    }
    append_line(docx, "Subtitle", document->subtitle);
    append_line(docx, "Byline",
                slice_text(arena_format(docx->arena, "%.*s%s%.*s", SLICE_FORMAT(document->author),
                                        between, SLICE_FORMAT(document->date))));
}

/* The entries stand in a field, so that Word can make them anew, with page numbers. */
static void
append_contents(struct docx *docx)
{
    static const char *const styles[] = {"TOC1", "TOC2", "TOC3"};
    bool is_first = true;
    append_line(docx, "TOCHeading", slice_text(words_of(docx->document->language)->contents));
    for (const struct block *block = docx->document->headings; block != NULL;
         block = block->heading.next) {
        if (block->heading.rank > CONTENTS_RANK_MAX)
            continue;
        struct docx_place place = {.style = styles[block->heading.rank - 1]};
        docx_begin_paragraph(docx, &place);
        if (is_first)
            docx_text(docx, "<w:r><w:fldChar w:fldCharType=\"begin\"/></w:r><w:r><w:instrText "
                            "xml:space=\"preserve\"> TOC \\o \"1-3\" \\h \\z </w:instrText></w:r>"
                            "<w:r><w:fldChar w:fldCharType=\"separate\"/></w:r>");
        docx_text(docx, "<w:hyperlink w:anchor=\"");
        docx_append(docx, block->heading.anchor);
        docx_text(docx, "\" w:history=\"1\">");
        docx_run(docx, block->heading.text, "");
        docx_text(docx, "</w:hyperlink></w:p>");
        is_first = false;
    }
    if (!is_first)
        docx_text(docx, "<w:p><w:r><w:fldChar w:fldCharType=\"end\"/></w:r></w:p>");
}

static void
append_source(struct docx *docx, const struct citation *citation)
{
    struct docx_place place = {.style = "Source"};
    docx_begin_paragraph(docx, &place);
    docx_bookmark(docx, "source-%" PRIu32, citation->number);
    if (citation->use_count > 0)
        docx_format(docx, "<w:hyperlink w:anchor=\"cite-%" PRIu32 "\" w:history=\"1\">",
                    citation->number);
    docx_run(docx, slice_text(arena_format(docx->arena, "[%" PRIu32 "]\t", citation->number)), "");
    if (citation->use_count > 0)
        docx_text(docx, "</w:hyperlink>");
    if (citation->title.size > 0)
        docx_run(docx, citation->title, "<w:b/><w:bCs/>");
    if (citation->quote.size > 0) {
        docx_run(docx, SLICE(" \u201C"), "");
        docx_run(docx, citation->quote, "");
        docx_run(docx, SLICE("\u201D"), "");
    }
    if (citation->is_unverified)
        docx_run(docx,
                 slice_text(arena_format(docx->arena, " (%s)",
                                         words_of(docx->document->language)->unverified)),
                 "<w:i/><w:iCs/>");
    if (citation->document.size > 0 && !slice_equal(citation->document, citation->title))
        docx_run(docx,
                 slice_text(arena_format(docx->arena, " %.*s", SLICE_FORMAT(citation->document))),
                 "");
    if (citation->address.size > 0) {
        docx_run(docx, SLICE(" "), "");
        docx_format(docx, "<w:hyperlink r:id=\"rId%" PRIu32 "\" w:history=\"1\">",
                    docx_link(docx, "hyperlink", citation->address, true));
        docx_run(docx, citation->address, "<w:rStyle w:val=\"Hyperlink\"/>");
        docx_text(docx, "</w:hyperlink>");
    }
    docx_text(docx, "</w:p>");
}

static void
append_sources(struct docx *docx)
{
    if (docx->document->citations == NULL)
        return;
    append_line(docx, "Heading1", slice_text(words_of(docx->document->language)->sources));
    for (const struct citation *citation = docx->document->citations; citation != NULL;
         citation = citation->next)
        append_source(docx, citation);
}

#define NAMESPACES                                                                                 \
    " xmlns:w=\"" DOCX_WORD "\" xmlns:r=\"" DOCX_OFFICE "\" xmlns:wp=\"" DOCX_DRAWING              \
    "wordprocessingDrawing\" xmlns:a=\"" DOCX_DRAWING "main\" xmlns:pic=\"" DOCX_DRAWING           \
    "picture\">"

static void
append_section(struct docx *docx)
{
    bool is_letter = docx->rendering->paper == PAPER_LETTER;
    docx_format(docx,
                "<w:sectPr><w:headerReference w:type=\"default\" r:id=\"rId%" PRIu32
                "\"/><w:footerReference w:type=\"default\" r:id=\"rId%" PRIu32 "\"/>",
                docx_link(docx, "header", SLICE("header1.xml"), false),
                docx_link(docx, "footer", SLICE("footer1.xml"), false));
    docx_format(docx,
                "<w:pgSz w:w=\"%d\" w:h=\"%d\"/><w:pgMar w:top=\"%d\" w:right=\"%d\" "
                "w:bottom=\"%d\" w:left=\"%d\" w:header=\"709\" w:footer=\"709\" "
                "w:gutter=\"0\"/>%s</w:sectPr>",
                is_letter ? 12240 : 11906, is_letter ? 15840 : 16838, MARGIN, MARGIN, MARGIN,
                MARGIN, docx->document->direction == DIRECTION_RIGHT_TO_LEFT ? "<w:bidi/>" : "");
}

static void
write_body(struct docx *docx)
{
    struct docx_place place = {0};
    docx->part = &docx->main;
    docx_link(docx, "styles", SLICE("styles.xml"), false);
    docx_link(docx, "numbering", SLICE("numbering.xml"), false);
    docx_link(docx, "settings", SLICE("settings.xml"), false);
    docx_link(docx, "footnotes", SLICE("footnotes.xml"), false);
    docx_text(docx, DOCX_XML "<w:document" NAMESPACES "<w:body>");
    append_front(docx);
    if (docx->rendering->has_contents)
        append_contents(docx);
    docx_blocks(docx, docx->document->first, &place);
    append_sources(docx);
    append_section(docx);
    docx_text(docx, "</w:body></w:document>");
}

static void
write_notes(struct docx *docx)
{
    docx->part = &docx->notes;
    docx_text(docx, DOCX_XML "<w:footnotes" NAMESPACES
                             "<w:footnote w:type=\"separator\" w:id=\"-1\"><w:p><w:r>"
                             "<w:separator/></w:r></w:p></w:footnote><w:footnote "
                             "w:type=\"continuationSeparator\" w:id=\"0\"><w:p><w:r>"
                             "<w:continuationSeparator/></w:r></w:p></w:footnote>");
    for (const struct note *note = docx->document->notes; note != NULL; note = note->next) {
        struct docx_place place = {.style = "FootnoteText", .note = note};
        docx_format(docx, "<w:footnote w:id=\"%" PRIu32 "\">", note->number);
        /* The mark stands in a paragraph; a note that does not begin with one gets it. */
        if (note->first == NULL || note->first->kind != BLOCK_PARAGRAPH) {
            docx_begin_paragraph(docx, &place);
            docx_text(docx, "</w:p>");
            place.note = NULL;
        }
        docx_blocks(docx, note->first, &place);
        docx_text(docx, "</w:footnote>");
    }
    docx_text(docx, "</w:footnotes>");
}

/* --- the file --- */

struct package {
    struct zip_writer *zip;
    const struct rendering *rendering;
    bool is_over;
};

static void
add_bytes(struct package *package, const char *name, struct slice bytes)
{
    const struct rendering *rendering = package->rendering;
    zip_begin(package->zip, name, rendering->out);
    for (size_t at = 0; at < bytes.size; at += KIB(64)) {
        size_t size = bytes.size - at < KIB(64) ? bytes.size - at : KIB(64);
        zip_add(package->zip, slice_of(bytes.ptr + at, size), rendering->out);
        rendering->flush(rendering->context);
    }
    zip_end(package->zip, rendering->out);
}

typedef void append_fn(struct buffer *out, const struct docx *docx);

static void
add_part(struct package *package, const char *name, append_fn *append, const struct docx *docx)
{
    struct buffer text;
    buffer_init(&text, PART_BYTES);
    append(&text, docx);
    package->is_over |= buffer_is_over(&text);
    add_bytes(package, name, buffer_slice(&text));
    buffer_done(&text);
}

static void
append_main_links(struct buffer *out, const struct docx *docx)
{
    docx_append_links(out, &docx->main);
}

static void
append_note_links(struct buffer *out, const struct docx *docx)
{
    docx_append_links(out, &docx->notes);
}

static void
append_package_links(struct buffer *out, const struct docx *docx)
{
    buffer_append_text(out, DOCX_XML
                       "<Relationships xmlns=\"" DOCX_PACKAGE "relationships\">"
                       "<Relationship Id=\"rId1\" Type=\"" DOCX_OFFICE
                       "/officeDocument\" Target=\"word/document.xml\"/>"
                       "<Relationship Id=\"rId2\" Type=\"" DOCX_PACKAGE
                       "relationships/metadata/core-properties\" Target=\"docProps/core.xml\"/>"
                       "</Relationships>");
}

static void
add_things(struct package *package, const struct docx *docx)
{
    for (const struct docx_thing *thing = docx->things; thing != NULL; thing = thing->next) {
        const char *name = arena_format(docx->arena, "word/%s", thing_target(docx, thing));
        if (thing->picture != NULL) {
            add_bytes(package, name, thing->picture->bytes);
            continue;
        }
        struct buffer text;
        buffer_init(&text, PART_BYTES);
        docx_append_chart(&text, thing->chart);
        package->is_over |= buffer_is_over(&text);
        add_bytes(package, name, buffer_slice(&text));
        buffer_done(&text);
    }
}

static enum status
write_package(const struct docx *docx, struct error *error)
{
    static const struct {
        const char *name;
        append_fn *append;
    } parts[] = {
        {"[Content_Types].xml", docx_append_types},
        {"_rels/.rels", append_package_links},
        {"docProps/core.xml", docx_append_properties},
        {"word/_rels/document.xml.rels", append_main_links},
        {"word/_rels/footnotes.xml.rels", append_note_links},
        {"word/styles.xml", docx_append_styles},
        {"word/numbering.xml", docx_append_numbering},
        {"word/settings.xml", docx_append_settings},
        {"word/header1.xml", docx_append_header},
        {"word/footer1.xml", docx_append_footer},
    };
    struct package package = {.zip = zip_writer_new(), .rendering = docx->rendering};
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        add_part(&package, parts[i].name, parts[i].append, docx);
    add_bytes(&package, "word/document.xml", buffer_slice(&docx->main.body));
    add_bytes(&package, "word/footnotes.xml", buffer_slice(&docx->notes.body));
    add_things(&package, docx);
    enum status status = zip_finish(package.zip, docx->rendering->out, error);
    zip_writer_free(&package.zip);
    bool is_over = package.is_over || buffer_is_over(&docx->main.body) ||
                   buffer_is_over(&docx->main.links) || buffer_is_over(&docx->notes.body) ||
                   buffer_is_over(&docx->notes.links);
    if (status == STATUS_OK && is_over)
        status = error_set(error, STATUS_LIMIT, "the document is too large for DOCX");
    return status;
}

static void
part_init(struct docx_part *part)
{
    buffer_init(&part->body, PART_BYTES);
    buffer_init(&part->links, PART_BYTES);
}

static void
part_done(struct docx_part *part)
{
    buffer_done(&part->body);
    buffer_done(&part->links);
}

enum status
render_docx(struct rendering *rendering, struct error *error)
{
    int paper = rendering->paper == PAPER_LETTER ? 12240 : 11906;
    struct docx docx = {.rendering = rendering,
                        .document = rendering->document,
                        .arena = rendering->arena,
                        .width = (uint32_t)(paper - 2 * MARGIN)};
    docx.last_thing = &docx.things;
    docx.last_list = &docx.lists;
    part_init(&docx.main);
    part_init(&docx.notes);
    write_notes(&docx);
    write_body(&docx);
    enum status status = write_package(&docx, error);
    part_done(&docx.main);
    part_done(&docx.notes);
    return status;
}
