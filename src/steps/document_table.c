#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "steps/paper.h"
#include "steps/types.h"

static const char *const template_roots[] = {"rows", NULL};

static const struct field_decl document_table_fields[] = {PAPER_FIELDS(template_roots)};

const struct step_decl document_table_decl = {
    .name = "document",
    .group = STEP_GROUP_OUTPUT,
    .shape = STEP_SHAPE_SINK,
    .summary = "Fills a Markdown template with the rows; its value is {file, rows}.",
    .fields = document_table_fields,
    .field_count = COUNT_OF(document_table_fields),
};

struct sink_book {
    struct step_scope *scope; /* borrowed, as env */
    struct step_env *env;
    struct arena arena; /* of the rows */
    struct value *rows;
    size_t count;
};

static bool
document_table_is_declared(const struct plan_node *node)
{
    return true;
}

/* The whole row: what the template will use of it is not known before. */
static bool
document_table_row(struct step_scope *scope, struct value *out, struct step_failure *failure)
{
    static const char *const names[] = {"item", "steps", "parent"};
    *out = value_empty_object();
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct value part = value_get(scope->root, names[i]);
        if (part.kind != VALUE_NONE)
            *out = value_object_set(scope->arena, *out, value_text(names[i]), part);
    }
    if (out->kind == VALUE_NONE)
        return step_fail(failure, "limit_exceeded", "the row is too large");
    return true;
}

static struct sink_book *
document_table_open(const struct sink_start *start)
{
    struct sink_book *book = mem_alloc(sizeof(*book));
    *book = (struct sink_book){.scope = start->scope, .env = start->env};
    arena_init(&book->arena, LIMIT_CHUNK_BYTES);
    book->rows = mem_alloc_array(LIMIT_DOCUMENT_ROWS, sizeof(*book->rows));
    return book;
}

static enum status
document_table_add(struct sink_book *book, struct value row, struct buffer *out,
                   struct error *error)
{
    if (book->count == LIMIT_DOCUMENT_ROWS)
        return error_set(error, STATUS_LIMIT,
                         "a document shows at most %d rows: put a limit before it, or write a "
                         "file of rows",
                         LIMIT_DOCUMENT_ROWS);
    struct value kept = value_copy(&book->arena, row);
    if (kept.kind == VALUE_NONE)
        return error_set(error, STATUS_LIMIT,
                         "the rows take more than the %zu bytes that a document may hold",
                         LIMIT_CHUNK_BYTES);
    book->rows[book->count++] = kept;
    return STATUS_OK;
}

/* Writes the request from which the child makes the file. */
static enum status
document_table_end(struct sink_book *book, struct buffer *out, struct error *error)
{
    struct step_scope scope = *book->scope;
    struct step_failure failure;
    struct value request;
    struct value rows = value_array_new(&book->arena, book->rows, book->count);
    scope.arena = &book->arena;
    scope.root = value_object_set(&book->arena, scope.root, value_text("rows"), rows);
    if (rows.kind == VALUE_NONE || scope.root.kind == VALUE_NONE)
        return error_set(error, STATUS_LIMIT, "the rows take too much memory for a document");
    if (!paper_request(&scope, &request, &failure) ||
        !paper_take_images(book->env, &request, &book->arena, &failure))
        return error_set(error, STATUS_INVALID, "%s", failure.words);
    json_print(out, request);
    return STATUS_OK;
}

static void
document_table_close(struct sink_book **book)
{
    struct sink_book *gone = *book;
    *book = NULL;
    if (gone == NULL)
        return;
    arena_done(&gone->arena);
    mem_free(gone->rows);
    mem_free(gone);
}

static enum status
document_table_convert(const struct plan_node *node, struct arena *arena,
                       struct step_conversion *out, struct error *error)
{
    *out = (struct step_conversion){PAPER_KIND, PAPER_VERSION, paper_options(node, arena)};
    return STATUS_OK;
}

const struct step_type step_document_table = {
    .decl = &document_table_decl,
    .sink_is_declared = document_table_is_declared,
    .sink_row = document_table_row,
    .sink_open = document_table_open,
    .sink_add = document_table_add,
    .sink_end = document_table_end,
    .sink_close = document_table_close,
    .sink_convert = document_table_convert,
    .sink_form = paper_form,
};
