/* Secrets and variables: of a data folder, beside a running server, or of one elsewhere. */
#include "base/json.h"
#include "base/limits.h"
#include "base/secret_mark.h"
#include "cli/asking.h"
#include "cli/options.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Those on one page of a server's list. */
#define PAGE "100"

struct named_options {
    const char *data, *hosts, *workspace;
    struct remote_options remote;
    bool is_remote, as_json;
};

/* What is asked for: one row of a command's verbs. */
struct named_verb {
    const char *name;
    bool takes_name;
    bool (*run)(struct asking *asking, const struct named_options *options, const char *name);
};

/* --- of a server elsewhere --- */

static const char *
text_of(struct remote *remote, struct value object, const char *name)
{
    struct value text = value_get(object, name);
    return text.kind == VALUE_STRING ? arena_copy(&remote->arena, value_slice(text)).ptr : NULL;
}

static enum status
ask_one(struct remote *remote, const struct remote_ask *ask, const char *one, struct value *answer,
        struct error *error)
{
    struct remote_answer got;
    enum status status = remote_do(remote, ask, &got, error);
    struct member member = {value_text(one), value_get(got.json, "data")};
    if (status == STATUS_OK)
        *answer = value_object_new(&remote->arena, &member, 1);
    return status;
}

static struct slice
put_body(struct remote *remote, struct value request)
{
    struct value body = value_empty_object();
    struct value hosts = value_get(request, "hosts");
    body = value_object_set(&remote->arena, body, value_text("value"), value_get(request, "value"));
    if (hosts.kind != VALUE_NONE)
        body = value_object_set(&remote->arena, body, value_text("hosts"), hosts);
    return json_text(&remote->arena, body);
}

static enum status
ask_many(struct remote *remote, struct value request, const char *many, struct value *answer,
         struct error *error)
{
    const char *before = text_of(remote, request, "before");
    const char *path = remote_path(remote, "/v1/%s?limit=" PAGE, many);
    if (before != NULL)
        path = remote_path(remote, "/v1/%s?limit=" PAGE "&lt=%s", many, before);
    struct value data;
    enum status status = remote_get(remote, path, &data, error);
    struct member member = {value_text(many), data};
    if (status == STATUS_OK)
        *answer = value_object_new(&remote->arena, &member, 1);
    return status;
}

static enum status
ask_remote(struct remote *remote, struct value request, struct value *answer, struct error *error)
{
    struct slice what = value_slice(value_get(request, "do"));
    bool is_secret = slice_starts_with(what, SLICE("secret"));
    const char *one = is_secret ? "secret" : "var";
    const char *many = is_secret ? "secrets" : "vars";
    const char *name = text_of(remote, request, "name");
    *answer = value_null();
    if (value_get(request, "workspace").kind != VALUE_NONE)
        return error_set(error, STATUS_INVALID,
                         "--workspace: at a server the workspace is that of the key");
    if (name == NULL)
        return ask_many(remote, request, many, answer, error);
    struct remote_ask ask = {.path = remote_path(remote, "/v1/%s/%s", many, name)};
    bool is_put = value_get(request, "value").kind != VALUE_NONE;
    ask.method = is_put ? "PUT" : "DELETE";
    if (is_put)
        ask.body = put_body(remote, request);
    return ask_one(remote, &ask, one, answer, error);
}

/* --- what goes in --- */

/* All of the standard input without the line end at its end. */
static bool
read_input(struct asking *asking, struct slice *out)
{
    char *text = arena_try_alloc(&asking->arena, LIMIT_INPUT_BYTES);
    size_t size = text == NULL ? 0 : fread(text, 1, LIMIT_INPUT_BYTES, stdin);
    if (text == NULL || size == LIMIT_INPUT_BYTES) {
        error_set(&asking->error, STATUS_LIMIT, "the standard input is too long for a value");
        return false;
    }
    if (size > 0 && text[size - 1] == '\n')
        size--;
    if (size > 0 && text[size - 1] == '\r')
        size--;
    *out = slice_of(text, size);
    if (slice_is_utf8(*out))
        return true;
    error_set(&asking->error, STATUS_INVALID, "the standard input is no UTF-8");
    return false;
}

static struct value
request_for(struct asking *asking, const struct named_options *options, const char *what,
            const char *name)
{
    struct value request = asking_request(asking, what);
    asking_put_text(asking, &request, "name", name);
    asking_put_text(asking, &request, "workspace", options->workspace);
    return request;
}

static bool
set_secret(struct asking *asking, const struct named_options *options, const char *name)
{
    struct slice value;
    struct value request = request_for(asking, options, "secret_put", name);
    if (options->hosts == NULL) {
        error_set(&asking->error, STATUS_INVALID,
                  "--hosts is missing: where may it be sent? Such as --hosts api.example.com");
        return false;
    }
    if (isatty(STDIN_FILENO))
        fprintf(stderr, "value (ends with Ctrl-D): ");
    if (!read_input(asking, &value))
        return false;
    asking_put(asking, &request, "value", value_string(value));
    asking_put_list(asking, &request, "hosts", options->hosts);
    return asking_ask(asking, request);
}

/* JSON, or else a text as it is. */
static bool
set_var(struct asking *asking, const struct named_options *options, const char *name)
{
    struct slice text;
    struct value value;
    struct value request = request_for(asking, options, "var_put", name);
    if (!read_input(asking, &text))
        return false;
    if (json_parse(&value, &asking->arena, text, 0, NULL, NULL) != STATUS_OK)
        value = value_string(text);
    asking_put(asking, &request, "value", value);
    return asking_ask(asking, request);
}

/* --- what comes out --- */

static void
show_secret(struct value secret, void *unused)
{
    struct value hosts = value_get(secret, "hosts");
    printf("%-30.*s ", SLICE_FORMAT(value_slice(value_get(secret, "name"))));
    for (uint32_t i = 0; i < hosts.count; i++)
        printf("%s%.*s", i == 0 ? "" : ",", SLICE_FORMAT(value_slice(value_items(hosts)[i])));
    printf("%s\n", value_is_true(value_get(secret, "readable"))
                       ? ""
                       : "  (lies under a key that is not there: set it again)");
}

static void
show_var(struct value var, void *unused)
{
    struct buffer text;
    buffer_init(&text, MIB(1));
    json_print(&text, value_get(var, "value"));
    printf("%-30.*s %.*s\n", SLICE_FORMAT(value_slice(value_get(var, "name"))), (int)text.size,
           text.ptr);
    buffer_done(&text);
}

static bool
list(struct asking *asking, const struct named_options *options, bool of_secrets)
{
    const char *many = of_secrets ? "secrets" : "vars";
    struct value request =
        request_for(asking, options, of_secrets ? "secret_list" : "var_list", NULL);
    bool is_first = true;
    if (!options->as_json)
        return asking_list(asking, request, many, "id", of_secrets ? show_secret : show_var, NULL);
    printf("{\"data\":[");
    if (!asking_list(asking, request, many, "id", asking_show_json, &is_first))
        return false;
    printf("]}\n");
    return true;
}

static bool
list_secrets(struct asking *asking, const struct named_options *options, const char *unused)
{
    return list(asking, options, true);
}

static bool
list_vars(struct asking *asking, const struct named_options *options, const char *unused)
{
    return list(asking, options, false);
}

static bool
delete_secret(struct asking *asking, const struct named_options *options, const char *name)
{
    return asking_ask(asking, request_for(asking, options, "secret_delete", name));
}

static bool
delete_var(struct asking *asking, const struct named_options *options, const char *name)
{
    return asking_ask(asking, request_for(asking, options, "var_delete", name));
}

/* --- the commands --- */

static int
run_verb(struct cli *cli, const struct named_options *options, const struct named_verb *verb,
         const struct positional *words)
{
    struct asking asking;
    if (words->count != (verb->takes_name ? 2 : 1)) {
        fprintf(stderr, "windrow: %s: expected %s\n", verb->name,
                verb->takes_name ? "one name" : "no further words");
        return CLI_USAGE;
    }
    const char *name = verb->takes_name ? words->values[1] : NULL;
    if (name != NULL && !secret_name_is_good(slice_text(name))) {
        fprintf(stderr, "windrow: a name has a letter or _, then letters, digits, _ and -\n");
        return CLI_USAGE;
    }
    bool is_ok =
        asking_init(&asking, cli, options->data, options->is_remote ? &options->remote : NULL,
                    ask_remote) == STATUS_OK &&
        verb->run(&asking, options, name);
    int exit_code = is_ok ? CLI_OK : asking_complain(&asking);
    asking_done(&asking);
    return exit_code;
}

static int
run_command(struct cli *cli, const struct named_options *options, const struct named_verb *verbs,
            const struct positional *words)
{
    const struct named_verb *verb = verbs;
    while (verb->name != NULL && strcmp(words->values[0], verb->name) != 0)
        verb++;
    if (verb->name != NULL)
        return run_verb(cli, options, verb, words);
    fprintf(stderr, "windrow: expected \"set\", \"list\" or \"delete\", found \"%s\"\n",
            words->values[0]);
    return CLI_USAGE;
}

#define OPTION_WORKSPACE(options)                                                                  \
    {                                                                                              \
        .name = "--workspace", .kind = OPTION_TEXT, .into.text = &(options).workspace,             \
        .value = "ID", .help = "whose it is [the default workspace]"                               \
    }
#define OPTION_JSON(options)                                                                       \
    {                                                                                              \
        .name = "--json", .kind = OPTION_FLAG, .into.flag = &(options).as_json,                    \
        .help = "print JSON"                                                                       \
    }

int
cli_secrets(struct cli *cli, int argc, char **argv)
{
    static const struct named_verb verbs[] = {{"set", true, set_secret},
                                              {"list", false, list_secrets},
                                              {"delete", true, delete_secret},
                                              {NULL, false, NULL}};
    struct named_options into = {.data = CLI_DATA_DEFAULT,
                                 .is_remote = remote_is_asked(argc, argv)};
    const struct option options[] = {
        OPTION_DATA(&into.data),
        {.name = "--hosts",
         .kind = OPTION_TEXT,
         .into.text = &into.hosts,
         .value = "LIST",
         .help = "where it may be sent: api.example.com,*.example.org"},
        REMOTE_OPTIONS(into.remote),
        OPTION_WORKSPACE(into),
        OPTION_JSON(into),
    };
    const struct option_table table = {
        .usage = "windrow secrets set|list|delete [NAME] [options] < VALUE",
        .summary = "Stores secrets for the headers of outgoing calls; nobody sees them again.",
        .options = options,
        .count = COUNT_OF(options),
        .positional_min = 1,
        .positional_max = 2,
    };
    struct positional words;
    enum options_end end = options_read(&table, argc, argv, &words);
    if (end != OPTIONS_OK)
        return end == OPTIONS_HELP ? CLI_OK : CLI_USAGE;
    return run_command(cli, &into, verbs, &words);
}

int
cli_vars(struct cli *cli, int argc, char **argv)
{
    static const struct named_verb verbs[] = {{"set", true, set_var},
                                              {"list", false, list_vars},
                                              {"delete", true, delete_var},
                                              {NULL, false, NULL}};
    struct named_options into = {.data = CLI_DATA_DEFAULT,
                                 .is_remote = remote_is_asked(argc, argv)};
    const struct option options[] = {OPTION_DATA(&into.data), REMOTE_OPTIONS(into.remote),
                                     OPTION_WORKSPACE(into), OPTION_JSON(into)};
    const struct option_table table = {
        .usage = "windrow vars set|list|delete [NAME] [options] < VALUE",
        .summary = "Stores values that workflows read as vars.NAME: JSON, or a text as it is.",
        .options = options,
        .count = COUNT_OF(options),
        .positional_min = 1,
        .positional_max = 2,
    };
    struct positional words;
    enum options_end end = options_read(&table, argc, argv, &words);
    if (end != OPTIONS_OK)
        return end == OPTIONS_HELP ? CLI_OK : CLI_USAGE;
    return run_command(cli, &into, verbs, &words);
}
