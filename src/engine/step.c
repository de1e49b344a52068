#include "engine/step.h"

#include "base/duration.h"
#include "base/json.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool
step_fail(struct step_failure *failure, const char *code, const char *format, ...)
{
    *failure = (struct step_failure){0};
    snprintf(failure->code, sizeof(failure->code), "%s", code);
    va_list arguments;
    va_start(arguments, format);
    int wanted = vsnprintf(failure->words, sizeof(failure->words), format, arguments);
    va_end(arguments);
    /* Failures become values, which are UTF-8: no half character at the end. */
    size_t most = sizeof(failure->words) - 1;
    if (wanted > 0 && (size_t)wanted > most)
        failure->words[slice_cut(slice_of(failure->words, most), most - 1).size] = '\0';
    return false;
}

struct value
step_failure_value(struct arena *arena, const struct step_failure *failure)
{
    struct member members[] = {
        {value_text("code"), value_string_copy(arena, slice_text(failure->code))},
        {value_text("message"), value_string_copy(arena, slice_text(failure->words))},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

static bool
render(struct step_scope *scope, const struct template *template, const char *field,
       struct value *out, struct step_failure *failure)
{
    struct expr_failure bad;
    enum status status =
        template_render(scope->machine, template, scope->root, scope->arena, out, &bad);
    if (status == STATUS_OK)
        return true;
    return step_fail(failure, status == STATUS_LIMIT ? "limit_exceeded" : "expression_failed",
                     "%s: %s", field, bad.words);
}

static bool
render_duration(struct step_scope *scope, const struct config_field *field, struct value *out,
                struct step_failure *failure)
{
    if (field->template == NULL) {
        *out = field->literal;
        return true;
    }
    if (!render(scope, field->template, field->decl->name, out, failure))
        return false;
    int64_t duration_ms = 0;
    struct error error = {0};
    if (out->kind != VALUE_STRING ||
        duration_parse(&duration_ms, value_slice(*out), &error) != STATUS_OK)
        return step_fail(failure, "bad_config", "%s: %s", field->decl->name,
                         out->kind == VALUE_STRING ? error.text
                                                   : "expected a duration such as 30s");
    *out = value_int(duration_ms);
    return true;
}

/* Into *out, which is an empty object or an empty array. */
static bool
render_entries(struct step_scope *scope, const struct config_field *field, struct value *out,
               struct step_failure *failure)
{
    for (uint32_t i = 0; i < field->entry_count; i++) {
        struct value entry;
        if (!render(scope, field->entry_templates[i], field->decl->name, &entry, failure))
            return false;
        *out = out->kind == VALUE_OBJECT
                   ? value_object_set(scope->arena, *out, field->entry_names[i], entry)
                   : value_array_append(scope->arena, *out, entry);
        if (out->kind == VALUE_NONE)
            return step_fail(failure, "limit_exceeded", "%s: the value is too large",
                             field->decl->name);
    }
    return true;
}

static bool
render_text(struct step_scope *scope, const struct config_field *field, struct value *out,
            struct step_failure *failure)
{
    if (!render(scope, field->template, field->decl->name, out, failure))
        return false;
    if (out->kind == VALUE_STRING)
        return true;
    if (out->kind == VALUE_NULL || out->kind >= VALUE_ARRAY)
        return step_fail(failure, "bad_config", "%s: expected text, the template gave %s",
                         field->decl->name, value_kind_name(*out));
    struct slice text = json_text(scope->arena, *out);
    *out = value_string(text);
    return true;
}

/* "provider/model", both of which may stand for more to whoever knows them. */
static bool
is_model(struct slice name)
{
    const char *slash = name.size == 0 ? NULL : memchr(name.ptr, '/', name.size);
    return slash != NULL && slash != name.ptr && slash != name.ptr + name.size - 1;
}

static bool
render_model(struct step_scope *scope, const struct config_field *field, struct value *out,
             struct step_failure *failure)
{
    *out = value_text("default");
    if (field->is_given && !render_text(scope, field, out, failure))
        return false;
    struct slice name = slice_trim(value_slice(*out));
    *out = value_string(name);
    if (slice_is(name, "default") && scope->default_model.kind == VALUE_STRING)
        *out = scope->default_model;
    else if (!slice_is(name, "default") && !is_model(name))
        return step_fail(failure, "bad_config",
                         "%s: expected \"default\" or a name such as openai/gpt-4o-mini, found "
                         "\"%.*s\"",
                         field->decl->name, SLICE_FORMAT(slice_cut(name, 80)));
    return true;
}

static bool
render_field(struct step_scope *scope, const struct config_field *field, struct value *out,
             struct step_failure *failure)
{
    *out = (struct value){0};
    if (field->decl->kind == FIELD_MODEL)
        return render_model(scope, field, out, failure);
    if (!field->is_given)
        return true;
    switch (field->decl->kind) {
    case FIELD_TEXT:
        return render_text(scope, field, out, failure);
    case FIELD_ANY:
    case FIELD_SOURCES:
    case FIELD_EXPRESSION:
        return render(scope, field->template, field->decl->name, out, failure);
    case FIELD_TEXT_MAP:
    case FIELD_EXPRESSION_MAP:
        *out = value_empty_object();
        return render_entries(scope, field, out, failure);
    case FIELD_DURATION:
        return render_duration(scope, field, out, failure);
    case FIELD_PATHS:
    case FIELD_ORDER:
    case FIELD_KEYS:
        *out = value_empty_array();
        return render_entries(scope, field, out, failure);
    case FIELD_AGGREGATE_MAP:
    case FIELD_NAMES:
    case FIELD_LABEL:
    case FIELD_SIGN:
    case FIELD_BOOL:
    case FIELD_BOOL_OR_NAMES:
    case FIELD_INT:
    case FIELD_CHOICE:
    case FIELD_STEP:
    case FIELD_SCHEMA:
    case FIELD_RATE:
    case FIELD_NUMBER:
    case FIELD_FACTS:
    case FIELD_CLASSES:
        *out = field->literal;
        return true;
    case FIELD_MODEL:
    case FIELD_GROUP:
    case FIELD_MARKUP:
        break;
    }
    assert(!"a field that is rendered");
    return false;
}

bool
step_render(struct step_scope *scope, const char *field, struct value *out,
            struct step_failure *failure)
{
    return render_field(scope, plan_node_field(scope->node, field), out, failure);
}

bool
step_render_entry(struct step_scope *scope, const char *field, uint32_t entry, struct value *out,
                  struct step_failure *failure)
{
    const struct config_field *map = plan_node_field(scope->node, field);
    assert(entry < map->entry_count);
    return render(scope, map->entry_templates[entry], field, out, failure);
}

bool
step_render_part(struct step_scope *scope, const char *group, const char *part, struct value *out,
                 struct step_failure *failure)
{
    const struct config_field *field = plan_node_field(scope->node, group);
    if (render_field(scope, config_field_part(field, part), out, failure))
        return true;
    struct step_failure inner = *failure;
    return step_fail(failure, inner.code, "%s.%s", group, inner.words);
}

bool
step_render_config(struct step_scope *scope, struct value *out, struct step_failure *failure)
{
    *out = value_empty_object();
    const struct step_decl *decl = scope->node->decl;
    for (size_t i = 0; i < decl->field_count; i++) {
        struct value field;
        if (decl->fields[i].is_apart)
            continue;
        if (!render_field(scope, &scope->node->fields[i], &field, failure))
            return false;
        if (field.kind == VALUE_NONE)
            continue;
        *out = value_object_set(scope->arena, *out, value_text(decl->fields[i].name), field);
        if (out->kind == VALUE_NONE)
            return step_fail(failure, "limit_exceeded", "%s: the value is too large",
                             decl->fields[i].name);
    }
    return true;
}
