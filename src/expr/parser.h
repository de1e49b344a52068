/* expr/parser.h - what the files of the parser share.
 *
 * The first problem is kept and turns every later token into the end of the source, so that no
 * function needs to look for failures: each gives some node, never NULL.
 *
 * Threads: one compilation belongs to one thread.
 */
#ifndef EXPR_PARSER_H
#define EXPR_PARSER_H

#include "base/arena.h"
#include "expr/expr.h"
#include "expr/lexer.h"
#include "expr/node.h"

/* Expressions inside each other, so that the small stack of any thread is enough to parse. */
#define PARSER_NESTING_MAX 200

enum binding_kind {
    BINDING_VARIABLE,
    BINDING_LABEL,
    BINDING_FUNCTION,
    BINDING_PARAMETER,
    BINDING_INLINE, /* a macro's parameter: stands for a node */
};

struct binding {
    enum binding_kind kind;
    struct slice name;
    uint32_t depth; /* of the function whose frame has the slot */
    uint32_t slot;
    struct def *def;         /* FUNCTION; PARAMETER: whose */
    uint32_t index;          /* PARAMETER */
    const struct node *node; /* INLINE */
    const struct binding *next;
};

/* A definition being parsed; the outermost is the program itself. */
struct function {
    struct def *def; /* NULL for the program */
    uint32_t depth;
    uint32_t slot_count;
};

struct compilation {
    struct arena *arena;
    struct expr_problem *problem;
    enum status status;
    unsigned nesting;
    struct def *defs;
};

struct parser {
    struct compilation *compilation;
    struct lexer lexer;
    struct token token;
    const struct binding *scope;
    struct function *function;
    bool in_closure; /* inside the arguments of a call */
    bool no_comma;   /* in an object's value, where a comma ends the expression */
    bool is_builtin; /* the text of a built-in: offsets are those of the call */
    size_t call_offset;
};

/* parser.c */
void parser_start(struct parser *parser, struct slice source);
const struct node *parser_fail(struct parser *parser, size_t offset, size_t length,
                               const char *format, ...) PRINTF_LIKE(4, 5);
const struct node *parser_refuse(struct parser *parser, enum status status, struct slice what,
                                 const char *why);
void parser_advance(struct parser *parser);
bool parser_at_symbol(const struct parser *parser, const char *symbol);
bool parser_at_word(const struct parser *parser, const char *word);
bool parser_accept(struct parser *parser, const char *symbol);
void parser_expect(struct parser *parser, const char *symbol);
void parser_expect_word(struct parser *parser, const char *word);
/* "expected <what>, found <token>". */
const struct node *parser_unexpected(struct parser *parser, const char *what);
/* False, with the failure noted, when expressions are nested too deeply. */
bool parser_enter(struct parser *parser);
void parser_leave(struct parser *parser);
const struct node *parse_pipe(struct parser *parser);
/* A pipe in which commas are allowed again. */
const struct node *parse_inner(struct parser *parser);
/* An operand, for try and patterns. */
const struct node *parse_operand(struct parser *parser);
/* The value of an object's member. */
const struct node *parse_object_value(struct parser *parser);
void parse_definition(struct parser *parser);

/* term.c */
const struct node *parse_postfix(struct parser *parser);
const struct node *parse_string(struct parser *parser, enum format format);

/* object.c */
const struct node *parse_object(struct parser *parser);
bool parser_is_keyword(struct slice name);

/* pattern.c: the rest of `source as patterns | body`, standing at "as". */
const struct node *parse_bind(struct parser *parser, const struct node *source);
/* `reduce` and `foreach`, standing at the word. */
const struct node *parse_fold(struct parser *parser, enum node_kind kind);
const struct node *parse_label(struct parser *parser);
const struct node *parse_break(struct parser *parser);

/* scope.c */
uint32_t scope_new_slot(struct parser *parser);
/* Makes the name visible; gives its slot. */
uint32_t scope_add_variable(struct parser *parser, struct slice name);
struct binding *scope_add(struct parser *parser, enum binding_kind kind, struct slice name);
const struct binding *scope_find(const struct parser *parser, enum binding_kind kind,
                                 struct slice name);
const struct node *scope_variable(struct parser *parser, struct token token);
/* A call of name with args[0..count), which it keeps. */
const struct node *scope_call(struct parser *parser, struct token name, const struct node **args,
                              uint32_t count);
/* A call of a built-in, whatever the program has defined under that name. */
const struct node *scope_call_builtin(struct parser *parser, const char *name,
                                      const struct node *arg);

/* build.c */
void *build_alloc(struct parser *parser, size_t size);
struct node *build_node(struct parser *parser, enum node_kind kind);
void build_adopt(struct parser *parser, struct node *node, const struct node *child);
const struct node *build_identity(struct parser *parser);
const struct node *build_constant(struct parser *parser, struct value value);
const struct node *build_slot(struct parser *parser, enum node_kind kind, uint32_t level,
                              uint32_t slot);
const struct node *build_pair(struct parser *parser, enum node_kind kind, const struct node *left,
                              const struct node *right);
const struct node *build_operator(struct parser *parser, enum operator operator,
                                  const struct node * left, const struct node *right);
const struct node *build_assign(struct parser *parser, enum operator operator,
                                const struct node * left, const struct node *right);
const struct node *build_negate(struct parser *parser, const struct node *operand);
const struct node *build_array(struct parser *parser, const struct node *body);
const struct node *build_index(struct parser *parser, const struct node *base,
                               const struct node *key);
const struct node *build_loop(struct parser *parser, enum node_kind kind, const struct node *a,
                              const struct node *b);
const struct node *build_if(struct parser *parser, const struct node *test, const struct node *then,
                            const struct node *otherwise);
const struct node *build_bind(struct parser *parser, const struct node *source, uint32_t slot,
                              const struct node *body);
/* A balanced tree of PIPE or COMMA over nodes[0..count). */
const struct node *build_chain(struct parser *parser, enum node_kind kind,
                               const struct node **nodes, size_t count);

/* A list of nodes that grows in the arena. */
struct node_list {
    const struct node **nodes;
    size_t count;
    size_t capacity;
};

void node_list_add(struct parser *parser, struct node_list *list, const struct node *node);

/* analysis.c: sets `many` of all nodes and definitions, and what ownership.c finds. */
void analysis_run(const struct node *body, struct def *defs);

/* ownership.c: finds out whether a fold may change its state in place, and marks what does so.
 * After `many` is known of all nodes in it. */
void ownership_mark(const struct node *fold);

#endif
