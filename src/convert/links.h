/* convert/links.h - how the parts of an Office document point at each other.
 *
 * Sources: ECMA-376-2 (Open Packaging Conventions), 6.5 (relationships).
 * Threads: one.
 */
#ifndef CONVERT_LINKS_H
#define CONVERT_LINKS_H

#include "base/arena.h"
#include "base/status.h"
#include "convert/package.h"

#include <stdbool.h>
#include <stdint.h>

struct link {
    const char *id, *type, *target;
};

/* The relationships of a part, but for those that leave the package. */
struct links {
    struct package *package; /* borrowed */
    struct arena *arena;
    const char *part;
    struct link *items; /* mem_free() */
    uint32_t count, capacity;
};

void links_init(struct links *links, struct package *package, struct arena *arena);
void links_done(struct links *links);

/* Those of a part, "" being the whole package, in place of those read before. NOT_FOUND: it has
 * none; else as package_read(). */
MUST_USE enum status links_read(struct links *links, const char *part, struct error *error);

/* By what stands behind the last slash of a type: it is the same in both families of namespaces. */
bool link_is(const struct link *link, const char *type);
/* NULL: there is none with that id. */
const struct link *links_find(const struct links *links, const char *id);

/* The part that a link leads to. */
const char *links_target(const struct links *links, const struct link *link);
/* The part that the first link of that type leads to, or NULL. */
const char *links_part(const struct links *links, const char *type);

#endif
