#include "api/tutor/tutor.h"
#include "base/json.h"

/* A text that the workflow calls its result, or the text of a step that asks a model, as it comes
 * without an `output`. */
static struct slice
text_in(struct value output)
{
    struct value result = value_get(output, "result");
    struct value text = value_get(output, "text");
    bool has_citations = value_get(output, "citations").kind != VALUE_NONE;
    if (result.kind == VALUE_STRING)
        return value_slice(result);
    if (text.kind == VALUE_STRING && output.count == (has_citations ? 2u : 1u))
        return value_slice(text);
    return slice_of(NULL, 0);
}

/* Clients parse an object themselves: they get it as JSON, without what stands in `citations`. */
static bool
read_text(struct slice *out, struct value output, struct arena *arena)
{
    if (output.kind == VALUE_STRING) {
        *out = value_slice(output);
        return true;
    }
    if (output.kind == VALUE_NULL) {
        *out = SLICE("");
        return true;
    }
    if (output.kind == VALUE_OBJECT) {
        *out = text_in(output);
        if (out->ptr != NULL)
            return true;
        output = value_object_remove(arena, output, SLICE("citations"));
    }
    *out = json_text(arena, output);
    return out->ptr != NULL;
}

static bool
has_item(struct value list, struct value item)
{
    for (uint32_t i = 0; i < list.count; i++) {
        if (value_equal(value_items(list)[i], item))
            return true;
    }
    return false;
}

/* Of each page one address, in the order in which they are cited first. What was read from
 * variables has none. */
static struct value
read_citations(struct value output, struct arena *arena)
{
    struct value given = value_get(output, "citations");
    struct value out = value_empty_array();
    if (given.kind != VALUE_ARRAY)
        return (struct value){0};
    for (uint32_t i = 0; i < given.count; i++) {
        struct value item = value_items(given)[i];
        if (item.kind == VALUE_OBJECT)
            item = value_get(item, "url");
        if (item.kind == VALUE_STRING && !has_item(out, item))
            out = value_array_append(arena, out, item);
    }
    return out.count == 0 ? (struct value){0} : out;
}

bool
tutor_result_read(struct tutor_result *out, struct slice output, struct arena *arena)
{
    struct value value;
    struct error error = {0};
    *out = (struct tutor_result){.text = {0}};
    if (json_parse(&value, arena, output, JSON_BORROW, NULL, &error) != STATUS_OK)
        return false;
    if (value.kind == VALUE_OBJECT)
        out->citations = read_citations(value, arena);
    return read_text(&out->text, value, arena);
}
