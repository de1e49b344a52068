/* Workflows of other programs, made into ones of ours and stored. */
#include "base/fs.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "cli/asking.h"
#include "cli/load.h"
#include "cli/options.h"
#include "flow/plan.h"
#include "foreign/n8n.h"
#include "foreign/sixtyfour.h"
#include "foreign/tutor_file.h"

#include <stdio.h>
#include <string.h>

/* Workflows of one name that are told apart by a number. */
#define SAME_NAMES_MAX 1000

struct import_options {
    const char *data;
    struct remote_options remote;
    bool is_remote; /* to that server, not to the data folder */
    bool publish, as_json, only_print;
};

struct importing {
    struct asking asking;
    const struct import_options *options;
    const char *file;
    struct value flow;   /* as a workflow file of ours */
    struct value report; /* what n8n_read() tells; VALUE_NONE: the notes are all there is */
    struct value notes;
    char slug[80]; /* that it has by its name */
};

static void
print_note(const char *words, void *context)
{
    struct importing *importing = context;
    struct arena *arena = &importing->asking.arena;
    fprintf(stderr, "%s: %s\n", importing->file, words);
    struct slice kept = arena_copy(arena, slice_text(words));
    if (kept.ptr != NULL)
        importing->notes = value_array_append(arena, importing->notes, value_string(kept));
}

/* --- reading --- */

/* Those that a server makes when it is sent the graph. */
static void
note_lists(struct importing *importing)
{
    struct arena *arena = &importing->asking.arena;
    struct value lists = sixtyfour_new_lists(importing->flow, arena);
    for (uint32_t i = 0; i < lists.count; i++)
        print_note(arena_format(arena, "make a list \"%.*s\" before it runs: POST /v1/lists",
                                SLICE_FORMAT(value_slice(value_items(lists)[i]))),
                   importing);
}

/* A graph of Sixtyfour; one without a name has that of the file. */
static enum status
read_graph(struct importing *importing, struct value file)
{
    struct asking *asking = &importing->asking;
    struct sixtyfour_problem problem;
    struct sixtyfour_wanted wanted = {
        .catalog = asking->cli->catalog,
        .keeps_on = true,
        .note = print_note,
        .context = importing,
    };
    sixtyfour_take_file(&wanted, file);
    if (wanted.name.size == 0) {
        const char *slash = strrchr(importing->file, '/');
        struct slice name = slice_text(slash == NULL ? importing->file : slash + 1);
        const char *dot = memrchr(name.ptr, '.', name.size);
        wanted.name = dot == NULL ? name : slice_of(name.ptr, (size_t)(dot - name.ptr));
    }
    enum status status = sixtyfour_read(&importing->flow, &wanted, &asking->arena, &problem);
    if (status != STATUS_OK)
        error_set(&asking->error, status, "%s%s%s", problem.place,
                  problem.place[0] == '\0' ? "" : ": ", problem.words);
    if (status == STATUS_OK)
        note_lists(importing);
    return status;
}

static enum status
read_nodes(struct importing *importing, struct value file)
{
    struct asking *asking = &importing->asking;
    struct n8n_wanted wanted = {
        .file = file, .catalog = asking->cli->catalog, .note = print_note, .context = importing};
    struct n8n_made made;
    enum status status = n8n_read(&made, &wanted, &asking->arena, &asking->error);
    importing->flow = made.flow;
    importing->report = made.report;
    return status;
}

static enum status
read_value(struct importing *importing, struct value file)
{
    struct asking *asking = &importing->asking;
    if (n8n_is(file))
        return read_nodes(importing, file);
    if (sixtyfour_is_graph(file))
        return read_graph(importing, file);
    if (tutor_file_is(file))
        return tutor_file_read(&importing->flow, file, &asking->arena, print_note, importing,
                               &asking->error);
    if (value_get(file, "steps").kind == VALUE_ARRAY)
        return error_set(&asking->error, STATUS_INVALID,
                         "it is a workflow file as they are here: store it with windrow push");
    return error_set(&asking->error, STATUS_INVALID,
                     "expected a workflow of n8n ({nodes, connections, …}), a graph of Sixtyfour "
                     "({blocks, edges}) or the export of an AI Tutor workflow ({name, model, "
                     "template, inputs, …})");
}

static bool
read_text(struct importing *importing, struct slice text)
{
    struct asking *asking = &importing->asking;
    struct value file;
    enum status status = json_parse(&file, &asking->arena, text, 0, NULL, &asking->error);
    if (status != STATUS_OK)
        error_prepend(&asking->error, "expected the JSON of another program's workflow");
    else
        status = read_value(importing, file);
    if (status != STATUS_OK)
        error_prepend(&asking->error, "%s", importing->file);
    return status == STATUS_OK;
}

static bool
read_file(struct importing *importing)
{
    struct buffer text;
    buffer_init(&text, LIMIT_FOREIGN_BYTES);
    enum status status =
        fs_read_file(&text, importing->file, LIMIT_FOREIGN_BYTES, &importing->asking.error);
    bool is_read = status == STATUS_OK && read_text(importing, buffer_slice(&text));
    buffer_done(&text);
    return is_read;
}

/* Whether it is a workflow that loads; its problems are those of what was imported. */
static bool
check_flow(struct importing *importing)
{
    struct asking *asking = &importing->asking;
    struct plan *plan = NULL;
    struct plan_options options = {.catalog = asking->cli->catalog};
    struct problems *problems = mem_alloc(sizeof(*problems));
    problems_init(problems, &asking->arena);
    struct slice text = json_text(&asking->arena, importing->flow);
    enum status status = plan_load(&plan, text, &options, problems);
    if (status == STATUS_OK)
        snprintf(importing->slug, sizeof(importing->slug), "%.*s",
                 SLICE_FORMAT(value_slice(plan->slug)));
    else
        error_set(&asking->error, STATUS_INVALID, "%s: as a workflow: %s: %s", importing->file,
                  problems->list[0].path, problems->list[0].words);
    plan_drop(&plan);
    mem_free(problems);
    return status == STATUS_OK;
}

/* --- storing --- */

static bool
store(struct importing *importing)
{
    struct asking *asking = &importing->asking;
    struct value request = asking_request(asking, "workflow_create");
    struct slice text = json_text(&asking->arena, importing->flow);
    asking_put(asking, &request, "text", value_string(text));
    asking_put(asking, &request, "publish", value_bool(importing->options->publish));
    return asking_ask(asking, request);
}

/* Two workflows may have one name elsewhere: the slugs here get numbers. */
static bool
store_somehow(struct importing *importing)
{
    struct asking *asking = &importing->asking;
    for (int number = 2; number < SAME_NAMES_MAX; number++) {
        if (store(importing))
            return true;
        if (asking->error.status != STATUS_CONFLICT)
            return false;
        const char *slug = arena_format(&asking->arena, "%.58s-%d", importing->slug, number);
        importing->flow =
            value_object_set(&asking->arena, importing->flow, value_text("slug"), value_text(slug));
        asking->error = (struct error){0};
    }
    error_set(&asking->error, STATUS_CONFLICT, "%s: too many workflows have this name",
              importing->file);
    return false;
}

/* The report, or the notes as one. */
static struct value
report_of(struct importing *importing)
{
    struct member member = {value_text("notes"), importing->notes};
    return importing->report.kind != VALUE_NONE
               ? importing->report
               : value_object_new(&importing->asking.arena, &member, 1);
}

static void
print_json(struct value value, bool is_pretty)
{
    struct buffer out;
    buffer_init(&out, LIMIT_FOREIGN_BYTES);
    if (is_pretty)
        json_print_pretty(&out, value);
    else
        json_print(&out, value);
    buffer_append_byte(&out, '\n');
    cli_write(stdout, &out);
    buffer_done(&out);
}

/* The workflow; with --json {workflow, report}. */
static void
print_flow(struct importing *importing)
{
    struct member members[] = {
        {value_text("workflow"), importing->flow},
        {value_text("report"), report_of(importing)},
    };
    if (!importing->options->as_json)
        print_json(importing->flow, true);
    else
        print_json(value_object_new(&importing->asking.arena, members, COUNT_OF(members)), false);
}

/* workflow_create of the control socket as a request of the HTTP API. */
static enum status
create_there(struct remote *remote, struct value request, struct value *answer, struct error *error)
{
    struct remote_answer made;
    bool publish = value_is_true(value_get(request, "publish"));
    struct remote_ask ask = {.method = "POST",
                             .path = publish ? "/v1/workflows?publish=true" : "/v1/workflows",
                             .body = value_slice(value_get(request, "text")),
                             .type = "application/json"};
    enum status status = remote_do(remote, &ask, &made, error);
    struct member member = {value_text("workflow"), value_get(value_get(made.json, "data"), "id")};
    if (status == STATUS_OK && member.value.kind != VALUE_STRING)
        status = error_set(error, STATUS_IO, "the server did not tell the workflow's id");
    if (status == STATUS_OK)
        *answer = value_object_new(&remote->arena, &member, 1);
    return status;
}

/* That it was stored under, or will be unless it is taken. */
static struct slice
slug_of(const struct importing *importing)
{
    return value_slice_or(value_get(importing->flow, "slug"), slice_text(importing->slug));
}

static void
print_made(struct importing *importing)
{
    struct slice id = value_slice(value_get(importing->asking.answer, "workflow"));
    struct arena *arena = &importing->asking.arena;
    const char *shown = arena_format(arena, "wf_%.*s", SLICE_FORMAT(id));
    struct member members[] = {
        {value_text("id"), value_text(shown)},
        {value_text("slug"), value_string(slug_of(importing))},
        {value_text("report"), report_of(importing)},
    };
    if (importing->options->as_json)
        print_json(value_object_new(arena, members, COUNT_OF(members)), false);
    else
        printf("%s  %s\n", shown, importing->options->publish ? "published" : "not published");
}

/* What there is to do next, for who reads along. */
static void
tell_next(const struct importing *importing)
{
    const struct import_options *options = importing->options;
    if (options->only_print)
        fprintf(stderr, "%s: next: windrow import %s --publish stores it\n", importing->file,
                importing->file);
    else
        fprintf(stderr, "%s: next: %s: POST /v1/workflows/%.*s/%s\n", importing->file,
                options->publish ? "start a run" : "publish it", SLICE_FORMAT(slug_of(importing)),
                options->publish ? "runs" : "publish");
}

int
cli_import(struct cli *cli, int argc, char **argv)
{
    struct import_options into = {.data = CLI_DATA_DEFAULT,
                                  .is_remote = remote_is_asked(argc, argv)};
    const struct option options[] = {
        OPTION_DATA(&into.data),
        REMOTE_OPTIONS(into.remote),
        {.name = "--publish",
         .kind = OPTION_FLAG,
         .into.flag = &into.publish,
         .help = "runs may start on it at once"},
        {.name = "--print",
         .kind = OPTION_FLAG,
         .into.flag = &into.only_print,
         .help = "print the workflow file, store nothing"},
        {.name = "--json",
         .kind = OPTION_FLAG,
         .into.flag = &into.as_json,
         .help = "print JSON, with the report"},
    };
    const struct option_table table = {
        .usage = "windrow import FILE [options]",
        .summary =
            "Stores a workflow of n8n, Sixtyfour or the AI Tutor API, as its export has it, as one "
            "of ours.",
        .options = options,
        .count = COUNT_OF(options),
        .positional_min = 1,
        .positional_max = 1,
    };
    struct positional words;
    enum options_end end = options_read(&table, argc, argv, &words);
    if (end != OPTIONS_OK)
        return end == OPTIONS_HELP ? CLI_OK : CLI_USAGE;
    struct importing importing = {
        .options = &into, .file = words.values[0], .notes = value_empty_array()};
    bool is_remote = into.is_remote && !into.only_print;
    bool is_ok = asking_init(&importing.asking, cli, into.data, is_remote ? &into.remote : NULL,
                             create_there) == STATUS_OK &&
                 read_file(&importing);
    if (is_ok && into.only_print)
        print_flow(&importing);
    is_ok = is_ok && check_flow(&importing) && (into.only_print || store_somehow(&importing));
    if (is_ok && !into.only_print)
        print_made(&importing);
    if (is_ok && !into.as_json)
        tell_next(&importing);
    int exit_code = is_ok ? CLI_OK : asking_complain(&importing.asking);
    asking_done(&importing.asking);
    return exit_code;
}
