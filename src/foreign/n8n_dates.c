/* Dates in expressions of n8n: seconds since 1970 until they become text, in UTC. */
#include "foreign/n8n_jq.h"
#include "foreign/n8n_js.h"

#include <ctype.h>

struct jq
jq_date_member(struct n8n_scope *scope, struct jq date, struct slice name)
{
    static const struct {
        const char *name, *format;
    } table[] = {
        {"year", "%Y"},    {"month", "%m"},      {"day", "%d"},
        {"hour", "%H"},    {"minute", "%M"},     {"second", "%S"},
        {"weekday", "%u"}, {"weekNumber", "%V"}, {"ordinal", "%j"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        if (slice_is(name, table[i].name))
            return jq_term(JQ_NUMBER, n8n_cat(scope->n8n->arena, "(", date.text, " | strftime(\"",
                                              table[i].format, "\") | tonumber)", NULL));
    }
    return jq_fail(scope, arena_format(scope->n8n->arena, "`%.*s` of a date is not translated",
                                       SLICE_FORMAT(slice_cut(name, 60))));
}

/* --- formats --- */

/* The length of the run of one letter at the beginning. */
static size_t
run_of(struct slice text)
{
    size_t size = 0;
    while (size < text.size && text.ptr[size] == text.ptr[0])
        size++;
    return size;
}

static const char *
token_format(struct slice token)
{
    static const struct {
        const char *token, *format;
    } table[] = {
        {"yyyy", "%Y"}, {"YYYY", "%Y"}, {"yy", "%y"},     {"LLLL", "%B"},   {"MMMM", "%B"},
        {"LLL", "%b"},  {"MMM", "%b"},  {"LL", "%m"},     {"MM", "%m"},     {"dd", "%d"},
        {"DD", "%d"},   {"HH", "%H"},   {"hh", "%I"},     {"mm", "%M"},     {"ss", "%S"},
        {"SSS", "000"}, {"a", "%p"},    {"A", "%p"},      {"EEEE", "%A"},   {"cccc", "%A"},
        {"EEE", "%a"},  {"ccc", "%a"},  {"ooo", "%j"},    {"WW", "%V"},     {"kkkk", "%G"},
        {"X", "%s"},    {"z", "UTC"},   {"ZZ", "+00:00"}, {"ZZZ", "+0000"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        if (slice_is(token, table[i].token))
            return table[i].format;
    }
    return NULL;
}

/* A format of Luxon as one of strftime; NULL: something of it is not known. */
static const char *
date_format(struct n8n_scope *scope, struct slice text)
{
    struct arena *arena = scope->n8n->arena;
    const char *out = "";
    for (size_t size; text.size > 0 && out != NULL;
         text = slice_of(text.ptr + size, text.size - size)) {
        const char *close = memchr(text.ptr + 1, '\'', text.size - 1);
        if (text.ptr[0] == '\'' && close != NULL) {
            size = (size_t)(close - text.ptr) + 1;
            out =
                n8n_cat(arena, out, arena_copy(arena, slice_of(text.ptr + 1, size - 2)).ptr, NULL);
        } else if (isalpha((unsigned char)text.ptr[0]) && text.ptr[0] != 'T') {
            size = run_of(text);
            out = n8n_cat(arena, out, token_format(slice_of(text.ptr, size)), NULL);
        } else {
            size = 1;
            out = n8n_cat(arena, out, text.ptr[0] == '%' ? "%" : "",
                          arena_format(arena, "%c", text.ptr[0]), NULL);
        }
    }
    return out;
}

static struct jq
format_call(struct n8n_scope *scope, struct jq date, const struct js *format)
{
    if (format == NULL || format->kind != JS_TEXT || format->next != NULL)
        return jq_fail(scope, "a date's format that is no plain text is not translated");
    const char *words = date_format(scope, format->text);
    if (words == NULL)
        return jq_fail(scope,
                       arena_format(scope->n8n->arena, "the date format \"%.*s\" is not translated",
                                    SLICE_FORMAT(slice_cut(format->text, 60))));
    return jq_term(JQ_STRING, n8n_cat(scope->n8n->arena, "(", date.text, " | strftime(",
                                      jq_quote(scope, slice_text(words)), "))", NULL));
}

/* --- calculating --- */

/* Seconds of a unit; 0 if it is not of one length, or not known. */
static int
unit_seconds(struct slice unit)
{
    static const struct {
        const char *name;
        int seconds;
    } table[] = {{"second", 1}, {"minute", 60}, {"hour", 3600}, {"day", 86400}, {"week", 604800}};
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        size_t size = strlen(table[i].name);
        if (slice_starts_with(unit, slice_text(table[i].name)) &&
            (unit.size == size || (unit.size == size + 1 && unit.ptr[size] == 's')))
            return table[i].seconds;
    }
    return 0;
}

static bool
is_month_unit(struct slice unit)
{
    return slice_is(unit, "month") || slice_is(unit, "months") || slice_is(unit, "year") ||
           slice_is(unit, "years");
}

/* Months differ in length: the 31st becomes the last day of a shorter one. */
static const char *
add_months(struct n8n_scope *scope, const char *date, const char *count, bool is_years)
{
    return n8n_cat(scope->n8n->arena, "(", count, is_years ? " * 12" : "", " as $months | ", date,
                   " | gmtime | .[1] += $months | . as $to | mktime | if (gmtime | .[2]) == $to[2] "
                   "then . else . - (gmtime | .[2]) * 86400 end)",
                   NULL);
}

static const char *
add_unit(struct n8n_scope *scope, const char *date, const char *count, struct slice unit)
{
    struct arena *arena = scope->n8n->arena;
    int seconds = unit_seconds(unit);
    if (seconds > 0)
        return n8n_cat(arena, "(", date, " + ", count, " * ", arena_format(arena, "%d", seconds),
                       ")", NULL);
    if (is_month_unit(unit))
        return add_months(scope, date, count, unit.ptr[0] == 'y');
    jq_fail(scope, arena_format(arena, "the unit \"%.*s\" of a date is not translated",
                                SLICE_FORMAT(slice_cut(unit, 60))));
    return NULL;
}

/* plus({days: 1}), plus(1, 'days'), minus */
static struct jq
plus_call(struct n8n_scope *scope, struct jq date, const struct js *what, const char *sign)
{
    struct arena *arena = scope->n8n->arena;
    const char *text = date.text;
    if (what != NULL && what->kind == JS_OBJECT) {
        for (const struct js *part = what->parts; part != NULL && text != NULL; part = part->next) {
            struct jq count = n8n_jq_of(scope, part->parts);
            if (count.text == NULL)
                return count;
            text =
                add_unit(scope, text, n8n_cat(arena, "(", sign, jq_number(scope, count), ")", NULL),
                         part->text);
        }
        return jq_term(JQ_DATE, text);
    }
    if (what == NULL || what->next == NULL || what->next->kind != JS_TEXT)
        return jq_fail(scope, "such a calculation with a date is not translated");
    struct jq count = n8n_jq_of(scope, what);
    if (count.text == NULL)
        return count;
    return jq_term(JQ_DATE, add_unit(scope, text,
                                     n8n_cat(arena, "(", sign, jq_number(scope, count), ")", NULL),
                                     what->next->text));
}

static struct jq
start_of_call(struct n8n_scope *scope, struct jq date, const struct js *unit)
{
    static const struct {
        const char *unit, *jq;
    } table[] = {
        {"day", ". - . % 86400"},
        {"hour", ". - . % 3600"},
        {"minute", ". - . % 60"},
        {"week", ". - . % 86400 | . - (strftime(\"%u\") | tonumber - 1) * 86400"},
        {"month", "strftime(\"%Y-%m-01T00:00:00Z\") | fromdate"},
        {"year", "strftime(\"%Y-01-01T00:00:00Z\") | fromdate"},
    };
    for (size_t i = 0; unit != NULL && unit->kind == JS_TEXT && i < COUNT_OF(table); i++) {
        if (slice_is(unit->text, table[i].unit))
            return jq_term(JQ_DATE, n8n_cat(scope->n8n->arena, "(", date.text, " | floor | ",
                                            table[i].jq, ")", NULL));
    }
    return jq_fail(scope, "such a `startOf` is not translated");
}

struct jq
jq_date_call(struct n8n_scope *scope, struct jq date, struct slice name, const struct js *arguments)
{
    static const struct {
        const char *name, *before, *after;
        enum jq_type type;
    } table[] = {
        {"toISO", "(", " | strftime(\"%Y-%m-%dT%H:%M:%S.000Z\"))", JQ_STRING},
        {"toISOString", "(", " | strftime(\"%Y-%m-%dT%H:%M:%S.000Z\"))", JQ_STRING},
        {"toString", "(", " | strftime(\"%Y-%m-%dT%H:%M:%S.000Z\"))", JQ_STRING},
        {"toISODate", "(", " | strftime(\"%Y-%m-%d\"))", JQ_STRING},
        {"toISOTime", "(", " | strftime(\"%H:%M:%S.000Z\"))", JQ_STRING},
        {"toMillis", "(", " * 1000 | floor)", JQ_NUMBER},
        {"getTime", "(", " * 1000 | floor)", JQ_NUMBER},
        {"valueOf", "(", " * 1000 | floor)", JQ_NUMBER},
        {"toSeconds", "(", ")", JQ_NUMBER},
        {"toUnixInteger", "(", " | floor)", JQ_NUMBER},
        {"getFullYear", "(", " | strftime(\"%Y\") | tonumber)", JQ_NUMBER},
        {"getMonth", "(", " | strftime(\"%m\") | tonumber - 1)", JQ_NUMBER},
        {"getDate", "(", " | strftime(\"%d\") | tonumber)", JQ_NUMBER},
        {"getDay", "(", " | strftime(\"%w\") | tonumber)", JQ_NUMBER},
        {"getHours", "(", " | strftime(\"%H\") | tonumber)", JQ_NUMBER},
        {"getMinutes", "(", " | strftime(\"%M\") | tonumber)", JQ_NUMBER},
        {"toUTC", "(", ")", JQ_DATE},
        {"toDateTime", "(", ")", JQ_DATE},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        if (slice_is(name, table[i].name))
            return jq_term(table[i].type, n8n_cat(scope->n8n->arena, table[i].before, date.text,
                                                  table[i].after, NULL));
    }
    if (slice_is(name, "toFormat") || slice_is(name, "format"))
        return format_call(scope, date, arguments);
    if (slice_is(name, "plus") || slice_is(name, "minus"))
        return plus_call(scope, date, arguments, slice_is(name, "plus") ? "" : "-");
    if (slice_is(name, "startOf") || slice_is(name, "beginningOf"))
        return start_of_call(scope, date, arguments);
    return jq_fail(scope, arena_format(scope->n8n->arena, "`%.*s()` of a date is not translated",
                                       SLICE_FORMAT(slice_cut(name, 60))));
}
