#include "service/lists.h"

#include "base/json.h"
#include "base/limits.h"
#include "service/host.h"

#define LIST_BYTES KIB(32)
/* Steps that have just found the list may append to it so long after it was deleted: what they add
 * has to go with the rest. */
#define LATE_ROWS_MS 60000

enum status
service_list_create(struct service *service, const struct list_new *wanted,
                    const struct object_asker *asker, struct error *error)
{
    enum status status = objects_check_name(wanted->name, error);
    if (status != STATUS_OK)
        return status;
    struct intent *intent = intent_new(LIST_BYTES);
    struct member member = {value_text("description"), wanted->description};
    struct object_row *list = objects_new(service, intent, OBJECT_LIST, &wanted->workspace);
    list->name = arena_copy(&intent->arena, wanted->name);
    list->body = json_text(&intent->arena, value_object_new(&intent->arena, &member, 1));
    intent_add(intent, STORE_OBJECT_INSERT, KIB(1))->object = list;
    objects_commit(service, intent, list, asker);
    return STATUS_OK;
}

enum status
service_list_find(struct service *service, const struct id *workspace, struct slice id_or_name,
                  struct arena *arena, struct object_row *out)
{
    struct object_row which = {.workspace = *workspace, .kind = OBJECT_LIST};
    return objects_find(service, &which, id_or_name, arena, out);
}

/* Its name is free from then on, and the cleaner finds it by when it is due. */
void
service_list_delete(struct service *service, const struct object_row *list,
                    const struct object_asker *asker)
{
    struct intent *intent = intent_new(LIST_BYTES);
    struct object_row *gone = objects_next(service, intent, list);
    gone->name = SLICE("");
    gone->archived_unix_ms = gone->updated_unix_ms;
    gone->due_unix_ms = gone->archived_unix_ms + LATE_ROWS_MS;
    intent_add(intent, STORE_OBJECT_UPDATE, KIB(1))->object = gone;
    objects_commit(service, intent, list, asker);
}

/* --- rows --- */

/* An intent with a copy of the list, which has to be there. */
static struct intent *
begin_rows(const struct object_row *list, struct object_row **kept)
{
    struct intent *intent = intent_new(2 * LIMIT_INPUT_BYTES + MIB(1));
    *kept = arena_alloc(&intent->arena, sizeof(**kept));
    **kept = *list;
    (*kept)->name = arena_copy(&intent->arena, list->name);
    (*kept)->body = arena_copy(&intent->arena, list->body);
    intent_add(intent, STORE_OBJECT_REQUIRE, 64)->object = *kept;
    return intent;
}

/* Adds the operation over so many rows, which the caller fills in. */
static struct object_row *
add_rows(struct intent *intent, enum store_op_kind kind, size_t count)
{
    struct object_rows *rows = arena_alloc(&intent->arena, sizeof(*rows));
    struct object_row *all = arena_try_alloc(&intent->arena, count * sizeof(*all));
    *rows = (struct object_rows){all, count};
    intent_add(intent, kind, count * 256)->objects = rows;
    return all;
}

static struct object_row
row_of(struct service *service, const struct object_row *list)
{
    int64_t now = clock_unix_ms(service->options.clock);
    return (struct object_row){
        .workspace = list->workspace,
        .kind = OBJECT_LIST_ROW,
        .parent = list->id,
        .revision = 1,
        .created_unix_ms = now,
        .updated_unix_ms = now,
    };
}

/* Fills in the row for the item; LIMIT. */
static enum status
fill_row(struct intent *intent, struct object_row *row, struct value item)
{
    row->body = json_text(&intent->arena, item);
    intent->size_bytes += row->body.size;
    return row->body.ptr == NULL || row->body.size > LIMIT_LIST_ROW_BYTES ? STATUS_LIMIT
                                                                          : STATUS_OK;
}

enum status
service_list_add(struct service *service, const struct object_row *list, struct value rows,
                 const struct object_asker *asker, struct error *error)
{
    struct object_row *kept;
    struct intent *intent = begin_rows(list, &kept);
    struct object_row *added = add_rows(intent, STORE_OBJECTS_ADD, rows.count);
    for (uint32_t i = 0; i < rows.count; i++) {
        added[i] = row_of(service, list);
        added[i].id = id_next(&service->ids);
        if (fill_row(intent, &added[i], value_items(rows)[i]) != STATUS_OK) {
            intent_free(&intent);
            return error_set(error, STATUS_INVALID, "rows.%u: a row has at most %zu bytes of JSON",
                             i, LIMIT_LIST_ROW_BYTES);
        }
    }
    objects_commit(service, intent, kept, asker);
    return STATUS_OK;
}

enum status
service_list_remove(struct service *service, const struct object_row *list, struct value ids,
                    const struct object_asker *asker, struct error *error)
{
    struct object_row *kept;
    struct intent *intent = begin_rows(list, &kept);
    struct object_row *gone = add_rows(intent, STORE_OBJECTS_REMOVE, ids.count);
    for (uint32_t i = 0; i < ids.count; i++) {
        gone[i] = row_of(service, list);
        if (!id_parse(&gone[i].id, value_slice(value_items(ids)[i]))) {
            intent_free(&intent);
            return error_set(error, STATUS_INVALID, "ids.%u: expected the id of a row", i);
        }
    }
    objects_commit(service, intent, kept, asker);
    return STATUS_OK;
}

struct object_page
list_rows_page(const struct object_row *list)
{
    return (struct object_page){
        .workspace = list->workspace,
        .kind = OBJECT_LIST_ROW,
        .parent = list->id,
        .is_ascending = true,
    };
}

/* --- as they are shown --- */

static void
put_list(struct buffer *out, const struct object_row *list, struct value count, struct arena *arena)
{
    object_put_begin(out, list);
    object_put_member(out, "name", value_string(list->name));
    object_put_member(out, "description", value_get(object_body(list, arena), "description"));
    object_put_member(out, "rowCount", count);
    object_put_end(out, list);
}

void
list_put(struct buffer *out, const struct object_row *row, struct arena *arena)
{
    put_list(out, row, value_null(), arena);
}

void
list_put_counted(struct buffer *out, const struct object_row *list, uint32_t count,
                 struct arena *arena)
{
    put_list(out, list, value_int(count), arena);
}

void
list_row_put(struct buffer *out, const struct object_row *row, struct arena *arena)
{
    char time[CLOCK_ISO_BYTES];
    clock_iso(row->created_unix_ms, time);
    object_put_begin(out, row);
    buffer_append_text(out, ",\"item\":");
    buffer_append_slice(out, row->body);
    buffer_append_format(out, ",\"createdAt\":\"%s\"}", time);
}
