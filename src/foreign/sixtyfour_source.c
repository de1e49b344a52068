/* Blocks that begin a workflow, blocks that send rows somewhere, and those of outside vendors. */
#include "foreign/sixtyfour_maker.h"

#include "base/json.h"

#include <string.h>

/* The notebook_id of a list that is still to be made. */
#define NEW_LIST "__create_new__"
/* That a step of ours finds. */
#define SEARCH_ROWS_MAX 1000

/* --- the input of runs --- */

static void
add_input(struct maker *maker, const char *name, struct value schema, bool is_required)
{
    maker_put(maker, &maker->properties, name, schema);
    if (is_required)
        maker->required = value_array_append(maker->arena, maker->required, value_text(name));
}

static struct value
schema_of(struct maker *maker, const char *type, const char *format)
{
    struct value schema = value_empty_object();
    maker_put(maker, &schema, "type", value_text(type));
    if (format != NULL)
        maker_put(maker, &schema, "format", value_text(format));
    return schema;
}

/* Whether the specs of the block can be others for one run: those of the first source. */
static bool
takes_overrides(const struct maker *maker)
{
    return maker->block == maker->graph->order[0];
}

/* --- webhook --- */

/* {type: array, items: {type: object, required: […]}}, by the columns that are declared. */
static struct value
rows_schema(struct maker *maker)
{
    struct value columns = maker_spec(maker, "input_schema");
    struct value required = value_empty_array();
    struct value items = schema_of(maker, "object", NULL);
    struct value rows = schema_of(maker, "array", NULL);
    for (uint32_t i = 0; columns.kind == VALUE_OBJECT && i < columns.count; i++) {
        const struct member *column = &value_members(columns)[i];
        if (value_get(column->value, "required").kind != VALUE_FALSE)
            required = value_array_append(maker->arena, required, column->key);
    }
    if (required.count > 0)
        maker_put(maker, &items, "required", required);
    maker_put(maker, &rows, "items", items);
    return rows;
}

/* The rows of a run that is started without any; an array. */
static enum status
read_sample(struct maker *maker, struct value *out)
{
    struct slice text = slice_trim(maker_spec_text(maker, "webhook_input"));
    struct error error = {0};
    *out = value_empty_array();
    if (text.size == 0)
        return STATUS_OK;
    if (json_parse(out, maker->arena, text, 0, NULL, &error) != STATUS_OK)
        return maker_fail(maker, "specs.webhook_input",
                          arena_format(maker->arena, "is not valid JSON: %s", error.text));
    if (out->kind == VALUE_OBJECT)
        *out = value_array_new(maker->arena, out, 1);
    return out->kind == VALUE_ARRAY
               ? STATUS_OK
               : maker_fail(maker, "specs.webhook_input", "expected a row or a list of rows");
}

enum status
make_webhook(struct maker *maker)
{
    struct value sample;
    enum status status = read_sample(maker, &sample);
    if (status != STATUS_OK)
        return status;
    add_input(maker, "webhook_payload", rows_schema(maker), false);
    const char *rows = sample.count == 0 ? "[]" : maker_json(maker, sample);
    maker_add_rows(maker, maker->rows, maker_jq(maker, "(.input.webhook_payload // %s)", rows));
    return STATUS_OK;
}

/* --- files and lists --- */

static void
add_reader(struct maker *maker, const char *type, const char *field, const char *spec)
{
    struct value config = value_empty_object();
    const char *given = takes_overrides(maker) ? maker_given(maker, spec)
                                               : maker_literal(maker, maker_spec_text(maker, spec));
    maker_put(maker, &config, field, maker_text(maker, "{{= %s }}", given));
    maker_add(maker, maker_step(maker, maker->block->step, type, config), value_empty_array());
}

enum status
make_read_csv(struct maker *maker)
{
    bool has_file = maker_spec_text(maker, "resource_handle_id").size > 0;
    if (!has_file && !takes_overrides(maker))
        return maker_fail(maker, "specs.resource_handle_id",
                          "only the first source gets a file when a run is started: name one");
    if (takes_overrides(maker))
        add_input(maker, "resource_handle_id", schema_of(maker, "string", "file"), !has_file);
    add_reader(maker, "read_csv", "file", "resource_handle_id");
    return STATUS_OK;
}

enum status
make_read_notebook(struct maker *maker)
{
    if (takes_overrides(maker))
        add_input(maker, "notebook_id", schema_of(maker, "string", NULL), false);
    add_reader(maker, "read_list", "list", "notebook_id");
    return STATUS_OK;
}

/* Over the documents that are here: any of the words will do. */
enum status
make_search(struct maker *maker)
{
    int64_t most = 0;
    struct value limit = maker_spec(maker, "max_results");
    struct value config = value_empty_object();
    const char *query = takes_overrides(maker)
                            ? maker_given(maker, "query")
                            : maker_literal(maker, maker_spec_text(maker, "query"));
    if (takes_overrides(maker))
        add_input(maker, "query", schema_of(maker, "string", NULL), false);
    maker_put(maker, &config, "query", maker_text(maker, "{{= %s }}", query));
    maker_put(maker, &config, "any", value_bool(true));
    maker_note_idle(maker, "auto_execute", "the search runs when a run is started");
    if (value_is_number(limit) && value_integer(limit, &most) && most > SEARCH_ROWS_MAX)
        maker_note(maker, "specs.max_results: 1000 rows are found at most");
    if (value_is_number(limit) && value_integer(limit, &most))
        maker_put(maker, &config, "limit",
                  value_int(most < SEARCH_ROWS_MAX ? most : SEARCH_ROWS_MAX));
    maker_add(maker, maker_step(maker, maker->block->step, "search", config), value_empty_array());
    return STATUS_OK;
}

/* --- what goes out --- */

static struct slice
nothing(void)
{
    return slice_of("", 0);
}

enum status
make_append(struct maker *maker)
{
    struct slice list = maker_spec_text(maker, "notebook_id");
    struct slice name = maker_spec_text(maker, "notebook_name");
    bool is_new = slice_is(list, NEW_LIST);
    struct slice append = maker_step_id(maker, "append");
    struct value config = value_empty_object();
    if (is_new && name.size == 0)
        name = value_slice(foreign_name(maker->arena, maker->wanted->name));
    struct buffer text;
    buffer_init(&text, 64 * (list.size + name.size + 16));
    foreign_put_literal(&text, is_new ? name : list);
    maker_put(maker, &config, "list", value_string_copy(maker->arena, buffer_slice(&text)));
    buffer_done(&text);
    maker_add(maker, maker_step(maker, append, "append_to_list", config),
              maker_needs(maker, maker->rows, nothing()));
    maker_add_rows(maker, append, "[.item]");
    return STATUS_OK;
}

struct value
sixtyfour_new_lists(struct value flow, struct arena *arena)
{
    struct value blocks = sixtyfour_blocks_in(flow);
    struct value names = value_empty_array();
    for (uint32_t i = 0; i < blocks.count; i++) {
        struct value block = value_items(blocks)[i];
        struct value specs = value_get(block, "specs");
        if (!slice_is(value_get_text(block, "block_name"), "append_to_notebook") ||
            !slice_is(value_get_text(specs, "notebook_id"), NEW_LIST))
            continue;
        struct value name = value_get(specs, "notebook_name");
        names = value_array_append(arena, names,
                                   name.kind == VALUE_STRING ? name : value_get(flow, "name"));
    }
    return names;
}

/* For each row if it says something of rows, else once. */
enum status
make_slack(struct maker *maker)
{
    struct slice message = maker_spec_text(maker, "message");
    struct slice tell = maker_step_id(maker, "tell");
    struct value config = value_empty_object(), slack = value_empty_object();
    bool is_of_rows = maker_has_places(maker, message);
    struct slice behind = is_of_rows ? maker->rows : maker_gather(maker);
    maker_put(maker, &slack, "url", maker_template(maker, maker_spec_text(maker, "webhook_url")));
    maker_put(maker, &slack, "text", maker_template(maker, message));
    maker_put(maker, &config, "slack", slack);
    maker_add(maker, maker_step(maker, tell, "notify", config),
              maker_needs(maker, behind, nothing()));
    maker_add_rows(maker, is_of_rows ? tell : maker->rows, "[.item]");
    return STATUS_OK;
}

/* The end of a run is told with the rows of its last table, once; the block only hands its rows on.
 */
enum status
make_webhook_out(struct maker *maker)
{
    if (maker->notify.kind == VALUE_OBJECT)
        return maker_fail(maker, "specs.url",
                          "another outgoing_webhook is told already: a workflow has one");
    maker->notify = value_empty_object();
    maker_put(maker, &maker->notify, "on_end",
              value_string_copy(maker->arena, maker_spec_text(maker, "url")));
    maker_put(maker, &maker->notify, "form", value_text("sixtyfour"));
    maker_add_rows(maker, maker->rows, "[.item]");
    return STATUS_OK;
}

/* --- outside vendors: connectors of that name --- */

/* What an input of the connector gets: the spec of that name, else the column. */
static struct value
vendor_input(struct maker *maker, const char *name)
{
    struct value spec = maker_spec(maker, name);
    if (maker->rows.size == 0)
        return maker_text(maker, "{{= %s }}", maker_given(maker, name));
    if (spec.kind == VALUE_STRING)
        return maker_template(maker, value_slice(spec));
    if (spec.kind != VALUE_NONE && spec.kind != VALUE_NULL)
        return maker_text(maker, "{{= %s }}", maker_json(maker, spec));
    return maker_text(maker, "{{= %s // \"\" }}", maker_column(maker, slice_text(name)));
}

/* What comes of a value: its objects, each with what the row had, or alone where rows become others
 * or begin; a value that is none is put into a column of the block's name. */
static const char *
vendor_rows(struct maker *maker, struct slice call)
{
    struct slice gives = value_get_text(maker->block->kind, "gives");
    bool keeps_row = maker->rows.size > 0 && slice_is(gives, "SAME");
    const char *row = keeps_row ? ".item" : "{}";
    struct slice name = maker->block->name;
    return maker_jq(maker,
                    ".steps.%.*s as $value | %s as $row | "
                    "if ($value | type) == \"object\" then [$row + $value] "
                    "elif $value == null then %s "
                    "elif ($value | type) == \"array\" then [$value[] | if type == \"object\" "
                    "then $row + . else $row + {%.*s: .} end] "
                    "else [$row + {%.*s: $value}] end",
                    SLICE_FORMAT(call), row, keeps_row ? "[$row]" : "[]", SLICE_FORMAT(name),
                    SLICE_FORMAT(name));
}

/* A problem; where the graph is to become a workflow all the same, a step that fails. */
static enum status
lacks(struct maker *maker, const char *words)
{
    struct slice name = maker->block->name;
    if (!maker->wanted->keeps_on)
        return maker_fail(maker, "block_name", words);
    maker_note(maker, arena_format(maker->arena, "%s; until then every row fails there", words));
    maker_add_rows(maker, maker->rows,
                   maker_jq(maker, "error(\"there is no %.*s here\")", SLICE_FORMAT(name)));
    return STATUS_OK;
}

enum status
make_vendor(struct maker *maker)
{
    const struct step_decl *decl = catalog_find(maker->wanted->catalog, maker->block->name);
    struct slice call = maker_step_id(maker, "call");
    struct value config = value_empty_object();
    struct slice name = maker->block->name;
    if (decl == NULL)
        return lacks(
            maker,
            arena_format(maker->arena,
                         "needs a connector of this name: put %.*s.yaml into the server's folder "
                         "of connectors (windrow serve --connectors DIR; docs/connectors.md)",
                         SLICE_FORMAT(name)));
    for (size_t i = 0; i < decl->field_count; i++) {
        const char *field = decl->fields[i].name;
        /* How often a vendor is called is the connector's own. */
        if (decl->fields[i].kind != FIELD_TEXT && decl->fields[i].kind != FIELD_ANY)
            continue;
        maker_put(maker, &config, field, vendor_input(maker, field));
        if (maker->rows.size == 0)
            add_input(maker, field, value_empty_object(), false);
    }
    maker_add(maker, maker_step(maker, call, decl->name, config),
              maker_needs(maker, maker->rows, nothing()));
    maker_add_rows(maker, call, vendor_rows(maker, call));
    return STATUS_OK;
}

/* What this program is to do itself, and does not yet: a connector of that name may. */
enum status
make_later(struct maker *maker)
{
    if (catalog_find(maker->wanted->catalog, maker->block->name) != NULL)
        return make_vendor(maker);
    return lacks(
        maker,
        arena_format(maker->arena,
                     "is not in this build; a connector of this name can do it (%.*s.yaml in the "
                     "server's folder of connectors, docs/connectors.md)",
                     SLICE_FORMAT(maker->block->name)));
}
