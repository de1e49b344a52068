#include "flow/load.h"

#include "base/duration.h"
#include "base/rate.h"

#include <assert.h>
#include <inttypes.h>

/* A field of the config of one step. */
struct place_of_field {
    struct loader *loader;
    struct spot spot;
    uint16_t draft;
    struct config_field *field;
};

static void
read_text(const struct place_of_field *in)
{
    if (load_is_kind(in->loader, in->spot, VALUE_STRING, "text"))
        in->field->template = load_template(in->loader, in->spot, in->draft);
}

static void
read_any(const struct place_of_field *in)
{
    in->field->template = load_template(in->loader, in->spot, in->draft);
}

static void
read_expression(const struct place_of_field *in)
{
    in->field->template = load_expression(in->loader, in->spot, in->draft);
}

typedef struct template *load_entry_fn(struct loader *loader, struct spot spot, uint16_t draft);

static void
read_map(const struct place_of_field *in, load_entry_fn *load)
{
    struct loader *loader = in->loader;
    if (!load_is_kind(loader, in->spot, VALUE_OBJECT, "an object (name: value)"))
        return;
    uint32_t count = in->spot.at->count;
    struct config_field *field = in->field;
    field->entry_names = arena_try_alloc(loader->arena, (count + 1) * sizeof(struct value));
    field->entry_templates =
        arena_try_alloc(loader->arena, (count + 1) * sizeof(struct template *));
    if (field->entry_names == NULL || field->entry_templates == NULL) {
        load_problem(loader, in->spot, NULL, "more entries than the memory limit allows");
        return;
    }
    field->entry_count = count;
    for (uint32_t i = 0; i < count; i++) {
        field->entry_names[i] = value_members(in->spot.at->value)[i].key;
        field->entry_templates[i] =
            load(loader, spot_member(loader->scratch, in->spot, i), in->draft);
    }
}

/* Of a field that names the entries it may have. */
static void
check_entries(const struct place_of_field *in)
{
    struct loader *loader = in->loader;
    const char *const *known = in->field->decl->entries;
    size_t known_count = 0;
    while (known[known_count] != NULL)
        known_count++;
    for (uint32_t i = 0; i < in->field->entry_count; i++) {
        struct slice name = value_slice(in->field->entry_names[i]);
        bool is_known = false;
        for (size_t k = 0; k < known_count; k++)
            is_known |= slice_is(name, known[k]);
        if (!is_known)
            load_problem_at_key(loader, spot_member(loader->scratch, in->spot, i),
                                slice_nearest(name, known, known_count),
                                "unknown key \"%.*s\", \"%s\" has %s",
                                SLICE_FORMAT(slice_cut(name, 64)), in->field->decl->name,
                                load_join(loader->scratch, known, known_count));
    }
}

static void
read_text_map(const struct place_of_field *in)
{
    in->loader->takes_secrets = in->field->decl->takes_secrets;
    read_map(in, load_template);
    in->loader->takes_secrets = false;
    if (in->field->decl->entries != NULL)
        check_entries(in);
}

static void
read_expression_map(const struct place_of_field *in)
{
    read_map(in, load_expression);
    if (in->spot.at->value.kind == VALUE_OBJECT && in->spot.at->count == 0)
        load_problem(in->loader, in->spot, NULL, "expected at least one entry");
}

static void
read_names(const struct place_of_field *in)
{
    if (!load_is_kind(in->loader, in->spot, VALUE_ARRAY, "a list of names"))
        return;
    if (in->spot.at->count == 0)
        load_problem(in->loader, in->spot, NULL, "expected at least one name");
    for (uint32_t i = 0; i < in->spot.at->count; i++) {
        struct value name;
        load_literal(in->loader, spot_item(in->loader->scratch, in->spot, i), &name);
    }
    in->field->literal = in->spot.at->value;
}

static void
read_label(const struct place_of_field *in)
{
    load_literal(in->loader, in->spot, &in->field->literal);
}

static void
read_sign(const struct place_of_field *in)
{
    load_literal(in->loader, in->spot, &in->field->literal);
    struct value text = in->field->literal;
    if (text.kind != VALUE_STRING || text.count == 0)
        return;
    bool is_sign = text.text[0] == '\t' || (text.text[0] >= ' ' && text.text[0] < 0x7F);
    if (text.count > 1 || !is_sign)
        load_problem(in->loader, in->spot, NULL,
                     "expected one ASCII character, such as \";\" or \"\\t\"");
}

static void
read_bool(const struct place_of_field *in)
{
    if (in->spot.at->value.kind == VALUE_TRUE || in->spot.at->value.kind == VALUE_FALSE)
        in->field->literal = in->spot.at->value;
    else
        load_problem(in->loader, in->spot, NULL, "expected true or false");
}

static void
read_bool_or_names(const struct place_of_field *in)
{
    if (in->spot.at->value.kind == VALUE_ARRAY)
        read_names(in);
    else if (in->spot.at->value.kind == VALUE_TRUE || in->spot.at->value.kind == VALUE_FALSE)
        in->field->literal = in->spot.at->value;
    else
        load_problem(in->loader, in->spot, NULL, "expected true, false or a list of names");
}

static void
read_int(const struct place_of_field *in)
{
    const struct field_decl *decl = in->field->decl;
    bool is_bounded = decl->min != 0 || decl->max != 0;
    int64_t number = 0;
    bool is_whole =
        value_is_number(in->spot.at->value) && value_integer(in->spot.at->value, &number);
    if (is_whole && (!is_bounded || (number >= decl->min && number <= decl->max)))
        in->field->literal = value_int(number);
    else if (is_bounded)
        load_problem(in->loader, in->spot, NULL,
                     "expected a whole number from %" PRId64 " to %" PRId64, decl->min, decl->max);
    else
        load_problem(in->loader, in->spot, NULL, "expected a whole number");
}

/* A constant keeps its template too, so that every given duration can be rendered. */
static void
read_duration(const struct place_of_field *in)
{
    if (!load_is_kind(in->loader, in->spot, VALUE_STRING, "a duration such as 30s or 2h"))
        return;
    if (load_text_is_literal(value_slice(in->spot.at->value))) {
        int64_t duration_ms = -1;
        load_duration(in->loader, in->spot, &duration_ms);
        if (duration_ms < 0)
            return;
        in->field->literal = value_int(duration_ms);
    }
    in->field->template = load_template(in->loader, in->spot, in->draft);
}

static void
read_choice(const struct place_of_field *in)
{
    const char *const *choices = in->field->decl->choices;
    size_t count = 0;
    while (choices[count] != NULL)
        count++;
    if (load_choice(in->loader, in->spot, choices, count) >= 0)
        in->field->literal = in->spot.at->value;
}

static void
read_aggregates(const struct place_of_field *in)
{
    load_aggregates(in->loader, in->spot, in->field);
}

static void
read_paths(const struct place_of_field *in)
{
    load_paths(in->loader, in->spot, in->draft, in->field);
}

static void
read_order(const struct place_of_field *in)
{
    load_order(in->loader, in->spot, in->draft, in->field);
}

static void
read_keys(const struct place_of_field *in)
{
    load_keys(in->loader, in->spot, in->draft, in->field);
}

static void
read_schema(const struct place_of_field *in)
{
    in->field->literal = in->spot.at->value;
    in->field->schema = load_schema(in->loader, in->spot);
    if (in->field->schema != NULL && in->field->decl->reserved != NULL)
        load_check_object_schema(in->loader, in->spot, in->field->decl);
}

static void
read_rate(const struct place_of_field *in)
{
    struct rate rate;
    struct error error = {0};
    if (!load_is_kind(in->loader, in->spot, VALUE_STRING, "a rate such as 10/s"))
        return;
    if (rate_parse(&rate, value_slice(in->spot.at->value), &error) == STATUS_OK)
        in->field->literal = in->spot.at->value;
    else
        load_problem(in->loader, in->spot, NULL, "%s", error.text);
}

static void
read_markup(const struct place_of_field *in)
{
    in->loader->roots = in->field->decl->roots;
    in->field->markup = load_markup(in->loader, in->spot, in->draft);
    in->loader->roots = NULL;
}

static void
read_number(const struct place_of_field *in)
{
    const struct field_decl *decl = in->field->decl;
    struct value number = in->spot.at->value;
    bool is_in = value_is_number(number) && value_compare(number, value_int(decl->min)) >= 0 &&
                 value_compare(number, value_int(decl->max)) <= 0;
    if (is_in)
        in->field->literal = number;
    else
        load_problem(in->loader, in->spot, NULL, "expected a number from %" PRId64 " to %" PRId64,
                     decl->min, decl->max);
}

static void
read_sources(const struct place_of_field *in)
{
    load_sources(in->loader, in->spot, in->draft, in->field);
}

static void
read_facts(const struct place_of_field *in)
{
    load_facts(in->loader, in->spot, in->field);
}

static void
read_classes(const struct place_of_field *in)
{
    load_classes(in->loader, in->spot, in->field);
}

static void read_group(const struct place_of_field *in);

typedef void read_fn(const struct place_of_field *in);

static read_fn *const readers[] = {
    [FIELD_TEXT] = read_text,
    [FIELD_ANY] = read_any,
    [FIELD_EXPRESSION] = read_expression,
    [FIELD_TEXT_MAP] = read_text_map,
    [FIELD_EXPRESSION_MAP] = read_expression_map,
    [FIELD_NAMES] = read_names,
    [FIELD_LABEL] = read_label,
    [FIELD_SIGN] = read_sign,
    [FIELD_BOOL] = read_bool,
    [FIELD_BOOL_OR_NAMES] = read_bool_or_names,
    [FIELD_INT] = read_int,
    [FIELD_DURATION] = read_duration,
    [FIELD_CHOICE] = read_choice,
    [FIELD_AGGREGATE_MAP] = read_aggregates,
    [FIELD_PATHS] = read_paths,
    [FIELD_ORDER] = read_order,
    [FIELD_KEYS] = read_keys,
    [FIELD_STEP] = read_label,
    [FIELD_SCHEMA] = read_schema,
    [FIELD_RATE] = read_rate,
    [FIELD_MODEL] = read_text,
    [FIELD_NUMBER] = read_number,
    [FIELD_SOURCES] = read_sources,
    [FIELD_FACTS] = read_facts,
    [FIELD_CLASSES] = read_classes,
    [FIELD_GROUP] = read_group,
    [FIELD_MARKUP] = read_markup,
};

/* The fields of a step's config, or the parts of a group. */
struct field_set {
    const char *owner; /* what they belong to, for words */
    const struct field_decl *decls;
    size_t count;
    const char *const *one_of;
    struct config_field *fields;
    uint16_t draft;
};

static void
complain_of_field(struct loader *loader, const struct field_set *set, struct spot spot,
                  struct slice name)
{
    struct slice shown = slice_cut(name, 64);
    if (load_only_counts(loader))
        return;
    if (set->count == 0) {
        load_problem_at_key(loader, spot, NULL, "unknown key \"%.*s\", \"%s\" has no config",
                            SLICE_FORMAT(shown), set->owner);
        return;
    }
    const char **names = arena_try_alloc(loader->scratch, set->count * sizeof(*names));
    if (names == NULL)
        return;
    for (size_t i = 0; i < set->count; i++)
        names[i] = set->decls[i].name;
    load_problem_at_key(loader, spot, slice_nearest(name, names, set->count),
                        "unknown key \"%.*s\", \"%s\" has %s", SLICE_FORMAT(shown), set->owner,
                        load_join(loader->scratch, names, set->count));
}

static void
read_members(struct loader *loader, const struct field_set *set, struct spot object)
{
    for (uint32_t i = 0; i < object.at->count; i++) {
        struct spot spot = spot_member(loader->scratch, object, i);
        struct slice name = value_slice(value_members(object.at->value)[i].key);
        int at = field_decl_find(set->decls, set->count, name);
        if (at < 0) {
            complain_of_field(loader, set, spot, name);
            continue;
        }
        struct config_field *field = &set->fields[at];
        field->is_given = true;
        struct place_of_field in = {
            .loader = loader, .spot = spot, .draft = set->draft, .field = field};
        readers[field->decl->kind](&in);
    }
}

/* `spot`: where a complaint about something that is not there belongs. */
static void
check_required(struct loader *loader, const struct field_set *set, struct spot spot)
{
    for (size_t i = 0; i < set->count; i++) {
        if (set->decls[i].required && !set->fields[i].is_given)
            load_problem(loader, spot, NULL, "\"%s\" of \"%s\" is required and missing",
                         set->decls[i].name, set->owner);
    }
}

static void
check_one_of(struct loader *loader, const struct field_set *set, struct spot spot)
{
    size_t given = 0, count = 0;
    for (; set->one_of != NULL && set->one_of[count] != NULL; count++) {
        int at = field_decl_find(set->decls, set->count, slice_text(set->one_of[count]));
        assert(at >= 0);
        given += set->fields[at].is_given;
    }
    if (count > 0 && given != 1)
        load_problem(loader, spot, NULL, "exactly one of %s is needed, found %s",
                     load_join(loader->scratch, set->one_of, count), given == 0 ? "none" : "more");
}

static struct config_field *
make_fields(struct loader *loader, const struct field_decl *decls, size_t count)
{
    struct config_field *fields = arena_alloc(loader->arena, count * sizeof(*fields));
    for (size_t i = 0; i < count; i++)
        fields[i].decl = &decls[i];
    return fields;
}

static void
read_group(const struct place_of_field *in)
{
    struct loader *loader = in->loader;
    const struct field_decl *decl = in->field->decl;
    in->field->parts = make_fields(loader, decl->parts, decl->part_count);
    struct field_set set = {
        .owner = decl->name,
        .decls = decl->parts,
        .count = decl->part_count,
        .one_of = decl->one_of,
        .fields = in->field->parts,
        .draft = in->draft,
    };
    if (!load_is_kind(loader, in->spot, VALUE_OBJECT, "an object (name: value)"))
        return;
    loader->roots = decl->roots;
    read_members(loader, &set, in->spot);
    loader->roots = NULL;
    check_required(loader, &set, in->spot);
    check_one_of(loader, &set, in->spot);
}

/* Where a complaint about something that is not there belongs. */
static struct spot
spot_of_config(const struct draft *draft)
{
    return draft->config.at != NULL ? draft->config : draft->spot;
}

static const struct config_field *
find_given(const struct draft *draft, const char *name)
{
    int at = step_decl_field(draft->node.decl, slice_text(name));
    if (at < 0 || !draft->node.fields[at].is_given)
        return NULL;
    return &draft->node.fields[at];
}

static void
set_labels(struct loader *loader, struct draft *draft, const struct value *names, uint32_t count)
{
    if (count >= PLAN_LABEL_ANY) {
        load_problem(loader, spot_of_config(draft), NULL, "at most %d labels, found %" PRIu32,
                     PLAN_LABEL_ANY - 1, count);
        return;
    }
    draft->node.labels = arena_alloc(loader->arena, count * sizeof(struct value));
    draft->node.label_count = (uint8_t)count;
    memcpy(draft->node.labels, names, count * sizeof(struct value));
}

/* The labels of `cases` in written order, then that of `else`. */
static void
set_case_labels(struct loader *loader, struct draft *draft, const struct config_field *cases,
                const struct config_field *otherwise)
{
    if (otherwise == NULL) {
        load_problem(loader, spot_of_config(draft), NULL,
                     "\"cases\" needs \"else\": the label when no case is true");
        return;
    }
    if (cases->entry_names == NULL || otherwise->literal.kind != VALUE_STRING)
        return;
    for (uint32_t i = 0; i < cases->entry_count; i++) {
        if (value_equal(cases->entry_names[i], otherwise->literal))
            load_problem(loader, spot_of_config(draft), NULL,
                         "\"else\" needs a label of its own, \"%.*s\" is one of the cases",
                         SLICE_FORMAT(slice_cut(value_slice(otherwise->literal), 64)));
    }
    /* The array of names has room for one more. */
    cases->entry_names[cases->entry_count] = otherwise->literal;
    set_labels(loader, draft, cases->entry_names, cases->entry_count + 1);
}

static void
read_labels(struct loader *loader, struct draft *draft)
{
    static const char *const yes_no[] = {"yes", "no"};
    const struct config_field *cases = find_given(draft, "cases");
    const struct config_field *otherwise = find_given(draft, "else");
    if (cases != NULL) {
        set_case_labels(loader, draft, cases, otherwise);
        return;
    }
    if (otherwise != NULL)
        load_problem(loader, spot_of_config(draft), NULL, "\"else\" belongs to \"cases\"");
    struct value labels[] = {value_text(yes_no[0]), value_text(yes_no[1])};
    set_labels(loader, draft, labels, COUNT_OF(labels));
}

/* A short constant wait stays in memory; every other one ends its stretch. */
static bool
wait_is_gate(const struct draft *draft)
{
    const struct config_field *length = find_given(draft, "for");
    return length == NULL || length->literal.kind != VALUE_INT || length->literal.integer >= 1000;
}

void
load_config(struct loader *loader, uint16_t index)
{
    struct draft *draft = &loader->drafts[index];
    const struct step_decl *decl = draft->node.decl;
    if (decl == NULL)
        return;
    draft->node.fields = make_fields(loader, decl->fields, decl->field_count);
    struct field_set set = {
        .owner = decl->name,
        .decls = decl->fields,
        .count = decl->field_count,
        .one_of = decl->one_of,
        .fields = draft->node.fields,
        .draft = index,
    };
    bool is_object = draft->config.at != NULL &&
                     load_is_kind(loader, draft->config, VALUE_OBJECT, "an object (name: value)");
    if (is_object)
        read_members(loader, &set, draft->config);
    if (is_object || draft->config.at == NULL) {
        check_required(loader, &set, spot_of_config(draft));
        check_one_of(loader, &set, spot_of_config(draft));
    }
    if (decl->shape == STEP_SHAPE_BRANCH)
        read_labels(loader, draft);
    draft->node.is_gate = decl->shape == STEP_SHAPE_WAIT && wait_is_gate(draft);
}
