#include "expr/pcre.h"
#include "expr/schema_parts.h"

#include <stdio.h>

/* Steps of one search, whatever its text: about a tenth of a second. */
#define SEARCH_STEPS_MAX 2000000
/* A scan over so many bytes costs a step. */
#define SCAN_BYTES 16
#define MATCH_HEAP_KIB 16384
#define PATTERN_BYTES_MAX 16384
#define NESTING_MAX 100

struct schema_pattern {
    pcre2_code *code;
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
compile_in(struct arena *arena, struct slice source, int *code, PCRE2_SIZE *offset)
{
    *code = PCRE2_ERROR_NOMEMORY;
    *offset = 0;
    pcre2_general_context *general =
        pcre2_general_context_create(take_from_arena, leave_in_arena, arena);
    if (general == NULL)
        return NULL;
    pcre2_compile_context *context = pcre2_compile_context_create(general);
    if (context == NULL)
        return NULL;
    pcre2_set_compile_extra_options(context, PCRE2_EXTRA_ALT_BSUX);
    pcre2_set_max_pattern_length(context, PATTERN_BYTES_MAX);
    pcre2_set_parens_nest_limit(context, NESTING_MAX);
    uint32_t options = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_BSUX |
                       PCRE2_MATCH_UNSET_BACKREF | PCRE2_NEVER_BACKSLASH_C | PCRE2_AUTO_CALLOUT;
    return pcre2_compile((PCRE2_SPTR)source.ptr, source.size, options, code, offset, context);
}

struct schema_pattern *
schema_pattern_new(struct arena *arena, struct slice source, char *message, size_t message_bytes)
{
    int code = 0;
    PCRE2_SIZE offset = 0;
    pcre2_code *compiled = compile_in(arena, source, &code, &offset);
    if (compiled == NULL) {
        PCRE2_UCHAR words[128] = {0};
        pcre2_get_error_message(code, words, sizeof(words));
        snprintf(message, message_bytes, "not a regular expression: %s at byte %zu",
                 (const char *)words, (size_t)offset);
        return NULL;
    }
    struct schema_pattern *pattern = arena_alloc(arena, sizeof(*pattern));
    pattern->code = compiled;
    return pattern;
}

struct search {
    uint32_t steps_left;
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
    search->steps_left -= (uint32_t)steps;
    return 0;
}

static int
search_with(const pcre2_code *code, struct slice text, pcre2_match_data *data,
            pcre2_match_context *context, struct search *search)
{
    pcre2_set_heap_limit(context, MATCH_HEAP_KIB);
    pcre2_set_callout(context, count_step, search);
    PCRE2_SPTR subject = (PCRE2_SPTR)(text.size == 0 ? "" : text.ptr);
    return pcre2_match(code, subject, text.size, 0, PCRE2_NO_UTF_CHECK, data, context);
}

enum schema_match
schema_pattern_search(const struct schema_pattern *pattern, struct slice text, uint32_t *steps_left)
{
    uint32_t steps = *steps_left < SEARCH_STEPS_MAX ? *steps_left : SEARCH_STEPS_MAX;
    struct search search = {.steps_left = steps};
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    pcre2_match_context *context = pcre2_match_context_create(NULL);
    int result = PCRE2_ERROR_NOMEMORY;
    if (data != NULL && context != NULL)
        result = search_with(pattern->code, text, data, context, &search);
    *steps_left -= steps - search.steps_left;
    pcre2_match_context_free(context);
    pcre2_match_data_free(data);
    if (result >= 0)
        return SCHEMA_MATCH_YES;
    return result == PCRE2_ERROR_NOMATCH ? SCHEMA_MATCH_NO : SCHEMA_MATCH_GAVE_UP;
}
