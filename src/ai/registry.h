/* ai/registry.h - which providers there are, and what the model `default` means.
 *
 * Without any configuration there is `local`, which needs no key and no network. One variable of
 * the environment is enough for another: WINDROW_MODEL=openai/gpt-4o-mini with OPENAI_API_KEY (and
 * OPENAI_BASE_URL), or WINDROW_MODEL=ollama/llama3.2 (and OLLAMA_HOST). A file can say more
 * (ai/config.h).
 *
 * Threads: made by the main thread, never changed after: any.
 */
#ifndef AI_REGISTRY_H
#define AI_REGISTRY_H

#include "ai/config.h"
#include "ai/provider.h"
#include "base/buffer.h"
#include "base/status.h"

struct ai_registry;

/* text: of the configuration file; .ptr NULL: there is none. Words begin with a place in it, or
 * with a variable's name. On OK, *out ends with ai_registry_free(). */
MUST_USE enum status ai_registry_new(struct ai_registry **out, struct slice text,
                                     ai_environment_fn *environment, struct error *error);
void ai_registry_free(struct ai_registry **registry);

const struct ai_setup *ai_registry_setups(const struct ai_registry *registry, size_t *count);

/* "provider/model". */
const char *ai_registry_default(const struct ai_registry *registry);

/* The hosts and ports of all providers, as net/address.h wants what is allowed. */
void ai_registry_allow(const struct ai_registry *registry, struct buffer *out);

#endif
