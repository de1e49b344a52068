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

int
step_decl_field(const struct step_decl *decl, struct slice name)
{
    for (size_t i = 0; i < decl->field_count; i++) {
        if (slice_is(name, decl->fields[i].name))
            return (int)i;
    }
    return -1;
}
