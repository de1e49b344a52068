/* How far a run and each of its blocks are. */
#include "api/sixtyfour/sixtyfour.h"

#include "api/sixtyfour/blocks.h"
#include "base/clock.h"
#include "base/json.h"
#include "service/results.h"

struct live {
    struct run_row run;
    struct block_list list;
    struct run_progress progress; /* of a run that goes on; in the call's arena */
    bool has_progress;
    int64_t now_unix_ms;
    struct buffer body;
};

static const char *const state_names[] = {
    [BLOCK_PENDING] = "pending",
    [BLOCK_RUNNING] = "running",
    [BLOCK_COMPLETED] = "completed",
    [BLOCK_FAILED] = "failed",
};

/* --- numbers --- */

/* To a tenth. */
static void
put_percentage(struct buffer *out, const char *name, double percentage)
{
    buffer_append_format(out, ",\"%s\":%.1f", name, percentage);
}

/* null if it is not known. */
static void
put_count(struct buffer *out, const char *name, bool is_known, uint64_t count)
{
    if (is_known)
        buffer_append_format(out, ",\"%s\":%llu", name, (unsigned long long)count);
    else
        buffer_append_format(out, ",\"%s\":null", name);
}

static void
put_text(struct buffer *out, const char *name, struct slice text)
{
    buffer_append_format(out, ",\"%s\":", name);
    if (text.size == 0)
        buffer_append_text(out, "null");
    else
        json_print_string(out, text);
}

/* A run that goes on is never said to be all done. */
static double
overall_percentage(const struct live *live)
{
    double sum = 0;
    if (live->run.state == RUN_STATE_COMPLETED)
        return 100;
    for (uint32_t i = 0; i < live->list.count; i++)
        sum += block_percentage(&live->list.blocks[i]);
    double mean = live->list.count == 0 ? 0 : sum / live->list.count;
    return mean > 99 ? 99 : mean;
}

/* --- blocks --- */

static void
put_previous(struct buffer *out, const struct block *block)
{
    buffer_append_text(out, ",\"previous_block_ids\":");
    if (block->previous_count == 0)
        buffer_append_text(out, "null");
    for (uint32_t i = 0; i < block->previous_count; i++) {
        buffer_append_byte(out, i == 0 ? '[' : ',');
        json_print_string(out, block->previous[i]);
    }
    if (block->previous_count > 0)
        buffer_append_byte(out, ']');
}

/* What no event tells, or not yet, is bounded by the run and by now. */
static void
put_block_times(struct buffer *out, const struct live *live, const struct block *block)
{
    const struct run_row *run = &live->run;
    bool has_begun = block->state != BLOCK_PENDING;
    bool has_ended = block->state == BLOCK_COMPLETED || block->state == BLOCK_FAILED;
    int64_t started = block->started_unix_ms > 0 ? block->started_unix_ms : run->started_unix_ms;
    int64_t ended = block->ended_unix_ms > 0 ? block->ended_unix_ms : live->now_unix_ms;
    sixtyfour_put_time(out, "started_at", has_begun ? started : 0);
    sixtyfour_put_time(out, "completed_at", has_ended ? ended : 0);
}

static void
put_metrics(struct buffer *out, const struct block *block)
{
    buffer_append_format(out, ",\"metrics\":{\"row_count\":%llu,\"dataframe_type\":\"%s\"",
                         (unsigned long long)block->row_count, block->row_type);
    put_count(out, "processed_count", true, block->processed);
    put_count(out, "total_count", block->has_total, block->total);
    buffer_append_byte(out, '}');
}

static void
put_block(struct buffer *out, const struct live *live, const struct block *block)
{
    bool has_exact = block->has_total && !block->is_estimate;
    buffer_append_text(out, "{\"block_id\":");
    json_print_string(out, block->id);
    put_text(out, "block_name", block->name);
    buffer_append_format(out, ",\"sequence_number\":%u", block->number);
    put_previous(out, block);
    buffer_append_format(out, ",\"status\":\"%s\"", state_names[block->state]);
    put_block_times(out, live, block);
    put_percentage(out, "progress_percentage", block_percentage(block));
    buffer_append_text(out, ",\"current_step\":null");
    put_count(out, "processed_count", true, block->processed);
    put_count(out, "total_count", has_exact, block->total);
    put_count(out, "estimated_total_count", block->has_total, block->total);
    sixtyfour_put_time(out, "last_updated", live->now_unix_ms);
    put_text(out, "error_message",
             block->state == BLOCK_FAILED ? live->list.error_words : slice_of("", 0));
    put_metrics(out, block);
    buffer_append_byte(out, '}');
}

/* --- the record --- */

/* The first that is not done; NULL: none is, or no work goes on. */
static const struct block *
current_block(const struct live *live)
{
    bool is_at_work = !run_state_is_ended(live->run.state) && live->run.state != RUN_STATE_QUEUED;
    for (uint32_t i = 0; i < live->list.count && is_at_work; i++) {
        if (live->list.blocks[i].state != BLOCK_COMPLETED)
            return &live->list.blocks[i];
    }
    return NULL;
}

/* The first whose number of rows is not even guessed. */
static struct slice
blocking_estimate(const struct live *live)
{
    for (uint32_t i = 0; i < live->list.count && !run_state_is_ended(live->run.state); i++) {
        if (!live->list.blocks[i].has_total)
            return live->list.blocks[i].name;
    }
    return slice_of("", 0);
}

static void
put_counts(struct buffer *out, const struct live *live)
{
    uint32_t completed = 0;
    for (uint32_t i = 0; i < live->list.count; i++)
        completed += live->list.blocks[i].state == BLOCK_COMPLETED ? 1 : 0;
    const struct block *current = current_block(live);
    put_text(out, "current_block", current == NULL ? slice_of("", 0) : current->name);
    put_count(out, "current_block_sequence", current != NULL,
              current == NULL ? 0 : current->number);
    buffer_append_format(out, ",\"total_blocks\":%u,\"completed_blocks\":%u", live->list.count,
                         completed);
}

static void
put_live(struct buffer *out, struct call *call, const struct live *live)
{
    const struct run_row *run = &live->run;
    char id[ID_UUID_BYTES];
    id_uuid(&run->id, id);
    buffer_append_format(out, "{\"run_id\":\"%s\"", id);
    buffer_append_text(out, ",\"workflow_id\":");
    sixtyfour_put_workflow_id(call, out, &run->workflow);
    buffer_append_format(out, ",\"overall_status\":\"%s\"", run_state_status(run->state));
    put_counts(out, live);
    sixtyfour_put_time(out, "started_at", sixtyfour_started(run));
    sixtyfour_put_time(out, "completed_at", run->ended_unix_ms);
    put_percentage(out, "overall_progress_percentage", overall_percentage(live));
    put_text(out, "estimation_blocked_by", blocking_estimate(live));
    sixtyfour_put_time(out, "last_updated", live->now_unix_ms);
    buffer_append_text(out, ",\"blocks\":[");
    for (uint32_t i = 0; i < live->list.count; i++) {
        if (i > 0)
            buffer_append_byte(out, ',');
        put_block(out, live, &live->list.blocks[i]);
    }
    buffer_append_text(out, "]}");
}

static void
answer_live(struct call *call)
{
    struct live *live = call->own;
    struct error error = {0};
    if (!sixtyfour_read_again(call, &live->run) || !blocks_read(call, &live->run, &live->list))
        return;
    enum status status = blocks_look(call, &live->run, live->has_progress ? &live->progress : NULL,
                                     &live->list, &error);
    if (status == STATUS_OK)
        status = blocks_read_times(call, &live->run, &live->list);
    if (status != STATUS_OK) {
        call_fail_status(call, status, &error);
        return;
    }
    bool has_ended = run_state_is_ended(live->run.state);
    live->now_unix_ms =
        has_ended ? live->run.ended_unix_ms : clock_unix_ms(service_clock(call->service));
    call_begin_body(&live->body);
    put_live(&live->body, call, live);
    call_answer(call, 200, &live->body);
}

/* On the engine's thread. */
static void
keep_progress(const struct run_progress *progress, void *context)
{
    struct call *call = context;
    struct live *live = call->own;
    live->has_progress = results_keep_progress(&live->progress, progress, call->arena);
    call_go_on(call, answer_live);
}

void
sixtyfour_run_live(struct call *call)
{
    struct live *live = arena_alloc(call->arena, sizeof(*live));
    call->own = live;
    if (!sixtyfour_find_run(call, call->names[0], &live->run))
        return;
    if (run_state_is_ended(live->run.state))
        call_go_on(call, answer_live);
    else
        service_run_progress(call->service, &live->run.id, keep_progress, call);
}
