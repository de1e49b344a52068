/* ai/config.h - reads the providers out of a configuration file.
 *
 *   default_model: openai/gpt-4o-mini
 *   providers:
 *     openai:
 *       key_env: OPENAI_API_KEY
 *       models: {gpt-4o-mini: {input: 0.15, output: 0.60}}
 *
 * docs/models.md tells all settings. Other names at the top of the file are settings of the
 * program, which whoever reads those has checked (main/settings.h).
 *
 * Threads: the main thread.
 */
#ifndef AI_CONFIG_H
#define AI_CONFIG_H

#include "ai/provider.h"
#include "base/arena.h"
#include "base/slice.h"
#include "base/status.h"

#include <stddef.h>

/* A variable of the environment; NULL: it is not there. */
typedef const char *ai_environment_fn(const char *name);

struct ai_config {
    struct arena *arena; /* everything lives in it */
    ai_environment_fn *environment;
    struct ai_setup *setups; /* room for LIMIT_AI_PROVIDERS */
    size_t setup_count;
    struct slice default_model; /* empty: not given */
};

/* The provider of that kind; NULL: there is none in this build. */
const struct ai_provider *ai_config_kind(struct slice kind);

/* What a provider of that name and kind has where nothing else is said. */
struct ai_setup ai_config_defaults(struct slice name, const struct ai_provider *provider);

/* Reads the YAML text. INVALID, LIMIT or NOT_FOUND (a key is not there): the words begin with the
 * place and never hold a key. */
MUST_USE enum status ai_config_read(struct ai_config *config, struct slice text,
                                    struct error *error);

#endif
