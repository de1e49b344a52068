#include "foreign/sixtyfour_graph.h"

#include "base/digest.h"
#include "base/limits.h"
#include "expr/schema.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Edges that say something are fewer. */
#define EDGES_MAX 5000
/* "1_000_000 rows of blocks" would be no graph that anybody drew. */
#define NUMBER_MAX 1000000
/* Schemas of specs, while one is checked. */
#define SCRATCH_BYTES MIB(4)

/* --- what is wrong --- */

enum status
graph_fail(struct graph *graph, const char *type, const char *words, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(graph->problem->place, sizeof(graph->problem->place), format, arguments);
    va_end(arguments);
    graph->problem->type = type;
    snprintf(graph->problem->words, sizeof(graph->problem->words), "%s", words);
    return STATUS_INVALID;
}

enum status
graph_fail_block(struct graph *graph, const struct graph_block *block, const char *place,
                 const char *words)
{
    const char *named = arena_format(graph->arena, "block %u (%.*s): %s", block->number,
                                     SLICE_FORMAT(slice_cut(block->name, 60)), words);
    return graph_fail(graph, "value_error", named, "blocks.%u.%s", block->index, place);
}

static enum status
fail_missing(struct graph *graph, const char *list, uint32_t index, const char *name)
{
    return graph_fail(graph, "missing", "Field required", "%s.%u.%s", list, index, name);
}

/* Zeroed; NULL when the graph needs more memory than it may have, which is then the problem. */
static void *
take(struct graph *graph, size_t count, size_t size)
{
    void *memory = arena_try_alloc(graph->arena, count * size + 1);
    if (memory == NULL)
        status_ignore(graph_fail(graph, "too_long", "The graph is too large", "blocks"));
    return memory == NULL ? NULL : memset(memory, 0, count * size);
}

/* --- ids --- */

static bool
is_uuid(struct slice text)
{
    for (size_t i = 0; i < text.size; i++) {
        bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (is_dash ? text.ptr[i] != '-' : !isxdigit((unsigned char)text.ptr[i]))
            return false;
    }
    return text.size == GRAPH_UUID_BYTES - 1;
}

/* The same text always has the same one. */
static void
uuid_of(struct slice text, char out[GRAPH_UUID_BYTES])
{
    char hex[2 * DIGEST_BYTES + 1];
    struct digest digest = digest_of(text);
    digest.bytes[6] = (uint8_t)(0x80 | (digest.bytes[6] & 0x0F));
    digest.bytes[8] = (uint8_t)(0x80 | (digest.bytes[8] & 0x3F));
    digest_hex(&digest, hex);
    snprintf(out, GRAPH_UUID_BYTES, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
             hex + 20);
}

static void
set_id(struct graph *graph, struct graph_block *block)
{
    if (is_uuid(block->given)) {
        for (size_t i = 0; i < block->given.size; i++)
            block->id[i] = (char)tolower((unsigned char)block->given.ptr[i]);
        block->id[block->given.size] = '\0';
        return;
    }
    const char *text = block->given.size > 0
                           ? arena_format(graph->arena, "id:%.*s", SLICE_FORMAT(block->given))
                           : arena_format(graph->arena, "number:%u", block->number);
    uuid_of(slice_text(text), block->id);
}

/* --- blocks --- */

static struct value
find_kind(struct value catalog, struct slice name)
{
    for (uint32_t i = 0; i < catalog.count; i++) {
        if (slice_equal(value_get_text(value_items(catalog)[i], "name"), name))
            return value_items(catalog)[i];
    }
    return (struct value){0};
}

static enum status
read_number(struct graph *graph, struct graph_block *block, struct value raw)
{
    int64_t number = -1;
    struct value given = value_get(raw, "sequence_number");
    if (given.kind == VALUE_NONE)
        return fail_missing(graph, "blocks", block->index, "sequence_number");
    if (!value_is_number(given) || !value_integer(given, &number) || number < 0 ||
        number > NUMBER_MAX)
        return graph_fail(graph, "int_parsing", "Input should be a valid integer, 0 or more",
                          "blocks.%u.sequence_number", block->index);
    block->number = (uint32_t)number;
    for (uint16_t i = 0; i < block->index; i++) {
        if (graph->blocks[i].number == block->number)
            return graph_fail(graph, "value_error", "Another block has this sequence_number",
                              "blocks.%u.sequence_number", block->index);
    }
    return STATUS_OK;
}

static enum status
read_name(struct graph *graph, struct graph_block *block, struct value raw, struct value catalog)
{
    struct value name = value_get(raw, "block_name");
    if (name.kind == VALUE_NONE)
        return fail_missing(graph, "blocks", block->index, "block_name");
    if (name.kind != VALUE_STRING)
        return graph_fail(graph, "string_type", "Input should be a valid string",
                          "blocks.%u.block_name", block->index);
    block->name = value_slice(name);
    block->kind = find_kind(catalog, block->name);
    if (block->kind.kind == VALUE_OBJECT)
        return STATUS_OK;
    const char *words =
        arena_format(graph->arena, "There is no block \"%.*s\"; GET /workflows/blocks lists all",
                     SLICE_FORMAT(slice_cut(block->name, 100)));
    return graph_fail(graph, "value_error", words, "blocks.%u.block_name", block->index);
}

static enum status
read_id(struct graph *graph, struct graph_block *block, struct value raw)
{
    struct value id = value_get(raw, "block_id");
    if (id.kind != VALUE_NONE && id.kind != VALUE_NULL && id.kind != VALUE_STRING)
        return graph_fail(graph, "string_type", "Input should be a valid string",
                          "blocks.%u.block_id", block->index);
    block->given = value_get_text(raw, "block_id");
    set_id(graph, block);
    for (uint16_t i = 0; i < block->index; i++) {
        if (strcmp(graph->blocks[i].id, block->id) == 0)
            return graph_fail(graph, "value_error", "Another block has this block_id",
                              "blocks.%u.block_id", block->index);
    }
    return STATUS_OK;
}

/* Of several findings the first that names a place. */
struct finding {
    const char *place, *words;
    struct arena *arena;
};

static void
note_finding(const char *instance_path, const char *schema_path, const char *words, void *context)
{
    struct finding *finding = context;
    if (finding->words != NULL)
        return;
    finding->place = arena_format(finding->arena, "%.150s", instance_path);
    finding->words = arena_format(finding->arena, "%.200s", words);
}

/* A pointer as parts with dots between them; what is escaped in it stays so. */
static const char *
dotted(struct arena *arena, const char *pointer)
{
    char *out = arena_alloc(arena, strlen(pointer) + 1);
    memcpy(out, pointer, strlen(pointer) + 1);
    for (char *at = out; *at != '\0'; at++)
        *at = *at == '/' ? '.' : *at;
    return out;
}

static enum status
check_specs(struct graph *graph, const struct graph_block *block)
{
    struct schema *schema = NULL;
    struct arena scratch;
    struct finding found = {.arena = graph->arena};
    arena_init(&scratch, SCRATCH_BYTES);
    enum status status =
        schema_compile(&schema, &scratch, value_get(block->kind, "specs"), note_finding, &found);
    if (status == STATUS_OK)
        status = schema_check(schema, block->specs, note_finding, &found);
    arena_done(&scratch);
    if (status == STATUS_OK)
        return STATUS_OK;
    const char *place = arena_format(graph->arena, "specs%s", dotted(graph->arena, found.place));
    return graph_fail_block(graph, block, place, found.words);
}

static enum status
read_specs(struct graph *graph, struct graph_block *block, struct value raw)
{
    block->specs = value_get(raw, "specs");
    if (block->specs.kind == VALUE_NONE || block->specs.kind == VALUE_NULL)
        block->specs = value_empty_object();
    if (block->specs.kind != VALUE_OBJECT)
        return graph_fail(graph, "dict_type", "Input should be a valid dictionary",
                          "blocks.%u.specs", block->index);
    return check_specs(graph, block);
}

static enum status
read_block(struct graph *graph, struct graph_block *block, struct value raw, struct value catalog)
{
    if (raw.kind != VALUE_OBJECT)
        return graph_fail(graph, "dict_type", "Input should be a valid dictionary", "blocks.%u",
                          block->index);
    enum status status = read_number(graph, block, raw);
    if (status == STATUS_OK)
        status = read_name(graph, block, raw, catalog);
    if (status == STATUS_OK)
        status = read_id(graph, block, raw);
    if (status == STATUS_OK)
        status = read_specs(graph, block, raw);
    if (status == STATUS_OK)
        block->step = slice_text(
            arena_format(graph->arena, "b%u_%.*s", block->number, SLICE_FORMAT(block->name)));
    return status;
}

static enum status
read_blocks(struct graph *graph, struct value blocks)
{
    struct value catalog = sixtyfour_catalog(graph->arena);
    if (blocks.kind == VALUE_NONE)
        return graph_fail(graph, "missing", "Field required", "blocks");
    if (blocks.kind != VALUE_ARRAY)
        return graph_fail(graph, "list_type", "Input should be a valid list", "blocks");
    if (blocks.count == 0)
        return graph_fail(graph, "too_short", "List should have at least 1 item", "blocks");
    if (blocks.count > LIMIT_STEPS)
        return graph_fail(
            graph, "too_long",
            arena_format(graph->arena, "List should have at most %d items", LIMIT_STEPS), "blocks");
    graph->blocks = take(graph, blocks.count, sizeof(*graph->blocks));
    if (graph->blocks == NULL)
        return STATUS_INVALID;
    for (uint32_t i = 0; i < blocks.count; i++) {
        graph->blocks[i].index = (uint16_t)i;
        enum status status = read_block(graph, &graph->blocks[i], value_items(blocks)[i], catalog);
        if (status != STATUS_OK)
            return status;
        graph->count++;
    }
    return STATUS_OK;
}

/* --- edges --- */

bool
graph_block_is_source(const struct graph_block *block)
{
    return block->parent_count == 0;
}

/* By the id as it was sent or as it is shown. */
static struct graph_block *
find_block(struct graph *graph, struct slice id)
{
    for (uint16_t i = 0; i < graph->count; i++) {
        struct graph_block *block = &graph->blocks[i];
        if ((block->given.size > 0 && slice_equal(block->given, id)) || slice_is(id, block->id))
            return block;
    }
    return NULL;
}

static enum status
add_parent(struct graph *graph, struct graph_block *block, struct graph_block *parent)
{
    if (block->parents == NULL)
        block->parents = take(graph, graph->count, sizeof(struct graph_block *));
    if (block->parents == NULL)
        return STATUS_INVALID;
    uint16_t at = block->parent_count;
    for (uint16_t i = 0; i < block->parent_count; i++) {
        if (block->parents[i] == parent)
            return STATUS_OK;
    }
    for (; at > 0 && block->parents[at - 1]->number > parent->number; at--)
        block->parents[at] = block->parents[at - 1];
    block->parents[at] = parent;
    block->parent_count++;
    return STATUS_OK;
}

static enum status
read_end(struct graph *graph, struct value edge, uint32_t index, const char *name,
         struct graph_block **out)
{
    struct value id = value_get(edge, name);
    if (id.kind == VALUE_NONE)
        return fail_missing(graph, "edges", index, name);
    if (id.kind == VALUE_STRING)
        *out = find_block(graph, value_slice(id));
    if (*out != NULL)
        return STATUS_OK;
    return graph_fail(graph, "value_error", "There is no block with this block_id", "edges.%u.%s",
                      index, name);
}

static enum status
read_edge(struct graph *graph, struct value edge, uint32_t index)
{
    struct graph_block *from = NULL, *to = NULL;
    if (edge.kind != VALUE_OBJECT)
        return graph_fail(graph, "dict_type", "Input should be a valid dictionary", "edges.%u",
                          index);
    enum status status = read_end(graph, edge, index, "from_block_id", &from);
    if (status == STATUS_OK)
        status = read_end(graph, edge, index, "to_block_id", &to);
    if (status != STATUS_OK)
        return status;
    if (from == to)
        return graph_fail(graph, "value_error", "A block cannot follow itself", "edges.%u", index);
    if (value_get_text(edge, "condition").size > 0 && graph->note != NULL)
        graph->note(arena_format(graph->arena,
                                 "edges[%u].condition: is kept, and decides nothing; put a filter "
                                 "block there",
                                 index),
                    graph->context);
    return add_parent(graph, to, from);
}

static int
by_number(const void *a, const void *b)
{
    const struct graph_block *const *left = a, *const *right = b;
    return (*left)->number < (*right)->number ? -1 : (*left)->number > (*right)->number;
}

/* A graph that names no edge at all is a chain. */
static enum status
chain(struct graph *graph)
{
    enum status status = STATUS_OK;
    for (uint16_t i = 1; status == STATUS_OK && i < graph->count; i++) {
        if (!slice_is(value_get_text(graph->order[i]->kind, "source"), "only"))
            status = add_parent(graph, graph->order[i], graph->order[i - 1]);
    }
    return status;
}

static enum status
read_edges(struct graph *graph, struct value edges)
{
    if (edges.kind != VALUE_NONE && edges.kind != VALUE_NULL && edges.kind != VALUE_ARRAY)
        return graph_fail(graph, "list_type", "Input should be a valid list", "edges");
    if (edges.kind == VALUE_ARRAY && edges.count > EDGES_MAX)
        return graph_fail(graph, "too_long", "There are too many edges", "edges");
    if (edges.kind != VALUE_ARRAY || edges.count == 0)
        return chain(graph);
    for (uint32_t i = 0; i < edges.count; i++) {
        enum status status = read_edge(graph, value_items(edges)[i], i);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* --- order and types --- */

static enum status
sort_by_number(struct graph *graph)
{
    graph->order = take(graph, graph->count, sizeof(struct graph_block *));
    if (graph->order == NULL)
        return STATUS_INVALID;
    for (uint16_t i = 0; i < graph->count; i++)
        graph->order[i] = &graph->blocks[i];
    qsort(graph->order, graph->count, sizeof(struct graph_block *), by_number);
    return STATUS_OK;
}

static bool
is_ready(const struct graph_block *block)
{
    for (uint16_t i = 0; i < block->parent_count; i++) {
        if (!block->parents[i]->is_placed)
            return false;
    }
    return !block->is_placed;
}

/* Takes the first by number whose parents are placed, again and again. */
static enum status
sort_by_edges(struct graph *graph)
{
    struct graph_block **placed = take(graph, graph->count, sizeof(struct graph_block *));
    if (placed == NULL)
        return STATUS_INVALID;
    for (uint16_t count = 0; count < graph->count; count++) {
        uint16_t at = 0;
        while (at < graph->count && !is_ready(graph->order[at]))
            at++;
        if (at == graph->count)
            return graph_fail(graph, "value_error", "The edges go in a circle; a workflow has none",
                              "edges");
        placed[count] = graph->order[at];
        placed[count]->is_placed = true;
    }
    graph->order = placed;
    return STATUS_OK;
}

static enum row_type
read_type(struct slice name)
{
    return slice_is(name, "LEAD")      ? ROW_TYPE_LEAD
           : slice_is(name, "COMPANY") ? ROW_TYPE_COMPANY
                                       : ROW_TYPE_ANY;
}

/* Where nothing is said of rows, they may be what a block asks for. */
static enum status
incoming_type(struct graph *graph, const struct graph_block *block, enum row_type *out)
{
    bool is_first = slice_is(value_get_text(block->kind, "gives"), "FIRST");
    *out = ROW_TYPE_ANY;
    for (uint16_t i = 0; i < (is_first && block->parent_count > 0 ? 1 : block->parent_count); i++) {
        enum row_type type = block->parents[i]->type;
        if (*out != ROW_TYPE_ANY && type != ROW_TYPE_ANY && *out != type)
            return graph_fail_block(graph, block, "block_name",
                                    "its parents give LEAD and COMPANY rows, which one table "
                                    "cannot hold");
        *out = type == ROW_TYPE_ANY ? *out : type;
    }
    return STATUS_OK;
}

static enum status
set_type(struct graph *graph, struct graph_block *block)
{
    struct slice gives = value_get_text(block->kind, "gives");
    enum row_type accepts = read_type(value_get_text(block->kind, "accepts"));
    enum row_type type;
    enum status status = incoming_type(graph, block, &type);
    if (status != STATUS_OK)
        return status;
    if (accepts != ROW_TYPE_ANY && type != ROW_TYPE_ANY && type != accepts)
        return graph_fail_block(graph, block, "block_name",
                                accepts == ROW_TYPE_LEAD
                                    ? "it takes LEAD rows, and its parents give COMPANY rows"
                                    : "it takes COMPANY rows, and its parents give LEAD rows");
    if (slice_is(gives, "SAME") || slice_is(gives, "FIRST"))
        block->type = accepts == ROW_TYPE_ANY ? type : accepts;
    else if (slice_is(gives, "SPECS"))
        block->type = read_type(value_get_text(block->specs, "dataframe_type"));
    else
        block->type = read_type(gives);
    return STATUS_OK;
}

static enum status
check_place(struct graph *graph, const struct graph_block *block)
{
    struct slice source = value_get_text(block->kind, "source");
    if (slice_is(source, "only") && block->parent_count > 0)
        return graph_fail_block(graph, block, "block_name",
                                "a source begins a workflow: no edge leads to it");
    if (slice_is(source, "never") && block->parent_count == 0)
        return graph_fail_block(graph, block, "block_name",
                                "no edge leads to it, so that it has no rows");
    return STATUS_OK;
}

enum status
graph_read(struct graph *graph, struct value definition)
{
    graph->count = 0;
    if (definition.kind != VALUE_OBJECT)
        return graph_fail(graph, "dict_type", "Input should be a valid dictionary", "%s", "");
    enum status status = read_blocks(graph, value_get(definition, "blocks"));
    if (status == STATUS_OK)
        status = sort_by_number(graph);
    if (status == STATUS_OK)
        status = read_edges(graph, value_get(definition, "edges"));
    if (status == STATUS_OK)
        status = sort_by_edges(graph);
    for (uint16_t i = 0; status == STATUS_OK && i < graph->count; i++) {
        status = check_place(graph, graph->order[i]);
        if (status == STATUS_OK)
            status = set_type(graph, graph->order[i]);
    }
    return status;
}
