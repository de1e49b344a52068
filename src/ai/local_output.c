#include "ai/local_output.h"

#include "ai/local_list.h"
#include "base/json.h"
#include "base/limits.h"
#include "expr/schema.h"

/* A value that scores less is none: it is more likely wrong than right. */
#define SCORE_LEAST 0.47
/* Bytes of a quote around a short value, and before it. */
#define QUOTE_BYTES 400
#define QUOTE_BEFORE 160

void
local_output_init(struct local_output *output, const struct ai_request *request,
                  struct arena *arena)
{
    *output =
        (struct local_output){.request = request, .arena = arena, .citations = value_empty_array()};
}

/* --- Quotes --- */

/* The end of the word at `at`. */
static const char *
word_end(const char *at, const char *end)
{
    while (at < end && (unsigned char)*at > ' ')
        at++;
    return at;
}

/* A long quote is cut at words around what it must hold. */
static struct slice
quote_cut(struct slice quote, struct slice text)
{
    const char *end = quote.ptr + quote.size;
    if (quote.size <= QUOTE_BYTES || text.ptr < quote.ptr || text.ptr + text.size > end)
        return quote;
    const char *from = text.ptr - quote.ptr > QUOTE_BEFORE ? text.ptr - QUOTE_BEFORE : quote.ptr;
    const char *to = text.ptr + text.size;
    if (to < from + QUOTE_BYTES)
        to = end - from > QUOTE_BYTES ? from + QUOTE_BYTES : end;
    from = from == quote.ptr ? from : word_end(from, text.ptr);
    to = word_end(to, end);
    return slice_trim(slice_of(from, (size_t)(to - from)));
}

static struct value
rounded(struct arena *arena, double part)
{
    return value_number(slice_text(arena_format(arena, "%.2f", part)));
}

void
local_output_cite(struct local_output *output, const struct local_citation *citation)
{
    struct arena *arena = output->arena;
    const struct ai_source *source = &output->request->sources[citation->source];
    struct slice quote = quote_cut(citation->quote, citation->text);
    struct member members[] = {
        {value_text("field"),
         citation->field.size == 0 ? value_null() : value_string(citation->field)},
        {value_text("source"), value_int(source->number)},
        {value_text("quote"), value_string(quote)},
        {value_text("start"), value_int(quote.ptr - source->text.ptr)},
        {value_text("confidence"), rounded(arena, citation->confidence)},
    };
    if (output->citations.count >= LIMIT_AI_CITATIONS)
        return;
    output->citations =
        value_array_append(arena, output->citations, value_object_new(arena, members, 5));
}

struct slice
local_output_text(struct local_output *output, struct value value)
{
    struct member members[] = {{value_text("output"), value},
                               {value_text("citations"), output->citations}};
    struct value envelope = value_object_new(output->arena, members, 2);
    if (envelope.kind == VALUE_NONE)
        return slice_of(NULL, 0);
    return json_text(output->arena, envelope);
}

/* --- Values --- */

static struct value
joined_lines(struct arena *arena, struct slice text, const char *line_end)
{
    struct buffer buffer;
    buffer_init(&buffer, text.size * 2 + 16);
    bool was_space = true;
    for (size_t i = 0; i < text.size; i++) {
        bool is_space = (unsigned char)text.ptr[i] <= ' ';
        bool is_end = text.ptr[i] == '\n' && buffer.size > 0 && line_end[0] != '\0' &&
                      buffer.ptr[buffer.size - 1] != ',';
        if (is_end)
            buffer_append_text(&buffer, line_end);
        if (!is_space || (!was_space && !is_end))
            buffer_append_byte(&buffer, is_space ? ' ' : text.ptr[i]);
        was_space = is_space;
    }
    struct value line = value_string_copy(arena, slice_trim(buffer_slice(&buffer)));
    buffer_done(&buffer);
    return line;
}

struct value
local_output_line(struct arena *arena, struct slice text)
{
    return joined_lines(arena, text, "");
}

static struct value
list_value(struct local_output *output, const struct local_finder *finder, struct slice text)
{
    struct slice members[LOCAL_LIST_MAX];
    size_t count = local_list_split(finder->wanted->lexicon, text, members, LOCAL_LIST_MAX);
    struct value list = value_empty_array();
    for (size_t i = 0; i < count; i++)
        list =
            value_array_append(output->arena, list, local_output_line(output->arena, members[i]));
    return list;
}

static struct value
money_value(struct arena *arena, const struct local_found *found)
{
    bool has_currency = found->currency[0] != '\0';
    struct member members[] = {
        {value_text("amount"), local_found_number(arena, found)},
        {value_text("currency"),
         has_currency ? value_string_copy(arena, slice_text(found->currency)) : value_null()},
    };
    return value_object_new(arena, members, 2);
}

static struct value
number_value(struct arena *arena, const struct local_found *found)
{
    return found->kind == LOCAL_DATE ? value_int(found->year) : local_found_number(arena, found);
}

static struct value
date_value(struct arena *arena, const struct local_found *found)
{
    struct local_found date = *found;
    if (date.kind != LOCAL_DATE)
        date.month = date.day = 0;
    return local_found_date(arena, &date);
}

static struct value
candidate_value(struct local_output *output, const struct local_finder *finder,
                const struct local_field *field, const struct local_candidate *candidate)
{
    struct arena *arena = output->arena;
    switch (field->type) {
    case AI_FIELD_STRING:
        if (field->choices.kind == VALUE_ARRAY)
            return value_items(field->choices)[candidate->choice];
        return local_output_line(arena, candidate->text);
    case AI_FIELD_NUMBER:
    case AI_FIELD_INTEGER:
    case AI_FIELD_PERCENTAGE:
        return number_value(arena, &candidate->found);
    case AI_FIELD_BOOLEAN:
        return value_bool(candidate->truth);
    case AI_FIELD_DATE:
        return date_value(arena, &candidate->found);
    case AI_FIELD_MONEY:
        return money_value(arena, &candidate->found);
    case AI_FIELD_EMAIL:
    case AI_FIELD_URL:
        return value_string(candidate->text);
    case AI_FIELD_ADDRESS:
        return joined_lines(arena, candidate->text, ", ");
    case AI_FIELD_LIST:
        return list_value(output, finder, candidate->text);
    }
    return (struct value){0};
}

static void
ignore_problem(const char *instance, const char *schema, const char *words, void *context)
{
}

/* Whether the value keeps to the field's own schema. A schema that does not stand alone (it refers
 * to another part, or is not valid) is left to the check of the whole answer. */
static bool
keeps(struct arena *arena, struct value schema, struct value value)
{
    struct schema *compiled;
    if (schema.kind != VALUE_OBJECT ||
        schema_compile(&compiled, arena, schema, ignore_problem, NULL) != STATUS_OK)
        return true;
    return schema_check(compiled, value, NULL, NULL) == STATUS_OK;
}

struct value
local_output_field(struct local_output *output, const struct local_finder *finder, size_t index)
{
    const struct local_field *field = &finder->wanted->fields[index];
    const struct local_pool *pool = &finder->pools[index];
    for (size_t i = 0; i < pool->count && pool->best[i].score >= SCORE_LEAST; i++) {
        const struct local_candidate *candidate = &pool->best[i];
        struct value value = candidate_value(output, finder, field, candidate);
        if (value.kind == VALUE_NONE || (value.kind == VALUE_ARRAY && value.count == 0) ||
            !keeps(output->arena, field->schema, value))
            continue;
        local_output_cite(output,
                          &(struct local_citation){.field = field->name,
                                                   .source = candidate->source,
                                                   .text = candidate->text,
                                                   .quote = candidate->quote,
                                                   .confidence = local_pool_confidence(pool, i)});
        return value;
    }
    return (struct value){0};
}
