/* render/entity.h - the characters that &eacute; and &#233; stand for.
 *
 * Source: HTML 4.01, chapter 24, and &apos;. Names beyond those stay as they are written.
 * Threads: pure functions, any thread.
 */
#ifndef RENDER_ENTITY_H
#define RENDER_ENTITY_H

#include "base/buffer.h"
#include "base/slice.h"

/* Appends what the entity, with "&" and ";", stands for. A number that no text may hold gives
 * U+FFFD, an unknown name is appended as it is. */
void entity_append(struct buffer *out, struct slice entity);

#endif
