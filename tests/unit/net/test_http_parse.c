/* The request grammar: what is read, what is refused, and that the size of the pieces in which a
 * request comes makes no difference. Every case runs whole, byte by byte and in pieces of 7. */
#include "base/mem.h"
#include "base/status.h"
#include "net/http_parse.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

#define BODY_MAX 1048576

struct outcome {
    enum http_step step;
    int status; /* when BAD */
    size_t used;
    size_t body_size;
    char body[256]; /* its beginning */
    struct http_head head;
};

/* Reads the body behind a head that is DONE; `size` bytes came so far, further ones in pieces. */
static void
run_body(struct outcome *out, struct slice text, size_t shown, size_t piece_size)
{
    struct http_body body;
    http_body_init(&body, &out->head, BODY_MAX);
    out->used = out->head.size;
    for (;;) {
        size_t used = 0;
        struct slice piece;
        struct slice rest = slice_of(text.ptr + out->used, shown - out->used);
        out->step = http_body_parse(&body, rest, &used, &piece);
        for (size_t i = 0; i < piece.size; i++) {
            if (out->body_size + i < sizeof(out->body))
                out->body[out->body_size + i] = piece.ptr[i];
        }
        out->body_size += piece.size;
        out->used += used;
        if (out->step != HTTP_STEP_MORE || (shown == text.size && out->used == shown))
            break;
        if (out->used == shown)
            shown = text.size - shown < piece_size ? text.size : shown + piece_size;
    }
    if (out->step == HTTP_STEP_BAD) {
        out->status = body.status;
        assert_non_null(body.words);
    }
}

static void
run(struct outcome *out, struct slice text, size_t piece_size)
{
    memset(out, 0, sizeof(*out));
    http_head_init(&out->head);
    size_t shown = 0;
    while (out->step == HTTP_STEP_MORE && shown < text.size) {
        shown = text.size - shown < piece_size ? text.size : shown + piece_size;
        /* A copy of just these bytes, so that a sanitizer sees a read behind them. */
        char *copy = mem_copy_text(text.ptr, shown);
        out->step = http_head_parse(&out->head, copy, shown);
        mem_free(copy);
    }
    if (out->step == HTTP_STEP_DONE) {
        run_body(out, text, shown, piece_size);
    } else if (out->step == HTTP_STEP_BAD) {
        out->status = out->head.status;
        assert_non_null(out->head.words);
    }
}

/* Runs it in all three ways, which must agree. */
static void
run_all(struct outcome *out, const char *label, struct slice text)
{
    static const size_t pieces[] = {1, 7};
    run(out, text, text.size + 1);
    for (size_t i = 0; i < COUNT_OF(pieces); i++) {
        struct outcome other;
        run(&other, text, pieces[i]);
        bool same = other.step == out->step && other.status == out->status &&
                    (out->step == HTTP_STEP_BAD || other.used == out->used) &&
                    other.body_size == out->body_size &&
                    memcmp(other.body, out->body, sizeof(out->body)) == 0;
        if (!same)
            fail_msg("%s: pieces of %zu: step %d, not %d; status %d, not %d", label, pieces[i],
                     other.step, out->step, other.status, out->status);
    }
}

#define HOST "Host: a\r\n"
#define POST "POST / HTTP/1.1\r\n" HOST
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"
#define TEXT(literal)                                                                              \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }

static const struct {
    const char *label;
    struct slice text;
    int status;
} refused[] = {
    /* The smuggling shapes that server libraries let through. */
    {"both framings", TEXT(POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"), 400},
    {"encoding, then length", TEXT(POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"),
     400},
    {"two different lengths", TEXT(POST "Content-Length: 5\r\nContent-Length: 6\r\n\r\n"), 400},
    {"two equal lengths", TEXT(POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n"), 400},
    {"a list of lengths", TEXT(POST "Content-Length: 5, 5\r\n\r\n"), 400},
    {"length +5", TEXT(POST "Content-Length: +5\r\n\r\n"), 400},
    {"length -5", TEXT(POST "Content-Length: -5\r\n\r\n"), 400},
    {"length 5x", TEXT(POST "Content-Length: 5x\r\n\r\n"), 400},
    {"length 0x5", TEXT(POST "Content-Length: 0x5\r\n\r\n"), 400},
    {"length 5 6", TEXT(POST "Content-Length: 5 6\r\n\r\n"), 400},
    {"empty length", TEXT(POST "Content-Length:\r\n\r\n"), 400},
    {"gzip, chunked", TEXT(POST "Transfer-Encoding: gzip, chunked\r\n\r\n"), 400},
    {"gzip alone", TEXT(POST "Transfer-Encoding: gzip\r\n\r\n"), 400},
    {"chunked, identity", TEXT(POST "Transfer-Encoding: chunked, identity\r\n\r\n"), 400},
    {"chunked twice in a line", TEXT(POST "Transfer-Encoding: chunked, chunked\r\n\r\n"), 400},
    {"two encodings", TEXT(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
     400},
    {"xchunked", TEXT(POST "Transfer-Encoding: xchunked\r\n\r\n"), 400},
    {"quoted chunked", TEXT(POST "Transfer-Encoding: \"chunked\"\r\n\r\n"), 400},
    {"vertical tab before chunked", TEXT(POST "Transfer-Encoding: \vchunked\r\n\r\n"), 400},
    {"empty encoding", TEXT(POST "Transfer-Encoding:\r\n\r\n"), 400},
    {"encoding in 1.0",
     TEXT("POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400},
    {"space before colon", TEXT(POST "Content-Length : 5\r\n\r\n"), 400},
    {"tab before colon", TEXT(POST "Content-Length\t: 5\r\n\r\n"), 400},
    {"space before encoding's colon", TEXT(POST "Transfer-Encoding : chunked\r\n\r\n"), 400},
    {"space before a name", TEXT("POST / HTTP/1.1\r\n Host: a\r\n\r\n"), 400},
    {"folded line", TEXT(POST "X: 1\r\n 2\r\n\r\n"), 400},
    {"folded with tab", TEXT(POST "X: 1\r\n\t2\r\n\r\n"), 400},
    {"folded empty line", TEXT(POST " \r\n\r\n"), 400},
    {"NUL in a value", TEXT(POST "X: 1\0002\r\n\r\n"), 400},
    {"NUL in a name", TEXT(POST "X\0Y: 1\r\n\r\n"), 400},
    {"bare CR in a value", TEXT(POST "X: 1\r2\r\n\r\n"), 400},
    {"CR CR LF", TEXT(POST "X: 1\r\r\n\r\n"), 400},
    {"bare LF line ends", TEXT("GET / HTTP/1.1\nHost: a\n\n"), 400},
    {"bare LF behind a header line", TEXT("GET / HTTP/1.1\r\nHost: a\n\r\n"), 400},
    {"bare LF as the empty line", TEXT("GET / HTTP/1.1\r\nHost: a\r\n\n"), 400},
    {"no Host", TEXT("GET / HTTP/1.1\r\n\r\n"), 400},
    {"two Hosts", TEXT("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400},
    {"two equal Hosts", TEXT("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), 400},
    {"two Hosts in 1.0", TEXT("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"), 400},
    {"empty Host", TEXT("GET / HTTP/1.1\r\nHost:\r\n\r\n"), 400},
    {"Host of a list", TEXT("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"), 400},
    {"Host with a path", TEXT("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400},
    {"Host with a user", TEXT("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"), 400},
    {"Host with a bad port", TEXT("GET / HTTP/1.1\r\nHost: a:8x\r\n\r\n"), 400},
    {"Host with a large port", TEXT("GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n"), 400},
    {"Host with an open bracket", TEXT("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"), 400},
    {"Host with empty brackets", TEXT("GET / HTTP/1.1\r\nHost: []\r\n\r\n"), 400},
    {"Host with words in brackets", TEXT("GET / HTTP/1.1\r\nHost: [xyz]\r\n\r\n"), 400},
    {"Host with bytes behind brackets", TEXT("GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n"), 400},
    {"bad method byte", TEXT("G@T / HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"method with a colon", TEXT("GET: / HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"no name", TEXT(POST ": x\r\n\r\n"), 400},
    {"no colon", TEXT(POST "X\r\n\r\n"), 400},
    {"name with a bracket", TEXT(POST "X[1]: x\r\n\r\n"), 400},
    {"non-ASCII name", TEXT(POST "X\xc3\xa9: x\r\n\r\n"), 400},
    {"other expectation", TEXT(POST "Expect: 200-ok\r\n\r\n"), 417},
    {"body without a length in 1.0",
     TEXT("POST / HTTP/1.0\r\nContent-Type: text/plain\r\n\r\nhello"), 411},

    /* Request lines. */
    {"HTTP/0.9", TEXT("GET /\r\n\r\n"), 400},
    {"two spaces", TEXT("GET  / HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"two spaces before the version", TEXT("GET /  HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"tab for a space", TEXT("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"space at the end", TEXT("GET / HTTP/1.1 \r\nHost: a\r\n\r\n"), 400},
    {"space at the beginning", TEXT(" GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"no target", TEXT("GET HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"no method", TEXT("/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"lower-case version", TEXT("GET / http/1.1\r\nHost: a\r\n\r\n"), 400},
    {"version of letters", TEXT("GET / HTTP/a.b\r\nHost: a\r\n\r\n"), 400},
    {"short version", TEXT("GET / HTTP/1\r\nHost: a\r\n\r\n"), 400},
    {"long version", TEXT("GET / HTTP/1.11\r\nHost: a\r\n\r\n"), 400},
    {"version 2.0", TEXT("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 505},
    {"the preface of HTTP/2", TEXT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505},
    {"version 1.2", TEXT("GET / HTTP/1.2\r\nHost: a\r\n\r\n"), 505},
    {"two empty lines before", TEXT("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"LF before", TEXT("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"TLS", TEXT("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), 400},

    /* Targets. */
    {"relative path", TEXT("GET a HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"authority", TEXT("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"), 400},
    {"asterisk of a GET", TEXT("GET * HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"other scheme", TEXT("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"absolute without a host", TEXT("GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"absolute with a user", TEXT("GET http://u:p@a/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"absolute without a Host line", TEXT("GET http://a/ HTTP/1.1\r\n\r\n"), 400},
    {"escape of one digit", TEXT("GET /%2 HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"escape of no digit", TEXT("GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"escape of one right digit", TEXT("GET /%2g HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"bad escape in the query", TEXT("GET /?a=% HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"fragment", TEXT("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"fragment in the query", TEXT("GET /?a#b HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"non-ASCII path", TEXT("GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"non-ASCII query", TEXT("GET /?\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"DEL in the path", TEXT("GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"tab in the path", TEXT("GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"NUL in the path", TEXT("GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n"), 400},
    {"backslash in the path", TEXT("GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n"), 400},

    /* Chunks. */
    {"size 0x5", TEXT(CHUNKED "0x5\r\nhello\r\n0\r\n\r\n"), 400},
    {"negative size", TEXT(CHUNKED "-5\r\nhello\r\n0\r\n\r\n"), 400},
    {"size with a plus", TEXT(CHUNKED "+5\r\nhello\r\n0\r\n\r\n"), 400},
    {"size with a space before", TEXT(CHUNKED " 5\r\nhello\r\n0\r\n\r\n"), 400},
    {"size with a space behind", TEXT(CHUNKED "5 \r\nhello\r\n0\r\n\r\n"), 400},
    {"no size", TEXT(CHUNKED "\r\nhello\r\n0\r\n\r\n"), 400},
    {"no size but an extension", TEXT(CHUNKED ";a\r\nhello\r\n0\r\n\r\n"), 400},
    {"size of letters", TEXT(CHUNKED "xyz\r\nhello\r\n0\r\n\r\n"), 400},
    {"size that would wrap", TEXT(CHUNKED "10000000000000005\r\nhello\r\n0\r\n\r\n"), 400},
    {"size of 64 bits", TEXT(CHUNKED "ffffffffffffffff\r\nhello\r\n0\r\n\r\n"), 413},
    {"data without CR LF", TEXT(CHUNKED "5\r\nhello0\r\n\r\n"), 400},
    {"data longer than its size", TEXT(CHUNKED "4\r\nhello\r\n0\r\n\r\n"), 400},
    {"bare LF behind the size", TEXT(CHUNKED "5\nhello\r\n0\r\n\r\n"), 400},
    {"bare CR behind the size", TEXT(CHUNKED "5\rhello\r\n0\r\n\r\n"), 400},
    {"bare LF behind the data", TEXT(CHUNKED "5\r\nhello\n0\r\n\r\n"), 400},
    {"bare LF behind the last size", TEXT(CHUNKED "5\r\nhello\r\n0\n\r\n"), 400},
    {"bare LF at the end", TEXT(CHUNKED "5\r\nhello\r\n0\r\n\n"), 400},
    {"bare LF in an extension", TEXT(CHUNKED "5;a\nb\r\nhello\r\n0\r\n\r\n"), 400},
    {"bare CR in an extension", TEXT(CHUNKED "5;a\rb\r\nhello\r\n0\r\n\r\n"), 400},
    {"NUL in an extension", TEXT(CHUNKED "5;a\0b\r\nhello\r\n0\r\n\r\n"), 400},
    {"two other bytes behind the data", TEXT(CHUNKED "5\r\nhelloXY0\r\n\r\n"), 400},
    {"no LF behind the size's CR", TEXT(CHUNKED "5\rXhello\r\n0\r\n\r\n"), 400},
    {"no LF behind the data's CR", TEXT(CHUNKED "5\r\nhello\rX0\r\n\r\n"), 400},
    {"no LF behind the last CR", TEXT(CHUNKED "0\r\n\rX"), 400},
    {"no LF behind a trailer's CR", TEXT(CHUNKED "0\r\nX: 1\rX\r\n"), 400},
    {"trailer without a colon", TEXT(CHUNKED "0\r\nX\r\n\r\n"), 400},
    {"trailer with a space before the colon", TEXT(CHUNKED "0\r\nX : 1\r\n\r\n"), 400},
    {"trailer without a name", TEXT(CHUNKED "0\r\n: 1\r\n\r\n"), 400},
    {"folded trailer", TEXT(CHUNKED "0\r\nX: 1\r\n 2\r\n\r\n"), 400},
    {"bare LF in a trailer", TEXT(CHUNKED "0\r\nX: 1\n\r\n"), 400},
    {"NUL in a trailer", TEXT(CHUNKED "0\r\nX: \0001\r\n\r\n"), 400},

    /* Sizes. */
    {"2 MiB announced", TEXT(POST "Content-Length: 2097152\r\n\r\n"), 413},
    {"one byte too many", TEXT(POST "Content-Length: 1048577\r\n\r\n"), 413},
    {"length of 64 bits and more", TEXT(POST "Content-Length: 99999999999999999999\r\n\r\n"), 413},
    {"chunk of 2 MiB", TEXT(CHUNKED "200000\r\n"), 413},
};

static void
test_requests_that_are_refused(void **state)
{
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        struct outcome outcome;
        run_all(&outcome, refused[i].label, refused[i].text);
        if (outcome.step != HTTP_STEP_BAD || outcome.status != refused[i].status)
            fail_msg("%s: step %d, status %d", refused[i].label, outcome.step, outcome.status);
    }
}

static const struct {
    const char *label;
    struct slice text;
    const char *path, *query, *host, *body;
    bool keep_alive;
    const char *rest; /* what is left for the next request */
} requests[] = {
    {"plain", TEXT("GET /a/b HTTP/1.1\r\n" HOST "\r\n"), "/a/b", "", "a", "", true, ""},
    {"query", TEXT("GET /?a=1&b=%20+x HTTP/1.1\r\n" HOST "\r\n"), "/", "a=1&b=%20+x", "a", "", true,
     ""},
    {"wide query", TEXT("GET /?f[x]={\"a\":1}|^`\\<> HTTP/1.1\r\n" HOST "\r\n"), "/",
     "f[x]={\"a\":1}|^`\\<>", "a", "", true, ""},
    {"every path byte", TEXT("GET /AZaz09-._~!$&'()*+,;=:@%2f/ HTTP/1.1\r\n" HOST "\r\n"),
     "/AZaz09-._~!$&'()*+,;=:@%2f/", "", "a", "", true, ""},
    {"second question mark", TEXT("GET /a?b?c HTTP/1.1\r\n" HOST "\r\n"), "/a", "b?c", "a", "",
     true, ""},
    {"empty line before", TEXT("\r\nGET / HTTP/1.1\r\n" HOST "\r\n"), "/", "", "a", "", true, ""},
    {"length", TEXT(POST "Content-Length: 5\r\n\r\nhelloGET"), "/", "", "a", "hello", true, "GET"},
    {"length of zeros", TEXT(POST "Content-Length: 0005\r\n\r\nhello"), "/", "", "a", "hello", true,
     ""},
    {"length 0", TEXT(POST "Content-Length: 0\r\n\r\nx"), "/", "", "a", "", true, "x"},
    {"chunks", TEXT(CHUNKED "5\r\nhello\r\n00006\r\n world\r\n0\r\n\r\nx"), "/", "", "a",
     "hello world", true, "x"},
    {"sizes in hexadecimal", TEXT(CHUNKED "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n"), "/",
     "", "a", "01234567890123456789", true, ""},
    {"data that looks like framing", TEXT(CHUNKED "5\r\n0\r\n\r\n\r\n0\r\n\r\n"), "/", "", "a",
     "0\r\n\r\n", true, ""},
    {"extensions", TEXT(CHUNKED "5;a=1;b=\"x y\"\r\nhello\r\n0;z\r\n\r\n"), "/", "", "a", "hello",
     true, ""},
    {"trailers", TEXT(CHUNKED "5\r\nhello\r\n0\r\nX: 1\r\nY:\r\n\r\n."), "/", "", "a", "hello",
     true, "."},
    {"Chunked in capitals", TEXT(POST "tRaNsFeR-eNcOdInG: ChUnKeD\r\n\r\n0\r\n\r\n"), "/", "", "a",
     "", true, ""},
    {"blanks around values", TEXT(POST "Content-Length: \t 2 \t\r\n\r\nhi"), "/", "", "a", "hi",
     true, ""},
    {"no blank", TEXT("POST / HTTP/1.1\r\nHost:a\r\nContent-Length:2\r\n\r\nhi"), "/", "", "a",
     "hi", true, ""},
    {"non-ASCII value", TEXT(POST "X: \xc3\xa9\x80\xff\r\n\r\n"), "/", "", "a", "", true, ""},
    {"close", TEXT("GET / HTTP/1.1\r\n" HOST "Connection: x, Close\r\n\r\n"), "/", "", "a", "",
     false, ""},
    {"close wins", TEXT("GET / HTTP/1.1\r\n" HOST "Connection: close, keep-alive\r\n\r\n"), "/", "",
     "a", "", false, ""},
    {"1.0", TEXT("GET / HTTP/1.0\r\n\r\n"), "/", "", "", "", false, ""},
    {"1.0 kept alive", TEXT("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"), "/", "", "", "",
     true, ""},
    {"1.0 with a length",
     TEXT("POST / HTTP/1.0\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nhi"), "/", "", "", "hi",
     false, ""},
    {"absolute", TEXT("GET http://h:80/x?y HTTP/1.1\r\n" HOST "\r\n"), "/x", "y", "h:80", "", true,
     ""},
    {"absolute without a path", TEXT("GET HTTPS://h HTTP/1.1\r\n" HOST "\r\n"), "", "", "h", "",
     true, ""},
    {"absolute with a query only", TEXT("GET http://h?y HTTP/1.1\r\n" HOST "\r\n"), "", "y", "h",
     "", true, ""},
    {"asterisk", TEXT("OPTIONS * HTTP/1.1\r\n" HOST "\r\n"), "*", "", "a", "", true, ""},
    {"Host with a port", TEXT("GET / HTTP/1.1\r\nHost: x-1.example:8064\r\n\r\n"), "/", "",
     "x-1.example:8064", "", true, ""},
    {"Host with an empty port", TEXT("GET / HTTP/1.1\r\nHost: x:\r\n\r\n"), "/", "", "x:", "", true,
     ""},
    {"Host of IPv6", TEXT("GET / HTTP/1.1\r\nHost: [::1]:65535\r\n\r\n"), "/", "", "[::1]:65535",
     "", true, ""},
    {"last byte of the body", TEXT(POST "Content-Length: 1\r\n\r\n\0"), "/", "", "a", NULL, true,
     ""},
};

static void
test_requests_that_are_read(void **state)
{
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        const char *bytes = requests[i].text.ptr;
        struct outcome outcome;
        run_all(&outcome, requests[i].label, requests[i].text);
        if (outcome.step != HTTP_STEP_DONE)
            fail_msg("%s: step %d, status %d", requests[i].label, outcome.step, outcome.status);
        struct slice rest = slice_of(bytes + outcome.used, requests[i].text.size - outcome.used);
        bool right = slice_is(http_span_slice(outcome.head.path, bytes), requests[i].path) &&
                     slice_is(http_span_slice(outcome.head.query, bytes), requests[i].query) &&
                     slice_is(http_span_slice(outcome.head.host, bytes), requests[i].host) &&
                     (requests[i].body == NULL ||
                      slice_is(slice_of(outcome.body, outcome.body_size), requests[i].body)) &&
                     outcome.head.keep_alive == requests[i].keep_alive &&
                     slice_is(rest, requests[i].rest);
        if (!right)
            fail_msg("%s: path %.*s, body of %zu, rest %.*s", requests[i].label,
                     SLICE_FORMAT(http_span_slice(outcome.head.path, bytes)), outcome.body_size,
                     SLICE_FORMAT(rest));
    }
}

static void
test_incomplete_requests_want_more(void **state)
{
    static const struct slice table[] = {
        TEXT("G"),
        TEXT("\r"),
        TEXT("\r\n"),
        TEXT("GET / HTTP/1.1\r"),
        TEXT("GET / HTTP/1.1\r\nHost: a\r\n"),
        TEXT("GET / HTTP/1.1\r\nHost: a\r\n\r"),
        TEXT(POST "Content-Length: 5\r\n\r\nhell"),
        TEXT(CHUNKED),
        TEXT(CHUNKED "5"),
        TEXT(CHUNKED "5\r\nhello\r\n"),
        TEXT(CHUNKED "0\r\n"),
        TEXT(CHUNKED "0\r\nX: 1\r\n\r"),
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct outcome outcome;
        run_all(&outcome, "incomplete", table[i]);
        if (outcome.step != HTTP_STEP_MORE)
            fail_msg("%zu: step %d", i, outcome.step);
    }
}

static void
test_methods_are_known_or_other(void **state)
{
    static const struct {
        const char *name;
        enum http_method method;
    } table[] = {
        {"GET", HTTP_METHOD_GET},         {"HEAD", HTTP_METHOD_HEAD},
        {"POST", HTTP_METHOD_POST},       {"PUT", HTTP_METHOD_PUT},
        {"PATCH", HTTP_METHOD_PATCH},     {"DELETE", HTTP_METHOD_DELETE},
        {"OPTIONS", HTTP_METHOD_OPTIONS}, {"get", HTTP_METHOD_OTHER},
        {"TRACE", HTTP_METHOD_OTHER},     {"GETS", HTTP_METHOD_OTHER},
        {"M-SEARCH", HTTP_METHOD_OTHER},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        char text[64];
        int size = snprintf(text, sizeof(text), "%s / HTTP/1.1\r\n" HOST "\r\n", table[i].name);
        struct outcome outcome;
        run_all(&outcome, table[i].name, slice_of(text, (size_t)size));
        assert_int_equal(outcome.step, HTTP_STEP_DONE);
        assert_int_equal(outcome.head.method, table[i].method);
        assert_true(slice_is(http_span_slice(outcome.head.method_name, text), table[i].name));
    }
}

static void
test_header_lines_are_found_in_any_case_and_order(void **state)
{
    static const char text[] = "GET / HTTP/1.1\r\nhost: a\r\nX-One: 1\r\nx-two:  2 3\t\r\n"
                               "X-ONE: 4\r\nX-On: 5\r\nX-Empty:\r\n\r\n";
    struct http_head head;
    http_head_init(&head);
    assert_int_equal(http_head_parse(&head, text, sizeof(text) - 1), HTTP_STEP_DONE);
    assert_int_equal(head.size, sizeof(text) - 1);
    assert_int_equal(head.field_count, 6);

    size_t at = 0;
    assert_true(slice_is(http_head_next(&head, text, SLICE("x-one"), &at), "1"));
    assert_true(slice_is(http_head_next(&head, text, SLICE("x-one"), &at), "4"));
    assert_null(http_head_next(&head, text, SLICE("x-one"), &at).ptr);
    at = 0;
    assert_true(slice_is(http_head_next(&head, text, SLICE("X-TWO"), &at), "2 3"));
    at = 0;
    struct slice empty = http_head_next(&head, text, SLICE("x-empty"), &at);
    assert_non_null(empty.ptr);
    assert_int_equal(empty.size, 0);
    at = 0;
    assert_null(http_head_next(&head, text, SLICE("x"), &at).ptr);
}

static void
test_expectation_is_for_1_1_only(void **state)
{
    struct outcome outcome;
    run_all(&outcome, "1.1", SLICE(POST "Expect: 100-Continue\r\n\r\n"));
    assert_true(outcome.head.expects_continue);
    run_all(&outcome, "1.0", SLICE("POST / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n"));
    assert_int_equal(outcome.step, HTTP_STEP_DONE);
    assert_false(outcome.head.expects_continue);
}

/* before, then count times fill, then after. Ends with mem_free(). */
static struct slice
build(const char *before, const char *fill, size_t count, const char *after)
{
    size_t fill_size = strlen(fill);
    size_t size = strlen(before) + count * fill_size + strlen(after);
    char *text = mem_alloc(size + 1);
    size_t at = strlen(before);
    memcpy(text, before, at);
    for (size_t i = 0; i < count; i++, at += fill_size)
        memcpy(text + at, fill, fill_size);
    memcpy(text + at, after, strlen(after) + 1);
    return slice_of(text, size);
}

static void
test_sizes_up_to_the_maximum_are_read(void **state)
{
    /* What is in a request line or header section beside the filling. */
    const size_t line = LIMIT_HTTP_REQUEST_LINE_BYTES - strlen("GET / HTTP/1.1\r\n");
    const size_t fields = LIMIT_HTTP_HEADER_BYTES - strlen("Host: a\r\nX: \r\n\r\n");
    const struct {
        const char *label, *before, *fill;
        size_t count;
        const char *after;
        int status; /* 0: read */
    } table[] = {
        {"longest line", "GET /", "a", line, " HTTP/1.1\r\n" HOST "\r\n", 0},
        {"line too long", "GET /", "a", line + 1, " HTTP/1.1\r\n" HOST "\r\n", 414},
        {"endless line", "GET /", "a", 100000, "", 414},
        {"endless method", "G", "E", 100000, "", 414},
        {"longest header", "GET / HTTP/1.1\r\n" HOST "X: ", "a", fields, "\r\n\r\n", 0},
        {"header too long", "GET / HTTP/1.1\r\n" HOST "X: ", "a", fields + 1, "\r\n\r\n", 431},
        {"header line of 64 KiB", "GET / HTTP/1.1\r\n" HOST "X: ", "a", 65536, "\r\n\r\n", 431},
        {"endless header", "GET / HTTP/1.1\r\n" HOST "X: ", "a", 100000, "", 431},
        {"most lines", "GET / HTTP/1.1\r\n" HOST, "X: 1\r\n", LIMIT_HTTP_HEADERS - 1, "\r\n", 0},
        {"too many lines", "GET / HTTP/1.1\r\n" HOST, "X: 1\r\n", LIMIT_HTTP_HEADERS, "\r\n", 431},
        {"longest body", POST "Content-Length: 1048576\r\n\r\n", "a", BODY_MAX, "", 0},
        {"longest chunk", CHUNKED "100000\r\n", "a", BODY_MAX, "\r\n0\r\n\r\n", 0},
        {"many chunks", CHUNKED, "1\r\na\r\n", 5000, "0\r\n\r\n", 0},
        {"one chunk too many", CHUNKED "100000\r\n", "a", BODY_MAX, "\r\n1\r\n", 413},
        {"endless size", CHUNKED, "0", 100, "", 400},
        {"longest extension", CHUNKED "0;", "a", LIMIT_HTTP_CHUNK_EXTENSION_BYTES, "\r\n\r\n", 0},
        {"extension too long", CHUNKED "0;", "a", LIMIT_HTTP_CHUNK_EXTENSION_BYTES + 1, "\r\n\r\n",
         413},
        {"many extensions", CHUNKED, "1;abc\r\na\r\n", 5000, "0\r\n\r\n", 413},
        {"trailers too long", CHUNKED "0\r\n", "X: 1\r\n", 2000, "\r\n", 431},
        {"endless trailer", CHUNKED "0\r\nX:", "a", 100000, "", 431},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct slice text = build(table[i].before, table[i].fill, table[i].count, table[i].after);
        struct outcome whole;
        struct outcome pieces;
        run(&whole, text, text.size);
        run(&pieces, text, 1021);
        enum http_step step = table[i].status == 0 ? HTTP_STEP_DONE : HTTP_STEP_BAD;
        if (whole.step != step || whole.status != table[i].status)
            fail_msg("%s: step %d, status %d", table[i].label, whole.step, whole.status);
        if (pieces.step != step || pieces.status != whole.status)
            fail_msg("%s in pieces: step %d, status %d", table[i].label, pieces.step,
                     pieces.status);
        mem_free((void *)(uintptr_t)text.ptr);
    }
}

/* Where a byte is tried: `%c` of the text. */
static bool
byte_is_taken(const char *before, int byte, const char *after)
{
    char text[128];
    size_t size = strlen(before);
    memcpy(text, before, size);
    text[size] = (char)byte;
    memcpy(text + size + 1, after, strlen(after));
    struct outcome outcome;
    run_all(&outcome, before, slice_of(text, size + 1 + strlen(after)));
    return outcome.step == HTTP_STEP_DONE;
}

static bool
is_one_of(int byte, const char *others)
{
    bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
    bool digit = byte >= '0' && byte <= '9';
    return letter || digit || (byte != '\0' && strchr(others, byte) != NULL);
}

static void
test_every_byte_in_every_place(void **state)
{
    const char *token = "!#$%&'*+-.^_`|~";
    for (int byte = 0; byte < 256; byte++) {
        bool visible = byte > 0x20 && byte < 0x7f;
        const struct {
            const char *before, *after;
            bool taken;
        } table[] = {
            {"G", "T / HTTP/1.1\r\n" HOST "\r\n", is_one_of(byte, token)},
            {"GET /x", "y HTTP/1.1\r\n" HOST "\r\n", is_one_of(byte, "-._~!$&'()*+,;=:@/?")},
            {"GET /?x", "y HTTP/1.1\r\n" HOST "\r\n", visible && byte != '#' && byte != '%'},
            {"GET / HTTP/1.1\r\nHost: x", "y\r\n\r\n", is_one_of(byte, "-._~!$&'()*+,;=")},
            {"GET / HTTP/1.1\r\n" HOST "X", ": 1\r\n\r\n", is_one_of(byte, token) || byte == ':'},
            {"GET / HTTP/1.1\r\n" HOST "X: a", "b\r\n\r\n",
             visible || byte == ' ' || byte == '\t' || byte >= 0x80},
        };
        for (size_t i = 0; i < COUNT_OF(table); i++) {
            bool taken = byte_is_taken(table[i].before, byte, table[i].after);
            if (taken != table[i].taken)
                fail_msg("byte 0x%02x behind \"%s\": %d", byte, table[i].before, taken);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests_that_are_refused),
        cmocka_unit_test(test_requests_that_are_read),
        cmocka_unit_test(test_incomplete_requests_want_more),
        cmocka_unit_test(test_methods_are_known_or_other),
        cmocka_unit_test(test_header_lines_are_found_in_any_case_and_order),
        cmocka_unit_test(test_expectation_is_for_1_1_only),
        cmocka_unit_test(test_sizes_up_to_the_maximum_are_read),
        cmocka_unit_test(test_every_byte_in_every_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
