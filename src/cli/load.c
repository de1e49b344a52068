#include "cli/load.h"

#include "base/fs.h"
#include "base/limits.h"
#include "base/mem.h"

#include <stdio.h>

int
load_workflow(const struct cli *cli, const char *file, const char *rows, struct buffer *text,
              struct plan **plan)
{
    struct error error = {0};
    *plan = NULL;
    if (fs_read_file(text, file, LIMIT_DEFINITION_BYTES, &error) != STATUS_OK)
        return cli_complain(&error);
    struct arena arena;
    arena_init(&arena, MIB(4));
    struct problems *problems = mem_alloc(sizeof(*problems));
    problems_init(problems, &arena);
    struct plan_options options = {cli->catalog, rows};
    int exit_code = CLI_OK;
    if (plan_load(plan, buffer_slice(text), &options, problems) != STATUS_OK) {
        struct buffer words;
        buffer_init(&words, MIB(1));
        problems_print(problems, file, &words);
        fwrite(words.ptr, 1, words.size, stderr);
        buffer_done(&words);
        exit_code = CLI_FAILED;
    }
    mem_free(problems);
    arena_done(&arena);
    return exit_code;
}
