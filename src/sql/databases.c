#include "sql/databases.h"

#include "base/mem.h"

#include <string.h>

#define NAME_BYTES_MAX 64

static struct database list[DATABASES_MAX];
static size_t list_count;

static void
forget(void)
{
    for (size_t i = 0; i < list_count; i++) {
        mem_free((char *)list[i].name);
        mem_free((char *)list[i].address);
    }
    list_count = 0;
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
    if (sign == NULL || !is_name(name))
        return error_set(error, STATUS_INVALID,
                         "databases: line %u: expected name = address, the name of letters, "
                         "digits, _ and -",
                         number);
    if (databases_find(name) != NULL)
        return error_set(error, STATUS_INVALID, "databases: line %u: \"%.*s\" stands there twice",
                         number, SLICE_FORMAT(name));
    struct database *database = &list[list_count];
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
databases_find(struct slice name)
{
    for (size_t i = 0; i < list_count; i++) {
        if (slice_is(name, list[i].name))
            return &list[i];
    }
    return NULL;
}
