#include "base/json.h"
#include "engine/step_env.h"
#include "steps/group.h"
#include "steps/search.h"
#include "steps/types.h"

static const struct field_decl entity_parts[] = {
    {.name = "type",
     .kind = FIELD_TEXT,
     .help = "The entity's type: its slug or its id. Needed without `id`."},
    {.name = "id", .kind = FIELD_ANY, .help = "The entity with this id."},
    {.name = "externalId", .kind = FIELD_ANY, .help = "The one of the type with this externalId."},
    {.name = "filter",
     .kind = FIELD_TEXT_MAP,
     .help = "The first of the type whose fields, by their slugs, have just these values."},
};
static const char *const entity_one_of[] = {"id", "externalId", "filter", NULL};

static const struct field_decl list_parts[] = {
    {.name = "list", .kind = FIELD_TEXT, .required = true, .help = "The list: its id or name."},
    {.name = "filter",
     .kind = FIELD_TEXT_MAP,
     .required = true,
     .help = "The first row whose members have just these values."},
};

static const struct field_decl document_parts[] = {
    {.name = "id",
     .kind = FIELD_ANY,
     .required = true,
     .help = "The document with this id or externalId, with its text."},
};

static const struct field_decl lookup_fields[] = {
    {.name = "entity",
     .kind = FIELD_GROUP,
     .is_apart = true,
     .parts = entity_parts,
     .part_count = COUNT_OF(entity_parts),
     .one_of = entity_one_of,
     .help = "An entity."},
    {.name = "list",
     .kind = FIELD_GROUP,
     .is_apart = true,
     .parts = list_parts,
     .part_count = COUNT_OF(list_parts),
     .help = "A row of a list."},
    {.name = "document",
     .kind = FIELD_GROUP,
     .is_apart = true,
     .parts = document_parts,
     .part_count = COUNT_OF(document_parts),
     .help = "A document."},
    {.name = "documents",
     .kind = FIELD_GROUP,
     .is_apart = true,
     .parts = search_fields,
     .part_count = SEARCH_FIELD_COUNT,
     .help = "Documents that words find; the value is the list of them."},
};

static const char *const lookup_one_of[] = {"entity", "list", "document", "documents", NULL};

const struct step_decl lookup_decl = {
    .name = "lookup",
    .group = STEP_GROUP_LOOKUPS,
    .shape = STEP_SHAPE_EFFECT,
    .summary = "Looks up an entity, a row of a list, or documents; null if there is none.",
    .fields = lookup_fields,
    .field_count = COUNT_OF(lookup_fields),
    .one_of = lookup_one_of,
};

/* {NAME: the config of a source that gives it}. */
static bool
lookup_begin(struct step_scope *scope, struct step_progress *progress, struct step_failure *failure)
{
    size_t what = 0;
    while (!plan_node_field(scope->node, lookup_fields[what].name)->is_given)
        what++;
    struct value parts = value_empty_object();
    if (!group_render(scope, &lookup_fields[what], &parts, failure))
        return false;
    struct member member = {value_text(lookup_fields[what].name), parts};
    progress->next = value_object_new(scope->arena, &member, 1);
    return true;
}

static bool
lookup_prepare(struct value config, struct slice idempotency_key, struct exchange *exchange,
               struct step_failure *failure)
{
    exchange->needs_work = true;
    return true;
}

/* A lone id as the list that a source takes: what is no id finds nothing. */
static struct value
entity_config(struct value parts, struct arena *arena)
{
    static const char *const names[][2] = {{"id", "ids"}, {"externalId", "externalIds"}};
    struct value out = value_empty_object();
    for (uint32_t i = 0; i < parts.count; i++) {
        struct member member = value_members(parts)[i];
        for (size_t n = 0; n < COUNT_OF(names); n++) {
            if (!slice_is(value_slice(member.key), names[n][0]))
                continue;
            if (n == 1 && value_is_number(member.value))
                member.value = value_string(json_text(arena, member.value));
            member.key = value_text(names[n][1]);
            member.value = value_array_new(arena, &member.value, 1);
            break;
        }
        out = value_object_set(arena, out, member.key, member.value);
    }
    return out;
}

static bool
give_first(struct step_conclusion *conclusion, enum step_reads reads, struct value config)
{
    struct value rows;
    if (!step_env_rows(conclusion->env, reads, config, 1, &rows, &conclusion->failure))
        return false;
    conclusion->value = rows.count == 0 ? value_null() : value_items(rows)[0];
    return true;
}

static bool
lookup_conclude(struct step_conclusion *conclusion)
{
    struct value config = conclusion->config;
    struct value entity = value_get(config, "entity"), list = value_get(config, "list");
    struct value document = value_get(config, "document");
    if (entity.kind != VALUE_NONE)
        return give_first(conclusion, STEP_READS_ENTITIES,
                          entity_config(entity, conclusion->arena));
    if (list.kind != VALUE_NONE)
        return give_first(conclusion, STEP_READS_LIST, list);
    if (document.kind != VALUE_NONE && value_get(document, "id").kind != VALUE_STRING) {
        conclusion->value = value_null();
        return true;
    }
    if (document.kind != VALUE_NONE)
        return give_first(conclusion, STEP_READS_DOCUMENTS, document);
    return step_env_rows(conclusion->env, STEP_READS_DOCUMENTS, value_get(config, "documents"),
                         UINT32_MAX, &conclusion->value, &conclusion->failure);
}

const struct step_type step_lookup = {
    .decl = &lookup_decl,
    .begin = lookup_begin,
    .prepare = lookup_prepare,
    .conclude = lookup_conclude,
};
