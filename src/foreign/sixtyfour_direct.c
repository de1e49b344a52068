#include "foreign/sixtyfour_direct.h"

#include "base/digest.h"
#include "base/json.h"
#include "flow/catalog.h"
#include "foreign/foreign.h"
#include "foreign/sixtyfour_fields.h"

#include <stdio.h>
#include <string.h>

/* Of the digest of its content, in a slug. */
#define SLUG_DIGITS 12

/* A member a line, without those that say nothing. */
#define DATA_TEXT                                                                                  \
    "{{= .input.data | to_entries | map(select(.value != null and .value != \"\") | "              \
    "\"\\(.key): \\(.value)\") | join(\"\\n\") }}"

/* The address of a page, in the members in which clients have it; null without one. */
#define PAGE_ADDRESS                                                                               \
    "([\"website\", \"website_url\", \"company_website\", \"domain\", \"company_domain\", "        \
    "\"url\", \"homepage\"] as $names | [$names[] as $name | .input.data[$name] | "                \
    "select(type == \"string\" and . != \"\")] | first)"

/* Over the value of `found`; the first part is the object of the fields. */
#define ANSWER                                                                                     \
    "{{= .steps.page as $page | .steps.found as $found | %s as $data | "                           \
    "([$found.citations[] | select(.title == \"Website\" and .verified) | .field | "               \
    "select(. != null)] | unique) as $cited | {structured_data: $data, notes: (\"Found "           \
    "\\([$data[] | select(. != null)] | length) of \\($data | length) fields in the data that "    \
    "was given\" + (if $page.text != null then \" and on \\($page.url)\" else \"\" end) + \".\" "  \
    "+ (if $page.error != null then \" The page could not be read: \\($page.error.message)\" "     \
    "else \"\" end)), references: (if ($cited | length) > 0 then {($page.url): (($page.title // "  \
    "\"Website\") + \": \" + ($cited | join(\", \")))} else {} end), confidence_score: "           \
    "([$found.confidence[] | . // 0] | if length == 0 then 0 else add / length * 100 | round / "   \
    "10 end)%s} }}"

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

static struct value
page_step(struct arena *arena)
{
    struct value config = value_empty_object();
    put_text(arena, &config, "url",
             "{{= " PAGE_ADDRESS " | if test(\"^https?://\") then . else \"https://\" + . end }}");
    struct value step = step_of(arena, "page", "scrape_web", config);
    put_text(arena, &step, "when", PAGE_ADDRESS " != null");
    put_text(arena, &step, "on_error", "continue");
    return step;
}

static struct value
source_of(struct arena *arena, const char *text, const char *title)
{
    struct value source = value_empty_object();
    put_text(arena, &source, "text", text);
    put_text(arena, &source, "title", title);
    return source;
}

static struct value
found_step(const struct sixtyfour_enrichment *wanted, struct arena *arena)
{
    struct value config = value_empty_object();
    const struct value sources[] = {source_of(arena, DATA_TEXT, "Data"),
                                    source_of(arena, "{{steps.page.text}}", "Website")};
    foreign_put(arena, &config, "fields", wanted->fields);
    foreign_put(arena, &config, "sources", value_array_new(arena, sources, COUNT_OF(sources)));
    put_text(arena, &config, "prompt",
             arena_format(arena,
                          "The sources are about one %s, and so are the fields. {{= "
                          ".input.request.research_plan // \"\" }}",
                          wanted->is_company ? "company" : "person"));
    return step_of(arena, "found", "extract", config);
}

struct value
sixtyfour_enrichment_make(const struct sixtyfour_enrichment *wanted, struct arena *arena)
{
    const struct value steps[] = {page_step(arena), found_step(wanted, arena)};
    const char *fields = sixtyfour_fields_expression(wanted->given, "$found", arena);
    if (fields == NULL)
        return (struct value){0};
    struct buffer output;
    buffer_init(&output, 2 * strlen(fields) + 8 * sizeof(ANSWER));
    buffer_append_format(&output, ANSWER, fields, wanted->is_company ? ", people: []" : "");
    struct slice copy = arena_copy(arena, buffer_slice(&output));
    buffer_done(&output);
    if (copy.ptr == NULL)
        return (struct value){0};
    struct value file = file_of(arena, wanted->name, value_array_new(arena, steps, COUNT_OF(steps)),
                                value_string(copy));
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

struct value
sixtyfour_lookup_make(const char *name, struct slice owner, const struct step_decl *connector,
                      struct arena *arena)
{
    struct value config = value_empty_object();
    for (size_t i = 0; i < connector->field_count; i++) {
        const struct field_decl *field = &connector->fields[i];
        const char *ending = field->kind == FIELD_TEXT ? " // \"\" | tostring" : "";
        if (is_input(field))
            put_text(arena, &config, field->name,
                     arena_format(arena, "{{= .input.data.%s // .input.request.%s%s }}",
                                  field->name, field->name, ending));
    }
    struct value step = step_of(arena, "found", connector->name, config);
    struct value output = value_text(
        "{{= .input.data + (.steps.found | if type == \"object\" then . else {result: .} "
        "end) }}");
    struct value file = file_of(arena, name, value_array_new(arena, &step, 1), output);
    put_slug(arena, &file, name, owner);
    return arena_is_over(arena) ? (struct value){0} : file;
}
