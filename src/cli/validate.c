#include "cli/load.h"
#include "cli/options.h"

#include <stdio.h>

int
cli_validate(struct cli *cli, int argc, char **argv)
{
    static const struct option_table table = {
        .usage = "windrow validate FILE…",
        .summary = "Checks workflow files; every error is shown with its place.",
        .positional_min = 1,
        .positional_max = POSITIONAL_VALUES_MAX,
    };
    struct positional files;
    enum options_end end = options_read(&table, argc, argv, &files);
    if (end != OPTIONS_OK)
        return end == OPTIONS_HELP ? CLI_OK : CLI_USAGE;
    int worst = CLI_OK;
    for (size_t i = 0; i < files.count; i++) {
        struct buffer text;
        struct plan *plan = NULL;
        int exit_code = load_workflow(cli, files.values[i], NULL, &text, &plan);
        if (exit_code == CLI_OK)
            printf("%s: ok\n", files.values[i]);
        if (exit_code > worst)
            worst = exit_code;
        plan_drop(&plan);
        buffer_done(&text);
    }
    return worst;
}
