#include "steps/ai_call.h"

#include "ai/request.h"
#include "base/json.h"
#include "base/limits.h"
#include "steps/ai_answer.h"
#include "steps/sources.h"

#include <assert.h>

/* What is handed on from call to call while sources are read. */
struct chain {
    struct value request; /* without sources */
    struct sources sources;
    bool needs_source;
};

static bool
fail_memory(struct step_failure *failure)
{
    return step_fail(failure, "limit_exceeded", "what is asked comes to too many bytes");
}

struct value
ai_call_copy(struct arena *arena, struct value request, struct value config, const char *name)
{
    struct value given = value_get(config, name);
    return given.kind == VALUE_NONE ? request : value_set(arena, request, name, given);
}

bool
ai_call_has_citations(const struct plan_node *node)
{
    int text = step_decl_field(node->decl, SLICE("text"));
    return plan_node_field(node, "sources")->is_given || (text >= 0 && node->fields[text].is_given);
}

/* --- from call to call --- */

static struct value
chain_state(const struct chain *chain, struct arena *arena)
{
    struct value parts[] = {
        chain->request,       chain->sources.wanted,           value_int(chain->sources.at),
        chain->sources.ready, value_bool(chain->needs_source),
    };
    return value_array_new(arena, parts, COUNT_OF(parts));
}

static struct chain
chain_of(struct value state)
{
    const struct value *parts = value_items(state);
    assert(state.kind == VALUE_ARRAY && state.count == 5);
    return (struct chain){
        .request = parts[0],
        .sources = {parts[1], (uint32_t)parts[2].integer, parts[3]},
        .needs_source = value_is_true(parts[4]),
    };
}

/* Sets what the next call is asked with: a place of the sources, or the question itself. */
static bool
chain_go_on(struct chain *chain, struct arena *arena, struct step_progress *progress,
            struct step_failure *failure)
{
    if (sources_next(&chain->sources, arena, &progress->next, failure)) {
        progress->state = chain_state(chain, arena);
        return progress->state.kind != VALUE_NONE || fail_memory(failure);
    }
    if (failure->code[0] != '\0')
        return false;
    bool has_sources = chain->sources.ready.count > 0;
    if (!has_sources && chain->needs_source)
        return step_fail(failure, "no_source", "sources: there is no text in any of them");
    progress->next = chain->request;
    if (has_sources)
        progress->next = value_set(arena, chain->request, "sources", chain->sources.ready);
    return progress->next.kind != VALUE_NONE || fail_memory(failure);
}

/* --- the beginning --- */

static bool
is_local(struct value model)
{
    return model.kind == VALUE_STRING && slice_starts_with(value_slice(model), SLICE("local/"));
}

/* What a row says, a line for each of its texts and numbers. */
static struct value
row_source(struct step_scope *scope)
{
    struct value item = value_get(scope->root, "item");
    struct buffer text;
    buffer_init(&text, LIMIT_SOURCE_TEXT_BYTES);
    if (item.kind != VALUE_OBJECT)
        item = value_get(scope->root, "input");
    for (uint32_t i = 0; item.kind == VALUE_OBJECT && i < item.count; i++) {
        const struct member *member = &value_members(item)[i];
        if (member->value.kind != VALUE_STRING && !value_is_number(member->value))
            continue;
        buffer_append_slice(&text, value_slice(member->key));
        buffer_append_text(&text, ": ");
        if (member->value.kind == VALUE_STRING)
            buffer_append_slice(&text, value_slice(member->value));
        else
            json_print(&text, member->value);
        buffer_append_text(&text, "\n");
    }
    struct member members[] = {
        {value_text("text"), value_string_copy(scope->arena, buffer_slice(&text))},
        {value_text("title"), value_text("row")},
    };
    bool has_text = text.size > 0;
    buffer_done(&text);
    return has_text ? value_object_new(scope->arena, members, COUNT_OF(members))
                    : (struct value){0};
}

/* The provider that computes here knows nothing but its sources: without any it reads the row. */
static bool
want_sources(struct step_scope *scope, struct value config, const struct ai_question *question,
             struct value *wanted, struct step_failure *failure)
{
    struct arena *arena = scope->arena;
    struct value first = {0};
    struct value list;
    if (!sources_wanted(scope, value_get(config, "sources"), &list, failure))
        return false;
    struct value text =
        question->text_field == NULL ? (struct value){0} : value_get(config, question->text_field);
    if (text.kind == VALUE_STRING && slice_trim(value_slice(text)).size > 0)
        first = value_set(arena, value_empty_object(), "text", text);
    else if (!ai_call_has_citations(scope->node) && is_local(value_get(config, "model")))
        first = row_source(scope);
    *wanted = first.kind == VALUE_NONE ? value_empty_array() : value_array_new(arena, &first, 1);
    *wanted = value_array_concat(arena, *wanted, list);
    return wanted->kind != VALUE_NONE || fail_memory(failure);
}

bool
ai_call_begin(struct step_scope *scope, struct step_progress *progress,
              const struct ai_question *question, struct step_failure *failure)
{
    struct arena *arena = scope->arena;
    struct value config = progress->config;
    struct value model = value_get(config, "model");
    struct chain chain = {.sources = {.ready = value_empty_array()},
                          .needs_source = question->needs_source};
    if (!want_sources(scope, config, question, &chain.sources.wanted, failure))
        return false;
    struct value request = value_empty_object();
    request = value_set(arena, request, "model", model.kind == VALUE_NONE ? value_null() : model);
    struct value asked = question->ask(config, arena);
    for (uint32_t i = 0; i < asked.count; i++)
        request = value_object_set(arena, request, value_members(asked)[i].key,
                                   value_members(asked)[i].value);
    chain.request = request;
    if (request.kind == VALUE_NONE || asked.kind == VALUE_NONE)
        return fail_memory(failure);
    return chain_go_on(&chain, arena, progress, failure);
}

/* --- what follows an answer --- */

/* The same question, with the bad answer and what was wrong with it. */
static bool
ask_again(struct arena *arena, struct step_progress *progress, struct step_failure *failure)
{
    struct ai_bad_answer bad = ai_bad_answer_of(progress->answer);
    struct member said[] = {{value_text("role"), value_text("assistant")},
                            {value_text("text"), bad.text}};
    struct member wrong[] = {{value_text("role"), value_text("user")},
                             {value_text("text"), bad.words}};
    struct value turns[] = {value_object_new(arena, said, 2), value_object_new(arena, wrong, 2)};
    progress->next = value_set(arena, progress->asked, "turns", value_array_new(arena, turns, 2));
    return progress->next.kind != VALUE_NONE || fail_memory(failure);
}

/* A step with sources has citations, whatever the sources came to. The answer itself may be shared
 * with a step that has none. */
static enum step_follow
end(struct step_scope *scope, struct step_progress *progress, struct step_failure *failure)
{
    bool has_citations = value_get(progress->answer, "citations").kind != VALUE_NONE;
    if (has_citations || !ai_call_has_citations(scope->node))
        return STEP_FOLLOW_ANSWER;
    progress->value = value_set(scope->arena, progress->answer, "citations", value_empty_array());
    if (progress->value.kind != VALUE_NONE)
        return STEP_FOLLOW_VALUE;
    fail_memory(failure);
    return STEP_FOLLOW_FAIL;
}

enum step_follow
ai_call_follow(struct step_scope *scope, struct step_progress *progress,
               struct step_failure *failure)
{
    bool goes_on = false;
    if (sources_is_call(progress->asked)) {
        struct chain chain = chain_of(progress->state);
        goes_on = sources_take(&chain.sources, scope->arena, progress->answer, failure) &&
                  chain_go_on(&chain, scope->arena, progress, failure);
    } else if (ai_bad_answer_is(progress->answer)) {
        goes_on = ask_again(scope->arena, progress, failure);
    } else {
        return end(scope, progress, failure);
    }
    return goes_on ? STEP_FOLLOW_CALL : STEP_FOLLOW_FAIL;
}

/* --- one call --- */

struct slice
ai_call_host(struct value asked)
{
    if (sources_is_call(asked))
        return sources_host(asked);
    struct value model = value_get(asked, "model");
    if (model.kind != VALUE_STRING)
        return slice_of("", 0);
    const char *slash = memchr(model.text, '/', model.count);
    return slash == NULL ? value_slice(model) : slice_of(model.text, (size_t)(slash - model.text));
}

bool
ai_call_prepare(struct value asked, struct slice idempotency_key, struct exchange *exchange,
                struct step_failure *failure)
{
    if (sources_is_call(asked))
        return sources_prepare(asked, idempotency_key, exchange, failure);
    exchange->url = SLICE(AI_URL);
    exchange->method = SLICE("POST");
    exchange->needs_work = true;
    exchange->body = json_text(&exchange->arena, asked);
    if (exchange->body.ptr == NULL ||
        !exchange_add_header(exchange, SLICE("Idempotency-Key"), idempotency_key))
        return fail_memory(failure);
    return true;
}

bool
ai_call_conclude(struct step_conclusion *conclusion)
{
    return sources_is_call(conclusion->config) ? sources_conclude(conclusion)
                                               : ai_answer_conclude(conclusion);
}
