/* render/names.h - objects that may have certain members only.
 *
 * Threads: pure functions, any thread.
 */
#ifndef RENDER_NAMES_H
#define RENDER_NAMES_H

#include "base/status.h"
#include "base/value.h"

/* INVALID unless all members of the object are among the names; the words call one `what`. */
MUST_USE enum status names_check(struct value object, const char *what, const char *const *names,
                                 size_t count, struct error *error);

#endif
