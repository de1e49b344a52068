#include "service/event_page.h"

#include "base/limits.h"
#include "engine/events.h"
#include "store/store.h"

#include <inttypes.h>

struct reading {
    struct event_page *page;
    struct buffer *out;
    const struct id *run;
    uint64_t next; /* the id of the line that comes */
    uint64_t after;
    size_t bytes;
    bool is_any; /* the run has rows of events */
};

void
event_put(struct buffer *out, const struct id *run, uint64_t id, struct slice line)
{
    char hex[ID_HEX_BYTES];
    struct slice type = event_type(line);
    struct slice rest = slice_of(line.ptr + 1, line.size - 1);
    id_hex(run, hex);
    buffer_append_format(out, "id: %" PRIu64 "\nevent: ", id);
    buffer_append_slice(out, type);
    buffer_append_format(out, "\ndata: {\"id\":%" PRIu64 ",\"run\":\"%s\",", id, hex);
    buffer_append_slice(out, rest);
    buffer_append_slice(out, SLICE("\n\n"));
}

static void
put_line(struct slice line, void *context)
{
    struct reading *reading = context;
    uint64_t id = reading->next++;
    if (id <= reading->after)
        return;
    event_put(reading->out, reading->run, id, line);
    reading->page->last = id;
}

static bool
put_row(const struct events_row *row, void *context)
{
    struct reading *reading = context;
    reading->is_any = true;
    if (reading->out->size >= reading->bytes) {
        reading->page->is_more = true;
        return false;
    }
    reading->next = row->last - row->count + 1;
    events_each(row->body, put_line, reading);
    return true;
}

static void
put_lines(struct reading *reading, struct buffer *lines, uint64_t first)
{
    reading->next = first;
    events_each(buffer_slice(lines), put_line, reading);
    buffer_done(lines);
}

/* What is told of every run, from its row. */
static void
put_stored(struct reading *reading, const struct run_row *row)
{
    struct buffer lines;
    buffer_init(&lines, KIB(16));
    events_put_stored(&lines, row);
    put_lines(reading, &lines, 1);
}

static void
put_whole(struct reading *reading, const struct run_row *row)
{
    struct buffer lines;
    buffer_init(&lines, LIMIT_EVENTS_BYTES);
    events_put_whole(&lines, row);
    put_lines(reading, &lines, 2);
}

/* The state first: what is told after it is looked at is told too. */
static enum status
read_all(struct reading *reading, struct store *store, struct arena *arena)
{
    struct event_page *page = reading->page;
    struct run_row row;
    enum status status = store_run_get(store, arena, reading->run, &row);
    if (status != STATUS_OK)
        return status;
    put_stored(reading, &row);
    if (page->last < EVENT_FIRST_STORED - 1)
        status = store_events_list(store, reading->run, page->last, put_row, reading);
    bool is_ended = run_state_is_ended(row.state);
    if (status == STATUS_OK && !reading->is_any && is_ended)
        put_whole(reading, &row);
    page->is_over = is_ended && !page->is_more;
    return status;
}

static enum status
read_stored(struct reading *reading, struct store *store)
{
    struct run_head head;
    enum status status = store_run_head(store, reading->run, &head);
    if (status == STATUS_OK)
        status = store_events_list(store, reading->run, reading->after, put_row, reading);
    reading->page->is_over =
        status == STATUS_OK && run_state_is_ended(head.state) && !reading->page->is_more;
    return status;
}

enum status
event_page_read(struct event_page *page, struct buffer *out, struct store *store,
                const struct id *run, uint64_t after, size_t bytes)
{
    struct arena arena;
    struct reading reading = {.page = page, .out = out, .run = run, .after = after, .bytes = bytes};
    *page = (struct event_page){.last = after};
    arena_init(&arena, 4 * LIMIT_VALUE_BYTES);
    enum status status = after >= EVENT_FIRST_STORED - 1 ? read_stored(&reading, store)
                                                         : read_all(&reading, store, &arena);
    arena_done(&arena);
    /* What comes later follows on those that every run has. */
    if (page->last < EVENT_FIRST_STORED - 1)
        page->last = EVENT_FIRST_STORED - 1;
    if (status == STATUS_NOT_FOUND)
        page->is_over = true;
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}
