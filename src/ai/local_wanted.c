#include "ai/local_wanted.h"

#include "ai/local_value.h"
#include "ai/local_words.h"
#include "base/mem.h"

#include <assert.h>

/* Words of one meaning that a core word may bring along. */
#define ALIKE_MAX 16
#define OTHER_NAME_WEIGHT 85
#define DESCRIPTION_WORDS 64
#define USES_PER_FIELD (LOCAL_CORES_MAX * (2 + ALIKE_MAX) + LOCAL_HINTS_MAX + DESCRIPTION_WORDS / 2)
#define ALIKE_WEIGHT 88

/* Bytes of a name whose words are told apart. */
#define NAME_BYTES 256

void
local_wanted_init(struct local_wanted *wanted, const struct local_lexicon *lexicon,
                  size_t field_max)
{
    assert(field_max <= LOCAL_FIELDS_MAX);
    size_t uses = field_max * USES_PER_FIELD + 1;
    size_t slots = 16;
    while (slots < uses * 2)
        slots *= 2;
    *wanted = (struct local_wanted){.lexicon = lexicon, .term_slots = slots, .use_max = uses};
    wanted->fields = mem_alloc_array(field_max + 1, sizeof(*wanted->fields));
    wanted->terms = mem_alloc_array(slots, sizeof(*wanted->terms));
    wanted->uses = mem_alloc_array(uses, sizeof(*wanted->uses));
}

void
local_wanted_done(struct local_wanted *wanted)
{
    mem_free(wanted->fields);
    mem_free(wanted->terms);
    mem_free(wanted->uses);
}

static struct local_term *
term_of(struct local_wanted *wanted, uint64_t stem)
{
    size_t at = stem >> 12;
    for (;; at++) {
        struct local_term *term = &wanted->terms[at & (wanted->term_slots - 1)];
        if (term->stem == 0 || term->stem == stem)
            return term;
    }
}

void
local_wanted_use(struct local_wanted *wanted, struct local_use use, uint64_t stem)
{
    struct local_term *term = term_of(wanted, stem);
    if (wanted->use_count == wanted->use_max || stem == 0)
        return;
    for (uint32_t i = term->first; i != 0; i = wanted->uses[i - 1].next)
        if (wanted->uses[i - 1].field == use.field)
            return;
    use.next = term->first;
    wanted->uses[wanted->use_count++] = use;
    term->stem = stem;
    term->first = (uint32_t)wanted->use_count;
    wanted->filter[stem >> 6 & 63] |= UINT64_C(1) << (stem & 63);
}

/* --- A field's words --- */

struct alike {
    struct local_wanted *wanted;
    struct local_use use;
    size_t count;
};

static void
add_alike(void *context, uint64_t stem)
{
    struct alike *alike = context;
    if (alike->count++ < ALIKE_MAX)
        local_wanted_use(alike->wanted, alike->use, stem);
}

/* Who did it is told by the verb: "founder" by "founded". 0 if the word is no such noun. */
static uint64_t
verb_stem(struct slice word)
{
    char letters[LOCAL_WORD_LETTERS + 2];
    size_t size = local_word_fold(word, letters);
    size -= size > 6 && letters[size - 1] == 's';
    if (size < 6 || letters[size - 2] != 'e' || letters[size - 1] != 'r')
        return 0;
    letters[size - 1] = 'd';
    return local_stem(slice_of(letters, size));
}

static void
add_core(struct local_wanted *wanted, size_t field, uint64_t stem, struct slice word)
{
    struct local_field *to = &wanted->fields[field];
    struct local_use use = {.field = (uint16_t)field, .core = to->core_count++, .weight = 100};
    local_wanted_use(wanted, use, stem);
    use.weight = ALIKE_WEIGHT;
    struct alike alike = {.wanted = wanted, .use = use};
    local_lexicon_each_alike(wanted->lexicon, stem, add_alike, &alike);
    use.weight = LOCAL_AGENT_WEIGHT;
    local_wanted_use(wanted, use, verb_stem(word));
}

/* "Headquarters or head office of the firm": what stands behind an "or", one word or two, is
 * another name of a field that has one word of its own. */
static void
add_other_names(struct local_wanted *wanted, size_t field, struct slice text)
{
    struct local_use use = {.field = (uint16_t)field, .weight = OTHER_NAME_WEIGHT};
    unsigned skipped = LOCAL_ROLE_STOP | LOCAL_ROLE_GENERIC;
    struct local_word words[DESCRIPTION_WORDS];
    size_t count = local_words_read(text, words, DESCRIPTION_WORDS);
    uint64_t or = local_stem(SLICE("or"));
    for (size_t i = 0; i + 1 < count; i++) {
        if (words[i].stem != or)
            continue;
        const struct local_word *first = &words[i + 1];
        bool is_word = (local_lexicon_roles(wanted->lexicon, first->stem) & skipped) == 0;
        bool is_pair = is_word && i + 2 < count &&
                       (local_lexicon_roles(wanted->lexicon, first[1].stem) & skipped) == 0;
        if (is_pair)
            local_wanted_use(wanted, use, local_pair_stem(first->stem, first[1].stem));
        else if (is_word)
            local_wanted_use(wanted, use, first->stem);
        wanted->has_pairs = wanted->has_pairs || is_pair;
    }
}

static void
add_hints(struct local_wanted *wanted, size_t field, struct slice text)
{
    struct local_field *to = &wanted->fields[field];
    struct local_word word;
    for (size_t at = 0; to->hint_count < LOCAL_HINTS_MAX && local_word_next(text, &at, &word);) {
        unsigned roles = local_lexicon_roles(wanted->lexicon, word.stem);
        to->roles |= roles & (LOCAL_ROLE_YEARLY | LOCAL_ROLE_PERCENT | LOCAL_ROLE_NAMED |
                              LOCAL_ROLE_PARTIAL);
        if ((roles & (LOCAL_ROLE_STOP | LOCAL_ROLE_GENERIC)) != 0)
            continue;
        to->hint_count++;
        local_wanted_use(
            wanted, (struct local_use){.field = (uint16_t)field, .core = LOCAL_HINT, .weight = 100},
            word.stem);
    }
}

/* "netIncome2023" as "net Income 2023". */
static struct slice
spread_name(struct slice name, char out[NAME_BYTES * 2])
{
    size_t size = 0;
    for (size_t i = 0; i < name.size && i < NAME_BYTES; i++) {
        char byte = name.ptr[i];
        char before = i > 0 ? name.ptr[i - 1] : ' ';
        bool rises = byte >= 'A' && byte <= 'Z' && before >= 'a' && before <= 'z';
        bool counts = byte >= '0' && byte <= '9' && before >= 'A' && !(before <= '9');
        if (rises || counts)
            out[size++] = ' ';
        out[size++] = byte;
    }
    return slice_of(out, size);
}

/* Core words are those with a meaning; if there are none, whatever there is. */
static void
add_name(struct local_wanted *wanted, size_t field, struct slice name)
{
    char spread[NAME_BYTES * 2];
    struct local_word words[16];
    name = spread_name(name, spread);
    size_t count = local_words_read(name, words, 16);
    struct local_field *to = &wanted->fields[field];
    unsigned skipped = LOCAL_ROLE_STOP | LOCAL_ROLE_GENERIC;
    uint64_t year = local_stem(SLICE("year"));
    uint64_t date = local_stem(SLICE("date"));
    for (int pass = 0; pass < 3 && to->core_count == 0; pass++) {
        for (size_t i = 0; i < count && to->core_count < LOCAL_CORES_MAX; i++) {
            unsigned roles = local_lexicon_roles(wanted->lexicon, words[i].stem);
            bool is_time = words[i].stem == year || words[i].stem == date;
            to->roles |= roles;
            if (pass == 2 || (pass == 1 && (roles & LOCAL_ROLE_STOP) == 0) ||
                (pass == 0 && (roles & skipped) == 0 && !is_time))
                add_core(wanted, field, words[i].stem,
                         slice_of(name.ptr + words[i].start, words[i].end - words[i].start));
        }
    }
}

static bool
has_percent(struct slice text)
{
    return text.size > 0 && memchr(text.ptr, '%', text.size) != NULL;
}

size_t
local_wanted_add(struct local_wanted *wanted, const struct local_field_made *made)
{
    size_t field = wanted->field_count++;
    struct local_field *to = &wanted->fields[field];
    *to = (struct local_field){
        .name = made->path, .type = made->type, .choices = made->choices, .schema = made->schema};
    add_name(wanted, field, made->name);
    if (to->core_count == 1)
        add_other_names(wanted, field, made->description);
    add_hints(wanted, field, made->description);
    to->unit = local_unit_named(made->unit);
    if (to->unit == 0)
        to->unit = local_unit_named(made->description);
    bool has_sign = has_percent(made->description) || has_percent(made->unit);
    to->wants_percent =
        has_sign || made->type == AI_FIELD_PERCENTAGE || (to->roles & LOCAL_ROLE_PERCENT) != 0;
    to->wants_year = (to->roles & LOCAL_ROLE_YEARLY) != 0 || made->type == AI_FIELD_DATE;
    to->wants_full_date = slice_is(value_slice(value_get(made->schema, "format")), "date");
    return field;
}
