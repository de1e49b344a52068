/* document/csv.h - comma-separated values, both ways.
 *
 * The reader walks over one block of bytes and gives one row at a time as slices, most of them into
 * the block itself. Fields may be quoted, with doubled quotes and line ends inside; lines end with LF,
 * CRLF or CR. It keeps no state between two rows, so reading can begin at any row's first byte.
 *
 * Sources: RFC 4180; the cases in tests/unit/document/test_csv.c.
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

enum csv_end {
    CSV_ROW,   /* a row was read */
    CSV_BLANK, /* an empty line was passed */
    CSV_MORE,  /* the block ends inside a row and is not the last */
    CSV_DONE,  /* nothing is left */
    CSV_BAD,   /* the row is malformed; the rest of its line was passed */
};

struct csv_row {
    struct value *fields; /* VALUE_STRING; in the reader's list, until the next row */
    uint32_t count;
    const char *problem; /* CSV_BAD: static words */
    uint32_t problem_column; /* 1-based, in bytes of the row */
    uint64_t lines;          /* physical lines that the row took */
};

struct csv_reader {
    const char *at, *end; /* what is left of the block */
    char delimiter;
    bool is_last;          /* nothing follows the block */
    struct arena *arena;   /* for fields that need unescaping */
    struct value *fields;  /* room for fields_max */
    uint32_t fields_max;
};

/* Reads the next row; on ROW, BLANK and BAD `at` stands behind it, on MORE it did not move. */
enum csv_end csv_read_row(struct csv_reader *reader, struct csv_row *row);

/* One cell: quoted only where needed; null is empty, a string is itself, anything else JSON. */
void csv_write_cell(struct buffer *out, struct value value, char delimiter);

#endif
