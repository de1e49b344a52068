/* Reads lines "program TAB input" and prints one line each: the outputs as a JSON array, then "!"
 * and the raised value if there was an error, or "?" and words when the program does not compile or
 * a budget ends. The differential test compares these lines with jq's. */
#include "base/json.h"
#include "base/thread.h"
#include "expr/expr.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

static enum status
add_output(struct value output, void *context)
{
    struct buffer *line = context;
    if (line->size > 1)
        buffer_append_byte(line, ',');
    json_print(line, output);
    return STATUS_OK;
}

static void
evaluate(struct expr_machine *machine, const struct expr *expr, struct value input,
         struct buffer *line)
{
    struct expr_failure failure;
    buffer_append_byte(line, '[');
    enum status status = expr_each(machine, expr, input, add_output, line, &failure);
    buffer_append_byte(line, ']');
    if (status == STATUS_INVALID) {
        buffer_append_byte(line, '!');
        json_print(line, failure.raised);
    } else if (status != STATUS_OK) {
        buffer_append_format(line, "?%s", failure.words);
    }
}

static void
run_pair(struct expr_machine *machine, struct slice program, struct slice text, struct buffer *line)
{
    struct arena arena;
    struct expr *expr = NULL;
    struct expr_problem problem;
    struct value input = {0};
    struct error error = {0};
    arena_init(&arena, (size_t)64 * 1024 * 1024);
    if (expr_compile(&expr, &arena, program, &problem) != STATUS_OK)
        buffer_append_format(line, "?%zu: %s", problem.offset, problem.words);
    else if (json_parse(&input, &arena, text, 0, NULL, &error) != STATUS_OK)
        buffer_append_format(line, "?input: %s", error.text);
    else
        evaluate(machine, expr, input, line);
    arena_done(&arena);
}

static void
run_pairs(void *context)
{
    struct expr_machine *machine = expr_machine_new(expr_budget_default());
    struct buffer line;
    char *text = NULL;
    size_t room = 0;
    ssize_t size = 0;
    buffer_init(&line, (size_t)64 * 1024 * 1024);
    while ((size = getline(&text, &room, stdin)) > 0) {
        struct slice whole = slice_of(text, (size_t)size);
        if (whole.ptr[whole.size - 1] == '\n')
            whole.size--;
        const char *tab = memchr(whole.ptr, '\t', whole.size);
        assert(tab != NULL);
        size_t before = (size_t)(tab - whole.ptr);
        buffer_clear(&line);
        run_pair(machine, slice_of(whole.ptr, before), slice_of(tab + 1, whole.size - before - 1),
                 &line);
        fwrite(line.ptr, 1, line.size, stdout);
        putchar('\n');
    }
    free(text);
    buffer_done(&line);
    expr_machine_free(&machine);
}

int
main(void)
{
    struct thread *thread = NULL;
    if (thread_start(&thread, "eval", EXPR_STACK_BYTES, run_pairs, NULL) != STATUS_OK)
        return 1;
    thread_join(&thread);
    return 0;
}
