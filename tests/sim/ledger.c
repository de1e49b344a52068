#include "ledger.h"

#include "world.h"

/* As asking.c and, above it, what is reserved. */
#define ANSWER_COST 11
#define ANSWER_PRICE 13
/* So often what was spent is looked at. */
#define LOOK_EVERY 32

void
ledger_draw(struct world *world)
{
    struct rng rng;
    rng_seed(&rng, world->seed ^ UINT64_C(0x6c6564676572));
    world->ledger.is_scarce = rng_below(&rng, 6) == 0;
    world->ledger.granted = (int64_t)rng_below(&rng, 40 * ANSWER_COST);
    world->ledger.revision = 1;
    world->ledger.grant_at = rng_below(&rng, 2) == 0 ? 1 + rng_below(&rng, 3000) : 0;
}

enum status
ledger_limits(void *context, const struct id *workspace, const struct id *key,
              struct tenant_limits *out)
{
    const struct world *world = context;
    *out = (struct tenant_limits){
        .credits = world->ledger.is_scarce ? world->ledger.granted : ACCOUNT_UNLIMITED,
        .revision = world->ledger.revision,
        .workspace_day = ACCOUNT_UNLIMITED,
        .key_day = ACCOUNT_UNLIMITED,
    };
    return STATUS_OK;
}

int64_t
ledger_price(void *context, struct slice model, size_t bytes, int64_t answer_tokens)
{
    const struct world *world = context;
    return world->ledger.is_scarce ? ANSWER_PRICE : 0;
}

bool
ledger_open(struct world *world, struct run_start *start)
{
    struct refusal refusal;
    enum status status = engine_purse_open(world->engine, start, &start->purse, &refusal);
    if (status != STATUS_OK && status != STATUS_LIMIT)
        world_fail(world, "a purse cannot be opened: %s", status_name(status));
    return status == STATUS_OK;
}

static int64_t
spent(struct world *world)
{
    struct spending_row row = {.workspace = world->workspace, .kind = SPENDING_EVER};
    if (store_spending_get(world->store, &row) != STATUS_OK)
        world_fail(world, "what was spent cannot be read");
    return row.used.cost_microcredits;
}

static void
look(struct world *world)
{
    int64_t so_far = spent(world);
    if (so_far > world->ledger.granted)
        world_fail(world, "%lld were spent of %lld", (long long)so_far,
                   (long long)world->ledger.granted);
}

void
ledger_turn(struct world *world)
{
    struct ledger *ledger = &world->ledger;
    if (!ledger->is_scarce)
        return;
    if (world->events % LOOK_EVERY == 0)
        look(world);
    if (ledger->grant_at == 0 || world->events < ledger->grant_at)
        return;
    ledger->grant_at = 0;
    ledger->granted += 20 * ANSWER_COST;
    ledger->revision++;
    accounts_set_limit(engine_accounts(world->engine), ACCOUNT_CREDITS, &world->workspace,
                       ledger->granted, ledger->revision);
}

static bool
add_run(const struct run_row *row, void *context)
{
    *(int64_t *)context += row->usage.cost_microcredits;
    return true;
}

static bool
add_day(const struct spending_row *row, void *context)
{
    *(int64_t *)context += row->used.cost_microcredits;
    return true;
}

void
ledger_check(struct world *world)
{
    int64_t of_runs = 0, of_days = 0, ever = spent(world);
    struct store_page page = {.workspace = world->workspace, .limit = 1000};
    struct spending_range days = {
        .workspace = world->workspace, .kind = SPENDING_WORKSPACE, .last_day = INT64_MAX};
    if (store_run_list(world->store, &page, add_run, &of_runs) != STATUS_OK ||
        store_spending_list(world->store, &days, add_day, &of_days) != STATUS_OK)
        world_fail(world, "what was used cannot be read");
    if (of_runs != ever || of_days != ever)
        world_fail(world, "%lld were spent, %lld by runs, %lld on all days", (long long)ever,
                   (long long)of_runs, (long long)of_days);
    if (world->ledger.is_scarce)
        look(world);
}
