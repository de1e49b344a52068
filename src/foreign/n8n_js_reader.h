/* foreign/n8n_js_reader.h - the tokens of JavaScript and the nodes that are made of them.
 *
 * What the parts of the parser share: n8n_js_tokens.c reads tokens, n8n_js.c makes trees of them.
 * The first failure stays in `why`, after which nothing more is read.
 *
 * Threads: pure; a reader belongs to one thread.
 */
#ifndef FOREIGN_N8N_JS_READER_H
#define FOREIGN_N8N_JS_READER_H

#include "base/arena.h"
#include "foreign/n8n_js.h"

enum js_token_kind {
    JS_TOKEN_END,
    JS_TOKEN_NUMBER,
    JS_TOKEN_TEXT,
    JS_TOKEN_NAME,
    JS_TOKEN_SIGN,
    JS_TOKEN_BAD
};

struct js_token {
    enum js_token_kind kind;
    struct slice text; /* of JS_TOKEN_TEXT: with its quotes */
    size_t start;
};

struct js_reader {
    struct arena *arena;
    struct slice text;
    size_t at; /* behind the token */
    struct js_token token;
    const char *why;
    int depth;
    int nodes;
};

/* The next token becomes reader->token. */
void js_next(struct js_reader *reader);

/* Notes why, unless something failed before; gives NULL. */
void *js_fail(struct js_reader *reader, const char *why);
/* The same: that something was expected in front of the token. */
void *js_fail_at(struct js_reader *reader, const char *expected);

/* Whether the token is that sign; taken, it is passed over; expected, another one is a failure. */
bool js_is_sign(const struct js_reader *reader, const char *sign);
bool js_take_sign(struct js_reader *reader, const char *sign);
bool js_expect_sign(struct js_reader *reader, const char *sign);

/* A node; NULL with a failure when there are too many. */
struct js *js_new(struct js_reader *reader, enum js_kind kind, struct slice text);
/* One with a first part; NULL if the part is. */
struct js *js_new_of(struct js_reader *reader, enum js_kind kind, struct slice text,
                     struct js *part);
void js_add_part(struct js *whole, struct js *part);

#endif
