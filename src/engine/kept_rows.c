#include "engine/kept_rows.h"

#include "base/json.h"
#include "base/limits.h"
#include "engine/documents.h"
#include "engine/entities.h"

#include <string.h>

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
    struct slice needle;    /* the longest text of the filter, which few rows have; or empty */
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

/* Whether the row has to be parsed to know whether it passes. Without a backslash a text stands in
 * it as it is. */
static bool
may_pass(const struct kept *kept, struct slice body)
{
    const struct slice *needle = &kept->needle;
    return needle->size == 0 || memmem(body.ptr, body.size, needle->ptr, needle->size) != NULL ||
           memchr(body.ptr, '\\', body.size) != NULL;
}

static struct slice
needle_of(struct value filter)
{
    struct slice longest = SLICE("");
    for (uint32_t i = 0; filter.kind == VALUE_OBJECT && i < filter.count; i++) {
        struct slice text = value_slice_or(value_members(filter)[i].value, longest);
        longest = text.size > longest.size ? text : longest;
    }
    return longest;
}

static bool
take_list_row(struct kept *kept, const struct object_row *row)
{
    bool passes = kept->filter.kind == VALUE_NONE ||
                  (may_pass(kept, row->body) && passes_filter(kept, object_body(row, &kept->row)));
    arena_reset(&kept->row);
    if (!passes)
        return true;
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
    if (!may_pass(kept, row->body))
        return true;
    struct value fields = value_get(object_body(row, &kept->row), "fields");
    fields = fields.kind == VALUE_OBJECT ? fields : value_empty_object();
    if (passes_filter(kept, fields))
        put_entity(kept, &row->id, fields);
    arena_reset(&kept->row);
    return !kept->is_enough;
}

/* By its id, or by its externalId. */
static enum status
find_one(struct kept *kept, struct slice text, bool is_external, struct entity *out)
{
    struct store *store = kept->wanted->store;
    if (!is_external)
        return entity_find(store, &kept->wanted->workspace, text, &kept->row, out);
    out->type = kept->type;
    return entity_by_external(store, &kept->type, text, &kept->row, &out->row);
}

static enum status
read_one(struct kept *kept, struct slice text, bool is_external)
{
    struct entity entity;
    const char *words = NULL;
    int size = (int)slice_cut(text, 100).size;
    enum status status = find_one(kept, text, is_external, &entity);
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
read_ids(struct kept *kept, struct value ids, bool is_external)
{
    const char *name = is_external ? "externalIds" : "ids";
    enum status status = STATUS_OK;
    if (ids.kind != VALUE_ARRAY)
        return error_set(kept->error, STATUS_INVALID, "%s: expected an array of ids, found %s",
                         name, value_kind_name(ids));
    for (uint32_t i = 0; i < ids.count && status == STATUS_OK && !kept->is_enough; i++) {
        struct value id = value_items(ids)[i];
        if (id.kind == VALUE_STRING)
            status = read_one(kept, value_slice(id), is_external);
        else
            put_words(kept, arena_format(&kept->row, "%s.%u: expected an id, found %s", name, i,
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

static bool
are_all(struct value ids)
{
    return ids.kind == VALUE_NONE ||
           (ids.kind == VALUE_STRING && slice_is(value_slice(ids), "all"));
}

static enum status
read_wanted_entities(struct kept *kept)
{
    struct value ids = value_get(kept->wanted->config, "ids");
    struct value external = value_get(kept->wanted->config, "externalIds");
    if (external.kind != VALUE_NONE && (!kept->has_type || ids.kind != VALUE_NONE))
        return error_set(kept->error, STATUS_INVALID,
                         "externalIds: expected with `type` and without `ids`");
    if (external.kind != VALUE_NONE)
        return read_ids(kept, external, true);
    if (!are_all(ids))
        return read_ids(kept, ids, false);
    if (!kept->has_type)
        return error_set(kept->error, STATUS_INVALID, "say which entities: by `type` or by `ids`");
    *kept->code = "no_entity_type";
    return read_below(kept, &kept->type, OBJECT_ENTITY, take_entity);
}

static enum status
read_entities(struct kept *kept)
{
    enum status status = STATUS_OK;
    kept->has_type = value_get(kept->wanted->config, "type").kind != VALUE_NONE;
    *kept->code = "no_entity_type";
    if (kept->has_type)
        status = find_named(kept, "type", OBJECT_ENTITY_TYPE, &kept->type);
    if (status != STATUS_OK)
        return status;
    *kept->code = "bad_config";
    status = check_filter(kept);
    return status == STATUS_OK ? read_wanted_entities(kept) : status;
}

/* --- documents --- */

/* What all rows of documents have. */
static struct value
document_row(struct kept *kept, const struct object_row *row)
{
    static const char *const names[] = {"title", "externalId", "collection", "metadata"};
    char hex[ID_HEX_BYTES];
    struct value body = object_body(row, &kept->row);
    id_hex(&row->id, hex);
    struct member id = {value_text("_id"), value_string_copy(&kept->row, slice_text(hex))};
    struct value out = value_object_new(&kept->row, &id, 1);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        out = value_object_set(&kept->row, out, value_text(names[i]),
                               value_find_or_null(body, slice_text(names[i])));
    return out;
}

static void
put_value(struct kept *kept, struct value row)
{
    json_print(&kept->line, row);
    put_line(kept);
    arena_reset(&kept->row);
}

static enum status
read_document(struct kept *kept)
{
    struct object_row row, which = {.workspace = kept->wanted->workspace, .kind = OBJECT_DOCUMENT};
    struct index_row index, of = {.workspace = kept->wanted->workspace};
    struct store *store = kept->wanted->store;
    struct slice id;
    enum status status = text_of(kept, "id", &id);
    if (status != STATUS_OK)
        return status;
    status = store_object_named(store, &kept->row, &which, id, &row);
    of.id = row.id;
    if (status == STATUS_OK)
        status = store_index_get(store, &kept->row, &of, &index);
    if (status == STATUS_NOT_FOUND) {
        put_words(kept, arena_format(&kept->row, "there is no document \"%.*s\"",
                                     SLICE_FORMAT(slice_cut(id, 100))));
        return STATUS_OK;
    }
    if (status != STATUS_OK)
        return error_set(kept->error, status, "id: the document could not be read");
    struct value out = document_row(kept, &row);
    put_value(kept,
              value_object_set(&kept->row, out, value_text("text"), value_string(index.body)));
    return STATUS_OK;
}

/* Marks of the words are for pages. */
static struct value
snippet_text(struct kept *kept, struct slice marked)
{
    struct slice copy = arena_copy(&kept->row, marked);
    char *bytes = (char *)(uintptr_t)copy.ptr;
    size_t size = 0;
    for (size_t i = 0; bytes != NULL && i < copy.size; i++) {
        if (bytes[i] != STORE_MARK_BEGIN && bytes[i] != STORE_MARK_END)
            bytes[size++] = bytes[i];
    }
    return value_string(slice_of(copy.ptr, size));
}

static void
put_hits(struct kept *kept, const struct document_hits *hits)
{
    for (size_t i = 0; i < hits->count && !kept->is_enough; i++) {
        const struct document_hit *hit = &hits->hits[i];
        struct value row = document_row(kept, &hit->row);
        row = value_object_set(&kept->row, row, value_text("score"), value_double(hit->score));
        put_value(kept, value_object_set(&kept->row, row, value_text("snippet"),
                                         snippet_text(kept, hit->snippet)));
    }
}

#define HITS_USUAL 10

/* What is misspelt would filter nothing. */
static enum status
check_document_filter(struct kept *kept)
{
    struct value filter = kept->filter, metadata = value_get(filter, "metadata");
    if (filter.kind == VALUE_NONE)
        return STATUS_OK;
    bool is_good = filter.kind == VALUE_OBJECT &&
                   (metadata.kind == VALUE_NONE || metadata.kind == VALUE_OBJECT);
    for (uint32_t i = 0; is_good && i < filter.count; i++) {
        struct slice name = value_slice(value_members(filter)[i].key);
        is_good = slice_is(name, "collection") || slice_is(name, "metadata");
    }
    return is_good ? STATUS_OK
                   : error_set(kept->error, STATUS_INVALID,
                               "filter: expected {collection, metadata: {name: value}}");
}

static enum status
search(struct kept *kept)
{
    struct value config = kept->wanted->config;
    struct document_hits hits;
    struct document_search search = {.workspace = kept->wanted->workspace,
                                     .filter = kept->filter,
                                     .any = value_is_true(value_get(config, "any")),
                                     .limit = HITS_USUAL};
    struct value limit = value_get(config, "limit");
    enum status status = text_of(kept, "query", &search.query);
    if (status != STATUS_OK)
        return status;
    status = check_document_filter(kept);
    if (status != STATUS_OK)
        return status;
    if (limit.kind == VALUE_INT && limit.integer >= 1 && limit.integer <= KEPT_HITS_MAX)
        search.limit = (uint32_t)limit.integer;
    status = documents_search(kept->wanted->store, &search, &kept->arena, &hits, kept->error);
    if (status == STATUS_OK)
        put_hits(kept, &hits);
    else if (status != STATUS_INVALID)
        error_set(kept->error, status, "the documents could not be searched");
    return status;
}

static enum status
read_documents(struct kept *kept)
{
    *kept->code = "bad_config";
    return value_get(kept->wanted->config, "id").kind == VALUE_NONE ? search(kept)
                                                                    : read_document(kept);
}

enum status
kept_rows_read(const struct kept_wanted *wanted, kept_line_fn *put, void *context,
               const char **code, struct error *error)
{
    struct kept kept = {
        .wanted = wanted, .put = put, .context = context, .code = code, .error = error};
    kept.filter = value_get(wanted->config, "filter");
    arena_init(&kept.arena, LIMIT_OUTCOME_BYTES);
    arena_init(&kept.row, 16 * LIMIT_ENTITY_BYTES);
    buffer_init(&kept.line, KEPT_LINE_BYTES_MAX);
    kept.needle = needle_of(kept.filter);
    enum status status = STATUS_OK;
    if (wanted->reads == STEP_READS_LIST)
        status = read_list(&kept);
    else if (wanted->reads == STEP_READS_ENTITIES)
        status = read_entities(&kept);
    else
        status = read_documents(&kept);
    buffer_done(&kept.line);
    arena_done(&kept.row);
    arena_done(&kept.arena);
    return status;
}
