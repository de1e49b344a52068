#include "expr/date.h"
#include "expr/date_names.h"

#define CENTURY_TURN 69 /* two digits from here on mean 1969 to 1999 */

const struct date_name date_weekdays[DATE_WEEKDAYS] = {
    {"Sunday", "Sun"},   {"Monday", "Mon"}, {"Tuesday", "Tue"},  {"Wednesday", "Wed"},
    {"Thursday", "Thu"}, {"Friday", "Fri"}, {"Saturday", "Sat"},
};

const struct date_name date_months[DATE_MONTHS] = {
    {"January", "Jan"},   {"February", "Feb"}, {"March", "Mar"},    {"April", "Apr"},
    {"May", "May"},       {"June", "Jun"},     {"July", "Jul"},     {"August", "Aug"},
    {"September", "Sep"}, {"October", "Oct"},  {"November", "Nov"}, {"December", "Dec"},
};

const char *
date_whole_format(char letter)
{
    switch (letter) {
    case 'c':
        return "%a %b %e %H:%M:%S %Y";
    case 'D':
    case 'x':
        return "%m/%d/%y";
    case 'F':
        return "%Y-%m-%d";
    case 'r':
        return "%I:%M:%S %p";
    case 'R':
        return "%H:%M";
    case 'T':
    case 'X':
        return "%H:%M:%S";
    default:
        return NULL;
    }
}

/* What was read so far. */
struct reading {
    struct slice text;
    size_t at;
    int64_t year;
    int64_t century; /* -1: not given */
    int64_t month;   /* -1: not given */
    int64_t day;     /* -1: not given */
    int64_t yearday; /* -1: not given */
    int64_t hour;
    int64_t minute;
    int64_t second;
    int64_t half;   /* 0 AM, 1 PM, -1: not given */
    int64_t offset; /* east of UTC, in seconds */
    int64_t moment; /* of %s */
    bool has_moment;
};

static char
peek(const struct reading *reading)
{
    return reading->at < reading->text.size ? reading->text.ptr[reading->at] : '\0';
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void
skip_space(struct reading *reading)
{
    while (is_space(peek(reading)))
        reading->at++;
}

static bool
read_byte(struct reading *reading, char wanted)
{
    if (reading->at >= reading->text.size || peek(reading) != wanted)
        return false;
    reading->at++;
    return true;
}

struct range {
    int64_t low;
    int64_t high;
    int digits; /* at most */
};

static bool
read_number(struct reading *reading, struct range range, int64_t *out)
{
    int64_t number = 0;
    int digits = 0;
    skip_space(reading);
    for (; digits < range.digits && is_digit(peek(reading)); digits++)
        number = number * 10 + (reading->text.ptr[reading->at++] - '0');
    *out = number;
    return digits > 0 && number >= range.low && number <= range.high;
}

static char
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool
read_word(struct reading *reading, const char *word)
{
    size_t size = strlen(word);
    if (reading->text.size - reading->at < size)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (lower(reading->text.ptr[reading->at + i]) != lower(word[i]))
            return false;
    }
    reading->at += size;
    return true;
}

static bool
read_name(struct reading *reading, const struct date_name *names, int count, int64_t *out)
{
    for (int i = 0; i < count; i++) {
        if (read_word(reading, names[i].full) || read_word(reading, names[i].brief)) {
            *out = i;
            return true;
        }
    }
    return false;
}

/* "+0100", "-01:00", "+01" or "Z". */
static bool
read_offset(struct reading *reading)
{
    int64_t hours = 0;
    int64_t minutes = 0;
    skip_space(reading);
    if (read_byte(reading, 'Z') || read_byte(reading, 'z'))
        return true;
    bool is_west = read_byte(reading, '-');
    if (!is_west && !read_byte(reading, '+'))
        return false;
    if (!is_digit(peek(reading)) || !read_number(reading, (struct range){0, 24, 2}, &hours))
        return false;
    bool has_colon = read_byte(reading, ':');
    bool has_minutes = is_digit(peek(reading));
    if (has_colon && !has_minutes)
        return false;
    if (has_minutes && !read_number(reading, (struct range){0, 59, 2}, &minutes))
        return false;
    reading->offset = (hours * 3600 + minutes * 60) * (is_west ? -1 : 1);
    return true;
}

/* The only zones are names of UTC. */
static bool
read_zone(struct reading *reading)
{
    return read_word(reading, "UTC") || read_word(reading, "GMT") || read_word(reading, "Z");
}

static bool
read_moment(struct reading *reading)
{
    bool is_negative = read_byte(reading, '-');
    struct range range = {0, DATE_SECONDS_MAX, 16};
    if (!read_number(reading, range, &reading->moment))
        return false;
    if (is_negative)
        reading->moment = -reading->moment;
    reading->has_moment = true;
    return true;
}

static bool read_format(struct reading *reading, struct slice format);

static bool
read_half(struct reading *reading)
{
    if (!read_word(reading, "AM") && !read_word(reading, "PM"))
        return false;
    reading->half = lower(reading->text.ptr[reading->at - 2]) == 'p';
    return true;
}

/* 1 to high in the text, from 0 here. */
static bool
read_from_one(struct reading *reading, struct range range, int64_t *out)
{
    if (!read_number(reading, range, out))
        return false;
    --*out;
    return true;
}

static bool
read_short_year(struct reading *reading)
{
    if (!read_number(reading, (struct range){0, 99, 2}, &reading->year))
        return false;
    reading->year += reading->year >= CENTURY_TURN ? 1900 : 2000;
    return true;
}

static bool
read_date(struct reading *reading, char letter)
{
    int64_t ignored = 0;
    switch (letter) {
    case 'Y':
        return read_number(reading, (struct range){0, 9999, 4}, &reading->year);
    case 'C':
        return read_number(reading, (struct range){0, 99, 2}, &reading->century);
    case 'y':
        return read_short_year(reading);
    case 'm':
        return read_from_one(reading, (struct range){1, 12, 2}, &reading->month);
    case 'd':
    case 'e':
        return read_number(reading, (struct range){1, 31, 2}, &reading->day);
    case 'j':
        return read_from_one(reading, (struct range){1, 366, 3}, &reading->yearday);
    case 'b':
    case 'B':
    case 'h':
        return read_name(reading, date_months, DATE_MONTHS, &reading->month);
    case 'a':
    case 'A':
        return read_name(reading, date_weekdays, DATE_WEEKDAYS, &ignored);
    case 'u':
        return read_number(reading, (struct range){1, 7, 1}, &ignored);
    case 'w':
        return read_number(reading, (struct range){0, 6, 1}, &ignored);
    default:
        return false;
    }
}

static bool
read_letter(struct reading *reading, char letter)
{
    switch (letter) {
    case 'H':
    case 'k':
        return read_number(reading, (struct range){0, 23, 2}, &reading->hour);
    case 'I':
    case 'l':
        return read_number(reading, (struct range){1, 12, 2}, &reading->hour);
    case 'M':
        return read_number(reading, (struct range){0, 59, 2}, &reading->minute);
    case 'S':
        return read_number(reading, (struct range){0, 61, 2}, &reading->second);
    case 'p':
    case 'P':
        return read_half(reading);
    case 's':
        return read_moment(reading);
    case 'z':
        return read_offset(reading);
    case 'Z':
        return read_zone(reading);
    case '%':
        return read_byte(reading, '%');
    case 'n':
    case 't':
        skip_space(reading);
        return true;
    default:
        return read_date(reading, letter);
    }
}

static bool
read_conversion(struct reading *reading, char letter)
{
    const char *whole = date_whole_format(letter);
    return whole != NULL ? read_format(reading, slice_text(whole)) : read_letter(reading, letter);
}

static bool
read_format(struct reading *reading, struct slice format)
{
    for (size_t at = 0; at < format.size; at++) {
        char c = format.ptr[at];
        bool reads = true;
        if (is_space(c)) {
            skip_space(reading);
        } else if (c == '%' && at + 1 < format.size) {
            at++;
            if ((format.ptr[at] == 'E' || format.ptr[at] == 'O') && at + 1 < format.size)
                at++;
            reads = read_conversion(reading, format.ptr[at]);
        } else {
            reads = read_byte(reading, c);
        }
        if (!reads)
            return false;
    }
    return true;
}

static struct reading
start(struct slice text)
{
    return (struct reading){.text = text,
                            .year = 1900,
                            .century = -1,
                            .month = -1,
                            .day = -1,
                            .yearday = -1,
                            .half = -1};
}

static int64_t
moment_of(const struct reading *reading)
{
    if (reading->has_moment)
        return reading->moment;
    int64_t year = reading->year;
    if (reading->century >= 0)
        year = reading->century * 100 + year % 100;
    int64_t hour = reading->hour;
    if (reading->half >= 0)
        hour = hour % 12 + reading->half * 12;
    int64_t seconds = hour * 3600 + reading->minute * 60 + reading->second - reading->offset;
    if (reading->yearday >= 0 && reading->month < 0 && reading->day < 0)
        return date_seconds(year, 0, reading->yearday + 1, seconds);
    return date_seconds(year, reading->month < 0 ? 0 : reading->month,
                        reading->day < 0 ? 1 : reading->day, seconds);
}

bool
date_parse(int64_t *seconds, struct slice text, struct slice format)
{
    struct reading reading = start(text);
    if (!read_format(&reading, format) || reading.at != text.size)
        return false;
    *seconds = moment_of(&reading);
    return true;
}

bool
date_parse_iso(double *seconds, struct slice text)
{
    struct reading reading = start(text);
    double fraction = 0;
    double place = 0.1;
    if (!read_format(&reading, SLICE("%Y-%m-%dT%H:%M:%S")))
        return false;
    if (read_byte(&reading, '.')) {
        if (!is_digit(peek(&reading)))
            return false;
        for (; is_digit(peek(&reading)); place /= 10)
            fraction += place * (reading.text.ptr[reading.at++] - '0');
    }
    if (!read_offset(&reading) || reading.at != text.size)
        return false;
    *seconds = (double)moment_of(&reading) + fraction;
    return true;
}
