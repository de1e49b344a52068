/* Workflows of ours as files of other programs. */
#include "base/json.h"
#include "base/limits.h"
#include "cli/options.h"
#include "cli/remote.h"
#include "cli/stored.h"
#include "flow/plan.h"
#include "foreign/tutor_file.h"
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

/* The file of a definition; `id`: hex. */
static enum status
print_file(struct arena *arena, struct value definition, const char *id, const char *which,
           struct error *error)
{
    struct value file;
    struct buffer text;
    enum status status =
        tutor_file_write(&file, definition, arena, print_note, (void *)which, error);
    if (status != STATUS_OK)
        return status;
    file = value_object_set(arena, file, value_text("id"),
                            value_text(arena_format(arena, "wf_%s", id)));
    buffer_init(&text, 4 * LIMIT_DEFINITION_BYTES);
    json_print_pretty(&text, file);
    buffer_append_byte(&text, '\n');
    bool is_written = cli_write(stdout, &text);
    buffer_done(&text);
    return is_written ? STATUS_OK : error_set(error, STATUS_IO, "the output could not be written");
}

static enum status
export_here(struct cli *cli, const char *data, const char *which, struct error *error)
{
    struct stored stored;
    struct plan *plan = NULL;
    struct id id = {{0}};
    char form[ID_HEX_BYTES];
    enum status status = stored_open(&stored, cli, data, error);
    if (status == STATUS_OK)
        status = load(&stored, which, &plan, &id, error);
    id_hex(&id, form);
    if (status == STATUS_OK)
        status = print_file(&stored.arena, plan->canonical, form, which, error);
    if (plan != NULL)
        plan_drop(&plan);
    stored_close(&stored);
    return status;
}

/* Likewise of a server elsewhere. */
static enum status
export_there(const struct remote_options *options, const char *which, struct error *error)
{
    struct remote remote;
    struct value workflow, version;
    int64_t published = 0;
    enum status status = remote_open(&remote, options, error);
    if (status == STATUS_OK)
        status =
            remote_get(&remote, remote_path(&remote, "/v1/workflows/%s", which), &workflow, error);
    bool is_published = status == STATUS_OK &&
                        value_integer(value_get(workflow, "publishedVersion"), &published) &&
                        published > 0;
    if (status == STATUS_OK)
        status = remote_get(&remote,
                            remote_path(&remote, "/v1/workflows/%s/versions/%s", which,
                                        is_published ? "published" : "newest"),
                            &version, error);
    if (status == STATUS_OK) {
        struct slice id = value_slice(value_get(workflow, "id"));
        const char *text = arena_format(&remote.arena, "%.*s", SLICE_FORMAT(slice_cut(id, 64)));
        status = print_file(&remote.arena, value_get(version, "definition"), text, which, error);
    }
    remote_close(&remote);
    return status;
}

int
cli_export(struct cli *cli, int argc, char **argv)
{
    const char *data = CLI_DATA_DEFAULT;
    struct remote_options remote = {0};
    const struct option options[] = {OPTION_DATA(&data), REMOTE_OPTIONS(remote)};
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
    if (remote_is_asked(argc, argv))
        return export_there(&remote, words.values[0], &error) == STATUS_OK
                   ? CLI_OK
                   : remote_complain(&error);
    return export_here(cli, data, words.values[0], &error) == STATUS_OK ? CLI_OK
                                                                        : cli_complain(&error);
}
