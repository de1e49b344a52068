#include "expr/eval.h"

/* Calls whose $parameters are given many outputs: one run of the body for each combination, the
 * first parameter outermost. */
struct call_sink {
    struct sink sink;
    const struct node *call;
    struct env *env; /* of the caller */
    struct value input;
    const struct path *path;
    struct sink *out;
    struct env *frame; /* of the called */
    uint32_t index;
};

static enum outcome run_call(const struct call_sink *call);

static enum outcome
argument_emit(struct sink *sink, struct value value, const struct path *path)
{
    struct call_sink next = *(struct call_sink *)sink;
    next.frame->slots[next.index].value = value;
    next.index++;
    return run_call(&next);
}

static enum outcome
run_call(const struct call_sink *start)
{
    struct call_sink call = *start;
    const struct def *def = call.call->call.def;
    while (call.index < def->param_count && !def->params[call.index].is_value)
        call.index++;
    if (call.index == def->param_count)
        return eval_each(def->body, call.frame, call.input, call.path, call.out);
    call.sink.emit = argument_emit;
    return eval_each(call.call->call.args[call.index], call.env, call.input, NULL, &call.sink);
}

enum outcome
each_call(const struct node *node, struct env *env, struct value input, const struct path *path,
          struct sink *sink)
{
    struct expr_machine *machine = env->machine;
    const struct def *def = node->call.def;
    if (machine->depth_left == 0)
        return value_outcome(
            machine_spend(machine, "the expression's calls are nested too deeply"));
    struct env *frame = frame_push(machine, frame_parent(node, env), def->slot_count);
    if (frame == NULL)
        return OUTCOME_LIMIT;
    for (uint32_t i = 0; i < def->param_count; i++)
        frame_set_filter(frame, node, i, env);
    struct call_sink call = {
        .call = node, .env = env, .input = input, .path = path, .out = sink, .frame = frame};
    machine->depth_left--;
    enum outcome outcome = run_call(&call);
    machine->depth_left++;
    machine->frame_top = (char *)frame;
    return outcome;
}
