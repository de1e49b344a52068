#include "flow/load.h"

#include "base/buffer.h"
#include "base/json.h"

#include <inttypes.h>
#include <stdio.h>

/* The added step stands in no file. */
static const struct located nowhere = {.line = 1, .column = 1};

static bool
id_is_taken(const struct loader *loader, const char *id)
{
    for (uint16_t i = 1; i < loader->draft_count; i++) {
        if (slice_is(value_slice(loader->drafts[i].node.id), id))
            return true;
    }
    return false;
}

static const char *
fresh_id(struct loader *loader)
{
    const char *id = "rows";
    for (uint32_t number = 2; id_is_taken(loader, id); number++)
        id = arena_format(loader->arena, "rows_%" PRIu32, number);
    return id;
}

static bool
ends_with(struct slice text, const char *ending)
{
    size_t size = strlen(ending);
    return text.size >= size && memcmp(text.ptr + text.size - size, ending, size) == 0;
}

/* The path as a jq string: a path may hold the signs of a template. */
static struct template *
template_of_path(struct loader *loader, const char *file)
{
    struct template *template = NULL;
    struct expr_problem problem = {0};
    struct buffer source;
    buffer_init(&source, LIMIT_EXPR_SOURCE_BYTES);
    if (slice_is_utf8(slice_text(file)))
        json_print_string(&source, slice_text(file));
    enum status status =
        template_compile_expression(&template, loader->arena, buffer_slice(&source), &problem);
    buffer_done(&source);
    return status == STATUS_OK ? template : NULL;
}

static void
add_problem(struct loader *loader, const char *words)
{
    problems_add(loader->problems, nowhere.line, nowhere.column, "", NULL, "%s", words);
}

static void
set_fields(struct loader *loader, struct plan_node *node, const char *file)
{
    const struct step_decl *decl = node->decl;
    node->fields = arena_alloc(loader->arena, decl->field_count * sizeof(*node->fields));
    for (size_t i = 0; i < decl->field_count; i++)
        node->fields[i].decl = &decl->fields[i];
    int at = step_decl_field(decl, SLICE("file"));
    struct template *path = at < 0 ? NULL : template_of_path(loader, file);
    if (path == NULL) {
        add_problem(loader, "the name of the file of rows cannot be used");
        return;
    }
    node->fields[at].is_given = true;
    node->fields[at].template = path;
}

static const char *
type_of(struct slice path)
{
    if (ends_with(path, ".xlsx"))
        return "read_xlsx";
    bool is_json =
        ends_with(path, ".jsonl") || ends_with(path, ".ndjson") || ends_with(path, ".json");
    return is_json ? "read_jsonl" : "read_csv";
}

void
load_rows_file(struct loader *loader, const char *file)
{
    const char *type = type_of(slice_text(file));
    struct draft *draft = &loader->drafts[0];
    *draft = (struct draft){.spot = {.at = &nowhere, .key = {1, 1}, .path = ""},
                            .node = {.makes_table = -1, .attempts = 1, .line = 1, .column_at = 1}};
    draft->node.id = value_text(fresh_id(loader));
    draft->node.decl = catalog_find(loader->catalog, slice_text(type));
    if (draft->node.decl == NULL)
        add_problem(loader, "this program has no step type to read the rows with");
    else
        set_fields(loader, &draft->node, file);
}
