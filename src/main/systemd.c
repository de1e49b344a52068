#include "main/systemd.h"

#include "base/log.h"
#include "base/slice.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* SD_LISTEN_FDS_START. */
#define FIRST_FD 3

/* How many; 0: none for this process. */
static int64_t
socket_count(void)
{
    const char *pid = getenv("LISTEN_PID");
    const char *count = getenv("LISTEN_FDS");
    int64_t number = 0;
    int64_t fds = 0;
    bool is_ours = pid != NULL && count != NULL && slice_parse_int64(slice_text(pid), &number) &&
                   number == getpid() && slice_parse_int64(slice_text(count), &fds) && fds > 0;
    return is_ours ? fds : 0;
}

/* The name of the socket at the index: the names stand one behind the other, with colons between.
 */
static struct slice
socket_name(const char *names, int64_t index)
{
    for (int64_t i = 0; names != NULL && i < index; i++) {
        const char *colon = strchr(names, ':');
        names = colon == NULL ? NULL : colon + 1;
    }
    return names == NULL ? SLICE("") : slice_of(names, strcspn(names, ":"));
}

enum status
systemd_take_sockets(struct systemd_sockets *out, struct error *error)
{
    *out = (struct systemd_sockets){0};
    int64_t count = socket_count();
    const char *names = getenv("LISTEN_FDNAMES");
    enum status status = STATUS_OK;
    for (int64_t i = 0; i < count && status == STATUS_OK; i++) {
        bool is_metrics = slice_is(socket_name(names, i), "metrics");
        int *into = is_metrics ? &out->metrics : &out->http;
        if (*into != 0 || i > 1)
            status = error_set(error, STATUS_INVALID,
                               "more sockets were handed over than one for HTTP and one of the "
                               "name \"metrics\"");
        *into = FIRST_FD + (int)i;
        fcntl(*into, F_SETFD, FD_CLOEXEC);
    }
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    return status;
}

void
systemd_notify(const char *words)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t size = path == NULL ? 0 : strlen(path);
    if (size < 2 || size >= sizeof(address.sun_path) || strchr("/@", path[0]) == NULL)
        return;
    memcpy(address.sun_path, path, size);
    /* An abstract name begins with a zero byte. */
    if (path[0] == '@')
        address.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
    if (sendto(fd, words, strlen(words), MSG_NOSIGNAL, (struct sockaddr *)&address, length) < 0)
        log_event(LOG_WARN, "the service manager could not be told", "words=%s", words);
    close(fd);
}
