#include "cli/remote.h"

#include "base/json.h"
#include "base/limits.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* An answer is given up when nothing of it comes for so long. */
#define QUIET_MS 120000

bool
remote_is_asked(int argc, char **argv)
{
    bool has_data = false;
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        size_t size = strcspn(argv[i], "=");
        struct slice name = slice_of(argv[i], size);
        if (slice_is(name, "--server") || slice_is(name, "--profile"))
            return true;
        has_data = has_data || slice_is(name, "--data");
    }
    return !has_data && (getenv("WINDROW_SERVER") != NULL || getenv("WINDROW_PROFILE") != NULL);
}

/* --- which server --- */

static enum status
check_server(struct remote *remote, const char *server, struct error *error)
{
    struct slice text = slice_text(server);
    while (text.size > 0 && text.ptr[text.size - 1] == '/')
        text.size--;
    bool is_web =
        slice_starts_with(text, SLICE("http://")) || slice_starts_with(text, SLICE("https://"));
    if (!is_web)
        return error_set(error, STATUS_INVALID,
                         "--server: expected an address such as https://windrow.example.com, found "
                         "\"%.100s\"",
                         server);
    remote->server = arena_copy(&remote->arena, text).ptr;
    return STATUS_OK;
}

static enum status
choose(struct remote *remote, struct remote_options *options, struct error *error)
{
    bool by_name = options->profile != NULL || options->server == NULL;
    if (by_name) {
        struct remote_options found = {.server = NULL};
        enum status status = profiles_find(&remote->arena, options->profile, &found, error);
        if (status != STATUS_OK)
            return status;
        options->server = options->server == NULL ? found.server : options->server;
        options->key = options->key == NULL ? found.key : options->key;
    }
    if (options->key == NULL)
        return error_set(error, STATUS_INVALID,
                         "there is no key for %s: give --key, set WINDROW_KEY, or run windrow "
                         "login --server %s",
                         options->server, options->server);
    return STATUS_OK;
}

enum status
remote_open(struct remote *remote, const struct remote_options *options, struct error *error)
{
    struct remote_options chosen = *options;
    *remote = (struct remote){.server = NULL};
    arena_init(&remote->arena, MIB(1024));
    enum status status = choose(remote, &chosen, error);
    if (status == STATUS_OK)
        status = check_server(remote, chosen.server, error);
    if (status == STATUS_OK)
        status = http_plain_new(&remote->http, error);
    remote->key = chosen.key;
    return status;
}

void
remote_close(struct remote *remote)
{
    http_plain_free(&remote->http);
    arena_done(&remote->arena);
}

/* --- requests --- */

const char *
remote_path(struct remote *remote, const char *format, ...)
{
    struct buffer out;
    va_list texts;
    buffer_init(&out, KIB(64));
    va_start(texts, format);
    for (const char *at = format; *at != '\0'; at++) {
        if (at[0] == '%' && at[1] == 's') {
            http_plain_escape(&out, slice_text(va_arg(texts, const char *)));
            at++;
        } else {
            buffer_append_byte(&out, *at);
        }
    }
    va_end(texts);
    const char *path = arena_copy(&remote->arena, buffer_slice(&out)).ptr;
    buffer_done(&out);
    return path;
}

static enum status
status_of(int http_status)
{
    switch (http_status) {
    case 401:
        return STATUS_UNAUTHORIZED;
    case 403:
        return STATUS_FORBIDDEN;
    case 404:
        return STATUS_NOT_FOUND;
    case 409:
    case 412:
        return STATUS_CONFLICT;
    case 413:
    case 422:
    case 429:
        return STATUS_LIMIT;
    case 503:
    case 507:
        return STATUS_UNAVAILABLE;
    default:
        return http_status < 500 ? STATUS_INVALID : STATUS_IO;
    }
}

/* What the server said, and what to do about it. */
static enum status
refused(struct remote *remote, const struct remote_answer *answer, struct error *error)
{
    struct value words = value_get(answer->json, "error");
    struct slice said = value_slice_or(words, SLICE("no words"));
    if (answer->status == 401)
        return error_set(
            error, STATUS_UNAUTHORIZED,
            "%s does not accept the key; make one there (windrow keys create) and note "
            "it: windrow login --server %s",
            remote->server, remote->server);
    if (words.kind != VALUE_STRING)
        return error_set(error, status_of(answer->status),
                         "%s answered %d in a way that Windrow does not: is this the address of a "
                         "Windrow server?",
                         remote->server, answer->status);
    return error_set(error, status_of(answer->status), "%s: %.*s", remote->server,
                     SLICE_FORMAT(slice_cut(said, 300)));
}

static enum status
unreached(struct remote *remote, enum status status, struct error *error)
{
    struct error why = *error;
    if (status == STATUS_CANCELLED)
        return status;
    return error_set(error, status, "cannot reach %s: %s%s", remote->server, why.text,
                     status == STATUS_UNAVAILABLE ? "; is windrow serve running there?" : "");
}

static void
set_headers(struct remote *remote, const struct remote_ask *ask, bool has_body,
            struct http_plain_request *request)
{
    size_t count = 0;
    request->headers[count++] = arena_format(&remote->arena, "x-api-key: %s", remote->key);
    if (has_body)
        request->headers[count++] = arena_format(
            &remote->arena, "Content-Type: %s", ask->type == NULL ? "application/json" : ask->type);
    if (ask->header != NULL)
        request->headers[count++] = ask->header;
}

static void
read_answer(struct remote *remote, const struct http_plain_answer *from,
            struct remote_answer *answer)
{
    answer->status = from->status;
    answer->text = arena_copy(&remote->arena, buffer_slice(&from->body));
    bool is_json = strncmp(from->content_type, "application/json", 16) == 0;
    if (!is_json ||
        json_parse(&answer->json, &remote->arena, answer->text, 0, NULL, NULL) != STATUS_OK)
        answer->json = (struct value){0};
}

enum status
remote_do(struct remote *remote, const struct remote_ask *ask, struct remote_answer *answer,
          struct error *error)
{
    struct http_plain_answer from;
    struct buffer url;
    buffer_init(&url, KIB(80));
    buffer_append_format(&url, "%s%s", remote->server, ask->path);
    buffer_append_byte(&url, '\0');
    struct http_plain_request request = {
        .method = ask->method,
        .url = url.ptr,
        .body = ask->body,
        .body_fd = ask->body_fd > 0 ? ask->body_fd : -1,
        .body_bytes = ask->body_bytes,
        .quiet_ms = QUIET_MS,
        .body_bytes_max = LIMIT_ANSWER_PAGE_BYTES,
        .on_piece = ask->on_piece,
        .context = ask->context,
    };
    set_headers(remote, ask, ask->body.ptr != NULL || ask->body_fd > 0, &request);
    *answer = (struct remote_answer){.status = 0};
    enum status status = http_plain_do(remote->http, &request, &from, error);
    read_answer(remote, &from, answer);
    buffer_done(&from.body);
    buffer_done(&url);
    if (status != STATUS_OK)
        return unreached(remote, status, error);
    return answer->status >= 200 && answer->status < 300 ? STATUS_OK
                                                         : refused(remote, answer, error);
}

enum status
remote_get(struct remote *remote, const char *path, struct value *data, struct error *error)
{
    struct remote_answer answer;
    struct remote_ask ask = {.method = "GET", .path = path};
    *data = (struct value){0};
    enum status status = remote_do(remote, &ask, &answer, error);
    if (status != STATUS_OK)
        return status;
    *data = value_get(answer.json, "data");
    if (data->kind == VALUE_NONE)
        return error_set(error, STATUS_IO,
                         "%s answered in a way that Windrow does not: is this the address of a "
                         "Windrow server?",
                         remote->server);
    return STATUS_OK;
}

int
remote_complain(const struct error *error)
{
    int exit_code = cli_complain(error);
    return error->status == STATUS_FORBIDDEN ? CLI_FAILED : exit_code;
}
