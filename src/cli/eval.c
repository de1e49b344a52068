#include "base/json.h"
#include "base/limits.h"
#include "base/thread.h"
#include "cli/cli.h"
#include "cli/input.h"
#include "cli/options.h"

#include <stdio.h>
#include <string.h>

/* Bytes of one input file: it is read whole. */
#define EVAL_INPUT_BYTES MIB(1024)

struct evaluation {
    const char *source;
    const struct positional *files; /* values[0] is the source */
    bool is_compact;
    struct arena arena;
    struct expr *expr;
    struct expr_machine *machine;
    struct buffer out;
    int exit_code;
};

static enum status
print_output(struct value output, void *context)
{
    struct evaluation *evaluation = context;
    struct buffer *out = &evaluation->out;
    if (evaluation->is_compact)
        json_print(out, output);
    else
        json_print_pretty(out, output);
    buffer_append_byte(out, '\n');
    if (out->size < KIB(64) && !buffer_is_over(out))
        return STATUS_OK;
    cli_write(stdout, out);
    buffer_clear(out);
    return STATUS_OK;
}

static void
flush(struct evaluation *evaluation)
{
    cli_write(stdout, &evaluation->out);
    fflush(stdout);
    buffer_clear(&evaluation->out);
}

static void
evaluate(struct evaluation *evaluation, struct value input)
{
    struct expr_failure failure = {0};
    if (expr_each(evaluation->machine, evaluation->expr, input, print_output, evaluation,
                  &failure) == STATUS_OK)
        return;
    flush(evaluation);
    fprintf(stderr, "windrow: error: %s\n", failure.words);
    evaluation->exit_code = CLI_EXPRESSION;
}

static void
evaluate_text(struct evaluation *evaluation, const char *name, struct slice text)
{
    size_t offset = 0;
    struct error error = {0};
    for (;;) {
        struct arena arena;
        arena_init(&arena, 32 * (text.size + KIB(64)));
        struct value input;
        enum status status =
            json_parse_next(&input, &arena, text, &offset, JSON_BORROW, NULL, &error);
        if (status == STATUS_OK && input.kind != VALUE_NONE)
            evaluate(evaluation, input);
        bool is_end = status != STATUS_OK || input.kind == VALUE_NONE;
        arena_done(&arena);
        if (status != STATUS_OK) {
            flush(evaluation);
            fprintf(stderr, "windrow: %s: %s\n", name, error.text);
            evaluation->exit_code = CLI_USAGE;
        }
        if (is_end)
            return;
    }
}

static void
evaluate_file(struct evaluation *evaluation, const char *name)
{
    struct buffer text;
    struct error error = {0};
    bool is_standard = strcmp(name, INPUT_STANDARD) == 0;
    if (input_read(&text, name, EVAL_INPUT_BYTES, &error) == STATUS_OK)
        evaluate_text(evaluation, is_standard ? "standard input" : name, buffer_slice(&text));
    else
        evaluation->exit_code = cli_complain(&error);
    buffer_done(&text);
}

/* The line and column of a byte of the program. */
static void
print_problem(const char *source, const struct expr_problem *problem)
{
    uint32_t line = 1;
    uint32_t column = 1;
    for (size_t i = 0; i < problem->offset && source[i] != '\0'; i++) {
        column = source[i] == '\n' ? 1 : column + 1;
        line += source[i] == '\n';
    }
    fprintf(stderr, "windrow: expression, line %u, column %u: %s\n", line, column, problem->words);
}

/* On a thread whose stack is as deep as the language may nest. */
static void
eval_thread(void *context)
{
    struct evaluation *evaluation = context;
    struct expr_problem problem = {0};
    enum status status = expr_compile(&evaluation->expr, &evaluation->arena,
                                      slice_text(evaluation->source), &problem);
    if (status != STATUS_OK) {
        print_problem(evaluation->source, &problem);
        evaluation->exit_code = 3;
        return;
    }
    evaluation->machine = expr_machine_new(expr_budget_default());
    if (evaluation->files->count == 1)
        evaluate_file(evaluation, INPUT_STANDARD);
    for (size_t i = 1; i < evaluation->files->count; i++)
        evaluate_file(evaluation, evaluation->files->values[i]);
    flush(evaluation);
    expr_machine_free(&evaluation->machine);
}

int
cli_eval(struct cli *cli, int argc, char **argv)
{
    bool is_compact = false;
    const struct option options[] = {
        {.name = "-c",
         .kind = OPTION_FLAG,
         .into.flag = &is_compact,
         .help = "one line for each output"},
    };
    const struct option_table table = {
        .usage = "windrow eval [-c] EXPRESSION [FILE…]",
        .summary =
            "Evaluates a jq expression on JSON texts from files or standard input.\n"
            "Exit codes: 0, 2 invalid JSON, 3 the expression is wrong, 5 it raised an error.",
        .options = options,
        .count = COUNT_OF(options),
        .positional_min = 1,
        .positional_max = POSITIONAL_VALUES_MAX,
    };
    struct positional files;
    enum options_end end = options_read(&table, argc, argv, &files);
    if (end != OPTIONS_OK)
        return end == OPTIONS_HELP ? CLI_OK : CLI_USAGE;

    struct evaluation evaluation = {
        .source = files.values[0], .files = &files, .is_compact = is_compact};
    arena_init(&evaluation.arena, MIB(16));
    buffer_init(&evaluation.out, MIB(256));
    struct thread *thread = NULL;
    if (thread_start(&thread, "eval", EXPR_STACK_BYTES, eval_thread, &evaluation) != STATUS_OK) {
        fprintf(stderr, "windrow: no thread could be started\n");
        evaluation.exit_code = CLI_TROUBLE;
    }
    thread_join(&thread);
    buffer_done(&evaluation.out);
    arena_done(&evaluation.arena);
    return evaluation.exit_code;
}
