/* convert/job.h - one document that is read: what each kind is given, and what it fills.
 *
 * Threads: the only one of its process.
 */
#ifndef CONVERT_JOB_H
#define CONVERT_JOB_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/status.h"
#include "base/value.h"
#include "sandbox/program.h"

struct convert_job {
    int fd;               /* the document: open for reading, seekable */
    struct value options; /* an object */
    struct arena *arena;  /* for what lasts as long as the job */
    struct buffer *out;
    void (*flush)(void *context); /* called now and then: may empty `out` */
    void *context;
    struct value result; /* an object: what is told beside what came out */
    /* Of a PDF (text_prepare()): the program that reads it, or why it was not started. */
    struct program_run pdf;
    struct error pdf_error;
};

#endif
