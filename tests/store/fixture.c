#include "fixture.h"

#include <stdio.h>
#include <string.h>

struct id
id_of(uint32_t number)
{
    struct id id = {.bytes = {0x67, 0x40}};
    for (size_t i = 0; i < 4; i++)
        id.bytes[ID_BYTES - 1 - i] = (uint8_t)(number >> (8 * i));
    return id;
}

uint32_t
number_of(const struct id *id)
{
    uint32_t number = 0;
    for (size_t i = 0; i < 4; i++)
        number = number << 8 | id->bytes[ID_BYTES - 4 + i];
    return number;
}

struct store_guard
guard_of(const struct id *run, uint32_t generation, uint32_t states)
{
    return (struct store_guard){
        .is_on = true, .run = *run, .generation = generation, .states = states};
}

enum status
commit_guarded(struct store *store, struct store_guard guard, const struct store_op *ops,
               size_t count)
{
    struct intent *intent = intent_new(65536);
    intent->guard = guard;
    for (size_t i = 0; i < count; i++)
        *intent_add(intent, ops[i].kind, 100) = ops[i];
    struct error error = {0};
    enum status status = store_commit(store, &intent, 1, &error);
    if (status != STATUS_OK)
        fail_msg("commit: %s: %s", status_name(status), error.text);
    status = intent->status;
    intent_free(&intent);
    return status;
}

enum status
commit_ops(struct store *store, const struct store_op *ops, size_t count)
{
    return commit_guarded(store, (struct store_guard){0}, ops, count);
}

struct workflow_row
workflow_of(uint32_t number)
{
    static char slugs[64][16];
    char *slug = slugs[number % 64];
    snprintf(slug, sizeof(slugs[0]), "flow-%u", number);
    return (struct workflow_row){
        .workspace = id_of(1),
        .id = id_of(number),
        .slug = slice_text(slug),
        .name = SLICE("Größe"),
        .status = WORKFLOW_ACTIVE,
        .latest_version = 3,
        .published_version = 2,
        .revision = 1,
        .created_unix_ms = 1700000000000 + number,
        .updated_unix_ms = 1700000001000 + number,
    };
}

struct run_row
run_of(uint32_t number, enum run_state state)
{
    return (struct run_row){
        .workspace = id_of(1),
        .id = id_of(number),
        .workflow = id_of(7),
        .version = 2,
        .generation = 1,
        .state = state,
        .trigger = SLICE("api"),
        .created_unix_ms = 1700000000000 + number,
        .started_unix_ms = 1700000000001,
        .ended_unix_ms = state > RUN_STATE_PAUSED ? 1700000000002 : 0,
        .deadline_unix_ms = 1800000000000,
        .input = SLICE("{\"a\":1}"),
        .output = SLICE("{\"b\":\"ü\"}"),
        .error = SLICE("{\"code\":\"x\"}"),
        .counts = SLICE("{\"rows\":2}"),
        .resolved = SLICE("{\"model\":\"local\"}"),
        .wishes = SLICE("{\"priority\":\"high\"}"),
        .inline_record = SLICE("\0\1record"),
    };
}

struct effect_row
effect_of(uint32_t run, struct slice key, uint32_t call, uint32_t generation)
{
    return (struct effect_row){
        .run = id_of(run),
        .step = SLICE("research"),
        .key = key,
        .call = call,
        .hash = {1, 2, 3},
        .generation = generation,
        .state = EFFECT_OK,
        .attempts = 2,
        .started_unix_ms = 5,
        .ended_unix_ms = 6,
        .tokens_in = 30,
        .tokens_out = 4,
        .cost_microcredits = 7,
        .value = SLICE("{\"x\":1}"),
    };
}

struct record_row
record_of(uint32_t run, uint32_t chunk, uint32_t generation, struct slice body)
{
    return (struct record_row){
        .run = id_of(run),
        .table = SLICE("rows"),
        .stretch = 1,
        .chunk = chunk,
        .generation = generation,
        .counts = {.items = 10, .completed = 4, .failed = 3, .dropped = 2, .cancelled = 1},
        .source_begin = 100,
        .source_end = UINT64_C(5000000000),
        .first_ordinal = 256,
        .source_line = 258,
        .summary = SLICE("{\"first\":1}"),
        .body = body,
    };
}

struct timer_row
timer_of(uint32_t run, uint32_t chunk, int64_t due_unix_ms)
{
    return (struct timer_row){
        .due_unix_ms = due_unix_ms,
        .run = id_of(run),
        .table = SLICE("rows"),
        .stretch = 1,
        .chunk = chunk,
        .generation = 1,
    };
}

void
assert_slice(struct slice got, struct slice want)
{
    assert_int_equal(got.size, want.size);
    if (want.size > 0)
        assert_memory_equal(got.ptr, want.ptr, want.size);
}

void
assert_id(const struct id *got, const struct id *want)
{
    assert_memory_equal(got->bytes, want->bytes, ID_BYTES);
}

void
assert_run(const struct run_row *got, const struct run_row *want)
{
    assert_id(&got->id, &want->id);
    assert_id(&got->workspace, &want->workspace);
    assert_id(&got->workflow, &want->workflow);
    assert_int_equal(got->version, want->version);
    assert_int_equal(got->generation, want->generation);
    assert_int_equal(got->state, want->state);
    assert_int_equal(got->created_unix_ms, want->created_unix_ms);
    assert_int_equal(got->started_unix_ms, want->started_unix_ms);
    assert_int_equal(got->ended_unix_ms, want->ended_unix_ms);
    assert_int_equal(got->deadline_unix_ms, want->deadline_unix_ms);
    assert_id(&got->parent, &want->parent);
    assert_id(&got->root, &want->root);
    assert_int_equal(got->parent_generation, want->parent_generation);
    assert_slice(got->trigger, want->trigger);
    assert_slice(got->input, want->input);
    assert_slice(got->output, want->output);
    assert_slice(got->error, want->error);
    assert_slice(got->counts, want->counts);
    assert_slice(got->resolved, want->resolved);
    assert_slice(got->wishes, want->wishes);
    assert_slice(got->inline_record, want->inline_record);
}

bool
seen_add(struct seen *seen, uint32_t number)
{
    assert_true(seen->count < COUNT_OF(seen->numbers));
    seen->numbers[seen->count++] = number;
    return seen->count != seen->stop_after;
}

void
assert_seen(const struct seen *seen, const char *want)
{
    char text[512] = "";
    size_t size = 0;
    for (size_t i = 0; i < seen->count; i++) {
        const char *space = i == 0 ? "" : " ";
        size += (size_t)snprintf(text + size, sizeof(text) - size, "%s%u", space, seen->numbers[i]);
    }
    assert_string_equal(text, want);
}
