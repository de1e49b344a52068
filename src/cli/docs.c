#include "base/json.h"
#include "base/limits.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/pages.h"
#include "cli/settings.h"
#include "flow/editor_schema.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define DOCS_BYTES MIB(16)

struct docs {
    const struct catalog *catalog;
    const struct setting_table *settings;
    struct arena arena;
    struct buffer out;
    bool as_json;
};

/* --- as JSON --- */

static struct value
names_value(struct arena *arena, const char *const *names)
{
    struct value list = value_empty_array();
    for (size_t i = 0; names != NULL && names[i] != NULL; i++)
        list = value_array_append(arena, list, value_text(names[i]));
    return list;
}

/* "one of GET, POST" for a choice. */
static const char *
field_is(struct arena *arena, const struct field_decl *field)
{
    const char *words = field_kind_words(field->kind);
    for (size_t i = 0; field->kind == FIELD_CHOICE && field->choices[i] != NULL; i++)
        words = arena_format(arena, "%s%s%s", words, i == 0 ? "" : ", ", field->choices[i]);
    return words;
}

/* `name`: of a part of a group with the group's in front. */
static struct value
field_value(struct arena *arena, const struct field_decl *field, const char *name)
{
    struct member members[] = {
        {value_text("name"), value_text(name)},
        {value_text("is"), value_text(field_is(arena, field))},
        {value_text("required"), value_bool(field->required)},
        {value_text("words"), value_text(field->help)},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

static struct value
add_field_values(struct arena *arena, struct value list, const struct field_decl *field)
{
    list = value_array_append(arena, list, field_value(arena, field, field->name));
    for (size_t i = 0; i < field->part_count; i++) {
        const struct field_decl *part = &field->parts[i];
        const char *name = arena_format(arena, "%s.%s", field->name, part->name);
        list = value_array_append(arena, list, field_value(arena, part, name));
    }
    return list;
}

static struct value
type_value(struct docs *docs, const struct step_decl *decl)
{
    struct arena *arena = &docs->arena;
    struct value fields = value_empty_array();
    for (size_t i = 0; i < decl->field_count; i++)
        fields = add_field_values(arena, fields, &decl->fields[i]);
    struct member members[] = {
        {value_text("type"), value_text(decl->name)},
        {value_text("group"), value_text(step_group_name(decl->group))},
        {value_text("aliases"), names_value(arena, decl->aliases)},
        {value_text("summary"), value_text(decl->summary)},
        {value_text("config"), fields},
        {value_text("oneOf"), names_value(arena, decl->one_of)},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

/* The codes whose pages a page leads to. */
static struct value
codes_of_page(struct arena *arena, const char *page)
{
    static const char link[] = "](../errors/";
    struct value codes = value_empty_array();
    for (const char *at = page; (at = strstr(at, link)) != NULL;) {
        at += strlen(link);
        struct slice code = slice_of(at, strcspn(at, "."));
        codes = value_array_append(arena, codes, value_string(code));
    }
    return codes;
}

/* The first workflow of a page; null if it has none. */
static struct value
example_of_page(const char *page)
{
    static const char begin[] = "```yaml\n";
    const char *at = strstr(page, begin);
    const char *end = at == NULL ? NULL : strstr(at + strlen(begin), "```");
    if (end == NULL)
        return value_null();
    at += strlen(begin);
    return value_string(slice_of(at, (size_t)(end - at)));
}

static struct value
type_value_with_page(struct docs *docs, const struct step_decl *decl, const char *page)
{
    struct arena *arena = &docs->arena;
    struct value type = type_value(docs, decl);
    type = value_object_set(arena, type, value_text("errors"), codes_of_page(arena, page));
    type = value_object_set(arena, type, value_text("example"), example_of_page(page));
    return value_object_set(arena, type, value_text("page"), value_text(page));
}

static void
put_json(struct docs *docs, struct value value)
{
    json_print(&docs->out, value);
    buffer_append_byte(&docs->out, '\n');
}

/* --- as text --- */

static void
put_types(struct docs *docs)
{
    const struct catalog *catalog = docs->catalog;
    struct buffer *out = &docs->out;
    for (int group = 0; group < STEP_GROUP_COUNT; group++) {
        const char *head = step_group_name((enum step_group)group);
        for (size_t i = 0; i < catalog->count; i++) {
            const struct step_decl *decl = catalog->types[i];
            if (decl->group != (enum step_group)group)
                continue;
            if (head != NULL)
                buffer_append_format(out, "%s%s\n", out->size == 0 ? "" : "\n", head);
            head = NULL;
            buffer_append_format(out, "  %-16s %s\n", decl->name, decl->summary);
        }
    }
    buffer_append_text(out, "\nwindrow docs TYPE tells all of one, windrow docs errors lists what "
                            "can go wrong,\nwindrow docs config what can be set.\n");
}

/* `indent`: of its name, two more for each level. */
static void
put_field(struct docs *docs, const struct field_decl *field, int indent)
{
    struct buffer *out = &docs->out;
    int width = 16 - indent;
    buffer_append_format(out, "%*s%-*s %s%s\n", indent, "", width, field->name,
                         field_is(&docs->arena, field), field->required ? ", required" : "");
    buffer_append_format(out, "%*s%-*s %s\n", indent, "", width, "", field->help);
    for (size_t i = 0; i < field->part_count; i++)
        put_field(docs, &field->parts[i], indent + 2);
}

static void
put_fields(struct docs *docs, const struct step_decl *decl)
{
    struct buffer *out = &docs->out;
    buffer_append_text(out, decl->field_count == 0 ? "No config.\n" : "config:\n");
    for (size_t i = 0; i < decl->field_count; i++)
        put_field(docs, &decl->fields[i], 2);
    for (size_t i = 0; decl->one_of != NULL && decl->one_of[i] != NULL; i++)
        buffer_append_format(out, "%s%s", i == 0 ? "Exactly one of " : ", ", decl->one_of[i]);
    if (decl->one_of != NULL)
        buffer_append_text(out, ".\n");
}

/* The words of a link [words](address) at the beginning of the text, and how long all of it is; 0
 * if there is none. */
static size_t
read_link(struct slice text, struct slice *words)
{
    const char *middle = memchr(text.ptr, ']', text.size);
    if (text.ptr[0] != '[' || middle == NULL || middle[1] != '(')
        return 0;
    size_t at = (size_t)(middle - text.ptr);
    const char *end = memchr(middle, ')', text.size - at);
    *words = slice_of(text.ptr + 1, at - 1);
    return end == NULL ? 0 : (size_t)(end + 1 - text.ptr);
}

/* A line without its marks: links as their words, no stars. */
static void
put_plain(struct buffer *out, struct slice line)
{
    for (size_t at = 0; at < line.size;) {
        struct slice rest = slice_of(line.ptr + at, line.size - at);
        struct slice words;
        size_t link = read_link(rest, &words);
        if (link > 0)
            buffer_append_slice(out, words);
        else if (!slice_starts_with(rest, SLICE("**")))
            buffer_append_byte(out, rest.ptr[0]);
        at += link > 0 ? link : slice_starts_with(rest, SLICE("**")) ? 2 : 1;
    }
    buffer_append_byte(out, '\n');
}

/* A page of docs/ as text for a terminal. decl: its fields stand in place of the first table. */
static void
put_page(struct docs *docs, const char *page, const struct step_decl *decl)
{
    bool is_code = false;
    bool is_table = false;
    for (const char *at = page; *at != '\0';) {
        struct slice line = slice_of(at, strcspn(at, "\n"));
        bool was_table = is_table;
        at += line.size + 1;
        is_table = !is_code && decl != NULL && slice_starts_with(line, SLICE("|"));
        if (was_table && !is_table) {
            put_fields(docs, decl);
            decl = NULL;
        }
        if (slice_starts_with(line, SLICE("```")))
            is_code = !is_code;
        else if (is_code)
            buffer_append_format(&docs->out, "    %.*s\n", SLICE_FORMAT(line));
        else if (!is_table && !slice_starts_with(line, SLICE("# ")))
            put_plain(&docs->out, line);
    }
}

static void
put_head(struct docs *docs, const struct step_decl *decl)
{
    struct buffer *out = &docs->out;
    buffer_append_format(out, "%s  (%s)\n", decl->name, step_group_name(decl->group));
    for (size_t i = 0; decl->aliases != NULL && decl->aliases[i] != NULL; i++)
        buffer_append_format(out, "%s%s", i == 0 ? "also called " : ", ", decl->aliases[i]);
    if (decl->aliases != NULL)
        buffer_append_byte(out, '\n');
}

/* --- what was asked for --- */

static const char *
find_page(struct docs *docs, const char *folder, const char *name)
{
    return embedded_find(doc_pages,
                         slice_text(arena_format(&docs->arena, "%s/%s.md", folder, name)));
}

static int
show_types(struct docs *docs)
{
    struct value list = value_empty_array();
    for (size_t i = 0; i < docs->catalog->count; i++)
        list = value_array_append(&docs->arena, list, type_value(docs, docs->catalog->types[i]));
    if (docs->as_json)
        put_json(docs, list);
    else
        put_types(docs);
    return CLI_OK;
}

static int
show_type(struct docs *docs, const struct step_decl *decl)
{
    /* A test sees to it that every type has one. */
    const char *page = decl->page != NULL ? decl->page : find_page(docs, "steps", decl->name);
    assert(page != NULL);
    if (docs->as_json) {
        put_json(docs, type_value_with_page(docs, decl, page));
        return CLI_OK;
    }
    put_head(docs, decl);
    put_page(docs, page, decl);
    return CLI_OK;
}

/* "errors/bad_row.md" as "bad_row"; .ptr NULL for other pages. */
static struct slice
code_of(const struct embedded_file *file)
{
    struct slice name = slice_text(file->name);
    struct slice folder = SLICE("errors/");
    if (!slice_starts_with(name, folder))
        return (struct slice){NULL, 0};
    return slice_of(name.ptr + folder.size, name.size - folder.size - strlen(".md"));
}

/* What stands between the title and the first empty line, on one line. */
static struct slice
first_paragraph(struct docs *docs, const char *page)
{
    const char *begin = strstr(page, "\n\n");
    if (begin == NULL)
        return slice_text(page);
    begin += 2;
    const char *end = strstr(begin, "\n\n");
    size_t size = end == NULL ? strlen(begin) : (size_t)(end - begin);
    char *words = arena_try_alloc(&docs->arena, size + 1);
    assert(words != NULL);
    for (size_t i = 0; i < size; i++)
        words[i] = begin[i] == '\n' ? ' ' : begin[i];
    return slice_of(words, size);
}

static int
show_codes(struct docs *docs)
{
    struct value list = value_empty_array();
    for (const struct embedded_file *file = doc_pages; file->name != NULL; file++) {
        struct slice code = code_of(file);
        if (code.ptr == NULL)
            continue;
        struct slice words = first_paragraph(docs, file->text);
        struct member members[] = {{value_text("code"), value_string(code)},
                                   {value_text("words"), value_string(words)}};
        list = value_array_append(&docs->arena, list,
                                  value_object_new(&docs->arena, members, COUNT_OF(members)));
        if (!docs->as_json) {
            buffer_append_format(&docs->out, "%-20.*s ", SLICE_FORMAT(code));
            put_plain(&docs->out, words);
        }
    }
    if (docs->as_json)
        put_json(docs, list);
    return CLI_OK;
}

static int
show_code(struct docs *docs, const char *code, const char *page)
{
    if (docs->as_json) {
        struct member members[] = {{value_text("code"), value_text(code)},
                                   {value_text("page"), value_text(page)}};
        put_json(docs, value_object_new(&docs->arena, members, COUNT_OF(members)));
        return CLI_OK;
    }
    buffer_append_format(&docs->out, "%s\n", code);
    put_page(docs, page, NULL);
    return CLI_OK;
}

static int
show_schema(struct docs *docs)
{
    json_print_pretty(&docs->out, editor_schema(docs->catalog, &docs->arena));
    buffer_append_byte(&docs->out, '\n');
    return CLI_OK;
}

static int
show_settings(struct docs *docs)
{
    if (docs->as_json)
        put_json(docs, settings_value(docs->settings, &docs->arena));
    else
        settings_print(docs->settings, &docs->out);
    return CLI_OK;
}

/* Of the types, else of the codes; NULL if none is near. */
static const char *
nearest_name(struct docs *docs, const char *wrong)
{
    const char *nearest = catalog_nearest(docs->catalog, slice_text(wrong));
    const char *codes[256];
    size_t count = 0;
    for (const struct embedded_file *file = doc_pages; file->name != NULL; file++) {
        struct slice code = code_of(file);
        if (code.ptr != NULL && count < COUNT_OF(codes))
            codes[count++] = arena_format(&docs->arena, "%.*s", SLICE_FORMAT(code));
    }
    return nearest != NULL ? nearest : slice_nearest(slice_text(wrong), codes, count);
}

static int
show_named(struct docs *docs, const char *name)
{
    const struct step_decl *decl = catalog_find(docs->catalog, slice_text(name));
    if (decl != NULL)
        return show_type(docs, decl);
    if (strcmp(name, "errors") == 0)
        return show_codes(docs);
    if (strcmp(name, "config") == 0)
        return show_settings(docs);
    const char *page = find_page(docs, "errors", name);
    if (page != NULL)
        return show_code(docs, name, page);
    const char *nearest = nearest_name(docs, name);
    fprintf(stderr, "windrow: docs: there is no step type and no error code \"%s\"", name);
    if (nearest != NULL)
        fprintf(stderr, "; did you mean %s?", nearest);
    fprintf(stderr, "\n");
    return CLI_FAILED;
}

int
cli_docs(struct cli *cli, int argc, char **argv)
{
    struct docs docs = {.catalog = cli->catalog, .settings = cli->settings};
    bool wants_schema = false;
    const struct option options[] = {
        {.name = "--schema",
         .kind = OPTION_FLAG,
         .into.flag = &wants_schema,
         .help = "print the JSON Schema of workflow files, for editors"},
        {.name = "--json", .kind = OPTION_FLAG, .into.flag = &docs.as_json, .help = "print JSON"},
    };
    const struct option_table table = {
        .usage = "windrow docs [TYPE|CODE|errors|config] [options]",
        .summary = "Lists the step types, or tells all of one, or of a code of a failure; or "
                   "what can be set.",
        .options = options,
        .count = COUNT_OF(options),
        .positional_max = 1,
    };
    struct positional words;
    enum options_end end = options_read(&table, argc, argv, &words);
    if (end != OPTIONS_OK)
        return end == OPTIONS_HELP ? CLI_OK : CLI_USAGE;
    arena_init(&docs.arena, DOCS_BYTES);
    buffer_init(&docs.out, DOCS_BYTES);
    int exit_code = wants_schema       ? show_schema(&docs)
                    : words.count == 0 ? show_types(&docs)
                                       : show_named(&docs, words.values[0]);
    cli_write(stdout, &docs.out);
    buffer_done(&docs.out);
    arena_done(&docs.arena);
    return exit_code;
}
