/* render/escape.h - text as HTML or XML: escaped.
 *
 * Threads: pure functions, any thread.
 */
#ifndef RENDER_ESCAPE_H
#define RENDER_ESCAPE_H

#include "base/buffer.h"
#include "base/slice.h"

/* Appends text so that it is text, also inside a quoted attribute. */
void escape_text(struct buffer *out, struct slice text);

/* Appends " name=\"value\"". */
void escape_attribute(struct buffer *out, const char *name, struct slice value);

#endif
