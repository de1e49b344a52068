/* base/metrics.h - numbers about the program, and how they are printed for Prometheus.
 *
 * A number of the whole process is one line of METRICS and is counted with metric_add() wherever it
 * happens. What belongs to an object (a writer, an engine) is counted there, and printed with the
 * functions below by whoever knows the object. Names begin with windrow_, units are seconds and
 * bytes, counters end with _total. Labels have few values, and never an id or a name that a user
 * chose.
 *
 * Sources: Prometheus, "Exposition formats", text format 0.0.4; "Metric and label naming".
 * Threads: counting from any thread, with relaxed atomics; printing from any.
 */
#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include "base/buffer.h"

#include <stdatomic.h>
#include <stdint.h>

enum metric_kind {
    METRIC_COUNTER,
    METRIC_GAUGE,
    METRIC_HISTOGRAM,
    METRIC_MICRO, /* a counter in millionths */
};

/* M(id, kind, name, labels, help); lines of one name stand together and say the same help. */
#define METRICS(M)                                                                                 \
    M(RUNS_STARTED_API, COUNTER, "windrow_runs_started_total", "trigger=\"api\"",                  \
      "Runs that were stored, by what began them.")                                                \
    M(RUNS_STARTED_WEBHOOK, COUNTER, "windrow_runs_started_total", "trigger=\"webhook\"",          \
      "Runs that were stored, by what began them.")                                                \
    M(RUNS_STARTED_RERUN, COUNTER, "windrow_runs_started_total", "trigger=\"rerun\"",              \
      "Runs that were stored, by what began them.")                                                \
    M(RUNS_STARTED_WORKFLOW, COUNTER, "windrow_runs_started_total", "trigger=\"workflow\"",        \
      "Runs that were stored, by what began them.")                                                \
    M(RUNS_STARTED_SCHEDULE, COUNTER, "windrow_runs_started_total", "trigger=\"schedule\"",        \
      "Runs that were stored, by what began them.")                                                \
    M(RUNS_STARTED_FAILURE, COUNTER, "windrow_runs_started_total", "trigger=\"failure\"",          \
      "Runs that were stored, by what began them.")                                                \
    M(RUNS_STARTED_OTHER, COUNTER, "windrow_runs_started_total", "trigger=\"other\"",              \
      "Runs that were stored, by what began them.")                                                \
    M(RUNS_COMPLETED, COUNTER, "windrow_runs_ended_total", "state=\"completed\"",                  \
      "Ends of runs that were stored.")                                                            \
    M(RUNS_FAILED, COUNTER, "windrow_runs_ended_total", "state=\"failed\"",                        \
      "Ends of runs that were stored.")                                                            \
    M(RUNS_CANCELLED, COUNTER, "windrow_runs_ended_total", "state=\"cancelled\"",                  \
      "Ends of runs that were stored.")                                                            \
    M(RUNS_RETRIED, COUNTER, "windrow_runs_retried_total", "",                                     \
      "Further generations of runs that were stored.")                                             \
    M(ITEMS, COUNTER, "windrow_items_recorded_total", "",                                          \
      "Items of tables, counted when their first record was stored.")                              \
    M(TOKENS_IN, COUNTER, "windrow_ai_tokens_total", "direction=\"in\"",                           \
      "Tokens of models, as recorded with the answers.")                                           \
    M(TOKENS_OUT, COUNTER, "windrow_ai_tokens_total", "direction=\"out\"",                         \
      "Tokens of models, as recorded with the answers.")                                           \
    M(COST, MICRO, "windrow_cost_credits_total", "", "What calls have cost, in credits.")          \
    M(CLEANED_ROWS, COUNTER, "windrow_cleaned_rows_total", "",                                     \
      "Rows that were removed in the background: deleted, overdue or expired.")                    \
    M(SWEPT_BLOBS, COUNTER, "windrow_swept_blobs_total", "",                                       \
      "Blobs that were removed since nothing counted them.")                                       \
    M(LOG_WARNINGS, COUNTER, "windrow_log_lines_total", "level=\"warn\"",                          \
      "Log lines that told of trouble.")                                                           \
    M(LOG_ERRORS, COUNTER, "windrow_log_lines_total", "level=\"error\"",                           \
      "Log lines that told of trouble.")

#define METRIC_ID(id, kind, name, labels, help) METRIC_##id,
enum metric { METRICS(METRIC_ID) METRIC_COUNT };
#undef METRIC_ID

extern _Atomic int64_t metric_values[METRIC_COUNT];

static inline void
metric_add(enum metric metric, int64_t by)
{
    atomic_fetch_add_explicit(&metric_values[metric], by, memory_order_relaxed);
}

/* Upper bounds of a histogram's buckets: 1 ms to 10 s. */
#define HISTOGRAM_BUCKETS 8

struct histogram {
    _Atomic uint64_t counts[HISTOGRAM_BUCKETS + 1]; /* of each bucket alone; the last: longer */
    _Atomic uint64_t sum_us;
};

void histogram_add(struct histogram *histogram, int64_t spent_us);

/* --- printing --- */

/* The lines of help and type; the numbers of that name follow. */
void metrics_begin(struct buffer *out, const char *name, enum metric_kind kind, const char *help);
/* labels: `a="b",c="d"` with values escaped, or "" for none. */
void metrics_number(struct buffer *out, const char *name, const char *labels, int64_t value);
/* Of millionths: seconds of microseconds. */
void metrics_micro(struct buffer *out, const char *name, const char *labels, int64_t value);
void metrics_histogram(struct buffer *out, const char *name, const char *labels,
                       const struct histogram *histogram);

/* A name with one number and no labels. */
void metrics_one(struct buffer *out, const char *name, enum metric_kind kind, const char *help,
                 int64_t value);

/* That the process begins: the first thing of main. */
void metrics_note_start(void);

/* All of METRICS, and the process itself: memory, processor, open files. */
void metrics_print(struct buffer *out);

#endif
