#include "api/native/native.h"

#include "base/clock.h"
#include "base/json.h"

/* Which limit it was, and when to come again. */
static void
put_rate(struct call *call, struct buffer *out)
{
    const struct rate_limit *limit = &call->caller.rates[call->rate.which];
    char rate[RATE_TEXT_BYTES], at[CLOCK_ISO_BYTES];
    rate_print(&limit->rate, rate);
    clock_iso(clock_unix_ms(service_clock(call->service)) + call->rate.retry_after_ms, at);
    buffer_append_format(
        out, ",\"of\":\"%s\",\"rate\":\"%s\",\"limit\":%u,\"used\":%u,\"resetAt\":\"%s\"",
        call->rate.which == 0 ? "key" : "workspace", rate, limit->burst, limit->burst, at);
}

void
native_put_fault(struct call *call, struct fault *fault, struct buffer *out)
{
    buffer_append_text(out, "{\"error\":");
    json_print_string(out, slice_text(fault->words));
    if (fault->kind == FAULT_RATE)
        put_rate(call, out);
    buffer_append_byte(out, '}');
}
