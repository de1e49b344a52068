/* engine/convert.h - what sandbox children make of foreign documents.
 *
 * The file of a source is converted before its rows are read. What comes out is kept by the digest
 * of what it was made from, and made again with the same bytes should it be gone; so rows are read
 * from it by offset like those of any other file, and nothing of it has to survive a crash.
 *
 * Threads: those of the sandbox pool, or a caller's own that may wait.
 */
#ifndef ENGINE_CONVERT_H
#define ENGINE_CONVERT_H

#include "base/digest.h"
#include "engine/engine.h"
#include "engine/files.h"
#include "engine/step.h"

#include <stdatomic.h>

struct convert_request {
    const struct engine_options *options;
    const struct step_conversion *how;
    const char *identity;            /* of the file, as it is now */
    const atomic_bool *is_cancelled; /* may be NULL */
    int64_t time_ms_max;             /* 0: LIMIT_SANDBOX_MS */
    bool only_kept;                  /* what is not there is not made: UNSUPPORTED */
};

/* Appends how a file is converted to its identity: another version of the converter may give other
 * bytes, so that it is another file. */
void convert_identify(char identity[FILE_IDENTITY_BYTES], const struct step_conversion *how);

/* By what comes out of the file is kept: all that its bytes depend on. */
struct digest convert_name(const struct step_file *file, const struct convert_request *request);

/* Has a child make something of what can be read from fd; of the conversion, output, context,
 * output_bytes_max and result are the caller's. Its status and words. */
MUST_USE enum status convert_run(int fd, const struct convert_request *request,
                                 struct conversion *conversion, struct error *error);

/* Puts what comes out of the file in the place of *file, which it closes. Otherwise, with words,
 * and a code for docs/errors in *code: INVALID and LIMIT are the document's fault; UNAVAILABLE: no
 * child can be started here; the rest is trouble of the reader or the disk. */
MUST_USE enum status convert_file(struct step_file **file, const struct convert_request *request,
                                  const char **code, struct error *error);

#endif
