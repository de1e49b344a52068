#include "outcome.h"

#include "kin.h"
#include "world.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "engine/key.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

struct reading {
    struct outcome *outcome;
    struct story *story;
    struct run_row row;
    uint64_t next_key; /* of a table of many items */
    bool is_reshaped;  /* keys come in any order */
    uint64_t counts[ITEM_STATE_COUNT];
    struct value table;      /* in the counts */
    struct usage used;       /* by its steps */
    int64_t items_tokens_in; /* of all items together */
};

/* --- the row --- */

static void
add_line(struct buffer *text, const char *name, struct slice value)
{
    buffer_append_text(text, name);
    buffer_append_byte(text, ' ');
    buffer_append_slice(text, value);
    buffer_append_byte(text, '\n');
}

/* --- items --- */

static uint64_t
member_number(struct value object, const char *name)
{
    int64_t number = -1;
    return value_integer(value_get(object, name), &number) ? (uint64_t)number : UINT64_MAX;
}

/* Such a run has the chunks that were recorded before, and those that were on their way. */
static bool
was_cut_short(const struct story *story)
{
    return story->state == RUN_STATE_CANCELLED || story->was_late;
}

static void
check_key(struct reading *reading, struct value item)
{
    char want[24];
    snprintf(want, sizeof(want), "%llu", (unsigned long long)reading->next_key++);
    if (!slice_is(value_slice(value_get(item, "key")), want))
        world_fail(reading->story->world, "%s: item %.*s where %s should be", reading->story->name,
                   SLICE_FORMAT(value_slice(value_get(item, "key"))), want);
}

static void
note_item_state(struct reading *reading, struct value item)
{
    struct slice state = value_slice(value_get(item, "state"));
    for (int s = 0; s < ITEM_STATE_COUNT; s++)
        reading->counts[s] += slice_is(state, item_state_name((enum item_state)s));
}

/* Whether that step of a table is of that type. */
static bool
is_of_type(struct value table, struct value id, const char *type)
{
    struct value steps = value_get(table, "steps");
    for (uint32_t s = 0; s < steps.count; s++) {
        struct value step = value_items(steps)[s];
        if (slice_equal(value_slice(value_get(step, "id")), value_slice(id)))
            return slice_is(value_slice(value_get(step, "type")), type);
    }
    return false;
}

/* Adds up what the item has used, and takes that away if a retry may have come before a call was
 * made that another life makes in vain: it asks for other things once the items before it went
 * well. Of items that share an answer, any may be the one that asked. How often a call was tried is
 * different in each life.
 */
static struct value
read_item_usage(struct reading *reading, struct value item, struct arena *arena)
{
    struct value steps = value_get(item, "steps");
    struct value rest = value_empty_object();
    for (uint32_t s = 0; s < steps.count; s++) {
        struct member step = value_members(steps)[s];
        int64_t tokens_in = 0;
        struct value tokens = value_get(step.value, "tokens");
        if (tokens.kind == VALUE_OBJECT && value_integer(value_get(tokens, "in"), &tokens_in))
            reading->items_tokens_in += tokens_in;
        if (tokens_in == 0 && is_of_type(reading->table, step.key, "http_request") &&
            slice_is(value_slice(value_get(step.value, "state")), "done"))
            world_fail(reading->story->world, "%s: an answer cost nothing", reading->story->name);
        if (reading->row.generation > 1 || is_of_type(reading->table, step.key, "ask")) {
            step.value = value_object_remove(arena, step.value, SLICE("tokens"));
            step.value = value_object_remove(arena, step.value, SLICE("cost"));
        }
        step.value = value_object_remove(arena, step.value, SLICE("attempts"));
        rest = value_object_set(arena, rest, step.key, step.value);
    }
    return value_object_set(arena, item, value_text("steps"), rest);
}

static bool
read_item(struct value item, void *context)
{
    struct reading *reading = context;
    bool may_have_gaps = reading->is_reshaped || was_cut_short(reading->story);
    if (value_get(item, "key").count > 0 && !may_have_gaps)
        check_key(reading, item);
    note_item_state(reading, item);
    struct arena arena;
    arena_init(&arena, MIB(4));
    buffer_append_text(&reading->outcome->text, "item ");
    json_print(&reading->outcome->text, read_item_usage(reading, item, &arena));
    buffer_append_byte(&reading->outcome->text, '\n');
    arena_done(&arena);
    return true;
}

/* The items that can be listed are those that were counted. */
static void
check_counts(struct reading *reading, struct value table)
{
    const struct story *story = reading->story;
    uint64_t items = member_number(table, "items");
    uint64_t sum = 0;
    for (int s = ITEM_STATE_COMPLETED; s < ITEM_STATE_COUNT; s++) {
        uint64_t counted = member_number(table, item_state_name((enum item_state)s));
        sum += counted;
        if (counted != reading->counts[s] && !was_cut_short(story))
            world_fail(story->world, "%s: %llu items are %s, counted were %llu", story->name,
                       (unsigned long long)reading->counts[s], item_state_name((enum item_state)s),
                       (unsigned long long)counted);
    }
    if (items != sum)
        world_fail(story->world, "%s: %llu items, but %llu ends", story->name,
                   (unsigned long long)items, (unsigned long long)sum);
    if (reading->counts[ITEM_STATE_OPEN] > 0 && story->state == RUN_STATE_COMPLETED)
        world_fail(story->world, "%s: completed with open items", story->name);
}

static void
read_items(struct reading *reading, struct value table)
{
    struct world *world = reading->story->world;
    struct item_query query = {.table = value_slice(value_get(table, "table"))};
    if (query.table.size == 0)
        query.table = slice_of("", 0);
    reading->table = table;
    reading->next_key = 0;
    reading->is_reshaped = slice_starts_with(query.table, SLICE("r_"));
    memset(reading->counts, 0, sizeof(reading->counts));
    add_line(&reading->outcome->text, "table", query.table);
    if (!slice_is(value_slice(value_get(table, "state")), "completed") &&
        member_number(table, "items") == 0)
        return;
    struct error error = {0};
    enum status status =
        engine_run_items(world->engine, &reading->row, &query, read_item, reading, &error);
    if (status != STATUS_OK)
        world_fail(world, "%s: its items cannot be listed: %s %s", reading->story->name,
                   status_name(status), error.text);
    check_counts(reading, table);
}

static void
read_tables(struct reading *reading)
{
    struct world *world = reading->story->world;
    /* A run that is cancelled while it is not in memory keeps those that it had, if any. */
    if (reading->row.state == RUN_STATE_CANCELLED && reading->row.counts.size == 0)
        return;
    struct arena arena;
    arena_init(&arena, MIB(4));
    struct value counts = value_null();
    enum status status = json_parse(&counts, &arena, reading->row.counts, 0, NULL, NULL);
    struct value tables = value_get(counts, "tables");
    if (status != STATUS_OK || tables.kind != VALUE_ARRAY)
        world_fail(world, "%s: its counts are missing", reading->story->name);
    for (uint32_t t = 0; tables.kind == VALUE_ARRAY && t < tables.count; t++)
        read_items(reading, value_items(tables)[t]);
    arena_done(&arena);
}

/* --- files --- */

static void
read_blob(struct reading *reading, const struct file_row *row, struct outcome_file *file)
{
    struct world *world = reading->story->world;
    struct error error = {0};
    struct blob *blob = NULL;
    enum status status = blob_read_open(&blob, world->blobs, &row->id, &error);
    if (status == STATUS_OK && !row->is_partial && blob_size(blob) != row->size_bytes)
        world_fail(world, "%s: file %s has %llu bytes, counted were %llu", reading->story->name,
                   file->step, (unsigned long long)blob_size(blob),
                   (unsigned long long)row->size_bytes);
    if (status == STATUS_OK)
        status = blob_read(&file->content, blob, 0, row->size_bytes, &error);
    blob_close(&blob);
    if (status != STATUS_OK || file->content.size != row->size_bytes)
        world_fail(world, "%s: file %s: %s %s", reading->story->name, file->step,
                   status_name(status), error.text);
}

/* Where it goes; NULL: nowhere, since there is a newer one. A finished call of a generation that
 * was cancelled may have been recorded when the next one had made its file already. */
static struct outcome_file *
place_of_file(struct reading *reading, const struct file_row *row, const char *item)
{
    struct outcome *outcome = reading->outcome;
    for (size_t i = 0; i < outcome->file_count; i++) {
        struct outcome_file *file = &outcome->files[i];
        if (!slice_is(row->step, file->step) || strcmp(file->item, item) != 0)
            continue;
        if (row->revision == file->revision)
            world_fail(reading->story->world, "%s: two files of step %s", reading->story->name,
                       file->step);
        if (row->revision < file->revision)
            return NULL;
        buffer_done(&file->content);
        return file;
    }
    assert(outcome->file_count < OUTCOME_FILES_MAX);
    return &outcome->files[outcome->file_count++];
}

static bool
read_file(const struct file_row *row, void *context)
{
    struct reading *reading = context;
    char item[24] = "";
    if (row->is_of_item)
        key_print(row->key, item, sizeof(item));
    else if (row->revision != reading->row.generation)
        return true;
    struct outcome_file *file = place_of_file(reading, row, item);
    if (file == NULL)
        return true;
    memcpy(file->item, item, sizeof(item));
    file->revision = row->revision;
    snprintf(file->step, sizeof(file->step), "%.*s", SLICE_FORMAT(row->step));
    snprintf(file->name, sizeof(file->name), "%.*s", SLICE_FORMAT(row->name));
    file->is_partial = row->is_partial;
    buffer_init(&file->content, MIB(16));
    read_blob(reading, row, file);
    return true;
}

static void
sort_files(struct outcome *outcome)
{
    for (size_t i = 1; i < outcome->file_count; i++) {
        for (size_t j = i; j > 0; j--) {
            struct outcome_file *files = &outcome->files[j - 1];
            int order = strcmp(files[0].step, files[1].step);
            if (order < 0 || (order == 0 && strcmp(files[0].item, files[1].item) <= 0))
                break;
            struct outcome_file swapped = files[0];
            files[0] = files[1];
            files[1] = swapped;
        }
    }
}

static void
read_files(struct reading *reading)
{
    struct outcome *outcome = reading->outcome;
    enum status status =
        store_file_list(reading->story->world->store, &reading->row.id, read_file, reading);
    if (status != STATUS_OK)
        world_fail(reading->story->world, "the files cannot be listed");
    sort_files(outcome);
    for (size_t i = 0; i < outcome->file_count; i++) {
        struct outcome_file *file = &outcome->files[i];
        buffer_append_text(&outcome->text, file->is_partial ? "partial " : "");
        add_line(&outcome->text, "file", slice_text(file->name));
        add_line(&outcome->text, file->step, buffer_slice(&file->content));
    }
}

/* Ids of runs are others in every life. */
static void
mask_ids(struct buffer *text)
{
    size_t digits = 0;
    for (size_t i = 0; i < text->size; i++) {
        digits = isxdigit((unsigned char)text->ptr[i]) ? digits + 1 : 0;
        if (digits == 2 * ID_BYTES)
            memset(text->ptr + i + 1 - digits, 'x', digits);
    }
}

/* --- what it cost --- */

static bool
add_step_usage(const struct usage_row *row, void *context)
{
    struct reading *reading = context;
    char text[100];
    usage_add(&reading->used, &row->used);
    if (reading->row.generation > 1 || server_shares(row->step))
        return true;
    snprintf(text, sizeof(text), "%lld calls, %lld in, %lld out, cost %lld",
             (long long)row->used.calls, (long long)row->used.tokens_in,
             (long long)row->used.tokens_out, (long long)row->used.cost_microcredits);
    add_line(&reading->outcome->text, "used", row->step);
    add_line(&reading->outcome->text, "used", slice_text(text));
    return true;
}

/* The total of the run is that of its steps, and that of its items. */
static void
read_usage(struct reading *reading)
{
    struct world *world = reading->story->world;
    const struct usage *total = &reading->row.usage;
    enum status status = store_usage_list(world->store, &reading->row.id, add_step_usage, reading);
    if (status != STATUS_OK)
        world_fail(world, "%s: what it used cannot be read", reading->story->name);
    if (total->calls != reading->used.calls || total->tokens_in != reading->used.tokens_in ||
        total->tokens_out != reading->used.tokens_out ||
        total->cost_microcredits != reading->used.cost_microcredits)
        world_fail(world, "%s: its usage is not that of its steps", reading->story->name);
    if (reading->row.state == RUN_STATE_COMPLETED && total->tokens_in != reading->items_tokens_in)
        world_fail(world, "%s: its usage is not that of its items", reading->story->name);
}

void
outcome_read(struct outcome *outcome, struct story *story)
{
    struct world *world = story->world;
    *outcome = (struct outcome){.file_count = 0};
    buffer_init(&outcome->text, MIB(64));
    struct arena arena;
    arena_init(&arena, MIB(4));
    struct reading reading = {.outcome = outcome, .story = story};
    if (store_run_get(world->store, &arena, &story->run, &reading.row) != STATUS_OK) {
        world_fail(world, "%s: its run cannot be read", story->name);
    } else {
        add_line(&outcome->text, "state", slice_text(run_state_name(reading.row.state)));
        add_line(&outcome->text, "output", reading.row.output);
        add_line(&outcome->text, "error", reading.row.error);
        add_line(&outcome->text, "counts", reading.row.counts);
        read_tables(&reading);
        read_usage(&reading);
        read_files(&reading);
        kin_print(&outcome->text, story);
        mask_ids(&outcome->text);
    }
    arena_done(&arena);
}

void
outcome_done(struct outcome *outcome)
{
    buffer_done(&outcome->text);
    for (size_t i = 0; i < outcome->file_count; i++)
        buffer_done(&outcome->files[i].content);
}

/* --- undisturbed lives --- */

struct kept {
    const struct scene *scene;
    unsigned generations;
    struct outcome outcome;
};

static struct bag kept_outcomes;

static struct kept *
find_kept(const struct scene *scene, unsigned generations)
{
    for (size_t i = 0; i < kept_outcomes.count; i++) {
        struct kept *kept = kept_outcomes.items[i];
        if (kept->scene == scene && kept->generations == generations)
            return kept;
    }
    return NULL;
}

const struct outcome *
outcome_undisturbed(const struct scene *scene, unsigned generations)
{
    struct kept *kept = find_kept(scene, generations);
    if (kept != NULL)
        return &kept->outcome;
    kept = mem_alloc(sizeof(*kept));
    kept->scene = scene;
    kept->generations = generations;
    buffer_init(&kept->outcome.text, KIB(16));
    struct world *world = mem_alloc(sizeof(*world));
    world_begin(world, 0, false);
    struct story *story = world_add_story(world, scene);
    story->wanted = generations;
    world_run(world);
    if (!world->is_failed)
        outcome_read(&kept->outcome, story);
    if (world->is_failed)
        buffer_append_format(&kept->outcome.text, "an undisturbed life failed: %s\n",
                             world->failure);
    world_end(world);
    mem_free(world);
    bag_add(&kept_outcomes, kept);
    return &kept->outcome;
}

void
outcome_forget_all(void)
{
    while (kept_outcomes.count > 0) {
        struct kept *kept = bag_take(&kept_outcomes, 0);
        outcome_done(&kept->outcome);
        mem_free(kept);
    }
    bag_done(&kept_outcomes);
}
