/* The input is a workflow of n8n, which is made into one of ours or refused with words. What is no
 * JSON is read as JavaScript. */
#include "fuzz.h"

#include "base/json.h"
#include "base/limits.h"
#include "foreign/n8n.h"
#include "foreign/n8n_js.h"

#include <string.h>

static void
hear(const char *words, void *context)
{
    size_t *count = context;
    assert(words != NULL && words[0] != '\0');
    (*count)++;
}

static void
read_javascript(struct arena *arena, struct slice text)
{
    const char *why = NULL;
    const struct js *js = js_parse(arena, text, &why);
    assert((js == NULL) == (why != NULL));
    js = js_parse_program(arena, text, &why);
    assert((js == NULL) == (why != NULL));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_of((const char *)data, size);
    struct arena arena;
    struct value file = {0};
    struct error error = {0};
    size_t heard = 0;
    arena_init(&arena, MIB(64));
    if (json_parse(&file, &arena, text, 0, NULL, &error) != STATUS_OK)
        read_javascript(&arena, text);
    if (n8n_is(file)) {
        struct n8n_wanted wanted = {.file = file, .note = hear, .context = &heard};
        struct n8n_made made;
        enum status status = n8n_read(&made, &wanted, &arena, &error);
        assert((status == STATUS_OK) == (made.flow.kind == VALUE_OBJECT));
        assert(status == STATUS_OK ? heard > 0 : error.text[0] != '\0');
    }
    arena_done(&arena);
    return 0;
}
