/* engine/ask_token.h - who holds one of these may answer a step that waits for somebody outside.
 *
 * A token is base64url of a version, what may be said with it, the time of its end, the run, the
 * step, the item's key, and the HMAC-SHA-256 of all that. It says nothing of what is asked and is
 * the same whenever it is printed, so that a run can give it away before it waits. It has one
 * spelling: none but those that were given out is good.
 *
 * Sources: RFC 2104 (HMAC), RFC 4648 section 5 (base64url).
 * Threads: any.
 */
#ifndef ENGINE_ASK_TOKEN_H
#define ENGINE_ASK_TOKEN_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/digest.h"
#include "base/id.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

#define ASK_TOKEN_BYTES_MAX 600

enum ask_says {
    ASK_SAYS_ANYTHING = 0,
    ASK_SAYS_YES = 1,
    ASK_SAYS_NO = 2,
};

struct ask_token {
    struct id run;
    struct slice step; /* its id */
    struct slice key;  /* engine/key.h; empty: of a table of one item */
    enum ask_says says;
    int64_t expires_unix_ms; /* 0: as long as the step waits */
};

/* Appends the token. */
void ask_token_print(struct buffer *out, const struct digest *secret,
                     const struct ask_token *token);

/* Slices in the arena. False: it was not given out. The time that it takes does not tell where a
 * forged one is wrong. */
bool ask_token_read(struct ask_token *out, struct arena *arena, const struct digest *secret,
                    struct slice text);

#endif
