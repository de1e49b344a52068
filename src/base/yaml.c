#include "base/yaml.h"

#include "base/mem.h"
#include "base/yaml_scalar.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

/* An item or member whose collection is not complete. */
struct pending {
    struct located node;
    struct value key; /* VALUE_NONE in an array */
    struct located_place key_place;
};

/* What an alias stands for, and what repeating it costs. */
struct anchor {
    struct slice name;
    struct located node;
    size_t nodes;
    size_t bytes;
};

struct loader {
    yaml_parser_t parser;
    struct arena *arena;
    struct slice text;
    struct pending *pending; /* a stack: the open collections' children, outermost first */
    size_t pending_count;
    size_t pending_capacity;
    struct anchor *anchors; /* YAML_ANCHORS_MAX of them, NULL until the first */
    size_t anchor_count;
    size_t nodes;       /* so far, repeated ones too */
    size_t bytes;       /* of scalars, repeated ones too */
    size_t alias_bytes; /* of scalars, repeated ones only */
    struct json_place *failed_at;
    struct error *error;
};

static uint32_t
mark_line(yaml_mark_t mark)
{
    return (uint32_t)mark.line + 1;
}

static uint32_t
mark_column(yaml_mark_t mark)
{
    return (uint32_t)mark.column + 1;
}

/* Moves the mark over the first character of rest, as libyaml counts. */
static void
mark_step(yaml_mark_t *mark, struct slice rest)
{
    bool is_break =
        rest.ptr[0] == '\n' || (rest.ptr[0] == '\r' && !slice_starts_with(rest, SLICE("\r\n")));
    mark->line += is_break ? 1 : 0;
    mark->column = is_break ? 0 : mark->column + 1;
}

/* The place of a mark, with the byte that libyaml does not count. libyaml puts the end of the text
 * on a line of its own: that becomes the place behind the last character. */
static struct json_place
mark_place(struct slice text, yaml_mark_t mark)
{
    yaml_mark_t here = {0};
    struct slice rest = text;
    while (rest.size > 0 &&
           (here.line < mark.line || (here.line == mark.line && here.column < mark.column))) {
        size_t size = slice_character(rest);
        mark_step(&here, rest);
        rest = slice_of(rest.ptr + size, rest.size - size);
    }
    return (struct json_place){
        .offset = text.size - rest.size, .line = mark_line(here), .column = mark_column(here)};
}

static enum status load_fail(struct loader *loader, enum status status, yaml_mark_t mark,
                             const char *format, ...) PRINTF_LIKE(4, 5);

static enum status
load_fail(struct loader *loader, enum status status, yaml_mark_t mark, const char *format, ...)
{
    char words[ERROR_TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(words, sizeof(words), format, arguments) < 0)
        words[0] = '\0';
    va_end(arguments);

    struct json_place place = mark_place(loader->text, mark);
    *loader->failed_at = place;
    return error_set(loader->error, status, "line %u, column %u: %s", place.line, place.column,
                     words);
}

static enum status
load_fail_memory(struct loader *loader, yaml_mark_t mark)
{
    return load_fail(loader, STATUS_LIMIT, mark, "the text needs more memory than is allowed");
}

static enum status
load_fail_syntax(struct loader *loader)
{
    const yaml_parser_t *parser = &loader->parser;
    if (parser->error == YAML_MEMORY_ERROR)
        return load_fail_memory(loader, parser->mark);
    const char *problem = parser->problem == NULL ? "not YAML" : parser->problem;
    if (parser->context == NULL)
        return load_fail(loader, STATUS_INVALID, parser->problem_mark, "%s", problem);
    return load_fail(loader, STATUS_INVALID, parser->problem_mark, "%s (%s at line %u, column %u)",
                     problem, parser->context, mark_line(parser->context_mark),
                     mark_column(parser->context_mark));
}

/* The event must be zeroed or deleted, and is the caller's to delete. */
static enum status
load_event(struct loader *loader, yaml_event_t *event)
{
    if (yaml_parser_parse(&loader->parser, event) == 0)
        return load_fail_syntax(loader);
    return STATUS_OK;
}

static enum status
load_spend(struct loader *loader, yaml_mark_t mark, size_t nodes, size_t bytes)
{
    loader->nodes += nodes;
    loader->bytes += bytes;
    if (loader->nodes > LOCATED_NODES_MAX)
        return load_fail(loader, STATUS_LIMIT, mark, "more than %d values", LOCATED_NODES_MAX);
    return STATUS_OK;
}

static enum status
load_check_depth(struct loader *loader, yaml_mark_t mark, unsigned depth)
{
    if (depth > LOCATED_DEPTH_MAX)
        return load_fail(loader, STATUS_LIMIT, mark, "nested deeper than %d levels",
                         LOCATED_DEPTH_MAX);
    return STATUS_OK;
}

static void
load_push(struct loader *loader, struct pending pending)
{
    if (loader->pending_count == loader->pending_capacity) {
        size_t capacity = loader->pending_capacity == 0 ? 64 : loader->pending_capacity * 2;
        loader->pending = mem_resize(loader->pending, capacity * sizeof(pending));
        loader->pending_capacity = capacity;
    }
    loader->pending[loader->pending_count++] = pending;
}

#define CORE_TAG "tag:yaml.org,2002:"

static bool
tag_is(const yaml_char_t *tag, const char *name)
{
    size_t prefix_size = strlen(CORE_TAG);
    return strncmp((const char *)tag, CORE_TAG, prefix_size) == 0 &&
           strcmp((const char *)tag + prefix_size, name) == 0;
}

static bool
value_is_whole(struct value value)
{
    if (value.kind != VALUE_DECIMAL)
        return value.kind == VALUE_INT;
    for (uint32_t i = 0; i < value.count; i++)
        if (memchr(".eE", value.text[i], 3) != NULL)
            return false;
    return true;
}

static bool
value_fits_tag(struct value value, const yaml_char_t *tag)
{
    if (tag_is(tag, "null"))
        return value.kind == VALUE_NULL;
    if (tag_is(tag, "bool"))
        return value.kind == VALUE_TRUE || value.kind == VALUE_FALSE;
    if (tag_is(tag, "float"))
        return value_is_number(value);
    return value_is_whole(value);
}

static bool
tag_is_scalar(const yaml_char_t *tag)
{
    return tag_is(tag, "null") || tag_is(tag, "bool") || tag_is(tag, "int") || tag_is(tag, "float");
}

static enum status
load_fail_tag(struct loader *loader, const yaml_event_t *event, const yaml_char_t *tag,
              const char *place)
{
    return load_fail(loader, STATUS_INVALID, event->start_mark,
                     "the tag %.80s does not belong on %s; leave it away", (const char *)tag,
                     place);
}

/* Says where the words of a failed conversion belong. */
static enum status
load_place_error(struct loader *loader, enum status status, const yaml_event_t *event,
                 const struct error *error)
{
    if (status == STATUS_OK)
        return STATUS_OK;
    return load_fail(loader, status, event->start_mark, "%s", error->text);
}

static enum status
load_scalar(struct loader *loader, struct value *out, const yaml_event_t *event)
{
    struct slice text = slice_of((const char *)event->data.scalar.value, event->data.scalar.length);
    const yaml_char_t *tag = event->data.scalar.tag;
    bool is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    enum status status = load_spend(loader, event->start_mark, 0, text.size);
    if (status != STATUS_OK)
        return status;

    struct error error = {0};
    if (tag == NULL ? !is_plain : tag_is(tag, "str")) {
        status = yaml_scalar_string(out, loader->arena, text, &error);
        return load_place_error(loader, status, event, &error);
    }
    if (tag != NULL && !tag_is_scalar(tag))
        return load_fail_tag(loader, event, tag, "a text");
    status = yaml_scalar_resolve(out, loader->arena, text, &error);
    if (status == STATUS_OK && tag != NULL && !value_fits_tag(*out, tag))
        return load_fail(loader, STATUS_INVALID, event->start_mark, "the text is not a %s",
                         (const char *)tag + strlen(CORE_TAG));
    return load_place_error(loader, status, event, &error);
}

static int
pending_compare(const void *a, const void *b)
{
    const struct pending *one = *(const struct pending *const *)a;
    const struct pending *other = *(const struct pending *const *)b;
    int order = slice_compare(value_slice(one->key), value_slice(other->key));
    if (order != 0)
        return order;
    return (one > other) - (one < other);
}

/* The first member, in the order of the text, whose name an earlier one has; NULL if none. */
static const struct pending *
find_duplicate(const struct pending *members, size_t count, const struct pending **earlier)
{
    const struct pending **sorted = mem_alloc_array(count, sizeof(const struct pending *));
    for (size_t i = 0; i < count; i++)
        sorted[i] = &members[i];
    qsort(sorted, count, sizeof(const struct pending *), pending_compare);

    const struct pending *found = NULL;
    for (size_t i = 1; i < count; i++) {
        bool is_same = slice_equal(value_slice(sorted[i - 1]->key), value_slice(sorted[i]->key));
        if (!is_same || (found != NULL && found < sorted[i]))
            continue;
        found = sorted[i];
        *earlier = sorted[i - 1];
    }
    mem_free(sorted);
    return found;
}

static enum status
load_check_duplicates(struct loader *loader, size_t first)
{
    const struct pending *earlier = NULL;
    const struct pending *found =
        find_duplicate(loader->pending + first, loader->pending_count - first, &earlier);
    if (found == NULL)
        return STATUS_OK;
    struct located_place there = earlier->key_place;
    yaml_mark_t here = {.line = found->key_place.line - 1, .column = found->key_place.column - 1};
    return load_fail(
        loader, STATUS_INVALID, here, "the name %.*s is already used at line %u, column %u",
        SLICE_FORMAT(slice_cut(value_slice(found->key), 80)), there.line, there.column);
}

/* The value of a collection whose children are pending from `first` on; VALUE_NONE over the
 * arena's limit. */
static struct value
build_array(struct loader *loader, size_t first)
{
    size_t count = loader->pending_count - first;
    struct value *items = mem_alloc_array(count, sizeof(*items));
    for (size_t i = 0; i < count; i++)
        items[i] = loader->pending[first + i].node.value;
    struct value array = value_array_new(loader->arena, items, count);
    mem_free(items);
    return array;
}

static struct value
build_object(struct loader *loader, size_t first)
{
    size_t count = loader->pending_count - first;
    struct member *members = mem_alloc_array(count, sizeof(*members));
    for (size_t i = 0; i < count; i++)
        members[i] = (struct member){
            .key = loader->pending[first + i].key,
            .value = loader->pending[first + i].node.value,
        };
    struct value object = value_object_new(loader->arena, members, count);
    mem_free(members);
    return object;
}

/* Moves the pending children into the node. */
static enum status
load_close(struct loader *loader, struct located *node, size_t first, const yaml_event_t *event)
{
    size_t count = loader->pending_count - first;
    bool is_object = event->type == YAML_MAPPING_START_EVENT;
    node->value = is_object ? build_object(loader, first) : build_array(loader, first);
    struct located *children = arena_try_alloc(loader->arena, count * sizeof(*children));
    struct located_place *keys = NULL;
    if (is_object)
        keys = arena_try_alloc(loader->arena, count * sizeof(*keys));
    if (node->value.kind == VALUE_NONE || children == NULL || (is_object && keys == NULL))
        return load_fail_memory(loader, event->start_mark);

    for (size_t i = 0; i < count; i++) {
        children[i] = loader->pending[first + i].node;
        if (is_object)
            keys[i] = loader->pending[first + i].key_place;
    }
    node->count = (uint32_t)count;
    node->children = count == 0 ? NULL : children;
    node->keys = count == 0 ? NULL : keys;
    loader->pending_count = first;
    return STATUS_OK;
}

static enum status load_node(struct loader *loader, struct located *node, const yaml_event_t *event,
                             unsigned depth);

static enum status
load_item(struct loader *loader, const yaml_event_t *event, unsigned depth)
{
    struct pending pending = {0};
    enum status status = load_node(loader, &pending.node, event, depth);
    if (status == STATUS_OK)
        load_push(loader, pending);
    return status;
}

static enum status
load_key(struct loader *loader, struct value *key, const yaml_event_t *event)
{
    if (event->type != YAML_SCALAR_EVENT)
        return load_fail(loader, STATUS_INVALID, event->start_mark,
                         event->type == YAML_ALIAS_EVENT ? "a name cannot be an alias"
                                                         : "a name must be a text; quote a name "
                                                           "that begins with { or [");
    struct slice text = slice_of((const char *)event->data.scalar.value, event->data.scalar.length);
    const yaml_char_t *tag = event->data.scalar.tag;
    bool is_plain = tag == NULL && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (event->data.scalar.anchor != NULL)
        return load_fail(loader, STATUS_INVALID, event->start_mark,
                         "a name cannot have an anchor (&)");
    if (tag != NULL && !tag_is(tag, "str"))
        return load_fail_tag(loader, event, tag, "a name");
    if (is_plain && text.size == 0)
        return load_fail(loader, STATUS_INVALID, event->start_mark, "a name is missing");
    if (is_plain && slice_is(text, "<<"))
        return load_fail(loader, STATUS_INVALID, event->start_mark,
                         "merge keys (<<) are not supported; write the members out");

    struct error error = {0};
    loader->bytes += text.size;
    enum status status = yaml_scalar_string(key, loader->arena, text, &error);
    return load_place_error(loader, status, event, &error);
}

static enum status
load_member(struct loader *loader, const yaml_event_t *event, unsigned depth)
{
    struct pending pending = {
        .key_place = {mark_line(event->start_mark), mark_column(event->start_mark)}};
    enum status status = load_key(loader, &pending.key, event);
    if (status != STATUS_OK)
        return status;
    CLEANUP(yaml_event_delete) yaml_event_t value = {0};
    status = load_event(loader, &value);
    if (status == STATUS_OK)
        status = load_node(loader, &pending.node, &value, depth);
    if (status == STATUS_OK)
        load_push(loader, pending);
    return status;
}

/* Loads the next child, or finds the collection's end. */
static enum status
load_child(struct loader *loader, bool is_object, unsigned depth, bool *is_end)
{
    CLEANUP(yaml_event_delete) yaml_event_t event = {0};
    enum status status = load_event(loader, &event);
    if (status != STATUS_OK)
        return status;
    *is_end = event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT;
    if (*is_end)
        return STATUS_OK;
    return is_object ? load_member(loader, &event, depth) : load_item(loader, &event, depth);
}

static enum status
load_collection(struct loader *loader, struct located *node, const yaml_event_t *event,
                unsigned depth)
{
    bool is_object = event->type == YAML_MAPPING_START_EVENT;
    const yaml_char_t *tag =
        is_object ? event->data.mapping_start.tag : event->data.sequence_start.tag;
    if (tag != NULL && !tag_is(tag, is_object ? "map" : "seq"))
        return load_fail_tag(loader, event, tag, is_object ? "a mapping" : "a list");

    size_t first = loader->pending_count;
    bool is_end = false;
    while (!is_end) {
        enum status status = load_child(loader, is_object, depth + 1, &is_end);
        if (status != STATUS_OK)
            return status;
    }
    if (is_object) {
        enum status status = load_check_duplicates(loader, first);
        if (status != STATUS_OK)
            return status;
    }
    return load_close(loader, node, first, event);
}

static enum status
load_alias(struct loader *loader, struct located *node, const yaml_event_t *event, unsigned depth)
{
    struct slice name = slice_text((const char *)event->data.alias.anchor);
    size_t i = loader->anchor_count;
    while (i > 0 && !slice_equal(loader->anchors[i - 1].name, name))
        i--;
    if (i == 0)
        return load_fail(loader, STATUS_INVALID, event->start_mark,
                         "the alias *%.80s names nothing that is complete before it", name.ptr);
    const struct anchor *anchor = &loader->anchors[i - 1];
    enum status status =
        load_check_depth(loader, event->start_mark, depth + anchor->node.value.depth);
    if (status == STATUS_OK)
        status = load_spend(loader, event->start_mark, anchor->nodes, anchor->bytes);
    if (status != STATUS_OK)
        return status;
    loader->alias_bytes += anchor->bytes;
    if (loader->alias_bytes > YAML_ALIAS_BYTES_MAX)
        return load_fail(loader, STATUS_LIMIT, event->start_mark,
                         "aliases repeat more than %zu bytes", YAML_ALIAS_BYTES_MAX);
    node->value = anchor->node.value;
    node->count = anchor->node.count;
    node->children = anchor->node.children;
    node->keys = anchor->node.keys;
    return STATUS_OK;
}

static const yaml_char_t *
event_anchor(const yaml_event_t *event)
{
    if (event->type == YAML_SCALAR_EVENT)
        return event->data.scalar.anchor;
    if (event->type == YAML_SEQUENCE_START_EVENT)
        return event->data.sequence_start.anchor;
    if (event->type == YAML_MAPPING_START_EVENT)
        return event->data.mapping_start.anchor;
    return NULL;
}

/* nodes_before and bytes_before: what was spent when the node began. */
static enum status
load_keep_anchor(struct loader *loader, const struct located *node, const yaml_event_t *event,
                 size_t nodes_before, size_t bytes_before)
{
    const yaml_char_t *name = event_anchor(event);
    if (name == NULL)
        return STATUS_OK;
    if (loader->anchor_count == YAML_ANCHORS_MAX)
        return load_fail(loader, STATUS_LIMIT, event->start_mark, "more than %d anchors (&)",
                         YAML_ANCHORS_MAX);
    struct slice copy = arena_copy(loader->arena, slice_text((const char *)name));
    if (copy.ptr == NULL)
        return load_fail_memory(loader, event->start_mark);
    if (loader->anchors == NULL)
        loader->anchors = mem_alloc_array(YAML_ANCHORS_MAX, sizeof(*loader->anchors));
    loader->anchors[loader->anchor_count++] = (struct anchor){
        .name = copy,
        .node = *node,
        .nodes = loader->nodes - nodes_before,
        .bytes = loader->bytes - bytes_before,
    };
    return STATUS_OK;
}

static enum status
load_node(struct loader *loader, struct located *node, const yaml_event_t *event, unsigned depth)
{
    *node = (struct located){
        .line = mark_line(event->start_mark),
        .column = mark_column(event->start_mark),
    };
    if (event->type == YAML_ALIAS_EVENT)
        return load_alias(loader, node, event, depth);

    size_t nodes_before = loader->nodes;
    size_t bytes_before = loader->bytes;
    enum status status = load_check_depth(loader, event->start_mark, depth);
    if (status == STATUS_OK)
        status = load_spend(loader, event->start_mark, 1, 0);
    if (status == STATUS_OK)
        status = event->type == YAML_SCALAR_EVENT ? load_scalar(loader, &node->value, event)
                                                  : load_collection(loader, node, event, depth);
    if (status == STATUS_OK)
        status = load_keep_anchor(loader, node, event, nodes_before, bytes_before);
    return status;
}

static enum status
load_expect(struct loader *loader, yaml_event_type_t type, const char *words)
{
    CLEANUP(yaml_event_delete) yaml_event_t event = {0};
    enum status status = load_event(loader, &event);
    if (status == STATUS_OK && event.type != type)
        return load_fail(loader, STATUS_INVALID, event.start_mark, "%s", words);
    return status;
}

static enum status
load_document(struct loader *loader, struct located *root)
{
    enum status status = load_expect(loader, YAML_STREAM_START_EVENT, "not YAML");
    if (status == STATUS_OK)
        status = load_expect(loader, YAML_DOCUMENT_START_EVENT, "the text is empty");
    if (status != STATUS_OK)
        return status;

    CLEANUP(yaml_event_delete) yaml_event_t event = {0};
    status = load_event(loader, &event);
    if (status == STATUS_OK)
        status = load_node(loader, root, &event, 1);
    if (status == STATUS_OK)
        status = load_expect(loader, YAML_DOCUMENT_END_EVENT, "not YAML");
    if (status == STATUS_OK)
        status = load_expect(loader, YAML_STREAM_END_EVENT,
                             "a second document begins here; one file holds one");
    return status;
}

/* Characters that libyaml's reader refuses without a place, or takes for a line break as YAML 1.1
 * did: those turned the U+2028 of a pasted text into the end of a block. NULL: fine. */
static const char *
character_problem(struct slice character)
{
    const unsigned char *bytes = (const unsigned char *)character.ptr;
    if (character.size == 0)
        return "the bytes are not UTF-8";
    if (character.size == 1)
        return (bytes[0] >= 0x20 && bytes[0] != 0x7F) || memchr("\t\n\r", bytes[0], 3) != NULL
                   ? NULL
                   : "a control character is not allowed";
    if (character.size == 2)
        return bytes[0] != 0xC2 || bytes[1] >= 0xA0 ? NULL : "a control character is not allowed";
    if (memcmp(bytes, "\xE2\x80\xA8", 3) == 0 || memcmp(bytes, "\xE2\x80\xA9", 3) == 0)
        return "write the separator as \"\\u2028\" or \"\\u2029\" in double quotes";
    if (memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 || memcmp(bytes, "\xEF\xBF\xBE", 3) == 0 ||
        memcmp(bytes, "\xEF\xBF\xBF", 3) == 0)
        return "a byte order mark or non-character is not allowed here";
    return NULL;
}

/* libyaml compares each %TAG line with all before it: a megabyte of them took 4 s. */
#define TAG_LINES_MAX 16

static enum status
load_check_text(struct loader *loader)
{
    size_t tag_lines = 0;
    yaml_mark_t mark = {0};
    struct slice rest = loader->text;
    while (rest.size > 0) {
        size_t size = slice_character(rest);
        const char *problem = character_problem(slice_of(rest.ptr, size));
        if (problem != NULL)
            return load_fail(loader, STATUS_INVALID, mark, "%s", problem);
        tag_lines += mark.column == 0 && slice_starts_with(rest, SLICE("%TAG"));
        if (tag_lines > TAG_LINES_MAX)
            return load_fail(loader, STATUS_LIMIT, mark, "more than %d lines of %%TAG",
                             TAG_LINES_MAX);
        mark_step(&mark, rest);
        rest = slice_of(rest.ptr + size, rest.size - size);
    }
    return STATUS_OK;
}

static enum status
load_yaml(struct loader *loader, struct located *root)
{
    enum status status = load_check_text(loader);
    if (status != STATUS_OK)
        return status;
    if (yaml_parser_initialize(&loader->parser) == 0)
        return load_fail_memory(loader, (yaml_mark_t){0});
    yaml_parser_set_encoding(&loader->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&loader->parser, (const unsigned char *)loader->text.ptr,
                                 loader->text.size);
    status = load_document(loader, root);
    yaml_parser_delete(&loader->parser);
    mem_free(loader->pending);
    mem_free(loader->anchors);
    return status;
}

/* A text that begins like JSON is tried as JSON first, which is faster and knows the escapes that
 * libyaml does not; if it is not JSON it may still be YAML in flow style. */
static enum status
load_json(struct located **out, struct loader *loader)
{
    struct slice trimmed = slice_trim(loader->text);
    if (trimmed.size == 0 || (trimmed.ptr[0] != '{' && trimmed.ptr[0] != '['))
        return STATUS_INVALID;
    struct arena_mark mark = arena_mark(loader->arena);
    struct json_place place = {0};
    struct error error = {0};
    enum status status = located_from_json(out, loader->arena, loader->text, &place, &error);
    if (status == STATUS_INVALID) {
        arena_rewind(loader->arena, mark);
    } else if (status != STATUS_OK) {
        *loader->failed_at = place;
        *loader->error = error;
    }
    return status;
}

enum status
yaml_load(struct located **out, struct arena *arena, struct slice text, struct json_place *place,
          struct error *error)
{
    *out = NULL;
    struct json_place unasked;
    struct error unread;
    struct loader loader = {
        .arena = arena,
        .text = text,
        .failed_at = place == NULL ? &unasked : place,
        .error = error == NULL ? &unread : error,
    };
    if (text.size > LIMIT_DEFINITION_BYTES)
        return load_fail(&loader, STATUS_LIMIT, (yaml_mark_t){0}, "larger than %zu bytes",
                         LIMIT_DEFINITION_BYTES);
    if (slice_starts_with(text, SLICE("\xEF\xBB\xBF")))
        loader.text = slice_of(text.ptr + 3, text.size - 3);

    enum status status = load_json(out, &loader);
    if (status != STATUS_INVALID)
        return status;
    struct located *root = arena_alloc(arena, sizeof(*root));
    status = load_yaml(&loader, root);
    if (status == STATUS_OK)
        *out = root;
    return status;
}
