#include "reshaping.h"
#include "scene.h"
#include "test.h"

#include "base/buffer.h"
#include "base/json.h"
#include "base/limits.h"
#include "engine/key.h"

#include <stdio.h>
#include <string.h>

/* What a reshape puts out, as lines. */
struct collector {
    struct reshape_out out;
    struct buffer text;
};

static void
add_part(struct buffer *out, const char *name, struct slice part)
{
    if (part.size > 0)
        buffer_append_format(out, " %s=%.*s", name, SLICE_FORMAT(part));
}

static enum status
collect(struct reshape_out *out, const struct reshape_row *row, struct error *error)
{
    struct buffer *text = &((struct collector *)out)->text;
    char key[64];
    size_t size = key_print(row->key, key, sizeof(key));
    /* A hash is the same on every machine, but says nothing to a reader. */
    bool is_hash = size > 20;
    buffer_append_format(text, "%.*s %.*s", is_hash ? 1 : (int)size, is_hash ? "#" : key,
                         SLICE_FORMAT(row->item));
    add_part(text, "steps", row->steps);
    add_part(text, "parent", row->parent);
    add_part(text, "problem", row->problem);
    buffer_append_byte(text, '\n');
    return STATUS_OK;
}

/* The rows of a list. */
struct kept_lines {
    struct step_file file;
    struct slice text;
};

static enum status
kept_read(struct step_file *file, uint64_t offset, void *out, size_t size, size_t *got,
          struct error *error)
{
    struct slice text = ((const struct kept_lines *)file)->text;
    size_t left = offset < text.size ? text.size - (size_t)offset : 0;
    *got = size < left ? size : left;
    memcpy(out, text.ptr + offset, *got);
    return STATUS_OK;
}

struct reshaping {
    struct scene scene;
    const struct plan_table *table;
    struct reshape *reshape;
    struct collector *collector;
};

static void
put_row(struct reshaping *reshaping, uint16_t input, uint64_t ordinal, struct value item)
{
    struct scene *scene = &reshaping->scene;
    struct member member = {value_text("item"), item};
    struct value value = {0};
    scene->scope.root = value_object_new(&scene->arena, &member, 1);
    scene->scope.node = &scene->plan->nodes[reshaping->table->inputs[input]];
    if (!scene->type->value(&scene->scope, &value, &scene->failure)) {
        buffer_append_format(&reshaping->collector->text, "! %s\n", scene->failure.code);
        return;
    }
    struct buffer taken;
    buffer_init(&taken, LIMIT_ROW_BYTES);
    if (scene->type->reshape_encode != NULL)
        scene->type->reshape_encode(scene->scope.node, value, &taken);
    struct key key = key_of_ordinal(ordinal);
    struct reshape_row row = {
        .key = key_slice(&key),
        .taken = buffer_slice(&taken),
        .item = json_text(&scene->arena, item),
    };
    struct error error;
    assert_int_equal(scene->type->reshape_put(reshaping->reshape, input, &row,
                                              &reshaping->collector->out, &error),
                     STATUS_OK);
    buffer_done(&taken);
}

static void
put_rows(struct reshaping *reshaping, uint16_t input, const char *rows)
{
    struct scene *scene = &reshaping->scene;
    struct error error;
    struct value list;
    const char *text = arena_format(&scene->arena, "[%s]", rows);
    if (json_parse(&list, &scene->arena, slice_text(text), 0, NULL, &error) != STATUS_OK)
        fail_msg("%s: %s", rows, error.text);
    for (uint32_t i = 0; i < list.count && !reshaping->collector->out.is_full; i++)
        put_row(reshaping, input, i, value_items(list)[i]);
    bool is_done = scene->type->reshape_end == NULL;
    while (!is_done)
        assert_int_equal(scene->type->reshape_end(reshaping->reshape, input, &is_done, &error),
                         STATUS_OK);
}

static void
drain(struct reshaping *reshaping)
{
    struct scene *scene = &reshaping->scene;
    bool is_done = scene->type->reshape_drain == NULL;
    struct error error;
    while (!is_done)
        assert_int_equal(scene->type->reshape_drain(reshaping->reshape, scene->scope.machine,
                                                    &reshaping->collector->out, &is_done, &error),
                         STATUS_OK);
}

static void
open_all(struct reshaping *reshaping, const char *type, const char *config, const char *kept)
{
    struct slice text = slice_text(kept == NULL ? "" : kept);
    struct kept_lines lines = {{kept_read, text.size, "list"}, text};
    char workflow[4096];
    bool has_other = strcmp(type, "union") == 0;
    snprintf(workflow, sizeof(workflow),
             "name: t\nsteps:\n"
             "  - { id: right, type: read_jsonl, config: { file: r } }\n"
             "  - { id: left, type: read_jsonl, needs: [], config: { file: l } }\n"
             "  - { id: it, type: %s, needs: %s, config: %s }\n",
             type, has_other ? "[left, right]" : "[left]", config);
    scene_open(&reshaping->scene, workflow, "it", "{}");
    const struct plan *plan = reshaping->scene.plan;
    for (uint16_t t = 0; t < plan->table_count; t++) {
        if (plan->tables[t].kind == PLAN_TABLE_RESHAPE)
            reshaping->table = &plan->tables[t];
    }
    assert_non_null(reshaping->table);
    struct value asked;
    const struct step_type *of = reshaping->scene.type;
    const struct plan_node *node = reshaping->scene.scope.node;
    bool compares =
        of->reshape_kept != NULL && of->reshape_kept(node, &reshaping->scene.arena, &asked);
    struct reshape_place place = {node, "/tmp", compares ? &lines.file : NULL};
    struct error error;
    if (reshaping->scene.type->reshape_open != NULL)
        assert_int_equal(reshaping->scene.type->reshape_open(&reshaping->reshape, &place, &error),
                         STATUS_OK);
}

char *
reshape_rows(const char *type, const char *config, const char *left, const char *right)
{
    struct collector collector = {.out = {.put = collect}};
    struct reshaping reshaping = {.collector = &collector};
    buffer_init(&collector.text, MIB(4));
    open_all(&reshaping, type, config, right);
    const struct step_type *of = reshaping.scene.type;
    bool is_right_first = of->decl->reshape.reads_other_first;
    if (is_right_first)
        put_rows(&reshaping, 1, right);
    put_rows(&reshaping, 0, left);
    if (!is_right_first && reshaping.table->input_count > 1)
        put_rows(&reshaping, 1, right);
    drain(&reshaping);
    if (of->reshape_close != NULL)
        of->reshape_close(&reshaping.reshape);
    scene_close(&reshaping.scene);
    struct slice text = buffer_slice(&collector.text);
    char *copy = test_calloc(text.size + 1, 1);
    if (text.size > 0)
        memcpy(copy, text.ptr, text.size);
    buffer_done(&collector.text);
    return copy;
}
