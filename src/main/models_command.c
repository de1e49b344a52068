#include "ai/registry.h"
#include "base/json.h"
#include "base/limits.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "main/models.h"

#include <stdio.h>

#define MICROCREDITS 1000000.0

static struct value
price_value(const struct ai_model *model, int64_t microcredits)
{
    return model->has_price ? value_double((double)microcredits / MICROCREDITS) : value_null();
}

static struct value
model_value(struct arena *arena, const struct ai_model *model)
{
    struct member members[] = {
        {value_text("name"), value_string(model->name)},
        {value_text("input"), price_value(model, model->input_price)},
        {value_text("output"), price_value(model, model->output_price)},
        {value_text("contextBytes"), value_int((int64_t)model->context_bytes)},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

static struct value
setup_value(struct arena *arena, const struct ai_setup *setup)
{
    struct value models = value_empty_array();
    for (size_t i = 0; i + 1 < setup->model_count; i++)
        models = value_array_append(arena, models, model_value(arena, &setup->models[i]));
    bool is_here = setup->base_url.size == 0;
    struct member members[] = {
        {value_text("name"), value_string(setup->name)},
        {value_text("kind"), value_text(setup->provider->kind)},
        {value_text("baseUrl"), is_here ? value_null() : value_string(setup->base_url)},
        {value_text("hasKey"), value_bool(setup->key.size > 0)},
        {value_text("concurrency"), value_int(setup->concurrency)},
        {value_text("models"), models},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

static bool
print_json(void)
{
    struct arena arena;
    arena_init(&arena, MIB(8));
    size_t count;
    const struct ai_setup *setups = ai_registry_setups(models_registry(), &count);
    struct value providers = value_empty_array();
    for (size_t i = 0; i < count; i++)
        providers = value_array_append(&arena, providers, setup_value(&arena, &setups[i]));
    struct value all = value_object_set(&arena, value_empty_object(), value_text("default"),
                                        value_text(models_default()));
    all = value_object_set(&arena, all, value_text("providers"), providers);
    struct buffer text;
    buffer_init(&text, MIB(8));
    if (all.kind != VALUE_NONE)
        json_print(&text, all);
    buffer_append_byte(&text, '\n');
    bool is_ok = cli_write(stdout, &text);
    buffer_done(&text);
    arena_done(&arena);
    return is_ok;
}

static void
print_model(struct buffer *out, const struct ai_model *model)
{
    buffer_append_text(out, "  ");
    buffer_append_printable(out, model->name.ptr);
    if (model->has_price)
        buffer_append_format(out, "  %g in, %g out (credits for a million tokens)",
                             (double)model->input_price / MICROCREDITS,
                             (double)model->output_price / MICROCREDITS);
    else
        buffer_append_text(out, "  no price");
    buffer_append_byte(out, '\n');
}

static void
print_setup(struct buffer *out, const struct ai_setup *setup)
{
    buffer_append_printable(out, setup->name.ptr);
    buffer_append_format(out, "  %s", setup->provider->kind);
    if (setup->base_url.size == 0) {
        buffer_append_text(out, ", computed here: no key, no network, no cost\n");
    } else {
        buffer_append_text(out, ", ");
        buffer_append_printable(out, setup->base_url.ptr);
        buffer_append_text(out, setup->key.size > 0 ? ", with a key\n" : ", without a key\n");
    }
    for (size_t i = 0; i + 1 < setup->model_count; i++)
        print_model(out, &setup->models[i]);
}

static bool
print_words(void)
{
    struct buffer text;
    buffer_init(&text, MIB(8));
    size_t count;
    const struct ai_setup *setups = ai_registry_setups(models_registry(), &count);
    buffer_append_text(&text, "default  ");
    buffer_append_printable(&text, models_default());
    buffer_append_text(&text, "\n\n");
    for (size_t i = 0; i < count; i++)
        print_setup(&text, &setups[i]);
    bool is_ok = cli_write(stdout, &text);
    buffer_done(&text);
    return is_ok;
}

int
models_command(struct cli *cli, int argc, char **argv)
{
    bool as_json = false;
    const struct option options[] = {
        {.name = "--config",
         .kind = OPTION_TEXT,
         .into.text = &cli->config,
         .value = "FILE",
         .help = "providers and their models",
         .environment = "WINDROW_CONFIG"},
        {.name = "--json", .kind = OPTION_FLAG, .into.flag = &as_json, .help = "print JSON"},
    };
    const struct option_table table = {
        .usage = "windrow models [--config FILE] [--json]",
        .summary = "Lists the providers of models, their prices, and what `default` means.",
        .options = options,
        .count = COUNT_OF(options),
    };
    struct positional none;
    enum options_end end = options_read(&table, argc, argv, &none);
    if (end != OPTIONS_OK)
        return end == OPTIONS_HELP ? CLI_OK : CLI_USAGE;
    struct error error = {0};
    if (models_read(cli->config, &error) != STATUS_OK)
        return cli_complain(&error);
    bool is_ok = as_json ? print_json() : print_words();
    models_forget();
    return is_ok ? CLI_OK : CLI_TROUBLE;
}
