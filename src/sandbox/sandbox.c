#include "sandbox/sandbox.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "sandbox/frame.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOOK_MS 100
#define READ_BYTES KIB(64)
/* Below it stand the descriptors that the child finds its own at. */
#define FD_MIN 10

struct sandbox {
    char *program;
    atomic_bool is_stopping;
};

/* One child. */
struct session {
    const struct sandbox *sandbox;
    struct conversion *conversion;
    struct error *error;
    pid_t pid;
    int output_fd;
    int64_t deadline_mono_ms;
    uint64_t output_bytes;
    unsigned char head[FRAME_HEAD_BYTES];
    size_t head_size;
    uint32_t payload_left; /* of the frame whose head is whole */
    struct buffer last;    /* payload of the last frame */
    bool is_over;          /* the last frame is whole */
};

struct sandbox *
sandbox_new(const char *program)
{
    static const char name[] = "windrow-convert";
    struct sandbox *sandbox = mem_alloc(sizeof(*sandbox));
    if (program != NULL) {
        sandbox->program = mem_copy_text(program, strlen(program));
        return sandbox;
    }
    char path[4096];
    ssize_t size = readlink("/proc/self/exe", path, sizeof(path) - sizeof(name));
    while (size > 0 && path[size - 1] != '/')
        size--;
    memcpy(path + (size < 0 ? 0 : size), name, sizeof(name));
    sandbox->program = mem_copy_text(path, strlen(path));
    return sandbox;
}

void
sandbox_stop(struct sandbox *sandbox)
{
    atomic_store(&sandbox->is_stopping, true);
}

void
sandbox_free(struct sandbox **sandbox)
{
    struct sandbox *gone = *sandbox;
    *sandbox = NULL;
    if (gone == NULL)
        return;
    mem_free(gone->program);
    mem_free(gone);
}

/* --- starting a child --- */

struct start {
    int request_fd; /* holds the whole request, to its end */
    int output_fd;
    int input_fd;
};

static enum status
failed(const char *what, int saved_errno, struct error *error)
{
    return error_set(error, STATUS_IO, "%s: %s", what, strerror(saved_errno));
}

/* A copy of a descriptor that is in nobody's way, or -1. Closes the old one. */
static int
move_up(int fd)
{
    int moved = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, FD_MIN);
    if (fd >= 0)
        close(fd);
    return moved;
}

static int
make_pipe(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    ends[0] = move_up(ends[0]);
    ends[1] = move_up(ends[1]);
    return ends[0] < 0 || ends[1] < 0 ? -1 : 0;
}

static void
close_fd(int fd)
{
    if (fd >= 0)
        close(fd);
}

static void
print_request(const struct conversion *conversion, struct buffer *out)
{
    buffer_init(out, LIMIT_SANDBOX_REQUEST_BYTES);
    buffer_append_text(out, "{\"kind\":");
    json_print_string(out, slice_text(conversion->kind));
    buffer_append_format(out, ",\"memory_bytes\":%zu,\"cpu_seconds\":%" PRId64 ",\"options\":",
                         conversion->memory_bytes_max, (conversion->time_ms_max + 999) / 1000);
    buffer_append_slice(out, conversion->options);
    buffer_append_byte(out, '}');
}

/* The pipe holds all of it, so that writing cannot wait. Gives the reading end, or -1. */
static int
open_request(const struct conversion *conversion)
{
    struct buffer text;
    print_request(conversion, &text);
    int ends[2] = {-1, -1};
    ssize_t written = -1;
    errno = E2BIG;
    if (!buffer_is_over(&text) && make_pipe(ends) == 0)
        written = write(ends[1], text.ptr, text.size);
    bool is_whole = written >= 0 && (size_t)written == text.size;
    buffer_done(&text);
    close_fd(ends[1]);
    if (is_whole)
        return ends[0];
    close_fd(ends[0]);
    return -1;
}

static int
set_up(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes,
       const struct start *start)
{
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    int wrong = posix_spawnattr_setsigmask(attributes, &none);
    wrong |= posix_spawnattr_setsigdefault(attributes, &all);
    /* A group of its own, so that what it may start dies with it. */
    wrong |= posix_spawnattr_setpgroup(attributes, 0);
    wrong |= posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                      POSIX_SPAWN_SETPGROUP);
    wrong |= posix_spawn_file_actions_adddup2(actions, start->request_fd, STDIN_FILENO);
    wrong |= posix_spawn_file_actions_adddup2(actions, start->output_fd, STDOUT_FILENO);
    wrong |= posix_spawn_file_actions_addopen(actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    wrong |= posix_spawn_file_actions_adddup2(actions, start->input_fd, SANDBOX_INPUT_FD);
    wrong |= posix_spawn_file_actions_addclosefrom_np(actions, SANDBOX_INPUT_FD + 1);
    return wrong;
}

static int
spawn(const struct sandbox *sandbox, const struct start *start, pid_t *pid)
{
    static char name[] = "windrow-convert";
    char *const argv[] = {name, NULL};
    char *const environment[] = {NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    int wrong = set_up(&actions, &attributes, start);
    if (wrong == 0)
        wrong = posix_spawn(pid, sandbox->program, &actions, &attributes, argv, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return wrong;
}

static enum status
session_begin(struct session *session)
{
    const struct sandbox *sandbox = session->sandbox;
    int ends[2] = {-1, -1};
    struct start start = {-1, -1, -1};
    enum status status = STATUS_OK;
    start.request_fd = open_request(session->conversion);
    start.input_fd = fcntl(session->conversion->input_fd, F_DUPFD_CLOEXEC, FD_MIN);
    if (start.request_fd < 0 || start.input_fd < 0 || make_pipe(ends) != 0)
        status = failed("no pipe to a sandbox child", errno, session->error);
    start.output_fd = ends[1];
    if (status == STATUS_OK) {
        int wrong = spawn(sandbox, &start, &session->pid);
        if (wrong != 0)
            status = error_set(session->error, STATUS_UNAVAILABLE,
                               "%s, which reads foreign documents, cannot be started: %s",
                               sandbox->program, strerror(wrong));
    }
    close_fd(start.request_fd);
    close_fd(start.input_fd);
    close_fd(start.output_fd);
    session->output_fd = ends[0];
    return status;
}

/* --- listening to it --- */

static enum status
broken_speech(struct session *session)
{
    return error_set(session->error, STATUS_IO, "the sandbox child says what nobody asked for");
}

static enum status
take_output(struct session *session, struct slice piece)
{
    struct conversion *conversion = session->conversion;
    session->output_bytes += piece.size;
    if (session->output_bytes > conversion->output_bytes_max)
        return error_set(session->error, STATUS_LIMIT, "more than %" PRIu64 " MB came out of it",
                         conversion->output_bytes_max / MIB(1));
    return conversion->output(piece, conversion->context, session->error);
}

static enum status
take_head(struct session *session)
{
    session->payload_left = frame_size(session->head);
    switch ((enum frame_kind)session->head[0]) {
    case FRAME_OUTPUT:
        return session->payload_left > 0 ? STATUS_OK : broken_speech(session);
    case FRAME_RESULT:
    case FRAME_FAILURE:
        return session->payload_left > 0 && session->payload_left <= LIMIT_SANDBOX_RESULT_BYTES
                   ? STATUS_OK
                   : broken_speech(session);
    }
    return broken_speech(session);
}

static enum status
take_payload(struct session *session, struct slice *bytes)
{
    size_t size = bytes->size < session->payload_left ? bytes->size : session->payload_left;
    struct slice piece = slice_of(bytes->ptr, size);
    *bytes = slice_of(bytes->ptr + size, bytes->size - size);
    session->payload_left -= (uint32_t)size;
    if (session->payload_left == 0)
        session->head_size = 0;
    if (session->head[0] == FRAME_OUTPUT)
        return take_output(session, piece);
    buffer_append_slice(&session->last, piece);
    session->is_over = session->payload_left == 0;
    return STATUS_OK;
}

static enum status
take_bytes(struct session *session, struct slice bytes)
{
    enum status status = STATUS_OK;
    while (bytes.size > 0 && status == STATUS_OK) {
        if (session->is_over)
            return broken_speech(session);
        if (session->head_size == FRAME_HEAD_BYTES) {
            status = take_payload(session, &bytes);
            continue;
        }
        session->head[session->head_size++] = (unsigned char)bytes.ptr[0];
        bytes = slice_of(bytes.ptr + 1, bytes.size - 1);
        if (session->head_size == FRAME_HEAD_BYTES)
            status = take_head(session);
    }
    return status;
}

static enum status
look_around(const struct session *session, int64_t *left_ms)
{
    const struct conversion *conversion = session->conversion;
    bool is_cancelled = conversion->is_cancelled != NULL && atomic_load(conversion->is_cancelled);
    if (is_cancelled || atomic_load(&session->sandbox->is_stopping))
        return error_set(session->error, STATUS_CANCELLED, "stopped");
    *left_ms = session->deadline_mono_ms - clock_mono_us(clock_system()) / 1000;
    if (*left_ms > 0)
        return STATUS_OK;
    return error_set(session->error, STATUS_TIMEOUT, "it was not read within %" PRId64 " s",
                     (conversion->time_ms_max + 999) / 1000);
}

/* To the end of what the child says. */
static enum status
listen_to(struct session *session)
{
    char *room = mem_alloc_raw(READ_BYTES);
    enum status status = STATUS_OK;
    while (status == STATUS_OK) {
        int64_t left_ms = 0;
        status = look_around(session, &left_ms);
        if (status != STATUS_OK)
            break;
        struct pollfd wait = {.fd = session->output_fd, .events = POLLIN};
        if (poll(&wait, 1, (int)(left_ms < LOOK_MS ? left_ms : LOOK_MS)) <= 0)
            continue;
        ssize_t got = read(session->output_fd, room, READ_BYTES);
        if (got == 0)
            break;
        if (got < 0 && errno != EINTR)
            status = failed("reading from a sandbox child", errno, session->error);
        else if (got > 0)
            status = take_bytes(session, slice_of(room, (size_t)got));
    }
    mem_free(room);
    return status;
}

/* --- the end of it --- */

/* It has said all that it will; should it still run, it is too late. One that ends by itself has
 * its status already. */
static int
session_end(struct session *session)
{
    int how = 0;
    close_fd(session->output_fd);
    if (session->pid <= 0)
        return 0;
    kill(-session->pid, SIGKILL);
    while (waitpid(session->pid, &how, 0) < 0 && errno == EINTR)
        continue;
    /* What it had started is ours to bury if this process is the first of a container. */
    while (waitpid(-session->pid, NULL, 0) > 0 || errno == EINTR)
        continue;
    return how;
}

static enum status
explain_death(const struct session *session, int how)
{
    struct error *error = session->error;
    int signal = WIFSIGNALED(how) ? WTERMSIG(how) : 0;
    if (signal == SIGXCPU)
        return error_set(error, STATUS_LIMIT,
                         "reading it took more than %" PRId64 " s of the processor",
                         (session->conversion->time_ms_max + 999) / 1000);
    if (signal == SIGABRT)
        return error_set(error, STATUS_LIMIT,
                         "the reader gave up: the document wants more than %zu MB of memory, or "
                         "the reader has a fault",
                         session->conversion->memory_bytes_max / MIB(1));
    if (signal == SIGSYS)
        return error_set(error, STATUS_IO,
                         "the reader tried what it may not and was stopped: the document may be "
                         "meant to do harm");
    if (signal != 0)
        return error_set(error, STATUS_IO, "the reader was ended by signal %d (%s)", signal,
                         strsignal(signal));
    return error_set(error, STATUS_IO, "the reader ended with %d and said nothing",
                     WEXITSTATUS(how));
}

static enum status
take_failure(const struct session *session)
{
    struct slice words = buffer_slice(&session->last);
    unsigned status = (unsigned char)words.ptr[0];
    words = slice_of(words.ptr + 1, words.size - 1);
    if (status == STATUS_OK || status >= STATUS_COUNT || !slice_is_utf8(words))
        return error_set(session->error, STATUS_IO, "the sandbox child failed without words");
    return error_set(session->error, (enum status)status, "%.*s", SLICE_FORMAT(words));
}

/* A child that parses foreign bytes is believed as little as they are. */
static enum status
take_result(const struct session *session)
{
    struct arena arena;
    struct value result;
    arena_init(&arena, 4 * LIMIT_SANDBOX_RESULT_BYTES);
    enum status status =
        json_parse(&result, &arena, buffer_slice(&session->last), 0, NULL, session->error);
    if (status == STATUS_OK && result.kind == VALUE_OBJECT)
        json_print(&session->conversion->result, result);
    else
        status = error_set(session->error, STATUS_IO, "the sandbox child gave no result");
    arena_done(&arena);
    return status;
}

enum status
sandbox_convert(void *converter, struct conversion *conversion, struct error *error)
{
    assert(conversion->time_ms_max > 0);
    struct session session = {
        .sandbox = converter,
        .conversion = conversion,
        .error = error,
        .output_fd = -1,
        .deadline_mono_ms = clock_mono_us(clock_system()) / 1000 + conversion->time_ms_max,
    };
    buffer_init(&session.last, LIMIT_SANDBOX_RESULT_BYTES);
    enum status status = session_begin(&session);
    if (status == STATUS_OK)
        status = listen_to(&session);
    int how = session_end(&session);
    if (status == STATUS_OK && !session.is_over)
        status = explain_death(&session, how);
    else if (status == STATUS_OK && session.head[0] == FRAME_FAILURE)
        status = take_failure(&session);
    else if (status == STATUS_OK)
        status = take_result(&session);
    buffer_done(&session.last);
    return status;
}
