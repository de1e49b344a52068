/* sql/databases.h - the databases that steps may read, by name.
 *
 * One a line, "name = address": sqlite:/path/file.db, sqlite:/path/folder/ (any file below it),
 * postgresql://user:password@host/database. "name for ID, ID = address": steps of these workspaces
 * alone may read it. Lines that begin with # and empty ones do not count.
 *
 * Threads: set by the main thread before others start; then read-only.
 */
#ifndef SQL_DATABASES_H
#define SQL_DATABASES_H

#include "base/id.h"
#include "base/slice.h"
#include "base/status.h"

enum database_kind { DATABASE_SQLITE_FILE, DATABASE_SQLITE_FOLDER, DATABASE_POSTGRES };

struct database {
    const char *name;
    enum database_kind kind;
    const char *address;   /* a path, or what libpq takes */
    struct id *workspaces; /* that may read it; NULL: all */
    size_t workspace_count;
};

#define DATABASES_MAX 100

/* In place of those that were there; NULL: none. INVALID, with words that name the line and never
 * repeat an address, which may hold a password. */
MUST_USE enum status databases_set(const char *text, struct error *error);

/* NULL: there is none of that name, or the workspace may not read it. */
const struct database *databases_find(struct slice name, const struct id *workspace);

#endif
