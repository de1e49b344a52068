/* The input is what a model said. What is found in it is found again in its own JSON. */
#include "fuzz.h"

#include "ai/structured.h"
#include "base/json.h"
#include "base/limits.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_of((const char *)data, size);
    struct arena arena;
    struct value found, again;
    struct error error = {0};
    arena_init(&arena, MIB(64));
    if (structured_find(&found, &arena, text, "output", &error) == STATUS_OK) {
        assert(found.kind == VALUE_OBJECT);
        struct slice json = json_text(&arena, found);
        enum status status = structured_find(&again, &arena, json, "output", &error);
        assert(status == STATUS_OK && value_equal(found, again));
    } else {
        assert(error.text[0] != '\0');
    }
    arena_done(&arena);
    return 0;
}
