/* windrow push, pull and diff: workflow files here and on a server. */
#include "base/fs.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "cli/load.h"
#include "cli/options.h"
#include "cli/remote.h"
#include "flow/definition_diff.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

struct asked {
    struct remote_options remote;
    const char *out, *version;
    bool as_json, publish, force;
};

static const char *
text_of(struct arena *arena, struct value object, const char *name)
{
    struct value text = value_get(object, name);
    return text.kind == VALUE_STRING ? arena_copy(arena, value_slice(text)).ptr : "";
}

static int64_t
number_of(struct value object, const char *name)
{
    int64_t number = 0;
    value_integer(value_get(object, name), &number);
    return number;
}

static void
print_line(struct value value)
{
    struct buffer out;
    buffer_init(&out, MIB(64));
    json_print(&out, value);
    buffer_append_byte(&out, '\n');
    cli_write(stdout, &out);
    buffer_done(&out);
}

static int
worse(int a, int b)
{
    return a > b ? a : b;
}

/* --- push --- */

/* As those that are found here are printed. */
static void
print_problems(struct value problems, const char *file)
{
    for (uint32_t i = 0; problems.kind == VALUE_ARRAY && i < problems.count; i++) {
        struct value problem = value_items(problems)[i];
        fprintf(stderr, "%s:%lld:%lld: %.*s: %.*s\n", file, (long long)number_of(problem, "line"),
                (long long)number_of(problem, "column"),
                SLICE_FORMAT(value_slice(value_get(problem, "path"))),
                SLICE_FORMAT(value_slice(value_get(problem, "message"))));
    }
}

static void
print_pushed(struct remote *remote, const struct asked *asked, const struct remote_answer *answer)
{
    struct value workflow = value_get(answer->json, "data");
    struct value warnings = value_get(answer->json, "warnings");
    for (uint32_t i = 0; warnings.kind == VALUE_ARRAY && i < warnings.count; i++)
        fprintf(stderr, "windrow: %.*s\n", SLICE_FORMAT(value_slice(value_items(warnings)[i])));
    if (asked->as_json) {
        print_line(workflow);
        return;
    }
    int64_t published = number_of(workflow, "publishedVersion");
    printf("%s: version %lld", text_of(&remote->arena, workflow, "slug"),
           (long long)number_of(workflow, "version"));
    if (published == number_of(workflow, "version"))
        printf(", published\n");
    else if (published > 0)
        printf(", published is %lld\n", (long long)published);
    else
        printf(", not published\n");
}

static int
push_text(struct remote *remote, const struct asked *asked, const char *file, const char *slug,
          struct slice text)
{
    struct error error = {0};
    struct remote_answer answer;
    size_t size = strlen(file);
    bool is_json = size > 5 && strcmp(file + size - 5, ".json") == 0;
    const char *path = remote_path(
        remote, asked->publish ? "/v1/workflows/%s?publish=true" : "/v1/workflows/%s", slug);
    struct remote_ask ask = {.method = "PUT",
                             .path = path,
                             .body = text,
                             .type = is_json ? "application/json" : "application/yaml"};
    enum status status = remote_do(remote, &ask, &answer, &error);
    if (status == STATUS_OK) {
        print_pushed(remote, asked, &answer);
        return CLI_OK;
    }
    print_problems(value_get(answer.json, "problems"), file);
    error_prepend(&error, "%s", file);
    return remote_complain(&error);
}

static int
push_file(struct cli *cli, struct remote *remote, const struct asked *asked, const char *file)
{
    struct buffer text;
    struct plan *plan = NULL;
    int exit_code = load_workflow(cli, file, NULL, &text, &plan);
    if (exit_code == CLI_OK) {
        const char *slug = arena_copy(&remote->arena, value_slice(plan->slug)).ptr;
        exit_code = push_text(remote, asked, file, slug, buffer_slice(&text));
    }
    plan_drop(&plan);
    buffer_done(&text);
    return exit_code;
}

static int
push_all(struct cli *cli, struct remote *remote, const struct asked *asked,
         const struct positional *files)
{
    int exit_code = CLI_OK;
    for (size_t i = 0; i < files->count; i++)
        exit_code = worse(exit_code, push_file(cli, remote, asked, files->values[i]));
    return exit_code;
}

/* --- pull --- */

/* What a server calls a slug becomes the name of a file. */
static bool
is_slug(const char *slug)
{
    for (const char *at = slug; *at != '\0'; at++) {
        if (!isalnum((unsigned char)*at) && *at != '-' && *at != '_')
            return false;
    }
    return slug[0] != '\0';
}

static enum status
write_file(const char *path, struct slice text, bool force, struct error *error)
{
    struct buffer there;
    struct error ignored = {0};
    enum status status = fs_read_file(&there, path, 2 * LIMIT_DEFINITION_BYTES, &ignored);
    bool is_same = status == STATUS_OK && slice_equal(buffer_slice(&there), text);
    bool is_there = status != STATUS_NOT_FOUND;
    buffer_done(&there);
    if (is_same)
        return STATUS_OK;
    if (is_there && !force)
        return error_set(error, STATUS_CONFLICT,
                         "%s is there and says something else; --force writes over it", path);
    return fs_write_file(path, text, error);
}

static int
pull_one(struct remote *remote, const struct asked *asked, const char *name)
{
    struct value workflow, version;
    struct error error = {0};
    const char *path = "";
    const char *which = asked->version == NULL ? "newest" : asked->version;
    enum status status =
        remote_get(remote, remote_path(remote, "/v1/workflows/%s", name), &workflow, &error);
    const char *slug = text_of(&remote->arena, workflow, "slug");
    if (status == STATUS_OK && !is_slug(slug))
        status = error_set(&error, STATUS_INVALID, "%s gave a slug that is none", remote->server);
    if (status == STATUS_OK)
        status =
            remote_get(remote, remote_path(remote, "/v1/workflows/%s/versions/%s", name, which),
                       &version, &error);
    if (status == STATUS_OK) {
        struct slice text = value_slice(value_get(version, "text"));
        bool is_json = slice_starts_with(slice_trim(text), SLICE("{"));
        path =
            arena_format(&remote->arena, "%s/%s.%s", asked->out, slug, is_json ? "json" : "yaml");
        status = write_file(path, text, asked->force, &error);
    }
    if (status != STATUS_OK) {
        error_prepend(&error, "%s", name);
        return remote_complain(&error);
    }
    if (asked->as_json)
        print_line(workflow);
    else
        printf("%s: version %lld\n", path, (long long)number_of(version, "version"));
    return CLI_OK;
}

/* All workflows, page by page. */
static int
pull_all(struct remote *remote, const struct asked *asked)
{
    int exit_code = CLI_OK;
    const char *last = NULL;
    for (;;) {
        struct value page;
        struct error error = {0};
        const char *path = last == NULL
                               ? "/v1/workflows?limit=100"
                               : remote_path(remote, "/v1/workflows?limit=100&lt=%s", last);
        if (remote_get(remote, path, &page, &error) != STATUS_OK)
            return remote_complain(&error);
        for (uint32_t i = 0; page.kind == VALUE_ARRAY && i < page.count; i++) {
            last = text_of(&remote->arena, value_items(page)[i], "id");
            exit_code = worse(exit_code, pull_one(remote, asked, last));
        }
        if (page.kind != VALUE_ARRAY || page.count < 100)
            return exit_code;
    }
}

static int
pull(struct cli *cli, struct remote *remote, const struct asked *asked,
     const struct positional *names)
{
    int exit_code = CLI_OK;
    struct error error = {0};
    if (fs_make_folder(asked->out, &error) != STATUS_OK)
        return cli_complain(&error);
    if (names->count == 0)
        return pull_all(remote, asked);
    for (size_t i = 0; i < names->count; i++)
        exit_code = worse(exit_code, pull_one(remote, asked, names->values[i]));
    return exit_code;
}

/* --- diff --- */

/* As diff(1) has it. */
enum diff_exit { DIFF_SAME = 0, DIFF_DIFFERENT = 1, DIFF_TROUBLE = 2 };

static void
put_change(struct buffer *out, const char *margin, struct value change)
{
    struct slice path = value_slice(value_get(change, "path"));
    buffer_append_format(out, "%s%.*s: ", margin, SLICE_FORMAT(path));
    json_print(out, value_get(change, "before"));
    buffer_append_text(out, " → ");
    json_print(out, value_get(change, "after"));
    buffer_append_byte(out, '\n');
}

static void
put_steps(struct buffer *out, char sign, struct value steps)
{
    for (uint32_t i = 0; i < steps.count; i++) {
        struct value step = value_items(steps)[i];
        buffer_append_format(out, "%c step %.*s (%.*s)\n", sign,
                             SLICE_FORMAT(value_slice(value_get(step, "id"))),
                             SLICE_FORMAT(value_slice(value_get(step, "type"))));
    }
}

static void
put_difference(struct buffer *out, struct value difference)
{
    struct value fields = value_get(difference, "fields");
    struct value steps = value_get(difference, "steps");
    struct value changed = value_get(steps, "changed");
    for (uint32_t i = 0; i < fields.count; i++)
        put_change(out, "~ ", value_items(fields)[i]);
    put_steps(out, '-', value_get(steps, "removed"));
    put_steps(out, '+', value_get(steps, "added"));
    for (uint32_t i = 0; i < changed.count; i++) {
        struct value step = value_items(changed)[i];
        struct value of_step = value_get(step, "fields");
        buffer_append_format(out, "~ step %.*s\n",
                             SLICE_FORMAT(value_slice(value_get(step, "id"))));
        for (uint32_t f = 0; f < of_step.count; f++)
            put_change(out, "    ", value_items(of_step)[f]);
    }
    if (value_is_true(value_get(steps, "reordered")))
        buffer_append_text(out, "~ the steps stand in another order\n");
}

static int
print_difference(struct remote *remote, const struct asked *asked, const char *file,
                 struct value version, struct value difference)
{
    struct buffer out;
    bool is_same = value_is_true(value_get(difference, "same"));
    buffer_init(&out, MIB(256));
    if (asked->as_json) {
        json_print(&out, difference);
        buffer_append_byte(&out, '\n');
    } else if (!is_same) {
        buffer_append_format(&out, "--- %s, version %lld\n+++ %s\n", remote->server,
                             (long long)number_of(version, "version"), file);
        put_difference(&out, difference);
    }
    cli_write(stdout, &out);
    buffer_done(&out);
    return is_same ? DIFF_SAME : DIFF_DIFFERENT;
}

/* What the server has is read as this program reads it. */
static enum status
load_there(struct cli *cli, struct remote *remote, struct value version, struct plan **plan,
           struct error *error)
{
    struct problems *problems = mem_alloc(sizeof(*problems));
    struct plan_options options = {.catalog = cli->catalog};
    problems_init(problems, &remote->arena);
    enum status status =
        plan_load(plan, value_slice(value_get(version, "text")), &options, problems);
    if (status != STATUS_OK)
        error_set(error, status, "what %s has cannot be read here: %s", remote->server,
                  problems->count > 0 ? problems->list[0].words : "unknown");
    mem_free(problems);
    return status;
}

static int
diff_plan(struct cli *cli, struct remote *remote, const struct asked *asked, const char *file,
          const struct plan *here)
{
    struct value version;
    struct plan *there = NULL;
    struct error error = {0};
    const char *slug = arena_copy(&remote->arena, value_slice(here->slug)).ptr;
    const char *which = asked->version == NULL ? "newest" : asked->version;
    const char *path = remote_path(remote, "/v1/workflows/%s/versions/%s", slug, which);
    enum status status = remote_get(remote, path, &version, &error);
    if (status == STATUS_OK)
        status = load_there(cli, remote, version, &there, &error);
    int exit_code = DIFF_TROUBLE;
    if (status == STATUS_OK)
        exit_code = print_difference(remote, asked, file, version,
                                     definition_diff(&remote->arena, there, here));
    else
        error_prepend(&error, "%s", file);
    if (status != STATUS_OK)
        remote_complain(&error);
    plan_drop(&there);
    return exit_code;
}

static int
diff_all(struct cli *cli, struct remote *remote, const struct asked *asked,
         const struct positional *files)
{
    int exit_code = DIFF_SAME;
    for (size_t i = 0; i < files->count; i++) {
        struct buffer text;
        struct plan *plan = NULL;
        int loaded = load_workflow(cli, files->values[i], NULL, &text, &plan);
        buffer_done(&text);
        exit_code = worse(exit_code, loaded != CLI_OK
                                         ? DIFF_TROUBLE
                                         : diff_plan(cli, remote, asked, files->values[i], plan));
        plan_drop(&plan);
    }
    return exit_code;
}

/* --- the commands --- */

typedef int asked_fn(struct cli *cli, struct remote *remote, const struct asked *asked,
                     const struct positional *words);

static int
with_server(struct cli *cli, const struct asked *asked, const struct positional *words,
            asked_fn *run, int trouble)
{
    struct remote remote;
    struct error error = {0};
    enum status status = remote_open(&remote, &asked->remote, &error);
    int exit_code = status == STATUS_OK ? run(cli, &remote, asked, words) : remote_complain(&error);
    remote_close(&remote);
    return status != STATUS_OK && trouble != CLI_OK ? trouble : exit_code;
}

#define OPTION_JSON(asked)                                                                         \
    {                                                                                              \
        .name = "--json", .kind = OPTION_FLAG, .into.flag = &(asked).as_json,                      \
        .help = "print JSON, one line for each"                                                    \
    }

int
cli_push(struct cli *cli, int argc, char **argv)
{
    struct asked asked = {.publish = false};
    const struct option options[] = {
        {.name = "--publish",
         .kind = OPTION_FLAG,
         .into.flag = &asked.publish,
         .help = "publish the new versions at once"},
        REMOTE_OPTIONS(asked.remote),
        OPTION_JSON(asked),
    };
    const struct option_table table = {
        .usage = "windrow push FILE… [--publish] [options]",
        .summary =
            "Stores workflow files on a server, by their slugs: each as a new version unless\n"
            "the newest has the same text. Templates beside a file go with it.",
        .options = options,
        .count = COUNT_OF(options),
        .positional_min = 1,
        .positional_max = POSITIONAL_VALUES_MAX,
    };
    struct positional words;
    enum options_end end = options_read(&table, argc, argv, &words);
    if (end != OPTIONS_OK)
        return end == OPTIONS_HELP ? CLI_OK : CLI_USAGE;
    return with_server(cli, &asked, &words, push_all, CLI_OK);
}

int
cli_pull(struct cli *cli, int argc, char **argv)
{
    struct asked asked = {.out = "."};
    const struct option options[] = {
        {.name = "--out",
         .kind = OPTION_TEXT,
         .into.text = &asked.out,
         .value = "DIR",
         .help = "where the files go [here]"},
        {.name = "--version",
         .kind = OPTION_TEXT,
         .into.text = &asked.version,
         .value = "N",
         .help = "a number, newest or published [newest]"},
        {.name = "--force",
         .kind = OPTION_FLAG,
         .into.flag = &asked.force,
         .help = "write over files that say something else"},
        REMOTE_OPTIONS(asked.remote),
        OPTION_JSON(asked),
    };
    const struct option_table table = {
        .usage = "windrow pull [WORKFLOW…] [options]",
        .summary = "Writes workflows of a server as files SLUG.yaml, or SLUG.json for those that\n"
                   "were sent as JSON; without a name all of them.",
        .options = options,
        .count = COUNT_OF(options),
        .positional_max = POSITIONAL_VALUES_MAX,
    };
    struct positional words;
    enum options_end end = options_read(&table, argc, argv, &words);
    if (end != OPTIONS_OK)
        return end == OPTIONS_HELP ? CLI_OK : CLI_USAGE;
    return with_server(cli, &asked, &words, pull, CLI_OK);
}

int
cli_diff(struct cli *cli, int argc, char **argv)
{
    struct asked asked = {.version = NULL};
    const struct option options[] = {
        {.name = "--version",
         .kind = OPTION_TEXT,
         .into.text = &asked.version,
         .value = "N",
         .help = "a number, newest or published [newest]"},
        REMOTE_OPTIONS(asked.remote),
        OPTION_JSON(asked),
    };
    const struct option_table table = {
        .usage = "windrow diff FILE… [options]",
        .summary = "Shows by step and field what workflow files change of what a server has.\n"
                   "Exits with 0 if nothing differs, 1 if something does, 2 after trouble.",
        .options = options,
        .count = COUNT_OF(options),
        .positional_min = 1,
        .positional_max = POSITIONAL_VALUES_MAX,
    };
    struct positional words;
    enum options_end end = options_read(&table, argc, argv, &words);
    if (end != OPTIONS_OK)
        return end == OPTIONS_HELP ? DIFF_SAME : DIFF_TROUBLE;
    return with_server(cli, &asked, &words, diff_all, DIFF_TROUBLE);
}
