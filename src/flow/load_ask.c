#include "flow/load.h"

#include <inttypes.h>

/* --- sources --- */

static const char *const source_names[] = {"text", "file", "documents", "page"};

/* One source as an object: which of its keys are given. */
struct source_keys {
    size_t origins; /* of those in source_names */
    bool has_documents, has_search;
    struct spot match, title; /* .at NULL: not given */
};

static void
note_text(struct loader *loader, struct spot spot, void *target)
{
    ((struct source_keys *)target)->origins++;
}

static void
note_place(struct loader *loader, struct spot spot, void *target)
{
    ((struct source_keys *)target)->origins++;
    (void)load_is_kind(loader, spot, VALUE_STRING, "text");
}

static void
note_documents(struct loader *loader, struct spot spot, void *target)
{
    ((struct source_keys *)target)->has_documents = true;
    note_place(loader, spot, target);
}

static void
refuse_search(struct loader *loader, struct spot spot, void *target)
{
    ((struct source_keys *)target)->has_search = true;
    load_problem_at_key(loader, spot, NULL,
                        "no search provider is in this build: call a search service with "
                        "http_request, and give its results as a text or as pages");
}

static void
note_match(struct loader *loader, struct spot spot, void *target)
{
    ((struct source_keys *)target)->match = spot;
    (void)load_is_kind(loader, spot, VALUE_STRING, "a pattern of names such as *.md");
}

static void
note_title(struct loader *loader, struct spot spot, void *target)
{
    ((struct source_keys *)target)->title = spot;
    (void)load_is_kind(loader, spot, VALUE_STRING, "text");
}

static void
check_source_object(struct loader *loader, struct spot spot)
{
    static const struct load_key keys[] = {
        {"text", note_text, false},           {"file", note_place, false},
        {"documents", note_documents, false}, {"page", note_place, false},
        {"web_search", refuse_search, false}, {"match", note_match, false},
        {"title", note_title, false},
    };
    struct source_keys given = {0};
    load_members(loader, spot, keys, COUNT_OF(keys), &given);
    if (given.origins != 1 && !given.has_search)
        load_problem(loader, spot, NULL, "exactly one of %s is needed, found %s",
                     load_join(loader->scratch, source_names, COUNT_OF(source_names)),
                     given.origins == 0 ? "none" : "more");
    if (given.match.at != NULL && !given.has_documents)
        load_problem_at_key(loader, given.match, NULL, "\"match\" belongs to \"documents\"");
    if (given.title.at != NULL && given.has_documents)
        load_problem_at_key(loader, given.title, NULL,
                            "each of several documents has its own title");
}

static void
check_source(struct loader *loader, struct spot spot)
{
    if (spot.at->value.kind == VALUE_OBJECT)
        check_source_object(loader, spot);
    else
        (void)load_is_kind(loader, spot, VALUE_STRING, "a text, or an object such as {file: PATH}");
}

void
load_sources(struct loader *loader, struct spot spot, uint16_t draft, struct config_field *field)
{
    bool is_list = spot.at->value.kind == VALUE_ARRAY;
    if (!is_list)
        check_source(loader, spot);
    else if (spot.at->count == 0)
        load_problem(loader, spot, NULL, "expected at least one source");
    for (uint32_t i = 0; is_list && i < spot.at->count; i++)
        check_source(loader, spot_item(loader->scratch, spot, i));
    field->literal = spot.at->value;
    field->template = load_template(loader, spot, draft);
}

/* --- facts --- */

/* One of the things that are looked for. */
struct fact {
    const struct field_decl *decl;
    struct value type;
    struct spot choices; /* .at NULL: not given */
};

static void
read_type(struct loader *loader, struct spot spot, void *target)
{
    struct fact *fact = target;
    size_t count = 0;
    while (fact->decl->choices[count] != NULL)
        count++;
    if (load_choice(loader, spot, fact->decl->choices, count) >= 0)
        fact->type = spot.at->value;
}

static void
read_words(struct loader *loader, struct spot spot, void *target)
{
    struct value words;
    load_literal(loader, spot, &words);
}

static void
read_choices(struct loader *loader, struct spot spot, void *target)
{
    ((struct fact *)target)->choices = spot;
    if (!load_is_kind(loader, spot, VALUE_ARRAY, "a list of texts"))
        return;
    if (spot.at->count == 0)
        load_problem(loader, spot, NULL, "expected at least one text");
    for (uint32_t i = 0; i < spot.at->count; i++)
        read_words(loader, spot_item(loader->scratch, spot, i), NULL);
}

static void
check_fact_object(struct loader *loader, struct spot spot, const struct field_decl *decl)
{
    static const struct load_key keys[] = {
        {"type", read_type, false},
        {"description", read_words, false},
        {"enum", read_choices, false},
        {"unit", read_words, false},
    };
    struct fact fact = {.decl = decl, .type = value_text("string")};
    load_members(loader, spot, keys, COUNT_OF(keys), &fact);
    bool may_choose =
        slice_is(value_slice(fact.type), "string") || slice_is(value_slice(fact.type), "list");
    if (fact.choices.at != NULL && !may_choose)
        load_problem_at_key(loader, fact.choices, NULL,
                            "\"enum\" belongs to the types string and list");
}

static bool
is_reserved(const struct field_decl *decl, struct slice name)
{
    for (size_t i = 0; decl->reserved != NULL && decl->reserved[i] != NULL; i++) {
        if (slice_is(name, decl->reserved[i]))
            return true;
    }
    return false;
}

static void
refuse_reserved(struct loader *loader, struct spot spot, struct slice name)
{
    load_problem_at_key(loader, spot, NULL,
                        "\"%.*s\" is what the step itself adds to its value: choose another name",
                        SLICE_FORMAT(slice_cut(name, 64)));
}

/* The members of a map that holds 1 to `most` entries with names that are not reserved. */
static bool
check_names(struct loader *loader, struct spot spot, const struct field_decl *decl, uint32_t most)
{
    if (spot.at->count == 0 || spot.at->count > most) {
        load_problem(loader, spot, NULL, "expected 1 to %" PRIu32 " entries, found %" PRIu32, most,
                     spot.at->count);
        return false;
    }
    for (uint32_t i = 0; i < spot.at->count; i++) {
        struct spot entry = spot_member(loader->scratch, spot, i);
        struct slice name = value_slice(value_members(spot.at->value)[i].key);
        if (is_reserved(decl, name))
            refuse_reserved(loader, entry, name);
        else if (name.size == 0)
            load_problem_at_key(loader, entry, NULL, "expected a name");
    }
    return true;
}

void
load_facts(struct loader *loader, struct spot spot, struct config_field *field)
{
    if (!load_is_kind(loader, spot, VALUE_OBJECT, "an object (name: description)") ||
        !check_names(loader, spot, field->decl, LIMIT_AI_FIELDS))
        return;
    for (uint32_t i = 0; i < spot.at->count; i++) {
        struct spot fact = spot_member(loader->scratch, spot, i);
        if (fact.at->value.kind == VALUE_OBJECT)
            check_fact_object(loader, fact, field->decl);
        else
            read_words(loader, fact, NULL);
    }
    field->literal = spot.at->value;
}

/* --- classes --- */

static void
check_class_list(struct loader *loader, struct spot spot)
{
    const struct value *names = value_items(spot.at->value);
    if (spot.at->count > LIMIT_AI_LABELS)
        load_problem(loader, spot, NULL, "at most %d labels, found %" PRIu32, LIMIT_AI_LABELS,
                     spot.at->count);
    for (uint32_t i = 0; i < spot.at->count && i < LIMIT_AI_LABELS; i++) {
        struct spot entry = spot_item(loader->scratch, spot, i);
        read_words(loader, entry, NULL);
        if (names[i].kind == VALUE_STRING && names[i].count == 0)
            load_problem(loader, entry, NULL, "expected a name");
        for (uint32_t k = 0; k < i; k++) {
            if (value_equal(names[k], names[i])) {
                load_problem(loader, entry, NULL, "the label stands there twice");
                break;
            }
        }
    }
}

static void
check_class_map(struct loader *loader, struct spot spot, const struct field_decl *decl)
{
    if (!check_names(loader, spot, decl, LIMIT_AI_LABELS))
        return;
    for (uint32_t i = 0; i < spot.at->count; i++) {
        struct spot entry = spot_member(loader->scratch, spot, i);
        if (entry.at->value.kind != VALUE_NULL)
            read_words(loader, entry, NULL);
    }
}

void
load_classes(struct loader *loader, struct spot spot, struct config_field *field)
{
    bool is_list = spot.at->value.kind == VALUE_ARRAY;
    if (!is_list &&
        !load_is_kind(loader, spot, VALUE_OBJECT, "a list of labels, or an object (label: when)"))
        return;
    if (spot.at->count < 2)
        load_problem(loader, spot, NULL, "expected at least two labels to choose from");
    else if (is_list)
        check_class_list(loader, spot);
    else
        check_class_map(loader, spot, field->decl);
    field->literal = spot.at->value;
}

/* --- schemas of values to which a step adds members --- */

void
load_check_object_schema(struct loader *loader, struct spot spot, const struct field_decl *decl)
{
    struct value type = value_get(spot.at->value, "type");
    struct value properties = value_get(spot.at->value, "properties");
    if (type.kind != VALUE_NONE && !value_equal(type, value_text("object")))
        load_problem(loader, spot_at_pointer(loader->scratch, spot, "/type"), NULL,
                     "expected \"object\": put a list or a text into a property of an object");
    for (uint32_t i = 0; properties.kind == VALUE_OBJECT && i < properties.count; i++) {
        struct slice name = value_slice(value_members(properties)[i].key);
        struct spot list = spot_at_pointer(loader->scratch, spot, "/properties");
        if (is_reserved(decl, name))
            refuse_reserved(loader, spot_member(loader->scratch, list, i), name);
    }
}
