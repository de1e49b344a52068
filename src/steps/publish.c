#include "base/json.h"
#include "engine/step_env.h"
#include "steps/group.h"
#include "steps/types.h"

#include <string.h>

static const struct field_decl entity_parts[] = {
    {.name = "type",
     .kind = FIELD_TEXT,
     .help = "The entity's type: its slug or its id. Needed without `id`."},
    {.name = "id", .kind = FIELD_TEXT, .help = "Of an entity that is there."},
    {.name = "externalId",
     .kind = FIELD_ANY,
     .help = "In place of `id`: one that no entity of the type has makes a new one."},
    {.name = "fields",
     .kind = FIELD_ANY,
     .required = true,
     .help = "The values that change, by the slugs of their fields; null takes one away."},
};

static const char *const http_methods[] = {"POST", "PUT", "PATCH", "DELETE", NULL};
static const char *const http_auth[] = {"bearer", "username", "password", NULL};

static const struct field_decl http_parts[] = {
    {.name = "url", .kind = FIELD_TEXT, .required = true, .help = "Absolute, http or https."},
    {.name = "method", .kind = FIELD_CHOICE, .choices = http_methods, .help = "POST if not given."},
    {.name = "headers",
     .kind = FIELD_TEXT_MAP,
     .takes_secrets = true,
     .help = "Names and templates of headers; {{secrets.NAME}} may stand in them."},
    {.name = "auth",
     .kind = FIELD_TEXT_MAP,
     .entries = http_auth,
     .takes_secrets = true,
     .help = "The Authorization header: {bearer: TOKEN} or {username, password}."},
    {.name = "json",
     .kind = FIELD_ANY,
     .help = "The body, sent as JSON; the item if no body is given."},
    {.name = "form", .kind = FIELD_TEXT_MAP, .help = "The body, sent as a form."},
    {.name = "body", .kind = FIELD_TEXT, .help = "The body, sent as it is."},
    {.name = "expect",
     .kind = FIELD_ANY,
     .help = "Statuses or classes that are well, such as [200, 409]; 2xx if not given."},
};

static const struct field_decl file_parts[] = {
    {.name = "name", .kind = FIELD_TEXT, .required = true, .help = "Of the file."},
    {.name = "content",
     .kind = FIELD_ANY,
     .required = true,
     .help = "Its text; anything else is written as JSON."},
};

enum target { TARGET_ENTITY, TARGET_HTTP, TARGET_FILE, TARGET_COUNT };

static const struct field_decl publish_fields[] = {
    {.name = "entity",
     .kind = FIELD_GROUP,
     .is_apart = true,
     .parts = entity_parts,
     .part_count = COUNT_OF(entity_parts),
     .help = "Change an entity of the workspace, or make one."},
    {.name = "http",
     .kind = FIELD_GROUP,
     .is_apart = true,
     .parts = http_parts,
     .part_count = COUNT_OF(http_parts),
     .help = "Send a request, as http_request does."},
    {.name = "file",
     .kind = FIELD_GROUP,
     .is_apart = true,
     .parts = file_parts,
     .part_count = COUNT_OF(file_parts),
     .help = "Write a file of the run."},
    {.name = STEP_FIELD_RATE,
     .kind = FIELD_RATE,
     .is_apart = true,
     .help = "How often the host is called, such as 10/s, 600/m or 5/h."},
    {.name = STEP_FIELD_PER_HOST,
     .kind = FIELD_INT,
     .min = 1,
     .max = 1000,
     .is_apart = true,
     .help = "How many calls to the host are under way at once."},
};

static const char *const publish_one_of[] = {"entity", "http", "file", NULL};

const struct step_decl publish_decl = {
    .name = "publish",
    .group = STEP_GROUP_OUTPUT,
    .shape = STEP_SHAPE_EFFECT,
    .summary = "Puts what a workflow has made where it belongs: into an entity, to an HTTP "
               "address, or into a file.",
    .fields = publish_fields,
    .field_count = COUNT_OF(publish_fields),
    .one_of = publish_one_of,
};

/* --- what is asked --- */

/* A request without a body tells the item. */
static void
add_item(struct step_scope *scope, struct value *request)
{
    static const char *const bodies[] = {"json", "form", "body"};
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        if (value_get(*request, bodies[i]).kind != VALUE_NONE)
            return;
    }
    *request = value_object_set(scope->arena, *request, value_text("json"),
                                value_find_or_null(scope->root, SLICE("item")));
}

/* {TARGET: its parts}. */
static bool
publish_begin(struct step_scope *scope, struct step_progress *progress,
              struct step_failure *failure)
{
    size_t target = TARGET_ENTITY;
    while (!plan_node_field(scope->node, publish_fields[target].name)->is_given)
        target++;
    struct value parts = value_empty_object();
    if (!group_render(scope, &publish_fields[target], &parts, failure))
        return false;
    if (target == TARGET_HTTP)
        add_item(scope, &parts);
    struct member member = {value_text(publish_fields[target].name), parts};
    progress->next = value_object_new(scope->arena, &member, 1);
    return true;
}

static struct value
parts_of(struct value config, enum target target)
{
    return value_get(config, publish_fields[target].name);
}

/* --- entities --- */

/* An id that a row does not have must not make an entity that nobody finds again. */
static bool
read_external_id(struct value entity, struct arena *arena, struct slice *out,
                 struct step_failure *failure)
{
    struct value external = value_get(entity, "externalId");
    *out = value_is_number(external) ? json_text(arena, external)
                                     : value_get_text(entity, "externalId");
    if (external.kind == VALUE_NONE || out->size > 0)
        return true;
    return step_fail(failure, "bad_config",
                     "entity.externalId: expected a text or a number, found %s",
                     external.kind == VALUE_STRING ? "an empty one" : value_kind_name(external));
}

static bool
read_entity(struct value entity, struct arena *arena, struct step_entity *out,
            struct step_failure *failure)
{
    bool has_id = value_get(entity, "id").kind != VALUE_NONE;
    *out = (struct step_entity){.type = value_get_text(entity, "type"),
                                .id = value_get_text(entity, "id"),
                                .fields = value_get(entity, "fields")};
    if (!read_external_id(entity, arena, &out->external_id, failure))
        return false;
    if (has_id && out->external_id.size > 0)
        return step_fail(failure, "bad_config",
                         "entity: at most one of id and externalId may be given");
    if (has_id && out->id.size == 0)
        return step_fail(failure, "bad_config", "entity.id: expected an id, found an empty text");
    if (!has_id && out->type.size == 0)
        return step_fail(failure, "bad_config", "entity.type: it is needed without `id`");
    return out->fields.kind == VALUE_OBJECT ||
           step_fail(failure, "bad_config", "entity.fields: expected an object, found %s",
                     value_kind_name(out->fields));
}

static bool
conclude_entity(struct step_conclusion *conclusion)
{
    struct step_entity entity;
    return read_entity(parts_of(conclusion->config, TARGET_ENTITY), conclusion->arena, &entity,
                       &conclusion->failure) &&
           step_env_merge(conclusion->env, &entity, &conclusion->value, &conclusion->failure);
}

/* --- files --- */

static const char *
content_type_of(struct slice name)
{
    static const char *const table[][2] = {
        {".md", "text/markdown; charset=utf-8"}, {".html", "text/html; charset=utf-8"},
        {".csv", "text/csv; charset=utf-8"},     {".json", "application/json"},
        {".jsonl", "application/x-ndjson"},      {".xml", "application/xml"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        size_t size = strlen(table[i][0]);
        if (name.size > size && memcmp(name.ptr + name.size - size, table[i][0], size) == 0)
            return table[i][1];
    }
    return "text/plain; charset=utf-8";
}

static bool
conclude_file(struct step_conclusion *conclusion)
{
    struct value file = parts_of(conclusion->config, TARGET_FILE);
    struct value content = value_get(file, "content");
    struct step_made_file made = {
        .input = content.kind == VALUE_STRING ? value_slice(content)
                                              : json_text(conclusion->arena, content),
        .name = value_get_text(file, "name"),
        .content_type = content_type_of(value_get_text(file, "name")),
    };
    if (made.input.ptr == NULL)
        return step_fail(&conclusion->failure, "limit_exceeded", "file.content: it is too large");
    return step_env_make_file(conclusion->env, &made, &conclusion->value, &conclusion->failure);
}

/* --- all --- */

static bool
publish_prepare(struct value config, struct slice idempotency_key, struct exchange *exchange,
                struct step_failure *failure)
{
    struct value request = parts_of(config, TARGET_HTTP);
    struct value entity = parts_of(config, TARGET_ENTITY);
    struct step_entity ignored;
    if (request.kind != VALUE_NONE)
        return step_http_request.prepare(request, idempotency_key, exchange, failure);
    exchange->needs_work = true;
    return entity.kind == VALUE_NONE || read_entity(entity, &exchange->arena, &ignored, failure);
}

static bool
publish_conclude(struct step_conclusion *conclusion)
{
    struct value config = conclusion->config;
    struct value request = parts_of(config, TARGET_HTTP);
    if (request.kind == VALUE_NONE)
        return parts_of(config, TARGET_ENTITY).kind != VALUE_NONE ? conclude_entity(conclusion)
                                                                  : conclude_file(conclusion);
    conclusion->config = request;
    bool is_ok = step_http_request.conclude(conclusion);
    conclusion->config = config;
    return is_ok;
}

static struct slice
publish_host(struct value config)
{
    struct value request = parts_of(config, TARGET_HTTP);
    return request.kind == VALUE_NONE ? SLICE("") : step_http_request.host(request);
}

static struct value
publish_members(const struct plan_node *node, struct arena *arena)
{
    static const char *const names[TARGET_COUNT][5] = {
        [TARGET_ENTITY] = {"id", "type", "externalId", "created", NULL},
        [TARGET_HTTP] = {"status", "headers", "body", NULL},
        [TARGET_FILE] = {"file", "bytes", NULL},
    };
    struct value out = value_empty_array();
    for (size_t target = 0; target < TARGET_COUNT; target++) {
        if (!plan_node_field(node, publish_fields[target].name)->is_given)
            continue;
        for (size_t i = 0; names[target][i] != NULL; i++)
            out = value_array_append(arena, out, value_text(names[target][i]));
    }
    return out;
}

const struct step_type step_publish = {
    .decl = &publish_decl,
    .members = publish_members,
    .host = publish_host,
    .begin = publish_begin,
    .prepare = publish_prepare,
    .conclude = publish_conclude,
};
