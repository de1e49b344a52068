/* steps/reading.h - how sources read rows: in pieces of their file, into the caller's arena.
 *
 * A piece is a run of the file's text that begins with a row; rows point into it. The driver
 * chooses its size by the rows that were read so far, reads a row again that the piece cuts in two,
 * and makes the piece larger for a row that does not fit, up to what a row may have. A batch takes
 * rows that end within its maximum of bytes; only its first may be longer. It ends right behind its
 * last row.
 *
 * Rows see UTF-8, in which a byte 0xFF stands for what is no character in the file's charset.
 * Places are offsets into the file itself, so that reading goes on anywhere without what lies
 * before.
 *
 * Threads: one reading belongs to one thread; the file may be read by several.
 */
#ifndef STEPS_READING_H
#define STEPS_READING_H

#include "document/charset.h"
#include "engine/step.h"

/* A file that is text. */
struct source_text {
    struct step_file *file;
    const struct charset *charset;
    struct source_place first; /* behind a byte order mark */
};

/* How the charset is found. */
struct charset_hint {
    const struct charset *said; /* NULL: nothing */
    bool is_unicode;            /* no other can be */
};

/* Looks at the file's beginning, a bounded part of it. `beginning` (may be NULL) gets up to its
 * maximum of the text. */
MUST_USE enum status source_text_begin(struct source_text *out, struct step_file *file,
                                       const struct charset_hint *hint, struct buffer *beginning,
                                       struct error *error);

/* Whether a line, without its end, is a row again. */
typedef bool reading_row_fn(struct slice line, const void *context);

struct reading {
    const struct source_text *text;
    struct source_page page; /* its place: of the next row */
    struct source_batch *out;
    struct error *error;
    /* The driver's own. */
    size_t rows_stop;       /* of the batch, with which this piece has to end */
    bool is_skipping;       /* lines of the row that was added last */
    bool is_in_line;        /* that is skipped */
    reading_row_fn *is_row; /* what ends the skipping; NULL: the next line */
    const void *row_context;
    struct source_place behind; /* the last row */
    struct decoder *decoder;    /* NULL: the file is UTF-8 */
    struct buffer source;       /* the file's bytes of the piece, when it is decoded */
};

struct piece {
    const char *at, *end;
    bool is_last;        /* the file ends here */
    bool is_full;        /* a row that begins at `at` and does not end here is too long */
    struct slice source; /* the file's bytes from `at` on */
};

/* Reads whole rows from the piece until it is used up or the batch is full: adds them, and passes
 * their lines. A row that is too long is passed like any other. LIMIT: the arena is full. */
typedef enum status reading_piece_fn(struct reading *reading, struct piece *piece, void *context);

/* Fills the batch with the page; a place without a line is that of the first row. */
MUST_USE enum status reading_fill(struct reading *reading, reading_piece_fn *read_rows,
                                  void *context);

/* Room for the members of a row, with these names, in the page's arena; NULL: it is full. */
struct member *reading_members(const struct source_page *page, struct value columns);

static inline bool
reading_is_full(const struct reading *reading)
{
    return reading->out->count == reading->rows_stop;
}

/* One more row, which begins at piece->at; problem (in the arena, or NULL) says why it cannot be
 * read. */
void reading_add(struct reading *reading, struct value value, const char *problem);

/* Moves the piece and the place behind lines: those of a row that was added, or blank ones. */
void reading_pass(struct reading *reading, struct piece *piece, const char *behind, uint64_t lines);

/* Passes the rest of the line at piece->at, which the piece does not hold to its end: it belongs to
 * the row that was added last; and then the lines that are no row (is_row NULL: none of them). A
 * line over 1 MiB is none. The context lives as long as the reading. */
void reading_skip(struct reading *reading, struct piece *piece, reading_row_fn *is_row,
                  const void *context);

/* The line that begins at piece->at, without the LF, CRLF or CR that ends it, and what lies behind.
 * False: the piece does not hold all of it. */
bool reading_line(const struct piece *piece, struct slice *line, const char **behind);

/* Words on what stands in the file for a byte `at` of the piece that is no UTF-8; in the arena. */
const char *reading_bad_bytes(struct reading *reading, const struct piece *piece, const char *at);

#endif
