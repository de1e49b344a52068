#include "base/moment.h"

#include "base/civil.h"
#include "base/clock.h"

#include <string.h>

#define DAY_MS INT64_C(86400000)

/* A text that is read from left to right; `is_good` stays false after the first mismatch. */
struct reader {
    const char *at, *end;
    bool is_good;
};

struct date {
    int64_t year, month, day, hour, minute, second, ms;
};

static bool
next_is(const struct reader *reader, const char *bytes)
{
    return reader->at < reader->end && *reader->at != '\0' && strchr(bytes, *reader->at) != NULL;
}

/* One of these bytes; gives it. */
static char
read_byte(struct reader *reader, const char *bytes)
{
    if (!next_is(reader, bytes)) {
        reader->is_good = false;
        return '\0';
    }
    return *reader->at++;
}

static int64_t
read_number(struct reader *reader, int digits)
{
    int64_t number = 0;
    for (int i = 0; i < digits; i++)
        number = number * 10 + (read_byte(reader, "0123456789") - '0');
    return number;
}

/* Digits beyond milliseconds are passed over. */
static int64_t
read_fraction_ms(struct reader *reader)
{
    int64_t ms = 0;
    int digits = 0;
    for (; next_is(reader, "0123456789"); digits++) {
        int digit = *reader->at++ - '0';
        if (digits < 3)
            ms = ms * 10 + digit;
    }
    reader->is_good &= digits > 0;
    for (; digits < 3; digits++)
        ms *= 10;
    return ms;
}

static int64_t
read_zone_ms(struct reader *reader)
{
    char sign = read_byte(reader, "Zz+-");
    if (!reader->is_good || sign == 'Z' || sign == 'z')
        return 0;
    int64_t hours = read_number(reader, 2);
    if (next_is(reader, ":"))
        reader->at++;
    int64_t minutes = read_number(reader, 2);
    reader->is_good &= hours < 24 && minutes < 60;
    int64_t ms = (hours * 60 + minutes) * 60000;
    return sign == '-' ? -ms : ms;
}

static int64_t
days_in_month(int64_t year, int64_t month)
{
    static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && is_leap);
}

static bool
is_date(const struct date *date)
{
    return date->year >= 1970 && date->month >= 1 && date->month <= 12 && date->day >= 1 &&
           date->day <= days_in_month(date->year, date->month) && date->hour < 24 &&
           date->minute < 60 && date->second < 61;
}

static bool
give(const struct reader *reader, const struct date *date, int64_t zone_ms, int64_t *unix_ms)
{
    if (!reader->is_good || reader->at != reader->end || !is_date(date))
        return false;
    *unix_ms = civil_days(date->year, date->month, date->day) * DAY_MS +
               ((date->hour * 60 + date->minute) * 60 + date->second) * 1000 + date->ms - zone_ms;
    return true;
}

bool
moment_parse_iso(struct slice text, int64_t *unix_ms)
{
    struct reader reader = {text.ptr, text.ptr + text.size, true};
    struct date date = {0};
    date.year = read_number(&reader, 4);
    read_byte(&reader, "-");
    date.month = read_number(&reader, 2);
    read_byte(&reader, "-");
    date.day = read_number(&reader, 2);
    read_byte(&reader, "Tt ");
    date.hour = read_number(&reader, 2);
    read_byte(&reader, ":");
    date.minute = read_number(&reader, 2);
    if (next_is(&reader, ":")) {
        reader.at++;
        date.second = read_number(&reader, 2);
        if (next_is(&reader, ".,")) {
            reader.at++;
            date.ms = read_fraction_ms(&reader);
        }
    }
    int64_t zone_ms = read_zone_ms(&reader);
    return give(&reader, &date, zone_ms, unix_ms);
}

/* One of several names of three letters; from 1. */
static int64_t
read_name(struct reader *reader, const char *names)
{
    static const ptrdiff_t size = 3;
    if (reader->end - reader->at >= size) {
        for (int64_t i = 0; names[i * size] != '\0'; i++) {
            if (memcmp(reader->at, names + i * size, (size_t)size) != 0)
                continue;
            reader->at += size;
            return i + 1;
        }
    }
    reader->is_good = false;
    return 1;
}

bool
moment_parse_http(struct slice text, int64_t *unix_ms)
{
    struct reader reader = {text.ptr, text.ptr + text.size, true};
    struct date date = {0};
    read_name(&reader, "MonTueWedThuFriSatSun");
    read_byte(&reader, ",");
    read_byte(&reader, " ");
    date.day = read_number(&reader, 2);
    read_byte(&reader, " ");
    date.month = read_name(&reader, "JanFebMarAprMayJunJulAugSepOctNovDec");
    read_byte(&reader, " ");
    date.year = read_number(&reader, 4);
    read_byte(&reader, " ");
    date.hour = read_number(&reader, 2);
    read_byte(&reader, ":");
    date.minute = read_number(&reader, 2);
    read_byte(&reader, ":");
    date.second = read_number(&reader, 2);
    read_byte(&reader, " ");
    read_name(&reader, "GMT");
    return give(&reader, &date, 0, unix_ms);
}

struct value
moment_value(int64_t unix_ms, struct arena *arena)
{
    char text[CLOCK_ISO_BYTES];
    if (unix_ms == 0)
        return value_null();
    clock_iso(unix_ms, text);
    return value_string_copy(arena, slice_text(text));
}
