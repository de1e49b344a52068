#include "main/models.h"

#include "ai/desk.h"
#include "ai/live.h"
#include "ai/provider.h"
#include "ai/registry.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/fs.h"
#include "base/limits.h"
#include "base/rng.h"
#include "main/settings.h"
#include "net/address.h"
#include "net/http_client.h"
#include "service/watch.h"
#include "store/store.h"

#include <stdatomic.h>
#include <stdlib.h>

#define POOL_THREADS 2

static struct ai_registry *registry;
static struct address_rules *rules;
static struct http_client *client;
static struct ai_desk *desk;

/* --- configuration --- */

static const char *
environment(const char *name)
{
    return getenv(name);
}

/* The settings in it count for `serve` alone, but a mistake is told by every command. */
static enum status
check_settings(struct slice text, struct error *error)
{
    struct arena arena;
    struct settings unused = {0};
    arena_init(&arena, MIB(16));
    enum status status = settings_read_text(&settings_table, text, &unused, &arena, error);
    arena_done(&arena);
    return status;
}

static enum status
read_file(const char *path, struct error *error)
{
    struct buffer text;
    enum status status = fs_read_file(&text, path, LIMIT_DEFINITION_BYTES, error);
    if (status == STATUS_OK) {
        status = check_settings(buffer_slice(&text), error);
        if (status == STATUS_OK)
            status = ai_registry_new(&registry, buffer_slice(&text), environment, error);
        if (status != STATUS_OK)
            error_prepend(error, "%.200s", path);
    }
    buffer_done(&text);
    return status;
}

enum status
models_read(const char *config, struct error *error)
{
    if (config == NULL)
        config = environment("WINDROW_CONFIG");
    if (config != NULL && config[0] != '\0')
        return read_file(config, error);
    return ai_registry_new(&registry, slice_of(NULL, 0), environment, error);
}

const struct ai_registry *
models_registry(void)
{
    return registry;
}

const char *
models_default(void)
{
    return ai_registry_default(registry);
}

/* --- prices --- */

/* Tokens that go with every request beside what it asks: instructions, names, wrapping. */
#define WRAPPING_TOKENS 150

/* Rather too much than too little: what is too much is free again with the answer. Tokens of some
 * languages are a third shorter than those that providers count with. */
static int64_t
price_of(const struct ai_model *model, size_t bytes, int64_t answer_tokens)
{
    int64_t asked = ai_guess_tokens(bytes) * 4 / 3 + WRAPPING_TOKENS;
    return ai_model_cost(model, asked, ai_guess_answer_tokens(answer_tokens));
}

static int64_t
dearest(const struct ai_setup *setup, size_t bytes, int64_t answer_tokens)
{
    int64_t most = 0;
    for (size_t i = 0; i < setup->model_count; i++) {
        int64_t price = price_of(&setup->models[i], bytes, answer_tokens);
        most = price > most ? price : most;
    }
    return most;
}

/* The part behind the slash names the model of the provider before it. NULL: it is of another. */
static const struct ai_model *
model_of(const struct ai_setup *setup, struct slice model)
{
    size_t size = setup->name.size;
    if (model.size <= size || model.ptr[size] != '/' ||
        !slice_equal(slice_of(model.ptr, size), setup->name))
        return NULL;
    return ai_setup_model(setup, slice_of(model.ptr + size + 1, model.size - size - 1));
}

int64_t
models_price(void *unused, struct slice model, size_t bytes, int64_t answer_tokens)
{
    size_t count = 0;
    int64_t most = 0;
    const struct ai_setup *setups = ai_registry_setups(registry, &count);
    for (size_t i = 0; i < count; i++) {
        const struct ai_model *found = model_of(&setups[i], model);
        int64_t price = 0;
        if (found != NULL)
            price = price_of(found, bytes, answer_tokens);
        else if (model.size == 0)
            price = dearest(&setups[i], bytes, answer_tokens);
        most = price > most ? price : most;
    }
    return most;
}

bool
models_cost(void *unused, struct slice model, const struct usage *tokens, int64_t *cost)
{
    size_t count = 0;
    const struct ai_setup *setups = ai_registry_setups(registry, &count);
    for (size_t i = 0; i < count; i++) {
        const struct ai_model *found = model_of(&setups[i], model);
        if (found == NULL)
            continue;
        *cost = ai_model_cost(found, tokens->tokens_in, tokens->tokens_out);
        return true;
    }
    return false;
}

void
models_forget(void)
{
    ai_registry_free(&registry);
}

/* --- the desk and its network --- */

static uint64_t
send_exchange(void *context, struct exchange *exchange)
{
    return http_client_submit(client, exchange);
}

static void
cancel_exchange(void *context, uint64_t ticket)
{
    http_client_cancel(client, ticket);
}

static enum status
load_text(void *context, const struct id *workspace, struct slice digest, struct arena *arena,
          struct slice *out)
{
    struct store *const *store = context;
    struct digest bytes;
    if (!digest_from_hex(&bytes, digest))
        return STATUS_NOT_FOUND;
    return store_text_get(*store, arena, workspace, &bytes, out);
}

static enum status
open_network(struct error *error)
{
    struct buffer allow;
    buffer_init(&allow, KIB(64));
    ai_registry_allow(registry, &allow);
    enum status status = address_rules_parse(&rules, buffer_slice(&allow), error);
    buffer_done(&allow);
    if (status != STATUS_OK)
        return status;
    struct http_client_options options = {.threads = 1, .rules = rules};
    return http_client_new(&client, &options, error);
}

/* --- who listens to what models say --- */

static struct service *_Atomic listening;

static uint32_t
wish_for(void *context, const struct id *run)
{
    struct service *service = atomic_load(&listening);
    return service == NULL ? 0 : service_watch_wish(service, run);
}

static void
tell_said(void *context, const struct ai_said *said)
{
    struct service *service = atomic_load(&listening);
    const struct watch_text text = {
        .run = said->run,
        .call = said->call,
        .step = said->step,
        .item = said->item,
        .from = said->from,
        .text = said->text,
        .is_end = said->is_end,
    };
    if (service != NULL)
        service_watch_tell(service, &text);
}

static const struct ai_listener listener = {wish_for, tell_said, NULL};

void
models_listen(struct service *service)
{
    atomic_store(&listening, service);
}

enum status
models_open(struct store *const *store, struct error *error)
{
    enum status status = open_network(error);
    if (status != STATUS_OK)
        return status;
    struct ai_desk_options options = {
        .clock = clock_system(),
        .threads = POOL_THREADS,
        .send = send_exchange,
        .cancel = cancel_exchange,
        .text = load_text,
        .texts = (void *)store,
        .listener = &listener,
    };
    options.setups = ai_registry_setups(registry, &options.setup_count);
    rng_secret(&options.seed, sizeof(options.seed));
    status = ai_desk_new(&desk, &options);
    if (status == STATUS_OK)
        status = ai_desk_start(desk);
    if (status != STATUS_OK)
        error_set(error, status, "the threads that ask models cannot be started");
    return status;
}

uint64_t
models_submit(struct exchange *exchange)
{
    return ai_desk_submit(desk, exchange);
}

void
models_cancel(uint64_t ticket)
{
    ai_desk_cancel(desk, ticket);
}

void
models_print_metrics(struct buffer *out)
{
    ai_desk_print_metrics(desk, out);
}

void
models_close(void)
{
    if (desk != NULL)
        ai_desk_stop(desk);
    http_client_free(&client);
    ai_desk_free(&desk);
    address_rules_free(&rules);
    models_listen(NULL);
}
