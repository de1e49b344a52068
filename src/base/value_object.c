#include "base/value.h"

#include "base/hash.h"
#include "base/value_body.h"

#include <assert.h>
#include <string.h>

#define FIRST_CAPACITY ((size_t)4)
#define NOT_THERE UINT32_MAX

static const struct value none;

static bool
key_is(const struct member *member, struct slice key)
{
    return slice_equal(value_slice(member->key), key);
}

static uint64_t
key_hash(const struct value_object *object, struct slice key)
{
    return hash_bytes(key, (uint64_t)(uintptr_t)object);
}

/* Slots for a capacity: a power of two, at most two thirds full; 0 for small objects. */
static size_t
slots_for(size_t capacity)
{
    if (capacity <= VALUE_SMALL_OBJECT)
        return 0;
    size_t slots = VALUE_SMALL_OBJECT * 2;
    while (slots < capacity + capacity / 2)
        slots *= 2;
    return slots;
}

struct value_object *
value_object_body(struct arena *arena, size_t capacity)
{
    if (capacity > UINT32_MAX / 4)
        return NULL;
    size_t slot_count = slots_for(capacity);
    size_t members_bytes = capacity * sizeof(struct member);
    struct value_object *body =
        arena_try_alloc(arena, sizeof(*body) + members_bytes + slot_count * sizeof(*body->slots));
    if (body == NULL)
        return NULL;

    body->arena = arena;
    body->used = 0;
    body->capacity = (uint32_t)capacity;
    body->slots = NULL;
    body->owner = 0;
    body->slot_count = (uint32_t)slot_count;
    if (slot_count > 0) {
        body->slots = (uint32_t *)(void *)(body->members + capacity);
        memset(body->slots, 0, slot_count * sizeof(*body->slots));
    }
    return body;
}

/* The member of that name among the first `count`, or NOT_THERE. A body may hold members beyond a
 * view, whose names may be gone with a rewound arena: they are passed over unread. */
static uint32_t
slots_find(const struct value_object *object, uint32_t count, struct slice key)
{
    uint32_t mask = object->slot_count - 1;
    uint32_t slot = (uint32_t)key_hash(object, key) & mask;
    for (; object->slots[slot] != 0; slot = (slot + 1) & mask) {
        uint32_t index = object->slots[slot] - 1;
        if (index < count && key_is(&object->members[index], key))
            return index;
    }
    return NOT_THERE;
}

static void
slots_add(struct value_object *object, uint32_t index)
{
    uint32_t mask = object->slot_count - 1;
    uint32_t slot = (uint32_t)key_hash(object, value_slice(object->members[index].key)) & mask;
    while (object->slots[slot] != 0)
        slot = (slot + 1) & mask;
    object->slots[slot] = index + 1;
}

/* Adds the member at `index` unless its name is there; one probe for both. */
static bool
slots_add_new(struct value_object *object, uint32_t index)
{
    struct slice key = value_slice(object->members[index].key);
    uint32_t mask = object->slot_count - 1;
    uint32_t slot = (uint32_t)key_hash(object, key) & mask;
    for (; object->slots[slot] != 0; slot = (slot + 1) & mask)
        if (key_is(&object->members[object->slots[slot] - 1], key))
            return false;
    object->slots[slot] = index + 1;
    return true;
}

static uint32_t
members_find(const struct member *members, size_t count, struct slice key)
{
    for (size_t i = 0; i < count; i++)
        if (key_is(&members[i], key))
            return (uint32_t)i;
    return NOT_THERE;
}

static uint32_t
object_find(struct value object, struct slice key)
{
    bool indexed = object.count > VALUE_SMALL_OBJECT && object.object->slots != NULL;
    if (indexed)
        return slots_find(object.object, object.count, key);
    return members_find(object.object->members, object.count, key);
}

/* One of 64 marks for a name, from bytes that tend to differ between the names of one object. */
static uint64_t
key_mark(struct slice key)
{
    uint32_t mix = (uint32_t)key.size;
    if (key.size > 0) {
        const unsigned char *bytes = (const unsigned char *)key.ptr;
        mix += bytes[0] * 7u + bytes[key.size / 2] * 31u + bytes[key.size - 1] * 127u;
    }
    return UINT64_C(1) << (mix * 0x9E3779B1u >> 26);
}

/* The first of a few members whose name stood before, or count. Names whose marks differ need not
 * be compared. */
static size_t
members_duplicate(const struct member *members, size_t count)
{
    uint64_t seen = 0;
    for (size_t i = 0; i < count; i++) {
        struct slice key = value_slice(members[i].key);
        uint64_t mark = key_mark(key);
        if ((seen & mark) != 0 && members_find(members, i, key) != NOT_THERE)
            return i;
        seen |= mark;
    }
    return count;
}

static size_t
slots_fill(struct value_object *object, size_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!slots_add_new(object, i))
            return i;
    return count;
}

/* 0 when a key or value is nothing, the trace of an earlier failure. */
static unsigned
members_depth(const struct member *members, size_t count)
{
    unsigned depth = 1;
    for (size_t i = 0; i < count; i++) {
        if (members[i].value.kind == VALUE_NONE || members[i].key.kind == VALUE_NONE)
            return 0;
        if (members[i].value.depth >= depth)
            depth = members[i].value.depth + 1u;
    }
    return depth;
}

static struct value
object_view(const struct value_object *body, unsigned depth)
{
    return (struct value){
        .kind = VALUE_OBJECT, .depth = (uint16_t)depth, .count = body->used, .object = body};
}

struct value
value_object_build(struct arena *arena, const struct member *members, size_t count,
                   size_t *duplicate)
{
    *duplicate = count;
    unsigned depth = members_depth(members, count);
    if (depth == 0 || depth > VALUE_DEPTH_MAX)
        return none;
    struct value_object *body = value_object_body(arena, count);
    if (body == NULL)
        return none;

    memcpy(body->members, members, count * sizeof(*members));
    body->used = (uint32_t)count;
    *duplicate = body->slots != NULL ? slots_fill(body, count) : members_duplicate(members, count);
    if (*duplicate < count)
        return none;
    return object_view(body, depth);
}

struct value
value_object_new(struct arena *arena, const struct member *members, size_t count)
{
    if (count == 0)
        return value_empty_object();
    size_t duplicate = 0;
    struct value object = value_object_build(arena, members, count, &duplicate);
    assert(duplicate == count);
    return object;
}

static void
object_add(struct value_object *body, const struct member *members, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        body->members[body->used] = members[i];
        if (body->slots != NULL)
            slots_add(body, body->used);
        body->used++;
    }
}

/* A body with no more room than the view needs. */
static struct value_object *
object_copy(struct arena *arena, struct value object)
{
    struct value_object *body = value_object_body(arena, object.count);
    if (body != NULL)
        object_add(body, object.object->members, object.count);
    return body;
}

static struct value
object_replace(struct arena *arena, struct value object, uint32_t index, struct value value)
{
    struct value_object *body = object_copy(arena, object);
    if (body == NULL)
        return none;
    body->members[index].value = value;
    return object_view(body, members_depth(body->members, body->used));
}

/* The object's own body if one member may be put behind the view, else a copy with room. */
static struct value_object *
object_with_room(struct arena *arena, struct value object)
{
    const struct value_object *body = object.object;
    bool in_place =
        body->arena == arena && body->used == object.count && body->capacity > body->used;
    if (in_place)
        return (struct value_object *)(uintptr_t)body;

    size_t capacity = object.count < FIRST_CAPACITY / 2 ? FIRST_CAPACITY : (size_t)object.count * 2;
    struct value_object *copy = value_object_body(arena, capacity);
    if (copy != NULL)
        object_add(copy, body->members, object.count);
    return copy;
}

static bool
can_set(struct value object, struct value key, struct value value)
{
    if (object.kind == VALUE_NONE || key.kind == VALUE_NONE || value.kind == VALUE_NONE)
        return false;
    assert(object.kind == VALUE_OBJECT);
    assert(key.kind == VALUE_STRING);
    return value.depth < VALUE_DEPTH_MAX;
}

/* A body that is new becomes the owner's. */
static struct value
object_append(struct arena *arena, uint32_t owner, struct value object, struct member member)
{
    struct value_object *body = object_with_room(arena, object);
    if (body == NULL)
        return none;
    if (body != object.object)
        body->owner = owner;
    object_add(body, &member, 1);
    unsigned depth = object.depth > member.value.depth ? object.depth : member.value.depth + 1u;
    return object_view(body, depth);
}

struct value
value_object_set(struct arena *arena, struct value object, struct value key, struct value value)
{
    if (!can_set(object, key, value))
        return none;
    uint32_t index = object_find(object, value_slice(key));
    if (index != NOT_THERE)
        return object_replace(arena, object, index, value);
    return object_append(arena, 0, object, (struct member){.key = key, .value = value});
}

struct value
value_set(struct arena *arena, struct value object, const char *name, struct value value)
{
    return value_object_set(arena, object, value_text(name), value);
}

struct value
value_object_put(struct arena *arena, uint32_t owner, struct value object, struct value key,
                 struct value value)
{
    assert(owner > 0);
    if (!can_set(object, key, value))
        return none;
    uint32_t index = object_find(object, value_slice(key));
    if (index == NOT_THERE)
        return object_append(arena, owner, object, (struct member){.key = key, .value = value});

    struct value_object *body = (struct value_object *)(uintptr_t)object.object;
    if (body->arena != arena || body->owner != owner) {
        body = object_copy(arena, object);
        if (body == NULL)
            return none;
        body->owner = owner;
    }
    body->members[index].value = value;
    bool is_copy = body != object.object;
    object.object = body;
    if (value.depth >= object.depth)
        object.depth = (uint16_t)(value.depth + 1);
    else if (is_copy || object.count <= VALUE_SMALL_OBJECT)
        object.depth = (uint16_t)members_depth(body->members, object.count);
    return object;
}

struct value
value_object_remove(struct arena *arena, struct value object, struct slice key)
{
    if (object.kind == VALUE_NONE)
        return none;
    assert(object.kind == VALUE_OBJECT);
    uint32_t index = object_find(object, key);
    if (index == NOT_THERE)
        return object;
    if (object.count == 1)
        return value_empty_object();

    struct value_object *body = value_object_body(arena, object.count - 1);
    if (body == NULL)
        return none;
    const struct member *members = object.object->members;
    object_add(body, members, index);
    object_add(body, members + index + 1, object.count - index - 1);
    return object_view(body, members_depth(body->members, body->used));
}

const struct member *
value_find_member(struct value object, struct slice key)
{
    if (object.kind != VALUE_OBJECT)
        return NULL;
    uint32_t index = object_find(object, key);
    return index == NOT_THERE ? NULL : &object.object->members[index];
}

struct value
value_find(struct value object, struct slice key)
{
    if (object.kind != VALUE_OBJECT)
        return none;
    uint32_t index = object_find(object, key);
    return index == NOT_THERE ? none : object.object->members[index].value;
}

struct value
value_get(struct value object, const char *key)
{
    return value_find(object, slice_text(key));
}

struct slice
value_get_text(struct value object, const char *key)
{
    return value_slice_or(value_get(object, key), SLICE(""));
}

struct value
value_find_or_null(struct value object, struct slice key)
{
    struct value found = value_find(object, key);
    return found.kind == VALUE_NONE ? value_null() : found;
}
