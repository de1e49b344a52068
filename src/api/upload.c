#include "api/upload.h"

#include "api/receiving.h"
#include "base/fs.h"
#include "base/limits.h"
#include "net/content_digest.h"
#include "net/http_parameters.h"
#include "net/multipart.h"
#include "service/uploads.h"

#include <ctype.h>
#include <strings.h>

/* Of a form's field beside its file. */
#define FIELD_BYTES_MAX ((size_t)4000)

enum field { FIELD_NONE, FIELD_FILE, FIELD_NAME, FIELD_SHA256 };

/* A form on its way in. */
struct form {
    struct multipart parser;
    struct arena *arena;
    enum field field; /* of the part that is coming */
    bool has_file, has_name;
    char text[FIELD_BYTES_MAX];
    size_t text_size;
};

/* A file that is coming, in the call's arena. */
struct coming {
    upload_answer_fn *answer;
    struct upload *upload;
    struct file_new wanted;
    struct digest digest; /* that the bytes must have, if has_digest */
    bool has_digest;
    struct form *form; /* NULL: the body is the file */
};

static bool
begins_with(struct slice text, const char *lower)
{
    size_t size = strlen(lower);
    return text.size >= size && strncasecmp(text.ptr, lower, size) == 0;
}

/* --- what the head says --- */

static enum status
read_sha256(struct coming *coming, struct slice text, struct error *error)
{
    char lower[2 * DIGEST_BYTES];
    for (size_t i = 0; i < text.size && i < sizeof(lower); i++)
        lower[i] = (char)tolower((unsigned char)text.ptr[i]);
    coming->has_digest = text.size == sizeof(lower) &&
                         digest_from_hex(&coming->digest, slice_of(lower, sizeof(lower)));
    if (coming->has_digest)
        return STATUS_OK;
    return error_set(error, STATUS_INVALID, "sha256: expected 64 hex digits");
}

/* Headers speak of the body, which of a form is more than the file. */
static enum status
read_digest(struct call *call, struct coming *coming, struct error *error)
{
    static const char *const headers[] = {"Content-Digest", "Digest"};
    struct slice asked = http_request_query(call->request, "sha256");
    if (asked.ptr != NULL)
        return read_sha256(coming, asked, error);
    for (size_t i = 0; i < COUNT_OF(headers) && coming->form == NULL && !coming->has_digest; i++) {
        struct slice header = http_request_header(call->request, headers[i]);
        switch (content_digest_read(&coming->digest, header)) {
        case CONTENT_DIGEST_GIVEN:
            coming->has_digest = true;
            break;
        case CONTENT_DIGEST_BAD:
            return error_set(error, STATUS_INVALID, "%s: its sha-256 is none", headers[i]);
        case CONTENT_DIGEST_NONE:
            break;
        }
    }
    return STATUS_OK;
}

static enum status
read_name(struct call *call, struct coming *coming, struct error *error)
{
    struct slice *name = &coming->wanted.name;
    struct http_parameters parameters;
    *name = http_request_query(call->request, "name");
    if (name->size > 0)
        return STATUS_OK;
    struct slice header = http_request_header(call->request, "Content-Disposition");
    enum status status = http_parameters_read(&parameters, call->arena, header, error);
    if (status == STATUS_OK)
        status = http_file_name(name, &parameters, call->arena, error);
    if (status != STATUS_OK)
        error_prepend(error, "Content-Disposition");
    return status;
}

static enum status
begin_form(struct call *call, struct coming *coming, struct slice type, struct error *error)
{
    struct form *form = arena_try_alloc(call->arena, sizeof(*form));
    if (form == NULL)
        return error_set(error, STATUS_UNAVAILABLE, "no memory for the form");
    coming->form = form;
    form->arena = call->arena;
    form->field = FIELD_NONE;
    form->has_file = false;
    form->has_name = coming->wanted.name.size > 0;
    return multipart_init(&form->parser, type, call->arena, error);
}

/* A form's type is what some programs claim of any body when they were told none. */
static bool
read_type(struct call *call, struct coming *coming)
{
    size_t at = 0;
    struct error error = {0};
    struct slice encoding = http_request_header(call->request, "Content-Encoding");
    struct slice type = http_request_next_header(call->request, "Content-Type", &at);
    enum status status = STATUS_OK;
    if (http_request_next_header(call->request, "Content-Type", &at).ptr != NULL)
        status = error_set(&error, STATUS_INVALID, "the request has two Content-Types");
    else if (multipart_is_form(type))
        status = begin_form(call, coming, type, &error);
    else if (!begins_with(type, "application/x-www-form-urlencoded"))
        coming->wanted.content_type = type;
    if (status != STATUS_OK)
        call_fail_status(call, status, &error);
    else if (encoding.ptr != NULL && !http_name_is(encoding, "identity"))
        call_fail(call, 415, "send the file as it is, without a Content-Encoding");
    else
        return true;
    return false;
}

static bool
read_head(struct call *call, struct coming *coming)
{
    struct error error = {0};
    enum status status = read_name(call, coming, &error);
    if (status == STATUS_OK && !read_type(call, coming))
        return false;
    if (status == STATUS_OK)
        status = read_digest(call, coming, &error);
    if (status == STATUS_OK)
        status = upload_new(&coming->upload, call->service, &call->caller.workspace, &error);
    if (status == STATUS_OK)
        return true;
    call_fail_status(call, status, &error);
    return false;
}

/* --- what its parts say --- */

static enum status
begin_part(struct coming *coming, struct error *error)
{
    struct form *form = coming->form;
    struct multipart_part part;
    enum status status = multipart_part(&part, &form->parser, form->arena, error);
    if (status != STATUS_OK)
        return status;
    form->text_size = 0;
    if (part.file_name.ptr != NULL || slice_is(part.name, "file"))
        form->field = FIELD_FILE;
    else if (slice_is(part.name, "name"))
        form->field = FIELD_NAME;
    else if (slice_is(part.name, "sha256"))
        form->field = FIELD_SHA256;
    else
        return error_set(error, STATUS_INVALID,
                         "unknown field \"%.*s\" in the form; there are: file, name, sha256",
                         SLICE_FORMAT(slice_cut(part.name, 100)));
    if (form->field != FIELD_FILE)
        return STATUS_OK;
    if (form->has_file)
        return error_set(error, STATUS_INVALID,
                         "the form has two files; send each in a request of its own");
    form->has_file = true;
    coming->wanted.content_type = part.content_type;
    if (!form->has_name)
        coming->wanted.name = part.file_name;
    return STATUS_OK;
}

static enum status
add_piece(struct coming *coming, struct slice piece, struct error *error)
{
    struct form *form = coming->form;
    if (form->field == FIELD_FILE)
        return upload_add(coming->upload, piece, error);
    if (piece.size > FIELD_BYTES_MAX - form->text_size)
        return error_set(error, STATUS_INVALID, "a field of the form is longer than %zu bytes",
                         FIELD_BYTES_MAX);
    memcpy(form->text + form->text_size, piece.ptr, piece.size);
    form->text_size += piece.size;
    return STATUS_OK;
}

/* The name in the query goes before that of a field, and this before the file's own. */
static enum status
end_part(struct coming *coming, struct error *error)
{
    struct form *form = coming->form;
    struct slice text = slice_of(form->text, form->text_size);
    if (form->field == FIELD_SHA256)
        return read_sha256(coming, text, error);
    if (form->field == FIELD_NAME && !form->has_name && text.size > 0) {
        form->has_name = true;
        coming->wanted.name = arena_copy(form->arena, text);
    }
    return STATUS_OK;
}

static enum status
take_form(struct coming *coming, struct slice bytes, struct error *error)
{
    enum multipart_step step;
    enum status status = STATUS_OK;
    do {
        size_t used;
        struct slice piece;
        step = multipart_parse(&coming->form->parser, bytes, &used, &piece);
        bytes = slice_of(bytes.ptr + used, bytes.size - used);
        switch (step) {
        case MULTIPART_HEAD:
            status = begin_part(coming, error);
            break;
        case MULTIPART_DATA:
            status = add_piece(coming, piece, error);
            break;
        case MULTIPART_TAIL:
            status = end_part(coming, error);
            break;
        case MULTIPART_BAD:
            *error = *multipart_error(&coming->form->parser);
            return error->status;
        case MULTIPART_MORE:
            break;
        }
    } while (status == STATUS_OK && step != MULTIPART_MORE);
    return status;
}

static enum status
take_bytes(void *source, struct slice bytes, struct error *error)
{
    struct coming *coming = source;
    return coming->form == NULL ? upload_add(coming->upload, bytes, error)
                                : take_form(coming, bytes, error);
}

static void
drop_file(void *source)
{
    struct coming *coming = source;
    upload_drop(&coming->upload);
}

/* --- when all has come --- */

static enum status
check_whole(const struct coming *coming, const struct digest *digest, struct error *error)
{
    const struct form *form = coming->form;
    if (form != NULL && !multipart_is_whole(&form->parser))
        return error_set(error, STATUS_INVALID,
                         "the form is cut, or no form: its last boundary is missing");
    if (form != NULL && !form->has_file)
        return error_set(error, STATUS_INVALID,
                         "the form has no file: a part with a file name, or called \"file\"");
    if (coming->has_digest && memcmp(digest, &coming->digest, sizeof(*digest)) != 0)
        return error_set(error, STATUS_INVALID,
                         "the bytes that came have another SHA-256 than the request says");
    return STATUS_OK;
}

/* Whether a request with an Idempotency-Key is the one that another was, say the file's bytes, name
 * and type, in whatever form they came. */
static bool
begin_once(struct call *call, const struct coming *coming, const struct digest *digest)
{
    char hex[2 * DIGEST_BYTES + 1];
    digest_hex(digest, hex);
    struct slice name = fs_safe_name(call->arena, coming->wanted.name);
    const char *what = arena_format(call->arena, "%s %.*s\n%.*s", hex, SLICE_FORMAT(name),
                                    SLICE_FORMAT(coming->wanted.content_type));
    return call_begin_once(call, slice_text(what));
}

static void
file_saved(enum status status, const struct file_row *row, void *context)
{
    struct call *call = context;
    struct coming *coming = call->own;
    if (status == STATUS_OK)
        coming->answer(call, row);
    else if (status == STATUS_CONFLICT)
        call_go_on(call, call_answer_conflict);
    else
        call_fail_status(call, status, NULL);
}

static void
save_file(struct call *call)
{
    struct coming *coming = call->own;
    struct upload *upload = coming->upload;
    struct error error = {0};
    const struct digest *digest = upload_digest(upload);
    enum status status = check_whole(coming, digest, &error);
    bool is_new = status == STATUS_OK && begin_once(call, coming, digest);
    if (is_new) {
        coming->wanted.idempotency = call->idempotency;
        status = upload_save(&upload, &coming->wanted, file_saved, call, &error);
    }
    upload_drop(&upload);
    if (status != STATUS_OK)
        call_fail_status(call, status, &error);
}

void
call_upload(struct call *call, upload_answer_fn *answer)
{
    struct coming *coming = arena_alloc(call->arena, sizeof(*coming));
    *coming = (struct coming){.answer = answer};
    if (!read_head(call, coming))
        return;
    const struct receiving receiving = {take_bytes, save_file, drop_file, coming};
    call_receive(call, &receiving);
}
