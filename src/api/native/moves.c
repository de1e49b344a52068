#include "api/native/native.h"

#define BIT(state) (UINT32_C(1) << (state))

/* What can be asked of a run. */
struct move_kind {
    const char *verb;
    const char *wanted; /* what the run has to be */
    uint32_t done;      /* bits: in these states it is as if it had been done */
};
static const struct move_kind retrying = {
    "retry", "failed or cancelled, or completed with failed items or on an older version", 0};
static const struct move_kind cancelling = {"cancel", "queued or running",
                                            BIT(RUN_STATE_CANCELLED)};
static const struct move_kind pausing = {"pause", "queued or running", BIT(RUN_STATE_PAUSED)};
static const struct move_kind resuming = {"resume", "paused", STORE_LIVE_STATES};

/* A move of a run under way. */
struct move {
    struct run_row run; /* as it was when the move was asked for */
    struct run_asker asker;
    const struct move_kind *kind;
};

static run_moved_fn run_moved;

static void
answer_moved(struct call *call)
{
    struct run_row row;
    if (call_find_run(call, &row))
        native_answer_end(call, 200, &row);
}

/* Nothing moves; nor shall it when the same request comes again. */
static void
answer_as_it_is(struct call *call, const struct run_row *row)
{
    if (call->idempotency == NULL) {
        native_answer_run(call, 200, row);
        return;
    }
    call->idempotency->kind = IDEMPOTENCY_RUN;
    call->idempotency->id = row->id;
    service_idempotency_keep(call->service, call->idempotency, run_moved, call);
}

/* The run may have gone on since it was looked at: what holds now is told. */
static void
answer_not_moved(struct call *call)
{
    const struct move *move = call->own;
    struct run_row row;
    if (call_answer_again(call) || !call_find_run(call, &row))
        return;
    /* Whoever asks twice, since the first answer was lost, gets the same one. */
    if ((move->kind->done & BIT(row.state)) != 0)
        answer_as_it_is(call, &row);
    else
        call_fail(call, 409, "the run is %s: to %s it, it has to be %s", run_state_name(row.state),
                  move->kind->verb, move->kind->wanted);
}

/* On the engine's or the writer's thread: the run is read again on another. */
static void
run_moved(enum status status, void *context)
{
    if (status == STATUS_OK)
        call_go_on(context, answer_moved);
    else if (status == STATUS_CONFLICT)
        call_go_on(context, answer_not_moved);
    else
        call_fail_status(context, status, NULL);
}

static struct move *
begin_move(struct call *call, const struct move_kind *kind)
{
    struct move *move = arena_alloc(call->arena, sizeof(*move));
    move->kind = kind;
    call->own = move;
    move->asker = (struct run_asker){run_moved, call, call->idempotency};
    call_keep_answer(call, 200);
    return call_find_run(call, &move->run) ? move : NULL;
}

void
native_run_retry(struct call *call)
{
    struct value version = value_get(call->body, "version");
    bool on_newest = version.kind == VALUE_STRING && slice_is(value_slice(version), "newest");
    struct move *move = native_read_wait(call) ? begin_move(call, &retrying) : NULL;
    struct error error = {0};
    enum status status = STATUS_OK;
    if (move != NULL && on_newest)
        status = service_run_fits_newest(call->service, &move->run, &error);
    if (status != STATUS_OK)
        call_fail_status(call, status, &error);
    else if (move != NULL)
        service_run_retry(call->service, &move->run, on_newest, &move->asker);
}

void
native_run_cancel(struct call *call)
{
    struct move *move = begin_move(call, &cancelling);
    if (move != NULL)
        service_run_cancel(call->service, &move->run.id, &move->asker);
}

void
native_run_pause(struct call *call)
{
    struct move *move = begin_move(call, &pausing);
    if (move != NULL)
        service_run_pause(call->service, &move->run.id, &move->asker);
}

/* The engine would also begin what is queued: only who is paused is asked of it. */
void
native_run_resume(struct call *call)
{
    struct move *move = begin_move(call, &resuming);
    if (move != NULL && move->run.state == RUN_STATE_PAUSED)
        service_run_resume(call->service, &move->run.id, &move->asker);
    else if (move != NULL)
        answer_not_moved(call);
}

void
native_run_rerun(struct call *call)
{
    struct run_row run;
    struct run_wishes wishes;
    struct error error = {0};
    if (!native_read_wait(call) || !call_find_run(call, &run))
        return;
    wishes_read(&wishes, run.wishes, call->arena);
    if (!native_read_wishes(call, &wishes))
        return;
    struct refusal refusal = NATIVE_NO_REFUSAL;
    struct run_new_options wanted = {
        .rerun_of = &run,
        .key = call->caller.key,
        .refusal = &refusal,
        .version = native_read_version(call),
        .wishes = &wishes,
        .idempotency = call->idempotency,
        .machine = call_machine(call),
    };
    enum status status =
        service_run_rerun(call->service, &wanted, native_run_started, call, &error);
    if (status != STATUS_OK)
        native_fail_start(call, status, &refusal, &error);
}

/* --- deleting --- */

static void
answer_deleted(struct call *call)
{
    const struct run_row *run = call->own;
    native_answer_run(call, 200, run);
}

static void
answer_not_deleted(struct call *call)
{
    char parent[ID_HEX_BYTES];
    struct run_row row;
    if (!call_find_run(call, &row))
        return;
    id_hex(&row.parent, parent);
    if (!run_state_is_ended(row.state))
        call_fail(call, 409, "the run is %s: cancel it first", run_state_name(row.state));
    else if (!id_is_zero(&row.parent))
        call_fail(call, 409, "a step of the run %s has called this one: they are deleted together",
                  parent);
    else
        call_fail(call, 409, "a run that it has called has not ended yet: try again when it has");
}

static void
run_deleted(enum status status, void *context)
{
    if (status == STATUS_OK)
        call_go_on(context, answer_deleted);
    else if (status == STATUS_CONFLICT)
        call_go_on(context, answer_not_deleted);
    else
        call_fail_status(context, status, NULL);
}

/* Answered with the run as it was. */
void
native_run_delete(struct call *call)
{
    struct run_row *run = arena_alloc(call->arena, sizeof(*run));
    call->own = run;
    if (call_find_run(call, run))
        service_run_delete(call->service, &run->id, run_deleted, call);
}
