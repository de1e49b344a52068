#include "service/control.h"

#include "base/fs.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "service/backup.h"
#include "service/control_keys.h"
#include "service/control_named.h"
#include "service/present.h"
#include "service/wait.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Bytes of one request or answer. */
#define CONTROL_BYTES (2 * LIMIT_DEFINITION_BYTES + KIB(64))
/* In which the other side must send or take its line. */
#define CONTROL_MS 10000

struct control {
    struct service *service;
    struct thread *thread;
    int listener;
    int stop_event;
    char path[108];
};

/* --- what can be asked --- */

struct value
control_failed(enum status status, const char *words, struct arena *arena)
{
    struct member members[] = {
        {value_text("ok"), value_bool(false)},
        {value_text("status"), value_text(status_name(status))},
        {value_text("message"), value_string_copy(arena, slice_text(words))},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

struct value
control_done(const char *name, struct value value, struct arena *arena)
{
    struct member members[] = {
        {value_text("ok"), value_bool(true)},
        {value_text(name), value},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

static struct value
do_move(struct service *service, struct slice what, struct value request, struct arena *arena)
{
    struct id id;
    struct run_row run;
    struct error error = {0};
    struct value text = value_get(request, "run");
    if (text.kind != VALUE_STRING || !id_parse(&id, value_slice(text)) ||
        service_run_get(service, &id, arena, &run) != STATUS_OK)
        return control_failed(STATUS_NOT_FOUND, "there is no such run", arena);
    enum status status = STATUS_OK;
    if (slice_is(what, "cancel"))
        status = wait_for_move(service, service_run_cancel, &id, &error);
    else if (slice_is(what, "retry"))
        status = wait_for_retry(service, &run, value_is_true(value_get(request, "newest")), &error);
    else
        status = wait_for_rerun(service, &run, &id, &error);
    if (status != STATUS_OK)
        return control_failed(status, error.text, arena);
    return control_done("run", present_id(&id, arena), arena);
}

/* A new workflow of the default workspace. */
static struct value
do_create(struct service *service, struct value request, struct arena *arena)
{
    struct workflow_row row;
    struct error error = {0};
    struct value text = value_get(request, "text");
    struct workflow_change change = {
        .kind = WORKFLOW_CREATE,
        .workspace = service_default_workspace(service),
        .text = value_slice_or(text, SLICE("")),
        .publish = value_is_true(value_get(request, "publish")),
    };
    enum status status = wait_for_change(service, &change, arena, &row, &error);
    if (status != STATUS_OK)
        return control_failed(status, error.text, arena);
    return control_done("workflow", present_id(&row.id, arena), arena);
}

static struct value
progress_value(const struct backup_progress *progress, struct arena *arena)
{
    struct member members[] = {
        {value_text("state"), value_text(backup_state_name(progress->state))},
        {value_text("pagesLeft"), value_int((int64_t)progress->pages_left)},
        {value_text("pagesTotal"), value_int((int64_t)progress->pages_total)},
        {value_text("message"), value_string_copy(arena, slice_text(progress->error.text))},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

static struct value
do_backup(struct service *service, struct slice what, struct value request, struct arena *arena)
{
    struct error error = {0};
    struct backup_progress progress = {.state = BACKUP_NONE};
    struct value path = value_get(request, "path");
    if (slice_is(what, "backup_begin")) {
        struct slice text = value_slice_or(path, SLICE(""));
        enum status status = service_backup_begin(service, text, &error);
        if (status != STATUS_OK)
            return control_failed(status, error.text, arena);
    }
    if (slice_is(what, "backup_end"))
        service_backup_end(service);
    else
        service_backup_look(service, &progress);
    return control_done("backup", progress_value(&progress, arena), arena);
}

struct value
control_do(struct service *service, struct value request, struct arena *arena)
{
    struct slice name = value_get_text(request, "do");
    struct value answer;
    if (control_keys_do(service, name, request, arena, &answer))
        return answer;
    if (control_named_do(service, name, request, arena, &answer))
        return answer;
    if (slice_is(name, "cancel") || slice_is(name, "retry") || slice_is(name, "rerun"))
        return do_move(service, name, request, arena);
    if (slice_is(name, "workflow_create"))
        return do_create(service, request, arena);
    if (slice_is(name, "backup_begin") || slice_is(name, "backup_look") ||
        slice_is(name, "backup_end"))
        return do_backup(service, name, request, arena);
    return control_failed(STATUS_UNSUPPORTED, "this server does not know that request", arena);
}

/* --- lines over a socket --- */

static void
set_patience(int fd)
{
    struct timeval patience = {.tv_sec = CONTROL_MS / 1000};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
}

static bool
read_line(int fd, struct buffer *line)
{
    while (line->size == 0 || line->ptr[line->size - 1] != '\n') {
        char *room = buffer_reserve(line, KIB(4));
        ssize_t count = room == NULL ? -1 : read(fd, room, KIB(4));
        if (count < 0 && room != NULL && errno == EINTR)
            continue;
        if (count <= 0)
            return false;
        buffer_commit(line, (size_t)count);
    }
    return true;
}

static bool
write_line(int fd, struct value value)
{
    struct buffer line;
    buffer_init(&line, CONTROL_BYTES);
    json_print(&line, value);
    buffer_append_byte(&line, '\n');
    size_t sent = 0;
    while (sent < line.size) {
        ssize_t count = send(fd, line.ptr + sent, line.size - sent, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            break;
        sent += (size_t)count;
    }
    bool is_sent = sent == line.size;
    buffer_done(&line);
    return is_sent;
}

static void
answer_one(struct control *control, int fd)
{
    struct arena arena;
    struct buffer line;
    arena_init(&arena, MIB(64));
    buffer_init(&line, CONTROL_BYTES);
    set_patience(fd);
    struct value request;
    struct error error = {0};
    if (read_line(fd, &line)) {
        enum status status = json_parse(&request, &arena, buffer_slice(&line), 0, NULL, &error);
        struct value answer = status == STATUS_OK ? control_do(control->service, request, &arena)
                                                  : control_failed(status, error.text, &arena);
        if (!write_line(fd, answer))
            log_event(LOG_WARN, "a command beside the server left before its answer", NULL);
    }
    buffer_done(&line);
    arena_done(&arena);
}

static void
control_thread(void *context)
{
    struct control *control = context;
    struct pollfd waits[] = {{.fd = control->listener, .events = POLLIN},
                             {.fd = control->stop_event, .events = POLLIN}};
    for (;;) {
        if (poll(waits, COUNT_OF(waits), -1) < 0 && errno != EINTR)
            return;
        if (waits[1].revents != 0)
            return;
        int fd = accept4(control->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            continue;
        answer_one(control, fd);
        close(fd);
    }
}

static enum status
socket_path(const char *folder, struct sockaddr_un *address, struct error *error)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    int size = snprintf(address->sun_path, sizeof(address->sun_path), "%s/control.sock", folder);
    if (size < 0 || (size_t)size >= sizeof(address->sun_path))
        return error_set(error, STATUS_INVALID,
                         "the path of the data folder is too long for a socket in it: %s", folder);
    return STATUS_OK;
}

static enum status
listen_at(struct control *control, const char *folder, struct error *error)
{
    struct sockaddr_un address;
    enum status status = socket_path(folder, &address, error);
    if (status != STATUS_OK)
        return status;
    snprintf(control->path, sizeof(control->path), "%s", address.sun_path);
    /* The folder's lock is ours, so a socket that is there is a dead one. */
    unlink(control->path);
    control->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (control->listener < 0 ||
        bind(control->listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        chmod(control->path, 0600) != 0 || listen(control->listener, 16) != 0)
        return fs_errno_status(errno, "listen at", control->path, error);
    return STATUS_OK;
}

enum status
control_start(struct control **out, struct service *service, const char *data_folder,
              struct error *error)
{
    struct control *control = mem_alloc(sizeof(*control));
    *out = NULL;
    control->service = service;
    control->listener = -1;
    control->stop_event = eventfd(0, EFD_CLOEXEC);
    enum status status = listen_at(control, data_folder, error);
    if (status == STATUS_OK)
        status = thread_start(&control->thread, "control", 0, control_thread, control);
    if (status != STATUS_OK) {
        control_stop(&control);
        return status;
    }
    *out = control;
    return STATUS_OK;
}

void
control_stop(struct control **control)
{
    struct control *gone = *control;
    *control = NULL;
    if (gone == NULL)
        return;
    eventfd_write(gone->stop_event, 1);
    thread_join(&gone->thread);
    if (gone->listener >= 0) {
        close(gone->listener);
        unlink(gone->path);
    }
    close(gone->stop_event);
    mem_free(gone);
}

static enum status
status_named(struct value name)
{
    for (enum status status = STATUS_OK; status < STATUS_COUNT; status++) {
        if (name.kind == VALUE_STRING && slice_is(value_slice(name), status_name(status)))
            return status;
    }
    return STATUS_IO;
}

static enum status
ask_over(int fd, struct value request, struct arena *arena, struct value *answer,
         struct error *error)
{
    struct buffer line;
    buffer_init(&line, CONTROL_BYTES);
    set_patience(fd);
    enum status status = STATUS_OK;
    if (!write_line(fd, request) || !read_line(fd, &line))
        status = error_set(error, STATUS_IO, "the running server did not answer");
    if (status == STATUS_OK)
        status = json_parse(answer, arena, buffer_slice(&line), 0, NULL, error);
    buffer_done(&line);
    if (status != STATUS_OK || value_is_true(value_get(*answer, "ok")))
        return status;
    struct value words = value_get(*answer, "message");
    return error_set(error, status_named(value_get(*answer, "status")), "%.*s",
                     words.kind == VALUE_STRING ? (int)words.count : 0,
                     words.kind == VALUE_STRING ? words.text : "");
}

enum status
control_ask(const char *data_folder, struct value request, struct arena *arena,
            struct value *answer, struct error *error)
{
    struct sockaddr_un address;
    *answer = (struct value){0};
    enum status status = socket_path(data_folder, &address, error);
    if (status != STATUS_OK)
        return status;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fs_errno_status(errno, "open", "a socket", error);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        status = error_set(error, STATUS_UNAVAILABLE, "no server runs on %s", data_folder);
    else
        status = ask_over(fd, request, arena, answer, error);
    close(fd);
    return status;
}
