/* The input is a text for the embedded provider; what stands before a byte 0xFF, if that is a JSON
 * object, is the schema that is filled from it. Whatever is answered is an envelope whose quotes
 * stand where it says. */
#include "fuzz.h"

#include "ai/provider.h"
#include "base/json.h"
#include "base/limits.h"

#include <string.h>

static struct ai_field fields[] = {
    {.name = {"revenue", 7}, .type = AI_FIELD_MONEY, .description = {"annual revenue", 14}},
    {.name = {"employees", 9}, .type = AI_FIELD_INTEGER},
    {.name = {"area", 4}, .type = AI_FIELD_NUMBER, .unit = {"sq km", 5}},
    {.name = {"share", 5}, .type = AI_FIELD_PERCENTAGE},
    {.name = {"founded", 7}, .type = AI_FIELD_DATE},
    {.name = {"capital", 7}, .type = AI_FIELD_STRING},
    {.name = {"founders", 8}, .type = AI_FIELD_LIST},
    {.name = {"summary", 7}, .type = AI_FIELD_STRING},
    {.name = {"listed", 6}, .type = AI_FIELD_BOOLEAN},
    {.name = {"email", 5}, .type = AI_FIELD_EMAIL},
    {.name = {"website", 7}, .type = AI_FIELD_URL},
    {.name = {"address", 7}, .type = AI_FIELD_ADDRESS},
};

static struct ai_label labels[] = {
    {.name = {"hot", 3}, .description = {"wants to buy now", 16}},
    {.name = {"cold", 4}, .description = {"does not want to buy", 20}},
};

static void
check(const struct ai_request *request, struct arena *arena)
{
    struct ai_answer answer;
    struct ai_failure failure;
    struct value envelope;
    struct error error;
    if (!ai_local.answer(request, arena, &answer, &failure))
        return;
    enum status status = json_parse(&envelope, arena, answer.text, 0, NULL, &error);
    assert(status == STATUS_OK);
    assert(value_get(envelope, "output").kind != VALUE_NONE);
    struct value citations = value_get(envelope, "citations");
    struct slice text = request->sources[0].text;
    for (uint32_t i = 0; i < citations.count; i++) {
        struct value citation = value_items(citations)[i];
        struct slice quote = value_slice(value_get(citation, "quote"));
        size_t start = (size_t)value_get(citation, "start").integer;
        assert(quote.size > 0 && start + quote.size <= text.size);
        assert(memcmp(text.ptr + start, quote.ptr, quote.size) == 0);
    }
}

static void
answer(struct slice text, struct slice schema)
{
    struct ai_source source = {.number = 1, .text = text};
    struct ai_request request = {.provider = SLICE("local"),
                                 .model = SLICE("extractive-1"),
                                 .prompt = SLICE("What is the capital, in two sentences?"),
                                 .sources = &source,
                                 .source_count = 1};
    struct arena arena;
    struct error error;
    arena_init(&arena, MIB(64));
    check(&request, &arena);
    request.task = AI_TASK_CLASSIFY;
    request.labels = labels;
    request.label_count = 2;
    check(&request, &arena);
    request.label_count = 0;
    request.task = AI_TASK_EXTRACT;
    request.fields = fields;
    request.field_count = sizeof(fields) / sizeof(fields[0]);
    check(&request, &arena);
    request.field_count = 0;
    request.task = AI_TASK_GENERATE;
    if (json_parse(&request.schema, &arena, schema, 0, NULL, &error) == STATUS_OK &&
        request.schema.kind == VALUE_OBJECT)
        check(&request, &arena);
    arena_done(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *split = size == 0 ? NULL : memchr(data, 0xFF, size);
    struct slice schema = slice_of((const char *)data, split == NULL ? 0 : (size_t)(split - data));
    struct slice text = slice_of((const char *)data + schema.size + (split != NULL),
                                 size - schema.size - (split != NULL));
    if (slice_is_utf8(text))
        answer(text, schema);
    return 0;
}
