#include "service/uploads.h"

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
fill_row(struct file_row *row, struct service *service, const struct file_new *wanted,
         struct arena *arena)
{
    struct slice type = is_type(wanted->content_type) ? wanted->content_type : SLICE(UNKNOWN_TYPE);
    *row = (struct file_row){
        .workspace = wanted->workspace,
        .id = id_next(&service->ids),
        .name = fs_safe_name(arena, wanted->name),
        .content_type = arena_copy(arena, type),
        .size_bytes = wanted->bytes.size,
        .created_unix_ms = clock_unix_ms(service->options.clock),
    };
}

static enum status
write_bytes(struct service *service, const struct id *id, struct slice bytes)
{
    struct error error = {0};
    struct blob *blob = NULL;
    enum status status = blob_append_open(&blob, service->blobs, id, 0, &error);
    if (status == STATUS_OK)
        status = blob_append(blob, bytes, &error);
    if (status == STATUS_OK)
        status = blob_sync(blob, &error);
    blob_close(&blob);
    return status;
}

void
service_file_create(struct service *service, const struct file_new *wanted, file_saved_fn *saved,
                    void *context)
{
    struct intent *intent = intent_new(ROW_BYTES);
    struct saving *saving = arena_alloc(&intent->arena, sizeof(*saving));
    *saving = (struct saving){.service = service, .saved = saved, .context = context};
    fill_row(&saving->row, service, wanted, &intent->arena);
    intent_add(intent, STORE_FILE_INSERT, 512)->file = &saving->row;
    intent->owner = saving;
    intent->done = saving_done;
    intent->status = write_bytes(service, &saving->row.id, wanted->bytes);
    if (intent->status == STATUS_OK)
        writer_push(service->writer, intent);
    else
        saving_done(intent);
}

/* --- going --- */

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

struct file_reading {
    struct blob *blob;
    uint64_t at, size_bytes;
};

enum status
file_reading_open(struct file_reading **out, struct service *service, const struct file_row *row,
                  struct error *error)
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
    **out = (struct file_reading){.blob = blob, .size_bytes = row->size_bytes};
    return STATUS_OK;
}

enum status
file_reading_next(struct file_reading *reading, struct buffer *out, bool *is_end,
                  struct error *error)
{
    uint64_t left = reading->size_bytes - reading->at;
    size_t size = left < LIMIT_FILE_PIECE_BYTES ? (size_t)left : LIMIT_FILE_PIECE_BYTES;
    size_t before = out->size;
    enum status status = blob_read(out, reading->blob, reading->at, size, error);
    /* Words for the client, to whom our paths are nothing. */
    if (status != STATUS_OK || out->size - before < size)
        status = error_set(error, STATUS_IO, "the bytes of the file are missing or damaged");
    reading->at += size;
    *is_end = reading->at == reading->size_bytes;
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
