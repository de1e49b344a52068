/* convert/pdf.h - a PDF as plain text: what the program pdftotext makes of it.
 *
 * Poppler is not linked, for its licence, and because a program of its own can be confined.
 *
 * Sources: pdftotext(1) of poppler 22.12, whose -htmlmeta puts the title in front of the text.
 * Threads: one.
 */
#ifndef CONVERT_PDF_H
#define CONVERT_PDF_H

#include "base/arena.h"
#include "base/slice.h"
#include "base/status.h"
#include "convert/plain.h"
#include "sandbox/program.h"

#include <stdint.h>

extern const struct program pdf_program;

/* What is told of it. */
struct pdf {
    struct slice title; /* in the arena; .ptr NULL: there is none */
    int64_t pages;
};

/* Reads what the program says. INVALID, with words: it is protected, damaged or without text. */
MUST_USE enum status pdf_read(struct plain *plain, const struct program_run *run,
                              struct arena *arena, struct pdf *out, struct error *error);

#endif
