#include "ai/live.h"

#include "ai/desk_call.h"
#include "base/buffer.h"
#include "base/limits.h"

static struct ai_said
said_of(const struct desk_call *call, const struct exchange *exchange)
{
    return (struct ai_said){
        .run = exchange->run,
        .call = call->ticket,
        .step = exchange->step,
        .item = exchange->item,
        .from = call->live.told_bytes,
    };
}

static void
tell_new(struct desk_call *call, const struct exchange *exchange, struct slice so_far)
{
    const struct ai_listener *listener = desk_options(call->desk)->listener;
    struct ai_live *live = &call->live;
    struct slice rest = slice_of(so_far.ptr + live->read_bytes, so_far.size - live->read_bytes);
    struct buffer text;
    buffer_init(&text, LIMIT_AI_ANSWER_BYTES);
    live->read_bytes += call->setup->provider->live(rest, &text);
    if (text.size > 0 && !buffer_is_over(&text)) {
        struct ai_said said = said_of(call, exchange);
        said.text = buffer_slice(&text);
        listener->tell(listener->context, &said);
        live->told_bytes += text.size;
    }
    buffer_done(&text);
}

void
ai_live_look(struct exchange *exchange, struct slice so_far)
{
    struct desk_call *call = exchange->owner;
    const struct ai_desk_options *options = desk_options(call->desk);
    struct ai_live *live = &call->live;
    uint32_t wish = options->listener->wish(options->listener->context, &exchange->run);
    if (wish == 0)
        return;
    if (wish != live->wish)
        *live = (struct ai_live){.wish = wish};
    tell_new(call, exchange, so_far);
}

void
ai_live_end(struct desk_call *call)
{
    const struct ai_listener *listener = desk_options(call->desk)->listener;
    if (call->live.wish == 0)
        return;
    struct ai_said said = said_of(call, call->sent);
    said.is_end = true;
    listener->tell(listener->context, &said);
}
