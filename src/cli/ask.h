/* cli/ask.h - does a request where the data folder is held: in the running server, or here.
 *
 * Threads: the main thread.
 */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include "cli/cli.h"

/* In the running server; *is_there tells whether there is one. The answer lives in the arena. */
MUST_USE enum status ask_server(const char *data, struct value request, struct arena *arena,
                                struct value *answer, bool *is_there, struct error *error);

/* In a service that is open here. */
MUST_USE enum status ask_here(struct service *service, struct value request, struct arena *arena,
                              struct value *answer, struct error *error);

#endif
