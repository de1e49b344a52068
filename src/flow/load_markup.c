#include "flow/load.h"

#include <inttypes.h>
#include <stdio.h>

/* Where the text of a template stands. */
struct source {
    struct spot spot;  /* of the text, or of the name if it stands in a file */
    struct slice file; /* .ptr NULL: in the workflow */
    struct slice text;
};

static struct spot
templates_spot(struct loader *loader)
{
    const struct located *root = loader->root.at;
    for (uint32_t i = 0; i < root->count; i++) {
        if (slice_is(value_slice(value_members(root->value)[i].key), "templates"))
            return spot_member(loader->scratch, loader->root, i);
    }
    return (struct spot){0};
}

void
load_templates(struct loader *loader, struct spot spot, void *target)
{
    if (!load_is_kind(loader, spot, VALUE_OBJECT, "an object (name: Markdown)"))
        return;
    for (uint32_t i = 0; i < spot.at->count; i++)
        load_is_kind(loader, spot_member(loader->scratch, spot, i), VALUE_STRING, "Markdown");
}

static const char *
nearest_name(struct loader *loader, struct spot templates, struct slice wrong)
{
    if (templates.at == NULL || templates.at->value.kind != VALUE_OBJECT)
        return NULL;
    uint32_t count = templates.at->count;
    const char **names = arena_alloc(loader->scratch, (count + 1) * sizeof(*names));
    for (uint32_t i = 0; i < count; i++) {
        struct slice name = slice_cut(value_slice(value_members(templates.at->value)[i].key), 256);
        names[i] = arena_format(loader->scratch, "%.*s", SLICE_FORMAT(name));
    }
    return slice_nearest(wrong, names, count);
}

static bool
find_in_workflow(struct loader *loader, struct spot templates, struct slice name,
                 struct source *source)
{
    if (templates.at == NULL || templates.at->value.kind != VALUE_OBJECT)
        return false;
    for (uint32_t i = 0; i < templates.at->count; i++) {
        if (!slice_equal(value_slice(value_members(templates.at->value)[i].key), name))
            continue;
        source->spot = spot_member(loader->scratch, templates, i);
        source->text = value_slice_or(source->spot.at->value, SLICE("")); /* told where it stands */
        return true;
    }
    return false;
}

static bool
find_outside(struct loader *loader, struct slice name, struct source *source)
{
    const struct plan_options *options = loader->options;
    struct buffer text;
    struct error error = {0};
    buffer_init(&text, LIMIT_DEFINITION_BYTES);
    enum status status = options->find_template(options->context, name, &text, &error);
    if (status == STATUS_OK && buffer_is_over(&text))
        status = error_set(&error, STATUS_LIMIT, "the template is longer than %zu bytes",
                           LIMIT_DEFINITION_BYTES);
    if (status == STATUS_OK)
        source->text = arena_copy(loader->scratch, buffer_slice(&text));
    else
        load_problem(loader, source->spot, NULL, "%s", error.text);
    source->file = name;
    buffer_done(&text);
    return status == STATUS_OK && source->text.ptr != NULL;
}

/* A text of several lines, or with tags, is the template itself; anything else its name. */
static bool
find_source(struct loader *loader, struct source *source)
{
    struct slice text = value_slice(source->spot.at->value);
    struct spot templates = templates_spot(loader);
    source->text = text;
    if (memchr(text.ptr, '\n', text.size) != NULL || !load_text_is_literal(text))
        return true;
    if (find_in_workflow(loader, templates, text, source))
        return true;
    if (templates.at == NULL && loader->options->find_template != NULL)
        return find_outside(loader, text, source);
    load_problem(loader, source->spot, nearest_name(loader, templates, text),
                 "there is no template \"%.*s\": write its text here, or under \"templates\"",
                 SLICE_FORMAT(slice_cut(text, 64)));
    return false;
}

struct markup *
load_markup(struct loader *loader, struct spot spot, uint16_t draft)
{
    struct source source = {.spot = spot};
    struct markup *markup = NULL;
    struct expr_problem problem = {0};
    if (!load_is_kind(loader, spot, VALUE_STRING, "Markdown, or the name of a template") ||
        !find_source(loader, &source))
        return NULL;
    struct leaf *leaf = load_add_leaf(loader, source.spot, draft, 0);
    leaf->file = source.file;
    leaf->text = source.text;
    if (markup_compile(&markup, loader->arena, source.text, &problem) == STATUS_OK) {
        leaf->markup = markup;
        return markup;
    }
    load_problem_in_leaf(loader, leaf, problem.offset, NULL, problem.words);
    loader->leaves = leaf->next;
    return NULL;
}

void
load_problem_in_leaf(struct loader *loader, const struct leaf *leaf, size_t offset,
                     const char *nearest, const char *words)
{
    if (leaf->file.ptr == NULL) {
        load_problem_inside(loader, leaf->spot, offset, nearest, words);
        return;
    }
    struct located_place place = load_place_of_offset(leaf->text, offset);
    load_problem(loader, leaf->spot, nearest, "%.*s:%" PRIu32 ":%" PRIu32 ": %s",
                 SLICE_FORMAT(slice_cut(leaf->file, 256)), place.line, place.column, words);
}
