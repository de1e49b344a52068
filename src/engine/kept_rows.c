#include "engine/kept_rows.h"

#include "base/json.h"
#include "base/limits.h"
#include "engine/entities.h"

/* Rows that are read at a time. */
#define PAGE_ROWS 256

/* One reading. */
struct kept {
    const struct kept_wanted *wanted;
    kept_line_fn *put;
    void *context;
    struct arena arena; /* as long as the reading */
    struct arena row;   /* of one row */
    struct buffer line;
    struct id last;    /* of the page */
    uint32_t count;    /* of the page */
    bool is_enough;    /* put() has said so */
    const char **code; /* of a failure, and its words */
    struct error *error;
    bool has_type;
    struct object_row type; /* of entities, if one is wanted */
    struct value filter;    /* object: slug -> value; or VALUE_NONE */
};

static void
put_line(struct kept *kept)
{
    buffer_append_byte(&kept->line, '\n');
    if (!kept->is_enough)
        kept->is_enough = !kept->put(buffer_slice(&kept->line), kept->context);
    buffer_clear(&kept->line);
}

/* In the place of a row. */
static void
put_words(struct kept *kept, const char *words)
{
    json_print_string(&kept->line, slice_text(words));
    put_line(kept);
}

typedef bool kept_row_fn(struct kept *kept, const struct object_row *row);

struct page_walk {
    struct kept *kept;
    kept_row_fn *take;
};

static bool
take_row(const struct object_row *row, void *context)
{
    struct page_walk *walk = context;
    walk->kept->last = row->id;
    walk->kept->count++;
    return walk->take(walk->kept, row);
}

/* All live ones below the parent, in the order in which they were made. */
static enum status
read_below(struct kept *kept, const struct object_row *parent, enum object_kind kind,
           kept_row_fn *take)
{
    struct page_walk walk = {kept, take};
    struct object_page page = {.workspace = parent->workspace,
                               .kind = kind,
                               .parent = parent->id,
                               .is_ascending = true,
                               .limit = PAGE_ROWS};
    enum status status = STATUS_OK;
    do {
        kept->count = 0;
        status = store_object_list(kept->wanted->store, &page, take_row, &walk);
        page.before = kept->last;
    } while (status == STATUS_OK && !kept->is_enough && kept->count == PAGE_ROWS);
    return status == STATUS_OK ? status
                               : error_set(kept->error, status, "the rows could not be read");
}

/* The text of a field of the config that has to be one. */
static enum status
text_of(struct kept *kept, const char *name, struct slice *out)
{
    struct value text = value_get(kept->wanted->config, name);
    if (text.kind != VALUE_STRING)
        return error_set(kept->error, STATUS_INVALID, "%s: expected a text, found %s", name,
                         value_kind_name(text));
    *out = value_slice(text);
    return STATUS_OK;
}

static enum status
find_named(struct kept *kept, const char *field, enum object_kind kind, struct object_row *out)
{
    struct object_row which = {.workspace = kept->wanted->workspace, .kind = kind};
    struct slice name;
    enum status status = text_of(kept, field, &name);
    if (status != STATUS_OK)
        return status;
    status = store_object_named(kept->wanted->store, &kept->arena, &which, name, out);
    if (status == STATUS_NOT_FOUND)
        return error_set(kept->error, status, "%s: there is no %s \"%.*s\"", field,
                         kind == OBJECT_LIST ? "list" : "entity type",
                         SLICE_FORMAT(slice_cut(name, 100)));
    return status == STATUS_OK
               ? status
               : error_set(kept->error, status, "%s: the store could not be read", field);
}

/* --- lists --- */

static bool
take_list_row(struct kept *kept, const struct object_row *row)
{
    buffer_append_slice(&kept->line, row->body);
    put_line(kept);
    return !kept->is_enough;
}

static enum status
read_list(struct kept *kept)
{
    struct object_row list;
    *kept->code = "no_list";
    enum status status = find_named(kept, "list", OBJECT_LIST, &list);
    return status == STATUS_OK ? read_below(kept, &list, OBJECT_LIST_ROW, take_list_row) : status;
}

/* --- entities --- */

static bool
passes_filter(const struct kept *kept, struct value fields)
{
    if (kept->filter.kind != VALUE_OBJECT)
        return true;
    const struct member *members = value_members(kept->filter);
    for (uint32_t i = 0; i < kept->filter.count; i++) {
        struct value found = value_find_or_null(fields, value_slice(members[i].key));
        if (!value_equal(found, members[i].value))
            return false;
    }
    return true;
}

/* Its fields, behind `_id`. */
static void
put_entity(struct kept *kept, const struct id *id, struct value fields)
{
    char hex[ID_HEX_BYTES];
    struct slice own = SLICE("_id");
    id_hex(id, hex);
    buffer_append_format(&kept->line, "{\"_id\":\"%s\"", hex);
    for (uint32_t i = 0; i < fields.count; i++) {
        const struct member *member = &value_members(fields)[i];
        if (slice_equal(value_slice(member->key), own))
            continue;
        buffer_append_byte(&kept->line, ',');
        json_print(&kept->line, member->key);
        buffer_append_byte(&kept->line, ':');
        json_print(&kept->line, member->value);
    }
    buffer_append_byte(&kept->line, '}');
    put_line(kept);
}

static bool
take_entity(struct kept *kept, const struct object_row *row)
{
    struct value fields = value_get(object_body(row, &kept->row), "fields");
    fields = fields.kind == VALUE_OBJECT ? fields : value_empty_object();
    if (passes_filter(kept, fields))
        put_entity(kept, &row->id, fields);
    arena_reset(&kept->row);
    return !kept->is_enough;
}

static enum status
read_one(struct kept *kept, struct slice text)
{
    struct entity entity;
    const char *words = NULL;
    int size = (int)slice_cut(text, 100).size;
    enum status status =
        entity_find(kept->wanted->store, &kept->wanted->workspace, text, &kept->row, &entity);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        return error_set(kept->error, status, "ids: the store could not be read");
    if (status == STATUS_NOT_FOUND)
        words = arena_format(&kept->row, "there is no entity \"%.*s\"", size, text.ptr);
    else if (entity.row.archived_unix_ms > 0)
        words = arena_format(&kept->row, "the entity \"%.*s\" is deleted", size, text.ptr);
    else if (kept->has_type && !id_equal(&entity.type.id, &kept->type.id))
        words = arena_format(&kept->row, "the entity \"%.*s\" is not of the type \"%.*s\"", size,
                             text.ptr, SLICE_FORMAT(kept->type.name));
    if (words == NULL)
        take_entity(kept, &entity.row);
    else
        put_words(kept, words);
    arena_reset(&kept->row);
    return STATUS_OK;
}

static enum status
read_ids(struct kept *kept, struct value ids)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < ids.count && status == STATUS_OK && !kept->is_enough; i++) {
        struct value id = value_items(ids)[i];
        if (id.kind == VALUE_STRING)
            status = read_one(kept, value_slice(id));
        else
            put_words(kept, arena_format(&kept->row, "ids.%u: expected an id, found %s", i,
                                         value_kind_name(id)));
    }
    return status;
}

/* A slug that the type does not have would let nothing pass. */
static enum status
check_filter(struct kept *kept)
{
    struct value filter = kept->filter;
    if (filter.kind != VALUE_OBJECT || !kept->has_type)
        return STATUS_OK;
    struct value fields = value_get(object_body(&kept->type, &kept->arena), "fields");
    for (uint32_t i = 0; i < filter.count; i++) {
        struct value slug = value_members(filter)[i].key;
        bool is_known = false;
        for (uint32_t f = 0; f < fields.count && fields.kind == VALUE_ARRAY; f++)
            is_known = is_known || value_equal(value_get(value_items(fields)[f], "slug"), slug);
        if (!is_known)
            return error_set(
                kept->error, STATUS_INVALID, "filter.%.*s: the type \"%.*s\" has no such field",
                SLICE_FORMAT(slice_cut(value_slice(slug), 64)), SLICE_FORMAT(kept->type.name));
    }
    return STATUS_OK;
}

static enum status
read_entities(struct kept *kept)
{
    struct value config = kept->wanted->config;
    struct value ids = value_get(config, "ids");
    enum status status = STATUS_OK;
    kept->filter = value_get(config, "filter");
    kept->has_type = value_get(config, "type").kind != VALUE_NONE;
    *kept->code = "no_entity_type";
    if (kept->has_type)
        status = find_named(kept, "type", OBJECT_ENTITY_TYPE, &kept->type);
    if (status != STATUS_OK)
        return status;
    *kept->code = "bad_config";
    status = check_filter(kept);
    if (status != STATUS_OK)
        return status;
    if (ids.kind == VALUE_ARRAY)
        return read_ids(kept, ids);
    if (ids.kind != VALUE_NONE)
        return error_set(kept->error, STATUS_INVALID, "ids: expected an array of ids, found %s",
                         value_kind_name(ids));
    if (!kept->has_type)
        return error_set(kept->error, STATUS_INVALID, "say which entities: by `type` or by `ids`");
    *kept->code = "no_entity_type";
    return read_below(kept, &kept->type, OBJECT_ENTITY, take_entity);
}

enum status
kept_rows_read(const struct kept_wanted *wanted, kept_line_fn *put, void *context,
               const char **code, struct error *error)
{
    struct kept kept = {
        .wanted = wanted, .put = put, .context = context, .code = code, .error = error};
    arena_init(&kept.arena, 16 * LIMIT_ENTITY_BYTES);
    arena_init(&kept.row, 16 * LIMIT_ENTITY_BYTES);
    buffer_init(&kept.line, 2 * LIMIT_ENTITY_BYTES);
    enum status status = wanted->reads == STEP_READS_LIST ? read_list(&kept) : read_entities(&kept);
    buffer_done(&kept.line);
    arena_done(&kept.row);
    arena_done(&kept.arena);
    return status;
}
