#include "expr/parser.h"

#include "base/limits.h"

#include <stdarg.h>
#include <stdio.h>

static void
note_problem(struct parser *parser, enum status status, size_t offset, size_t length)
{
    struct compilation *compilation = parser->compilation;
    compilation->status = status;
    compilation->problem->offset = parser->is_builtin ? parser->call_offset : offset;
    compilation->problem->length = length;
}

/* After a failure the rest of the source is not looked at. */
static void
stop_reading(struct parser *parser)
{
    parser->lexer.at = parser->lexer.source.size;
    parser->token = lexer_next(&parser->lexer);
}

const struct node *
parser_fail(struct parser *parser, size_t offset, size_t length, const char *format, ...)
{
    struct compilation *compilation = parser->compilation;
    if (compilation->status == STATUS_OK) {
        note_problem(parser, STATUS_INVALID, offset, length);
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(compilation->problem->words, sizeof(compilation->problem->words), format,
                  arguments);
        va_end(arguments);
    }
    stop_reading(parser);
    return build_identity(parser);
}

const struct node *
parser_refuse(struct parser *parser, enum status status, struct slice what, const char *why)
{
    struct compilation *compilation = parser->compilation;
    if (compilation->status == STATUS_OK) {
        note_problem(parser, status, parser->token.offset, what.size);
        if (what.size > 0 && parser->lexer.source.ptr != NULL)
            compilation->problem->offset = (size_t)(what.ptr - parser->lexer.source.ptr);
        if (parser->is_builtin)
            compilation->problem->offset = parser->call_offset;
        snprintf(compilation->problem->words, sizeof(compilation->problem->words), "%.*s%s%s",
                 SLICE_FORMAT(what), what.size > 0 ? " " : "", why);
    }
    stop_reading(parser);
    return build_identity(parser);
}

void
parser_advance(struct parser *parser)
{
    if (parser->compilation->status != STATUS_OK) {
        stop_reading(parser);
        return;
    }
    parser->token = lexer_next(&parser->lexer);
    if (arena_is_over(parser->compilation->arena))
        parser_refuse(parser, STATUS_LIMIT, SLICE(""), "the expression needs too much memory");
}

void
parser_start(struct parser *parser, struct slice source)
{
    parser->lexer = (struct lexer){.source = source};
    parser_advance(parser);
}

bool
parser_at_symbol(const struct parser *parser, const char *symbol)
{
    return parser->token.kind == TOKEN_SYMBOL && slice_is(parser->token.text, symbol);
}

bool
parser_at_word(const struct parser *parser, const char *word)
{
    return parser->token.kind == TOKEN_NAME && slice_is(parser->token.text, word);
}

const struct node *
parser_unexpected(struct parser *parser, const char *what)
{
    struct token token = parser->token;
    if (token.kind == TOKEN_END)
        return parser_fail(parser, token.offset, 0, "expected %s, found the end", what);
    size_t length = parser->lexer.at - token.offset;
    struct slice text = slice_of(parser->lexer.source.ptr + token.offset, length);
    struct slice cut = slice_cut(text, 40);
    return parser_fail(parser, token.offset, length, "expected %s, found %.*s", what,
                       SLICE_FORMAT(cut));
}

bool
parser_accept(struct parser *parser, const char *symbol)
{
    if (!parser_at_symbol(parser, symbol))
        return false;
    parser_advance(parser);
    return true;
}

void
parser_expect(struct parser *parser, const char *symbol)
{
    if (!parser_accept(parser, symbol))
        parser_unexpected(parser, symbol);
}

void
parser_expect_word(struct parser *parser, const char *word)
{
    if (parser_at_word(parser, word))
        parser_advance(parser);
    else
        parser_unexpected(parser, word);
}

bool
parser_enter(struct parser *parser)
{
    if (parser->compilation->nesting >= PARSER_NESTING_MAX) {
        parser_refuse(parser, STATUS_LIMIT, SLICE(""), "the expression is nested too deeply");
        return false;
    }
    parser->compilation->nesting++;
    return true;
}

void
parser_leave(struct parser *parser)
{
    parser->compilation->nesting--;
}

/* Levels of the operators from loose to tight, as in jq's grammar; `//` is looser than all. */
enum level {
    LEVEL_ASSIGN = 1,
    LEVEL_OR,
    LEVEL_AND,
    LEVEL_COMPARE,
    LEVEL_SUM,
    LEVEL_PRODUCT,
    LEVEL_OPERAND,
};

struct operator_row {
    const char *text;
    uint8_t level;
    uint8_t operator;
    bool assigns;
};

static const struct operator_row operator_rows[] = {
    {"=", LEVEL_ASSIGN, OPERATOR_SET, true},
    {"|=", LEVEL_ASSIGN, OPERATOR_UPDATE, true},
    {"+=", LEVEL_ASSIGN, OPERATOR_ADD, true},
    {"-=", LEVEL_ASSIGN, OPERATOR_SUBTRACT, true},
    {"*=", LEVEL_ASSIGN, OPERATOR_MULTIPLY, true},
    {"/=", LEVEL_ASSIGN, OPERATOR_DIVIDE, true},
    {"%=", LEVEL_ASSIGN, OPERATOR_MODULO, true},
    {"//=", LEVEL_ASSIGN, OPERATOR_ALTERNATIVE, true},
    {"or", LEVEL_OR, OPERATOR_OR, false},
    {"and", LEVEL_AND, OPERATOR_AND, false},
    {"==", LEVEL_COMPARE, OPERATOR_EQUAL, false},
    {"!=", LEVEL_COMPARE, OPERATOR_UNEQUAL, false},
    {"<", LEVEL_COMPARE, OPERATOR_LESS, false},
    {"<=", LEVEL_COMPARE, OPERATOR_LESS_EQUAL, false},
    {">", LEVEL_COMPARE, OPERATOR_GREATER, false},
    {">=", LEVEL_COMPARE, OPERATOR_GREATER_EQUAL, false},
    {"+", LEVEL_SUM, OPERATOR_ADD, false},
    {"-", LEVEL_SUM, OPERATOR_SUBTRACT, false},
    {"*", LEVEL_PRODUCT, OPERATOR_MULTIPLY, false},
    {"/", LEVEL_PRODUCT, OPERATOR_DIVIDE, false},
    {"%", LEVEL_PRODUCT, OPERATOR_MODULO, false},
};

static const struct operator_row *
operator_at(const struct parser *parser)
{
    if (parser->token.kind != TOKEN_SYMBOL && parser->token.kind != TOKEN_NAME)
        return NULL;
    for (size_t i = 0; i < COUNT_OF(operator_rows); i++) {
        if (slice_is(parser->token.text, operator_rows[i].text))
            return &operator_rows[i];
    }
    return NULL;
}

static bool
level_is_single(uint8_t level)
{
    return level == LEVEL_ASSIGN || level == LEVEL_COMPARE;
}

static const struct node *
parse_binary(struct parser *parser, uint8_t least)
{
    const struct node *left = parse_operand(parser);
    uint8_t last = 0;
    for (;;) {
        const struct operator_row *row = operator_at(parser);
        if (row == NULL || row->level < least)
            return left;
        if (row->level == last && level_is_single(last))
            return parser_fail(parser, parser->token.offset, parser->token.text.size,
                               "%s cannot follow another operator of its kind: use parentheses",
                               row->text);
        parser_advance(parser);
        const struct node *right = parse_binary(parser, (uint8_t)(row->level + 1));
        left = row->assigns ? build_assign(parser, row->operator, left, right)
                            : build_operator(parser, row->operator, left, right);
        last = row->level;
    }
}

static const struct node *
parse_try(struct parser *parser)
{
    parser_advance(parser);
    const struct node *body = parse_operand(parser);
    const struct node *handler = NULL;
    if (parser_at_word(parser, "catch")) {
        parser_advance(parser);
        handler = parse_operand(parser);
    }
    return build_loop(parser, NODE_TRY, body, handler);
}

static const struct node *
parse_operand_inside(struct parser *parser)
{
    if (parser_accept(parser, "-"))
        return build_negate(parser, parse_binary(parser, LEVEL_PRODUCT));
    if (parser_at_word(parser, "try"))
        return parse_try(parser);
    if (parser_at_word(parser, "label"))
        return parse_label(parser);
    if (parser_at_word(parser, "def"))
        return parse_pipe(parser);
    return parse_postfix(parser);
}

const struct node *
parse_operand(struct parser *parser)
{
    if (!parser_enter(parser))
        return build_identity(parser);
    const struct node *node = parse_operand_inside(parser);
    parser_leave(parser);
    return node;
}

/* `//` groups to the right. */
static const struct node *
parse_alternatives(struct parser *parser)
{
    struct node_list list = {0};
    do {
        node_list_add(parser, &list, parse_binary(parser, LEVEL_ASSIGN));
    } while (parser_accept(parser, "//"));
    if (list.count == 0)
        return build_identity(parser);

    const struct node *node = list.nodes[list.count - 1];
    for (size_t i = list.count - 1; i > 0; i--)
        node = build_operator(parser, OPERATOR_ALTERNATIVE, list.nodes[i - 1], node);
    return node;
}

/* `1 + 2 as $x | …` binds the sum, as in jq 1.8. */
static const struct node *
parse_element(struct parser *parser)
{
    const struct node *node = parse_alternatives(parser);
    if (!parser_at_word(parser, "as"))
        return node;
    if (!parser_enter(parser))
        return build_identity(parser);
    node = parse_bind(parser, node);
    parser_leave(parser);
    return node;
}

static const struct node *
parse_commas(struct parser *parser)
{
    struct node_list list = {0};
    do {
        node_list_add(parser, &list, parse_element(parser));
    } while (!parser->no_comma && parser_accept(parser, ","));
    return build_chain(parser, NODE_COMMA, list.nodes, list.count);
}

const struct node *
parse_pipe(struct parser *parser)
{
    const struct binding *scope = parser->scope;
    struct node_list list = {0};
    do {
        while (parser_at_word(parser, "def"))
            parse_definition(parser);
        node_list_add(parser, &list, parse_commas(parser));
    } while (parser_accept(parser, "|"));
    parser->scope = scope;
    return build_chain(parser, NODE_PIPE, list.nodes, list.count);
}

const struct node *
parse_inner(struct parser *parser)
{
    bool no_comma = parser->no_comma;
    parser->no_comma = false;
    const struct node *node = parse_pipe(parser);
    parser->no_comma = no_comma;
    return node;
}

const struct node *
parse_object_value(struct parser *parser)
{
    bool no_comma = parser->no_comma;
    parser->no_comma = true;
    const struct node *node = parse_pipe(parser);
    parser->no_comma = no_comma;
    return node;
}

static void
parse_parameters(struct parser *parser, struct def *def)
{
    struct param params[64] = {0};
    uint32_t count = 0;
    do {
        struct token token = parser->token;
        bool is_value = token.kind == TOKEN_VARIABLE;
        if (!is_value && (token.kind != TOKEN_NAME || parser_is_keyword(token.text))) {
            parser_unexpected(parser, "the name of a parameter");
            return;
        }
        if (count == COUNT_OF(params)) {
            parser_refuse(parser, STATUS_LIMIT, token.text, "is one parameter too many");
            return;
        }
        params[count++] =
            (struct param){.name = token.text, .is_value = is_value, .filter_slot = PARAM_NO_SLOT};
        parser_advance(parser);
    } while (parser_accept(parser, ";"));
    parser_expect(parser, ")");
    def->params = build_alloc(parser, sizeof(params[0]) * count);
    if (def->params == NULL)
        return;
    memcpy(def->params, params, sizeof(params[0]) * count);
    def->param_count = count;
}

/* The parameters take the first slots of the frame. */
static void
bind_parameters(struct parser *parser, struct def *def)
{
    for (uint32_t i = 0; i < def->param_count; i++) {
        struct param *param = &def->params[i];
        uint32_t slot = scope_new_slot(parser);
        if (param->is_value) {
            struct binding *variable = scope_add(parser, BINDING_VARIABLE, param->name);
            variable->slot = slot;
        } else {
            param->filter_slot = slot;
        }
        struct binding *filter = scope_add(parser, BINDING_PARAMETER, param->name);
        filter->def = def;
        filter->index = i;
    }
}

/* The filter of a $name parameter gets a slot of its own where the body has called it. */
static void
place_filters(struct parser *parser, struct def *def)
{
    for (uint32_t i = 0; i < def->param_count; i++) {
        if (def->params[i].filter_slot == PARAM_SLOT_WANTED)
            def->params[i].filter_slot = scope_new_slot(parser);
    }
}

/* Parses "name(parameters): body;" and leaves the name visible, to the body too. */
static void
parse_definition_inside(struct parser *parser)
{
    struct token name = parser->token;
    if (name.kind != TOKEN_NAME || parser_is_keyword(name.text)) {
        parser_unexpected(parser, "the name of the function");
        return;
    }
    parser_advance(parser);
    struct def *def = build_alloc(parser, sizeof(*def));
    def->name = name.text;
    def->depth = parser->function->depth;
    def->next = parser->compilation->defs;
    def->body = build_identity(parser);
    parser->compilation->defs = def;
    if (parser_accept(parser, "("))
        parse_parameters(parser, def);
    parser_expect(parser, ":");

    scope_add(parser, BINDING_FUNCTION, name.text)->def = def;
    struct parser outer = *parser;
    struct function function = {.def = def, .depth = def->depth + 1};
    parser->function = &function;
    parser->in_closure = false;
    bind_parameters(parser, def);
    def->body = parse_inner(parser);
    place_filters(parser, def);
    def->slot_count = function.slot_count;
    parser->function = outer.function;
    parser->in_closure = outer.in_closure;
    parser->scope = outer.scope;
    parser_expect(parser, ";");
}

void
parse_definition(struct parser *parser)
{
    parser_advance(parser);
    if (!parser_enter(parser))
        return;
    parse_definition_inside(parser);
    parser_leave(parser);
}
