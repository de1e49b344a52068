#include "engine/record.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/varint.h"

#include <assert.h>
#include <string.h>

#define RECORD_VERSION 1

struct reader {
    const uint8_t *at;
    const uint8_t *end;
    bool is_bad;
};

static uint8_t
get_byte(struct reader *reader)
{
    if (reader->at == reader->end) {
        reader->is_bad = true;
        return 0;
    }
    return *reader->at++;
}

static uint64_t
get_varint(struct reader *reader)
{
    struct slice rest = slice_of((const char *)reader->at, (size_t)(reader->end - reader->at));
    uint64_t number = 0;
    if (!varint_take(&rest, &number)) {
        reader->is_bad = true;
        return 0;
    }
    reader->at = (const uint8_t *)rest.ptr;
    return number;
}

static struct slice
get_bytes(struct reader *reader, uint64_t size)
{
    if (size > (uint64_t)(reader->end - reader->at)) {
        reader->is_bad = true;
        return slice_of("", 0);
    }
    struct slice bytes = slice_of((const char *)reader->at, size);
    reader->at += size;
    return bytes;
}

static struct slice
get_line(struct reader *reader)
{
    const uint8_t *newline = memchr(reader->at, '\n', (size_t)(reader->end - reader->at));
    if (newline == NULL) {
        reader->is_bad = true;
        return slice_of("", 0);
    }
    struct slice line = slice_of((const char *)reader->at, (size_t)(newline - reader->at));
    reader->at = newline + 1;
    return line;
}

/* What follows the two bytes of a column. */
enum column_body { BODY_NONE, BODY_HASH, BODY_VALUE };

static enum column_body
column_body_of(const struct plan_node *node, const struct column *column)
{
    enum node_state state = (enum node_state)column->state;
    bool is_failure = state == NODE_STATE_FAILED || state == NODE_STATE_CONTINUED;
    if (state != NODE_STATE_DONE && !is_failure)
        return BODY_NONE;
    if (column->is_effect)
        return BODY_HASH;
    enum step_shape shape = node->decl->shape;
    if (is_failure || shape == STEP_SHAPE_VALUE || shape == STEP_SHAPE_SOURCE ||
        shape == STEP_SHAPE_CHILD || shape == STEP_SHAPE_EFFECT)
        return BODY_VALUE;
    return BODY_NONE;
}

static const struct plan_node *
node_at(const struct chunk *chunk, uint16_t column)
{
    return &chunk->program->plan->nodes[chunk->table->nodes[column]];
}

static void
pack_column(const struct plan_node *node, const struct column *column, struct buffer *out)
{
    /* The high bit tells a failed effect that has a row from one that failed before its call. */
    enum column_body body = column_body_of(node, column);
    buffer_append_byte(out, (char)(column->state | (body == BODY_HASH ? 0x80 : 0)));
    buffer_append_byte(out, (char)column->chosen);
    if (body == BODY_HASH)
        buffer_append(out, column->hash, STORE_HASH_BYTES);
    if (body != BODY_VALUE)
        return;
    json_print(out, column->value);
    buffer_append_byte(out, '\n');
}

static uint16_t
stretch_columns(const struct chunk *chunk, uint16_t *columns)
{
    uint16_t count = 0;
    for (uint16_t c = 0; c < chunk->table->node_count; c++) {
        if (node_at(chunk, c)->stretch == chunk->stretch)
            columns[count++] = c;
    }
    return count;
}

void
record_pack(struct chunk *chunk, struct buffer *out)
{
    uint16_t columns[PLAN_NODES_MAX];
    uint16_t count = stretch_columns(chunk, columns);
    buffer_append_byte(out, RECORD_VERSION);
    varint_append(out, count);
    varint_append(out, chunk->item_count);
    for (uint16_t i = 0; i < count; i++)
        varint_append(out, columns[i]);
    for (uint32_t i = 0; i < chunk->item_count; i++) {
        const struct item *item = &chunk->items[i];
        struct slice problem = slice_text(item->problem == NULL ? "" : item->problem);
        buffer_append_byte(out, (char)item->state);
        varint_append(out, problem.size);
        buffer_append_slice(out, problem);
        for (uint16_t c = 0; c < count; c++)
            pack_column(node_at(chunk, columns[c]), &item->columns[columns[c]], out);
    }
}

static enum status
damaged(struct error *error, const char *what)
{
    return error_set(error, STATUS_INVALID, "a packed record is damaged: %s", what);
}

static const struct found_effect *
found_by_hash(const struct chunk *chunk, uint16_t node, struct slice key, const uint8_t *hash)
{
    for (uint32_t i = 0; i < chunk->found_count; i++) {
        const struct found_effect *found = &chunk->found[i];
        if (found->node == node && slice_equal(found->key, key) &&
            memcmp(found->hash, hash, STORE_HASH_BYTES) == 0)
            return found;
    }
    return NULL;
}

static void
unpack_effect(struct chunk *chunk, uint32_t item, const struct plan_node *node,
              struct column *column)
{
    struct key key = chunk_item_key(chunk, item);
    const struct found_effect *found =
        found_by_hash(chunk, node->index, key_slice(&key), column->hash);
    column->is_effect = true;
    if (found != NULL && column->state == NODE_STATE_DONE && found->is_ok)
        column->value = found->value;
    else if (found != NULL && found->failure.kind != VALUE_NONE)
        column->value = found->failure;
    else
        column->state = NODE_STATE_PENDING;
}

static enum status
unpack_column(struct chunk *chunk, struct reader *reader, uint32_t item,
              const struct plan_node *node)
{
    struct column *column = &chunk->items[item].columns[node->column];
    uint8_t state = get_byte(reader);
    column->chosen = get_byte(reader);
    column->state = state & 0x7f;
    column->value = value_null();
    if (column->state >= NODE_STATE_COUNT)
        return STATUS_INVALID;
    if (state & 0x80) {
        struct slice hash = get_bytes(reader, STORE_HASH_BYTES);
        if (reader->is_bad)
            return STATUS_INVALID;
        memcpy(column->hash, hash.ptr, STORE_HASH_BYTES);
        unpack_effect(chunk, item, node, column);
        return STATUS_OK;
    }
    if (column_body_of(node, column) == BODY_VALUE)
        return json_parse(&column->value, &chunk->arena, get_line(reader), 0, NULL, NULL);
    if (node->decl->shape == STEP_SHAPE_BRANCH && column->state == NODE_STATE_DONE) {
        if (column->chosen >= node->label_count)
            return STATUS_INVALID;
        column->value = node->labels[column->chosen];
    }
    return STATUS_OK;
}

static enum status
unpack_item(struct chunk *chunk, struct reader *reader, uint32_t index, const uint16_t *columns,
            uint64_t count)
{
    struct item *item = &chunk->items[index];
    item->state = get_byte(reader);
    if (item->state >= ITEM_STATE_COUNT)
        return STATUS_INVALID;
    struct slice problem = get_bytes(reader, get_varint(reader));
    if (problem.size > 0 && item->problem == NULL)
        item->problem = arena_copy(&chunk->arena, problem).ptr;
    for (uint64_t c = 0; c < count && !reader->is_bad; c++) {
        if (unpack_column(chunk, reader, index, node_at(chunk, columns[c])) != STATUS_OK)
            return STATUS_INVALID;
    }
    return reader->is_bad ? STATUS_INVALID : STATUS_OK;
}

static enum status
read_head(struct reader *reader, uint64_t *nodes, uint64_t *items)
{
    uint8_t version = get_byte(reader);
    *nodes = get_varint(reader);
    *items = get_varint(reader);
    return version == RECORD_VERSION && !reader->is_bad && *items <= LIMIT_CHUNK_ITEMS
               ? STATUS_OK
               : STATUS_INVALID;
}

enum status
record_item_count(struct slice body, uint32_t *out)
{
    struct reader reader = {(const uint8_t *)body.ptr, (const uint8_t *)body.ptr + body.size,
                            false};
    uint64_t nodes = 0;
    uint64_t items = 0;
    *out = 0;
    if (read_head(&reader, &nodes, &items) != STATUS_OK)
        return STATUS_INVALID;
    *out = (uint32_t)items;
    return STATUS_OK;
}

enum status
record_unpack(struct chunk *chunk, struct slice body, struct error *error)
{
    struct reader reader = {(const uint8_t *)body.ptr, (const uint8_t *)body.ptr + body.size,
                            false};
    uint64_t nodes = 0;
    uint64_t items = 0;
    if (read_head(&reader, &nodes, &items) != STATUS_OK || nodes > chunk->table->node_count)
        return damaged(error, "its head");
    if (items != chunk->item_count)
        return damaged(error, "its number of items");

    uint16_t columns[PLAN_NODES_MAX];
    for (uint64_t i = 0; i < nodes; i++) {
        uint64_t column = get_varint(&reader);
        if (column >= chunk->table->node_count)
            return damaged(error, "a column number");
        columns[i] = (uint16_t)column;
    }
    for (uint32_t i = 0; i < chunk->item_count; i++) {
        if (unpack_item(chunk, &reader, i, columns, nodes) != STATUS_OK)
            return damaged(error, "an item");
    }
    return reader.at == reader.end ? STATUS_OK : damaged(error, "bytes behind its end");
}
