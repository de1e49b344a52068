/* net/http_parse.h - the grammar of HTTP/1.1 requests, and nothing else.
 *
 * Two small machines without I/O or memory of their own. struct http_head is shown the bytes of a
 * request from its beginning, again and again as more arrive, until the empty line; it keeps
 * places, not pointers, so the bytes may move in between. struct http_body is then shown what
 * follows, piece by piece, and gives the data between the framing. Feeding byte by byte and
 * feeding all at once give the same result.
 *
 * Whatever two servers might read differently is refused: two Content-Lengths, both framings,
 * white space before a colon, folded lines, bare CR and LF, NUL. Where RFC 9112 lets a recipient be
 * lenient ("MAY", "for robustness") this one is not, but for one empty line before a request. In
 * one point it is wider: browsers and curl send [ ] { } | and the like in queries, so a query may
 * hold every visible byte but '#'.
 *
 * Sources: RFC 9112 (sections 2 to 7), RFC 9110 (5.5, 7.2, 10.1.1), RFC 3986 (3.3, 3.4);
 *          Linhart et al., "HTTP request smuggling" (2005); Kettle, "HTTP desync attacks" (2019).
 * Threads: plain data, one at a time.
 */
#ifndef NET_HTTP_PARSE_H
#define NET_HTTP_PARSE_H

#include "base/limits.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest head, so that places fit in 16 bits. */
#define HTTP_HEAD_BYTES_MAX (2 + LIMIT_HTTP_REQUEST_LINE_BYTES + LIMIT_HTTP_HEADER_BYTES)

enum http_method {
    HTTP_METHOD_OTHER, /* a well-formed method of another name */
    HTTP_METHOD_GET,
    HTTP_METHOD_HEAD,
    HTTP_METHOD_POST,
    HTTP_METHOD_PUT,
    HTTP_METHOD_PATCH,
    HTTP_METHOD_DELETE,
    HTTP_METHOD_OPTIONS,
};

enum http_framing {
    HTTP_FRAMING_LENGTH, /* Content-Length, or none of it: 0 */
    HTTP_FRAMING_CHUNKED,
};

enum http_step {
    HTTP_STEP_MORE, /* so far right, not complete */
    HTTP_STEP_DONE,
    HTTP_STEP_BAD, /* refused: answer `status` with `words` and close */
};

/* A place in the head. */
struct http_span {
    uint16_t at;
    uint16_t size;
};

struct http_field {
    struct http_span name;
    struct http_span value; /* without white space at both ends */
};

struct http_head {
    /* After DONE. */
    enum http_method method;
    enum http_framing framing;
    uint64_t content_length; /* UINT64_MAX: longer than that */
    size_t size;             /* bytes of the head, its empty line included */
    struct http_span method_name;
    struct http_span path;  /* as it came; empty or begins with '/', or is "*" for OPTIONS */
    struct http_span query; /* behind the '?', as it came */
    struct http_span host;  /* of the Host line, or of an absolute target; may be empty in 1.0 */
    uint8_t minor;          /* HTTP/1.minor: 0 or 1 */
    bool keep_alive;        /* the client is content to go on with this connection */
    bool expects_continue;
    uint16_t field_count;
    struct http_field fields[LIMIT_HTTP_HEADERS];

    /* After BAD: 400, 411, 414, 417, 431 or 505, and what is wrong. Static text. */
    int status;
    const char *words;

    /* The parser's own. */
    size_t line_at;
    size_t scanned; /* no LF between line_at and here */
    size_t fields_at;
    unsigned seen; /* which of the header lines that matter to framing came */
    bool host_in_target;
};

/* Ready for the first byte. */
void http_head_init(struct http_head *head);

/* bytes: all that arrived since the request's first byte, also what was shown before. After DONE
 * or BAD it must not be called again. */
enum http_step http_head_parse(struct http_head *head, const char *bytes, size_t size);

/* The value of the header line after *at (0 at first) that has this name, in any case; moves *at
 * behind it. .ptr is NULL if there is none. bytes: those of http_head_parse(). */
struct slice http_head_next(const struct http_head *head, const char *bytes, struct slice name,
                            size_t *at);

static inline struct slice
http_span_slice(struct http_span span, const char *bytes)
{
    return slice_of(bytes + span.at, span.size);
}

struct http_body {
    enum http_framing framing;
    uint64_t left;       /* bytes that the body, or this chunk, still lacks */
    uint64_t size_bytes; /* data given so far */
    uint64_t max_bytes;

    /* After BAD: 400, 413 or 431. */
    int status;
    const char *words;

    /* The parser's own. */
    unsigned place; /* in the chunked framing */
    unsigned digits;
    size_t extension_bytes;
    size_t trailer_bytes;
};

/* For the body behind a head that is DONE. */
void http_body_init(struct http_body *body, const struct http_head *head, uint64_t max_bytes);

/* Reads input up to the end of the next piece of data: *used bytes of it were read and *piece,
 * maybe empty, lies among them. MORE: call again with the rest, or, when all was used, with what
 * comes next. DONE: the body is complete, the rest is the next request. Call it once without input
 * at first: a body of 0 bytes is DONE and one that is too long BAD before anything came. */
enum http_step http_body_parse(struct http_body *body, struct slice input, size_t *used,
                               struct slice *piece);

/* Whether two header names are the same, in any case. */
bool http_name_equal(struct slice a, struct slice b);

#endif
