#include "service/uploads.h"

#include "base/digest.h"
#include "base/fault.h"
#include "base/fs.h"
#include "base/limits.h"
#include "base/mem.h"
#include "expr/schema.h"
#include "service/host.h"

#include <stdio.h>
#include <string.h>

#define ROW_BYTES KIB(16)
#define CONTENT_TYPE_BYTES_MAX 200
#define UNKNOWN_TYPE "application/octet-stream"

/* --- coming --- */

struct upload {
    struct service *service;
    struct id workspace, id;
    struct blob *blob; /* NULL until there are bytes */
    struct digest_context *sha256;
    struct digest digest;    /* of all of it, when that is known */
    uint64_t sent_out_bytes; /* to the disk, which may still have them before it */
};

enum status
upload_new(struct upload **out, struct service *service, const struct id *workspace,
           struct error *error)
{
    *out = NULL;
    if (atomic_fetch_add(&service->uploads, 1) >= LIMIT_UPLOADS) {
        atomic_fetch_sub(&service->uploads, 1);
        return error_set(error, STATUS_UNAVAILABLE,
                         "%d files are being received already; try again", LIMIT_UPLOADS);
    }
    struct upload *upload = mem_alloc(sizeof(*upload));
    *upload = (struct upload){
        .service = service,
        .workspace = *workspace,
        .id = id_next(&service->ids),
        .sha256 = digest_context_new(),
    };
    *out = upload;
    return STATUS_OK;
}

static enum status
upload_open(struct upload *upload, struct error *error)
{
    if (upload->blob != NULL)
        return STATUS_OK;
    return blob_incoming_open(&upload->blob, upload->service->blobs, &upload->id, error);
}

/* Words for the client, to whom our paths are nothing. */
static enum status
upload_failed(enum status status, struct error *error)
{
    if (status == STATUS_FULL)
        return error_set(error, status, "the server's disk is full; nothing was stored");
    return error_set(error, STATUS_IO, "the server could not write the file; nothing was stored");
}

enum status
upload_add(struct upload *upload, struct slice bytes, struct error *error)
{
    enum status status = upload_open(upload, error);
    if (status == STATUS_OK)
        status = blob_append(upload->blob, bytes, error);
    /* While more comes, so that nothing waits for a whole file at its end. */
    if (status == STATUS_OK &&
        blob_size(upload->blob) - upload->sent_out_bytes >= LIMIT_UPLOAD_UNSYNCED_BYTES) {
        status = blob_write_out(upload->blob, error);
        upload->sent_out_bytes = blob_size(upload->blob);
    }
    if (status != STATUS_OK)
        return upload_failed(status, error);
    fault_point(FAULT_upload_after_piece);
    digest_context_add(upload->sha256, bytes);
    return STATUS_OK;
}

const struct digest *
upload_digest(struct upload *upload)
{
    upload->digest = digest_context_finish(upload->sha256);
    return &upload->digest;
}

void
upload_drop(struct upload **upload)
{
    struct upload *gone = *upload;
    *upload = NULL;
    if (gone == NULL)
        return;
    blob_close(&gone->blob);
    digest_context_free(&gone->sha256);
    atomic_fetch_sub(&gone->service->uploads, 1);
    mem_free(gone);
}

/* A file whose row is on its way to the store. */
struct saving {
    struct service *service;
    struct file_row row; /* in the intent's arena */
    file_saved_fn *saved;
    void *context;
};

static void
forget_bytes(struct service *service, const struct id *id)
{
    struct error error = {0};
    /* What cannot be removed is of no file either. */
    status_ignore(blob_remove(service->blobs, id, &error));
}

static void
saving_done(struct intent *intent)
{
    struct saving *saving = intent->owner;
    if (intent->status != STATUS_OK)
        forget_bytes(saving->service, &saving->row.id);
    saving->saved(intent->status, &saving->row, saving->context);
    intent_free(&intent);
}

/* RFC 9110 has nothing but ASCII in media types; what else is claimed cannot be told to others. */
static bool
is_type(struct slice text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.ptr[i] < ' ' || text.ptr[i] > '~')
            return false;
    }
    return text.size > 0 && text.size <= CONTENT_TYPE_BYTES_MAX;
}

static void
push_row(struct upload *upload, const struct file_new *wanted, file_saved_fn *saved, void *context)
{
    struct service *service = upload->service;
    struct intent *intent = intent_new(ROW_BYTES);
    struct saving *saving = arena_alloc(&intent->arena, sizeof(*saving));
    struct slice type = is_type(wanted->content_type) ? wanted->content_type : SLICE(UNKNOWN_TYPE);
    *saving = (struct saving){.service = service, .saved = saved, .context = context};
    saving->row = (struct file_row){
        .workspace = upload->workspace,
        .id = upload->id,
        .name = fs_safe_name(&intent->arena, wanted->name),
        .content_type = arena_copy(&intent->arena, type),
        .size_bytes = blob_size(upload->blob),
        .has_digest = true,
        .digest = upload->digest,
        .created_unix_ms = clock_unix_ms(service->options.clock),
    };
    intent_add(intent, STORE_FILE_INSERT, 512)->file = &saving->row;
    intent_add_idempotency(intent, wanted->idempotency, IDEMPOTENCY_FILE, &upload->id);
    intent->owner = saving;
    intent->done = saving_done;
    writer_push(service->writer, intent);
}

enum status
upload_save(struct upload **upload, const struct file_new *wanted, file_saved_fn *saved,
            void *context, struct error *error)
{
    struct upload *own = *upload;
    enum status status = upload_open(own, error);
    if (status == STATUS_OK)
        status = blob_keep(own->blob, error);
    fault_point(FAULT_upload_after_move);
    if (status == STATUS_OK) {
        push_row(own, wanted, saved, context);
    } else {
        forget_bytes(own->service, &own->id);
        status = upload_failed(status, error);
    }
    upload_drop(upload);
    return status;
}

/* --- going --- */

enum status
service_file_get(struct service *service, const struct id *id, struct arena *arena,
                 struct file_row *out)
{
    return store_file_get(service->store, arena, id, out);
}

enum status
service_file_find(struct service *service, const struct id *workspace, struct slice id,
                  struct arena *arena, struct file_row *out)
{
    struct id which;
    if (!id_parse(&which, id))
        return STATUS_NOT_FOUND;
    enum status status = store_file_get(service->store, arena, &which, out);
    if (status == STATUS_OK && !id_equal(&out->workspace, workspace))
        return STATUS_NOT_FOUND;
    return status;
}

enum status
service_file_list(struct service *service, const struct store_page *page, store_file_fn *visit,
                  void *context)
{
    return store_file_sent(service->store, page, visit, context);
}

/* A file that is about to go. */
struct deleting {
    struct service *service;
    struct file_row row;
    file_deleted_fn *deleted;
    void *context;
};

static void
deleting_done(struct intent *intent)
{
    struct deleting *deleting = intent->owner;
    if (intent->status == STATUS_OK)
        forget_bytes(deleting->service, &deleting->row.id);
    deleting->deleted(intent->status, deleting->context);
    intent_free(&intent);
}

void
service_file_delete(struct service *service, const struct file_row *row, file_deleted_fn *deleted,
                    void *context)
{
    struct intent *intent = intent_new(KIB(4));
    struct deleting *deleting = arena_alloc(&intent->arena, sizeof(*deleting));
    *deleting = (struct deleting){.service = service, .deleted = deleted, .context = context};
    deleting->row.id = row->id;
    deleting->row.workspace = row->workspace;
    intent_add(intent, STORE_FILE_DELETE, 64)->file = &deleting->row;
    intent->owner = deleting;
    intent->done = deleting_done;
    writer_push(service->writer, intent);
}

struct file_reading {
    struct blob *blob;
    uint64_t at, end;
};

enum status
file_reading_open(struct file_reading **out, struct service *service, const struct file_row *row,
                  struct file_part part, struct error *error)
{
    struct blob *blob;
    *out = NULL;
    enum status status = blob_read_open(&blob, service->blobs, &row->id, error);
    /* The row is there, so that the bytes have to be. */
    if (status == STATUS_NOT_FOUND)
        error->status = status = STATUS_IO;
    if (status != STATUS_OK)
        return status;
    *out = mem_alloc(sizeof(**out));
    **out =
        (struct file_reading){.blob = blob, .at = part.first, .end = part.first + part.size_bytes};
    return STATUS_OK;
}

enum status
file_reading_next(struct file_reading *reading, struct buffer *out, bool *is_end,
                  struct error *error)
{
    uint64_t left = reading->end - reading->at;
    size_t size = left < LIMIT_FILE_PIECE_BYTES ? (size_t)left : LIMIT_FILE_PIECE_BYTES;
    size_t before = out->size;
    enum status status = blob_read(out, reading->blob, reading->at, size, error);
    /* Words for the client, to whom our paths are nothing. */
    if (status != STATUS_OK || out->size - before < size)
        status = error_set(error, STATUS_IO, "the bytes of the file are missing or damaged");
    reading->at += size;
    *is_end = reading->at == reading->end;
    return status;
}

void
file_reading_close(struct file_reading **reading)
{
    struct file_reading *gone = *reading;
    *reading = NULL;
    if (gone == NULL)
        return;
    blob_close(&gone->blob);
    mem_free(gone);
}

/* --- named by inputs --- */

#define PLACE_BYTES 160

struct file_check {
    struct service *service;
    const struct id *workspace;
    char place[PLACE_BYTES]; /* of the value that is looked at, "/a/b"; cut if it is long */
    struct error *error;
};

static enum status
check_file(struct file_check *check, struct slice id)
{
    struct arena arena;
    struct file_row row;
    arena_init(&arena, ROW_BYTES);
    enum status status = service_file_find(check->service, check->workspace, id, &arena, &row);
    arena_done(&arena);
    if (status == STATUS_NOT_FOUND)
        return error_set(check->error, STATUS_INVALID,
                         "input%s: there is no file \"%.*s\"; send it to POST /v1/files and name "
                         "the id of the answer",
                         check->place, SLICE_FORMAT(slice_cut(id, 60)));
    return status == STATUS_OK ? status
                               : error_set(check->error, status, "the store could not be read");
}

/* As deep as the value. */
static enum status
check_value(struct file_check *check, const struct schema *schema, struct value value)
{
    struct value format = schema_keyword(schema, "format");
    if (value.kind == VALUE_STRING && format.kind == VALUE_STRING &&
        slice_is(value_slice(format), "file"))
        return check_file(check, value_slice(value));
    size_t used = strlen(check->place);
    for (uint32_t i = 0; value.kind == VALUE_OBJECT && i < value.count; i++) {
        const struct member *member = &value_members(value)[i];
        struct slice name = value_slice(member->key);
        const struct schema *property = schema_property(schema, name);
        if (property == NULL)
            continue;
        snprintf(check->place + used, PLACE_BYTES - used, "/%.*s",
                 SLICE_FORMAT(slice_cut(name, 60)));
        enum status status = check_value(check, property, member->value);
        if (status != STATUS_OK)
            return status;
        check->place[used] = '\0';
    }
    return STATUS_OK;
}

enum status
uploads_check_input(struct service *service, const struct id *workspace,
                    const struct schema *schema, struct value input, struct error *error)
{
    struct file_check check = {.service = service, .workspace = workspace, .error = error};
    if (schema == NULL || service->options.allow_paths)
        return STATUS_OK;
    return check_value(&check, schema, input);
}
