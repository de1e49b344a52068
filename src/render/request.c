#include "render/request.h"

#include "base/civil.h"
#include "base/json.h"
#include "base/utf8.h"
#include "render/address.h"
#include "render/chart.h"
#include "render/markdown.h"
#include "render/names.h"
#include "render/picture.h"
#include "render/text.h"
#include "render/words.h"

#define DAY_MS INT64_C(86400000)
/* Dates whose years have four digits. */
#define DATE_DAYS_MIN INT64_C(-719162)
#define DATE_DAYS_MAX INT64_C(2932896)

struct request {
    struct document *document;
    struct arena *arena;
    struct supplies *supplies;
    struct value input;
    struct error *error;
};

/* A line of text; empty if it is not given. */
static enum status
read_line(struct request *request, struct slice *out, struct value object, const char *name)
{
    struct value text = value_get(object, name);
    *out = SLICE("");
    if (text.kind == VALUE_NONE || text.kind == VALUE_NULL)
        return STATUS_OK;
    if (text.kind != VALUE_STRING)
        return error_set(request->error, STATUS_INVALID, "\"%s\" is a %s; write a text", name,
                         value_kind_name(text));
    if (text.count > REQUEST_TEXT_BYTES_MAX)
        return error_set(request->error, STATUS_LIMIT, "\"%s\" is longer than %d bytes", name,
                         REQUEST_TEXT_BYTES_MAX);
    *out = text_line(request->arena, value_slice(text));
    if (out->ptr == NULL)
        return error_set(request->error, STATUS_LIMIT, "\"%s\" needs too much memory", name);
    return STATUS_OK;
}

static enum status
read_title(struct request *request)
{
    struct document *document = request->document;
    enum status status = read_line(request, &document->title_text, request->input, "title");
    if (status != STATUS_OK || document->title_text.size == 0)
        return status;
    document->title = arena_alloc(request->arena, sizeof(*document->title));
    document->title->kind = SPAN_TEXT;
    document->title->text = document->title_text;
    return STATUS_OK;
}

static enum status
read_date(struct request *request)
{
    struct document *document = request->document;
    struct value date = value_get(request->input, "date");
    int64_t unix_ms = 0;
    if (date.kind == VALUE_NONE || date.kind == VALUE_NULL)
        return STATUS_OK;
    if (!value_integer(date, &unix_ms))
        return error_set(request->error, STATUS_INVALID,
                         "\"date\" is milliseconds since 1970, a whole number");
    int64_t days = unix_ms / DAY_MS - (unix_ms % DAY_MS < 0);
    if (days < DATE_DAYS_MIN || days > DATE_DAYS_MAX)
        return error_set(request->error, STATUS_INVALID,
                         "\"date\" is milliseconds since 1970, in the years 1 to 9999");
    struct civil_date civil = civil_date_of(days);
    document->date = words_date(request->arena, document->language, civil);
    document->date_iso = slice_text(
        arena_format(request->arena, "%04d-%02d-%02d", (int)civil.year, civil.month, civil.day));
    return STATUS_OK;
}

/* Letters, digits and "-", as BCP 47 has them. */
static bool
is_language(struct slice text)
{
    for (size_t i = 0; i < text.size; i++) {
        char byte = text.ptr[i];
        bool is_letter = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
        if (!is_letter && (i == 0 || byte != '-') && (i == 0 || byte < '0' || byte > '9'))
            return false;
    }
    return text.size >= 2 && text.size <= 35 && text.ptr[text.size - 1] != '-';
}

static enum status
read_language(struct request *request)
{
    struct document *document = request->document;
    struct slice direction;
    enum status status = read_line(request, &document->language, request->input, "language");
    if (status == STATUS_OK)
        status = read_line(request, &direction, request->input, "direction");
    if (status != STATUS_OK)
        return status;
    if (document->language.size == 0)
        document->language = SLICE("en");
    if (!is_language(document->language))
        return error_set(request->error, STATUS_INVALID,
                         "\"language\" is not one; write \"en\" or \"pt-BR\"");
    if (direction.size > 0 && !slice_is(direction, "ltr") && !slice_is(direction, "rtl"))
        return error_set(request->error, STATUS_INVALID, "\"direction\" is \"ltr\" or \"rtl\"");
    bool is_right_to_left = direction.size > 0 ? slice_is(direction, "rtl")
                                               : words_are_right_to_left(document->language);
    document->direction = is_right_to_left ? DIRECTION_RIGHT_TO_LEFT : DIRECTION_LEFT_TO_RIGHT;
    return STATUS_OK;
}

/* --- Lists ----------------------------------------------------------------------------------- */

/* Reads the element at that place. */
typedef enum status read_element_fn(struct request *request, struct value from, uint32_t place);

static enum status
each_element(struct request *request, const char *name, uint32_t max, read_element_fn *read)
{
    struct value list = value_get(request->input, name);
    if (list.kind == VALUE_NONE || list.kind == VALUE_NULL)
        return STATUS_OK;
    if (list.kind != VALUE_ARRAY)
        return error_set(request->error, STATUS_INVALID, "\"%s\" is a %s; write a list", name,
                         value_kind_name(list));
    if (list.count > max)
        return error_set(request->error, STATUS_LIMIT, "\"%s\" has %u elements, at most %u may be",
                         name, list.count, max);
    for (uint32_t i = 0; i < list.count; i++) {
        enum status status = read(request, value_items(list)[i], i);
        if (status != STATUS_OK) {
            error_prepend(request->error, "\"%s\", element %u", name, i + 1);
            return status;
        }
    }
    return STATUS_OK;
}

static enum status
read_citation(struct request *request, struct value from, uint32_t place)
{
    struct citation *citation = &request->supplies->citations[place];
    *citation = (struct citation){.is_unverified = value_get(from, "verified").kind == VALUE_FALSE};
    request->supplies->citation_count = place + 1;
    if (from.kind != VALUE_OBJECT)
        return error_set(request->error, STATUS_INVALID, "a citation is an object");
    struct slice address;
    enum status status = read_line(request, &citation->title, from, "title");
    if (status == STATUS_OK)
        status = read_line(request, &citation->quote, from, "quote");
    if (status == STATUS_OK)
        status = read_line(request, &citation->document, from, "document");
    if (status == STATUS_OK)
        status = read_line(request, &address, from, "url");
    if (status == STATUS_OK && address_is_web(address))
        citation->address = address;
    return status;
}

static enum status
read_picture(struct request *request, struct value from, uint32_t place)
{
    struct picture *pictures = (struct picture *)request->supplies->pictures;
    request->supplies->picture_count = place + 1;
    return picture_read(&pictures[place], request->arena, from, request->error);
}

static enum status
read_chart(struct request *request, struct value from, uint32_t place)
{
    struct named_chart *charts = (struct named_chart *)request->supplies->charts;
    enum status status = read_line(request, &charts[place].name, from, "name");
    if (status == STATUS_OK && charts[place].name.size == 0)
        return error_set(request->error, STATUS_INVALID, "\"name\" is missing");
    if (status == STATUS_OK)
        status = chart_read(&charts[place].chart, request->arena, from, request->error);
    request->supplies->chart_count = place + 1;
    return status;
}

static enum status
read_supplies(struct request *request)
{
    struct supplies *supplies = request->supplies;
    supplies->citations =
        arena_try_alloc(request->arena, REQUEST_CITATIONS_MAX * sizeof(*supplies->citations));
    supplies->pictures =
        arena_try_alloc(request->arena, REQUEST_PICTURES_MAX * sizeof(*supplies->pictures));
    supplies->charts =
        arena_try_alloc(request->arena, REQUEST_CHARTS_MAX * sizeof(*supplies->charts));
    if (supplies->citations == NULL || supplies->pictures == NULL || supplies->charts == NULL)
        return error_set(request->error, STATUS_LIMIT, "the document needs too much memory");
    enum status status = each_element(request, "citations", REQUEST_CITATIONS_MAX, read_citation);
    if (status == STATUS_OK)
        status = each_element(request, "images", REQUEST_PICTURES_MAX, read_picture);
    if (status == STATUS_OK)
        status = each_element(request, "charts", REQUEST_CHARTS_MAX, read_chart);
    return status;
}

static enum status
read_facts(struct request *request)
{
    static const char *const names[] = {"markdown", "title",     "subtitle",  "author", "date",
                                        "language", "direction", "citations", "charts", "images"};
    struct document *document = request->document;
    if (request->input.kind != VALUE_OBJECT)
        return error_set(request->error, STATUS_INVALID, "the input is a %s, not an object",
                         value_kind_name(request->input));
    enum status status =
        names_check(request->input, "the input's member", names, COUNT_OF(names), request->error);
    if (status == STATUS_OK)
        status = read_language(request);
    if (status == STATUS_OK)
        status = read_title(request);
    if (status == STATUS_OK)
        status = read_line(request, &document->subtitle, request->input, "subtitle");
    if (status == STATUS_OK)
        status = read_line(request, &document->author, request->input, "author");
    return status == STATUS_OK ? read_date(request) : status;
}

enum status
request_read(struct document *out, struct arena *arena, struct slice input,
             struct supplies *supplies, struct error *error)
{
    struct request request = {
        .document = out, .arena = arena, .supplies = supplies, .error = error};
    *out = (struct document){.direction = DIRECTION_LEFT_TO_RIGHT};
    *supplies = (struct supplies){.citation_count = 0};
    enum status status = json_parse(&request.input, arena, input, JSON_BORROW, NULL, error);
    if (status == STATUS_OK)
        status = read_facts(&request);
    if (status == STATUS_OK)
        status = read_supplies(&request);
    if (status != STATUS_OK)
        return status;
    struct value markdown = value_get(request.input, "markdown");
    if (markdown.kind != VALUE_STRING)
        return error_set(error, STATUS_INVALID, "\"markdown\" is missing; write a text");
    return markdown_read(out, arena, value_slice(markdown), supplies, error);
}
