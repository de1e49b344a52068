/* One life of the engine: everything that is around it, and what happens in which order.
 *
 * A world is made from a seed. It hands the engine its ports, keeps what the engine gives away
 * (tasks of both pools, intents, exchanges) and does one event after the other, each drawn by the
 * seed: a task is run, a batch is committed, an intent reported, an answer comes, the engine has a
 * turn, a client asks for something, the process dies. Without a seed (calm) all goes in order and
 * nothing goes wrong: that is the life that others are compared with.
 *
 * Threads: one.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "bag.h"
#include "ledger.h"
#include "net.h"
#include "scenes.h"
#include "server.h"
#include "story.h"

#include "base/clock.h"
#include "base/rng.h"
#include "engine/engine.h"
#include "store/converted.h"

#include <stdbool.h>
#include <stdint.h>

#define STORIES_MAX 5

/* A clock that goes only when it is moved. */
struct sim_clock {
    struct clock clock;
    int64_t mono_us;
    int64_t unix_us;
};

/* How rough a life is; drawn once from its seed. Of a thousand, unless another unit is said. */
struct habits {
    bool is_shuffled;   /* events in any order */
    uint32_t commit_io; /* commits that fail, and those that find the disk full */
    uint32_t commit_full;
    int64_t commit_us_max; /* until what was pushed is committed */
    uint32_t disk_full;    /* writes to blobs that find no room */
    uint32_t calls_max;    /* on their way over all runs; 0: as many as by default */
    uint32_t trouble;      /* requests to which something happens on the way */
    int64_t answer_us_max; /* until an answer comes */
    uint32_t clock_jump;   /* of a hundred thousand events: the wall clock is set */
    uint32_t death;        /* of a hundred thousand events: the process dies */
    uint32_t deaths_left;
    uint32_t meddles; /* of ten thousand events: somebody moves a run below another */
    uint32_t meddles_left;
    uint32_t answers; /* of a hundred thousand events: somebody answers what is open */
    uint32_t looks;   /* of a thousand events: somebody looks at a run */
    uint32_t stop;    /* of a hundred thousand events: the process is stopped politely */
    bool loses_power; /* with the process */
};

struct world {
    uint64_t seed;
    bool is_calm;
    bool is_verbose;
    struct rng rng;
    struct habits habits;
    struct ledger ledger;
    struct sim_clock clock;

    struct store *store;
    struct blobs *blobs;
    struct converted *converted;
    struct programs *programs;
    struct engine *engine;
    struct engine_ports ports;
    struct expr_machine *machine;        /* of the pools */
    struct expr_machine *inline_machine; /* of clients */
    bool takes_up_runs;
    bool catches_failures; /* those of workflows without on_failure are kept too */
    uint32_t process;      /* counts starts of the engine, from 1 */
    bool is_dead;          /* it was killed: what comes home now is lost */
    int64_t engine_due_us;
    uint64_t events, deaths, stops;

    struct bag tasks;  /* struct task */
    struct bag urgent; /* struct intent, in the order of pushing */
    struct bag bulk;
    struct bag batch;   /* of the commit under way */
    struct bag reports; /* committed, `done` to be called */
    int64_t commit_due_us;

    struct net net;
    struct server server;
    struct id workspace;
    struct bag answers; /* given from outside (answers.c) */
    struct bag kin;     /* runs below those of the stories */
    struct bag seen;    /* events that were told (telling.c) */
    struct story stories[STORIES_MAX];
    size_t story_count;
    struct id line[STORIES_MAX]; /* runs that go on one after the other, as committed */
    size_t line_count;

    bool is_failed;
    char failure[2048];
};

/* Draws. */
static inline uint64_t
world_below(struct world *world, uint64_t bound)
{
    return rng_below(&world->rng, bound);
}

static inline bool
world_draws(struct world *world, uint32_t of_thousand)
{
    return of_thousand > 0 && world_below(world, 1000) < of_thousand;
}

/* Notes the first thing that is wrong; the life ends at the next event. */
void world_fail(struct world *world, const char *format, ...) PRINTF_LIKE(2, 3);

/* One line of what happens, when asked for. */
void world_trace(struct world *world, const char *format, ...) PRINTF_LIKE(2, 3);

/* A world without stories; seed 0: calm. */
void world_begin(struct world *world, uint64_t seed, bool is_verbose);
void world_end(struct world *world);

/* Adds a run of that scene. */
struct story *world_add_story(struct world *world, const struct scene *scene);

/* Lets everything happen until all stories are told and nothing is under way. */
void world_run(struct world *world);

/* The story of that run, or NULL. */
struct story *world_story(struct world *world, const struct id *run);

#endif
