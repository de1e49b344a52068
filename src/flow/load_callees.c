#include "flow/load.h"

#include "base/id.h"

/* Steps that call other workflows: what can be known without having those. */

static void
check_slug(struct loader *loader, struct spot spot, struct value slug)
{
    if (slug.kind != VALUE_STRING)
        return;
    if (!load_slug_is_good(value_slice(slug)))
        load_problem(loader, spot, NULL,
                     "expected the slug of a workflow: 1 to 63 of the letters a-z, digits and -");
    else if (value_equal(slug, loader->plan->slug))
        load_problem(loader, spot, NULL, "a workflow cannot call itself");
}

static void
check_id(struct loader *loader, struct spot spot, struct value text)
{
    struct id id;
    if (text.kind == VALUE_STRING && !id_parse(&id, value_slice(text)))
        load_problem(loader, spot, NULL,
                     "expected the id of a workflow: 24 hex digits, wf_ and those, or its UUID "
                     "(a slug goes under \"slug\")");
}

/* Its calls were tried again already, under the keys that they had: to begin it anew by itself
 * would pay for their failures twice. */
static void
check_retry(struct loader *loader, const struct draft *draft)
{
    if (value_get(draft->spot.at->value, "retry").kind == VALUE_NONE)
        return;
    load_problem_at_key(loader, spot_at_pointer(loader->scratch, draft->spot, "/retry"), NULL,
                        "a \"%s\" step is not tried again by itself: the steps of the workflow "
                        "that it calls have their own retry",
                        draft->node.decl->name);
}

static void
check_per(struct loader *loader, const struct draft *draft)
{
    struct value per = plan_node_field(&draft->node, "per")->literal;
    if (loader->graph_is_broken || per.kind != VALUE_STRING || !slice_is(value_slice(per), "table"))
        return;
    const struct plan_node *node = &loader->plan->nodes[draft->position];
    if (!loader->plan->tables[node->table].is_many)
        return;
    load_problem(loader, spot_at_pointer(loader->scratch, draft->config, "/per"), NULL,
                 "one call for all rows needs them in one place: let this step follow the file of "
                 "a step such as write_jsonl, and give it {{steps.<id>.file}}");
}

void
load_callees(struct loader *loader)
{
    for (uint16_t i = 0; i < loader->draft_count; i++) {
        const struct draft *draft = &loader->drafts[i];
        if (draft->node.decl == NULL || draft->node.decl->shape != STEP_SHAPE_CHILD)
            continue;
        check_retry(loader, draft);
        if (draft->config.at == NULL || draft->node.fields == NULL)
            continue;
        check_slug(loader, spot_at_pointer(loader->scratch, draft->config, "/slug"),
                   plan_node_field(&draft->node, "slug")->literal);
        check_id(loader, spot_at_pointer(loader->scratch, draft->config, "/id"),
                 plan_node_field(&draft->node, "id")->literal);
        check_per(loader, draft);
    }
}
