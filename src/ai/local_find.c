#include "ai/local_find.h"

#include "ai/local_sentence.h"
#include "ai/local_take.h"
#include "base/mem.h"

/* Weights of what labels say; see local_label_score(). */
#define BRACKET_CONTENT 0.3
#define INNER_CORE 0.97     /* a level further out names the field a little less */
#define EXTRA_AT_ANCHOR 0.7 /* words beside the field's, in the label that names it */
#define EXTRA_BELOW 1.2     /* in the labels below that */
#define GENERIC_AT_ANCHOR 0.03
#define REMARK_BELOW 0.4
#define ABOVE 0.985
#define HINT_PART 0.8
#define HINT_ONLY 0.74
/* Bytes of a text whose numbers tell how it writes them. */
#define STYLE_LOOK_BYTES 65536
/* Below this, what a label says is not looked at. */
#define LABEL_LEAST 0.3

struct local_finder *
local_finder_new(const struct local_wanted *wanted)
{
    struct local_finder *finder = mem_alloc(sizeof(*finder));
    finder->wanted = wanted;
    finder->pools = mem_alloc_array(wanted->field_count + 1, sizeof(*finder->pools));
    finder->matches = mem_alloc_array(wanted->field_count + 1, sizeof(*finder->matches));
    finder->touched = mem_alloc_array(wanted->field_count + 1, sizeof(*finder->touched));
    return finder;
}

void
local_finder_free(struct local_finder **finder)
{
    if (*finder == NULL)
        return;
    mem_free((*finder)->pools);
    mem_free((*finder)->matches);
    mem_free((*finder)->touched);
    mem_free(*finder);
    *finder = NULL;
}

/* --- Labels --- */

static double
word_content(const struct local_finder *finder, const struct local_word *word, bool in_brackets,
             struct local_level *level)
{
    unsigned roles = local_lexicon_roles(finder->wanted->lexicon, word->stem);
    if ((roles & LOCAL_ROLE_REMARK) != 0)
        level->is_remark = true;
    if ((roles & LOCAL_ROLE_GENERIC) != 0) {
        level->generic++;
        return 0;
    }
    if ((roles & LOCAL_ROLE_STOP) != 0)
        return 0;
    return in_brackets ? BRACKET_CONTENT : 1;
}

static uint16_t
word_year(struct slice text, const struct local_word *word)
{
    int64_t year;
    struct slice digits = slice_of(text.ptr + word->start, word->end - word->start);
    if ((word->flags & LOCAL_WORD_NUMBER) == 0 || digits.size != 4 ||
        !slice_parse_int64(digits, &year) || year < 1500 || year > 2150)
        return 0;
    return (uint16_t)year;
}

static const struct local_use *
find_pair(const struct local_wanted *wanted, uint64_t first, uint64_t second)
{
    if (!wanted->has_pairs)
        return NULL;
    return local_wanted_find(wanted, local_pair_stem(first, second));
}

/* Reads a label; most are the same as at the statement before. */
static void
level_read(struct local_finder *finder, struct local_level *level, const struct local_label *label)
{
    if (level->serial == label->serial)
        return;
    *level = (struct local_level){.serial = label->serial};
    struct local_word word;
    bool in_brackets = false;
    size_t seen = 0;
    uint64_t before = 0;
    for (size_t at = 0; local_word_next(label->text, &at, &word); seen = word.end) {
        for (size_t i = seen; i < word.start; i++)
            in_brackets = label->text.ptr[i] == '(' || (in_brackets && label->text.ptr[i] != ')');
        const struct local_use *use = local_wanted_find(finder->wanted, word.stem);
        const struct local_use *pair = find_pair(finder->wanted, before, word.stem);
        if (use != NULL && level->hit_count < LOCAL_LEVEL_HITS)
            level->hits[level->hit_count++] = use;
        if (pair != NULL && level->hit_count < LOCAL_LEVEL_HITS)
            level->hits[level->hit_count++] = pair;
        before = word.stem;
        uint16_t year = word_year(label->text, &word);
        if (year != 0)
            level->year = year;
        if ((word.flags & LOCAL_WORD_DIGIT) == 0 || use != NULL)
            level->content += word_content(finder, &word, in_brackets, level);
    }
}

static struct local_match *
touch(struct local_finder *finder, uint16_t field)
{
    struct local_match *match = &finder->matches[field];
    if (match->epoch != finder->epoch) {
        *match = (struct local_match){.epoch = finder->epoch, .anchor = -1};
        finder->touched[finder->touched_count++] = field;
    }
    return match;
}

static void
match_level(struct local_finder *finder, size_t level, size_t count)
{
    double far = 1;
    for (size_t i = level + 1; i < count; i++)
        far *= INNER_CORE;
    for (size_t i = 0; i < finder->levels[level].hit_count; i++) {
        const struct local_use *use = finder->levels[level].hits[i];
        for (; use != NULL; use = local_use_next(finder->wanted, use)) {
            struct local_match *match = touch(finder, use->field);
            bool is_core = use->core != LOCAL_HINT;
            bool had_core = match->has_core;
            double weight = far * use->weight / 100;
            if (is_core && match->cores[use->core] < weight)
                match->cores[use->core] = weight;
            match->has_core = had_core || is_core;
            match->hints += !is_core;
            match->matched[level] += is_core ? 1 : HINT_PART;
            /* Hints say which label it is only while no word of the name does. */
            if (is_core || !had_core)
                match->anchor = (int)level;
        }
    }
}

double
local_match_cover(const struct local_field *field, const struct local_match *match)
{
    double sum = 0;
    for (size_t i = 0; i < field->core_count; i++)
        sum += match->cores[i];
    return field->core_count == 0 ? 0 : sum / field->core_count;
}

double
local_label_score(const struct local_finder *finder, const struct local_field *field,
                  const struct local_match *match)
{
    double score = local_match_cover(field, match);
    size_t count = finder->piece->label_count;
    if (match->anchor < 0)
        return 0;
    if (!match->has_core)
        score = match->hints >= 2 || field->hint_count <= 2 ? HINT_ONLY : HINT_ONLY * HINT_PART;
    size_t anchor = (size_t)match->anchor;
    for (size_t i = 0; i < count; i++) {
        const struct local_level *level = &finder->levels[i];
        double extra = level->content - match->matched[i];
        if (i < anchor) {
            score *= ABOVE;
            continue;
        }
        if (extra > 0)
            score /= 1 + extra * (i == anchor ? EXTRA_AT_ANCHOR : EXTRA_BELOW);
        if (i == anchor)
            score *= 1 - GENERIC_AT_ANCHOR * (level->generic > 3 ? 3 : level->generic);
        else if (level->is_remark)
            score *= REMARK_BELOW;
    }
    return score;
}

/* --- Statements --- */

void
local_finder_need_values(struct local_finder *finder)
{
    if (finder->has_values)
        return;
    finder->has_values = true;
    finder->value_count =
        local_values_find(finder->piece->text, finder->style, finder->values, LOCAL_PIECE_VALUES);
    finder->scale = (struct local_scale){.exponent = 0};
    for (size_t i = 0; i < finder->piece->label_count; i++) {
        struct local_level *level = &finder->levels[i];
        if (!level->has_scale)
            local_scale_read(&level->scale, finder->piece->labels[i].text);
        level->has_scale = true;
        local_scale_add(&finder->scale, &level->scale);
    }
}

void
local_finder_need_roles(struct local_finder *finder)
{
    if (!finder->has_roles)
        for (size_t i = 0; i < finder->word_count; i++)
            finder->roles[i] = local_lexicon_roles(finder->wanted->lexicon, finder->words[i].stem);
    finder->has_roles = true;
}

static void
match_word(struct local_finder *finder, size_t index, const struct local_use *use)
{
    for (; use != NULL; use = local_use_next(finder->wanted, use)) {
        struct local_match *match = touch(finder, use->field);
        if (use->core == LOCAL_HINT) {
            match->word_hints++;
            continue;
        }
        double weight = use->weight / 100.0;
        if (match->word_count == sizeof(match->words) / sizeof(match->words[0]))
            continue;
        match->word_cores[match->word_count] = use->core;
        match->word_weights[match->word_count] = weight;
        match->words[match->word_count++] = (uint16_t)index;
    }
}

static void
read_words(struct local_finder *finder)
{
    struct slice text = finder->piece->text;
    size_t at = 0;
    uint64_t before = 0;
    finder->word_count = 0;
    while (finder->word_count < LOCAL_PIECE_WORDS) {
        struct local_word *word = &finder->words[finder->word_count];
        if (!local_word_next(text, &at, word))
            return;
        const struct local_use *use = local_wanted_find(finder->wanted, word->stem);
        if (use != NULL)
            match_word(finder, finder->word_count, use);
        use = find_pair(finder->wanted, before, word->stem);
        if (use != NULL)
            match_word(finder, finder->word_count, use);
        before = word->stem;
        finder->word_count++;
    }
}

/* Fields that are known by their form: an e-mail address is one wherever it stands. */
static void
touch_by_form(struct local_finder *finder)
{
    struct slice text = finder->piece->text;
    bool may_mail = memchr(text.ptr, '@', text.size) != NULL;
    bool may_link = memmem(text.ptr, text.size, "http", 4) != NULL ||
                    memmem(text.ptr, text.size, "www.", 4) != NULL;
    for (size_t i = 0; (may_mail || may_link) && i < finder->wanted->field_count; i++) {
        enum ai_field_type type = finder->wanted->fields[i].type;
        if ((may_mail && type == AI_FIELD_EMAIL) || (may_link && type == AI_FIELD_URL))
            touch(finder, (uint16_t)i);
    }
}

static void
judge(struct local_finder *finder, uint16_t index)
{
    const struct local_field *field = &finder->wanted->fields[index];
    const struct local_match *match = &finder->matches[index];
    if (!finder->piece->is_value) {
        local_sentence_judge(finder, index);
        return;
    }
    double score = local_label_score(finder, field, match);
    if (score >= LABEL_LEAST && score > local_pool_least(&finder->pools[index]))
        local_take(finder, index, score);
}

static void
visit_piece(void *context, const struct local_piece *piece)
{
    struct local_finder *finder = context;
    finder->piece = piece;
    finder->epoch++;
    finder->touched_count = 0;
    finder->has_values = finder->has_roles = false;
    finder->word_count = 0;
    for (size_t i = 0; i < piece->label_count; i++) {
        level_read(finder, &finder->levels[i], &piece->labels[i]);
        match_level(finder, i, piece->label_count);
    }
    if (!piece->is_value) {
        read_words(finder);
        touch_by_form(finder);
    }
    for (size_t i = 0; i < finder->touched_count; i++)
        judge(finder, finder->touched[i]);
}

void
local_finder_read(struct local_finder *finder, size_t source, struct slice text)
{
    finder->source = source;
    finder->style = local_style_of(slice_cut(text, STYLE_LOOK_BYTES));
    for (size_t i = 0; i < LOCAL_LABELS_MAX; i++)
        finder->levels[i].serial = 0;
    local_layout_read(text, visit_piece, finder);
}
