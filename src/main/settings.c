#include "main/settings.h"

#include "base/duration.h"
#include "base/limits.h"

#include <string.h>

static setting_check_fn check_store, check_public_url;

#define AT(field) offsetof(struct settings, field)

static const struct setting lines[] = {
    {.group = "General",
     .name = SETTINGS_FILE,
     .kind = SETTING_TEXT,
     .offset = AT(config),
     .value = "FILE",
     .help = "a YAML file of settings, and of providers of models"},
    {.group = "General",
     .name = "data",
     .kind = SETTING_TEXT,
     .offset = AT(data),
     .fallback = "windrow-data",
     .value = "DIR",
     .help = "where everything is kept"},
    {.group = "General",
     .name = "store",
     .kind = SETTING_TEXT,
     .offset = AT(store),
     .fallback = "sqlite",
     .check = check_store,
     .value = "STORE",
     .help = "sqlite, in the data folder"},
    {.group = "General",
     .name = "eval_threads",
     .kind = SETTING_INT,
     .offset = AT(eval_threads),
     .otherwise = "one a core",
     .min = 1,
     .max = 64,
     .help = "threads that compute"},

    {.group = "Clean-up",
     .name = "retention",
     .kind = SETTING_DURATION,
     .offset = AT(retention_ms),
     .otherwise = "for ever",
     .min = 1000,
     .max = INT64_C(100) * 365 * 86400000,
     .help = "how long ended runs are kept whose workflow does not say it"},
    {.group = "Clean-up",
     .name = "clean_after",
     .kind = SETTING_DURATION,
     .offset = AT(clean_after_ms),
     .fallback = "1m",
     .max = 86400000,
     .help = "how long rows and bytes of deleted runs stay, for who is just reading them"},
    {.group = "Clean-up",
     .name = "clean_every",
     .kind = SETTING_DURATION,
     .offset = AT(clean_every_ms),
     .fallback = "1m",
     .min = 10,
     .max = 86400000,
     .help = "how often it is looked for what can be removed"},

    {.group = "HTTP",
     .name = "listen",
     .kind = SETTING_TEXT,
     .offset = AT(listen),
     .fallback = "127.0.0.1:8064",
     .value = "ADDRESS",
     .help = "host:port, :port or unix:PATH"},
    {.group = "HTTP",
     .name = "public_url",
     .kind = SETTING_TEXT,
     .offset = AT(public_url),
     .otherwise = "as each request names the host",
     .check = check_public_url,
     .value = "URL",
     .help = "the address at which clients reach this server"},
    {.group = "HTTP",
     .name = "http_threads",
     .kind = SETTING_INT,
     .offset = AT(http_threads),
     .otherwise = "one for four cores",
     .min = 1,
     .max = LIMIT_HTTP_LOOPS,
     .help = "threads that serve HTTP"},
    {.group = "HTTP",
     .name = "tls_cert",
     .kind = SETTING_TEXT,
     .offset = AT(tls_cert),
     .otherwise = "plain HTTP",
     .value = "FILE",
     .help = "certificate and its chain, PEM: HTTPS is spoken; SIGHUP reads it again"},
    {.group = "HTTP",
     .name = "tls_key",
     .kind = SETTING_TEXT,
     .offset = AT(tls_key),
     .otherwise = "none",
     .value = "FILE",
     .help = "the certificate's private key, PEM, not encrypted"},
    {.group = "HTTP",
     .name = "max_connections",
     .kind = SETTING_INT,
     .offset = AT(max_connections),
     .fallback = "16384",
     .min = 1,
     .max = 1000000,
     .help = "connections open at once; idle ones make room for new ones"},
    {.group = "HTTP",
     .name = "max_per_address",
     .kind = SETTING_INT,
     .offset = AT(max_per_address),
     .otherwise = "half of max_connections, all for this machine",
     .min = 1,
     .max = 1000000,
     .help = "connections of one address (IPv6: one /64 network)"},
    {.group = "HTTP",
     .name = "max_upload",
     .kind = SETTING_SIZE,
     .offset = AT(max_upload_bytes),
     .fallback = "2GiB",
     .min = KIB(64),
     .max = LIMIT_UPLOAD_BYTES,
     .help = "the largest file that may be sent"},

    {.group = "Keys",
     .name = "admin_key_file",
     .kind = SETTING_SECRET,
     .offset = AT(admin_key),
     .otherwise = "a new one, which is printed",
     .help = "the key that the first start makes, or the word none"},
    {.group = "Keys",
     .name = "key_rate",
     .kind = SETTING_RATE,
     .offset = AT(key_rate),
     .otherwise = "no limit",
     .help = "how often a key may ask that has no limit of its own"},

    {.group = "Keys",
     .name = "audit_retention",
     .kind = SETTING_DURATION,
     .offset = AT(audit_ms),
     .fallback = "400d",
     .min = 3600000,
     .max = DURATION_MS_MAX,
     .help = "how long it is kept who changed what"},

    {.group = "Calls",
     .name = "allow",
     .kind = SETTING_TEXT,
     .offset = AT(allow),
     .otherwise = "public addresses only",
     .value = "LIST",
     .help = "private addresses that calls may reach"},

    {.group = "Metrics",
     .name = "metrics_listen",
     .kind = SETTING_TEXT,
     .offset = AT(metrics_listen),
     .otherwise = "with the rest",
     .value = "ADDRESS",
     .help = "an address of its own for /metrics"},
    {.group = "Metrics",
     .name = "metrics_token_file",
     .kind = SETTING_SECRET,
     .offset = AT(metrics_token),
     .otherwise = "none is asked for",
     .help = "the bearer token that /metrics asks for"},

    {.group = "Deliveries",
     .name = "delivery_retry",
     .kind = SETTING_DURATION,
     .offset = AT(delivery_retry_ms),
     .fallback = "5s",
     .min = 100,
     .max = 3600000,
     .help = "wait before the second attempt; then about twice as long each time, up to 2h"},
    {.group = "Deliveries",
     .name = "delivery_give_up",
     .kind = SETTING_DURATION,
     .offset = AT(delivery_give_up_ms),
     .fallback = "1d",
     .min = 1000,
     .max = INT64_C(30) * 86400000,
     .help = "for how long a receiver is tried"},
    {.group = "Deliveries",
     .name = "delivery_timeout",
     .kind = SETTING_DURATION,
     .offset = AT(delivery_timeout_ms),
     .fallback = "15s",
     .min = 100,
     .max = 300000,
     .help = "time that a receiver has to answer"},

    {.group = "Logs",
     .name = "log_level",
     .kind = SETTING_CHOICE,
     .offset = AT(log_level),
     .fallback = "info",
     .choices = {"debug", "info", "warn", "error"},
     .value = "LEVEL",
     .help = "the least that is logged"},
    {.group = "Logs",
     .name = "log_format",
     .kind = SETTING_CHOICE,
     .offset = AT(log_format),
     .fallback = "text",
     .choices = {"text", "json"},
     .value = "FORMAT",
     .help = "how a line is written"},
    {.group = "Logs",
     .name = "log_requests",
     .kind = SETTING_SWITCH,
     .offset = AT(log_requests),
     .fallback = "false",
     .help = "a line for each HTTP request"},
};

/* Read by ai/config.h. */
static const char *const foreign[] = {"default_model", "providers", NULL};

const struct setting_table settings_table = {lines, COUNT_OF(lines), foreign};

/* --- checks --- */

static enum status
check_store(const char *store, struct error *error)
{
    if (strcmp(store, "sqlite") == 0)
        return STATUS_OK;
    if (strncmp(store, "postgres", strlen("postgres")) == 0)
        return error_set(error, STATUS_UNSUPPORTED,
                         "PostgreSQL is not in this build; leave the setting out to use SQLite in "
                         "the data folder");
    return error_set(error, STATUS_INVALID, "expected sqlite, found \"%s\"", store);
}

static enum status
check_public_url(const char *text, struct error *error)
{
    bool is_web = strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0;
    size_t size = strlen(text);
    if (is_web && text[size - 1] != '/' && strpbrk(text, " ?#") == NULL)
        return STATUS_OK;
    return error_set(error, STATUS_INVALID,
                     "expected http:// or https://, a host and maybe a path without a slash at its "
                     "end, found \"%s\"",
                     text);
}
