#include "sql/sql.h"

#include "base/slice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The file below the folder, whatever links and dots say. */
static enum status
find_file(const struct sql_query *query, char **out, struct error *error)
{
    char path[4096];
    struct slice shown = slice_cut(query->file, 200);
    *out = NULL;
    if (query->file.size == 0)
        return error_set(error, STATUS_INVALID, "the database \"%s\" is a folder: say which `file`",
                         query->database->name);
    if (memchr(query->file.ptr, '\0', query->file.size) != NULL ||
        snprintf(path, sizeof(path), "%s%.*s", query->database->address,
                 SLICE_FORMAT(query->file)) >= (int)sizeof(path))
        return error_set(error, STATUS_INVALID, "file: no path");
    char *folder = realpath(query->database->address, NULL);
    char *file = realpath(path, NULL);
    size_t size = folder == NULL ? 0 : strlen(folder);
    enum status status = STATUS_OK;
    if (folder == NULL || file == NULL)
        status =
            error_set(error, STATUS_NOT_FOUND, "there is no file \"%.*s\"", SLICE_FORMAT(shown));
    else if (strncmp(file, folder, size) != 0 || file[size] != '/')
        status = error_set(error, STATUS_FORBIDDEN, "the file \"%.*s\" leads out of its folder",
                           SLICE_FORMAT(shown));
    free(folder);
    if (status == STATUS_OK)
        *out = file;
    else
        free(file);
    return status;
}

enum status
sql_ask(const struct sql_query *query, struct arena *arena, struct value *rows, struct error *error)
{
    char *file = NULL;
    *rows = value_empty_array();
    switch (query->database->kind) {
    case DATABASE_SQLITE_FILE:
        return sqlite_ask(query, query->database->address, arena, rows, error);
    case DATABASE_SQLITE_FOLDER: {
        enum status status = find_file(query, &file, error);
        if (status == STATUS_OK)
            status = sqlite_ask(query, file, arena, rows, error);
        free(file);
        return status;
    }
    case DATABASE_POSTGRES:
        return postgres_ask(query, arena, rows, error);
    }
    return STATUS_UNSUPPORTED;
}

static enum status
too_many_bytes(struct error *error)
{
    return error_set(error, STATUS_LIMIT, "the rows come to too many bytes");
}

enum status
sql_add_column(struct arena *arena, struct value *row, struct slice name, struct value value,
               struct error *error)
{
    if (value.kind == VALUE_NONE)
        return too_many_bytes(error);
    if (value_find(*row, name).kind != VALUE_NONE)
        return error_set(error, STATUS_INVALID,
                         "sql: two columns are called \"%.*s\": name them apart with AS",
                         SLICE_FORMAT(slice_cut(name, 100)));
    *row = value_object_set(arena, *row, value_string_copy(arena, name), value);
    return row->kind == VALUE_OBJECT ? STATUS_OK : too_many_bytes(error);
}

enum status
sql_add_row(struct arena *arena, struct value *rows, struct value row, struct error *error)
{
    *rows = value_array_append(arena, *rows, row);
    return rows->kind == VALUE_ARRAY && !arena_is_over(arena) ? STATUS_OK : too_many_bytes(error);
}
