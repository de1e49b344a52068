/* Nodes of n8n that make other items of many: split out, aggregate, summarize, sort, limit, … */
#include "base/json.h"
#include "base/limits.h"
#include "foreign/n8n_nodes.h"

#include <ctype.h>
#include <string.h>

/* Fields that one node names. */
#define FIELDS_MAX 40

/* --- names of fields --- */

static const char *
quoted(struct n8n *n8n, struct slice text)
{
    return json_text(n8n->arena, value_string(text)).ptr;
}

/* One name of a path, in brackets unless it is a plain word. */
static const char *
member_text(struct n8n *n8n, const char *base, struct slice name)
{
    bool is_plain = name.size > 0 && isdigit((unsigned char)name.ptr[0]) == 0;
    for (size_t i = 0; i < name.size; i++)
        is_plain = is_plain && (name.ptr[i] == '_' ||
                                ((name.ptr[i] & 0x80) == 0 && isalnum((unsigned char)name.ptr[i])));
    if (is_plain)
        return n8n_cat(n8n->arena, ".", arena_copy(n8n->arena, name).ptr, NULL);
    return n8n_cat(n8n->arena, base[0] == '\0' ? "." : "", "[", quoted(n8n, name), "]", NULL);
}

const char *
n8n_field(struct n8n *n8n, const char *base, struct slice name, bool has_dots)
{
    /* A path from the value itself needs its dot in front of brackets. */
    const char *path = base;
    if (slice_starts_with(name, SLICE("$json.")))
        name = slice_of(name.ptr + 6, name.size - 6);
    if (!has_dots)
        return n8n_cat(n8n->arena, base, member_text(n8n, base, name), NULL);
    while (name.size > 0 && path != NULL) {
        const char *dot = memchr(name.ptr, '.', name.size);
        size_t size = dot == NULL ? name.size : (size_t)(dot - name.ptr);
        path = n8n_cat(n8n->arena, path, member_text(n8n, path, slice_of(name.ptr, size)), NULL);
        size += dot != NULL;
        name = slice_of(name.ptr + size, name.size - size);
    }
    return path;
}

size_t
n8n_names(struct slice text, struct slice *out, size_t max)
{
    size_t count = 0;
    while (text.size > 0 && count < max) {
        const char *comma = memchr(text.ptr, ',', text.size);
        size_t size = comma == NULL ? text.size : (size_t)(comma - text.ptr);
        struct slice name = slice_trim(slice_of(text.ptr, size));
        if (name.size > 0)
            out[count++] = name;
        size += comma != NULL;
        text = slice_of(text.ptr + size, text.size - size);
    }
    return count;
}

static bool
uses_dots(const struct n8n_node *node)
{
    return !value_is_true(n8n_param(node, "options.disableDotNotation"));
}

/* --- split out --- */

static const char *
others_jq(struct n8n *n8n, const struct n8n_node *node, const char *field)
{
    struct slice names[FIELDS_MAX];
    const char *out = NULL;
    if (n8n_param_is(node, "include", "allOtherFields"))
        return n8n_cat(n8n->arena, "($row | del(", field, "))", NULL);
    size_t count = n8n_names(n8n_param_text(node, "fieldsToInclude"), names, FIELDS_MAX);
    for (size_t i = 0; i < count; i++)
        out = n8n_cat(n8n->arena, out == NULL ? "" : out, out == NULL ? "" : ", ",
                      quoted(n8n, names[i]), ": ",
                      n8n_field(n8n, "$row", names[i], uses_dots(node)), NULL);
    return n8n_cat(n8n->arena, "{", out == NULL ? "" : out, "}", NULL);
}

/* What each element of the list becomes. */
static void
split_field(struct n8n *n8n, struct n8n_node *node, struct slice field, struct slice to)
{
    struct arena *arena = n8n->arena;
    struct n8n_stream *at = &node->streams[0];
    struct slice include = n8n_param_text(node, "include");
    const char *json = n8n_json(n8n, at);
    const char *list = n8n_cat(
        arena, n8n_field(n8n, json, field, uses_dots(node)),
        " | if type == \"array\" then . elif type == \"object\" then [.[]] elif . == null then [] "
        "else [.] end",
        NULL);
    const char *name = quoted(n8n, to.size > 0 ? to : field);
    bool is_bare = include.size == 0 || slice_is(include, "noOtherFields");
    if (is_bare && to.size > 0)
        list = n8n_cat(arena, list, " | map({", name, ": .})", NULL);
    else if (is_bare)
        list = n8n_cat(arena, list, " | map(if type == \"object\" then . else {", name, ": .} end)",
                       NULL);
    else
        list = n8n_cat(arena, json, " as $row | ", list, " | map(",
                       others_jq(n8n, node, n8n_field(n8n, "", field, uses_dots(node))), " + {",
                       name, ": .})", NULL);
    n8n_expand(n8n, node, at, list);
}

void
n8n_split_out(struct n8n *n8n, struct n8n_node *node)
{
    struct slice fields[2], field = n8n_param_text(node, "fieldToSplitOut");
    struct slice to = n8n_param_text(node, "options.destinationFieldName");
    struct value value = n8n_param(node, "fieldToSplitOut");
    if (n8n_names(field, fields, 2) != 1 || n8n_is_expression(value) ||
        slice_is(fields[0], "$binary"))
        n8n_leave_out(n8n, node, &node->streams[0],
                      "only one field, under a name that is written down, is split");
    else
        split_field(n8n, node, fields[0], to);
}

/* --- aggregate --- */

/* $json of each row of a group, for aggregates. */
static const char *
row_json(struct n8n *n8n, struct n8n_node *node, struct n8n_stream *at)
{
    const char *json = n8n_json(n8n, at);
    bool is_own = strncmp(json, ".item", 5) == 0 || strncmp(json, ".steps.", 7) == 0;
    if (!is_own || at->json.table == 0)
        n8n_transform(n8n, node, at, json);
    return n8n_json(n8n, at);
}

/* All rows as one, with the properties of `aggregates` and what group_by adds. */
static void
group_all(struct n8n *n8n, struct n8n_node *node, struct n8n_stream *at, struct value by,
          struct value aggregates)
{
    struct value config = value_empty_object();
    n8n_put(n8n, &config, "by", by);
    if (aggregates.count > 0)
        n8n_put(n8n, &config, "aggregates", aggregates);
    n8n_step(n8n, node, at, "group_by", config, NULL);
    at->table = n8n_table_new(n8n, N8N_TABLE_GROUP, at->table);
    at->json = (struct n8n_ref){.path = ".item", .table = at->table};
    at->must = NULL;
}

static struct value
one_group(struct n8n *n8n)
{
    struct value by = value_text(".run.id");
    return value_array_new(n8n->arena, &by, 1);
}

/* Items of a list as it is kept: `field` of each, or all of it. */
struct gathering {
    struct value aggregates;
    const char *object; /* "name": .item.a1, … */
    int count;
};

static void
gather(struct n8n *n8n, struct gathering *gathering, struct slice name, const char *aggregate)
{
    const char *short_name = arena_format(n8n->arena, "a%d", ++gathering->count);
    n8n_put_text(n8n, &gathering->aggregates, short_name, aggregate);
    gathering->object = n8n_cat(n8n->arena, gathering->object, gathering->count == 1 ? "" : ", ",
                                quoted(n8n, name), ": .item.", short_name, NULL);
}

static const char *
list_of(struct n8n *n8n, const char *value, bool keeps_missing, bool merges)
{
    if (keeps_missing)
        return n8n_cat(n8n->arena, "reduce .[] as $row ([]; . + ($row", value,
                       merges ? " | if type == \"array\" then . else [.] end))" : " | [.]))", NULL);
    return n8n_cat(
        n8n->arena, "reduce .[] as $row ([]; . + ($row", value, " | if . == null then [] ",
        merges ? "elif type == \"array\" then . else [.] end))" : "else [.] end))", NULL);
}

static void
gather_fields(struct n8n *n8n, struct n8n_node *node, struct gathering *gathering, const char *json)
{
    struct value list = n8n_param(node, "fieldsToAggregate.fieldToAggregate");
    bool merges = value_is_true(n8n_param(node, "options.mergeLists"));
    bool keeps = value_is_true(n8n_param(node, "options.keepMissing"));
    for (uint32_t i = 0; list.kind == VALUE_ARRAY && i < list.count; i++) {
        struct value one = value_items(list)[i];
        struct slice field = n8n_text(one, "fieldToAggregate");
        struct slice name = n8n_text(one, "outputFieldName");
        bool is_renamed = value_is_true(value_get(one, "renameField")) && name.size > 0;
        const char *dot = uses_dots(node) ? memrchr(field.ptr, '.', field.size) : NULL;
        struct slice last =
            dot == NULL ? field : slice_of(dot + 1, field.size - (size_t)(dot + 1 - field.ptr));
        gather(n8n, gathering, is_renamed ? name : last,
               list_of(n8n, n8n_field(n8n, json, field, uses_dots(node)), keeps, merges));
    }
}

static void
gather_items(struct n8n *n8n, struct n8n_node *node, struct gathering *gathering, const char *json)
{
    struct slice names[FIELDS_MAX], to = n8n_param_text(node, "destinationFieldName");
    struct slice include = n8n_param_text(node, "include");
    bool is_except = slice_is(include, "allFieldsExcept");
    bool is_some = slice_is(include, "specifiedFields");
    size_t count = n8n_names(
        n8n_param_text(node, is_except ? "fieldsToExclude" : "fieldsToInclude"), names, FIELDS_MAX);
    const char *value = json;
    for (size_t i = 0; is_except && i < count; i++)
        value =
            n8n_cat(n8n->arena, value, " | del(", n8n_field(n8n, "", names[i], false), ")", NULL);
    if (is_some) {
        value = n8n_cat(n8n->arena, json, " | {", NULL);
        for (size_t i = 0; i < count; i++)
            value = n8n_cat(n8n->arena, value, i == 0 ? "" : ", ", quoted(n8n, names[i]), NULL);
        value = n8n_cat(n8n->arena, value, "}", NULL);
    }
    gather(n8n, gathering, to.size > 0 ? to : SLICE("data"),
           n8n_cat(n8n->arena, "reduce .[] as $row ([]; . + [$row", value, "])", NULL));
}

void
n8n_aggregate(struct n8n *n8n, struct n8n_node *node)
{
    struct n8n_stream *at = &node->streams[0];
    struct gathering gathering = {.aggregates = value_empty_object(), .object = ""};
    bool is_one = at->table == 0;
    /* One item is a list of one: the same expressions over it. */
    const char *json = is_one ? "" : row_json(n8n, node, at);
    if (n8n_param_is(node, "aggregate", "aggregateAllItemData"))
        gather_items(n8n, node, &gathering, json);
    else
        gather_fields(n8n, node, &gathering, json);
    if (!is_one) {
        group_all(n8n, node, at, one_group(n8n), gathering.aggregates);
        n8n_transform(n8n, node, at, n8n_cat(n8n->arena, "{", gathering.object, "}", NULL));
        return;
    }
    const char *object = "{}";
    const struct member *members = value_members(gathering.aggregates);
    for (uint32_t i = 0; i < gathering.aggregates.count; i++)
        object = n8n_cat(n8n->arena, object, " + {", value_slice(members[i].key).ptr, ": (",
                         value_slice(members[i].value).ptr, ")}", NULL);
    n8n_transform(n8n, node, at,
                  n8n_cat(n8n->arena, "[", n8n_json(n8n, at), "] | ", object, " | {item: .} | {",
                          gathering.object, "}", NULL));
}

/* --- summarize --- */

static void
summarize_field(struct n8n *n8n, struct gathering *gathering, struct value one, const char *json)
{
    static const struct {
        const char *name, *prefix, *before, *after;
    } table[] = {
        {"count", "count_", "map(", " | select(. != null and . != \"\")) | length"},
        {"countUnique", "unique_count_", "reduce (.[] | ",
         ") as $one ({}; .[$one | tojson] = 1) | length"},
        {"sum", "sum_", "map(", " | numbers) | add // 0"},
        {"average", "average_", "map(",
         " | numbers) | if length == 0 then null else add / length end"},
        {"min", "min_", "map(", " | numbers) | min"},
        {"max", "max_", "map(", " | numbers) | max"},
        {"append", "appended_", "reduce (.[] | ", " | select(. != null)) as $one ([]; . + [$one])"},
        {"appendUnique", "unique_appended_", "reduce (.[] | ",
         " | select(. != null)) as $one ([]; if any(. == $one) then . else . + [$one] end)"},
        {"concatenate", "concatenated_", "map(", " | select(. != null) | tostring)"},
    };
    struct slice how = n8n_text(one, "aggregation"), field = n8n_text(one, "field");
    how = how.size == 0 ? SLICE("count") : how;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        if (!slice_is(how, table[i].name))
            continue;
        struct slice separator = n8n_text(one, "separateBy");
        if (slice_is(separator, "other"))
            separator = n8n_text(one, "customSeparator");
        const char *aggregate = n8n_cat(n8n->arena, table[i].before,
                                        n8n_field(n8n, json, field, true), table[i].after, NULL);
        if (slice_is(how, "concatenate"))
            aggregate =
                n8n_cat(n8n->arena, aggregate, " | join(",
                        quoted(n8n, separator.size == 0 ? SLICE(",") : separator), ")", NULL);
        const char *name =
            n8n_cat(n8n->arena, table[i].prefix, arena_copy(n8n->arena, field).ptr, NULL);
        gather(n8n, gathering, slice_text(name == NULL ? "" : name), aggregate);
    }
}

void
n8n_summarize(struct n8n *n8n, struct n8n_node *node)
{
    struct n8n_stream *at = &node->streams[0];
    struct gathering gathering = {.aggregates = value_empty_object(), .object = ""};
    struct value fields = n8n_param(node, "fieldsToSummarize.values"), by = value_empty_array();
    struct slice names[FIELDS_MAX];
    size_t count = n8n_names(n8n_param_text(node, "fieldsToSplitBy"), names, FIELDS_MAX);
    if (at->table == 0)
        n8n_expand(n8n, node, at, n8n_cat(n8n->arena, "[", n8n_json(n8n, at), "]", NULL));
    const char *json = row_json(n8n, node, at);
    const char *groups = "";
    for (size_t i = 0; i < count; i++) {
        const char *path = n8n_field(n8n, json, names[i], true);
        const char *dot = memrchr(names[i].ptr, '.', names[i].size);
        struct slice last =
            dot == NULL ? names[i]
                        : slice_of(dot + 1, names[i].size - (size_t)(dot + 1 - names[i].ptr));
        if (path != NULL)
            by = value_array_append(n8n->arena, by, value_text(path + 1));
        groups = n8n_cat(n8n->arena, groups, quoted(n8n, names[i]), ": ",
                         n8n_field(n8n, ".item", last, false), ", ", NULL);
    }
    for (uint32_t i = 0; fields.kind == VALUE_ARRAY && i < fields.count; i++)
        summarize_field(n8n, &gathering, value_items(fields)[i], json);
    if (n8n_param_is(node, "options.outputFormat", "singleItem"))
        n8n_change(n8n, node, "each group is a row of its own, not one of a single item");
    group_all(n8n, node, at, by.count == 0 ? one_group(n8n) : by, gathering.aggregates);
    n8n_transform(n8n, node, at, n8n_cat(n8n->arena, "{", groups, gathering.object, "}", NULL));
}

/* --- the same rows --- */

/* A step that lets rows through; their columns stay. */
static void
same_rows(struct n8n *n8n, struct n8n_node *node, const char *type, struct value config)
{
    struct n8n_stream *at = &node->streams[0];
    n8n_step(n8n, node, at, type, config, NULL);
    at->table = n8n_table_new(n8n, N8N_TABLE_SAME, at->table);
    at->must = NULL;
}

void
n8n_sort(struct n8n *n8n, struct n8n_node *node)
{
    struct n8n_stream *at = &node->streams[0];
    struct value list = n8n_param(node, "sortFieldsUi.sortField"), by = value_empty_array();
    struct slice type = n8n_param_text(node, "type");
    struct value config = value_empty_object();
    if (type.size > 0 && !slice_is(type, "simple")) {
        n8n_leave_out(n8n, node, at, "only sorting by fields has a step: write `sort` by hand");
        return;
    }
    if (at->table == 0)
        return;
    for (uint32_t i = 0; list.kind == VALUE_ARRAY && i < list.count; i++) {
        struct value one = value_items(list)[i], key = value_empty_object();
        const char *path =
            n8n_field(n8n, n8n_json(n8n, at), n8n_text(one, "fieldName"), uses_dots(node));
        n8n_put_text(n8n, &key, "path",
                     n8n_cat(n8n->arena, path,
                             " | if type == \"string\" then ascii_downcase else . end", NULL));
        if (slice_is(n8n_text(one, "order"), "descending"))
            n8n_put_text(n8n, &key, "order", "desc");
        by = value_array_append(n8n->arena, by, key);
    }
    if (by.count == 0) {
        n8n_leave_out(n8n, node, at, "it has no field to sort by");
        return;
    }
    n8n_put(n8n, &config, "by", by);
    same_rows(n8n, node, "sort", config);
}

void
n8n_limit(struct n8n *n8n, struct n8n_node *node)
{
    struct value count = n8n_param(node, "maxItems"), config = value_empty_object();
    if (n8n_param_is(node, "keep", "lastItems") || n8n_is_expression(count)) {
        n8n_leave_out(n8n, node, &node->streams[0],
                      "only the first items, of a number that is written down, are kept: sort the "
                      "other way round before a `limit`");
        return;
    }
    if (node->streams[0].table == 0)
        return;
    n8n_put(n8n, &config, "count", count.kind == VALUE_INT ? count : value_int(1));
    same_rows(n8n, node, "limit", config);
}

static struct value
compared_fields(struct n8n *n8n, struct n8n_node *node, const char *json)
{
    struct slice names[FIELDS_MAX];
    struct value list = n8n_param(node, "fieldsToCompare.fields"), by = value_empty_array();
    size_t count = n8n_names(n8n_param_text(node, "fieldsToCompare"), names, FIELDS_MAX);
    for (uint32_t i = 0; list.kind == VALUE_ARRAY && i < list.count && count < FIELDS_MAX; i++)
        names[count++] = n8n_text(value_items(list)[i], "fieldName");
    for (size_t i = 0; i < count; i++) {
        const char *path = n8n_field(n8n, json, names[i], uses_dots(node));
        if (path != NULL)
            by = value_array_append(n8n->arena, by, value_text(path + 1));
    }
    return by;
}

void
n8n_remove_duplicates(struct n8n *n8n, struct n8n_node *node)
{
    struct n8n_stream *at = &node->streams[0];
    struct slice operation = n8n_param_text(node, "operation");
    struct slice compare = n8n_param_text(node, "compare");
    struct value config = value_empty_object();
    if (operation.size > 0 && !slice_is(operation, "removeDuplicateInputItems") &&
        !slice_is(operation, "removeDuplicates")) {
        n8n_leave_out(n8n, node, at,
                      "what earlier runs have seen is not known to it: keep what was seen in a "
                      "list (append_to_list) and compare with that");
        return;
    }
    if (slice_is(compare, "allFieldsExcept")) {
        n8n_leave_out(n8n, node, at, "name the fields that are compared, in `deduplicate`");
        return;
    }
    if (at->table == 0)
        return;
    const char *json = n8n_json(n8n, at);
    struct value by = slice_is(compare, "selectedFields") ? compared_fields(n8n, node, json)
                                                          : value_empty_array();
    if (by.count == 0)
        by = value_array_append(n8n->arena, by, value_text(json + 1));
    n8n_put(n8n, &config, "by", by);
    same_rows(n8n, node, "deduplicate", config);
}

/* --- rename keys --- */

void
n8n_rename_keys(struct n8n *n8n, struct n8n_node *node)
{
    struct n8n_stream *at = &node->streams[0];
    struct value list = n8n_param(node, "keys.key");
    const char *jq = n8n_json(n8n, at);
    for (uint32_t i = 0; list.kind == VALUE_ARRAY && i < list.count; i++) {
        struct value one = value_items(list)[i];
        struct slice from = n8n_text(one, "currentKey"), to = n8n_text(one, "newKey");
        const char *old = n8n_field(n8n, "", from, false), *new = n8n_field(n8n, "", to, false);
        if (from.size == 0 || to.size == 0 || slice_equal(from, to))
            continue;
        jq = n8n_cat(n8n->arena, jq, " | if has(", quoted(n8n, from), ") then ", new, " = ", old,
                     " | del(", old, ") else . end", NULL);
    }
    if (n8n_param(node, "additionalOptions.regexReplacement").count > 0)
        n8n_change(n8n, node, "names are not changed by regular expressions");
    n8n_transform(n8n, node, at, jq);
}

/* --- item lists, which became nodes of their own --- */

void
n8n_item_lists(struct n8n *n8n, struct n8n_node *node)
{
    static const struct {
        const char *operation;
        n8n_node_fn *translate;
    } table[] = {{"aggregateItems", n8n_aggregate},
                 {"concatenateItems", n8n_aggregate},
                 {"limit", n8n_limit},
                 {"removeDuplicates", n8n_remove_duplicates},
                 {"sort", n8n_sort},
                 {"splitOutItems", n8n_split_out},
                 {"summarize", n8n_summarize}};
    struct slice operation = n8n_param_text(node, "operation");
    operation = operation.size == 0 ? SLICE("splitOutItems") : operation;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        if (slice_is(operation, table[i].operation)) {
            table[i].translate(n8n, node);
            return;
        }
    }
    n8n_leave_out(n8n, node, &node->streams[0], "its operation has no step");
}
