/* render/request.h - the input of the kind "render": a JSON object with the Markdown and what
 * belongs to it, told in docs/documents-out.md.
 *
 * Threads: one at a time.
 */
#ifndef RENDER_REQUEST_H
#define RENDER_REQUEST_H

#include "base/arena.h"
#include "base/slice.h"
#include "base/status.h"
#include "render/model.h"
#include "render/supplies.h"

#define REQUEST_CITATIONS_MAX 10000
#define REQUEST_PICTURES_MAX 200
#define REQUEST_CHARTS_MAX 200
#define REQUEST_TEXT_BYTES_MAX 16384

/* Parses the input and reads its Markdown. What is said about things that are missing is in
 * *supplies. INVALID, UNSUPPORTED, LIMIT with words. */
MUST_USE enum status request_read(struct document *out, struct arena *arena, struct slice input,
                                  struct supplies *supplies, struct error *error);

#endif
