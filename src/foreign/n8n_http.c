/* The HTTP request of n8n, versions 1 to 4, and what apps are sent by one. */
#include "base/limits.h"
#include "foreign/n8n_nodes.h"

#include <ctype.h>
#include <string.h>

struct requesting {
    struct n8n *n8n;
    struct n8n_node *node;
    struct n8n_stream *at;
    struct value config;
};

static void
put(struct requesting *requesting, const char *name, struct value value)
{
    n8n_put(requesting->n8n, &requesting->config, name, value);
}

/* --- credentials --- */

/* A name of a credential as one of a secret: MY_KEY. */
static const char *
secret_name(struct n8n *n8n, struct slice name)
{
    char out[41] = "";
    size_t size = 0;
    for (size_t i = 0; i < name.size && size < sizeof(out) - 1; i++) {
        unsigned char byte = (unsigned char)name.ptr[i];
        bool is_kept = byte < 0x80 && isalnum(byte) != 0;
        if (is_kept && size == 0 && isdigit(byte) != 0)
            out[size++] = '_';
        if (is_kept)
            out[size++] = (char)toupper(byte);
        else if (size > 0 && out[size - 1] != '_')
            out[size++] = '_';
    }
    while (size > 0 && out[size - 1] == '_')
        size--;
    out[size] = '\0';
    return size == 0 ? "SECRET" : arena_format(n8n->arena, "%s", out);
}

const char *
n8n_secret(struct n8n *n8n, struct n8n_node *node, struct slice type)
{
    const struct value credentials = value_get(node->file, "credentials");
    struct value one = value_find(credentials, type);
    if (one.kind == VALUE_NONE && credentials.kind == VALUE_OBJECT && credentials.count > 0)
        one = value_members(credentials)[0].value;
    struct slice name = value_slice_or(one, n8n_text(one, "name"));
    return secret_name(n8n, name.size > 0 ? name : type);
}

static struct value
place_of(struct n8n *n8n, const char *name, const char *end)
{
    return value_text(n8n_cat(n8n->arena, "{{secrets.", name, end, "}}", NULL));
}

/* The host of the address as secrets name it: with its port, and whole where it is not encrypted;
 * NULL if a template decides it. */
static const char *
host_of(const struct requesting *requesting)
{
    struct slice url = n8n_text(requesting->config, "url");
    bool is_plain = slice_starts_with(url, SLICE("http://"));
    size_t from = is_plain ? 7 : 8, size = from;
    if (!is_plain && !slice_starts_with(url, SLICE("https://")))
        return NULL;
    while (size < url.size &&
           (isalnum((unsigned char)url.ptr[size]) != 0 || memchr(".-:", url.ptr[size], 3) != NULL))
        size++;
    if (size == from || (size < url.size && memchr("/?#", url.ptr[size], 3) == NULL))
        return NULL;
    size_t begin = is_plain ? 0 : from;
    return arena_copy(requesting->n8n->arena, slice_of(url.ptr + begin, size - begin)).ptr;
}

static void
tell_secret(struct requesting *requesting, const char *name)
{
    n8n_change(requesting->n8n, requesting->node,
               n8n_cat(requesting->n8n->arena, "its credential is the secret ", name, NULL));
    n8n_need_secret(requesting->n8n, requesting->node, name, host_of(requesting));
}

static void
put_header(struct requesting *requesting, const char *name, struct value value)
{
    struct value headers = value_get(requesting->config, "headers");
    if (headers.kind != VALUE_OBJECT)
        headers = value_empty_object();
    n8n_put(requesting->n8n, &headers, name, value);
    put(requesting, "headers", headers);
}

static void
put_basic(struct requesting *requesting, const char *name)
{
    struct n8n *n8n = requesting->n8n;
    struct value auth = value_empty_object();
    n8n_put(n8n, &auth, "username", place_of(n8n, name, "_USER"));
    n8n_put(n8n, &auth, "password", place_of(n8n, name, "_PASSWORD"));
    put(requesting, "auth", auth);
    tell_secret(requesting, n8n_cat(n8n->arena, name, "_USER", NULL));
    tell_secret(requesting, n8n_cat(n8n->arena, name, "_PASSWORD", NULL));
}

static void
put_secret(struct requesting *requesting, struct slice type)
{
    static const struct {
        const char *type, *header;
    } table[] = {{"anthropicApi", "x-api-key"}, {"googlePalmApi", "x-goog-api-key"}};
    struct n8n *n8n = requesting->n8n;
    const char *name = n8n_secret(n8n, requesting->node, type);
    struct value auth = value_empty_object();
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        if (slice_is(type, table[i].type)) {
            put_header(requesting, table[i].header, place_of(n8n, name, ""));
            tell_secret(requesting, name);
            return;
        }
    }
    n8n_put(n8n, &auth, "bearer", place_of(n8n, name, ""));
    put(requesting, "auth", auth);
    tell_secret(requesting, name);
    if (!slice_is(type, "httpBearerAuth") && !slice_is(type, "slackApi") &&
        !slice_is(type, "whatsAppApi"))
        n8n_change(n8n, requesting->node,
                   "the credential is sent as `Authorization: Bearer`: look "
                   "whether the API wants it so");
}

/* `authentication` of version 1, and genericAuthType or nodeCredentialType since 2. */
static void
put_auth(struct requesting *requesting)
{
    const struct n8n_node *node = requesting->node;
    struct slice kind = n8n_param_text(node, "authentication");
    struct n8n *n8n = requesting->n8n;
    if (kind.size == 0 || slice_is(kind, "none"))
        return;
    if (slice_is(kind, "genericCredentialType"))
        kind = n8n_param_text(node, "genericAuthType");
    else if (slice_is(kind, "predefinedCredentialType"))
        kind = n8n_param_text(node, "nodeCredentialType");
    if (slice_is(kind, "httpBasicAuth") || slice_is(kind, "basicAuth")) {
        put_basic(requesting, n8n_secret(n8n, requesting->node, SLICE("httpBasicAuth")));
    } else if (slice_is(kind, "httpHeaderAuth") || slice_is(kind, "headerAuth")) {
        const char *name = n8n_secret(n8n, requesting->node, SLICE("httpHeaderAuth"));
        put_header(requesting, "Authorization", place_of(n8n, name, ""));
        tell_secret(requesting, name);
        n8n_change(n8n, requesting->node,
                   "the header's name stands in the credential, not in the "
                   "file: `Authorization` is put in its place");
    } else if (slice_is(kind, "httpQueryAuth") || slice_is(kind, "queryAuth")) {
        n8n_change(n8n, requesting->node,
                   "its credential was sent in the address, where no secret "
                   "stands here: it is left out");
    } else {
        put_secret(requesting, kind);
    }
}

/* --- parts of the request --- */

/* [{name, value}] as an object of templates. */
static struct value
read_pairs(struct requesting *requesting, struct value list, const char *place)
{
    struct value object = value_empty_object();
    for (uint32_t i = 0; list.kind == VALUE_ARRAY && i < list.count; i++) {
        struct value one = value_items(list)[i];
        struct value template = n8n_template(requesting->n8n, requesting->node, requesting->at,
                                             value_get(one, "value"), place);
        struct slice name = n8n_text(one, "name");
        if (name.size > 0)
            object = value_object_set(requesting->n8n->arena, object, value_string(name), template);
    }
    return object;
}

/* A JSON text of names and values; a mere expression has no names to be seen. */
static struct value
read_object(struct requesting *requesting, struct value value, const char *place)
{
    struct value json =
        n8n_json_template(requesting->n8n, requesting->node, requesting->at, value, place);
    if (json.kind == VALUE_OBJECT || value.kind == VALUE_NONE)
        return json;
    n8n_change(requesting->n8n, requesting->node,
               n8n_cat(requesting->n8n->arena, place,
                       ": its names are not known before it runs: write them by hand", NULL));
    return (struct value){0};
}

static void
put_pairs(struct requesting *requesting, const char *name, const char *const *lists,
          const char *const *texts)
{
    const struct n8n_node *node = requesting->node;
    struct value object = value_empty_object();
    for (size_t i = 0; i < 2; i++) {
        struct value list = n8n_param(node, lists[i]), text = n8n_param(node, texts[i]);
        bool is_json = node->version >= 3 ? list.kind == VALUE_NONE
                                          : value_is_true(n8n_param(node, "jsonParameters"));
        if (list.kind == VALUE_ARRAY && !is_json)
            object = read_pairs(requesting, list, name);
        else if (text.kind == VALUE_STRING && text.count > 0)
            object = read_object(requesting, text, name);
    }
    if (object.kind == VALUE_OBJECT && object.count > 0)
        put(requesting, name, object);
}

static void
put_json_body(struct requesting *requesting, struct value value)
{
    struct value json =
        n8n_json_template(requesting->n8n, requesting->node, requesting->at, value, "body");
    if (json.kind != VALUE_NONE) {
        put(requesting, "json", json);
        return;
    }
    put(requesting, "body",
        n8n_template(requesting->n8n, requesting->node, requesting->at, value, "body"));
    put_header(requesting, "Content-Type", value_text("application/json"));
}

static void
put_raw_body(struct requesting *requesting)
{
    const struct n8n_node *node = requesting->node;
    struct slice type = n8n_param_text(node, "rawContentType");
    put(requesting, "body",
        n8n_template(requesting->n8n, requesting->node, requesting->at, n8n_param(node, "body"),
                     "body"));
    put_header(requesting, "Content-Type",
               type.size > 0 ? n8n_template(requesting->n8n, requesting->node, requesting->at,
                                            n8n_param(node, "rawContentType"), "rawContentType")
                             : value_text("text/plain"));
}

/* Since version 3. */
static void
put_body(struct requesting *requesting)
{
    const struct n8n_node *node = requesting->node;
    struct slice type = n8n_param_text(node, "contentType");
    struct slice how = n8n_param_text(node, "specifyBody");
    struct value list = n8n_param(node, "bodyParameters.parameters");
    bool is_form = slice_is(type, "form-urlencoded");
    if (!value_is_true(n8n_param(node, "sendBody")))
        return;
    if (slice_is(type, "multipart-form-data") || slice_is(type, "binaryData"))
        n8n_change(requesting->n8n, requesting->node,
                   "files and multipart bodies are not sent: the request has no body");
    else if (slice_is(type, "raw"))
        put_raw_body(requesting);
    else if (slice_is(how, "json"))
        put_json_body(requesting, n8n_param(node, "jsonBody"));
    else if (slice_is(how, "string"))
        put_json_body(requesting, n8n_param(node, "body"));
    else
        put(requesting, is_form ? "form" : "json", read_pairs(requesting, list, "body"));
}

static void
put_old_body(struct requesting *requesting)
{
    const struct n8n_node *node = requesting->node;
    struct slice type = n8n_param_text(node, "options.bodyContentType");
    struct value list = n8n_param(node, "bodyParametersUi.parameter");
    struct value text = n8n_param(node, "bodyParametersJson");
    bool is_json = value_is_true(n8n_param(node, "jsonParameters"));
    bool is_form = slice_is(type, "form-urlencoded");
    if (slice_is(type, "multipart-form-data"))
        n8n_change(requesting->n8n, requesting->node,
                   "multipart bodies are not sent: the request has no body");
    else if (is_json && text.kind == VALUE_STRING && text.count > 0)
        put_json_body(requesting, text);
    else if (!is_json && list.kind == VALUE_ARRAY && list.count > 0)
        put(requesting, is_form ? "form" : "json", read_pairs(requesting, list, "body"));
}

static void
put_method(struct requesting *requesting)
{
    static const char *const known[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"};
    const struct n8n_node *node = requesting->node;
    struct slice method = n8n_param_text(node, node->version < 3 ? "requestMethod" : "method");
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (slice_is(method, known[i]))
            put(requesting, "method", value_string(method));
    }
    if (method.size == 0)
        put(requesting, "method", value_text("GET"));
    else if (value_get(requesting->config, "method").kind == VALUE_NONE)
        n8n_change(requesting->n8n, requesting->node, "its method is not known: GET is sent");
}

/* --- pages --- */

/* $response.body.next of the next page as a path. */
static const char *
next_path(struct n8n *n8n, struct slice text)
{
    static const char before[] = "={{$response";
    char plain[200] = "";
    size_t size = 0;
    for (size_t i = 0; i < text.size && size < sizeof(plain) - 1; i++) {
        if (isspace((unsigned char)text.ptr[i]) == 0)
            plain[size++] = text.ptr[i];
    }
    plain[size] = '\0';
    size_t front = strlen(before);
    if (size < front + 3 || strncmp(plain, before, front) != 0 ||
        strcmp(plain + size - 2, "}}") != 0)
        return NULL;
    plain[size - 2] = '\0';
    for (const char *at = plain + front; *at != '\0'; at++) {
        if (*at != '.' && *at != '_' && isalnum((unsigned char)*at) == 0)
            return NULL;
    }
    return arena_format(n8n->arena, "%s", plain + front);
}

static bool
put_paging(struct requesting *requesting)
{
    struct value pages = n8n_param(requesting->node, "options.pagination.pagination");
    struct value paging = value_empty_object();
    if (pages.kind != VALUE_OBJECT || slice_is(n8n_text(pages, "paginationMode"), "off"))
        return false;
    const char *next = next_path(requesting->n8n, n8n_text(pages, "nextURL"));
    if (next == NULL) {
        n8n_change(requesting->n8n, requesting->node,
                   "its pages are not asked for, only the first one: write `paging` "
                   "(docs/steps/http_request.md)");
        return false;
    }
    n8n_put_text(requesting->n8n, &paging, "next", next);
    put(requesting, "paging", paging);
    return true;
}

/* --- the answer --- */

static bool
wants_full(const struct n8n_node *node)
{
    return value_is_true(n8n_param(node, "options.response.response.fullResponse")) ||
           value_is_true(n8n_param(node, "options.fullResponse"));
}

#define ITEMS_ARE_OBJECTS " | if type == \"object\" then . else {data: .} end"

void
n8n_take_items(struct n8n *n8n, struct n8n_node *node, struct n8n_stream *at, const char *values,
               bool are_several)
{
    if (are_several || !n8n->answers || at->table != 0) {
        n8n_expand(n8n, node, at,
                   n8n_cat(n8n->arena, "[", values, " | if type == \"array\" then .[] else . end",
                           ITEMS_ARE_OBJECTS, "]", NULL));
        return;
    }
    n8n_transform(n8n, node, at,
                  n8n_cat(n8n->arena, values,
                          " | if type == \"array\" and length != 1 then error(\"a list came: "
                          "put an expand step behind\") elif type == \"array\" then .[0] else . "
                          "end",
                          ITEMS_ARE_OBJECTS, NULL));
    n8n_change(n8n, node,
               "since the workflow answers with one item, a list of several in its "
               "answer is a failure");
}

/* Lists become items, other bodies one item. */
static void
take_answer(struct requesting *requesting, const char *id, bool is_paged)
{
    struct n8n *n8n = requesting->n8n;
    struct n8n_node *node = requesting->node;
    struct n8n_stream *at = requesting->at;
    const char *body = n8n_cat(n8n->arena, ".steps.", id, is_paged ? "[].body" : ".body", NULL);
    bool splits = node->version >= 3 || value_is_true(n8n_param(node, "options.splitIntoItems"));
    if (wants_full(node) && !is_paged)
        n8n_transform(n8n, node, at,
                      n8n_cat(n8n->arena, ".steps.", id,
                              " | {body, headers, statusCode: .status, statusMessage: null}",
                              NULL));
    else if (is_paged || splits)
        n8n_take_items(n8n, node, at, body, is_paged);
    else
        n8n_transform(n8n, node, at, n8n_cat(n8n->arena, body, ITEMS_ARE_OBJECTS, NULL));
}

static void
put_settings(struct requesting *requesting)
{
    const struct n8n_node *node = requesting->node;
    struct value statuses = value_empty_array();
    static const char *const classes[] = {"2xx", "3xx", "4xx", "5xx"};
    if (!value_is_true(n8n_param(node, "options.response.response.neverError")) &&
        !value_is_true(n8n_param(node, "options.ignoreResponseCode")))
        return;
    for (size_t i = 0; i < COUNT_OF(classes); i++)
        statuses = value_array_append(requesting->n8n->arena, statuses, value_text(classes[i]));
    put(requesting, "expect", statuses);
}

void
n8n_http(struct n8n *n8n, struct n8n_node *node)
{
    static const char *const queries[] = {"queryParameters.parameters",
                                          "queryParametersUi.parameter"};
    static const char *const query_texts[] = {"jsonQuery", "queryParametersJson"};
    static const char *const headers[] = {"headerParameters.parameters",
                                          "headerParametersUi.parameter"};
    static const char *const header_texts[] = {"jsonHeaders", "headerParametersJson"};
    struct requesting requesting = {
        .n8n = n8n, .node = node, .at = &node->streams[0], .config = value_empty_object()};
    bool is_file = n8n_param_is(node, "responseFormat", "file") ||
                   n8n_param_is(node, "options.response.response.responseFormat", "file");
    if (n8n_param_text(node, "url").size == 0) {
        n8n_leave_out(n8n, node, requesting.at, "it has no address");
        return;
    }
    put_method(&requesting);
    put(&requesting, "url", n8n_template(n8n, node, requesting.at, n8n_param(node, "url"), "url"));
    put_pairs(&requesting, "query", queries, query_texts);
    put_pairs(&requesting, "headers", headers, header_texts);
    put_auth(&requesting);
    if (node->version < 3)
        put_old_body(&requesting);
    else
        put_body(&requesting);
    put_settings(&requesting);
    bool is_paged = put_paging(&requesting);
    const char *id = n8n_step(n8n, node, requesting.at, "http_request", requesting.config, NULL);
    n8n_effect(n8n, node, requesting.at);
    if (is_file)
        n8n_change(n8n, node, "files are not kept: `data` holds what came as text");
    take_answer(&requesting, id, is_paged);
}

/* --- messages of apps, which are requests too --- */

void
n8n_post(struct n8n *n8n, struct n8n_node *node, const struct n8n_post *post)
{
    struct n8n_stream *at = &node->streams[0];
    struct requesting requesting = {
        .n8n = n8n, .node = node, .at = at, .config = value_empty_object()};
    struct slice credential = slice_text(post->credential);
    put(&requesting, "url", post->url);
    if (post->scheme == NULL) {
        put_secret(&requesting, credential);
    } else {
        const char *name = n8n_secret(n8n, node, credential);
        const char *value = n8n_cat(n8n->arena, post->scheme, " {{secrets.", name, "}}", NULL);
        put_header(&requesting, "Authorization", value_text(value));
        tell_secret(&requesting, name);
    }
    put(&requesting, "json", post->body);
    const char *id = n8n_step(n8n, node, at, "http_request", requesting.config, NULL);
    n8n_effect(n8n, node, at);
    at->json = (struct n8n_ref){.path = n8n_cat(n8n->arena, ".steps.", id, ".body", NULL),
                                .table = at->table};
}
