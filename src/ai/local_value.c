#include "ai/local_value.h"

#include "ai/local_date.h"
#include "ai/local_letters.h"
#include "ai/local_number.h"

#include <stdio.h>

/* Where the search stands. */
struct search {
    struct slice text;
    enum local_style style;
    struct local_found *found;
    size_t count;
    size_t max;
    size_t at;
    unsigned brackets;
};

static void
keep(struct search *search, struct local_found found)
{
    found.brackets = (uint8_t)(search->brackets > 9 ? 9 : search->brackets);
    search->found[search->count++] = found;
    search->at = found.end;
}

static bool
is_mail_byte(char byte)
{
    return local_is_digit(byte) || (local_is_letter(byte) && (unsigned char)byte < 0x80) ||
           memchr("._%+-", byte, 5) != NULL;
}

/* At an '@': the address around it, which may begin before what was passed over. */
static void
take_email(struct search *search, size_t sign)
{
    struct slice text = search->text;
    size_t least = search->count > 0 ? search->found[search->count - 1].end : 0;
    size_t start = sign;
    while (start > least && sign - start < 64 && is_mail_byte(text.ptr[start - 1]))
        start--;
    size_t end = sign + 1;
    while (end < text.size && end - sign < 255 && is_mail_byte(text.ptr[end]))
        end++;
    while (text.ptr[end - 1] == '.') /* that of the sentence */
        end--;
    size_t dot = end - 1;
    while (dot > sign && text.ptr[dot] != '.')
        dot--;
    while (start < sign && text.ptr[start] == '.')
        start++;
    bool is_whole =
        start < sign && dot > sign + 1 && end > dot && local_is_letter(text.ptr[end - 1]);
    search->at = sign + 1;
    if (is_whole)
        keep(search, (struct local_found){
                         .kind = LOCAL_EMAIL, .start = (uint32_t)start, .end = (uint32_t)end});
}

static bool
begins(struct slice text, size_t at, const char *with)
{
    return slice_starts_with(slice_of(text.ptr + at, text.size - at), slice_text(with));
}

static bool
take_url(struct search *search)
{
    struct slice text = search->text;
    size_t at = search->at;
    if (!begins(text, at, "http://") && !begins(text, at, "https://") && !begins(text, at, "www."))
        return false;
    size_t end = at;
    while (end < text.size && (unsigned char)text.ptr[end] > ' ' &&
           memchr("<>\"|`", text.ptr[end], 5) == NULL)
        end++;
    while (end > at && memchr(".,;:!?)]}'*_", text.ptr[end - 1], 12) != NULL)
        end--;
    if (end - at < 8)
        return false;
    keep(search,
         (struct local_found){.kind = LOCAL_URL, .start = (uint32_t)at, .end = (uint32_t)end});
    return true;
}

/* A word: past it, unless a date, currency or address begins here. */
static void
take_word(struct search *search)
{
    struct slice text = search->text;
    struct local_found found = {0};
    if ((text.ptr[search->at] == 'h' || text.ptr[search->at] == 'w') && take_url(search))
        return;
    if (local_date_read_month_first(text, search->at, &found) ||
        local_number_read(text, search->at, search->style, &found)) {
        keep(search, found);
        return;
    }
    while (search->at < text.size &&
           (local_is_letter(text.ptr[search->at]) || local_is_digit(text.ptr[search->at]) ||
            (text.ptr[search->at] & 0xC0) == 0x80))
        search->at++;
}

/* A digit or what may stand before one. */
static void
take_number(struct search *search)
{
    struct local_found found = {0};
    if (local_date_read(search->text, search->at, &found) ||
        local_number_read(search->text, search->at, search->style, &found)) {
        keep(search, found);
        return;
    }
    bool was_digit = local_is_digit(search->text.ptr[search->at]);
    search->at++;
    while (was_digit && search->at < search->text.size &&
           local_is_digit(search->text.ptr[search->at]))
        search->at++;
}

static void
take_sign(struct search *search, char byte)
{
    if (byte == '@') {
        take_email(search, search->at);
        return;
    }
    if (byte == '(')
        search->brackets++;
    else if (byte == ')' && search->brackets > 0)
        search->brackets--;
    if (local_number_may_begin(search->text, search->at))
        take_number(search);
    else
        search->at++;
}

size_t
local_values_find(struct slice text, enum local_style style, struct local_found *found, size_t max)
{
    struct search search = {.text = text, .style = style, .found = found, .max = max};
    while (search.at < text.size && search.count < max) {
        char byte = text.ptr[search.at];
        if (local_is_digit(byte))
            take_number(&search);
        else if ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z'))
            take_word(&search);
        else
            take_sign(&search, byte);
    }
    return search.count;
}

struct value
local_found_number(struct arena *arena, const struct local_found *found)
{
    struct local_found n = *found;
    while (n.exponent < 0 && n.digits % 10 == 0 && n.digits != 0) {
        n.digits /= 10;
        n.exponent++;
    }
    while (n.exponent > 0 && n.digits < UINT64_C(900000000000000000)) {
        n.digits *= 10;
        n.exponent--;
    }
    if (n.digits == 0)
        return value_int(0);
    if (n.exponent == 0 && n.digits <= INT64_MAX)
        return value_int(n.negative ? -(int64_t)n.digits : (int64_t)n.digits);
    const char *text;
    if (n.exponent < 0 && n.exponent > -18) {
        uint64_t unit = 1;
        for (int i = n.exponent; i < 0; i++)
            unit *= 10;
        text = arena_format(arena, "%s%llu.%0*llu", n.negative ? "-" : "",
                            (unsigned long long)(n.digits / unit), -n.exponent,
                            (unsigned long long)(n.digits % unit));
    } else {
        text = arena_format(arena, "%s%llue%d", n.negative ? "-" : "", (unsigned long long)n.digits,
                            n.exponent);
    }
    return value_number(slice_text(text));
}

bool
local_found_is_whole(const struct local_found *found)
{
    uint64_t digits = found->digits;
    int exponent = found->exponent;
    for (; exponent < 0 && digits % 10 == 0 && digits != 0; exponent++)
        digits /= 10;
    return exponent >= 0 || digits == 0;
}

struct value
local_found_date(struct arena *arena, const struct local_found *found)
{
    if (found->month == 0)
        return value_text(arena_format(arena, "%04d", found->year));
    if (found->day == 0)
        return value_text(arena_format(arena, "%04d-%02d", found->year, found->month));
    return value_text(arena_format(arena, "%04d-%02d-%02d", found->year, found->month, found->day));
}
