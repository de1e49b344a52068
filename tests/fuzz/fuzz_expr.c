/* The input is a program, a line end and its input as JSON: no program crashes, hangs or gives
 * something that cannot be printed and read again. */
#include "fuzz.h"

#include "base/json.h"
#include "base/limits.h"
#include "expr/expr.h"

#include <stdbool.h>
#include <string.h>

/* So that one input takes milliseconds. */
#define STEPS 200000
#define BYTES MIB(8)
#define OUTPUTS_MAX 50

static enum status
check_output(struct value output, void *context)
{
    size_t *count = context;
    struct arena arena;
    struct value again = {0};
    assert(output.kind != VALUE_NONE);
    arena_init(&arena, MIB(256));
    struct slice text = json_text(&arena, output);
    if (text.ptr != NULL && text.size < MIB(1))
        assert(json_parse(&again, &arena, text, 0, NULL, NULL) == STATUS_OK);
    arena_done(&arena);
    return ++*count < OUTPUTS_MAX ? STATUS_OK : STATUS_CANCELLED;
}

static void
note_path(const struct slice *names, size_t count, size_t source_offset, void *context)
{
    size_t *source_size = context;
    assert(source_offset <= *source_size);
    assert(count == 0 || names[0].ptr != NULL);
}

static void
check_failure(enum status status, const struct expr_failure *failure)
{
    assert(failure->status == status);
    if (status == STATUS_OK || status == STATUS_CANCELLED)
        return;
    assert(status == STATUS_INVALID || status == STATUS_LIMIT);
    assert(slice_is_utf8(slice_text(failure->words)));
    assert(status != STATUS_INVALID || failure->raised.kind != VALUE_NONE);
}

static void
evaluate(const struct expr *expr, struct arena *arena, struct value input)
{
    struct expr_budget budget = expr_budget_default();
    struct expr_failure failure;
    size_t count = 0;
    budget.steps = STEPS;
    budget.bytes = BYTES;
    struct expr_machine *machine = expr_machine_new(budget);
    enum status status = expr_each(machine, expr, input, check_output, &count, &failure);
    check_failure(status, &failure);

    struct value out = {0};
    status = expr_one(machine, expr, input, arena, &out, &failure);
    check_failure(status, &failure);
    assert((out.kind != VALUE_NONE) == (status == STATUS_OK));
    expr_machine_free(&machine);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const char *end = size == 0 ? NULL : memchr(text, '\n', size);
    size_t source_size = end == NULL ? size : (size_t)(end - text);
    struct slice rest = slice_of("null", 4);
    if (end != NULL && source_size + 1 < size)
        rest = slice_of(end + 1, size - source_size - 1);

    struct arena arena;
    struct expr *expr = NULL;
    struct expr_problem problem;
    struct value input = {0};
    arena_init(&arena, MIB(64));
    enum status status = expr_compile(&expr, &arena, slice_of(text, source_size), &problem);
    if (status != STATUS_OK) {
        assert(expr == NULL && problem.words[0] != '\0');
        assert(problem.offset <= source_size);
    } else {
        expr_each_root_path(expr, note_path, &source_size);
        if (json_parse(&input, &arena, rest, 0, NULL, NULL) == STATUS_OK)
            evaluate(expr, &arena, input);
    }
    arena_done(&arena);
    return 0;
}
