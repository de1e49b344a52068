/* render/picture.h - a picture as it comes with the input, checked.
 *
 * Sources: the PNG specification, chapter 5 (signature, IHDR); ITU T.81, annex B (markers).
 * Threads: pure functions, any thread.
 */
#ifndef RENDER_PICTURE_H
#define RENDER_PICTURE_H

#include "base/arena.h"
#include "base/status.h"
#include "base/value.h"
#include "render/model.h"

/* Reads {name, type, base64}: type is "image/png" or "image/jpeg" and must be what the bytes are.
 * Nothing is decoded but the size in pixels. INVALID, UNSUPPORTED, LIMIT with words that name the
 * picture. */
MUST_USE enum status picture_read(struct picture *out, struct arena *arena, struct value from,
                                  struct error *error);

#endif
