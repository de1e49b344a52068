#include "expr/parser.h"

/* A pattern is turned into bindings of single names: `. as [$a, {b: $c}] | body` becomes
 * `. as $1 | ($1|.[0]) as $a | ($1|.[1]) as $2 | ($2|.b) as $c | body`, with $1 and $2 nameless. */

struct step {
    const struct node *source;
    uint32_t slot;
};

struct step_list {
    struct step *steps;
    size_t count;
    size_t capacity;
};

static void
add_step(struct parser *parser, struct step_list *list, const struct node *source, uint32_t slot)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 4 : list->capacity * 2;
        struct step *steps = build_alloc(parser, capacity * sizeof(*steps));
        if (steps == NULL)
            return;
        if (list->count > 0)
            memcpy(steps, list->steps, list->count * sizeof(*steps));
        list->steps = steps;
        list->capacity = capacity;
    }
    list->steps[list->count++] = (struct step){source, slot};
}

/* In ?// patterns a name may stand in several of them: it is one variable. */
static uint32_t
variable_slot(struct parser *parser, struct slice name, const struct binding *outer)
{
    for (const struct binding *at = parser->scope; at != outer; at = at->next) {
        if (at->kind == BINDING_VARIABLE && slice_equal(at->name, name))
            return at->slot;
    }
    return scope_add_variable(parser, name);
}

struct pattern {
    struct parser *parser;
    const struct binding *outer; /* the scope before the patterns */
    struct step_list steps;
};

static void parse_pattern(struct pattern *pattern, const struct node *source);

/* Binds what `source` gives to a nameless variable, unless it is one; gives a reference to it. */
static const struct node *
keep_source(struct pattern *pattern, const struct node *source)
{
    if (source->kind == NODE_VARIABLE)
        return source;
    uint32_t slot = scope_new_slot(pattern->parser);
    add_step(pattern->parser, &pattern->steps, source, slot);
    return build_slot(pattern->parser, NODE_VARIABLE, 0, slot);
}

static void
parse_array_pattern(struct pattern *pattern, const struct node *source)
{
    struct parser *parser = pattern->parser;
    const struct node *kept = keep_source(pattern, source);
    int64_t index = 0;
    parser_advance(parser);
    do {
        const struct node *key = build_constant(parser, value_int(index++));
        parse_pattern(pattern, build_index(parser, kept, key));
    } while (parser_accept(parser, ","));
    parser_expect(parser, "]");
}

/* `$name`, which also binds, and whose value may be taken apart further. */
static void
parse_variable_member(struct pattern *pattern, const struct node *kept)
{
    struct parser *parser = pattern->parser;
    struct token token = parser->token;
    parser_advance(parser);
    const struct node *key = build_constant(parser, value_string(token.text));
    const struct node *value = build_index(parser, kept, key);
    add_step(parser, &pattern->steps, value, variable_slot(parser, token.text, pattern->outer));
    if (parser_accept(parser, ":"))
        parse_pattern(pattern, value);
}

static void
parse_member(struct pattern *pattern, const struct node *kept)
{
    struct parser *parser = pattern->parser;
    struct token token = parser->token;
    if (token.kind == TOKEN_VARIABLE) {
        parse_variable_member(pattern, kept);
        return;
    }
    const struct node *key = NULL;
    if (token.kind == TOKEN_NAME) {
        parser_advance(parser);
        key = build_constant(parser, value_string(token.text));
    } else if (token.kind == TOKEN_QUOTE) {
        key = parse_string(parser, FORMAT_TEXT);
    } else if (parser_accept(parser, "(")) {
        key = parse_inner(parser);
        parser_expect(parser, ")");
    } else {
        parser_unexpected(parser, "the name of a member");
        return;
    }
    parser_expect(parser, ":");
    /* The name is evaluated with the value that is taken apart as its input. */
    const struct node *access = build_index(parser, build_identity(parser), key);
    parse_pattern(pattern, build_pair(parser, NODE_PIPE, kept, access));
}

static void
parse_object_pattern(struct pattern *pattern, const struct node *source)
{
    struct parser *parser = pattern->parser;
    const struct node *kept = keep_source(pattern, source);
    parser_advance(parser);
    do {
        parse_member(pattern, kept);
    } while (parser_accept(parser, ","));
    parser_expect(parser, "}");
}

static void
parse_pattern(struct pattern *pattern, const struct node *source)
{
    struct parser *parser = pattern->parser;
    struct token token = parser->token;
    if (!parser_enter(parser))
        return;
    if (token.kind == TOKEN_VARIABLE) {
        parser_advance(parser);
        add_step(parser, &pattern->steps, source,
                 variable_slot(parser, token.text, pattern->outer));
    } else if (parser_at_symbol(parser, "[")) {
        parse_array_pattern(pattern, source);
    } else if (parser_at_symbol(parser, "{")) {
        parse_object_pattern(pattern, source);
    } else {
        parser_unexpected(parser, "a variable or pattern");
    }
    parser_leave(parser);
}

static const struct node *
bind_steps(struct parser *parser, const struct step_list *list, const struct node *body)
{
    for (size_t i = list->count; i > 0; i--)
        body = build_bind(parser, list->steps[i - 1].source, list->steps[i - 1].slot, body);
    return body;
}

#define PATTERNS_MAX 16

/* What stands between a source and a body: `as` and one or more patterns. The source's value is in
 * `slot`; a pattern of a single name needs no more than that. */
struct patterns {
    uint32_t slot;
    const struct binding *outer; /* the scope before and after the names were added */
    const struct binding *inner;
    struct step_list steps[PATTERNS_MAX];
    size_t count;
};

/* Standing at "as"; leaves the names visible. */
static void
parse_patterns(struct parser *parser, struct patterns *patterns)
{
    *patterns = (struct patterns){.outer = parser->scope};
    patterns->slot = scope_new_slot(parser);
    const struct node *source = build_slot(parser, NODE_VARIABLE, 0, patterns->slot);
    parser_expect_word(parser, "as");
    do {
        if (patterns->count == PATTERNS_MAX) {
            parser_refuse(parser, STATUS_LIMIT, SLICE(""), "too many patterns joined by ?//");
            return;
        }
        struct pattern pattern = {.parser = parser, .outer = patterns->outer};
        parse_pattern(&pattern, source);
        patterns->steps[patterns->count++] = pattern.steps;
    } while (parser_accept(parser, "?//"));
    patterns->inner = parser->scope;
}

/* Each branch clears all names of the patterns, then binds its own. */
static const struct node *
bind_branches(struct parser *parser, const struct patterns *patterns, const struct node *body)
{
    struct node *node = build_node(parser, NODE_BIND_FIRST);
    const struct node **branches = build_alloc(parser, sizeof(*branches) * patterns->count);
    const struct node *null = build_constant(parser, value_null());
    for (size_t i = 0; i < patterns->count; i++) {
        const struct node *branch = bind_steps(parser, &patterns->steps[i], body);
        for (const struct binding *at = patterns->inner; at != patterns->outer; at = at->next)
            branch = build_bind(parser, null, at->slot, branch);
        branches[i] = branch;
        build_adopt(parser, node, branch);
    }
    node->branches.nodes = branches;
    node->branches.count = (uint32_t)patterns->count;
    return node;
}

static bool
is_single_name(const struct patterns *patterns)
{
    if (patterns->count != 1 || patterns->steps[0].count != 1)
        return false;
    return patterns->steps[0].steps[0].source->kind == NODE_VARIABLE;
}

/* The slot that the source's value goes to. */
static uint32_t
source_slot(const struct patterns *patterns)
{
    return is_single_name(patterns) ? patterns->steps[0].steps[0].slot : patterns->slot;
}

static const struct node *
bind_patterns(struct parser *parser, const struct patterns *patterns, const struct node *body)
{
    if (is_single_name(patterns))
        return body;
    if (patterns->count == 1)
        return bind_steps(parser, &patterns->steps[0], body);
    return bind_branches(parser, patterns, body);
}

const struct node *
parse_bind(struct parser *parser, const struct node *source)
{
    struct patterns patterns;
    parse_patterns(parser, &patterns);
    parser_expect(parser, "|");
    const struct node *body = parse_pipe(parser);
    parser->scope = patterns.outer;
    body = bind_patterns(parser, &patterns, body);
    return build_bind(parser, source, source_slot(&patterns), body);
}

/* Parses "(start; update)" or "(start; update; extract)"; the names are not visible in start. */
static void
parse_fold_parts(struct parser *parser, const struct patterns *patterns, struct node *node)
{
    parser_expect(parser, "(");
    parser->scope = patterns->outer;
    node->fold.start = parse_inner(parser);
    parser->scope = patterns->inner;
    parser_expect(parser, ";");
    node->fold.update = bind_patterns(parser, patterns, parse_inner(parser));
    if (node->kind == NODE_FOREACH && parser_accept(parser, ";"))
        node->fold.extract = bind_patterns(parser, patterns, parse_inner(parser));
    parser_expect(parser, ")");
    parser->scope = patterns->outer;
}

const struct node *
parse_fold(struct parser *parser, enum node_kind kind)
{
    struct node *node = build_node(parser, kind);
    parser_advance(parser);
    bool is_negated = parser_accept(parser, "-");
    node->fold.source = parse_postfix(parser);
    if (is_negated)
        node->fold.source = build_negate(parser, node->fold.source);
    struct patterns patterns;
    parse_patterns(parser, &patterns);
    parse_fold_parts(parser, &patterns, node);
    node->fold.slot = source_slot(&patterns);
    build_adopt(parser, node, node->fold.source);
    build_adopt(parser, node, node->fold.start);
    build_adopt(parser, node, node->fold.update);
    build_adopt(parser, node, node->fold.extract);
    return node;
}

const struct node *
parse_label(struct parser *parser)
{
    struct node *node = build_node(parser, NODE_LABEL);
    parser_advance(parser);
    if (parser->token.kind != TOKEN_VARIABLE)
        return parser_unexpected(parser, "$name of the label");
    const struct binding *outer = parser->scope;
    struct binding *label = scope_add(parser, BINDING_LABEL, parser->token.text);
    label->slot = scope_new_slot(parser);
    parser_advance(parser);
    parser_expect(parser, "|");
    node->label.slot = label->slot;
    node->label.body = parse_pipe(parser);
    parser->scope = outer;
    build_adopt(parser, node, node->label.body);
    return node;
}

const struct node *
parse_break(struct parser *parser)
{
    parser_advance(parser);
    struct token token = parser->token;
    if (token.kind != TOKEN_VARIABLE)
        return parser_unexpected(parser, "$name of a label");
    parser_advance(parser);
    const struct binding *label = scope_find(parser, BINDING_LABEL, token.text);
    if (label == NULL)
        return parser_fail(parser, token.offset, token.text.size,
                           "there is no label $%.*s around this break",
                           SLICE_FORMAT(slice_cut(token.text, 80)));
    return build_slot(parser, NODE_BREAK, parser->function->depth - label->depth, label->slot);
}
