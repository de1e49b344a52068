#include "expr/parser.h"

bool
parser_is_keyword(struct slice name)
{
    static const char *const keywords[] = {
        "def", "if",    "then",  "elif",   "else",    "end", "as",      "reduce", "foreach", "try",
        "and", "catch", "label", "import", "include", "or",  "__loc__", "module", "break",
    };
    for (size_t i = 0; i < COUNT_OF(keywords); i++) {
        if (slice_is(name, keywords[i]))
            return true;
    }
    return false;
}

/* {$name} is the variable's name with its value; in {$name: value} its value is the name. */
static struct object_entry
parse_variable_entry(struct parser *parser)
{
    struct token token = parser->token;
    parser_advance(parser);
    const struct node *value = scope_variable(parser, token);
    if (parser_accept(parser, ":"))
        return (struct object_entry){.key = value, .value = parse_object_value(parser)};
    return (struct object_entry){.key = build_constant(parser, value_string(token.text)),
                                 .value = value};
}

/* A name or string alone stands for the input's member of that name. */
static struct object_entry
finish_entry(struct parser *parser, const struct node *key)
{
    struct object_entry entry = {.key = key};
    if (parser_accept(parser, ":"))
        entry.value = parse_object_value(parser);
    else
        entry.value = build_index(parser, build_identity(parser), key);
    return entry;
}

static struct object_entry
parse_entry(struct parser *parser)
{
    struct token token = parser->token;
    switch (token.kind) {
    case TOKEN_NAME:
        parser_advance(parser);
        return finish_entry(parser, build_constant(parser, value_string(token.text)));
    case TOKEN_QUOTE:
        return finish_entry(parser, parse_string(parser, FORMAT_TEXT));
    case TOKEN_FORMAT:
        return finish_entry(parser, parse_postfix(parser));
    case TOKEN_VARIABLE:
        return parse_variable_entry(parser);
    case TOKEN_SYMBOL:
        if (parser_accept(parser, "(")) {
            const struct node *key = parse_inner(parser);
            parser_expect(parser, ")");
            parser_expect(parser, ":");
            return (struct object_entry){.key = key, .value = parse_object_value(parser)};
        }
        break;
    case TOKEN_FIELD:
    case TOKEN_NUMBER:
    case TOKEN_END:
    case TOKEN_WRONG:
        break;
    }
    const struct node *wrong = parser_unexpected(parser, "the name of a member");
    return (struct object_entry){.key = wrong, .value = wrong};
}

struct entry_list {
    struct object_entry *entries;
    uint32_t count;
    uint32_t capacity;
};

static void
add_entry(struct parser *parser, struct entry_list *list, struct object_entry entry)
{
    if (list->count == list->capacity) {
        uint32_t capacity = list->capacity == 0 ? 4 : list->capacity * 2;
        struct object_entry *entries = build_alloc(parser, capacity * sizeof(*entries));
        if (entries == NULL)
            return;
        if (list->count > 0)
            memcpy(entries, list->entries, list->count * sizeof(*entries));
        list->entries = entries;
        list->capacity = capacity;
    }
    list->entries[list->count++] = entry;
}

/* Whether all names are constant and different, for objects that a person wrote by hand. */
static bool
entries_are_static(const struct entry_list *list)
{
    if (list->count > OBJECT_STATIC_MAX)
        return false;
    for (uint32_t i = 0; i < list->count; i++) {
        const struct node *key = list->entries[i].key;
        if (key->kind != NODE_CONSTANT || key->constant.kind != VALUE_STRING)
            return false;
        for (uint32_t j = 0; j < i; j++) {
            if (value_equal(list->entries[j].key->constant, key->constant))
                return false;
        }
    }
    return true;
}

/* An object of nothing but constants is one itself; VALUE_NONE otherwise. */
static struct value
constant_object(struct parser *parser, const struct entry_list *list)
{
    struct value object = value_empty_object();
    for (uint32_t i = 0; i < list->count && object.kind != VALUE_NONE; i++) {
        const struct object_entry *entry = &list->entries[i];
        if (entry->value->kind != NODE_CONSTANT)
            return (struct value){0};
        object = value_object_set(parser->compilation->arena, object, entry->key->constant,
                                  entry->value->constant);
    }
    return object;
}

const struct node *
parse_object(struct parser *parser)
{
    struct node *node = build_node(parser, NODE_OBJECT);
    struct entry_list list = {0};
    parser_expect(parser, "{");
    if (!parser_at_symbol(parser, "}")) {
        do {
            add_entry(parser, &list, parse_entry(parser));
        } while (parser_accept(parser, ","));
    }
    parser_expect(parser, "}");

    node->object.entries = list.entries;
    node->object.count = list.count;
    node->object.is_static = entries_are_static(&list);
    for (uint32_t i = 0; i < list.count; i++) {
        build_adopt(parser, node, list.entries[i].key);
        build_adopt(parser, node, list.entries[i].value);
    }
    struct value constant = {0};
    if (node->object.is_static)
        constant = constant_object(parser, &list);
    return constant.kind == VALUE_NONE ? node : build_constant(parser, constant);
}
