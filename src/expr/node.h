/* expr/node.h - the tree that the parser makes and the evaluator walks.
 *
 * Names are resolved while parsing: a variable or parameter is (level, slot): so many frames up,
 * that slot; a call points to its definition. What is read-only after expr_compile() is shared by
 * all threads.
 *
 * A node is `many` when it may give more than one output; every other node gives one or none and is
 * evaluated in direct style (eval_one), where "none" and "failed" are values of kind VALUE_NONE.
 *
 * Threads: read-only after compiling.
 */
#ifndef EXPR_NODE_H
#define EXPR_NODE_H

#include "base/slice.h"
#include "base/value.h"

#include <stdbool.h>
#include <stdint.h>

/* Deepest tree, so that the small stack of any thread is enough to compile it. */
#define NODE_HEIGHT_MAX 1000

enum node_kind {
    NODE_IDENTITY,
    NODE_CONSTANT,
    NODE_VARIABLE,
    NODE_PATH, /* static names and indices on a base */
    NODE_PIPE,
    NODE_IF,
    NODE_BINARY,
    NODE_LOGIC, /* and, or */
    NODE_NATIVE,
    NODE_CALL,
    NODE_PARAMETER, /* a call of a parameter that is a filter */
    NODE_BIND,      /* source as $slot | body */
    NODE_OBJECT,
    NODE_ARRAY,
    NODE_TEXT, /* a string with interpolation */
    NODE_FORMAT,
    NODE_INDEX,
    NODE_SLICE,
    NODE_ITERATE,
    NODE_COMMA,
    NODE_NEGATE,
    NODE_ALTERNATIVE, /* a // b */
    NODE_ASSIGN,
    NODE_TRY,
    NODE_REDUCE,
    NODE_FOREACH,
    NODE_BIND_FIRST, /* patterns joined by ?// : the first branch that raises no error */
    NODE_LABEL,
    NODE_BREAK,
    NODE_EMPTY,
    NODE_FIRST,   /* first(a) */
    NODE_LAST,    /* last(a) */
    NODE_LIMIT,   /* limit(a; b) */
    NODE_SKIP,    /* skip(a; b) */
    NODE_RANGE,   /* range(a; b; c) */
    NODE_WHILE,   /* while(a; b) */
    NODE_UNTIL,   /* until(a; b) */
    NODE_RECURSE, /* recurse(a), or recurse when a is NULL */
    NODE_PATH_OF, /* path(a) */
    NODE_GETPATH, /* getpath(a) */
};

#define NODE_KIND_COUNT (NODE_GETPATH + 1)

enum operator{
    OPERATOR_ADD,
    OPERATOR_SUBTRACT,
    OPERATOR_MULTIPLY,
    OPERATOR_DIVIDE,
    OPERATOR_MODULO,
    OPERATOR_EQUAL,
    OPERATOR_UNEQUAL,
    OPERATOR_LESS,
    OPERATOR_LESS_EQUAL,
    OPERATOR_GREATER,
    OPERATOR_GREATER_EQUAL,
    OPERATOR_AND,
    OPERATOR_OR,
    OPERATOR_ALTERNATIVE,
    OPERATOR_SET,    /* = */
    OPERATOR_UPDATE, /* |= */
};

enum format {
    FORMAT_TEXT,
    FORMAT_JSON,
    FORMAT_CSV,
    FORMAT_TSV,
    FORMAT_HTML,
    FORMAT_URI,
    FORMAT_SH,
    FORMAT_BASE64,
    FORMAT_BASE64D,
    FORMAT_BASE32,
    FORMAT_BASE32D,
    FORMAT_URID,
    FORMAT_COUNT,
};

struct expr_machine;
struct node;

/* A built-in function of values: one result, or VALUE_NONE after machine_raise() and the like. */
typedef struct value native_fn(struct expr_machine *machine, struct value input,
                               const struct value *args);

#define NATIVE_ARGS_MAX 3

struct path_key {
    struct value key; /* VALUE_STRING or VALUE_INT */
    bool optional;
};

struct path_keys {
    uint32_t used;
    uint32_t capacity;
    struct path_key items[];
};

/* Most members of an object that is built in one go. */
#define OBJECT_STATIC_MAX 64

struct object_entry {
    const struct node *key;
    const struct node *value;
};

#define PARAM_NO_SLOT UINT32_MAX
#define PARAM_SLOT_WANTED (UINT32_MAX - 1) /* while its definition is parsed */

struct param {
    struct slice name;
    bool is_value; /* $name: evaluated at the call, in its slot */
    /* Where `name` can be called as a filter: always for plain parameters, for $name only if the
     * body does so. */
    uint32_t filter_slot;
};

struct def {
    struct slice name;
    struct param *params;
    uint32_t param_count;
    uint32_t slot_count; /* of its frame; the parameters come first */
    uint32_t depth; /* of the function around it; 0 for built-in definitions: no parent frame */
    bool is_root;   /* no frame around it is needed */
    bool many;
    const struct node *body;
    struct def *next; /* all definitions of the expression */
};

/* node.ownership (ownership.c) */
#define NODE_OWNING 1     /* a fold that may change its state in place, and what does so in it */
#define NODE_FRESH 2      /* what the assignment stores is no part of the state */
#define NODE_INHERITING 4 /* a fold that goes on with the state of the fold around it */
#define NODE_LOOKED_AT 8  /* while compiling */
#define NODE_LINEAR 16

struct node {
    uint8_t kind; /* enum node_kind */
    bool many;
    bool optional;   /* `?` on an index, slice or iteration */
    bool in_closure; /* a binder in an argument's text, which may be entered again */
    bool is_literal; /* a piece of a string as it stands there, which no format changes */
    uint8_t operator;
    uint8_t format;
    uint8_t ownership; /* bits, above */
    uint16_t pass;     /* of the analysis that saw it last */
    uint16_t height;   /* of the tree from here down; a leaf has 0 */
    uint32_t offset;   /* in the source */
    union {
        struct value constant;
        struct {
            uint32_t level;
            uint32_t slot;
        } variable; /* also BREAK */
        struct {
            const struct param *param;
            uint32_t level;
        } parameter;
        struct {
            const struct node *base;
            struct path_keys *keys;
            uint32_t count;
        } path;
        struct {
            const struct node *left;
            const struct node *right;
        } pair; /* PIPE, COMMA, BINARY, LOGIC, ALTERNATIVE, ASSIGN */
        struct {
            const struct node *test;
            const struct node *then;
            const struct node *otherwise;
        } choice;
        struct {
            native_fn *call;
            const struct node *args[NATIVE_ARGS_MAX];
            uint32_t count;
        } native;
        struct {
            const struct def *def;
            const struct node **args;
            uint32_t up; /* frames from here to the one around the definition */
        } call;
        struct {
            const struct node *source;
            const struct node *body;
            uint32_t slot;
        } bind;
        struct {
            const struct node **nodes;
            uint32_t count;
        } branches; /* BIND_FIRST, TEXT */
        struct {
            struct object_entry *entries;
            uint32_t count;
            bool is_static; /* constant, different keys and no value with many outputs */
        } object;
        struct {
            const struct node *base;
            const struct node *from; /* INDEX: the index; SLICE: may be NULL */
            const struct node *upto;
        } index; /* also ITERATE */
        struct {
            const struct node *source;
            const struct node *start;
            const struct node *update;
            const struct node *extract; /* NULL: the state itself */
            uint32_t slot;
        } fold;
        struct {
            const struct node *a;
            const struct node *b;
            const struct node *c;
        } loop; /* FIRST to GETPATH; ARRAY, NEGATE, TRY (a, handler b) */
        struct {
            const struct node *body;
            uint32_t slot;
        } label;
    };
};

struct expr {
    struct arena *arena;
    struct slice source;
    const struct node *body;
    uint32_t slot_count;
    struct def *defs;
};

#endif
