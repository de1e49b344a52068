#include "base/json.h"
#include "base/limits.h"
#include "base/yaml.h"
#include "cli/cli.h"
#include "cli/input.h"
#include "cli/options.h"
#include "expr/schema.h"

#include <stdio.h>
#include <string.h>

/* Bytes of one JSON file: it is read whole. */
#define FILE_BYTES MIB(1024)
/* Bytes of memory for the values of a text of so many. */
#define VALUE_BYTES(text_bytes) (32 * ((text_bytes) + KIB(64)))
/* Findings of one file that are shown; further ones are counted. */
#define SHOWN_MAX 1000

/* Line 0: unknown; column 0: only the line is known. */
struct place {
    uint64_t line;
    uint32_t column;
};

/* What is wrong where. */
struct finding {
    struct place place;
    const char *path;        /* in the value; NULL: it is no value */
    const char *schema_path; /* NULL: not the schema's doing */
    const char *words;
};

/* A value and the text that it came from. */
struct document {
    struct arena arena;
    struct slice text;
    uint64_t line; /* of the file, where the text begins */
    struct value value;
    struct located *places; /* NULL: not looked for, or not to be had */
    bool has_looked;
};

struct checking {
    const struct schema *schema;
    bool as_json;
    bool as_lines;
    int exit_code;
    struct buffer out; /* JSON on its way to standard output */
    const char *name;  /* of the file */
    struct document *document;
    uint64_t finding_count, value_count, invalid_count; /* of the file */
};

/* --- findings --- */

static void
flush_out(struct checking *checking, size_t more_than)
{
    if (checking->out.size <= more_than)
        return;
    cli_write(stdout, &checking->out);
    buffer_clear(&checking->out);
}

static void
put_json_finding(struct checking *checking, const struct finding *finding)
{
    struct buffer *out = &checking->out;
    buffer_append_text(out, checking->finding_count > 1 ? ",{" : "{");
    if (finding->place.line > 0)
        buffer_append_format(out, "\"line\":%llu,", (unsigned long long)finding->place.line);
    if (finding->place.column > 0)
        buffer_append_format(out, "\"column\":%u,", finding->place.column);
    if (finding->path != NULL) {
        buffer_append_text(out, "\"path\":");
        json_print_string(out, slice_text(finding->path));
        buffer_append_byte(out, ',');
    }
    if (finding->schema_path != NULL) {
        buffer_append_text(out, "\"schema\":");
        json_print_string(out, slice_text(finding->schema_path));
        buffer_append_byte(out, ',');
    }
    buffer_append_text(out, "\"message\":");
    json_print_string(out, slice_text(finding->words));
    buffer_append_byte(out, '}');
    flush_out(checking, KIB(64));
}

static void
put_words(const struct checking *checking, const struct finding *finding)
{
    struct buffer line;
    buffer_init(&line, MIB(1));
    buffer_append_printable(&line, checking->name);
    if (finding->place.line > 0)
        buffer_append_format(&line, ":%llu", (unsigned long long)finding->place.line);
    if (finding->place.column > 0)
        buffer_append_format(&line, ":%u", finding->place.column);
    buffer_append_text(&line, ": ");
    if (finding->path != NULL && finding->path[0] != '\0') {
        buffer_append_printable(&line, finding->path);
        buffer_append_text(&line, ": ");
    }
    buffer_append_printable(&line, finding->words);
    if (finding->schema_path != NULL) {
        buffer_append_text(&line, " (by ");
        buffer_append_printable(&line, finding->schema_path[0] == '\0' ? "the whole schema"
                                                                       : finding->schema_path);
        buffer_append_byte(&line, ')');
    }
    buffer_append_byte(&line, '\n');
    cli_write(stderr, &line);
    buffer_done(&line);
}

static void
put_finding(struct checking *checking, const struct finding *finding)
{
    if (++checking->finding_count > SHOWN_MAX)
        return;
    if (checking->as_json)
        put_json_finding(checking, finding);
    else
        put_words(checking, finding);
}

static void
raise_exit(struct checking *checking, int code)
{
    if (code > checking->exit_code)
        checking->exit_code = code;
}

/* --- documents --- */

static bool
has_ending(const char *name, const char *ending)
{
    size_t size = strlen(name);
    size_t ending_size = strlen(ending);
    return size > ending_size && strcmp(name + size - ending_size, ending) == 0;
}

static void
document_init(struct document *document, struct slice text, uint64_t line)
{
    *document = (struct document){.text = text, .line = line};
    arena_init(&document->arena, VALUE_BYTES(text.size));
}

/* YAML knows its places at once; of JSON they are looked for when there is a finding. */
static enum status
document_parse(struct document *document, const char *name, struct json_place *place,
               struct error *error)
{
    if (!has_ending(name, ".yaml") && !has_ending(name, ".yml"))
        return json_parse(&document->value, &document->arena, document->text, JSON_BORROW, place,
                          error);
    struct located *root = NULL;
    enum status status = yaml_load(&root, &document->arena, document->text, place, error);
    if (status == STATUS_OK) {
        document->value = root->value;
        document->places = root;
        document->has_looked = true;
    }
    return status;
}

static struct place
document_place(struct document *document, const char *pointer)
{
    if (!document->has_looked) {
        document->has_looked = true;
        status_ignore(
            located_from_json(&document->places, &document->arena, document->text, NULL, NULL));
    }
    const struct located *at = document->places;
    if (at == NULL)
        return (struct place){.line = document->line > 1 ? document->line : 0};
    for (int64_t index; (index = located_step(at, &pointer)) >= 0;)
        at = &at->children[index];
    return (struct place){document->line + at->line - 1, at->column};
}

/* The words of a parser without the place in front of them. */
static const char *
words_without_place(const struct error *error)
{
    const char *end = strncmp(error->text, "line ", 5) == 0 ? strstr(error->text, ": ") : NULL;
    return end == NULL ? error->text : end + 2;
}

static void
put_malformed(struct checking *checking, const struct document *document,
              const struct json_place *place, const struct error *error)
{
    struct finding finding = {.words = words_without_place(error)};
    if (place->line > 0)
        finding.place = (struct place){document->line + place->line - 1, place->column};
    put_finding(checking, &finding);
}

/* --- files --- */

static void
note(const char *instance_path, const char *schema_path, const char *words, void *context)
{
    struct checking *checking = context;
    struct finding finding = {.path = instance_path, .schema_path = schema_path, .words = words};
    if (checking->finding_count < SHOWN_MAX)
        finding.place = document_place(checking->document, instance_path);
    put_finding(checking, &finding);
}

/* OK also for what is invalid. */
static enum status
check_text(struct checking *checking, struct slice text, uint64_t line, struct error *error)
{
    struct document document;
    struct json_place place = {.line = 0};
    document_init(&document, text, line);
    enum status status =
        document_parse(&document, checking->as_lines ? "" : checking->name, &place, error);
    bool is_valid = false;
    checking->document = &document;
    checking->value_count++;
    if (status == STATUS_OK)
        is_valid = schema_check(checking->schema, document.value, note, checking) == STATUS_OK;
    else if (status == STATUS_INVALID)
        put_malformed(checking, &document, &place, error);
    checking->invalid_count += !is_valid;
    arena_done(&document.arena);
    return status == STATUS_INVALID ? STATUS_OK : status;
}

static bool
is_blank(struct slice text)
{
    return slice_trim(text).size == 0;
}

static enum status
check_lines(struct checking *checking, struct error *error)
{
    struct input_lines lines;
    struct input_line line = {.is_end = false};
    enum status status = input_lines_open(&lines, checking->name, LIMIT_ROW_BYTES, error);
    while (status == STATUS_OK && !line.is_end) {
        status = input_lines_next(&lines, &line, error);
        if (status != STATUS_OK || line.is_end || is_blank(line.text))
            continue;
        if (!line.is_too_long) {
            status = check_text(checking, line.text, lines.number, error);
            continue;
        }
        struct finding finding = {.place.line = lines.number,
                                  .words = "the line is longer than 16 MiB"};
        put_finding(checking, &finding);
        checking->value_count++;
        checking->invalid_count++;
    }
    input_lines_close(&lines);
    return status;
}

static enum status
check_whole(struct checking *checking, struct error *error)
{
    struct buffer text;
    enum status status = input_read(&text, checking->name, FILE_BYTES, error);
    if (status == STATUS_OK)
        status = check_text(checking, buffer_slice(&text), 1, error);
    buffer_done(&text);
    return status;
}

static void
end_file_as_json(struct checking *checking, enum status status, const struct error *error)
{
    struct buffer *out = &checking->out;
    bool is_valid = status == STATUS_OK && checking->invalid_count == 0;
    buffer_append_text(out, "],");
    if (checking->finding_count > SHOWN_MAX)
        buffer_append_format(out, "\"more\":%llu,",
                             (unsigned long long)checking->finding_count - SHOWN_MAX);
    if (status != STATUS_OK) {
        buffer_append_text(out, "\"problem\":");
        json_print_string(out, slice_text(error->text));
        buffer_append_byte(out, ',');
    }
    buffer_append_format(out, "\"values\":%llu,\"invalid\":%llu,\"valid\":%s}",
                         (unsigned long long)checking->value_count,
                         (unsigned long long)checking->invalid_count, is_valid ? "true" : "false");
}

static void
end_file_in_words(const struct checking *checking, enum status status, const struct error *error)
{
    unsigned long long values = checking->value_count;
    unsigned long long invalid = checking->invalid_count;
    if (checking->finding_count > SHOWN_MAX)
        fprintf(stderr, "%s: %llu further findings are not shown\n", checking->name,
                (unsigned long long)checking->finding_count - SHOWN_MAX);
    if (status != STATUS_OK)
        fprintf(stderr, "windrow: %s: %s\n", checking->name, error->text);
    else if (invalid == 0 && values == 1)
        printf("%s: ok\n", checking->name);
    else if (invalid == 0)
        printf("%s: ok, %llu values\n", checking->name, values);
    else if (values > 1)
        fprintf(stderr, "%s: %llu of %llu values are invalid\n", checking->name, invalid, values);
}

static void
check_file(struct checking *checking, const char *name, bool wants_lines)
{
    struct error error = {0};
    checking->name = name;
    checking->as_lines = wants_lines || has_ending(name, ".jsonl") || has_ending(name, ".ndjson");
    checking->finding_count = checking->value_count = checking->invalid_count = 0;
    if (checking->as_json) {
        buffer_append_text(&checking->out, "{\"file\":");
        json_print_string(&checking->out, slice_text(name));
        buffer_append_text(&checking->out, ",\"errors\":[");
    }
    enum status status =
        checking->as_lines ? check_lines(checking, &error) : check_whole(checking, &error);
    if (checking->as_json)
        end_file_as_json(checking, status, &error);
    else
        end_file_in_words(checking, status, &error);
    if (checking->invalid_count > 0)
        raise_exit(checking, CLI_FAILED);
    if (status != STATUS_OK)
        raise_exit(checking, CLI_USAGE);
}

/* --- the schema --- */

static void
note_in_schema(const char *instance_path, const char *schema_path, const char *words, void *context)
{
    struct checking *checking = context;
    struct finding finding = {.place = document_place(checking->document, schema_path),
                              .path = schema_path,
                              .words = words};
    put_finding(checking, &finding);
}

/* *schema lives in the document. */
static bool
load_schema(struct checking *checking, const char *name, struct document *document,
            struct schema **schema)
{
    struct buffer text;
    struct error error = {0};
    struct json_place place = {.line = 0};
    checking->name = name;
    checking->document = document;
    enum status status = input_read(&text, name, FILE_BYTES, &error);
    document_init(document, buffer_slice(&text), 1);
    if (status == STATUS_OK) {
        document->text = arena_copy(&document->arena, buffer_slice(&text));
        status = document_parse(document, name, &place, &error);
    }
    buffer_done(&text);
    if (status == STATUS_OK)
        return schema_compile(schema, &document->arena, document->value, note_in_schema,
                              checking) == STATUS_OK;
    put_malformed(checking, document, &place, &error);
    return false;
}

struct check_options {
    const char *schema;
    bool as_lines;
    bool as_json;
};

static int
check_all(const struct check_options *wanted, const struct positional *files)
{
    struct document document;
    struct schema *schema = NULL;
    struct checking checking = {.as_json = wanted->as_json};
    buffer_init(&checking.out, MIB(2));
    if (wanted->as_json)
        buffer_append_text(&checking.out, "{\"schema_errors\":[");
    if (!load_schema(&checking, wanted->schema, &document, &schema))
        checking.exit_code = CLI_USAGE;
    else if (files->count == 0 && !wanted->as_json)
        printf("%s: ok\n", wanted->schema);
    checking.schema = schema;
    if (wanted->as_json)
        buffer_append_text(&checking.out, "],\"files\":[");
    for (size_t i = 0; schema != NULL && i < files->count; i++) {
        if (wanted->as_json && i > 0)
            buffer_append_byte(&checking.out, ',');
        check_file(&checking, files->values[i], wanted->as_lines);
    }
    if (wanted->as_json)
        buffer_append_format(&checking.out, "],\"valid\":%s}\n",
                             checking.exit_code == CLI_OK ? "true" : "false");
    flush_out(&checking, 0);
    buffer_done(&checking.out);
    arena_done(&document.arena);
    return checking.exit_code;
}

int
cli_check(struct cli *cli, int argc, char **argv)
{
    struct check_options wanted = {.schema = NULL};
    const struct option options[] = {
        {.name = "--schema",
         .kind = OPTION_TEXT,
         .into.text = &wanted.schema,
         .value = "SCHEMA",
         .help = "the JSON Schema, draft 2020-12, in a JSON or YAML file"},
        {.name = "--lines",
         .kind = OPTION_FLAG,
         .into.flag = &wanted.as_lines,
         .help = "each line is a value, whatever the file's ending"},
        {.name = "--json",
         .kind = OPTION_FLAG,
         .into.flag = &wanted.as_json,
         .help = "print the findings as one JSON value"},
    };
    const struct option_table table = {
        .usage = "windrow check --schema SCHEMA [--lines] [--json] FILE…",
        .summary = "Checks JSON and YAML files, and each line of .jsonl and .ndjson files, against "
                   "a JSON Schema;\n- is standard input. Without a FILE only the schema is "
                   "checked.\nExit code: 0 all valid, 1 something is invalid, 2 the schema is "
                   "refused or a file cannot be read.",
        .options = options,
        .count = COUNT_OF(options),
        .positional_max = POSITIONAL_VALUES_MAX,
    };
    struct positional files;
    enum options_end end = options_read(&table, argc, argv, &files);
    if (end != OPTIONS_OK)
        return end == OPTIONS_HELP ? CLI_OK : CLI_USAGE;
    if (wanted.schema == NULL) {
        fprintf(stderr, "windrow: --schema is needed\nusage: %s\n", table.usage);
        return CLI_USAGE;
    }
    return check_all(&wanted, &files);
}
