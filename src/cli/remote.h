/* cli/remote.h - a server elsewhere that a command talks to.
 *
 * Which one: --server and --key, else WINDROW_SERVER and WINDROW_KEY, else a profile: that of
 * --profile or WINDROW_PROFILE, else the default one of the file that `windrow login` writes
 * ($XDG_CONFIG_HOME or ~/.config, windrow/profiles.yaml, readable by its owner only).
 *
 * Threads: the main thread.
 */
#ifndef CLI_REMOTE_H
#define CLI_REMOTE_H

#include "base/arena.h"
#include "base/value.h"
#include "cli/cli.h"
#include "net/http_plain.h"

#include <stdbool.h>

struct remote_options {
    const char *server, *key, *profile;
};

/* Rows of a command's table. */
#define REMOTE_OPTIONS(options)                                                                    \
    {.name = "--server",                                                                           \
     .kind = OPTION_TEXT,                                                                          \
     .into.text = &(options).server,                                                               \
     .value = "URL",                                                                               \
     .help = "the server",                                                                         \
     .environment = "WINDROW_SERVER"},                                                             \
        {.name = "--key",                                                                          \
         .kind = OPTION_TEXT,                                                                      \
         .into.text = &(options).key,                                                              \
         .value = "KEY",                                                                           \
         .help = "an API key of it",                                                               \
         .environment = "WINDROW_KEY"},                                                            \
    {                                                                                              \
        .name = "--profile", .kind = OPTION_TEXT, .into.text = &(options).profile,                 \
        .value = "NAME", .help = "a server that `windrow login` noted [the default one]",          \
        .environment = "WINDROW_PROFILE"                                                           \
    }

/* Whether a command that also works on a data folder shall talk to a server: its words have
 * --server or --profile, or without --data the environment names one. */
bool remote_is_asked(int argc, char **argv);

struct remote {
    struct arena arena; /* of all answers */
    const char *server; /* without a slash at its end */
    const char *key;
    struct http_plain *http;
};

/* remote_close() is to be called whatever comes back. */
MUST_USE enum status remote_open(struct remote *remote, const struct remote_options *options,
                                 struct error *error);
void remote_close(struct remote *remote);

struct remote_ask {
    const char *method;
    const char *path;  /* with its query */
    struct slice body; /* .ptr NULL: none */
    const char *type;  /* of the body; NULL: JSON */
    int body_fd;       /* > 0: the body, of body_bytes */
    uint64_t body_bytes;
    const char *header; /* one more, "Name: value"; NULL */
    http_plain_piece_fn *on_piece;
    void *context;
};

/* The answer as text and, if it is JSON, as a value (VALUE_NONE otherwise), both in the arena and
 * on failures too. Another status than 2xx is a failure with words that name the server and what it
 * said: UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, INVALID, LIMIT, UNAVAILABLE or IO. */
struct remote_answer {
    int status;
    struct slice text;
    struct value json;
};
MUST_USE enum status remote_do(struct remote *remote, const struct remote_ask *ask,
                               struct remote_answer *answer, struct error *error);

/* The member "data" of the answer to a GET. */
MUST_USE enum status remote_get(struct remote *remote, const char *path, struct value *data,
                                struct error *error);

/* A path: each %s of the format is one of the texts, encoded. At most four. */
const char *remote_path(struct remote *remote, const char *format, ...) PRINTF_LIKE(2, 3);

/* cli_complain(), but that what a server forbids is no trouble of the machine. */
int remote_complain(const struct error *error);

/* The file of profiles; NULL with words: there is no home. */
MUST_USE enum status profiles_path(struct arena *arena, const char **out, struct error *error);
/* Server and key of a profile; NULL: the default one. NOT_FOUND with words. */
MUST_USE enum status profiles_find(struct arena *arena, const char *name,
                                   struct remote_options *out, struct error *error);

cli_command_fn remote_runs;

/* A request about keys or workspaces as service/control.h has it, and its answer. */
MUST_USE enum status remote_keys_ask(struct remote *remote, struct value request,
                                     struct value *answer, struct error *error);

#endif
