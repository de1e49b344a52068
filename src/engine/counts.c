#include "engine/counts.h"

#include "base/limits.h"
#include "base/metrics.h"
#include "engine/engine.h"
#include "engine/run.h"
#include "store/rows.h"

#include <stdio.h>

static void
add(_Atomic uint64_t *counter, uint64_t by)
{
    atomic_fetch_add_explicit(counter, by, memory_order_relaxed);
}

/* NULL: no room. */
static struct effect_counts *
find_type(struct engine_counts *counts, const struct step_decl *type)
{
    for (size_t i = 0; i < COUNTS_TYPES_MAX; i++) {
        struct effect_counts *one = &counts->effects[i];
        if (atomic_load_explicit(&one->type, memory_order_relaxed) == NULL)
            atomic_store_explicit(&one->type, type, memory_order_release);
        if (atomic_load_explicit(&one->type, memory_order_relaxed) == type)
            return one;
    }
    return NULL;
}

void
count_effect(struct engine_counts *counts, const struct step_decl *type,
             const struct effect_row *row, bool is_reused)
{
    metric_add(METRIC_TOKENS_IN, row->tokens_in);
    metric_add(METRIC_TOKENS_OUT, row->tokens_out);
    metric_add(METRIC_COST, row->cost_microcredits);
    struct effect_counts *one = find_type(counts, type);
    if (one == NULL)
        return;
    add(is_reused ? &one->reused : row->state == EFFECT_OK ? &one->ok : &one->failed, 1);
    add(&one->attempts, row->attempts);
}

/* --- printing --- */

static int64_t
get(const _Atomic uint64_t *counter)
{
    return (int64_t)atomic_load_explicit(counter, memory_order_relaxed);
}

static void
print_outcomes(struct buffer *out, const struct effect_counts *one, const char *type)
{
    const struct {
        const char *name;
        const _Atomic uint64_t *count;
    } outcomes[] = {{"ok", &one->ok}, {"failed", &one->failed}, {"reused", &one->reused}};
    for (size_t i = 0; i < COUNT_OF(outcomes); i++) {
        char labels[128];
        snprintf(labels, sizeof(labels), "type=\"%s\",outcome=\"%s\"", type, outcomes[i].name);
        metrics_number(out, "windrow_effects_total", labels, get(outcomes[i].count));
    }
}

typedef void print_type_fn(struct buffer *out, const struct effect_counts *one, const char *type);

static void
print_attempts(struct buffer *out, const struct effect_counts *one, const char *type)
{
    char labels[96];
    snprintf(labels, sizeof(labels), "type=\"%s\"", type);
    metrics_number(out, "windrow_call_attempts_total", labels, get(&one->attempts));
}

static void
print_types(struct buffer *out, const struct engine_counts *counts, print_type_fn *print)
{
    for (size_t i = 0; i < COUNTS_TYPES_MAX; i++) {
        const struct effect_counts *one = &counts->effects[i];
        const struct step_decl *type = atomic_load_explicit(&one->type, memory_order_acquire);
        if (type == NULL)
            return;
        print(out, one, type->name);
    }
}

static void
print_runs(struct buffer *out, const struct engine_counts *counts)
{
    const char *name = "windrow_runs_in_memory";
    metrics_begin(out, name, METRIC_GAUGE, "Runs that the engine holds now, by state.");
    for (size_t i = 0; i < RUN_STATE_COUNT; i++) {
        char labels[64];
        snprintf(labels, sizeof(labels), "state=\"%s\"", run_state_name((enum run_state)i));
        metrics_number(out, name, labels,
                       atomic_load_explicit(&counts->runs[i], memory_order_relaxed));
    }
    metrics_one(out, "windrow_runs_in_memory_max", METRIC_GAUGE,
                "Most runs that it takes up; further ones wait in the store.", LIMIT_ACTIVE_RUNS);
}

void
engine_print_metrics(const struct engine *engine, struct buffer *out)
{
    const struct engine_counts *counts = &engine->counts;
    print_runs(out, counts);
    metrics_begin(out, "windrow_effects_total", METRIC_COUNTER,
                  "Effects that went to the store, by kind of step; reused: answers of others.");
    print_types(out, counts, print_outcomes);
    metrics_begin(out, "windrow_call_attempts_total", METRIC_COUNTER,
                  "Attempts of these, by kind of step.");
    print_types(out, counts, print_attempts);
    metrics_one(out, "windrow_calls_in_flight", METRIC_GAUGE, "Calls of steps on their way.",
                atomic_load_explicit(&counts->calls_in_flight, memory_order_relaxed));
    metrics_one(out, "windrow_calls_in_flight_max", METRIC_GAUGE, "Most calls at once.",
                engine->slots.most);
    metrics_one(out, "windrow_calls_waiting", METRIC_GAUGE,
                "Calls that wait for a slot or for the pace of their hosts.",
                atomic_load_explicit(&counts->calls_waiting, memory_order_relaxed));
    metrics_one(out, "windrow_engine_mailbox_messages", METRIC_GAUGE,
                "Messages that wait for the engine.", (int64_t)queue_count(engine->mailbox));
}
