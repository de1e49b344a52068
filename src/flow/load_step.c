#include "flow/load.h"

#include "base/duration.h"

#include <inttypes.h>

#define STEP_ID_BYTES 64
#define EFFECT_ATTEMPTS 3
#define BACKOFF_LOW_MS INT64_C(1000)
#define BACKOFF_HIGH_MS INT64_C(60000)
#define EFFECT_TIMEOUT_MS INT64_C(60000)

static void
keep_id(struct loader *loader, struct spot spot, void *target)
{
    ((struct draft *)target)->id = spot;
}

static void
keep_type(struct loader *loader, struct spot spot, void *target)
{
    ((struct draft *)target)->type = spot;
}

static void
keep_config(struct loader *loader, struct spot spot, void *target)
{
    ((struct draft *)target)->config = spot;
}

static void
keep_needs(struct loader *loader, struct spot spot, void *target)
{
    ((struct draft *)target)->needs = spot;
}

static void
read_when(struct loader *loader, struct spot spot, void *target)
{
    struct draft *draft = target;
    draft->node.when = load_condition(loader, spot, (uint16_t)(draft - loader->drafts));
}

static void
read_attempts(struct loader *loader, struct spot spot, void *target)
{
    struct draft *draft = target;
    int64_t attempts = 0;
    bool is_whole = value_is_number(spot.at->value) && value_integer(spot.at->value, &attempts);
    if (is_whole && attempts >= 1 && attempts <= LIMIT_ATTEMPTS)
        draft->node.attempts = (uint32_t)attempts;
    else
        load_problem(loader, spot, NULL, "expected a whole number from 1 to %d", LIMIT_ATTEMPTS);
}

/* A single duration is a backoff that does not grow. */
static void
read_backoff(struct loader *loader, struct spot spot, void *target)
{
    struct draft *draft = target;
    if (!load_is_kind(loader, spot, VALUE_STRING, "a range of durations such as 1s..60s"))
        return;
    struct slice text = value_slice(spot.at->value);
    struct duration_range range = {0};
    struct error error = {.status = STATUS_OK};
    enum status status = STATUS_OK;
    if (memmem(text.ptr, text.size, "..", 2) != NULL) {
        status = duration_parse_range(&range, text, &error);
    } else {
        status = duration_parse(&range.low_ms, text, &error);
        range.high_ms = range.low_ms;
    }
    if (status != STATUS_OK) {
        load_problem(loader, spot, NULL, "%s", error.text);
        return;
    }
    draft->node.backoff_low_ms = range.low_ms;
    draft->node.backoff_high_ms = range.high_ms;
}

static void
read_retry(struct loader *loader, struct spot spot, void *target)
{
    static const struct load_key keys[] = {
        {"attempts", read_attempts, false},
        {"backoff", read_backoff, false},
    };
    load_members(loader, spot, keys, COUNT_OF(keys), target);
}

static void
read_timeout(struct loader *loader, struct spot spot, void *target)
{
    struct draft *draft = target;
    int64_t timeout_ms = -1;
    load_duration(loader, spot, &timeout_ms);
    if (timeout_ms == 0)
        load_problem(loader, spot, NULL, "expected a duration above 0");
    else if (timeout_ms > 0)
        draft->node.timeout_ms = timeout_ms;
}

static void
read_cache(struct loader *loader, struct spot spot, void *target)
{
    load_duration(loader, spot, &((struct draft *)target)->node.cache_ms);
}

static void
read_on_error(struct loader *loader, struct spot spot, void *target)
{
    static const char *const choices[] = {"fail", "continue"};
    struct draft *draft = target;
    draft->node.on_error_continue = load_choice(loader, spot, choices, COUNT_OF(choices)) == 1;
}

static const struct load_key step_keys[] = {
    {"id", keep_id, false},
    {"type", keep_type, true},
    {"config", keep_config, false},
    {"needs", keep_needs, false},
    {"when", read_when, false},
    {"retry", read_retry, false},
    {"timeout", read_timeout, false},
    {"cache", read_cache, false},
    {"on_error", read_on_error, false},
};

static bool
id_is_good(struct slice id)
{
    for (size_t i = 0; i < id.size; i++) {
        char byte = id.ptr[i];
        bool is_letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
        bool is_later = (byte >= '0' && byte <= '9') || byte == '-';
        if (!is_letter && byte != '_' && (i == 0 || !is_later))
            return false;
    }
    return id.size > 0 && id.size <= STEP_ID_BYTES;
}

static void
set_id(struct loader *loader, struct draft *draft, uint32_t position)
{
    const char *by_position = arena_format(loader->arena, "step_%" PRIu32, position);
    draft->node.id = value_text(by_position);
    if (draft->id.at == NULL)
        return;
    struct value id = draft->id.at->value;
    if (!load_is_kind(loader, draft->id, VALUE_STRING, "a step id as text"))
        return;
    if (!id_is_good(value_slice(id)))
        load_problem(loader, draft->id, NULL,
                     "expected a letter or _, then letters, digits, _ and - (at most %d)",
                     STEP_ID_BYTES);
    draft->node.id = id;
}

/* An id that is taken already would make every mention of it ambiguous. */
static void
check_id_is_new(struct loader *loader, const struct draft *draft)
{
    for (const struct draft *other = loader->drafts; other < draft; other++) {
        if (!value_equal(other->node.id, draft->node.id))
            continue;
        load_problem(loader, draft->id.at != NULL ? draft->id : draft->spot, NULL,
                     "the id \"%.*s\" is taken by the step in line %" PRIu32,
                     SLICE_FORMAT(slice_cut(value_slice(draft->node.id), STEP_ID_BYTES)),
                     other->spot.at->line);
        return;
    }
}

static void
set_type(struct loader *loader, struct draft *draft)
{
    if (draft->type.at == NULL)
        return;
    if (!load_is_kind(loader, draft->type, VALUE_STRING, "the name of a step type"))
        return;
    struct slice name = value_slice(draft->type.at->value);
    draft->node.decl = catalog_find(loader->catalog, name);
    if (draft->node.decl == NULL)
        load_problem(loader, draft->type, catalog_nearest(loader->catalog, name),
                     "unknown step type \"%.*s\"", SLICE_FORMAT(slice_cut(name, 64)));
}

/* Some types are of another shape for a whole table, or with a field of theirs. */
static void
set_variant(struct draft *draft)
{
    const struct step_decl *decl = draft->node.decl;
    if (decl == NULL || draft->config.at == NULL || draft->config.at->value.kind != VALUE_OBJECT)
        return;
    struct value config = draft->config.at->value;
    struct value per = value_get(config, "per");
    if (decl->per_table != NULL && per.kind == VALUE_STRING && slice_is(value_slice(per), "table"))
        draft->node.decl = decl->per_table;
    else if (decl->variant != NULL && value_get(config, decl->variant_field).kind != VALUE_NONE)
        draft->node.decl = decl->variant;
}

/* Only an effect is tried again by itself: a pure step gives the same answer each time. */
static void
set_defaults(struct draft *draft)
{
    bool is_effect = draft->node.decl != NULL && draft->node.decl->shape == STEP_SHAPE_EFFECT;
    if (draft->node.attempts == 0)
        draft->node.attempts = is_effect ? EFFECT_ATTEMPTS : 1;
    if (draft->node.timeout_ms == 0 && is_effect)
        draft->node.timeout_ms = EFFECT_TIMEOUT_MS;
}

/* It is about tables, so that it can't be left out for one row. */
static void
check_reshape(struct loader *loader, const struct draft *draft)
{
    if (draft->node.decl != NULL && draft->node.decl->shape == STEP_SHAPE_RESHAPE &&
        draft->node.when != NULL)
        load_problem(loader, draft->spot, NULL,
                     "\"when\" cannot stand at \"%s\": put a filter step before it",
                     draft->node.decl->name);
    if (draft->node.decl != NULL && draft->node.decl->shape == STEP_SHAPE_RESHAPE &&
        draft->node.decl->reshape.rows == RESHAPE_GROUPS_ROWS)
        load_check_group_names(loader, draft);
}

static void
load_step(struct loader *loader, struct spot spot, uint16_t index, uint32_t position)
{
    struct draft *draft = &loader->drafts[index];
    *draft = (struct draft){.spot = spot,
                            .node = {.makes_table = -1,
                                     .backoff_low_ms = BACKOFF_LOW_MS,
                                     .backoff_high_ms = BACKOFF_HIGH_MS,
                                     .line = spot.at->line,
                                     .column_at = spot.at->column}};
    load_members(loader, spot, step_keys, COUNT_OF(step_keys), draft);
    set_id(loader, draft, position);
    check_id_is_new(loader, draft);
    set_type(loader, draft);
    set_variant(draft);
    set_defaults(draft);
    load_config(loader, index);
    check_reshape(loader, draft);
}

void
load_steps(struct loader *loader, struct spot spot, void *target)
{
    if (!load_is_kind(loader, spot, VALUE_ARRAY, "a list of steps"))
        return;
    uint32_t count = spot.at->count;
    if (count == 0)
        load_problem(loader, spot, NULL, "expected at least one step");
    if (count > LIMIT_STEPS) {
        load_problem(loader, spot, NULL, "at most %d steps, found %" PRIu32, LIMIT_STEPS, count);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint16_t index = loader->draft_count++;
        load_step(loader, spot_item(loader->scratch, spot, i), index, i + 1);
    }
}
