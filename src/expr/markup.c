#include "expr/markup.h"

#include "base/limits.h"
#include "expr/markup_parts.h"
#include "expr/template_path.h"

#include <stdarg.h>
#include <stdio.h>

/* The names that enclosing loops give, from the inside out. */
struct loop_name {
    const struct loop_name *up;
    struct slice name;
};

enum tag_kind { TAG_VALUE, TAG_EACH, TAG_IF, TAG_ELSE, TAG_ELSE_IF, TAG_END, TAG_REMARK };

struct tag {
    enum tag_kind kind;
    enum markup_kind shows; /* VALUE */
    size_t open, behind;    /* of all of it, with its braces */
    size_t at, end;         /* of its source, or its name */
};

struct parser {
    struct arena *arena;
    struct slice text;
    size_t at;
    struct expr_problem *problem;
    unsigned depth;
};

static enum status refuse(const struct parser *parser, size_t offset, const char *format, ...)
    PRINTF_LIKE(3, 4);

static enum status
refuse(const struct parser *parser, size_t offset, const char *format, ...)
{
    struct expr_problem *problem = parser->problem;
    *problem = (struct expr_problem){.offset = offset, .length = 2};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(problem->words, sizeof(problem->words), format, arguments);
    va_end(arguments);
    return STATUS_INVALID;
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* --- tags --- */

static size_t
find(struct slice text, size_t at, const char *what)
{
    const char *found = memmem(text.ptr + at, text.size - at, what, strlen(what));
    return found == NULL ? text.size : (size_t)(found - text.ptr);
}

static void
trim(const struct parser *parser, struct tag *tag)
{
    const char *text = parser->text.ptr;
    while (tag->at < tag->end && (is_blank(text[tag->at]) || text[tag->at] == '\n'))
        tag->at++;
    while (tag->end > tag->at && (is_blank(text[tag->end - 1]) || text[tag->end - 1] == '\n'))
        tag->end--;
}

/* Whether the tag begins with that word, which is then passed. */
static bool
take_word(const struct parser *parser, struct tag *tag, const char *word)
{
    struct slice rest = slice_of(parser->text.ptr + tag->at, tag->end - tag->at);
    size_t size = strlen(word);
    if (!slice_starts_with(rest, slice_text(word)) ||
        (rest.size > size && !is_blank(rest.ptr[size])))
        return false;
    tag->at += size;
    trim(parser, tag);
    return true;
}

static void
take_else(const struct parser *parser, struct tag *tag)
{
    tag->kind = take_word(parser, tag, "if") ? TAG_ELSE_IF : TAG_ELSE;
}

static enum status
name_tag(const struct parser *parser, struct tag *tag)
{
    static const struct {
        const char *word;
        enum tag_kind kind;
        enum markup_kind shows;
    } words[] = {
        {"#each", TAG_EACH, 0},
        {"#if", TAG_IF, 0},
        {"else", TAG_ELSE, 0},
        {"number", TAG_VALUE, MARKUP_NUMBER},
        {"cited", TAG_VALUE, MARKUP_CITED},
        {"cite", TAG_VALUE, MARKUP_CITE},
    };
    char first = tag->at < tag->end ? parser->text.ptr[tag->at] : '\0';
    if (first == '!' || first == '/') {
        tag->kind = first == '!' ? TAG_REMARK : TAG_END;
        tag->at++;
        return STATUS_OK;
    }
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (!take_word(parser, tag, words[i].word))
            continue;
        tag->kind = words[i].kind;
        tag->shows = words[i].shows;
        if (tag->kind == TAG_ELSE)
            take_else(parser, tag);
        return STATUS_OK;
    }
    if (first == '#')
        return refuse(parser, tag->open, "expected {{#each …}} or {{#if …}}");
    return STATUS_OK;
}

/* Where the braces begin that close the tag; an expression may hold braces of its own. */
static size_t
find_close(const struct parser *parser, size_t at, const char *braces)
{
    struct slice text = parser->text;
    size_t line = find(text, at, braces);
    size_t equals = find(slice_of(text.ptr, line), at, "=");
    if (equals == line)
        return line;
    for (size_t i = at; i < equals; i++) {
        if (strchr("[\"!/", text.ptr[i]) != NULL) /* not an expression, but a path with an = */
            return line;
    }
    return template_expression_end(text, equals + 1);
}

static enum status
read_tag(const struct parser *parser, size_t open, struct tag *tag)
{
    bool is_raw = open + 2 < parser->text.size && parser->text.ptr[open + 2] == '{';
    const char *braces = is_raw ? "}}}" : "}}";
    *tag = (struct tag){.open = open, .shows = is_raw ? MARKUP_RAW : MARKUP_VALUE};
    tag->at = open + strlen(braces);
    tag->end = find_close(parser, tag->at, braces);
    if (tag->end == parser->text.size ||
        !slice_starts_with(slice_of(parser->text.ptr + tag->end, parser->text.size - tag->end),
                           slice_text(braces)))
        return refuse(parser, open, "the %s here has no %s", is_raw ? "{{{" : "{{", braces);
    tag->behind = tag->end + strlen(braces);
    trim(parser, tag);
    return is_raw ? STATUS_OK : name_tag(parser, tag);
}

/* A tag of structure that has its line to itself takes the line with it. */
static void
widen(const struct parser *parser, struct tag *tag)
{
    struct slice text = parser->text;
    size_t begin = tag->open;
    size_t end = tag->behind;
    while (begin > parser->at && is_blank(text.ptr[begin - 1]))
        begin--;
    while (end < text.size && is_blank(text.ptr[end]))
        end++;
    bool is_alone =
        (begin == 0 || text.ptr[begin - 1] == '\n') && (end == text.size || text.ptr[end] == '\n');
    if (tag->kind == TAG_VALUE || !is_alone)
        return;
    tag->open = begin;
    tag->behind = end + (end < text.size);
}

/* --- sources --- */

struct path_names {
    struct arena *arena;
    struct slice *names;
    size_t count;
    size_t paths;
};

static void
note_names(const struct slice *names, size_t count, size_t source_offset, void *context)
{
    struct path_names *found = context;
    found->paths++;
    found->names = arena_alloc(found->arena, (count + 1) * sizeof(*names));
    found->count = count;
    for (size_t i = 0; i < count; i++)
        found->names[i] = arena_copy(found->arena, names[i]);
}

static enum status
compile_source(const struct parser *parser, struct markup_node *node, const struct tag *tag)
{
    struct template_source source = {parser->text, tag->at, tag->end};
    if (tag->at == tag->end)
        return refuse(parser, tag->open, "expected a path, or = and an expression");
    return template_source_compile(&node->expr, &node->offset, parser->arena, &source,
                                   parser->problem);
}

/* `cited steps.facts.capital`: an object with citations, and the name of its member. */
static enum status
take_names(const struct parser *parser, struct markup_node *node, const struct tag *tag)
{
    struct path_names found = {.arena = parser->arena};
    expr_each_root_path(node->expr, note_names, &found);
    bool is_expression = parser->text.ptr[tag->at] == '=';
    if (is_expression || found.paths != 1 || found.count < 2)
        return refuse(parser, tag->at, "expected a path such as steps.facts.capital");
    node->names = found.names;
    node->name_count = found.count;
    return STATUS_OK;
}

static bool
is_name(struct slice name)
{
    for (size_t i = 0; i < name.size; i++) {
        char c = name.ptr[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!is_letter && (i == 0 || c < '0' || c > '9'))
            return false;
    }
    return name.size > 0;
}

/* Takes ` as NAME` from the end of an #each. */
static enum status
take_loop_name(const struct parser *parser, struct markup_node *node, struct tag *tag)
{
    static const char *const roots[] = {"input", "item", "steps", "run", "vars", "parent", "rows"};
    struct slice source = slice_of(parser->text.ptr + tag->at, tag->end - tag->at);
    node->name = SLICE("this");
    for (size_t at = source.size; at > 4; at--) {
        if (memcmp(source.ptr + at - 4, " as ", 4) != 0)
            continue;
        struct slice name = slice_of(source.ptr + at, source.size - at);
        if (!is_name(name)) /* of jq: `. as $x | …` */
            break;
        for (size_t i = 0; i < COUNT_OF(roots); i++) {
            if (slice_is(name, roots[i]))
                return refuse(parser, tag->at + at, "%s has a meaning already: use another name",
                              roots[i]);
        }
        node->name = arena_copy(parser->arena, name);
        tag->end = tag->at + at - 4;
        trim(parser, tag);
        break;
    }
    return STATUS_OK;
}

/* --- the tree --- */

static struct markup_node *
add_node(const struct parser *parser, struct markup_node ***place, enum markup_kind kind)
{
    struct markup_node *node = arena_alloc(parser->arena, sizeof(*node));
    *node = (struct markup_node){.kind = kind};
    **place = node;
    *place = &node->next;
    return node;
}

static enum status parse_body(struct parser *parser, struct markup_node **list, struct tag *stop);

static enum status
expect_end(const struct parser *parser, const struct tag *begin, const struct tag *stop)
{
    const char *word = begin->kind == TAG_EACH ? "each" : "if";
    struct slice name = slice_of(parser->text.ptr + stop->at, stop->end - stop->at);
    if (stop->kind == TAG_END && slice_is(name, word))
        return STATUS_OK;
    if (stop->kind == TAG_VALUE)
        return refuse(parser, begin->open, "the {{#%s}} here has no {{/%s}}", word, word);
    return refuse(parser, stop->open, "expected {{/%s}}", word);
}

static enum status
parse_block(struct parser *parser, struct markup_node ***place, struct tag begin)
{
    struct markup_node *node =
        add_node(parser, place, begin.kind == TAG_EACH ? MARKUP_EACH : MARKUP_IF);
    struct tag stop;
    struct tag source = begin;
    if (++parser->depth > LIMIT_MARKUP_DEPTH)
        return refuse(parser, begin.open, "more than %d loops and conditions inside each other",
                      LIMIT_MARKUP_DEPTH);
    enum status status = STATUS_OK;
    if (begin.kind == TAG_EACH)
        status = take_loop_name(parser, node, &source);
    if (status == STATUS_OK)
        status = compile_source(parser, node, &source);
    if (status == STATUS_OK)
        status = parse_body(parser, &node->body, &stop);
    if (status == STATUS_OK && stop.kind == TAG_ELSE_IF && begin.kind != TAG_EACH) {
        struct markup_node **other = &node->other;
        status = parse_block(parser, &other, stop);
        parser->depth--;
        return status; /* its end was ours */
    }
    if (status == STATUS_OK && stop.kind == TAG_ELSE)
        status = parse_body(parser, &node->other, &stop);
    if (status == STATUS_OK)
        status = expect_end(parser, &begin, &stop);
    parser->depth--;
    return status;
}

static enum status
parse_value(const struct parser *parser, struct markup_node ***place, const struct tag *tag)
{
    struct markup_node *node = add_node(parser, place, tag->shows);
    enum status status = compile_source(parser, node, tag);
    if (status == STATUS_OK && (tag->shows == MARKUP_CITED || tag->shows == MARKUP_CITE))
        status = take_names(parser, node, tag);
    return status;
}

/* Up to a tag that ends the list: *stop, of kind VALUE at the end of the text. */
static enum status
parse_body(struct parser *parser, struct markup_node **list, struct tag *stop)
{
    struct markup_node **place = list;
    enum status status = STATUS_OK;
    *stop = (struct tag){.kind = TAG_VALUE, .open = parser->text.size};
    while (status == STATUS_OK && parser->at < parser->text.size) {
        size_t open = find(parser->text, parser->at, "{{");
        struct tag tag = {.kind = TAG_REMARK, .open = open, .behind = open};
        if (open < parser->text.size) {
            status = read_tag(parser, open, &tag);
            if (status != STATUS_OK)
                return status;
            widen(parser, &tag);
        }
        if (tag.open > parser->at)
            add_node(parser, &place, MARKUP_TEXT)->text =
                slice_of(parser->text.ptr + parser->at, tag.open - parser->at);
        parser->at = tag.behind;
        if (tag.kind == TAG_END || tag.kind == TAG_ELSE || tag.kind == TAG_ELSE_IF) {
            *stop = tag;
            return STATUS_OK;
        }
        if (tag.kind == TAG_VALUE)
            status = parse_value(parser, &place, &tag);
        else if (tag.kind != TAG_REMARK)
            status = parse_block(parser, &place, tag);
    }
    return status;
}

enum status
markup_compile(struct markup **out, struct arena *arena, struct slice text,
               struct expr_problem *problem)
{
    struct markup *markup = arena_alloc(arena, sizeof(*markup));
    struct parser parser = {.arena = arena, .problem = problem};
    struct tag stop;
    *out = NULL;
    *markup = (struct markup){0};
    *problem = (struct expr_problem){0};
    parser.text = arena_copy(arena, text);
    if (parser.text.ptr == NULL) {
        snprintf(problem->words, sizeof(problem->words), "the text needs too much memory");
        return STATUS_LIMIT;
    }
    enum status status = parse_body(&parser, &markup->first, &stop);
    if (status == STATUS_OK && stop.kind != TAG_VALUE)
        status = refuse(&parser, stop.open, "nothing is open that this could end");
    if (status == STATUS_OK)
        *out = markup;
    return status;
}

/* --- names --- */

struct name_visit {
    expr_path_fn *visit;
    void *context;
    const struct markup_node *node;
    const struct loop_name *loops;
};

static void
visit_outer(const struct slice *names, size_t count, size_t source_offset, void *context)
{
    const struct name_visit *visit = context;
    for (const struct loop_name *loop = visit->loops; count > 0 && loop != NULL; loop = loop->up) {
        if (slice_equal(names[0], loop->name))
            return;
    }
    visit->visit(names, count, visit->node->offset + source_offset, visit->context);
}

static void
visit_list(const struct markup_node *list, const struct name_visit *outer)
{
    struct name_visit visit = *outer;
    for (const struct markup_node *node = list; node != NULL; node = node->next) {
        visit.node = node;
        if (node->expr != NULL)
            expr_each_root_path(node->expr, visit_outer, &visit);
        struct loop_name loop = {.up = outer->loops, .name = node->name};
        struct name_visit inner = visit;
        if (node->kind == MARKUP_EACH)
            inner.loops = &loop;
        visit_list(node->body, &inner);
        visit_list(node->other, &visit);
    }
}

void
markup_each_root_path(const struct markup *markup, expr_path_fn *visit, void *context)
{
    struct name_visit outer = {.visit = visit, .context = context};
    visit_list(markup->first, &outer);
}
