/* api/api.h - the HTTP API over a service: what main gives to the HTTP server.
 *
 * One port serves every dialect; the path decides which one. Each is a table of routes.
 *
 * Threads: api_handle and api_on_head run on the HTTP threads; the rest is for the owner. The HTTP
 * server must have been stopped, and every request answered, before api_free().
 */
#ifndef API_API_H
#define API_API_H

#include "net/http_server.h"

struct api;
struct buffer;
struct service;

/* What /metrics tells, and to whom. */
struct api_metrics {
    /* Appends all that the program counts beside the API; on a work thread; NULL: nothing. */
    void (*print)(struct buffer *out, void *context);
    void *context;
    const char *token; /* a Bearer token that must be shown; NULL: open to all */
    bool is_elsewhere; /* it has an address of its own: not with the rest */
};

struct api_options {
    struct service *service; /* borrowed */
    const char *public_url;  /* without a slash at its end; NULL: links name the request's host */
    unsigned loop_count;     /* HTTP threads */
    bool log_requests;       /* a line of the log for each answer */
    size_t max_upload_bytes; /* of a file that is sent; 0: LIMIT_UPLOAD_BYTES */
    struct api_metrics metrics;
};

struct api *api_new(const struct api_options *options);
void api_free(struct api **api);

/* For struct http_server_config; the context is the api. */
http_handler_fn api_handle;
/* Refuses large bodies that would be of no use, before they are read. */
http_handler_fn api_on_head;
http_answering_fn api_on_answer;
/* In the words of the dialect that the path is of. */
http_refusing_fn api_on_refusal;
/* For the server of an address of its own: /metrics, /healthz and /readyz alone. */
http_handler_fn api_handle_metrics;

#endif
