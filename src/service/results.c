#include "service/results.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "service/host.h"

#include <stdatomic.h>
#include <string.h>

#define JSON_TYPE "application/json"

struct results {
    struct service *service;
    struct render *render;
    const struct step_type *format;
    bool is_array;
};

/* --- what was asked for --- */

/* The type of sink whose files end so; NULL if none does. */
static const struct step_type *
sink_with_ending(const struct step_table *steps, const char *ending)
{
    for (size_t i = 0; i < steps->count; i++) {
        const struct step_type *type = steps->types[i];
        if (type->form.ending != NULL && strcmp(type->form.ending, ending) == 0)
            return type;
    }
    return NULL;
}

static const struct format {
    const char *word;
    const char *ending;
    bool is_array;
} formats[] = {
    {"csv", "csv", false},   {"ndjson", "jsonl", false}, {"jsonl", "jsonl", false},
    {"json", "jsonl", true}, {"xlsx", "xlsx", false},
};

static const struct format *
format_find(struct slice word)
{
    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        if (slice_is(word, formats[i].word))
            return &formats[i];
    }
    return NULL;
}

bool
results_has_format(struct slice format)
{
    return format_find(format) != NULL;
}

const char *
results_type_of(struct service *service, struct slice format)
{
    const struct format *found = format_find(format);
    return found->is_array
               ? JSON_TYPE
               : sink_with_ending(service->options.steps, found->ending)->form.content_type;
}

static enum status
read_format(struct render_options *out, struct service *service, struct slice word,
            struct error *error)
{
    const struct format *format = word.ptr == NULL ? &formats[0] : format_find(word);
    if (format == NULL)
        return error_set(error, STATUS_INVALID,
                         "format: expected csv, xlsx, ndjson or json, found \"%.*s\"",
                         SLICE_FORMAT(slice_cut(word, 40)));
    out->format = sink_with_ending(service->options.steps, format->ending);
    out->is_array = format->is_array;
    return STATUS_OK;
}

static enum status
read_state(struct render_options *out, struct slice word, struct error *error)
{
    out->has_state = word.ptr != NULL;
    if (word.ptr == NULL || item_state_parse(word, &out->state))
        return STATUS_OK;
    return error_set(error, STATUS_INVALID,
                     "state: expected completed, failed, dropped, cancelled or open, found "
                     "\"%.*s\"",
                     SLICE_FORMAT(slice_cut(word, 40)));
}

/* A number that was not given sets no bound. */
static bool
read_number(uint64_t *out, int64_t number, int64_t least, uint64_t otherwise)
{
    *out = number == RESULTS_NO_NUMBER ? otherwise : (uint64_t)number;
    return number == RESULTS_NO_NUMBER || number >= least;
}

static enum status
read_bounds(struct render_options *out, const struct results_query *query, struct error *error)
{
    if (!read_number(&out->from_ordinal, query->from, 0, 0))
        return error_set(error, STATUS_INVALID, "from: expected the number of a row, 0 or more");
    if (!read_number(&out->through_ordinal, query->to, 0, UINT64_MAX))
        return error_set(error, STATUS_INVALID, "to: expected the number of a row, 0 or more");
    if (!read_number(&out->limit, query->limit, 1, 0))
        return error_set(error, STATUS_INVALID, "limit: expected how many rows, 1 or more");
    if (out->from_ordinal > out->through_ordinal)
        return error_set(error, STATUS_INVALID, "to: lies before from");
    return STATUS_OK;
}

static struct value
split_names(struct slice text, struct arena *arena)
{
    struct value names = value_empty_array();
    for (;;) {
        const char *comma = text.size == 0 ? NULL : memchr(text.ptr, ',', text.size);
        size_t size = comma == NULL ? text.size : (size_t)(comma - text.ptr);
        names = value_array_append(arena, names, value_string(slice_of(text.ptr, size)));
        if (comma == NULL)
            return names;
        text = slice_of(comma + 1, text.size - size - 1);
    }
}

/* A name twice would make a row with one name twice. */
static bool
names_are_good(struct value names, struct arena *arena)
{
    struct value seen = value_empty_object();
    for (uint32_t i = 0; i < names.count; i++) {
        struct value name = value_items(names)[i];
        if (name.kind != VALUE_STRING)
            return false;
        seen = value_object_set(arena, seen, name, value_null());
    }
    return names.count > 0 && seen.kind == VALUE_OBJECT && seen.count == names.count;
}

static enum status
read_columns(struct render_options *out, struct slice text, struct arena *arena,
             struct error *error)
{
    struct value names = {0};
    if (text.ptr == NULL)
        return STATUS_OK;
    struct slice trimmed = slice_trim(text);
    if (!slice_starts_with(trimmed, SLICE("[")))
        names = split_names(text, arena);
    else if (json_parse(&names, arena, trimmed, 0, NULL, NULL) != STATUS_OK)
        names = (struct value){0};
    if (names.kind != VALUE_ARRAY || names.count > LIMIT_ROW_FIELDS ||
        !names_are_good(names, arena))
        return error_set(error, STATUS_INVALID,
                         "columns: expected different names between commas, or a JSON array of "
                         "them");
    out->columns = names;
    return STATUS_OK;
}

enum status
results_read(struct render_options *out, struct service *service, const struct results_query *query,
             struct arena *arena, struct error *error)
{
    bool is_plain = query->is_plain && !query->is_of_items;
    *out = (struct render_options){
        .table = query->table, .is_plain = query->is_plain, .is_of_items = query->is_of_items};
    enum status status = read_format(out, service, query->format, error);
    if (status == STATUS_OK)
        status = read_state(out, is_plain ? SLICE("completed") : query->state, error);
    if (status == STATUS_OK)
        status = read_bounds(out, query, error);
    if (status == STATUS_OK)
        status = read_columns(out, query->columns, arena, error);
    return status;
}

/* --- the file --- */

enum status
results_open(struct results **out, struct service *service, const struct run_row *run,
             const struct render_options *options, struct error *error)
{
    *out = NULL;
    struct results *results = mem_alloc(sizeof(*results));
    *results = (struct results){
        .service = service, .format = options->format, .is_array = options->is_array};
    enum status status = STATUS_OK;
    if (atomic_fetch_add(&service->renderings, 1) >= LIMIT_RENDERINGS)
        status = error_set(error, STATUS_UNAVAILABLE,
                           "%d tables are rendered already; try again when one is done",
                           LIMIT_RENDERINGS);
    if (status == STATUS_OK)
        status = render_open(&results->render, service->engine, run, options, error);
    if (status != STATUS_OK)
        results_close(&results);
    *out = results;
    return status;
}

enum status
results_next(struct results *results, struct buffer *out, bool *is_end, struct error *error)
{
    return render_next(results->render, out, is_end, error);
}

const char *
results_content_type(const struct results *results)
{
    return results->is_array ? JSON_TYPE : results->format->form.content_type;
}

const char *
results_file_name(const struct results *results, struct arena *arena)
{
    struct slice table = render_table(results->render);
    if (table.size == 0)
        table = SLICE("input");
    return arena_format(arena, "%.*s.%s", SLICE_FORMAT(table),
                        results->is_array ? "json" : results->format->form.ending);
}

void
results_close(struct results **results)
{
    struct results *gone = *results;
    *results = NULL;
    if (gone == NULL)
        return;
    atomic_fetch_sub(&gone->service->renderings, 1);
    render_close(&gone->render);
    mem_free(gone);
}

enum status
results_tables(struct service *service, const struct run_row *run,
               const struct run_progress *progress, table_visit_fn *visit, void *context,
               struct error *error)
{
    struct tables_options options = {
        .format = sink_with_ending(service->options.steps, formats[0].ending),
        .progress = progress,
    };
    return engine_run_tables(service->engine, run, &options, visit, context, error);
}

bool
results_keep_progress(struct run_progress *out, const struct run_progress *progress,
                      struct arena *arena)
{
    uint32_t count = progress == NULL ? 0 : progress->table_count;
    struct table_progress *tables = arena_try_alloc(arena, count * sizeof(*tables) + 1);
    if (count == 0 || tables == NULL)
        return false;
    for (uint32_t t = 0; t < count; t++) {
        tables[t] = progress->tables[t];
        tables[t].name = arena_copy(arena, tables[t].name);
    }
    *out = *progress;
    out->tables = tables;
    return true;
}

enum status
results_inline(struct buffer *out, struct service *service, const struct run_row *run,
               const struct results_part *part, struct error *error)
{
    struct results *results = NULL;
    struct render_options options = {
        .table = part->table,
        .format = sink_with_ending(service->options.steps, "jsonl"),
        .is_array = true,
        .is_plain = true,
        .is_of_items = part->is_of_items,
        .has_state = !part->is_of_items,
        .state = ITEM_STATE_COMPLETED,
        .through_ordinal = UINT64_MAX,
        .limit = part->limit,
    };
    bool is_end = false;
    enum status status = results_open(&results, service, run, &options, error);
    while (status == STATUS_OK && !is_end)
        status = results_next(results, out, &is_end, error);
    results_close(&results);
    return status == STATUS_OK && buffer_is_over(out) ? STATUS_LIMIT : status;
}

enum status
results_diff_open(struct diff_side **out, struct service *service, const struct run_row *run,
                  struct slice table, struct error *error)
{
    const struct step_type *format = sink_with_ending(service->options.steps, "jsonl");
    return diff_side_open(out, service->engine, run, table, format, error);
}
