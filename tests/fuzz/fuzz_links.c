/* The input is the text of a Link header. What is found lies in it. */
#include "fuzz.h"

#include "base/limits.h"
#include "steps/links.h"

#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_of((const char *)data, size);
    struct arena arena;
    if (!slice_is_utf8(text))
        return 0;
    arena_init(&arena, MIB(64));
    struct value links = links_parse(&arena, text);
    assert(links.kind == VALUE_OBJECT);
    for (uint32_t i = 0; i < links.count; i++) {
        struct slice target = value_slice(value_members(links)[i].value);
        assert(value_members(links)[i].key.count > 0);
        assert(target.size == 0 || memmem(text.ptr, text.size, target.ptr, target.size) != NULL);
    }
    arena_done(&arena);
    return 0;
}
