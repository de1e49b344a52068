#include "service/host.h"

#include "base/fs.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "service/cleaning.h"
#include "service/crashes.h"
#include "service/credits.h"
#include "service/deliver.h"
#include "service/links.h"
#include "service/operations.h"
#include "service/passes.h"
#include "service/rates.h"
#include "service/scheduler.h"
#include "service/secrets.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* How long a stop waits for calls, tasks and commits to come home. */
#define STOP_GRACE_MS 10000
#define WORK_THREADS 2

/* --- the engine's world --- */

static void
world_post(void *world, enum engine_pool pool, struct task *task, struct fair_flow *flow)
{
    struct service *service = world;
    pool_post(service->pools[pool], task, flow);
}

static void
world_commit(void *world, struct intent *intent)
{
    struct service *service = world;
    writer_push(service->writer, intent);
}

static uint64_t
world_call(void *world, struct exchange *exchange)
{
    struct service *service = world;
    if (!secrets_fill(service, exchange)) {
        exchange->done(exchange);
        return 0;
    }
    return service->options.transport.call(service->options.transport.context, exchange);
}

static void
world_call_cancel(void *world, uint64_t ticket)
{
    struct service *service = world;
    service->options.transport.cancel(service->options.transport.context, ticket);
}

static enum status
world_convert(void *world, struct conversion *conversion, struct error *error)
{
    struct service *service = world;
    const struct service_converter *converter = &service->options.converter;
    return converter->convert(converter->converter, conversion, error);
}

static enum status
world_mail(void *world, const struct mail *mail, struct error *error)
{
    struct service *service = world;
    const struct service_mailer *mailer = &service->options.mailer;
    if (mailer->send == NULL)
        return error_set(error, STATUS_UNSUPPORTED, "no mail server is configured");
    return mailer->send(mailer->mailer, mail, error);
}

static int
wait_for_ms(struct service *service, int64_t due_us)
{
    if (due_us == INT64_MAX)
        return -1;
    int64_t wait_us = due_us - clock_mono_us(service->options.clock);
    if (wait_us <= 0)
        return 0;
    return wait_us > 60000000 ? 60000 : (int)((wait_us + 999) / 1000);
}

static void
engine_thread(void *context)
{
    struct service *service = context;
    int64_t due_us = engine_turn(service->engine);
    int64_t stop_us = INT64_MAX;
    for (;;) {
        if (service->is_stopping) {
            int64_t now_us = clock_mono_us(service->options.clock);
            stop_us = stop_us == INT64_MAX ? now_us + STOP_GRACE_MS * 1000 : stop_us;
            if (engine_is_quiet(service->engine) || now_us > stop_us)
                return;
            due_us = due_us < now_us + 10000 ? due_us : now_us + 10000;
        }
        struct queue *mailbox = engine_mailbox(service->engine);
        struct queue_node *first = queue_wait(mailbox, wait_for_ms(service, due_us));
        if (first != NULL)
            engine_give(service->engine, first);
        queue_hold();
        due_us = engine_turn(service->engine);
        queue_release();
    }
}

static void *
machine_new(void *owner)
{
    return expr_machine_new(expr_budget_default());
}

static void
machine_free(void *context)
{
    struct expr_machine *machine = context;
    expr_machine_free(&machine);
}

static unsigned
core_count(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : count > 64 ? 64 : (unsigned)count;
}

static enum status
start_pools(struct service *service)
{
    struct pool_options options = {
        .name = "eval",
        .threads =
            service->options.eval_threads == 0 ? core_count() : service->options.eval_threads,
        .stack_bytes = EXPR_STACK_BYTES,
        .context_new = machine_new,
        .context_free = machine_free,
    };
    enum status status = pool_start(&service->pools[ENGINE_POOL_EVAL], &options);
    service->own_flow.owner = &service->own;
    options.name = "work";
    options.threads = WORK_THREADS;
    if (status == STATUS_OK)
        status = pool_start(&service->pools[ENGINE_POOL_WORK], &options);
    options.name = "sandbox";
    options.threads = LIMIT_SANDBOX_CHILDREN;
    if (status == STATUS_OK)
        status = pool_start(&service->pools[ENGINE_POOL_SANDBOX], &options);
    return status;
}

static enum status
make_engine(struct service *service, struct error *error)
{
    struct programs_options programs = {service->store, service->options.catalog,
                                        service->options.steps, NULL};
    service->programs = programs_new(&programs);
    service->ports = (struct engine_ports){
        .post = world_post,
        .commit = world_commit,
        .call = world_call,
        .call_cancel = world_call_cancel,
        .price = service->options.transport.price,
        .limits = credits_limits,
        .convert = world_convert,
        .mail = world_mail,
        .world = service,
    };
    struct engine_options options = {
        .store = service->store,
        .blobs = service->blobs,
        .converted = service->converted,
        .programs = service->programs,
        .ports = &service->ports,
        .clock = service->options.clock,
        .link_secret = &service->link_secret,
        .default_model = service->options.default_model,
        .allow_paths = service->options.allow_paths,
        .notice_ms = service->options.deliveries.give_up_ms,
        .take_up_runs = service->options.take_up_runs,
    };
    rng_seed_system(&options.rng);
    return engine_new(&service->engine, &options, error);
}

/* --- the data folder --- */

static void
say_trouble(const struct error *error)
{
    if (error->status == STATUS_OK)
        log_event(LOG_WARN, "writing goes on", NULL);
    else
        log_event(LOG_ERROR, "nothing can be written; all waits until it can",
                  "status=%s words=\"%s\"", status_name(error->status), error->text);
}

static enum status
open_blobs(struct service *service, struct error *error)
{
    char folder[4096];
    if (snprintf(folder, sizeof(folder), "%s/blobs", service->options.data_folder) >=
        (int)sizeof(folder))
        return error_set(error, STATUS_INVALID, "the path of the data folder is too long");
    return blobs_open(&service->blobs, folder, NULL, error);
}

static enum status
open_converted(struct service *service, struct error *error)
{
    char folder[2048];
    if (snprintf(folder, sizeof(folder), "%s/converted", service->options.data_folder) >=
        (int)sizeof(folder))
        return error_set(error, STATUS_INVALID, "the path of the data folder is too long");
    service->converted = converted_new(folder);
    return STATUS_OK;
}

static enum status
open_data(struct service *service, struct error *error)
{
    const char *folder = service->options.data_folder;
    enum status status = open_converted(service, error);
    if (status != STATUS_OK)
        return status;
    if (service->options.is_reader) {
        status = service->options.open_store(&service->store, folder, error);
        return status == STATUS_OK ? open_blobs(service, error) : status;
    }
    status = fs_make_folder(folder, error);
    if (status == STATUS_OK)
        status = store_lock_take(&service->lock, folder, service->options.lock_wait_ms, error);
    if (status == STATUS_OK)
        status = service->options.open_store(&service->store, folder, error);
    if (status == STATUS_OK)
        status = open_blobs(service, error);
    if (status == STATUS_OK)
        status = blobs_clean_incoming(service->blobs, error);
    if (status == STATUS_OK)
        status = link_secret_open(&service->link_secret, folder, error);
    if (status == STATUS_OK)
        converted_clean(service->converted);
    if (status == STATUS_OK)
        status = writer_start(&service->writer, service->store, error);
    if (status == STATUS_OK)
        writer_set_trouble_hook(service->writer, say_trouble);
    return status;
}

struct waiting_commit {
    pthread_mutex_t mutex;
    pthread_cond_t done;
    bool is_done;
    enum status status;
};

static void
commit_done(struct intent *intent)
{
    struct waiting_commit *waiting = intent->owner;
    pthread_mutex_lock(&waiting->mutex);
    waiting->status = intent->status;
    waiting->is_done = true;
    pthread_cond_signal(&waiting->done);
    pthread_mutex_unlock(&waiting->mutex);
    intent_free(&intent);
}

enum status
service_commit_wait(struct service *service, struct intent *intent)
{
    struct waiting_commit waiting = {.is_done = false};
    pthread_mutex_init(&waiting.mutex, NULL);
    pthread_cond_init(&waiting.done, NULL);
    intent->done = commit_done;
    intent->owner = &waiting;
    writer_push(service->writer, intent);
    pthread_mutex_lock(&waiting.mutex);
    while (!waiting.is_done)
        pthread_cond_wait(&waiting.done, &waiting.mutex);
    pthread_mutex_unlock(&waiting.mutex);
    pthread_cond_destroy(&waiting.done);
    pthread_mutex_destroy(&waiting.mutex);
    return waiting.status;
}

#define WORKSPACE_SETTING "default_workspace"

/* Of a store that an older build has made, or of a new one. */
static enum status
find_workspace(struct service *service, struct intent *intent)
{
    struct slice hex;
    enum status status =
        store_setting_get(service->store, &intent->arena, SLICE(WORKSPACE_SETTING), &hex);
    if (status == STATUS_OK)
        return id_parse(&service->workspace, hex) ? STATUS_OK : STATUS_IO;
    if (status != STATUS_NOT_FOUND || service->options.is_reader)
        return STATUS_IO;
    char text[ID_HEX_BYTES];
    service->workspace = id_next(&service->ids);
    id_hex(&service->workspace, text);
    struct setting_row *row = arena_alloc(&intent->arena, sizeof(*row));
    row->name = SLICE(WORKSPACE_SETTING);
    row->value = arena_copy(&intent->arena, slice_text(text));
    intent_add(intent, STORE_SETTING_PUT, 64)->setting = row;
    return STATUS_OK;
}

static enum status
find_workspace_row(struct service *service, struct intent *intent)
{
    struct workspace_row *row = arena_alloc(&intent->arena, sizeof(*row));
    enum status status =
        store_workspace_get(service->store, &intent->arena, &service->workspace, row);
    if (status != STATUS_NOT_FOUND)
        return status;
    *row = (struct workspace_row){
        .id = service->workspace,
        .name = SLICE("default"),
        .created_unix_ms = clock_unix_ms(service->options.clock),
    };
    intent_add(intent, STORE_WORKSPACE_INSERT, 64)->workspace = row;
    return STATUS_OK;
}

/* The first start makes the default workspace; its id is kept as a setting. */
static enum status
open_workspace(struct service *service, struct error *error)
{
    struct intent *intent = intent_new(KIB(64));
    enum status status = find_workspace(service, intent);
    if (status == STATUS_OK && !service->options.is_reader)
        status = find_workspace_row(service, intent);
    if (status == STATUS_OK && intent->op_count > 0) {
        status = service_commit_wait(service, intent);
        return status == STATUS_OK
                   ? status
                   : error_set(error, status, "the default workspace could not be stored");
    }
    intent_free(&intent);
    return status == STATUS_OK
               ? status
               : error_set(error, STATUS_IO, "the default workspace could not be read");
}

#define IDS_SETTING "ids"

static void
ids_kept(struct intent *intent)
{
    intent_free(&intent);
}

/* What is made after a restart is listed behind what was made before it, even within one second:
 * the store keeps an id of whoever made the last ones. */
static void
follow_ids(struct service *service)
{
    struct arena arena;
    struct slice kept;
    struct id before;
    arena_init(&arena, KIB(4));
    if (store_setting_get(service->store, &arena, SLICE(IDS_SETTING), &kept) == STATUS_OK &&
        id_parse(&before, kept))
        id_source_follow(&service->ids, &before);
    arena_done(&arena);
}

/* For the next one. Nobody waits for the commit, which goes before those of all that clients make;
 * a full disk is no reason not to start. */
static void
keep_ids(struct service *service)
{
    struct intent *intent = intent_new(KIB(4));
    struct setting_row *row = arena_alloc(&intent->arena, sizeof(*row));
    char hex[ID_HEX_BYTES];
    struct id own = id_next(&service->ids);
    id_hex(&own, hex);
    row->name = SLICE(IDS_SETTING);
    row->value = arena_copy(&intent->arena, slice_text(hex));
    intent_add(intent, STORE_SETTING_PUT, 64)->setting = row;
    intent->done = ids_kept;
    writer_push(service->writer, intent);
}

static enum status
start_duties(struct service *service)
{
    enum status status = scheduler_start(service->scheduler);
    if (status == STATUS_OK)
        status = cleaning_start(&service->cleaning, service);
    return status == STATUS_OK ? operations_start(&service->operations, service) : status;
}

enum status
service_open(struct service **out, const struct service_options *options, struct error *error)
{
    struct service *service = mem_alloc(sizeof(*service));
    *out = NULL;
    service->options = *options;
    service->folder = mem_copy_text(options->data_folder, strlen(options->data_folder));
    service->options.data_folder = service->folder;
    service->notes_flow.owner = &service->notes;
    service->keys = key_cache_new();
    service->backup = backup_new(service);
    service->rates = rates_new();
    service->passes = passes_new();
    service->workflows = workflow_cache_new();
    service->scheduler = options->is_reader ? NULL : scheduler_new(service);
    struct rng rng;
    rng_seed_system(&rng);
    id_source_init(&service->ids, options->clock, &rng);

    enum status status = open_data(service, error);
    if (status == STATUS_OK && !options->is_reader)
        follow_ids(service);
    if (status == STATUS_OK)
        status = open_workspace(service, error);
    if (status == STATUS_OK && !options->is_reader)
        status = secrets_open(service, error);
    if (status == STATUS_OK && !options->is_reader)
        status = start_pools(service);
    if (status == STATUS_OK)
        status = make_engine(service, error);
    if (status == STATUS_OK && options->take_up_runs)
        status = crashes_open(service, error);
    if (status == STATUS_OK && options->take_up_runs)
        status = webhook_key_open(service, error);
    if (status == STATUS_OK && options->take_up_runs)
        status = deliver_start(service);
    if (status == STATUS_OK && options->take_up_runs)
        status = watch_start(service);
    if (status == STATUS_OK && !options->is_reader)
        keep_ids(service);
    if (status == STATUS_OK && !options->is_reader)
        status = thread_start(&service->thread, "engine", 0, engine_thread, service);
    if (status == STATUS_OK && options->take_up_runs)
        status = start_duties(service);
    else if (status == STATUS_OK)
        blobs_sweep_end(service->blobs);
    if (status != STATUS_OK) {
        service_close(&service);
        return status;
    }
    *out = service;
    return STATUS_OK;
}

void
service_close(struct service **service)
{
    struct service *gone = *service;
    *service = NULL;
    if (gone == NULL)
        return;
    /* Before the message, which wakes the thread that looks at it. */
    gone->is_stopping = true;
    scheduler_stop(gone->scheduler);
    operations_stop(gone->operations);
    cleaning_stop(gone->cleaning);
    if (gone->thread != NULL)
        engine_park(gone->engine);
    if (gone->options.converter.stop != NULL)
        gone->options.converter.stop(gone->options.converter.converter);
    thread_join(&gone->thread);
    deliver_stop(gone);
    /* Whoever may still be about to leave the engine's mailbox ends before it is freed. */
    if (gone->options.transport.close != NULL)
        gone->options.transport.close(gone->options.transport.context);
    deliver_settle(gone);
    for (size_t p = 0; p < ENGINE_POOL_COUNT; p++)
        pool_stop(&gone->pools[p]);
    if (gone->writer != NULL)
        writer_stop(&gone->writer, STOP_GRACE_MS);
    scheduler_free(&gone->scheduler);
    cleaning_free(&gone->cleaning);
    deliver_end(gone);
    watch_end(gone);
    engine_free(&gone->engine);
    operations_free(&gone->operations);
    programs_free(&gone->programs);
    blobs_close(&gone->blobs);
    converted_free(&gone->converted);
    if (gone->store != NULL)
        store_close(&gone->store);
    store_lock_drop(&gone->lock);
    key_cache_free(&gone->keys);
    backup_free(&gone->backup);
    rates_free(&gone->rates);
    passes_free(&gone->passes);
    secrets_close(gone);
    workflow_cache_free(&gone->workflows);
    mem_free(gone->folder);
    mem_free(gone);
}

struct id
service_new_id(struct service *service)
{
    return id_next(&service->ids);
}

struct clock *
service_clock(struct service *service)
{
    return service->options.clock;
}

const struct catalog *
service_catalog(struct service *service)
{
    return service->options.catalog;
}

enum status
service_trouble(struct service *service, struct error *error)
{
    return writer_trouble(service->writer, error);
}

struct id
service_default_workspace(struct service *service)
{
    return service->workspace;
}

void
service_post(struct service *service, struct task *task, bool is_interactive)
{
    if (service->is_stopping)
        task->run(task, NULL);
    else
        pool_post(service->pools[ENGINE_POOL_WORK], task,
                  is_interactive ? NULL : &service->own_flow);
}
