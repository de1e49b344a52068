#include "convert/docx.h"

#include "base/limits.h"
#include "base/mem.h"
#include "convert/docx_notes.h"
#include "convert/docx_style.h"
#include "convert/links.h"
#include "convert/package.h"
#include "convert/xml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DOCUMENT_BYTES_MAX MIB(512)
#define PART_BYTES_MAX MIB(64)
/* Bytes of a paragraph of which a title is made. */
#define TITLE_BYTES KIB(2)
/* Text boxes in text boxes whose text is given. */
#define BOXES_MAX 8

/* A paragraph on its way. */
struct paragraph {
    struct docx_paragraph is;
    bool is_begun;   /* words of it came out */
    bool is_hidden;  /* the run */
    bool is_raised;  /* the run, of which nothing came out yet */
    bool is_title;   /* it may be the document's */
    unsigned runs;   /* that are open */
    char style[128]; /* its id */
};

struct docx {
    struct plain *text;  /* of the document */
    struct plain *plain; /* where words go: the text, the boxes or a note */
    struct docx_styles *styles;
    struct docx_notes notes;
    struct paragraph paragraph;
    /* Text boxes stand within a paragraph, behind which they come out. */
    struct paragraph outer[BOXES_MAX];
    unsigned box_depth;
    struct buffer box_bytes;
    struct convert_job box_job;
    struct plain boxes;
    unsigned left_out;   /* elements that are open within what is left out */
    bool is_in_words;    /* in an element whose text counts */
    bool is_placeholder; /* what the control holds is not the author's */
    bool was_item;       /* the last paragraph was one of a list */
    bool has_heading;    /* `title` is of a heading: another may be better */
    struct buffer title;
};

/* --- paragraphs --- */

static void
begin_paragraph(struct docx *docx)
{
    docx->paragraph = (struct paragraph){.is = {NULL, -1, -1, -1}};
}

static void
put_marker(struct docx *docx, const struct docx_paragraph *is)
{
    char marker[DOCX_MARKER_BYTES];
    bool is_heading = is->outline < DOCX_LEVELS;
    docx_styles_count(docx->styles, is, marker);
    plain_break(docx->plain, docx->was_item && !is_heading ? 1 : 2);
    plain_indent(docx->plain, is_heading ? 0 : (unsigned)is->level + 1);
    plain_item(docx->plain, marker);
}

/* The first title of all, or else the first heading. */
static void
choose_title(struct docx *docx, const struct docx_paragraph *is)
{
    bool is_title = docx_styles_is_title(docx->styles, is->style);
    bool has_title = docx->title.size > 0 && !docx->has_heading;
    bool is_better = is_title ? !has_title : is->outline == 0 && docx->title.size == 0;
    if (docx->plain != docx->text || !is_better)
        return;
    buffer_clear(&docx->title);
    docx->has_heading = !is_title;
    docx->paragraph.is_title = true;
}

/* Before the first of its words: what it is is known by then. */
static void
open_paragraph(struct docx *docx)
{
    struct docx_paragraph *is = &docx->paragraph.is;
    if (docx->paragraph.is_begun)
        return;
    docx->paragraph.is_begun = true;
    is->style = docx->paragraph.style;
    docx_styles_resolve(docx->styles, is);
    bool is_item = is->list > 0;
    choose_title(docx, is);
    plain_indent(docx->plain, 0);
    if (is_item)
        put_marker(docx, is);
    else
        plain_break(docx->plain, 2);
    docx->was_item = is_item && is->outline >= DOCX_LEVELS;
}

static void
put_boxes(struct docx *docx)
{
    if (docx->box_bytes.size == 0 || docx->box_depth > 0)
        return;
    plain_break(docx->plain, 2);
    plain_verbatim(docx->plain, buffer_slice(&docx->box_bytes));
    docx->text->is_over = docx->text->is_over || plain_is_over(&docx->boxes);
    plain_break(docx->plain, 2);
    buffer_clear(&docx->box_bytes);
    plain_init(&docx->boxes, &docx->box_job);
}

/* An item without words has its number all the same. */
static void
pass_over(struct docx *docx)
{
    char marker[DOCX_MARKER_BYTES];
    struct docx_paragraph *is = &docx->paragraph.is;
    is->style = docx->paragraph.style;
    docx_styles_resolve(docx->styles, is);
    if (is->list > 0)
        docx_styles_count(docx->styles, is, marker);
}

static void
end_paragraph(struct docx *docx)
{
    if (!docx->paragraph.is_begun)
        pass_over(docx);
    plain_break(docx->plain, docx->was_item ? 1 : 2);
    plain_indent(docx->plain, 0);
    docx->paragraph.is_title = false;
    put_boxes(docx);
}

static void
put_words(struct docx *docx, struct slice words)
{
    if (docx->paragraph.is_hidden)
        return;
    open_paragraph(docx);
    if (docx->paragraph.is_raised)
        plain_raised(docx->plain, words);
    docx->paragraph.is_raised = false;
    plain_words(docx->plain, words);
    if (docx->paragraph.is_title)
        buffer_append_slice(&docx->title, slice_cut(words, TITLE_BYTES - docx->title.size));
}

/* --- text boxes --- */

static void
begin_box(struct docx *docx)
{
    if (docx->box_depth == BOXES_MAX || docx->plain == &docx->notes.plain) {
        docx->left_out++;
        return;
    }
    docx->outer[docx->box_depth++] = docx->paragraph;
    docx->plain = &docx->boxes;
}

static void
end_box(struct docx *docx)
{
    docx->paragraph = docx->outer[--docx->box_depth];
    if (docx->box_depth > 0)
        return;
    docx->plain = docx->text;
    docx->was_item = false;
}

/* --- elements --- */

enum element {
    ELEMENT_OTHER,
    ELEMENT_LEFT_OUT,
    ELEMENT_PARAGRAPH,
    ELEMENT_STYLE,
    ELEMENT_OUTLINE,
    ELEMENT_LIST,
    ELEMENT_LEVEL,
    ELEMENT_RUN,
    ELEMENT_HIDDEN,
    ELEMENT_RAISED,
    ELEMENT_WORDS,
    ELEMENT_TAB,
    ELEMENT_BREAK,
    ELEMENT_HYPHEN,
    ELEMENT_TABLE,
    ELEMENT_ROW,
    ELEMENT_CELL,
    ELEMENT_BOX,
    ELEMENT_PLACEHOLDER,
    ELEMENT_CONTROL,
    ELEMENT_FOOTNOTE,
    ELEMENT_ENDNOTE,
    ELEMENT_NOTE,
};

/* Sorted by name. Left out is what was deleted or moved away, what stood there before a change, the
 * second form of what newer programs draw otherwise, and how a word is pronounced. */
static const struct {
    const char *name;
    enum element element;
} elements[] = {
    {"Fallback", ELEMENT_LEFT_OUT},
    {"br", ELEMENT_BREAK},
    {"cr", ELEMENT_BREAK},
    {"del", ELEMENT_LEFT_OUT},
    {"endnote", ELEMENT_NOTE},
    {"endnoteReference", ELEMENT_ENDNOTE},
    {"footnote", ELEMENT_NOTE},
    {"footnoteReference", ELEMENT_FOOTNOTE},
    {"ilvl", ELEMENT_LEVEL},
    {"moveFrom", ELEMENT_LEFT_OUT},
    {"noBreakHyphen", ELEMENT_HYPHEN},
    {"numId", ELEMENT_LIST},
    {"outlineLvl", ELEMENT_OUTLINE},
    {"p", ELEMENT_PARAGRAPH},
    {"pPrChange", ELEMENT_LEFT_OUT},
    {"pStyle", ELEMENT_STYLE},
    {"ptab", ELEMENT_TAB},
    {"r", ELEMENT_RUN},
    {"rPrChange", ELEMENT_LEFT_OUT},
    {"rt", ELEMENT_LEFT_OUT},
    {"sdtContent", ELEMENT_CONTROL},
    {"showingPlcHdr", ELEMENT_PLACEHOLDER},
    {"t", ELEMENT_WORDS},
    {"tab", ELEMENT_TAB},
    {"tbl", ELEMENT_TABLE},
    {"tc", ELEMENT_CELL},
    {"tr", ELEMENT_ROW},
    {"txbxContent", ELEMENT_BOX},
    {"vanish", ELEMENT_HIDDEN},
    {"vertAlign", ELEMENT_RAISED},
};

static int
compare_names(const void *name, const void *entry)
{
    return strcmp(name, *(const char *const *)entry);
}

static enum element
element_of(const char *name)
{
    const char *const *found =
        bsearch(name, elements, COUNT_OF(elements), sizeof(elements[0]), compare_names);
    if (found == NULL)
        return ELEMENT_OTHER;
    size_t index = (size_t)((const char *)found - (const char *)elements) / sizeof(elements[0]);
    return elements[index].element;
}

static int32_t
number_of(const char *text)
{
    int64_t number = 0;
    bool is_good = text != NULL && slice_parse_int64(slice_text(text), &number) && number >= 0 &&
                   number < INT32_MAX;
    return is_good ? (int32_t)number : -1;
}

/* An element that is a switch is on unless it says otherwise. */
static bool
is_on(const char *value)
{
    return value == NULL ||
           (strcmp(value, "0") != 0 && strcmp(value, "false") != 0 && strcmp(value, "off") != 0);
}

static void
put_break(struct docx *docx, const char *type)
{
    if (docx->paragraph.runs == 0 || docx->paragraph.is_hidden)
        return;
    open_paragraph(docx);
    bool is_page = type != NULL && strcmp(type, "page") == 0;
    if (is_page && docx->plain == docx->text && docx->plain->row_depth == 0)
        plain_page(docx->plain);
    else
        plain_break(docx->plain, 1);
}

static void
put_note(struct docx *docx, bool is_endnote, int32_t id)
{
    struct slice note = docx_notes_find(&docx->notes, is_endnote, id);
    if (note.size == 0 || docx->plain == &docx->notes.plain)
        return;
    put_words(docx, SLICE(" ["));
    put_words(docx, note);
    put_words(docx, SLICE("]"));
}

static void
begin_note(struct docx *docx, const char *type, int32_t id)
{
    if (type != NULL && strcmp(type, "normal") != 0)
        docx->left_out++;
    else
        docx_notes_begin(&docx->notes, id);
}

/* Of tables in tables the inner one stays in its cell. */
static void
begin_table_part(struct docx *docx, enum element element)
{
    docx->was_item = false;
    if (element == ELEMENT_ROW)
        plain_row_begin(docx->plain);
    else
        plain_break(docx->plain, 2);
}

static void
take_property(struct docx *docx, enum element element, const char *value)
{
    struct paragraph *paragraph = &docx->paragraph;
    if (element == ELEMENT_STYLE)
        snprintf(paragraph->style, sizeof(paragraph->style), "%s", value == NULL ? "" : value);
    else if (element == ELEMENT_OUTLINE)
        paragraph->is.outline = number_of(value);
    else if (element == ELEMENT_LIST)
        paragraph->is.list = number_of(value);
    else if (element == ELEMENT_LEVEL)
        paragraph->is.level = number_of(value);
}

static void
begin_element(struct docx *docx, struct xml *xml, enum element element, const char **attributes)
{
    const char *value = xml_own_attribute(xml, attributes, "val");
    const char *type = xml_own_attribute(xml, attributes, "type");
    int32_t id = number_of(xml_own_attribute(xml, attributes, "id"));
    switch (element) {
    case ELEMENT_OTHER:
        return;
    case ELEMENT_LEFT_OUT:
        docx->left_out++;
        return;
    case ELEMENT_PARAGRAPH:
        begin_paragraph(docx);
        return;
    case ELEMENT_STYLE:
    case ELEMENT_OUTLINE:
    case ELEMENT_LIST:
    case ELEMENT_LEVEL:
        take_property(docx, element, value);
        return;
    case ELEMENT_RUN:
        docx->paragraph.runs++;
        docx->paragraph.is_hidden = docx->paragraph.is_raised = false;
        return;
    case ELEMENT_RAISED:
        docx->paragraph.is_raised = value != NULL && strcmp(value, "superscript") == 0;
        return;
    case ELEMENT_HIDDEN:
        docx->paragraph.is_hidden = docx->paragraph.runs > 0 && is_on(value);
        return;
    case ELEMENT_WORDS:
        docx->is_in_words = true;
        return;
    case ELEMENT_TAB:
        if (docx->paragraph.runs > 0)
            put_words(docx, SLICE(" "));
        return;
    case ELEMENT_BREAK:
        put_break(docx, type);
        return;
    case ELEMENT_HYPHEN:
        put_words(docx, SLICE("-"));
        return;
    case ELEMENT_TABLE:
    case ELEMENT_ROW:
        begin_table_part(docx, element);
        return;
    case ELEMENT_CELL:
        plain_cell(docx->plain);
        return;
    case ELEMENT_BOX:
        begin_box(docx);
        return;
    case ELEMENT_PLACEHOLDER:
        docx->is_placeholder = is_on(value);
        return;
    case ELEMENT_CONTROL:
        docx->left_out += docx->is_placeholder;
        docx->is_placeholder = false;
        return;
    case ELEMENT_FOOTNOTE:
    case ELEMENT_ENDNOTE:
        put_note(docx, element == ELEMENT_ENDNOTE, id);
        return;
    case ELEMENT_NOTE:
        begin_note(docx, type, id);
        return;
    }
}

static void
end_element(struct docx *docx, enum element element)
{
    switch (element) {
    case ELEMENT_PARAGRAPH:
        end_paragraph(docx);
        return;
    case ELEMENT_RUN:
        docx->paragraph.runs -= docx->paragraph.runs > 0;
        docx->paragraph.is_hidden = docx->paragraph.is_raised = false;
        return;
    case ELEMENT_WORDS:
        docx->is_in_words = false;
        return;
    case ELEMENT_TABLE:
        plain_break(docx->plain, 2);
        return;
    case ELEMENT_ROW:
        plain_row_end(docx->plain);
        return;
    case ELEMENT_BOX:
        end_box(docx);
        return;
    case ELEMENT_NOTE:
        docx_notes_end(&docx->notes);
        return;
    case ELEMENT_OTHER:
    case ELEMENT_LEFT_OUT:
    case ELEMENT_STYLE:
    case ELEMENT_OUTLINE:
    case ELEMENT_LIST:
    case ELEMENT_LEVEL:
    case ELEMENT_HIDDEN:
    case ELEMENT_RAISED:
    case ELEMENT_TAB:
    case ELEMENT_BREAK:
    case ELEMENT_HYPHEN:
    case ELEMENT_CELL:
    case ELEMENT_PLACEHOLDER:
    case ELEMENT_CONTROL:
    case ELEMENT_FOOTNOTE:
    case ELEMENT_ENDNOTE:
        return;
    }
}

static void
on_begin(struct xml *xml, const char *name, const char **attributes)
{
    struct docx *docx = xml_context(xml);
    if (docx->left_out > 0) {
        docx->left_out++;
        return;
    }
    if (plain_is_over(docx->text))
        xml_fail(xml, STATUS_LIMIT, "its text is too long");
    begin_element(docx, xml, element_of(name), attributes);
}

static void
on_end(struct xml *xml, const char *name)
{
    struct docx *docx = xml_context(xml);
    if (docx->left_out > 0)
        docx->left_out--;
    else
        end_element(docx, element_of(name));
}

static void
on_text(struct xml *xml, struct slice text)
{
    struct docx *docx = xml_context(xml);
    if (docx->left_out == 0 && docx->is_in_words)
        put_words(docx, text);
}

/* --- parts --- */

static enum status
read_part(struct docx *docx, struct package *package, const char *part, struct error *error)
{
    const struct xml_handler handler = {on_begin, on_end, on_text, docx, docx_namespaces};
    begin_paragraph(docx);
    docx->left_out = 0;
    docx->is_in_words = docx->is_placeholder = docx->was_item = false;
    enum status status = xml_read(package, part, DOCUMENT_BYTES_MAX, &handler, error);
    /* A part that another names has to be there. */
    return status == STATUS_NOT_FOUND ? (error->status = STATUS_INVALID) : status;
}

static enum status
read_notes(struct docx *docx, const struct links *links, bool is_endnote, struct error *error)
{
    const char *part = links_part(links, is_endnote ? "endnotes" : "footnotes");
    if (part == NULL || !package_has(links->package, part))
        return STATUS_OK;
    docx->plain = &docx->notes.plain;
    docx->notes.is_endnote = is_endnote;
    /* Whatever stands outside of all notes is none. */
    docx_notes_begin(&docx->notes, -1);
    enum status status = read_part(docx, links->package, part, error);
    docx->plain = docx->text;
    if (status == STATUS_OK && buffer_is_over(&docx->notes.bytes))
        status = error_set(error, STATUS_LIMIT, "its notes are longer than %zu MB",
                           LIMIT_SOURCE_TEXT_BYTES / MIB(1));
    return status;
}

struct core {
    struct buffer title;
    bool is_in_title;
};

static void
on_core(struct xml *xml, const char *name, const char **attributes)
{
    struct core *core = xml_context(xml);
    core->is_in_title = strcmp(name, "title") == 0;
}

static void
on_core_end(struct xml *xml, const char *name)
{
    struct core *core = xml_context(xml);
    core->is_in_title = false;
}

static void
on_core_text(struct xml *xml, struct slice text)
{
    struct core *core = xml_context(xml);
    if (core->is_in_title)
        buffer_append_slice(&core->title, slice_cut(text, TITLE_BYTES - core->title.size));
}

/* What the program that wrote it tells; if it is not there or damaged, nothing is lost. */
static struct slice
core_title(struct package *package, const char *part, struct arena *arena)
{
    struct core core = {.is_in_title = false};
    const struct xml_handler handler = {on_core, on_core_end, on_core_text, &core, docx_namespaces};
    buffer_init(&core.title, TITLE_BYTES);
    if (part != NULL)
        status_ignore(xml_read(package, part, PART_BYTES_MAX, &handler, NULL));
    struct slice title = plain_title(arena, buffer_slice(&core.title));
    buffer_done(&core.title);
    return title;
}

/* --- the document --- */

static enum status
refuse(const char *what, struct error *error)
{
    return error_set(error, STATUS_INVALID, "it is %s", what);
}

static enum status
refuse_other_package(struct package *package, const char *part, struct error *error)
{
    if (part != NULL && strncasecmp(part, "xl/", 3) == 0)
        return refuse("an Excel workbook; read_xlsx reads its rows", error);
    if (part != NULL && strncasecmp(part, "ppt/", 4) == 0)
        return refuse("a presentation (.pptx); save it as a PDF", error);
    if (part != NULL)
        return STATUS_OK;
    if (package_has(package, "META-INF/container.xml"))
        return refuse("an e-book (EPUB); make a PDF of it", error);
    if (package_has(package, "content.xml"))
        return refuse("an OpenDocument file; save it as a Word document (.docx)", error);
    return refuse("a ZIP file; unpack it, and read the documents in it", error);
}

static enum status
read_document(struct docx *docx, struct links *links, const char *part, struct error *error)
{
    enum status status = links_read(links, part, error);
    if (status == STATUS_NOT_FOUND) {
        links->count = 0;
        status = STATUS_OK;
    }
    if (status == STATUS_OK)
        status = docx_styles_read(&docx->styles, links->package, links_part(links, "styles"),
                                  links_part(links, "numbering"), error);
    if (status == STATUS_OK)
        status = read_notes(docx, links, false, error);
    if (status == STATUS_OK)
        status = read_notes(docx, links, true, error);
    if (status == STATUS_OK)
        status = read_part(docx, links->package, part, error);
    if (status == STATUS_OK || plain_is_over(docx->text))
        status = plain_end(docx->text, error);
    if (status == STATUS_OK && !docx->text->has_words)
        return refuse("without text; text in images is not read", error);
    return status;
}

static void
keep(void *context)
{
}

static enum status
read_package(struct docx *docx, struct package *package, struct arena *arena, struct slice *title,
             struct error *error)
{
    struct links links;
    links_init(&links, package, arena);
    enum status status = links_read(&links, "", error);
    const char *part = status == STATUS_OK ? links_part(&links, "officeDocument") : NULL;
    const char *core = status == STATUS_OK ? links_part(&links, "core-properties") : NULL;
    if (status == STATUS_OK || status == STATUS_NOT_FOUND)
        status = refuse_other_package(package, part, error);
    if (status == STATUS_OK)
        status = read_document(docx, &links, part, error);
    if (status == STATUS_OK)
        *title = core_title(package, core, arena);
    if (status == STATUS_OK && title->ptr == NULL)
        *title = plain_title(arena, buffer_slice(&docx->title));
    links_done(&links);
    return status;
}

enum status
docx_read(struct plain *plain, int fd, struct arena *arena, struct slice *title,
          struct error *error)
{
    struct package *package = NULL;
    struct docx docx = {.text = plain, .plain = plain, .box_job = {.flush = keep}};
    docx.box_job.out = &docx.box_bytes;
    *title = slice_of(NULL, 0);
    buffer_init(&docx.box_bytes, LIMIT_SOURCE_TEXT_BYTES);
    buffer_init(&docx.title, TITLE_BYTES);
    plain_init(&docx.boxes, &docx.box_job);
    docx_notes_init(&docx.notes);
    enum status status = package_open(&package, fd, error);
    if (status == STATUS_OK)
        status = read_package(&docx, package, arena, title, error);
    package_close(&package);
    docx_styles_free(&docx.styles);
    docx_notes_done(&docx.notes);
    buffer_done(&docx.box_bytes);
    buffer_done(&docx.title);
    return status;
}
