/* foreign/n8n_js.h - the part of JavaScript that stands in expressions: read into a tree.
 *
 * Expressions: literals, names, members, calls, operators, `a ? b : c`, arrow functions whose body
 * is an expression, templates, regular expressions, lists, objects, `new`. Programs: `const`,
 * assignments, `for (const x of list)` and `return`.
 *
 * Source: ECMA-262, the grammar of expressions.
 * Threads: pure.
 */
#ifndef FOREIGN_N8N_JS_H
#define FOREIGN_N8N_JS_H

#include "base/arena.h"
#include "base/status.h"

enum js_kind {
    JS_NUMBER,   /* text: as written */
    JS_TEXT,     /* text: what it says */
    JS_WORD,     /* text: true, false, null or undefined */
    JS_NAME,     /* text */
    JS_REGEX,    /* text: the pattern; flags */
    JS_TEMPLATE, /* parts: JS_TEXT and any others, in turn */
    JS_LIST,     /* parts */
    JS_OBJECT,   /* parts: JS_PROPERTY and JS_SPREAD */
    JS_PROPERTY, /* text: its name; parts: the value; or parts: name, value if it is computed */
    JS_SPREAD,   /* parts: what is spread */
    JS_MEMBER,   /* text: the name; parts: of what */
    JS_INDEX,    /* parts: of what, which */
    JS_CALL,     /* parts: what is called, arguments */
    JS_NEW,      /* parts: a class, arguments */
    JS_UNARY,    /* text: the operator; parts: one */
    JS_BINARY,   /* text: the operator; parts: two */
    JS_CHOICE,   /* parts: condition, then, else */
    JS_ARROW,    /* parts: JS_NAME for each parameter, then the body */
    JS_LET,      /* text: the name; parts: the value */
    JS_ASSIGN,   /* parts: the place, the value */
    JS_RETURN,   /* parts: the value */
    JS_EACH,     /* text: the name; parts: the list, then statements */
};

struct js {
    enum js_kind kind;
    struct slice text;
    struct slice flags;
    struct js *parts; /* the first one */
    struct js *next;  /* of the parts of the same whole */
};

/* Deepest nesting, and how many nodes one expression may have. */
#define JS_DEPTH_MAX 60
#define JS_NODES_MAX 5000

/* One expression, all of the text. NULL, and *why in the arena, if it is none or has something that
 * is not read. */
const struct js *js_parse(struct arena *arena, struct slice text, const char **why);

/* A program: its statements, one behind the other by `next`. */
const struct js *js_parse_program(struct arena *arena, struct slice text, const char **why);

/* How many parts it has. */
size_t js_part_count(const struct js *js);

#endif
