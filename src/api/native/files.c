#include "api/native/native.h"

#include "api/receiving.h"
#include "api/sending.h"
#include "base/fs.h"
#include "base/limits.h"
#include "service/present.h"
#include "service/uploads.h"

#include <strings.h>

/* --- coming --- */

static bool
begins_with(struct slice text, const char *lower)
{
    size_t size = strlen(lower);
    return text.size >= size && strncasecmp(text.ptr, lower, size) == 0;
}

/* The text in quotes at the beginning, without what escapes a character. */
static struct slice
unquote(struct slice text, struct arena *arena)
{
    char *out = arena_try_alloc(arena, text.size);
    size_t size = 0;
    if (out == NULL)
        return (struct slice){0};
    for (size_t i = 1; i < text.size && text.ptr[i] != '"'; i++) {
        i += text.ptr[i] == '\\' && i + 1 < text.size;
        out[size++] = text.ptr[i];
    }
    return slice_of(out, size);
}

/* Behind the next ';' that stands in no quotes. */
static struct slice
next_parameter(struct slice text)
{
    bool is_quoted = false;
    for (size_t i = 0; i < text.size; i++) {
        if (text.ptr[i] == ';' && !is_quoted)
            return slice_trim(slice_of(text.ptr + i + 1, text.size - i - 1));
        if (text.ptr[i] == '"')
            is_quoted = !is_quoted;
        else if (text.ptr[i] == '\\' && is_quoted)
            i++;
    }
    return (struct slice){0};
}

/* The `filename` of a Content-Disposition (RFC 6266); empty if there is none. */
static struct slice
disposition_name(struct slice header, struct arena *arena)
{
    struct slice wanted = SLICE("filename=");
    struct slice rest = header;
    while (rest.size > 0 && !begins_with(rest, wanted.ptr))
        rest = next_parameter(rest);
    if (rest.size <= wanted.size)
        return (struct slice){0};
    rest = slice_of(rest.ptr + wanted.size, rest.size - wanted.size);
    if (rest.ptr[0] == '"')
        return unquote(rest, arena);
    const char *end = memchr(rest.ptr, ';', rest.size);
    return slice_trim(end == NULL ? rest : slice_of(rest.ptr, (size_t)(end - rest.ptr)));
}

static struct slice
read_name(struct call *call)
{
    struct slice name = http_request_query(call->request, "name");
    if (name.size > 0)
        return name;
    struct slice header = http_request_header(call->request, "Content-Disposition");
    return disposition_name(header, call->arena);
}

/* A form's type is what some programs claim of any body when they were told none. */
static bool
read_type(struct call *call, struct slice *out)
{
    size_t at = 0;
    struct slice encoding = http_request_header(call->request, "Content-Encoding");
    *out = http_request_next_header(call->request, "Content-Type", &at);
    if (http_request_next_header(call->request, "Content-Type", &at).ptr != NULL)
        call_fail(call, 400, "the request has two Content-Types");
    else if (begins_with(*out, "multipart/"))
        call_fail(call, 415,
                  "send the file itself as the body, not a form with it, and its name as "
                  "?name=");
    else if (encoding.ptr != NULL && !begins_with(encoding, "identity"))
        call_fail(call, 415, "send the file as it is, without a Content-Encoding");
    else {
        if (begins_with(*out, "application/x-www-form-urlencoded"))
            *out = (struct slice){0};
        return true;
    }
    return false;
}

/* A file that is coming, in the call's arena. */
struct coming {
    struct upload *upload;
    struct file_new wanted;
};

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

static void
file_saved(enum status status, const struct file_row *row, void *context)
{
    struct call *call = context;
    if (status == STATUS_OK)
        native_answer_file(call, 201, row);
    else if (status == STATUS_CONFLICT)
        call_go_on(call, native_answer_conflict);
    else
        call_fail_status(call, status, NULL);
}

static enum status
take_bytes(void *source, struct slice bytes, struct error *error)
{
    struct coming *coming = source;
    return upload_add(coming->upload, bytes, error);
}

static void
drop_file(void *source)
{
    struct coming *coming = source;
    upload_drop(&coming->upload);
}

/* Whether the request is the one that another was says what came, not in which form it came. */
static bool
begin_once(struct call *call, struct coming *coming)
{
    char hex[2 * DIGEST_BYTES + 1];
    digest_hex(upload_digest(coming->upload), hex);
    struct slice name = coming->wanted.name, type = coming->wanted.content_type;
    const char *what = arena_format(call->arena, "%s %zu %.*s %.*s", hex, name.size,
                                    SLICE_FORMAT(name), SLICE_FORMAT(type));
    return call_begin_once(call, slice_text(what));
}

static void
save_file(struct call *call)
{
    struct coming *coming = call->own;
    struct upload *upload = coming->upload;
    struct error error = {0};
    if (!begin_once(call, coming)) {
        upload_drop(&upload);
        return;
    }
    coming->wanted.idempotency = call->idempotency;
    enum status status = upload_save(&upload, &coming->wanted, file_saved, call, &error);
    if (status != STATUS_OK)
        call_fail_status(call, status, &error);
}

void
native_file_create(struct call *call)
{
    struct coming *coming = arena_alloc(call->arena, sizeof(*coming));
    *coming = (struct coming){.wanted.name = read_name(call)};
    if (!read_type(call, &coming->wanted.content_type))
        return;
    struct error error = {0};
    enum status status =
        upload_new(&coming->upload, call->service, &call->caller.workspace, &error);
    if (status != STATUS_OK) {
        call_fail_status(call, status, &error);
        return;
    }
    const struct receiving receiving = {take_bytes, save_file, drop_file, coming};
    call_receive(call, &receiving);
}

/* --- going --- */

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
