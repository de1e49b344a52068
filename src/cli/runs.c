#include "cli/runs.h"
#include "base/json.h"
#include "base/limits.h"
#include "cli/ask.h"
#include "cli/follow.h"
#include "cli/options.h"
#include "cli/place.h"
#include "cli/remote.h"
#include "cli/show.h"
#include "cli/stored.h"

#include <stdio.h>
#include <string.h>

struct runs_options {
    const char *data, *state, *table, *out, *parent;
    int64_t limit, from;
    bool as_json, on_newest;
};

typedef int runs_fn(struct cli *cli, const struct runs_options *options, const char *run);

static int
with_run(struct cli *cli, const struct runs_options *options, const char *id,
         int (*show)(struct stored *stored, const struct run_row *row,
                     const struct runs_options *options))
{
    struct stored stored;
    struct error error = {0};
    struct run_row row;
    enum status status = stored_open(&stored, cli, options->data, &error);
    if (status == STATUS_OK)
        status = stored_find(&stored, id, &row, &error);
    int exit_code = status == STATUS_OK ? show(&stored, &row, options) : cli_complain(&error);
    stored_close(&stored);
    return exit_code;
}

/* --- list --- */

static bool
list_row(const struct run_row *row, void *context)
{
    struct buffer *out = context;
    struct arena arena;
    arena_init(&arena, 8 * LIMIT_VALUE_BYTES);
    show_run_line(row, &arena, out);
    arena_done(&arena);
    return true;
}

static bool
list_row_json(const struct run_row *row, void *context)
{
    struct buffer *out = context;
    struct arena arena;
    arena_init(&arena, 8 * LIMIT_VALUE_BYTES);
    if (out->size > 0 && out->ptr[out->size - 1] == '}')
        buffer_append_byte(out, ',');
    json_print(out, present_run(row, NULL, &arena));
    arena_done(&arena);
    return true;
}

static int
runs_list(struct cli *cli, const struct runs_options *options, const char *unused)
{
    struct error error = {0};
    struct service *service = NULL;
    struct store_page page = {.limit = (uint32_t)options->limit};
    enum run_state state;
    if (options->state != NULL && !run_state_parse(options->state, &state)) {
        fprintf(stderr, "windrow: --state: there is no state \"%s\"\n", options->state);
        return CLI_USAGE;
    }
    if (options->state != NULL)
        page.states = 1u << (unsigned)state;
    bool is_top = options->parent != NULL && strcmp(options->parent, "none") == 0;
    if (is_top)
        page.not_trigger = SLICE(RUN_TRIGGER_CHILD);
    if (options->parent != NULL && !is_top &&
        !id_parse(&page.parent, slice_text(options->parent))) {
        fprintf(stderr, "windrow: --parent: %s is no run's id\n", options->parent);
        return CLI_USAGE;
    }
    enum status status = cli->open_reader(cli, options->data, &service, &error);
    if (status != STATUS_OK)
        return cli_complain(&error);
    struct buffer out;
    buffer_init(&out, MIB(1024));
    page.workspace = service_default_workspace(service);
    buffer_append_text(&out, options->as_json ? "{\"data\":[" : show_run_head());
    status = service_run_list(service, &page, options->as_json ? list_row_json : list_row, &out);
    if (options->as_json)
        buffer_append_text(&out, "]}\n");
    cli_write(stdout, &out);
    buffer_done(&out);
    cli->close(cli, &service);
    return status == STATUS_OK ? CLI_OK : CLI_TROUBLE;
}

/* --- show and items --- */

static int
show_one(struct stored *stored, const struct run_row *row, const struct runs_options *options)
{
    struct arena arena;
    struct buffer out;
    arena_init(&arena, 8 * LIMIT_VALUE_BYTES);
    buffer_init(&out, MIB(256));
    if (options->as_json) {
        json_print(&out, present_run(row, stored->service, &arena));
        buffer_append_byte(&out, '\n');
    } else {
        show_run(stored->service, row, &arena, &out);
    }
    cli_write(stdout, &out);
    buffer_done(&out);
    arena_done(&arena);
    return CLI_OK;
}

static int
runs_show(struct cli *cli, const struct runs_options *options, const char *run)
{
    return with_run(cli, options, run, show_one);
}

static bool
print_item(struct value item, void *context)
{
    struct buffer out;
    buffer_init(&out, MIB(256));
    json_print(&out, item);
    buffer_append_byte(&out, '\n');
    cli_write(stdout, &out);
    buffer_done(&out);
    return true;
}

static int
items_of(struct stored *stored, const struct run_row *row, const struct runs_options *options)
{
    struct item_query query = {
        .table = options->table == NULL ? (struct slice){NULL, 0} : slice_text(options->table),
        .has_state = options->state != NULL,
        .from_ordinal = (uint64_t)options->from,
        .limit = (uint32_t)options->limit,
    };
    if (query.has_state && !item_state_parse(slice_text(options->state), &query.state)) {
        fprintf(stderr, "windrow: --state: expected completed, failed, dropped or cancelled\n");
        return CLI_USAGE;
    }
    struct error error = {0};
    stored_enter(stored, row);
    enum status status = service_run_items(stored->service, row, &query, print_item, NULL, &error);
    return status == STATUS_OK ? CLI_OK : cli_complain(&error);
}

static int
runs_items(struct cli *cli, const struct runs_options *options, const char *run)
{
    return with_run(cli, options, run, items_of);
}

/* --- moves --- */

static int
print_moved(const struct runs_options *options, const char *what, struct value answer)
{
    struct slice run = value_slice(value_get(answer, "run"));
    if (options->as_json)
        printf("{\"id\":\"%.*s\"}\n", SLICE_FORMAT(run));
    else
        fprintf(stderr, "%s: %.*s\n", what, SLICE_FORMAT(run));
    return CLI_OK;
}

static int
follow_moved(struct service *service, const struct runs_options *options, const char *out,
             struct value answer)
{
    struct id run;
    struct follow_options follow = {options->data, out, options->as_json};
    struct value text = value_get(answer, "run");
    if (text.kind != VALUE_STRING || !id_parse(&run, value_slice(text)))
        return CLI_TROUBLE;
    return follow_run(service, &run, &follow);
}

/* No server holds the folder: the run goes on in this process. */
static int
move_here(struct cli *cli, const struct runs_options *options, const char *what, const char *id,
          struct value request)
{
    struct arena arena;
    arena_init(&arena, 8 * LIMIT_VALUE_BYTES);
    struct error error = {0};
    struct service *service = NULL;
    struct run_row run;
    struct value answer;
    const char *out = options->out;
    bool goes_on = strcmp(what, "cancel") != 0;
    enum status status = cli->open(cli, options->data, true, &service, &error);
    if (status == STATUS_OK) {
        struct id workspace = service_default_workspace(service);
        status = service_run_find(service, &workspace, slice_text(id), &arena, &run);
        if (status != STATUS_OK)
            error_set(&error, status, "there is no run %s in %s", id, options->data);
    }
    if (status == STATUS_OK && goes_on)
        status = place_enter(&run, &arena, &out, &error);
    if (status == STATUS_OK)
        status = ask_here(service, request, &arena, &answer, &error);
    int exit_code = status != STATUS_OK ? cli_complain(&error)
                    : goes_on           ? follow_moved(service, options, out, answer)
                                        : print_moved(options, what, answer);
    cli->close(cli, &service);
    arena_done(&arena);
    return exit_code;
}

static int
move_run(struct cli *cli, const struct runs_options *options, const char *what, const char *run)
{
    struct arena arena;
    arena_init(&arena, 8 * LIMIT_VALUE_BYTES);
    struct member members[] = {
        {value_text("do"), value_text(what)},
        {value_text("run"), value_text(run)},
        {value_text("newest"), value_bool(options->on_newest)},
    };
    struct value request = value_object_new(&arena, members, COUNT_OF(members));
    struct value answer;
    struct error error = {0};
    bool is_there = false;
    enum status status = ask_server(options->data, request, &arena, &answer, &is_there, &error);
    int exit_code = !is_there             ? move_here(cli, options, what, run, request)
                    : status == STATUS_OK ? print_moved(options, what, answer)
                                          : cli_complain(&error);
    arena_done(&arena);
    return exit_code;
}

static int
runs_cancel(struct cli *cli, const struct runs_options *options, const char *run)
{
    return move_run(cli, options, "cancel", run);
}

static int
runs_retry(struct cli *cli, const struct runs_options *options, const char *run)
{
    return move_run(cli, options, "retry", run);
}

static int
runs_rerun(struct cli *cli, const struct runs_options *options, const char *run)
{
    return move_run(cli, options, "rerun", run);
}

static const struct {
    const char *name;
    runs_fn *run;
    bool needs_run;
} actions[] = {
    {"list", runs_list, false},    {"show", runs_show, true},   {"items", runs_items, true},
    {"cancel", runs_cancel, true}, {"retry", runs_retry, true}, {"rerun", runs_rerun, true},
};

static int
act(struct cli *cli, const struct runs_options *options, const struct positional *words)
{
    const char *names[COUNT_OF(actions)];
    for (size_t i = 0; i < COUNT_OF(actions); i++) {
        names[i] = actions[i].name;
        if (strcmp(words->values[0], actions[i].name) != 0)
            continue;
        if (actions[i].needs_run != (words->count == 2)) {
            fprintf(stderr, "windrow: runs %s %s\n", actions[i].name,
                    actions[i].needs_run ? "needs a run's id" : "takes no run");
            return CLI_USAGE;
        }
        return actions[i].run(cli, options, words->values[1]);
    }
    const char *nearest = slice_nearest(slice_text(words->values[0]), names, COUNT_OF(actions));
    fprintf(stderr, "windrow: runs: unknown \"%s\"%s%s\n", words->values[0],
            nearest == NULL ? "" : "; did you mean ", nearest == NULL ? "" : nearest);
    return CLI_USAGE;
}

static int
read_and_act(struct cli *cli, int argc, char **argv)
{
    struct runs_options runs = {.data = CLI_DATA_DEFAULT, .limit = 100};
    const struct option options[] = {
        OPTION_DATA(&runs.data),
        {.name = "--state",
         .kind = OPTION_TEXT,
         .into.text = &runs.state,
         .value = "STATE",
         .help = "list, items: only those in this state"},
        {.name = "--parent",
         .kind = OPTION_TEXT,
         .into.text = &runs.parent,
         .value = "RUN",
         .help = "list: only those that this run has called; none: that no run has"},
        {.name = "--table",
         .kind = OPTION_TEXT,
         .into.text = &runs.table,
         .value = "STEP",
         .help = "items: of the table that this step makes"},
        {.name = "--from",
         .kind = OPTION_INT,
         .into.number = &runs.from,
         .value = "N",
         .max = INT64_MAX,
         .help = "items: from this row on, counted from 0"},
        {.name = "--limit",
         .kind = OPTION_INT,
         .into.number = &runs.limit,
         .value = "N",
         .min = 1,
         .max = 1000,
         .help = "list, items: at most so many [100]"},
        {.name = "--out",
         .kind = OPTION_TEXT,
         .into.text = &runs.out,
         .value = "DIR",
         .help = "retry, rerun: where the files go [as the run before]"},
        {.name = "--newest",
         .kind = OPTION_FLAG,
         .into.flag = &runs.on_newest,
         .help = "retry: on the newest published version"},
        {.name = "--json", .kind = OPTION_FLAG, .into.flag = &runs.as_json, .help = "print JSON"},
        OPTION_ALLOW(&cli->allow),
        OPTION_CONFIG(&cli->config),
    };
    const struct option_table table = {
        .usage = "windrow runs list|show|items|retry|rerun|cancel [RUN] [options]",
        .summary = "Lists runs, shows one or its items, or moves one.\n"
                   "windrow runs results --help tells how to get its rows as a file,\n"
                   "windrow runs diff --help how to compare it with another,\n"
                   "windrow runs --server URL --help what can be done on a server.",
        .options = options,
        .count = COUNT_OF(options),
        .positional_min = 1,
        .positional_max = 2,
    };
    struct positional words;
    enum options_end end = options_read(&table, argc, argv, &words);
    if (end != OPTIONS_OK)
        return end == OPTIONS_HELP ? CLI_OK : CLI_USAGE;
    return act(cli, &runs, &words);
}

int
cli_runs(struct cli *cli, int argc, char **argv)
{
    if (remote_is_asked(argc, argv))
        return remote_runs(cli, argc, argv);
    static const struct {
        const char *name;
        cli_command_fn *run;
    } with_own_options[] = {{"results", runs_results}, {"diff", runs_diff}};
    for (size_t i = 0; i < COUNT_OF(with_own_options) && argc > 0; i++) {
        if (strcmp(argv[0], with_own_options[i].name) == 0)
            return with_own_options[i].run(cli, argc - 1, argv + 1);
    }
    return read_and_act(cli, argc, argv);
}
