/* base/conversion.h - what is to be made of a foreign document, as plain data.
 *
 * Documents of others (workbooks, later web pages, PDF, DOCX) are parsed where a fault of the
 * parser can do no harm: in a child of its own. Whoever has a document fills a conversion and hands
 * it to a converter, which main names; sandbox/sandbox.h is the real one.
 *
 * Threads: one at a time; a converter may be called by many.
 */
#ifndef BASE_CONVERSION_H
#define BASE_CONVERSION_H

#include "base/buffer.h"
#include "base/slice.h"
#include "base/status.h"

#include <stdatomic.h>
#include <stdint.h>

/* Takes a piece of what comes out; other than OK ends the conversion with that status. */
typedef enum status conversion_output_fn(struct slice piece, void *context, struct error *error);

struct conversion {
    const char *kind;     /* "xlsx" */
    struct slice options; /* a JSON object; what it may hold is up to the kind */
    int input_fd;         /* open for reading, seekable; borrowed */
    uint64_t output_bytes_max;
    size_t memory_bytes_max;         /* of the child, beyond what it begins with */
    int64_t time_ms_max;             /* as the clock on the wall has it, and of the processor */
    const atomic_bool *is_cancelled; /* looked at ten times a second; may be NULL */
    conversion_output_fn *output;
    void *context;
    struct buffer result; /* a JSON object: what the kind tells beside its output. Initialised by
                             the caller */
};

/* A converted file begins with a line of that many bytes: the result, padded with spaces. What came
 * out follows. */
#define CONVERSION_HEAD_BYTES 512

/* INVALID: the document is not what it should be, with words for its owner; LIMIT: it needs more
 * than a maximum allows; TIMEOUT, CANCELLED; IO: the parser broke on it; UNAVAILABLE: no child can
 * be made safe here. Or what `output` said. After any of them, what came out does not count. */
typedef enum status converter_fn(void *converter, struct conversion *conversion,
                                 struct error *error);

#endif
