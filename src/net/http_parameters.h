/* net/http_parameters.h - header values of the form `word; name=value; name="value"`, and the two
 * that say what a file is called.
 *
 * Strict: a value is a token or a whole quoted string, nothing stands between, and no name comes
 * twice. In a quoted string a backslash escapes a quotation mark or a backslash and is itself
 * before anything else, since browsers do not escape it.
 *
 * Sources: RFC 9110 (5.6.4, 5.6.6, 8.3.1); RFC 6266 (Content-Disposition); RFC 8187 (filename*);
 *          RFC 7578 (4.2).
 * Threads: pure functions; an arena belongs to one thread.
 */
#ifndef NET_HTTP_PARAMETERS_H
#define NET_HTTP_PARAMETERS_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/slice.h"
#include "base/status.h"

#include <stdbool.h>

/* More parameters of one header are refused. */
#define HTTP_PARAMETERS_MAX 8

struct http_parameter {
    struct slice name;
    struct slice value; /* points into the header, or lies in the arena */
};

struct http_parameters {
    struct slice word; /* "attachment", "multipart/form-data"; may be empty */
    struct http_parameter list[HTTP_PARAMETERS_MAX];
    size_t count;
};

/* INVALID, with words: refused. */
MUST_USE enum status http_parameters_read(struct http_parameters *out, struct arena *arena,
                                          struct slice header, struct error *error);

/* By name, in any case; .ptr NULL if it is not there. */
struct slice http_parameter(const struct http_parameters *parameters, const char *name);

/* Whether both are the same in any case. */
bool http_name_is(struct slice text, const char *name);

/* The name of a file: of `filename*`, in UTF-8, else of `filename`; .ptr NULL without either. Any
 * text, which is made safe elsewhere. INVALID: `filename*` is not what RFC 8187 has. */
MUST_USE enum status http_file_name(struct slice *out, const struct http_parameters *parameters,
                                    struct arena *arena, struct error *error);

/* Appends a Content-Disposition for a name in UTF-8: for old clients in ASCII and, if that is not
 * all of it, as RFC 8187 has it. */
void http_disposition_print(struct buffer *out, bool is_inline, struct slice name);

#endif
