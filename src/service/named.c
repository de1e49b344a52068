#include "service/named.h"

#include "base/secret_mark.h"
#include "service/host.h"

#include <inttypes.h>

enum status
named_find(struct service *service, const struct object_row *which, struct arena *arena,
           struct object_row *out)
{
    if (!secret_name_is_good(which->name))
        return STATUS_NOT_FOUND;
    return store_object_find(service->store, arena, which, out);
}

static enum status
check_room(const struct named_change *change, uint32_t most, struct error *error)
{
    struct object_page page = {
        .workspace = change->row.workspace, .kind = change->row.kind, .limit = 1};
    uint32_t count = 0;
    enum status status = store_object_count(change->service->store, &page, most, &count);
    if (status == STATUS_OK && count >= most)
        return error_set(error, STATUS_LIMIT,
                         "the workspace has %" PRIu32 " of these, the most it may have", most);
    return status;
}

enum status
named_prepare(struct named_change *change, struct arena *arena, uint32_t most, struct error *error)
{
    const struct object_row which = change->row;
    if (!secret_name_is_good(which.name))
        return error_set(error, STATUS_INVALID,
                         "name: expected a letter or _, then letters, digits, _ and -, at most %d",
                         SECRET_NAME_BYTES_MAX);
    enum status status = named_find(change->service, &which, arena, &change->row);
    change->is_new = status == STATUS_NOT_FOUND;
    if (!change->is_new)
        return status;
    change->row = which;
    change->row.name = arena_copy(arena, which.name);
    return check_room(change, most, error);
}

static void
change_done(struct intent *intent)
{
    const struct named_change *change = intent->owner;
    if (intent->status == STATUS_OK && change->committed != NULL)
        change->committed(change);
    change->stored(intent->status, change->is_new, change->context);
    intent_free(&intent);
}

void
named_push(struct named_change *change, struct intent *intent)
{
    struct service *service = change->service;
    struct object_row *row = &change->row;
    int64_t now = clock_unix_ms(service->options.clock);
    enum store_op_kind kind = change->is_gone  ? STORE_OBJECT_DELETE
                              : change->is_new ? STORE_OBJECT_INSERT
                                               : STORE_OBJECT_UPDATE;
    if (change->is_new) {
        row->id = id_next(&service->ids);
        row->created_unix_ms = now;
    }
    if (!change->is_gone) {
        row->updated_unix_ms = now;
        row->revision++;
    }
    intent_add_object(intent, kind, row);
    intent->owner = change;
    intent->done = change_done;
    writer_push(service->writer, intent);
}

enum status
named_list(struct service *service, enum object_kind kind, const struct store_page *page,
           store_object_fn *visit, void *context)
{
    struct object_page objects = {
        .workspace = page->workspace,
        .kind = kind,
        .before = page->before,
        .is_ascending = page->is_ascending,
        .limit = page->limit,
        .skip = page->skip,
    };
    return store_object_list(service->store, &objects, visit, context);
}
