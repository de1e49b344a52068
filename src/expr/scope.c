#include "expr/builtins.h"
#include "expr/parser.h"

#include <assert.h>
#include <stdio.h>

#define NAMES_MAX 512

uint32_t
scope_new_slot(struct parser *parser)
{
    return parser->function->slot_count++;
}

struct binding *
scope_add(struct parser *parser, enum binding_kind kind, struct slice name)
{
    struct binding *binding = arena_alloc(parser->compilation->arena, sizeof(*binding));
    binding->kind = kind;
    binding->name = name;
    binding->depth = parser->function->depth;
    binding->next = parser->scope;
    parser->scope = binding;
    return binding;
}

uint32_t
scope_add_variable(struct parser *parser, struct slice name)
{
    uint32_t slot = scope_new_slot(parser);
    scope_add(parser, BINDING_VARIABLE, name)->slot = slot;
    return slot;
}

const struct binding *
scope_find(const struct parser *parser, enum binding_kind kind, struct slice name)
{
    const struct binding *binding = parser->scope;
    while (binding != NULL && (binding->kind != kind || !slice_equal(binding->name, name)))
        binding = binding->next;
    return binding;
}

/* Fails with "unknown what name", and the nearest of the names if one is near. */
static const struct node *
fail_unknown(struct parser *parser, struct token token, const char *what, const char *const *names,
             size_t count)
{
    const char *nearest = slice_nearest(token.text, names, count);
    struct slice cut = slice_cut(token.text, 80);
    if (nearest == NULL)
        return parser_fail(parser, token.offset, token.text.size, "unknown %s %.*s", what,
                           SLICE_FORMAT(cut));
    return parser_fail(parser, token.offset, token.text.size, "unknown %s %.*s: did you mean %s?",
                       what, SLICE_FORMAT(cut), nearest);
}

static size_t
collect_names(struct parser *parser, bool variables, const char **names, size_t max)
{
    size_t count = 0;
    for (const struct binding *at = parser->scope; at != NULL && count < max; at = at->next) {
        bool is_variable = at->kind == BINDING_VARIABLE;
        if (is_variable == variables && at->kind != BINDING_LABEL && at->name.size < 80)
            names[count++] = arena_format(parser->compilation->arena, "%s%.*s",
                                          variables ? "$" : "", SLICE_FORMAT(at->name));
    }
    return count;
}

static const struct node *
fail_unknown_variable(struct parser *parser, struct token token)
{
    if (slice_is(token.text, "ENV"))
        return parser_refuse(parser, STATUS_UNSUPPORTED, token.text,
                             "is not available: an expression sees no environment");
    if (slice_is(token.text, "__prog_args"))
        return parser_refuse(parser, STATUS_UNSUPPORTED, token.text,
                             "is not available: an expression has no command line");
    const char *names[64];
    size_t count = collect_names(parser, true, names, COUNT_OF(names));
    struct token shown = token;
    shown.text = slice_of(token.text.ptr - 1, token.text.size + 1);
    if (shown.text.ptr[0] != '$')
        shown.text = token.text;
    return fail_unknown(parser, shown, "variable", names, count);
}

static const struct node *
build_location(struct parser *parser, size_t offset)
{
    struct member members[] = {
        {value_text("file"), value_text("<top-level>")},
        {value_text("line"), value_int(lexer_line(parser->lexer.source, offset))},
    };
    struct value place = value_object_new(parser->compilation->arena, members, COUNT_OF(members));
    if (place.kind == VALUE_NONE)
        return parser_refuse(parser, STATUS_LIMIT, SLICE(""), "the expression is too large");
    return build_constant(parser, place);
}

const struct node *
scope_variable(struct parser *parser, struct token token)
{
    if (slice_is(token.text, "__loc__"))
        return build_location(parser, token.offset);
    const struct binding *found = scope_find(parser, BINDING_VARIABLE, token.text);
    if (found == NULL)
        return fail_unknown_variable(parser, token);
    return build_slot(parser, NODE_VARIABLE, parser->function->depth - found->depth, found->slot);
}

static const struct node *
call_parameter(struct parser *parser, const struct binding *found)
{
    struct param *param = &found->def->params[found->index];
    if (param->filter_slot == PARAM_NO_SLOT)
        param->filter_slot = PARAM_SLOT_WANTED;
    struct node *node = build_node(parser, NODE_PARAMETER);
    node->parameter.level = parser->function->depth - found->depth;
    node->parameter.param = param;
    return node;
}

static const struct node *
call_definition(struct parser *parser, const struct def *def, const struct node **args)
{
    struct node *node = build_node(parser, NODE_CALL);
    node->call.def = def;
    node->call.args = args;
    node->call.up = def->is_root ? 0 : parser->function->depth - def->depth;
    for (uint32_t i = 0; i < def->param_count; i++)
        build_adopt(parser, node, args[i]);
    return node;
}

static bool
binding_answers(const struct binding *binding, struct slice name, uint32_t count)
{
    if (!slice_equal(binding->name, name))
        return false;
    switch (binding->kind) {
    case BINDING_FUNCTION:
        return binding->def->param_count == count;
    case BINDING_PARAMETER:
    case BINDING_INLINE:
        return count == 0;
    case BINDING_VARIABLE:
    case BINDING_LABEL:
        break;
    }
    return false;
}

static const struct node *
call_native(struct parser *parser, const struct builtin *builtin, const struct node **args)
{
    struct node *node = build_node(parser, NODE_NATIVE);
    node->native.call = builtin->native;
    node->native.count = builtin->arity;
    for (uint32_t i = 0; i < builtin->arity; i++) {
        node->native.args[i] = args[i];
        build_adopt(parser, node, args[i]);
    }
    return node;
}

static const struct node *
call_loop(struct parser *parser, const struct builtin *builtin, const struct node **args)
{
    const struct node *abc[NATIVE_ARGS_MAX] = {0};
    for (uint32_t i = 0; i < builtin->arity; i++)
        abc[i] = args[i];
    struct node *node = (struct node *)build_loop(parser, builtin->loop, abc[0], abc[1]);
    node->loop.c = abc[2];
    build_adopt(parser, node, abc[2]);
    return node;
}

static struct parser
text_parser(struct parser *parser, const struct binding *scope)
{
    size_t offset = parser->is_builtin ? parser->call_offset : parser->token.offset;
    return (struct parser){.compilation = parser->compilation,
                           .function = parser->function,
                           .scope = scope,
                           .in_closure = parser->in_closure,
                           .is_builtin = true,
                           .call_offset = offset};
}

static const char parameter_names[] = "abcd";

/* The text sees its parameters and the built-ins only: what the program has defined under the same
 * names stays out of it. */
static const struct node *
call_macro(struct parser *parser, const struct builtin *builtin, const struct node **args)
{
    if (!parser_enter(parser))
        return build_identity(parser);
    struct parser inner = text_parser(parser, NULL);
    for (uint32_t i = 0; i < builtin->arity; i++)
        scope_add(&inner, BINDING_INLINE, slice_of(parameter_names + i, 1))->node = args[i];
    parser_start(&inner, slice_text(builtin->text));
    const struct node *node = parse_pipe(&inner);
    parser_leave(parser);
    return node;
}

static struct def *
find_root_definition(const struct parser *parser, const struct builtin *builtin)
{
    struct def *def = parser->compilation->defs;
    while (def != NULL && !(def->is_root && def->param_count == builtin->arity &&
                            slice_is(def->name, builtin->name)))
        def = def->next;
    return def;
}

static struct def *
new_root_definition(struct parser *parser, const struct builtin *builtin)
{
    struct def *def = build_alloc(parser, sizeof(*def));
    def->name = slice_text(builtin->name);
    def->is_root = true;
    def->param_count = builtin->arity;
    def->params = build_alloc(parser, sizeof(*def->params) * (builtin->arity + 1u));
    def->body = build_identity(parser);
    def->next = parser->compilation->defs;
    parser->compilation->defs = def;
    return def;
}

static const struct def *
parse_root_definition(struct parser *parser, const struct builtin *builtin)
{
    struct def *def = new_root_definition(parser, builtin);
    struct function function = {.def = def, .depth = 1};
    struct parser inner = text_parser(parser, NULL);
    inner.function = &function;
    inner.in_closure = false;
    for (uint32_t i = 0; i < builtin->arity; i++) {
        uint32_t slot = scope_new_slot(&inner);
        def->params[i] =
            (struct param){.name = slice_of(parameter_names + i, 1), .filter_slot = slot};
        struct binding *binding = scope_add(&inner, BINDING_PARAMETER, def->params[i].name);
        binding->def = def;
        binding->index = i;
    }
    parser_start(&inner, slice_text(builtin->text));
    def->body = parse_pipe(&inner);
    def->slot_count = function.slot_count;
    return def;
}

static const struct node *
call_builtin(struct parser *parser, const struct builtin *builtin, const struct node **args,
             struct slice name)
{
    switch ((enum builtin_kind)builtin->kind) {
    case BUILTIN_NATIVE:
        return call_native(parser, builtin, args);
    case BUILTIN_LOOP:
        return call_loop(parser, builtin, args);
    case BUILTIN_MACRO:
        return call_macro(parser, builtin, args);
    case BUILTIN_DEFINITION: {
        const struct def *def = find_root_definition(parser, builtin);
        if (def == NULL)
            def = parse_root_definition(parser, builtin);
        return call_definition(parser, def, args);
    }
    case BUILTIN_REFUSED:
        break;
    }
    return parser_refuse(parser, STATUS_UNSUPPORTED, name, builtin->text);
}

/* "name takes 2 arguments, not 1", if the name is known at all. */
static const struct node *
fail_arity(struct parser *parser, struct token name, uint32_t count)
{
    for (size_t i = 0; builtin_at(i) != NULL; i++) {
        const struct builtin *builtin = builtin_at(i);
        if (builtin->name[0] == '_' || !slice_is(name.text, builtin->name))
            continue;
        return parser_fail(parser, name.offset, name.text.size,
                           "%s/%u does not exist: %s takes %u argument%s", builtin->name, count,
                           builtin->name, builtin->arity, builtin->arity == 1 ? "" : "s");
    }
    return NULL;
}

static const struct node *
fail_unknown_function(struct parser *parser, struct token name, uint32_t count)
{
    const struct node *wrong_arity = fail_arity(parser, name, count);
    if (wrong_arity != NULL)
        return wrong_arity;
    const char *names[NAMES_MAX];
    size_t known = collect_names(parser, false, names, NAMES_MAX / 4);
    for (size_t i = 0; builtin_at(i) != NULL && known < NAMES_MAX; i++) {
        if (builtin_at(i)->name[0] != '_')
            names[known++] = builtin_at(i)->name;
    }
    return fail_unknown(parser, name, "function", names, known);
}

const struct node *
scope_call(struct parser *parser, struct token name, const struct node **args, uint32_t count)
{
    const struct binding *at = parser->scope;
    while (at != NULL && !binding_answers(at, name.text, count))
        at = at->next;
    if (at != NULL && at->kind == BINDING_INLINE)
        return at->node;
    if (at != NULL && at->kind == BINDING_PARAMETER)
        return call_parameter(parser, at);
    if (at != NULL)
        return call_definition(parser, at->def, args);

    const struct builtin *builtin = builtin_find(name.text, count, parser->is_builtin);
    if (builtin != NULL)
        return call_builtin(parser, builtin, args, name.text);
    return fail_unknown_function(parser, name, count);
}

const struct node *
scope_call_builtin(struct parser *parser, const char *name, const struct node *arg)
{
    const struct node **args = build_alloc(parser, sizeof(*args));
    args[0] = arg;
    uint32_t count = arg == NULL ? 0 : 1;
    const struct builtin *builtin = builtin_find(slice_text(name), count, true);
    assert(builtin != NULL);
    return call_builtin(parser, builtin, args, slice_text(name));
}
