/* sandbox/program.h - a program of others that reads the document in the place of a child.
 *
 * The child starts it before it confines itself, and reads what it says afterwards. It finds the
 * document at its standard input, ends with the child, and is confined by confine_and_run().
 *
 * Threads: the only one of its process.
 */
#ifndef SANDBOX_PROGRAM_H
#define SANDBOX_PROGRAM_H

#include "base/status.h"
#include "sandbox/confine.h"

struct program {
    const char *const *paths;     /* where it may be; ends with NULL */
    const char *const *arguments; /* with its name; ends with NULL */
    const char *const *folders;   /* that it may read; ends with NULL */
};

/* Open for reading. */
struct program_run {
    int output_fd;
    int words_fd; /* what it complains of, cut at some pages; to be read behind the output */
};

/* What its complaints begin with where it could not be started: UNAVAILABLE, the rest being words.
 */
#define PROGRAM_NOT_STARTED "not started: "

/* Of the limits its own folders count. UNAVAILABLE, with words: it is not installed. */
MUST_USE enum status program_start(struct program_run *out, const struct program *program,
                                   int input_fd, const struct confine_limits *limits,
                                   struct error *error);

#endif
