/* cli/follow.h - watches a run until it ends, then puts its files in place.
 *
 * Threads: the main thread.
 */
#ifndef CLI_FOLLOW_H
#define CLI_FOLLOW_H

#include "service/service.h"

struct follow_options {
    const char *data; /* for the words that say how to go on */
    const char *out;  /* folder of the files */
    bool as_json;
};

/* Shows a live line, pauses the run when interrupted (Ctrl-C), and at its end copies the files and
 * prints the output. Gives the exit code. */
int follow_run(struct service *service, const struct id *run, const struct follow_options *options);

#endif
