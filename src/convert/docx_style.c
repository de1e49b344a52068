#include "convert/docx_style.h"

#include "base/limits.h"
#include "base/mem.h"
#include "convert/xml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PART_BYTES_MAX MIB(64)
#define STYLES_MAX 10000
#define LISTS_MAX 100000
/* Styles that are based on each other; a ring of them ends here. */
#define BASES_MAX 20
#define NAMES_BYTES MIB(8)
#define NO_OUTLINE 9

const char *const docx_namespaces[] = {
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "http://purl.oclc.org/ooxml/wordprocessingml/main",
    "http://schemas.openxmlformats.org/officeDocument/2006/math",
    "http://purl.oclc.org/ooxml/officeDocument/math",
    "http://schemas.openxmlformats.org/markup-compatibility/2006",
    "http://purl.org/dc/elements/1.1/",
    NULL,
};

struct style {
    const char *id;
    bool is_title;
    struct docx_paragraph says;
};

enum number_format {
    FORMAT_DECIMAL,
    FORMAT_BULLET,
    FORMAT_NONE,
    FORMAT_LETTER,
    FORMAT_LARGE_LETTER,
    FORMAT_ROMAN,
    FORMAT_LARGE_ROMAN,
};

struct level {
    enum number_format format;
    int32_t start;
    const char *text; /* "%1.%2)"; NULL: the list does not tell this level */
};

/* What lists of one kind look like; they count on where another has stopped. */
struct list_kind {
    int32_t id;
    struct level levels[DOCX_LEVELS];
    int64_t counts[DOCX_LEVELS]; /* the last that was given, or -1 */
};

struct list {
    int32_t id, kind_id;
    int32_t starts[DOCX_LEVELS]; /* its own first numbers, or -1 */
    bool is_begun;
};

struct docx_styles {
    struct arena names;
    struct style *styles;
    uint32_t style_count, style_capacity;
    struct list_kind *kinds;
    uint32_t kind_count, kind_capacity;
    struct list *lists;
    uint32_t list_count, list_capacity;
    uint32_t level; /* that is being read */
    bool is_in_override;
};

/* Room for one more in an array; NULL: it has the maximum. */
static void *
add(void **items, uint32_t *count, uint32_t *capacity, size_t size)
{
    if (*count == LISTS_MAX)
        return NULL;
    if (*count == *capacity) {
        *capacity = 2 * *capacity + 32;
        *items = mem_resize(*items, *capacity * size);
    }
    char *item = (char *)*items + (*count)++ * size;
    memset(item, 0, size);
    return item;
}

static int32_t
number_of(const char *text, int32_t otherwise)
{
    int64_t number = 0;
    bool is_good = text != NULL && slice_parse_int64(slice_text(text), &number) && number >= 0 &&
                   number < INT32_MAX;
    return is_good ? (int32_t)number : otherwise;
}

static const char *
keep(struct docx_styles *styles, const char *text)
{
    return text == NULL ? NULL : arena_copy(&styles->names, slice_text(text)).ptr;
}

static void
ignore_end(struct xml *xml, const char *name)
{
}

/* --- styles --- */

static void
begin_style(struct xml *xml, struct docx_styles *styles, const char **attributes)
{
    const char *id = keep(styles, xml_own_attribute(xml, attributes, "styleId"));
    void *items = styles->styles;
    struct style *style = NULL;
    if (styles->style_count < STYLES_MAX)
        style = add(&items, &styles->style_count, &styles->style_capacity, sizeof(*style));
    styles->styles = items;
    if (style == NULL) {
        xml_fail(xml, STATUS_LIMIT, "it has more than %d styles", STYLES_MAX);
        return;
    }
    style->id = id == NULL ? "" : id;
    style->says = (struct docx_paragraph){NULL, -1, -1, -1};
}

/* The names of Word's own styles are the same in all languages, unlike their ids. */
static void
take_style_name(struct style *style, const char *name)
{
    if (name == NULL)
        return;
    style->is_title = strcasecmp(name, "title") == 0;
    if (strncasecmp(name, "heading ", 8) == 0 && name[8] >= '1' && name[8] <= '9')
        style->says.outline = name[8] - '1';
}

static void
on_style(struct xml *xml, const char *name, const char **attributes)
{
    struct docx_styles *styles = xml_context(xml);
    const char *value = xml_own_attribute(xml, attributes, "val");
    if (strcmp(name, "style") == 0)
        begin_style(xml, styles, attributes);
    if (styles->style_count == 0)
        return;
    struct style *style = &styles->styles[styles->style_count - 1];
    if (strcmp(name, "name") == 0)
        take_style_name(style, value);
    else if (strcmp(name, "basedOn") == 0)
        style->says.style = keep(styles, value);
    else if (strcmp(name, "outlineLvl") == 0)
        style->says.outline = number_of(value, -1);
    else if (strcmp(name, "numId") == 0)
        style->says.list = number_of(value, -1);
    else if (strcmp(name, "ilvl") == 0)
        style->says.level = number_of(value, -1);
}

static const struct style *
find_style(const struct docx_styles *styles, const char *id)
{
    for (uint32_t i = 0; id != NULL && i < styles->style_count; i++) {
        if (strcmp(styles->styles[i].id, id) == 0)
            return &styles->styles[i];
    }
    return NULL;
}

void
docx_styles_resolve(const struct docx_styles *styles, struct docx_paragraph *paragraph)
{
    const struct style *style = find_style(styles, paragraph->style);
    for (int i = 0; style != NULL && i < BASES_MAX; i++) {
        if (paragraph->outline < 0)
            paragraph->outline = style->says.outline;
        if (paragraph->list < 0)
            paragraph->list = style->says.list;
        if (paragraph->level < 0)
            paragraph->level = style->says.level;
        style = find_style(styles, style->says.style);
    }
    if (paragraph->outline < 0)
        paragraph->outline = NO_OUTLINE;
    if (paragraph->list < 0)
        paragraph->list = 0;
    if (paragraph->level < 0)
        paragraph->level = 0;
    if (paragraph->level >= DOCX_LEVELS)
        paragraph->level = DOCX_LEVELS - 1;
}

bool
docx_styles_is_title(const struct docx_styles *styles, const char *id)
{
    const struct style *style = find_style(styles, id);
    return style != NULL && style->is_title;
}

/* --- numbering --- */

static enum number_format
format_of(const char *name)
{
    static const struct {
        const char *name;
        enum number_format format;
    } table[] = {
        {"bullet", FORMAT_BULLET},      {"none", FORMAT_NONE},
        {"lowerLetter", FORMAT_LETTER}, {"upperLetter", FORMAT_LARGE_LETTER},
        {"lowerRoman", FORMAT_ROMAN},   {"upperRoman", FORMAT_LARGE_ROMAN},
    };
    for (size_t i = 0; name != NULL && i < COUNT_OF(table); i++) {
        if (strcmp(name, table[i].name) == 0)
            return table[i].format;
    }
    return FORMAT_DECIMAL;
}

static void
begin_kind(struct docx_styles *styles, int32_t id)
{
    void *items = styles->kinds;
    struct list_kind *kind =
        add(&items, &styles->kind_count, &styles->kind_capacity, sizeof(*kind));
    styles->kinds = items;
    if (kind == NULL)
        return;
    kind->id = id;
    for (int i = 0; i < DOCX_LEVELS; i++)
        kind->counts[i] = -1;
}

static void
begin_list(struct docx_styles *styles, int32_t id)
{
    void *items = styles->lists;
    struct list *list = add(&items, &styles->list_count, &styles->list_capacity, sizeof(*list));
    styles->lists = items;
    if (list == NULL)
        return;
    list->id = id;
    list->kind_id = -1;
    for (int i = 0; i < DOCX_LEVELS; i++)
        list->starts[i] = -1;
}

static void
take_level(struct docx_styles *styles, const char *name, const char *value)
{
    if (styles->kind_count == 0 || styles->is_in_override)
        return;
    struct level *level = &styles->kinds[styles->kind_count - 1].levels[styles->level];
    if (strcmp(name, "start") == 0)
        level->start = number_of(value, 0);
    else if (strcmp(name, "numFmt") == 0)
        level->format = format_of(value);
    else if (strcmp(name, "lvlText") == 0)
        level->text = keep(styles, value);
}

static void
on_numbering(struct xml *xml, const char *name, const char **attributes)
{
    struct docx_styles *styles = xml_context(xml);
    const char *value = xml_own_attribute(xml, attributes, "val");
    bool is_override = strcmp(name, "lvlOverride") == 0;
    if (strcmp(name, "abstractNum") == 0)
        begin_kind(styles, number_of(xml_own_attribute(xml, attributes, "abstractNumId"), -1));
    else if (strcmp(name, "num") == 0)
        begin_list(styles, number_of(xml_own_attribute(xml, attributes, "numId"), -1));
    else if (is_override || strcmp(name, "lvl") == 0)
        styles->level =
            (uint32_t)number_of(xml_own_attribute(xml, attributes, "ilvl"), 0) % DOCX_LEVELS;
    else if (strcmp(name, "abstractNumId") == 0 && styles->list_count > 0)
        styles->lists[styles->list_count - 1].kind_id = number_of(value, -1);
    else if (strcmp(name, "startOverride") == 0 && styles->list_count > 0)
        styles->lists[styles->list_count - 1].starts[styles->level] = number_of(value, -1);
    else
        take_level(styles, name, value);
    styles->is_in_override = styles->is_in_override || is_override;
}

static void
on_numbering_end(struct xml *xml, const char *name)
{
    struct docx_styles *styles = xml_context(xml);
    if (strcmp(name, "lvlOverride") == 0)
        styles->is_in_override = false;
}

static struct list_kind *
find_kind(const struct docx_styles *styles, int32_t id)
{
    for (uint32_t i = 0; i < styles->kind_count; i++) {
        if (styles->kinds[i].id == id)
            return &styles->kinds[i];
    }
    return NULL;
}

static struct list *
find_list(const struct docx_styles *styles, int32_t id)
{
    for (uint32_t i = 0; i < styles->list_count; i++) {
        if (styles->lists[i].id == id)
            return &styles->lists[i];
    }
    return NULL;
}

/* --- markers --- */

struct marker {
    char *text;
    size_t size;
};

static void
put_byte(struct marker *marker, char byte)
{
    if (marker->size < DOCX_MARKER_BYTES - 4)
        marker->text[marker->size++] = byte;
}

static void
put_text(struct marker *marker, const char *text)
{
    for (; *text != '\0'; text++)
        put_byte(marker, *text);
}

/* Numbers from which on letters are not used any more. */
#define LETTERS_MAX 780

/* a to z, then aa to zz. */
static void
put_letters(struct marker *marker, int64_t number, char first)
{
    for (int64_t times = (number - 1) / 26; number > 0 && times >= 0; times--)
        put_byte(marker, (char)(first + (number - 1) % 26));
}

static void
put_roman(struct marker *marker, int64_t number, bool is_large)
{
    static const struct {
        int64_t value;
        const char *small, *large;
    } table[] = {
        {1000, "m", "M"}, {900, "cm", "CM"}, {500, "d", "D"},  {400, "cd", "CD"}, {100, "c", "C"},
        {90, "xc", "XC"}, {50, "l", "L"},    {40, "xl", "XL"}, {10, "x", "X"},    {9, "ix", "IX"},
        {5, "v", "V"},    {4, "iv", "IV"},   {1, "i", "I"},
    };
    for (size_t i = 0; i < COUNT_OF(table) && number < 10000; i++) {
        for (; number >= table[i].value; number -= table[i].value)
            put_text(marker, is_large ? table[i].large : table[i].small);
    }
}

static void
put_number(struct marker *marker, enum number_format format, int64_t number)
{
    char digits[24];
    switch (format) {
    case FORMAT_LETTER:
    case FORMAT_LARGE_LETTER:
        if (number > LETTERS_MAX)
            break;
        put_letters(marker, number, format == FORMAT_LETTER ? 'a' : 'A');
        return;
    case FORMAT_ROMAN:
        put_roman(marker, number, false);
        return;
    case FORMAT_LARGE_ROMAN:
        put_roman(marker, number, true);
        return;
    case FORMAT_DECIMAL:
    case FORMAT_BULLET:
    case FORMAT_NONE:
        break;
    }
    snprintf(digits, sizeof(digits), "%lld", (long long)number);
    put_text(marker, digits);
}

/* "%1.%2)" with the numbers of the levels. */
static void
put_pattern(struct marker *marker, const struct list_kind *kind, const char *pattern)
{
    for (; *pattern != '\0'; pattern++) {
        if (pattern[0] != '%' || pattern[1] < '1' || pattern[1] > '9') {
            put_byte(marker, *pattern);
            continue;
        }
        int level = *++pattern - '1';
        int64_t count = kind->counts[level] < 0 ? kind->levels[level].start : kind->counts[level];
        put_number(marker, kind->levels[level].format, count);
    }
}

static void
count_item(struct list_kind *kind, struct list *list, int32_t level)
{
    for (int i = 0; i < DOCX_LEVELS && !list->is_begun; i++) {
        if (list->starts[i] >= 0)
            kind->counts[i] = list->starts[i] - 1;
    }
    list->is_begun = true;
    if (kind->counts[level] < 0)
        kind->counts[level] = kind->levels[level].start;
    else
        kind->counts[level]++;
    for (int i = level + 1; i < DOCX_LEVELS; i++)
        kind->counts[i] = -1;
}

void
docx_styles_count(struct docx_styles *styles, const struct docx_paragraph *paragraph,
                  char text[DOCX_MARKER_BYTES])
{
    struct list *list = find_list(styles, paragraph->list);
    struct list_kind *kind = list == NULL ? NULL : find_kind(styles, list->kind_id);
    const struct level *level = kind == NULL ? NULL : &kind->levels[paragraph->level];
    struct marker marker = {text, 0};
    if (level == NULL || level->text == NULL || level->format == FORMAT_BULLET) {
        put_text(&marker, "- ");
    } else {
        count_item(kind, list, paragraph->level);
        if (level->format != FORMAT_NONE)
            put_pattern(&marker, kind, level->text);
        /* A pattern may hold any characters; one that was cut is no text any more. */
        while (marker.size > 0 && !slice_is_utf8(slice_of(text, marker.size)))
            marker.size--;
        if (marker.size > 0)
            put_byte(&marker, ' ');
    }
    text[marker.size] = '\0';
}

/* --- both --- */

static enum status
read_part(struct docx_styles *styles, struct package *package, const char *part,
          struct xml_handler handler, struct error *error)
{
    handler.context = styles;
    handler.namespaces = docx_namespaces;
    if (part == NULL)
        return STATUS_OK;
    enum status status = xml_read(package, part, PART_BYTES_MAX, &handler, error);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status
docx_styles_read(struct docx_styles **out, struct package *package, const char *styles_part,
                 const char *numbering_part, struct error *error)
{
    struct docx_styles *styles = mem_alloc(sizeof(*styles));
    *out = NULL;
    arena_init(&styles->names, NAMES_BYTES);
    enum status status =
        read_part(styles, package, styles_part,
                  (struct xml_handler){.begin = on_style, .end = ignore_end}, error);
    if (status == STATUS_OK)
        status =
            read_part(styles, package, numbering_part,
                      (struct xml_handler){.begin = on_numbering, .end = on_numbering_end}, error);
    if (status == STATUS_OK)
        *out = styles;
    else
        docx_styles_free(&styles);
    return status;
}

void
docx_styles_free(struct docx_styles **styles)
{
    struct docx_styles *gone = *styles;
    *styles = NULL;
    if (gone == NULL)
        return;
    arena_done(&gone->names);
    mem_free(gone->styles);
    mem_free(gone->kinds);
    mem_free(gone->lists);
    mem_free(gone);
}
