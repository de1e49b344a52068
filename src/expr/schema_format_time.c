#include "expr/schema_format.h"

/* Two digits, or -1. */
static int
two_digits(struct slice text, size_t at)
{
    char tens = schema_byte(text, at);
    char ones = schema_byte(text, at + 1);
    if (!schema_is_digit(tens) || !schema_is_digit(ones))
        return -1;
    return (tens - '0') * 10 + (ones - '0');
}

static int
days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && is_leap);
}

bool
schema_is_date(struct slice text)
{
    int century = two_digits(text, 0);
    int year = two_digits(text, 2);
    int month = two_digits(text, 5);
    int day = two_digits(text, 8);
    if (text.size != 10 || century < 0 || year < 0 || text.ptr[4] != '-' || text.ptr[7] != '-')
        return false;
    return month >= 1 && month <= 12 && day >= 1 &&
           day <= days_in_month(century * 100 + year, month);
}

/* Minutes east of Greenwich; false if it is no offset. */
static bool
read_offset(struct slice text, int *minutes)
{
    *minutes = 0;
    if (text.size == 1)
        return text.ptr[0] == 'Z' || text.ptr[0] == 'z';
    int hour = two_digits(text, 1);
    int minute = two_digits(text, 4);
    if (text.size != 6 || text.ptr[3] != ':' || hour < 0 || hour > 23 || minute < 0 || minute > 59)
        return false;
    *minutes = text.ptr[0] == '-' ? -(hour * 60 + minute) : hour * 60 + minute;
    return text.ptr[0] == '-' || text.ptr[0] == '+';
}

bool
schema_is_time(struct slice text)
{
    int hour = two_digits(text, 0);
    int minute = two_digits(text, 3);
    int second = two_digits(text, 6);
    if (text.size < 9 || text.ptr[2] != ':' || text.ptr[5] != ':' || hour < 0 || hour > 23 ||
        minute < 0 || minute > 59 || second < 0 || second > 60)
        return false;
    size_t at = 8;
    if (text.ptr[at] == '.') {
        if (!schema_is_digit(schema_byte(text, ++at)))
            return false;
        while (schema_is_digit(schema_byte(text, at)))
            at++;
    }
    int offset = 0;
    if (at >= text.size || !read_offset(schema_rest(text, at), &offset))
        return false;
    /* A leap second comes at the end of a day in UTC. */
    int day = 24 * 60;
    return second < 60 || ((hour * 60 + minute - offset) % day + day) % day == day - 1;
}

bool
schema_is_date_time(struct slice text)
{
    char between = schema_byte(text, 10);
    return (between == 'T' || between == 't') && schema_is_date(slice_of(text.ptr, 10)) &&
           schema_is_time(schema_rest(text, 11));
}

/* Numbers with units that follow each other in the order of `units` without a gap, from *at on;
 * gives how many there are, or -1. */
static int
count_units(struct slice text, size_t *at, const char *units)
{
    int count = 0;
    const char *next = units;
    while (schema_is_digit(schema_byte(text, *at))) {
        while (schema_is_digit(schema_byte(text, *at)))
            ++*at;
        char unit = schema_byte(text, *at);
        const char *found = unit == '\0' ? NULL : strchr(next, unit);
        if (found == NULL || (count > 0 && found != next))
            return -1;
        next = found + 1;
        ++*at;
        count++;
    }
    return count;
}

bool
schema_is_duration(struct slice text)
{
    size_t at = 1;
    if (schema_byte(text, 0) != 'P')
        return false;
    int days = count_units(text, &at, "YMD");
    if (days < 0) {
        at = 1;
        return count_units(text, &at, "W") == 1 && at == text.size;
    }
    if (schema_byte(text, at) != 'T')
        return days > 0 && at == text.size;
    at++;
    return count_units(text, &at, "HMS") > 0 && at == text.size;
}
