#include "sql/databases.h"

#include "base/mem.h"

#include <string.h>

#define NAME_BYTES_MAX 64

static struct database list[DATABASES_MAX];
static size_t list_count;

static void
forget(void)
{
    for (size_t i = 0; i < DATABASES_MAX; i++) {
        mem_free((char *)list[i].name);
        mem_free((char *)list[i].address);
        mem_free(list[i].workspaces);
    }
    memset(list, 0, sizeof(list));
    list_count = 0;
}

static const struct database *
find(struct slice name)
{
    for (size_t i = 0; i < list_count; i++) {
        if (slice_is(name, list[i].name))
            return &list[i];
    }
    return NULL;
}

static bool
is_name(struct slice name)
{
    for (size_t i = 0; i < name.size; i++) {
        char byte = name.ptr[i];
        bool is_good = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                       (byte >= '0' && byte <= '9') || byte == '_' || byte == '-';
        if (!is_good)
            return false;
    }
    return name.size > 0 && name.size <= NAME_BYTES_MAX;
}

/* False: it is no address. */
static bool
read_address(struct slice address, struct database *out)
{
    struct slice sqlite = SLICE("sqlite:");
    bool is_file = slice_starts_with(address, sqlite);
    if (is_file)
        address = slice_of(address.ptr + sqlite.size, address.size - sqlite.size);
    else if (!slice_starts_with(address, SLICE("postgresql://")) &&
             !slice_starts_with(address, SLICE("postgres://")))
        return false;
    if (address.size == 0 || (is_file && address.ptr[0] != '/'))
        return false;
    bool is_folder = address.ptr[address.size - 1] == '/';
    out->kind = !is_file    ? DATABASE_POSTGRES
                : is_folder ? DATABASE_SQLITE_FOLDER
                            : DATABASE_SQLITE_FILE;
    out->address = mem_copy_text(address.ptr, address.size);
    return true;
}

/* "name for ID, ID": takes the ids off the name. False: one is none. */
static bool
read_workspaces(struct slice *name, struct database *out)
{
    const char *begin = memmem(name->ptr, name->size, " for ", 5);
    if (begin == NULL)
        return true;
    size_t size = (size_t)(begin - name->ptr);
    struct slice rest = slice_of(begin + 5, name->size - size - 5);
    *name = slice_trim(slice_of(name->ptr, size));
    while (rest.size > 0) {
        const char *comma = memchr(rest.ptr, ',', rest.size);
        struct id id;
        size = comma == NULL ? rest.size : (size_t)(comma - rest.ptr);
        if (!id_parse(&id, slice_trim(slice_of(rest.ptr, size))))
            return false;
        out->workspaces =
            mem_resize(out->workspaces, (out->workspace_count + 1) * sizeof(*out->workspaces));
        out->workspaces[out->workspace_count++] = id;
        size += comma != NULL;
        rest = slice_of(rest.ptr + size, rest.size - size);
    }
    return out->workspace_count > 0;
}

static enum status
read_line(struct slice line, unsigned number, struct error *error)
{
    const char *sign = line.size == 0 ? NULL : memchr(line.ptr, '=', line.size);
    size_t size = sign == NULL ? 0 : (size_t)(sign - line.ptr);
    struct slice name = slice_trim(slice_of(line.ptr, size));
    if (line.size == 0 || line.ptr[0] == '#')
        return STATUS_OK;
    if (list_count == DATABASES_MAX)
        return error_set(error, STATUS_INVALID, "databases: more than %d", DATABASES_MAX);
    struct database *database = &list[list_count];
    if (sign != NULL && !read_workspaces(&name, database))
        return error_set(
            error, STATUS_INVALID,
            "databases: line %u: expected ids of workspaces with commas behind \"for\"", number);
    if (sign == NULL || !is_name(name))
        return error_set(error, STATUS_INVALID,
                         "databases: line %u: expected name = address, the name of letters, "
                         "digits, _ and -",
                         number);
    if (find(name) != NULL)
        return error_set(error, STATUS_INVALID, "databases: line %u: \"%.*s\" stands there twice",
                         number, SLICE_FORMAT(name));
    if (!read_address(slice_trim(slice_of(sign + 1, line.size - size - 1)), database))
        return error_set(error, STATUS_INVALID,
                         "databases: line %u: expected sqlite:/path/to/file.db, "
                         "sqlite:/path/to/folder/ or postgresql://…",
                         number);
    database->name = mem_copy_text(name.ptr, name.size);
    list_count++;
    return STATUS_OK;
}

enum status
databases_set(const char *text, struct error *error)
{
    enum status status = STATUS_OK;
    forget();
    for (unsigned number = 1; text != NULL && *text != '\0' && status == STATUS_OK; number++) {
        size_t size = strcspn(text, "\n");
        status = read_line(slice_trim(slice_of(text, size)), number, error);
        text += size + (text[size] == '\n');
    }
    return status;
}

const struct database *
databases_find(struct slice name, const struct id *workspace)
{
    const struct database *found = find(name);
    bool may_read = found != NULL && found->workspaces == NULL;
    for (size_t i = 0; found != NULL && i < found->workspace_count; i++)
        may_read = may_read || id_equal(&found->workspaces[i], workspace);
    return may_read ? found : NULL;
}
