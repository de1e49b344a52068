#include "engine/call.h"

#include "base/clock.h"
#include "base/credits.h"
#include "base/moment.h"

#include <stdio.h>

#define DAY_MS INT64_C(86400000)

int64_t
pay_guess(const struct engine *engine, const struct plan_node *node, struct value config,
          size_t body_bytes)
{
    const struct engine_ports *ports = engine->options.ports;
    struct value model = value_get(config, "model");
    int64_t tokens = 0;
    if (node->decl->price_microcredits > 0)
        return node->decl->price_microcredits;
    if (ports->price == NULL || model.kind != VALUE_STRING)
        return 0;
    if (!value_integer(value_get(config, "max_tokens"), &tokens) || tokens < 0)
        tokens = 0;
    return ports->price(ports->world, value_slice(model), body_bytes, tokens);
}

/* Texts that are named only, and pictures, are not in the price, so no less than the dearest call
 * of the run so far. */
static int64_t
guess(const struct call *call)
{
    int64_t price =
        pay_guess(call->run->engine, call->node, call->config, call->exchange->body.size);
    int64_t dearest = call->run->dearest;
    return price > 0 && dearest > price ? dearest : price;
}

/* Of a failure, which is told even when there is no room for all of it. */
static struct value
or_null(struct value value)
{
    return value.kind == VALUE_NONE ? value_null() : value;
}

struct value
pay_refusal(const struct refusal *refusal, struct step_failure *failure, struct arena *arena)
{
    char words[REFUSAL_WORDS_BYTES];
    refusal_words(refusal, words);
    step_fail(failure, refusal_code(refusal), "%s", words);
    const struct member members[] = {
        {value_text("of"), value_text(refusal_of(refusal))},
        {value_text("limit"), or_null(credits_value(refusal->limit, arena))},
        {value_text("used"), or_null(credits_value(refusal->used, arena))},
        {value_text("resetAt"), or_null(moment_value(refusal->reset_unix_ms, arena))},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

/* Once for all attempts of the call, since only the last one is paid as a rule: two calls that both
 * want more cannot wait for each other. */
enum reserve
pay_reserve(struct call *call)
{
    struct run *run = call->run;
    struct refusal refusal;
    if (run->purse.count == 0 || call->has_reserved)
        return RESERVE_OK;
    int64_t amount = guess(call);
    enum reserve answer = purse_reserve(run->engine->accounts, &run->purse, amount, &refusal);
    if (answer == RESERVE_OK) {
        call->has_reserved = true;
        call->reserved = amount;
    } else if (answer == RESERVE_NEVER) {
        /* Nothing was sent: a retry after the mend begins here. */
        call->details = pay_refusal(&refusal, &call->failure, &call->arena);
    }
    return answer;
}

void
pay_settle(struct call *call, int64_t spent)
{
    struct run *run = call->run;
    if (call->reserved == 0 && spent == 0)
        return;
    purse_settle(run->engine->accounts, &run->purse, call->reserved, spent);
    call->reserved = 0;
    run->dearest = spent > run->dearest ? spent : run->dearest;
    run->is_unpaid = false;
}

int64_t
pay_day(int64_t unix_ms)
{
    return unix_ms < DAY_MS ? 1 : unix_ms / DAY_MS;
}

struct payer
pay_row(const struct run *run, int64_t unix_ms)
{
    const struct run_payer *payer = &run->payer;
    bool has_budget = payer->run_budget != ACCOUNT_UNLIMITED;
    return (struct payer){
        .workspace = run->workspace,
        .key = payer->key,
        .workflow = payer->workflow,
        .budget = has_budget ? payer->root : (struct id){{0}},
        .day = pay_day(unix_ms),
    };
}

/* --- runs --- */

struct run_payer
payer_of(const struct run_row *row, const struct plan *plan)
{
    bool is_root = id_is_zero(&row->root);
    return (struct run_payer){
        .workflow = row->workflow,
        .root = is_root ? row->id : row->root,
        .run_budget = is_root ? plan->limits.budget_microcredits : ACCOUNT_UNLIMITED,
        .day_budget = is_root ? plan->limits.day_budget_microcredits : ACCOUNT_UNLIMITED,
    };
}

enum status
purse_open(struct engine *engine, const struct id *workspace, const struct run_payer *payer,
           struct purse *out)
{
    const struct engine_ports *ports = engine->options.ports;
    struct tenant_limits limits = {
        .credits = ACCOUNT_UNLIMITED,
        .workspace_day = ACCOUNT_UNLIMITED,
        .key_day = ACCOUNT_UNLIMITED,
    };
    enum status status = STATUS_OK;
    *out = (struct purse){.count = 0};
    if (ports->limits != NULL)
        status = ports->limits(ports->world, workspace, &payer->key, &limits);
    return status == STATUS_OK ? accounts_open(engine->accounts, workspace, payer, &limits, out)
                               : status;
}

struct accounts *
engine_accounts(struct engine *engine)
{
    return engine->accounts;
}
