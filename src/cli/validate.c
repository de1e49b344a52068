#include "base/mem.h"
#include "cli/load.h"
#include "cli/options.h"

#include <stdio.h>

int
cli_validate(struct cli *cli, int argc, char **argv)
{
    static const struct option_table table = {
        .usage = "windrow validate FILE…",
        .summary = "Checks workflow files, and how they call each other; every error is shown with "
                   "its place.",
        .positional_min = 1,
        .positional_max = POSITIONAL_VALUES_MAX,
    };
    struct positional files;
    enum options_end end = options_read(&table, argc, argv, &files);
    if (end != OPTIONS_OK)
        return end == OPTIONS_HELP ? CLI_OK : CLI_USAGE;
    struct plan **plans = mem_alloc_array(files.count, sizeof(struct plan *));
    int worst = CLI_OK;
    for (size_t i = 0; i < files.count; i++) {
        struct buffer text;
        int exit_code = load_workflow(cli, files.values[i], NULL, &text, &plans[i]);
        worst = exit_code > worst ? exit_code : worst;
        buffer_done(&text);
    }
    for (size_t i = 0; i < files.count; i++) {
        bool is_ok = plans[i] != NULL && check_calls(files.values[i], plans, i, files.count);
        if (is_ok)
            printf("%s: ok\n", files.values[i]);
        else if (worst == CLI_OK)
            worst = CLI_FAILED;
    }
    for (size_t i = 0; i < files.count; i++)
        plan_drop(&plans[i]);
    mem_free(plans);
    return worst;
}
