/* document/csv.h - comma-separated values, both ways.
 *
 * The reader walks over one block of bytes and gives one row at a time as slices, most of them into
 * the block itself. Fields may be quoted, with doubled quotes and line ends inside, and blanks
 * outside the quotes, which are passed over; lines end with LF, CRLF or CR. A quote inside a field
 * that does not begin with one is an ordinary character. It keeps no state between two rows, so
 * reading can begin at any row's first byte. Bytes are not checked to be UTF-8.
 *
 * A row whose quotes are malformed is one bad row, and reading goes on at the first line behind its
 * beginning that looks like a row: one of the usual number of fields, with closed quotes. So a
 * quote that is never closed costs its own row. If there is no such line up to that of the problem,
 * it goes on behind that.
 *
 * Sources: RFC 4180; the cases in tests/csv and tests/unit/document/test_csv.c.
 * Threads: pure.
 */
#ifndef DOCUMENT_CSV_H
#define DOCUMENT_CSV_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/slice.h"
#include "base/value.h"

#include <stdbool.h>
#include <stdint.h>

/* As a dialect's quote: quotes are ordinary characters. */
#define CSV_NO_QUOTE 256

struct csv_dialect {
    char delimiter; /* both are ASCII */
    int quote;
};

enum csv_end {
    CSV_ROW,   /* a row was read */
    CSV_BLANK, /* an empty line was passed */
    CSV_MORE,  /* the block ends inside a row and is not the last */
    CSV_DONE,  /* nothing is left */
    CSV_BAD,   /* the row is malformed or too long */
    CSV_FULL,  /* the arena's limit does not allow the row */
};

struct csv_row {
    struct value *fields;    /* VALUE_STRING; in the reader's list, until the next row */
    uint32_t count;          /* of all fields; only the first fields_max are in the list */
    const char *surplus;     /* the first field behind these that is not empty, in the block */
    const char *problem;     /* CSV_BAD: static words */
    uint64_t problem_line;   /* physical lines of the row before the problem's */
    uint64_t problem_column; /* in that line, in characters, from 1 */
    uint64_t lines;          /* physical lines that were passed */
    bool is_cut;             /* CSV_BAD: the rest of a line, behind the block, belongs to it too */
    bool is_open;            /* is_cut: so do the lines behind it that do not look like a row */
};

struct csv_reader {
    const char *at, *end; /* what is left of the block */
    struct csv_dialect dialect;
    bool is_last;         /* nothing follows the block */
    bool is_full;         /* what does not end in the block is longer than a row may be */
    uint32_t row_fields;  /* of the usual row; 0: not known */
    struct arena *arena;  /* for fields that need unescaping */
    struct value *fields; /* room for fields_max */
    uint32_t fields_max;
};

/* Reads the next row; on ROW, BLANK and BAD `at` stands behind it, otherwise it did not move. The
 * same bytes give the same row however they are cut into blocks that are not full. */
enum csv_end csv_read_row(struct csv_reader *reader, struct csv_row *row);

/* Whether a line, given without its end, looks like a row: not blank, reader->row_fields fields. */
bool csv_looks_like_row(const struct csv_reader *reader, struct slice line);

/* Where `at` lies in a row that begins at `begin`: physical lines before it, and its column. */
void csv_place(const char *begin, const char *at, uint64_t *line, uint64_t *column);

/* How cells are written. */
struct csv_format {
    char delimiter;
    /* Texts that a spreadsheet would take for a formula get an apostrophe in front. */
    bool escapes_formulas;
    /* Of one column, or names of columns: texts that could mislead csv_guess_delimiter() or
     * csv_sep_line() are quoted. */
    bool is_telling;
};

/* Cells with delimiters between them: quoted only where needed; null is empty, a string is itself,
 * anything else JSON. */
void csv_write_cells(struct buffer *out, const struct value *cells, size_t count,
                     const struct csv_format *format);

/* Whether a spreadsheet would take a text for a formula: it begins with = + - or @ (also in full
 * width), maybe behind blanks or quotes, or with a tab or a line end; but it is no number. */
bool csv_is_formula(struct slice text);

/* Ends a row of that many cells that began at out->size == begin. */
void csv_end_row(struct buffer *out, size_t begin, size_t count);

#endif
