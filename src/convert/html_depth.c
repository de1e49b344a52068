#include "convert/html_depth.h"

#include "base/mem.h"
#include "base/slice.h"
#include "convert/html_tag.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

/* How far down the open elements a tag looks for the one that it ends: what lies deeper is out of
 * reach in a page that people wrote. */
#define REACH HTML_DEPTH_MAX

struct scan {
    char *at;
    char *end;
    uint8_t *open; /* tags of the elements that are open, also of those that were blanked */
    size_t depth, capacity;
    size_t foreign; /* depth within the outermost <svg> or <math>; 0: we are in none */
};

/* A tag in the text. */
struct tag {
    char *begin;
    char *end;
    GumboTag name;
    struct slice name_text;
    bool is_end;
    bool is_closed; /* ends with "/>", which counts in <svg> and <math> only */
};

/* --- elements that end without a tag --- */

enum group { GROUP_NONE, GROUP_ITEM, GROUP_TERM, GROUP_CELL, GROUP_ROW, GROUP_OPTION, GROUP_P };

static const uint8_t groups[GUMBO_TAG_LAST + 1] = {
    [GUMBO_TAG_LI] = GROUP_ITEM,       [GUMBO_TAG_DT] = GROUP_TERM,   [GUMBO_TAG_DD] = GROUP_TERM,
    [GUMBO_TAG_TD] = GROUP_CELL,       [GUMBO_TAG_TH] = GROUP_CELL,   [GUMBO_TAG_TR] = GROUP_ROW,
    [GUMBO_TAG_THEAD] = GROUP_ROW,     [GUMBO_TAG_TBODY] = GROUP_ROW, [GUMBO_TAG_TFOOT] = GROUP_ROW,
    [GUMBO_TAG_OPTION] = GROUP_OPTION, [GUMBO_TAG_P] = GROUP_P,
};

/* What an element of the group that is looked for cannot lie beyond. */
static bool
is_boundary(enum group group, GumboTag tag)
{
    bool is_cell = tag == GUMBO_TAG_TD || tag == GUMBO_TAG_TH;
    if (tag == GUMBO_TAG_TABLE)
        return true;
    switch (group) {
    case GROUP_ITEM:
        return is_cell || tag == GUMBO_TAG_UL || tag == GUMBO_TAG_OL || tag == GUMBO_TAG_MENU;
    case GROUP_TERM:
        return is_cell || tag == GUMBO_TAG_DL;
    case GROUP_OPTION:
        return tag == GUMBO_TAG_SELECT;
    case GROUP_P:
        return is_cell || tag == GUMBO_TAG_BUTTON;
    case GROUP_NONE:
        return is_cell;
    case GROUP_CELL:
    case GROUP_ROW:
        break;
    }
    return false;
}

static void
end_group(struct scan *scan, enum group group)
{
    for (size_t i = scan->depth; i > 0 && scan->depth - i < REACH; i--) {
        GumboTag open = scan->open[i - 1];
        if (groups[open] == group) {
            scan->depth = i - 1;
            return;
        }
        if (is_boundary(group, open))
            return;
    }
}

/* --- tags --- */

static void
blank(const struct tag *tag)
{
    memset(tag->begin, ' ', (size_t)(tag->end - tag->begin));
}

static void
take_begin(struct scan *scan, const struct tag *tag)
{
    if (scan->depth < scan->foreign)
        scan->foreign = 0;
    if (scan->foreign > 0 && tag->is_closed)
        return;
    if (html_tag_role(tag->name) != HTML_INLINE)
        end_group(scan, GROUP_P);
    if (groups[tag->name] != GROUP_NONE && groups[tag->name] != GROUP_P)
        end_group(scan, groups[tag->name]);
    if (scan->depth == scan->capacity) {
        scan->capacity = 2 * scan->capacity + HTML_DEPTH_MAX;
        scan->open = mem_resize(scan->open, scan->capacity);
    }
    if (scan->depth >= HTML_DEPTH_MAX)
        blank(tag);
    scan->open[scan->depth++] = (uint8_t)tag->name;
    bool is_foreign = tag->name == GUMBO_TAG_SVG || tag->name == GUMBO_TAG_MATH;
    if (is_foreign && !tag->is_closed && scan->foreign == 0)
        scan->foreign = scan->depth;
}

static void
take_end(struct scan *scan, const struct tag *tag)
{
    enum group group = groups[tag->name];
    for (size_t i = scan->depth; i > 0 && scan->depth - i < REACH; i--) {
        GumboTag open = scan->open[i - 1];
        if (open == tag->name) {
            scan->depth = i - 1;
            if (i > HTML_DEPTH_MAX)
                blank(tag);
            return;
        }
        if (is_boundary(group, open) && tag->name != GUMBO_TAG_TABLE)
            return;
    }
}

/* --- the text --- */

static bool
is_name_byte(char byte)
{
    return (unsigned char)byte > ' ' && byte != '/' && byte != '>';
}

/* Behind the '>' of a tag whose name has ended; quotes hide one. */
static char *
skip_attributes(char *at, const char *end)
{
    while (at < end && *at != '>') {
        char byte = *at++;
        bool is_quote = (byte == '"' || byte == '\'') && at[-2] == '=';
        if (!is_quote)
            continue;
        char *close = memchr(at, byte, (size_t)(end - at));
        at = close == NULL ? (char *)end : close + 1;
    }
    return at < end ? at + 1 : at;
}

/* Behind a comment, a declaration or whatever begins with "<!" or "<?". */
static char *
skip_declaration(char *at, const char *end)
{
    size_t size = (size_t)(end - at);
    bool is_comment = size >= 4 && memcmp(at, "<!--", 4) == 0;
    char *close = is_comment ? memmem(at + 2, size - 2, "-->", 3) : memchr(at, '>', size);
    if (close == NULL)
        return (char *)end;
    return close + (is_comment ? 3 : 1);
}

/* To the end tag of an element that holds only text. */
static char *
skip_raw_text(char *at, const char *end, struct slice name)
{
    while (at < end) {
        char *next = memchr(at, '<', (size_t)(end - at));
        if (next == NULL)
            return (char *)end;
        bool is_end = (size_t)(end - next) > name.size + 2 && next[1] == '/' &&
                      strncasecmp(next + 2, name.ptr, name.size) == 0;
        if (is_end)
            return next;
        at = next + 1;
    }
    return at;
}

/* Begins at a '<'. False: no tag does. Moves behind what it is. */
static bool
read_tag(struct scan *scan, struct tag *tag)
{
    char *at = scan->at;
    const char *end = scan->end;
    tag->begin = at;
    if (end - at >= 2 && (at[1] == '!' || at[1] == '?')) {
        scan->at = skip_declaration(at, end);
        return false;
    }
    tag->is_end = end - at >= 2 && at[1] == '/';
    at += 1 + tag->is_end;
    char *name = at;
    bool is_letter = at < end && ((*at | 0x20) >= 'a' && (*at | 0x20) <= 'z');
    while (is_letter && at < end && is_name_byte(*at))
        at++;
    tag->name_text = slice_of(name, (size_t)(at - name));
    scan->at = is_letter ? skip_attributes(at, end) : at;
    tag->end = scan->at;
    tag->is_closed = tag->end - tag->begin > 2 && tag->end[-1] == '>' && tag->end[-2] == '/';
    if (is_letter)
        tag->name = html_tag_of(tag->name_text);
    return is_letter;
}

void
html_limit_depth(char *html, size_t size)
{
    struct scan scan = {.at = html, .end = html + size};
    while (scan.at < scan.end) {
        struct tag tag;
        scan.at = memchr(scan.at, '<', (size_t)(scan.end - scan.at));
        if (scan.at == NULL)
            break;
        if (!read_tag(&scan, &tag) || html_tag_is_void(tag.name))
            continue;
        if (html_tag_is_raw(tag.name) && !tag.is_end)
            scan.at = skip_raw_text(scan.at, scan.end, tag.name_text);
        else if (tag.is_end)
            take_end(&scan, &tag);
        else
            take_begin(&scan, &tag);
    }
    mem_free(scan.open);
}
