#include "service/approvals.h"

#include "base/limits.h"
#include "service/host.h"
#include "service/present.h"

static const char *const decision_members[] = {"decision", "by", "via", "comment", "at"};

const char *
approval_state_name(enum approval_state state)
{
    static const char *const names[] = {
        [APPROVAL_OPEN] = "open",         [APPROVAL_APPROVED] = "approved",
        [APPROVAL_REJECTED] = "rejected", [APPROVAL_EXPIRED] = "expired",
        [APPROVAL_OVER] = "over",
    };
    return names[state];
}

static struct value
said_of(const struct ask_found *found)
{
    return value_get(found->body.answer, "value");
}

enum approval_state
approval_state_of(const struct ask_found *found)
{
    if (found->stand != ASK_ANSWERED)
        return found->stand == ASK_OVER ? APPROVAL_OVER : APPROVAL_OPEN;
    struct value decision = value_get(said_of(found), "decision");
    if (decision.kind != VALUE_STRING)
        return APPROVAL_EXPIRED;
    return slice_is(value_slice(decision), "approved") ? APPROVAL_APPROVED : APPROVAL_REJECTED;
}

struct value
approval_decision(const struct ask_found *found, struct arena *arena)
{
    enum approval_state state = approval_state_of(found);
    struct value out = value_empty_object();
    if (state != APPROVAL_APPROVED && state != APPROVAL_REJECTED)
        return value_null();
    for (size_t i = 0; i < COUNT_OF(decision_members); i++)
        out = value_object_set(arena, out, value_text(decision_members[i]),
                               value_find_or_null(said_of(found), slice_text(decision_members[i])));
    return out;
}

struct value
approval_present(const struct ask_found *found, struct arena *arena)
{
    const struct ask_body *body = &found->body;
    struct member members[] = {
        {value_text("id"), present_id(&found->row.id, arena)},
        {value_text("runId"), present_id(&body->run, arena)},
        {value_text("workflowId"), present_id(&body->workflow, arena)},
        {value_text("step"), value_string(body->place.step)},
        {value_text("item"), value_string(body->item)},
        {value_text("title"), value_find_or_null(body->shown, SLICE("title"))},
        {value_text("details"), value_find_or_null(body->shown, SLICE("details"))},
        {value_text("status"), value_text(approval_state_name(approval_state_of(found)))},
        {value_text("createdAt"), present_time(body->opened_unix_ms, arena)},
        {value_text("deadline"), present_time(body->until_unix_ms, arena)},
        {value_text("decision"), approval_decision(found, arena)},
        {value_text("comments"), body->comments},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

/* --- deciding --- */

static struct value
text_or_null(struct slice text)
{
    return text.size == 0 ? value_null() : value_string(text);
}

static struct value
rejected_words(const struct approval_said *said, struct arena *arena)
{
    bool has_comment = said->comment.size > 0;
    return value_text(arena_format(arena, "rejected by %.*s%s%.*s", SLICE_FORMAT(said->by),
                                   has_comment ? ": " : "",
                                   SLICE_FORMAT(slice_cut(said->comment, 300))));
}

void
service_approval_decide(struct service *service, const struct ask_found *found,
                        const struct approval_said *said, struct arena *arena,
                        const struct run_asker *asker)
{
    struct value value = value_empty_object();
    if (!said->is_yes) {
        value = value_set(arena, value, "code", value_text("rejected"));
        value = value_set(arena, value, "message", rejected_words(said, arena));
    }
    value = value_set(arena, value, "decision", value_text(said->is_yes ? "approved" : "rejected"));
    value = value_set(arena, value, "by", text_or_null(said->by));
    value = value_set(arena, value, "via", value_text(said->via));
    value = value_set(arena, value, "comment", text_or_null(said->comment));
    value =
        value_set(arena, value, "at", present_time(clock_unix_ms(service->options.clock), arena));
    service_ask_answer(service, found, said->is_yes, value, asker);
}

/* --- saying something without deciding --- */

bool
approval_takes_comment(const struct ask_found *found)
{
    return found->body.comments.count < APPROVAL_COMMENTS_MAX;
}

struct commenting {
    run_moved_fn *moved;
    void *context;
};

static void
comment_committed(struct intent *intent)
{
    struct commenting commenting = *(const struct commenting *)intent->owner;
    enum status status = intent->status;
    intent_free(&intent);
    commenting.moved(status, commenting.context);
}

void
service_approval_comment(struct service *service, const struct ask_found *found,
                         const struct approval_said *said, struct arena *arena,
                         const struct run_asker *asker)
{
    int64_t now = clock_unix_ms(service->options.clock);
    struct intent *intent = intent_new(4 * LIMIT_VALUE_BYTES);
    struct commenting *commenting = arena_alloc(&intent->arena, sizeof(*commenting));
    struct value comment = value_empty_object();
    comment = value_set(arena, comment, "by", text_or_null(said->by));
    comment = value_set(arena, comment, "via", value_text(said->via));
    comment = value_set(arena, comment, "comment", value_string(said->comment));
    comment = value_set(arena, comment, "at", present_time(now, arena));
    ask_add_comment(intent, &found->row, &found->body, comment, now);
    intent_add_idempotency(intent, asker->idempotency, IDEMPOTENCY_APPROVAL, &found->row.id);
    *commenting = (struct commenting){asker->moved, asker->context};
    intent->done = comment_committed;
    intent->owner = commenting;
    writer_push(service->writer, intent);
}
