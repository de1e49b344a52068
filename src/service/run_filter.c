#include "service/run_filter.h"

#include "base/moment.h"

#include <stdio.h>
#include <string.h>

#define STATE_BIT(state) (UINT32_C(1) << (state))
#define TRIGGER_BYTES_MAX 40

/* Takes the next word of a comma list; false: there is none. */
static bool
next_word(struct slice *list, struct slice *word)
{
    if (list->ptr == NULL)
        return false;
    const char *comma = memchr(list->ptr, ',', list->size);
    size_t size = comma == NULL ? list->size : (size_t)(comma - list->ptr);
    *word = slice_trim(slice_of(list->ptr, size));
    *list = comma == NULL ? slice_of(NULL, 0) : slice_of(comma + 1, list->size - size - 1);
    return true;
}

static bool
state_bits(struct slice word, uint32_t *bits)
{
    for (unsigned state = 0; state < RUN_STATE_COUNT; state++)
        if (slice_is(word, run_state_name((enum run_state)state)))
            *bits |= STATE_BIT(state);
    if (slice_is(word, run_state_name(RUN_STATE_RUNNING)))
        *bits |= STATE_BIT(RUN_STATE_WAITING) | STATE_BIT(RUN_STATE_PAUSED);
    return *bits != 0;
}

static enum status
set_states(struct run_filter *filter, struct slice text, struct error *error)
{
    struct slice word;
    while (next_word(&text, &word)) {
        uint32_t bits = 0;
        struct slice shown = slice_cut(word, 40);
        if (!state_bits(word, &bits))
            return error_set(error, STATUS_INVALID,
                             "status: there is no status \"%.*s\"; expected queued, running, "
                             "waiting, paused, completed, failed or cancelled, or several of them "
                             "with commas",
                             SLICE_FORMAT(shown));
        filter->states |= bits;
    }
    return STATUS_OK;
}

static bool
has_trigger(const struct run_filter *filter, struct slice word)
{
    for (uint32_t i = 0; i < filter->trigger_count; i++)
        if (slice_equal(filter->triggers[i], word))
            return true;
    return false;
}

static enum status
set_triggers(struct run_filter *filter, struct slice text, struct error *error)
{
    struct slice word;
    while (next_word(&text, &word)) {
        if (word.size == 0 || word.size > TRIGGER_BYTES_MAX)
            return error_set(error, STATUS_INVALID,
                             "trigger: expected words of 1 to %d bytes with commas, such as "
                             "api,webhook",
                             TRIGGER_BYTES_MAX);
        if (has_trigger(filter, word))
            continue;
        if (filter->trigger_count == LIMIT_FILTER_TRIGGERS)
            return error_set(error, STATUS_INVALID, "trigger: at most %d are taken at once",
                             LIMIT_FILTER_TRIGGERS);
        filter->triggers[filter->trigger_count++] = word;
    }
    return STATUS_OK;
}

static enum status
set_label(struct run_filter *filter, struct slice text, struct error *error)
{
    const char *colon = text.size == 0 ? NULL : memchr(text.ptr, ':', text.size);
    size_t size = colon == NULL ? 0 : (size_t)(colon - text.ptr);
    if (size == 0)
        return error_set(error, STATUS_INVALID, "label: expected a name and a value, NAME:VALUE");
    filter->label.name = slice_of(text.ptr, size);
    filter->label.value = slice_of(colon + 1, text.size - size - 1);
    return STATUS_OK;
}

static enum status
set_moment(struct id *out, const char *name, struct slice text, struct error *error)
{
    int64_t unix_ms = 0;
    if (!moment_parse_iso(text, &unix_ms)) {
        struct slice shown = slice_cut(text, 40);
        return error_set(error, STATUS_INVALID,
                         "%s: expected a time with its zone, such as 2026-11-21T07:00:00Z, found "
                         "\"%.*s\" (a + in an address is written %%2B)",
                         name, SLICE_FORMAT(shown));
    }
    id_first_of(out, unix_ms);
    return STATUS_OK;
}

enum status
run_filter_set(struct run_filter *filter, struct slice name, struct slice text, struct error *error)
{
    if (slice_is(name, "status"))
        return set_states(filter, text, error);
    if (slice_is(name, "trigger"))
        return set_triggers(filter, text, error);
    if (slice_is(name, "label"))
        return set_label(filter, text, error);
    if (slice_is(name, "createdAfter"))
        return set_moment(&filter->from, "createdAfter", text, error);
    if (slice_is(name, "createdBefore"))
        return set_moment(&filter->until, "createdBefore", text, error);
    return STATUS_NOT_FOUND;
}

enum status
run_filter_set_workflow(struct run_filter *filter, struct service *service,
                        const struct id *workspace, struct slice text)
{
    struct arena arena;
    struct workflow_row row;
    arena_init(&arena, KIB(64));
    enum status status = service_workflow_find(service, workspace, text, &arena, &row);
    if (status == STATUS_OK)
        filter->workflow = row.id;
    arena_done(&arena);
    return status;
}

void
run_filter_apply(const struct run_filter *filter, struct store_page *page, struct id *resume)
{
    page->label = filter->label;
    page->resume = resume;
    page->workflow = filter->workflow;
    page->states = filter->states;
    page->triggers = filter->triggers;
    page->trigger_count = filter->trigger_count;
    page->from = filter->from;
    page->until = filter->until;
}
