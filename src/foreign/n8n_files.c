/* Nodes of n8n that read tables from files, and write rows as one. */
#include "foreign/n8n_nodes.h"

#include <string.h>

/* The file that comes in: one that a node before reads from the disk, or one of the run's input. */
static const char *
file_of(struct n8n *n8n, struct n8n_node *node)
{
    const struct n8n_node *from = node->in == NULL ? NULL : node->in->from;
    struct slice name = n8n_param_text(node, "binaryPropertyName");
    struct value property = value_empty_object();
    if (from != NULL && from->file_path != NULL)
        return from->file_path;
    if (from == NULL || !from->is_trigger || (name.size > 0 && name.ptr[0] == '='))
        return NULL;
    name = name.size == 0 ? SLICE("data") : name;
    n8n_put_text(n8n, &property, "type", "string");
    n8n_put_text(n8n, &property, "format", "file");
    n8n->inputs = value_object_set(n8n->arena, n8n->inputs, value_string(name), property);
    n8n_change(n8n, node,
               "the file is a property of the run's input: a path, or the id of an upload");
    return n8n_cat(n8n->arena, "{{= ", n8n_field(n8n, ".input", name, false), " }}", NULL);
}

/* Which step reads or writes the format; NULL: none. */
static const char *
step_of(struct slice format, bool is_write)
{
    static const struct {
        const char *format, *read, *write;
    } table[] = {
        {"csv", "read_csv", "write_csv"},   {"xlsx", "read_xlsx", "write_xlsx"},
        {"xls", NULL, "write_xlsx"},        {"toJson", NULL, "write_jsonl"},
        {"spreadsheet", NULL, "write_csv"}, {"autodetect", "read_csv", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        if (slice_is(format, table[i].format))
            return is_write ? table[i].write : table[i].read;
    }
    return NULL;
}

static void
read_table(struct n8n *n8n, struct n8n_node *node, struct slice format)
{
    struct n8n_stream *at = &node->streams[0];
    const char *type = step_of(format, false);
    struct slice delimiter = n8n_param_text(node, "options.delimiter");
    struct slice sheet = n8n_param_text(node, "options.sheetName");
    struct value config = value_empty_object();
    const char *file = type == NULL || at->table != 0 ? NULL : file_of(n8n, node);
    if (file == NULL) {
        n8n_leave_out(n8n, node, at,
                      type == NULL ? "files of its format have no step that reads rows: see "
                                     "docs/documents.md for texts"
                                   : "rows are read from one file of the run's input or of the "
                                     "disk, not from files that steps make");
        return;
    }
    n8n_put_text(n8n, &config, "file", file);
    if (strcmp(type, "read_csv") == 0 && delimiter.size == 1)
        n8n_put(n8n, &config, "delimiter", value_string(delimiter));
    if (strcmp(type, "read_xlsx") == 0 && sheet.size > 0 && sheet.ptr[0] != '=')
        n8n_put(n8n, &config, "sheet", value_string(sheet));
    if (n8n_param(node, "options.headerRow").kind == VALUE_FALSE)
        n8n_put(n8n, &config, "header", value_bool(false));
    n8n_step(n8n, node, at, type, config, NULL);
    at->table = n8n_table_new(n8n, N8N_TABLE_GROUP, at->table);
    at->json = (struct n8n_ref){.path = ".item", .table = at->table};
    at->must = NULL;
}

static void
write_table(struct n8n *n8n, struct n8n_node *node, struct slice format)
{
    struct n8n_stream *at = &node->streams[0];
    const char *type = step_of(format, true);
    struct slice name = n8n_param_text(node, "options.fileName");
    struct value config = value_empty_object();
    if (type == NULL) {
        n8n_leave_out(n8n, node, at, "files of its format are not made of rows: see `document`");
        return;
    }
    /* The file has the columns of the item, and no others. */
    n8n_expand(n8n, node, at, n8n_cat(n8n->arena, "[", n8n_json(n8n, at), "]", NULL));
    if (name.size > 0 && name.ptr[0] != '=')
        n8n_put(n8n, &config, "name", value_string(name));
    if (strcmp(type, "write_jsonl") == 0)
        n8n_change(n8n, node, "it writes a line of JSON for each row, not a list");
    const char *id = n8n_step(n8n, node, at, type, config, NULL);
    at->table = n8n_table_new(n8n, N8N_TABLE_GROUP, at->table);
    at->json =
        (struct n8n_ref){.path = n8n_cat(n8n->arena, ".steps.", id, NULL), .table = at->table};
}

void
n8n_from_file(struct n8n *n8n, struct n8n_node *node)
{
    struct slice format = n8n_param_text(node, "operation");
    read_table(n8n, node, format.size == 0 ? SLICE("csv") : format);
}

void
n8n_to_file(struct n8n *n8n, struct n8n_node *node)
{
    struct slice format = n8n_param_text(node, "operation");
    write_table(n8n, node, format.size == 0 ? SLICE("csv") : format);
}

/* Both ways, before they were two nodes. */
void
n8n_spreadsheet(struct n8n *n8n, struct n8n_node *node)
{
    struct slice format = n8n_param_text(node, "fileFormat");
    if (n8n_param_is(node, "operation", "toFile"))
        write_table(n8n, node, format.size == 0 ? SLICE("xlsx") : format);
    else
        read_table(n8n, node, format.size == 0 ? SLICE("autodetect") : format);
}

/* What it reads is told to the node behind it. */
void
n8n_read_file(struct n8n *n8n, struct n8n_node *node)
{
    static const char *const keys[] = {"fileSelector", "filePath"};
    if (n8n_param_is(node, "operation", "write")) {
        n8n_leave_out(n8n, node, &node->streams[0],
                      "steps write files of the run, not of the server's disk");
        return;
    }
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        struct value path = n8n_param(node, keys[i]);
        if (path.kind != VALUE_STRING || path.count == 0)
            continue;
        struct value template = n8n_template(n8n, node, &node->streams[0], path, keys[i]);
        node->file_path = arena_copy(n8n->arena, value_slice(template)).ptr;
        n8n_change(n8n, node,
                   "the step behind it reads the file; under a server a file is an upload");
    }
    if (node->file_path == NULL)
        n8n_leave_out(n8n, node, &node->streams[0], "it names no file");
}
