/* The results of a run as files: each is rendered when its link is followed. */
#include "api/sixtyfour/sixtyfour.h"

#include "api/sixtyfour/blocks.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/limits.h"
#include "service/links.h"
#include "service/results.h"

#define CSV SLICE("csv")
#define JSON SLICE("json")
#define NDJSON SLICE("ndjson")
/* More rows, or a longer text of them, are not told inline. */
#define INLINE_ROWS 100
#define INLINE_BYTES KIB(64)

/* A file that a step has written. */
struct made {
    struct file_row row;
    struct made *next;
};

struct link_list {
    struct call *call;
    struct run_row run;
    struct block_list list;
    struct slice formats[2];
    size_t format_count;
    struct made *first, **last;
    bool has_all;
    struct buffer body;
};

/* --- items --- */

static void
begin_item(struct link_list *links, struct slice name, const char *bucket)
{
    struct buffer *out = &links->body;
    buffer_append_text(out, out->size > 1 ? ",{\"filename\":" : "{\"filename\":");
    json_print_string(out, name);
    buffer_append_format(out, ",\"storage_bucket\":\"%s\"", bucket);
}

/* What was there when it was asked for may not be all. */
static void
put_message(struct link_list *links)
{
    const char *state = run_state_status(links->run.state);
    if (links->run.state == RUN_STATE_COMPLETED)
        buffer_append_text(&links->body, ",\"message\":null");
    else
        buffer_append_format(&links->body, ",\"message\":\"Partial results: the run is %s\"",
                             state);
}

static void
put_numbers(struct link_list *links, const struct block *block, int64_t created_unix_ms)
{
    buffer_append_format(&links->body, ",\"row_count\":%llu,\"block_number\":%u",
                         (unsigned long long)block->file_rows, block->number);
    sixtyfour_put_time(&links->body, "created_at", created_unix_ms);
    put_message(links);
}

static void
put_address(struct link_list *links, struct slice content_type, struct link *link)
{
    struct buffer *out = &links->body;
    buffer_append_text(out, ",\"content_type\":");
    json_print_string(out, content_type);
    buffer_append_text(out, ",\"download_url\":");
    call_put_link(out, links->call, link, LINK_SECONDS);
    buffer_append_format(out, ",\"download_expires_in_seconds\":%lld", (long long)LINK_SECONDS);
}

/* The table that is rendered. */
static struct slice
file_of(const struct block *block)
{
    return block->file.size == 0 ? SLICE("input") : block->file;
}

static void
put_inline(struct link_list *links, const struct block *block)
{
    struct buffer rows;
    const struct results_part part = {file_of(block), block->is_of_items, block->file_rows};
    buffer_append_text(&links->body, ",\"results\":");
    if (block->file_rows == 0) {
        buffer_append_text(&links->body, "[]}");
        return;
    }
    buffer_init(&rows, INLINE_BYTES);
    struct error error = {0};
    bool is_small =
        block->file_rows <= INLINE_ROWS &&
        results_inline(&rows, links->call->service, &links->run, &part, &error) == STATUS_OK;
    buffer_append_slice(&links->body, is_small ? slice_trim(buffer_slice(&rows)) : SLICE("null"));
    buffer_append_byte(&links->body, '}');
    buffer_done(&rows);
}

static void
put_rows(struct link_list *links, const struct block *block, struct slice format)
{
    struct call *call = links->call;
    struct slice table = file_of(block);
    struct slice name = slice_text(
        arena_format(call->arena, "%.*s.%.*s", SLICE_FORMAT(table), SLICE_FORMAT(format)));
    struct link link = {.file = links->run.id,
                        .name = name,
                        .is_table = true,
                        .is_plain = true,
                        .is_of_items = block->is_of_items};
    bool has_ended = run_state_is_ended(links->run.state);
    begin_item(links, name, "results");
    put_numbers(links, block,
                has_ended ? links->run.ended_unix_ms : clock_unix_ms(service_clock(call->service)));
    put_address(links, slice_text(results_type_of(call->service, format)), &link);
    put_inline(links, block);
}

static void
put_made(struct link_list *links, const struct block *block, const struct file_row *row)
{
    struct call *call = links->call;
    struct link link = {.file = row->id, .name = fs_safe_name(call->arena, row->name)};
    begin_item(links, row->name, "files");
    put_numbers(links, block, row->created_unix_ms);
    put_address(links, row->content_type, &link);
    buffer_append_text(&links->body, ",\"results\":null}");
}

/* --- which there are --- */

/* Rows go through all blocks of a table: the last of these has them as they came out. Where there
 * are none but the one of the input, that is the result. */
static bool
gives_rows(const struct link_list *links, const struct block *block)
{
    const struct block_list *list = &links->list;
    bool has_rows = links->run.state == RUN_STATE_COMPLETED || block->file_rows > 0;
    if (block->makes_file || !has_rows)
        return false;
    for (uint32_t i = 0; i < list->count; i++) {
        const struct block *other = &list->blocks[i];
        bool is_later = other->number > block->number && !other->makes_file;
        if (is_later && slice_equal(other->file, block->file))
            return false;
        if (block->file.size == 0 && other->file.size > 0)
            return false;
    }
    return true;
}

static void
put_block(struct link_list *links, const struct block *block)
{
    if (gives_rows(links, block)) {
        for (size_t i = 0; i < links->format_count; i++)
            put_rows(links, block, links->formats[i]);
    }
    for (const struct made *made = links->first; made != NULL; made = made->next) {
        if (slice_equal(made->row.step, block->id))
            put_made(links, block, &made->row);
    }
}

static bool
keep_made(const struct file_row *row, void *context)
{
    struct link_list *links = context;
    struct arena *arena = links->call->arena;
    struct made *made = arena_try_alloc(arena, sizeof(*made));
    links->has_all = made != NULL;
    if (made == NULL)
        return false;
    *made = (struct made){.row = *row};
    made->row.name = arena_copy(arena, row->name);
    made->row.step = arena_copy(arena, row->step);
    made->row.content_type = arena_copy(arena, row->content_type);
    *links->last = made;
    links->last = &made->next;
    return true;
}

static void
answer_links(struct call *call)
{
    struct link_list *links = call->own;
    struct error error = {0};
    if (!sixtyfour_read_again(call, &links->run) || !blocks_read(call, &links->run, &links->list))
        return;
    /* Only what is recorded can be rendered: how far the run is beyond that does not count. */
    enum status status = blocks_look(call, &links->run, NULL, &links->list, &error);
    if (status == STATUS_OK)
        status = service_run_files(call->service, &links->run, keep_made, links, &error);
    if (status == STATUS_OK && !links->has_all)
        status = error_set(&error, STATUS_LIMIT, "the run has too many files to be listed");
    if (status != STATUS_OK) {
        call_fail_status(call, status, &error);
        return;
    }
    call_begin_body(&links->body);
    buffer_append_byte(&links->body, '[');
    for (uint32_t i = 0; i < links->list.count; i++)
        put_block(links, &links->list.blocks[i]);
    buffer_append_byte(&links->body, ']');
    call_answer(call, 200, &links->body);
}

/* --- what was asked for --- */

/* With what the start of the run has asked for; runs of other dialects have asked for nothing, and
 * may be had in any form. */
static bool
read_formats(struct call *call, struct link_list *links)
{
    struct slice wanted = http_request_query(call->request, "format");
    struct run_formats asked;
    sixtyfour_formats_of(&asked, &links->run, call->arena);
    if (wanted.size == 0 || slice_equal(wanted, CSV)) {
        if (asked.has_csv)
            links->formats[links->format_count++] = CSV;
        if (asked.has_ndjson)
            links->formats[links->format_count++] = NDJSON;
    } else if (slice_equal(wanted, NDJSON)) {
        links->formats[links->format_count++] = NDJSON;
    } else if (!slice_equal(wanted, JSON)) {
        sixtyfour_fail_field(call, &(struct sixtyfour_place){"query", SLICE("format")}, "enum",
                             "Input should be 'csv' or 'json'");
    } else if (asked.has_json) {
        links->formats[links->format_count++] = JSON;
    } else {
        call_fail(call, 400, "There are no JSON results: start the run with save_json=true");
    }
    return links->format_count > 0;
}

void
sixtyfour_run_links(struct call *call)
{
    struct link_list *links = arena_alloc(call->arena, sizeof(*links));
    links->call = call;
    links->last = &links->first;
    links->has_all = true;
    call->own = links;
    if (!sixtyfour_find_run(call, call->names[0], &links->run) || !read_formats(call, links))
        return;
    call_go_on(call, answer_links);
}
