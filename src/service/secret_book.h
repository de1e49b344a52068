/* service/secret_book.h - all secrets of the store in memory, sealed.
 *
 * Threads: any; a lock inside, held for copies alone.
 */
#ifndef SERVICE_SECRET_BOOK_H
#define SERVICE_SECRET_BOOK_H

#include "base/arena.h"
#include "base/id.h"
#include "base/slice.h"

#include <stdbool.h>

struct secret_book;

/* One secret as it is stored. */
struct secret_entry {
    struct id workspace;
    struct slice name;
    struct slice hosts;  /* JSON array of texts */
    struct slice sealed; /* service/secret_ring.h */
};

struct secret_book *secret_book_new(void);
void secret_book_free(struct secret_book **book);

/* Copies it in place of the one with its workspace and name, if there is one. */
void secret_book_put(struct secret_book *book, const struct secret_entry *entry);
void secret_book_remove(struct secret_book *book, const struct id *workspace, struct slice name);

/* A copy in the arena; false: there is none. */
bool secret_book_find(struct secret_book *book, const struct id *workspace, struct slice name,
                      struct arena *arena, struct secret_entry *out);

#endif
