#include "paying.h"

#include "base/status.h"
#include "steps/table.h"
#include "steps/types.h"

#include <assert.h>

#define TYPES_MAX 64

static bool
conclude(struct step_conclusion *conclusion)
{
    if (!step_http_request.conclude(conclusion))
        return false;
    conclusion->usage =
        (struct step_usage){.tokens_in = 30, .tokens_out = 2, .cost_microcredits = 7};
    return true;
}

const struct step_table *
paying_steps(void)
{
    static struct step_type request;
    static const struct step_type *types[TYPES_MAX];
    static struct step_table table;
    assert(step_table.count <= TYPES_MAX);
    request = step_http_request;
    request.conclude = conclude;
    for (size_t i = 0; i < step_table.count; i++)
        types[i] = step_table.types[i] == &step_http_request ? &request : step_table.types[i];
    table = (struct step_table){types, step_table.count};
    return &table;
}
