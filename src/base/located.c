#include "base/located.h"

#include <assert.h>
#include <string.h>

const struct located *
located_find(const struct located *object, const char *key)
{
    if (object->value.kind != VALUE_OBJECT)
        return NULL;
    const struct member *members = value_members(object->value);
    for (uint32_t i = 0; i < object->count; i++)
        if (slice_is(value_slice(members[i].key), key))
            return &object->children[i];
    return NULL;
}

/* Decodes the first name of the pointer into room; longer ones are cut. */
static struct slice
pointer_name(const char *pointer, char *room, size_t room_bytes)
{
    size_t size = 0;
    for (size_t i = 1; pointer[i] != '\0' && pointer[i] != '/' && size < room_bytes; i++) {
        char byte = pointer[i];
        if (byte == '~' && (pointer[i + 1] == '0' || pointer[i + 1] == '1'))
            byte = pointer[++i] == '0' ? '~' : '/';
        room[size++] = byte;
    }
    return slice_of(room, size);
}

static int64_t
child_index(struct value value, struct slice name)
{
    int64_t index = -1;
    if (value.kind == VALUE_ARRAY)
        return slice_parse_int64(name, &index) && index < value.count ? index : -1;
    for (uint32_t i = 0; value.kind == VALUE_OBJECT && i < value.count; i++) {
        if (slice_equal(value_slice(value_members(value)[i].key), name))
            return i;
    }
    return -1;
}

int64_t
located_step(const struct located *at, const char **pointer)
{
    char room[512];
    if ((*pointer)[0] != '/')
        return -1;
    int64_t index = child_index(at->value, pointer_name(*pointer, room, sizeof(room)));
    if (index < 0)
        return -1;
    ++*pointer;
    while ((*pointer)[0] != '\0' && (*pointer)[0] != '/')
        ++*pointer;
    return index;
}

struct located_place
located_key_place(const struct located *object, uint32_t index)
{
    assert(object->keys != NULL);
    assert(index < object->count);
    return object->keys[index];
}

/* Walks the text once more after json_parse() has found it good, so that it may trust what it
 * sees: only the places are still to be found. */
struct json_walk {
    struct arena *arena;
    struct slice rest;
    struct located_place place; /* of rest */
    uint64_t size;              /* of the whole text */
    size_t nodes;
    struct json_place *failed_at;
    struct error *error;
};

static void
walk_byte(struct json_walk *walk)
{
    assert(walk->rest.size > 0);
    char byte = walk->rest.ptr[0];
    walk->rest = slice_of(walk->rest.ptr + 1, walk->rest.size - 1);
    if (byte == '\n')
        walk->place = (struct located_place){walk->place.line + 1, 1};
    else if (((unsigned char)byte & 0xC0) != 0x80)
        walk->place.column++;
}

/* White space, and the commas and colons whose places nobody asks for. */
static void
walk_gap(struct json_walk *walk)
{
    while (walk->rest.size > 0 && memchr(" \t\r\n,:", walk->rest.ptr[0], 6) != NULL)
        walk_byte(walk);
}

static void
walk_string(struct json_walk *walk)
{
    do {
        if (walk->rest.ptr[0] == '\\')
            walk_byte(walk);
        walk_byte(walk);
    } while (walk->rest.ptr[0] != '"');
    walk_byte(walk);
}

static void
walk_plain(struct json_walk *walk)
{
    while (walk->rest.size > 0 && memchr(" \t\r\n,]}", walk->rest.ptr[0], 7) == NULL)
        walk_byte(walk);
}

static enum status
walk_fail(struct json_walk *walk, const char *words)
{
    *walk->failed_at = (struct json_place){
        .offset = walk->size - walk->rest.size,
        .line = walk->place.line,
        .column = walk->place.column,
    };
    return error_set(walk->error, STATUS_LIMIT, "line %u, column %u: %s", walk->place.line,
                     walk->place.column, words);
}

static enum status walk_node(struct json_walk *walk, struct located *node, struct value value,
                             unsigned depth);

static enum status
walk_children(struct json_walk *walk, struct located *node, unsigned depth)
{
    bool is_object = node->value.kind == VALUE_OBJECT;
    struct located *children = arena_try_alloc(walk->arena, node->count * sizeof(*children));
    struct located_place *keys = NULL;
    if (is_object)
        keys = arena_try_alloc(walk->arena, node->count * sizeof(*keys));
    if (children == NULL || (is_object && keys == NULL))
        return walk_fail(walk, "the text needs more memory than is allowed");

    for (uint32_t i = 0; i < node->count; i++) {
        walk_gap(walk);
        if (is_object) {
            keys[i] = walk->place;
            walk_string(walk);
            walk_gap(walk);
        }
        struct value value =
            is_object ? value_members(node->value)[i].value : value_items(node->value)[i];
        enum status status = walk_node(walk, &children[i], value, depth + 1);
        if (status != STATUS_OK)
            return status;
    }
    node->children = children;
    node->keys = keys;
    return STATUS_OK;
}

static enum status
walk_node(struct json_walk *walk, struct located *node, struct value value, unsigned depth)
{
    walk_gap(walk);
    *node =
        (struct located){.value = value, .line = walk->place.line, .column = walk->place.column};
    if (depth > LOCATED_DEPTH_MAX)
        return walk_fail(
            walk, arena_format(walk->arena, "nested deeper than %d levels", LOCATED_DEPTH_MAX));
    if (++walk->nodes > LOCATED_NODES_MAX)
        return walk_fail(walk, arena_format(walk->arena, "more than %d values", LOCATED_NODES_MAX));
    if (value.kind == VALUE_STRING) {
        walk_string(walk);
        return STATUS_OK;
    }
    if (value.kind != VALUE_ARRAY && value.kind != VALUE_OBJECT) {
        walk_plain(walk);
        return STATUS_OK;
    }

    walk_byte(walk);
    node->count = value.count;
    if (node->count > 0) {
        enum status status = walk_children(walk, node, depth);
        if (status != STATUS_OK)
            return status;
    }
    walk_gap(walk);
    walk_byte(walk);
    return STATUS_OK;
}

enum status
located_from_json(struct located **out, struct arena *arena, struct slice text,
                  struct json_place *place, struct error *error)
{
    *out = NULL;
    struct value value;
    enum status status = json_parse(&value, arena, text, 0, place, error);
    if (status != STATUS_OK)
        return status;

    struct json_place unasked;
    struct json_walk walk = {
        .arena = arena,
        .rest = text,
        .place = {1, 1},
        .size = text.size,
        .failed_at = place == NULL ? &unasked : place,
        .error = error,
    };
    struct located *root = arena_alloc(arena, sizeof(*root));
    status = walk_node(&walk, root, value, 1);
    if (status == STATUS_OK)
        *out = root;
    return status;
}
