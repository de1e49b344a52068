/* When blocks began and ended, as the events of the run tell of their steps. */
#include "api/sixtyfour/blocks.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/moment.h"
#include "foreign/sixtyfour.h"
#include "service/service.h"

#define EVENT_BYTES (4 * LIMIT_EVENTS_BYTES)

struct telling {
    struct block_list *list;
    struct arena arena; /* of one event */
};

static struct block *
block_of_step(struct block_list *list, struct slice step)
{
    uint32_t number = blocks_number_of_step(list, step);
    for (uint32_t i = 0; number > 0 && i < list->count; i++) {
        if (list->blocks[i].number == number)
            return &list->blocks[i];
    }
    return NULL;
}

/* Of several steps and generations the first begin and the last end. */
static bool
take_event(struct slice text, void *context)
{
    struct telling *telling = context;
    struct value event;
    int64_t at_unix_ms = 0;
    arena_reset(&telling->arena);
    if (json_parse(&event, &telling->arena, text, JSON_BORROW, NULL, NULL) != STATUS_OK)
        return true;
    struct slice type = value_get_text(event, "type");
    if (!slice_starts_with(type, SLICE("step.")) ||
        !moment_parse_iso(value_get_text(event, "at"), &at_unix_ms))
        return true;
    struct block *block = block_of_step(telling->list, value_get_text(event, "step"));
    bool is_begin = slice_is(type, "step.started");
    if (block != NULL && is_begin && block->started_unix_ms == 0)
        block->started_unix_ms = at_unix_ms;
    if (block != NULL && !is_begin && block->ended_unix_ms < at_unix_ms)
        block->ended_unix_ms = at_unix_ms;
    return true;
}

enum status
blocks_read_times(struct call *call, const struct run_row *run, struct block_list *list)
{
    struct telling telling = {.list = list};
    arena_init(&telling.arena, EVENT_BYTES);
    enum status status = service_run_events(call->service, &run->id, take_event, &telling);
    arena_done(&telling.arena);
    return status;
}
