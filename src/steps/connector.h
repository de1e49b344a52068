/* steps/connector.h - step types that are made of YAML files: one HTTP data vendor in each.
 *
 * A file says what the step takes, what it asks the vendor for, and what it makes of the answer
 * (docs/connectors.md). Its request is loaded as a http_request step of a small workflow of its
 * own, whose input is the config of the step: so it is checked as every workflow is, and asks,
 * pages and hashes as http_request does.
 *
 * Threads: made and freed by the main thread; read-only between.
 */
#ifndef STEPS_CONNECTOR_H
#define STEPS_CONNECTOR_H

#include "engine/step.h"
#include "flow/catalog.h"

/* Files in one folder. */
#define CONNECTORS_MAX 200

struct connectors;

/* All *.yaml and *.yml of the folder, beside the steps of this build; NULL: no folder. INVALID,
 * with words that name file and place; NOT_FOUND, IO, LIMIT. */
MUST_USE enum status connectors_open(struct connectors **out, const char *folder,
                                     struct error *error);
/* When no plan that uses them is left. Does nothing when *connectors is NULL. */
void connectors_free(struct connectors **connectors);

/* The steps of this build with the connectors behind them. */
const struct step_table *connectors_steps(const struct connectors *connectors);
const struct catalog *connectors_catalog(const struct connectors *connectors);

#endif
