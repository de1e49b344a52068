#include "steps/connector_inside.h"

#include "base/buffer.h"
#include "base/credits.h"
#include "base/json.h"
#include "base/limits.h"

static void
put_fields(struct buffer *out, const struct connector *connector)
{
    buffer_append_text(out, "| field | is | required | |\n| --- | --- | --- | --- |\n");
    for (size_t i = 0; i < connector->decl.field_count; i++) {
        const struct field_decl *field = &connector->decl.fields[i];
        buffer_append_format(out, "| `%s` | %s | %s | %s |\n", field->name,
                             field_kind_words(field->kind), field->required ? "yes" : "",
                             field->help);
    }
}

static void
put_example(struct buffer *out, const struct connector *connector, struct value inputs)
{
    buffer_append_format(out, "\n```yaml\n- id: found\n  type: %s\n  config:\n",
                         connector->decl.name);
    for (uint32_t i = 0; inputs.kind == VALUE_OBJECT && i < inputs.count; i++) {
        const struct member *member = &value_members(inputs)[i];
        struct value example = value_get(member->value, "example");
        bool is_needed = value_is_true(value_get(member->value, "required"));
        if (example.kind == VALUE_NONE && !is_needed)
            continue;
        buffer_append_format(out, "    %.*s: ", SLICE_FORMAT(value_slice(member->key)));
        if (example.kind == VALUE_NONE)
            buffer_append_format(out, "\"{{item.%.*s}}\"", SLICE_FORMAT(value_slice(member->key)));
        else
            json_print(out, example);
        buffer_append_byte(out, '\n');
    }
    buffer_append_text(out, "```\n");
}

static void
put_facts(struct buffer *out, const struct connector *connector, struct value file)
{
    char price[CREDITS_TEXT_BYTES];
    struct value url = value_get(value_get(file, "request"), "url");
    struct value value = value_get(file, "value");
    credits_print(connector->decl.price_microcredits, price);
    if (url.kind == VALUE_STRING)
        buffer_append_format(out, "\n**What is asked.** `%.*s`\n", SLICE_FORMAT(value_slice(url)));
    if (value.kind == VALUE_STRING)
        buffer_append_format(out, "\n**What it gives.** `%.*s`\n",
                             SLICE_FORMAT(value_slice(value)));
    if (connector->decl.price_microcredits > 0)
        buffer_append_format(out, "\n**What it costs.** %s credits a call.\n", price);
    buffer_append_text(out, "\n**Failures.** Those of `http_request`, and "
                            "[`vendor_error`](../errors/vendor_error.md).\n");
}

const char *
connector_page(const struct connector *connector, struct value file, struct arena *arena)
{
    struct buffer out;
    buffer_init(&out, LIMIT_DEFINITION_BYTES);
    buffer_append_format(&out, "# `%s`\n\n%s\n\n", connector->decl.name, connector->decl.summary);
    put_fields(&out, connector);
    put_example(&out, connector, value_get(file, "inputs"));
    put_facts(&out, connector, file);
    buffer_append_byte(&out, '\0');
    struct slice page = arena_copy(arena, buffer_slice(&out));
    bool is_over = buffer_is_over(&out);
    buffer_done(&out);
    return page.ptr == NULL || is_over ? connector->decl.summary : page.ptr;
}
