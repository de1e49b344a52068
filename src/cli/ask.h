/* cli/ask.h - does a request where the data folder is held: in the running server, or here.
 *
 * Threads: the main thread.
 */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include "cli/cli.h"

/* *service is NULL when a running server answered; otherwise the folder is open here, and the
 * caller's to close with cli->close(). The answer lives in the arena. */
MUST_USE enum status ask_holder(struct cli *cli, const char *data, struct value request,
                                struct arena *arena, struct value *answer, struct service **service,
                                struct error *error);

#endif
