#include "service/results.h"
#include "base/fs.h"
#include "base/limits.h"
#include "cli/options.h"
#include "cli/runs.h"
#include "cli/stored.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct asked {
    const char *data, *table, *format, *state, *columns, *out;
    int64_t from, to, limit;
};

/* Where the file goes: standard output, or beside its place until it is complete. */
struct target {
    const char *path; /* absolute; NULL: standard output */
    const char *beside;
    FILE *file;
};

static enum status
target_open(struct target *target, const char *path, struct arena *arena, struct error *error)
{
    char here[4096];
    *target = (struct target){.file = stdout};
    if (path == NULL)
        return STATUS_OK;
    bool is_absolute = path[0] == '/' || getcwd(here, sizeof(here)) == NULL;
    target->path = is_absolute ? path : arena_format(arena, "%s/%s", here, path);
    target->beside = arena_format(arena, "%s.part", target->path);
    target->file = fopen(target->beside, "we");
    return target->file != NULL ? STATUS_OK
                                : fs_errno_status(errno, "cannot make", target->beside, error);
}

static enum status
target_write(struct target *target, struct buffer *text, struct error *error)
{
    bool is_written = cli_write(target->file, text);
    buffer_clear(text);
    if (is_written)
        return STATUS_OK;
    const char *path = target->path == NULL ? "standard output" : target->path;
    return fs_errno_status(errno, "cannot write", path, error);
}

static enum status
target_close(struct target *target, enum status status, struct error *error)
{
    const char *path = target->path == NULL ? "standard output" : target->path;
    if (target->file == NULL)
        return status;
    if (fflush(target->file) != 0 && status == STATUS_OK)
        status = fs_errno_status(errno, "cannot write", path, error);
    if (target->path == NULL)
        return status;
    fclose(target->file);
    if (status == STATUS_OK && rename(target->beside, target->path) != 0)
        status = fs_errno_status(errno, "cannot name", path, error);
    if (status != STATUS_OK)
        unlink(target->beside);
    return status;
}

static enum status
write_results(struct stored *stored, const struct run_row *run,
              const struct render_options *options, struct target *target, struct error *error)
{
    struct results *results = NULL;
    struct buffer text;
    bool is_end = false;
    buffer_init(&text, LIMIT_CHUNK_BYTES);
    enum status status = results_open(&results, stored->service, run, options, error);
    while (status == STATUS_OK && !is_end) {
        status = results_next(results, &text, &is_end, error);
        if (status == STATUS_OK && text.size > 0)
            status = target_write(target, &text, error);
    }
    results_close(&results);
    buffer_done(&text);
    return status;
}

static struct slice
given(const char *text)
{
    return text == NULL ? (struct slice){NULL, 0} : slice_text(text);
}

/* Without --format the name of the file tells it. */
static struct slice
format_of(const struct asked *asked)
{
    const char *dot = asked->out == NULL ? NULL : strrchr(asked->out, '.');
    bool is_ending = dot != NULL && strchr(dot, '/') == NULL;
    return asked->format == NULL && is_ending ? slice_text(dot + 1) : given(asked->format);
}

static int
show_results(struct cli *cli, const struct asked *asked, const char *id)
{
    struct stored stored;
    struct run_row run;
    struct render_options options;
    struct target target = {0};
    struct error error = {0};
    struct results_query query = {
        .table = given(asked->table),
        .format = format_of(asked),
        .state = given(asked->state),
        .columns = given(asked->columns),
        .from = asked->from,
        .to = asked->to,
        .limit = asked->limit,
    };
    enum status status = stored_open(&stored, cli, asked->data, &error);
    if (status == STATUS_OK)
        status = stored_find(&stored, id, &run, &error);
    if (status == STATUS_OK)
        status = results_read(&options, stored.service, &query, &stored.arena, &error);
    if (status == STATUS_OK)
        status = target_open(&target, asked->out, &stored.arena, &error);
    if (status == STATUS_OK) {
        stored_enter(&stored, &run);
        status = write_results(&stored, &run, &options, &target, &error);
    }
    status = target_close(&target, status, &error);
    if (status == STATUS_OK && !run_state_is_ended(run.state))
        fprintf(stderr, "windrow: the run is %s; this is what it has so far\n",
                run_state_name(run.state));
    int exit_code = status == STATUS_OK ? CLI_OK : cli_complain(&error);
    stored_close(&stored);
    return exit_code;
}

int
runs_results(struct cli *cli, int argc, char **argv)
{
    struct asked asked = {.data = CLI_DATA_DEFAULT,
                          .from = RESULTS_NO_NUMBER,
                          .to = RESULTS_NO_NUMBER,
                          .limit = RESULTS_NO_NUMBER};
    const struct option options[] = {
        OPTION_DATA(&asked.data),
        {"--table", OPTION_TEXT, .into.text = &asked.table, .value = "STEP",
         .help = "the table that this step makes [the last of many items]"},
        {"--format", OPTION_TEXT, .into.text = &asked.format, .value = "FORMAT",
         .help = "csv, xlsx, ndjson or json [the ending of --out, else csv]"},
        {"--state", OPTION_TEXT, .into.text = &asked.state, .value = "STATE",
         .help = "only items that are completed, failed, dropped, cancelled or open"},
        {"--columns", OPTION_TEXT, .into.text = &asked.columns, .value = "A,B",
         .help = "these columns, in this order [all]"},
        {"--from", OPTION_INT, .into.number = &asked.from, .max = INT64_MAX, .value = "N",
         .help = "from this row on, counted from 0"},
        {"--to", OPTION_INT, .into.number = &asked.to, .max = INT64_MAX, .value = "N",
         .help = "up to this row, included"},
        {"--limit", OPTION_INT, .into.number = &asked.limit, .min = 1, .max = INT64_MAX,
         .value = "N", .help = "at most so many rows"},
        {"--out", OPTION_TEXT, .into.text = &asked.out, .value = "FILE",
         .help = "write this file [standard output]"},
    };
    const struct option_table table = {
        .usage = "windrow runs results RUN [options]",
        .summary = "Writes the rows of a table of a run, also while it runs or beside a server.",
        .options = options,
        .count = COUNT_OF(options),
        .positional_min = 1,
        .positional_max = 1,
    };
    struct positional words;
    enum options_end end = options_read(&table, argc, argv, &words);
    if (end != OPTIONS_OK)
        return end == OPTIONS_HELP ? CLI_OK : CLI_USAGE;
    return show_results(cli, &asked, words.values[0]);
}
