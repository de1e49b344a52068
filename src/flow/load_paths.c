#include "flow/load.h"

#include <inttypes.h>

/* The signs around a path that make it a template. */
#define BRACES_BYTES 2

static struct template *
load_plain_path(struct loader *loader, struct spot spot, uint16_t draft)
{
    struct slice path = value_slice(spot.at->value);
    const char *text = arena_format(loader->scratch, "{{%.*s}}", SLICE_FORMAT(path));
    struct template *template = NULL;
    struct expr_problem problem = {0};
    enum status status =
        template_compile(&template, loader->arena, value_text(text), &problem, NULL);
    if (status == STATUS_OK) {
        load_add_leaf(loader, spot, draft, BRACES_BYTES)->template = template;
        return template;
    }
    size_t offset = problem.offset > BRACES_BYTES ? problem.offset - BRACES_BYTES : 0;
    load_problem_inside(loader, spot, offset, NULL, problem.words);
    return NULL;
}

struct template *
load_path(struct loader *loader, struct spot spot, uint16_t draft)
{
    if (!load_is_kind(loader, spot, VALUE_STRING, "a path such as item.name"))
        return NULL;
    struct slice path = value_slice(spot.at->value);
    if (path.size == 0) {
        load_problem(loader, spot, NULL, "expected a path such as item.name");
        return NULL;
    }
    if (!load_text_is_literal(path)) {
        load_problem(loader, spot, NULL, "expected a path without {{ }}, such as item.name");
        return NULL;
    }
    return path.ptr[0] == '.' ? load_expression(loader, spot, draft)
                              : load_plain_path(loader, spot, draft);
}

static bool
is_name_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '_' || byte == '-';
}

/* What a result is called after the path: its last name, or by its place. */
static struct value
last_name(struct loader *loader, struct slice path, uint32_t index)
{
    size_t end = path.size;
    if (end > 2 && path.ptr[end - 1] == ']' && path.ptr[end - 2] == '"')
        end -= 2;
    size_t begin = end;
    while (begin > 0 && is_name_byte(path.ptr[begin - 1]))
        begin--;
    bool has_name = begin < end && begin > 0 &&
                    (path.ptr[begin - 1] == '.' || path.ptr[begin - 1] == '"') &&
                    path.ptr[0] != '=';
    if (has_name)
        return value_string(slice_of(path.ptr + begin, end - begin));
    return value_text(arena_format(loader->arena, "key_%" PRIu32, index + 1));
}

static bool
make_entries(struct loader *loader, struct spot spot, struct config_field *field, uint32_t count)
{
    field->entry_names = arena_try_alloc(loader->arena, (count + 1) * sizeof(struct value));
    field->entry_templates =
        arena_try_alloc(loader->arena, (count + 1) * sizeof(struct template *));
    field->entry_count = 0;
    if (field->entry_names != NULL && field->entry_templates != NULL)
        return true;
    load_problem(loader, spot, NULL, "more entries than the memory limit allows");
    return false;
}

static void
add_path(struct loader *loader, struct spot spot, uint16_t draft, struct config_field *field)
{
    struct template *template = load_path(loader, spot, draft);
    if (template == NULL)
        return;
    field->entry_names[field->entry_count] =
        last_name(loader, value_slice(spot.at->value), field->entry_count);
    field->entry_templates[field->entry_count++] = template;
}

typedef void add_fn(struct loader *loader, struct spot spot, uint16_t draft,
                    struct config_field *field);

/* One path by itself, or a list of them. */
static void
each_path(struct loader *loader, struct spot spot, uint16_t draft, struct config_field *field,
          add_fn *add)
{
    bool is_list = spot.at->value.kind == VALUE_ARRAY;
    uint32_t count = is_list ? spot.at->count : 1;
    if (count == 0)
        load_problem(loader, spot, NULL, "expected at least one path such as item.name");
    if (!make_entries(loader, spot, field, count))
        return;
    for (uint32_t i = 0; is_list && i < count; i++)
        add(loader, spot_item(loader->scratch, spot, i), draft, field);
    if (!is_list)
        add(loader, spot, draft, field);
}

void
load_paths(struct loader *loader, struct spot spot, uint16_t draft, struct config_field *field)
{
    each_path(loader, spot, draft, field, add_path);
}

/* --- paths with a direction --- */

struct order_entry {
    struct spot path;
    bool is_descending;
};

static void
keep_path(struct loader *loader, struct spot spot, void *target)
{
    ((struct order_entry *)target)->path = spot;
}

static void
read_direction(struct loader *loader, struct spot spot, void *target)
{
    static const char *const directions[] = {"asc", "desc"};
    struct order_entry *entry = target;
    entry->is_descending = load_choice(loader, spot, directions, COUNT_OF(directions)) == 1;
}

static void
add_ordered(struct loader *loader, struct spot spot, uint16_t draft, struct config_field *field)
{
    static const struct load_key keys[] = {
        {"path", keep_path, true},
        {"order", read_direction, false},
    };
    struct order_entry entry = {.path = spot};
    if (spot.at->value.kind == VALUE_OBJECT) {
        entry.path.at = NULL;
        load_members(loader, spot, keys, COUNT_OF(keys), &entry);
    }
    if (entry.path.at == NULL)
        return;
    add_path(loader, entry.path, draft, field);
    field->literal =
        value_array_append(loader->arena, field->literal, value_bool(entry.is_descending));
}

void
load_order(struct loader *loader, struct spot spot, uint16_t draft, struct config_field *field)
{
    field->literal = value_empty_array();
    each_path(loader, spot, draft, field, add_ordered);
}

/* --- keys of two tables --- */

struct key_sides {
    struct spot left, right;
};

static void
keep_left(struct loader *loader, struct spot spot, void *target)
{
    ((struct key_sides *)target)->left = spot;
}

static void
keep_right(struct loader *loader, struct spot spot, void *target)
{
    ((struct key_sides *)target)->right = spot;
}

static uint32_t
path_count(struct spot spot)
{
    return spot.at->value.kind == VALUE_ARRAY ? spot.at->count : 1;
}

/* Complaints about both halves come from the left one, which is read first. */
static bool
read_sides(struct loader *loader, struct spot spot, bool is_right, struct key_sides *sides)
{
    static const struct load_key keys[] = {
        {"left", keep_left, true},
        {"right", keep_right, true},
    };
    *sides = (struct key_sides){spot, spot};
    if (spot.at->value.kind != VALUE_OBJECT)
        return true;
    sides->left.at = sides->right.at = NULL;
    if (is_right) {
        sides->right = spot_at_pointer(loader->scratch, spot, "/right");
        return sides->right.at != spot.at;
    }
    load_members(loader, spot, keys, COUNT_OF(keys), sides);
    if (sides->left.at == NULL || sides->right.at == NULL)
        return false;
    if (path_count(sides->left) != path_count(sides->right))
        load_problem(loader, sides->right, NULL, "expected as many paths as on the left");
    return true;
}

void
load_keys(struct loader *loader, struct spot spot, uint16_t draft, struct config_field *field)
{
    struct key_sides sides;
    bool is_right = loader->drafts[draft].node.is_side;
    if (read_sides(loader, spot, is_right, &sides))
        load_paths(loader, is_right ? sides.right : sides.left, draft, field);
}

/* --- aggregates --- */

static struct expr *
load_aggregate(struct loader *loader, struct spot spot)
{
    struct expr *expr = NULL;
    struct expr_problem problem = {0};
    if (!load_is_kind(loader, spot, VALUE_STRING, "a jq expression as text"))
        return NULL;
    if (expr_compile(&expr, loader->arena, value_slice(spot.at->value), &problem) != STATUS_OK)
        load_problem_inside(loader, spot, problem.offset, NULL, problem.words);
    return expr;
}

void
load_aggregates(struct loader *loader, struct spot spot, struct config_field *field)
{
    if (!load_is_kind(loader, spot, VALUE_OBJECT, "an object (name: jq)"))
        return;
    uint32_t count = spot.at->count;
    if (count == 0)
        load_problem(loader, spot, NULL, "expected at least one entry");
    field->entry_names = arena_try_alloc(loader->arena, (count + 1) * sizeof(struct value));
    field->entry_exprs = arena_try_alloc(loader->arena, (count + 1) * sizeof(struct expr *));
    if (field->entry_names == NULL || field->entry_exprs == NULL) {
        load_problem(loader, spot, NULL, "more entries than the memory limit allows");
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        field->entry_names[i] = value_members(spot.at->value)[i].key;
        field->entry_exprs[i] = load_aggregate(loader, spot_member(loader->scratch, spot, i));
    }
    field->entry_count = count;
}

/* Names of the fields before the given one, and in it those before the given entry. */
static bool
is_taken(const struct draft *draft, size_t field, uint32_t entry)
{
    struct value name = draft->node.fields[field].entry_names[entry];
    if (slice_is(value_slice(name), "count"))
        return true;
    for (size_t f = 0; f <= field; f++) {
        const struct config_field *other = &draft->node.fields[f];
        for (uint32_t i = 0; i < (f == field ? entry : other->entry_count); i++) {
            if (value_equal(other->entry_names[i], name))
                return true;
        }
    }
    return false;
}

void
load_check_group_names(struct loader *loader, const struct draft *draft)
{
    for (size_t f = 0; f < draft->node.decl->field_count; f++) {
        const struct config_field *field = &draft->node.fields[f];
        for (uint32_t i = 0; i < field->entry_count; i++) {
            if (is_taken(draft, f, i))
                load_problem(loader, draft->config, NULL,
                             "the rows of \"%s\" would have two properties \"%.*s\"",
                             draft->node.decl->name,
                             SLICE_FORMAT(slice_cut(value_slice(field->entry_names[i]), 64)));
        }
    }
}
