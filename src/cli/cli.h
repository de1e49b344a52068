/* cli/cli.h - the commands, and what they share.
 *
 * Exit codes are the same everywhere: see enum cli_exit.
 *
 * Threads: the main thread.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/buffer.h"
#include "base/conversion.h"
#include "base/status.h"
#include "service/service.h"

#include <stdbool.h>
#include <stdio.h>

enum cli_exit {
    CLI_OK = 0,
    CLI_FAILED = 1,     /* the run failed, a file is invalid, something is not there */
    CLI_USAGE = 2,      /* the call's words are wrong */
    CLI_CANCELLED = 3,  /* the run was cancelled */
    CLI_TROUBLE = 4,    /* the disk, the data folder or the network */
    CLI_EXPRESSION = 5, /* eval: the expression raised an error, as jq has it */
    CLI_PAUSED = 130,   /* interrupted; the run can go on */
};

struct setting_table;

/* Made by main, which alone names concrete stores, steps and the transport. */
struct cli {
    const struct step_table *steps;
    const struct catalog *catalog;
    const struct setting_table *settings; /* what can be set: for the documentation */
    /* Opens a service over a data folder with the transport of this process. */
    enum status (*open)(struct cli *cli, const char *data_folder, bool allow_paths,
                        struct service **out, struct error *error);
    /* The same for looking only: works beside a running server that holds the folder. */
    enum status (*open_reader)(struct cli *cli, const char *data_folder, struct service **out,
                               struct error *error);
    void (*close)(struct cli *cli, struct service **service);
    /* What is made of a foreign document, in a sandbox child (base/conversion.h). */
    enum status (*convert)(struct conversion *conversion, struct error *error);
    const char *config;  /* file of AI providers; NULL: not given */
    const char *ca_file; /* of outgoing calls but those of models; NULL: the system's */
    const char *allow;   /* addresses that outgoing calls may reach beside the public internet */
};

typedef int cli_command_fn(struct cli *cli, int argc, char **argv);

cli_command_fn cli_run;
cli_command_fn cli_runs;
cli_command_fn cli_validate;
cli_command_fn cli_check;
cli_command_fn cli_docs;
cli_command_fn cli_eval;
cli_command_fn cli_keys;
cli_command_fn cli_secrets;
cli_command_fn cli_vars;
cli_command_fn cli_workspaces;
cli_command_fn cli_text;
cli_command_fn cli_login;
cli_command_fn cli_push;
cli_command_fn cli_pull;
cli_command_fn cli_diff;
cli_command_fn cli_import;
cli_command_fn cli_export;
cli_command_fn cli_files;
cli_command_fn cli_backup;
cli_command_fn cli_restore;

#define CLI_DATA_DEFAULT "windrow-data"

/* Says "windrow: words" on standard error and gives CLI_TROUBLE, or CLI_FAILED for faults of the
 * input. */
int cli_complain(const struct error *error);

/* Writes all of it, which may be nothing; false: the stream has an error. */
bool cli_write(FILE *stream, const struct buffer *text);

#endif
