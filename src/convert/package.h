/* convert/package.h - a foreign ZIP file and the parts in it.
 *
 * Reads what is asked for and no more, with a maximum on each part and on how far it may blow up.
 *
 * Sources: PKWARE APPNOTE 6.3.10; ECMA-376-2 (Open Packaging Conventions), 6.2 and 6.5.
 * Threads: one.
 */
#ifndef CONVERT_PACKAGE_H
#define CONVERT_PACKAGE_H

#include "base/slice.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct package;

/* Borrows the descriptor, which is open for reading and seekable. INVALID: it is no ZIP file, with
 * words that say what it seems to be. */
MUST_USE enum status package_open(struct package **out, int fd, struct error *error);
/* Does nothing for NULL. */
void package_close(struct package **package);

/* Whatever the case of the name's letters. */
bool package_has(struct package *package, const char *part);

/* Takes a piece of a part, and whether it is the last (which may be empty); false stops. */
typedef bool package_piece_fn(void *context, struct slice piece, bool is_last);

/* Gives the part's bytes from its beginning. OK also when it was stopped. NOT_FOUND; INVALID: it is
 * damaged or encrypted; LIMIT: it is larger than bytes_max, or it is a bomb. */
MUST_USE enum status package_read(struct package *package, const char *part, uint64_t bytes_max,
                                  package_piece_fn *piece, void *context, struct error *error);

#endif
