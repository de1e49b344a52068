#include "steps/form.h"

#include "base/json.h"
#include "base/limits.h"

#include <string.h>

/* Pairs in the making. */
struct form {
    struct buffer *out;
    enum form_style style;
    const char *field;
    struct arena arena; /* of one text */
    bool has_pair;
};

bool
form_text(struct arena *arena, const char *field, const struct member *member, struct slice *out,
          struct step_failure *failure)
{
    struct slice name = slice_cut(value_slice(member->key), 64);
    if (member->value.kind == VALUE_STRING) {
        *out = value_slice(member->value);
        return true;
    }
    if (member->value.kind < VALUE_FALSE || member->value.kind > VALUE_STRING)
        return step_fail(failure, "bad_config", "%s: %.*s: expected text, found %s", field,
                         SLICE_FORMAT(name), value_kind_name(member->value));
    *out = json_text(arena, member->value);
    if (out->ptr == NULL)
        return step_fail(failure, "limit_exceeded", "%s: %.*s is too large", field,
                         SLICE_FORMAT(name));
    return true;
}

static bool
is_unreserved(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || (byte != '\0' && strchr("-._~", byte) != NULL);
}

static void
append_encoded(struct form *form, struct slice text)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        if (is_unreserved(text.ptr[i])) {
            buffer_append_byte(form->out, text.ptr[i]);
        } else if (byte == ' ' && form->style == FORM_BODY) {
            buffer_append_byte(form->out, '+');
        } else {
            buffer_append_byte(form->out, '%');
            buffer_append_byte(form->out, hex[byte >> 4]);
            buffer_append_byte(form->out, hex[byte & 15]);
        }
    }
}

static bool
append_pair(struct form *form, const struct member *member, struct step_failure *failure)
{
    struct slice text;
    if (member->value.kind == VALUE_NULL)
        return true;
    if (!form_text(&form->arena, form->field, member, &text, failure))
        return false;
    if (form->has_pair)
        buffer_append_byte(form->out, '&');
    form->has_pair = true;
    append_encoded(form, value_slice(member->key));
    buffer_append_byte(form->out, '=');
    append_encoded(form, text);
    return true;
}

static bool
append_member(struct form *form, const struct member *member, struct step_failure *failure)
{
    if (member->value.kind != VALUE_ARRAY)
        return append_pair(form, member, failure);
    const struct value *items = value_items(member->value);
    for (uint32_t i = 0; i < member->value.count; i++) {
        struct member pair = {member->key, items[i]};
        if (!append_pair(form, &pair, failure))
            return false;
    }
    return true;
}

bool
form_append(struct buffer *out, enum form_style style, const char *field, struct value pairs,
            struct step_failure *failure)
{
    struct form form = {.out = out, .style = style, .field = field};
    arena_init(&form.arena, LIMIT_VALUE_BYTES);
    bool is_ok = true;
    const struct member *members = value_members(pairs);
    for (uint32_t i = 0; i < pairs.count && is_ok; i++)
        is_ok = append_member(&form, &members[i], failure);
    arena_done(&form.arena);
    return is_ok;
}
