#include "api/native/native.h"

#include "api/sending.h"
#include "base/fs.h"
#include "base/limits.h"
#include "service/present.h"
#include "service/uploads.h"

void
native_answer_file(struct call *call, int http_status, const struct file_row *row)
{
    struct buffer body;
    call_begin_body(&body);
    buffer_append_slice(&body, SLICE("{\"data\":"));
    present_file_text(&body, row);
    buffer_append_byte(&body, '}');
    if (http_status == 201)
        call_answer_created(call, &body, SLICE("/v1/files/"), &row->id);
    else
        call_answer(call, http_status, &body);
}

static bool
find_file(struct call *call, struct file_row *out)
{
    enum status status =
        service_file_find(call->service, &call->caller.workspace, call->names[0], call->arena, out);
    if (status == STATUS_OK)
        return true;
    call_fail_status(call, status, NULL);
    return false;
}

void
native_file_get(struct call *call)
{
    struct file_row row;
    if (find_file(call, &row))
        native_answer_file(call, 200, &row);
}

static enum status
next_bytes(void *source, struct buffer *out, bool *is_end, struct error *error)
{
    return file_reading_next(source, out, is_end, error);
}

static void
close_bytes(void *source)
{
    struct file_reading *reading = source;
    file_reading_close(&reading);
}

static void
send_file(struct call *call)
{
    const struct file_row *row = call->own;
    struct file_reading *reading;
    struct error error = {0};
    enum status status = file_reading_open(&reading, call->service, row, &error);
    if (status != STATUS_OK) {
        call_fail_status(call, status, NULL);
        return;
    }
    struct sending sending = {
        .next = next_bytes,
        .close = close_bytes,
        .source = reading,
        .piece_bytes_max = LIMIT_FILE_PIECE_BYTES,
        .content_type = arena_format(call->arena, "%.*s", SLICE_FORMAT(row->content_type)),
        .file_name = fs_safe_name(call->arena, row->name),
    };
    call_send(call, &sending);
}

void
native_file_content(struct call *call)
{
    struct file_row *row = arena_alloc(call->arena, sizeof(*row));
    call->own = row;
    if (find_file(call, row))
        call_go_on(call, send_file);
}

/* --- those of a run --- */

static bool
put_file(const struct file_row *row, void *context)
{
    struct buffer *body = context;
    native_next_item(body);
    present_file_text(body, row);
    return !buffer_is_over(body);
}

static void
list_files(struct call *call)
{
    const struct run_row *run = call->own;
    struct buffer body;
    struct error error = {0};
    native_begin_list(&body);
    enum status status = service_run_files(call->service, run, put_file, &body, &error);
    native_end_list(call, &body, status);
}

void
native_run_files(struct call *call)
{
    struct run_row *run = arena_alloc(call->arena, sizeof(*run));
    call->own = run;
    if (native_find_run(call, run))
        call_go_on(call, list_files);
}
