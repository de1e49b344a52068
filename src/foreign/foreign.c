#include "foreign/foreign.h"

#include "base/buffer.h"

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

struct slice
foreign_text(struct value object, const char *name)
{
    struct value text = value_get(object, name);
    return text.kind == VALUE_STRING ? value_slice(text) : slice_of("", 0);
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
