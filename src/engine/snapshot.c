#include "engine/snapshot.h"

#include "base/digest.h"
#include "base/limits.h"
#include "engine/engine.h"

#include <stdio.h>

/* Rows that are read at a time, and bytes that are gathered before they are written. */
#define PAGE_ROWS 256
#define PIECE_BYTES MIB(1)

bool
snapshot_is_wanted(struct value config)
{
    return value_get(config, "list").kind != VALUE_NONE;
}

struct id
snapshot_id(const struct id *run, struct slice step)
{
    struct buffer text;
    struct id id;
    buffer_init(&text, KIB(4));
    buffer_append_text(&text, "list ");
    buffer_append(&text, (const char *)run->bytes, ID_BYTES);
    buffer_append_slice(&text, step);
    struct digest digest = digest_of(buffer_slice(&text));
    buffer_done(&text);
    memcpy(id.bytes, digest.bytes, ID_BYTES);
    return id;
}

/* Rows on their way into the file. */
struct copying {
    struct blob *blob;
    struct buffer lines;
    struct id last;
    uint32_t count; /* of this page */
    enum status status;
    struct error *error;
};

static void
write_lines(struct copying *copying)
{
    if (copying->status == STATUS_OK && copying->lines.size > 0)
        copying->status = blob_append(copying->blob, buffer_slice(&copying->lines), copying->error);
    buffer_clear(&copying->lines);
}

static bool
copy_row(const struct object_row *row, void *context)
{
    struct copying *copying = context;
    buffer_append_slice(&copying->lines, row->body);
    buffer_append_byte(&copying->lines, '\n');
    copying->last = row->id;
    copying->count++;
    if (copying->lines.size >= PIECE_BYTES)
        write_lines(copying);
    return copying->status == STATUS_OK;
}

static enum status
copy_rows(struct copying *copying, struct store *store, const struct object_row *list)
{
    struct object_page page = {.workspace = list->workspace,
                               .kind = OBJECT_LIST_ROW,
                               .parent = list->id,
                               .is_ascending = true,
                               .limit = PAGE_ROWS};
    do {
        copying->count = 0;
        enum status status = store_object_list(store, &page, copy_row, copying);
        if (status != STATUS_OK)
            return error_set(copying->error, status, "list: its rows could not be read");
        page.before = copying->last;
    } while (copying->status == STATUS_OK && copying->count == PAGE_ROWS);
    write_lines(copying);
    return copying->status == STATUS_OK ? blob_sync(copying->blob, copying->error)
                                        : copying->status;
}

static enum status
write_snapshot(const struct snapshot_wanted *wanted, const struct object_row *list,
               const struct id *id, struct error *error)
{
    struct copying copying = {.status = STATUS_OK, .error = error};
    enum status status = blob_append_open(&copying.blob, wanted->options->blobs, id, 0, error);
    if (status != STATUS_OK)
        return status;
    buffer_init(&copying.lines, PIECE_BYTES + LIMIT_LIST_ROW_BYTES + 1);
    status = copy_rows(&copying, wanted->options->store, list);
    buffer_done(&copying.lines);
    blob_close(&copying.blob);
    return status;
}

static enum status
make(const struct snapshot_wanted *wanted, const struct id *id, struct error *error)
{
    struct arena arena;
    struct object_row list, which = {.workspace = wanted->workspace, .kind = OBJECT_LIST};
    struct slice name = value_slice(wanted->list);
    arena_init(&arena, KIB(64));
    enum status status = store_object_named(wanted->options->store, &arena, &which, name, &list);
    if (status == STATUS_OK)
        status = write_snapshot(wanted, &list, id, error);
    else if (status == STATUS_NOT_FOUND)
        error_set(error, status, "list: there is no list \"%.*s\"",
                  SLICE_FORMAT(slice_cut(name, 100)));
    else
        error_set(error, status, "list: the store could not be read");
    arena_done(&arena);
    return status;
}

enum status
snapshot_open(struct step_file **out, const struct snapshot_wanted *wanted,
              char identity[FILE_IDENTITY_BYTES], struct error *error)
{
    char path[BLOB_PATH_BYTES], hex[ID_HEX_BYTES], ignored[FILE_IDENTITY_BYTES];
    struct id id = snapshot_id(&wanted->run, wanted->step);
    *out = NULL;
    if (wanted->list.kind != VALUE_STRING)
        return error_set(error, STATUS_INVALID, "list: expected a text, found %s",
                         value_kind_name(wanted->list));
    enum status status = store_blob_has(wanted->options->store, &id);
    if (status == STATUS_NOT_FOUND && wanted->may_make)
        status = make(wanted, &id, error);
    else if (status != STATUS_OK)
        error_set(error, status, "list: the rows of this run could not be read");
    if (status != STATUS_OK)
        return status;
    blob_path(wanted->options->blobs, &id, path);
    id_hex(&id, hex);
    snprintf(identity, FILE_IDENTITY_BYTES, "list %s", hex);
    status = file_open_path(out, slice_text(path), ignored, sizeof(ignored), error);
    /* Where the server keeps its files is not for the owner of the run. */
    return status == STATUS_OK
               ? status
               : error_set(error, STATUS_IO, "list: the rows of this run are missing or damaged");
}
