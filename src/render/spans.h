/* render/spans.h - spans put in order, as the model promises them.
 *
 * Threads: one at a time.
 */
#ifndef RENDER_SPANS_H
#define RENDER_SPANS_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/slice.h"
#include "render/model.h"

/* Drops what is empty, joins texts, code and emphasis that stand side by side, makes white space in
 * texts one space and none at both ends, and gives links without words their addresses as words.
 * False: the arena is full. */
bool spans_tidy(struct arena *arena, struct span **spans);

/* Appends what the spans say, without marks; a picture says what stands in its place. */
void spans_append_text(struct buffer *out, const struct span *spans);

#endif
