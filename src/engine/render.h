/* engine/render.h - a table of a stored run as rows of a file, made when it is asked for.
 *
 * A rendering is a sink that stands behind all steps of the table and that nobody wrote into the
 * plan: its rows are those of a sink without `columns`, in a format of a sink type. Behind them
 * come three columns of their own: `_key`, `_state` and `_error`, which is "step: code: words" of a
 * failed item. A run that goes on is rendered as far as its chunks are recorded when the rendering
 * begins.
 *
 * The columns are those that were asked for, or the union over all rows that are rendered; a format
 * that needs the union first has the records read twice. Memory stays at one chunk.
 *
 * Threads: one at a time, not the engine's: it reads the store and the source's file. It may move
 * from thread to thread between two calls.
 */
#ifndef ENGINE_RENDER_H
#define ENGINE_RENDER_H

#include "base/buffer.h"
#include "engine/engine.h"

struct render;

struct render_options {
    struct slice table;             /* as in struct item_query */
    const struct step_type *format; /* a sink type that encodes rows */
    bool is_array;                  /* the rows as one JSON array, whatever the format */
    bool is_plain;                  /* without the three columns of its own */
    bool is_of_items;               /* nor what steps have made of them */
    bool has_state;                 /* only items in `state` */
    enum item_state state;
    uint64_t from_ordinal, through_ordinal; /* only items of these places, both included */
    uint64_t limit;                         /* rows at most; 0: all */
    struct value columns; /* names, in order; VALUE_NONE: all. Borrowed until render_close() */
};

/* The row is borrowed until render_close(). On failure *out is NULL: NOT_FOUND: no such table; else
 * as the store and the source have it. */
MUST_USE enum status render_open(struct render **out, struct engine *engine,
                                 const struct run_row *row, const struct render_options *options,
                                 struct error *error);

/* The table's name, "" for the input. Borrowed from the rendering. */
struct slice render_table(const struct render *render);

/* Does the work of one chunk and appends what text there is of it: none while the columns are
 * looked for. After a failure the rendering can only be closed. LIMIT: a row or the columns are too
 * large. */
MUST_USE enum status render_next(struct render *render, struct buffer *out, bool *is_end,
                                 struct error *error);

/* Leaves NULL; does nothing for it. */
void render_close(struct render **render);

#endif
