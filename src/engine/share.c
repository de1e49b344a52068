#include "engine/share.h"

#include "base/mem.h"
#include "engine/run.h"
#include "engine/tree.h"

void
share_join(struct engine *engine, struct run *run)
{
    struct share *share = engine->shares;
    while (share != NULL && !id_equal(&share->workspace, &run->workspace))
        share = share->next;
    if (share == NULL) {
        share = mem_alloc(sizeof(*share));
        share->workspace = run->workspace;
        share->next = engine->shares;
        engine->shares = share;
    }
    share->runs++;
    run->share = share;
    run->flows = run->tree == NULL ? run->own_flows : run->tree->flows;
    /* The flows of a tree are in use already when a further run of it joins. */
    if (run->flows[0].owner == &share->owners[0])
        return;
    for (int i = 0; i < SHARE_COUNT; i++) {
        run->flows[i].owner = &share->owners[i];
        run->flows[i].weight = priority_weight(run->wishes.priority);
    }
}

void
share_leave(struct engine *engine, struct run *run)
{
    struct share *share = run->share;
    struct share **link = &engine->shares;
    run->share = NULL;
    if (--share->runs > 0)
        return;
    while (*link != share)
        link = &(*link)->next;
    *link = share->next;
    mem_free(share);
}
