#include "expr_rows.h"

#include "base/json.h"
#include "test.h"

#define ARENA_BYTES ((size_t)64 * 1024 * 1024)

static enum status
add_output(struct value output, void *context)
{
    struct buffer *text = context;
    if (text->size > 0)
        buffer_append_byte(text, ' ');
    json_print(text, output);
    return STATUS_OK;
}

static void
add_failure(struct buffer *text, const struct expr_failure *failure)
{
    if (text->size > 0)
        buffer_append_byte(text, ' ');
    if (failure->status == STATUS_LIMIT) {
        buffer_append_text(text, "LIMIT");
        return;
    }
    buffer_append_byte(text, '!');
    json_print(text, failure->raised);
}

static void
evaluate(struct expr_machine *machine, struct arena *arena, const struct expr_row *row,
         struct buffer *text)
{
    struct expr *expr = NULL;
    struct expr_problem problem;
    struct expr_failure failure;
    struct value input = value_null();
    if (expr_compile(&expr, arena, slice_text(row->program), &problem) != STATUS_OK)
        fail_msg("%s: %s at %zu", row->program, problem.words, problem.offset);
    if (row->input != NULL)
        assert_int_equal(json_parse(&input, arena, slice_text(row->input), 0, NULL, NULL),
                         STATUS_OK);
    enum status status = expr_each(machine, expr, input, add_output, text, &failure);
    assert_int_equal(status, failure.status);
    if (status != STATUS_OK)
        add_failure(text, &failure);
}

static void
check_row(struct expr_machine *machine, const struct expr_row *row)
{
    struct arena arena;
    struct buffer text;
    arena_init(&arena, ARENA_BYTES);
    buffer_init(&text, ARENA_BYTES);
    evaluate(machine, &arena, row, &text);
    if (!slice_is(buffer_slice(&text), row->want))
        fail_msg("%s on %s: got %.*s, want %s", row->program,
                 row->input == NULL ? "null" : row->input, SLICE_FORMAT(buffer_slice(&text)),
                 row->want);
    buffer_done(&text);
    arena_done(&arena);
}

void
expr_rows_check_within(const struct expr_row *rows, size_t count, struct expr_budget budget)
{
    struct expr_machine *machine = expr_machine_new(budget);
    for (size_t i = 0; i < count; i++)
        check_row(machine, &rows[i]);
    expr_machine_free(&machine);
    assert_null(machine);
}

void
expr_rows_check(const struct expr_row *rows, size_t count)
{
    expr_rows_check_within(rows, count, expr_budget_default());
}
