#include "expr/arithmetic.h"
#include "expr/builtins.h"
#include "expr/format.h"
#include "expr/parser.h"

static const struct node *
parse_number(struct parser *parser)
{
    struct token token = parser->token;
    struct value number = number_literal(parser->compilation->arena, token.text);
    parser_advance(parser);
    if (number.kind == VALUE_NONE)
        return parser_refuse(parser, STATUS_LIMIT, SLICE(""), "the number is too long");
    return build_constant(parser, number);
}

static const struct node *
fail_format(struct parser *parser)
{
    struct token token = parser->token;
    struct slice name = slice_of(token.text.ptr + 1, token.text.size - 1);
    const char *nearest = slice_nearest(name, format_names, FORMAT_COUNT);
    struct slice cut = slice_cut(token.text, 40);
    return parser_fail(parser, token.offset, token.text.size, "unknown format %.*s%s%s%s",
                       SLICE_FORMAT(cut), nearest == NULL ? "" : ": did you mean @",
                       nearest == NULL ? "" : nearest, nearest == NULL ? "" : "?");
}

static const struct node *
parse_format(struct parser *parser)
{
    enum format format = FORMAT_TEXT;
    struct slice name = slice_of(parser->token.text.ptr + 1, parser->token.text.size - 1);
    if (!format_find(name, &format))
        return fail_format(parser);
    parser_advance(parser);
    if (parser->token.kind == TOKEN_QUOTE)
        return parse_string(parser, format);
    struct node *node = build_node(parser, NODE_FORMAT);
    node->format = (uint8_t)format;
    return node;
}

static void
fail_text(struct parser *parser, enum text_end end, size_t start)
{
    if (end == TEXT_WRONG)
        parser_fail(parser, parser->lexer.at - 1, 2, "no such escape in a string");
    else if (end == TEXT_TOO_LARGE)
        parser_refuse(parser, STATUS_LIMIT, SLICE(""), "the expression needs too much memory");
    else
        parser_fail(parser, start, 1, "the string that begins here has no end");
}

/* Standing at the opening quote: literal pieces and the expressions between them. */
static void
parse_pieces(struct parser *parser, struct node_list *list)
{
    size_t start = parser->token.offset;
    for (;;) {
        struct slice text = slice_of("", 0);
        enum text_end end = lexer_text(&parser->lexer, parser->compilation->arena, &text);
        if (end != TEXT_QUOTE && end != TEXT_EXPRESSION) {
            fail_text(parser, end, start);
            return;
        }
        if (text.size > 0) {
            struct node *literal = build_node(parser, NODE_CONSTANT);
            literal->constant = value_string(text);
            literal->is_literal = true;
            node_list_add(parser, list, literal);
        }
        if (end == TEXT_QUOTE)
            return;
        parser_advance(parser);
        node_list_add(parser, list, parse_inner(parser));
        if (!parser_at_symbol(parser, ")")) {
            parser_unexpected(parser, "the ) of the interpolation");
            return;
        }
    }
}

const struct node *
parse_string(struct parser *parser, enum format format)
{
    struct node_list list = {0};
    struct node *node = build_node(parser, NODE_TEXT);
    parse_pieces(parser, &list);
    parser_advance(parser);
    if (list.count == 0)
        return build_constant(parser, value_text(""));
    if (list.count == 1 && list.nodes[0]->is_literal)
        return build_constant(parser, list.nodes[0]->constant);

    node->format = (uint8_t)format;
    node->branches.nodes = list.nodes;
    node->branches.count = (uint32_t)list.count;
    for (size_t i = 0; i < list.count; i++)
        build_adopt(parser, node, list.nodes[i]);
    return node;
}

/* The arguments of a call, standing behind the name. */
static const struct node **
parse_arguments(struct parser *parser, uint32_t *count)
{
    *count = 0;
    if (!parser_accept(parser, "("))
        return NULL;
    struct node_list list = {0};
    bool in_closure = parser->in_closure;
    parser->in_closure = true;
    do {
        node_list_add(parser, &list, parse_inner(parser));
    } while (parser_accept(parser, ";"));
    parser->in_closure = in_closure;
    parser_expect(parser, ")");
    *count = (uint32_t)list.count;
    return list.nodes;
}

static const struct node *
parse_if(struct parser *parser)
{
    struct node_list tests = {0};
    struct node_list thens = {0};
    do {
        parser_advance(parser);
        node_list_add(parser, &tests, parse_inner(parser));
        parser_expect_word(parser, "then");
        node_list_add(parser, &thens, parse_inner(parser));
    } while (parser_at_word(parser, "elif"));

    const struct node *node = NULL;
    if (parser_at_word(parser, "else")) {
        parser_advance(parser);
        node = parse_inner(parser);
    } else {
        node = build_identity(parser);
    }
    parser_expect_word(parser, "end");
    for (size_t i = tests.count; i > 0 && i <= thens.count; i--)
        node = build_if(parser, tests.nodes[i - 1], thens.nodes[i - 1], node);
    return node;
}

static const struct node *
parse_brackets(struct parser *parser)
{
    if (parser_accept(parser, "]"))
        return build_array(parser, NULL);
    const struct node *body = parse_inner(parser);
    parser_expect(parser, "]");
    return build_array(parser, body);
}

static const struct node *
parse_symbol_term(struct parser *parser)
{
    if (parser_accept(parser, ".."))
        return build_loop(parser, NODE_RECURSE, NULL, NULL);
    if (parser_accept(parser, ".")) {
        const struct node *identity = build_identity(parser);
        if (parser->token.kind != TOKEN_QUOTE)
            return identity;
        return build_index(parser, identity, parse_string(parser, FORMAT_TEXT));
    }
    if (parser_accept(parser, "(")) {
        const struct node *node = parse_inner(parser);
        parser_expect(parser, ")");
        return node;
    }
    if (parser_accept(parser, "["))
        return parse_brackets(parser);
    if (parser_at_symbol(parser, "{"))
        return parse_object(parser);
    return parser_unexpected(parser, "an expression");
}

static const struct node *
parse_module(struct parser *parser)
{
    return parser_refuse(parser, STATUS_UNSUPPORTED, parser->token.text,
                         "is not available: an expression has no modules");
}

static const struct node *
parse_name_term(struct parser *parser)
{
    struct token name = parser->token;
    if (slice_is(name.text, "if"))
        return parse_if(parser);
    if (slice_is(name.text, "reduce"))
        return parse_fold(parser, NODE_REDUCE);
    if (slice_is(name.text, "foreach"))
        return parse_fold(parser, NODE_FOREACH);
    if (slice_is(name.text, "break"))
        return parse_break(parser);
    if (slice_is(name.text, "import") || slice_is(name.text, "include") ||
        slice_is(name.text, "module"))
        return parse_module(parser);
    if (parser_is_keyword(name.text))
        return parser_unexpected(parser, "an expression");

    parser_advance(parser);
    uint32_t count = 0;
    const struct node **args = parse_arguments(parser, &count);
    if (parser->compilation->status != STATUS_OK)
        return build_identity(parser);
    if (slice_is(name.text, "null") && count == 0)
        return build_constant(parser, value_null());
    if (slice_is(name.text, "true") && count == 0)
        return build_constant(parser, value_bool(true));
    if (slice_is(name.text, "false") && count == 0)
        return build_constant(parser, value_bool(false));
    return scope_call(parser, name, args, count);
}

static const struct node *
parse_primary(struct parser *parser)
{
    struct token token = parser->token;
    switch (token.kind) {
    case TOKEN_FIELD:
        parser_advance(parser);
        return build_index(parser, build_identity(parser),
                           build_constant(parser, value_string(token.text)));
    case TOKEN_NUMBER:
        return parse_number(parser);
    case TOKEN_QUOTE:
        return parse_string(parser, FORMAT_TEXT);
    case TOKEN_FORMAT:
        return parse_format(parser);
    case TOKEN_VARIABLE:
        parser_advance(parser);
        return scope_variable(parser, token);
    case TOKEN_NAME:
        return parse_name_term(parser);
    case TOKEN_SYMBOL:
        return parse_symbol_term(parser);
    case TOKEN_END:
    case TOKEN_WRONG:
        break;
    }
    return parser_unexpected(parser, "an expression");
}

static const struct node *
build_slice(struct parser *parser, const struct node *base, const struct node *from,
            const struct node *upto)
{
    struct node *node = build_node(parser, NODE_SLICE);
    node->index.base = base;
    node->index.from = from;
    node->index.upto = upto;
    build_adopt(parser, node, base);
    build_adopt(parser, node, from);
    build_adopt(parser, node, upto);
    return node;
}

/* Standing behind "[" of a suffix. */
static const struct node *
parse_index(struct parser *parser, const struct node *base)
{
    if (parser_accept(parser, "]")) {
        struct node *node = build_node(parser, NODE_ITERATE);
        node->index.base = base;
        build_adopt(parser, node, base);
        return node;
    }
    const struct node *from = NULL;
    if (!parser_at_symbol(parser, ":"))
        from = parse_inner(parser);
    if (!parser_accept(parser, ":")) {
        parser_expect(parser, "]");
        return build_index(parser, base, from);
    }
    const struct node *upto = NULL;
    if (from == NULL || !parser_at_symbol(parser, "]"))
        upto = parse_inner(parser);
    parser_expect(parser, "]");
    return build_slice(parser, base, from, upto);
}

/* One `.name`, `."name"`, `.[…]` or `[…]`; NULL if there is none. */
static const struct node *
parse_suffix(struct parser *parser, const struct node *base)
{
    struct token token = parser->token;
    if (token.kind == TOKEN_FIELD) {
        parser_advance(parser);
        return build_index(parser, base, build_constant(parser, value_string(token.text)));
    }
    if (parser_accept(parser, "["))
        return parse_index(parser, base);
    if (!parser_at_symbol(parser, "."))
        return NULL;
    parser_advance(parser);
    if (parser->token.kind == TOKEN_QUOTE)
        return build_index(parser, base, parse_string(parser, FORMAT_TEXT));
    if (parser_accept(parser, "["))
        return parse_index(parser, base);
    return parser_unexpected(parser, "a name or [ behind the dot");
}

/* `?` directly behind a suffix quiets only that access; elsewhere it is `try`. */
static const struct node *
build_optional(struct parser *parser, const struct node *node, bool is_suffix)
{
    if (!is_suffix)
        return build_loop(parser, NODE_TRY, node, NULL);
    if (node->kind == NODE_PATH)
        node->path.keys->items[node->path.count - 1].optional = true;
    else
        ((struct node *)node)->optional = true;
    return node;
}

/* "?//" is one word only between patterns; elsewhere it is `?` and `//`. */
static bool
accept_question(struct parser *parser)
{
    if (parser_accept(parser, "?"))
        return true;
    if (!parser_at_symbol(parser, "?//"))
        return false;
    parser->lexer.at = parser->token.offset + 1;
    parser_advance(parser);
    return true;
}

/* A path lies where its term begins. It was made here, so that it may still be written. */
static void
place_path(const struct parser *parser, const struct node *node, size_t offset)
{
    if (!parser->is_builtin && node->kind == NODE_PATH)
        ((struct node *)node)->offset = (uint32_t)offset;
}

const struct node *
parse_postfix(struct parser *parser)
{
    size_t offset = parser->token.offset;
    bool is_suffix = parser->token.kind == TOKEN_FIELD;
    const struct node *node = parse_primary(parser);
    if (is_suffix)
        place_path(parser, node, offset);
    while (parser->compilation->status == STATUS_OK) {
        if (accept_question(parser)) {
            node = build_optional(parser, node, is_suffix && node->kind != NODE_TRY);
            is_suffix = false;
            continue;
        }
        const struct node *longer = parse_suffix(parser, node);
        if (longer == NULL)
            break;
        node = longer;
        is_suffix = true;
        place_path(parser, node, offset);
    }
    return node;
}
