#include "store/intent.h"

#include "base/json.h"

#include <assert.h>

struct intent *
intent_new(size_t limit_bytes)
{
    struct arena arena;
    arena_init(&arena, limit_bytes);
    struct intent *intent = arena_alloc(&arena, sizeof(*intent));
    intent->arena = arena;
    return intent;
}

void
intent_free(struct intent **intent)
{
    if (*intent == NULL)
        return;
    /* The intent lives in the arena that it holds. */
    struct arena arena = (*intent)->arena;
    arena_done(&arena);
    *intent = NULL;
}

struct store_op *
intent_add(struct intent *intent, enum store_op_kind kind, size_t size_bytes)
{
    assert(intent->op_count < STORE_OPS_MAX);
    struct store_op *op = &intent->ops[intent->op_count++];
    op->kind = kind;
    intent->size_bytes += size_bytes;
    return op;
}

void
intent_add_object(struct intent *intent, enum store_op_kind kind, const struct object_row *object)
{
    struct object_row *row = arena_alloc(&intent->arena, sizeof(*row));
    *row = *object;
    row->name = arena_copy(&intent->arena, object->name);
    row->body = arena_copy(&intent->arena, object->body);
    intent_add(intent, kind, object->body.size + 256)->object = row;
}

struct idempotency_row *
idempotency_copy(struct arena *arena, const struct idempotency_row *row)
{
    struct idempotency_row *copy = arena_alloc(arena, sizeof(*copy));
    *copy = *row;
    copy->scope = arena_copy(arena, row->scope);
    copy->key = arena_copy(arena, row->key);
    return copy;
}

void
intent_add_idempotency(struct intent *intent, const struct idempotency_row *asked,
                       enum idempotency_kind kind, const struct id *id)
{
    if (asked == NULL)
        return;
    struct idempotency_row *row = idempotency_copy(&intent->arena, asked);
    row->kind = kind;
    row->id = *id;
    intent_add(intent, STORE_IDEMPOTENCY_INSERT, asked->scope.size + 256)->idempotency = row;
}

struct value
object_body(const struct object_row *row, struct arena *arena)
{
    struct value body = value_empty_object();
    return json_parse(&body, arena, row->body, 0, NULL, NULL) == STATUS_OK ? body
                                                                           : value_empty_object();
}
