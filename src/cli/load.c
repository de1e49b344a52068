#include "cli/load.h"

#include "base/fs.h"
#include "base/limits.h"
#include "base/mem.h"
#include "flow/calls.h"

#include <stdio.h>

static void
print_problems(const struct problems *problems, const char *file)
{
    struct buffer words;
    buffer_init(&words, MIB(1));
    problems_print(problems, file, &words);
    cli_write(stderr, &words);
    buffer_done(&words);
}

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
        print_problems(problems, file);
        exit_code = CLI_FAILED;
    }
    mem_free(problems);
    arena_done(&arena);
    return exit_code;
}

bool
check_calls(const char *file, struct plan *const *plans, size_t which, size_t count)
{
    struct arena arena;
    arena_init(&arena, MIB(4));
    struct problems *problems = mem_alloc(sizeof(*problems));
    problems_init(problems, &arena);
    const struct plan **known = mem_alloc_array(count, sizeof(struct plan *));
    size_t known_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (plans[i] != NULL)
            known[known_count++] = plans[i];
    }
    plan_check_calls(plans[which], known, known_count, problems);
    bool is_ok = problems->count == 0;
    if (!is_ok)
        print_problems(problems, file);
    mem_free(known);
    mem_free(problems);
    arena_done(&arena);
    return is_ok;
}
