#include "expr/template.h"

#include "base/buffer.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/secret_mark.h"
#include "expr/machine.h"
#include "expr/run.h"
#include "expr/template_path.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Of a member's name in front of what is wrong with its value. */
#define NAME_BYTES ((size_t)64)

enum template_kind {
    TEMPLATE_CONSTANT,
    TEMPLATE_VALUE, /* one {{…}} and nothing else: its value with its type */
    TEMPLATE_TEXT,
    TEMPLATE_ARRAY,
    TEMPLATE_OBJECT,
};

/* A piece of a text: literal, or an expression. */
struct piece {
    struct slice literal;
    struct expr *expr;   /* NULL: literal */
    struct slice secret; /* name of the secret for which the literal is the mark; else .ptr NULL */
    size_t offset;       /* of the expression's source in the string */
};

struct template
{
    enum template_kind kind;
    bool reads_root;
    struct value constant;
    struct piece *pieces; /* VALUE has one */
    struct template **parts;
    struct value *names; /* OBJECT */
    size_t count;        /* of pieces or parts */
};

/* Where in the tree the compiler is, from the inside out. */
struct spot {
    const struct spot *up;
    struct slice name; /* .ptr NULL: an element */
    size_t index;
};

struct compiler {
    struct arena *arena;
    struct expr_problem *problem;
    struct slice *where;
};

static enum status
fail_memory(const struct compiler *compiler)
{
    snprintf(compiler->problem->words, sizeof(compiler->problem->words),
             "the template needs too much memory");
    return STATUS_LIMIT;
}

static void
append_pointer(struct buffer *text, const struct spot *spot)
{
    if (spot == NULL)
        return;
    append_pointer(text, spot->up);
    buffer_append_byte(text, '/');
    if (spot->name.ptr == NULL) {
        buffer_append_int64(text, (int64_t)spot->index);
        return;
    }
    for (size_t i = 0; i < spot->name.size; i++) {
        char c = spot->name.ptr[i];
        if (c == '~' || c == '/')
            buffer_append_text(text, c == '~' ? "~0" : "~1");
        else
            buffer_append_byte(text, c);
    }
}

/* JSON pointer (RFC 6901) of the string that failed. */
static void
tell_where(const struct compiler *compiler, const struct spot *spot)
{
    if (compiler->where == NULL)
        return;
    struct buffer text;
    buffer_init(&text, LIMIT_DEFINITION_BYTES);
    append_pointer(&text, spot);
    *compiler->where = arena_copy(compiler->arena, buffer_slice(&text));
    buffer_done(&text);
}

static void
note_read(const struct slice *names, size_t count, size_t source_offset, void *context)
{
    *(bool *)context = true;
}

static size_t
find_open(struct slice text, size_t at)
{
    const char *found = memmem(text.ptr + at, text.size - at, "{{", 2);
    return found == NULL ? text.size : (size_t)(found - text.ptr);
}

/* Where the }} of the {{ at `open` begins; text.size if there is none. */
static size_t
find_close(struct slice text, size_t open)
{
    size_t at = open + 2;
    if (at < text.size && text.ptr[at] == '=')
        return template_expression_end(text, at + 1);
    const char *found = memmem(text.ptr + at, text.size - at, "}}", 2);
    return found == NULL ? text.size : (size_t)(found - text.ptr);
}

static size_t
count_open(struct slice text)
{
    size_t count = 0;
    for (size_t at = find_open(text, 0); at < text.size; at = find_open(text, at + 2))
        count++;
    return count;
}

static enum status
fail_open(const struct compiler *compiler, size_t open)
{
    compiler->problem->offset = open;
    compiler->problem->length = 2;
    snprintf(compiler->problem->words, sizeof(compiler->problem->words), "the {{ here has no }}");
    return STATUS_INVALID;
}

static void
make_secret(const struct compiler *compiler, struct piece *piece, const struct slice *text)
{
    struct buffer mark;
    buffer_init(&mark, 2 * SECRET_NAME_BYTES_MAX);
    secret_mark_append(&mark, piece->secret);
    piece->literal = arena_copy(compiler->arena, buffer_slice(&mark));
    piece->offset = (size_t)(piece->secret.ptr - text->ptr);
    buffer_done(&mark);
}

/* What stands between {{ and }}. */
static enum status
compile_piece(const struct compiler *compiler, struct template *template,
              const struct template_source *source)
{
    struct piece *piece = &template->pieces[template->count++];
    struct slice inside = slice_of(source->text.ptr + source->at, source->end - source->at);
    if (secret_name_of_path(inside, &piece->secret)) {
        make_secret(compiler, piece, &source->text);
        return piece->literal.ptr == NULL ? fail_memory(compiler) : STATUS_OK;
    }
    piece->secret = slice_of(NULL, 0);
    enum status status = template_source_compile(&piece->expr, &piece->offset, compiler->arena,
                                                 source, compiler->problem);
    if (status == STATUS_OK)
        expr_each_root_path(piece->expr, note_read, &template->reads_root);
    return status;
}

static enum status
compile_text(const struct compiler *compiler, struct template *template, struct slice text)
{
    size_t at = 0;
    while (at < text.size) {
        size_t open = find_open(text, at);
        if (open > at)
            template->pieces[template->count++].literal = slice_of(text.ptr + at, open - at);
        if (open == text.size)
            return STATUS_OK;
        size_t close = find_close(text, open);
        if (close == text.size)
            return fail_open(compiler, open);
        struct template_source source = {text, open + 2, close};
        enum status status = compile_piece(compiler, template, &source);
        if (status != STATUS_OK)
            return status;
        at = close + 2;
    }
    return STATUS_OK;
}

static enum status
compile_string(const struct compiler *compiler, struct template *template, struct value string)
{
    struct slice copy = arena_copy(compiler->arena, value_slice(string));
    if (copy.ptr == NULL)
        return fail_memory(compiler);
    size_t opens = count_open(copy);
    if (opens == 0) {
        template->constant = value_string(copy);
        return STATUS_OK;
    }
    size_t size = (2 * opens + 1) * sizeof(*template->pieces);
    template->pieces = arena_try_alloc(compiler->arena, size);
    if (template->pieces == NULL)
        return fail_memory(compiler);
    memset(template->pieces, 0, size);
    template->kind = TEMPLATE_TEXT;
    enum status status = compile_text(compiler, template, copy);
    if (template->count == 1 && template->pieces[0].expr != NULL)
        template->kind = TEMPLATE_VALUE;
    return status;
}

static enum status compile_tree(const struct compiler *compiler, struct template **out,
                                struct value tree, const struct spot *spot);

static enum status
compile_part(const struct compiler *compiler, struct template *template, struct value tree,
             size_t index, const struct spot *spot)
{
    struct spot inner = {.up = spot, .index = index};
    struct value part = {0};
    if (tree.kind == VALUE_OBJECT) {
        inner.name = value_slice(tree.object->members[index].key);
        part = tree.object->members[index].value;
        template->names[index] = value_string_copy(compiler->arena, inner.name);
        if (template->names[index].kind == VALUE_NONE)
            return fail_memory(compiler);
    } else {
        part = tree.array->items[index];
    }
    enum status status = compile_tree(compiler, &template->parts[index], part, &inner);
    if (status != STATUS_OK)
        return status;
    template->reads_root |= template->parts[index]->reads_root;
    return STATUS_OK;
}

/* A tree without any {{ in it is one constant. */
static enum status
compile_container(const struct compiler *compiler, struct template *template, struct value tree,
                  const struct spot *spot)
{
    template->count = tree.count;
    template->parts = arena_try_alloc(compiler->arena, (tree.count + 1) * sizeof(*template->parts));
    template->names = arena_try_alloc(compiler->arena, (tree.count + 1) * sizeof(*template->names));
    if (template->parts == NULL || template->names == NULL)
        return fail_memory(compiler);
    bool is_constant = true;
    for (size_t i = 0; i < tree.count; i++) {
        enum status status = compile_part(compiler, template, tree, i, spot);
        if (status != STATUS_OK)
            return status;
        is_constant &= template->parts[i]->kind == TEMPLATE_CONSTANT;
    }
    template->kind = tree.kind == VALUE_OBJECT ? TEMPLATE_OBJECT : TEMPLATE_ARRAY;
    if (!is_constant)
        return STATUS_OK;
    template->kind = TEMPLATE_CONSTANT;
    template->constant = value_copy(compiler->arena, tree);
    return template->constant.kind == VALUE_NONE ? fail_memory(compiler) : STATUS_OK;
}

static enum status
compile_tree(const struct compiler *compiler, struct template **out, struct value tree,
             const struct spot *spot)
{
    struct template *template = arena_alloc(compiler->arena, sizeof(*template));
    *out = template;
    if (tree.kind == VALUE_ARRAY || tree.kind == VALUE_OBJECT)
        return compile_container(compiler, template, tree, spot);
    if (tree.kind == VALUE_STRING) {
        enum status status = compile_string(compiler, template, tree);
        if (status != STATUS_OK)
            tell_where(compiler, spot);
        return status;
    }
    template->constant = value_copy(compiler->arena, tree);
    return template->constant.kind == VALUE_NONE ? fail_memory(compiler) : STATUS_OK;
}

enum status
template_compile(struct template **out, struct arena *arena, struct value tree,
                 struct expr_problem *problem, struct slice *where)
{
    struct compiler compiler = {.arena = arena, .problem = problem, .where = where};
    struct template *template = NULL;
    *out = NULL;
    *problem = (struct expr_problem){0};
    if (where != NULL)
        *where = slice_of("", 0);
    enum status status = compile_tree(&compiler, &template, tree, NULL);
    if (status == STATUS_OK)
        *out = template;
    return status;
}

enum status
template_compile_expression(struct template **out, struct arena *arena, struct slice source,
                            struct expr_problem *problem)
{
    struct template *template = arena_alloc(arena, sizeof(*template));
    *out = NULL;
    template->kind = TEMPLATE_VALUE;
    template->pieces = arena_alloc(arena, sizeof(*template->pieces));
    template->count = 1;
    enum status status = expr_compile(&template->pieces[0].expr, arena, source, problem);
    if (status != STATUS_OK)
        return status;
    expr_each_root_path(template->pieces[0].expr, note_read, &template->reads_root);
    *out = template;
    return STATUS_OK;
}

bool
template_is_constant(const struct template *template)
{
    return !template->reads_root;
}

/* Offsets in an expression become offsets in its string. */
struct shifted_visit {
    expr_path_fn *visit;
    void *context;
    const struct piece *piece;
};

static void
visit_shifted(const struct slice *names, size_t count, size_t source_offset, void *context)
{
    const struct shifted_visit *shifted = context;
    shifted->visit(names, count, shifted->piece->offset + source_offset, shifted->context);
}

void
template_each_root_path(const struct template *template, expr_path_fn *visit, void *context)
{
    for (size_t i = 0; i < template->count; i++) {
        if (template->kind == TEMPLATE_ARRAY || template->kind == TEMPLATE_OBJECT) {
            template_each_root_path(template->parts[i], visit, context);
            continue;
        }
        if (template->pieces == NULL || template->pieces[i].expr == NULL)
            continue;
        struct shifted_visit shifted = {visit, context, &template->pieces[i]};
        expr_each_root_path(template->pieces[i].expr, visit_shifted, &shifted);
    }
}

void
template_each_secret(const struct template *template, template_secret_fn *visit, void *context)
{
    for (size_t i = 0; i < template->count; i++) {
        if (template->kind == TEMPLATE_ARRAY || template->kind == TEMPLATE_OBJECT)
            template_each_secret(template->parts[i], visit, context);
        else if (template->pieces != NULL && template->pieces[i].secret.ptr != NULL)
            visit(template->pieces[i].secret, template->pieces[i].offset, context);
    }
}

/* What rendering needs at every level. */
struct renderer {
    struct expr_machine *machine;
    struct value root;
    struct arena *arena;
    struct expr_failure *failure;
};

static enum status
fail_size(const struct renderer *renderer)
{
    *renderer->failure = (struct expr_failure){.status = STATUS_LIMIT};
    snprintf(renderer->failure->words, sizeof(renderer->failure->words),
             "the rendered value is too large");
    return STATUS_LIMIT;
}

static enum status
render_piece(const struct renderer *renderer, const struct piece *piece, struct buffer *text)
{
    struct value value;
    enum status status =
        run_single(renderer->machine, piece->expr, renderer->root, &value, renderer->failure);
    if (status != STATUS_OK || value.kind == VALUE_NULL)
        return status;
    struct slice shown = value_slice(value);
    if (value.kind != VALUE_STRING)
        shown = machine_json(renderer->machine, value);
    if (shown.ptr == NULL && value.kind != VALUE_STRING)
        return run_fail(renderer->machine, renderer->failure, OUTCOME_LIMIT);
    buffer_append_slice(text, shown);
    return STATUS_OK;
}

static enum status
render_text(const struct renderer *renderer, const struct template *template, struct value *out)
{
    struct buffer text;
    enum status status = STATUS_OK;
    buffer_init(&text, LIMIT_VALUE_BYTES);
    for (size_t i = 0; i < template->count && status == STATUS_OK; i++) {
        const struct piece *piece = &template->pieces[i];
        if (piece->expr == NULL)
            buffer_append_slice(&text, piece->literal);
        else
            status = render_piece(renderer, piece, &text);
    }
    bool is_over = buffer_is_over(&text);
    if (status == STATUS_OK && !is_over)
        *out = value_string_copy(renderer->arena, buffer_slice(&text));
    buffer_done(&text);
    if (status == STATUS_OK && out->kind == VALUE_NONE)
        return fail_size(renderer);
    return status;
}

static enum status render(const struct renderer *renderer, const struct template *template,
                          struct value *out);

static enum status
render_array(const struct renderer *renderer, const struct template *template, struct value *out)
{
    struct value *items = arena_try_alloc(renderer->arena, (template->count + 1) * sizeof(*items));
    if (items == NULL)
        return fail_size(renderer);
    for (size_t i = 0; i < template->count; i++) {
        enum status status = render(renderer, template->parts[i], &items[i]);
        if (status != STATUS_OK)
            return status;
    }
    *out = value_array_new(renderer->arena, items, template->count);
    return out->kind == VALUE_NONE ? fail_size(renderer) : STATUS_OK;
}

/* Says of which member the words are. */
static enum status
fail_member(const struct renderer *renderer, struct value name, enum status status)
{
    struct expr_failure *failure = renderer->failure;
    char inner[sizeof(failure->words)];
    memcpy(inner, failure->words, sizeof(inner));
    struct slice shown = slice_cut(value_slice(name), NAME_BYTES);
    struct slice words = slice_cut(slice_text(inner), sizeof(inner) - NAME_BYTES - sizeof(": "));
    snprintf(failure->words, sizeof(failure->words), "%.*s: %.*s", SLICE_FORMAT(shown),
             SLICE_FORMAT(words));
    return status;
}

static enum status
render_object(const struct renderer *renderer, const struct template *template, struct value *out)
{
    struct member *members =
        arena_try_alloc(renderer->arena, (template->count + 1) * sizeof(*members));
    if (members == NULL)
        return fail_size(renderer);
    for (size_t i = 0; i < template->count; i++) {
        members[i].key = value_copy(renderer->arena, template->names[i]);
        enum status status = render(renderer, template->parts[i], &members[i].value);
        if (status != STATUS_OK)
            return fail_member(renderer, template->names[i], status);
        if (members[i].key.kind == VALUE_NONE)
            return fail_size(renderer);
    }
    *out = value_object_new(renderer->arena, members, template->count);
    return out->kind == VALUE_NONE ? fail_size(renderer) : STATUS_OK;
}

static enum status
render(const struct renderer *renderer, const struct template *template, struct value *out)
{
    *out = (struct value){0};
    switch (template->kind) {
    case TEMPLATE_CONSTANT:
        *out = value_copy(renderer->arena, template->constant);
        return out->kind == VALUE_NONE ? fail_size(renderer) : STATUS_OK;
    case TEMPLATE_VALUE:
        return expr_one(renderer->machine, template->pieces[0].expr, renderer->root,
                        renderer->arena, out, renderer->failure);
    case TEMPLATE_TEXT:
        return render_text(renderer, template, out);
    case TEMPLATE_ARRAY:
        return render_array(renderer, template, out);
    case TEMPLATE_OBJECT:
        return render_object(renderer, template, out);
    }
    assert(false);
    return STATUS_INVALID;
}

enum status
template_render(struct expr_machine *machine, const struct template *template, struct value root,
                struct arena *arena, struct value *out, struct expr_failure *failure)
{
    struct renderer renderer = {
        .machine = machine, .root = root, .arena = arena, .failure = failure};
    failure->status = STATUS_OK;
    failure->raised = (struct value){0};
    failure->words[0] = '\0';
    return render(&renderer, template, out);
}
