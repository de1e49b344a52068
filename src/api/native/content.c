/* The bytes of files: all or a part of them, to be kept or to be shown. */
#include "api/native/native.h"

#include "api/sending.h"
#include "base/fs.h"
#include "base/limits.h"
#include "net/http_parameters.h"
#include "net/http_range.h"
#include "service/uploads.h"

#include <inttypes.h>

/* What a browser may show. Pages are shown without scripts, in an origin of their own and without
 * anything from elsewhere; a browser's reader of PDFs does not work in such a sandbox, and needs
 * none. */
#define SHOWN_POLICY                                                                               \
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:"
#define SHOWN_PDF_POLICY "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'"

static const char *const shown_types[] = {
    "application/pdf", "application/json", "application/x-ndjson", "image/png",     "image/jpeg",
    "image/gif",       "image/webp",       "image/avif",           "image/svg+xml", "text/plain",
    "text/html",       "text/csv",         "text/markdown",
};

static struct slice
essence(struct slice type)
{
    const char *end = memchr(type.ptr, ';', type.size);
    return slice_trim(end == NULL ? type : slice_of(type.ptr, (size_t)(end - type.ptr)));
}

static bool
may_be_shown(struct slice type)
{
    for (size_t i = 0; i < COUNT_OF(shown_types); i++) {
        if (http_name_is(essence(type), shown_types[i]))
            return true;
    }
    return false;
}

/* --- what is wanted of it --- */

/* Files never change, so that the id says which bytes they are. */
static struct slice
tag_of(struct call *call, const struct file_row *row)
{
    char id[ID_HEX_BYTES];
    id_hex(&row->id, id);
    return slice_text(arena_format(call->arena, "\"%s\"", id));
}

/* 304 or 412, without a body. */
static void
answer_bare(struct call *call, int status, struct slice tag)
{
    const struct http_header headers[] = {{"ETag", tag},
                                          {"Cache-Control", SLICE("private, no-cache")}};
    const struct http_answer answer = {
        .status = status,
        .headers = headers,
        .header_count = COUNT_OF(headers),
        .body_kind = HTTP_BODY_STATIC,
    };
    http_answer(call->request, &answer);
}

/* RFC 9110, 13.2.2. False: the call was answered. */
static bool
check_conditions(struct call *call, struct slice tag)
{
    struct slice wanted = http_request_header(call->request, "If-Match");
    struct slice known = http_request_header(call->request, "If-None-Match");
    if (wanted.ptr != NULL && !http_tag_is_listed(wanted, tag, true))
        call_fail(call, 412, "the file is not the one that If-Match names");
    else if (known.ptr != NULL && http_tag_is_listed(known, tag, false))
        answer_bare(call, 304, tag);
    else
        return true;
    return false;
}

/* A range is for GET alone, and for the file that the client has a part of already. */
static enum http_range_kind
read_range(struct call *call, struct http_range *out, struct slice tag, uint64_t size_bytes)
{
    size_t at = 0;
    struct slice range = http_request_next_header(call->request, "Range", &at);
    struct slice other = http_request_next_header(call->request, "Range", &at);
    struct slice only_if = http_request_header(call->request, "If-Range");
    bool is_wanted = http_request_method(call->request) == HTTP_METHOD_GET && other.ptr == NULL &&
                     (only_if.ptr == NULL || slice_equal(only_if, tag));
    return http_range_read(out, is_wanted ? range : slice_of(NULL, 0), size_bytes);
}

/* --- the answer --- */

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

/* How it is to be sent, but for the bytes. */
static struct sending
describe(struct call *call, const struct content *content, struct http_range range)
{
    const struct file_row *row = &content->row;
    bool is_pdf = http_name_is(essence(row->content_type), "application/pdf");
    bool is_inline = content->is_inline && may_be_shown(row->content_type);
    struct sending sending = {
        .next = next_bytes,
        .close = close_bytes,
        .piece_bytes_max = LIMIT_FILE_PIECE_BYTES,
        .content_type = arena_format(call->arena, "%.*s", SLICE_FORMAT(row->content_type)),
        .file_name = fs_safe_name(call->arena, content->name),
        .is_inline = is_inline,
        .tag = tag_of(call, row),
        .has_size = true,
        .size_bytes = range.size_bytes,
    };
    if (is_inline)
        sending.policy = is_pdf ? SLICE(SHOWN_PDF_POLICY) : SLICE(SHOWN_POLICY);
    if (range.size_bytes == row->size_bytes && !content->is_part)
        return sending;
    sending.status = 206;
    sending.content_range =
        slice_text(arena_format(call->arena, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, range.first,
                                range.first + range.size_bytes - 1, row->size_bytes));
    return sending;
}

static void
send_file(struct call *call)
{
    struct content *content = call->own;
    const struct file_row *row = &content->row;
    struct file_reading *reading;
    struct http_range range;
    struct error error = {0};
    enum http_range_kind kind = read_range(call, &range, tag_of(call, row), row->size_bytes);
    if (kind == HTTP_RANGE_BEYOND) {
        call_fail_range(call, row->size_bytes);
        return;
    }
    content->is_part = kind == HTTP_RANGE_PART;
    struct file_part part = {range.first, range.size_bytes};
    enum status status = file_reading_open(&reading, call->service, row, part, &error);
    if (status != STATUS_OK) {
        call_fail_status(call, status, NULL);
        return;
    }
    struct sending sending = describe(call, content, range);
    sending.source = reading;
    call_send(call, &sending);
}

void
native_send_content(struct call *call, struct content *content)
{
    call->own = content;
    if (check_conditions(call, tag_of(call, &content->row)))
        call_go_on(call, send_file);
}
