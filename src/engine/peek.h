/* engine/peek.h - the rows of a source's file, or of what stays, looked at without a run.
 *
 * Threads: one at a time, which may wait for files: a work thread.
 */
#ifndef ENGINE_PEEK_H
#define ENGINE_PEEK_H

#include "engine/engine.h"
#include "engine/step.h"

struct peek;

struct peek_wanted {
    struct id workspace; /* whose files may be read */
    const struct step_type *type;
    struct value config; /* rendered; outlives the peek */
    /* A foreign document may be converted, by a process; otherwise only one that is converted
     * already is read, and for another the answer is UNSUPPORTED. */
    bool may_convert;
};

/* Otherwise *out is NULL, with words and a code for docs/errors in *code. */
MUST_USE enum status peek_open(struct peek **out, struct engine *engine,
                               const struct peek_wanted *wanted, const char **code,
                               struct error *error);

/* The first rows, as an array; of a row that cannot be read its words, as {error}. */
MUST_USE enum status peek_rows(struct peek *peek, uint32_t limit, struct arena *arena,
                               struct value *out, struct error *error);

/* Goes on to the end and counts; after until_mono_us it gives what it has, with *is_end false. */
MUST_USE enum status peek_count(struct peek *peek, int64_t until_mono_us, uint64_t *rows,
                                bool *is_end, struct error *error);

/* Leaves NULL; does nothing for it. */
void peek_close(struct peek **peek);

#endif
