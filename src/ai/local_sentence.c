#include "ai/local_sentence.h"

#include "ai/local_list.h"
#include "ai/local_take.h"

/* A sentence never says as clearly as a label what it tells of. */
#define SENTENCE_WEIGHT 0.88
#define BY_FORM_WEIGHT 0.62
/* Of a sentence in a remark, and of one that denies. */
#define REMARK_WEIGHT 0.6
#define DENIED_WEIGHT 0.4
#define DENIAL_REACH 4
#define COVER_LEAST 0.6
/* What each word between costs, behind the field's words and before them. */
#define WORD_BEHIND 0.05
#define WORD_BEFORE 0.12
#define CLAUSE_BETWEEN 0.65
#define JOINT_BEHIND 0.9
#define JOINT_BEFORE 0.7
/* A number of a quarter, where one of a year is asked for. */
#define PARTIAL_WEIGHT 0.8
/* Words of one name stand so near to each other. */
#define CLUSTER_WORDS 2
#define CLUSTER_SPREAD 0.7
#define NAME_WORD 0.15
/* Words between a name and what it belongs to, at most. */
#define NAME_REACH 30
#define AGENT_WORD 0.02
#define INITIALS_WEIGHT 0.4
/* The verb of an agent's name is known by its form, which weighs its cover down; this mends it. */
#define AGENT_CERTAIN 1.2
#define PHRASE_BYTES 120
/* Words of a description that tell as much as its name, and how much that is. */
#define HINTS_ENOUGH 3
#define HINTS_COVER 0.82

struct sentence {
    struct local_finder *finder;
    size_t index;
    const struct local_field *field;
    const struct local_match *match;
    struct slice text;
    double score; /* of the words met */
    /* For each of the match's words: how many of the field's words stand near it, as a part of the
     * most that do. */
    double clusters[LOCAL_CORES_MAX * 2];
};

static struct slice
word_text(const struct sentence *sentence, size_t word)
{
    const struct local_word *at = &sentence->finder->words[word];
    return slice_of(sentence->text.ptr + at->start, at->end - at->start);
}

/* The first word that begins at the byte or behind it. */
static size_t
word_at(const struct local_finder *finder, size_t byte)
{
    size_t low = 0;
    size_t high = finder->word_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (finder->words[middle].start < byte)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool
has_clause_between(const struct sentence *sentence, size_t from, size_t to)
{
    return from < to && memchr(sentence->text.ptr + from, ';', to - from) != NULL;
}

/* Whether "and" or a comma stands between the words. */
static bool
has_joint_between(const struct sentence *sentence, size_t from, size_t to)
{
    const struct local_word *words = sentence->finder->words;
    for (size_t i = from + 1; i < to; i++)
        if (local_list_is_and(word_text(sentence, i)))
            return true;
    return memchr(sentence->text.ptr + words[from].end, ',', words[to].start - words[from].end) !=
           NULL;
}

/* How near words [first, last] stand to the field's nearest word. */
static double
nearness(const struct sentence *sentence, size_t first, size_t last)
{
    const struct local_match *match = sentence->match;
    const struct local_word *words = sentence->finder->words;
    double best = 0;
    for (size_t i = 0; i < match->word_count; i++) {
        size_t core = match->words[i];
        bool is_behind = core < first;
        size_t from = is_behind ? core : last;
        size_t to = is_behind ? first : core;
        double between = to > from ? (double)(to - from - 1) : 0;
        double near =
            1 / (1 + (is_behind ? WORD_BEHIND : WORD_BEFORE) * (between > 2 ? between - 2 : 0));
        if (to > from && has_clause_between(sentence, words[from].end, words[to].start))
            near *= CLAUSE_BETWEEN;
        if (to > from && has_joint_between(sentence, from, to))
            near *= is_behind ? JOINT_BEHIND : JOINT_BEFORE;
        near *= sentence->clusters[i];
        best = near > best ? near : best;
    }
    return best;
}

/* Whether the word, of the name or of the description, is the field's. */
static bool
is_ours(const struct sentence *sentence, size_t word)
{
    const struct local_wanted *wanted = sentence->finder->wanted;
    const struct local_use *use = local_wanted_find(wanted, sentence->finder->words[word].stem);
    while (use != NULL && use->field != sentence->index)
        use = local_use_next(wanted, use);
    return use != NULL;
}

static bool
has_partial(const struct sentence *sentence)
{
    for (size_t i = 0; i < sentence->finder->word_count; i++)
        if ((sentence->finder->roles[i] & LOCAL_ROLE_PARTIAL) != 0)
            return (sentence->field->roles & LOCAL_ROLE_PARTIAL) == 0;
    return false;
}

/* "rose by 2 to 12": the 2 is no level but a change. */
static double
word_before_weight(const struct sentence *sentence, size_t word)
{
    if (word == 0)
        return 1;
    struct slice before = word_text(sentence, word - 1);
    if (slice_is(before, "by") || slice_is(before, "um"))
        return 0.65;
    return slice_is(before, "from") || slice_is(before, "von") ? 0.8 : 1;
}

static void
judge_typed(const struct sentence *sentence)
{
    struct local_finder *finder = sentence->finder;
    struct local_scale scale = {.exponent = 0};
    double partial = has_partial(sentence) ? PARTIAL_WEIGHT : 1;
    local_finder_need_values(finder);
    for (size_t i = 0; i < finder->value_count; i++) {
        const struct local_found *found = &finder->values[i];
        double fit = local_take_fit(sentence->field, found, &scale);
        if (fit <= 0)
            continue;
        size_t first = word_at(finder, found->start);
        size_t behind = word_at(finder, found->end);
        size_t last = behind > first ? behind - 1 : first;
        double score = partial * sentence->score * fit * nearness(sentence, first, last) *
                       word_before_weight(sentence, first);
        bool is_form = found->kind == LOCAL_EMAIL || found->kind == LOCAL_URL;
        if (is_form && score < BY_FORM_WEIGHT)
            score = BY_FORM_WEIGHT;
        if (found->brackets > 0)
            score *= 0.85;
        local_take_found(finder, sentence->index, found, score);
    }
}

/* --- Names --- */

static bool
is_small_link(struct slice word)
{
    static const char *const links[] = {"of",  "de",  "del", "della", "di",  "du",  "da", "do",
                                        "dos", "van", "von", "der",   "den", "la",  "le", "al",
                                        "el",  "the", "zu",  "y",     "bin", "and", "&"};
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
        if (slice_is(word, links[i]))
            return true;
    return false;
}

/* Whether nothing but a space, a hyphen or the point of an initial stands between two words. */
static bool
is_joined(const struct sentence *sentence, size_t word)
{
    const struct local_word *words = sentence->finder->words;
    for (size_t i = words[word].end; i < words[word + 1].start; i++)
        if (memchr(" -'.&\xE2\x80\x99", sentence->text.ptr[i], 8) == NULL)
            return false;
    bool is_point = sentence->text.ptr[words[word].end] == '.';
    return !is_point || words[word].end - words[word].start <= 2;
}

static bool
is_capital(const struct sentence *sentence, size_t word)
{
    return (sentence->finder->words[word].flags & LOCAL_WORD_CAPITAL) != 0;
}

/* The last word of the name that begins with word `first`. */
static size_t
name_end(const struct sentence *sentence, size_t first)
{
    size_t count = sentence->finder->word_count;
    size_t last = first;
    for (size_t i = first; i + 1 < count && i - first < 8 && is_joined(sentence, i); i++) {
        if (is_capital(sentence, i + 1) ||
            (sentence->finder->words[i + 1].flags & LOCAL_WORD_DIGIT) != 0)
            last = i + 1;
        else if (!is_small_link(word_text(sentence, i + 1)) ||
                 slice_is(word_text(sentence, i + 1), "and"))
            break;
    }
    return last;
}

static bool
is_copula(struct slice word)
{
    static const char *const verbs[] = {"been", "is",  "was",     "are",    "ist",   "war",
                                        "est",  "es",  "remains", "became", "named", "called",
                                        "by",   "von", "in",      "at",     "as"};
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
        if (slice_is(word, verbs[i]))
            return true;
    return false;
}

/* How likely the name [first, last] is what the field's word at `core` asks for. */
static double
name_relation(const struct sentence *sentence, size_t core, size_t first, size_t last)
{
    const struct local_finder *finder = sentence->finder;
    size_t from = core < first ? core + 1 : last + 1;
    size_t to = core < first ? first : core;
    double others = 0;
    bool has_copula = false;
    for (size_t i = from; i < to; i++) {
        bool is_link = (finder->roles[i] & LOCAL_ROLE_LINK) != 0;
        has_copula = has_copula || is_copula(word_text(sentence, i));
        others += is_link || is_ours(sentence, i) ? 0 : 1;
    }
    bool is_apart = has_clause_between(sentence, finder->words[core < first ? core : last].end,
                                       finder->words[core < first ? first : core].start);
    if (core == last + 1 && sentence->text.ptr[finder->words[last].end] == '-')
        return 1;
    double relation = 1 / (1 + NAME_WORD * others);
    if (first > 0 && slice_is(word_text(sentence, first - 1), "of"))
        relation *= 0.4;
    char next = from < to ? sentence->text.ptr[finder->words[last].end] : ' ';
    if (core > last && !has_copula && next != ',' && next != '(')
        relation *= 0.7;
    if (core < first && !has_copula && to > from)
        relation *= 0.85;
    return relation * (is_apart ? CLAUSE_BETWEEN : 1);
}

/* Who did what the verb says: "founded in 1847 by A", "A founded". */
static double
agent_relation(const struct sentence *sentence, size_t verb, size_t first, size_t last)
{
    if (verb > last)
        return verb == last + 1 ? 0.9 : 0.1;
    struct slice before = word_text(sentence, first - 1);
    bool is_by = slice_is(before, "by") || slice_is(before, "von") || slice_is(before, "par") ||
                 slice_is(before, "por");
    return is_by ? 1 / (1 + AGENT_WORD * (double)(first - verb)) : 0.1;
}

/* A comma and a space or a line's end. */
static bool
is_comma(struct slice between)
{
    return between.size == 2 && between.ptr[0] == ',' && (unsigned char)between.ptr[1] <= ' ';
}

/* "Munich, Germany" is one place. */
static size_t
place_end(const struct sentence *sentence, size_t first, size_t last)
{
    const struct local_finder *finder = sentence->finder;
    bool is_in = first > 0 && (slice_is(word_text(sentence, first - 1), "in") ||
                               slice_is(word_text(sentence, first - 1), "at"));
    is_in = is_in || (first > 0 && sentence->text.ptr[finder->words[first - 1].end] == ':');
    if (!is_in || last + 1 >= finder->word_count || !is_capital(sentence, last + 1))
        return last;
    const struct local_word *words = finder->words;
    struct slice between =
        slice_of(sentence->text.ptr + words[last].end, words[last + 1].start - words[last].end);
    return is_comma(between) ? name_end(sentence, last + 1) : last;
}

/* "A, B and C": the last word of the names that are joined to the one that ends with `last`. */
static size_t
names_end(const struct sentence *sentence, size_t last)
{
    const struct local_finder *finder = sentence->finder;
    for (;;) {
        size_t next = last + 1;
        if (next < finder->word_count && local_list_is_and(word_text(sentence, next)))
            next++;
        if (next >= finder->word_count || !is_capital(sentence, next))
            return last;
        struct slice between = slice_of(sentence->text.ptr + finder->words[next - 1].end,
                                        finder->words[next].start - finder->words[next - 1].end);
        bool is_joined_on = next > last + 1
                                ? between.size == 1 && (unsigned char)between.ptr[0] <= ' '
                                : is_comma(between);
        if (!is_joined_on)
            return last;
        last = name_end(sentence, next);
    }
}

/* "B.C", "U.S": seldom a name by itself. */
static bool
is_initials(const struct sentence *sentence, size_t first, size_t last)
{
    for (size_t i = first; i <= last; i++)
        if (sentence->finder->words[i].end - sentence->finder->words[i].start > 1)
            return false;
    return true;
}

/* Returns the last word of what was taken for the name. */
static size_t
judge_name(const struct sentence *sentence, size_t first, size_t last, double weight)
{
    struct local_finder *finder = sentence->finder;
    const struct local_match *match = sentence->match;
    double best = 0;
    bool is_list = sentence->field->type == AI_FIELD_LIST;
    if (is_list)
        last = names_end(sentence, last);
    for (size_t i = 0; i < match->word_count; i++) {
        size_t word = match->words[i];
        bool is_far = word + NAME_REACH < first || word > last + NAME_REACH;
        if ((word >= first && word <= last) || is_far)
            continue;
        bool is_verb = match->word_weights[i] <= LOCAL_AGENT_WEIGHT / 100.0;
        double relation =
            is_verb ? agent_relation(sentence, match->words[i], first, last) * AGENT_CERTAIN
                    : name_relation(sentence, match->words[i], first, last);
        best = relation > best ? relation : best;
    }
    if (!is_list)
        last = place_end(sentence, first, last);
    struct slice name = slice_of(sentence->text.ptr + finder->words[first].start,
                                 finder->words[last].end - finder->words[first].start);
    if (is_initials(sentence, first, last))
        best *= INITIALS_WEIGHT;
    if (best > 0)
        local_take_text(finder, sentence->index, name, sentence->score * best * weight);
    return last;
}

static bool
is_in_date(const struct sentence *sentence, size_t word)
{
    struct local_finder *finder = sentence->finder;
    local_finder_need_values(finder);
    for (size_t i = 0; i < finder->value_count; i++)
        if (finder->values[i].start <= finder->words[word].start &&
            finder->words[word].start < finder->values[i].end)
            return true;
    return false;
}

/* A capital letter at the beginning of a sentence says nothing about a common word. */
static bool
begins_name(const struct sentence *sentence, size_t word)
{
    unsigned roles = sentence->finder->roles[word];
    unsigned common = LOCAL_ROLE_STOP | LOCAL_ROLE_GENERIC | LOCAL_ROLE_RESIDUAL | LOCAL_ROLE_NOT;
    return is_capital(sentence, word) && !is_ours(sentence, word) && (roles & common) == 0 &&
           !is_in_date(sentence, word);
}

static void
judge_names(const struct sentence *sentence, double weight)
{
    struct local_finder *finder = sentence->finder;
    for (size_t i = 0; i < finder->word_count; i++) {
        if (!begins_name(sentence, i))
            continue;
        size_t last = name_end(sentence, i);
        size_t end = last;
        for (size_t j = i + 1; j <= last; j++)
            if (is_ours(sentence, j)) {
                end = j - 1;
                break;
            }
        size_t taken = judge_name(sentence, i, end, weight);
        i = taken > last ? taken : last;
    }
}

/* "The climate is mild and wet, with ...": what stands behind the verb. */
static void
judge_phrase(const struct sentence *sentence)
{
    struct local_finder *finder = sentence->finder;
    size_t core = sentence->match->words[sentence->match->word_count - 1];
    for (size_t i = core + 1; i < finder->word_count && i < core + 6; i++) {
        struct slice word = word_text(sentence, i);
        bool is_verb = slice_is(word, "is") || slice_is(word, "are") || slice_is(word, "was") ||
                       slice_is(word, "ist") || slice_is(word, "est");
        if (!is_verb || i + 1 == finder->word_count)
            continue;
        size_t start = finder->words[i + 1].start;
        size_t end = start;
        while (end < sentence->text.size && end - start < PHRASE_BYTES &&
               memchr(",.;", sentence->text.ptr[end], 3) == NULL)
            end++;
        if (end - start < PHRASE_BYTES)
            local_take_text(finder, sentence->index,
                            slice_trim(slice_of(sentence->text.ptr + start, end - start)),
                            sentence->score * 0.72);
        return;
    }
}

/* --- The other types --- */

static bool
is_negated(const struct sentence *sentence)
{
    for (size_t i = 0; i < sentence->finder->word_count; i++)
        if ((sentence->finder->roles[i] & LOCAL_ROLE_NOT) != 0)
            return true;
    return false;
}

static void
judge_boolean(const struct sentence *sentence)
{
    struct local_candidate candidate = {.score = sentence->score * 0.75,
                                        .truth = !is_negated(sentence),
                                        .text = sentence->text,
                                        .quote = sentence->text,
                                        .source = sentence->finder->source};
    candidate.key = candidate.truth;
    local_pool_add(&sentence->finder->pools[sentence->index], &candidate);
}

static void
judge_choice(const struct sentence *sentence)
{
    int64_t choice = local_take_choice(sentence->field, sentence->text);
    if (choice < 0)
        return;
    struct local_candidate candidate = {.score = sentence->score * 0.8,
                                        .key = (uint64_t)choice,
                                        .choice = (uint32_t)choice,
                                        .text = sentence->text,
                                        .quote = sentence->text,
                                        .source = sentence->finder->source};
    local_pool_add(&sentence->finder->pools[sentence->index], &candidate);
}

/* "The languages are German, French and Italian." */
static void
judge_list(const struct sentence *sentence)
{
    struct local_finder *finder = sentence->finder;
    size_t word = sentence->match->words[0] + 1;
    bool is_told = false;

    for (; word < finder->word_count; word++) {
        struct slice text = word_text(sentence, word);
        bool is_verb = is_copula(text) || slice_is(text, "include") || slice_is(text, "includes") ||
                       slice_is(text, "including") || slice_is(text, "sind");
        is_told = is_told || is_verb;
        if (!is_verb && (finder->roles[word] & LOCAL_ROLE_LINK) == 0)
            break;
    }
    bool is_named = (sentence->field->roles & LOCAL_ROLE_NAMED) != 0;
    bool is_common = is_told && word < finder->word_count &&
                     (finder->words[word].flags & (LOCAL_WORD_CAPITAL | LOCAL_WORD_DIGIT)) == 0;
    if (is_named && !is_common) {
        judge_names(sentence, 0.9);
        return;
    }
    if (!is_told || word >= finder->word_count)
        return;
    size_t start = finder->words[word].start;
    struct slice rest = slice_of(sentence->text.ptr + start, sentence->text.size - start);
    const char *semicolon = memchr(rest.ptr, ';', rest.size);
    if (semicolon != NULL)
        rest.size = (size_t)(semicolon - rest.ptr);
    struct slice members[2];
    if (local_list_split(finder->wanted->lexicon, rest, members, 2) == 2)
        local_take_text(finder, sentence->index, rest, sentence->score * 0.8);
}

static void
judge_told(const struct sentence *sentence)
{
    unsigned hints = sentence->match->word_hints + (unsigned)sentence->match->word_count;
    double score = sentence->score * (0.5 + 0.08 * (hints > 5 ? 5 : hints));
    local_take_text(sentence->finder, sentence->index, sentence->text, score);
}

static void
judge_string(const struct sentence *sentence)
{
    unsigned roles = sentence->field->roles;
    if (sentence->field->choices.kind == VALUE_ARRAY) {
        judge_choice(sentence);
    } else if ((roles & LOCAL_ROLE_TOLD) != 0) {
        judge_told(sentence);
    } else {
        judge_names(sentence, (roles & LOCAL_ROLE_NAMED) != 0 ? 1 : 0.65);
        if ((roles & LOCAL_ROLE_NAMED) == 0)
            judge_phrase(sentence);
    }
}

/* "There is no capital": a word of denial before a word of the field. */
static bool
is_denied(const struct sentence *sentence)
{
    const struct local_match *match = sentence->match;
    for (size_t i = 0; i < match->word_count; i++)
        for (size_t back = 1; back <= DENIAL_REACH && back <= match->words[i]; back++)
            if ((sentence->finder->roles[match->words[i] - back] & LOCAL_ROLE_NOT) != 0)
                return true;
    return false;
}

static void
judge_type(struct sentence *sentence)
{
    local_finder_need_roles(sentence->finder);
    if (sentence->field->type != AI_FIELD_BOOLEAN && is_denied(sentence))
        sentence->score *= DENIED_WEIGHT;
    switch (sentence->field->type) {
    case AI_FIELD_STRING:
        judge_string(sentence);
        return;
    case AI_FIELD_BOOLEAN:
        judge_boolean(sentence);
        return;
    case AI_FIELD_LIST:
        judge_list(sentence);
        return;
    case AI_FIELD_ADDRESS:
        return;
    case AI_FIELD_NUMBER:
    case AI_FIELD_INTEGER:
    case AI_FIELD_DATE:
    case AI_FIELD_MONEY:
    case AI_FIELD_PERCENTAGE:
    case AI_FIELD_EMAIL:
    case AI_FIELD_URL:
        judge_typed(sentence);
        return;
    }
}

/* The best part of the field's words that stand together, or in the labels above. */
static double
words_cover(struct sentence *sentence)
{
    const struct local_match *match = sentence->match;
    size_t reach = sentence->field->core_count + CLUSTER_WORDS;
    double best = 0;
    for (size_t i = 0; i < match->word_count; i++) {
        double cores[LOCAL_CORES_MAX] = {0};
        for (size_t j = 0; j < match->word_count; j++) {
            size_t between = match->words[i] > match->words[j] ? match->words[i] - match->words[j]
                                                               : match->words[j] - match->words[i];
            double weight = match->word_weights[j] * (between <= reach ? 1 : CLUSTER_SPREAD);
            if (cores[match->word_cores[j]] < weight)
                cores[match->word_cores[j]] = weight;
        }
        double sum = 0;
        for (size_t j = 0; j < sentence->field->core_count; j++)
            sum += cores[j] > match->cores[j] ? cores[j] : match->cores[j];
        sentence->clusters[i] = sum;
        best = sum > best ? sum : best;
    }
    for (size_t i = 0; i < match->word_count && best > 0; i++)
        sentence->clusters[i] /= best;
    return sentence->field->core_count == 0 ? 0 : best / sentence->field->core_count;
}

/* Words of the description alone suffice if enough of them stand in the sentence. */
static double
cover_of(struct sentence *sentence)
{
    const struct local_match *match = sentence->match;
    unsigned hints =
        sentence->field->hint_count < HINTS_ENOUGH ? sentence->field->hint_count : HINTS_ENOUGH;
    if (match->word_count > 0)
        return words_cover(sentence);
    bool is_told = sentence->field->type == AI_FIELD_BOOLEAN ||
                   (sentence->field->roles & LOCAL_ROLE_TOLD) != 0;
    return is_told && hints >= 2 && match->word_hints >= hints ? HINTS_COVER : 0;
}

static bool
is_in_remark(const struct local_finder *finder)
{
    for (size_t i = 0; i < finder->piece->label_count; i++)
        if (finder->levels[i].is_remark)
            return true;
    return false;
}

void
local_sentence_judge(struct local_finder *finder, size_t index)
{
    struct sentence sentence = {.finder = finder,
                                .index = index,
                                .field = &finder->wanted->fields[index],
                                .match = &finder->matches[index],
                                .text = finder->piece->text};
    bool by_form = sentence.field->type == AI_FIELD_EMAIL || sentence.field->type == AI_FIELD_URL;
    double cover = cover_of(&sentence);
    if (cover < COVER_LEAST && !by_form)
        return;
    sentence.score = SENTENCE_WEIGHT * cover;
    if (is_in_remark(finder))
        sentence.score *= REMARK_WEIGHT;
    judge_type(&sentence);
}
