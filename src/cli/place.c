#include "cli/place.h"

#include "base/json.h"

#include <unistd.h>

/* What run_file() kept with the run. */
static struct value
begun_value(const struct run_row *run, struct arena *arena)
{
    struct value begun;
    if (run->resolved.size == 0 ||
        json_parse(&begun, arena, run->resolved, 0, NULL, NULL) != STATUS_OK ||
        begun.kind != VALUE_OBJECT)
        return value_empty_object();
    return begun;
}

static const char *
begun_text(struct value begun, const char *name, const char *otherwise, struct arena *arena)
{
    struct value text = value_get(begun, name);
    if (text.kind != VALUE_STRING || text.count == 0)
        return otherwise;
    return arena_copy(arena, value_slice(text)).ptr;
}

static const char *
path_from(const char *folder, const char *path, struct arena *arena)
{
    return path[0] == '/' ? path : arena_format(arena, "%s/%s", folder, path);
}

static const char *
find_out(struct value begun, const char *asked, struct arena *arena)
{
    char here[4096];
    const char *folder = getcwd(here, sizeof(here)) == NULL ? "." : here;
    if (asked != NULL)
        return path_from(folder, asked, arena);
    return path_from(begun_text(begun, "cwd", folder, arena),
                     begun_text(begun, "out", "out", arena), arena);
}

void
place_find_out(const struct run_row *run, struct arena *arena, const char **out)
{
    *out = find_out(begun_value(run, arena), *out, arena);
}

enum status
place_enter(const struct run_row *run, struct arena *arena, const char **out, struct error *error)
{
    struct value begun = begun_value(run, arena);
    *out = find_out(begun, *out, arena);
    const char *folder = begun_text(begun, "cwd", ".", arena);
    if (chdir(folder) != 0)
        return error_set(error, STATUS_NOT_FOUND, "the run was begun in %s, which is gone", folder);
    return STATUS_OK;
}
