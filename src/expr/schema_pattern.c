#include "base/buffer.h"
#include "base/mem.h"
#include "expr/pcre.h"
#include "expr/schema_parts.h"

#include <stdio.h>
#include <stdlib.h>

/* Steps of one search, whatever its text: about a tenth of a second. */
#define SEARCH_STEPS_MAX 2000000
/* A scan over so many bytes costs a step. */
#define SCAN_BYTES 16
#define MATCH_HEAP_KIB 16384
#define PATTERN_BYTES_MAX 16384
#define NESTING_MAX 100
/* A search in a text of at most so many bytes is first tried without counting, ... */
#define QUICK_BYTES 128
/* ... with so many choices at each place where a match may begin, ... */
#define QUICK_CHOICES 64
/* ... which costs so many steps. */
#define QUICK_STEPS 16

/* Counting makes a search about five times slower: most need so little that a low limit does. */
struct schema_pattern {
    pcre2_code *counted;
    pcre2_code *quick;
    bool is_anchored; /* a match can begin at the start only */
};

struct schema_matcher {
    pcre2_general_context *general;
    pcre2_match_data *data;
    pcre2_match_context *counted;
    pcre2_match_context *quick;
};

static void *
take_from_arena(PCRE2_SIZE size, void *arena)
{
    return arena_try_alloc(arena, size);
}

static void
leave_in_arena(void *memory, void *arena)
{
}

/* Compiled code lives in the arena: it goes with the schema, without a destructor. */
static pcre2_code *
compile_in(struct arena *arena, struct slice source, uint32_t more, int *code)
{
    *code = PCRE2_ERROR_NOMEMORY;
    pcre2_general_context *general =
        pcre2_general_context_create(take_from_arena, leave_in_arena, arena);
    if (general == NULL)
        return NULL;
    pcre2_compile_context *context = pcre2_compile_context_create(general);
    if (context == NULL)
        return NULL;
    pcre2_set_parens_nest_limit(context, NESTING_MAX);
    uint32_t options = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALLOW_EMPTY_CLASS |
                       PCRE2_MATCH_UNSET_BACKREF | PCRE2_NEVER_BACKSLASH_C;
    PCRE2_SIZE offset = 0;
    PCRE2_SPTR text = (PCRE2_SPTR)(source.size == 0 ? "" : source.ptr);
    return pcre2_compile(text, source.size, options | more, code, &offset, context);
}

static struct schema_pattern *
compile_both(struct arena *arena, struct slice source, int *code)
{
    pcre2_code *counted = compile_in(arena, source, PCRE2_AUTO_CALLOUT, code);
    if (counted == NULL)
        return NULL;
    pcre2_code *quick = compile_in(arena, source, 0, code);
    if (quick == NULL)
        return NULL;
    uint32_t options = 0;
    pcre2_pattern_info(quick, PCRE2_INFO_ALLOPTIONS, &options);
    struct schema_pattern *pattern = arena_alloc(arena, sizeof(*pattern));
    *pattern = (struct schema_pattern){counted, quick, (options & PCRE2_ANCHORED) != 0};
    return pattern;
}

struct schema_pattern *
schema_pattern_new(struct arena *arena, struct slice source, char *message, size_t message_bytes)
{
    if (source.size > PATTERN_BYTES_MAX) {
        snprintf(message, message_bytes, "a pattern has at most %d bytes", PATTERN_BYTES_MAX);
        return NULL;
    }
    struct schema_pattern *pattern = NULL;
    struct buffer translated;
    buffer_init(&translated, PATTERN_BYTES_MAX * (size_t)32);
    if (schema_ecma_translate(&translated, source, message, message_bytes)) {
        int code = 0;
        pattern = compile_both(arena, buffer_slice(&translated), &code);
        if (pattern == NULL) {
            PCRE2_UCHAR words[128] = {0};
            pcre2_get_error_message(code, words, sizeof(words));
            snprintf(message, message_bytes, "not a regular expression: %s", (const char *)words);
        }
    }
    buffer_done(&translated);
    return pattern;
}

static void *
must(void *made)
{
    if (made == NULL)
        abort();
    return made;
}

void
schema_matcher_init(struct schema_matcher_room *room)
{
    room->matcher = NULL;
    room->used = 0;
}

static void *
take_room(PCRE2_SIZE size, void *context)
{
    struct schema_matcher_room *room = context;
    size_t rounded = (size + 15) & ~(size_t)15;
    if (rounded > sizeof(room->bytes) - room->used)
        return mem_alloc_raw(size);
    void *taken = room->bytes + room->used;
    room->used += rounded;
    return taken;
}

/* What lies in the room goes with it. */
static void
leave_room(void *memory, void *context)
{
    const struct schema_matcher_room *room = context;
    const char *at = memory;
    if (at < room->bytes || at >= room->bytes + sizeof(room->bytes))
        mem_free(memory);
}

static struct schema_matcher *
matcher_new(struct schema_matcher_room *room)
{
    struct schema_matcher *matcher = take_room(sizeof(*matcher), room);
    matcher->general = must(pcre2_general_context_create(take_room, leave_room, room));
    matcher->data = must(pcre2_match_data_create(1, matcher->general));
    matcher->counted = must(pcre2_match_context_create(matcher->general));
    matcher->quick = must(pcre2_match_context_create(matcher->general));
    pcre2_set_heap_limit(matcher->counted, MATCH_HEAP_KIB);
    pcre2_set_heap_limit(matcher->quick, MATCH_HEAP_KIB);
    pcre2_set_match_limit(matcher->quick, QUICK_CHOICES);
    return matcher;
}

void
schema_matcher_done(struct schema_matcher_room *room)
{
    struct schema_matcher *gone = room->matcher;
    if (gone == NULL)
        return;
    pcre2_match_context_free(gone->quick);
    pcre2_match_context_free(gone->counted);
    pcre2_match_data_free(gone->data);
    pcre2_general_context_free(gone->general);
    room->matcher = NULL;
}

struct search {
    uint64_t steps_left;
    size_t scanned; /* the position at the last callout */
};

/* PCRE2's own limit counts for each place where a match may begin, so that a long text could still
 * take hours: here all are counted together. */
static int
count_step(pcre2_callout_block *block, void *context)
{
    struct search *search = context;
    size_t at = block->current_position;
    size_t moved = at > search->scanned ? at - search->scanned : search->scanned - at;
    search->scanned = at;
    size_t steps = 1 + moved / SCAN_BYTES;
    if (steps > search->steps_left)
        return PCRE2_ERROR_CALLOUT;
    search->steps_left -= steps;
    return 0;
}

static int
search_with(const pcre2_code *code, struct slice text, struct schema_matcher *matcher,
            pcre2_match_context *context)
{
    PCRE2_SPTR subject = (PCRE2_SPTR)(text.size == 0 ? "" : text.ptr);
    return pcre2_match(code, subject, text.size, 0, PCRE2_NO_UTF_CHECK, matcher->data, context);
}

static int
search_counted(const struct schema_pattern *pattern, struct slice text,
               struct schema_matcher *matcher, uint64_t *steps_left)
{
    uint64_t steps = *steps_left < SEARCH_STEPS_MAX ? *steps_left : SEARCH_STEPS_MAX;
    struct search search = {.steps_left = steps};
    pcre2_set_callout(matcher->counted, count_step, &search);
    int result = search_with(pattern->counted, text, matcher, matcher->counted);
    *steps_left -= steps - search.steps_left;
    return result;
}

enum schema_match
schema_pattern_search(const struct schema_pattern *pattern, struct slice text,
                      struct schema_matcher_room *room, uint64_t *steps_left)
{
    if (room->matcher == NULL)
        room->matcher = matcher_new(room);
    size_t starts = pattern->is_anchored ? 1 : text.size + 1;
    int result = PCRE2_ERROR_MATCHLIMIT;
    if (text.size <= QUICK_BYTES && *steps_left >= QUICK_STEPS * starts) {
        *steps_left -= QUICK_STEPS * starts;
        result = search_with(pattern->quick, text, room->matcher, room->matcher->quick);
    }
    if (result == PCRE2_ERROR_MATCHLIMIT)
        result = search_counted(pattern, text, room->matcher, steps_left);
    if (result >= 0)
        return SCHEMA_MATCH_YES;
    return result == PCRE2_ERROR_NOMATCH ? SCHEMA_MATCH_NO : SCHEMA_MATCH_GAVE_UP;
}
