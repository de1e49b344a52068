/* base/embedded.h - files that are part of the program: pages of docs/, texts of schemas.
 *
 * tools/embed makes the table from the files when the program is built.
 *
 * Threads: constant data.
 */
#ifndef BASE_EMBEDDED_H
#define BASE_EMBEDDED_H

#include "base/slice.h"

/* A table of them ends with a NULL name. */
struct embedded_file {
    const char *name; /* path from the folder that tools/embed was given, "steps/set.md" */
    const char *text; /* NUL-terminated */
};

/* The text of that file; NULL if there is none. */
static inline const char *
embedded_find(const struct embedded_file *files, struct slice name)
{
    for (; files->name != NULL; files++) {
        if (slice_is(name, files->name))
            return files->text;
    }
    return NULL;
}

#endif
