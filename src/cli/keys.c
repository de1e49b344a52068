#include "cli/asking.h"
#include "cli/options.h"

#include <stdio.h>
#include <string.h>

struct keys_options {
    const char *data, *name, *scopes, *expires, *rate, *workspace;
    struct remote_options remote;
    bool is_remote; /* of that server, not of the data folder */
    bool as_json;
};

/* --- create --- */

static void
put_limits(struct asking *asking, struct value *request, const char *rate)
{
    if (rate == NULL)
        return;
    struct member member = {value_text("rate"), value_text(rate)};
    asking_put(asking, request, "limits", value_object_new(&asking->arena, &member, 1));
}

static void
print_new_key(struct value answer, bool as_json)
{
    struct slice id = value_slice(value_get(answer, "clientId"));
    struct slice secret = value_slice(value_get(answer, "apiKey"));
    struct slice workspace = value_slice(value_get(answer, "workspaceId"));
    if (as_json)
        printf("{\"clientId\":\"%.*s\",\"apiKey\":\"%.*s\",\"workspaceId\":\"%.*s\"}\n",
               SLICE_FORMAT(id), SLICE_FORMAT(secret), SLICE_FORMAT(workspace));
    else
        printf("client id  %.*s\napi key    %.*s\nworkspace  %.*s\nThe key is shown this once.\n",
               SLICE_FORMAT(id), SLICE_FORMAT(secret), SLICE_FORMAT(workspace));
}

static bool
create_key(struct asking *asking, const struct keys_options *options, const char *unused)
{
    struct value request = asking_request(asking, "key_create");
    asking_put_text(asking, &request, "name", options->name);
    asking_put_text(asking, &request, "workspace", options->workspace);
    asking_put_list(asking, &request, "scopes", options->scopes);
    if (options->expires != NULL)
        asking_put_text(asking, &request,
                        strchr(options->expires, ':') == NULL ? "expiresIn" : "expiresAt",
                        options->expires);
    put_limits(asking, &request, options->rate);
    if (!asking_ask(asking, request))
        return false;
    print_new_key(asking->answer, options->as_json);
    return true;
}

static bool
create_workspace(struct asking *asking, const struct keys_options *options, const char *unused)
{
    struct value request = asking_request(asking, "workspace_create");
    asking_put_text(asking, &request, "name", options->name);
    put_limits(asking, &request, options->rate);
    if (!asking_ask(asking, request))
        return false;
    print_new_key(asking->answer, options->as_json);
    return true;
}

/* --- list --- */

static const char *
text_of(struct value object, const char *name, const char *otherwise, char out[64])
{
    struct value text = value_get(object, name);
    if (text.kind != VALUE_STRING)
        return otherwise;
    snprintf(out, 64, "%.*s", SLICE_FORMAT(slice_cut(value_slice(text), 63)));
    return out;
}

static void
print_key(struct value key, void *unused)
{
    char id[64], used[64], expires[64], name[64];
    struct value scopes = value_get(key, "scopes");
    char words[64] = "";
    for (uint32_t i = 0; i < scopes.count; i++) {
        size_t size = strlen(words);
        snprintf(words + size, sizeof(words) - size, "%s%.*s", i == 0 ? "" : ",",
                 SLICE_FORMAT(value_slice(value_items(scopes)[i])));
    }
    const char *state = value_get(key, "revokedAt").kind == VALUE_STRING
                            ? "revoked"
                            : text_of(key, "expiresAt", "never", expires);
    printf("%s  %-21s  used %-24s  expires %-24s  %s\n", text_of(key, "clientId", "", id), words,
           text_of(key, "lastUsedAt", "never", used), state, text_of(key, "name", "", name));
}

static void
print_workspace(struct value workspace, void *unused)
{
    char id[64], status[64], name[64];
    printf("%s  %-6s  %s\n", text_of(workspace, "id", "", id),
           text_of(workspace, "status", "", status), text_of(workspace, "name", "", name));
}

static bool
list(struct asking *asking, const struct keys_options *options, struct value request, bool of_keys)
{
    const char *many = of_keys ? "keys" : "workspaces";
    const char *id = of_keys ? "clientId" : "id";
    bool is_first = true;
    if (!options->as_json)
        return asking_list(asking, request, many, id, of_keys ? print_key : print_workspace, NULL);
    printf("{\"data\":[");
    if (!asking_list(asking, request, many, id, asking_show_json, &is_first))
        return false;
    printf("]}\n");
    return true;
}

static bool
list_keys(struct asking *asking, const struct keys_options *options, const char *unused)
{
    struct value request = asking_request(asking, "key_list");
    asking_put_text(asking, &request, "workspace", options->workspace);
    return list(asking, options, request, true);
}

static bool
list_workspaces(struct asking *asking, const struct keys_options *options, const char *unused)
{
    return list(asking, options, asking_request(asking, "workspace_list"), false);
}

/* --- revoke --- */

static bool
revoke_key(struct asking *asking, const struct keys_options *options, const char *id)
{
    struct value request = asking_request(asking, "key_revoke");
    bool is_first = true;
    asking_put_text(asking, &request, "id", id);
    if (!asking_ask(asking, request))
        return false;
    struct value key = value_get(asking->answer, "key");
    if (!options->as_json) {
        print_key(key, NULL);
        return true;
    }
    asking_show_json(key, &is_first);
    printf("\n");
    return true;
}

/* --- the commands --- */

struct verb {
    const char *name;
    bool takes_id;
    bool (*run)(struct asking *asking, const struct keys_options *options, const char *id);
};

static int
run_verb(struct cli *cli, const struct keys_options *options, const struct verb *verb,
         const struct positional *words)
{
    struct asking asking;
    if (words->count != (verb->takes_id ? 2 : 1)) {
        fprintf(stderr, "windrow: %s: expected %s\n", verb->name,
                verb->takes_id ? "one client id" : "no further words");
        return CLI_USAGE;
    }
    bool is_ok =
        asking_init(&asking, cli, options->data, options->is_remote ? &options->remote : NULL,
                    remote_keys_ask) == STATUS_OK &&
        verb->run(&asking, options, verb->takes_id ? words->values[1] : NULL);
    int exit_code = is_ok ? CLI_OK : asking_complain(&asking);
    asking_done(&asking);
    return exit_code;
}

static int
find_verb(struct cli *cli, const struct keys_options *options, const struct verb *verbs,
          size_t count, const struct positional *words)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words->values[0], verbs[i].name) == 0)
            return run_verb(cli, options, &verbs[i], words);
    }
    fprintf(stderr, "windrow: expected");
    for (size_t i = 0; i < count; i++)
        fprintf(stderr, "%s \"%s\"", i == 0 ? "" : " or", verbs[i].name);
    fprintf(stderr, ", found \"%s\"\n", words->values[0]);
    return CLI_USAGE;
}

#define OPTION_NAME(options)                                                                       \
    {                                                                                              \
        .name = "--name", .kind = OPTION_TEXT, .into.text = &(options).name, .value = "TEXT",      \
        .help = "a name for people"                                                                \
    }
#define OPTION_RATE(options)                                                                       \
    {                                                                                              \
        .name = "--rate", .kind = OPTION_TEXT, .into.text = &(options).rate, .value = "RATE",      \
        .help = "how often it may ask: 10/s, 600/m [no limit]"                                     \
    }
#define OPTION_JSON(options)                                                                       \
    {                                                                                              \
        .name = "--json", .kind = OPTION_FLAG, .into.flag = &(options).as_json,                    \
        .help = "print JSON"                                                                       \
    }

int
cli_keys(struct cli *cli, int argc, char **argv)
{
    static const struct verb verbs[] = {
        {"create", false, create_key},
        {"list", false, list_keys},
        {"revoke", true, revoke_key},
    };
    struct keys_options into = {.data = CLI_DATA_DEFAULT, .is_remote = remote_is_asked(argc, argv)};
    const struct option options[] = {
        OPTION_DATA(&into.data),
        OPTION_NAME(into),
        {.name = "--scopes",
         .kind = OPTION_TEXT,
         .into.text = &into.scopes,
         .value = "LIST",
         .help = "of read,run,write,admin [all of them]"},
        {.name = "--expires",
         .kind = OPTION_TEXT,
         .into.text = &into.expires,
         .value = "WHEN",
         .help = "90d, or a time: 2030-01-31T00:00:00Z [never]"},
        OPTION_RATE(into),
        REMOTE_OPTIONS(into.remote),
        {.name = "--workspace",
         .kind = OPTION_TEXT,
         .into.text = &into.workspace,
         .value = "ID",
         .help = "whose key it is [the default workspace]"},
        OPTION_JSON(into),
    };
    const struct option_table table = {
        .usage = "windrow keys create|list|revoke [CLIENT_ID] [options]",
        .summary =
            "Makes, lists and revokes API keys, also beside a running server, or of one elsewhere.",
        .options = options,
        .count = COUNT_OF(options),
        .positional_min = 1,
        .positional_max = 2,
    };
    struct positional words;
    enum options_end end = options_read(&table, argc, argv, &words);
    if (end != OPTIONS_OK)
        return end == OPTIONS_HELP ? CLI_OK : CLI_USAGE;
    return find_verb(cli, &into, verbs, COUNT_OF(verbs), &words);
}

int
cli_workspaces(struct cli *cli, int argc, char **argv)
{
    static const struct verb verbs[] = {
        {"create", false, create_workspace},
        {"list", false, list_workspaces},
    };
    struct keys_options into = {.data = CLI_DATA_DEFAULT, .is_remote = remote_is_asked(argc, argv)};
    const struct option options[] = {OPTION_DATA(&into.data), OPTION_NAME(into), OPTION_RATE(into),
                                     REMOTE_OPTIONS(into.remote), OPTION_JSON(into)};
    const struct option_table table = {
        .usage = "windrow workspaces create|list [options]",
        .summary = "Makes a workspace with its first key, or lists them; also beside a server.",
        .options = options,
        .count = COUNT_OF(options),
        .positional_min = 1,
        .positional_max = 1,
    };
    struct positional words;
    enum options_end end = options_read(&table, argc, argv, &words);
    if (end != OPTIONS_OK)
        return end == OPTIONS_HELP ? CLI_OK : CLI_USAGE;
    return find_verb(cli, &into, verbs, COUNT_OF(verbs), &words);
}
