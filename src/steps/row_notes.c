#include "steps/row_notes.h"

#include "base/limits.h"

/* Quotes of one field, and bytes of each, that a note shows. */
#define QUOTES_MAX 3
#define QUOTE_BYTES ((size_t)600)
#define NOTE_BYTES KIB(8)

static void
append_citation(struct buffer *out, struct value citation)
{
    struct slice quote = value_get_text(citation, "quote");
    struct slice title = value_get_text(citation, "title");
    struct slice place = value_get_text(citation, "document");
    struct slice shown = slice_cut(quote, QUOTE_BYTES);
    if (place.size == 0)
        place = value_get_text(citation, "url");
    if (slice_equal(title, place))
        place.size = 0;
    buffer_append_text(out, out->size > 0 ? "\n\n" : "");
    if (value_get(citation, "verified").kind != VALUE_TRUE)
        buffer_append_text(out, "Not found in the source:\n");
    buffer_append_format(out, "\xE2\x80\x9C%.*s%s\xE2\x80\x9D", SLICE_FORMAT(shown),
                         shown.size < quote.size ? "\xE2\x80\xA6" : "");
    if (title.size + place.size > 0)
        buffer_append_format(out, "\n%.*s%s%.*s", SLICE_FORMAT(slice_cut(title, QUOTE_BYTES)),
                             title.size > 0 && place.size > 0 ? ", " : "",
                             SLICE_FORMAT(slice_cut(place, QUOTE_BYTES)));
}

/* What is cited for the answer as a whole belongs to its text or label. */
static bool
is_about(struct value citation, struct slice field)
{
    struct value named = value_get(citation, "field");
    if (named.kind == VALUE_STRING)
        return slice_equal(value_slice(named), field);
    return slice_is(field, "text") || slice_is(field, "label");
}

/* VALUE_NONE: there is nothing to say. */
static struct value
note_on(struct arena *arena, struct value citations, struct slice field)
{
    struct buffer text;
    unsigned told = 0;
    buffer_init(&text, NOTE_BYTES);
    for (uint32_t i = 0; citations.kind == VALUE_ARRAY && i < citations.count; i++) {
        struct value citation = value_items(citations)[i];
        if (is_about(citation, field) && told++ < QUOTES_MAX)
            append_citation(&text, citation);
    }
    struct value note = {0};
    if (text.size > 0)
        note = value_string_copy(arena, buffer_slice(&text));
    buffer_done(&text);
    return note;
}

static struct value
add_note(struct arena *arena, struct value notes, struct value column, struct value note)
{
    return note.kind == VALUE_NONE ? notes : value_object_set(arena, notes, column, note);
}

static bool
asks_model(const struct plan_node *node)
{
    return node != NULL && node->decl->group == STEP_GROUP_AI;
}

/* --- declared columns --- */

/* The one field of a step that a template reads. */
struct reading {
    struct slice step, field;
    bool is_other; /* it reads anything else */
};

static void
note_path(const struct slice *names, size_t count, size_t source_offset, void *context)
{
    struct reading *reading = context;
    if (count < 3 || !slice_is(names[0], "steps")) {
        reading->is_other = true;
        return;
    }
    if (reading->step.ptr == NULL) {
        reading->step = names[1];
        reading->field = names[2];
    }
    reading->is_other |=
        !slice_equal(reading->step, names[1]) || !slice_equal(reading->field, names[2]);
}

static struct value
notes_on_declared(struct step_scope *scope, const struct config_field *columns)
{
    struct value notes = value_empty_object();
    struct value steps = value_get(scope->root, "steps");
    for (uint32_t i = 0; i < columns->entry_count; i++) {
        struct reading reading = {0};
        template_each_root_path(columns->entry_templates[i], note_path, &reading);
        if (reading.is_other || reading.step.ptr == NULL ||
            !asks_model(plan_node_find(scope->plan, reading.step)))
            continue;
        struct value citations = value_get(value_find(steps, reading.step), "citations");
        notes = add_note(scope->arena, notes, columns->entry_names[i],
                         note_on(scope->arena, citations, reading.field));
    }
    return notes;
}

/* --- columns by default --- */

/* "step." in front of a column's name. */
static bool
has_prefix(struct slice column, struct slice step)
{
    return column.size > step.size && slice_starts_with(column, step) &&
           column.ptr[step.size] == '.';
}

static struct value
notes_of_step(struct step_scope *scope, const struct plan_node *node, struct value notes,
              struct value *row)
{
    struct slice id = value_slice(node->id);
    const char *name = arena_format(scope->arena, "%.*s.citations", SLICE_FORMAT(id));
    struct value citations = value_get(*row, name);
    if (citations.kind == VALUE_NONE)
        return notes;
    *row = value_object_remove(scope->arena, *row, slice_text(name));
    for (uint32_t i = 0; citations.kind == VALUE_ARRAY && i < row->count; i++) {
        struct value column = value_members(*row)[i].key;
        struct slice text = value_slice(column);
        if (!has_prefix(text, id))
            continue;
        struct slice field = slice_of(text.ptr + id.size + 1, text.size - id.size - 1);
        notes = add_note(scope->arena, notes, column, note_on(scope->arena, citations, field));
    }
    return notes;
}

static struct value
notes_by_default(struct step_scope *scope, struct value *row)
{
    const struct plan_table *table = &scope->plan->tables[scope->node->table];
    struct value notes = value_empty_object();
    for (uint32_t i = 0; i < plan_row_steps(table); i++) {
        const struct plan_node *node = plan_row_step(scope->plan, table, i);
        if (asks_model(node))
            notes = notes_of_step(scope, node, notes, row);
    }
    return notes;
}

struct value
row_notes(struct step_scope *scope, struct value *row)
{
    const struct config_field *columns = plan_node_field(scope->node, "columns");
    return columns->is_given ? notes_on_declared(scope, columns) : notes_by_default(scope, row);
}
