/* The input is an array of a schema and a value: no schema crashes or is refused without words. */
#include "fuzz.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/limits.h"
#include "expr/schema.h"

static void
count_problem(const char *instance_path, const char *schema_path, const char *words, void *context)
{
    size_t *count = context;
    assert(instance_path != NULL && schema_path != NULL && words[0] != '\0');
    ++*count;
}

/* A loud check and a quiet one agree. */
static void
check(const struct schema *schema, struct value instance)
{
    size_t count = 0;
    enum status loud = schema_check(schema, instance, count_problem, &count);
    enum status quiet = schema_check(schema, instance, NULL, NULL);
    assert((loud == STATUS_OK) == (count == 0));
    assert(loud == quiet || loud == STATUS_LIMIT || quiet == STATUS_LIMIT);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    arena_init(&arena, MIB(64));
    struct value pair = {0};
    struct slice text = slice_of((const char *)data, size);
    if (json_parse(&pair, &arena, text, 0, NULL, NULL) == STATUS_OK && pair.kind == VALUE_ARRAY &&
        pair.count == 2) {
        size_t count = 0;
        struct schema *schema = NULL;
        const struct value *items = value_items(pair);
        if (schema_compile(&schema, &arena, items[0], count_problem, &count) != STATUS_OK)
            assert(count > 0);
        else
            check(schema, items[1]);
    }
    arena_done(&arena);
    return 0;
}
