/* cli/download.h - an answer of a server as a file.
 *
 * Threads: the main thread.
 */
#ifndef CLI_DOWNLOAD_H
#define CLI_DOWNLOAD_H

#include "cli/remote.h"

/* Gets it into a file beside `path`, which takes its place when it is whole; "-": to standard
 * output as it comes. */
MUST_USE enum status download_to(struct remote *remote, const char *from, const char *path,
                                 struct error *error);

#endif
