/* engine/accounts.h - what may still be spent: credits of workspaces, budgets of days and of runs.
 *
 * An account has a limit, what was spent of it, and what calls on their way have reserved. A call
 * reserves an estimate in every account of its run, or in none, before it is sent; when its outcome
 * is committed, what it cost takes the place of the estimate. So no more is spent beyond a limit
 * than the calls on their way times the error of their estimate, however many runs begin at once.
 * The store's sums are what holds: an account begins from them when the first run is opened that
 * needs it, and is forgotten with the last.
 *
 * Sources: docs/adr/0015-credits.md.
 * Threads: any; one short lock inside. accounts_open() reads the store: not on the engine's thread.
 */
#ifndef ENGINE_ACCOUNTS_H
#define ENGINE_ACCOUNTS_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/value.h"
#include "store/store.h"

enum account_kind {
    ACCOUNT_CREDITS,       /* of a workspace: all that it has ever spent */
    ACCOUNT_WORKSPACE_DAY, /* what it spends today (UTC) */
    ACCOUNT_KEY_DAY,
    ACCOUNT_WORKFLOW_DAY,
    ACCOUNT_RUN, /* of a run and those below it */
};

/* No limit, and no budget. */
#define ACCOUNT_UNLIMITED INT64_C(-1)

/* Who pays for a run: pinned at its start, and the same for all runs below it. Amounts are in
 * millionths of a credit. */
struct run_payer {
    struct id key;      /* with which it was started; may be zero */
    struct id workflow; /* of the run above all */
    struct id root;     /* that run */
    int64_t run_budget; /* `limits.budget` of its version, or ACCOUNT_UNLIMITED */
    int64_t day_budget; /* `limits.budget_per_day`, likewise */
};

/* `resolved` (an object, or VALUE_NONE) with {"payer": …} in place of the one that was there. */
struct value payer_pin(const struct run_payer *payer, struct value resolved, struct arena *arena);
/* What is pinned there; false: nothing is, and *out is left alone. */
bool payer_pinned(struct value resolved, struct run_payer *out);

/* Limits that are set outside of definitions, each an amount or ACCOUNT_UNLIMITED. */
struct tenant_limits {
    int64_t credits;   /* ever granted */
    uint32_t revision; /* of the credits: newer ones are higher */
    int64_t workspace_day, key_day;
};
/* Reads them from the store; key may be zero. Any thread that may read. */
typedef enum status tenant_limits_fn(void *world, const struct id *workspace, const struct id *key,
                                     struct tenant_limits *out);

struct account;
struct accounts;

struct accounts *accounts_new(struct store *store, struct clock *clock);
/* No purse may be open. */
void accounts_free(struct accounts **accounts);

/* The accounts of one run. Zeroed: it pays for nothing. */
#define PURSE_ACCOUNTS 5
struct purse {
    struct account *accounts[PURSE_ACCOUNTS];
    uint32_t count;
};

/* Fills *out, to be closed. As the store's reads. */
MUST_USE enum status accounts_open(struct accounts *accounts, const struct id *workspace,
                                   const struct run_payer *payer,
                                   const struct tenant_limits *limits, struct purse *out);
/* Another one of the same accounts. */
void purse_share(struct accounts *accounts, const struct purse *from, struct purse *out);
/* Empties it. Nothing may be reserved in it any more. */
void purse_close(struct accounts *accounts, struct purse *purse);

/* Which limit holds somebody back. */
struct refusal {
    enum account_kind kind;
    int64_t limit, used;   /* in millionths of a credit */
    int64_t reset_unix_ms; /* when it begins anew; 0: not by itself */
};
/* "credits_exhausted" or "budget_exhausted"; both have a page in docs/errors. */
const char *refusal_code(const struct refusal *refusal);
/* "workspace", "key", "workflow", "run". */
const char *refusal_of(const struct refusal *refusal);
#define REFUSAL_WORDS_BYTES 256
void refusal_words(const struct refusal *refusal, char out[REFUSAL_WORDS_BYTES]);

enum reserve {
    RESERVE_OK,
    RESERVE_WAIT, /* calls on their way may leave enough of it: ask again */
    RESERVE_NEVER /* there is not enough: *refusal says of what */
};
/* Reserves that amount, from 0, in all of them or in none. */
enum reserve purse_reserve(struct accounts *accounts, const struct purse *purse, int64_t amount,
                           struct refusal *refusal);
/* Takes a reservation back, and counts what was spent in its place. */
void purse_settle(struct accounts *accounts, const struct purse *purse, int64_t reserved,
                  int64_t spent);
/* Whether one of them is used up already. */
bool purse_is_empty(struct accounts *accounts, const struct purse *purse, struct refusal *refusal);

/* A limit that has changed and is committed; does nothing if no run in memory needs the account.
 * revision: an older one than is known is not heard. */
void accounts_set_limit(struct accounts *accounts, enum account_kind kind, const struct id *whose,
                        int64_t limit, uint32_t revision);
/* What calls on their way have reserved of a workspace's credits. */
int64_t accounts_reserved(struct accounts *accounts, const struct id *workspace);

#endif
