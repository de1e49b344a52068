#include "ai/local_take.h"

#include "ai/local_line.h"
#include "ai/local_list.h"
#include "base/hash.h"

/* How much each byte before a value, in what the label names, takes away. */
#define BYTES_BEFORE 0.008
/* Years back that a value may be before it counts no less. */
#define RECENT_YEARS 40
#define RECENT_WEIGHT 0.05
/* What begins with a number and has one member is seldom a list of names. */
#define NUMERIC_LIST 0.6
#define SHORT_VALUE 160
#define LONG_VALUE 1200

static const struct local_field *
field_of(const struct local_finder *finder, size_t field)
{
    return &finder->wanted->fields[field];
}

static void
add(struct local_finder *finder, size_t field, struct local_candidate candidate)
{
    candidate.source = finder->source;
    if (candidate.quote.ptr == NULL)
        candidate.quote = finder->piece->quote;
    if (candidate.score > 1)
        candidate.score = 1;
    local_pool_add(&finder->pools[field], &candidate);
}

static uint64_t
text_key(struct slice text)
{
    uint64_t key = 1;
    struct local_word word;
    for (size_t at = 0; local_word_next(text, &at, &word);)
        key = hash_mix(key ^ word.stem, HASH_ODD_A);
    return key;
}

static uint64_t
found_key(struct slice text, const struct local_found *found)
{
    if (found->kind == LOCAL_EMAIL || found->kind == LOCAL_URL)
        return text_key(slice_of(text.ptr + found->start, found->end - found->start));
    uint64_t digits = found->digits;
    int exponent = found->exponent;
    for (; digits % 10 == 0 && digits != 0; digits /= 10)
        exponent++;
    uint64_t date = (uint64_t)found->year << 16 | (uint64_t)found->month << 8 | found->day;
    return hash_mix(digits ^ HASH_ODD_A, (uint64_t)(exponent + 1000)) ^
           (found->kind == LOCAL_DATE ? date * HASH_ODD_B : found->negative);
}

void
local_take_text(struct local_finder *finder, size_t field, struct slice text, double score)
{
    add(finder, field,
        (struct local_candidate){.score = score, .key = text_key(text), .text = text});
}

/* --- Typed values --- */

static double
number_fit(const struct local_field *field, const struct local_found *found,
           const struct local_scale *scale)
{
    double fit = found->is_per ? 0.25 : found->is_ratio ? 0.6 : 1;
    if (found->kind == LOCAL_EMAIL || found->kind == LOCAL_URL)
        return 0;
    if (found->kind == LOCAL_DATE)
        return field->wants_year ? 0.9 : 0;
    if (field->type == AI_FIELD_INTEGER && !local_found_is_whole(found))
        return 0;
    if (found->kind == LOCAL_PERCENT)
        fit *= field->wants_percent ? 1 : 0.3;
    else if (field->wants_percent)
        fit *= scale->is_percent ? 1 : 0.8;
    if (found->kind == LOCAL_MONEY)
        fit *= field->unit != 0 ? 0.4 : 0.85;
    if (found->year != 0 && !field->wants_year)
        fit *= 0.25;
    if (found->year == 0 && (field->roles & LOCAL_ROLE_YEARLY) != 0)
        fit *= 0.4;
    if (field->unit != 0 && found->unit != field->unit)
        fit *= found->unit != 0 ? 0.25 : 0.85;
    else if (field->unit == 0 && found->unit != 0)
        fit *= 0.9;
    return fit;
}

static double
money_fit(const struct local_found *found, const struct local_scale *scale)
{
    if (found->kind == LOCAL_MONEY)
        return 1;
    if (found->kind != LOCAL_NUMBER || found->unit != 0)
        return 0;
    if (scale->currency[0] != '\0')
        return found->year != 0 && !found->has_scale && scale->exponent == 0 ? 0.4 : 0.95;
    return found->year != 0 ? 0 : found->has_scale ? 0.6 : 0.4;
}

static double
date_fit(const struct local_field *field, const struct local_found *found)
{
    bool is_year = found->kind == LOCAL_NUMBER && found->year != 0 && found->unit == 0;
    if (found->kind != LOCAL_DATE && !is_year)
        return 0;
    if (field->wants_full_date && (is_year || found->day == 0))
        return 0;
    return is_year ? 0.88 : found->is_ambiguous ? 0.7 : 1;
}

double
local_take_fit(const struct local_field *field, const struct local_found *found,
               const struct local_scale *scale)
{
    switch (field->type) {
    case AI_FIELD_NUMBER:
    case AI_FIELD_INTEGER:
        return number_fit(field, found, scale);
    case AI_FIELD_MONEY:
        return money_fit(found, scale);
    case AI_FIELD_PERCENTAGE:
        if (found->kind == LOCAL_PERCENT)
            return 1;
        return found->kind == LOCAL_NUMBER && scale->is_percent && found->year == 0 ? 0.9 : 0;
    case AI_FIELD_DATE:
        return date_fit(field, found);
    case AI_FIELD_EMAIL:
        return found->kind == LOCAL_EMAIL;
    case AI_FIELD_URL:
        return found->kind == LOCAL_URL;
    case AI_FIELD_STRING:
    case AI_FIELD_BOOLEAN:
    case AI_FIELD_ADDRESS:
    case AI_FIELD_LIST:
        break;
    }
    return 0;
}

void
local_take_found(struct local_finder *finder, size_t field, const struct local_found *found,
                 double score)
{
    struct slice text = finder->piece->text;
    struct local_candidate candidate = {.score = score, .found = *found};
    candidate.text = slice_of(text.ptr + found->start, found->end - found->start);
    candidate.key = found_key(text, &candidate.found);
    add(finder, field, candidate);
}

/* The year that the value is of: in the innermost label, or in brackets behind the value. */
static uint16_t
year_of(const struct local_finder *finder, const struct local_found *value)
{
    for (size_t i = 0; i < finder->value_count; i++) {
        const struct local_found *other = &finder->values[i];
        if (other->start > value->start && other->year != 0 && other->brackets > 0)
            return other->year;
    }
    for (size_t i = finder->piece->label_count; i > 0; i--)
        if (finder->levels[i - 1].year != 0)
            return finder->levels[i - 1].year;
    return 0;
}

/* The newest of several years is meant; a value without a year is of today. */
static double
recent(uint16_t year)
{
    if (year == 0 || year > 2040)
        return 1;
    double age = 2040 - year > RECENT_YEARS ? RECENT_YEARS : 2040 - year;
    return 1 - RECENT_WEIGHT * age / RECENT_YEARS;
}

/* A scale or currency that the labels name belongs to numbers that have none of their own. */
static void
apply_scale(struct local_found *found, const struct local_scale *scale,
            const struct local_field *field)
{
    if (found->kind != LOCAL_NUMBER && found->kind != LOCAL_MONEY)
        return;
    bool is_of_money = field->type == AI_FIELD_MONEY || scale->currency[0] != '\0';
    if (!found->has_scale && is_of_money)
        found->exponent += scale->exponent;
    if (found->currency[0] == '\0' && field->type == AI_FIELD_MONEY)
        memcpy(found->currency, scale->currency, sizeof(found->currency));
}

/* "(1,234)" alone is how accounts write what is below zero. */
static bool
is_loss(struct slice text, size_t values)
{
    return values == 1 && text.size > 2 && text.ptr[0] == '(' && text.ptr[text.size - 1] == ')';
}

static void
take_typed(struct local_finder *finder, size_t index, double score)
{
    const struct local_field *field = field_of(finder, index);
    struct local_found best = {.start = 0};
    double best_score = 0;
    local_finder_need_values(finder);
    const struct local_scale scale = finder->scale;
    for (size_t i = 0; i < finder->value_count; i++) {
        struct local_found found = finder->values[i];
        double fit = local_take_fit(field, &found, &scale);
        fit /= 1 + BYTES_BEFORE * found.start;
        bool loss = is_loss(finder->piece->text, finder->value_count);
        found.negative = found.negative || (loss && found.kind != LOCAL_DATE);
        fit *= found.brackets > 0 && !loss ? 0.7 : 1;
        fit *= recent(year_of(finder, &found));
        if (fit <= best_score)
            continue;
        best_score = fit;
        best = found;
        apply_scale(&best, &scale, field);
    }
    if (best_score > 0)
        local_take_found(finder, index, &best, score * best_score);
}

/* "siemens.com" after "Website:" is an address though nothing marks it. */
static void
take_url(struct local_finder *finder, size_t index, double score)
{
    struct slice text = finder->piece->text;
    const char *dot = memchr(text.ptr, '.', text.size);
    bool has_space = memchr(text.ptr, ' ', text.size) != NULL;
    bool has_at = memchr(text.ptr, '@', text.size) != NULL;
    size_t before = finder->pools[index].count;
    take_typed(finder, index, score);
    bool is_found = finder->pools[index].count > before || finder->value_count > 0;
    if (!is_found && dot != NULL && !has_space && !has_at && dot + 2 < text.ptr + text.size)
        local_take_text(finder, index, text, score * 0.9);
}

/* --- Texts --- */

/* "no official capital", "none", "n/a": says that there is nothing. */
static bool
says_none(const struct local_finder *finder, struct slice text)
{
    static const char *const none[] = {"n/a", "N/A",  "na", "NA",  "-",   "–",
                                       "—",   "null", "?",  "tbd", "TBD", "..."};
    struct local_word word;
    size_t at = 0;
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        if (slice_is(text, none[i]))
            return true;
    if (!local_word_next(text, &at, &word))
        return true;
    unsigned roles = local_lexicon_roles(finder->wanted->lexicon, word.stem);
    return (roles & LOCAL_ROLE_NOT) != 0 && (word.flags & LOCAL_WORD_UPPER) == 0;
}

/* A name without what is said about it: "Suva (on Viti Levu)", "Santiago; note - ...". */
static struct slice
name_part(struct slice text)
{
    for (size_t i = 1; i < text.size; i++) {
        char byte = text.ptr[i];
        bool is_bracket = (byte == '(' || byte == '[') && text.ptr[i - 1] == ' ';
        if (is_bracket || byte == ';' || byte == '\n' || byte == '<')
            return slice_trim(slice_of(text.ptr, i));
    }
    if (text.size > 2 && text.ptr[text.size - 1] == '.' && local_sentence(text).size < text.size)
        return slice_trim(local_sentence(text));
    return text;
}

static double
name_fit(struct slice name)
{
    struct local_word word;
    size_t at = 0;
    if (!local_word_next(name, &at, &word))
        return 0;
    if ((word.flags & LOCAL_WORD_DIGIT) != 0)
        return 0.5;
    return (word.flags & LOCAL_WORD_CAPITAL) != 0 || name.ptr[word.start] < 0 ? 1 : 0.8;
}

static void
take_string(struct local_finder *finder, size_t index, double score)
{
    const struct local_field *field = field_of(finder, index);
    struct slice text = finder->piece->text;
    if (says_none(finder, text))
        return;
    if ((field->roles & LOCAL_ROLE_NAMED) != 0 && (field->roles & LOCAL_ROLE_TOLD) == 0) {
        struct slice name = name_part(text);
        if (name.size > 0 && name.size <= SHORT_VALUE)
            local_take_text(finder, index, name, score * name_fit(name));
        return;
    }
    if (text.size <= LONG_VALUE)
        local_take_text(finder, index, text, score * (text.size > SHORT_VALUE ? 0.9 : 1));
}

static bool
contains_word(struct slice text, struct slice word)
{
    struct local_word first;
    struct local_word at_text;
    size_t at = 0;
    if (word.size == 0 || !local_word_next(word, &at, &first))
        return false;
    uint64_t key = text_key(word);
    for (at = 0; local_word_next(text, &at, &at_text);) {
        if (at_text.stem != first.stem)
            continue;
        size_t reach = at_text.start + word.size + 2;
        for (size_t end = at_text.end; end <= text.size && end <= reach; end++)
            if (text_key(slice_of(text.ptr + at_text.start, end - at_text.start)) == key)
                return true;
    }
    return false;
}

int64_t
local_take_choice(const struct local_field *field, struct slice text)
{
    const struct value *choices = value_items(field->choices);
    int64_t best = -1;
    size_t best_size = 0;
    for (uint32_t i = 0; i < field->choices.count; i++) {
        if (choices[i].kind != VALUE_STRING)
            continue;
        struct slice choice = value_slice(choices[i]);
        if (slice_equal(choice, text))
            return i;
        if (choice.size > best_size && contains_word(text, choice)) {
            best = i;
            best_size = choice.size;
        }
    }
    return best;
}

static void
take_choice(struct local_finder *finder, size_t index, double score)
{
    struct slice text = finder->piece->text;
    int64_t choice = local_take_choice(field_of(finder, index), text);
    if (choice >= 0)
        add(finder, index,
            (struct local_candidate){.score = score / (1 + (double)text.size / 1000),
                                     .key = (uint64_t)choice,
                                     .choice = (uint32_t)choice,
                                     .text = text});
}

static void
take_boolean(struct local_finder *finder, size_t index, double score)
{
    struct local_word word;
    struct slice text = finder->piece->text;
    size_t at = 0;
    if (slice_is(text, "✓") || slice_is(text, "✔") || slice_is(text, "✗") || slice_is(text, "✘")) {
        bool truth = slice_is(text, "✓") || slice_is(text, "✔");
        add(finder, index,
            (struct local_candidate){.score = score, .key = truth, .truth = truth, .text = text});
        return;
    }
    if (!local_word_next(text, &at, &word))
        return;
    unsigned roles = local_lexicon_roles(finder->wanted->lexicon, word.stem);
    bool is_yes = (roles & LOCAL_ROLE_YES) != 0;
    bool is_no = (roles & (LOCAL_ROLE_NO | LOCAL_ROLE_NOT)) != 0;
    if (is_yes || is_no)
        add(finder, index,
            (struct local_candidate){.score = score * (text.size < 20 ? 1 : 0.9),
                                     .key = is_yes,
                                     .truth = is_yes,
                                     .text = text});
}

/* --- Lists and addresses, which may go over several lines --- */

/* Bytes between two items that still belong together. */
#define ITEM_GAP 16

/* Lets the candidate that ended on the line above go on with this one. */
static bool
extend_items(struct local_finder *finder, size_t index)
{
    const struct local_piece *piece = finder->piece;
    struct local_pool *pool = &finder->pools[index];
    uint32_t serial = piece->label_count > 0 ? piece->labels[piece->label_count - 1].serial : 0;
    for (size_t i = 0; piece->is_item && i < pool->count; i++) {
        struct local_candidate *kept = &pool->best[i];
        const char *end = kept->text.ptr + kept->text.size;
        if (kept->serial != serial || kept->source != finder->source || end > piece->text.ptr ||
            piece->text.ptr - end > ITEM_GAP)
            continue;
        kept->text.size = (size_t)(piece->text.ptr + piece->text.size - kept->text.ptr);
        kept->quote.size = (size_t)(piece->quote.ptr + piece->quote.size - kept->quote.ptr);
        kept->key = (uint64_t)(uintptr_t)kept->text.ptr;
        return true;
    }
    return false;
}

static void
take_lines(struct local_finder *finder, size_t index, double score)
{
    const struct local_piece *piece = finder->piece;
    struct slice members[2];
    size_t count = 0;
    if (says_none(finder, piece->text) || extend_items(finder, index))
        return;
    bool is_list = field_of(finder, index)->type == AI_FIELD_LIST;
    if (is_list)
        count = local_list_split(finder->wanted->lexicon, piece->text, members, 2);
    if (is_list && count == 0)
        return;
    if (!is_list && (piece->text.size < 8 || piece->text.size > 250))
        return;
    bool is_numeric = count == 1 && piece->text.ptr[0] >= '0' && piece->text.ptr[0] <= '9';
    struct local_candidate candidate = {.score = is_numeric ? score * NUMERIC_LIST : score,
                                        .text = piece->text};
    candidate.key = text_key(piece->text);
    if (piece->is_item && piece->label_count > 0)
        candidate.serial = piece->labels[piece->label_count - 1].serial;
    add(finder, index, candidate);
}

void
local_take(struct local_finder *finder, size_t index, double score)
{
    const struct local_field *field = field_of(finder, index);
    switch (field->type) {
    case AI_FIELD_STRING:
        if (field->choices.kind == VALUE_ARRAY)
            take_choice(finder, index, score);
        else
            take_string(finder, index, score);
        return;
    case AI_FIELD_BOOLEAN:
        take_boolean(finder, index, score);
        return;
    case AI_FIELD_LIST:
    case AI_FIELD_ADDRESS:
        take_lines(finder, index, score);
        return;
    case AI_FIELD_URL:
        take_url(finder, index, score);
        return;
    case AI_FIELD_NUMBER:
    case AI_FIELD_INTEGER:
    case AI_FIELD_DATE:
    case AI_FIELD_MONEY:
    case AI_FIELD_PERCENTAGE:
    case AI_FIELD_EMAIL:
        take_typed(finder, index, score);
        return;
    }
}
