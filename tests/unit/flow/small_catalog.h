/* tests/unit/flow/small_catalog.h - declarations of step types for the tests of the pure core, in
 * the shape of the real ones. */
#ifndef TESTS_UNIT_FLOW_SMALL_CATALOG_H
#define TESTS_UNIT_FLOW_SMALL_CATALOG_H

#include "base/status.h"
#include "flow/catalog.h"

static const struct field_decl small_transform_fields[] = {
    {.name = "expression", .kind = FIELD_EXPRESSION, .required = true},
};
static const struct field_decl small_set_fields[] = {
    {.name = "fields", .kind = FIELD_TEXT_MAP, .required = true},
};
static const struct field_decl small_remove_fields[] = {
    {.name = "columns", .kind = FIELD_NAMES, .required = true},
};
static const struct field_decl small_filter_fields[] = {
    {.name = "where", .kind = FIELD_EXPRESSION, .required = true},
};
static const struct field_decl small_condition_fields[] = {
    {.name = "if", .kind = FIELD_EXPRESSION},
    {.name = "cases", .kind = FIELD_EXPRESSION_MAP},
    {.name = "else", .kind = FIELD_LABEL},
};
static const char *const small_condition_one_of[] = {"if", "cases", NULL};
static const struct field_decl small_wait_fields[] = {
    {.name = "for", .kind = FIELD_DURATION},
    {.name = "until", .kind = FIELD_TEXT},
};
static const char *const small_wait_one_of[] = {"for", "until", NULL};
static const char *const small_methods[] = {"GET", "POST", "PUT", "DELETE", NULL};
static const struct field_decl small_http_fields[] = {
    {.name = "url", .kind = FIELD_TEXT, .required = true},
    {.name = "method", .kind = FIELD_CHOICE, .choices = small_methods},
    {.name = "headers", .kind = FIELD_TEXT_MAP},
    {.name = "query", .kind = FIELD_TEXT_MAP},
    {.name = "json", .kind = FIELD_ANY},
    {.name = "body", .kind = FIELD_TEXT},
    {.name = "expect", .kind = FIELD_ANY},
    {.name = "redirects", .kind = FIELD_INT, .min = 0, .max = 5},
};
static const struct field_decl small_csv_fields[] = {
    {.name = "file", .kind = FIELD_TEXT, .required = true},
    {.name = "delimiter", .kind = FIELD_SIGN},
    {.name = "header", .kind = FIELD_BOOL_OR_NAMES},
};
static const struct field_decl small_jsonl_fields[] = {
    {.name = "file", .kind = FIELD_TEXT, .required = true},
};
static const struct field_decl small_sink_fields[] = {
    {.name = "name", .kind = FIELD_TEXT},
    {.name = "columns", .kind = FIELD_TEXT_MAP},
};
static const struct field_decl small_validate_fields[] = {
    {.name = "schema", .kind = FIELD_SCHEMA, .required = true},
};
static const char *const small_pers[] = {"item", "table", NULL};
static const struct field_decl small_workflow_fields[] = {
    {.name = "id", .kind = FIELD_LABEL},
    {.name = "slug", .kind = FIELD_LABEL},
    {.name = "input", .kind = FIELD_ANY},
    {.name = "per", .kind = FIELD_CHOICE, .choices = small_pers},
};
static const char *const small_workflow_one_of[] = {"id", "slug", NULL};
static const char *const small_transform_aliases[] = {"transform_data", NULL};

#define SMALL_TYPE(type_name, type_shape, type_fields)                                             \
    .name = type_name, .shape = type_shape, .fields = type_fields,                                 \
    .field_count = COUNT_OF(type_fields)

static const struct step_decl small_transform = {
    SMALL_TYPE("transform", STEP_SHAPE_VALUE, small_transform_fields),
    .aliases = small_transform_aliases};
static const struct step_decl small_set = {SMALL_TYPE("set", STEP_SHAPE_VALUE, small_set_fields)};
static const struct step_decl small_remove = {
    SMALL_TYPE("remove_columns", STEP_SHAPE_VALUE, small_remove_fields)};
static const struct step_decl small_filter = {
    SMALL_TYPE("filter", STEP_SHAPE_FILTER, small_filter_fields)};
static const struct step_decl small_condition = {
    SMALL_TYPE("condition", STEP_SHAPE_BRANCH, small_condition_fields),
    .one_of = small_condition_one_of};
static const struct step_decl small_wait = {SMALL_TYPE("wait", STEP_SHAPE_WAIT, small_wait_fields),
                                            .one_of = small_wait_one_of};
static const struct step_decl small_validate = {
    SMALL_TYPE("validate", STEP_SHAPE_VALUE, small_validate_fields)};
static const struct step_decl small_workflow = {
    SMALL_TYPE("workflow", STEP_SHAPE_CHILD, small_workflow_fields),
    .one_of = small_workflow_one_of};
static const struct step_decl small_http = {
    SMALL_TYPE("http_request", STEP_SHAPE_EFFECT, small_http_fields)};
static const struct step_decl small_read_csv = {
    SMALL_TYPE("read_csv", STEP_SHAPE_SOURCE, small_csv_fields)};
static const struct step_decl small_read_jsonl = {
    SMALL_TYPE("read_jsonl", STEP_SHAPE_SOURCE, small_jsonl_fields)};
static const struct step_decl small_write_csv = {
    SMALL_TYPE("write_csv", STEP_SHAPE_SINK, small_sink_fields)};
static const struct step_decl small_write_jsonl = {
    SMALL_TYPE("write_jsonl", STEP_SHAPE_SINK, small_sink_fields)};

static const struct step_decl *const small_types[] = {
    &small_transform,   &small_set,      &small_remove,   &small_filter,     &small_condition,
    &small_wait,        &small_http,     &small_read_csv, &small_read_jsonl, &small_write_csv,
    &small_write_jsonl, &small_workflow, &small_validate,
};
static const struct catalog small_catalog = {.types = small_types, .count = COUNT_OF(small_types)};

#endif
