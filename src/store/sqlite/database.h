/* store/sqlite/database.h - the connections of one open database, inside store/sqlite only.
 *
 * Threads: the writing connection belongs to the thread that commits; a reader to whoever took it.
 */
#ifndef STORE_SQLITE_DATABASE_H
#define STORE_SQLITE_DATABASE_H

#include "base/id.h"
#include "base/status.h"
#include "store/backend.h"
#include "store/sqlite/statements.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

/* Reading connections at once; further readers wait. Each has a cache of its own. */
#define SQLITE_READERS_MAX 8

struct connection {
    sqlite3 *db;
    struct connection *next;                     /* in the list of idle readers */
    sqlite3_stmt *statements[SQLITE_SLOT_COUNT]; /* prepared when first used */
};

/* What the writer knows of the run that it looked at last within a transaction, since most guards
 * that follow each other are about one run. */
struct run_memo {
    bool is_known;
    struct id run;
    struct run_head head;
};

struct database {
    struct store store;
    char *path; /* NULL: in memory */
    char *vfs;  /* NULL: the system's */
    struct connection writer;
    struct run_memo memo;

    /* Guards the two below; in memory it guards the writing connection, which then reads too. */
    pthread_mutex_t lock;
    pthread_cond_t reader_is_idle;
    struct connection *idle;
    unsigned open_readers;
};

static inline struct database *
database_of(struct store *store)
{
    return (struct database *)store;
}

/* SQLite's result code as a status: OK for OK, ROW and DONE. */
enum status sqlite_status(int code);

/* As sqlite_status(), with words that name the file and the mend. */
enum status sqlite_report(const struct database *database, int code, const char *what,
                          struct error *error);

/* Opens a connection with our settings. */
MUST_USE enum status connection_open(struct connection *connection, const struct database *database,
                                     bool is_writer, struct error *error);
void connection_close(struct connection *connection);

/* A reading connection, to be given back with reader_drop(). */
MUST_USE enum status reader_take(struct connection **out, struct database *database);
void reader_drop(struct database *database, struct connection **connection);
/* Closes the idle readers; none may be taken. */
void readers_close(struct database *database);

/* Brings the schema up to date; refuses what is newer or foreign. */
MUST_USE enum status migrations_apply(struct database *database, struct error *error);
/* The same for who may not write: refuses what is older too. */
MUST_USE enum status migrations_check(const struct database *database, sqlite3 *db,
                                      struct error *error);

store_commit_fn sqlite_commit;

#endif
