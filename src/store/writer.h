/* store/writer.h - the one thread that writes: gathers intents, commits them together.
 *
 * Two lanes: intents for which somebody waits go first and at once; bulk intents are gathered up to
 * LIMIT_COMMIT_BYTES or LIMIT_COMMIT_MS, and take turns by their flows (base/fair.h). Those of one
 * flow, and all acknowledgements, are committed in the order of pushing; a bulk intent may be
 * overtaken by an acknowledgement.
 *
 * If the disk is full or fails, the writer keeps its intents, tells its trouble hook, and tries
 * again with backoff: nothing is lost, everything waits. writer_trouble() tells why.
 *
 * Threads: writer_push() from any thread; `done` of an intent is called on the writer's thread.
 */
#ifndef STORE_WRITER_H
#define STORE_WRITER_H

#include "base/buffer.h"
#include "store/store.h"

struct writer;

MUST_USE enum status writer_start(struct writer **out, struct store *store, struct error *error);

/* Called on the writer's thread when trouble begins, changes or is over (then error->status is OK).
 * Before the first push. */
typedef void writer_trouble_fn(const struct error *error);
void writer_set_trouble_hook(struct writer *writer, writer_trouble_fn *hook);

/* Called on the writer's thread for each intent that was committed, before its `done`. Before the
 * first push. */
typedef void writer_committed_fn(const struct intent *intent, void *context);
void writer_set_commit_hook(struct writer *writer, writer_committed_fn *hook, void *context);

/* Takes the intent. */
void writer_push(struct writer *writer, struct intent *intent);

/* Work that belongs on the writer's thread, done in short steps between its transactions. */
struct writer_job {
    /* The next step. False: it was the last, the job is not touched again; is_stopping: it must be.
     */
    bool (*step)(struct writer_job *job, bool is_stopping);
};

/* Begins a job, which lives until its last step. CONFLICT: there is one already. */
MUST_USE enum status writer_begin_job(struct writer *writer, struct writer_job *job);

/* Commits what is left, then ends the thread. With a store in trouble it gives up after grace_ms:
 * what is left is handed to `done` with status UNAVAILABLE. */
void writer_stop(struct writer **writer, int64_t grace_ms);

/* OK, or the status and words of the trouble that holds up commits now. */
enum status writer_trouble(struct writer *writer, struct error *error);

/* Counters since the start: transactions, intents, bytes. */
struct writer_counts {
    uint64_t commits, intents, bytes;
    uint64_t waiting; /* intents now */
};
struct writer_counts writer_counts(struct writer *writer);

/* The same and how long commits took, for Prometheus. */
void writer_print_metrics(struct writer *writer, struct buffer *out);

#endif
