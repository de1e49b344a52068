/* engine/callees.h - the workflows that the steps of a run call, and those that these call in turn.
 *
 * They are looked up once, when the run is started, and pinned: their versions are kept with the
 * run (run_row.resolved, under "workflows"), so that a crash, a retry and every run below it go on
 * with the same. All are of the run's workspace.
 *
 * Threads: made by one thread, which reads the store; then read-only, shared, reference counted.
 */
#ifndef ENGINE_CALLEES_H
#define ENGINE_CALLEES_H

#include "base/id.h"
#include "engine/program.h"
#include "store/store.h"

struct programs;

/* One workflow under one name that steps have for it. */
struct callee {
    struct value name; /* an id or a slug */
    struct id workflow;
    uint32_t version;
    struct program *program;
    struct value workflow_value;    /* {id, slug, name, version}, as its steps see run.workflow */
    uint8_t pins[STORE_HASH_BYTES]; /* hash of its version and of all below it */
    bool is_pure;                   /* it and all below it: computed in place, leaves no run */
    uint8_t depth;                  /* 1: it calls none itself */
    bool is_on_path;                /* while they are ordered */
};

struct callees {
    struct arena arena;
    uint32_t count;
    struct callee list[LIMIT_CALLEES];
    _Atomic uint32_t references;
};

struct callees_options {
    struct programs *programs;
    struct store *store;
    struct id workspace;
    struct value pins; /* what the run has in `resolved`; others are looked up. VALUE_NONE: none */
};

/* Of the program of a run; *out is NULL when it calls none. OK: one reference for the caller.
 * INVALID, with words: there is no such workflow, or none published, they call each other in a
 * circle, or more than LIMIT_TREE_DEPTH deep. As programs_get() else. */
MUST_USE enum status callees_find(struct callees **out, const struct callees_options *options,
                                  const struct program *program, struct error *error);

/* The one of that step, which is of STEP_SHAPE_CHILD. */
const struct callee *callee_of(const struct callees *callees, const struct plan_node *node);

/* Whether none of them leaves a run. True for NULL. */
bool callees_are_pure(const struct callees *callees);

/* `resolved` (an object, or VALUE_NONE) with what is pinned: {"workflows": {name: {id, version}}}.
 * callees may be NULL. */
struct value callees_pin(const struct callees *callees, struct value resolved, struct arena *arena);

void callees_hold(struct callees *callees); /* may be NULL */
/* The last drop frees it. Does nothing for NULL. */
void callees_drop(struct callees **callees);

#endif
