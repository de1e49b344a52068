/* Conditions of if, switch and filter nodes as jq: those of version 1, sorted by type, and those of
 * version 2, a list with operators. */
#include "base/limits.h"
#include "foreign/n8n_nodes.h"

#include <string.h>

/* How a value is made ready: as it is, text, a number, a moment. */
enum reading { READ_PLAIN, READ_TEXT, READ_NUMBER, READ_MOMENT };

/* In `jq` $0 is the left value and $1 the right one. */
struct operator_row {
    const char *type; /* NULL: any */
    const char *operation;
    enum reading reading;
    const char *jq;
    bool is_single; /* no right value */
};

static const char is_empty[] = "$0 | . == null or . == \"\" or . == [] or . == {}";
static const char is_filled[] = "$0 | . != null and . != \"\" and . != [] and . != {}";

static const struct operator_row operators[] = {
    {NULL, "exists", READ_PLAIN, "$0 != null", true},
    {NULL, "notExists", READ_PLAIN, "$0 == null", true},
    {NULL, "empty", READ_PLAIN, is_empty, true},
    {NULL, "notEmpty", READ_PLAIN, is_filled, true},
    {NULL, "isEmpty", READ_PLAIN, is_empty, true},
    {NULL, "isNotEmpty", READ_PLAIN, is_filled, true},
    {"boolean", "true", READ_PLAIN, "$0 == true", true},
    {"boolean", "false", READ_PLAIN, "$0 == false", true},
    {"boolean", "equals", READ_PLAIN, "$0 == $1", false},
    {"boolean", "notEquals", READ_PLAIN, "$0 != $1", false},
    {"boolean", "equal", READ_PLAIN, "$0 == $1", false},
    {"boolean", "notEqual", READ_PLAIN, "$0 != $1", false},
    {"string", "equals", READ_PLAIN, "$0 == $1", false},
    {"string", "notEquals", READ_PLAIN, "$0 != $1", false},
    {"string", "equal", READ_PLAIN, "$0 == $1", false},
    {"string", "notEqual", READ_PLAIN, "$0 != $1", false},
    {"string", "contains", READ_TEXT, "$1 as $b | $0 | contains($b)", false},
    {"string", "notContains", READ_TEXT, "$1 as $b | $0 | contains($b) | not", false},
    {"string", "startsWith", READ_TEXT, "$1 as $b | $0 | startswith($b)", false},
    {"string", "notStartsWith", READ_TEXT, "$1 as $b | $0 | startswith($b) | not", false},
    {"string", "endsWith", READ_TEXT, "$1 as $b | $0 | endswith($b)", false},
    {"string", "notEndsWith", READ_TEXT, "$1 as $b | $0 | endswith($b) | not", false},
    {"string", "regex", READ_TEXT, "$1 as $b | $0 | test($b)", false},
    {"string", "notRegex", READ_TEXT, "$1 as $b | $0 | test($b) | not", false},
    {"number", "equals", READ_NUMBER, "$0 == $1", false},
    {"number", "equal", READ_NUMBER, "$0 == $1", false},
    {"number", "notEquals", READ_NUMBER, "$0 != $1", false},
    {"number", "notEqual", READ_NUMBER, "$0 != $1", false},
    {"number", "gt", READ_NUMBER, "$1 as $b | $0 | . != null and . > $b", false},
    {"number", "larger", READ_NUMBER, "$1 as $b | $0 | . != null and . > $b", false},
    {"number", "lt", READ_NUMBER, "$1 as $b | $0 | . != null and . < $b", false},
    {"number", "smaller", READ_NUMBER, "$1 as $b | $0 | . != null and . < $b", false},
    {"number", "gte", READ_NUMBER, "$1 as $b | $0 | . != null and . >= $b", false},
    {"number", "largerEqual", READ_NUMBER, "$1 as $b | $0 | . != null and . >= $b", false},
    {"number", "lte", READ_NUMBER, "$1 as $b | $0 | . != null and . <= $b", false},
    {"number", "smallerEqual", READ_NUMBER, "$1 as $b | $0 | . != null and . <= $b", false},
    {"dateTime", "equals", READ_MOMENT, "$0 == $1", false},
    {"dateTime", "notEquals", READ_MOMENT, "$0 != $1", false},
    {"dateTime", "after", READ_MOMENT, "$0 > $1", false},
    {"dateTime", "before", READ_MOMENT, "$0 < $1", false},
    {"dateTime", "afterOrEquals", READ_MOMENT, "$0 >= $1", false},
    {"dateTime", "beforeOrEquals", READ_MOMENT, "$0 <= $1", false},
    {"array", "contains", READ_PLAIN, "$1 as $b | $0 | any(. == $b)", false},
    {"array", "notContains", READ_PLAIN, "$1 as $b | $0 | any(. == $b) | not", false},
    {"array", "lengthEquals", READ_PLAIN, "($0 | length) == $1", false},
    {"array", "lengthNotEquals", READ_PLAIN, "($0 | length) != $1", false},
    {"array", "lengthGt", READ_PLAIN, "($0 | length) > $1", false},
    {"array", "lengthLt", READ_PLAIN, "($0 | length) < $1", false},
    {"array", "lengthGte", READ_PLAIN, "($0 | length) >= $1", false},
    {"array", "lengthLte", READ_PLAIN, "($0 | length) <= $1", false},
};

struct comparing {
    struct n8n *n8n;
    struct n8n_node *node;
    const struct n8n_stream *at;
    bool ignores_case;
    bool is_loose; /* types are changed to those that are compared */
};

static const struct operator_row *
find_operator(const char *type, struct slice operation)
{
    for (size_t i = 0; i < COUNT_OF(operators); i++) {
        bool is_type = operators[i].type == NULL || strcmp(operators[i].type, type) == 0;
        if (is_type && slice_is(operation, operators[i].operation))
            return &operators[i];
    }
    return NULL;
}

static const char *
text_operand(const struct comparing *comparing, struct jq jq)
{
    struct n8n_scope scope = {.n8n = comparing->n8n};
    const char *text = jq.type == JQ_STRING
                           ? jq_closed(&scope, jq)
                           : n8n_cat(comparing->n8n->arena, "(", jq.text,
                                     " | if . == null then \"\" else tostring end)", NULL);
    return comparing->ignores_case
               ? n8n_cat(comparing->n8n->arena, "(", text, " | ascii_downcase)", NULL)
               : text;
}

/* A value as the operator wants it. */
static const char *
operand(const struct comparing *comparing, struct value value, const struct operator_row *row)
{
    struct arena *arena = comparing->n8n->arena;
    struct n8n_scope scope = {.n8n = comparing->n8n};
    struct jq jq = n8n_value(comparing->n8n, comparing->node, comparing->at, value, "conditions");
    bool is_text = row->type != NULL && strcmp(row->type, "string") == 0;
    switch (row->reading) {
    case READ_TEXT:
        return text_operand(comparing, jq);
    case READ_NUMBER:
        if (jq.type == JQ_NUMBER)
            return jq_closed(&scope, jq);
        return n8n_cat(arena, "(", jq.text, " | tonumber? // null)", NULL);
    case READ_MOMENT:
        return n8n_cat(arena, "(", jq.text,
                       " | if type == \"number\" then . / 1000 elif test(\"^\\\\d{4}-\\\\d\\\\d-"
                       "\\\\d\\\\d$\") then . + \"T00:00:00Z\" | fromdate else fromdate end)",
                       NULL);
    case READ_PLAIN:
        break;
    }
    if (is_text && comparing->ignores_case)
        return text_operand(comparing, jq);
    if (is_text && comparing->is_loose && jq.type != JQ_STRING)
        return n8n_cat(arena, "(", jq.text, " | if . == null then . else tostring end)", NULL);
    return jq_closed(&scope, jq);
}

/* A right value that is written down stands in the test itself. */
static const char *
fill(struct arena *arena, const char *jq, const char *left, const char *right, bool is_constant)
{
    static const char bind[] = "$1 as $b | ";
    struct buffer out;
    buffer_init(&out, LIMIT_DEFINITION_BYTES);
    if (is_constant && strncmp(jq, bind, strlen(bind)) == 0)
        jq += strlen(bind);
    for (; *jq != '\0'; jq++) {
        bool is_left = jq[0] == '$' && jq[1] == '0';
        bool is_right = jq[0] == '$' && (jq[1] == '1' || (jq[1] == 'b' && is_constant));
        if (is_left || is_right)
            buffer_append_text(&out, is_left ? left : right);
        else
            buffer_append_byte(&out, *jq);
        jq += is_left || is_right;
    }
    const char *text = buffer_is_over(&out) ? NULL : arena_copy(arena, buffer_slice(&out)).ptr;
    buffer_done(&out);
    return text;
}

static const char *
compare(const struct comparing *comparing, const char *type, struct slice operation,
        struct value left, struct value right)
{
    struct arena *arena = comparing->n8n->arena;
    const struct operator_row *row = find_operator(type, operation);
    if (row == NULL) {
        const char *words =
            arena_format(arena, "conditions: the comparison %s %.*s is not translated", type,
                         SLICE_FORMAT(slice_cut(operation, 60)));
        n8n_change(comparing->n8n, comparing->node, words);
        return n8n_cat(arena, "error(\"", words, "\")", NULL);
    }
    bool is_odd = comparing->is_loose && row->type != NULL && strcmp(row->type, "boolean") == 0;
    const char *a = operand(comparing, left, row);
    const char *b = row->is_single ? "null" : operand(comparing, right, row);
    if (a == NULL || b == NULL)
        return NULL;
    if (is_odd)
        a = n8n_cat(arena, "(", a,
                    " | if . == \"true\" or . == 1 then true elif . == \"false\" or . == 0 then "
                    "false else . end)",
                    NULL);
    bool is_constant = right.kind < VALUE_ARRAY && !n8n_is_expression(right);
    return a == NULL ? NULL : fill(arena, row->jq, a, b, is_constant);
}

static const char *
combine(struct n8n *n8n, const char *all, const char *one, bool is_any, bool is_lone)
{
    if (is_lone)
        return one;
    one = n8n_cat(n8n->arena, "(", one, ")", NULL);
    return all == NULL ? one : n8n_cat(n8n->arena, all, is_any ? " or " : " and ", one, NULL);
}

/* [{leftValue, operator: {type, operation}, rightValue}] */
static const char *
list_conditions(struct comparing *comparing, struct value conditions)
{
    struct n8n *n8n = comparing->n8n;
    struct value list = value_get(conditions, "conditions");
    bool is_any = slice_is(n8n_text(conditions, "combinator"), "or");
    const char *all = NULL;
    comparing->ignores_case = n8n_find(conditions, "options.caseSensitive").kind == VALUE_FALSE;
    comparing->is_loose = slice_is(n8n_text(conditions, "options.typeValidation"), "loose") ||
                          value_is_true(n8n_param(comparing->node, "looseTypeValidation")) ||
                          value_is_true(n8n_param(comparing->node, "options.looseTypeValidation"));
    for (uint32_t i = 0; i < list.count; i++) {
        struct value one = value_items(list)[i];
        struct slice type = n8n_text(one, "operator.type");
        const char *name =
            type.size == 0 ? "string"
                           : arena_format(n8n->arena, "%.*s", SLICE_FORMAT(slice_cut(type, 40)));
        struct slice operation = n8n_text(one, "operator.operation");
        const char *jq = compare(comparing, name, operation.size == 0 ? SLICE("equals") : operation,
                                 value_get(one, "leftValue"), value_get(one, "rightValue"));
        all = combine(n8n, all, jq, is_any, list.count == 1);
    }
    return all;
}

/* {string: [{value1, operation, value2}], number: […], …} */
static const char *
typed_conditions(struct comparing *comparing, struct value conditions, bool is_any)
{
    static const struct {
        const char *type, *operation;
    } defaults[] = {
        {"string", "equal"}, {"number", "smaller"}, {"boolean", "equal"}, {"dateTime", "after"}};
    const char *all = NULL;
    uint32_t count = 0;
    for (size_t i = 0; i < COUNT_OF(defaults); i++) {
        struct value list = value_get(conditions, defaults[i].type);
        count += list.kind == VALUE_ARRAY ? list.count : 0;
    }
    for (size_t i = 0; i < COUNT_OF(defaults); i++) {
        struct value list = value_get(conditions, defaults[i].type);
        for (uint32_t k = 0; k < (list.kind == VALUE_ARRAY ? list.count : 0); k++) {
            struct value one = value_items(list)[k];
            struct slice operation = n8n_text(one, "operation");
            const char *jq =
                compare(comparing, defaults[i].type,
                        operation.size == 0 ? slice_text(defaults[i].operation) : operation,
                        value_get(one, "value1"), value_get(one, "value2"));
            all = combine(comparing->n8n, all, jq, is_any, count == 1);
        }
    }
    return all;
}

const char *
n8n_conditions(struct n8n *n8n, struct n8n_node *node, const struct n8n_stream *at,
               struct value conditions, const char *combine_by)
{
    struct comparing comparing = {.n8n = n8n, .node = node, .at = at};
    if (value_get(conditions, "conditions").kind == VALUE_ARRAY)
        return list_conditions(&comparing, conditions);
    bool is_any = strcmp(combine_by, "any") == 0 || strcmp(combine_by, "OR") == 0;
    return typed_conditions(&comparing, conditions, is_any);
}

const char *
n8n_compare(struct n8n *n8n, struct n8n_node *node, const struct n8n_stream *at,
            const struct n8n_comparison *one)
{
    struct comparing comparing = {.n8n = n8n, .node = node, .at = at};
    return compare(&comparing, one->type, one->operation, one->left, one->right);
}
