/* steps/connector_inside.h - a connector as it is loaded; private to connector*.c.
 *
 * Threads: as steps/connector.h.
 */
#ifndef STEPS_CONNECTOR_INSIDE_H
#define STEPS_CONNECTOR_INSIDE_H

#include "steps/connector.h"

/* What becomes of an answer that a rule fits. */
enum connector_then { CONNECTOR_FAIL, CONNECTOR_RETRY, CONNECTOR_NOTHING };

/* One entry of `errors`. */
struct connector_rule {
    struct value statuses; /* array of numbers; empty: any */
    struct value path;     /* array of names below the answer's body; empty: not looked at */
    struct value equals;   /* of what stands there; VALUE_NONE: it has to be there and not null */
    struct slice words;    /* empty: none */
    enum connector_then then;
};

struct connector {
    struct step_decl decl; /* first: found again by it */
    struct step_type type;
    struct plan *plan;               /* of its small workflow */
    const struct plan_node *request; /* its http_request */
    const struct plan_node *value;   /* what makes the step's value; NULL: the body is it */
    size_t rule_count;
    struct connector_rule *rules;
};

static inline const struct connector *
connector_of(const struct plan_node *node)
{
    return (const struct connector *)(const void *)node->decl;
}

/* The functions of its type. */
extern const struct step_type connector_functions;

/* Loads one file's text into the arena, which outlives it; name: of the file, without its ending.
 * INVALID with words. What it holds beside the arena goes by plan_drop(). */
MUST_USE enum status connector_load(struct connector **out, struct slice text, struct slice name,
                                    struct arena *arena, struct error *error);

/* Its page of the documentation, in the arena. */
const char *connector_page(const struct connector *connector, struct value file,
                           struct arena *arena);

#endif
