/* Faults, in the three forms that the vendor has. */
#include "api/sixtyfour/sixtyfour.h"

#include "base/json.h"
#include "base/limits.h"

/* {"detail": words}: what the vendor's framework says before any endpoint is asked. */
static void
put_detail(struct buffer *out, const char *words)
{
    buffer_append_text(out, "{\"detail\":");
    json_print_string(out, slice_text(words));
    buffer_append_byte(out, '}');
}

/* A field of a path is a number where it stands in a list. */
static void
put_location(struct buffer *out, const struct sixtyfour_place *place)
{
    struct slice rest = place->field;
    buffer_append_format(out, "[\"%s\"", place->part);
    while (rest.size > 0) {
        int64_t index = 0;
        const char *dot = memchr(rest.ptr, '.', rest.size);
        struct slice name = slice_of(rest.ptr, dot == NULL ? rest.size : (size_t)(dot - rest.ptr));
        size_t used = dot == NULL ? name.size : name.size + 1;
        rest = slice_of(rest.ptr + used, rest.size - used);
        buffer_append_byte(out, ',');
        if (slice_parse_int64(name, &index))
            buffer_append_slice(out, name);
        else
            json_print_string(out, name);
    }
    buffer_append_byte(out, ']');
}

static void
put_field(struct buffer *out, const struct sixtyfour_place *place, const char *type,
          const char *words)
{
    buffer_append_text(out, "{\"detail\":[{\"loc\":");
    put_location(out, place);
    buffer_append_text(out, ",\"msg\":");
    json_print_string(out, slice_text(words));
    buffer_append_format(out, ",\"type\":\"%s\"}]}", type);
}

void
sixtyfour_fail_field(struct call *call, const struct sixtyfour_place *place, const char *type,
                     const char *words)
{
    struct buffer body;
    call_begin_body(&body);
    put_field(&body, place, type, words);
    call_answer(call, 422, &body);
}

void
sixtyfour_fail_detail(struct call *call, int http_status, const char *words)
{
    struct buffer body;
    call_begin_body(&body);
    put_detail(&body, words);
    call_answer(call, http_status, &body);
}

static const char *
type_of(int http_status)
{
    static const struct {
        int http_status;
        const char *name;
    } types[] = {
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {402, "Payment Required"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {409, "Conflict"},
        {413, "Payload Too Large"},
        {415, "Unsupported Media Type"},
        {429, "Too Many Requests"},
        {501, "Not Implemented"},
        {504, "Gateway Timeout"},
        {503, "Service Unavailable"},
        {507, "Insufficient Storage"},
    };
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        if (types[i].http_status == http_status)
            return types[i].name;
    }
    return http_status < 500 ? "Bad Request" : "Internal Server Error";
}

static const char *
words_of(const struct fault *fault)
{
    switch (fault->kind) {
    case FAULT_KEY:
        return "Invalid API key";
    case FAULT_RATE:
        return "Rate limit exceeded";
    case FAULT_UNKNOWN:
    case FAULT_METHOD:
    case FAULT_OTHER:
        break;
    }
    return fault->words;
}

void
sixtyfour_put_fault(struct call *call, struct fault *fault, struct buffer *out)
{
    if (call->route == NULL && (fault->kind == FAULT_UNKNOWN || fault->kind == FAULT_METHOD)) {
        put_detail(out, fault->kind == FAULT_UNKNOWN ? "Not Found" : "Method Not Allowed");
    } else if (fault->http_status == 422) {
        put_field(out, &(struct sixtyfour_place){.part = "body"}, "value_error", fault->words);
    } else {
        buffer_append_format(out, "{\"error\":\"%s\",\"message\":", type_of(fault->http_status));
        json_print_string(out, slice_text(words_of(fault)));
        buffer_append_byte(out, '}');
    }
}
