#include "render/chart.h"

#include "base/json.h"
#include "render/names.h"
#include "render/text.h"

#include <math.h>

struct chart_reader {
    struct arena *arena;
    struct chart *chart;
    struct error *error;
};

static enum status
invalid(struct chart_reader *reader, const char *words)
{
    return error_set(reader->error, STATUS_INVALID, "%s", words);
}

/* A line of text of a string or a number; empty if there is none. */
static enum status
read_text(struct chart_reader *reader, struct slice *out, struct value from, const char *what)
{
    *out = SLICE("");
    if (from.kind == VALUE_NONE || from.kind == VALUE_NULL)
        return STATUS_OK;
    if (from.kind != VALUE_STRING && !value_is_number(from))
        return error_set(reader->error, STATUS_INVALID, "%s is a %s; write a text", what,
                         value_kind_name(from));
    struct slice text =
        from.kind == VALUE_STRING ? value_slice(from) : json_text(reader->arena, from);
    *out = text_line(reader->arena, text);
    if (out->ptr == NULL || out->size > CHART_TEXT_BYTES_MAX)
        return error_set(reader->error, STATUS_LIMIT, "%s is longer than %d bytes", what,
                         CHART_TEXT_BYTES_MAX);
    return STATUS_OK;
}

/* "12.5" as a value that a template left as text. */
static struct value
number_of_text(struct chart_reader *reader, struct value from)
{
    struct value number = {0};
    if (from.kind != VALUE_STRING)
        return from;
    struct slice text = slice_trim(value_slice(from));
    if (text.size == 0)
        return value_null();
    if (json_parse(&number, reader->arena, text, 0, NULL, NULL) != STATUS_OK)
        return from;
    return number;
}

static enum status
read_value(struct chart_reader *reader, double *out, struct value from)
{
    struct value number = number_of_text(reader, from);
    *out = NAN;
    if (number.kind == VALUE_NULL)
        return STATUS_OK;
    if (!value_is_number(number))
        return invalid(reader, "a value is no number; write numbers, or null for a gap");
    *out = value_real(number);
    if (!(fabs(*out) <= CHART_VALUE_MAX))
        return invalid(reader, "a value is beyond 1e15; show it in another unit");
    return STATUS_OK;
}

static enum status
read_labels(struct chart_reader *reader, struct value from)
{
    struct chart *chart = reader->chart;
    if (from.kind != VALUE_ARRAY)
        return invalid(reader, "\"labels\" is missing; write a list of texts, one a value");
    if (from.count == 0)
        return invalid(reader, "there are no labels; leave out a chart that has nothing to show, "
                               "by {{#if = (.rows | length) > 0}} around it");
    if (from.count > CHART_LABELS_MAX)
        return error_set(reader->error, STATUS_LIMIT,
                         "there are %u labels, and a chart shows %d at most", from.count,
                         CHART_LABELS_MAX);
    struct slice *labels = arena_try_alloc(reader->arena, from.count * sizeof(*labels));
    if (labels == NULL)
        return error_set(reader->error, STATUS_LIMIT, "the chart needs too much memory");
    chart->labels = labels;
    chart->label_count = from.count;
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < from.count && status == STATUS_OK; i++)
        status = read_text(reader, &labels[i], value_items(from)[i], "a label");
    return status;
}

static enum status
read_values(struct chart_reader *reader, struct chart_series *series, struct value from)
{
    uint32_t count = reader->chart->label_count;
    if (from.kind != VALUE_ARRAY)
        return invalid(reader, "a series has no \"values\"; write a list of numbers");
    if (from.count != count)
        return error_set(reader->error, STATUS_INVALID,
                         "series \"%.*s\" has %u values for %u labels; give one a label, null for "
                         "a gap",
                         SLICE_FORMAT(series->name), from.count, count);
    double *values = arena_try_alloc(reader->arena, count * sizeof(*values));
    if (values == NULL)
        return error_set(reader->error, STATUS_LIMIT, "the chart needs too much memory");
    series->values = values;
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < count && status == STATUS_OK; i++)
        status = read_value(reader, &values[i], value_items(from)[i]);
    return status;
}

/* An object with a name, or a bare list of numbers. */
static enum status
read_one_series(struct chart_reader *reader, struct chart_series *series, struct value from)
{
    static const char *const names[] = {"name", "values"};
    if (from.kind == VALUE_ARRAY)
        return read_values(reader, series, from);
    if (from.kind != VALUE_OBJECT)
        return invalid(reader, "a series is {name: ..., values: [...]}");
    enum status status =
        names_check(from, "the series' member", names, COUNT_OF(names), reader->error);
    if (status == STATUS_OK)
        status = read_text(reader, &series->name, value_get(from, "name"), "a series' name");
    return status == STATUS_OK ? read_values(reader, series, value_get(from, "values")) : status;
}

static enum status
read_series(struct chart_reader *reader, struct value from)
{
    if (from.kind != VALUE_ARRAY || from.count == 0)
        return invalid(reader, "\"series\" is missing; write [{name: ..., values: [...]}]");
    if (from.count > CHART_SERIES_MAX)
        return error_set(reader->error, STATUS_LIMIT,
                         "there are %u series, and a chart shows %d at most", from.count,
                         CHART_SERIES_MAX);
    struct chart_series *series = arena_alloc(reader->arena, from.count * sizeof(*series));
    reader->chart->series = series;
    reader->chart->series_count = from.count;
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < from.count && status == STATUS_OK; i++) {
        status = read_one_series(reader, &series[i], value_items(from)[i]);
        if (status == STATUS_OK && from.count > 1 && series[i].name.size == 0)
            status = invalid(reader, "a series has no \"name\"; with several, each needs one");
    }
    return status;
}

static enum status
read_type(struct chart_reader *reader, struct value from)
{
    if (from.kind == VALUE_STRING && slice_is(value_slice(from), "bar"))
        reader->chart->type = CHART_BAR;
    else if (from.kind == VALUE_STRING && slice_is(value_slice(from), "line"))
        reader->chart->type = CHART_LINE;
    else
        return invalid(reader, "\"type\" is \"bar\" or \"line\"");
    return STATUS_OK;
}

enum status
chart_read(const struct chart **out, struct arena *arena, struct value from, struct error *error)
{
    static const char *const names[] = {"type", "title", "labels", "series", "unit", "name"};
    struct chart *chart = arena_alloc(arena, sizeof(*chart));
    struct chart_reader reader = {.arena = arena, .chart = chart, .error = error};
    *out = NULL;
    if (from.kind != VALUE_OBJECT)
        return invalid(&reader, "a chart is {type: bar, labels: [...], series: [...]}");
    enum status status = names_check(from, "the chart's member", names, COUNT_OF(names), error);
    if (status == STATUS_OK)
        status = read_type(&reader, value_get(from, "type"));
    if (status == STATUS_OK)
        status = read_text(&reader, &chart->title, value_get(from, "title"), "\"title\"");
    if (status == STATUS_OK)
        status = read_text(&reader, &chart->unit, value_get(from, "unit"), "\"unit\"");
    if (status == STATUS_OK)
        status = read_labels(&reader, value_get(from, "labels"));
    if (status == STATUS_OK)
        status = read_series(&reader, value_get(from, "series"));
    if (status == STATUS_OK)
        *out = chart;
    return status;
}
