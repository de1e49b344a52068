/* engine/trial.h - one step on one item of given data, without a run: to see what it makes.
 *
 * Pure steps give their value. An effect makes its calls only where that is asked for, each once;
 * otherwise what the first of them would send is told. Nothing is stored: files that a call makes
 * are removed again, texts that it keeps are not kept, and answers are neither taken from the cache
 * nor put there. But what calls use is paid: reserved before one is sent, and added up when it has
 * ended, for the workspace, the key and the workflow.
 *
 * Threads: as each function says.
 */
#ifndef ENGINE_TRIAL_H
#define ENGINE_TRIAL_H

#include "engine/engine.h"

/* All of it is borrowed until engine_try() returns. */
struct trial {
    struct program *program;
    const struct plan_node *node;
    struct id workspace;
    struct id key;      /* who tries; zero: none */
    struct id workflow; /* zero: of a text */
    struct value root;  /* {input, item, steps, run, vars}, and parent if there is one */
    bool makes_calls;   /* also lets a source's foreign document be converted */
};

/* {state, value, label, config, requests, error, usage}; once, on a thread of a pool or the
 * caller's. It lives as long as the call.
 *   state     "completed"; "failed"; "skipped": `when` is not true; "dropped": a filter refuses
 *             the item; "not_sent": an effect that was not made, or a workflow that was not called
 *   value     of a source its first rows; null if it has none
 *   label     that a branch chose, or null
 *   config    as it was rendered, of steps with effects, sources and workflows; else null
 *   requests  [{method, url, headers: [{name, value}], body, sent}]
 *   error     {code, message, …} as in a run, or null
 *   usage     {tokensIn, tokensOut, cost} */
typedef void trial_done_fn(struct value outcome, void *context);

/* A thread of a pool, since it evaluates and reads files. UNAVAILABLE: LIMIT_TRIALS are under way;
 * nothing will be called. Likewise what the store's reads have. */
MUST_USE enum status engine_try(struct engine *engine, const struct trial *trial,
                                trial_done_fn *done, void *context);

/* What `run` is for a trial; the workflow's value as workflow_value_make() has it. */
struct value trial_run_value(struct arena *arena, struct value workflow, int64_t now_unix_ms);

#endif
