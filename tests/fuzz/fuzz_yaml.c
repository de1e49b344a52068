/* Any text: loaded or refused with a place inside it; what was loaded prints as JSON that loads
 * again as the same value, and has places inside the text. */
#include "base/yaml.h"
#include "fuzz.h"

#define ARENA_BYTES MIB(64)

static void
check_places(const struct located *node, uint32_t lines)
{
    assert(node->line >= 1 && node->line <= lines && node->column >= 1);
    assert(node->count == 0 || node->count == node->value.count);
    for (uint32_t i = 0; i < node->count; i++) {
        if (node->keys != NULL)
            assert(located_key_place(node, i).line <= lines);
        check_places(&node->children[i], lines);
    }
}

static uint32_t
count_lines(struct slice text)
{
    uint32_t lines = 2; /* libyaml may put an empty value behind the last line */
    for (size_t i = 0; i < text.size; i++)
        lines += text.ptr[i] == '\n' || text.ptr[i] == '\r';
    return lines;
}

/* Aliases may make the JSON larger than what may be loaded. */
static void
check_again(struct arena *arena, const struct located *root)
{
    struct slice json = json_text(arena, root->value);
    if (json.ptr == NULL || json.size > LIMIT_DEFINITION_BYTES)
        return;
    struct located *again = NULL;
    struct error error = {0};
    enum status status = yaml_load(&again, arena, json, NULL, &error);
    assert(status == STATUS_OK || status == STATUS_LIMIT);
    assert(status == STATUS_LIMIT || value_equal(root->value, again->value));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    struct slice text = slice_of((const char *)data, size);
    struct located *root = NULL;
    struct json_place place = {0};
    struct error error = {0};
    enum status status = yaml_load(&root, &arena, text, &place, &error);
    if (status == STATUS_OK) {
        check_places(root, count_lines(text));
        check_again(&arena, root);
    } else {
        assert(root == NULL && error.text[0] != '\0');
        assert(place.line >= 1 && place.column >= 1 && place.offset <= size);
    }
    arena_done(&arena);
    return 0;
}
