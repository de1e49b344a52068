#include "base/fs.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/follow.h"
#include "cli/load.h"
#include "cli/options.h"
#include "cli/place.h"
#include "service/wait.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct run_options {
    const char *data, *out, *rows, *resume, *allow, *config;
    struct option_list inputs;
    struct option_list with; /* files of workflows that FILE calls */
    bool as_json;
};

static const struct option_table *
run_table(struct run_options *into)
{
    static struct option options[9];
    static struct option_table table = {
        .usage = "windrow run FILE [--with FILE…] [--input NAME=VALUE…] [--rows FILE] [--out DIR]\n"
                 "                 [--data DIR]\n"
                 "       windrow run --resume RUN [--data DIR] [--out DIR]",
        .summary = "Runs a workflow here, without a server, and writes its files.",
        .options = options,
        .count = COUNT_OF(options),
        .positional_max = 1,
    };
    options[0] = (struct option){.name = "--input",
                                 .kind = OPTION_LIST,
                                 .into.list = &into->inputs,
                                 .value = "NAME=VALUE",
                                 .help = "a property of the run's input"};
    options[1] = (struct option){.name = "--rows",
                                 .kind = OPTION_TEXT,
                                 .into.text = &into->rows,
                                 .value = "FILE",
                                 .help = "rows for the first step: CSV, JSONL or XLSX"};
    options[2] = (struct option){.name = "--out",
                                 .kind = OPTION_TEXT,
                                 .into.text = &into->out,
                                 .value = "DIR",
                                 .help = "where the files go [out]"};
    options[3] = (struct option)OPTION_DATA(&into->data);
    options[4] = (struct option){.name = "--resume",
                                 .kind = OPTION_TEXT,
                                 .into.text = &into->resume,
                                 .value = "RUN",
                                 .help = "go on with a run that was interrupted"};
    options[5] = (struct option){.name = "--json",
                                 .kind = OPTION_FLAG,
                                 .into.flag = &into->as_json,
                                 .help = "print the run as JSON"};
    options[6] = (struct option)OPTION_ALLOW(&into->allow);
    options[7] = (struct option){.name = "--with",
                                 .kind = OPTION_LIST,
                                 .into.list = &into->with,
                                 .value = "FILE",
                                 .help = "a workflow that FILE calls; kept in the data folder"};
    options[8] = (struct option)OPTION_CONFIG(&into->config);
    return &table;
}

/* --- the input --- */

static bool
is_text_property(const struct schema *property)
{
    if (property == NULL)
        return true;
    struct value type = schema_keyword(property, "type");
    bool has_text = type.kind == VALUE_NONE || value_equal(type, value_text("string"));
    for (uint32_t i = 0; type.kind == VALUE_ARRAY && i < type.count; i++)
        has_text |= value_equal(value_items(type)[i], value_text("string"));
    return has_text;
}

static enum status
absolute_path(struct arena *arena, struct slice path, struct value *out, struct error *error)
{
    char *name = mem_copy_text(path.ptr, path.size);
    char *real = realpath(name, NULL);
    enum status status = STATUS_OK;
    if (real == NULL)
        status = error_set(error, STATUS_NOT_FOUND, "%s: there is no such file", name);
    else
        *out = value_string_copy(arena, slice_text(real));
    free(real);
    mem_free(name);
    return status;
}

static enum status
input_value(const struct schema *property, struct slice text, struct arena *arena,
            struct value *out, struct error *error)
{
    if (!is_text_property(property)) {
        enum status status = json_parse(out, arena, text, 0, NULL, error);
        if (status != STATUS_OK)
            error_prepend(error, "not the JSON that the schema asks for");
        return status;
    }
    struct value format = property == NULL ? value_null() : schema_keyword(property, "format");
    if (format.kind == VALUE_STRING && slice_is(value_slice(format), "file"))
        return absolute_path(arena, text, out, error);
    *out = value_string(text);
    return STATUS_OK;
}

static enum status
make_input(const struct plan *plan, const struct option_list *inputs, struct arena *arena,
           struct value *out, struct error *error)
{
    *out = value_empty_object();
    for (size_t i = 0; i < inputs->count; i++) {
        const char *equals = strchr(inputs->values[i], '=');
        if (equals == NULL)
            return error_set(error, STATUS_INVALID, "--input %s: expected NAME=VALUE",
                             inputs->values[i]);
        struct slice name = slice_of(inputs->values[i], (size_t)(equals - inputs->values[i]));
        const struct schema *property =
            plan->input_schema == NULL ? NULL : schema_property(plan->input_schema, name);
        struct value value;
        if (!slice_is_utf8(slice_text(inputs->values[i])))
            return error_set(error, STATUS_INVALID, "--input: the text is not UTF-8; convert it");
        enum status status = input_value(property, slice_text(equals + 1), arena, &value, error);
        if (status != STATUS_OK) {
            error_prepend(error, "--input %.*s", SLICE_FORMAT(name));
            return status;
        }
        *out = value_object_set(arena, *out, value_string(name), value);
    }
    return STATUS_OK;
}

/* --- the workflow --- */

/* The written steps with their ids spelled out, since one more in front would count them anew. */
static struct value
named_steps(struct value steps, struct arena *arena)
{
    struct value named = value_empty_array();
    for (uint32_t i = 0; i < steps.count; i++) {
        struct value step = value_items(steps)[i];
        if (value_get(step, "id").kind == VALUE_NONE) {
            const char *id = arena_format(arena, "step_%u", i + 1);
            step = value_object_set(arena, step, value_text("id"), value_text(id));
        }
        named = value_array_append(arena, named, step);
    }
    return named;
}

static bool
has_step(struct value steps, struct value id)
{
    for (uint32_t i = 0; i < steps.count; i++) {
        if (value_equal(value_get(value_items(steps)[i], "id"), id))
            return true;
    }
    return false;
}

/* The step that --rows has put in front, as a file would spell it. */
static struct value
rows_step(const struct plan *plan, struct value steps, const char *file, struct arena *arena)
{
    const struct plan_node *node = &plan->nodes[0];
    for (uint16_t n = 0; n < plan->node_count; n++) {
        if (!has_step(steps, plan->nodes[n].id))
            node = &plan->nodes[n];
    }
    struct member config = {value_text("file"), value_text(file)};
    struct member members[] = {
        {value_text("id"), node->id},
        {value_text("type"), value_text(node->decl->name)},
        {value_text("config"), value_object_new(arena, &config, 1)},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

/* What is stored: the file as written, or with --rows the definition with the step put in. */
static struct slice
stored_text(const struct plan *plan, const struct buffer *text, const char *rows,
            struct arena *arena)
{
    if (rows == NULL)
        return buffer_slice(text);
    struct value steps = named_steps(value_get(plan->canonical, "steps"), arena);
    struct value first = rows_step(plan, steps, rows, arena);
    struct value all = value_array_new(arena, &first, 1);
    all = value_array_concat(arena, all, steps);
    return json_text(arena, value_object_set(arena, plan->canonical, value_text("steps"), all));
}

static struct value
resolved_value(const struct run_options *options, struct arena *arena)
{
    char folder[4096];
    if (getcwd(folder, sizeof(folder)) == NULL)
        folder[0] = '\0';
    struct member members[] = {
        {value_text("cwd"), value_string_copy(arena, slice_text(folder))},
        {value_text("out"), value_string_copy(arena, slice_text(options->out))},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

/* The files of --with are checked before anything is opened, and how all call each other. */
static int
check_with(const struct cli *cli, const char *file, struct plan *plan,
           const struct option_list *with)
{
    size_t count = with->count + 1;
    struct plan **plans = mem_alloc_array(count, sizeof(struct plan *));
    int exit_code = CLI_OK;
    plans[0] = plan;
    for (size_t i = 1; i < count; i++) {
        struct buffer text;
        int its_code = load_workflow(cli, with->values[i - 1], NULL, &text, &plans[i]);
        exit_code = its_code > exit_code ? its_code : exit_code;
        buffer_done(&text);
    }
    for (size_t i = 0; i < count && exit_code == CLI_OK; i++) {
        if (!check_calls(i == 0 ? file : with->values[i - 1], plans, i, count))
            exit_code = CLI_FAILED;
    }
    for (size_t i = 1; i < count; i++)
        plan_drop(&plans[i]);
    mem_free(plans);
    return exit_code;
}

static enum status
store_with(struct service *service, const struct option_list *with, struct error *error)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < with->count && status == STATUS_OK; i++) {
        struct arena arena;
        struct buffer text;
        struct workflow_row row;
        arena_init(&arena, MIB(16));
        status = fs_read_file(&text, with->values[i], LIMIT_DEFINITION_BYTES, error);
        if (status == STATUS_OK)
            status = wait_for_workflow(service, buffer_slice(&text), &arena, &row, error);
        buffer_done(&text);
        arena_done(&arena);
    }
    return status;
}

static int
start_and_follow(struct cli *cli, struct service *service, const struct run_options *options,
                 const struct plan *plan, const struct buffer *text)
{
    struct arena arena;
    arena_init(&arena, MIB(16));
    struct error error = {0};
    struct value input;
    struct id run;
    enum status status = make_input(plan, &options->inputs, &arena, &input, &error);
    if (status == STATUS_OK)
        status = store_with(service, &options->with, &error);
    if (status == STATUS_OK) {
        struct workflow_row workflow;
        struct slice stored = stored_text(plan, text, options->rows, &arena);
        status = wait_for_workflow(service, stored, &arena, &workflow, &error);
        struct run_new_options wanted = {
            .workspace = service_default_workspace(service),
            .workflow = &workflow,
            .input = input,
            .trigger = "cli",
            .resolved = resolved_value(options, &arena),
        };
        if (status == STATUS_OK)
            status = wait_for_start(service, &wanted, &run, &error);
    }
    arena_done(&arena);
    if (status != STATUS_OK)
        return cli_complain(&error);
    struct follow_options follow = {options->data, options->out, options->as_json};
    return follow_run(service, &run, &follow);
}

static int
run_file(struct cli *cli, struct run_options *options, const char *file)
{
    struct arena arena;
    arena_init(&arena, KIB(64));
    struct error error = {0};
    struct value rows = {0};
    if (options->rows != NULL) {
        if (absolute_path(&arena, slice_text(options->rows), &rows, &error) != STATUS_OK) {
            arena_done(&arena);
            return cli_complain(&error);
        }
        options->rows = rows.text;
    }
    struct buffer text;
    struct plan *plan = NULL;
    struct service *service = NULL;
    int exit_code = load_workflow(cli, file, options->rows, &text, &plan);
    if (exit_code == CLI_OK)
        exit_code = check_with(cli, file, plan, &options->with);
    if (exit_code == CLI_OK && cli->open(cli, options->data, true, &service, &error) != STATUS_OK)
        exit_code = cli_complain(&error);
    if (service != NULL)
        exit_code = start_and_follow(cli, service, options, plan, &text);
    cli->close(cli, &service);
    plan_drop(&plan);
    buffer_done(&text);
    arena_done(&arena);
    return exit_code;
}

/* --- going on --- */

static int
resume_run(struct cli *cli, struct run_options *options)
{
    struct arena arena;
    arena_init(&arena, MIB(64));
    struct error error = {0};
    struct service *service = NULL;
    struct run_row run = {0};
    enum status status = cli->open(cli, options->data, true, &service, &error);
    if (status == STATUS_OK) {
        struct id workspace = service_default_workspace(service);
        status = service_run_find(service, &workspace, slice_text(options->resume), &arena, &run);
        if (status != STATUS_OK)
            error_set(&error, status, "there is no run %s in %s", options->resume, options->data);
    }
    bool is_ended = run_state_is_ended(run.state);
    if (status == STATUS_OK && is_ended)
        place_find_out(&run, &arena, &options->out);
    else if (status == STATUS_OK)
        status = place_enter(&run, &arena, &options->out, &error);
    if (status == STATUS_OK && !is_ended)
        status = wait_for_move(service, service_run_resume, &run.id, &error);
    int exit_code = CLI_OK;
    if (status != STATUS_OK) {
        exit_code = cli_complain(&error);
    } else {
        struct follow_options follow = {options->data, options->out, options->as_json};
        exit_code = follow_run(service, &run.id, &follow);
    }
    cli->close(cli, &service);
    arena_done(&arena);
    return exit_code;
}

int
cli_run(struct cli *cli, int argc, char **argv)
{
    struct run_options options = {.data = CLI_DATA_DEFAULT};
    struct positional files;
    enum options_end end = options_read(run_table(&options), argc, argv, &files);
    if (end != OPTIONS_OK)
        return end == OPTIONS_HELP ? CLI_OK : CLI_USAGE;
    cli->allow = options.allow;
    cli->config = options.config;
    if ((files.count == 1) == (options.resume != NULL)) {
        fprintf(stderr, "windrow: run needs a workflow file, or --resume with a run's id\n");
        return CLI_USAGE;
    }
    if (options.resume != NULL)
        return resume_run(cli, &options);
    if (options.out == NULL)
        options.out = "out";
    return run_file(cli, &options, files.values[0]);
}
