#include "flow/catalog.h"

#include "base/mem.h"

static bool
type_is_called(const struct step_decl *type, struct slice name)
{
    if (slice_is(name, type->name))
        return true;
    for (size_t i = 0; type->aliases != NULL && type->aliases[i] != NULL; i++) {
        if (slice_is(name, type->aliases[i]))
            return true;
    }
    return false;
}

const struct step_decl *
catalog_find(const struct catalog *catalog, struct slice name)
{
    for (size_t i = 0; i < catalog->count; i++) {
        if (type_is_called(catalog->types[i], name))
            return catalog->types[i];
    }
    return NULL;
}

/* Only own names are offered: an alias is for files that come from elsewhere. */
const char *
catalog_nearest(const struct catalog *catalog, struct slice wrong)
{
    const char **names = mem_alloc_array(catalog->count, sizeof(*names));
    for (size_t i = 0; i < catalog->count; i++)
        names[i] = catalog->types[i]->name;
    const char *nearest = slice_nearest(wrong, names, catalog->count);
    mem_free(names);
    return nearest;
}

const char *
step_group_name(enum step_group group)
{
    static const char *const names[] = {
        [STEP_GROUP_NONE] = "",         [STEP_GROUP_SOURCES] = "sources",
        [STEP_GROUP_AI] = "AI",         [STEP_GROUP_LOOKUPS] = "look-ups",
        [STEP_GROUP_DATA] = "data",     [STEP_GROUP_FLOW] = "flow",
        [STEP_GROUP_OUTPUT] = "output",
    };
    return names[group];
}

const char *
field_kind_words(enum field_kind kind)
{
    static const char *const words[] = {
        [FIELD_TEXT] = "text template",
        [FIELD_ANY] = "any value, templates in it",
        [FIELD_EXPRESSION] = "jq",
        [FIELD_TEXT_MAP] = "names and templates",
        [FIELD_EXPRESSION_MAP] = "names and jq",
        [FIELD_NAMES] = "list of names",
        [FIELD_LABEL] = "text",
        [FIELD_SIGN] = "one character",
        [FIELD_BOOL] = "true or false",
        [FIELD_BOOL_OR_NAMES] = "true, false or a list of names",
        [FIELD_INT] = "whole number",
        [FIELD_DURATION] = "duration",
        [FIELD_CHOICE] = "one of ",
        [FIELD_SCHEMA] = "JSON Schema",
        [FIELD_RATE] = "rate",
        [FIELD_MODEL] = "model, a text template",
        [FIELD_NUMBER] = "number",
        [FIELD_SOURCES] = "source or list of sources",
        [FIELD_FACTS] = "names and descriptions",
        [FIELD_CLASSES] = "labels",
        [FIELD_GROUP] = "object",
        [FIELD_MARKUP] = "Markdown template",
        [FIELD_AGGREGATE_MAP] = "names and jq",
        [FIELD_PATHS] = "path or list of paths",
        [FIELD_ORDER] = "list of paths, or of {path, order}",
        [FIELD_KEYS] = "list of paths, or {left, right}",
        [FIELD_STEP] = "step id",
    };
    return words[kind];
}

int
field_decl_find(const struct field_decl *fields, size_t count, struct slice name)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_is(name, fields[i].name))
            return (int)i;
    }
    return -1;
}

int
step_decl_field(const struct step_decl *decl, struct slice name)
{
    return field_decl_find(decl->fields, decl->field_count, name);
}
