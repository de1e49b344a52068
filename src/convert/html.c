#include "convert/html.h"

#include "base/limits.h"
#include "base/mem.h"
#include "convert/html_depth.h"
#include "convert/html_tag.h"
#include "convert/sniff.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Articles of one page that are given; a page of more is a list of them. */
#define ARTICLES_MAX 64
/* What a page says is its content has to be more than a line. */
#define CONTENT_BYTES_MIN 100

/* --- the charset --- */

/* As browsers do, only roughly: what counts is that a wrong one is not believed (text.c). */
struct slice
html_charset(struct slice head)
{
    for (size_t i = 0; i + 5 < head.size; i++) {
        if (head.ptr[i] != '<' || strncasecmp(head.ptr + i + 1, "meta", 4) != 0)
            continue;
        const char *end = memchr(head.ptr + i, '>', head.size - i);
        if (end == NULL)
            break;
        struct slice name = sniff_charset(slice_of(head.ptr + i, (size_t)(end - head.ptr) - i));
        if (name.size > 0)
            return name;
    }
    return slice_of(NULL, 0);
}

/* --- characters --- */

/* The parser would make U+FFFD of them, and text, before which no head may stand, of a byte order
 * mark. */
static size_t
drop_controls(char *html, size_t size)
{
    size_t kept = 0;
    bool is_marked = slice_starts_with(slice_of(html, size), SLICE("\xEF\xBB\xBF"));
    for (size_t i = is_marked ? 3 : 0; i < size; i++) {
        unsigned char byte = (unsigned char)html[i];
        bool is_control = byte < ' ' && memchr("\t\n\f\r", byte, 4) == NULL;
        bool is_wide = byte == 0xC2 && i + 1 < size && ((unsigned char)html[i + 1] & 0xE0) == 0x80;
        if (is_wide)
            i++;
        else if (!is_control && byte != 0x7F)
            html[kept++] = (char)byte;
    }
    return kept;
}

/* --- elements --- */

static bool
is_element(const GumboNode *node)
{
    return node->type == GUMBO_NODE_ELEMENT || node->type == GUMBO_NODE_TEMPLATE;
}

static bool
is_tag(const GumboNode *node, GumboTag tag)
{
    return is_element(node) && node->v.element.tag == tag;
}

static const char *
attribute(const GumboNode *node, const char *name)
{
    const GumboAttribute *found = gumbo_get_attribute(&node->v.element.attributes, name);
    return found == NULL ? NULL : found->value;
}

static bool
has_value(const GumboNode *node, const char *name, const char *const *values)
{
    const char *value = attribute(node, name);
    for (; value != NULL && *values != NULL; values++) {
        if (strcasecmp(value, *values) == 0)
            return true;
    }
    return false;
}

/* Whether a declaration of the style, white space aside, begins with one of these. */
static bool
has_style(const char *style, const char *const *declarations)
{
    char plain[512];
    size_t size = 0;
    plain[size++] = ';';
    for (; *style != '\0' && size < sizeof(plain) - 1; style++) {
        if (strchr(" \t\r\n\f", *style) == NULL)
            plain[size++] = (char)(*style >= 'A' && *style <= 'Z' ? *style + 32 : *style);
    }
    plain[size] = '\0';
    for (; *declarations != NULL; declarations++) {
        if (strstr(plain, *declarations) != NULL)
            return true;
    }
    return false;
}

/* By its own attributes. Pages that fade in begin with opacity 0, and a font size of 0 only closes
 * gaps between what is inside. */
static bool
is_hidden(const GumboNode *node)
{
    static const char *const yes[] = {"true", NULL};
    static const char *const nothing[] = {";display:none", ";visibility:hidden",
                                          ";visibility:collapse", ";content-visibility:hidden",
                                          NULL};
    if (node->v.element.attributes.length == 0)
        return false;
    const char *style = attribute(node, "style");
    return attribute(node, "hidden") != NULL || has_value(node, "aria-hidden", yes) ||
           (style != NULL && has_style(style, nothing));
}

/* gumbo does not know <dialog>. */
static bool
is_closed_dialog(const GumboNode *node)
{
    const GumboStringPiece *tag = &node->v.element.original_tag;
    return is_tag(node, GUMBO_TAG_UNKNOWN) && tag->length > 7 &&
           strncasecmp(tag->data, "<dialog", 7) == 0 && attribute(node, "open") == NULL;
}

static bool
is_main(const GumboNode *node)
{
    static const char *const main_role[] = {"main", NULL};
    return is_tag(node, GUMBO_TAG_MAIN) || has_value(node, "role", main_role);
}

static enum html_role
role_of(const GumboNode *node)
{
    static const char *const elsewhere[] = {"navigation", "search",      "menu",         "menubar",
                                            "dialog",     "alertdialog", "doc-backlink", NULL};
    static const char *const aside[] = {"contentinfo", "complementary", NULL};
    if (node->type == GUMBO_NODE_TEMPLATE || is_hidden(node) || is_closed_dialog(node))
        return HTML_SKIPPED;
    if (node->v.element.tag_namespace == GUMBO_NAMESPACE_SVG)
        return HTML_SKIPPED;
    if (is_tag(node, GUMBO_TAG_ANNOTATION_XML))
        return HTML_SKIPPED;
    if (has_value(node, "role", elsewhere))
        return HTML_SKIPPED;
    return has_value(node, "role", aside) ? HTML_ASIDE : html_tag_role(node->v.element.tag);
}

/* --- the walk --- */

/* A table is one of rows unless it only arranges the page. */
struct html_table {
    const GumboNode *node;
    bool is_layout;   /* a heading or a table stands in a cell, or the page says so */
    bool has_columns; /* some row has two cells */
};

struct frame {
    const GumboNode *node;
    unsigned next; /* child */
    enum html_role role;
    unsigned cells; /* of a row: so far */
    bool is_mark;   /* of a note: stands in brackets */
    /* Of the list: its next item; its items have none when it is NO_NUMBER. */
    int64_t number;
    /* Handed on to what stands inside. */
    size_t list;     /* frame of the innermost list, from 1 */
    size_t table;    /* in walk->tables, from 1 */
    bool has_rows;   /* the table is one of rows */
    bool is_pre;     /* white space counts */
    bool is_content; /* the page says that this is its content */
};

#define NO_NUMBER INT64_MIN

/* Over a part of the page: puts its text into `plain`, or, where that is NULL, measures. */
struct walk {
    struct plain *plain;
    struct frame *frames;
    size_t depth, frame_capacity;
    size_t bytes; /* of text */
    /* Found while measuring. */
    struct html_table *tables; /* in the order of the page */
    size_t table_count, table_capacity;
    const GumboNode *main_node;
    size_t main_bytes;
    const GumboNode *articles[ARTICLES_MAX];
    size_t article_count, article_bytes;
    size_t next_table; /* to be met when the text is put out */
};

static struct frame *
top(struct walk *walk)
{
    return &walk->frames[walk->depth - 1];
}

static size_t
table_add(struct walk *walk, const struct frame *frame)
{
    static const char *const layout[] = {"presentation", "none", NULL};
    if (frame->table > 0)
        walk->tables[frame->table - 1].is_layout = true;
    if (walk->table_count == walk->table_capacity) {
        walk->table_capacity = 2 * walk->table_capacity + 16;
        walk->tables = mem_resize(walk->tables, walk->table_capacity * sizeof(*walk->tables));
    }
    walk->tables[walk->table_count++] = (struct html_table){
        .node = frame->node, .is_layout = has_value(frame->node, "role", layout)};
    return walk->table_count;
}

static size_t
table_find(struct walk *walk, const GumboNode *node)
{
    while (walk->next_table < walk->table_count && walk->tables[walk->next_table].node != node)
        walk->next_table++;
    assert(walk->next_table < walk->table_count);
    return ++walk->next_table;
}

/* --- measuring --- */

static void
measure_begin(struct walk *walk, struct frame *frame)
{
    GumboTag tag = frame->node->v.element.tag;
    struct frame *outer = walk->depth > 1 ? frame - 1 : NULL;
    if (frame->role == HTML_TABLE)
        frame->table = table_add(walk, frame);
    if (frame->table > 0 && tag >= GUMBO_TAG_H1 && tag <= GUMBO_TAG_H6)
        walk->tables[frame->table - 1].is_layout = true;
    if (frame->role == HTML_CELL && frame->table > 0 && outer != NULL && ++outer->cells > 1)
        walk->tables[frame->table - 1].has_columns = true;
    if (is_main(frame->node) && walk->main_node == NULL)
        walk->main_node = frame->node;
    bool is_outer_article = tag == GUMBO_TAG_ARTICLE && (outer == NULL || !outer->is_content);
    if (is_outer_article && walk->article_count < ARTICLES_MAX)
        walk->articles[walk->article_count++] = frame->node;
    /* What was there before counts when it ends. */
    if (frame->node == walk->main_node)
        walk->main_bytes = walk->bytes;
    frame->number = (int64_t)walk->bytes;
}

static void
measure_end(struct walk *walk, const struct frame *frame)
{
    size_t bytes = walk->bytes - (size_t)frame->number;
    if (frame->node == walk->main_node)
        walk->main_bytes = bytes;
    if (walk->article_count > 0 && frame->node == walk->articles[walk->article_count - 1])
        walk->article_bytes += bytes;
}

/* --- putting out --- */

static int64_t
number_of(const GumboNode *node, const char *name, int64_t otherwise)
{
    const char *text = attribute(node, name);
    int64_t number = 0;
    bool is_number = text != NULL && slice_parse_int64(slice_trim(slice_text(text)), &number) &&
                     number > INT32_MIN && number < INT32_MAX;
    return is_number ? number : otherwise;
}

static void
put_item(struct walk *walk, struct frame *frame)
{
    struct frame *list = frame->list > 0 ? &walk->frames[frame->list - 1] : NULL;
    char marker[32] = "- ";
    if (list != NULL && list->number != NO_NUMBER) {
        list->number = number_of(frame->node, "value", list->number);
        snprintf(marker, sizeof(marker), "%lld. ", (long long)list->number++);
    }
    plain_item(walk->plain, marker);
}

static void
put_table_part(struct walk *walk, struct frame *frame)
{
    if (frame->role == HTML_TABLE) {
        frame->table = table_find(walk, frame->node);
        const struct html_table *table = &walk->tables[frame->table - 1];
        frame->has_rows = table->has_columns && !table->is_layout;
        plain_break(walk->plain, frame->has_rows ? 2 : 1);
    } else if (!frame->has_rows) {
        plain_break(walk->plain, 1);
    } else if (frame->role == HTML_ROW) {
        plain_row_begin(walk->plain);
    } else {
        plain_cell(walk->plain);
    }
}

/* The text that a raised element begins with; *has_link: it stands in a link, as marks of notes do.
 */
static struct slice
raised_text(const GumboNode *node, bool *has_link)
{
    *has_link = false;
    while (is_element(node) && node->v.element.children.length > 0) {
        node = node->v.element.children.data[0];
        *has_link = *has_link || is_tag(node, GUMBO_TAG_A);
    }
    return node->type == GUMBO_NODE_TEXT ? slice_text(node->v.text.text) : slice_of(NULL, 0);
}

static void
put_raised(struct walk *walk, struct frame *frame)
{
    bool has_link;
    struct slice text = raised_text(frame->node, &has_link);
    frame->is_mark = has_link && text.size > 0 && text.ptr[0] != '[' && text.ptr[0] != '(';
    if (frame->is_mark)
        plain_words(walk->plain, SLICE("["));
    else
        plain_raised(walk->plain, text);
}

static void
put_begin(struct walk *walk, struct frame *frame)
{
    struct plain *plain = walk->plain;
    switch (frame->role) {
    case HTML_INLINE:
        if (is_tag(frame->node, GUMBO_TAG_SUP))
            put_raised(walk, frame);
        break;
    case HTML_SKIPPED:
        break;
    case HTML_BLOCK:
    case HTML_ASIDE:
        plain_break(plain, 1);
        break;
    case HTML_PARAGRAPH:
    case HTML_VERBATIM:
        plain_break(plain, 2);
        break;
    case HTML_LINE:
        plain_line_end(plain);
        break;
    case HTML_LIST:
        plain_list_begin(plain);
        frame->list = walk->depth;
        frame->number =
            is_tag(frame->node, GUMBO_TAG_OL) ? number_of(frame->node, "start", 1) : NO_NUMBER;
        break;
    case HTML_ITEM:
        put_item(walk, frame);
        break;
    case HTML_TABLE:
    case HTML_ROW:
    case HTML_CELL:
        put_table_part(walk, frame);
        break;
    }
}

static void
put_end(struct walk *walk, const struct frame *frame)
{
    struct plain *plain = walk->plain;
    switch (frame->role) {
    case HTML_INLINE:
        if (frame->is_mark)
            plain_words(plain, SLICE("]"));
        break;
    case HTML_SKIPPED:
    case HTML_LINE:
        break;
    case HTML_PARAGRAPH:
    case HTML_VERBATIM:
        plain_break(plain, 2);
        break;
    case HTML_LIST:
        plain_list_end(plain);
        break;
    case HTML_TABLE:
        plain_break(plain, frame->has_rows ? 2 : 1);
        break;
    case HTML_ROW:
        if (frame->has_rows)
            plain_row_end(plain);
        else
            plain_break(plain, 1);
        break;
    case HTML_CELL:
        if (!frame->has_rows)
            plain_break(plain, 1);
        break;
    case HTML_BLOCK:
    case HTML_ASIDE:
    case HTML_ITEM:
        plain_break(plain, 1);
        break;
    }
}

static void
take_text(struct walk *walk, const GumboNode *node)
{
    struct slice text = slice_text(node->v.text.text);
    const struct frame *frame = top(walk);
    if (walk->plain == NULL)
        walk->bytes += slice_trim(text).size;
    else if (frame->is_pre)
        plain_verbatim(walk->plain, text);
    else
        plain_words(walk->plain, text);
}

/* --- going down and up --- */

static void
push(struct walk *walk, struct frame frame)
{
    if (walk->depth == walk->frame_capacity) {
        walk->frame_capacity = 2 * walk->frame_capacity + 64;
        walk->frames = mem_resize(walk->frames, walk->frame_capacity * sizeof(*walk->frames));
    }
    walk->frames[walk->depth++] = frame;
    if (walk->plain == NULL)
        measure_begin(walk, top(walk));
    else
        put_begin(walk, top(walk));
}

static void
enter(struct walk *walk, const GumboNode *node)
{
    struct frame frame = *top(walk);
    frame.role = role_of(node);
    if (frame.role == HTML_SKIPPED || (frame.role == HTML_ASIDE && !frame.is_content))
        return;
    frame.node = node;
    frame.next = frame.cells = 0;
    frame.is_mark = false;
    frame.is_pre = frame.is_pre || frame.role == HTML_VERBATIM;
    push(walk, frame);
    top(walk)->is_content = frame.is_content || is_main(node) || is_tag(node, GUMBO_TAG_ARTICLE);
}

static void
leave(struct walk *walk)
{
    if (walk->plain == NULL)
        measure_end(walk, top(walk));
    else
        put_end(walk, top(walk));
    walk->depth--;
}

static void
walk_part(struct walk *walk, const GumboNode *root, bool is_content)
{
    push(walk, (struct frame){.node = root,
                              .role = html_tag_role(root->v.element.tag),
                              .is_content = is_content});
    while (walk->depth > 0 && (walk->plain == NULL || !plain_is_over(walk->plain))) {
        struct frame *frame = top(walk);
        const GumboVector *children = &frame->node->v.element.children;
        if (frame->next == children->length) {
            leave(walk);
            continue;
        }
        const GumboNode *node = children->data[frame->next++];
        if (is_element(node))
            enter(walk, node);
        else if (node->type != GUMBO_NODE_COMMENT)
            take_text(walk, node);
    }
    walk->depth = 0;
}

/* --- the page --- */

static void
put_articles(struct walk *walk)
{
    for (size_t i = 0; i < walk->article_count; i++)
        walk_part(walk, walk->articles[i], true);
}

static void
put_page(struct plain *plain, const GumboNode *body)
{
    struct walk walk = {.plain = NULL};
    walk_part(&walk, body, false);
    walk.plain = plain;
    if (walk.main_bytes >= CONTENT_BYTES_MIN && walk.main_bytes >= walk.bytes / 10)
        walk_part(&walk, walk.main_node, true);
    else if (walk.article_bytes >= CONTENT_BYTES_MIN && walk.article_bytes >= walk.bytes / 2)
        put_articles(&walk);
    else
        walk_part(&walk, body, false);
    mem_free(walk.frames);
    mem_free(walk.tables);
}

static const GumboNode *
find_child(const GumboNode *node, GumboTag tag)
{
    if (node == NULL)
        return NULL;
    const GumboVector *children = &node->v.element.children;
    for (unsigned i = 0; i < children->length; i++) {
        if (is_tag(children->data[i], tag))
            return children->data[i];
    }
    return NULL;
}

static struct slice
title_of(const GumboNode *root, struct arena *arena)
{
    const GumboNode *title = find_child(find_child(root, GUMBO_TAG_HEAD), GUMBO_TAG_TITLE);
    if (title == NULL || title->v.element.children.length == 0)
        return slice_of(NULL, 0);
    const GumboNode *text = title->v.element.children.data[0];
    return plain_title(arena, slice_text(text->v.text.text));
}

/* --- memory of the parser --- */

/* Blocks hang together, so that they can be freed without going through the tree, which gumbo does
 * by calling itself for each level. */
struct block {
    struct block *before, *after;
    size_t size;
    size_t unused; /* what follows is aligned to 16 bytes */
};

/* The first of them stands for all: its size is their sum. A page that grows beyond all measure
 * ends the process, as one does for which no memory is left: the parser knows no other way. */
static void *
block_new(void *userdata, size_t size)
{
    struct block *blocks = userdata;
    if (size > LIMIT_HTML_TREE_BYTES - blocks->size)
        abort();
    struct block *block = mem_alloc_raw(sizeof(*block) + size);
    *block = (struct block){blocks, blocks->after, size, 0};
    if (blocks->after != NULL)
        blocks->after->before = block;
    blocks->after = block;
    blocks->size += size;
    return block + 1;
}

static void
block_free(void *userdata, void *memory)
{
    if (memory == NULL)
        return;
    struct block *blocks = userdata;
    struct block *block = (struct block *)memory - 1;
    blocks->size -= block->size;
    block->before->after = block->after;
    if (block->after != NULL)
        block->after->before = block->before;
    mem_free(block);
}

static void
free_blocks(struct block *blocks)
{
    for (struct block *block = blocks->after; block != NULL;) {
        struct block *gone = block;
        block = block->after;
        mem_free(gone);
    }
}

enum status
html_read(struct plain *plain, char *html, size_t size, struct arena *arena, struct slice *title,
          struct error *error)
{
    struct block blocks = {.size = 0};
    GumboOptions options = kGumboDefaultOptions;
    options.allocator = block_new;
    options.deallocator = block_free;
    options.userdata = &blocks;
    options.max_errors = 0;
    size = drop_controls(html, size);
    html_limit_depth(html, size);
    const GumboOutput *page = gumbo_parse_with_options(&options, html, size);
    const GumboNode *body = find_child(page->root, GUMBO_TAG_BODY);
    *title = title_of(page->root, arena);
    if (body != NULL)
        put_page(plain, body);
    free_blocks(&blocks);
    enum status status = plain_end(plain, error);
    if (status == STATUS_OK && !plain->has_words)
        return error_set(error, STATUS_INVALID,
                         "the page has no text of its own; perhaps scripts make it in the browser");
    return status;
}
