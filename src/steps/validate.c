#include "base/buffer.h"
#include "expr/schema.h"
#include "steps/types.h"

static const char *const validate_ends[] = {"fail", "report", NULL};

static const struct field_decl validate_fields[] = {
    {.name = "schema",
     .kind = FIELD_SCHEMA,
     .required = true,
     .help = "JSON Schema, draft 2020-12, that the value must hold to."},
    {.name = "value", .kind = FIELD_EXPRESSION, .help = "jq, the value; `.item` if not given."},
    {.name = "on_invalid",
     .kind = FIELD_CHOICE,
     .choices = validate_ends,
     .help = "What becomes of an invalid one: `fail` (default), or `report` it and go on."},
};

const struct step_decl validate_decl = {
    .name = "validate",
    .group = STEP_GROUP_DATA,
    .shape = STEP_SHAPE_VALUE,
    .summary = "Checks a value of each row against a JSON Schema.",
    .fields = validate_fields,
    .field_count = COUNT_OF(validate_fields),
};

/* The findings, as a value and as words for a failure. */
struct findings {
    struct arena *arena;
    struct value list; /* VALUE_NONE once it became too large */
    struct buffer words;
    uint32_t in_words;
};

static struct value
describe(struct arena *arena, const char *path, const char *schema_path, const char *words)
{
    struct member members[] = {
        {value_text("path"), value_string_copy(arena, slice_text(path))},
        {value_text("schema"), value_string_copy(arena, slice_text(schema_path))},
        {value_text("message"), value_string_copy(arena, slice_text(words))},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

static void
add_finding(const char *path, const char *schema_path, const char *words, void *context)
{
    struct findings *findings = context;
    struct value finding = describe(findings->arena, path, schema_path, words);
    findings->list = value_array_append(findings->arena, findings->list, finding);
    size_t size = findings->words.size;
    buffer_append_format(&findings->words, "%s%s%s%s", size == 0 ? "" : "; ", path,
                         path[0] == '\0' ? "" : ": ", words);
    if (buffer_is_over(&findings->words))
        findings->words.size = size;
    else
        findings->in_words++;
}

static bool
fail_invalid(const struct findings *findings, struct step_failure *failure)
{
    struct slice words = buffer_slice(&findings->words);
    if (findings->in_words == 0)
        return step_fail(failure, "invalid", "the value does not hold to the schema");
    if (findings->in_words < findings->list.count)
        return step_fail(failure, "invalid", "%.*s; and %u more", SLICE_FORMAT(words),
                         findings->list.count - findings->in_words);
    return step_fail(failure, "invalid", "%.*s", SLICE_FORMAT(words));
}

static bool
conclude(const struct step_scope *scope, enum status status, const struct findings *findings,
         struct value *out, struct step_failure *failure)
{
    if (status == STATUS_LIMIT)
        return step_fail(failure, "limit_exceeded", "schema: %.*s",
                         SLICE_FORMAT(buffer_slice(&findings->words)));
    struct value end = plan_node_field(scope->node, "on_invalid")->literal;
    bool reports = end.kind == VALUE_STRING && slice_is(value_slice(end), "report");
    if (status != STATUS_OK && !reports)
        return fail_invalid(findings, failure);
    struct member members[] = {
        {value_text("valid"), value_bool(status == STATUS_OK)},
        {value_text("errors"), findings->list},
    };
    *out = value_object_new(scope->arena, members, COUNT_OF(members));
    if (out->kind == VALUE_NONE)
        return step_fail(failure, "limit_exceeded", "the findings are too large");
    return true;
}

static bool
validate_value(struct step_scope *scope, struct value *out, struct step_failure *failure)
{
    struct value value = value_find_or_null(scope->root, SLICE("item"));
    if (plan_node_field(scope->node, "value")->is_given &&
        !step_render(scope, "value", &value, failure))
        return false;
    struct findings findings = {.arena = scope->arena, .list = value_empty_array()};
    buffer_init(&findings.words, sizeof(failure->words) - sizeof("; and 100 more"));
    enum status status =
        schema_check(plan_node_field(scope->node, "schema")->schema, value, add_finding, &findings);
    bool is_good = conclude(scope, status, &findings, out, failure);
    buffer_done(&findings.words);
    return is_good;
}

static struct value
validate_members(const struct plan_node *node, struct arena *arena)
{
    struct value names[] = {value_text("valid"), value_text("errors")};
    return value_array_new(arena, names, COUNT_OF(names));
}

const struct step_type step_validate = {
    .decl = &validate_decl,
    .members = validate_members,
    .value = validate_value,
};
