#include "sandbox/child.h"

#include "base/json.h"
#include "base/limits.h"
#include "sandbox/frame.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

/* The size of a frame: a pipe takes it at once. */
#define FLUSH_BYTES KIB(32)

struct request {
    struct value kind, options;
    struct confine_limits limits;
};

/* Nobody listens any more when writing fails: there is nothing left to do. */
static void
write_all(const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size > 0) {
        ssize_t written = write(STDOUT_FILENO, at, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            _exit(1);
        at += written;
        size -= (size_t)written;
    }
}

static void
write_frame(enum frame_kind kind, struct slice payload)
{
    unsigned char head[FRAME_HEAD_BYTES];
    frame_head(head, kind, (uint32_t)payload.size);
    write_all(head, sizeof(head));
    write_all(payload.ptr, payload.size);
}

static void
write_output(struct child *child)
{
    if (child->output.size > 0)
        write_frame(FRAME_OUTPUT, buffer_slice(&child->output));
    buffer_clear(&child->output);
}

void
child_flush(struct child *child)
{
    if (child->output.size >= FLUSH_BYTES)
        write_output(child);
}

static void
write_failure(const struct error *error)
{
    char payload[1 + ERROR_TEXT_BYTES];
    payload[0] = (char)error->status;
    size_t size = strlen(error->text);
    memcpy(payload + 1, error->text, size);
    write_frame(FRAME_FAILURE, slice_of(payload, 1 + size));
}

static enum status
read_request(struct child *child, struct request *out)
{
    struct buffer text;
    buffer_init(&text, LIMIT_SANDBOX_REQUEST_BYTES);
    char piece[KIB(4)];
    ssize_t got = 0;
    while ((got = read(STDIN_FILENO, piece, sizeof(piece))) > 0)
        buffer_append(&text, piece, (size_t)got);
    struct value request;
    enum status status =
        got < 0 || buffer_is_over(&text)
            ? error_set(&child->error, STATUS_IO, "the request could not be read")
            : json_parse(&request, &child->arena, buffer_slice(&text), 0, NULL, &child->error);
    buffer_done(&text);
    if (status != STATUS_OK)
        return status;
    int64_t memory_bytes = 0;
    out->kind = value_get(request, "kind");
    out->options = value_get(request, "options");
    if (out->kind.kind != VALUE_STRING || out->options.kind != VALUE_OBJECT ||
        !value_integer(value_get(request, "memory_bytes"), &memory_bytes) ||
        !value_integer(value_get(request, "cpu_seconds"), &out->limits.cpu_seconds))
        return error_set(&child->error, STATUS_IO, "the request is not one");
    out->limits.memory_bytes = (size_t)memory_bytes;
    return STATUS_OK;
}

static enum status
run_kind(struct child *child, const struct child_kind *kinds)
{
    struct request request = {.kind = {0}};
    enum status status = read_request(child, &request);
    if (status != STATUS_OK)
        return status;
    const struct child_kind *kind = kinds;
    while (kind->name != NULL && !slice_is(value_slice(request.kind), kind->name))
        kind++;
    if (kind->name == NULL)
        return error_set(&child->error, STATUS_UNSUPPORTED,
                         "this windrow-convert does not read \"%.*s\"; is it of another version?",
                         SLICE_FORMAT(value_slice(request.kind)));
    child->options = request.options;
    request.limits.folders = kind->folders;
    child->limits = &request.limits;
    if (kind->prepare != NULL)
        kind->prepare(child);
    status = confine_process(&request.limits, &child->error);
    return status == STATUS_OK ? kind->run(child) : status;
}

void
child_main(const struct child_kind *kinds)
{
    /* Should the server be killed, nobody needs us. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        _exit(1);
    /* Libraries that look at dates read the file of the time zone, which later they may not. */
    if (setenv("TZ", "UTC0", 1) != 0)
        _exit(1);
    tzset();
    struct child child = {.input_fd = SANDBOX_INPUT_FD, .result = value_empty_object()};
    arena_init(&child.arena, LIMIT_SANDBOX_MEMORY_BYTES);
    buffer_init(&child.output, 4 * LIMIT_ROW_BYTES);
    child.error.status = run_kind(&child, kinds);
    if (child.error.status == STATUS_OK && buffer_is_over(&child.output))
        error_set(&child.error, STATUS_LIMIT, "what comes out at once is too large");
    if (child.error.status == STATUS_OK) {
        write_output(&child);
        write_frame(FRAME_RESULT, json_text(&child.arena, child.result));
    } else {
        write_failure(&child.error);
    }
    /* Nothing is left to be done, and what libraries do at their end may not be allowed. */
    _exit(child.error.status == STATUS_OK ? 0 : 1);
}
