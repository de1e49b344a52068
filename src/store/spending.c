#include "store/backend.h"

static int64_t
add_up(int64_t sum, int64_t more)
{
    return more > INT64_MAX - sum ? INT64_MAX : sum + more;
}

void
usage_add(struct usage *sum, const struct usage *more)
{
    sum->calls = add_up(sum->calls, more->calls);
    sum->tokens_in = add_up(sum->tokens_in, more->tokens_in);
    sum->tokens_out = add_up(sum->tokens_out, more->tokens_out);
    sum->cost_microcredits = add_up(sum->cost_microcredits, more->cost_microcredits);
}

static void
add_row(struct spending_row *rows, size_t *count, enum spending_kind kind, const struct id *id)
{
    rows[*count] = rows[0];
    rows[*count].kind = kind;
    rows[*count].id = *id;
    ++*count;
}

/* What cost nothing takes nothing from a budget. */
size_t
store_spending_rows(const struct payer *payer, const struct usage *used,
                    struct spending_row rows[SPENDING_ROWS_MAX])
{
    size_t count = 1;
    bool is_paid = used->cost_microcredits > 0;
    if (id_is_zero(&payer->workspace))
        return 0;
    rows[0] =
        (struct spending_row){.workspace = payer->workspace, .day = payer->day, .used = *used};
    if (!id_is_zero(&payer->key))
        add_row(rows, &count, SPENDING_KEY, &payer->key);
    if (!id_is_zero(&payer->workflow))
        add_row(rows, &count, SPENDING_WORKFLOW, &payer->workflow);
    size_t of_days = count;
    if (is_paid && !id_is_zero(&payer->budget))
        add_row(rows, &count, SPENDING_RUN, &payer->budget);
    if (is_paid)
        add_row(rows, &count, SPENDING_EVER, &(struct id){{0}});
    for (size_t i = of_days; i < count; i++)
        rows[i].day = 0;
    return count;
}
