/* The merge node of n8n, versions 1 to 3. */
#include "foreign/n8n_nodes.h"

#include <string.h>

#define INPUTS_MAX 10

struct merging {
    struct n8n *n8n;
    struct n8n_node *node;
    struct n8n_stream a, b;
};

/* Items behind a step of their own, as rows whose item they are. */
static void
as_rows(struct merging *merging, struct n8n_stream *at)
{
    struct n8n *n8n = merging->n8n;
    bool is_rows = at->table != 0 && at->json.table == at->table &&
                   strcmp(at->json.path, ".item") == 0 && at->needs != NULL &&
                   strpbrk(at->needs, ".,") == NULL;
    if (!is_rows)
        n8n_expand(n8n, merging->node, at, n8n_cat(n8n->arena, "[", n8n_json(n8n, at), "]", NULL));
}

static void
append(struct n8n *n8n, struct n8n_node *node)
{
    struct n8n_stream streams[INPUTS_MAX];
    size_t count = 0;
    for (unsigned i = 0; i < INPUTS_MAX; i++) {
        streams[count] = i == 0 ? node->streams[0] : n8n_input(n8n, node, i);
        count += streams[count].is_live;
    }
    node->streams[0] = n8n_join(n8n, node, streams, count);
}

/* Both are values of the same row, or one of the run's only item. */
static bool
see_each_other(const struct merging *merging)
{
    return merging->a.table == merging->b.table || merging->a.table == 0 || merging->b.table == 0;
}

/* One object of both. */
static void
combine_pairs(struct merging *merging, const char *words)
{
    struct n8n *n8n = merging->n8n;
    struct n8n_stream *a = &merging->a, *b = &merging->b;
    struct n8n_stream joined = a->table == 0 ? *b : *a;
    const struct n8n_stream *other = a->table == 0 ? a : b;
    if (!see_each_other(merging)) {
        n8n_leave_out(n8n, merging->node, &merging->node->streams[0], words);
        return;
    }
    if (joined.needs == NULL)
        joined.needs = other->needs;
    else if (other->needs != NULL && strcmp(other->needs, joined.needs) != 0)
        joined.needs = n8n_cat(n8n->arena, joined.needs, ",", other->needs, NULL);
    n8n_transform(n8n, merging->node, &joined,
                  n8n_cat(n8n->arena, "(", n8n_json(n8n, a), " // {}) + (", n8n_json(n8n, b),
                          " // {})", NULL));
    joined.must = NULL;
    merging->node->streams[0] = joined;
}

/* {field1, field2} of all versions, as paths of both sides. */
static struct value
join_on(struct merging *merging)
{
    struct n8n *n8n = merging->n8n;
    const struct n8n_node *node = merging->node;
    struct value list = n8n_param(node, "mergeByFields.values"), on = value_empty_object();
    struct value left = value_empty_array(), right = value_empty_array();
    struct slice names[INPUTS_MAX],
        one[2] = {n8n_param_text(node, "propertyName1"), n8n_param_text(node, "propertyName2")};
    size_t count = n8n_names(n8n_param_text(node, "fieldsToMatchString"), names, INPUTS_MAX);
    for (uint32_t i = 0; list.kind == VALUE_ARRAY && i < list.count; i++) {
        struct value pair = value_items(list)[i];
        left = value_array_append(
            n8n->arena, left, value_text(n8n_field(n8n, "item", n8n_text(pair, "field1"), true)));
        right = value_array_append(
            n8n->arena, right, value_text(n8n_field(n8n, "item", n8n_text(pair, "field2"), true)));
    }
    for (size_t i = 0; i < count || (i == 0 && one[0].size > 0); i++) {
        left = value_array_append(
            n8n->arena, left,
            value_text(n8n_field(n8n, "item", count > 0 ? names[i] : one[0], true)));
        right = value_array_append(
            n8n->arena, right,
            value_text(n8n_field(n8n, "item", count > 0 ? names[i] : one[1], true)));
    }
    n8n_put(n8n, &on, "left", left);
    n8n_put(n8n, &on, "right", right);
    return on;
}

/* What kind of join a node asks for; NULL: none of ours. `swaps`: the second input is the left. */
static const char *
join_kind(const struct n8n_node *node, bool *swaps)
{
    struct slice mode = n8n_param_text(node, "mode"), kind = n8n_param_text(node, "joinMode");
    *swaps = false;
    if (node->version < 2)
        return slice_is(mode, "keepKeyMatches")     ? "inner"
               : slice_is(mode, "removeKeyMatches") ? "anti"
               : slice_is(mode, "mergeByKey")       ? "left"
                                                    : NULL;
    if (kind.size == 0 || slice_is(kind, "keepMatches"))
        return "inner";
    *swaps = slice_is(kind, "enrichInput2") || n8n_param_is(node, "outputDataFrom", "input2");
    if (slice_is(kind, "enrichInput1") || slice_is(kind, "enrichInput2"))
        return "left";
    bool is_one_side = n8n_param_is(node, "outputDataFrom", "input1") ||
                       n8n_param_is(node, "outputDataFrom", "input2");
    return slice_is(kind, "keepNonMatches") && is_one_side ? "anti" : NULL;
}

/* Which side's fields go on. */
static const char *
joined_jq(struct merging *merging, const char *id, const char *kind, bool swaps)
{
    struct arena *arena = merging->n8n->arena;
    const struct n8n_node *node = merging->node;
    const char *other = n8n_cat(arena, "(.steps.", id, ".item // {})", NULL);
    bool is_old_side = node->version < 2 && strcmp(kind, "inner") == 0;
    if (strcmp(kind, "anti") == 0 || is_old_side)
        return ".item";
    if (n8n_param_is(node, "outputDataFrom", "input1") ||
        n8n_param_is(node, "outputDataFrom", "input2"))
        return ".item";
    return swaps ? n8n_cat(arena, other, " + .item", NULL)
                 : n8n_cat(arena, ".item + ", other, NULL);
}

static void
combine_fields(struct merging *merging)
{
    struct n8n *n8n = merging->n8n;
    struct n8n_node *node = merging->node;
    struct value config = value_empty_object();
    bool swaps = false;
    const char *kind = join_kind(node, &swaps);
    struct value on = join_on(merging);
    if (kind == NULL || value_get(on, "left").count == 0) {
        n8n_leave_out(n8n, node, &node->streams[0],
                      "such a merge has no step: put a `join` or a `union` in its place");
        return;
    }
    struct n8n_stream left = swaps ? merging->b : merging->a;
    struct n8n_stream right = swaps ? merging->a : merging->b;
    if (swaps) {
        struct value turned = value_empty_object();
        n8n_put(n8n, &turned, "left", value_get(on, "right"));
        n8n_put(n8n, &turned, "right", value_get(on, "left"));
        on = turned;
    }
    as_rows(merging, &right);
    as_rows(merging, &left);
    n8n_put_text(n8n, &config, "with", right.needs);
    n8n_put(n8n, &config, "on", on);
    n8n_put_text(n8n, &config, "kind", kind);
    const char *id = n8n_step(n8n, node, &left, "join", config, NULL);
    left.table = n8n_table_new(n8n, N8N_TABLE_SAME, left.table);
    left.must = NULL;
    n8n_transform(n8n, node, &left, joined_jq(merging, id, kind, swaps));
    node->streams[0] = left;
}

/* One input goes on when both are there. */
static void
choose_input(struct merging *merging)
{
    struct n8n *n8n = merging->n8n;
    struct n8n_node *node = merging->node;
    bool is_second =
        n8n_param_is(node, "output", "input2") || n8n_param_is(node, "useDataOfInput", "2");
    struct n8n_stream *chosen = is_second ? &merging->b : &merging->a;
    const struct n8n_stream *other = is_second ? &merging->a : &merging->b;
    if (chosen->table == other->table && chosen->needs != NULL && other->needs != NULL)
        chosen->needs = n8n_cat(n8n->arena, chosen->needs, ",", other->needs, NULL);
    else
        n8n_change(n8n, node, "it does not wait for its other input");
    chosen->must = NULL;
    node->streams[0] = *chosen;
}

/* Further inputs, of which version 3 may have up to ten, one after the other. */
static void
combine_more(struct merging *merging, const char *words)
{
    for (unsigned i = 2; i < INPUTS_MAX && merging->node->outcome != N8N_LEFT_OUT; i++) {
        merging->b = n8n_input(merging->n8n, merging->node, i);
        if (!merging->b.is_live)
            continue;
        merging->a = merging->node->streams[0];
        combine_pairs(merging, words);
    }
}

static void
combine_all(struct merging *merging, const char *words)
{
    combine_pairs(merging, words);
    combine_more(merging, words);
}

static bool
is_mode(const struct n8n_node *node, const char *const *names, size_t count)
{
    static const char *const keys[] = {"mode", "combineBy", "combinationMode"};
    for (size_t i = 0; i < 3 * count; i++) {
        if (n8n_param_is(node, keys[i / count], names[i % count]))
            return true;
    }
    return false;
}

static void
merge_two(struct merging *merging)
{
    static const char *const by_position[] = {"mergeByIndex", "mergeByPosition",
                                              "combineByPosition"};
    static const char *const all[] = {"multiplex", "combineAll"};
    static const char *const choose[] = {"chooseBranch", "passThrough", "wait"};
    static const char *const sql[] = {"combineBySql"};
    const struct n8n_node *node = merging->node;
    if (is_mode(node, choose, COUNT_OF(choose)))
        choose_input(merging);
    else if (is_mode(node, sql, COUNT_OF(sql)))
        n8n_leave_out(merging->n8n, merging->node, &merging->node->streams[0],
                      "a merge by SQL has no step: put `join` and `group_by` in its place");
    else if (is_mode(node, by_position, COUNT_OF(by_position)))
        combine_all(merging, "items of different lists have no common position: put a `join` by "
                             "a field in its place");
    else if (is_mode(node, all, COUNT_OF(all)))
        combine_all(merging, "all pairs of two lists have no step");
    else
        combine_fields(merging);
}

void
n8n_merge(struct n8n *n8n, struct n8n_node *node)
{
    struct slice mode = n8n_param_text(node, "mode");
    struct merging merging = {.n8n = n8n, .node = node};
    if (mode.size == 0 || slice_is(mode, "append")) {
        append(n8n, node);
        return;
    }
    merging.a = node->streams[0];
    merging.b = n8n_input(n8n, node, 1);
    if (!merging.a.is_live || !merging.b.is_live)
        node->streams[0] = merging.a.is_live ? merging.a : merging.b;
    else
        merge_two(&merging);
}
