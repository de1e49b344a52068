/* engine/models.h - what the model name `default` stands for in a run.
 *
 * It is resolved once, when the run is started, and pinned: kept with the run (run_row.resolved,
 * under "models"), so that all its calls name the same model in their hashes, after a crash and in
 * a retry too, whatever the configuration says by then. Runs below it have the same.
 *
 * Threads: pure.
 */
#ifndef ENGINE_MODELS_H
#define ENGINE_MODELS_H

#include "engine/program.h"

struct callees;

/* Whether steps of the program, or of workflows that are called, ask models. callees may be NULL.
 */
bool models_are_used(const struct program *program, const struct callees *callees);

/* Whether calls of steps of theirs have a price of their own. */
bool calls_have_prices(const struct program *program, const struct callees *callees);
/* Either: somebody has to pay. */
bool calls_may_cost(const struct program *program, const struct callees *callees);

/* `resolved` (an object, or VALUE_NONE) with {"models": {"default": model}}, unless it names one
 * already. */
struct value models_pin(struct value model, struct value resolved, struct arena *arena);

/* What is pinned there, borrowed; VALUE_NONE: nothing. */
struct value models_pinned(struct value resolved);

#endif
