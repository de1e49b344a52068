#include "paying.h"

#include "asking.h"

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
    assert(step_table.count + ASKING_TYPES <= TYPES_MAX);
    request = step_http_request;
    request.conclude = conclude;
    for (size_t i = 0; i < step_table.count; i++)
        types[i] = step_table.types[i] == &step_http_request ? &request : step_table.types[i];
    for (size_t i = 0; i < ASKING_TYPES; i++)
        types[step_table.count + i] = asking_types[i];
    table = (struct step_table){types, step_table.count + ASKING_TYPES};
    return &table;
}

const struct catalog *
paying_catalog(void)
{
    static const struct step_decl *decls[TYPES_MAX];
    static struct catalog catalog;
    const struct step_table *table = paying_steps();
    for (size_t i = 0; i < table->count; i++)
        decls[i] = table->types[i]->decl;
    catalog = (struct catalog){decls, table->count};
    return &catalog;
}
