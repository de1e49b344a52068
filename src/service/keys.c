#include "service/keys.h"

#include "base/digest.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/rng.h"
#include "service/credits.h"
#include "service/host.h"

#include <assert.h>
#include <string.h>

#define KEY_RANDOM_BYTES 32

static const char *const scope_names[KEY_SCOPE_COUNT] = {"read", "run", "write", "admin"};

const char *
key_scope_name(enum key_scope scope)
{
    for (unsigned i = 0; i < KEY_SCOPE_COUNT; i++) {
        if (scope == (enum key_scope)(1u << i))
            return scope_names[i];
    }
    return "unknown";
}

uint32_t
key_scope_named(struct slice name)
{
    for (unsigned i = 0; i < KEY_SCOPE_COUNT; i++) {
        if (slice_is(name, scope_names[i]))
            return 1u << i;
    }
    return 0;
}

/* base64url without padding (RFC 4648 section 5). */
static void
secret_print(const uint8_t random[KEY_RANDOM_BYTES], char out[KEY_TEXT_BYTES])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    memcpy(out, "wk_", 3);
    size_t at = 3;
    uint32_t bits = 0;
    unsigned count = 0;
    for (size_t i = 0; i < KEY_RANDOM_BYTES; i++) {
        bits = bits << 8 | random[i];
        count += 8;
        while (count >= 6) {
            count -= 6;
            out[at++] = digits[bits >> count & 63];
        }
    }
    if (count > 0)
        out[at++] = digits[bits << (6 - count) & 63];
    out[at] = '\0';
}

/* --- what is stored --- */

/* A change of keys or workspaces on its way. */
struct tenancy {
    struct service *service;
    struct new_key key;
    struct key_row key_row;
    struct workspace_row workspace_row;
    key_created_fn *created;    /* of a new key */
    tenant_changed_fn *changed; /* of any other change */
    void *context;
};

/* Everything is in the arena of the intent. */
static struct tenancy *
tenancy_new(struct service *service, struct intent **intent, void *context)
{
    *intent = intent_new(KIB(32));
    struct tenancy *tenancy = arena_alloc(&(*intent)->arena, sizeof(*tenancy));
    tenancy->service = service;
    tenancy->context = context;
    (*intent)->owner = tenancy;
    return tenancy;
}

static void
tenancy_committed(struct intent *intent)
{
    struct tenancy *tenancy = intent->owner;
    enum status status = intent->status;
    if (tenancy->changed != NULL) {
        if (status == STATUS_OK)
            key_cache_forget(tenancy->service->keys);
        if (status == STATUS_OK && !id_is_zero(&tenancy->workspace_row.id))
            credits_note_workspace(tenancy->service, &tenancy->workspace_row);
        tenancy->changed(status, tenancy->context);
    } else {
        tenancy->created(status, status == STATUS_OK ? &tenancy->key : NULL, tenancy->context);
    }
    intent_free(&intent);
}

static void
add_key(struct tenancy *tenancy, struct intent *intent, const struct key_wanted *wanted)
{
    struct service *service = tenancy->service;
    tenancy->key.id = id_next(&service->ids);
    tenancy->key.workspace = wanted->workspace;
    tenancy->key.created_unix_ms = clock_unix_ms(service->options.clock);
    tenancy->key_row = (struct key_row){
        .workspace = wanted->workspace,
        .id = tenancy->key.id,
        .secret = digest_of(slice_text(tenancy->key.secret)),
        .name = arena_copy(&intent->arena, wanted->name),
        .limits = arena_copy(&intent->arena, wanted->limits),
        .scopes = wanted->scopes,
        .created_unix_ms = tenancy->key.created_unix_ms,
        .expires_unix_ms = wanted->expires_unix_ms,
    };
    intent_add(intent, STORE_KEY_INSERT, 256)->key = &tenancy->key_row;
    intent_add_idempotency(intent, wanted->idempotency, IDEMPOTENCY_KEY, &tenancy->key.id);
}

static void
make_secret(char out[KEY_TEXT_BYTES])
{
    uint8_t random[KEY_RANDOM_BYTES];
    rng_secret(random, sizeof(random));
    secret_print(random, out);
}

void
service_key_create(struct service *service, const struct key_wanted *wanted,
                   key_created_fn *created, void *context)
{
    struct intent *intent;
    struct tenancy *tenancy = tenancy_new(service, &intent, context);
    tenancy->created = created;
    make_secret(tenancy->key.secret);
    add_key(tenancy, intent, wanted);
    intent->done = tenancy_committed;
    writer_push(service->writer, intent);
}

void
service_workspace_create(struct service *service, const struct workspace_wanted *wanted,
                         key_created_fn *created, void *context)
{
    struct intent *intent;
    struct tenancy *tenancy = tenancy_new(service, &intent, context);
    struct key_wanted first = wanted->first;
    tenancy->created = created;
    tenancy->workspace_row = (struct workspace_row){
        .id = id_next(&service->ids),
        .name = arena_copy(&intent->arena, wanted->name),
        .limits = arena_copy(&intent->arena, wanted->limits),
        .created_unix_ms = clock_unix_ms(service->options.clock),
    };
    first.workspace = tenancy->workspace_row.id;
    intent_add(intent, STORE_WORKSPACE_INSERT, 256)->workspace = &tenancy->workspace_row;
    make_secret(tenancy->key.secret);
    add_key(tenancy, intent, &first);
    intent_add_idempotency(intent, wanted->idempotency, IDEMPOTENCY_WORKSPACE, &first.workspace);
    intent->done = tenancy_committed;
    writer_push(service->writer, intent);
}

void
service_workspace_change(struct service *service, const struct workspace_row *row,
                         tenant_changed_fn *changed, void *context)
{
    struct intent *intent;
    struct tenancy *tenancy = tenancy_new(service, &intent, context);
    tenancy->changed = changed;
    tenancy->workspace_row = *row;
    tenancy->workspace_row.name = arena_copy(&intent->arena, row->name);
    tenancy->workspace_row.limits = arena_copy(&intent->arena, row->limits);
    intent_add(intent, STORE_WORKSPACE_UPDATE, 256)->workspace = &tenancy->workspace_row;
    intent->done = tenancy_committed;
    writer_push(service->writer, intent);
}

void
service_key_revoke(struct service *service, const struct key_row *key, tenant_changed_fn *changed,
                   void *context)
{
    struct intent *intent;
    struct tenancy *tenancy = tenancy_new(service, &intent, context);
    tenancy->changed = changed;
    tenancy->key_row = *key;
    tenancy->key_row.name = arena_copy(&intent->arena, key->name);
    tenancy->key_row.limits = arena_copy(&intent->arena, key->limits);
    if (key->revoked_unix_ms == 0)
        tenancy->key_row.revoked_unix_ms = clock_unix_ms(service->options.clock);
    intent_add(intent, STORE_KEY_UPDATE, 256)->key = &tenancy->key_row;
    intent->done = tenancy_committed;
    writer_push(service->writer, intent);
}

/* --- a key whose text was chosen --- */

#define CHOSEN_BYTES_MIN 32

static bool
is_fit(struct slice secret)
{
    for (size_t i = 0; i < secret.size; i++) {
        if (secret.ptr[i] <= ' ' || secret.ptr[i] > '~')
            return false;
    }
    return secret.size >= CHOSEN_BYTES_MIN && secret.size <= KEY_SECRET_BYTES_MAX;
}

enum status
service_key_put(struct service *service, const struct key_wanted *wanted, struct slice secret,
                struct error *error)
{
    if (!is_fit(secret))
        return error_set(error, STATUS_INVALID,
                         "a key of one's own has %d to %d characters of ASCII without spaces",
                         CHOSEN_BYTES_MIN, KEY_SECRET_BYTES_MAX);
    struct intent *intent;
    struct tenancy *tenancy = tenancy_new(service, &intent, NULL);
    add_key(tenancy, intent, wanted);
    tenancy->key_row.secret = digest_of(secret);
    enum status status = service_commit_wait(service, intent);
    return status == STATUS_OK ? status : error_set(error, status, "the key could not be stored");
}

/* --- reads --- */

enum status
service_key_get(struct service *service, const struct id *id, struct arena *arena,
                struct key_row *out)
{
    return store_key_get(service->store, arena, id, out);
}

enum status
service_key_find(struct service *service, const struct id *workspace, struct slice id,
                 struct arena *arena, struct key_row *out)
{
    struct id key;
    *out = (struct key_row){0};
    if (!id_parse(&key, id))
        return STATUS_NOT_FOUND;
    enum status status = store_key_get(service->store, arena, &key, out);
    if (status != STATUS_OK || id_equal(&out->workspace, workspace))
        return status;
    *out = (struct key_row){0};
    return STATUS_NOT_FOUND;
}

enum status
service_key_list(struct service *service, const struct store_page *page, store_key_fn *visit,
                 void *context)
{
    assert(!id_is_zero(&page->workspace));
    return store_key_list(service->store, page, visit, context);
}

enum status
service_workspace_get(struct service *service, const struct id *id, struct arena *arena,
                      struct workspace_row *out)
{
    return store_workspace_get(service->store, arena, id, out);
}

enum status
service_workspace_list(struct service *service, const struct store_page *page,
                       store_workspace_fn *visit, void *context)
{
    return store_workspace_list(service->store, page, visit, context);
}
