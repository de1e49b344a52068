#include "store/sqlite/database.h"

#include "base/mem.h"

#include <assert.h>

static void
pool_lock(struct database *database)
{
    int failed = pthread_mutex_lock(&database->lock);
    assert(failed == 0);
}

static void
pool_unlock(struct database *database)
{
    int failed = pthread_mutex_unlock(&database->lock);
    assert(failed == 0);
}

/* An idle reader, or NULL when the caller may open one more. */
static struct connection *
reader_wait(struct database *database)
{
    pool_lock(database);
    while (database->idle == NULL && database->open_readers == SQLITE_READERS_MAX)
        pthread_cond_wait(&database->reader_is_idle, &database->lock);
    struct connection *reader = database->idle;
    if (reader != NULL)
        database->idle = reader->next;
    else
        database->open_readers++;
    pool_unlock(database);
    return reader;
}

static void
reader_could_not_open(struct database *database)
{
    pool_lock(database);
    database->open_readers--;
    pthread_cond_signal(&database->reader_is_idle);
    pool_unlock(database);
}

enum status
reader_take(struct connection **out, struct database *database)
{
    *out = NULL;
    if (database->path == NULL) {
        pool_lock(database);
        *out = &database->writer;
        return STATUS_OK;
    }
    struct connection *reader = reader_wait(database);
    if (reader == NULL) {
        reader = mem_alloc(sizeof(*reader));
        enum status status = connection_open(reader, database, false, NULL);
        if (status != STATUS_OK) {
            mem_free(reader);
            reader_could_not_open(database);
            return status;
        }
    }
    *out = reader;
    return STATUS_OK;
}

void
reader_drop(struct database *database, struct connection **connection)
{
    struct connection *reader = *connection;
    *connection = NULL;
    if (database->path == NULL) {
        pool_unlock(database);
        return;
    }
    pool_lock(database);
    reader->next = database->idle;
    database->idle = reader;
    pthread_cond_signal(&database->reader_is_idle);
    pool_unlock(database);
}

void
readers_close(struct database *database)
{
    while (database->idle != NULL) {
        struct connection *reader = database->idle;
        database->idle = reader->next;
        connection_close(reader);
        mem_free(reader);
        database->open_readers--;
    }
    assert(database->open_readers == 0);
}
