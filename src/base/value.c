#include "base/value.h"

#include "base/value_body.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define INTEGRAL_DOUBLE_MAX 9007199254740992.0 /* 2^53 */
#define FIRST_CAPACITY ((size_t)4)
/* Only so many elements are gone through to see whether an array is less deep than it was. */
#define DEPTH_EXACT_MAX 16
#define PACK_FIRST_BYTES ((size_t)256)
#define PACK_BYTES_MAX ((size_t)4032)

static const struct value_array empty_array;
static const struct value_object empty_object;
static const struct value none;

struct value
value_double(double real)
{
    bool integral = real >= -INTEGRAL_DOUBLE_MAX && real <= INTEGRAL_DOUBLE_MAX &&
                    real == (double)(int64_t)real && !(real == 0.0 && signbit(real));
    if (integral)
        return value_int((int64_t)real);
    return (struct value){.kind = VALUE_DOUBLE, .real = real};
}

struct value
value_string_copy(struct arena *arena, struct slice text)
{
    if (text.size > UINT32_MAX)
        return none;
    struct slice copy = arena_copy(arena, text);
    return copy.ptr == NULL ? none : value_string(copy);
}

struct value
value_number(struct slice text)
{
    int64_t integer = 0;
    if (slice_parse_int64(text, &integer) && !(integer == 0 && text.ptr[0] == '-'))
        return value_int(integer);
    return (struct value){.kind = VALUE_DECIMAL, .count = (uint32_t)text.size, .text = text.ptr};
}

struct value
value_empty_array(void)
{
    return (struct value){.kind = VALUE_ARRAY, .depth = 1, .array = &empty_array};
}

struct value
value_empty_object(void)
{
    return (struct value){.kind = VALUE_OBJECT, .depth = 1, .object = &empty_object};
}

const char *
value_kind_name(struct value value)
{
    static const char *const names[] = {
        [VALUE_NONE] = "nothing",   [VALUE_NULL] = "null",     [VALUE_FALSE] = "boolean",
        [VALUE_TRUE] = "boolean",   [VALUE_INT] = "number",    [VALUE_DOUBLE] = "number",
        [VALUE_DECIMAL] = "number", [VALUE_STRING] = "string", [VALUE_ARRAY] = "array",
        [VALUE_OBJECT] = "object",
    };
    assert(value.kind < COUNT_OF(names));
    return names[value.kind];
}

struct value_array *
value_array_body(struct arena *arena, size_t capacity)
{
    if (capacity > UINT32_MAX)
        return NULL;
    struct value_array *body =
        arena_try_alloc(arena, sizeof(*body) + capacity * sizeof(struct value));
    if (body == NULL)
        return NULL;
    body->arena = arena;
    body->used = 0;
    body->capacity = (uint32_t)capacity;
    body->owner = 0;
    return body;
}

/* The depth of an array of these items; over VALUE_DEPTH_MAX if one of them is as deep as can be.
 * False when an item is nothing, the trace of an earlier failure. */
static bool
items_depth(uint16_t *depth, const struct value *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (items[i].kind == VALUE_NONE)
            return false;
        if (items[i].depth >= *depth)
            *depth = (uint16_t)(items[i].depth + 1);
    }
    return *depth <= VALUE_DEPTH_MAX;
}

static void
array_add(struct value_array *body, const struct value *items, size_t count)
{
    if (count > 0)
        memcpy(body->items + body->used, items, count * sizeof(*items));
    body->used += (uint32_t)count;
}

static struct value
array_view(const struct value_array *body, uint16_t depth)
{
    return (struct value){.kind = VALUE_ARRAY, .depth = depth, .count = body->used, .array = body};
}

struct value
value_array_new(struct arena *arena, const struct value *items, size_t count)
{
    uint16_t depth = 1;
    if (!items_depth(&depth, items, count))
        return none;
    if (count == 0)
        return value_empty_array();

    struct value_array *body = value_array_body(arena, count);
    if (body == NULL)
        return none;
    array_add(body, items, count);
    return array_view(body, depth);
}

/* The array's own body if `extra` items may be put behind the view, else a copy with room. */
static struct value_array *
array_with_room(struct arena *arena, struct value array, size_t extra)
{
    const struct value_array *body = array.array;
    bool in_place =
        body->arena == arena && body->used == array.count && body->capacity - body->used >= extra;
    if (in_place)
        return (struct value_array *)(uintptr_t)body;

    size_t needed = array.count + extra;
    size_t capacity = (size_t)array.count * 2;
    if (capacity < needed)
        capacity = needed;
    if (capacity < FIRST_CAPACITY)
        capacity = FIRST_CAPACITY;
    struct value_array *copy = value_array_body(arena, capacity);
    if (copy != NULL)
        array_add(copy, body->items, array.count);
    return copy;
}

static struct value
array_extend(struct arena *arena, struct value array, const struct value *items, size_t count)
{
    if (array.kind == VALUE_NONE)
        return none;
    assert(array.kind == VALUE_ARRAY);
    uint16_t depth = array.depth;
    if (!items_depth(&depth, items, count))
        return none;

    struct value_array *body = array_with_room(arena, array, count);
    if (body == NULL)
        return none;
    array_add(body, items, count);
    return array_view(body, depth);
}

struct value
value_array_append(struct arena *arena, struct value array, struct value item)
{
    return array_extend(arena, array, &item, 1);
}

static uint16_t
depth_of_items(const struct value_array *body, size_t count)
{
    uint16_t depth = 1;
    items_depth(&depth, body->items, count);
    return depth;
}

struct value
value_array_put(struct arena *arena, uint32_t owner, struct value array, uint32_t index,
                struct value item)
{
    bool failed_before = array.kind == VALUE_NONE || item.kind == VALUE_NONE;
    if (failed_before || item.depth >= VALUE_DEPTH_MAX)
        return none;
    assert(array.kind == VALUE_ARRAY && index < array.count && owner > 0);
    const struct value_array *before = array.array;
    struct value_array *body = (struct value_array *)(uintptr_t)before;
    if (body->arena != arena || body->owner != owner) {
        body = value_array_body(arena, array.count);
        if (body == NULL)
            return none;
        array_add(body, before->items, array.count);
        body->owner = owner;
    }
    body->items[index] = item;
    array.array = body;
    if (item.depth >= array.depth)
        array.depth = (uint16_t)(item.depth + 1);
    else if (body != before || array.count <= DEPTH_EXACT_MAX)
        array.depth = depth_of_items(body, array.count);
    return array;
}

struct value
value_array_concat(struct arena *arena, struct value a, struct value b)
{
    if (b.kind == VALUE_NONE)
        return none;
    assert(b.kind == VALUE_ARRAY);
    if (b.count == 0)
        return a;
    if (a.count == 0 && a.kind == VALUE_ARRAY && b.array->arena == arena)
        return b;
    return array_extend(arena, a, b.array->items, b.count);
}

char *
text_pack_take(struct text_pack *pack, size_t size)
{
    if ((size_t)(pack->end - pack->next) < size) {
        /* Chunks grow with what was needed so far, so that a small value wastes little. */
        size_t chunk = pack->used_bytes;
        if (chunk < PACK_FIRST_BYTES)
            chunk = PACK_FIRST_BYTES;
        if (chunk > PACK_BYTES_MAX)
            chunk = PACK_BYTES_MAX;
        if (size > chunk / 2)
            return arena_try_alloc(pack->arena, size);
        char *fresh = arena_try_alloc(pack->arena, chunk);
        if (fresh == NULL)
            return NULL;
        pack->next = fresh;
        pack->end = fresh + chunk;
    }
    char *taken = pack->next;
    pack->next += size;
    pack->used_bytes += size;
    return taken;
}

static struct value copy_value(struct text_pack *pack, struct value value);

static struct value
copy_text(struct text_pack *pack, struct value value)
{
    if (value.count == 0) {
        value.text = "";
        return value;
    }
    char *copy = text_pack_take(pack, value.count);
    if (copy == NULL)
        return none;
    memcpy(copy, value.text, value.count);
    value.text = copy;
    return value;
}

static struct value
copy_array(struct text_pack *pack, struct value value)
{
    if (value.count == 0)
        return value_empty_array();
    struct value_array *body = value_array_body(pack->arena, value.count);
    if (body == NULL)
        return none;
    for (uint32_t i = 0; i < value.count; i++) {
        body->items[i] = copy_value(pack, value.array->items[i]);
        if (body->items[i].kind == VALUE_NONE)
            return none;
    }
    body->used = value.count;
    return array_view(body, value.depth);
}

/* Copies the members where they are and then their contents, which leaves the names, and so the
 * index, equal. */
static struct value
copy_object(struct text_pack *pack, struct value value)
{
    if (value.count == 0)
        return value_empty_object();
    size_t duplicate = 0;
    struct value copy =
        value_object_build(pack->arena, value.object->members, value.count, &duplicate);
    if (copy.kind == VALUE_NONE)
        return none;
    struct member *members = (struct member *)(uintptr_t)copy.object->members;
    for (uint32_t i = 0; i < copy.count; i++) {
        members[i].key = copy_text(pack, members[i].key);
        members[i].value = copy_value(pack, members[i].value);
        if (members[i].key.kind == VALUE_NONE || members[i].value.kind == VALUE_NONE)
            return none;
    }
    return copy;
}

static struct value
copy_value(struct text_pack *pack, struct value value)
{
    switch ((enum value_kind)value.kind) {
    case VALUE_NONE:
    case VALUE_NULL:
    case VALUE_FALSE:
    case VALUE_TRUE:
    case VALUE_INT:
    case VALUE_DOUBLE:
        return value;
    case VALUE_DECIMAL:
    case VALUE_STRING:
        return copy_text(pack, value);
    case VALUE_ARRAY:
        return copy_array(pack, value);
    case VALUE_OBJECT:
        return copy_object(pack, value);
    }
    assert(false);
    return none;
}

struct value
value_copy(struct arena *arena, struct value value)
{
    struct text_pack pack = {.arena = arena};
    return copy_value(&pack, value);
}
