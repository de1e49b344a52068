#include "expr/date.h"
#include "expr/date_names.h"

/* How a number is padded; a flag before the letter says otherwise: `-` not at all, `_` by spaces,
 * `0` by zeros. `^` makes letters large. */
struct style {
    char flag;
    bool is_upper;
};

static void
print_number(struct buffer *buffer, int64_t number, int digits, char padding, struct style style)
{
    if (style.flag == '_')
        padding = ' ';
    if (style.flag == '0')
        padding = '0';
    if (style.flag == '-')
        digits = 1;
    if (padding == '0')
        buffer_append_format(buffer, "%0*lld", digits, (long long)number);
    else
        buffer_append_format(buffer, "%*lld", digits, (long long)number);
}

static void
print_text(struct buffer *buffer, const char *text, struct style style)
{
    for (; *text != '\0'; text++) {
        bool is_low = *text >= 'a' && *text <= 'z';
        buffer_append_byte(buffer, style.is_upper && is_low ? (char)(*text - 'a' + 'A') : *text);
    }
}

static bool
is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* The week of ISO 8601, and its year: the week has its Thursday in that year. */
static int
iso_week(const struct date_parts *parts, int64_t *year)
{
    int thursday = parts->yearday - (parts->weekday + 6) % 7 + 3;
    *year = parts->year;
    if (thursday < 0) {
        *year -= 1;
        thursday += is_leap(*year) ? 366 : 365;
    } else if (thursday >= (is_leap(*year) ? 366 : 365)) {
        thursday -= is_leap(*year) ? 366 : 365;
        *year += 1;
    }
    return thursday / 7 + 1;
}

static int64_t
century_of(int64_t year)
{
    return year / 100 - (year % 100 < 0);
}

static int
hour_of_12(const struct date_parts *parts)
{
    return parts->hour % 12 == 0 ? 12 : parts->hour % 12;
}

static bool
print_week(struct buffer *buffer, const struct date_parts *parts, char letter, struct style style)
{
    int64_t year = 0;
    int week = iso_week(parts, &year);
    switch (letter) {
    case 'G':
        print_number(buffer, year, 1, '0', style);
        return true;
    case 'g':
        print_number(buffer, year - century_of(year) * 100, 2, '0', style);
        return true;
    case 'V':
        print_number(buffer, week, 2, '0', style);
        return true;
    case 'U':
        print_number(buffer, (parts->yearday + 7 - parts->weekday) / 7, 2, '0', style);
        return true;
    case 'W':
        print_number(buffer, (parts->yearday + 7 - (parts->weekday + 6) % 7) / 7, 2, '0', style);
        return true;
    case 'u':
        print_number(buffer, parts->weekday == 0 ? 7 : parts->weekday, 1, '0', style);
        return true;
    case 'w':
        print_number(buffer, parts->weekday, 1, '0', style);
        return true;
    default:
        return false;
    }
}

static bool
print_date(struct buffer *buffer, const struct date_parts *parts, char letter, struct style style)
{
    switch (letter) {
    case 'Y':
        print_number(buffer, parts->year, 1, '0', style);
        return true;
    case 'C':
        print_number(buffer, century_of(parts->year), 2, '0', style);
        return true;
    case 'y':
        print_number(buffer, parts->year - century_of(parts->year) * 100, 2, '0', style);
        return true;
    case 'm':
        print_number(buffer, parts->month + 1, 2, '0', style);
        return true;
    case 'd':
        print_number(buffer, parts->day, 2, '0', style);
        return true;
    case 'e':
        print_number(buffer, parts->day, 2, ' ', style);
        return true;
    case 'j':
        print_number(buffer, parts->yearday + 1, 3, '0', style);
        return true;
    default:
        return print_week(buffer, parts, letter, style);
    }
}

static bool
print_time(struct buffer *buffer, const struct date_parts *parts, char letter, struct style style)
{
    switch (letter) {
    case 'H':
        print_number(buffer, parts->hour, 2, '0', style);
        return true;
    case 'k':
        print_number(buffer, parts->hour, 2, ' ', style);
        return true;
    case 'I':
        print_number(buffer, hour_of_12(parts), 2, '0', style);
        return true;
    case 'l':
        print_number(buffer, hour_of_12(parts), 2, ' ', style);
        return true;
    case 'M':
        print_number(buffer, parts->minute, 2, '0', style);
        return true;
    case 'S':
        print_number(buffer, parts->second, 2, '0', style);
        return true;
    default:
        return print_date(buffer, parts, letter, style);
    }
}

/* The texts that a letter stands for; NULL if it is none of these. */
static const char *
text_of_letter(const struct date_parts *parts, char letter)
{
    switch (letter) {
    case 'A':
        return date_weekdays[parts->weekday].full;
    case 'a':
        return date_weekdays[parts->weekday].brief;
    case 'B':
        return date_months[parts->month].full;
    case 'b':
    case 'h':
        return date_months[parts->month].brief;
    case 'p':
        return parts->hour < 12 ? "AM" : "PM";
    case 'P':
        return parts->hour < 12 ? "am" : "pm";
    case 'Z':
        return "UTC";
    case 'z':
        return "+0000";
    case 'n':
        return "\n";
    case 't':
        return "\t";
    case '%':
        return "%";
    default:
        return NULL;
    }
}

static bool
print_letter(struct buffer *buffer, int64_t seconds, char letter, struct style style)
{
    struct date_parts parts = date_of(seconds);
    const char *format = date_whole_format(letter);
    const char *text = text_of_letter(&parts, letter);
    if (format != NULL)
        date_print(buffer, seconds, slice_text(format));
    else if (text != NULL)
        print_text(buffer, text, style);
    else if (letter == 's')
        print_number(buffer, seconds, 1, '0', style);
    else
        return print_time(buffer, &parts, letter, style);
    return true;
}

static bool
is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

/* Standing behind a %; gives where the next text begins. What is unknown is printed as it is. */
static size_t
print_conversion(struct buffer *buffer, int64_t seconds, struct slice format, size_t at)
{
    struct style style = {0};
    size_t start = at - 1;
    while (at < format.size && is_one_of(format.ptr[at], "-_0^")) {
        if (format.ptr[at] == '^')
            style.is_upper = true;
        else
            style.flag = format.ptr[at];
        at++;
    }
    if (at < format.size && is_one_of(format.ptr[at], "EO"))
        at++;
    bool is_known = at < format.size && print_letter(buffer, seconds, format.ptr[at], style);
    if (at < format.size)
        at++;
    if (!is_known)
        buffer_append_slice(buffer, slice_of(format.ptr + start, at - start));
    return at;
}

void
date_print(struct buffer *buffer, int64_t seconds, struct slice format)
{
    for (size_t at = 0; at < format.size;) {
        char c = format.ptr[at++];
        if (c == '%')
            at = print_conversion(buffer, seconds, format, at);
        else
            buffer_append_byte(buffer, c);
    }
}
