#include "service/objects.h"

#include "base/json.h"
#include "base/limits.h"
#include "service/host.h"

/* A row on its way to the store. */
struct object_saving {
    const struct object_row *row;
    struct object_asker asker;
};

static void
saving_done(struct intent *intent)
{
    struct object_saving *saving = intent->owner;
    saving->asker.saved(intent->status, saving->row, saving->asker.context);
    intent_free(&intent);
}

void
objects_commit(struct service *service, struct intent *intent, const struct object_row *row,
               const struct object_asker *asker)
{
    struct object_saving *saving = arena_alloc(&intent->arena, sizeof(*saving));
    *saving = (struct object_saving){row, *asker};
    intent_add_idempotency(intent, asker->idempotency, IDEMPOTENCY_OBJECT, &row->id);
    intent->done = saving_done;
    intent->owner = saving;
    writer_push(service->writer, intent);
}

struct object_row *
objects_new(struct service *service, struct intent *intent, enum object_kind kind,
            const struct id *workspace)
{
    struct object_row *row = arena_alloc(&intent->arena, sizeof(*row));
    int64_t now = clock_unix_ms(service->options.clock);
    *row = (struct object_row){
        .workspace = *workspace,
        .id = id_next(&service->ids),
        .kind = kind,
        .revision = 1,
        .created_unix_ms = now,
        .updated_unix_ms = now,
    };
    return row;
}

struct object_row *
objects_next(struct service *service, struct intent *intent, const struct object_row *row)
{
    struct object_row *next = arena_alloc(&intent->arena, sizeof(*next));
    *next = *row;
    next->name = arena_copy(&intent->arena, row->name);
    next->body = arena_copy(&intent->arena, row->body);
    next->revision++;
    next->updated_unix_ms = clock_unix_ms(service->options.clock);
    return next;
}

enum status
objects_find(struct service *service, const struct object_row *which, struct slice id_or_name,
             struct arena *arena, struct object_row *out)
{
    return store_object_named(service->store, arena, which, id_or_name, out);
}

enum status
service_object_get(struct service *service, const struct id *workspace, const struct id *id,
                   struct arena *arena, struct object_row *out)
{
    enum status status = store_object_get(service->store, arena, id, out);
    bool is_foreign = status == STATUS_OK && !id_equal(&out->workspace, workspace);
    return is_foreign ? STATUS_NOT_FOUND : status;
}

enum status
service_object_list(struct service *service, const struct object_page *page, store_object_fn *visit,
                    void *context)
{
    return store_object_list(service->store, page, visit, context);
}

enum status
service_object_count(struct service *service, const struct object_page *page, uint32_t *out)
{
    *out = 0;
    return store_object_count(service->store, page, LIMIT_OBJECTS_COUNTED, out);
}

enum status
objects_check_name(struct slice name, struct error *error)
{
    struct id id;
    if (id_parse(&id, name))
        return error_set(error, STATUS_INVALID, "name: it has the form of an id; choose another");
    if (name.size > STORE_NAME_BYTES_MAX)
        return error_set(error, STATUS_INVALID, "name: at most %d bytes", STORE_NAME_BYTES_MAX);
    return STATUS_OK;
}

static void
put_time(struct buffer *out, const char *name, int64_t unix_ms)
{
    char text[CLOCK_ISO_BYTES];
    clock_iso(unix_ms, text);
    buffer_append_format(out, ",\"%s\":\"%s\"", name, text);
}

void
object_put_begin(struct buffer *out, const struct object_row *row)
{
    char text[ID_HEX_BYTES];
    id_hex(&row->id, text);
    buffer_append_format(out, "{\"id\":\"%s\"", text);
}

void
object_put_end(struct buffer *out, const struct object_row *row)
{
    put_time(out, "createdAt", row->created_unix_ms);
    put_time(out, "updatedAt", row->updated_unix_ms);
    buffer_append_byte(out, '}');
}

void
object_put_member(struct buffer *out, const char *name, struct value value)
{
    buffer_append_format(out, ",\"%s\":", name);
    json_print(out, value.kind == VALUE_NONE ? value_null() : value);
}
