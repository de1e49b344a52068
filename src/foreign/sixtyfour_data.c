/* Blocks that choose, change and gather rows. */
#include "foreign/sixtyfour_maker.h"

#include "base/json.h"
#include "base/limits.h"

#include <string.h>

static struct slice
nothing(void)
{
    return slice_of("", 0);
}

/* --- filter --- */

/* The value as a number, if it is one or a text of one. */
static bool
read_number(struct value value, struct arena *arena, struct value *out)
{
    *out = value;
    if (value.kind == VALUE_STRING &&
        json_parse(out, arena, value_slice(value), 0, NULL, NULL) != STATUS_OK)
        return false;
    return value_is_number(*out);
}

static const char *
text_literal(struct maker *maker, struct value value)
{
    return maker_literal(maker, value.kind == VALUE_STRING ? value_slice(value)
                                                           : json_text(maker->arena, value));
}

/* What is compared may be a number in one place and its text in the other. `.` is the column. */
static const char *
equal_to(struct maker *maker, struct value value)
{
    struct value number;
    if (value.kind == VALUE_NULL || value.kind == VALUE_NONE)
        return ". == null";
    if (read_number(value, maker->arena, &number))
        return maker_jq(maker,
                        "((try tonumber catch null) == %s or (. != null and "
                        "tostring == %s))",
                        maker_json(maker, number), text_literal(maker, value));
    return maker_jq(maker, "(. != null and tostring == %s)", text_literal(maker, value));
}

static const char *
compared(struct maker *maker, struct value value, const char *operator)
{
    struct value number;
    if (read_number(value, maker->arena, &number))
        return maker_jq(maker,
                        "((try tonumber catch null) as $n | $n != null and $n "
                        "%s %s)",
                        operator, maker_json(maker, number));
    return maker_jq(maker, "(. != null and tostring %s %s)", operator, text_literal(maker, value));
}

/* A list, or a text with commas between. */
static const char *
one_of(struct maker *maker, struct value value)
{
    struct buffer out;
    struct value items = value.kind == VALUE_ARRAY ? value : value_empty_array();
    struct slice rest = value_slice_or(value, SLICE(""));
    while (rest.size > 0) {
        const char *comma = memchr(rest.ptr, ',', rest.size);
        size_t size = comma == NULL ? rest.size : (size_t)(comma - rest.ptr);
        items = value_array_append(maker->arena, items,
                                   value_string(slice_trim(slice_of(rest.ptr, size))));
        size += comma == NULL ? 0 : 1;
        rest = slice_of(rest.ptr + size, rest.size - size);
    }
    if (value.kind != VALUE_ARRAY && value.kind != VALUE_STRING)
        items = value_array_append(maker->arena, items, value);
    buffer_init(&out, LIMIT_DEFINITION_BYTES);
    for (uint32_t i = 0; i < items.count; i++)
        buffer_append_format(&out, "%s%s", i == 0 ? "(" : " or ",
                             equal_to(maker, value_items(items)[i]));
    buffer_append_text(&out, items.count == 0 ? "false" : ")");
    struct slice text = arena_copy(maker->arena, buffer_slice(&out));
    buffer_done(&out);
    return text.ptr == NULL ? "false" : text.ptr;
}

static const char *
condition_of(struct maker *maker, struct value filter)
{
    struct slice name = value_get_text(filter, "operator");
    struct value value = value_get(filter, "value");
    if (slice_starts_with(name, SLICE("not_")))
        name = slice_of(name.ptr + 4, name.size - 4);
    if (slice_is(name, "equals"))
        return equal_to(maker, value);
    if (slice_is(name, "greater"))
        return compared(maker, value, ">");
    if (slice_is(name, "less"))
        return compared(maker, value, "<");
    if (slice_is(name, "in"))
        return one_of(maker, value);
    if (slice_is(name, "matches"))
        return maker_jq(maker, "(. != null and (tostring | test(%s)))", text_literal(maker, value));
    if (slice_is(name, "contains"))
        return maker_jq(maker,
                        "(if type == \"array\" then any(.[]; tostring == %s) "
                        "else . != null and (tostring | contains(%s)) end)",
                        text_literal(maker, value), text_literal(maker, value));
    return "(. == null or . == \"\" or . == [] or . == {})";
}

static bool is_negated(struct slice operator)
{
    return slice_starts_with(operator, SLICE("not_")) || slice_is(operator, "is_not_empty");
}

static bool takes_no_value(struct slice operator)
{
    return slice_is(operator, "is_empty") || slice_is(operator, "is_not_empty");
}

/* One behind the other: "a and b or c" is "(a and b) or c". */
static enum status
filter_expression(struct maker *maker, const char **out)
{
    struct value filters = maker_spec(maker, "filters");
    *out = "true";
    for (uint32_t i = 0; i < filters.count; i++) {
        struct value filter = value_items(filters)[i];
        struct slice operator= value_get_text(filter, "operator");
        struct slice logic = value_get_text(filter, "logic");
        if (value_get(filter, "value").kind == VALUE_NONE && !takes_no_value(operator))
            return maker_fail(maker, arena_format(maker->arena, "specs.filters.%u.value", i),
                              "this operator compares with something");
        const char *one =
            maker_jq(maker, "(%s | %s%s)", maker_column(maker, value_get_text(filter, "column")),
                     condition_of(maker, filter), is_negated(operator) ? " | not" : "");
        bool is_or = slice_is(logic, "or") || slice_is(logic, "OR");
        *out = i == 0 ? one : maker_jq(maker, "(%s %s %s)", *out, is_or ? "or" : "and", one);
    }
    return STATUS_OK;
}

enum status
make_filter(struct maker *maker)
{
    const char *where = NULL;
    struct slice keep = maker_step_id(maker, "keep");
    struct value config = value_empty_object();
    enum status status = filter_expression(maker, &where);
    if (status != STATUS_OK)
        return status;
    maker_put(maker, &config, "where", value_text(where));
    maker_add(maker, maker_step(maker, keep, "filter", config),
              maker_needs(maker, maker->rows, nothing()));
    maker_add_rows(maker, keep, "[.item]");
    return STATUS_OK;
}

/* --- deduplicate, join, group_by, remove_columns --- */

/* Paths of ours to the columns. */
static struct value
paths_of(struct maker *maker, struct value names)
{
    struct value paths = value_empty_array();
    for (uint32_t i = 0; i < names.count; i++)
        paths = value_array_append(
            maker->arena, paths,
            value_text(maker_column(maker, value_slice(value_items(names)[i])) + 1));
    return paths;
}

enum status
make_deduplicate(struct maker *maker)
{
    struct value paths = paths_of(maker, maker_spec_names(maker, "columns", "column"));
    struct value config = value_empty_object();
    if (paths.count > 0)
        maker_put(maker, &config, "by", paths);
    maker_add(maker, maker_step(maker, maker->block->step, "deduplicate", config),
              maker_needs(maker, maker->rows, nothing()));
    return STATUS_OK;
}

/* The first parent with each further one in turn. Gives the last of the steps. */
static struct slice
add_joins(struct maker *maker, struct value paths)
{
    const struct graph_block *block = maker->block;
    struct slice kind = maker_spec_text(maker, "kind"), last = maker->rows;
    for (uint16_t i = 1; i < block->parent_count; i++) {
        struct slice id = maker_step_id(maker, arena_format(maker->arena, "with%u", i));
        struct value config = value_empty_object();
        maker_put(maker, &config, "with", value_string(block->parents[i]->step));
        maker_put(maker, &config, "on", paths);
        maker_put(maker, &config, "kind", value_string(kind.size > 0 ? kind : SLICE("left")));
        maker_add(maker, maker_step(maker, id, "join", config),
                  maker_needs(maker, last, nothing()));
        last = id;
    }
    return last;
}

/* The row of the first parent; the others fill what it does not have. */
static const char *
joined_row(struct maker *maker)
{
    const char *row = ".item";
    for (uint16_t i = 1; i < maker->block->parent_count; i++)
        row = maker_jq(maker,
                       "%s | . as $row | . + (($all.%.*s_with%u.item // {}) | "
                       "with_entries(select($row[.key] == null)))",
                       row, SLICE_FORMAT(maker->block->step), i);
    return maker_jq(maker, ".steps as $all | [%s]", row);
}

enum status
make_join(struct maker *maker)
{
    struct value names = maker_spec_names(maker, "columns", "column");
    if (names.count == 0)
        return maker_fail(maker, "specs.columns",
                          "expected the columns by which the rows of its parents belong together");
    if (maker->block->parent_count < 2)
        return maker_fail(maker, "block_name", "a join needs edges from two or more blocks");
    struct slice last = add_joins(maker, paths_of(maker, names));
    maker_add_rows(maker, last, joined_row(maker));
    return STATUS_OK;
}

enum status
make_remove_columns(struct maker *maker)
{
    struct value names = maker_spec_names(maker, "columns", "columns_to_remove");
    const char *row = ".item";
    if (names.count == 0)
        return maker_fail(maker, "specs.columns", "expected the columns that are dropped");
    for (uint32_t i = 0; i < names.count; i++)
        row = maker_jq(maker, "%s | del(.[%s])", row,
                       maker_literal(maker, value_slice(value_items(names)[i])));
    maker_add_rows(maker, maker->rows, maker_jq(maker, "[%s]", row));
    return STATUS_OK;
}

static const char *
aggregate_of(struct maker *maker, struct slice function, struct slice column)
{
    static const struct {
        const char *name, *format;
    } known[] = {
        {"sum", "map(%s | try tonumber catch 0) | add"},
        {"mean", "(map(%s | try tonumber catch 0) | add) / length"},
        {"min", "map(%s) | min"},
        {"max", "map(%s) | max"},
        {"count", "map(%s | select(. != null)) | length"},
        {"first", "map(%s) | first"},
        {"list", "map(%s)"},
    };
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        const char *at = strstr(known[i].format, "%s");
        if (slice_is(function, known[i].name))
            return maker_jq(maker, "%.*s%s%s", (int)(at - known[i].format), known[i].format,
                            maker_column(maker, column), at + 2);
    }
    return "length";
}

/* The names of the groups' columns are those of ours until all is there. */
static const char *
group_row(struct maker *maker, struct value names, struct value aggregations)
{
    const char *row = "{";
    for (uint32_t i = 0; i < names.count; i++)
        row = maker_jq(maker, "%s%s: .item.rows[0][%s], ", row,
                       maker_literal(maker, value_slice(value_items(names)[i])),
                       maker_literal(maker, value_slice(value_items(names)[i])));
    row = maker_jq(maker, "%s\"count\": .item.count", row);
    for (uint32_t i = 0; i < aggregations.count; i++) {
        struct value one = value_items(aggregations)[i];
        struct value name =
            maker_text(maker, "%.*s_%.*s", SLICE_FORMAT(value_get_text(one, "column")),
                       SLICE_FORMAT(value_get_text(one, "function")));
        row = maker_jq(maker, "%s, %s: .item.a%u", row, maker_literal(maker, value_slice(name)), i);
    }
    return maker_jq(maker, "[%s}]", row);
}

enum status
make_group_by(struct maker *maker)
{
    struct value names = maker_spec_names(maker, "columns", "column");
    struct value aggregations = maker_spec(maker, "aggregations");
    struct slice groups = maker_step_id(maker, "groups");
    struct value config = value_empty_object(), aggregates = value_empty_object();
    if (names.count == 0)
        return maker_fail(maker, "specs.columns", "expected the columns that make a group");
    maker_put(maker, &config, "by", paths_of(maker, names));
    maker_put(maker, &aggregates, "rows",
              value_text("reduce .[] as $row ([]; if length < 1 then . + [$row.item] else . end)"));
    for (uint32_t i = 0; aggregations.kind == VALUE_ARRAY && i < aggregations.count; i++) {
        struct value one = value_items(aggregations)[i];
        maker_put(maker, &aggregates, arena_format(maker->arena, "a%u", i),
                  value_text(aggregate_of(maker, value_get_text(one, "function"),
                                          value_get_text(one, "column"))));
    }
    maker_put(maker, &config, "aggregates", aggregates);
    maker_add(maker, maker_step(maker, groups, "group_by", config),
              maker_needs(maker, maker->rows, nothing()));
    maker_add_rows(maker, groups, group_row(maker, names, aggregations));
    return STATUS_OK;
}

/* --- transform_data --- */

static const char *
columns_expression(struct maker *maker, struct slice set)
{
    return maker_jq(maker, "[.item + .steps.%.*s]", SLICE_FORMAT(set));
}

static enum status
make_columns(struct maker *maker, struct value columns)
{
    struct slice set = maker_step_id(maker, "set");
    struct value config = value_empty_object(), fields = value_empty_object();
    for (uint32_t i = 0; i < columns.count; i++) {
        const struct member *column = &value_members(columns)[i];
        struct value value = column->value;
        if (value.kind == VALUE_STRING)
            value = maker_template(maker, value_slice(value));
        else
            value = maker_text(maker, "{{= %s }}", maker_json(maker, value));
        fields = value_object_set(maker->arena, fields, column->key, value);
    }
    maker_put(maker, &config, "fields", fields);
    maker_add(maker, maker_step(maker, set, "set", config),
              maker_needs(maker, maker->rows, nothing()));
    maker_add_rows(maker, set, columns_expression(maker, set));
    return STATUS_OK;
}

enum status
make_transform(struct maker *maker)
{
    struct slice expression = maker_spec_text(maker, "expression");
    struct value columns = maker_spec(maker, "columns");
    if ((expression.size > 0) == (columns.kind == VALUE_OBJECT))
        return maker_fail(maker, "specs", "expected either expression or columns");
    if (columns.kind == VALUE_OBJECT)
        return make_columns(maker, columns);
    /* A line of its own, so that a comment at its end is none of what follows. */
    maker_add_rows(maker, maker->rows,
                   maker_jq(maker,
                            ".item | (%.*s\n) | if type == \"array\" then . elif type "
                            "== \"object\" then [.] else error(\"expected a row or a "
                            "list of rows, found \" + type) end",
                            SLICE_FORMAT(expression)));
    return STATUS_OK;
}

/* Rows that the list has are left out: an anti-join. */
enum status
make_deduplicate_against(struct maker *maker)
{
    struct slice list = maker_step_id(maker, "list");
    struct value paths = paths_of(maker, maker_spec_names(maker, "columns", "column"));
    struct value read = value_empty_object(), config = value_empty_object();
    struct buffer name;
    if (paths.count == 0)
        paths = value_array_append(maker->arena, paths, value_text("item"));
    buffer_init(&name, 64 * (maker_spec_text(maker, "notebook_id").size + 16));
    foreign_put_literal(&name, maker_spec_text(maker, "notebook_id"));
    maker_put(maker, &read, "list", value_string_copy(maker->arena, buffer_slice(&name)));
    buffer_done(&name);
    maker_add(maker, maker_step(maker, list, "read_list", read), value_empty_array());
    maker_put(maker, &config, "with", value_string(list));
    maker_put(maker, &config, "on", paths);
    maker_put(maker, &config, "kind", value_text("anti"));
    maker_add(maker, maker_step(maker, maker->block->step, "join", config),
              maker_needs(maker, maker->rows, nothing()));
    return STATUS_OK;
}
