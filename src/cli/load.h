/* cli/load.h - workflow files as the commands read them.
 *
 * Threads: the main thread.
 */
#ifndef CLI_LOAD_H
#define CLI_LOAD_H

#include "base/buffer.h"
#include "cli/cli.h"

/* Reads and checks a workflow file ("-": standard input); every problem is printed on standard
 * error. rows: see plan_options, or NULL. *text is the caller's to end on every result; templates
 * that lie in files beside the workflow have been put into it. */
int load_workflow(const struct cli *cli, const char *file, const char *rows, struct buffer *text,
                  struct plan **plan);

/* Whether what the workflow plans[which], of that file, calls among the count of them is called
 * rightly; what is not is printed. NULL plans are passed over. */
bool check_calls(const char *file, struct plan *const *plans, size_t which, size_t count);

#endif
