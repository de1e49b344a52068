#include "foreign/sixtyfour_direct.h"

#include "base/digest.h"
#include "base/json.h"
#include "flow/catalog.h"
#include "foreign/foreign.h"
#include "foreign/sixtyfour_ask.h"
#include "foreign/sixtyfour_fields.h"

#include <inttypes.h>
#include <stdio.h>

/* Of the digest of its content, in a slug. */
#define SLUG_DIGITS 12

/* Over the value of `found`: the object of the fields, the pages as {title, page}, and an object
 * that is added. */
#define ANSWER                                                                                     \
    "{{= .steps.found as $found | %s as $data | [%s] as $pages | {structured_data: $data, notes: " \
    "(\"Found \\([$data[] | select(. != null)] | length) of \\($data | length) fields in the "     \
    "data that was given\" + ([$pages[].page | select(.text != null) | \" and on \\(.url)\"] | "   \
    "join(\"\")) + \".\" + ([$pages[].page | select(.error != null) | \" The page could not be "   \
    "read: \\(.error.message)\"] | join(\"\"))), references: ([$pages[] | .title as $title | "     \
    "([$found.citations[] | select(.title == $title and .verified) | .field | select(. != "        \
    "null)] | unique) as $cited | select(($cited | length) > 0) | {(.page.url): ((.page.title // " \
    "$title) + \": \" + ($cited | join(\", \")))}] | add // {}), confidence_score: "               \
    "([$found.confidence[] | . // 0] | if length == 0 then 0 else add / length * 100 | round / "   \
    "10 end)} + (%s) }}"

/* Over the values of the steps in the order of the leads; a step that failed has but an error. */
#define BULK_ANSWER                                                                                \
    "{{= [%s] as $all | [.input.data | to_entries[] | .value + ($all[.key] | if type != "          \
    "\"object\" then {result: .} elif keys == [\"error\"] and (.error | type) == \"object\" then " \
    "{error: .error.message} else . end)] }}"

#define PAGE_NAME_BYTES 24

static void
put_text(struct arena *arena, struct value *object, const char *name, const char *text)
{
    foreign_put(arena, object, name, value_text(text));
}

static struct value
step_of(struct arena *arena, const char *id, const char *type, struct value config)
{
    struct value step = value_empty_object();
    put_text(arena, &step, "id", id);
    put_text(arena, &step, "type", type);
    foreign_put(arena, &step, "config", config);
    return step;
}

/* The slug ends in what owner and content come to, so that whoever asks the same finds it again. */
static void
put_slug(struct arena *arena, struct value *file, const char *name, struct slice owner)
{
    char hex[2 * DIGEST_BYTES + 1];
    struct digest_context *context = digest_context_new();
    digest_context_add(context, owner);
    digest_context_add(context, json_text(arena, *file));
    struct digest digest = digest_context_finish(context);
    digest_context_free(&context);
    digest_hex(&digest, hex);
    put_text(arena, file, "slug", arena_format(arena, "sixtyfour-%s-%.*s", name, SLUG_DIGITS, hex));
}

static struct value
file_of(struct arena *arena, const char *name, struct value steps, struct value output)
{
    struct value file = value_empty_object();
    put_text(arena, &file, "name", arena_format(arena, "Sixtyfour %s", name));
    foreign_put(arena, &file, "steps", steps);
    foreign_put(arena, &file, "output", output);
    return file;
}

/* --- enrichment --- */

/* The page of the data, then those that are referred to. */
static void
name_page(uint32_t page, char id[PAGE_NAME_BYTES], char title[PAGE_NAME_BYTES])
{
    if (page == 0) {
        snprintf(id, PAGE_NAME_BYTES, "page");
        snprintf(title, PAGE_NAME_BYTES, "Website");
    } else {
        snprintf(id, PAGE_NAME_BYTES, "page_%" PRIu32, page);
        snprintf(title, PAGE_NAME_BYTES, "Reference %" PRIu32, page);
    }
}

static uint32_t
page_count(const struct sixtyfour_enrichment *wanted)
{
    return wanted->criteria.kind == VALUE_ARRAY ? 1 + SIXTYFOUR_REFERENCES_MAX : 1;
}

static struct value
page_step(uint32_t page, struct arena *arena)
{
    char id[PAGE_NAME_BYTES], title[PAGE_NAME_BYTES];
    name_page(page, id, title);
    struct slice step = value_slice(value_string_copy(arena, slice_text(id)));
    if (page == 0)
        return sixtyfour_page_step(arena, step, ".input.data", value_empty_array());
    return sixtyfour_page_step_at(arena, step,
                                  arena_format(arena,
                                               "(.input.request.references[%" PRIu32
                                               "] | if type == \"object\" "
                                               "then .url else . end)",
                                               page - 1));
}

static struct value
sources_of(const struct sixtyfour_enrichment *wanted, struct arena *arena)
{
    struct value source = sixtyfour_row_source(arena, ".input.data", "Data");
    struct value sources = value_array_new(arena, &source, 1);
    for (uint32_t i = 0; i < page_count(wanted); i++) {
        char id[PAGE_NAME_BYTES], title[PAGE_NAME_BYTES];
        name_page(i, id, title);
        source = sixtyfour_page_source(arena, slice_text(id), arena_format(arena, "%s", title));
        sources = value_array_append(arena, sources, source);
    }
    return sources;
}

static const char *
prompt_of(const struct sixtyfour_enrichment *wanted, struct arena *arena)
{
    if (wanted->criteria.kind == VALUE_ARRAY)
        return SIXTYFOUR_JUDGE;
    return arena_format(arena,
                        "The sources are about one %s, and so are the fields. {{= "
                        ".input.request.research_plan // \"\" }}",
                        wanted->is_company ? "company" : "person");
}

static struct value
steps_of(const struct sixtyfour_enrichment *wanted, struct arena *arena)
{
    struct value config = value_empty_object(), steps = value_empty_array();
    for (uint32_t i = 0; i < page_count(wanted); i++)
        steps = value_array_append(arena, steps, page_step(i, arena));
    foreign_put(arena, &config, "fields", wanted->fields);
    foreign_put(arena, &config, "sources", sources_of(wanted, arena));
    put_text(arena, &config, "prompt", prompt_of(wanted, arena));
    return value_array_append(arena, steps, step_of(arena, "found", "extract", config));
}

static const char *
output_of(const struct sixtyfour_enrichment *wanted, struct arena *arena)
{
    const char *fields = sixtyfour_fields_expression(wanted->given, "$found", arena);
    const char *added = wanted->is_company ? "{people: []}" : "{}", *pages = "";
    if (wanted->criteria.kind == VALUE_ARRAY)
        added = foreign_format(arena, "$data | %s", sixtyfour_verdict(arena, wanted->criteria));
    for (uint32_t i = 0; i < page_count(wanted); i++) {
        char id[PAGE_NAME_BYTES], title[PAGE_NAME_BYTES];
        name_page(i, id, title);
        pages = foreign_format(arena, "%s%s{title: \"%s\", page: .steps.%s}", pages,
                               i == 0 ? "" : ", ", title, id);
    }
    return fields == NULL ? "" : foreign_format(arena, ANSWER, fields, pages, added);
}

struct value
sixtyfour_enrichment_make(const struct sixtyfour_enrichment *wanted, struct arena *arena)
{
    const char *output = output_of(wanted, arena);
    if (output[0] == '\0')
        return (struct value){0};
    struct value file = file_of(arena, wanted->name, steps_of(wanted, arena), value_text(output));
    put_slug(arena, &file, wanted->name, wanted->owner);
    return arena_is_over(arena) ? (struct value){0} : file;
}

/* --- lookups --- */

/* What every connector has, such as its rate, is its own. */
static bool
is_input(const struct field_decl *field)
{
    return field->kind == FIELD_TEXT || field->kind == FIELD_ANY;
}

const char *
sixtyfour_lookup_missing(const struct step_decl *connector, struct value data, struct value request)
{
    for (size_t i = 0; i < connector->field_count; i++) {
        const struct field_decl *field = &connector->fields[i];
        struct slice name = slice_text(field->name);
        bool is_there = value_find_or_null(data, name).kind != VALUE_NULL ||
                        value_find_or_null(request, name).kind != VALUE_NULL;
        if (is_input(field) && field->required && !is_there)
            return field->name;
    }
    return NULL;
}

/* A step of that id that asks about the one whom `row` names. */
static struct value
lookup_step(struct arena *arena, const char *id, const char *row, const struct step_decl *connector)
{
    struct value config = value_empty_object();
    for (size_t i = 0; i < connector->field_count; i++) {
        const struct field_decl *field = &connector->fields[i];
        const char *ending = field->kind == FIELD_TEXT ? " // \"\" | tostring" : "";
        if (is_input(field))
            put_text(arena, &config, field->name,
                     arena_format(arena, "{{= %s.%s // .input.request.%s%s }}", row, field->name,
                                  field->name, ending));
    }
    return step_of(arena, id, connector->name, config);
}

struct value
sixtyfour_lookup_make(const struct sixtyfour_lookup *wanted, struct arena *arena)
{
    struct value step = lookup_step(arena, "found", ".input.data", wanted->connector);
    struct value output = value_text(
        "{{= .input.data + (.steps.found | if type == \"object\" then . else {result: .} "
        "end) }}");
    struct value file = file_of(arena, wanted->name, value_array_new(arena, &step, 1), output);
    put_slug(arena, &file, wanted->name, wanted->owner);
    return arena_is_over(arena) ? (struct value){0} : file;
}

/* A step for each lead, which is passed over where there are fewer: its place in the list is that
 * of its answer. */
static struct value
bulk_steps(const struct step_decl *connector, struct arena *arena)
{
    struct value steps = value_empty_array();
    for (int i = 0; i < SIXTYFOUR_LEADS_MAX; i++) {
        struct value step = lookup_step(arena, arena_format(arena, "lead_%d", i),
                                        arena_format(arena, ".input.data[%d]", i), connector);
        foreign_put(arena, &step, "needs", value_empty_array());
        put_text(arena, &step, "when", arena_format(arena, "(.input.data | length) > %d", i));
        put_text(arena, &step, "on_error", "continue");
        steps = value_array_append(arena, steps, step);
    }
    return steps;
}

struct value
sixtyfour_lookup_make_bulk(const struct sixtyfour_lookup *wanted, struct arena *arena)
{
    const char *all = "";
    for (int i = 0; i < SIXTYFOUR_LEADS_MAX; i++)
        all = foreign_format(arena, "%s%s.steps.lead_%d", all, i == 0 ? "" : ", ", i);
    const char *output = foreign_format(arena, BULK_ANSWER, all);
    struct value file =
        file_of(arena, wanted->name, bulk_steps(wanted->connector, arena), value_text(output));
    put_slug(arena, &file, wanted->name, wanted->owner);
    return arena_is_over(arena) ? (struct value){0} : file;
}
