/* sandbox/child.h - the life of a sandbox child, but for what it parses.
 *
 * A child does one document and ends, so that nothing of one document can reach another. It reads
 * its request, confines itself, calls the kind that was asked for, and says how it went.
 *
 * Threads: the only one of its process.
 */
#ifndef SANDBOX_CHILD_H
#define SANDBOX_CHILD_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/slice.h"
#include "base/status.h"
#include "base/value.h"
#include "sandbox/confine.h"

/* What a kind works with. */
struct child {
    struct value options; /* an object */
    int input_fd;
    struct arena arena;   /* for what lasts as long as the child */
    struct buffer output; /* not written yet; child_flush() empties it */
    struct value result;  /* an object: what the kind tells beside its output */
    struct error error;
    const struct confine_limits *limits; /* that the kind runs under */
    void *prepared;                      /* what child_prepare_fn leaves for child_kind_fn */
};

/* Parses the document at child->input_fd: appends to child->output, calling child_flush() now and
 * then, and fills child->result. Other than OK: child->error has words for the document's owner. */
typedef enum status child_kind_fn(struct child *child);

/* What a kind has to do while it still may: it parses nothing. */
typedef void child_prepare_fn(struct child *child);

struct child_kind {
    const char *name;
    child_kind_fn *run;
    const char *const *folders; /* what it may read beside the document; confine.h */
    child_prepare_fn *prepare;  /* or NULL */
};

/* The whole program; ends the process. kinds ends with a NULL name. */
_Noreturn void child_main(const struct child_kind *kinds);

/* Writes what is in child->output if it is more than a few pages. */
void child_flush(struct child *child);

#endif
