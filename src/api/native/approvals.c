/* What steps ask people: listed, got and decided with a key. */
#include "api/native/native.h"

#include "base/json.h"
#include "base/limits.h"
#include "service/approvals.h"
#include "service/present.h"

/* --- as JSON --- */

static struct value
link_value(struct call *call, const struct ask_found *found, enum ask_says says)
{
    struct buffer token, address;
    buffer_init(&token, KIB(1));
    buffer_init(&address, KIB(8));
    buffer_append_text(&token, "/approvals/");
    service_ask_link(call->service, &token, &found->body, says);
    call_link(call, &address, buffer_slice(&token));
    struct value value = value_string_copy(call->arena, buffer_slice(&address));
    buffer_done(&token);
    buffer_done(&address);
    return value;
}

/* Links let anybody decide who has them: only who may decide himself is told them. */
static struct value
links_value(struct call *call, const struct ask_found *found)
{
    if (found->stand != ASK_OPEN || (call->caller.scopes & KEY_SCOPE_RUN) == 0)
        return value_null();
    struct member members[] = {
        {value_text("page"), link_value(call, found, ASK_SAYS_ANYTHING)},
        {value_text("approve"), link_value(call, found, ASK_SAYS_YES)},
        {value_text("reject"), link_value(call, found, ASK_SAYS_NO)},
    };
    return value_object_new(call->arena, members, COUNT_OF(members));
}

struct value
native_approval_value(struct call *call, const struct ask_found *found)
{
    return value_object_set(call->arena, approval_present(found, call->arena), value_text("links"),
                            links_value(call, found));
}

static void
answer_approval(struct call *call, const struct ask_found *found)
{
    native_answer_value(call, 200, native_approval_value(call, found));
}

/* --- one --- */

static bool
find_of(struct call *call, const struct id *id, struct ask_found *out)
{
    enum status status = service_ask_find(call->service, OBJECT_APPROVAL, &call->caller.workspace,
                                          id, call->arena, out);
    return call_found(call, status);
}

static bool
find(struct call *call, struct ask_found *out)
{
    struct id id;
    if (id_parse(&id, call->names[0]))
        return find_of(call, &id, out);
    call_fail_unknown(call);
    return false;
}

void
native_approval_get(struct call *call)
{
    struct ask_found *found = arena_alloc(call->arena, sizeof(*found));
    if (find(call, found))
        answer_approval(call, found);
}

void
native_answer_approval_again(struct call *call, const struct idempotency_row *made)
{
    struct ask_found *found = arena_alloc(call->arena, sizeof(*found));
    if (find_of(call, &made->id, found))
        answer_approval(call, found);
}

/* --- decided --- */

static struct slice
text_of(struct value body, const char *name)
{
    return slice_trim(value_get_text(body, name));
}

/* As the caller calls himself, else as his key is called. */
static struct slice
name_of_caller(struct call *call)
{
    struct slice name = text_of(call->body, "by");
    struct key_row key;
    if (name.size > 0)
        return name;
    if (service_key_get(call->service, &call->caller.key, call->arena, &key) == STATUS_OK)
        return key.name;
    return SLICE("a key");
}

static bool
says(struct call *call, const char *word)
{
    return slice_is(text_of(call->body, "decision"), word);
}

/* The same again is answered as then. */
static void
answer_decided(struct call *call)
{
    struct ask_found *found = arena_alloc(call->arena, sizeof(*found));
    if (!find(call, found))
        return;
    enum approval_state state = approval_state_of(found);
    if (state == (says(call, "approve") ? APPROVAL_APPROVED : APPROVAL_REJECTED))
        answer_approval(call, found);
    else if (state == APPROVAL_OPEN)
        call_fail(call, 409, "the run does not go on now, since one above it is paused or ended");
    else if (state == APPROVAL_OVER)
        call_fail(call, 409, "the run has ended and does not wait any more");
    else
        call_fail(call, 409, "this is %s already", approval_state_name(state));
}

static void
decided(enum status status, void *context)
{
    struct call *call = context;
    if (status == STATUS_OK || (status == STATUS_CONFLICT && call->idempotency == NULL))
        call_go_on(call, answer_decided);
    else if (status == STATUS_CONFLICT)
        call_go_on(call, call_answer_conflict);
    else
        call_fail_status(call, status, NULL);
}

static void
answer_found(struct call *call)
{
    struct ask_found *found = arena_alloc(call->arena, sizeof(*found));
    if (find(call, found))
        answer_approval(call, found);
}

/* Somebody else may have said something meanwhile, which changes what is stored too. */
static void
commented(enum status status, void *context)
{
    struct call *call = context;
    if (status == STATUS_OK)
        call_go_on(call, answer_found);
    else if (status == STATUS_CONFLICT && call->idempotency == NULL)
        call_go_on(call, native_approval_decide);
    else if (status == STATUS_CONFLICT)
        call_go_on(call, call_answer_conflict);
    else
        call_fail_status(call, status, NULL);
}

static void
comment(struct call *call, const struct ask_found *found, const struct approval_said *said)
{
    struct run_asker asker = {commented, call, call->idempotency};
    if (said->comment.size == 0)
        call_fail(call, 400, "comment: say what is to be noted");
    else if (!approval_takes_comment(found))
        call_fail(call, 422, "it has %d comments, the most that there may be",
                  APPROVAL_COMMENTS_MAX);
    else
        service_approval_comment(call->service, found, said, call->arena, &asker);
}

void
native_approval_decide(struct call *call)
{
    struct ask_found *found = arena_alloc(call->arena, sizeof(*found));
    if (!find(call, found))
        return;
    if (found->stand != ASK_OPEN) {
        answer_decided(call);
        return;
    }
    call_keep_answer(call, 200);
    struct approval_said said = {
        .is_yes = says(call, "approve"),
        .by = name_of_caller(call),
        .comment = text_of(call->body, "comment"),
        .via = "api",
    };
    if (says(call, "comment")) {
        comment(call, found, &said);
        return;
    }
    struct run_asker asker = {decided, call, call->idempotency};
    service_approval_decide(call->service, found, &said, call->arena, &asker);
}
