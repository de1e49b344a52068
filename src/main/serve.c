#include "api/api.h"
#include "base/log.h"
#include "cli/options.h"
#include "main/world.h"
#include "net/http_server.h"
#include "service/control.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* How long requests in flight may go on when the server stops. */
#define STOP_GRACE_MS 5000
#define ADDRESS_DEFAULT "127.0.0.1:8064"

struct serve_options {
    const char *listen;
    const char *data;
    const char *store;
    const char *public_url;
    const char *allow;
    const char *config;
    const char *log_level;
    bool log_json;
    int64_t http_threads;
};

struct server {
    struct service *service;
    struct control *control;
    struct api *api;
    struct http_server *http;
};

/* --- options --- */

static enum options_end
read_options(int argc, char **argv, struct serve_options *into)
{
    const struct option options[] = {
        {.name = "--listen",
         .kind = OPTION_TEXT,
         .into.text = &into->listen,
         .value = "ADDRESS",
         .help = "host:port, :port or unix:PATH [" ADDRESS_DEFAULT "]",
         .environment = "WINDROW_LISTEN"},
        {.name = "--data",
         .kind = OPTION_TEXT,
         .into.text = &into->data,
         .value = "DIR",
         .help = "where everything is kept [windrow-data]",
         .environment = "WINDROW_DATA"},
        {.name = "--store",
         .kind = OPTION_TEXT,
         .into.text = &into->store,
         .value = "STORE",
         .help = "sqlite, in the data folder [sqlite]",
         .environment = "WINDROW_STORE"},
        {.name = "--public-url",
         .kind = OPTION_TEXT,
         .into.text = &into->public_url,
         .value = "URL",
         .help = "the address at which clients reach this server",
         .environment = "WINDROW_PUBLIC_URL"},
        OPTION_ALLOW(&into->allow),
        OPTION_CONFIG(&into->config),
        {.name = "--http-threads",
         .kind = OPTION_INT,
         .into.number = &into->http_threads,
         .min = 1,
         .max = LIMIT_HTTP_LOOPS,
         .value = "N",
         .help = "threads that serve HTTP [one for four cores]"},
        {.name = "--log-level",
         .kind = OPTION_TEXT,
         .into.text = &into->log_level,
         .value = "LEVEL",
         .help = "debug, info, warn or error [info]",
         .environment = "WINDROW_LOG_LEVEL"},
        {.name = "--log-json",
         .kind = OPTION_FLAG,
         .into.flag = &into->log_json,
         .help = "log JSON lines"},
    };
    const struct option_table table = {
        .usage = "windrow serve [--listen ADDRESS] [--data DIR] [options]",
        .summary =
            "Answers the HTTP API and goes on with unfinished runs, until SIGTERM or Ctrl-C.",
        .options = options,
        .count = COUNT_OF(options),
    };
    struct positional none;
    return options_read(&table, argc, argv, &none);
}

static enum status
check_store(const char *store, struct error *error)
{
    if (strcmp(store, "sqlite") == 0)
        return STATUS_OK;
    if (strncmp(store, "postgres", strlen("postgres")) == 0)
        return error_set(error, STATUS_UNSUPPORTED,
                         "--store: PostgreSQL is not in this build; leave the option out to use "
                         "SQLite in the data folder");
    return error_set(error, STATUS_INVALID, "--store: expected sqlite, found \"%s\"", store);
}

static enum status
check_public_url(const char *text, struct error *error)
{
    bool is_web = strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0;
    size_t size = strlen(text);
    if (is_web && text[size - 1] != '/' && strpbrk(text, " ?#\r\n") == NULL)
        return STATUS_OK;
    return error_set(error, STATUS_INVALID,
                     "--public-url: expected http:// or https://, a host and maybe a path without "
                     "a slash at its end, found \"%s\"",
                     text);
}

static enum status
set_log(const struct serve_options *options, struct error *error)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (strcmp(options->log_level, names[i]) != 0)
            continue;
        log_configure((enum log_level)i, options->log_json);
        return STATUS_OK;
    }
    return error_set(error, STATUS_INVALID,
                     "--log-level: expected debug, info, warn or error, found \"%s\"",
                     options->log_level);
}

static enum status
check_options(const struct serve_options *options, struct error *error)
{
    enum status status = check_store(options->store, error);
    if (status == STATUS_OK && options->public_url != NULL)
        status = check_public_url(options->public_url, error);
    return status == STATUS_OK ? set_log(options, error) : status;
}

/* One thread serves some ten thousand requests a second; the rest of the machine is for the runs.
 */
static unsigned
http_thread_count(const struct serve_options *options)
{
    if (options->http_threads > 0)
        return (unsigned)options->http_threads;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 4 ? 1 : cores > 64 ? 16 : (unsigned)(cores / 4);
}

/* --- start and stop --- */

static enum status
start_http(struct server *server, const struct serve_options *options, struct error *error)
{
    unsigned threads = http_thread_count(options);
    struct api_options api = {server->service, options->public_url, threads};
    server->api = api_new(&api);
    struct http_server_config config = {
        .address = options->listen,
        .loop_count = threads,
        .handler = api_handle,
        .on_head = api_on_head,
        .context = server->api,
    };
    return http_server_start(&server->http, &config, error);
}

static enum status
start(struct server *server, struct cli *cli, const struct serve_options *options,
      struct error *error)
{
    enum status status = world_open_server(cli, options->data, &server->service, error);
    if (status == STATUS_OK)
        status = control_start(&server->control, server->service, options->data, error);
    if (status == STATUS_OK)
        status = start_http(server, options, error);
    return status;
}

/* Nothing new comes in first; what is under way is then committed or parked, and answered. */
static void
stop(struct server *server, struct cli *cli)
{
    if (server->http != NULL)
        http_server_stop(server->http, STOP_GRACE_MS);
    control_stop(&server->control);
    cli->close(cli, &server->service);
    http_server_free(&server->http);
    api_free(&server->api);
}

/* The address as it was given, with the real port. */
static void
say_listening(const struct server *server, const struct serve_options *options)
{
    char words[512];
    const char *colon = strrchr(options->listen, ':');
    bool is_unix = strncmp(options->listen, "unix:", 5) == 0;
    int host_size = colon == NULL ? 0 : (int)(colon - options->listen);
    if (is_unix)
        snprintf(words, sizeof(words), "windrow %s listening on %s", WINDROW_VERSION,
                 options->listen);
    else
        snprintf(words, sizeof(words), "windrow %s listening on http://%.*s:%u", WINDROW_VERSION,
                 host_size == 0 ? 9 : host_size, host_size == 0 ? "localhost" : options->listen,
                 http_server_port(server->http));
    log_event(LOG_INFO, words, NULL);
}

/* A second signal ends the process at once: what was acknowledged is on disk anyway. */
static void
wait_for_stop(const sigset_t *signals)
{
    int signal = 0;
    while (sigwait(signals, &signal) != 0)
        continue;
    log_event(LOG_INFO, "stopping", "signal=%d", signal);
    pthread_sigmask(SIG_UNBLOCK, signals, NULL);
}

int
world_serve(struct cli *cli, int argc, char **argv)
{
    struct serve_options options = {.listen = ADDRESS_DEFAULT,
                                    .data = CLI_DATA_DEFAULT,
                                    .store = "sqlite",
                                    .log_level = "info"};
    enum options_end end = read_options(argc, argv, &options);
    if (end != OPTIONS_OK)
        return end == OPTIONS_HELP ? CLI_OK : CLI_USAGE;
    struct error error = {0};
    if (check_options(&options, &error) != STATUS_OK) {
        cli_complain(&error);
        return CLI_USAGE;
    }
    cli->allow = options.allow;
    cli->config = options.config;

    /* Threads inherit the mask, so that these signals wait for this one. */
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);

    struct server server = {0};
    int exit_code = CLI_OK;
    if (start(&server, cli, &options, &error) == STATUS_OK) {
        say_listening(&server, &options);
        wait_for_stop(&signals);
    } else {
        exit_code = cli_complain(&error);
    }
    stop(&server, cli);
    if (exit_code == CLI_OK)
        log_event(LOG_INFO, "stopped", NULL);
    return exit_code;
}
