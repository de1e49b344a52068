/* Workflows of ours as files of other programs. */
#include "base/json.h"
#include "base/limits.h"
#include "cli/options.h"
#include "cli/stored.h"
#include "foreign/tutor_file.h"
#include "flow/plan.h"
#include "service/workflows.h"

#include <stdio.h>

static void
print_note(const char *words, void *context)
{
    fprintf(stderr, "windrow: %s: %s\n", (const char *)context, words);
}

/* The published version, or the newest where none is. */
static enum status
load(struct stored *stored, const char *which, struct plan **plan, struct id *id,
     struct error *error)
{
    struct workflow_row row;
    struct id workspace = service_default_workspace(stored->service);
    enum status status =
        service_workflow_find(stored->service, &workspace, slice_text(which), &stored->arena, &row);
    if (status != STATUS_OK)
        return error_set(error, status, "there is no workflow %s in %s", which, stored->data);
    struct version_row version = {.workflow = row.id,
                                  .version = row.published_version == 0 ? row.latest_version
                                                                        : row.published_version};
    *id = row.id;
    return service_version_load(stored->service, &version, plan, error);
}

static enum status
print_file(struct stored *stored, const struct plan *plan, const struct id *id, const char *which,
           struct error *error)
{
    struct value file;
    struct buffer text;
    char form[3 + ID_HEX_BYTES] = "wf_";
    enum status status =
        tutor_file_write(&file, plan->canonical, &stored->arena, print_note, (void *)which, error);
    if (status != STATUS_OK)
        return status;
    id_hex(id, form + 3);
    file = value_object_set(&stored->arena, file, value_text("id"), value_text(form));
    buffer_init(&text, 4 * LIMIT_DEFINITION_BYTES);
    json_print_pretty(&text, file);
    buffer_append_byte(&text, '\n');
    bool is_written = cli_write(stdout, &text);
    buffer_done(&text);
    return is_written ? STATUS_OK : error_set(error, STATUS_IO, "the output could not be written");
}

static enum status export(struct cli *cli, const char *data, const char *which,
                          struct error *error) {
    struct stored stored; struct plan *plan = NULL; struct id id = {{0}};
    enum status status = stored_open(&stored, cli, data, error);
    if (status == STATUS_OK) status = load(&stored, which, &plan, &id, error);
    if (status == STATUS_OK) status = print_file(&stored, plan, &id, which, error);
    if (plan != NULL) plan_drop(&plan);
    stored_close(&stored);
    return status;
}

int
cli_export(struct cli *cli, int argc, char **argv)
{
    const char *data = CLI_DATA_DEFAULT;
    const struct option options[] = {
        {.name = "--data",
         .kind = OPTION_TEXT,
         .into.text = &data,
         .value = "DIR",
         .help = "where everything is kept [windrow-data]",
         .environment = "WINDROW_DATA"},
    };
    const struct option_table table = {
        .usage = "windrow export WORKFLOW [options]",
        .summary = "Prints a workflow of one prompt as the AI Tutor API exports it.",
        .options = options,
        .count = COUNT_OF(options),
        .positional_min = 1,
        .positional_max = 1,
    };
    struct positional words;
    struct error error = {0};
    enum options_end end = options_read(&table, argc, argv, &words);
    if (end != OPTIONS_OK)
        return end == OPTIONS_HELP ? CLI_OK : CLI_USAGE;
    if (export(cli, data, words.values[0], &error) != STATUS_OK)
        return cli_complain(&error);
    return CLI_OK;
}
