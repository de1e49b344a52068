#include "engine/diff.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "engine/look.h"
#include "engine/row_view.h"
#include "engine/run.h"
#include "spill/sorter.h"
#include "spill/spill.h"

#include <string.h>

/* A number as bytes that sort as it does. */
#define PLACE_BYTES 8

struct diff_side {
    struct look look;
    struct row_view view;
    struct arena arena; /* of the view, and of rows that were sorted */
    struct arena_mark begin;
    struct chunk_job *job; /* the chunk in hand, and the next item of it */
    uint32_t next;
    struct arena_mark mark; /* of the chunk's arena before the row in hand */
    struct sorter *sorter;  /* of a table that is not in the order of its keys */

    /* The item in hand. */
    bool is_end;
    struct key key;
    uint64_t place;
    struct value row;
};

enum status
diff_side_open(struct diff_side **out, struct engine *engine, const struct run_row *run,
               struct slice table, const struct step_type *format, struct error *error)
{
    struct diff_side *side = mem_alloc(sizeof(*side));
    arena_init(&side->arena, LIMIT_CHUNK_BYTES);
    *out = NULL;
    enum status status = look_open(&side->look, engine, run, table, error);
    if (status != STATUS_OK) {
        diff_side_close(&side);
        return status;
    }
    row_view_init(&side->view, side->look.table->plan, format, &side->arena);
    side->begin = arena_mark(&side->arena);
    *out = side;
    return STATUS_OK;
}

struct slice
diff_side_table(const struct diff_side *side)
{
    return value_slice(side->look.table->plan->name);
}

void
diff_side_close(struct diff_side **side)
{
    struct diff_side *gone = *side;
    *side = NULL;
    if (gone == NULL)
        return;
    sorter_free(&gone->sorter);
    chunk_job_free(&gone->job);
    look_close(&gone->look);
    arena_done(&gone->arena);
    mem_free(gone);
}

/* --- rows in the order of the table --- */

static enum status
take_chunk(struct diff_side *side, struct error *error)
{
    chunk_job_free(&side->job);
    enum status status = look_take(&side->look, 0, &side->job, error);
    side->next = 0;
    side->is_end = side->job == NULL;
    if (side->job != NULL)
        side->mark = arena_mark(&side->job->chunk->arena);
    return status;
}

static enum status
next_in_table(struct diff_side *side, struct error *error)
{
    enum status status = STATUS_OK;
    while (status == STATUS_OK && !side->is_end &&
           (side->job == NULL || side->next == side->job->chunk->item_count))
        status = take_chunk(side, error);
    if (status != STATUS_OK || side->is_end)
        return status;
    struct chunk *chunk = side->job->chunk;
    arena_rewind(&chunk->arena, side->mark);
    side->key = chunk_item_key(chunk, side->next);
    side->place = chunk->begin.ordinal + side->next;
    return row_view_make(&side->row, &side->view, chunk, side->next++, error);
}

/* --- rows in the order of their keys --- */

/* Of other reshapes it cannot be said: they may sort. */
static bool
is_by_key(const struct plan *plan, const struct plan_table *table)
{
    while (table->kind == PLAN_TABLE_RESHAPE) {
        if (plan->nodes[table->maker].decl->reshape.rows != RESHAPE_EXPANDS_ROWS)
            return false;
        table = &plan->tables[plan->nodes[table->inputs[0]].table];
    }
    return true;
}

static bool
side_is_by_key(const struct diff_side *side)
{
    return is_by_key(side->look.run->program->plan, side->look.table->plan);
}

static void
place_print(uint64_t place, char out[PLACE_BYTES])
{
    for (int i = PLACE_BYTES - 1; i >= 0; i--, place >>= 8)
        out[i] = (char)place;
}

static uint64_t
place_read(const char *bytes)
{
    uint64_t place = 0;
    for (int i = 0; i < PLACE_BYTES; i++)
        place = place << 8 | (uint8_t)bytes[i];
    return place;
}

static enum status
sorter_close_in(struct sorter *sorter, enum status status, struct error *error)
{
    bool is_done = false;
    while (status == STATUS_OK && !is_done)
        status = sorter_finish(sorter, &is_done, error);
    return status;
}

/* Puts all rows in, as their place and their JSON text. */
static enum status
sort_side(struct diff_side *side, const struct spill_place *spill, struct error *error)
{
    struct buffer text;
    buffer_init(&text, LIMIT_SORT_RECORD_BYTES);
    side->sorter = sorter_new(spill);
    enum status status = next_in_table(side, error);
    while (status == STATUS_OK && !side->is_end) {
        char place[PLACE_BYTES];
        place_print(side->place, place);
        buffer_clear(&text);
        buffer_append(&text, place, sizeof(place));
        json_print(&text, side->row);
        status = buffer_is_over(&text)
                     ? error_set(error, STATUS_LIMIT, "a row is too large")
                     : sorter_add(side->sorter, key_slice(&side->key), buffer_slice(&text), error);
        if (status == STATUS_OK)
            status = next_in_table(side, error);
    }
    buffer_done(&text);
    side->is_end = false;
    return sorter_close_in(side->sorter, status, error);
}

static enum status
next_sorted(struct diff_side *side, struct error *error)
{
    struct slice key, payload;
    enum status status = sorter_next(side->sorter, &key, &payload, &side->is_end, error);
    if (status != STATUS_OK || side->is_end)
        return status;
    arena_rewind(&side->arena, side->begin);
    side->key = key_of_bytes(key);
    side->place = place_read(payload.ptr);
    struct slice text = slice_of(payload.ptr + PLACE_BYTES, payload.size - PLACE_BYTES);
    return json_parse(&side->row, &side->arena, text, 0, NULL, error);
}

static enum status
side_next(struct diff_side *side, struct error *error)
{
    return side->sorter == NULL ? next_in_table(side, error) : next_sorted(side, error);
}

/* --- comparing --- */

struct diff {
    struct diff_side *first, *second;
    diff_item_fn *visit;
    void *context;
    struct diff_counts *counts;
    struct sorter *places; /* where both stand, by the first; NULL: in the order of the keys */
    bool is_stopped;
};

static struct value
column_of(struct value row, struct value name)
{
    return row.kind == VALUE_OBJECT ? value_find_or_null(row, value_slice(name)) : value_null();
}

void
diff_each_column(const struct diff_item *item, diff_column_fn *visit, void *context)
{
    const struct value rows[] = {item->before, item->after};
    for (size_t r = 0; r < COUNT_OF(rows); r++) {
        if (rows[r].kind != VALUE_OBJECT)
            continue;
        const struct member *members = value_members(rows[r]);
        for (uint32_t m = 0; m < rows[r].count; m++) {
            struct value name = members[m].key;
            bool was_seen = r == 1 && value_find(rows[0], value_slice(name)).kind != VALUE_NONE;
            struct value before = column_of(item->before, name);
            struct value after = column_of(item->after, name);
            if (!was_seen && !value_equal(before, after))
                visit(name, before, after, context);
        }
    }
}

static void
note_difference(struct value name, struct value before, struct value after, void *context)
{
    *(bool *)context = true;
}

static void
tell(struct diff *diff, enum diff_kind kind)
{
    const struct diff_side *of = kind == DIFF_ADDED ? diff->second : diff->first;
    char text[KEY_PRINT_BYTES];
    size_t size = key_print(key_slice(&of->key), text, sizeof(text));
    struct diff_item item = {.kind = kind, .key = slice_of(text, size)};
    if (kind != DIFF_ADDED)
        item.before = diff->first->row;
    if (kind != DIFF_MISSING)
        item.after = diff->second->row;
    diff->is_stopped = !diff->visit(&item, diff->context);
}

static enum status
note_places(struct diff *diff, struct error *error)
{
    char first[PLACE_BYTES], second[PLACE_BYTES];
    if (diff->places == NULL)
        return STATUS_OK;
    place_print(diff->first->place, first);
    place_print(diff->second->place, second);
    return sorter_add(diff->places, slice_of(first, sizeof(first)),
                      slice_of(second, sizeof(second)), error);
}

static enum status
compare_pair(struct diff *diff, struct error *error)
{
    struct diff_item item = {.before = diff->first->row, .after = diff->second->row};
    bool differs = false;
    diff_each_column(&item, note_difference, &differs);
    diff->counts->changed += differs;
    diff->counts->same += !differs;
    if (differs)
        tell(diff, DIFF_CHANGED);
    return note_places(diff, error);
}

/* The smaller key is one that the other run does not have. */
static int
order_of(const struct diff *diff)
{
    if (diff->first->is_end || diff->second->is_end)
        return diff->first->is_end ? 1 : -1;
    return slice_compare(key_slice(&diff->first->key), key_slice(&diff->second->key));
}

static enum status
compare_next(struct diff *diff, struct error *error)
{
    int order = order_of(diff);
    enum status status = STATUS_OK;
    if (order == 0) {
        status = compare_pair(diff, error);
    } else {
        diff->counts->missing += order < 0;
        diff->counts->added += order > 0;
        tell(diff, order < 0 ? DIFF_MISSING : DIFF_ADDED);
    }
    if (status == STATUS_OK && order <= 0)
        status = side_next(diff->first, error);
    if (status == STATUS_OK && order >= 0)
        status = side_next(diff->second, error);
    return status;
}

/* Where the first run has the items in rising order, the second must have them so too. */
static enum status
look_at_places(struct diff *diff, struct error *error)
{
    struct slice first, second;
    uint64_t before = 0;
    bool is_end = false;
    enum status status = sorter_close_in(diff->places, STATUS_OK, error);
    while (status == STATUS_OK) {
        status = sorter_next(diff->places, &first, &second, &is_end, error);
        if (status != STATUS_OK || is_end)
            break;
        uint64_t place = place_read(second.ptr);
        diff->counts->is_reordered = diff->counts->is_reordered || place < before;
        before = place;
    }
    return status;
}

enum status
diff_sides(struct diff_side *first, struct diff_side *second, diff_item_fn *visit, void *context,
           struct diff_counts *counts, struct error *error)
{
    struct diff diff = {first, second, visit, context, counts, NULL, false};
    struct spill_place spill = {.folder = blobs_folder(first->look.engine->options.blobs)};
    bool is_sorted = !side_is_by_key(first) || !side_is_by_key(second);
    enum status status = STATUS_OK;
    *counts = (struct diff_counts){0};
    if (is_sorted) {
        diff.places = sorter_new(&spill);
        status = sort_side(first, &spill, error);
        if (status == STATUS_OK)
            status = sort_side(second, &spill, error);
    }
    if (status == STATUS_OK)
        status = side_next(first, error);
    if (status == STATUS_OK)
        status = side_next(second, error);
    while (status == STATUS_OK && !diff.is_stopped && !(first->is_end && second->is_end))
        status = compare_next(&diff, error);
    if (status == STATUS_OK && is_sorted)
        status = look_at_places(&diff, error);
    sorter_free(&diff.places);
    /* They borrow the place. */
    sorter_free(&first->sorter);
    sorter_free(&second->sorter);
    return status;
}
