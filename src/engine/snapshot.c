#include "engine/snapshot.h"

#include "base/digest.h"
#include "base/limits.h"
#include "engine/engine.h"
#include "engine/kept_rows.h"

#include <stdio.h>

/* Bytes that are gathered before they are written. */
#define PIECE_BYTES MIB(1)

struct id
snapshot_id(const struct id *run, struct slice step)
{
    struct buffer text;
    struct id id;
    buffer_init(&text, KIB(4));
    buffer_append_text(&text, "rows ");
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
copy_line(struct slice line, void *context)
{
    struct copying *copying = context;
    buffer_append_slice(&copying->lines, line);
    if (copying->lines.size >= PIECE_BYTES)
        write_lines(copying);
    return copying->status == STATUS_OK;
}

static enum status
copy_rows(struct copying *copying, const struct snapshot_wanted *wanted, const char **code)
{
    struct kept_wanted kept = {.store = wanted->options->store,
                               .workspace = wanted->workspace,
                               .reads = wanted->reads,
                               .config = wanted->config};
    enum status status = kept_rows_read(&kept, copy_line, copying, code, copying->error);
    if (status != STATUS_OK)
        return status;
    write_lines(copying);
    return copying->status == STATUS_OK ? blob_sync(copying->blob, copying->error)
                                        : copying->status;
}

static enum status
make(const struct snapshot_wanted *wanted, const struct id *id, const char **code,
     struct error *error)
{
    struct copying copying = {.status = STATUS_OK, .error = error};
    enum status status = blob_append_open(&copying.blob, wanted->options->blobs, id, 0, error);
    if (status != STATUS_OK)
        return status;
    buffer_init(&copying.lines, PIECE_BYTES + KEPT_LINE_BYTES_MAX);
    status = copy_rows(&copying, wanted, code);
    buffer_done(&copying.lines);
    blob_close(&copying.blob);
    return status;
}

enum status
snapshot_open(struct step_file **out, const struct snapshot_wanted *wanted,
              char identity[FILE_IDENTITY_BYTES], const char **code, struct error *error)
{
    char path[BLOB_PATH_BYTES], hex[ID_HEX_BYTES], ignored[FILE_IDENTITY_BYTES];
    struct id id = snapshot_id(&wanted->run, wanted->step);
    *out = NULL;
    *code = "bad_file";
    enum status status = store_blob_has(wanted->options->store, &id);
    if (status == STATUS_NOT_FOUND && wanted->may_make)
        status = make(wanted, &id, code, error);
    else if (status != STATUS_OK)
        error_set(error, status, "the rows of this run could not be read");
    if (status != STATUS_OK)
        return status;
    blob_path(wanted->options->blobs, &id, path);
    id_hex(&id, hex);
    snprintf(identity, FILE_IDENTITY_BYTES, "rows %s", hex);
    *code = "bad_file";
    status = file_open_path(out, slice_text(path), ignored, sizeof(ignored), error);
    /* Where the server keeps its files is not for the owner of the run. */
    return status == STATUS_OK
               ? status
               : error_set(error, STATUS_IO, "the rows of this run are missing or damaged");
}
