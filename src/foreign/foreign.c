#include "foreign/foreign.h"

#include "base/buffer.h"
#include "base/json.h"
#include "base/limits.h"

#include <stdio.h>
#include <string.h>

#define SLUG_BYTES 63
#define NAME_BYTES 200

struct value
foreign_slug(struct arena *arena, struct slice name)
{
    char slug[SLUG_BYTES];
    size_t size = 0;
    for (size_t i = 0; i < name.size && size < sizeof(slug); i++) {
        char byte = name.ptr[i];
        if (byte >= 'A' && byte <= 'Z')
            byte = (char)(byte - 'A' + 'a');
        if ((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9'))
            slug[size++] = byte;
        else if (size > 0 && slug[size - 1] != '-')
            slug[size++] = '-';
    }
    while (size > 0 && slug[size - 1] == '-')
        size--;
    return size == 0 ? value_text("workflow") : value_string_copy(arena, slice_of(slug, size));
}

struct value
foreign_name(struct arena *arena, struct slice name)
{
    struct slice cut = slice_cut(slice_trim(name), NAME_BYTES);
    return cut.size == 0 ? value_text("Untitled Workflow") : value_string_copy(arena, cut);
}

struct value
foreign_origin(struct arena *arena, const char *format, struct value definition)
{
    const struct member members[] = {
        {value_text("format"), value_text(format)},
        {value_text("definition"), definition},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

void
foreign_put(struct arena *arena, struct value *object, const char *name, struct value value)
{
    *object = value_object_set(arena, *object, value_text(name), value);
}

struct value
foreign_model(struct arena *arena, struct slice model)
{
    static const struct {
        const char *beginning, *provider;
    } known[] = {
        {"gpt", "openai"}, {"chatgpt", "openai"}, {"o1", "openai"},
        {"o3", "openai"},  {"o4", "openai"},      {"claude", "anthropic"},
    };
    if (slice_is(model, "local"))
        return value_text("local/extractive-1");
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (slice_starts_with(model, slice_text(known[i].beginning)))
            return value_text(
                arena_format(arena, "%s/%.*s", known[i].provider, SLICE_FORMAT(model)));
    }
    bool is_ours = model.size > 0 && memchr(model.ptr, '/', model.size) != NULL;
    return is_ours ? value_string_copy(arena, model) : (struct value){0};
}

void
foreign_put_literal(struct buffer *out, struct slice text)
{
    while (text.size > 0) {
        const char *open = memmem(text.ptr, text.size, "{{", 2);
        size_t used = open == NULL ? text.size : (size_t)(open - text.ptr);
        buffer_append(out, text.ptr, used);
        text = slice_of(text.ptr + used, text.size - used);
        if (open == NULL)
            return;
        buffer_append_text(out, "{{= \"{{\" }}");
        text = slice_of(text.ptr + 2, text.size - 2);
    }
}

const char *
foreign_format_list(struct arena *arena, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = size < 0 ? NULL : arena_try_alloc(arena, (size_t)size + 1);
    if (text == NULL)
        return "";
    vsnprintf(text, (size_t)size + 1, format, arguments);
    return text;
}

const char *
foreign_format(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = foreign_format_list(arena, format, arguments);
    va_end(arguments);
    return text;
}

const char *
foreign_literal(struct arena *arena, struct slice text)
{
    struct buffer json, out;
    buffer_init(&json, LIMIT_DEFINITION_BYTES);
    buffer_init(&out, LIMIT_DEFINITION_BYTES);
    json_print_string(&json, text);
    for (size_t i = 0; i < json.size; i++) {
        if (json.ptr[i] == '{' || json.ptr[i] == '}')
            buffer_append_format(&out, "\\u%04x", (unsigned)json.ptr[i]);
        else
            buffer_append_byte(&out, json.ptr[i]);
    }
    struct slice copy = arena_copy(arena, buffer_slice(&out));
    buffer_done(&json);
    buffer_done(&out);
    return copy.ptr == NULL ? "" : copy.ptr;
}

const char *
foreign_literal_of(struct arena *arena, struct value value)
{
    struct slice text = json_text(arena, value);
    if (value.kind == VALUE_STRING)
        return foreign_literal(arena, value_slice(value));
    if (value.kind != VALUE_OBJECT && value.kind != VALUE_ARRAY)
        return text.ptr == NULL ? "null" : text.ptr;
    /* As a text that is read again: no brace of it can end a template. */
    return foreign_format(arena, "(%s | fromjson)", foreign_literal(arena, text));
}
