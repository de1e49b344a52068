#include "flow/load.h"

/* A walk over the string as written and as read, side by side. Where they differ, the written one
 * has a quote, an escape, indentation or a fold; whatever is not understood ends the walk, and the
 * place is then that of the string's beginning. */
struct walk {
    struct slice text;
    size_t at; /* in the text */
    struct slice value;
    size_t read; /* bytes of the value that lie before `at` */
    bool has_escapes;
};

static size_t
line_start(struct slice text, uint32_t line)
{
    size_t at = 0;
    for (uint32_t seen = 1; seen < line && at < text.size; at++)
        seen += text.ptr[at] == '\n';
    return at;
}

static bool
continues_character(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

static size_t
offset_of_place(struct slice text, uint32_t line, uint32_t column)
{
    size_t at = line_start(text, line);
    for (uint32_t seen = 1; at < text.size; at++) {
        if (continues_character(text.ptr[at]))
            continue;
        if (seen == column)
            break;
        seen++;
    }
    return at;
}

struct located_place
load_place_of_offset(struct slice text, size_t offset)
{
    struct located_place place = {.line = 1, .column = 1};
    for (size_t i = 0; i < offset && i < text.size; i++) {
        if (text.ptr[i] == '\n') {
            place.line++;
            place.column = 1;
        } else if (!continues_character(text.ptr[i])) {
            place.column++;
        }
    }
    return place;
}

static bool
is_white(char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

/* Behind the quote of a quoted string, behind the first line of a block. */
static void
skip_opening(struct walk *walk)
{
    if (walk->at >= walk->text.size)
        return;
    char first = walk->text.ptr[walk->at];
    walk->has_escapes = first == '"';
    if (first == '"' || first == '\'') {
        walk->at++;
    } else if (first == '|' || first == '>') {
        while (walk->at < walk->text.size && walk->text.ptr[walk->at] != '\n')
            walk->at++;
    }
}

/* Bytes of the escape that begins at the backslash. */
static size_t
escape_size(struct slice rest)
{
    if (rest.size < 2)
        return rest.size;
    static const struct {
        char letter;
        size_t size;
    } long_escapes[] = {{'x', 4}, {'u', 6}, {'U', 10}};
    size_t size = 2;
    for (size_t i = 0; i < COUNT_OF(long_escapes); i++) {
        if (rest.ptr[1] == long_escapes[i].letter)
            size = long_escapes[i].size;
    }
    bool is_high_surrogate = size == 6 && rest.size >= 12 && (rest.ptr[2] | 0x20) == 'd' &&
                             strchr("89abAB", rest.ptr[3]) != NULL && rest.ptr[6] == '\\';
    if (is_high_surrogate)
        size = 12;
    return size < rest.size ? size : rest.size;
}

/* Goes on by one character of either side; false when the sides cannot be matched. */
static bool
walk_on(struct walk *walk)
{
    struct slice rest = slice_of(walk->text.ptr + walk->at, walk->text.size - walk->at);
    struct slice unread = slice_of(walk->value.ptr + walk->read, walk->value.size - walk->read);
    if (rest.size == 0)
        return false;
    if (walk->has_escapes && rest.ptr[0] == '\\') {
        bool is_line_end = rest.size > 1 && is_white(rest.ptr[1]) && rest.ptr[1] != ' ';
        walk->at += escape_size(rest);
        walk->read += is_line_end ? 0 : slice_character(unread);
        return true;
    }
    if (rest.ptr[0] == unread.ptr[0]) {
        walk->at++;
        walk->read++;
    } else if (is_white(rest.ptr[0]) || (rest.ptr[0] == '\'' && !walk->has_escapes)) {
        walk->at++;
    } else if (is_white(unread.ptr[0])) {
        walk->read++;
    } else {
        return false;
    }
    return true;
}

/* White space and doubled quotes before the character itself. */
static void
skip_to_character(struct walk *walk)
{
    while (walk->read < walk->value.size && walk->at < walk->text.size &&
           is_white(walk->text.ptr[walk->at]) &&
           walk->text.ptr[walk->at] != walk->value.ptr[walk->read])
        walk->at++;
}

struct located_place
load_place_inside(struct slice text, const struct located *string, size_t offset)
{
    struct located_place start = {.line = string->line, .column = string->column};
    struct walk walk = {.text = text,
                        .at = offset_of_place(text, string->line, string->column),
                        .value = value_slice(string->value)};
    skip_opening(&walk);
    while (walk.read < offset && walk.read < walk.value.size) {
        if (!walk_on(&walk))
            return start;
    }
    skip_to_character(&walk);
    return load_place_of_offset(text, walk.at);
}
