/* expr/machine.h - what one evaluation runs in: budget, scratch memory, raised errors.
 *
 * Functions that give a value give VALUE_NONE for "no output"; its count then says why (enum
 * outcome): OUTCOME_OK when there simply is none.
 *
 * Threads: a machine belongs to one thread.
 */
#ifndef EXPR_MACHINE_H
#define EXPR_MACHINE_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/value.h"
#include "expr/expr.h"
#include "expr/node.h"

enum outcome {
    OUTCOME_OK,
    OUTCOME_RAISED, /* an error, in machine->raised: try can catch it */
    OUTCOME_BREAK,  /* on the way to the label machine->break_id */
    OUTCOME_LIMIT,  /* the budget is used up; nothing catches that */
    OUTCOME_STOP,   /* the caller's visitor said so, with machine->stop_status */
};

struct regex_cache;

struct expr_machine {
    uint64_t steps_left;
    struct arena scratch;
    const char *stack_floor; /* of the C stack: nothing is called below it */
    uint32_t depth_left;

    /* Frames of calls, last in first out. */
    char *frames;
    char *frame_top;
    char *frame_end;

    /* Values of arrays and objects under construction, last in first out. */
    struct value *values;
    size_t value_count;
    size_t value_capacity;

    /* Free room behind the last text that was put together, so that `. + "x"` in a loop appends. */
    char *text_end;
    char *text_limit;

    /* Whose accumulator the fold that runs now builds (value_object_put()); 0: nobody's. */
    uint32_t owner;
    uint32_t last_owner;

    struct value raised;
    uint64_t break_id;
    uint64_t next_label;
    const char *limit_words; /* which budget is used up */
    enum status stop_status;

    struct expr_budget budget;
    struct regex_cache *regexes;
};

static inline struct value
value_absent(enum outcome outcome)
{
    return (struct value){.kind = VALUE_NONE, .count = outcome};
}

static inline enum outcome
value_outcome(struct value absent)
{
    return (enum outcome)absent.count;
}

/* An owner that nobody was before. */
static inline uint32_t
machine_new_owner(struct expr_machine *machine)
{
    if (machine->last_owner == UINT32_MAX)
        machine->last_owner = 0;
    return ++machine->last_owner;
}

/* From here on nothing made before is the running fold's own: a part of its state may be known
 * elsewhere, too. */
static inline void
machine_renew_owner(struct expr_machine *machine)
{
    if (machine->owner != 0)
        machine->owner = machine_new_owner(machine);
}

/* Uses up the budget, for the reason given in words; gives the value that says so. */
struct value machine_spend(struct expr_machine *machine, const char *words);

/* What to say when an allocation or a value's builder gave nothing. */
struct value machine_out_of_memory(struct expr_machine *machine);

/* Takes steps from the budget; false when they are not there. */
static inline bool
machine_charge(struct expr_machine *machine, uint64_t steps)
{
    if (machine->steps_left < steps) {
        machine->steps_left = 0;
        return false;
    }
    machine->steps_left -= steps;
    return true;
}

/* For work on runs of bytes: 64 of them cost as much as a step. */
static inline bool
machine_charge_bytes(struct expr_machine *machine, uint64_t bytes)
{
    return machine_charge(machine, bytes / 64 + 1);
}

/* For looking a name up in an object, which goes through all of it. Names are short as a rule. */
static inline bool
machine_charge_name(struct expr_machine *machine, struct value name)
{
    return name.count < 256 || machine_charge_bytes(machine, name.count);
}

/* The value when it is one, else what machine_out_of_memory() says. */
static inline struct value
machine_check(struct expr_machine *machine, struct value built)
{
    return built.kind != VALUE_NONE ? built : machine_out_of_memory(machine);
}

/* The value that says that the steps are used up. */
struct value machine_no_steps(struct expr_machine *machine);

/* Raises an error whose value is this text (at most 4,095 bytes). */
struct value machine_raise(struct expr_machine *machine, const char *format, ...) PRINTF_LIKE(2, 3);
struct value machine_raise_value(struct expr_machine *machine, struct value error);

/* "number (1) cannot be …" */
struct value machine_raise_about(struct expr_machine *machine, struct value about,
                                 const char *words);
/* "number (1) and string ("a") cannot be …" */
struct value machine_raise_pair(struct expr_machine *machine, struct value a, struct value b,
                                const char *words);

/* The beginning of the value as JSON, at most max_bytes, "..." at the end if it was cut. */
const char *machine_describe(struct expr_machine *machine, struct value value, size_t max_bytes);

#define DESCRIBE_BYTES 14
#define DESCRIBE_LONG_BYTES 29

/* Room in the scratch arena; NULL when there is none, and then machine_out_of_memory(). */
static inline void *
machine_alloc(struct expr_machine *machine, size_t size)
{
    return arena_try_alloc(&machine->scratch, size);
}

/* Pushes on the stack of values; false over the budget. */
bool machine_push(struct expr_machine *machine, struct value value);

/* An array of the values from `base` up, which are popped. */
struct value machine_pop_array(struct expr_machine *machine, size_t base);

/* a with b behind it, as one string; reuses a's memory where nothing stands behind it. */
struct value machine_join_text(struct expr_machine *machine, struct slice a, struct slice b);

/* A string in the scratch arena. */
struct value machine_text(struct expr_machine *machine, struct slice text);

/* Charges for going through all of a value (shared parts as often as they occur). */
bool machine_charge_tree(struct expr_machine *machine, struct value value);

/* The value as JSON text; nothing (.ptr NULL) over the budget, which is then spent. */
struct slice machine_json(struct expr_machine *machine, struct value value);

/* A copy in which nothing lives in the scratch or in the expression's arena; what lives elsewhere
 * is shared. VALUE_NONE over a limit. */
struct value machine_keep(struct expr_machine *machine, const struct expr *expr,
                          struct arena *arena, struct value value);

#endif
