#include "engine/accounts.h"

#include "base/credits.h"
#include "base/mem.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define BUCKETS 1024
#define DAY_MS INT64_C(86400000)

struct account {
    struct account *next; /* of its bucket */
    enum account_kind kind;
    struct id whose;
    uint32_t users;
    bool is_loaded;    /* `spent` began from the store */
    bool has_limit;    /* `limit` is known */
    uint32_t revision; /* of the limit */
    int64_t limit, spent, reserved;
    int64_t day; /* of `spent`, if it counts by days */
};

struct accounts {
    pthread_mutex_t mutex;
    struct store *store;
    struct clock *clock;
    struct account *buckets[BUCKETS];
};

struct accounts *
accounts_new(struct store *store, struct clock *clock)
{
    struct accounts *accounts = mem_alloc(sizeof(*accounts));
    pthread_mutex_init(&accounts->mutex, NULL);
    accounts->store = store;
    accounts->clock = clock;
    return accounts;
}

void
accounts_free(struct accounts **accounts)
{
    struct accounts *gone = *accounts;
    *accounts = NULL;
    if (gone == NULL)
        return;
    /* Of runs whose calls came home too late. */
    for (size_t i = 0; i < BUCKETS; i++) {
        while (gone->buckets[i] != NULL) {
            struct account *account = gone->buckets[i];
            gone->buckets[i] = account->next;
            mem_free(account);
        }
    }
    pthread_mutex_destroy(&gone->mutex);
    mem_free(gone);
}

/* --- the table --- */

static struct account **
place_of(struct accounts *accounts, enum account_kind kind, const struct id *whose)
{
    uint32_t number;
    memcpy(&number, whose->bytes + ID_BYTES - sizeof(number), sizeof(number));
    struct account **place = &accounts->buckets[(number * 31u + (uint32_t)kind) % BUCKETS];
    while (*place != NULL && ((*place)->kind != kind || !id_equal(&(*place)->whose, whose)))
        place = &(*place)->next;
    return place;
}

static struct account *
hold(struct accounts *accounts, enum account_kind kind, const struct id *whose)
{
    pthread_mutex_lock(&accounts->mutex);
    struct account **place = place_of(accounts, kind, whose);
    if (*place == NULL) {
        *place = mem_alloc(sizeof(**place));
        (*place)->kind = kind;
        (*place)->whose = *whose;
        (*place)->limit = ACCOUNT_UNLIMITED;
    }
    struct account *account = *place;
    account->users++;
    pthread_mutex_unlock(&accounts->mutex);
    return account;
}

/* --- days --- */

static int64_t
today(const struct accounts *accounts)
{
    return clock_unix_ms(accounts->clock) / DAY_MS;
}

static bool
counts_by_days(const struct account *account)
{
    return account->kind == ACCOUNT_WORKSPACE_DAY || account->kind == ACCOUNT_KEY_DAY ||
           account->kind == ACCOUNT_WORKFLOW_DAY;
}

/* A new day begins with nothing spent. */
static void
turn_day(const struct accounts *accounts, struct account *account)
{
    int64_t day = today(accounts);
    if (!counts_by_days(account) || account->day >= day)
        return;
    account->day = day;
    account->spent = 0;
}

/* --- opening --- */

static enum spending_kind
sum_of(enum account_kind kind)
{
    switch (kind) {
    case ACCOUNT_CREDITS:
        return SPENDING_EVER;
    case ACCOUNT_WORKSPACE_DAY:
        return SPENDING_WORKSPACE;
    case ACCOUNT_KEY_DAY:
        return SPENDING_KEY;
    case ACCOUNT_WORKFLOW_DAY:
        return SPENDING_WORKFLOW;
    case ACCOUNT_RUN:
        return SPENDING_RUN;
    }
    assert(false && "no such account");
    return SPENDING_EVER;
}

/* What the store knows. The account is held meanwhile, so that whoever spends of it from now on
 * spends of this one; and nobody can before it is loaded. */
static enum status
load(struct accounts *accounts, const struct id *workspace, struct account *account)
{
    struct spending_row row = {.workspace = *workspace, .kind = sum_of(account->kind)};
    bool is_of_all = account->kind == ACCOUNT_CREDITS || account->kind == ACCOUNT_WORKSPACE_DAY;
    int64_t day = counts_by_days(account) ? today(accounts) : 0;
    row.day = day;
    row.id = is_of_all ? (struct id){{0}} : account->whose;
    enum status status = store_spending_get(accounts->store, &row);
    if (status != STATUS_OK)
        return status;
    pthread_mutex_lock(&accounts->mutex);
    if (!account->is_loaded) {
        account->is_loaded = true;
        account->spent = row.used.cost_microcredits;
        account->day = day;
    }
    pthread_mutex_unlock(&accounts->mutex);
    return STATUS_OK;
}

static void
set_limit(struct accounts *accounts, struct account *account, int64_t limit, uint32_t revision)
{
    pthread_mutex_lock(&accounts->mutex);
    if (!account->has_limit || revision >= account->revision) {
        account->has_limit = true;
        account->limit = limit;
        account->revision = revision;
    }
    pthread_mutex_unlock(&accounts->mutex);
}

struct opening {
    struct accounts *accounts;
    const struct id *workspace;
    struct purse *purse;
    enum status status;
};

static void
add(struct opening *opening, enum account_kind kind, const struct id *whose, int64_t limit,
    uint32_t revision)
{
    struct accounts *accounts = opening->accounts;
    if (opening->status != STATUS_OK)
        return;
    struct account *account = hold(accounts, kind, whose);
    opening->purse->accounts[opening->purse->count++] = account;
    set_limit(accounts, account, limit, revision);
    pthread_mutex_lock(&accounts->mutex);
    bool is_loaded = account->is_loaded;
    pthread_mutex_unlock(&accounts->mutex);
    if (!is_loaded)
        opening->status = load(accounts, opening->workspace, account);
}

enum status
accounts_open(struct accounts *accounts, const struct id *workspace, const struct run_payer *payer,
              const struct tenant_limits *limits, struct purse *out)
{
    struct opening opening = {accounts, workspace, out, STATUS_OK};
    *out = (struct purse){.count = 0};
    add(&opening, ACCOUNT_CREDITS, workspace, limits->credits, limits->revision);
    add(&opening, ACCOUNT_WORKSPACE_DAY, workspace, limits->workspace_day, 0);
    if (!id_is_zero(&payer->key))
        add(&opening, ACCOUNT_KEY_DAY, &payer->key, limits->key_day, 0);
    if (payer->day_budget != ACCOUNT_UNLIMITED)
        add(&opening, ACCOUNT_WORKFLOW_DAY, &payer->workflow, payer->day_budget, 0);
    if (payer->run_budget != ACCOUNT_UNLIMITED)
        add(&opening, ACCOUNT_RUN, &payer->root, payer->run_budget, 0);
    if (opening.status != STATUS_OK)
        purse_close(accounts, out);
    return opening.status;
}

void
purse_share(struct accounts *accounts, const struct purse *from, struct purse *out)
{
    *out = *from;
    pthread_mutex_lock(&accounts->mutex);
    for (uint32_t i = 0; i < out->count; i++)
        out->accounts[i]->users++;
    pthread_mutex_unlock(&accounts->mutex);
}

void
purse_close(struct accounts *accounts, struct purse *purse)
{
    if (purse->count == 0)
        return;
    pthread_mutex_lock(&accounts->mutex);
    for (uint32_t i = 0; i < purse->count; i++) {
        struct account *account = purse->accounts[i];
        if (--account->users > 0)
            continue;
        assert(account->reserved == 0);
        *place_of(accounts, account->kind, &account->whose) = account->next;
        mem_free(account);
    }
    pthread_mutex_unlock(&accounts->mutex);
    *purse = (struct purse){.count = 0};
}

/* --- spending --- */

static int64_t
sum_up(int64_t a, int64_t b)
{
    return b > INT64_MAX - a ? INT64_MAX : a + b;
}

static void
refuse(const struct accounts *accounts, const struct account *account, struct refusal *refusal)
{
    *refusal = (struct refusal){
        .kind = account->kind,
        .limit = account->limit,
        .used = account->spent,
        .reset_unix_ms = counts_by_days(account) ? (today(accounts) + 1) * DAY_MS : 0,
    };
}

/* What costs nothing may always go. */
static enum reserve
look(const struct account *account, int64_t amount)
{
    if (account->limit == ACCOUNT_UNLIMITED || amount == 0)
        return RESERVE_OK;
    int64_t taken = sum_up(account->spent, account->reserved);
    if (sum_up(taken, amount) <= account->limit)
        return RESERVE_OK;
    return account->reserved > 0 ? RESERVE_WAIT : RESERVE_NEVER;
}

enum reserve
purse_reserve(struct accounts *accounts, const struct purse *purse, int64_t amount,
              struct refusal *refusal)
{
    enum reserve answer = RESERVE_OK;
    if (purse->count == 0)
        return RESERVE_OK;
    pthread_mutex_lock(&accounts->mutex);
    for (uint32_t i = 0; i < purse->count && answer != RESERVE_NEVER; i++) {
        struct account *account = purse->accounts[i];
        turn_day(accounts, account);
        enum reserve one = look(account, amount);
        if (one == RESERVE_NEVER)
            refuse(accounts, account, refusal);
        if (one > answer)
            answer = one;
    }
    for (uint32_t i = 0; i < purse->count && answer == RESERVE_OK; i++)
        purse->accounts[i]->reserved = sum_up(purse->accounts[i]->reserved, amount);
    pthread_mutex_unlock(&accounts->mutex);
    return answer;
}

void
purse_settle(struct accounts *accounts, const struct purse *purse, int64_t reserved, int64_t spent)
{
    if (purse->count == 0)
        return;
    pthread_mutex_lock(&accounts->mutex);
    for (uint32_t i = 0; i < purse->count; i++) {
        struct account *account = purse->accounts[i];
        assert(account->reserved >= reserved);
        turn_day(accounts, account);
        account->reserved -= reserved;
        account->spent = sum_up(account->spent, spent);
    }
    pthread_mutex_unlock(&accounts->mutex);
}

bool
purse_is_empty(struct accounts *accounts, const struct purse *purse, struct refusal *refusal)
{
    bool is_empty = false;
    pthread_mutex_lock(&accounts->mutex);
    for (uint32_t i = 0; i < purse->count && !is_empty; i++) {
        struct account *account = purse->accounts[i];
        turn_day(accounts, account);
        is_empty = account->limit != ACCOUNT_UNLIMITED && account->spent >= account->limit;
        if (is_empty)
            refuse(accounts, account, refusal);
    }
    pthread_mutex_unlock(&accounts->mutex);
    return is_empty;
}

void
accounts_set_limit(struct accounts *accounts, enum account_kind kind, const struct id *whose,
                   int64_t limit, uint32_t revision)
{
    pthread_mutex_lock(&accounts->mutex);
    struct account *account = *place_of(accounts, kind, whose);
    if (account != NULL && (!account->has_limit || revision >= account->revision)) {
        account->has_limit = true;
        account->limit = limit;
        account->revision = revision;
    }
    pthread_mutex_unlock(&accounts->mutex);
}

int64_t
accounts_reserved(struct accounts *accounts, const struct id *workspace)
{
    pthread_mutex_lock(&accounts->mutex);
    const struct account *account = *place_of(accounts, ACCOUNT_CREDITS, workspace);
    int64_t reserved = account == NULL ? 0 : account->reserved;
    pthread_mutex_unlock(&accounts->mutex);
    return reserved;
}

/* --- words --- */

const char *
refusal_code(const struct refusal *refusal)
{
    return refusal->kind == ACCOUNT_CREDITS ? "credits_exhausted" : "budget_exhausted";
}

const char *
refusal_of(const struct refusal *refusal)
{
    switch (refusal->kind) {
    case ACCOUNT_CREDITS:
    case ACCOUNT_WORKSPACE_DAY:
        return "workspace";
    case ACCOUNT_KEY_DAY:
        return "key";
    case ACCOUNT_WORKFLOW_DAY:
        return "workflow";
    case ACCOUNT_RUN:
        return "run";
    }
    assert(false && "no such account");
    return "";
}

void
refusal_words(const struct refusal *refusal, char out[REFUSAL_WORDS_BYTES])
{
    char limit[CREDITS_TEXT_BYTES], used[CREDITS_TEXT_BYTES];
    credits_print(refusal->limit, limit);
    credits_print(refusal->used, used);
    if (refusal->kind == ACCOUNT_CREDITS)
        snprintf(out, REFUSAL_WORDS_BYTES,
                 "the credits of the workspace are used up: %s of %s granted; more have to be "
                 "granted before anything is sent",
                 used, limit);
    else if (refusal->kind == ACCOUNT_RUN)
        snprintf(out, REFUSAL_WORDS_BYTES,
                 "the run's budget is used up: %s of %s credits; raise limits.budget, publish, and "
                 "retry on the newest version",
                 used, limit);
    else
        snprintf(out, REFUSAL_WORDS_BYTES,
                 "the budget of the %s for this day (UTC) is used up: %s of %s credits",
                 refusal_of(refusal), used, limit);
}

/* --- pins --- */

static struct value
hex_value(const struct id *id, struct arena *arena)
{
    char hex[ID_HEX_BYTES];
    id_hex(id, hex);
    return value_string_copy(arena, slice_text(hex));
}

struct value
payer_pin(const struct run_payer *payer, struct value resolved, struct arena *arena)
{
    const struct member members[] = {
        {value_text("key"), hex_value(&payer->key, arena)},
        {value_text("workflow"), hex_value(&payer->workflow, arena)},
        {value_text("run"), hex_value(&payer->root, arena)},
        {value_text("budget"), value_int(payer->run_budget)},
        {value_text("day"), value_int(payer->day_budget)},
    };
    if (resolved.kind != VALUE_OBJECT)
        resolved = value_empty_object();
    return value_object_set(arena, resolved, value_text("payer"),
                            value_object_new(arena, members, COUNT_OF(members)));
}

static bool
read_id(struct value from, const char *name, struct id *out)
{
    struct value text = value_get(from, name);
    return text.kind == VALUE_STRING && id_parse(out, value_slice(text));
}

bool
payer_pinned(struct value resolved, struct run_payer *out)
{
    struct run_payer found;
    struct value pin = value_get(resolved, "payer");
    bool is_there = read_id(pin, "key", &found.key) && read_id(pin, "workflow", &found.workflow) &&
                    read_id(pin, "run", &found.root) &&
                    value_integer(value_get(pin, "budget"), &found.run_budget) &&
                    value_integer(value_get(pin, "day"), &found.day_budget);
    if (is_there)
        *out = found;
    return is_there;
}
