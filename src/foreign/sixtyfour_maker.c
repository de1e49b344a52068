#include "foreign/sixtyfour_maker.h"

#include "base/json.h"
#include "base/limits.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The column of a row that stands for none: so that there is one where there are no rows. */
#define MARK "_windrow_end"

/* --- texts --- */

static const char *
text_taken(struct maker *maker, struct buffer *text)
{
    struct slice copy = arena_copy(maker->arena, buffer_slice(text));
    buffer_done(text);
    return copy.ptr == NULL ? "" : copy.ptr;
}

struct value
maker_text(struct maker *maker, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = foreign_format_list(maker->arena, format, arguments);
    va_end(arguments);
    return value_text(text);
}

const char *
maker_jq(struct maker *maker, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = foreign_format_list(maker->arena, format, arguments);
    va_end(arguments);
    return text;
}

const char *
maker_literal(struct maker *maker, struct slice text)
{
    return foreign_literal(maker->arena, text);
}

const char *
maker_json(struct maker *maker, struct value value)
{
    return foreign_literal_of(maker->arena, value);
}

const char *
maker_column(struct maker *maker, struct slice name)
{
    return maker_jq(maker, ".item[%s]", maker_literal(maker, name));
}

/* --- places in texts of theirs --- */

struct place {
    size_t at, size; /* with its braces */
    struct slice name;
};

static bool
is_word(struct slice name)
{
    for (size_t i = 0; i < name.size; i++) {
        unsigned char byte = (unsigned char)name.ptr[i];
        if (byte != '_' && !isalnum(byte) && byte < 0x80)
            return false;
    }
    return name.size > 0 && !isdigit((unsigned char)name.ptr[0]);
}

/* At a brace: {{any name}} or {a_word}. */
static bool
read_place(struct slice text, size_t at, struct place *out)
{
    bool is_double = at + 1 < text.size && text.ptr[at + 1] == '{';
    const char *begin = text.ptr + at + (is_double ? 2 : 1);
    const char *ending = is_double ? "}}" : "}";
    size_t left = text.size - (size_t)(begin - text.ptr);
    const char *end = memmem(begin, left, ending, strlen(ending));
    if (end == NULL)
        return false;
    struct slice inside = slice_of(begin, (size_t)(end - begin));
    *out = (struct place){at, (size_t)(end - text.ptr) - at + strlen(ending), slice_trim(inside)};
    if (!is_double)
        return is_word(inside);
    return out->name.size > 0 && memchr(inside.ptr, '{', inside.size) == NULL;
}

/* The next one at or behind `from`. */
static bool
next_place(struct slice text, size_t from, struct place *out)
{
    for (size_t at = from; at < text.size; at++) {
        if (text.ptr[at] == '{' && read_place(text, at, out))
            return true;
    }
    return false;
}

bool
maker_has_places(struct maker *maker, struct slice text)
{
    struct place place;
    return next_place(text, 0, &place);
}

struct value
maker_template(struct maker *maker, struct slice text)
{
    struct buffer out;
    struct place place;
    size_t from = 0;
    buffer_init(&out, LIMIT_DEFINITION_BYTES);
    while (next_place(text, from, &place)) {
        foreign_put_literal(&out, slice_of(text.ptr + from, place.at - from));
        buffer_append_format(&out, "{{= %s }}", maker_column(maker, place.name));
        from = place.at + place.size;
    }
    foreign_put_literal(&out, slice_of(text.ptr + from, text.size - from));
    return value_text(text_taken(maker, &out));
}

/* --- specs --- */

struct value
maker_spec(const struct maker *maker, const char *name)
{
    return value_get(maker->block->specs, name);
}

struct slice
maker_spec_text(const struct maker *maker, const char *name)
{
    return value_get_text(maker->block->specs, name);
}

struct value
maker_spec_names(struct maker *maker, const char *name, const char *other)
{
    struct value names = maker_spec(maker, name);
    if (names.kind == VALUE_NONE)
        names = maker_spec(maker, other);
    if (names.kind == VALUE_STRING)
        names = value_array_new(maker->arena, &names, 1);
    return names.kind == VALUE_ARRAY ? names : value_empty_array();
}

const char *
maker_given(struct maker *maker, const char *name)
{
    struct value spec = maker_spec(maker, name);
    const char *own = spec.kind == VALUE_NONE ? "null" : maker_json(maker, spec);
    return maker_jq(maker, "(.input[%s] // %s)", maker_literal(maker, slice_text(name)), own);
}

void
maker_put_model(struct maker *maker, struct value *config)
{
    struct slice model = maker_spec_text(maker, "model");
    struct value name = foreign_model(maker->arena, model);
    if (name.kind == VALUE_STRING)
        maker_put(maker, config, "model", name);
    else if (model.size > 0)
        maker_note(maker, "specs.model: its provider is not known, so that `default` is asked");
}

/* --- steps --- */

struct slice
maker_step_id(struct maker *maker, const char *ending)
{
    return slice_text(
        arena_format(maker->arena, "%.*s_%s", SLICE_FORMAT(maker->block->step), ending));
}

void
maker_put(struct maker *maker, struct value *config, const char *name, struct value value)
{
    foreign_put(maker->arena, config, name, value);
}

struct value
maker_step(struct maker *maker, struct slice id, const char *type, struct value config)
{
    const struct member members[] = {
        {value_text("id"), value_string(id)},
        {value_text("type"), value_text(type)},
        {value_text("config"), config},
    };
    return value_object_new(maker->arena, members, COUNT_OF(members));
}

void
maker_add(struct maker *maker, struct value step, struct value needs)
{
    maker_put(maker, &step, "needs", needs);
    maker->steps = value_array_append(maker->arena, maker->steps, step);
}

struct value
maker_needs(struct maker *maker, struct slice first, struct slice second)
{
    struct value needs = value_empty_array();
    if (first.size > 0)
        needs = value_array_append(maker->arena, needs, value_string(first));
    if (second.size > 0)
        needs = value_array_append(maker->arena, needs, value_string(second));
    return needs;
}

void
maker_add_rows(struct maker *maker, struct slice needs, const char *expression)
{
    struct value config = value_empty_object();
    maker_put(maker, &config, "list", value_text(expression));
    maker_add(maker, maker_step(maker, maker->block->step, "expand", config),
              maker_needs(maker, needs, (struct slice){0}));
}

/* --- all rows as one --- */

static struct slice
add_mark(struct maker *maker)
{
    struct slice mark = maker_step_id(maker, "end");
    struct slice both = maker_step_id(maker, "with_end");
    struct slice same = maker_step_id(maker, "same");
    struct value config = value_empty_object(), fields = value_empty_object();
    maker_put(maker, &config, "list", value_text("[{\"" MARK "\": true}]"));
    maker_add(maker, maker_step(maker, mark, "expand", config), value_empty_array());
    maker_add(maker, maker_step(maker, both, "union", value_empty_object()),
              maker_needs(maker, maker->rows, mark));
    maker_put(maker, &fields, "all", value_bool(true));
    config = value_empty_object();
    maker_put(maker, &config, "fields", fields);
    maker_add(maker, maker_step(maker, same, "set", config),
              maker_needs(maker, both, (struct slice){0}));
    return same;
}

struct slice
maker_gather(struct maker *maker)
{
    struct slice same = add_mark(maker);
    struct slice all = maker_step_id(maker, "all");
    struct value config = value_empty_object();
    maker_put(maker, &config, "by", maker_text(maker, "steps.%.*s.all", SLICE_FORMAT(same)));
    maker_add(maker, maker_step(maker, all, "group_by", config),
              maker_needs(maker, same, (struct slice){0}));
    return all;
}

/* --- what is wrong --- */

enum status
maker_fail(struct maker *maker, const char *place, const char *words)
{
    return graph_fail_block(maker->graph, maker->block, place, words);
}

void
maker_note(struct maker *maker, const char *words)
{
    if (maker->wanted->note != NULL)
        maker->wanted->note(arena_format(maker->arena, "blocks[%u] (%.*s): %s", maker->block->index,
                                         SLICE_FORMAT(maker->block->name), words),
                            maker->wanted->context);
}

void
maker_note_idle(struct maker *maker, const char *spec, const char *words)
{
    struct value value = maker_spec(maker, spec);
    bool says_something =
        value.kind != VALUE_NONE && value.kind != VALUE_NULL && value.kind != VALUE_FALSE;
    if (says_something)
        maker_note(maker, arena_format(maker->arena, "specs.%s: %s", spec, words));
}
