/* Jobs that are built block by block: their start, what is added, their end. */
#include "api/sixtyfour/interactive.h"

#include "api/sixtyfour/asked.h"
#include "api/sixtyfour/change.h"
#include "base/digest.h"
#include "base/json.h"
#include "service/credits.h"

#include <stdio.h>
#include <string.h>

/* Kept with a run: it is such a job. */
#define KEPT "interactive"
#define NO_JOB "There is no interactive job with this id"
/* How long a block waits for the end of those before it. */
#define WAIT_MS INT64_C(30000)
/* How often a block is added anew, or waits anew, because others were added at the same time. */
#define ROUNDS_MAX 20

/* --- what was sent --- */

static void
fail_body(struct call *call, const char *field, const char *type, const char *words)
{
    sixtyfour_fail_field(call, &(struct sixtyfour_place){"body", slice_text(field)}, type, words);
}

bool
interactive_read(struct call *call, const char *name, enum value_kind kind, struct value *out)
{
    *out = value_get(call->body, name);
    if (out->kind == kind)
        return true;
    if (out->kind == VALUE_NONE)
        fail_body(call, name, "missing", "Field required");
    else if (kind == VALUE_STRING)
        fail_body(call, name, "string_type", "Input should be a valid string");
    else
        fail_body(call, name, "dict_type", "Input should be a valid dictionary");
    return false;
}

bool
interactive_find(struct call *call, struct run_row *out)
{
    struct value kept = {0};
    if (!sixtyfour_find_run(call, call->names[0], out))
        return false;
    if (out->resolved.size > 0 &&
        json_parse(&kept, call->arena, out->resolved, 0, NULL, NULL) == STATUS_OK &&
        value_is_true(value_get(kept, KEPT)))
        return true;
    call_fail(call, 404, NO_JOB);
    return false;
}

/* --- graphs --- */

bool
interactive_load(struct call *call, const struct version_row *version, struct plan **plan,
                 struct value *definition)
{
    struct error error = {0};
    enum status status = service_version_load(call->service, version, plan, &error);
    if (status == STATUS_OK && !plan_is_from(*plan, SIXTYFOUR_FORMAT)) {
        plan_drop(plan);
        status = error_set(&error, STATUS_CONFLICT, "The job's workflow was changed elsewhere");
    }
    if (status != STATUS_OK) {
        call_fail_status(call, status, &error);
        return false;
    }
    *definition = value_get((*plan)->origin, "definition");
    return true;
}

struct value
interactive_block(struct value definition, struct slice id)
{
    struct value blocks = value_get(definition, "blocks");
    for (uint32_t i = 0; i < blocks.count; i++) {
        if (slice_equal(value_get_text(value_items(blocks)[i], "block_id"), id))
            return value_items(blocks)[i];
    }
    return (struct value){0};
}

/* A graph with one more block, which has the name and the specs of the body. */
static struct value
with_block(struct call *call, struct value definition, const char *id)
{
    struct arena *arena = call->arena;
    struct value blocks = value_get(definition, "blocks");
    const struct member members[] = {
        {value_text("block_id"), value_text(id)},
        {value_text("sequence_number"), value_int((int64_t)blocks.count + 1)},
        {value_text("block_type"), value_get(call->body, "block_name")},
        {value_text("block_name"), value_get(call->body, "block_name")},
        {value_text("specs"), value_get(call->body, "specs")},
    };
    struct value block = value_object_new(arena, members, COUNT_OF(members));
    return value_object_set(arena, definition, value_text("blocks"),
                            value_array_append(arena, blocks, block));
}

static struct value
with_edge(struct call *call, struct value definition, const char *id)
{
    struct arena *arena = call->arena;
    const struct member members[] = {
        {value_text("from_block_id"), value_get(call->body, "parent_block_id")},
        {value_text("to_block_id"), value_text(id)},
        {value_text("condition"), value_null()},
    };
    struct value edge = value_object_new(arena, members, COUNT_OF(members));
    struct value edges = value_get(definition, "edges");
    if (edges.kind != VALUE_ARRAY)
        edges = value_empty_array();
    return value_object_set(arena, definition, value_text("edges"),
                            value_array_append(arena, edges, edge));
}

/* Where something is wrong with a block: "specs.filters.0". */
static const char *
place_in_block(const struct sixtyfour_problem *problem)
{
    unsigned block = 0;
    int size = 0;
    if (sscanf(problem->place, "blocks.%u.%n", &block, &size) != 1 || size == 0)
        return "";
    return problem->place + size;
}

/* --- start --- */

struct opening {
    struct changing changing;
    struct asked asked;
    enum status status; /* of the start */
};

static void
workflow_dropped(const struct workflow_changed *changed, void *context)
{
    (void)changed;
    (void)context;
}

/* The workflow of a job that has not started. It takes nothing of a call, which may be answered. */
static void
drop_workflow(struct service *service, const struct workflow_row *row)
{
    struct problems problems;
    struct arena arena;
    char hex[ID_HEX_BYTES];
    id_hex(&row->id, hex);
    struct workflow_change change = {
        .kind = WORKFLOW_DELETE, .workspace = row->workspace, .target = slice_text(hex)};
    arena_init(&arena, KIB(64));
    problems_init(&problems, &arena);
    status_ignore(service_workflow_change(service, &change, &problems, workflow_dropped, NULL));
    arena_done(&arena);
}

static void
answer_job(struct call *call, const struct run_row *run)
{
    struct buffer body;
    char job[ID_UUID_BYTES];
    id_uuid(&run->id, job);
    call_begin_body(&body);
    /* As the start of any run is answered. */
    buffer_append_format(&body, "{\"job_id\":\"%s\",\"status\":\"%s\"}", job,
                         run_state_status(call->is_again ? run->state : RUN_STATE_QUEUED));
    call_answer(call, 200, &body);
}

static void
answer_failed(struct call *call)
{
    const struct opening *opening = call->own;
    drop_workflow(call->service, &opening->changing.row);
    if (opening->status == STATUS_CONFLICT)
        call_answer_conflict(call);
    else
        call_fail_status(call, opening->status, NULL);
}

static void
job_started(enum status status, const struct run_row *run, void *context)
{
    struct call *call = context;
    struct opening *opening = call->own;
    opening->status = status;
    if (status == STATUS_OK)
        answer_job(call, run);
    else
        call_go_on(call, answer_failed);
}

static bool
make_input(struct call *call)
{
    struct opening *opening = call->own;
    struct plan *plan = NULL;
    struct value definition;
    struct version_row version = {.workflow = opening->changing.row.id,
                                  .version = opening->changing.row.published_version};
    if (!interactive_load(call, &version, &plan, &definition))
        return false;
    bool is_good = asked_make_input(call, plan, &opening->asked);
    plan_drop(&plan);
    return is_good;
}

static void
start_job(struct call *call)
{
    struct opening *opening = call->own;
    struct refusal refusal = {.limit = ACCOUNT_UNLIMITED};
    struct error error = {0};
    struct service *service = call->service;
    const struct workflow_row made = opening->changing.row;
    if (!make_input(call)) {
        drop_workflow(service, &made);
        return;
    }
    struct run_new_options wanted = {
        .workspace = call->caller.workspace,
        .workflow = &opening->changing.row,
        .input = opening->asked.input,
        .trigger = "api",
        .key = call->caller.key,
        .refusal = &refusal,
        .resolved =
            value_object_set(call->arena, opening->asked.kept, value_text(KEPT), value_bool(true)),
        .idempotency = call->idempotency,
    };
    enum status status = service_run_start(call->service, &wanted, job_started, call, &error);
    if (status != STATUS_OK) {
        drop_workflow(service, &made);
        sixtyfour_fail_start(call, status, &refusal, &error);
    }
}

static void
refuse_start(struct call *call, const struct sixtyfour_problem *problem)
{
    fail_body(call, place_in_block(problem), problem->type, problem->words);
}

static bool
read_start(struct call *call, struct opening *opening)
{
    static const char *const known[] = {"block_name", "specs",        "webhook_payload",
                                        "save_json",  "cache_config", NULL};
    struct value name, specs;
    if (!sixtyfour_read_body(call, known) ||
        !interactive_read(call, "block_name", VALUE_STRING, &name) ||
        !interactive_read(call, "specs", VALUE_OBJECT, &specs) ||
        !asked_read_payload(call, &opening->asked))
        return false;
    struct value save = value_get(call->body, "save_json");
    struct value cache = value_get(call->body, "cache_config");
    opening->asked.formats = (struct run_formats){.has_csv = true, .has_json = value_is_true(save)};
    asked_keep_formats(call, &opening->asked);
    if (save.kind != VALUE_NONE && save.kind != VALUE_TRUE && save.kind != VALUE_FALSE)
        fail_body(call, "save_json", "bool_type", "Input should be a valid boolean");
    else if (cache.kind != VALUE_NONE && cache.kind != VALUE_NULL && cache.kind != VALUE_OBJECT)
        fail_body(call, "cache_config", "dict_type", "Input should be a valid dictionary");
    else if (opening->asked.payload.kind != VALUE_NONE && !slice_is(value_slice(name), "webhook"))
        fail_body(call, "webhook_payload", "value_error",
                  "webhook_payload is for a job that begins with the block webhook");
    else
        return true;
    return false;
}

void
sixtyfour_interactive_start(struct call *call)
{
    char id[ID_UUID_BYTES];
    struct id block = service_new_id(call->service);
    struct opening *opening = sixtyfour_change_begin(call, sizeof(*opening));
    if (opening == NULL || !read_start(call, opening) || !sixtyfour_has_credits(call))
        return;
    id_uuid(&block, id);
    const struct member parts[] = {{value_text("blocks"), value_empty_array()},
                                   {value_text("edges"), value_empty_array()}};
    struct changing *changing = &opening->changing;
    changing->name = value_text("Interactive workflow");
    changing->definition = with_block(call, value_object_new(call->arena, parts, COUNT_OF(parts)),
                                      arena_format(call->arena, "%s", id));
    changing->change.idempotency = NULL;
    changing->changed = start_job;
    changing->refuse = refuse_start;
    call_go_on(call, sixtyfour_change_make);
}

/* --- one more block --- */

struct adding {
    struct changing changing;
    struct run_row run;
    struct run_asker asker;
    const char *block;
    unsigned rounds;
    bool is_stored; /* the newest graph has the block */
};

static void add_block(struct call *call);

static void
answer_added(struct call *call, const char *block, const char *words)
{
    struct buffer body;
    call_begin_body(&body);
    buffer_append_format(&body, "{\"accepted\":%s,\"block_id\":", words == NULL ? "true" : "false");
    json_print(&body, words == NULL ? value_text(block) : value_null());
    buffer_append_text(&body, ",\"error\":");
    json_print(&body, words == NULL ? value_null() : value_text(words));
    buffer_append_byte(&body, '}');
    call_answer(call, 200, &body);
}

/* Others were first: once more of what they have left behind. */
static void
add_again(struct call *call, const char *words)
{
    struct adding *adding = call->own;
    if (++adding->rounds < ROUNDS_MAX && !http_request_is_gone(call->request))
        call_wait_end(call, &adding->run.id, WAIT_MS, add_block);
    else
        answer_added(call, NULL, words);
}

static void
refuse_block(struct call *call, const struct sixtyfour_problem *problem)
{
    const char *place = place_in_block(problem);
    const char *words =
        arena_format(call->arena, "%s%s%s", place, place[0] == '\0' ? "" : ": ", problem->words);
    if (strcmp(problem->type, "conflict") == 0)
        add_again(call, words);
    else
        answer_added(call, NULL, words);
}

/* The job as it is now, whatever was known of it. False: the call was answered. */
static bool
read_job(struct call *call)
{
    struct adding *adding = call->own;
    const struct id id = adding->run.id;
    enum status status = service_run_get(call->service, &id, call->arena, &adding->run);
    if (status == STATUS_NOT_FOUND)
        call_fail(call, 404, NO_JOB);
    else if (status != STATUS_OK)
        call_fail_status(call, status, NULL);
    return status == STATUS_OK;
}

/* Another block that was added at the same time may have taken this one along. */
static void
look_again(struct call *call)
{
    struct adding *adding = call->own;
    if (call_answer_again(call) || !read_job(call))
        return;
    if (adding->run.version >= adding->changing.row.published_version)
        answer_added(call, adding->block, NULL);
    else
        add_again(call, "The job works on other blocks; this one goes with the next");
}

static void
job_moved(enum status status, void *context)
{
    struct call *call = context;
    const struct adding *adding = call->own;
    if (status == STATUS_OK)
        answer_added(call, adding->block, NULL);
    else if (status == STATUS_CONFLICT)
        call_go_on(call, look_again);
    else
        call_fail_status(call, status, NULL);
}

static void
go_on_longer(struct call *call)
{
    struct adding *adding = call->own;
    struct error error = {0};
    adding->is_stored = true;
    enum status status = service_run_fits_newest(call->service, &adding->run, &error);
    adding->asker = (struct run_asker){job_moved, call, call->idempotency};
    call_keep_answer(call, 200);
    if (status == STATUS_OK)
        service_run_retry(call->service, &adding->run, true, &adding->asker);
    else
        call_fail_status(call, status, &error);
}

/* The longer graph. */
static void
store_block(struct call *call, struct value definition)
{
    struct adding *adding = call->own;
    struct changing *changing = &adding->changing;
    char hex[ID_HEX_BYTES];
    id_hex(&adding->run.workflow, hex);
    changing->definition =
        with_edge(call, with_block(call, definition, adding->block), adding->block);
    changing->change.kind = WORKFLOW_PUT;
    changing->change.target = slice_text(arena_format(call->arena, "%s", hex));
    changing->change.must_exist = true;
    changing->change.tags[0].version = changing->row.latest_version;
    changing->change.tag_count = 1;
    changing->change.idempotency = NULL;
    changing->changed = go_on_longer;
    changing->refuse = refuse_block;
    sixtyfour_change_make(call);
}

/* Why no block can be added; NULL: one can be. */
static const char *
find_obstacle(struct call *call)
{
    struct adding *adding = call->own;
    if (adding->run.state == RUN_STATE_CANCELLED)
        return "The job was cancelled";
    enum status status = service_workflow_get(call->service, &adding->run.workflow, call->arena,
                                              &adding->changing.row);
    if (status != STATUS_OK || adding->changing.row.status != WORKFLOW_ACTIVE)
        return "The job is finished";
    return NULL;
}

/* Still, or again with a block that another has added. */
static void
job_works(struct call *call)
{
    static const char words[] =
        "The job still works on its last block: add the next one when it has completed";
    const struct adding *adding = call->own;
    int64_t waited_us = clock_mono_us(service_clock(call->service)) - call->begun_us;
    if (adding->is_stored)
        look_again(call);
    else if (waited_us < WAIT_MS * 1000)
        add_again(call, words);
    else
        answer_added(call, NULL, words);
}

static void
add_block(struct call *call)
{
    struct adding *adding = call->own;
    struct plan *plan = NULL;
    struct value definition;
    if (!read_job(call))
        return;
    if (!run_state_is_ended(adding->run.state)) {
        job_works(call);
        return;
    }
    const char *obstacle = find_obstacle(call);
    if (obstacle != NULL) {
        answer_added(call, NULL, obstacle);
        return;
    }
    if (adding->is_stored && adding->run.version >= adding->changing.row.published_version) {
        answer_added(call, adding->block, NULL);
        return;
    }
    struct version_row version = {.workflow = adding->run.workflow,
                                  .version = adding->changing.row.latest_version};
    if (!interactive_load(call, &version, &plan, &definition))
        return;
    struct value parent = value_get(call->body, "parent_block_id");
    adding->changing.old = plan;
    if (interactive_block(definition, slice_text(adding->block)).kind != VALUE_NONE)
        go_on_longer(call);
    else if (interactive_block(definition, value_slice(parent)).kind == VALUE_NONE)
        answer_added(call, NULL, "parent_block_id: the job has no block with this id");
    else
        store_block(call, definition);
    plan_drop(&plan);
}

/* The same for the same Idempotency-Key, so that the request can be answered again. */
static const char *
new_block_id(struct call *call)
{
    struct id id = service_new_id(call->service);
    char uuid[ID_UUID_BYTES];
    const struct idempotency_row *once = call->idempotency;
    if (once != NULL) {
        struct digest digest = digest_of(slice_text(arena_format(
            call->arena, "%.*s %.*s", SLICE_FORMAT(once->scope), SLICE_FORMAT(once->key))));
        memcpy(id.bytes, digest.bytes, sizeof(id.bytes));
    }
    id_uuid(&id, uuid);
    return arena_format(call->arena, "%s", uuid);
}

void
sixtyfour_interactive_add(struct call *call)
{
    static const char *const known[] = {"block_name", "specs", "parent_block_id", NULL};
    struct value ignored;
    struct adding *adding = sixtyfour_change_begin(call, sizeof(*adding));
    if (adding == NULL)
        return;
    adding->block = new_block_id(call);
    if (interactive_find(call, &adding->run) && sixtyfour_read_body(call, known) &&
        interactive_read(call, "block_name", VALUE_STRING, &ignored) &&
        interactive_read(call, "specs", VALUE_OBJECT, &ignored) &&
        interactive_read(call, "parent_block_id", VALUE_STRING, &ignored) &&
        sixtyfour_has_credits(call))
        call_wait_end(call, &adding->run.id, WAIT_MS, add_block);
}

bool
interactive_answer_again(struct call *call, const struct run_row *run)
{
    bool is_start = call->route->handle == sixtyfour_interactive_start;
    bool is_more = call->route->handle == sixtyfour_interactive_add;
    if (is_start)
        answer_job(call, run);
    else if (is_more)
        answer_added(call, new_block_id(call), NULL);
    return is_start || is_more;
}

/* --- finish --- */

struct finishing {
    struct run_row run;
    struct problems problems;
};

static void
answer_finished(struct call *call)
{
    struct finishing *finishing = call->own;
    struct buffer body;
    if (!sixtyfour_read_again(call, &finishing->run))
        return;
    call_begin_body(&body);
    buffer_append_format(&body, "{\"status\":\"%s\"}", run_state_status(finishing->run.state));
    call_answer(call, 200, &body);
}

/* Without its workflow it is finished, too. */
static void
job_closed(const struct workflow_changed *changed, void *context)
{
    if (changed->status == STATUS_OK || changed->status == STATUS_NOT_FOUND)
        call_go_on(context, answer_finished);
    else
        call_fail_status(context, changed->status, &changed->error);
}

static void
close_job(struct call *call)
{
    struct finishing *finishing = call->own;
    char hex[ID_HEX_BYTES];
    id_hex(&finishing->run.workflow, hex);
    struct workflow_change change = {
        .kind = WORKFLOW_ARCHIVE,
        .workspace = call->caller.workspace,
        .target = slice_text(arena_format(call->arena, "%s", hex)),
    };
    problems_init(&finishing->problems, call->arena);
    status_ignore(
        service_workflow_change(call->service, &change, &finishing->problems, job_closed, call));
}

void
sixtyfour_interactive_finish(struct call *call)
{
    static const char *const known[] = {NULL};
    struct finishing *finishing = arena_try_alloc(call->arena, sizeof(*finishing));
    call->own = finishing;
    if (finishing == NULL) {
        call_fail_status(call, STATUS_LIMIT, NULL);
        return;
    }
    if (interactive_find(call, &finishing->run) && sixtyfour_read_body(call, known))
        call_go_on(call, close_job);
}
