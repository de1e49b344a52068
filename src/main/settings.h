/* main/settings.h - what can be set of this program: one table (cli/settings.h).
 *
 * A new setting is a field here and a line of the table in settings.c; docs/configuration.md has to
 * tell it too, which a test compares. Who needs it gets it handed down by main.
 *
 * Threads: the main thread.
 */
#ifndef MAIN_SETTINGS_H
#define MAIN_SETTINGS_H

#include "base/rate.h"
#include "cli/settings.h"
#include "net/mailer.h"

enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

struct settings {
    const char *config;

    const char *listen;
    const char *public_url; /* NULL: not given */
    int64_t http_threads;   /* 0: by the machine */
    const char *tls_cert;   /* NULL: plain HTTP */
    const char *tls_key;
    int64_t max_connections;
    int64_t max_per_address; /* 0: see net/http_server.h */
    int64_t max_upload_bytes;

    const char *data;
    const char *store;

    int64_t retention_ms; /* 0: for ever */
    int64_t clean_after_ms;
    int64_t clean_every_ms;

    const char *admin_key; /* NULL: not given */
    int64_t audit_ms;
    struct rate key_rate; /* count 0: not given */

    const char *allow;      /* NULL: not given */
    const char *ca_file;    /* NULL: the system's */
    const char *connectors; /* folder; NULL: none */
    const char *databases;  /* sql/databases.h; NULL: none */
    int64_t eval_threads;   /* 0: one a core */

    int64_t delivery_retry_ms, delivery_give_up_ms, delivery_timeout_ms;

    const char *metrics_listen; /* NULL: with the rest */
    const char *metrics_token;  /* NULL: open to all */

    struct mail_server smtp;

    int log_level;  /* enum log_level */
    int log_format; /* enum log_format */
    bool log_requests;
};

extern const struct setting_table settings_table;

#endif
