/* service/secrets.h - what calls prove themselves with: kept sealed, bound to hosts, never shown.
 *
 * A secret is an object of a workspace whose body holds its hosts and the sealed value. The value
 * goes in by service_secret_put() and comes out in the headers of an exchange alone, when that
 * leaves: its effect was hashed and named before, with marks (base/secret_mark.h) in its place.
 * What comes back has the value blotted out wherever it stands in the answer.
 *
 * All secrets of the store, sealed, are in memory too: the engine's thread, which sends, reads no
 * store.
 *
 * Threads: any.
 */
#ifndef SERVICE_SECRETS_H
#define SERVICE_SECRETS_H

#include "base/value.h"
#include "service/named.h"

struct exchange;
struct secret_book;

/* Opens the keys and reads what is stored; seals anew what lies under older keys. */
MUST_USE enum status secrets_open(struct service *service, struct error *error);
void secrets_close(struct service *service);

/* Puts the plain text of secrets in place of their marks; whoever gets the exchange by its `done`
 * finds neither there. False: it may not be sent, and has its end. */
bool secrets_fill(struct service *service, struct exchange *exchange);

/* --- for people --- */

struct secret_wanted {
    struct id workspace;
    struct slice name;
    struct slice value;
    struct value hosts; /* array of texts (base/host_pattern.h) */
};

/* INVALID or LIMIT with words that name the place: `stored` will not be called. */
MUST_USE enum status service_secret_put(struct service *service, const struct secret_wanted *wanted,
                                        named_stored_fn *stored, void *context,
                                        struct error *error);

/* NOT_FOUND: there is none of that name. The row's body is for secret_present(). */
MUST_USE enum status service_secret_find(struct service *service, const struct id *workspace,
                                         struct slice name, struct arena *arena,
                                         struct object_row *out);
void service_secret_delete(struct service *service, const struct object_row *row,
                           named_stored_fn *stored, void *context);
MUST_USE enum status service_secret_list(struct service *service, const struct store_page *page,
                                         store_object_fn *visit, void *context);

/* {id, name, hosts, readable, createdAt, updatedAt}: never the value. */
struct value secret_present(struct service *service, const struct object_row *row,
                            struct arena *arena);

#endif
