#include "ai/local_number.h"

#include "ai/local_letters.h"

#include <string.h>

#define NUMBER_PARTS_MAX 8
#define NUMBER_DIGITS_MAX 18

struct name {
    const char *word;
    const char *code;
};

/* Signs before or behind a number; longer ones first. */
static const struct name currency_signs[] = {
    {"US$", "USD"}, {"USD$", "USD"}, {"A$", "AUD"},  {"C$", "CAD"}, {"CA$", "CAD"},
    {"AU$", "AUD"}, {"NZ$", "NZD"},  {"HK$", "HKD"}, {"S$", "SGD"}, {"R$", "BRL"},
    {"NT$", "TWD"}, {"$", "USD"},    {"€", "EUR"},   {"£", "GBP"},  {"¥", "JPY"},
    {"₹", "INR"},   {"₩", "KRW"},    {"₽", "RUB"}, {"₺", "TRY"},  {"zł", "PLN"},
};

static const char currency_codes[] =
    "USD EUR GBP JPY CHF CNY RMB INR CAD AUD NZD SEK NOK DKK PLN CZK HUF RON BGN TRY RUB UAH BRL "
    "MXN ARS CLP COP PEN ZAR NGN KES EGP MAD ILS SAR AED QAR KWD KRW TWD HKD SGD MYR THB IDR PHP "
    "VND PKR BDT LKR ISK";

/* Words behind a number. */
static const struct name currency_words[] = {
    {"us dollars", "USD"},
    {"u.s. dollars", "USD"},
    {"dollars", "USD"},
    {"dollar", "USD"},
    {"euros", "EUR"},
    {"euro", "EUR"},
    {"pounds sterling", "GBP"},
    {"pounds", "GBP"},
    {"yen", "JPY"},
    {"yuan", "CNY"},
    {"renminbi", "CNY"},
    {"swiss francs", "CHF"},
    {"franken", "CHF"},
    {"rupees", "INR"},
    {"kronor", "SEK"},
    {"kroner", "NOK"},
    {"won", "KRW"},
    {"rand", "ZAR"},
    {"reais", "BRL"},
};

static const struct {
    const char *word;
    int exponent;
} scales[] = {
    {"thousand", 3},  {"tausend", 3},   {"tsd", 3},        {"duizend", 3},   {"million", 6},
    {"millions", 6},  {"millionen", 6}, {"millones", 6},   {"millon", 6},    {"milhoes", 6},
    {"milioni", 6},   {"miljoen", 6},   {"mio", 6},        {"mln", 6},       {"mn", 6},
    {"mm", 6},        {"billion", 9},   {"billions", 9},   {"milliarde", 9}, {"milliarden", 9},
    {"milliards", 9}, {"milliard", 9},  {"miljard", 9},    {"miliardi", 9},  {"bilhoes", 9},
    {"mrd", 9},       {"mrds", 9},      {"md", 9},         {"mld", 9},       {"bn", 9},
    {"bln", 9},       {"trillion", 12}, {"trillions", 12}, {"tn", 12},       {"trn", 12},
    {"lakh", 5},      {"crore", 7},
};

/* Units by number; longer spellings of one beginning come first. */
static const struct {
    const char *word;
    uint8_t unit;
} units[] = {
    {"square kilometers", 1},
    {"square kilometres", 1},
    {"square kilometer", 1},
    {"sq km", 1},
    {"sq. km", 1},
    {"sqkm", 1},
    {"km2", 1},
    {"km²", 1},
    {"km^2", 1},
    {"quadratkilometer", 1},
    {"square miles", 2},
    {"sq mi", 2},
    {"sq. mi", 2},
    {"square meters", 3},
    {"square metres", 3},
    {"sq m", 3},
    {"sqm", 3},
    {"m2", 3},
    {"m²", 3},
    {"quadratmeter", 3},
    {"square feet", 4},
    {"sq ft", 4},
    {"sqft", 4},
    {"hectares", 5},
    {"hektar", 5},
    {"ha", 5},
    {"acres", 6},
    {"kilometers", 7},
    {"kilometres", 7},
    {"kilometer", 7},
    {"km/h", 8},
    {"kmh", 8},
    {"mph", 9},
    {"km", 7},
    {"meters", 10},
    {"metres", 10},
    {"meter", 10},
    {"m", 10},
    {"miles", 11},
    {"mi", 11},
    {"centimeters", 12},
    {"centimetres", 12},
    {"cm", 12},
    {"millimeters", 13},
    {"mm", 13},
    {"feet", 14},
    {"ft", 14},
    {"inches", 15},
    {"inch", 15},
    {"kilograms", 16},
    {"kilogram", 16},
    {"kilos", 16},
    {"kg", 16},
    {"grams", 17},
    {"gram", 17},
    {"g", 17},
    {"metric tons", 18},
    {"tonnes", 18},
    {"tonnen", 18},
    {"tons", 18},
    {"t", 18},
    {"lbs", 19},
    {"lb", 19},
    {"kwh", 20},
    {"mwh", 21},
    {"gwh", 22},
    {"twh", 23},
    {"kw", 24},
    {"mw", 25},
    {"gw", 26},
    {"watts", 27},
    {"watt", 27},
    {"w", 27},
    {"years", 28},
    {"year", 28},
    {"yrs", 28},
    {"jahre", 28},
    {"ans", 28},
    {"months", 29},
    {"month", 29},
    {"monate", 29},
    {"mois", 29},
    {"weeks", 30},
    {"days", 31},
    {"day", 31},
    {"tage", 31},
    {"jours", 31},
    {"hours", 32},
    {"hour", 32},
    {"hrs", 32},
    {"stunden", 32},
    {"h", 32},
    {"minutes", 33},
    {"min", 33},
    {"seconds", 34},
    {"liters", 35},
    {"litres", 35},
    {"liter", 35},
    {"litre", 35},
    {"l", 35},
    {"gb", 36},
    {"mb", 37},
    {"tb", 38},
    {"volts", 39},
    {"v", 39},
    {"mah", 40},
    {"hp", 41},
    {"bbl/day", 42},
    {"barrels", 43},
    {"cubic meters", 44},
    {"cubic metres", 44},
    {"m3", 44},
    {"births", 45},
    {"deaths", 46},
    {"nm", 47},
    {"db", 48},
};

static char
byte_at(struct slice text, size_t at)
{
    return at < text.size ? text.ptr[at] : '\0';
}

static struct slice
rest_of(struct slice text, size_t at)
{
    return at < text.size ? slice_of(text.ptr + at, text.size - at) : slice_of("", 0);
}

/* Bytes of the word (small letters) that the text begins with, in letters of any size, if it ends
 * there; else 0. Accents of the text do not count. */
static size_t
word_here(struct slice text, const char *word)
{
    size_t at = 0;
    for (size_t i = 0; word[i] != '\0'; i++, at++) {
        char byte = byte_at(text, at);
        if ((byte >= 'A' && byte <= 'Z'))
            byte = (char)(byte + ('a' - 'A'));
        if ((unsigned char)byte == 0xC3 && word[i] == 'o') {
            at++;
            continue;
        }
        if (byte != word[i])
            return 0;
    }
    char next = byte_at(text, at);
    bool goes_on = local_is_letter(next) || local_is_digit(next);
    return goes_on || (unsigned char)next == 0xC2 ? 0 : at;
}

/* A space, also one that does not break: its bytes, else 0. */
static size_t
space_here(struct slice text, size_t at)
{
    if (byte_at(text, at) == ' ')
        return 1;
    struct slice rest = rest_of(text, at);
    if (slice_starts_with(rest, SLICE("\xC2\xA0")))
        return 2;
    bool is_thin = slice_starts_with(rest, SLICE("\xE2\x80\xAF")) ||
                   slice_starts_with(rest, SLICE("\xE2\x80\x89"));
    return is_thin ? 3 : 0;
}

/* --- Digits --- */

/* Runs of digits and what stands between them. */
struct parts {
    size_t start[NUMBER_PARTS_MAX];
    size_t size[NUMBER_PARTS_MAX];
    char sign[NUMBER_PARTS_MAX]; /* before the run: ',', '.', '\'', or ' ' */
    size_t count;
};

static size_t
digits_size(struct slice text, size_t at)
{
    size_t size = 0;
    while (local_is_digit(byte_at(text, at + size)))
        size++;
    return size;
}

/* A separator before digits: its bytes and its kind. */
static size_t
separator_here(struct slice text, size_t at, char *sign)
{
    char byte = byte_at(text, at);
    size_t size = 0;
    if (byte == ',' || byte == '.' || byte == '\'')
        size = 1;
    else if (slice_starts_with(rest_of(text, at), SLICE("\xE2\x80\x99")))
        size = 3;
    *sign = size == 3 ? '\'' : byte;
    if (size == 0) {
        size = space_here(text, at);
        *sign = ' ';
    }
    return size > 0 && local_is_digit(byte_at(text, at + size)) ? size : 0;
}

static void
parts_read(struct slice text, size_t at, struct parts *parts)
{
    *parts = (struct parts){.count = 0};
    char sign = '\0';
    while (parts->count < NUMBER_PARTS_MAX) {
        size_t size = digits_size(text, at);
        bool is_group = sign == '\0' || sign == ',' || sign == '.' || size == 3;
        if (!is_group || (sign == ' ' && parts->size[0] > 3))
            return;
        parts->start[parts->count] = at;
        parts->size[parts->count] = size;
        parts->sign[parts->count++] = sign;
        at += size;
        size_t gap = separator_here(text, at, &sign);
        if (gap == 0)
            return;
        at += gap;
    }
}

/* How many parts, from the first, are groups of thousands behind the same sign. */
static size_t
grouped(const struct parts *parts)
{
    size_t count = 1;
    if (parts->size[0] > 3)
        return 1;
    while (count < parts->count && parts->size[count] == 3 && parts->sign[count] == parts->sign[1])
        count++;
    return count;
}

/* Splits into whole groups and whether a fraction follows them. */
static void
parts_judge(const struct slice text, const struct parts *parts, enum local_style style,
            size_t *groups, bool *has_fraction)
{
    char decimal = style == LOCAL_STYLE_COMMA ? ',' : '.';
    *groups = grouped(parts);
    *has_fraction = false;
    bool is_lone = *groups == 2 && (parts->sign[1] == decimal || text.ptr[parts->start[0]] == '0');
    if (is_lone && (parts->sign[1] == '.' || parts->sign[1] == ','))
        *groups = 1;
    if (*groups == parts->count)
        return;
    char next = parts->sign[*groups];
    bool other = *groups > 1 && next != parts->sign[1];
    bool fits = next == decimal || other || (next == ',' && parts->size[*groups] <= 2);
    bool ends = *groups + 1 == parts->count || parts->sign[*groups + 1] != next;
    *has_fraction = (next == '.' || next == ',') && fits && (ends || other) &&
                    (*groups > 1 || next == decimal || next == '.' || ends);
}

static void
digits_add(struct local_found *out, struct slice digits, bool is_fraction)
{
    for (size_t i = 0; i < digits.size; i++) {
        bool has_room = out->digits < UINT64_C(100000000000000000);
        if (has_room)
            out->digits = out->digits * 10 + (uint64_t)(digits.ptr[i] - '0');
        if (has_room && is_fraction)
            out->exponent--;
        else if (!has_room && !is_fraction && out->exponent < 1000)
            out->exponent++;
    }
}

/* The digits at `at`; returns where they end. */
static size_t
digits_read(struct slice text, size_t at, enum local_style style, struct local_found *out)
{
    struct parts parts;
    size_t groups;
    bool has_fraction;
    parts_read(text, at, &parts);
    parts_judge(text, &parts, style, &groups, &has_fraction);
    for (size_t i = 0; i < groups; i++)
        digits_add(out, slice_of(text.ptr + parts.start[i], parts.size[i]), false);
    size_t last = groups - 1;
    if (has_fraction) {
        last = groups;
        digits_add(out, slice_of(text.ptr + parts.start[last], parts.size[last]), true);
    }
    size_t end = parts.start[last] + parts.size[last];
    if (last == 0 && parts.size[0] == 4 && out->digits >= 1500 && out->digits <= 2150)
        out->year = (uint16_t)out->digits;
    return end;
}

/* --- What stands around the digits --- */

static size_t
currency_sign_here(struct slice text, size_t at, char code[4])
{
    struct slice rest = rest_of(text, at);
    if (rest.size == 0 || memchr("$UACNHSRz\xC2\xE2", rest.ptr[0], 11) == NULL)
        return 0;
    for (size_t i = 0; i < sizeof(currency_signs) / sizeof(currency_signs[0]); i++)
        if (rest.ptr[0] == currency_signs[i].word[0] &&
            slice_starts_with(rest, slice_text(currency_signs[i].word))) {
            memcpy(code, currency_signs[i].code, 4);
            return strlen(currency_signs[i].word);
        }
    return 0;
}

static size_t
currency_code_here(struct slice text, size_t at, char code[4])
{
    struct slice rest = rest_of(text, at);
    if (rest.size < 3 || rest.ptr[0] < 'A' || rest.ptr[0] > 'Z' ||
        local_is_letter(byte_at(rest, 3)))
        return 0;
    for (const char *known = currency_codes;; known += 4) {
        if (memcmp(known, rest.ptr, 3) == 0) {
            memcpy(code, memcmp(known, "RMB", 3) == 0 ? "CNY" : known, 3);
            code[3] = '\0';
            return 3;
        }
        if (known[3] == '\0')
            return 0;
    }
}

static size_t
currency_before(struct slice text, size_t at, char code[4])
{
    size_t size = currency_sign_here(text, at, code);
    if (size == 0)
        size = currency_code_here(text, at, code);
    return size;
}

static size_t
currency_behind(struct slice text, size_t at, char code[4])
{
    size_t size = currency_before(text, at, code);
    if (size > 0)
        return size;
    struct slice rest = rest_of(text, at);
    size_t joint = slice_starts_with(rest, SLICE("d'"))    ? 2
                   : slice_starts_with(rest, SLICE("de ")) ? 3
                                                           : 0;
    rest = rest_of(rest, joint);
    for (size_t i = 0; i < sizeof(currency_words) / sizeof(currency_words[0]); i++) {
        size = word_here(rest, currency_words[i].word);
        if (size > 0) {
            memcpy(code, currency_words[i].code, 4);
            return joint + size;
        }
    }
    return 0;
}

/* One letter means a scale only where nothing else can be meant. */
static size_t
scale_letter_here(struct slice rest, bool is_attached, bool is_money, int *exponent)
{
    char byte = byte_at(rest, 0);
    char next = byte_at(rest, 1);
    bool capital = byte == 'M' || byte == 'B' || byte == 'K' || byte == 'T';
    if (local_is_letter(next) || local_is_digit(next) || (unsigned char)next == 0xC2 ||
        !(is_money || (is_attached && (capital || byte == 'k'))))
        return 0;
    *exponent = byte == 'M' || byte == 'm'   ? 6
                : byte == 'B' || byte == 'b' ? 9
                : byte == 'K' || byte == 'k' ? 3
                : byte == 'T' || byte == 't' ? 12
                                             : 0;
    return *exponent > 0;
}

static size_t
scale_here(struct slice text, size_t at, bool is_money, int *exponent)
{
    size_t gap = space_here(text, at);
    if (gap == 0 && byte_at(text, at) == '-')
        gap = 1;
    struct slice rest = rest_of(text, at + gap);
    for (size_t i = 0; i < sizeof(scales) / sizeof(scales[0]); i++) {
        size_t size = word_here(rest, scales[i].word);
        bool is_millimeter = scales[i].word[0] == 'm' && slice_is(slice_of(rest.ptr, size), "mm");
        if (size == 0 || (is_millimeter && !is_money))
            continue;
        *exponent = scales[i].exponent;
        return gap + size;
    }
    size_t size = scale_letter_here(rest, gap == 0, is_money, exponent);
    return size > 0 ? gap + size : 0;
}

static size_t
percent_here(struct slice text, size_t at)
{
    static const char *const words[] = {"percent", "per cent",   "prozent",
                                        "pct",     "por ciento", "pour cent"};
    size_t gap = space_here(text, at);
    if (byte_at(text, at + gap) == '%')
        return gap + 1;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t size = word_here(rest_of(text, at + gap), words[i]);
        if (size > 0)
            return gap + size;
    }
    return 0;
}

uint8_t
local_unit_find(struct slice text, size_t *size)
{
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        *size = word_here(text, units[i].word);
        if (*size > 0)
            return units[i].unit;
    }
    *size = 0;
    return 0;
}

uint8_t
local_unit_named(struct slice text)
{
    bool at_word = true;
    for (size_t at = 0; at < text.size; at++) {
        size_t size = 0;
        uint8_t unit = at_word ? local_unit_find(rest_of(text, at), &size) : 0;
        /* Letters alone ("m", "t") are too short to be told from words. */
        if (unit != 0 && (size > 1 || text.size == 1))
            return unit;
        at_word = !local_is_letter(text.ptr[at]) && !local_is_digit(text.ptr[at]);
    }
    return 0;
}

/* Scale, currency, per cent sign or unit behind the digits; returns where they end. */
static size_t
read_behind(struct slice text, size_t at, struct local_found *out)
{
    int exponent = 0;
    size_t size = scale_here(text, at, out->currency[0] != '\0', &exponent);
    out->exponent += exponent;
    out->has_scale = size > 0;
    if (size > 0)
        out->year = 0;
    at += size;
    if (size > 0 && byte_at(text, at) == '.' && byte_at(text, at + 1) == ' ')
        size = currency_behind(text, at + 2, out->currency) > 0 ? 1 : 0;
    else
        size = 0;
    at += size;
    size = percent_here(text, at);
    if (size > 0) {
        out->kind = LOCAL_PERCENT;
        return at + size;
    }
    size_t gap = space_here(text, at);
    size =
        out->currency[0] != '\0' && gap == 0 ? 0 : currency_behind(text, at + gap, out->currency);
    if (size > 0)
        return at + gap + size;
    out->unit = local_unit_find(rest_of(text, at + gap), &size);
    return at;
}

static bool
stands_in_word(struct slice text, size_t at)
{
    if (at == 0)
        return false;
    char before = text.ptr[at - 1];
    return local_is_letter(before) || local_is_digit(before) || before == '_';
}

/* "births/1,000", "per 100". */
static bool
is_per(struct slice text, size_t at)
{
    if (at >= 1 && text.ptr[at - 1] == '/')
        return true;
    return at >= 4 && memcmp(text.ptr + at - 4, "per ", 4) == 0;
}

/* "1.6 children born/woman". */
static bool
is_ratio(struct slice text, size_t at)
{
    size_t end = at + 24 < text.size ? at + 24 : text.size;
    for (; at < end && memchr(",.;:()\n\t|", text.ptr[at], 9) == NULL; at++)
        if (text.ptr[at] == '/')
            return true;
    return at + 4 < end && memcmp(text.ptr + at, "(s)/", 4) == 0;
}

/* A minus sign before the number: its bytes, else 0. */
static size_t
minus_here(struct slice text, size_t at)
{
    if (byte_at(text, at) == '-')
        return 1;
    return slice_starts_with(rest_of(text, at), SLICE("\xE2\x88\x92")) ? 3 : 0;
}

bool
local_number_may_begin(struct slice text, size_t at)
{
    char code[4];
    return minus_here(text, at) > 0 || currency_sign_here(text, at, code) > 0;
}

bool
local_number_read(struct slice text, size_t start, enum local_style style, struct local_found *out)
{
    *out = (struct local_found){.kind = LOCAL_NUMBER, .start = (uint32_t)start};
    size_t at = start;
    if (stands_in_word(text, at))
        return false;
    size_t minus = minus_here(text, at);
    at += minus;
    size_t size = currency_before(text, at, out->currency);
    at += size;
    if (size > 0)
        at += space_here(text, at);
    if (minus == 0) {
        minus = minus_here(text, at);
        at += minus;
    }
    if (!local_is_digit(byte_at(text, at)))
        return false;
    out->negative = minus > 0;
    out->is_per = is_per(text, start);
    at = digits_read(text, at, style, out);
    size_t end = read_behind(text, at, out);
    if (out->currency[0] != '\0' && out->kind == LOCAL_NUMBER)
        out->kind = LOCAL_MONEY;
    if (out->kind != LOCAL_NUMBER)
        out->year = 0;
    bool is_word = end == at && out->unit == 0 && local_is_letter(byte_at(text, at));
    out->is_ratio = out->kind == LOCAL_NUMBER && out->unit == 0 && is_ratio(text, end);
    out->end = (uint32_t)end;
    return !is_word || out->currency[0] != '\0';
}

/* --- Labels and style --- */

void
local_scale_read(struct local_scale *scale, struct slice text)
{
    bool at_word = true;
    for (size_t at = 0; at < text.size && at < 200; at++) {
        int exponent = 0;
        char code[4] = "";
        if (text.ptr[at] == '%')
            scale->is_percent = true;
        if (currency_sign_here(text, at, code) > 0 ||
            (at_word && currency_code_here(text, at, code) > 0)) {
            memcpy(scale->currency, code, 4);
            at_word = true;
            continue;
        }
        size_t size = at_word ? scale_here(text, at, false, &exponent) : 0;
        if (size > 0)
            scale->exponent = (uint8_t)exponent;
        at_word = !local_is_letter(text.ptr[at]);
    }
    bool is_thousands = memmem(text.ptr, text.size, "thousands", 9) != NULL;
    if (is_thousands)
        scale->exponent = 3;
}

void
local_scale_add(struct local_scale *scale, const struct local_scale *inner)
{
    if (inner->currency[0] != '\0')
        memcpy(scale->currency, inner->currency, sizeof(scale->currency));
    if (inner->exponent != 0)
        scale->exponent = inner->exponent;
    scale->is_percent = scale->is_percent || inner->is_percent;
}

enum local_style
local_style_of(struct slice text)
{
    size_t point = 0;
    size_t comma = 0;
    for (size_t at = 1; at + 1 < text.size; at++) {
        char sign = text.ptr[at];
        if ((sign != ',' && sign != '.') || !local_is_digit(text.ptr[at - 1]) ||
            !local_is_digit(text.ptr[at + 1]))
            continue;
        size_t digits = digits_size(text, at + 1);
        char next = byte_at(text, at + 1 + digits);
        bool is_last = next != ',' && next != '.' && next != '-' && next != '/';
        if (digits == 3 && !is_last) {
            *(sign == ',' ? &point : &comma) += 2;
        } else if (digits <= 2 && is_last) {
            *(sign == '.' ? &point : &comma) += 1;
        } else if (digits == 3 && sign == ',') {
            point += 1;
        }
        at += digits;
    }
    return comma > point ? LOCAL_STYLE_COMMA : LOCAL_STYLE_POINT;
}
