#include "steps/connector_inside.h"

#include "base/fs.h"
#include "base/limits.h"
#include "base/mem.h"
#include "steps/table.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BYTES MIB(256)
#define NAME_BYTES 256

struct connectors {
    struct arena arena;
    size_t count;
    struct connector *list[CONNECTORS_MAX];
    const struct step_type **types;
    const struct step_decl **decls;
    struct step_table steps;
    struct catalog catalog;
};

/* Names of files, in their order. */
struct names {
    size_t count;
    char list[CONNECTORS_MAX][NAME_BYTES];
};

/* The ending of a file that is meant; 0: it is none. */
static size_t
ending_of(const char *name)
{
    static const char *const endings[] = {".yaml", ".yml"};
    size_t size = strlen(name);
    for (size_t i = 0; i < COUNT_OF(endings); i++) {
        size_t ending = strlen(endings[i]);
        if (size > ending && name[0] != '.' && strcmp(name + size - ending, endings[i]) == 0)
            return ending;
    }
    return 0;
}

static int
compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

static enum status
read_folder(const char *path, struct names *names, struct error *error)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;
    enum status status = STATUS_OK;
    if (folder == NULL)
        return fs_errno_status(errno, "the folder of connectors", path, error);
    while (status == STATUS_OK && (entry = readdir(folder)) != NULL) {
        if (ending_of(entry->d_name) == 0)
            continue;
        if (names->count == CONNECTORS_MAX)
            status = error_set(error, STATUS_LIMIT, "%s holds more than %d connectors", path,
                               CONNECTORS_MAX);
        else
            snprintf(names->list[names->count++], NAME_BYTES, "%s", entry->d_name);
    }
    closedir(folder);
    qsort(names->list, names->count, NAME_BYTES, compare_names);
    return status;
}

static enum status
add_connector(struct connectors *connectors, struct slice text, struct slice name,
              struct error *error)
{
    struct connector **place = &connectors->list[connectors->count];
    enum status status = connector_load(place, text, name, &connectors->arena, error);
    connectors->count++;
    const struct step_decl *decl = &(*place)->decl;
    if (status == STATUS_OK && catalog_find(&step_catalog, slice_text(decl->name)) != NULL)
        status =
            error_set(error, STATUS_INVALID,
                      "a step of this program is called \"%s\": give it another name", decl->name);
    for (size_t i = 0; status == STATUS_OK && i + 1 < connectors->count; i++) {
        if (strcmp(connectors->list[i]->decl.name, decl->name) == 0)
            status = error_set(error, STATUS_INVALID, "another connector is called \"%s\" too",
                               decl->name);
    }
    return status;
}

static enum status
read_connector(struct connectors *connectors, const char *folder, const char *name,
               struct error *error)
{
    char path[4096];
    struct buffer text;
    if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
        return error_set(error, STATUS_INVALID, "the path of the connectors is too long");
    enum status status = fs_read_file(&text, path, LIMIT_DEFINITION_BYTES, error);
    if (status == STATUS_OK) {
        struct slice stem = slice_of(name, strlen(name) - ending_of(name));
        status = add_connector(connectors, buffer_slice(&text), stem, error);
        if (status != STATUS_OK)
            error_prepend(error, "%.300s", path);
    }
    buffer_done(&text);
    return status;
}

/* The steps of this build, and then those. */
static void
join_tables(struct connectors *connectors)
{
    size_t count = connectors->count;
    connectors->types = mem_alloc_array(step_table.count + count, sizeof(*connectors->types));
    connectors->decls = mem_alloc_array(step_catalog.count + count, sizeof(*connectors->decls));
    memcpy(connectors->types, step_table.types, step_table.count * sizeof(*connectors->types));
    memcpy(connectors->decls, step_catalog.types, step_catalog.count * sizeof(*connectors->decls));
    for (size_t i = 0; i < count; i++) {
        connectors->types[step_table.count + i] = &connectors->list[i]->type;
        connectors->decls[step_catalog.count + i] = &connectors->list[i]->decl;
    }
    connectors->steps = (struct step_table){connectors->types, step_table.count + count};
    connectors->catalog = (struct catalog){connectors->decls, step_catalog.count + count};
}

enum status
connectors_open(struct connectors **out, const char *folder, struct error *error)
{
    struct connectors *connectors = mem_alloc(sizeof(*connectors));
    struct names *names = mem_alloc(sizeof(*names));
    enum status status = STATUS_OK;
    arena_init(&connectors->arena, ARENA_BYTES);
    *out = NULL;
    if (folder != NULL)
        status = read_folder(folder, names, error);
    for (size_t i = 0; i < names->count && status == STATUS_OK; i++)
        status = read_connector(connectors, folder, names->list[i], error);
    mem_free(names);
    if (status != STATUS_OK) {
        connectors_free(&connectors);
        return status;
    }
    join_tables(connectors);
    *out = connectors;
    return STATUS_OK;
}

void
connectors_free(struct connectors **connectors)
{
    struct connectors *gone = *connectors;
    *connectors = NULL;
    if (gone == NULL)
        return;
    for (size_t i = 0; i < gone->count; i++) {
        if (gone->list[i]->plan != NULL)
            plan_drop(&gone->list[i]->plan);
    }
    mem_free(gone->types);
    mem_free(gone->decls);
    arena_done(&gone->arena);
    mem_free(gone);
}

const struct step_table *
connectors_steps(const struct connectors *connectors)
{
    return &connectors->steps;
}

const struct catalog *
connectors_catalog(const struct connectors *connectors)
{
    return &connectors->catalog;
}
