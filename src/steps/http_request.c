#include "base/json.h"
#include "base/limits.h"
#include "base/secret_mark.h"
#include "net/url.h"
#include "steps/form.h"
#include "steps/host.h"
#include "steps/http_answer.h"
#include "steps/paging.h"
#include "steps/types.h"

#include <string.h>
#include <strings.h>

static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", NULL};

static const char *const auth_entries[] = {"bearer", "username", "password", NULL};

static const struct field_decl http_request_fields[] = {
    {.name = "url", .kind = FIELD_TEXT, .required = true, .help = "Absolute, http or https."},
    {.name = "method",
     .kind = FIELD_CHOICE,
     .choices = methods,
     .help = "GET if not given, or POST with a body."},
    {.name = "headers",
     .kind = FIELD_TEXT_MAP,
     .takes_secrets = true,
     .help = "Names and templates of headers; {{secrets.NAME}} may stand in them."},
    {.name = "auth",
     .kind = FIELD_TEXT_MAP,
     .entries = auth_entries,
     .takes_secrets = true,
     .help = "The Authorization header: {bearer: TOKEN} or {username, password}, in which "
             "{{secrets.NAME}} may stand."},
    {.name = "query",
     .kind = FIELD_TEXT_MAP,
     .help = "Appended to the url, encoded; a list repeats its name, null is left out."},
    {.name = "json", .kind = FIELD_ANY, .help = "The body, sent as JSON."},
    {.name = "form", .kind = FIELD_TEXT_MAP, .help = "The body, sent as a form."},
    {.name = "body", .kind = FIELD_TEXT, .help = "The body, sent as it is."},
    {.name = "expect",
     .kind = FIELD_ANY,
     .help = "Statuses or classes that are well, such as [200, 404]; 2xx if not given."},
    {.name = STEP_FIELD_RATE,
     .kind = FIELD_RATE,
     .is_apart = true,
     .help = "How often the host is called, such as 10/s, 600/m or 5/h."},
    {.name = STEP_FIELD_PER_HOST,
     .kind = FIELD_INT,
     .min = 1,
     .max = 1000,
     .is_apart = true,
     .help = "How many calls to the host are under way at once."},
    {.name = "paging",
     .kind = FIELD_GROUP,
     .is_apart = true,
     .parts = paging_parts,
     .part_count = PAGING_PART_COUNT,
     .one_of = paging_one_of,
     .roots = paging_roots,
     .help = "For lists that come in pages; the value is then the list of all items."},
};

const struct step_decl http_request_decl = {
    .name = "http_request",
    .group = STEP_GROUP_LOOKUPS,
    .shape = STEP_SHAPE_EFFECT,
    .summary = "Sends an HTTP request; its value is {status, headers, body}.",
    .fields = http_request_fields,
    .field_count = COUNT_OF(http_request_fields),
};

/* A request in the making. */
struct request {
    struct value config;
    struct exchange *exchange;
    struct step_failure *failure;
};

static bool
fail_size(const struct request *request, const char *field)
{
    return step_fail(request->failure, "limit_exceeded", "%s: the request is too large", field);
}

/* --- the url --- */

static bool
check_url(const struct request *request, struct slice url)
{
    bool is_web = (url.size > 7 && strncasecmp(url.ptr, "http://", 7) == 0) ||
                  (url.size > 8 && strncasecmp(url.ptr, "https://", 8) == 0);
    if (!is_web)
        return step_fail(request->failure, "bad_config",
                         "url: expected an absolute http or https URL");
    for (size_t i = 0; i < url.size; i++) {
        if ((unsigned char)url.ptr[i] <= ' ' || url.ptr[i] == 0x7f)
            return step_fail(request->failure, "bad_config",
                             "url: holds a space or a control character; values belong into "
                             "`query`, or through @uri");
    }
    return true;
}

/* Pairs go before the fragment, which is not sent. */
static bool
append_query(const struct request *request, struct buffer *url)
{
    struct value query = value_get(request->config, "query");
    const char *fragment = memchr(url->ptr, '#', url->size);
    if (fragment != NULL)
        url->size = (size_t)(fragment - url->ptr);
    if (query.kind != VALUE_OBJECT)
        return true;
    struct buffer pairs;
    buffer_init(&pairs, URL_BYTES_MAX);
    bool is_ok = form_append(&pairs, FORM_QUERY, "query", query, request->failure);
    bool has_query = memchr(url->ptr, '?', url->size) != NULL;
    char last = url->ptr[url->size - 1];
    if (pairs.size > 0 && last != '?' && last != '&')
        buffer_append_byte(url, has_query ? '&' : '?');
    buffer_append_slice(url, buffer_slice(&pairs));
    url->over |= buffer_is_over(&pairs);
    buffer_done(&pairs);
    return is_ok;
}

static bool
set_url(const struct request *request)
{
    struct slice text = slice_trim(value_slice(value_get(request->config, "url")));
    if (!check_url(request, text))
        return false;
    struct buffer url;
    buffer_init(&url, URL_BYTES_MAX);
    buffer_append_slice(&url, text);
    bool is_ok = !buffer_is_over(&url) && append_query(request, &url);
    if (is_ok && !buffer_is_over(&url))
        request->exchange->url = arena_copy(&request->exchange->arena, buffer_slice(&url));
    if (buffer_is_over(&url))
        is_ok =
            step_fail(request->failure, "bad_config", "url: longer than %zu bytes", URL_BYTES_MAX);
    buffer_done(&url);
    return is_ok;
}

/* --- the body --- */

static const char *const body_fields[] = {"json", "form", "body"};
static const char *const body_types[] = {"application/json", "application/x-www-form-urlencoded",
                                         "text/plain; charset=utf-8"};

/* The index of the body field that is given, or -1. */
static int
body_field(struct value config)
{
    for (size_t i = 0; i < COUNT_OF(body_fields); i++) {
        if (value_get(config, body_fields[i]).kind != VALUE_NONE)
            return (int)i;
    }
    return -1;
}

static bool
print_body(const struct request *request, const char *field, struct buffer *out)
{
    struct value value = value_get(request->config, field);
    if (strcmp(field, "form") == 0)
        return form_append(out, FORM_BODY, field, value, request->failure);
    if (strcmp(field, "json") == 0)
        json_print(out, value);
    else
        buffer_append_slice(out, value_slice(value));
    return true;
}

static bool
set_body(const struct request *request)
{
    int index = body_field(request->config);
    if (index < 0)
        return true;
    const char *field = body_fields[index];
    struct exchange *exchange = request->exchange;
    struct buffer text;
    buffer_init(&text, LIMIT_VALUE_BYTES);
    bool is_ok = print_body(request, field, &text);
    if (is_ok && !buffer_is_over(&text))
        exchange->body = arena_copy(&exchange->arena, buffer_slice(&text));
    if (is_ok && exchange->body.ptr == NULL)
        is_ok = fail_size(request, field);
    buffer_done(&text);
    return is_ok;
}

static bool
check_body(const struct request *request)
{
    size_t given = 0;
    for (size_t i = 0; i < COUNT_OF(body_fields); i++)
        given += value_get(request->config, body_fields[i]).kind != VALUE_NONE;
    if (given > 1)
        return step_fail(request->failure, "bad_config",
                         "at most one of json, form and body may be given");
    bool is_head = slice_is(value_slice(value_get(request->config, "method")), "HEAD");
    if (given > 0 && is_head)
        return step_fail(request->failure, "bad_config", "a HEAD request cannot carry a body");
    return true;
}

static void
set_method(const struct request *request)
{
    struct value method = value_get(request->config, "method");
    if (method.kind == VALUE_STRING)
        request->exchange->method = arena_copy(&request->exchange->arena, value_slice(method));
    else
        request->exchange->method = body_field(request->config) < 0 ? SLICE("GET") : SLICE("POST");
}

/* --- the headers --- */

/* They say where a message ends and who is meant: the transport's business. */
static const char *const transport_headers[] = {
    "host",           "connection",        "content-length",   "expect",
    "http2-settings", "keep-alive",        "proxy-connection", "te",
    "trailer",        "transfer-encoding", "upgrade",
};

static bool
is_name(struct slice name, const char *wanted)
{
    return name.size == strlen(wanted) && strncasecmp(name.ptr, wanted, name.size) == 0;
}

static bool
is_token(struct slice name)
{
    for (size_t i = 0; i < name.size; i++) {
        unsigned char byte = (unsigned char)name.ptr[i];
        if (byte <= ' ' || byte >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", byte) != NULL)
            return false;
    }
    return name.size > 0;
}

static bool
check_header(const struct request *request, struct slice name, struct slice value)
{
    struct slice shown = slice_cut(name, 64);
    if (!is_token(name))
        return step_fail(request->failure, "bad_config",
                         "headers: \"%.*s\" cannot be the name of a header", SLICE_FORMAT(shown));
    for (size_t i = 0; i < COUNT_OF(transport_headers); i++) {
        if (is_name(name, transport_headers[i]))
            return step_fail(request->failure, "bad_config",
                             "headers: %.*s cannot be set: it follows from the request",
                             SLICE_FORMAT(shown));
    }
    for (size_t i = 0; i < value.size; i++) {
        unsigned char byte = (unsigned char)value.ptr[i];
        if ((byte < ' ' && byte != '\t') || byte == 0x7f)
            return step_fail(request->failure, "bad_config",
                             "headers: the value of %.*s holds a control character",
                             SLICE_FORMAT(shown));
    }
    return true;
}

static bool
add_header(const struct request *request, struct slice name, struct slice value)
{
    if (exchange_add_header(request->exchange, name, value))
        return true;
    return step_fail(request->failure, "bad_config", "headers: more than %d, or too large",
                     EXCHANGE_HEADERS_MAX);
}

static bool
has_header(const struct exchange *exchange, const char *name)
{
    for (size_t i = 0; i < exchange->header_count; i++) {
        if (is_name(exchange->headers[i].name, name))
            return true;
    }
    return false;
}

static bool
add_own_headers(const struct request *request)
{
    struct value headers = value_get(request->config, "headers");
    if (headers.kind != VALUE_OBJECT)
        return true;
    const struct member *members = value_members(headers);
    for (uint32_t i = 0; i < headers.count; i++) {
        struct slice name = value_slice(members[i].key);
        struct slice text;
        if (members[i].value.kind == VALUE_NULL)
            continue;
        if (!form_text(&request->exchange->arena, "headers", &members[i], &text,
                       request->failure) ||
            !check_header(request, name, text) || !add_header(request, name, text))
            return false;
    }
    return true;
}

/* --- auth --- */

/* The text of one of its entries; empty if it is not given. */
static bool
auth_text(const struct request *request, const char *name, struct slice *out)
{
    struct member member = {value_text(name), value_get(value_get(request->config, "auth"), name)};
    *out = slice_of("", 0);
    if (member.value.kind == VALUE_NONE || member.value.kind == VALUE_NULL)
        return true;
    return form_text(&request->exchange->arena, "auth", &member, out, request->failure) &&
           check_header(request, SLICE("Authorization"), *out);
}

/* Source: RFC 6750 section 2.1, RFC 7617. */
static bool
append_auth(const struct request *request, struct buffer *out)
{
    struct slice bearer, username, password;
    if (!auth_text(request, "bearer", &bearer) || !auth_text(request, "username", &username) ||
        !auth_text(request, "password", &password))
        return false;
    if ((bearer.size > 0) == (username.size + password.size > 0))
        return step_fail(request->failure, "bad_config",
                         "auth: expected either bearer, or username and password");
    if (bearer.size > 0) {
        buffer_append_text(out, "Bearer ");
        buffer_append_slice(out, bearer);
        return true;
    }
    struct buffer pair;
    buffer_init(&pair, out->max_bytes);
    buffer_append_slice(&pair, username);
    buffer_append_byte(&pair, ':');
    buffer_append_slice(&pair, password);
    buffer_append_text(out, "Basic ");
    secret_mark_append_base64(out, buffer_slice(&pair));
    out->over |= buffer_is_over(&pair);
    buffer_done(&pair);
    return true;
}

static bool
add_auth(const struct request *request)
{
    if (value_get(request->config, "auth").kind != VALUE_OBJECT)
        return true;
    if (has_header(request->exchange, "Authorization"))
        return step_fail(request->failure, "bad_config",
                         "auth: the header Authorization is given too");
    struct buffer text;
    buffer_init(&text, LIMIT_HTTP_HEADER_BYTES);
    bool is_ok = append_auth(request, &text);
    if (is_ok && buffer_is_over(&text))
        is_ok = fail_size(request, "auth");
    is_ok = is_ok && add_header(request, SLICE("Authorization"), buffer_slice(&text));
    buffer_done(&text);
    return is_ok;
}

static bool
add_default_header(const struct request *request, const char *name, struct slice value)
{
    return has_header(request->exchange, name) || add_header(request, slice_text(name), value);
}

static bool
set_headers(const struct request *request, struct slice idempotency_key)
{
    int body = body_field(request->config);
    return add_own_headers(request) && add_auth(request) &&
           add_default_header(request, "Idempotency-Key", idempotency_key) &&
           add_default_header(request, "User-Agent", SLICE("windrow/" WINDROW_VERSION)) &&
           add_default_header(request, "Accept", SLICE("application/json")) &&
           (body < 0 || add_default_header(request, "Content-Type", slice_text(body_types[body])));
}

static bool
http_request_prepare(struct value config, struct slice idempotency_key, struct exchange *exchange,
                     struct step_failure *failure)
{
    struct request request = {config, exchange, failure};
    exchange->redirects_max = LIMIT_REDIRECTS;
    if (!http_answer_check_expect(config, failure) || !check_body(&request))
        return false;
    set_method(&request);
    return set_url(&request) && set_body(&request) && set_headers(&request, idempotency_key);
}

static struct slice
http_request_host(struct value config)
{
    return host_of_url(value_slice(value_get(config, "url")));
}

/* Pages make a list. */
static struct value
http_request_members(const struct plan_node *node, struct arena *arena)
{
    struct value names[] = {value_text("status"), value_text("headers"), value_text("body")};
    if (plan_node_field(node, "paging")->is_given)
        return (struct value){0};
    return value_array_new(arena, names, COUNT_OF(names));
}

const struct step_type step_http_request = {
    .decl = &http_request_decl,
    .members = http_request_members,
    .host = http_request_host,
    .prepare = http_request_prepare,
    .conclude = http_answer_conclude,
    .follow = paging_follow,
    .follow_field = "paging",
};
