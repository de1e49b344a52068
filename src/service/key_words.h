/* service/key_words.h - keys and workspaces as JSON, for whoever asks: HTTP or the socket.
 *
 * Threads: pure.
 */
#ifndef SERVICE_KEY_WORDS_H
#define SERVICE_KEY_WORDS_H

#include "service/keys.h"

/* Reads name, scopes, expiresAt or expiresIn, and limits; other members are not looked at. All is
 * borrowed from the value or the arena; the workspace is left alone, and so are the scopes if they
 * are not there and not 0 before. INVALID or LIMIT, with words
 * that name the place. */
MUST_USE enum status key_wanted_read(struct key_wanted *out, struct value from, int64_t now_unix_ms,
                                     struct arena *arena, struct error *error);

/* A member `name`: a text of 1 to KEY_NAME_BYTES_MAX bytes without control characters; nothing at
 * all if it may be missing. */
MUST_USE enum status tenant_name_read(struct slice *out, struct value from, bool may_miss,
                                      struct error *error);

/* A member `limits` as the store keeps it. */
MUST_USE enum status tenant_limits_read(struct slice *out, struct value from, struct arena *arena,
                                        struct error *error);

/* {clientId, name, scopes, createdAt, expiresAt, lastUsedAt, revokedAt, limits} */
struct value key_value(const struct key_row *row, struct arena *arena);

/* {id, name, status, createdAt, limits} */
struct value workspace_value(const struct workspace_row *row, struct arena *arena);

#endif
