#include "steps/links.h"

#include <strings.h>

struct reader {
    const char *at;
    const char *end;
};

static void
skip_space(struct reader *reader)
{
    while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\t'))
        reader->at++;
}

static bool
take(struct reader *reader, char byte)
{
    skip_space(reader);
    if (reader->at == reader->end || *reader->at != byte)
        return false;
    reader->at++;
    return true;
}

/* Up to one of the stops, which is left. */
static struct slice
take_until(struct reader *reader, const char *stops)
{
    const char *begin = reader->at;
    while (reader->at < reader->end && (*reader->at == '\0' || strchr(stops, *reader->at) == NULL))
        reader->at++;
    return slice_of(begin, (size_t)(reader->at - begin));
}

/* Relations hold no quoted pairs; in other values their backslashes are only passed over. */
static struct slice
take_parameter_value(struct reader *reader)
{
    if (!take(reader, '"'))
        return slice_trim(take_until(reader, ";,"));
    const char *begin = reader->at;
    while (reader->at < reader->end && *reader->at != '"')
        reader->at += *reader->at == '\\' && reader->at + 1 < reader->end ? 2 : 1;
    struct slice text = slice_of(begin, (size_t)(reader->at - begin));
    take(reader, '"');
    return text;
}

/* Relations are names of any case with blanks between them. */
static struct value
add_relations(struct arena *arena, struct value links, struct slice relations, struct slice target)
{
    struct reader reader = {relations.ptr, relations.ptr + relations.size};
    for (skip_space(&reader); reader.at < reader.end; skip_space(&reader)) {
        struct slice copy = arena_copy(arena, take_until(&reader, " \t"));
        if (copy.ptr == NULL)
            return (struct value){0};
        char *name = (char *)copy.ptr;
        for (size_t i = 0; i < copy.size; i++)
            name[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] - 'A' + 'a') : name[i];
        if (value_find(links, copy).kind == VALUE_NONE)
            links = value_object_set(arena, links, value_string(copy),
                                     value_string_copy(arena, target));
    }
    return links;
}

/* The first `rel` counts, as the RFC has it. */
static struct slice
take_parameters(struct reader *reader)
{
    struct slice relations = {0};
    while (take(reader, ';')) {
        skip_space(reader);
        struct slice name = slice_trim(take_until(reader, "=;,"));
        struct slice text = {0};
        if (take(reader, '='))
            text = take_parameter_value(reader);
        bool is_rel = name.size == 3 && strncasecmp(name.ptr, "rel", 3) == 0;
        if (is_rel && relations.ptr == NULL)
            relations = text;
    }
    return relations;
}

struct value
links_parse(struct arena *arena, struct slice header)
{
    struct value links = value_empty_object();
    struct reader reader = {header.ptr, header.ptr + header.size};
    do {
        if (!take(&reader, '<'))
            break;
        struct slice target = take_until(&reader, ">");
        if (!take(&reader, '>'))
            break;
        links = add_relations(arena, links, take_parameters(&reader), target);
    } while (links.kind != VALUE_NONE && take(&reader, ','));
    return links;
}
