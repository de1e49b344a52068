#include "base/json.h"
#include "base/limits.h"
#include "cli/ask.h"
#include "cli/options.h"

#include <stdio.h>
#include <string.h>

static void
print_key(struct value answer, bool as_json)
{
    struct value id = value_get(answer, "clientId");
    struct value secret = value_get(answer, "apiKey");
    if (as_json)
        printf("{\"clientId\":\"%.*s\",\"apiKey\":\"%.*s\"}\n", SLICE_FORMAT(value_slice(id)),
               SLICE_FORMAT(value_slice(secret)));
    else
        printf("client id  %.*s\napi key    %.*s\nThe key is shown this once.\n",
               SLICE_FORMAT(value_slice(id)), SLICE_FORMAT(value_slice(secret)));
}

static int
create_key(struct cli *cli, const char *data, const char *name, bool as_json)
{
    struct arena arena;
    arena_init(&arena, MIB(4));
    struct member members[] = {
        {value_text("do"), value_text("key_create")},
        {value_text("name"), value_text(name)},
    };
    struct value request = value_object_new(&arena, members, COUNT_OF(members));
    struct value answer;
    struct service *service = NULL;
    struct error error = {0};
    bool is_there = false;
    enum status status = ask_server(data, request, &arena, &answer, &is_there, &error);
    if (!is_there)
        status = cli->open(cli, data, true, &service, &error);
    if (status == STATUS_OK && service != NULL)
        status = ask_here(service, request, &arena, &answer, &error);
    int exit_code = status == STATUS_OK ? CLI_OK : cli_complain(&error);
    if (status == STATUS_OK)
        print_key(answer, as_json);
    cli->close(cli, &service);
    arena_done(&arena);
    return exit_code;
}

int
cli_keys(struct cli *cli, int argc, char **argv)
{
    const char *data = CLI_DATA_DEFAULT;
    const char *name = "";
    bool as_json = false;
    const struct option options[] = {
        {.name = "--data",
         .kind = OPTION_TEXT,
         .into.text = &data,
         .value = "DIR",
         .help = "where everything is kept [windrow-data]",
         .environment = "WINDROW_DATA"},
        {.name = "--name",
         .kind = OPTION_TEXT,
         .into.text = &name,
         .value = "TEXT",
         .help = "a name for people"},
        {.name = "--json",
         .kind = OPTION_FLAG,
         .into.flag = &as_json,
         .help = "print {\"clientId\", \"apiKey\"}"},
    };
    const struct option_table table = {
        .usage = "windrow keys create [--name TEXT] [--data DIR] [--json]",
        .summary = "Makes an API key of the default workspace, also beside a running server.",
        .options = options,
        .count = COUNT_OF(options),
        .positional_min = 1,
        .positional_max = 1,
    };
    struct positional what;
    enum options_end end = options_read(&table, argc, argv, &what);
    if (end != OPTIONS_OK)
        return end == OPTIONS_HELP ? CLI_OK : CLI_USAGE;
    if (strcmp(what.values[0], "create") != 0) {
        fprintf(stderr, "windrow: keys: expected \"create\", found \"%s\"\n", what.values[0]);
        return CLI_USAGE;
    }
    return create_key(cli, data, name, as_json);
}
