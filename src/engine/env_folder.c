#include "base/fs.h"
#include "base/limits.h"
#include "base/mem.h"
#include "engine/env.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_BYTES 4096

struct listing {
    struct step_env *env;
    struct step_failure *failure;
    char folder[PATH_BYTES]; /* as it was given, without slashes at the end */
    char *real_folder;       /* where it lies */
    char match[256];         /* empty: all */
    struct slice *names;
    size_t count;
};

static bool
copy_text(char *out, size_t size, struct slice text)
{
    if (text.size >= size || (text.size > 0 && memchr(text.ptr, '\0', text.size) != NULL))
        return false;
    if (text.size > 0)
        memcpy(out, text.ptr, text.size);
    out[text.size] = '\0';
    return true;
}

static bool
prepare(struct listing *listing, struct slice folder, struct slice match)
{
    if (!listing->env->options->allow_paths)
        return step_fail(listing->failure, "no_file",
                         "documents: a folder is read only under `windrow run`; on a server name "
                         "uploaded files one by one, each as `file`");
    while (folder.size > 1 && folder.ptr[folder.size - 1] == '/')
        folder.size--;
    if (folder.size == 0 || !copy_text(listing->folder, sizeof(listing->folder), folder))
        return step_fail(listing->failure, "no_file", "documents: expected the path of a folder");
    if (!copy_text(listing->match, sizeof(listing->match), match))
        return step_fail(listing->failure, "bad_config", "match: longer than %zu bytes",
                         sizeof(listing->match) - 1);
    listing->real_folder = realpath(listing->folder, NULL);
    if (listing->real_folder != NULL)
        return true;
    struct error error = {0};
    status_ignore(fs_errno_status(errno, "cannot open", listing->folder, &error));
    return step_fail(listing->failure, "no_file", "documents: %s", error.text);
}

/* A regular file that lies in the folder itself, also if its name is a link to another one there.
 */
static bool
is_inside(const struct listing *listing, const char *name)
{
    char path[PATH_BYTES + NAME_MAX + 2];
    struct stat facts;
    snprintf(path, sizeof(path), "%s/%s", listing->real_folder, name);
    if (stat(path, &facts) != 0 || !S_ISREG(facts.st_mode))
        return false;
    char *real = realpath(path, NULL);
    size_t size = strlen(listing->real_folder);
    bool is_inside = real != NULL && strncmp(real, listing->real_folder, size) == 0 &&
                     (real[size] == '/' || listing->real_folder[size - 1] == '/');
    free(real);
    return is_inside;
}

static bool
is_wanted(const struct listing *listing, const char *name)
{
    if (name[0] == '.')
        return false;
    if (listing->match[0] != '\0' && fnmatch(listing->match, name, 0) != 0)
        return false;
    return is_inside(listing, name);
}

static bool
add_name(struct listing *listing, const char *name)
{
    struct slice text = slice_text(name);
    if (!slice_is_utf8(text))
        return step_fail(listing->failure, "bad_file",
                         "documents: a file in %s has a name that is not UTF-8; rename it",
                         listing->folder);
    if (listing->count == LIMIT_FOLDER_DOCUMENTS)
        return step_fail(listing->failure, "limit_exceeded",
                         "documents: more than %d files of %s are meant; narrow it by `match`",
                         LIMIT_FOLDER_DOCUMENTS, listing->folder);
    listing->names[listing->count++] = arena_copy(listing->env->arena, text);
    return true;
}

static bool
read_names(struct listing *listing)
{
    DIR *folder = opendir(listing->real_folder);
    struct error error = {0};
    bool is_ok = true;
    if (folder == NULL) {
        status_ignore(fs_errno_status(errno, "cannot open", listing->folder, &error));
        return step_fail(listing->failure, "no_file", "documents: %s", error.text);
    }
    const struct dirent *entry;
    while (is_ok && (entry = readdir(folder)) != NULL) {
        if (is_wanted(listing, entry->d_name))
            is_ok = add_name(listing, entry->d_name);
    }
    closedir(folder);
    return is_ok;
}

static int
compare_names(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

static struct value
names_value(const struct listing *listing)
{
    struct arena *arena = listing->env->arena;
    struct value list = value_empty_array();
    for (size_t i = 0; i < listing->count; i++) {
        const char *path = arena_format(arena, "%s/%s", listing->folder, listing->names[i].ptr);
        struct member members[] = {
            {value_text("file"), value_text(path)},
            {value_text("name"), value_string(listing->names[i])},
        };
        list = value_array_append(arena, list, value_object_new(arena, members, COUNT_OF(members)));
    }
    return list;
}

bool
step_env_list(struct step_env *env, struct slice folder, struct slice match, struct value *out,
              struct step_failure *failure)
{
    struct listing listing = {.env = env, .failure = failure};
    listing.names = mem_alloc_array(LIMIT_FOLDER_DOCUMENTS, sizeof(*listing.names));
    *out = (struct value){0};
    bool is_ok = prepare(&listing, folder, match) && read_names(&listing);
    if (is_ok) {
        qsort(listing.names, listing.count, sizeof(*listing.names), compare_names);
        *out = names_value(&listing);
        if (out->kind == VALUE_NONE)
            is_ok = step_fail(failure, "limit_exceeded", "documents: the list is too long");
    }
    free(listing.real_folder);
    mem_free(listing.names);
    return is_ok;
}
