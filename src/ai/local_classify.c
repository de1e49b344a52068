#include "ai/local_classify.h"

#include "ai/local_layout.h"
#include "ai/local_wanted.h"
#include "ai/local_words.h"
#include "base/mem.h"

#include <math.h>

#define NAME_WEIGHT 2.0
/* What a value that is the label's name adds. */
#define NAMED_WEIGHT 6.0
#define NAMED_BYTES 60
/* What a word says against its label behind "not", and how near that has to stand. */
#define NEGATED -0.6
#define NEGATION_REACH 4
/* Evidence that leaves little doubt. */
#define EVIDENCE 3.0

struct tally {
    double score;
    double best;       /* of one statement */
    struct slice text; /* that statement */
    size_t source;
    double now; /* of the statement being read */
    uint64_t epoch;
};

struct classifying {
    const struct ai_request *request;
    const struct local_lexicon *lexicon;
    struct local_wanted wanted; /* a field for each label */
    struct tally *tallies;
    uint32_t *seen; /* how often each use was met */
    uint16_t *touched;
    size_t touched_count;
    uint64_t epoch;
    size_t source;
};

/* Labels that have the word. */
static double
shared(const struct local_wanted *wanted, const struct local_use *use)
{
    double count = 0;
    for (; use != NULL; use = local_use_next(wanted, use))
        count++;
    return count;
}

static void
count_use(struct classifying *state, const struct local_use *use, double weight)
{
    struct tally *tally = &state->tallies[use->field];
    uint32_t *seen = &state->seen[use - state->wanted.uses];
    if (tally->epoch != state->epoch) {
        tally->epoch = state->epoch;
        tally->now = 0;
        state->touched[state->touched_count++] = use->field;
    }
    if (*seen < UINT32_MAX)
        ++*seen;
    double part = use->core == LOCAL_HINT ? 1 : NAME_WEIGHT;
    tally->now += weight * part * use->weight / 100 / *seen;
}

static void
count_words(struct classifying *state, const struct local_piece *piece)
{
    struct local_word word;
    size_t since_not = NEGATION_REACH + 1;
    double labels = (double)state->wanted.field_count;
    for (size_t at = 0; local_word_next(piece->text, &at, &word); since_not++) {
        unsigned roles = local_lexicon_roles(state->lexicon, word.stem);
        if ((roles & LOCAL_ROLE_NOT) != 0)
            since_not = 0;
        const struct local_use *use = local_wanted_find(&state->wanted, word.stem);
        if (use == NULL)
            continue;
        double weight = log(1 + labels / shared(&state->wanted, use));
        if (since_not > 0 && since_not <= NEGATION_REACH)
            weight *= NEGATED;
        for (; use != NULL; use = local_use_next(&state->wanted, use))
            count_use(state, use, weight);
    }
}

/* "Priority: high". */
static void
count_named(struct classifying *state, const struct local_piece *piece)
{
    for (size_t i = 0; i < state->request->label_count; i++) {
        struct slice name = state->request->labels[i].name;
        if (name.size != piece->text.size || strncasecmp(name.ptr, piece->text.ptr, name.size) != 0)
            continue;
        state->tallies[i].score += NAMED_WEIGHT;
        state->tallies[i].best = NAMED_WEIGHT;
        state->tallies[i].text = piece->quote;
        state->tallies[i].source = state->source;
    }
}

static void
visit(void *context, const struct local_piece *piece)
{
    struct classifying *state = context;
    bool is_line = piece->is_value && piece->text.size < LOCAL_PROSE_BYTES;
    if (piece->is_value && !piece->is_item && piece->text.size <= NAMED_BYTES)
        count_named(state, piece);
    if (piece->is_value && !is_line)
        return;
    state->epoch++;
    state->touched_count = 0;
    count_words(state, piece);
    for (size_t i = 0; i < state->touched_count; i++) {
        struct tally *tally = &state->tallies[state->touched[i]];
        tally->score += tally->now;
        if (tally->now <= tally->best)
            continue;
        tally->best = tally->now;
        tally->text = is_line ? piece->quote : piece->text;
        tally->source = state->source;
    }
}

/* The label "other" or "unknown", SIZE_MAX if there is none. */
static size_t
residual_label(const struct classifying *state)
{
    for (size_t i = 0; i < state->request->label_count; i++)
        if ((state->wanted.fields[i].roles & LOCAL_ROLE_RESIDUAL) != 0)
            return i;
    return SIZE_MAX;
}

static struct value
decide(struct classifying *state, struct local_output *output)
{
    size_t best = SIZE_MAX;
    double first = 0;
    double second = 0;
    for (size_t i = 0; i < state->request->label_count; i++) {
        double score = state->tallies[i].score;
        if (score > first) {
            second = first;
            first = score;
            best = i;
        } else if (score > second) {
            second = score;
        }
    }
    if (best == SIZE_MAX) {
        size_t residual = residual_label(state);
        return residual == SIZE_MAX ? value_null()
                                    : value_string(state->request->labels[residual].name);
    }
    const struct tally *tally = &state->tallies[best];
    double confidence = first / (first + EVIDENCE / 2) * (0.5 + 0.5 * (first - second) / first);
    local_output_cite(output, &(struct local_citation){.field = SLICE("label"),
                                                       .source = tally->source,
                                                       .text = tally->text,
                                                       .quote = tally->text,
                                                       .confidence = confidence});
    return value_string(state->request->labels[best].name);
}

static void
read_labels(struct classifying *state)
{
    const struct ai_request *request = state->request;
    local_wanted_init(&state->wanted, state->lexicon, request->label_count);
    for (size_t i = 0; i < request->label_count; i++)
        local_wanted_add(&state->wanted,
                         &(struct local_field_made){.path = request->labels[i].name,
                                                    .name = request->labels[i].name,
                                                    .description = request->labels[i].description});
}

struct value
local_classify(struct local_output *output, const struct local_lexicon *lexicon)
{
    struct classifying state = {.request = output->request, .lexicon = lexicon};
    read_labels(&state);
    state.tallies = mem_alloc_array(output->request->label_count, sizeof(*state.tallies));
    state.touched = mem_alloc_array(output->request->label_count, sizeof(*state.touched));
    state.seen = mem_alloc_array(state.wanted.use_count + 1, sizeof(*state.seen));
    for (state.source = 0; state.source < output->request->source_count; state.source++)
        local_layout_read(output->request->sources[state.source].text, visit, &state);
    struct member member = {value_text("label"), decide(&state, output)};
    mem_free(state.tallies);
    mem_free(state.touched);
    mem_free(state.seen);
    local_wanted_done(&state.wanted);
    return value_object_new(output->arena, &member, 1);
}
