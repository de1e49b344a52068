/* main/models.h - the models of this process: their configuration, and the desk that asks them.
 *
 * Providers are reached by a client of their own: their addresses come from the configuration, so
 * that a model on this machine may be asked, while URLs of workflows still may not lead here.
 *
 * Threads: opened and closed by the main thread; submit and cancel from any.
 */
#ifndef MAIN_MODELS_H
#define MAIN_MODELS_H

#include "base/exchange.h"
#include "base/slice.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct usage;

struct ai_registry;
struct buffer;
struct cli;
struct service;
struct store;

/* Reads the configuration (config: the file's path; NULL: that of WINDROW_CONFIG, if it is set). */
MUST_USE enum status models_read(const char *config, struct error *error);

/* Starts the desk. *store is where kept texts are, once something is asked. */
MUST_USE enum status models_open(struct store *const *store, struct error *error);

/* What was read; until models_forget(). */
const struct ai_registry *models_registry(void);

/* "provider/model" that steps mean by `default`; until models_forget(). */
const char *models_default(void);

/* What tokens cost: see struct service_transport. */
bool models_cost(void *unused, struct slice model, const struct usage *tokens, int64_t *cost);
/* What a request may cost: see struct engine_ports. */
int64_t models_price(void *unused, struct slice model, size_t bytes, int64_t answer_tokens);

/* Who watches runs hears from now on what models say; NULL: nobody. Until models_close() returns.
 */
void models_listen(struct service *service);

uint64_t models_submit(struct exchange *exchange);
void models_cancel(uint64_t ticket);

/* How the providers are now, for Prometheus. Any thread, while they are open. */
void models_print_metrics(struct buffer *out);

/* Ends what is on its way. Nothing may be submitted any more. */
void models_close(void);

/* Ends what models_read() began. */
void models_forget(void);

/* The command `windrow models`. */
int models_command(struct cli *cli, int argc, char **argv);

#endif
