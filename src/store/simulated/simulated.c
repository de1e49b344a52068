#include "store/simulated/simulated.h"

#include "base/mem.h"
#include "store/simulated/world.h"

#include <assert.h>

void
world_lock(struct world *world)
{
    int failed = pthread_mutex_lock(&world->lock);
    assert(failed == 0);
}

void
world_unlock(struct world *world)
{
    int failed = pthread_mutex_unlock(&world->lock);
    assert(failed == 0);
}

bool
world_draws(struct world *world, uint32_t of_thousand)
{
    if (of_thousand == 0 || rng_below(&world->rng, 1000) >= of_thousand)
        return false;
    world->counts.faults++;
    return true;
}

static void
simulated_close(struct store *store)
{
    struct world *world = world_of(store);
    for (size_t i = 0; i < KIND_COUNT; i++)
        table_done(&world->tables[i]);
    journal_done(&world->journal);
    pthread_mutex_destroy(&world->lock);
    mem_free(world);
}

static const struct store_ops simulated_ops = {
    .commit = simulated_commit,
    .workflow_get = simulated_workflow_get,
    .workflow_by_slug = simulated_workflow_by_slug,
    .workflow_gone_next = simulated_workflow_gone_next,
    .version_get = simulated_version_get,
    .workspace_get = simulated_workspace_get,
    .spending_get = simulated_spending_get,
    .key_get = simulated_key_get,
    .key_by_secret = simulated_key_by_secret,
    .run_get = simulated_run_get,
    .run_head = simulated_run_head,
    .run_count = simulated_run_count,
    .line_first = simulated_line_first,
    .file_get = simulated_file_get,
    .cursor_get = simulated_cursor_get,
    .idempotency_get = simulated_idempotency_get,
    .setting_get = simulated_setting_get,
    .text_get = simulated_text_get,
    .text_has = simulated_text_has,
    .cache_get = simulated_cache_get,
    .record_get = simulated_record_get,
    .workflow_list = simulated_workflow_list,
    .version_list = simulated_version_list,
    .workspace_list = simulated_workspace_list,
    .audit_list = simulated_audit_list,
    .grant_list = simulated_grant_list,
    .spending_list = simulated_spending_list,
    .key_list = simulated_key_list,
    .run_list = simulated_run_list,
    .run_unfinished = simulated_run_unfinished,
    .run_gone_list = simulated_run_gone_list,
    .blob_list = simulated_blob_list,
    .blob_has = simulated_blob_has,
    .effect_range = simulated_effect_range,
    .record_range = simulated_record_range,
    .timer_due = simulated_timer_due,
    .timer_next = simulated_timer_next,
    .timer_list = simulated_timer_list,
    .events_list = simulated_events_list,
    .file_list = simulated_file_list,
    .usage_list = simulated_usage_list,
    .object_get = simulated_object_get,
    .object_find = simulated_object_find,
    .object_list = simulated_object_list,
    .object_count = simulated_object_count,
    .object_due = simulated_object_due,
    .object_next = simulated_object_next,
    .index_get = simulated_index_get,
    .search = simulated_search,
    .search_count = simulated_search_count,
    .delivery_get = simulated_delivery_get,
    .delivery_next = simulated_delivery_next,
    .delivery_list = simulated_delivery_list,
    .delivery_due = simulated_delivery_due,
    .file_sent = simulated_file_sent,
    .file_scan = simulated_file_scan,
    .copy_step = simulated_copy_step,
    .copy_end = simulated_copy_end,
    .check = simulated_check,
    .close = simulated_close,
};

struct store *
simulated_store_new(uint64_t seed)
{
    struct world *world = mem_alloc(sizeof(*world));
    store_init(&world->store, &simulated_ops);
    for (size_t i = 0; i < KIND_COUNT; i++)
        world->tables[i].kind = (enum kind)i;
    rng_seed(&world->rng, seed);
    pthread_mutexattr_t kind;
    pthread_mutexattr_init(&kind);
    /* A visitor that calls the store would wait for itself; so it fails an assert instead. */
    pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&world->lock, &kind);
    pthread_mutexattr_destroy(&kind);
    return &world->store;
}

void
simulated_set_faults(struct store *store, const struct simulated_faults *faults)
{
    struct world *world = world_of(store);
    world_lock(world);
    world->faults = *faults;
    world_unlock(world);
}

bool
simulated_is_dead(const struct store *store)
{
    return ((const struct world *)store)->is_dead;
}

void
simulated_restart(struct store *store)
{
    struct world *world = world_of(store);
    world_lock(world);
    world->is_dead = false;
    world->counts.restarts++;
    world_unlock(world);
}

struct simulated_counts
simulated_counts(struct store *store)
{
    struct world *world = world_of(store);
    world_lock(world);
    struct simulated_counts counts = world->counts;
    for (size_t i = 0; i < KIND_COUNT; i++)
        counts.rows += world->tables[i].count;
    world_unlock(world);
    return counts;
}
