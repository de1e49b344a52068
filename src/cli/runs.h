/* cli/runs.h - the commands behind `windrow runs` that have options of their own.
 *
 * Threads: the main thread.
 */
#ifndef CLI_RUNS_H
#define CLI_RUNS_H

#include "cli/cli.h"

cli_command_fn runs_results;
cli_command_fn runs_diff;

#endif
