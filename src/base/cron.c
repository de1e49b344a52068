#include "base/cron.h"

#include "base/civil.h"
#include "base/zone.h"

#include <string.h>
#include <strings.h>

#define DAY_S 86400
#define HORIZON_DAYS (50 * 366)

/* --- reading --- */

static const char *const month_names[] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                          "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
static const char *const weekday_names[] = {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};

struct field {
    const char *what;
    int min, max;
    const char *const *names; /* of min and those behind it; NULL: none */
    size_t name_count;
};

enum { SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY, FIELD_COUNT };

static const struct field fields[FIELD_COUNT] = {
    [SECOND] = {"second", 0, 59, NULL, 0},
    [MINUTE] = {"minute", 0, 59, NULL, 0},
    [HOUR] = {"hour", 0, 23, NULL, 0},
    [DAY] = {"day of month", 1, 31, NULL, 0},
    [MONTH] = {"month", 1, 12, month_names, COUNT_OF(month_names)},
    [WEEKDAY] = {"day of week", 0, 7, weekday_names, COUNT_OF(weekday_names)},
};

struct reader {
    struct cron *cron;
    const struct field *field;
    struct slice text; /* the whole field, for words */
    uint64_t set;
    struct error *error;
};

static bool
refuse(struct reader *reader, const char *why)
{
    error_set(reader->error, STATUS_INVALID, "%s: %s in \"%.*s\"", reader->field->what, why,
              SLICE_FORMAT(slice_cut(reader->text, 60)));
    return false;
}

/* Takes what comes before the byte off *rest. */
static struct slice
take_until(struct slice *rest, char byte)
{
    const char *end = rest->size == 0 ? NULL : memchr(rest->ptr, byte, rest->size);
    size_t size = end == NULL ? rest->size : (size_t)(end - rest->ptr);
    struct slice part = slice_of(rest->ptr, size);
    size_t used = end == NULL ? size : size + 1;
    *rest = slice_of(rest->ptr + used, rest->size - used);
    return part;
}

static bool
read_number(struct reader *reader, struct slice text, int *out)
{
    const struct field *field = reader->field;
    int64_t number = 0;
    for (size_t i = 0; i < field->name_count; i++) {
        if (text.size == 3 && strncasecmp(text.ptr, field->names[i], 3) == 0) {
            *out = field->min + (int)i;
            return true;
        }
    }
    if (text.size == 0 || text.ptr[0] == '-' || !slice_parse_int64(text, &number))
        return refuse(reader, field->name_count > 0 ? "expected a number or a name of three letters"
                                                    : "expected a number");
    if (number < field->min || number > field->max)
        return refuse(reader, "a number is out of range");
    *out = (int)number;
    return true;
}

static bool
is_star(struct slice text)
{
    return slice_is(text, "*") || slice_is(text, "?");
}

static bool
read_step(struct reader *reader, struct slice text, int *out)
{
    int64_t number = 0;
    if (!slice_parse_int64(text, &number) || number < 1 || number > reader->field->max)
        return refuse(reader, "expected a step of 1 or more behind the slash");
    *out = (int)number;
    return true;
}

/* "*", "a", "a-b", each maybe with "/n"; "a/n" goes to the end. A range of days of the week may go
 * over Sunday. */
static bool
read_range(struct reader *reader, struct slice text)
{
    struct slice rest = text;
    struct slice range = take_until(&rest, '/');
    bool has_step = range.size < text.size;
    int first = reader->field->min, last = reader->field->max, step = 1;
    if (has_step && !read_step(reader, rest, &step))
        return false;
    if (!is_star(range)) {
        struct slice end = range;
        struct slice begin = take_until(&end, '-');
        bool has_end = begin.size < range.size;
        if (!read_number(reader, begin, &first))
            return false;
        if (has_end && !read_number(reader, end, &last))
            return false;
        if (!has_end && !has_step)
            last = first;
    }
    if (first > last && reader->field != &fields[WEEKDAY])
        return refuse(reader, "a range ends before it begins");
    if (first > last)
        last += 7;
    for (int i = first; i <= last; i += step)
        reader->set |= UINT64_C(1) << (reader->field == &fields[WEEKDAY] ? i % 7 : i);
    return true;
}

/* "5L": the last Friday; "2#1": the first Tuesday. */
static bool
read_weekday(struct reader *reader, struct slice text)
{
    struct slice rest = text;
    struct slice day = take_until(&rest, '#');
    int number = 0, nth = 0;
    if (day.size < text.size) {
        bool is_good = rest.size == 1 && rest.ptr[0] >= '1' && rest.ptr[0] <= '5';
        if (!is_good)
            return refuse(reader, "expected 1 to 5 behind #");
        nth = rest.ptr[0] - '0';
        if (!read_number(reader, day, &number))
            return false;
        reader->cron->nth_weekdays[nth] |= (uint8_t)(1u << number % 7);
        return true;
    }
    if (text.size < 2 || (text.ptr[text.size - 1] | 0x20) != 'l')
        return read_range(reader, text);
    if (!read_number(reader, slice_of(text.ptr, text.size - 1), &number))
        return false;
    reader->cron->last_weekdays |= (uint8_t)(1u << number % 7);
    return true;
}

static bool
read_part(struct reader *reader, struct slice text)
{
    if (reader->field == &fields[DAY] && (slice_is(text, "L") || slice_is(text, "l"))) {
        reader->cron->last_day = true;
        return true;
    }
    return reader->field == &fields[WEEKDAY] ? read_weekday(reader, text)
                                             : read_range(reader, text);
}

static bool
read_field(struct reader *reader, size_t index, struct slice text)
{
    struct slice rest = text;
    *reader = (struct reader){reader->cron, &fields[index], text, 0, reader->error};
    do {
        bool has_more = rest.size > 0 && memchr(rest.ptr, ',', rest.size) != NULL;
        struct slice part = take_until(&rest, ',');
        if (part.size == 0 || (has_more && rest.size == 0))
            return refuse(reader, "a part of a list is empty");
        if (!read_part(reader, part))
            return false;
    } while (rest.size > 0);
    return true;
}

static void
keep_field(struct cron *cron, size_t index, uint64_t set, struct slice text)
{
    bool is_any = text.ptr[0] == '*' || text.ptr[0] == '?';
    switch (index) {
    case SECOND:
        cron->seconds = set;
        break;
    case MINUTE:
        cron->minutes = set;
        break;
    case HOUR:
        cron->hours = (uint32_t)set;
        cron->is_hourly = is_any;
        break;
    case DAY:
        cron->days = (uint32_t)set;
        cron->is_any_day = is_star(text);
        break;
    case MONTH:
        cron->months = (uint16_t)set;
        break;
    default:
        cron->weekdays = (uint8_t)set;
        cron->is_any_weekday = is_star(text);
        break;
    }
}

/* What stands for the usual ones. */
static struct slice
expand_word(struct slice text)
{
    static const struct {
        const char *word, *meaning;
    } words[] = {
        {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"},
        {"@weekly", "0 0 * * 0"}, {"@daily", "0 0 * * *"},    {"@midnight", "0 0 * * *"},
        {"@hourly", "0 * * * *"},
    };
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (slice_is(text, words[i].word))
            return slice_text(words[i].meaning);
    }
    return text;
}

/* How many words there are; the first FIELD_COUNT of them in *out. */
static size_t
split(struct slice text, struct slice out[FIELD_COUNT])
{
    size_t count = 0;
    for (size_t i = 0; i < text.size;) {
        size_t begin = i;
        while (i < text.size && text.ptr[i] != ' ' && text.ptr[i] != '\t')
            i++;
        if (i > begin && count < FIELD_COUNT)
            out[count] = slice_of(text.ptr + begin, i - begin);
        count += i > begin;
        i++;
    }
    return count;
}

enum status
cron_parse(struct cron *out, struct slice text, struct error *error)
{
    struct slice parts[FIELD_COUNT] = {{0}};
    struct reader reader = {.cron = out, .error = error};
    *out = (struct cron){.seconds = 1};
    size_t count = split(expand_word(slice_trim(text)), parts);
    if (count != FIELD_COUNT && count != FIELD_COUNT - 1)
        return error_set(error, STATUS_INVALID,
                         "expected five fields: minute, hour, day of month, month, day of week (or "
                         "six with the second first), found %zu",
                         count);
    size_t skipped = FIELD_COUNT - count;
    for (size_t i = 0; i < count; i++) {
        if (!read_field(&reader, i + skipped, parts[i]))
            return STATUS_INVALID;
        keep_field(out, i + skipped, reader.set, parts[i]);
    }
    return STATUS_OK;
}

/* --- going on --- */

static int
days_in_month(int64_t year, int month)
{
    return (int)(civil_days(year, month + 1, 1) - civil_days(year, month, 1));
}

static bool
weekday_fits(const struct cron *cron, int weekday, int day, int day_count)
{
    unsigned bit = 1u << weekday;
    return (cron->weekdays & bit) != 0 || (cron->nth_weekdays[(day - 1) / 7 + 1] & bit) != 0 ||
           ((cron->last_weekdays & bit) != 0 && day + 7 > day_count);
}

static bool
day_fits(const struct cron *cron, int64_t day_number)
{
    struct civil_date date = civil_date_of(day_number);
    int count = days_in_month(date.year, date.month);
    int weekday = (int)(((day_number + 4) % 7 + 7) % 7); /* 1970 began on a Thursday */
    if ((cron->months >> date.month & 1) == 0)
        return false;
    bool of_month = (cron->days >> date.day & 1) != 0 || (cron->last_day && date.day == count);
    bool of_week = weekday_fits(cron, weekday, date.day, count);
    if (cron->is_any_day || cron->is_any_weekday)
        return (cron->is_any_day || of_month) && (cron->is_any_weekday || of_week);
    return of_month || of_week;
}

/* The first second of the day at or after `from` that fits; -1: none. */
static int64_t
time_of_day(const struct cron *cron, int64_t from)
{
    for (int64_t hour = from / 3600; hour < 24; hour++) {
        if ((cron->hours >> hour & 1) == 0)
            continue;
        int64_t in_hour = from > hour * 3600 ? from - hour * 3600 : 0;
        for (int64_t minute = in_hour / 60; minute < 60; minute++) {
            if ((cron->minutes >> minute & 1) == 0)
                continue;
            int64_t second = in_hour > minute * 60 ? in_hour - minute * 60 : 0;
            for (; second < 60; second++) {
                if ((cron->seconds >> second & 1) != 0)
                    return hour * 3600 + minute * 60 + second;
            }
        }
    }
    return -1;
}

static int64_t
day_of(int64_t local_s)
{
    return (local_s - (local_s % DAY_S + DAY_S) % DAY_S) / DAY_S;
}

/* The first local time in [from, end) that fits, looked for up to some day. */
static bool
find_local(const struct cron *cron, int64_t from, int64_t end, int64_t last_day, int64_t *out)
{
    for (int64_t day = day_of(from); day <= last_day && day * DAY_S < end; day++) {
        if (!day_fits(cron, day))
            continue;
        int64_t begin = from > day * DAY_S ? from - day * DAY_S : 0;
        int64_t second = time_of_day(cron, begin);
        if (second >= 0 && day * DAY_S + second < end) {
            *out = day * DAY_S + second;
            return true;
        }
    }
    return false;
}

/* Within one span of the zone, from an instant on. */
static bool
find_in_span(const struct cron *cron, const struct zone *zone, const struct zone_span *span,
             int64_t from, int64_t last_day, int64_t *out)
{
    int64_t begin = from + span->offset_s;
    int64_t end = span->end_unix_s == INT64_MAX ? INT64_MAX : span->end_unix_s + span->offset_s;
    int64_t local = 0;
    if (span->begin_unix_s != INT64_MIN && !cron->is_hourly) {
        struct zone_span before = zone_span_of(zone, span->begin_unix_s - 1);
        int64_t shown = span->begin_unix_s + before.offset_s;
        int64_t shows = span->begin_unix_s + span->offset_s;
        if (from == span->begin_unix_s && find_local(cron, shown, shows, last_day, &local)) {
            *out = from;
            return true;
        }
        begin = begin < shown ? shown : begin;
    }
    if (!find_local(cron, begin, end, last_day, &local))
        return false;
    *out = local - span->offset_s;
    return true;
}

bool
cron_next(const struct cron *cron, const struct zone *zone, int64_t after_unix_s,
          int64_t *out_unix_s)
{
    int64_t from = after_unix_s + 1;
    int64_t last_day = day_of(from) + HORIZON_DAYS;
    while (day_of(from) <= last_day) {
        struct zone_span span = zone_span_of(zone, from);
        if (find_in_span(cron, zone, &span, from, last_day, out_unix_s))
            return true;
        if (span.end_unix_s == INT64_MAX)
            return false;
        from = span.end_unix_s;
    }
    return false;
}
