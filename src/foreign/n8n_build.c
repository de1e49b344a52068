/* What the importer of n8n makes: steps, tables, and where a value stands. */
#include "base/json.h"
#include "base/limits.h"
#include "foreign/foreign.h"
#include "foreign/n8n_parts.h"

#include <ctype.h>
#include <string.h>

/* --- words --- */

void
n8n_say(struct n8n *n8n, struct n8n_node *node, enum n8n_outcome at_least, const char *words)
{
    struct n8n_words **at = &node->words;
    if (node->outcome < at_least)
        node->outcome = at_least;
    for (; *at != NULL; at = &(*at)->next) {
        if (strcmp((*at)->words, words) == 0)
            return;
    }
    *at = arena_alloc(n8n->arena, sizeof(**at));
    **at = (struct n8n_words){.words = words};
}

void
n8n_change(struct n8n *n8n, struct n8n_node *node, const char *words)
{
    n8n_say(n8n, node, N8N_CHANGED, words == NULL ? "something is too long" : words);
}

const char *
n8n_cat_all(struct arena *arena, const char *const *texts, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        if (texts[i] == NULL)
            return NULL;
        size += strlen(texts[i]);
    }
    char *out = size >= LIMIT_DEFINITION_BYTES ? NULL : arena_try_alloc(arena, size + 1);
    if (out == NULL)
        return NULL;
    char *at = out;
    for (size_t i = 0; i < count; i++)
        at = mempcpy(at, texts[i], strlen(texts[i]));
    *at = '\0';
    return out;
}

/* --- objects --- */

void
n8n_put(struct n8n *n8n, struct value *object, const char *name, struct value value)
{
    foreign_put(n8n->arena, object, name, value);
}

void
n8n_put_text(struct n8n *n8n, struct value *object, const char *name, const char *text)
{
    /* What became too long fails when it runs, and says so. */
    n8n_put(n8n, object, name, value_text(text == NULL ? "error(\"too long\")" : text));
}

/* --- steps --- */

/* A name as an id: small letters, digits and `_`. */
static const char *
id_of(struct n8n *n8n, struct slice name)
{
    char id[41] = "";
    size_t size = 0;
    for (size_t i = 0; i < name.size && size < sizeof(id) - 1; i++) {
        unsigned char byte = (unsigned char)name.ptr[i];
        bool is_kept = byte < 0x80 && isalnum(byte) != 0;
        if (is_kept && size == 0 && isdigit(byte) != 0)
            id[size++] = '_';
        if (is_kept)
            id[size++] = (char)tolower(byte);
        else if (size > 0 && id[size - 1] != '_')
            id[size++] = '_';
    }
    while (size > 0 && id[size - 1] == '_')
        size--;
    id[size] = '\0';
    return size == 0 ? "step" : arena_format(n8n->arena, "%s", id);
}

static const char *
free_id(struct n8n *n8n, struct slice name)
{
    const char *id = id_of(n8n, name), *first = id;
    for (int number = 2; value_get(n8n->ids, id).kind != VALUE_NONE; number++)
        id = arena_format(n8n->arena, "%s_%d", first, number);
    n8n_put(n8n, &n8n->ids, id, value_bool(true));
    return id;
}

/* Behind conditions and taps a step without `needs` follows something else. */
static bool
follows_last(const struct n8n *n8n, const char *needs)
{
    if (n8n->steps.count == 0 || needs == NULL)
        return false;
    struct value last = value_items(n8n->steps)[n8n->steps.count - 1];
    struct slice type = n8n_text(last, "type");
    return slice_is(n8n_text(last, "id"), needs) && !slice_is(type, "condition") &&
           !slice_starts_with(type, SLICE("write_"));
}

static struct value
needs_list(struct n8n *n8n, const char *needs)
{
    struct value list = value_empty_array();
    while (needs != NULL) {
        size_t size = strcspn(needs, ",");
        struct value one = value_string_copy(n8n->arena, slice_of(needs, size));
        list = value_array_append(n8n->arena, list, one);
        needs = needs[size] == '\0' ? NULL : needs + size + 1;
    }
    return list;
}

const char *
n8n_step(struct n8n *n8n, struct n8n_node *node, struct n8n_stream *at, const char *type,
         struct value config, const char *hint)
{
    struct value step = value_empty_object();
    const char *id = free_id(n8n, hint == NULL ? node->name : slice_text(hint));
    n8n_put_text(n8n, &step, "id", id);
    n8n_put_text(n8n, &step, "type", type);
    if (config.count > 0)
        n8n_put(n8n, &step, "config", config);
    bool is_first = n8n->steps.count == 0 && at->needs == NULL;
    if (!is_first && !follows_last(n8n, at->needs)) {
        struct value needs = needs_list(n8n, at->needs);
        n8n_put(n8n, &step, "needs", needs.count == 1 ? value_items(needs)[0] : needs);
    }
    n8n->steps = value_array_append(n8n->arena, n8n->steps, step);
    at->needs = id;
    if (node->step == NULL)
        node->step = id;
    return id;
}

void
n8n_step_set(struct n8n *n8n, const char *key, struct value value)
{
    uint32_t last = n8n->steps.count - 1;
    struct value step = value_items(n8n->steps)[last];
    n8n_put(n8n, &step, key, value);
    n8n->steps = value_array_put(n8n->arena, 1, n8n->steps, last, step);
}

void
n8n_transform(struct n8n *n8n, struct n8n_node *node, struct n8n_stream *at, const char *jq)
{
    struct value config = value_empty_object();
    n8n_put_text(n8n, &config, "expression", jq);
    const char *id = n8n_step(n8n, node, at, "transform", config, NULL);
    at->json =
        (struct n8n_ref){.path = n8n_cat(n8n->arena, ".steps.", id, NULL), .table = at->table};
}

void
n8n_expand(struct n8n *n8n, struct n8n_node *node, struct n8n_stream *at, const char *list)
{
    struct value config = value_empty_object();
    n8n_put_text(n8n, &config, "list", list);
    n8n_step(n8n, node, at, "expand", config, NULL);
    at->table = n8n_table_new(n8n, N8N_TABLE_EXPAND, at->table);
    at->json = (struct n8n_ref){.path = ".item", .table = at->table};
    at->must = NULL;
}

void
n8n_leave_out(struct n8n *n8n, struct n8n_node *node, struct n8n_stream *at, const char *words)
{
    struct arena *arena = n8n->arena;
    const char *shown = arena_format(arena, "%.*s", SLICE_FORMAT(slice_cut(node->name, 100)));
    const char *text = n8n_cat(arena, "n8n node ", shown, ": ", words, NULL);
    struct slice quoted = json_text(arena, value_text(text == NULL ? "n8n" : text));
    n8n_say(n8n, node, N8N_LEFT_OUT, words);
    n8n_transform(n8n, node, at,
                  quoted.ptr == NULL ? NULL : n8n_cat(arena, "error(", quoted.ptr, ")", NULL));
}

/* --- tables --- */

int
n8n_table_new(struct n8n *n8n, enum n8n_table_kind kind, int parent)
{
    /* Each node makes a few at most; see where they are allocated. */
    int index = n8n->table_count < n8n->table_max ? n8n->table_count++ : n8n->table_max - 1;
    n8n->tables[index] =
        (struct n8n_table){.kind = kind, .parents = {parent}, .parent_count = kind == 0 ? 0 : 1};
    return index;
}

/* What stands in front of paths of `to` for rows of `from`. Every table is older than what is made
 * of it; `seen` keeps tables of several ways from being walked twice. */
static const char *
prefix_to(const struct n8n *n8n, int from, int to, struct value *seen)
{
    const struct n8n_table *table = &n8n->tables[from];
    if (from == to)
        return "";
    if (from < to || table->kind == N8N_TABLE_GROUP)
        return NULL;
    const char *name = arena_format(n8n->arena, "%d", from);
    if (value_get(*seen, name).kind != VALUE_NONE)
        return NULL;
    *seen = value_object_set(n8n->arena, *seen, value_text(name), value_bool(true));
    for (int i = 0; i < table->parent_count; i++) {
        const char *prefix = prefix_to(n8n, table->parents[i], to, seen);
        if (prefix != NULL)
            return table->kind == N8N_TABLE_EXPAND ? n8n_cat(n8n->arena, ".parent", prefix, NULL)
                                                   : prefix;
    }
    return NULL;
}

const char *
n8n_ref_path(const struct n8n *n8n, struct n8n_ref ref, int table)
{
    /* Steps on the run's input are seen by all rows. */
    if (ref.path == NULL || ref.table == 0)
        return ref.path;
    struct value seen = value_empty_object();
    const char *prefix = prefix_to(n8n, table, ref.table, &seen);
    return prefix == NULL ? NULL : n8n_cat(n8n->arena, prefix, ref.path, NULL);
}

const char *
n8n_json(const struct n8n *n8n, const struct n8n_stream *at)
{
    const char *path = n8n_ref_path(n8n, at->json, at->table);
    if (path == NULL || !at->json.is_webhook)
        return path;
    return n8n_cat(n8n->arena, "{headers: {}, params: {}, query: {}, body: ", path, "}", NULL);
}

/* --- joining streams --- */

static const struct n8n_must *
find_must(const struct n8n_must *must, const char *step)
{
    while (must != NULL && strcmp(must->step, step) != 0)
        must = must->next;
    return must;
}

/* Whether no row comes by both. */
static bool
is_exclusive(const struct n8n_stream *a, const struct n8n_stream *b)
{
    for (const struct n8n_must *must = a->must; must != NULL; must = must->next) {
        const struct n8n_must *other = find_must(b->must, must->step);
        if (other != NULL && strcmp(other->label, must->label) != 0)
            return a->table == b->table;
    }
    return false;
}

static bool
all_exclusive(const struct n8n_stream *streams, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = i + 1; k < count; k++) {
            if (!is_exclusive(&streams[i], &streams[k]))
                return false;
        }
    }
    return true;
}

static bool
same_json(const struct n8n_stream *streams, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (strcmp(streams[i].json.path, streams[0].json.path) != 0 ||
            streams[i].json.table != streams[0].json.table ||
            streams[i].json.is_webhook != streams[0].json.is_webhook)
            return false;
    }
    return true;
}

/* What holds for all of them. */
static const struct n8n_must *
common_must(struct n8n *n8n, const struct n8n_stream *streams, size_t count)
{
    const struct n8n_must *common = NULL;
    for (const struct n8n_must *must = streams[0].must; must != NULL; must = must->next) {
        bool is_common = true;
        for (size_t i = 1; i < count && is_common; i++) {
            const struct n8n_must *other = find_must(streams[i].must, must->step);
            is_common = other != NULL && strcmp(other->label, must->label) == 0;
        }
        if (!is_common)
            continue;
        struct n8n_must *made = arena_alloc(n8n->arena, sizeof(*made));
        *made = (struct n8n_must){.step = must->step, .label = must->label, .next = common};
        common = made;
    }
    return common;
}

/* That the row came by this stream. */
static const char *
came_by(struct n8n *n8n, const struct n8n_stream *stream)
{
    const char *test = NULL;
    for (const struct n8n_must *must = stream->must; must != NULL; must = must->next) {
        const char *one =
            n8n_cat(n8n->arena, ".steps.", must->step, " == \"", must->label, "\"", NULL);
        test = test == NULL ? one : n8n_cat(n8n->arena, one, " and ", test, NULL);
    }
    return test == NULL ? "true" : test;
}

static void
add_needs(struct n8n *n8n, struct n8n_stream *to, const char *needs)
{
    if (to->needs == NULL)
        to->needs = needs;
    else if (needs != NULL && strcmp(to->needs, needs) != 0)
        to->needs = n8n_cat(n8n->arena, to->needs, ",", needs, NULL);
}

/* Each row comes by one of them. */
static struct n8n_stream
join_exclusive(struct n8n *n8n, struct n8n_node *node, const struct n8n_stream *streams,
               size_t count)
{
    struct n8n_stream joined = streams[0];
    const char *jq = "";
    for (size_t i = 0; i < count; i++) {
        const char *json = n8n_json(n8n, &streams[i]);
        add_needs(n8n, &joined, i == 0 ? NULL : streams[i].needs);
        if (i + 1 == count)
            jq = n8n_cat(n8n->arena, jq, " else ", json, " end", NULL);
        else
            jq = n8n_cat(n8n->arena, jq, i == 0 ? "if " : " elif ", came_by(n8n, &streams[i]),
                         " then ", json, NULL);
    }
    joined.must = common_must(n8n, streams, count);
    if (!same_json(streams, count))
        n8n_transform(n8n, node, &joined, jq);
    return joined;
}

/* Rows one behind the other: each becomes a row of its own whose item is its $json. */
static struct n8n_stream
join_union(struct n8n *n8n, struct n8n_node *node, struct n8n_stream *streams, size_t count)
{
    struct n8n_stream joined = {.is_live = true};
    struct n8n_table made = {.kind = N8N_TABLE_SAME};
    for (size_t i = 0; i < count; i++) {
        if (strcmp(streams[i].json.path, ".item") != 0 || streams[i].json.table != streams[i].table)
            n8n_expand(n8n, node, &streams[i],
                       n8n_cat(n8n->arena, "[", n8n_json(n8n, &streams[i]), "]", NULL));
        add_needs(n8n, &joined, streams[i].needs);
        made.parents[made.parent_count++] = streams[i].table;
    }
    /* A union is younger than what it is made of. */
    int table = n8n_table_new(n8n, N8N_TABLE_SAME, made.parents[0]);
    n8n->tables[table] = made;
    joined.table = table;
    joined.json = (struct n8n_ref){.path = ".item", .table = table};
    n8n_step(n8n, node, &joined, "union", value_empty_object(), NULL);
    return joined;
}

struct n8n_stream
n8n_join(struct n8n *n8n, struct n8n_node *node, struct n8n_stream *streams, size_t count)
{
    if (count == 0)
        return (struct n8n_stream){0};
    if (count == 1)
        return streams[0];
    return all_exclusive(streams, count) ? join_exclusive(n8n, node, streams, count)
                                         : join_union(n8n, node, streams, count);
}

/* Straight from a trigger, with nothing that chooses among several: a run comes by one of them, and
 * what they send is the same. */
static bool
is_start(const struct n8n_edge *edge, const struct n8n_stream *stream)
{
    return edge->from->is_trigger && stream->needs == NULL && stream->must == NULL;
}

struct n8n_stream
n8n_input(struct n8n *n8n, struct n8n_node *node, unsigned input)
{
    struct n8n_stream streams[N8N_UNION_MAX];
    bool has_start = false;
    size_t count = 0;
    for (const struct n8n_edge *edge = node->in; edge != NULL; edge = edge->next_to) {
        if (edge->is_back || edge->input != input || !edge->from->is_done)
            continue;
        struct n8n_stream stream = n8n_output(n8n, edge->from, edge->port);
        bool is_again = has_start && is_start(edge, &stream);
        has_start = has_start || is_start(edge, &stream);
        if (is_again)
            continue;
        if (stream.is_live && count < N8N_UNION_MAX)
            streams[count++] = stream;
        else if (stream.is_live)
            n8n_change(n8n, node, "it has too many connections: some of them are left out");
    }
    return n8n_join(n8n, node, streams, count);
}
