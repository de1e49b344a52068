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
struct service;

struct api_options {
    struct service *service; /* borrowed */
    const char *public_url;  /* without a slash at its end; NULL: links name the request's host */
    unsigned loop_count;     /* HTTP threads */
};

struct api *api_new(const struct api_options *options);
void api_free(struct api **api);

/* For struct http_server_config; the context is the api. */
http_handler_fn api_handle;
/* Refuses large bodies that would be of no use, before they are read. */
http_handler_fn api_on_head;

#endif
