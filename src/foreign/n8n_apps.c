/* Nodes of n8n for apps: a connector of that name, if there is one; tables of n8n itself. */
#include "flow/catalog.h"
#include "foreign/n8n_nodes.h"

#include <ctype.h>
#include <string.h>

/* --- connectors --- */

/* googleSheets as google_sheets, without the package before it. */
static const char *
connector_name(struct n8n *n8n, struct slice type)
{
    const char *dot = type.size == 0 ? NULL : memrchr(type.ptr, '.', type.size);
    struct slice last =
        dot == NULL ? type : slice_of(dot + 1, type.size - (size_t)(dot + 1 - type.ptr));
    char name[61] = "";
    size_t size = 0;
    for (size_t i = 0; i < last.size && size + 1 < sizeof(name) - 1; i++) {
        unsigned char byte = (unsigned char)last.ptr[i];
        if (byte >= 0x80 || isalnum(byte) == 0)
            continue;
        if (isupper(byte) != 0 && size > 0)
            name[size++] = '_';
        name[size++] = (char)tolower(byte);
    }
    name[size] = '\0';
    return arena_format(n8n->arena, "%s", name);
}

/* The parameter for an input: sheet_name may be sheetName there. What is chosen from a list is its
 * value. */
static struct value
param_of(struct n8n *n8n, const struct n8n_node *node, const char *input)
{
    struct value value = value_get(node->parameters, input);
    for (uint32_t i = 0; value.kind == VALUE_NONE && i < node->parameters.count; i++) {
        const struct member *member = &value_members(node->parameters)[i];
        if (strcmp(connector_name(n8n, value_slice(member->key)), input) == 0)
            value = member->value;
    }
    bool is_chosen = value.kind == VALUE_OBJECT && value_get(value, "__rl").kind == VALUE_TRUE;
    return is_chosen ? value_get(value, "value") : value;
}

/* What the connector asks for and the node does not say; NULL: nothing. */
static const char *
put_inputs(struct n8n *n8n, struct n8n_node *node, const struct step_decl *decl,
           struct value *config)
{
    for (size_t i = 0; i < decl->field_count; i++) {
        const struct field_decl *field = &decl->fields[i];
        if (field->kind != FIELD_TEXT && field->kind != FIELD_ANY)
            continue;
        struct value value = param_of(n8n, node, field->name);
        if (value.kind == VALUE_NONE && field->required)
            return field->name;
        if (value.kind != VALUE_NONE)
            n8n_put(n8n, config, field->name,
                    n8n_template(n8n, node, &node->streams[0], value, field->name));
    }
    return NULL;
}

/* What such nodes can be done with; NULL: with a connector. */
static const char *
advice_for(struct slice type)
{
    static const struct {
        const char *type, *words;
    } table[] = {
        {"html", "scrape_web reads a page's text and links; what a selector finds has no step"},
        {"mySql", "sql_query reads from PostgreSQL and SQLite; nothing writes there"},
        {"postgres", "sql_query reads from a database that the server's configuration names; "
                     "nothing writes there"},
        {"telegram", "its API wants the token in the address, where no secret may stand; tell "
                     "somebody by notify (e-mail, Slack, a webhook)"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        if (slice_is(type, table[i].type))
            return table[i].words;
    }
    return NULL;
}

/* A step that fails, and what there is to do about it. */
static void
lacks_connector(struct n8n *n8n, struct n8n_node *node, const char *name)
{
    const char *advice = advice_for(node->type);
    struct slice type = slice_cut(node->type, 100);
    const char *shown = arena_format(n8n->arena, "%.*s", SLICE_FORMAT(type));
    const char *words = n8n_cat(n8n->arena, "there is no step for nodes of the type ", shown, NULL);
    if (advice != NULL) {
        n8n_need(n8n, node, "step", name,
                 n8n_cat(n8n->arena, "put a step in the place of ", shown, ": ", advice, NULL));
        words = n8n_cat(n8n->arena, words, ": ", advice, NULL);
    } else if (name[0] != '\0') {
        n8n_need(n8n, node, "connector", name,
                 n8n_cat(n8n->arena, "write the connector ", name,
                         ".yaml (docs/connectors.md) and import again, or put an http_request "
                         "in the place of ",
                         shown, NULL));
    }
    n8n_leave_out(n8n, node, &node->streams[0],
                  n8n_cat(n8n->arena, words,
                          "; the run fails there until you have put a step in its place", NULL));
}

void
n8n_vendor(struct n8n *n8n, struct n8n_node *node)
{
    struct n8n_stream *at = &node->streams[0];
    struct value config = value_empty_object();
    const char *name = connector_name(n8n, node->type);
    const struct step_decl *decl =
        n8n->catalog == NULL ? NULL : catalog_find(n8n->catalog, slice_text(name));
    /* Steps of this program that have the name of an app by chance are something else. */
    if (decl == NULL || decl->page == NULL) {
        lacks_connector(n8n, node, name);
        return;
    }
    const char *missing = put_inputs(n8n, node, decl, &config);
    if (missing != NULL) {
        n8n_leave_out(n8n, node, at,
                      n8n_cat(n8n->arena, "the connector ", name, " asks for `", missing,
                              "`, which this node does not say", NULL));
        return;
    }
    const char *id = n8n_step(n8n, node, at, decl->name, config, NULL);
    n8n_effect(n8n, node, at);
    n8n_change(n8n, node,
               n8n_cat(n8n->arena, "it is the connector ", name,
                       ", which gets those of its parameters that are inputs there", NULL));
    n8n_take_items(n8n, node, at, n8n_cat(n8n->arena, ".steps.", id, NULL), false);
}

/* --- tables of n8n --- */

/* A row with the names of an object that a step gives. */
static struct value
row_of(struct n8n *n8n, const char *step, struct value names)
{
    struct value row = value_empty_object();
    const char *base = n8n_cat(n8n->arena, ".steps.", step, NULL);
    for (uint32_t i = 0; i < names.count; i++) {
        struct value key = value_members(names)[i].key;
        const char *path = n8n_field(n8n, base, value_slice(key), false);
        row = value_object_set(n8n->arena, row, key,
                               value_text(n8n_cat(n8n->arena, "{{= ", path, " }}", NULL)));
    }
    return row;
}

/* Only rows that are added: lists here have no rows that are found by their fields. */
void
n8n_data_table(struct n8n *n8n, struct n8n_node *node)
{
    struct n8n_stream *at = &node->streams[0];
    struct slice operation = n8n_param_text(node, "operation");
    struct value columns = n8n_param(node, "columns.value"), config = value_empty_object();
    struct slice list = n8n_param_text(node, "dataTableId.cachedResultName");
    bool is_insert = operation.size == 0 || slice_is(operation, "insert");
    bool is_row =
        n8n_param_text(node, "resource").size == 0 || n8n_param_is(node, "resource", "row");
    if (!is_insert || !is_row || list.size == 0 || columns.kind != VALUE_OBJECT ||
        columns.count == 0) {
        n8n_leave_out(n8n, node, at,
                      "of tables only rows with columns that are written down are added "
                      "(append_to_list); reading is read_list or lookup, by a list of that name");
        return;
    }
    n8n_put(n8n, &config, "fields", n8n_template(n8n, node, at, columns, "columns"));
    const char *row = n8n_step(n8n, node, at, "set", config, NULL);
    config = value_empty_object();
    n8n_put(n8n, &config, "list", value_string(list));
    n8n_put(n8n, &config, "row", row_of(n8n, row, columns));
    n8n_step(n8n, node, at, "append_to_list", config, NULL);
    n8n_effect(n8n, node, at);
    at->json =
        (struct n8n_ref){.path = n8n_cat(n8n->arena, ".steps.", row, NULL), .table = at->table};
    const char *shown = arena_format(n8n->arena, "%.*s", SLICE_FORMAT(slice_cut(list, 100)));
    n8n_need(n8n, node, "list", shown,
             n8n_cat(n8n->arena, "make the list \"", shown, "\": POST /v1/lists", NULL));
    n8n_change(n8n, node, "the table is a list of that name; its rows have no `id` of n8n");
}
