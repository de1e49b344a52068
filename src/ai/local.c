/* The embedded provider: see docs/local.md for what it does and what it does not. */
#include "ai/local_classify.h"
#include "ai/local_find.h"
#include "ai/local_output.h"
#include "ai/local_rank.h"
#include "ai/local_tree.h"
#include "ai/provider.h"

#include "base/mem.h"

#define MODEL "extractive-1"

/* One request being answered. */
struct answering {
    const struct ai_request *request;
    struct local_lexicon lexicon;
    struct local_output output;
    struct local_finder *finder;
};

static bool
has_text(const struct ai_request *request)
{
    for (size_t i = 0; i < request->source_count; i++)
        if (slice_trim(request->sources[i].text).size > 0)
            return true;
    return false;
}

/* Reads all sources for the wanted fields. */
static void
find(struct answering *answering, const struct local_wanted *wanted)
{
    answering->finder = local_finder_new(wanted);
    for (size_t i = 0; i < answering->request->source_count; i++)
        local_finder_read(answering->finder, i, answering->request->sources[i].text);
}

static struct value
field_value(void *context, size_t field)
{
    struct answering *answering = context;
    return local_output_field(&answering->output, answering->finder, field);
}

static struct value
extract(struct answering *answering)
{
    const struct ai_request *request = answering->request;
    struct local_wanted wanted;
    local_wanted_init(&wanted, &answering->lexicon, request->field_count);
    for (size_t i = 0; i < request->field_count; i++) {
        const struct ai_field *field = &request->fields[i];
        local_wanted_add(&wanted, &(struct local_field_made){.path = field->name,
                                                             .name = field->name,
                                                             .description = field->description,
                                                             .unit = field->unit,
                                                             .type = field->type,
                                                             .choices = field->choices});
    }
    find(answering, &wanted);
    struct value output = value_empty_object();
    for (size_t i = 0; i < request->field_count; i++) {
        struct value value = field_value(answering, i);
        output =
            value_object_set(answering->output.arena, output, value_string(request->fields[i].name),
                             value.kind == VALUE_NONE ? value_null() : value);
    }
    local_finder_free(&answering->finder);
    local_wanted_done(&wanted);
    return output;
}

static struct value
fill_schema(struct answering *answering)
{
    struct arena *arena = answering->output.arena;
    struct value schema = answering->request->schema;
    struct local_wanted wanted;
    local_wanted_init(&wanted, &answering->lexicon, local_tree_count(arena, schema));
    struct local_node *tree = local_tree_new(arena, &wanted, schema);
    find(answering, &wanted);
    struct value output = local_tree_value(arena, tree, field_value, answering);
    local_finder_free(&answering->finder);
    local_wanted_done(&wanted);
    return output.kind == VALUE_NONE ? value_null() : output;
}

static struct value
make_output(struct answering *answering)
{
    const struct ai_request *request = answering->request;
    if (request->label_count > 0)
        return local_classify(&answering->output, &answering->lexicon);
    if (request->field_count > 0)
        return extract(answering);
    if (request->schema.kind == VALUE_OBJECT)
        return fill_schema(answering);
    return local_rank(&answering->output, &answering->lexicon);
}

static bool
local_answer(const struct ai_request *request, struct arena *arena, struct ai_answer *out,
             struct ai_failure *failure)
{
    if (!slice_is(request->model, MODEL))
        return ai_fail(failure, 404, "provider_refused",
                       "the provider \"local\" has one model: local/" MODEL);
    if (!has_text(request))
        return ai_fail(
            failure, 422, "no_source",
            "local/" MODEL " only finds what texts say, and was given none: name "
            "`sources`, or configure a model that writes (WINDROW_MODEL=provider/model)");
    struct answering *answering = mem_alloc(sizeof(*answering));
    answering->request = request;
    local_lexicon_init(&answering->lexicon);
    local_output_init(&answering->output, request, arena);
    struct value output = make_output(answering);
    struct slice text = local_output_text(&answering->output, output);
    mem_free(answering);
    if (text.ptr == NULL)
        return ai_fail(failure, 422, "limit_exceeded",
                       "the answer of local/" MODEL " does not fit into its memory: ask for less");
    *out = (struct ai_answer){.text = text, .model = SLICE(MODEL), .finish = AI_FINISH_STOP};
    return true;
}

const struct ai_provider ai_local = {.kind = "local", .answer = local_answer};
