/* expr/lexer.h - the words of the jq language.
 *
 * One token at a time. A string literal gives only its opening quote: the parser reads its pieces
 * with lexer_text(), because expressions stand between them.
 *
 * Threads: a lexer belongs to one thread.
 */
#ifndef EXPR_LEXER_H
#define EXPR_LEXER_H

#include "base/arena.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

enum token_kind {
    TOKEN_END,
    TOKEN_FIELD,    /* .name; text is the name */
    TOKEN_NAME,     /* names and key words */
    TOKEN_VARIABLE, /* $name; text is the name */
    TOKEN_FORMAT,   /* @name, with the @ */
    TOKEN_NUMBER,
    TOKEN_QUOTE,
    TOKEN_SYMBOL,
    TOKEN_WRONG, /* no token begins with this */
};

struct token {
    enum token_kind kind;
    struct slice text;
    size_t offset;
};

struct lexer {
    struct slice source;
    size_t at; /* behind the last token */
};

struct token lexer_next(struct lexer *lexer);

enum text_end {
    TEXT_QUOTE,      /* the closing quote was read */
    TEXT_EXPRESSION, /* "\(" was read */
    TEXT_WRONG,      /* an escape that does not exist, at lexer->at */
    TEXT_END,        /* the source ended */
    TEXT_TOO_LARGE,  /* the arena's limit */
};

/* The literal text from lexer->at up to the closing quote or the next "\(", unescaped. */
enum text_end lexer_text(struct lexer *lexer, struct arena *arena, struct slice *out);

/* Line of an offset, from 1. */
unsigned lexer_line(struct slice source, size_t offset);

#endif
