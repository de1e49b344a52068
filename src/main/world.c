#include "main/world.h"

#include "ai/request.h"
#include "base/fs.h"
#include "base/mem.h"
#include "main/models.h"
#include "main/settings.h"
#include "net/address.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "sandbox/sandbox.h"
#include "sql/databases.h"
#include "steps/connector.h"
#include "store/sqlite/sqlite.h"

#include <stdio.h>
#include <stdlib.h>

/* How long to wait for a process that is just leaving the data folder. */
#define LOCK_WAIT_MS 2000

static struct address_rules *rules;
static struct http_client *client;
static struct sandbox *sandbox;
static struct connectors *connectors;
static struct store *store;

static enum status
open_store(struct store **out, const char *folder, struct error *error)
{
    char path[4200];
    snprintf(path, sizeof(path), "%s/windrow.db", folder);
    enum status status = sqlite_store_open(out, path, NULL, error);
    store = *out;
    return status;
}

static enum status
open_store_reader(struct store **out, const char *folder, struct error *error)
{
    char path[4200];
    snprintf(path, sizeof(path), "%s/windrow.db", folder);
    return sqlite_store_open_reader(out, path, error);
}

/* Tickets of the desk are odd, those of the network even. */
static uint64_t
send_exchange(void *context, struct exchange *exchange)
{
    if (slice_is(exchange->url, AI_URL))
        return models_submit(exchange) * 2 + 1;
    return http_client_submit(client, exchange) * 2;
}

static void
cancel_exchange(void *context, uint64_t ticket)
{
    if (ticket % 2 == 1)
        models_cancel(ticket / 2);
    else
        http_client_cancel(client, ticket / 2);
}

static void
close_transport(void *context)
{
    models_close();
    http_client_free(&client);
}

static enum status
open_transport(const struct cli *cli, struct error *error)
{
    struct slice allow = slice_text(cli->allow == NULL ? "" : cli->allow);
    enum status status = address_rules_parse(&rules, allow, error);
    if (status != STATUS_OK)
        return status;
    struct http_client_options options = {.threads = 1, .rules = rules, .ca_file = cli->ca_file};
    status = http_client_new(&client, &options, error);
    if (status == STATUS_OK)
        status = models_read(cli->config, error);
    return status == STATUS_OK ? models_open(&store, error) : status;
}

static void
stop_sandbox(void *converter)
{
    sandbox_stop(converter);
}

static enum status
open_service(struct cli *cli, const char *data_folder, const struct service_options *base,
             struct service **out, struct error *error)
{
    *out = NULL;
    enum status status = base->is_reader ? STATUS_OK : fs_make_folder(data_folder, error);
    char *folder = status == STATUS_OK ? realpath(data_folder, NULL) : NULL;
    if (status == STATUS_OK && folder == NULL)
        status = error_set(error, STATUS_NOT_FOUND, "there is no data folder %s", data_folder);
    if (status == STATUS_OK && !base->is_reader)
        status = open_transport(cli, error);
    if (status == STATUS_OK) {
        struct service_options options = *base;
        options.data_folder = folder;
        options.lock_wait_ms = LOCK_WAIT_MS;
        options.open_store = base->is_reader ? open_store_reader : open_store;
        options.steps = cli->steps;
        options.catalog = cli->catalog;
        options.transport = (struct service_transport){.call = send_exchange,
                                                       .cancel = cancel_exchange,
                                                       .price = models_price,
                                                       .cost = models_cost,
                                                       .close = close_transport};
        sandbox = sandbox_new(NULL);
        options.converter = (struct service_converter){sandbox_convert, stop_sandbox, sandbox};
        options.clock = clock_system();
        options.secret_keys = getenv("WINDROW_SECRET_KEY");
        options.default_model = base->is_reader ? NULL : models_default();
        status = service_open(out, &options, error);
    }
    free(folder);
    return status;
}

static enum status
open_here(struct cli *cli, const char *data_folder, bool allow_paths, struct service **out,
          struct error *error)
{
    struct service_options options = {.allow_paths = allow_paths};
    return open_service(cli, data_folder, &options, out, error);
}

static enum status
open_reader(struct cli *cli, const char *data_folder, struct service **out, struct error *error)
{
    struct service_options options = {.allow_paths = true, .is_reader = true};
    return open_service(cli, data_folder, &options, out, error);
}

/* In place of those that were there. */
static enum status
open_connectors(struct cli *cli, const char *folder, struct error *error)
{
    struct connectors *fresh = NULL;
    bool is_given = folder != NULL && folder[0] != '\0';
    enum status status = connectors_open(&fresh, is_given ? folder : NULL, error);
    if (status != STATUS_OK)
        return status;
    connectors_free(&connectors);
    connectors = fresh;
    cli->steps = connectors_steps(connectors);
    cli->catalog = connectors_catalog(connectors);
    return STATUS_OK;
}

enum status
world_open_server(struct cli *cli, const struct settings *settings, struct service **out,
                  struct error *error)
{
    struct service_options options = {
        .take_up_runs = true,
        .eval_threads = (unsigned)settings->eval_threads,
        .retention_ms = settings->retention_ms,
        .clean_after_ms = settings->clean_after_ms,
        .clean_every_ms = settings->clean_every_ms,
        .deliveries =
            {
                .retry_ms = settings->delivery_retry_ms,
                .give_up_ms = settings->delivery_give_up_ms,
                .timeout_ms = settings->delivery_timeout_ms,
            },
        .public_url = settings->public_url,
        .key_rate = settings->key_rate,
        .audit_ms = settings->audit_ms,
    };
    cli->allow = settings->allow;
    cli->ca_file = settings->ca_file;
    cli->config = settings->config;
    enum status status = open_connectors(cli, settings->connectors, error);
    if (status == STATUS_OK)
        status = databases_set(settings->databases, error);
    if (status == STATUS_OK)
        status = mail_server_check(&settings->smtp, error);
    options.mailer = (struct service_mailer){mailer_send, (void *)&settings->smtp};
    if (status == STATUS_OK)
        status = open_service(cli, settings->data, &options, out, error);
    if (status == STATUS_OK)
        models_listen(*out);
    return status;
}

/* Calls come home before the engine that waits for them is gone. */
static void
close_service(struct cli *cli, struct service **service)
{
    service_close(service);
    close_transport(NULL);
    models_forget();
    address_rules_free(&rules);
    sandbox_free(&sandbox);
}

static enum status
convert_document(struct conversion *conversion, struct error *error)
{
    struct sandbox *children = sandbox_new(NULL);
    enum status status = sandbox_convert(children, conversion, error);
    sandbox_free(&children);
    return status;
}

/* As a server has them: the file that a variable names, or the variable itself. */
static enum status
open_databases(struct error *error)
{
    struct buffer text;
    const char *path = getenv("WINDROW_DATABASES_FILE");
    if (path == NULL || path[0] == '\0')
        return databases_set(getenv("WINDROW_DATABASES"), error);
    enum status status = fs_read_file(&text, path, KIB(64), error);
    if (status == STATUS_OK) {
        buffer_append_byte(&text, '\0');
        status = databases_set(text.ptr, error);
    }
    buffer_done(&text);
    return status;
}

void
world_done(void)
{
    connectors_free(&connectors);
    status_ignore(databases_set(NULL, NULL));
}

enum status
world_init(struct cli *cli, struct error *error)
{
    *cli = (struct cli){
        .settings = &settings_table,
        .open = open_here,
        .open_reader = open_reader,
        .close = close_service,
        .convert = convert_document,
    };
    enum status status = open_databases(error);
    return status == STATUS_OK ? open_connectors(cli, getenv("WINDROW_CONNECTORS"), error) : status;
}
