#include "service/asks.h"

#include "service/host.h"

/* Where the run stands now decides whether what is stored may still be answered. */
static enum ask_stand
stand_of(const struct ask_found *found)
{
    if (found->body.answer.kind == VALUE_OBJECT)
        return ASK_ANSWERED;
    bool is_of_now = found->body.place.generation == found->run.generation;
    return is_of_now && !run_state_is_ended(found->run.state) ? ASK_OPEN : ASK_OVER;
}

static enum status
read_found(struct ask_found *out, struct arena *arena)
{
    if (!ask_body_read(&out->body, arena, &out->row))
        return STATUS_IO;
    out->stand = stand_of(out);
    return STATUS_OK;
}

enum status
service_ask_by_token(struct service *service, enum object_kind kind, struct slice token,
                     struct arena *arena, struct ask_found *out)
{
    int64_t now = clock_unix_ms(service->options.clock);
    *out = (struct ask_found){.stand = ASK_OVER};
    if (!ask_token_read(&out->token, arena, &service->link_secret, token) ||
        (out->token.expires_unix_ms > 0 && now >= out->token.expires_unix_ms))
        return STATUS_NOT_FOUND;
    enum status status = store_run_get(service->store, arena, &out->token.run, &out->run);
    if (status != STATUS_OK)
        return status;
    struct ask_place place = {out->token.run, out->run.generation, out->token.step, out->token.key};
    status = ask_find(service->store, arena, kind, &out->run.workspace, &place, &out->row);
    if (status == STATUS_NOT_FOUND) {
        out->stand = run_state_is_ended(out->run.state) ? ASK_OVER : ASK_NOT_YET;
        return STATUS_OK;
    }
    return status == STATUS_OK ? read_found(out, arena) : status;
}

enum status
service_ask_find(struct service *service, enum object_kind kind, const struct id *workspace,
                 const struct id *id, struct arena *arena, struct ask_found *out)
{
    *out = (struct ask_found){.stand = ASK_OVER};
    enum status status = store_object_get(service->store, arena, id, &out->row);
    if (status == STATUS_OK && (out->row.kind != kind || !id_equal(&out->row.workspace, workspace)))
        status = STATUS_NOT_FOUND;
    if (status == STATUS_OK)
        status = read_found(out, arena);
    if (status != STATUS_OK)
        return status;
    status = store_run_get(service->store, arena, &out->body.run, &out->run);
    if (status != STATUS_OK)
        return status;
    out->stand = stand_of(out);
    return STATUS_OK;
}

enum status
service_ask_list(struct service *service, enum object_kind kind, const struct store_page *page,
                 bool is_decided, store_object_fn *visit, void *context)
{
    struct object_page objects = {
        .workspace = page->workspace,
        .kind = kind,
        .is_archived = is_decided,
        .before = page->before,
        .is_ascending = page->is_ascending,
        .limit = page->limit,
        .skip = page->skip,
    };
    return store_object_list(service->store, &objects, visit, context);
}

void
service_ask_answer(struct service *service, const struct ask_found *found, bool is_ok,
                   struct value value, const struct run_asker *asker)
{
    struct ask_answer answer = {
        .row = &found->row, .body = &found->body, .is_ok = is_ok, .value = value};
    engine_ask_answer(service->engine, &answer, asker);
}

void
service_ask_link(struct service *service, struct buffer *out, const struct ask_body *body,
                 enum ask_says says)
{
    struct ask_token token = {
        .run = body->run,
        .step = body->place.step,
        .key = body->place.key,
        .says = says,
        .expires_unix_ms = body->until_unix_ms,
    };
    ask_token_print(out, &service->link_secret, &token);
}
