/* render/text.h - which characters a document may hold, and texts as plain lines.
 *
 * Controls and noncharacters mean nothing on a page, and XML and HTML do not allow them.
 *
 * Threads: pure functions, any thread.
 */
#ifndef RENDER_TEXT_H
#define RENDER_TEXT_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/* Whether the code point may stand in a line of text: neither a control (tab included) nor a
 * noncharacter. */
bool text_allows(uint32_t point);

/* Appends UTF-8 text without what text_allows() does not; tabs stay. */
void text_append_allowed(struct buffer *out, struct slice text);

/* One line of text in the arena: runs of white space and line ends are one space, none at the ends,
 * and what is not allowed is left out. .ptr is NULL over the arena's limit. */
struct slice text_line(struct arena *arena, struct slice text);

/* Whether it is a number as people write it in tables: digits, signs and units of at most three
 * letters, beginning with a digit, a sign or a currency. */
bool text_is_number(struct slice text);

#endif
