/* What a job that is built block by block gives: its state, the rows of a block as a file, the way
 * to a block as a workflow. */
#include "api/sixtyfour/interactive.h"

#include "api/sixtyfour/blocks.h"
#include "api/sixtyfour/change.h"
#include "base/json.h"
#include "base/limits.h"
#include "service/results.h"
#include "service/uploads.h"

#define NO_BLOCK "The job has no block with this id"

/* --- state --- */

void
sixtyfour_interactive_state(struct call *call)
{
    struct run_row run;
    if (interactive_find(call, &run))
        sixtyfour_run_live(call);
}

/* --- the rows of a block --- */

struct taking {
    struct slice wanted; /* block_id */
    struct run_row run;
    struct block_list list;
    const struct block *block;
    struct results *results;
    struct upload *upload;
    struct buffer piece;
    const char *name; /* of the file */
};

static void
drop_taking(struct taking *taking)
{
    results_close(&taking->results);
    upload_drop(&taking->upload);
    buffer_done(&taking->piece);
}

static void
answer_taken(struct call *call, const struct file_row *file)
{
    const struct taking *taking = call->own;
    struct buffer body;
    call_begin_body(&body);
    buffer_append_text(&body, "{\"block_id\":");
    json_print_string(&body, taking->block->id);
    sixtyfour_put_id(&body, "resource_handle_id", &file->id);
    buffer_append_format(&body, ",\"row_count\":%llu}",
                         (unsigned long long)taking->block->file_rows);
    call_answer(call, 200, &body);
}

static void
file_saved(enum status status, const struct file_row *file, void *context)
{
    if (status == STATUS_OK)
        answer_taken(context, file);
    else
        call_fail_status(context, status, NULL);
}

static void
save_file(struct call *call)
{
    struct taking *taking = call->own;
    struct upload *upload = taking->upload;
    struct error error = {0};
    const struct file_new wanted = {.name = slice_text(taking->name),
                                    .content_type = SLICE("text/csv; charset=utf-8")};
    taking->upload = NULL;
    drop_taking(taking);
    (void)upload_digest(upload);
    enum status status = upload_save(&upload, &wanted, file_saved, call, &error);
    upload_drop(&upload);
    if (status != STATUS_OK)
        call_fail_status(call, status, &error);
}

/* One chunk at a time, so that a large table holds no thread. */
static void
take_piece(struct call *call)
{
    struct taking *taking = call->own;
    struct error error = {0};
    bool is_end = false;
    buffer_clear(&taking->piece);
    enum status status = results_next(taking->results, &taking->piece, &is_end, &error);
    if (status == STATUS_OK && buffer_is_over(&taking->piece))
        status = error_set(&error, STATUS_LIMIT, "The rows are too large");
    if (status == STATUS_OK)
        status = upload_add(taking->upload, buffer_slice(&taking->piece), &error);
    if (status != STATUS_OK) {
        drop_taking(taking);
        call_fail_status(call, status, &error);
    } else if (is_end) {
        save_file(call);
    } else {
        call_go_on_slowly(call, take_piece);
    }
}

static void
begin_file(struct call *call)
{
    struct taking *taking = call->own;
    struct error error = {0};
    struct render_options options;
    const struct results_query query = {.table = taking->block->file,
                                        .format = SLICE("csv"),
                                        .from = RESULTS_NO_NUMBER,
                                        .to = RESULTS_NO_NUMBER,
                                        .limit = RESULTS_NO_NUMBER,
                                        .is_plain = true,
                                        .is_of_items = taking->block->is_of_items};
    buffer_init(&taking->piece, LIMIT_CHUNK_BYTES);
    enum status status = results_read(&options, call->service, &query, call->arena, &error);
    if (status == STATUS_OK)
        status = results_open(&taking->results, call->service, &taking->run, &options, &error);
    if (status == STATUS_OK)
        status = upload_new(&taking->upload, call->service, &call->caller.workspace, &error);
    if (status != STATUS_OK) {
        drop_taking(taking);
        call_fail_status(call, status, &error);
        return;
    }
    taking->name = results_file_name(taking->results, call->arena);
    take_piece(call);
}

static const struct block *
find_block(const struct block_list *list, struct slice id)
{
    for (uint32_t i = 0; i < list->count; i++) {
        if (slice_equal(list->blocks[i].id, id))
            return &list->blocks[i];
    }
    return NULL;
}

static void
take_rows(struct call *call)
{
    struct taking *taking = call->own;
    struct error error = {0};
    if (!sixtyfour_read_again(call, &taking->run) ||
        !blocks_read(call, &taking->run, &taking->list))
        return;
    taking->block = find_block(&taking->list, taking->wanted);
    if (taking->block == NULL) {
        call_fail(call, 404, NO_BLOCK);
        return;
    }
    if (!run_state_is_ended(taking->run.state)) {
        call_fail(call, 409, "The job still works: its rows can be had when it has completed");
        return;
    }
    enum status status = blocks_look(call, &taking->run, NULL, &taking->list, &error);
    if (status != STATUS_OK)
        call_fail_status(call, status, &error);
    else if (taking->block->state != BLOCK_COMPLETED)
        call_fail(call, 409, "The block has not completed");
    else
        begin_file(call);
}

void
sixtyfour_interactive_output(struct call *call)
{
    struct taking *taking = arena_alloc(call->arena, sizeof(*taking));
    *taking = (struct taking){.name = NULL};
    call->own = taking;
    if (interactive_find(call, &taking->run) &&
        sixtyfour_read_query(call, "block_id", &taking->wanted))
        call_go_on(call, take_rows);
}

/* --- the way to a block as a workflow --- */

struct keeping {
    struct changing changing;
    struct run_row run;
};

/* The edge that leads to a block; VALUE_NONE: it is the first. */
static struct value
edge_to(struct value definition, struct slice id)
{
    struct value edges = value_get(definition, "edges");
    for (uint32_t i = 0; edges.kind == VALUE_ARRAY && i < edges.count; i++) {
        if (slice_equal(value_get_text(value_items(edges)[i], "to_block_id"), id))
            return value_items(edges)[i];
    }
    return (struct value){0};
}

/* The block and those before it: each was added behind one that was there. */
static struct value
way_to(struct call *call, struct value definition, struct slice id)
{
    struct value blocks = value_empty_array(), edges = value_empty_array();
    uint32_t most = value_get(definition, "blocks").count;
    for (uint32_t i = 0; i < most && id.size > 0; i++) {
        struct value block = interactive_block(definition, id);
        struct value edge = edge_to(definition, id);
        if (block.kind != VALUE_NONE)
            blocks = value_array_append(call->arena, blocks, block);
        if (edge.kind != VALUE_NONE)
            edges = value_array_append(call->arena, edges, edge);
        id = value_get_text(edge, "from_block_id");
    }
    const struct member parts[] = {{value_text("blocks"), blocks}, {value_text("edges"), edges}};
    return value_object_new(call->arena, parts, COUNT_OF(parts));
}

static void
keep_way(struct call *call)
{
    struct keeping *keeping = call->own;
    struct plan *plan = NULL;
    struct value definition;
    struct version_row version = {.workflow = keeping->run.workflow,
                                  .version = keeping->run.version};
    struct slice id = value_slice(value_get(call->body, "block_id"));
    if (!interactive_load(call, &version, &plan, &definition))
        return;
    if (interactive_block(definition, id).kind == VALUE_NONE) {
        call_fail(call, 404, NO_BLOCK);
    } else {
        keeping->changing.definition = way_to(call, definition, id);
        sixtyfour_change_make(call);
    }
    plan_drop(&plan);
}

void
sixtyfour_interactive_save(struct call *call)
{
    static const char *const known[] = {"block_id", "workflow_name", "workflow_description", NULL};
    struct value ignored;
    struct keeping *keeping = sixtyfour_change_begin(call, sizeof(*keeping));
    if (keeping == NULL)
        return;
    struct changing *changing = &keeping->changing;
    if (!interactive_find(call, &keeping->run) || !sixtyfour_read_body(call, known) ||
        !interactive_read(call, "block_id", VALUE_STRING, &ignored) ||
        !interactive_read(call, "workflow_name", VALUE_STRING, &changing->name))
        return;
    changing->description = value_text("");
    if (value_get(call->body, "workflow_description").kind != VALUE_NONE &&
        !interactive_read(call, "workflow_description", VALUE_STRING, &changing->description))
        return;
    call_go_on(call, keep_way);
}
