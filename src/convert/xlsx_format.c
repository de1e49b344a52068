#include "convert/xlsx_format.h"

#include "base/decimal.h"
#include "base/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)
/* A double of more digits is written by a program, not by a person. */
#define WRITTEN_DIGITS 15
/* The serial numbers behind 9999-12-31. */
#define SERIALS_1900 2958466
#define SERIALS_1904 2957004
#define NUMBER_BYTES_MAX 400

/* --- what a format is --- */

/* What a format's code was found to hold. */
struct found {
    bool has_date, has_time, has_elapsed;
    bool has_open_month; /* an m that is a month unless seconds follow */
    char last;           /* the last letter that stands for a part: y m d h s */
};

enum xlsx_format
xlsx_format_of_id(uint32_t id)
{
    static const struct {
        uint32_t from, to;
        enum xlsx_format format;
    } table[] = {
        {14, 17, XLSX_FORMAT_DATE}, {18, 21, XLSX_FORMAT_TIME},    {22, 22, XLSX_FORMAT_DATE_TIME},
        {27, 31, XLSX_FORMAT_DATE}, {32, 35, XLSX_FORMAT_TIME},    {36, 36, XLSX_FORMAT_DATE},
        {45, 45, XLSX_FORMAT_TIME}, {46, 46, XLSX_FORMAT_ELAPSED}, {47, 47, XLSX_FORMAT_TIME},
        {50, 54, XLSX_FORMAT_DATE}, {55, 56, XLSX_FORMAT_TIME},    {57, 58, XLSX_FORMAT_DATE},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (id >= table[i].from && id <= table[i].to)
            return table[i].format;
    }
    return XLSX_FORMAT_NUMBER;
}

static void
find_letter(struct found *found, char letter)
{
    if (letter == 'm' && found->last == 'm')
        return;
    if (found->has_open_month && letter != 's')
        found->has_date = true;
    found->has_open_month = letter == 'm' && found->last != 'h';
    found->has_date |= letter == 'y' || letter == 'd';
    found->has_time |= letter == 'h' || letter == 's';
    found->last = letter;
}

/* [h], [mm], [ss]: time that has passed. Others are colours, conditions, languages. */
static void
find_bracket(struct found *found, struct slice inside)
{
    char first = inside.size == 0 ? '\0' : (char)(inside.ptr[0] | 0x20);
    if (first != 'h' && first != 'm' && first != 's')
        return;
    for (size_t i = 1; i < inside.size; i++) {
        if ((inside.ptr[i] | 0x20) != first)
            return;
    }
    found->has_elapsed = true;
    found->last = first == 'm' ? 'h' : first;
}

/* Behind what stands at `at` and is no letter of a date: text in quotes, a sign that is escaped or
 * repeated, brackets. NULL: it is none of these. */
static const char *
skip_aside(struct found *found, const char *at, const char *end)
{
    if (*at == '\\' || *at == '_' || *at == '*')
        return end - at < 2 ? end : at + 2;
    if (*at != '"' && *at != '[')
        return NULL;
    const char *close = memchr(at + 1, *at == '"' ? '"' : ']', (size_t)(end - at - 1));
    if (close == NULL)
        return end;
    if (*at == '[')
        find_bracket(found, slice_of(at + 1, (size_t)(close - at - 1)));
    return close + 1;
}

static bool
is_general(struct slice code)
{
    return code.size >= 7 && memcmp(code.ptr, "General", 7) == 0;
}

enum xlsx_format
xlsx_format_of_code(struct slice code)
{
    struct found found = {.last = '\0'};
    const char *end = code.ptr + code.size;
    for (const char *at = code.ptr; at < end && *at != ';' && !is_general(code);) {
        const char *behind = skip_aside(&found, at, end);
        if (behind != NULL) {
            at = behind;
            continue;
        }
        char letter = (char)(*at | 0x20);
        if (letter == 'y' || letter == 'm' || letter == 'd' || letter == 'h' || letter == 's')
            find_letter(&found, letter);
        at++;
    }
    found.has_date |= found.has_open_month;
    if (found.has_elapsed)
        return XLSX_FORMAT_ELAPSED;
    if (found.has_date)
        return found.has_time ? XLSX_FORMAT_DATE_TIME : XLSX_FORMAT_DATE;
    return found.has_time ? XLSX_FORMAT_TIME : XLSX_FORMAT_NUMBER;
}

/* --- dates --- */

struct civil {
    int year, month, day;
};

/* Years begin in March, so that the leap day is the last; eras have 400 years. */
static struct civil
civil_of(int64_t days_since_1970)
{
    int64_t days = days_since_1970 + 719468;
    int64_t era = days / 146097;
    int64_t of_era = days % 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;
    return (struct civil){
        .year = (int)(era * 400 + year + (month >= 10)),
        .month = (int)(month < 10 ? month + 3 : month - 9),
        .day = (int)(of_year - (153 * month + 2) / 5 + 1),
    };
}

/* Excel counts a 29th of February 1900 that never was, as its day 60. */
static void
append_date(struct buffer *out, int64_t day, bool is_1904)
{
    struct civil date = {1900, 2, 29};
    if (is_1904)
        date = civil_of(day - 24107);
    else if (day != 60)
        date = civil_of(day - (day < 60 ? 25568 : 25569));
    buffer_append_format(out, "%04d-%02d-%02d", date.year, date.month, date.day);
}

static void
append_time(struct buffer *out, int64_t ms)
{
    buffer_append_format(out, "%02" PRId64 ":%02d:%02d", ms / 3600000, (int)(ms / 60000 % 60),
                         (int)(ms / 1000 % 60));
    if (ms % 1000 != 0)
        buffer_append_format(out, ".%03d", (int)(ms % 1000));
}

static bool
append_elapsed(struct buffer *out, double serial)
{
    if (!(fabs(serial) < SERIALS_1900))
        return false;
    if (serial < 0)
        buffer_append_byte(out, '-');
    append_time(out, (int64_t)round(fabs(serial) * (double)DAY_MS));
    return true;
}

bool
xlsx_append_moment(struct buffer *out, double serial, enum xlsx_format format, bool is_1904)
{
    if (format == XLSX_FORMAT_NUMBER)
        return false;
    if (format == XLSX_FORMAT_ELAPSED)
        return append_elapsed(out, serial);
    if (!(serial >= 0 && serial < (is_1904 ? SERIALS_1904 : SERIALS_1900)))
        return false;
    int64_t day = (int64_t)floor(serial);
    int64_t ms = (int64_t)round((serial - (double)day) * (double)DAY_MS);
    if (ms == DAY_MS) {
        day++;
        ms = 0;
    }
    /* The day before all days has a time at most. */
    bool has_day = day > 0 || (is_1904 && format != XLSX_FORMAT_TIME);
    if (!has_day && format == XLSX_FORMAT_DATE && ms == 0)
        return false;
    if (has_day)
        append_date(out, day, is_1904);
    if (has_day && format == XLSX_FORMAT_DATE && ms == 0)
        return true;
    if (has_day)
        buffer_append_byte(out, 'T');
    append_time(out, ms);
    return true;
}

/* --- numbers --- */

static const char *
skip_digits(const char *at, const char *end)
{
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at;
}

/* RFC 8259, 6. */
static bool
is_json_number(struct slice text)
{
    const char *at = text.ptr;
    const char *end = text.ptr + text.size;
    if (at < end && *at == '-')
        at++;
    const char *begin = at;
    at = skip_digits(at, end);
    if (at == begin || (*begin == '0' && at > begin + 1))
        return false;
    if (at < end && *at == '.') {
        begin = ++at;
        at = skip_digits(at, end);
        if (at == begin)
            return false;
    }
    if (at < end && (*at | 0x20) == 'e') {
        at++;
        if (at < end && (*at == '+' || *at == '-'))
            at++;
        begin = at;
        at = skip_digits(at, end);
        if (at == begin)
            return false;
    }
    return at == end;
}

/* Written otherwise than JSON has it: .5, 1., +7, 007. */
static bool
append_other_number(struct buffer *out, struct slice text)
{
    char room[NUMBER_BYTES_MAX + 1];
    if (text.size == 0 || text.size > NUMBER_BYTES_MAX)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        if (memchr("0123456789+-.eE", text.ptr[i], 15) == NULL)
            return false;
    }
    memcpy(room, text.ptr, text.size);
    room[text.size] = '\0';
    char *end = NULL;
    double real = strtod(room, &end);
    if (*end != '\0' || !isfinite(real))
        return false;
    json_print(out, value_double(real));
    return true;
}

bool
xlsx_append_number(struct buffer *out, struct slice text)
{
    text = slice_trim(text);
    if (text.size > NUMBER_BYTES_MAX || !is_json_number(text))
        return append_other_number(out, text);
    struct decimal decimal;
    decimal_of_text(&decimal, text);
    bool is_fraction = decimal.point < (int64_t)decimal_digits(&decimal);
    double real =
        is_fraction && decimal_digits(&decimal) > WRITTEN_DIGITS ? decimal_real(&decimal) : NAN;
    /* 17 digits always give the double back; more are of no double. */
    if (isfinite(real) && decimal_digits(&decimal) <= 17)
        json_print(out, value_double(real));
    else
        buffer_append_slice(out, text);
    return true;
}
