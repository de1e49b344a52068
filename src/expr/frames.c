#include "expr/eval.h"

/* Frames are aligned as union slot is. */
static size_t
frame_bytes(uint32_t slot_count)
{
    return sizeof(struct env) + slot_count * sizeof(union slot);
}

struct env *
frame_push(struct expr_machine *machine, struct env *up, uint32_t slot_count)
{
    size_t size = frame_bytes(slot_count);
    if ((size_t)(machine->frame_end - machine->frame_top) < size) {
        machine_spend(machine, "the expression's calls need too much memory");
        return NULL;
    }
    struct env *frame = (struct env *)machine->frame_top;
    machine->frame_top += size;
    frame->machine = machine;
    frame->up = up;
    return frame;
}

struct env *
frame_parent(const struct node *call, struct env *env)
{
    return call->call.def->is_root ? NULL : env_up(env, call->call.up);
}

struct closure
frame_closure(const struct node *parameter, struct env *env)
{
    struct env *frame = env_up(env, parameter->parameter.level);
    return frame->slots[parameter->parameter.param->filter_slot].closure;
}

void
frame_set_filter(struct env *frame, const struct node *call, uint32_t index, struct env *env)
{
    const struct node *arg = call->call.args[index];
    uint32_t slot = call->call.def->params[index].filter_slot;
    if (slot == PARAM_NO_SLOT)
        return;
    /* A parameter handed on is the same filter: without this, chains of them would grow. */
    if (arg->kind == NODE_PARAMETER)
        frame->slots[slot].closure = frame_closure(arg, env);
    else
        frame->slots[slot].closure = (struct closure){.node = arg, .env = env};
}

static bool
needs_no_frame(const struct node *node)
{
    return node->kind == NODE_IDENTITY || node->kind == NODE_CONSTANT ||
           node->kind == NODE_PARAMETER || node->kind == NODE_EMPTY ||
           (node->kind == NODE_PATH && node->path.base->kind == NODE_IDENTITY);
}

bool
frame_is_replaceable(const struct node *call)
{
    const struct def *def = call->call.def;
    if (!def->is_root && call->call.up == 0)
        return false;
    for (uint32_t i = 0; i < def->param_count; i++) {
        if (def->params[i].filter_slot != PARAM_NO_SLOT && !needs_no_frame(call->call.args[i]))
            return false;
    }
    return true;
}

struct env *
frame_enter(const struct node *call, struct env *env, struct value input, struct value *absent)
{
    struct expr_machine *machine = env->machine;
    const struct def *def = call->call.def;
    struct env *frame = frame_push(machine, frame_parent(call, env), def->slot_count);
    if (frame == NULL) {
        *absent = value_absent(OUTCOME_LIMIT);
        return NULL;
    }
    for (uint32_t i = 0; i < def->param_count; i++) {
        frame_set_filter(frame, call, i, env);
        if (!def->params[i].is_value)
            continue;
        struct value value = eval_one(call->call.args[i], env, input);
        if (value.kind == VALUE_NONE) {
            *absent = value;
            machine->frame_top = (char *)frame;
            return NULL;
        }
        frame->slots[i].value = value;
    }
    return frame;
}
