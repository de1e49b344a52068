#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "steps/lines.h"
#include "steps/reading.h"
#include "steps/types.h"

#include <inttypes.h>

static const struct field_decl read_jsonl_fields[] = {
    {.name = "file", .kind = FIELD_TEXT, .required = true, .help = "The file to read."},
};

const struct step_decl read_jsonl_decl = {
    .name = "read_jsonl",
    .group = STEP_GROUP_SOURCES,
    .shape = STEP_SHAPE_SOURCE,
    .summary = "Reads the rows of a file that holds one JSON object a line.",
    .fields = read_jsonl_fields,
    .field_count = COUNT_OF(read_jsonl_fields),
};

struct source {
    struct source_text text;
    bool is_kept;
};

void
lines_close(struct source **source)
{
    mem_free(*source);
    *source = NULL;
}

/* Bytes of text by which one array is told from lines. */
#define LOOK_BYTES KIB(4)

/* One array of objects: a bracket with nothing but a brace or a line end behind it. */
static bool
is_array_of_objects(struct slice text)
{
    text = slice_trim(text);
    if (text.size == 0 || text.ptr[0] != '[')
        return false;
    struct slice inside = slice_trim(slice_of(text.ptr + 1, text.size - 1));
    bool ends_line = text.size > 1 && (text.ptr[1] == '\n' || text.ptr[1] == '\r');
    return ends_line || (inside.size > 0 && inside.ptr[0] == '{');
}

static enum status
begin_text(struct source *source, struct step_file *file, struct error *error)
{
    struct charset_hint hint = {.is_unicode = true};
    struct buffer beginning;
    buffer_init(&beginning, LOOK_BYTES);
    enum status status = source_text_begin(&source->text, file, &hint, &beginning, error);
    if (status == STATUS_OK && is_array_of_objects(buffer_slice(&beginning)))
        status = error_set(error, STATUS_INVALID,
                           "%s is one JSON array, but one object a line is read; make lines of it "
                           "by: windrow eval -c '.[]' FILE > rows.jsonl",
                           file->name);
    buffer_done(&beginning);
    return status;
}

enum status
lines_open(struct source **out, struct value config, struct step_file *file, struct error *error)
{
    *out = NULL;
    struct source *source = mem_alloc(sizeof(*source));
    enum status status = begin_text(source, file, error);
    if (status == STATUS_OK)
        *out = source;
    else
        mem_free(source);
    return status;
}

enum status
lines_open_kept(struct source **out, struct value config, struct step_file *file,
                struct error *error)
{
    enum status status = lines_open(out, config, file, error);
    if (status == STATUS_OK)
        (*out)->is_kept = true;
    return status;
}

struct value
lines_columns(const struct source *source)
{
    return (struct value){0};
}

/* The parser's words name line 1 of its text, which is a line of the file. */
static const char *
parse_problem(struct reading *reading, const struct json_place *place, const struct error *error)
{
    static const char behind_place[] = ": ";
    const char *words = strstr(error->text, behind_place);
    words = words == NULL ? error->text : words + sizeof(behind_place) - 1;
    return arena_format(reading->page.arena, "line %" PRIu64 ", column %" PRIu32 ": %s",
                        reading->page.place->line, place->column, words);
}

static const char *
kind_problem(struct reading *reading, struct value value, bool is_kept)
{
    if (is_kept && value.kind == VALUE_STRING)
        return arena_copy(reading->page.arena, value_slice(value)).ptr;
    return arena_format(reading->page.arena, "line %" PRIu64 ": expected an object, found %s",
                        reading->page.place->line, value_kind_name(value));
}

static bool
take_line(struct reading *reading, struct slice line, bool is_kept)
{
    struct value value;
    struct json_place place = {0};
    struct error error = {0};
    const char *problem = NULL;
    enum status status = json_parse(&value, reading->page.arena, line, JSON_BORROW, &place, &error);
    /* An object that does not fit even in an empty batch never will. */
    if (status == STATUS_LIMIT && reading->out->count > 0)
        return false;
    if (status != STATUS_OK)
        problem = parse_problem(reading, &place, &error);
    else if (value.kind != VALUE_OBJECT)
        problem = kind_problem(reading, value, is_kept);
    reading_add(reading, problem == NULL ? value : value_null(), problem);
    return true;
}

static void
skip_long_line(struct reading *reading, struct piece *piece)
{
    const char *words =
        arena_format(reading->page.arena, "line %" PRIu64 ": the line is longer than 16 MiB",
                     reading->page.place->line);
    reading_add(reading, value_null(), words);
    reading_skip(reading, piece, NULL, NULL);
}

static enum status
read_lines(struct reading *reading, struct piece *piece, void *context)
{
    const struct source *source = context;
    while (!reading_is_full(reading) && piece->at < piece->end) {
        struct slice line;
        const char *behind;
        if (!reading_line(piece, &line, &behind)) {
            if (piece->is_full)
                skip_long_line(reading, piece);
            break;
        }
        if (slice_trim(line).size > 0 && !take_line(reading, line, source->is_kept))
            return STATUS_LIMIT;
        reading_pass(reading, piece, behind, 1);
    }
    return STATUS_OK;
}

enum status
lines_next(struct source *source, const struct source_page *page, struct source_batch *out,
           struct error *error)
{
    struct reading reading = {
        .text = &source->text,
        .page = *page,
        .out = out,
        .error = error,
    };
    return reading_fill(&reading, read_lines, source);
}

const struct step_type step_read_jsonl = {
    .decl = &read_jsonl_decl,
    .source_open = lines_open,
    .source_next = lines_next,
    .source_columns = lines_columns,
    .source_close = lines_close,
};
