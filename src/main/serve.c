#include "api/api.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/metrics.h"
#include "main/first_key.h"
#include "main/models.h"
#include "main/settings.h"
#include "main/systemd.h"
#include "main/world.h"
#include "net/http_server.h"
#include "net/http_tls.h"
#include "service/control.h"
#include "service/watch.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* How long requests in flight may go on when the server stops. */
#define STOP_GRACE_MS 5000

struct server {
    const struct settings *settings;
    struct systemd_sockets sockets; /* that were handed over; each 0: none */
    struct service *service;
    struct control *control;
    struct api *api;
    struct http_tls *tls; /* NULL: plain HTTP */
    struct http_server *http;
    struct http_server *metrics; /* NULL: /metrics is with the rest */
    atomic_bool is_up;           /* the servers above are there */
};

/* One thread serves some ten thousand requests a second; the rest of the machine is for the runs.
 */
static unsigned
http_thread_count(const struct settings *settings)
{
    if (settings->http_threads > 0)
        return (unsigned)settings->http_threads;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 4 ? 1 : cores > 64 ? 16 : (unsigned)(cores / 4);
}

/* --- metrics --- */

static void
print_http(const struct server *server, struct buffer *out)
{
    struct http_counts counts = http_server_counts(server->http);
    metrics_one(out, "windrow_http_connections", METRIC_GAUGE, "Open connections.",
                (int64_t)counts.open);
    metrics_one(out, "windrow_http_connections_max", METRIC_GAUGE, "Most connections at once.",
                server->settings->max_connections);
    metrics_one(out, "windrow_http_connections_total", METRIC_COUNTER,
                "Connections that were accepted.", (int64_t)counts.accepted);
    metrics_one(out, "windrow_http_connections_turned_away_total", METRIC_COUNTER,
                "Connections for which there was no room.", (int64_t)counts.turned_away);
    metrics_one(out, "windrow_http_refused_total", METRIC_COUNTER,
                "Requests that were malformed, too large or too slow.", (int64_t)counts.refused);
}

static void
print_metrics(struct buffer *out, void *context)
{
    struct server *server = context;
    if (atomic_load(&server->is_up))
        print_http(server, out);
    service_print_metrics(server->service, out);
    models_print_metrics(out);
}

/* --- start and stop --- */

/* A certificate that has ended keeps no run waiting: the log says so, and clients will. */
static enum status
start_tls(struct server *server, const struct settings *settings, struct error *error)
{
    if (settings->tls_cert == NULL && settings->tls_key == NULL)
        return STATUS_OK;
    if (settings->tls_cert == NULL || settings->tls_key == NULL)
        return error_set(error, STATUS_INVALID, "tls_cert and tls_key go together: %s is missing",
                         settings->tls_cert == NULL ? "tls_cert" : "tls_key");
    enum status status = http_tls_new(&server->tls, settings->tls_cert, settings->tls_key, error);
    if (status != STATUS_OK)
        return status;
    struct error words;
    if (http_tls_check_time(server->tls, clock_unix_ms(clock_system()), &words) != STATUS_OK)
        log_event(LOG_ERROR, words.text, NULL);
    return STATUS_OK;
}

static void
reload_tls(struct server *server)
{
    struct error error;
    if (http_tls_reload(server->tls, clock_unix_ms(clock_system()), &error) == STATUS_OK) {
        log_event(LOG_INFO, "certificate read again", NULL);
        return;
    }
    error_prepend(&error, "the certificate in use stays");
    log_event(LOG_ERROR, error.text, NULL);
}

static enum status
start_http(struct server *server, const struct settings *settings, struct error *error)
{
    unsigned threads = http_thread_count(settings);
    struct api_options api = {
        .service = server->service,
        .public_url = settings->public_url,
        .loop_count = threads,
        .log_requests = settings->log_requests,
        .max_upload_bytes = (size_t)settings->max_upload_bytes,
        .metrics = {print_metrics, server, settings->metrics_token,
                    settings->metrics_listen != NULL || server->sockets.metrics != 0},
    };
    server->api = api_new(&api);
    struct http_server_config config = {
        .address = settings->listen,
        .listener = server->sockets.http,
        .loop_count = threads,
        .max_connections = (size_t)settings->max_connections,
        .max_per_address = (size_t)settings->max_per_address,
        .tls = server->tls,
        .handler = api_handle,
        .on_head = api_on_head,
        .on_answer = api_on_answer,
        .on_refusal = api_on_refusal,
        .context = server->api,
    };
    return http_server_start(&server->http, &config, error);
}

static enum status
start_metrics(struct server *server, const struct settings *settings, struct error *error)
{
    if (settings->metrics_listen == NULL && server->sockets.metrics == 0)
        return STATUS_OK;
    struct http_server_config config = {
        .address = settings->metrics_listen,
        .listener = server->sockets.metrics,
        .handler = api_handle_metrics,
        .on_answer = api_on_answer,
        .on_refusal = api_on_refusal,
        .context = server->api,
    };
    enum status status = http_server_start(&server->metrics, &config, error);
    if (status != STATUS_OK)
        error_prepend(error, "metrics_listen");
    return status;
}

static enum status
start(struct server *server, struct cli *cli, const struct settings *settings, struct error *error)
{
    enum status status = systemd_take_sockets(&server->sockets, error);
    /* Early, since a wrong file is a mistake of whoever starts us. */
    if (status == STATUS_OK)
        status = start_tls(server, settings, error);
    if (status == STATUS_OK)
        status = world_open_server(cli, settings, &server->service, error);
    if (status == STATUS_OK)
        status = first_key_make(server->service, settings->admin_key, error);
    if (status == STATUS_OK)
        status = control_start(&server->control, server->service, settings->data, error);
    if (status == STATUS_OK)
        status = start_http(server, settings, error);
    if (status == STATUS_OK)
        status = start_metrics(server, settings, error);
    server->is_up = status == STATUS_OK;
    return status;
}

/* Who waits for a run is answered as it stands; then nothing new comes in; what is under way is
 * then committed or parked, and answered. */
static void
stop(struct server *server, struct cli *cli)
{
    if (server->service != NULL)
        service_watch_stop(server->service);
    if (server->http != NULL)
        http_server_stop(server->http, STOP_GRACE_MS);
    if (server->metrics != NULL)
        http_server_stop(server->metrics, STOP_GRACE_MS);
    control_stop(&server->control);
    cli->close(cli, &server->service);
    http_server_free(&server->http);
    http_server_free(&server->metrics);
    http_tls_free(&server->tls);
    api_free(&server->api);
}

/* The address as it was given, with the real port. */
static void
say_listening(const struct server *server, const struct settings *settings)
{
    char words[512];
    const char *colon = strrchr(settings->listen, ':');
    bool is_unix = strncmp(settings->listen, "unix:", 5) == 0;
    int host_size = colon == NULL ? 0 : (int)(colon - settings->listen);
    if (server->sockets.http != 0)
        snprintf(words, sizeof(words), "windrow %s listening on the socket that was handed over",
                 WINDROW_VERSION);
    else if (is_unix)
        snprintf(words, sizeof(words), "windrow %s listening on %s", WINDROW_VERSION,
                 settings->listen);
    else
        snprintf(words, sizeof(words), "windrow %s listening on %s://%.*s:%u", WINDROW_VERSION,
                 server->tls == NULL ? "http" : "https", host_size == 0 ? 9 : host_size,
                 host_size == 0 ? "localhost" : settings->listen, http_server_port(server->http));
    log_event(LOG_INFO, words, NULL);
}

/* SIGHUP reads the certificate again, where there is one. A second signal of the others ends the
 * process at once: what was acknowledged is on disk anyway. */
static void
wait_for_stop(struct server *server, const sigset_t *signals)
{
    int signal = 0;
    bool go_on = true;
    while (go_on) {
        go_on = sigwait(signals, &signal) != 0;
        if (!go_on && signal == SIGHUP && server->tls != NULL) {
            reload_tls(server);
            go_on = true;
        }
    }
    log_event(LOG_INFO, "stopping", "signal=%d", signal);
    pthread_sigmask(SIG_UNBLOCK, signals, NULL);
}

static enum options_end
read_settings(int argc, char **argv, struct settings *settings, struct arena *arena)
{
    struct settings_call call = {
        .table = &settings_table,
        .usage = "windrow serve [--config FILE] [--listen ADDRESS] [--data DIR] [options]",
        .summary =
            "Answers the HTTP API and goes on with unfinished runs, until SIGTERM or Ctrl-C.",
    };
    return settings_read(&call, argc, argv, settings, arena);
}

/* Until a signal says that it is enough. */
static int
serve(struct cli *cli, const struct settings *settings)
{
    /* Threads inherit the mask, so that these signals wait for this one. */
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);

    struct server server = {.settings = settings};
    struct error error = {0};
    int exit_code = CLI_OK;
    if (start(&server, cli, settings, &error) == STATUS_OK) {
        say_listening(&server, settings);
        systemd_notify("READY=1");
        wait_for_stop(&server, &signals);
        systemd_notify("STOPPING=1");
    } else {
        exit_code = cli_complain(&error);
    }
    stop(&server, cli);
    if (exit_code == CLI_OK)
        log_event(LOG_INFO, "stopped", NULL);
    return exit_code;
}

int
world_serve(struct cli *cli, int argc, char **argv)
{
    struct arena arena;
    struct settings settings = {0};
    arena_init(&arena, MIB(16));
    enum options_end end = read_settings(argc, argv, &settings, &arena);
    int exit_code = end == OPTIONS_HELP ? CLI_OK : CLI_USAGE;
    if (end == OPTIONS_OK) {
        log_configure((enum log_level)settings.log_level, settings.log_format == LOG_FORMAT_JSON);
        exit_code = serve(cli, &settings);
    }
    arena_done(&arena);
    return exit_code;
}
