/* convert/plain.h - plain text in the making: words, lines, lists and rows of tables.
 *
 * Whoever reads a document gives its words and says where something new begins; how many line ends
 * that makes, and which white space goes, is decided here, when the next words come. So lines of
 * words end without blanks, and the text neither begins nor ends with an empty line.
 *
 * What comes out is UTF-8 with LF at the ends of lines and no control characters but tab and form
 * feed. Beyond LIMIT_SOURCE_TEXT_BYTES nothing is added: see plain_is_over().
 *
 * Threads: one.
 */
#ifndef CONVERT_PLAIN_H
#define CONVERT_PLAIN_H

#include "base/slice.h"
#include "base/status.h"
#include "convert/job.h"

#include <stdbool.h>
#include <stddef.h>

struct plain {
    struct convert_job *job;
    size_t bytes; /* that came out */
    bool has_words;
    bool is_over;
    /* Where we are. */
    unsigned indent;    /* lists in lists */
    unsigned row_depth; /* > 0: all goes on one line */
    unsigned cells;     /* of the row, that are begun */
    bool is_line_begun; /* something stands on the line */
    bool is_page_begun;
    /* What is owed before the next words. */
    unsigned breaks; /* line ends */
    unsigned bars;   /* borders between cells */
    bool is_space_owed;
    char marker[32]; /* of a list's item; empty: none */
};

void plain_init(struct plain *plain, struct convert_job *job);

/* Words, any run of white space between them being one blank. Well-formed UTF-8. */
void plain_words(struct plain *plain, struct slice text);
/* Text whose white space counts, with any ends of lines; bytes that are no UTF-8 become U+FFFD. A
 * piece may end anywhere but within a character or between CR and LF. */
void plain_verbatim(struct plain *plain, struct slice text);

/* Before text that is raised, as an exponent or the mark of a note: a number gets a "^" in front,
 * so that it does not become part of the number beside it. */
void plain_raised(struct plain *plain, struct slice text);

/* What comes next stands on a new line (1), or behind an empty one (2). */
void plain_break(struct plain *plain, unsigned breaks);
/* The line ends here; twice makes an empty line, more do not. */
void plain_line_end(struct plain *plain);
/* A form feed: what comes next stands on another page. */
void plain_page(struct plain *plain);

/* Items of a list; each begins with the marker ("- ", "12. "). */
void plain_list_begin(struct plain *plain);
void plain_list_end(struct plain *plain);
void plain_item(struct plain *plain, const char *marker);
/* For lists that are no lists in the document: how deep the next line is set off, from 0. */
void plain_indent(struct plain *plain, unsigned indent);

/* A row of a table is a line; one within a cell is part of that cell. */
void plain_row_begin(struct plain *plain);
void plain_row_end(struct plain *plain);
/* The next cell of the row. */
void plain_cell(struct plain *plain);

/* Ends the last line. LIMIT, with words: there is more than a text may have. */
MUST_USE enum status plain_end(struct plain *plain, struct error *error);

/* The words as one short line, in the arena; .ptr NULL if there are none. */
struct slice plain_title(struct arena *arena, struct slice words);

static inline bool
plain_is_over(const struct plain *plain)
{
    return plain->is_over;
}

#endif
