/* expr/activation.h - one C call of eval_one() or eval_each(), and what it must check and undo.
 *
 * Threads: as the machine.
 */
#ifndef EXPR_ACTIVATION_H
#define EXPR_ACTIVATION_H

#include "expr/eval.h"

/* What one C call of the evaluator has put on the machine's stacks. A call in tail position goes on
 * in the same C call, in place of the frame before it where nothing points to that. */
struct activation {
    char *frame_base;
    uint32_t depth_left;
    struct env *frame;
};

static inline bool
activation_is_spent(const struct expr_machine *machine)
{
    return machine->steps_left == 0 || machine->scratch.used_bytes > machine->scratch.limit_bytes;
}

static inline bool
activation_has_stack(const struct expr_machine *machine)
{
    return (const char *)__builtin_frame_address(0) > machine->stack_floor;
}

static inline struct activation
activation_start(const struct expr_machine *machine)
{
    return (struct activation){.frame_base = machine->frame_top, .depth_left = machine->depth_left};
}

static inline void
activation_end(const struct activation *own, struct expr_machine *machine)
{
    machine->frame_top = own->frame_base;
    machine->depth_left = own->depth_left;
}

/* The frame in which the called body runs; NULL with *absent set. */
struct env *activation_call(struct activation *own, const struct node *call, struct env *env,
                            struct value input, struct value *absent);

#endif
