/* expr/eval.h - how the evaluator's files call each other.
 *
 * eval_one() is direct style, for nodes that are not `many`; eval_each() is for all nodes: it hands
 * each output to a sink, and comes back when there are no more. With a path it also tells where in
 * the input each output lies: `path` is where `input` lies, or NULL when nobody asks.
 *
 * Threads: as the machine.
 */
#ifndef EXPR_EVAL_H
#define EXPR_EVAL_H

#include "expr/machine.h"
#include "expr/node.h"

/* A place in the input, from the inside out. */
struct path {
    const struct path *up;
    struct value key;
};

/* The whole input; and "somewhere that is no place in the input". */
extern const struct path path_root;
extern const struct path path_lost;

struct env;

struct closure {
    const struct node *node;
    struct env *env;
};

union slot {
    struct value value;
    struct closure closure;
    uint64_t label;
};

/* The frame of one call. It lives on the machine's stack of frames. */
struct env {
    struct expr_machine *machine;
    struct env *up; /* the frame of the function around the definition */
    union slot slots[];
};

struct sink {
    enum outcome (*emit)(struct sink *sink, struct value value, const struct path *path);
};

static inline enum outcome
sink_emit(struct sink *sink, struct value value, const struct path *path)
{
    return sink->emit(sink, value, path);
}

/* For sinks that evaluate no node on the way: thousands of them may stand behind each other. */
static inline enum outcome
sink_pass(struct expr_machine *machine, struct sink *sink, struct value value,
          const struct path *path)
{
    if (!machine_charge(machine, 1))
        return value_outcome(machine_no_steps(machine));
    return sink_emit(sink, value, path);
}

static inline struct env *
env_up(struct env *env, uint32_t level)
{
    while (level-- > 0)
        env = env->up;
    return env;
}

/* The only output, or VALUE_NONE. Only for nodes that give at most one. */
struct value eval_one(const struct node *node, struct env *env, struct value input);

enum outcome eval_each(const struct node *node, struct env *env, struct value input,
                       const struct path *path, struct sink *sink);

/* Whether this node, here, gives at most one output (a parameter does if its argument does). */
bool eval_is_one(const struct node *node, struct env *env);

/* The last output into *value, where it lies into *path (which is where the input lies, or NULL).
 * *value is VALUE_NONE if there is none. Any node. */
enum outcome eval_last(const struct node *node, struct env *env, struct value *value,
                       const struct path **path);

/* The first output, likewise. */
enum outcome eval_first(const struct node *node, struct env *env, struct value *value,
                        const struct path **path);

/* All outputs as an array, or VALUE_NONE. */
struct value eval_collect(const struct node *node, struct env *env, struct value input);

/* Where a value that is no access lies: at `path` if it is the input itself. */
const struct path *path_of_result(const struct path *path, struct value input, struct value result);

/* path with one more key; NULL over the budget. */
const struct path *path_add(struct expr_machine *machine, const struct path *path,
                            struct value key);

/* The path as an array of keys, or VALUE_NONE. */
struct value path_array(struct expr_machine *machine, const struct path *path);

/* frames.c: a frame for the call, whose arguments each give at most one output. NULL with *absent
 * set when an argument gave nothing. It is on top of the stack of frames. */
struct env *frame_enter(const struct node *call, struct env *env, struct value input,
                        struct value *absent);
/* Room for a frame, with nothing in its slots yet; NULL over the budget. */
struct env *frame_push(struct expr_machine *machine, struct env *up, uint32_t slot_count);
/* The frame around the definition that is called. */
struct env *frame_parent(const struct node *call, struct env *env);
/* Puts argument `index`, as a filter, in its slot. */
void frame_set_filter(struct env *frame, const struct node *call, uint32_t index, struct env *env);
/* Whether the call's frame may take the place of env's: nothing points there any more. */
bool frame_is_replaceable(const struct node *call);
struct closure frame_closure(const struct node *parameter, struct env *env);

/* eval_each.c and its kin: nodes with many outputs. */
enum outcome each_access(const struct node *node, struct env *env, struct value input,
                         const struct path *path, struct sink *sink);
enum outcome each_combination(const struct node *node, struct env *env, struct value input,
                              const struct path *path, struct sink *sink);
enum outcome each_call(const struct node *node, struct env *env, struct value input,
                       const struct path *path, struct sink *sink);
enum outcome each_fold(const struct node *node, struct env *env, struct value input,
                       const struct path *path, struct sink *sink);
/* One round of a reduce, with an item of its source, for whoever keeps the state between rounds.
 * *owner is 0 before the first. */
enum outcome fold_round(const struct node *reduce, struct env *env, struct value item,
                        struct value *state, uint32_t *owner);
enum outcome each_loop(const struct node *node, struct env *env, struct value input,
                       const struct path *path, struct sink *sink);
enum outcome each_control(const struct node *node, struct env *env, struct value input,
                          const struct path *path, struct sink *sink);

/* Direct style of the rarer nodes. */
struct value one_control(const struct node *node, struct env *env, struct value input);
struct value one_loop(const struct node *node, struct env *env, struct value input);
struct value one_fold(const struct node *node, struct env *env, struct value input);
struct value one_object(const struct node *node, struct env *env, struct value input);
struct value one_text(const struct node *node, struct env *env, struct value input);
struct value one_access(const struct node *node, struct env *env, struct value input);

/* update.c: all assignment operators. */
enum outcome each_assign(const struct node *node, struct env *env, struct value input,
                         struct sink *sink);
struct value one_assign(const struct node *node, struct env *env, struct value input);

#endif
