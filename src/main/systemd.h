/* main/systemd.h - sockets that a service manager has opened for us, and words to it.
 *
 * With a socket of the manager connections wait in the kernel while the server is restarted, so
 * that none is refused. What is said to it is a datagram to the socket that NOTIFY_SOCKET names.
 *
 * Sources: sd_listen_fds(3), sd_notify(3).
 * Threads: the main thread, before others start but for systemd_notify().
 */
#ifndef MAIN_SYSTEMD_H
#define MAIN_SYSTEMD_H

#include "base/status.h"

struct systemd_sockets {
    int http;    /* 0: none */
    int metrics; /* that of the name "metrics"; 0: none */
};

/* Takes the sockets over, and the variables out of the environment. INVALID: there are others than
 * we know what to do with. */
MUST_USE enum status systemd_take_sockets(struct systemd_sockets *out, struct error *error);

/* "READY=1", "STOPPING=1"; nothing without a manager. */
void systemd_notify(const char *words);

#endif
