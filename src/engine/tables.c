#include "engine/tables.h"

#include "base/json.h"
#include "base/limits.h"
#include "engine/look.h"
#include "engine/row_view.h"
#include "engine/run.h"

struct listing {
    const struct tables_options *options;
    struct look look;
    struct arena arena;
    struct value counts; /* of a run that has ended: an array by table; else VALUE_NONE */
    table_visit_fn *visit;
    void *context;
    bool is_stopped;
};

/* --- how many --- */

static uint64_t
number(struct value object, const char *name)
{
    int64_t count = 0;
    return value_integer(value_get(object, name), &count) && count > 0 ? (uint64_t)count : 0;
}

static struct value
counted_at_end(const struct listing *listing, struct slice name)
{
    for (uint32_t i = 0; i < listing->counts.count; i++) {
        struct value table = value_items(listing->counts)[i];
        if (slice_equal(value_slice(value_get(table, "table")), name))
            return table;
    }
    return (struct value){0};
}

static const struct table_progress *
counted_now(const struct listing *listing, struct slice name)
{
    const struct run_progress *progress = listing->options->progress;
    for (uint32_t i = 0; progress != NULL && i < progress->table_count; i++) {
        if (slice_equal(progress->tables[i].name, name))
            return &progress->tables[i];
    }
    return NULL;
}

static void
count(struct table_shape *shape, const struct listing *listing)
{
    const struct table_run *table = listing->look.table;
    struct slice name = value_slice(table->plan->name);
    struct value ended = counted_at_end(listing, name);
    const struct table_progress *now = counted_now(listing, name);
    shape->state = SLICE("open");
    shape->counts = table->counts;
    if (ended.kind == VALUE_OBJECT) {
        shape->state = value_slice(value_get(ended, "state"));
        shape->counts = (struct item_counts){
            .items = number(ended, "items"),
            .completed = number(ended, "completed"),
            .failed = number(ended, "failed"),
            .dropped = number(ended, "dropped"),
            .cancelled = number(ended, "cancelled"),
        };
    } else if (now != NULL) {
        shape->state = slice_text(now->state);
        shape->counts = now->counts;
    }
}

/* --- columns --- */

/* A table of one item has the columns of that. */
static enum status
add_only_row(struct listing *listing, const struct row_view *view, struct columns *all,
             struct table_shape *shape, struct error *error)
{
    struct chunk_job *job = NULL;
    struct value row;
    enum status status = look_take(&listing->look, 0, &job, error);
    if (status == STATUS_OK && job != NULL)
        status = row_view_make(&row, view, job->chunk, 0, error);
    if (status == STATUS_OK && job != NULL) {
        shape->is_all = true;
        status = columns_add(all, row, error);
    }
    chunk_job_free(&job);
    return status;
}

static enum status
find_columns(struct table_shape *shape, struct listing *listing, struct error *error)
{
    const struct table_run *table = listing->look.table;
    struct row_view view;
    struct columns all;
    row_view_init(&view, table->plan, listing->options->format, &listing->arena);
    columns_init(&all, listing->look.run->program, table->plan, &listing->arena);
    shape->is_all = true;
    enum status status = row_view_declare(&view, &all, source_header(table), &shape->is_all, error);
    if (status == STATUS_OK && !table->plan->is_many)
        status = add_only_row(listing, &view, &all, shape, error);
    return status == STATUS_OK ? row_view_names(&shape->columns, &view, &all, error) : status;
}

/* --- tables --- */

static enum status
visit_table(struct listing *listing, struct slice name, struct error *error)
{
    static const char *const kinds[] = {
        [PLAN_TABLE_INPUT] = "input",
        [PLAN_TABLE_SOURCE] = "source",
        [PLAN_TABLE_TAP] = "tap",
        [PLAN_TABLE_RESHAPE] = "reshape",
    };
    enum status status = look_table(&listing->look, name, error);
    if (status != STATUS_OK)
        return status;
    const struct plan_table *plan = listing->look.table->plan;
    struct table_shape shape = {
        .name = name.size == 0 ? SLICE("input") : name,
        .kind = kinds[plan->kind],
        .is_many = plan->is_many,
    };
    struct arena_mark mark = arena_mark(&listing->arena);
    count(&shape, listing);
    status = find_columns(&shape, listing, error);
    if (status == STATUS_OK)
        listing->is_stopped = !listing->visit(&shape, listing->context);
    arena_rewind(&listing->arena, mark);
    return status;
}

static enum status
read_counts(struct listing *listing, const struct run_row *row, struct error *error)
{
    struct value counts = {0};
    if (!run_state_is_ended(row->state) || row->counts.size == 0)
        return STATUS_OK;
    enum status status = json_parse(&counts, &listing->arena, row->counts, 0, NULL, error);
    listing->counts = value_get(counts, "tables");
    return status;
}

enum status
engine_run_tables(struct engine *engine, const struct run_row *row,
                  const struct tables_options *options, table_visit_fn *visit, void *context,
                  struct error *error)
{
    struct listing listing = {.options = options, .visit = visit, .context = context};
    arena_init(&listing.arena, LIMIT_CHUNK_BYTES);
    enum status status = look_open(&listing.look, engine, row, SLICE("input"), error);
    if (status == STATUS_OK)
        status = read_counts(&listing, row, error);
    const struct plan *plan = status == STATUS_OK ? listing.look.run->program->plan : NULL;
    for (uint16_t t = 0; plan != NULL && t < plan->table_count; t++) {
        if (status == STATUS_OK && !listing.is_stopped)
            status = visit_table(&listing, value_slice(plan->tables[t].name), error);
    }
    look_close(&listing.look);
    arena_done(&listing.arena);
    return status;
}
