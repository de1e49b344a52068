#include "flow/load.h"

#include "base/duration.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

#define WORDS_BYTES 1024
/* A longer path is not continued: there may be 100,000 places below it. */
#define PATH_BYTES_MAX 400

void
load_problem(struct loader *loader, struct spot spot, const char *nearest, const char *format, ...)
{
    char words[WORDS_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof(words), format, arguments);
    va_end(arguments);
    problems_add(loader->problems, spot.at->line, spot.at->column, spot.path, nearest, "%s", words);
}

void
load_problem_at_key(struct loader *loader, struct spot spot, const char *nearest,
                    const char *format, ...)
{
    char words[WORDS_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof(words), format, arguments);
    va_end(arguments);
    problems_add(loader->problems, spot.key.line, spot.key.column, spot.path, nearest, "%s", words);
}

void
load_problem_inside(struct loader *loader, struct spot spot, size_t offset, const char *nearest,
                    const char *words)
{
    if (load_only_counts(loader))
        return;
    struct located_place place = load_place_inside(loader->text, spot.at, offset);
    problems_add(loader->problems, place.line, place.column, spot.path, nearest, "%s", words);
}

bool
load_only_counts(struct loader *loader)
{
    if (loader->problems->count < PROBLEMS_MAX)
        return false;
    loader->problems->more++;
    return true;
}

/* Whether a name can stand in a path as it is. */
static bool
name_is_plain(struct slice name)
{
    for (size_t i = 0; i < name.size; i++) {
        unsigned char byte = (unsigned char)name.ptr[i];
        if (!isalnum(byte) && byte != '_' && byte != '-' && byte != '$')
            return false;
    }
    return name.size > 0;
}

struct spot
spot_member(struct arena *arena, struct spot object, uint32_t index)
{
    struct slice name = slice_cut(value_slice(value_members(object.at->value)[index].key), 256);
    const char *path;
    if (strlen(object.path) > PATH_BYTES_MAX)
        path = object.path;
    else if (!name_is_plain(name))
        path = arena_format(arena, "%s[\"%.*s\"]", object.path, SLICE_FORMAT(name));
    else if (object.path[0] == '\0')
        path = arena_format(arena, "%.*s", SLICE_FORMAT(name));
    else
        path = arena_format(arena, "%s.%.*s", object.path, SLICE_FORMAT(name));
    return (struct spot){.at = &object.at->children[index],
                         .key = located_key_place(object.at, index),
                         .path = path};
}

struct spot
spot_item(struct arena *arena, struct spot array, uint32_t index)
{
    const struct located *at = &array.at->children[index];
    const char *path = array.path;
    if (strlen(path) <= PATH_BYTES_MAX)
        path = arena_format(arena, "%s[%" PRIu32 "]", array.path, index);
    return (struct spot){.at = at, .key = {at->line, at->column}, .path = path};
}

struct spot
spot_at_pointer(struct arena *arena, struct spot root, const char *pointer)
{
    for (;;) {
        int64_t index = located_step(root.at, &pointer);
        if (index < 0)
            return root;
        if (root.at->value.kind == VALUE_OBJECT)
            root = spot_member(arena, root, (uint32_t)index);
        else
            root = spot_item(arena, root, (uint32_t)index);
    }
}

static const struct load_key *
find_key(const struct load_key *keys, size_t count, struct slice name)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_is(name, keys[i].name))
            return &keys[i];
    }
    return NULL;
}

static void
complain_of_key(struct loader *loader, struct spot spot, struct slice name,
                const struct load_key *keys, size_t count)
{
    const char *names[32];
    if (load_only_counts(loader))
        return;
    assert(count <= COUNT_OF(names));
    for (size_t i = 0; i < count; i++)
        names[i] = keys[i].name;
    load_problem_at_key(loader, spot, slice_nearest(name, names, count),
                        "unknown key \"%.*s\", expected %s", SLICE_FORMAT(slice_cut(name, 64)),
                        load_join(loader->scratch, names, count));
}

void
load_members(struct loader *loader, struct spot object, const struct load_key *keys, size_t count,
             void *target)
{
    if (!load_is_kind(loader, object, VALUE_OBJECT, "an object (name: value)"))
        return;
    struct value value = object.at->value;
    for (uint32_t i = 0; i < value.count; i++) {
        struct spot spot = spot_member(loader->scratch, object, i);
        struct slice name = value_slice(value_members(value)[i].key);
        const struct load_key *key = find_key(keys, count, name);
        if (key == NULL)
            complain_of_key(loader, spot, name, keys, count);
        else
            key->load(loader, spot, target);
    }
    for (size_t i = 0; i < count; i++) {
        if (keys[i].is_required && value_get(value, keys[i].name).kind == VALUE_NONE)
            load_problem(loader, object, NULL, "\"%s\" is required and missing", keys[i].name);
    }
}

static const char *
kind_words(struct value value)
{
    switch ((enum value_kind)value.kind) {
    case VALUE_NONE:
    case VALUE_NULL:
        return "nothing";
    case VALUE_FALSE:
        return "false";
    case VALUE_TRUE:
        return "true";
    case VALUE_INT:
    case VALUE_DOUBLE:
    case VALUE_DECIMAL:
        return "a number";
    case VALUE_STRING:
        return "text";
    case VALUE_ARRAY:
        return "a list";
    case VALUE_OBJECT:
        return "an object";
    }
    return "";
}

bool
load_is_kind(struct loader *loader, struct spot spot, enum value_kind kind, const char *expected)
{
    if (spot.at->value.kind == kind)
        return true;
    load_problem(loader, spot, NULL, "expected %s, found %s", expected, kind_words(spot.at->value));
    return false;
}

bool
load_text_is_literal(struct slice text)
{
    for (size_t i = 1; i < text.size; i++) {
        if (text.ptr[i - 1] == '{' && text.ptr[i] == '{')
            return false;
    }
    return true;
}

void
load_literal(struct loader *loader, struct spot spot, void *target)
{
    struct value *value = target;
    if (!load_is_kind(loader, spot, VALUE_STRING, "text"))
        return;
    if (load_text_is_literal(value_slice(spot.at->value)))
        *value = spot.at->value;
    else
        load_problem(loader, spot, NULL, "expected plain text, a template cannot stand here");
}

void
load_duration(struct loader *loader, struct spot spot, void *target)
{
    int64_t *duration_ms = target;
    if (!load_is_kind(loader, spot, VALUE_STRING, "a duration such as 30s or 2h"))
        return;
    struct error error = {.status = STATUS_OK};
    int64_t found_ms = 0;
    if (duration_parse(&found_ms, value_slice(spot.at->value), &error) == STATUS_OK)
        *duration_ms = found_ms;
    else
        load_problem(loader, spot, NULL, "%s", error.text);
}

/* "get" is not near to "GET" by edits, but certainly meant. */
static const char *
nearest_choice(struct slice wrong, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(names[i]) == wrong.size && strncasecmp(names[i], wrong.ptr, wrong.size) == 0)
            return names[i];
    }
    return slice_nearest(wrong, names, count);
}

int
load_choice(struct loader *loader, struct spot spot, const char *const *names, size_t count)
{
    const char *expected = load_join(loader->scratch, names, count);
    if (!load_is_kind(loader, spot, VALUE_STRING, expected))
        return -1;
    struct slice text = value_slice(spot.at->value);
    for (size_t i = 0; i < count; i++) {
        if (slice_is(text, names[i]))
            return (int)i;
    }
    load_problem(loader, spot, nearest_choice(text, names, count), "expected %s, found \"%.*s\"",
                 expected, SLICE_FORMAT(slice_cut(text, 64)));
    return -1;
}

const char *
load_join(struct arena *arena, const char *const *names, size_t count)
{
    const char *text = "";
    for (size_t i = 0; i < count; i++) {
        const char *between = i == 0 ? "" : i + 1 == count ? " or " : ", ";
        text = arena_format(arena, "%s%s%s", text, between, names[i]);
    }
    return text;
}

struct leaf *
load_add_leaf(struct loader *loader, struct spot spot, uint16_t draft, uint8_t skip)
{
    struct leaf *leaf = arena_alloc(loader->scratch, sizeof(*leaf));
    *leaf = (struct leaf){
        .next = loader->leaves,
        .spot = spot,
        .draft = draft,
        .skip = skip,
        .roots = loader->roots,
        .takes_secrets = loader->takes_secrets,
    };
    loader->leaves = leaf;
    return leaf;
}

static struct template *
load_template_text(struct loader *loader, struct spot spot, uint16_t draft, struct arena *arena)
{
    struct template *template = NULL;
    struct expr_problem problem = {0};
    if (template_compile(&template, arena, spot.at->value, &problem, NULL) != STATUS_OK) {
        load_problem_inside(loader, spot, problem.offset, NULL, problem.words);
        return NULL;
    }
    load_add_leaf(loader, spot, draft, 0)->template = template;
    return template;
}

/* Compiles each string by itself, so that each mistake is told with its own place. */
static bool
check_strings(struct loader *loader, struct spot spot, uint16_t draft)
{
    struct value value = spot.at->value;
    if (value.kind == VALUE_STRING)
        return load_template_text(loader, spot, draft, loader->scratch) != NULL;
    bool is_good = true;
    for (uint32_t i = 0; i < spot.at->count && !arena_is_over(loader->scratch); i++) {
        struct spot child = value.kind == VALUE_OBJECT ? spot_member(loader->scratch, spot, i)
                                                       : spot_item(loader->scratch, spot, i);
        is_good = check_strings(loader, child, draft) && is_good;
    }
    return is_good;
}

struct template *
load_template(struct loader *loader, struct spot spot, uint16_t draft)
{
    if (spot.at->value.kind == VALUE_STRING)
        return load_template_text(loader, spot, draft, loader->arena);
    struct template *template = NULL;
    struct expr_problem problem = {0};
    if (!check_strings(loader, spot, draft))
        return NULL;
    if (template_compile(&template, loader->arena, spot.at->value, &problem, NULL) != STATUS_OK)
        load_problem(loader, spot, NULL, "%s", problem.words);
    return template;
}

struct template *
load_expression(struct loader *loader, struct spot spot, uint16_t draft)
{
    if (!load_is_kind(loader, spot, VALUE_STRING, "a jq expression as text"))
        return NULL;
    struct template *template = NULL;
    struct expr_problem problem = {0};
    struct slice source = value_slice(spot.at->value);
    if (template_compile_expression(&template, loader->arena, source, &problem) != STATUS_OK) {
        load_problem_inside(loader, spot, problem.offset, NULL, problem.words);
        return NULL;
    }
    load_add_leaf(loader, spot, draft, 0)->template = template;
    return template;
}

struct expr *
load_condition(struct loader *loader, struct spot spot, uint16_t draft)
{
    if (!load_is_kind(loader, spot, VALUE_STRING, "a jq expression as text"))
        return NULL;
    struct expr *expr = NULL;
    struct expr_problem problem = {0};
    struct slice source = value_slice(spot.at->value);
    if (expr_compile(&expr, loader->arena, source, &problem) != STATUS_OK) {
        load_problem_inside(loader, spot, problem.offset, NULL, problem.words);
        return NULL;
    }
    load_add_leaf(loader, spot, draft, 0)->expr = expr;
    return expr;
}
