#include "ai/registry.h"

#include "base/limits.h"
#include "base/mem.h"
#include "net/url.h"

#include <stdio.h>

#define DEFAULT_MODEL "local/extractive-1"

struct ai_registry {
    struct arena arena;
    struct ai_setup setups[LIMIT_AI_PROVIDERS];
    size_t count;
    const char *default_model;
};

/* Not empty, or NULL. */
static const char *
variable(ai_environment_fn *environment, const char *name)
{
    const char *text = environment(name);
    return text == NULL || text[0] == '\0' ? NULL : text;
}

static bool
has_setup(const struct ai_registry *registry, struct slice name)
{
    for (size_t i = 0; i < registry->count; i++)
        if (slice_equal(registry->setups[i].name, name))
            return true;
    return false;
}

static struct ai_setup *
add(struct ai_registry *registry, struct slice name, const struct ai_provider *provider)
{
    struct ai_setup *setup = &registry->setups[registry->count++];
    *setup = ai_config_defaults(name, provider);
    return setup;
}

static void
add_local(struct ai_registry *registry)
{
    struct slice name = SLICE("local");
    if (!has_setup(registry, name))
        add(registry, name, &ai_local);
}

static enum status
check_url(struct ai_registry *registry, const char *variable_name, struct slice text,
          struct error *error)
{
    struct url url;
    enum status status = url_parse(&url, &registry->arena, text, error);
    if (status != STATUS_OK)
        error_prepend(error, "%s", variable_name);
    return status;
}

static enum status
add_openai(struct ai_registry *registry, ai_environment_fn *environment, bool is_wanted,
           struct error *error)
{
    struct slice name = SLICE("openai");
    const char *key = variable(environment, "OPENAI_API_KEY");
    const char *base_url = variable(environment, "OPENAI_BASE_URL");
    if (has_setup(registry, name) || (key == NULL && base_url == NULL && !is_wanted))
        return STATUS_OK;
    if (key == NULL && base_url == NULL)
        return error_set(error, STATUS_NOT_FOUND,
                         "OPENAI_API_KEY: the model openai/… is chosen, but this variable is not "
                         "set; see docs/models.md");
    struct ai_setup *setup = add(registry, name, &ai_openai);
    setup->key_name = SLICE("OPENAI_API_KEY");
    if (key != NULL)
        setup->key = arena_copy(&registry->arena, slice_trim(slice_text(key)));
    if (base_url == NULL)
        return STATUS_OK;
    setup->base_url = arena_copy(&registry->arena, slice_text(base_url));
    return check_url(registry, "OPENAI_BASE_URL", setup->base_url, error);
}

/* As ollama's own client reads it: a host, a port or both, with a scheme or without. */
static const char *
ollama_url(struct ai_registry *registry, const char *host)
{
    bool has_scheme = strstr(host, "://") != NULL;
    const char *name = has_scheme ? strstr(host, "://") + 3 : host;
    bool has_port = strrchr(name, ':') != NULL && strrchr(name, ']') < strrchr(name, ':');
    size_t size = strlen(host);
    while (size > 0 && host[size - 1] == '/')
        size--;
    const char *all = "0.0.0.0";
    if (strncmp(name, all, strlen(all)) == 0)
        return arena_format(&registry->arena, "http://localhost%s/v1",
                            has_port ? name + strlen(all) : ":11434");
    return arena_format(&registry->arena, "%s%.*s%s/v1", has_scheme ? "" : "http://", (int)size,
                        host, has_port || has_scheme ? "" : ":11434");
}

static enum status
add_ollama(struct ai_registry *registry, ai_environment_fn *environment, bool is_wanted,
           struct error *error)
{
    struct slice name = SLICE("ollama");
    const char *host = variable(environment, "OLLAMA_HOST");
    if (has_setup(registry, name) || (host == NULL && !is_wanted))
        return STATUS_OK;
    struct ai_setup *setup = add(registry, name, &ai_openai);
    if (host == NULL)
        return STATUS_OK;
    setup->base_url = slice_text(ollama_url(registry, host));
    return check_url(registry, "OLLAMA_HOST", setup->base_url, error);
}

static enum status
check_default(const struct ai_registry *registry, const char *where, struct error *error)
{
    const char *model = registry->default_model;
    const char *slash = strchr(model, '/');
    if (slash == NULL || slash == model || slash[1] == '\0' || strlen(model) > LIMIT_AI_MODEL_BYTES)
        return error_set(error, STATUS_INVALID,
                         "%s: expected provider/model, such as openai/gpt-4o-mini, found \"%.80s\"",
                         where, model);
    if (has_setup(registry, slice_of(model, (size_t)(slash - model))))
        return STATUS_OK;
    char names[300] = "";
    size_t used = 0;
    for (size_t i = 0; i < registry->count && used < sizeof(names); i++)
        used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", i > 0 ? ", " : "",
                                 registry->setups[i].name.ptr);
    return error_set(error, STATUS_NOT_FOUND,
                     "%s: no provider \"%.*s\" is configured, only %s; see docs/models.md", where,
                     (int)(slash - model), model, names);
}

static bool
begins_with(const char *text, const char *prefix)
{
    return text != NULL && strncmp(text, prefix, strlen(prefix)) == 0;
}

static enum status
fill(struct ai_registry *registry, struct slice text, ai_environment_fn *environment,
     struct error *error)
{
    struct ai_config config = {
        .arena = &registry->arena, .environment = environment, .setups = registry->setups};
    enum status status = STATUS_OK;
    if (text.ptr != NULL)
        status = ai_config_read(&config, text, error);
    if (status != STATUS_OK)
        return status;
    registry->count = config.setup_count;
    const char *chosen = variable(environment, "WINDROW_MODEL");
    const char *where = "default_model";
    registry->default_model = DEFAULT_MODEL;
    if (chosen != NULL) {
        where = "WINDROW_MODEL";
        registry->default_model = arena_copy(&registry->arena, slice_text(chosen)).ptr;
    } else if (config.default_model.size > 0) {
        registry->default_model = config.default_model.ptr;
    }
    add_local(registry);
    const char *model = registry->default_model;
    status = add_openai(registry, environment, begins_with(model, "openai/"), error);
    if (status == STATUS_OK)
        status = add_ollama(registry, environment, begins_with(model, "ollama/"), error);
    return status == STATUS_OK ? check_default(registry, where, error) : status;
}

enum status
ai_registry_new(struct ai_registry **out, struct slice text, ai_environment_fn *environment,
                struct error *error)
{
    struct ai_registry *registry = mem_alloc(sizeof(*registry));
    arena_init(&registry->arena, MIB(8));
    enum status status = fill(registry, text, environment, error);
    if (status != STATUS_OK)
        ai_registry_free(&registry);
    *out = registry;
    return status;
}

void
ai_registry_free(struct ai_registry **registry)
{
    if (*registry == NULL)
        return;
    arena_done(&(*registry)->arena);
    mem_free(*registry);
    *registry = NULL;
}

const struct ai_setup *
ai_registry_setups(const struct ai_registry *registry, size_t *count)
{
    *count = registry->count;
    return registry->setups;
}

const char *
ai_registry_default(const struct ai_registry *registry)
{
    return registry->default_model;
}

void
ai_registry_allow(const struct ai_registry *registry, struct buffer *out)
{
    struct arena arena;
    arena_init(&arena, KIB(64));
    for (size_t i = 0; i < registry->count; i++) {
        struct url url;
        struct slice base_url = registry->setups[i].base_url;
        if (base_url.size == 0 || url_parse(&url, &arena, base_url, NULL) != STATUS_OK)
            continue;
        bool is_six = memchr(url.host.ptr, ':', url.host.size) != NULL;
        buffer_append_format(out, "%s%s%.*s%s:%u", out->size > 0 ? ", " : "", is_six ? "[" : "",
                             SLICE_FORMAT(url.host), is_six ? "]" : "", url.port);
    }
    arena_done(&arena);
}
