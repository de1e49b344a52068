/* service/links.h - addresses that let whoever has them read one file, or a table of a run, for a
 * while.
 *
 * A token is base64url of a version, flags, the time of its end, the id and the name, and
 * the HMAC-SHA-256 of all that. The secret is `link.key` in the data folder, made at the first
 * start and in no backup of the database: without it links that were given out end, and nothing
 * else is lost. A token has one spelling, so that none but those that were given out is good.
 *
 * Sources: RFC 2104 (HMAC), RFC 4648 section 5 (base64url).
 * Threads: any.
 */
#ifndef SERVICE_LINKS_H
#define SERVICE_LINKS_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/digest.h"
#include "base/id.h"
#include "base/slice.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct service;

/* Seconds that a link is good for, unless it says otherwise, and at most. */
#define LINK_SECONDS INT64_C(900)
#define LINK_SECONDS_MAX INT64_C(604800)

/* Bytes of the longest name in a token; longer ones are cut. */
#define LINK_NAME_BYTES_MAX 200
#define LINK_TOKEN_BYTES_MAX 400

struct link {
    struct id file;         /* or the run */
    struct slice name;      /* that the file is sent with; UTF-8 */
    int64_t expires_unix_s; /* the first second in which it is no longer good */
    bool is_inline;         /* to be shown by a browser */
    bool is_table;          /* of the run, made when it is asked for: "TABLE.FORMAT" is its name */
    bool is_plain, is_of_items; /* of a table: as in struct results_query */
};

enum link_state { LINK_GOOD, LINK_EXPIRED, LINK_FORGED };

/* Appends the token. */
void link_print(struct buffer *out, const struct digest *secret, const struct link *link);

/* In the arena. The time that it takes does not tell where a forged one is wrong. */
enum link_state link_read(struct link *out, struct arena *arena, const struct digest *secret,
                          struct slice token, int64_t now_unix_s);

/* Reads the secret of a data folder, or makes one. */
MUST_USE enum status link_secret_open(struct digest *out, const char *folder, struct error *error);

/* With the service's secret and clock. */
void service_link_print(struct service *service, struct buffer *out, const struct link *link);
enum link_state service_link_read(struct service *service, struct arena *arena, struct slice token,
                                  struct link *out);

#endif
