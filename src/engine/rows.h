/* engine/rows.h - the file that holds the rows which a reshape made.
 *
 * Rows stand one behind the other as they were put out; a place in the file is an offset and a
 * number of rows, as in a file that a source reads, so that the rows of a reshaped table are read
 * back by the same code. What rows were expanded from is written once and referred to by the rows
 * that follow it.
 *
 * A row: varint size of all that follows; varint size of the key and the key; varint size of the
 * item's JSON text and the text, likewise of the steps and the problem; then of the parent: 0, or 1
 * and its text with its size, or 2 and a varint of how many bytes before this row the row with the
 * text begins.
 *
 * The file is written while it is read: a reader is told how far it may go. It is made anew, byte
 * by byte the same, when a run goes on whose reshape had not come to its end.
 *
 * Threads: one writes, any number read; rows_allow() may come from any.
 */
#ifndef ENGINE_ROWS_H
#define ENGINE_ROWS_H

#include "engine/step.h"
#include "store/blobs.h"

/* --- writing --- */

struct rows_writer;

/* Begins with an empty blob. */
MUST_USE enum status rows_writer_open(struct rows_writer **out, struct blobs *blobs,
                                      const struct id *blob, struct error *error);
/* Puts rows behind each other; they are in the blob after rows_writer_flush(). */
struct reshape_out *rows_writer_out(struct rows_writer *writer);
MUST_USE enum status rows_writer_flush(struct rows_writer *writer, struct error *error);
MUST_USE enum status rows_writer_sync(struct rows_writer *writer, struct error *error);
/* The same rows come once more: those that are in the blob are passed over. */
void rows_writer_restart(struct rows_writer *writer);
/* Bytes in the blob. */
uint64_t rows_writer_size(const struct rows_writer *writer);
void rows_writer_close(struct rows_writer **writer);

/* --- reading, as a source --- */

/* The functions of a source for a table's `source_type`; source_open is not among them. */
extern const struct step_type rows_source_type;

/* Nothing may be read before rows_allow(). */
MUST_USE enum status rows_source_open(struct source **out, struct blobs *blobs,
                                      const struct id *blob, struct error *error);
/* Bytes that are there now, and whether they are all. A chunk that could become longer is not given
 * before that: the batch is empty then, and not the end. */
void rows_allow(struct source *source, uint64_t size_bytes, bool is_all);
/* Bytes that the blob had when it was opened. */
uint64_t rows_size(const struct source *source);

#endif
