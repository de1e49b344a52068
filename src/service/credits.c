#include "service/credits.h"

#include "base/limits.h"
#include "base/mem.h"
#include "service/host.h"

static int64_t
budget_of(struct slice json)
{
    struct access_limits limits;
    access_limits_parse(&limits, json);
    return limits.has_budget ? limits.budget_microcredits : ACCOUNT_UNLIMITED;
}

static enum status
read_limits(struct service *service, const struct id *workspace, const struct id *key,
            struct arena *arena, struct tenant_limits *out)
{
    struct workspace_row row;
    struct key_row key_row;
    enum status status = store_workspace_get(service->store, arena, workspace, &row);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    if (status != STATUS_OK)
        return status;
    out->credits = row.is_metered ? row.granted_microcredits : ACCOUNT_UNLIMITED;
    out->revision = row.credit_revision;
    out->workspace_day = budget_of(row.limits);
    if (id_is_zero(key))
        return STATUS_OK;
    status = store_key_get(service->store, arena, key, &key_row);
    if (status == STATUS_OK)
        out->key_day = budget_of(key_row.limits);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status
credits_limits(void *world, const struct id *workspace, const struct id *key,
               struct tenant_limits *out)
{
    struct arena arena;
    *out = (struct tenant_limits){
        .credits = ACCOUNT_UNLIMITED,
        .workspace_day = ACCOUNT_UNLIMITED,
        .key_day = ACCOUNT_UNLIMITED,
    };
    arena_init(&arena, KIB(64));
    enum status status = read_limits(world, workspace, key, &arena, out);
    arena_done(&arena);
    return status;
}

void
credits_note_workspace(struct service *service, const struct workspace_row *row)
{
    accounts_set_limit(engine_accounts(service->engine), ACCOUNT_WORKSPACE_DAY, &row->id,
                       budget_of(row->limits), 0);
}

/* --- grants --- */

struct granting {
    struct task task;
    struct service *service;
    struct grant_row row;
    tenant_changed_fn *done;
    void *context;
};

/* Runs that are under way go on with what was granted. */
static void
tell_engine(struct task *task, void *thread_context)
{
    struct granting *granting = (struct granting *)task;
    struct service *service = granting->service;
    struct tenant_limits limits;
    const struct id *workspace = &granting->row.workspace;
    enum status status = credits_limits(service, workspace, &(struct id){{0}}, &limits);
    if (status == STATUS_OK)
        accounts_set_limit(engine_accounts(service->engine), ACCOUNT_CREDITS, workspace,
                           limits.credits, limits.revision);
    granting->done(status, granting->context);
    mem_free(granting);
}

static void
granted(struct intent *intent)
{
    struct granting *granting = intent->owner;
    enum status status = intent->status;
    intent_free(&intent);
    if (status == STATUS_OK) {
        key_cache_forget(granting->service->keys);
        granting->task.run = tell_engine;
        service_post(granting->service, &granting->task, true);
        return;
    }
    granting->done(status, granting->context);
    mem_free(granting);
}

void
service_grant(struct service *service, const struct grant_row *wanted,
              const struct idempotency_row *idempotency, tenant_changed_fn *done, void *context)
{
    struct intent *intent = intent_new(KIB(32));
    struct granting *granting = mem_alloc(sizeof(*granting));
    *granting =
        (struct granting){.service = service, .row = *wanted, .done = done, .context = context};
    granting->row.id = id_next(&service->ids);
    granting->row.created_unix_ms = clock_unix_ms(service->options.clock);
    granting->row.note = arena_copy(&intent->arena, wanted->note);
    intent_add(intent, STORE_GRANT_INSERT, 256)->grant = &granting->row;
    intent_add_idempotency(intent, idempotency, IDEMPOTENCY_GRANT, &wanted->workspace);
    intent->done = granted;
    intent->owner = granting;
    writer_push(service->writer, intent);
}

/* --- reads --- */

enum status
service_credits_get(struct service *service, const struct id *workspace, struct credits *out)
{
    struct arena arena;
    struct workspace_row row;
    struct spending_row spent = {.workspace = *workspace, .kind = SPENDING_EVER};
    *out = (struct credits){.is_metered = false};
    arena_init(&arena, KIB(64));
    enum status status = store_workspace_get(service->store, &arena, workspace, &row);
    if (status == STATUS_OK)
        status = store_spending_get(service->store, &spent);
    if (status == STATUS_OK)
        *out = (struct credits){
            .is_metered = row.is_metered,
            .granted = row.granted_microcredits,
            .spent = spent.used.cost_microcredits,
            .reserved = accounts_reserved(engine_accounts(service->engine), workspace),
        };
    arena_done(&arena);
    return status;
}

enum status
service_credits_check(struct service *service, const struct caller *caller)
{
    struct credits credits;
    if (!caller->is_metered)
        return STATUS_OK;
    enum status status = service_credits_get(service, &caller->workspace, &credits);
    bool is_used_up = credits.is_metered && credits.granted <= credits.spent;
    return status == STATUS_OK && is_used_up ? STATUS_LIMIT : status;
}

enum status
service_grant_list(struct service *service, const struct store_page *page, store_grant_fn *visit,
                   void *context)
{
    return store_grant_list(service->store, page, visit, context);
}

enum status
service_spending_list(struct service *service, const struct spending_range *range,
                      store_spending_fn *visit, void *context)
{
    return store_spending_list(service->store, range, visit, context);
}
