#include "base/fault.h"
#include "base/metrics.h"
#include "base/slice.h"
#include "cli/cli.h"
#include "main/models.h"
#include "main/world.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static int
print_version(struct cli *cli, int argc, char **argv)
{
    printf("windrow %s\n", WINDROW_VERSION);
    return CLI_OK;
}

static cli_command_fn print_help;

static const struct {
    const char *name;
    cli_command_fn *run;
    const char *summary;
} commands[] = {
    {"run", cli_run, "run a workflow here, without a server"},
    {"runs", cli_runs, "list, show, retry, rerun or cancel runs, get their rows"},
    {"serve", world_serve, "answer the HTTP API"},
    {"validate", cli_validate, "check workflow files"},
    {"login", cli_login, "note a server and a key, for the commands that talk to one"},
    {"push", cli_push, "store workflow files on a server"},
    {"pull", cli_pull, "write workflows of a server as files"},
    {"diff", cli_diff, "show what workflow files change of what a server has"},
    {"import", cli_import, "store a workflow of another program as one of ours"},
    {"export", cli_export, "print a workflow of one prompt for another program"},
    {"files", cli_files, "send files to a server, list and get them"},
    {"check", cli_check, "check JSON and YAML files against a JSON Schema"},
    {"text", cli_text, "print the text of documents: PDF, DOCX, web pages"},
    {"docs", cli_docs, "tell about step types and error codes; the schema for editors"},
    {"eval", cli_eval, "evaluate an expression on JSON texts, like jq"},
    {"models", models_command, "list the models that can be asked, and the default one"},
    {"keys", cli_keys, "make, list and revoke API keys"},
    {"secrets", cli_secrets, "store secrets for outgoing calls, list and delete them"},
    {"vars", cli_vars, "store values that workflows read, list and delete them"},
    {"workspaces", cli_workspaces, "make and list workspaces"},
    {"backup", cli_backup, "copy all that is stored, also beside a running server"},
    {"restore", cli_restore, "make a data folder of a backup"},
    {"doctor", doctor_command, "look whether a server could do its work here"},
    {"version", print_version, "print the version"},
    {"help", print_help, "print this"},
};

static int
print_help(struct cli *cli, int argc, char **argv)
{
    printf("windrow: durable AI workflows over one input or a million rows\n\ncommands:\n");
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        printf("  %-10s %s\n", commands[i].name, commands[i].summary);
    printf("\nwindrow COMMAND --help tells the options of one.\n");
    return CLI_OK;
}

static int
unknown_command(const char *name)
{
    const char *names[COUNT_OF(commands)];
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        names[i] = commands[i].name;
    const char *nearest = slice_nearest(slice_text(name), names, COUNT_OF(commands));
    fprintf(stderr, "windrow: unknown command \"%s\"", name);
    if (nearest != NULL)
        fprintf(stderr, "; did you mean \"%s\"?", nearest);
    fprintf(stderr, "\n");
    return CLI_USAGE;
}

/* Few heaps, and memory given back early: many threads would otherwise keep one each. */
static void
tame_allocator(void)
{
    mallopt(M_ARENA_MAX, 4);
    mallopt(M_TRIM_THRESHOLD, 1 << 20);
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
}

static int
run_command(cli_command_fn *command, int argc, char **argv)
{
    struct cli cli;
    struct error error = {0};
    int code =
        world_init(&cli, &error) == STATUS_OK ? command(&cli, argc, argv) : cli_complain(&error);
    world_done();
    return code;
}

int
main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    metrics_note_start();
    tame_allocator();
    if (!fault_configure())
        return CLI_USAGE;
    const char *name = argc < 2 ? "help" : argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    if (strcmp(name, "--version") == 0)
        name = "version";
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        if (strcmp(commands[i].name, name) == 0)
            return run_command(commands[i].run, argc - 2, argv + 2);
    }
    return unknown_command(name);
}
