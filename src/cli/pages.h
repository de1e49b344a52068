/* cli/pages.h - the pages of docs/steps and docs/errors, as they are part of the program.
 *
 * Threads: constant data.
 */
#ifndef CLI_PAGES_H
#define CLI_PAGES_H

#include "base/embedded.h"

/* "steps/set.md", "errors/bad_row.md" and so on; ends with a NULL name. */
extern const struct embedded_file doc_pages[];

#endif
