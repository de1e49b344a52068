/* service/control.h - commands beside a running server, over a socket in its data folder.
 *
 * One process holds a data folder. A command that finds the folder taken asks the holder through
 * DATA/control.sock: one JSON line there, one JSON line back. Who may open the socket (mode 0600)
 * may read the folder anyway, so there is no key.
 *
 * Requests: those of service/control_keys.h and control_named.h, {"do": "cancel" | "retry" |
 * "rerun", "run", "newest"?}, {"do": "workflow_create", "text", "publish"?},
 * {"do": "backup_begin", "path"}, {"do": "backup_look" | "backup_end"}
 * (service/backup.h). Answers: {"ok": true, …} or {"ok": false, "status", "message"}.
 *
 * Threads: control_ask() from any that may block; the server side has a thread of its own.
 */
#ifndef SERVICE_CONTROL_H
#define SERVICE_CONTROL_H

#include "service/service.h"

struct control;

/* Answers requests until control_stop(). IO: the socket cannot be made. */
MUST_USE enum status control_start(struct control **out, struct service *service,
                                   const char *data_folder, struct error *error);
/* Does nothing for NULL. */
void control_stop(struct control **control);

/* Asks the process that holds the folder. UNAVAILABLE: nobody answers there. The answer's values
 * live in the arena; an answer with ok = false becomes its status and words. */
MUST_USE enum status control_ask(const char *data_folder, struct value request, struct arena *arena,
                                 struct value *answer, struct error *error);

/* The two kinds of answers, with one more member. */
struct value control_failed(enum status status, const char *words, struct arena *arena);
struct value control_done(const char *name, struct value value, struct arena *arena);

/* The same requests on a service of this process. */
struct value control_do(struct service *service, struct value request, struct arena *arena);

#endif
