/* windrow runs on a server. */
#include "base/json.h"
#include "base/limits.h"
#include "cli/download.h"
#include "cli/options.h"
#include "cli/show.h"
#include "net/event_stream.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Seconds between two looks at a stream of events that broke. */
#define AGAIN_SECONDS 1
/* Streams that may break one after the other without an event. */
#define BREAKS_MAX 5
/* Bytes of one event. */
#define EVENT_BYTES_MAX MIB(1)

struct runs_asked {
    struct remote_options remote;
    const char *state, *table, *format, *columns, *out, *workflow;
    int64_t limit, from;
    bool as_json, on_newest;
};

typedef int remote_run_fn(struct remote *remote, const struct runs_asked *asked, const char *run);

static void
print_line(struct value value)
{
    struct buffer out;
    buffer_init(&out, MIB(256));
    json_print(&out, value);
    buffer_append_byte(&out, '\n');
    cli_write(stdout, &out);
    buffer_done(&out);
}

/* "&NAME=TEXT" behind a query that has begun. */
static void
put_parameter(struct buffer *path, const char *name, const char *text)
{
    if (text == NULL)
        return;
    buffer_append_format(path, "&%s=", name);
    http_plain_escape(path, slice_text(text));
}

static const char *
finish_path(struct remote *remote, struct buffer *path)
{
    const char *text = arena_copy(&remote->arena, buffer_slice(path)).ptr;
    buffer_done(path);
    return text;
}

/* --- look --- */

static int
list(struct remote *remote, const struct runs_asked *asked, const char *unused)
{
    struct value runs;
    struct buffer path, out;
    struct error error = {0};
    buffer_init(&path, KIB(16));
    buffer_append_format(&path, "/v1/workflow-runs?limit=%lld", (long long)asked->limit);
    put_parameter(&path, "status", asked->state);
    put_parameter(&path, "workflow", asked->workflow);
    if (remote_get(remote, finish_path(remote, &path), &runs, &error) != STATUS_OK)
        return remote_complain(&error);
    buffer_init(&out, MIB(256));
    buffer_append_text(&out, asked->as_json ? "{\"data\":" : show_run_head());
    if (asked->as_json)
        json_print(&out, runs);
    for (uint32_t i = 0; !asked->as_json && runs.kind == VALUE_ARRAY && i < runs.count; i++)
        show_run_value_line(value_items(runs)[i], &out);
    buffer_append_text(&out, asked->as_json ? "}\n" : "");
    cli_write(stdout, &out);
    buffer_done(&out);
    return CLI_OK;
}

static int
print_run(const struct runs_asked *asked, struct value run)
{
    struct buffer out;
    if (asked->as_json) {
        print_line(run);
        return CLI_OK;
    }
    buffer_init(&out, MIB(256));
    show_run_value(run, &out);
    cli_write(stdout, &out);
    buffer_done(&out);
    return CLI_OK;
}

static int
show(struct remote *remote, const struct runs_asked *asked, const char *id)
{
    struct value run;
    struct error error = {0};
    const char *path = remote_path(remote, "/v1/workflow-runs/%s", id);
    if (remote_get(remote, path, &run, &error) != STATUS_OK)
        return remote_complain(&error);
    return print_run(asked, run);
}

static int
items(struct remote *remote, const struct runs_asked *asked, const char *id)
{
    struct value rows;
    struct buffer path;
    struct error error = {0};
    buffer_init(&path, KIB(16));
    buffer_append_format(&path, "%s?limit=%lld&from=%lld",
                         remote_path(remote, "/v1/workflow-runs/%s/items", id),
                         (long long)asked->limit, (long long)asked->from);
    put_parameter(&path, "table", asked->table);
    put_parameter(&path, "state", asked->state);
    if (remote_get(remote, finish_path(remote, &path), &rows, &error) != STATUS_OK)
        return remote_complain(&error);
    for (uint32_t i = 0; rows.kind == VALUE_ARRAY && i < rows.count; i++)
        print_line(value_items(rows)[i]);
    return CLI_OK;
}

/* By the ending of the file where nothing is said. */
static const char *
format_of(const struct runs_asked *asked)
{
    const char *dot = asked->out == NULL ? NULL : strrchr(asked->out, '.');
    if (asked->format != NULL || dot == NULL || strchr(dot, '/') != NULL)
        return asked->format;
    return dot + 1;
}

static int
results(struct remote *remote, const struct runs_asked *asked, const char *id)
{
    struct buffer path;
    struct error error = {0};
    buffer_init(&path, KIB(16));
    buffer_append_format(&path, "%s?from=%lld",
                         remote_path(remote, "/v1/workflow-runs/%s/results", id),
                         (long long)asked->from);
    put_parameter(&path, "format", format_of(asked));
    put_parameter(&path, "table", asked->table);
    put_parameter(&path, "state", asked->state);
    put_parameter(&path, "columns", asked->columns);
    const char *out = asked->out == NULL ? "-" : asked->out;
    enum status status = download_to(remote, finish_path(remote, &path), out, &error);
    return status == STATUS_OK ? CLI_OK : remote_complain(&error);
}

/* --- moves --- */

static int
move_run(struct remote *remote, const struct runs_asked *asked, const char *id, const char *what)
{
    struct remote_answer answer;
    struct error error = {0};
    bool is_newest = asked->on_newest && strcmp(what, "retry") == 0;
    struct remote_ask ask = {
        .method = "POST",
        .path = remote_path(remote, "/v1/workflow-runs/%s/%s", id, what),
        .body = is_newest ? SLICE("{\"version\":\"newest\"}") : SLICE("{}"),
    };
    if (remote_do(remote, &ask, &answer, &error) != STATUS_OK)
        return remote_complain(&error);
    struct value run = value_get(answer.json, "data");
    if (asked->as_json)
        print_line(run);
    else
        fprintf(stderr, "%s: %.*s\n", what, SLICE_FORMAT(value_slice(value_get(run, "id"))));
    return CLI_OK;
}

static int
cancel(struct remote *remote, const struct runs_asked *asked, const char *id)
{
    return move_run(remote, asked, id, "cancel");
}

static int
retry(struct remote *remote, const struct runs_asked *asked, const char *id)
{
    return move_run(remote, asked, id, "retry");
}

static int
rerun(struct remote *remote, const struct runs_asked *asked, const char *id)
{
    return move_run(remote, asked, id, "rerun");
}

static int
pause_run(struct remote *remote, const struct runs_asked *asked, const char *id)
{
    return move_run(remote, asked, id, "pause");
}

static int
resume_run(struct remote *remote, const struct runs_asked *asked, const char *id)
{
    return move_run(remote, asked, id, "resume");
}

/* --- watch --- */

struct watching {
    const struct runs_asked *asked;
    struct buffer text; /* of an event that has not come whole */
    struct buffer data;
    int64_t last; /* id of the last event; 0: none */
    bool has_ended;
};

static void
put_counts(struct value counts)
{
    for (uint32_t i = 0; counts.kind == VALUE_OBJECT && i < counts.count; i++) {
        const struct member *member = &value_members(counts)[i];
        int64_t count = 0;
        if (value_integer(member->value, &count) && count > 0)
            printf(" %lld %.*s", (long long)count, SLICE_FORMAT(value_slice(member->key)));
    }
}

static void
print_event(struct value event)
{
    struct value at = value_get(event, "at");
    struct value step = value_get(event, "step");
    struct value table = value_get(event, "table");
    struct value words = value_get(value_get(event, "error"), "message");
    struct value place = step.kind == VALUE_STRING ? step : table;
    printf("%.*s  %-16.*s", SLICE_FORMAT(value_slice(at)),
           SLICE_FORMAT(value_slice(value_get(event, "type"))));
    if (place.kind == VALUE_STRING)
        printf("  %.*s", place.count == 0 ? 5 : (int)place.count,
               place.count == 0 ? "input" : place.text);
    put_counts(value_get(event, "counts"));
    if (words.kind == VALUE_STRING)
        printf("  %.*s", SLICE_FORMAT(value_slice(words)));
    printf("\n");
}

/* What is no JSON, such as text of a model as it comes, is passed over. */
static void
take_event(struct watching *watching)
{
    struct arena arena;
    struct value event;
    arena_init(&arena, 16 * EVENT_BYTES_MAX);
    enum status status = json_parse(&event, &arena, buffer_slice(&watching->data), 0, NULL, NULL);
    if (status == STATUS_OK && value_get(event, "type").kind == VALUE_STRING) {
        struct slice type = value_slice(value_get(event, "type"));
        value_integer(value_get(event, "id"), &watching->last);
        watching->has_ended = slice_is(type, "run.completed") || slice_is(type, "run.failed") ||
                              slice_is(type, "run.cancelled");
        if (watching->asked->as_json)
            print_line(event);
        else
            print_event(event);
        fflush(stdout);
    }
    arena_done(&arena);
}

/* An event ends with an empty line. */
static bool
take_piece(struct slice piece, void *context)
{
    struct watching *watching = context;
    buffer_append_slice(&watching->text, piece);
    if (buffer_is_over(&watching->text))
        return false;
    for (;;) {
        const char *end = watching->text.size == 0
                              ? NULL
                              : memmem(watching->text.ptr, watching->text.size, "\n\n", 2);
        if (end == NULL)
            return true;
        size_t size = (size_t)(end + 2 - watching->text.ptr);
        struct event_stream stream = {.rest = slice_of(watching->text.ptr, size)};
        while (event_stream_next(&stream, &watching->data))
            take_event(watching);
        memmove(watching->text.ptr, watching->text.ptr + size, watching->text.size - size);
        watching->text.size -= size;
    }
}

/* Until the stream ends or breaks; it is taken up behind the last event then. */
static enum status
follow(struct remote *remote, struct watching *watching, const char *id, struct error *error)
{
    struct remote_answer answer;
    int breaks = 0;
    for (;;) {
        int64_t before = watching->last;
        struct buffer path;
        buffer_init(&path, KIB(16));
        buffer_append_format(&path, "%s?lastEventId=%lld",
                             remote_path(remote, "/v1/workflow-runs/%s/events", id),
                             (long long)watching->last);
        struct remote_ask ask = {.method = "GET",
                                 .path = finish_path(remote, &path),
                                 .on_piece = take_piece,
                                 .context = watching};
        buffer_clear(&watching->text);
        enum status status = remote_do(remote, &ask, &answer, error);
        if (status == STATUS_OK && (answer.status == 204 || watching->has_ended))
            return status;
        if (answer.status >= 400 && answer.status < 500)
            return status;
        breaks = watching->last > before ? 0 : breaks + 1;
        if (breaks > BREAKS_MAX)
            return status == STATUS_OK
                       ? error_set(error, STATUS_UNAVAILABLE,
                                   "%s tells nothing of the run any more", remote->server)
                       : status;
        sleep(AGAIN_SECONDS);
    }
}

static int
exit_of(struct value run)
{
    struct value status = value_get(run, "status");
    if (status.kind != VALUE_STRING || slice_is(value_slice(status), "failed"))
        return CLI_FAILED;
    return slice_is(value_slice(status), "cancelled") ? CLI_CANCELLED : CLI_OK;
}

/* Exits as a run here does. */
static int
watch(struct remote *remote, const struct runs_asked *asked, const char *id)
{
    struct value run;
    struct error error = {0};
    struct watching watching = {.asked = asked};
    buffer_init(&watching.text, EVENT_BYTES_MAX);
    buffer_init(&watching.data, EVENT_BYTES_MAX);
    enum status status = follow(remote, &watching, id, &error);
    buffer_done(&watching.text);
    buffer_done(&watching.data);
    if (status == STATUS_OK)
        status = remote_get(remote, remote_path(remote, "/v1/workflow-runs/%s", id), &run, &error);
    return status == STATUS_OK ? exit_of(run) : remote_complain(&error);
}

/* --- the command --- */

static const struct {
    const char *name;
    remote_run_fn *run;
    bool needs_run;
} actions[] = {
    {"list", list, false},        {"show", show, true},       {"watch", watch, true},
    {"items", items, true},       {"results", results, true}, {"cancel", cancel, true},
    {"retry", retry, true},       {"rerun", rerun, true},     {"pause", pause_run, true},
    {"resume", resume_run, true},
};

static int
act_on(const struct runs_asked *asked, remote_run_fn *run, const char *id)
{
    struct remote remote;
    struct error error = {0};
    enum status status = remote_open(&remote, &asked->remote, &error);
    int exit_code = status == STATUS_OK ? run(&remote, asked, id) : remote_complain(&error);
    remote_close(&remote);
    return exit_code;
}

static int
act(const struct runs_asked *asked, const struct positional *words)
{
    const char *names[COUNT_OF(actions)];
    for (size_t i = 0; i < COUNT_OF(actions); i++) {
        names[i] = actions[i].name;
        if (strcmp(words->values[0], actions[i].name) != 0)
            continue;
        if (actions[i].needs_run == (words->count == 2))
            return act_on(asked, actions[i].run, words->values[1]);
        fprintf(stderr, "windrow: runs %s %s\n", actions[i].name,
                actions[i].needs_run ? "needs a run's id" : "takes no run");
        return CLI_USAGE;
    }
    const char *nearest = slice_nearest(slice_text(words->values[0]), names, COUNT_OF(actions));
    fprintf(stderr, "windrow: runs on a server: unknown \"%s\"%s%s\n", words->values[0],
            nearest == NULL ? "" : "; did you mean ", nearest == NULL ? "" : nearest);
    return CLI_USAGE;
}

int
remote_runs(struct cli *cli, int argc, char **argv)
{
    struct runs_asked asked = {.limit = 100};
    const struct option options[] = {
        REMOTE_OPTIONS(asked.remote),
        {"--workflow", OPTION_TEXT, .into.text = &asked.workflow, .value = "WORKFLOW",
         .help = "list: only runs of this one"},
        {"--state", OPTION_TEXT, .into.text = &asked.state, .value = "STATE",
         .help = "list, items, results: only those in this state"},
        {"--table", OPTION_TEXT, .into.text = &asked.table, .value = "STEP",
         .help = "items, results: of the table that this step makes"},
        {"--format", OPTION_TEXT, .into.text = &asked.format, .value = "FORMAT",
         .help = "results: csv, xlsx, ndjson or json [the ending of --out, else csv]"},
        {"--columns", OPTION_TEXT, .into.text = &asked.columns, .value = "A,B",
         .help = "results: these columns, in this order [all]"},
        {"--out", OPTION_TEXT, .into.text = &asked.out, .value = "FILE",
         .help = "results: write this file [standard output]"},
        {"--from", OPTION_INT, .into.number = &asked.from, .max = INT64_MAX, .value = "N",
         .help = "items, results: from this row on, counted from 0"},
        {"--limit", OPTION_INT, .into.number = &asked.limit, .min = 1, .max = 1000, .value = "N",
         .help = "list, items: at most so many [100]"},
        {"--newest", OPTION_FLAG, .into.flag = &asked.on_newest,
         .help = "retry: on the newest published version"},
        {"--json", OPTION_FLAG, .into.flag = &asked.as_json, .help = "print JSON"},
    };
    const struct option_table table = {
        .usage =
            "windrow runs list|show|watch|items|results|retry|rerun|cancel|pause|resume [RUN]\n"
            "             --server URL|--profile NAME [options]",
        .summary = "Lists runs of a server, shows, watches or moves one, gets its rows.\n"
                   "watch exits as the run does: 0 completed, 1 failed, 3 cancelled.",
        .options = options,
        .count = COUNT_OF(options),
        .positional_min = 1,
        .positional_max = 2,
    };
    struct positional words;
    enum options_end end = options_read(&table, argc, argv, &words);
    if (end != OPTIONS_OK)
        return end == OPTIONS_HELP ? CLI_OK : CLI_USAGE;
    return act(&asked, &words);
}
