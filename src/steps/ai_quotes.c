#include "steps/ai_quotes.h"

#include "ai/citations.h"
#include "base/digest.h"
#include "base/limits.h"
#include "engine/step_env.h"

/* One quote on its way to become a citation. */
struct quote {
    struct value field;
    struct slice text;
    size_t hint;
    struct value confidence;
    const struct ai_source
        *source; /* that it is said to come from, then where it stands; or NULL */
    struct citation_place place;
    bool is_found;
};

struct quotes {
    struct step_conclusion *conclusion;
    const struct ai_request *request;
    struct quote *list;
    size_t count;
};

/* --- what is claimed --- */

static const struct ai_source *
find_source(const struct ai_request *request, struct value number)
{
    int64_t wanted = 0;
    if (!value_is_number(number) || !value_integer(number, &wanted))
        return NULL;
    for (size_t i = 0; i < request->source_count; i++) {
        if (request->sources[i].number == wanted)
            return &request->sources[i];
    }
    return NULL;
}

static struct value
read_confidence(struct value given)
{
    if (!value_is_number(given))
        return value_null();
    if (value_compare(given, value_int(0)) < 0)
        return value_int(0);
    return value_compare(given, value_int(1)) > 0 ? value_int(1) : given;
}

static bool
read_quote(const struct quotes *quotes, struct value claim, struct quote *out)
{
    struct value text = value_get(claim, "quote");
    struct value field = value_get(claim, "field");
    struct value start = value_get(claim, "start");
    int64_t hint = -1;
    if (text.kind != VALUE_STRING || slice_trim(value_slice(text)).size == 0)
        return false;
    *out = (struct quote){
        .field = field.kind == VALUE_STRING ? field : value_null(),
        .text = value_slice(text),
        .hint = SIZE_MAX,
        .confidence = read_confidence(value_get(claim, "confidence")),
        .source = find_source(quotes->request, value_get(claim, "source")),
    };
    if (value_is_number(start) && value_integer(start, &hint) && hint >= 0)
        out->hint = (size_t)hint;
    /* Who has but one source need not name it. */
    if (out->source == NULL && quotes->request->source_count == 1)
        out->source = &quotes->request->sources[0];
    return true;
}

static bool
read_quotes(struct quotes *quotes, struct value claimed)
{
    size_t count = claimed.count < LIMIT_AI_CITATIONS ? claimed.count : LIMIT_AI_CITATIONS;
    quotes->list = arena_try_alloc(quotes->conclusion->arena, (count + 1) * sizeof(struct quote));
    for (size_t i = 0; quotes->list != NULL && i < count; i++)
        quotes->count += read_quote(quotes, value_items(claimed)[i], &quotes->list[quotes->count]);
    return quotes->list != NULL || step_fail(&quotes->conclusion->failure, "limit_exceeded",
                                             "the citations come to too many bytes");
}

/* --- where they stand --- */

/* Texts that a row holds are kept once something is cited from them. */
static bool
load_text(const struct quotes *quotes, const struct ai_source *source, struct arena *arena,
          struct slice *out)
{
    struct step_conclusion *conclusion = quotes->conclusion;
    struct digest digest;
    *out = source->text;
    if (!digest_from_hex(&digest, source->digest))
        return true;
    return step_env_text(conclusion->env, &digest, arena, out, &conclusion->failure);
}

static bool
is_wanted(const struct quote *quote, const struct ai_source *source, bool everywhere)
{
    return !quote->is_found && (everywhere ? quote->source != source : quote->source == source);
}

static bool
look_into(struct quotes *quotes, const struct ai_source *source, bool everywhere)
{
    struct arena arena;
    struct slice text;
    struct citation_text place;
    arena_init(&arena, LIMIT_SOURCE_TEXT_BYTES + KIB(64));
    bool is_loaded = load_text(quotes, source, &arena, &text);
    citation_text_init(&place, text);
    for (size_t i = 0; is_loaded && i < quotes->count; i++) {
        struct quote *quote = &quotes->list[i];
        if (!is_wanted(quote, source, everywhere) ||
            !citation_find(&place, quote->text, quote->hint, &quote->place))
            continue;
        quote->is_found = true;
        quote->source = source;
        /* What stands there, not what the model made of it. */
        struct slice found =
            slice_of(text.ptr + quote->place.start, quote->place.end - quote->place.start);
        struct slice copy = arena_copy(quotes->conclusion->arena, found);
        quote->text = copy.ptr == NULL ? quote->text : copy;
    }
    citation_text_done(&place);
    arena_done(&arena);
    return is_loaded;
}

/* One text at a time is in memory. */
static bool
look_up(struct quotes *quotes, bool everywhere)
{
    const struct ai_request *request = quotes->request;
    for (size_t s = 0; s < request->source_count; s++) {
        bool any = false;
        for (size_t i = 0; i < quotes->count && !any; i++)
            any = is_wanted(&quotes->list[i], &request->sources[s], everywhere);
        if (any && !look_into(quotes, &request->sources[s], everywhere))
            return false;
    }
    return true;
}

/* --- what comes of them --- */

static struct value
text_or_null(struct arena *arena, struct slice text)
{
    return text.size == 0 ? value_null() : value_string_copy(arena, text);
}

/* By which the text is found again. A text of the row is kept for it; null where there are too many
 * of them. */
static struct value
digest_value(const struct quotes *quotes, const struct ai_source *source)
{
    struct step_conclusion *conclusion = quotes->conclusion;
    char hex[2 * DIGEST_BYTES + 1];
    struct digest digest;
    struct step_failure unheard;
    if (source == NULL || source->digest.size > 0)
        return source == NULL ? value_null() : text_or_null(conclusion->arena, source->digest);
    struct slice text = arena_copy(conclusion->arena, source->text);
    if (text.ptr == NULL || !step_env_keep(conclusion->env, text, &digest, &unheard))
        return value_null();
    digest_hex(&digest, hex);
    return value_string_copy(conclusion->arena, slice_text(hex));
}

static struct value
citation_value(const struct quotes *quotes, const struct quote *quote, int64_t number)
{
    struct arena *arena = quotes->conclusion->arena;
    const struct ai_source *source = quote->source;
    static const struct ai_source nowhere;
    const struct ai_source *from = source == NULL ? &nowhere : source;
    bool is_found = quote->is_found;
    struct member members[] = {
        {value_text("number"), value_int(number)},
        {value_text("field"), value_copy(arena, quote->field)},
        {value_text("source"), source == NULL ? value_null() : value_int(source->number)},
        {value_text("title"), text_or_null(arena, from->title)},
        {value_text("document"), text_or_null(arena, from->document)},
        {value_text("url"), text_or_null(arena, from->url)},
        {value_text("quote"), value_string_copy(arena, quote->text)},
        {value_text("start"), is_found ? value_int((int64_t)quote->place.start) : value_null()},
        {value_text("end"), is_found ? value_int((int64_t)quote->place.end) : value_null()},
        {value_text("digest"), digest_value(quotes, source)},
        {value_text("verified"), value_bool(is_found)},
        {value_text("confidence"), value_copy(arena, quote->confidence)},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

static bool
is_told_already(const struct quotes *quotes, size_t index)
{
    const struct quote *quote = &quotes->list[index];
    for (size_t i = 0; i < index; i++) {
        const struct quote *other = &quotes->list[i];
        if (other->source == quote->source && slice_equal(other->text, quote->text) &&
            other->place.start == quote->place.start && value_equal(other->field, quote->field))
            return true;
    }
    return false;
}

bool
ai_quotes_check(struct value *out, struct step_conclusion *conclusion,
                const struct ai_request *request, struct value claimed)
{
    struct quotes quotes = {.conclusion = conclusion, .request = request};
    *out = value_empty_array();
    if (claimed.kind != VALUE_ARRAY || request->source_count == 0)
        return true;
    if (!read_quotes(&quotes, claimed) || !look_up(&quotes, false) || !look_up(&quotes, true))
        return false;
    for (size_t i = 0; i < quotes.count; i++) {
        if (!is_told_already(&quotes, i))
            *out = value_array_append(conclusion->arena, *out,
                                      citation_value(&quotes, &quotes.list[i], out->count + 1));
    }
    return out->kind != VALUE_NONE || step_fail(&conclusion->failure, "limit_exceeded",
                                                "the citations come to too many bytes");
}

struct value
ai_quotes_confidence(struct value citations, struct slice field)
{
    struct value best = value_null();
    for (uint32_t i = 0; i < citations.count; i++) {
        struct value citation = value_items(citations)[i];
        struct value confidence = value_get(citation, "confidence");
        struct value of = value_get(citation, "field");
        bool is_of_field =
            field.ptr == NULL || (of.kind == VALUE_STRING && slice_equal(value_slice(of), field));
        if (!is_of_field || value_get(citation, "verified").kind != VALUE_TRUE ||
            !value_is_number(confidence))
            continue;
        if (best.kind == VALUE_NULL || value_compare(confidence, best) > 0)
            best = confidence;
    }
    return best;
}
