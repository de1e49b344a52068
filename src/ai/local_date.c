#include "ai/local_date.h"

#include "ai/local_letters.h"
#include "ai/local_words.h"

/* By month; names in small letters without accents. Short forms are English and German. */
static const char *const month_names[12] = {
    "january jan januar janvier enero gennaio januari janeiro",
    "february feb februar fevrier febrero febbraio februari fevereiro",
    "march mar marz mars marzo maart marco",
    "april apr avril abril aprile",
    "may mai mayo maggio mei maio",
    "june jun juni juin junio giugno junho",
    "july jul juli juillet julio luglio julho",
    "august aug aout agosto augustus",
    "september sep sept septembre septiembre settembre setembro",
    "october oct oktober okt octobre octubre ottobre outubro",
    "november nov novembre noviembre novembro",
    "december dec dezember dez decembre diciembre dicembre dezembro",
};

static bool
lists_word(const char *words, const char *word, size_t size)
{
    for (const char *at = words; *at != '\0';) {
        size_t next = strcspn(at, " ");
        if (next == size && memcmp(at, word, size) == 0)
            return true;
        at += next + (at[next] == ' ');
    }
    return false;
}

/* Whether what begins here is as long as a month's name and a number follows it. */
static bool
may_be_month(struct slice rest)
{
    size_t at = 0;
    while (at < rest.size && at < 14 && ((rest.ptr[at] | 0x20) >= 'a' || rest.ptr[at] < 0))
        at++;
    size_t end = at;
    while (end < rest.size && end - at < 3 && memchr(" .,", rest.ptr[end], 3) != NULL)
        end++;
    bool is_spanish = end + 3 < rest.size && memcmp(rest.ptr + end, "de ", 3) == 0;
    return at >= 3 && end > at && end < rest.size && (local_is_digit(rest.ptr[end]) || is_spanish);
}

/* The month (1 to 12) whose name stands at *at, which moves behind it; 0: none. */
static int
read_month(struct slice text, size_t *at)
{
    struct slice rest = slice_of(text.ptr + *at, text.size - *at);
    char folded[LOCAL_WORD_LETTERS];
    if (rest.size < 3 || memchr("jfmasondegJFMASONDEG", rest.ptr[0], 20) == NULL ||
        !may_be_month(rest))
        return 0;
    struct local_word word;
    size_t end = 0;
    if (!local_word_next(slice_of(rest.ptr, rest.size < 24 ? rest.size : 24), &end, &word))
        return 0;
    size_t size = local_word_fold(rest, folded);
    if (word.start != 0 || size < 3 || size > 10)
        return 0;
    for (int i = 0; i < 12; i++)
        if (lists_word(month_names[i], folded, size)) {
            *at += word.end;
            return i + 1;
        }
    return 0;
}

/* One to max digits at *at; -1 if there is none, or if more follow. */
static int
read_digits(struct slice text, size_t *at, size_t max)
{
    int number = 0;
    size_t count = 0;
    while (*at < text.size && local_is_digit(text.ptr[*at]) && count < max) {
        number = number * 10 + (text.ptr[*at] - '0');
        ++*at;
        count++;
    }
    bool goes_on = *at < text.size && local_is_digit(text.ptr[*at]);
    return count == 0 || goes_on ? -1 : number;
}

static void
skip_bytes(struct slice text, size_t *at, const char *bytes)
{
    while (*at < text.size && strchr(bytes, text.ptr[*at]) != NULL && text.ptr[*at] != '\0')
        ++*at;
}

static bool
skip_word(struct slice text, size_t *at, const char *word)
{
    struct slice rest = slice_of(text.ptr + *at, text.size - *at);
    if (!slice_starts_with(rest, slice_text(word)))
        return false;
    *at += strlen(word);
    return true;
}

static int
read_year(struct slice text, size_t *at)
{
    size_t start = *at;
    int year = read_digits(text, at, 4);
    if (*at - start != 4 || year < 1000 || year > 2200)
        return -1;
    return year;
}

static bool
date_made(struct local_found *out, size_t start, size_t end, const int parts[3])
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = parts[0], month = parts[1], day = parts[2];
    if (month < 1 || month > 12 || day < 0 || day > days[month - 1])
        return false;
    *out = (struct local_found){.kind = LOCAL_DATE,
                                .start = (uint32_t)start,
                                .end = (uint32_t)end,
                                .year = (uint16_t)year,
                                .month = (uint8_t)month,
                                .day = (uint8_t)day};
    return true;
}

/* 2024-05-31 and 2024/05/31. */
static bool
read_year_first(struct slice text, size_t start, struct local_found *out)
{
    size_t at = start;
    int year = read_year(text, &at);
    if (year < 0 || at >= text.size || (text.ptr[at] != '-' && text.ptr[at] != '/'))
        return false;
    char sign = text.ptr[at++];
    size_t from = at;
    int month = read_digits(text, &at, 2);
    if (month < 1 || at - from != 2 || at >= text.size || text.ptr[at] != sign)
        return false;
    from = ++at;
    int day = read_digits(text, &at, 2);
    if (day < 1 || at - from != 2)
        return false;
    return date_made(out, start, at, (int[3]){year, month, day});
}

/* 31.05.2024, 31/05/2024, 31-05-2024; 05/31/2024 when it can be nothing else. */
static bool
read_day_first(struct slice text, size_t start, struct local_found *out)
{
    size_t at = start;
    int day = read_digits(text, &at, 2);
    if (day < 1 || at >= text.size || memchr("./-", text.ptr[at], 3) == NULL)
        return false;
    char sign = text.ptr[at++];
    if (sign == '.')
        skip_bytes(text, &at, " ");
    int month = read_digits(text, &at, 2);
    if (month < 1 || at >= text.size || text.ptr[at] != sign)
        return false;
    at++;
    if (sign == '.')
        skip_bytes(text, &at, " ");
    int year = read_year(text, &at);
    if (year < 0)
        return false;
    bool is_american = sign == '/' && month > 12;
    if (is_american ? !date_made(out, start, at, (int[3]){year, day, month})
                    : !date_made(out, start, at, (int[3]){year, month, day}))
        return false;
    out->is_ambiguous = sign == '/' && day <= 12 && month <= 12 && day != month;
    return true;
}

/* 31 May 2024, 31. Mai 2024, 31st May 2024, 31 de mayo de 2024. */
static bool
read_day_month(struct slice text, size_t start, struct local_found *out)
{
    size_t at = start;
    int day = read_digits(text, &at, 2);
    if (day < 1)
        return false;
    if (!skip_word(text, &at, "st") && !skip_word(text, &at, "nd") && !skip_word(text, &at, "rd"))
        skip_word(text, &at, "th");
    skip_bytes(text, &at, ". ");
    if (!skip_word(text, &at, "de "))
        skip_word(text, &at, "of ");
    int month = read_month(text, &at);
    if (month == 0)
        return false;
    skip_bytes(text, &at, "., ");
    skip_word(text, &at, "de ");
    int year = read_year(text, &at);
    return year > 0 && date_made(out, start, at, (int[3]){year, month, day});
}

bool
local_date_read(struct slice text, size_t at, struct local_found *out)
{
    return read_year_first(text, at, out) || read_day_first(text, at, out) ||
           read_day_month(text, at, out);
}

bool
local_date_read_month_first(struct slice text, size_t start, struct local_found *out)
{
    size_t at = start;
    int month = read_month(text, &at);
    if (month == 0)
        return false;
    skip_bytes(text, &at, "., ");
    skip_word(text, &at, "de ");
    size_t behind_month = at;
    int day = read_digits(text, &at, 2);
    if (day < 1 || day > 31) {
        at = behind_month;
        int year = read_year(text, &at);
        return year > 0 && date_made(out, start, at, (int[3]){year, month, 0});
    }
    if (!skip_word(text, &at, "st") && !skip_word(text, &at, "nd") && !skip_word(text, &at, "rd"))
        skip_word(text, &at, "th");
    skip_bytes(text, &at, ", ");
    int year = read_year(text, &at);
    return year > 0 && date_made(out, start, at, (int[3]){year, month, day});
}
