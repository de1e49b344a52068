#include "steps/ai_answer.h"

#include "ai/request.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/retry_after.h"
#include "steps/ai_output.h"
#include "steps/ai_quotes.h"
#include "steps/http_answer.h"

#include <stdio.h>

/* One answer, on its way to become a value. */
struct reading {
    struct step_conclusion *conclusion;
    struct arena work; /* dropped when it is concluded */
    struct ai_request request;
    struct ai_answer answer;
    struct ai_output output;
};

static bool
fail_memory(struct step_conclusion *conclusion)
{
    return step_fail(&conclusion->failure, "limit_exceeded",
                     "the answer comes to too many bytes as a value");
}

/* --- answers that cannot be used --- */

bool
ai_bad_answer_is(struct value value)
{
    return value.kind == VALUE_ARRAY && value.count == 2;
}

struct ai_bad_answer
ai_bad_answer_of(struct value value)
{
    return (struct ai_bad_answer){value_items(value)[0], value_items(value)[1]};
}

/* What the model said, as far as it is worth being kept or told back. */
static struct value
raw_text(const struct reading *reading)
{
    return value_string_copy(reading->conclusion->arena,
                             slice_cut(reading->answer.text, LIMIT_AI_RAW_BYTES));
}

/* The provider that computes here would answer a second time what it did the first. */
static bool
is_last_chance(const struct reading *reading)
{
    return reading->request.turn_count > 0 || slice_is(reading->request.provider, "local");
}

static bool
give_bad_answer(struct reading *reading)
{
    struct step_conclusion *conclusion = reading->conclusion;
    char words[AI_OUTPUT_WORDS_BYTES + 200];
    snprintf(words, sizeof(words),
             "This answer cannot be used: %s. Answer again with the corrected JSON object and "
             "nothing else, in the form that was asked for.",
             reading->output.words);
    struct value parts[] = {raw_text(reading),
                            value_string_copy(conclusion->arena, slice_text(words))};
    conclusion->value = value_array_new(conclusion->arena, parts, COUNT_OF(parts));
    return conclusion->value.kind != VALUE_NONE || fail_memory(conclusion);
}

static bool
fail_answer(struct reading *reading, const char *code, const char *words)
{
    struct step_conclusion *conclusion = reading->conclusion;
    struct member raw = {value_text("raw"), raw_text(reading)};
    conclusion->details = value_object_new(conclusion->arena, &raw, 1);
    return step_fail(&conclusion->failure, code, "%s", words);
}

static bool
fail_unsaid(struct reading *reading)
{
    char words[AI_OUTPUT_WORDS_BYTES + 200];
    snprintf(words, sizeof(words),
             "the sources do not say what `output` requires: %s. Let it be null there "
             "(type: [..., \"null\"]), or configure a model",
             reading->output.words);
    return fail_answer(reading, "not_in_sources", words);
}

static bool
reject(struct reading *reading)
{
    bool is_local = slice_is(reading->request.provider, "local");
    if (reading->answer.finish == AI_FINISH_LENGTH)
        return fail_answer(reading, "bad_output",
                           "the answer was cut off at max_tokens: raise it, or ask for less");
    if (is_local && reading->output.is_unsaid)
        return fail_unsaid(reading);
    if (is_last_chance(reading))
        return fail_answer(reading, "bad_output", reading->output.words);
    return give_bad_answer(reading);
}

/* --- the value of each kind of step --- */

/* Declared properties are always there, so that files know their columns. */
static struct value
shaped_object(struct reading *reading)
{
    struct arena *arena = reading->conclusion->arena;
    struct value output = reading->output.value;
    struct value names = ai_output_names(reading->request.schema, &reading->work);
    if (names.kind == VALUE_NONE)
        return value_copy(arena, output);
    struct value object = value_empty_object();
    for (uint32_t i = 0; i < names.count; i++) {
        struct value name = value_copy(arena, value_items(names)[i]);
        struct value value = value_find_or_null(output, value_slice(name));
        object = value_object_set(arena, object, name, value_copy(arena, value));
    }
    return object;
}

static struct value
generated(struct reading *reading)
{
    struct arena *arena = reading->conclusion->arena;
    if (reading->request.schema.kind != VALUE_NONE)
        return shaped_object(reading);
    struct value text = reading->output.value;
    return value_set(arena, value_empty_object(), "text", value_copy(arena, text));
}

static struct value
extracted(struct reading *reading, struct value citations)
{
    struct arena *arena = reading->conclusion->arena;
    struct value object = value_empty_object();
    struct value confidence = value_empty_object();
    for (size_t i = 0; i < reading->request.field_count; i++) {
        struct slice name = reading->request.fields[i].name;
        struct value key = value_string_copy(arena, name);
        struct value value = value_find_or_null(reading->output.value, name);
        struct value sure =
            value.kind == VALUE_NULL ? value_null() : ai_quotes_confidence(citations, name);
        object = value_object_set(arena, object, key, value_copy(arena, value));
        confidence = value_object_set(arena, confidence, key, sure);
    }
    return value_set(arena, object, "confidence", confidence);
}

static struct value
classified(struct reading *reading, struct value citations)
{
    struct arena *arena = reading->conclusion->arena;
    struct value label = value_get(reading->output.value, "label");
    struct value object = value_set(arena, value_empty_object(), "label", value_copy(arena, label));
    return value_set(arena, object, "confidence",
                     ai_quotes_confidence(citations, slice_of(NULL, 0)));
}

static struct value
value_of_task(struct reading *reading, struct value citations)
{
    switch (reading->request.task) {
    case AI_TASK_GENERATE:
        return generated(reading);
    case AI_TASK_EXTRACT:
        return extracted(reading, citations);
    case AI_TASK_CLASSIFY:
        return classified(reading, citations);
    }
    return (struct value){0};
}

static bool
give_value(struct reading *reading)
{
    struct step_conclusion *conclusion = reading->conclusion;
    struct value citations;
    if (!ai_quotes_check(&citations, conclusion, &reading->request, reading->output.citations))
        return false;
    struct value value = value_of_task(reading, citations);
    if (reading->request.source_count > 0)
        value = value_set(conclusion->arena, value, "citations", citations);
    conclusion->value = value;
    return value.kind != VALUE_NONE || fail_memory(conclusion);
}

/* --- reading --- */

/* The schema that the node has compiled already; NULL: it is made from the request. */
static const struct schema *
compiled_schema(const struct reading *reading)
{
    bool has_own = reading->request.schema.kind != VALUE_NONE;
    return has_own ? plan_node_field(reading->conclusion->node, "output")->schema : NULL;
}

static bool
read_plain(struct reading *reading)
{
    if (reading->answer.finish == AI_FINISH_LENGTH)
        return reject(reading);
    reading->output.value = value_string(reading->answer.text);
    return give_value(reading);
}

static bool
read_envelope(struct reading *reading)
{
    if (!ai_output_read(&reading->output, &reading->request, compiled_schema(reading),
                        reading->answer.text, &reading->work))
        return reject(reading);
    return give_value(reading);
}

static bool
read_answer(struct reading *reading)
{
    struct step_conclusion *conclusion = reading->conclusion;
    struct error error = {0};
    if (ai_request_parse(&reading->request, &reading->work, conclusion->exchange->body, &error) !=
        STATUS_OK)
        return step_fail(&conclusion->failure, "bad_config", "%s", error.text);
    if (ai_answer_parse(&reading->answer, &reading->work, conclusion->exchange->answer_body,
                        &error) != STATUS_OK)
        return step_fail(&conclusion->failure, "provider_failed", "%s", error.text);
    conclusion->usage = (struct step_usage){
        .tokens_in = reading->answer.input_tokens,
        .tokens_out = reading->answer.output_tokens,
        .cost_microcredits = reading->answer.cost_microcredits,
    };
    if (reading->answer.finish == AI_FINISH_FILTER)
        return fail_answer(reading, "provider_refused",
                           "the provider withheld the answer: its content filter stepped in");
    return ai_request_wants_envelope(&reading->request) ? read_envelope(reading)
                                                        : read_plain(reading);
}

/* {"error": {"code", "message"}}, with the status that says whether it may go well later. */
static bool
fail_by_error(struct step_conclusion *conclusion)
{
    const struct exchange *exchange = conclusion->exchange;
    struct step_failure *failure = &conclusion->failure;
    struct value body = {0};
    status_ignore(json_parse(&body, conclusion->arena, exchange->answer_body, 0, NULL, NULL));
    struct value error = value_get(body, "error");
    struct value code = value_get(error, "code");
    struct value message = value_get(error, "message");
    char named[sizeof(failure->code)] = "provider_failed";
    if (code.kind == VALUE_STRING)
        snprintf(named, sizeof(named), "%.*s", SLICE_FORMAT(value_slice(code)));
    struct slice words = value_slice_or(message, SLICE("the provider failed"));
    step_fail(failure, named, "%.*s", SLICE_FORMAT(words));
    failure->is_free = exchange->http_status == 429;
    failure->may_retry = http_answer_may_retry(exchange->http_status);
    failure->retry_after_ms = failure->may_retry ? retry_after_ms(exchange) : 0;
    return false;
}

bool
ai_answer_conclude(struct step_conclusion *conclusion)
{
    if (!http_answer_came(conclusion->exchange, &conclusion->failure))
        return false;
    if (conclusion->exchange->http_status != 200)
        return fail_by_error(conclusion);
    struct reading reading = {.conclusion = conclusion};
    arena_init(&reading.work, LIMIT_OUTCOME_BYTES);
    bool is_ok = read_answer(&reading);
    arena_done(&reading.work);
    return is_ok;
}
