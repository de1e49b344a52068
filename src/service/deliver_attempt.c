#include "service/deliver.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/retry_after.h"
#include "base/value.h"
#include "service/deliver_sixtyfour.h"
#include "service/host.h"
#include "service/present.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#define USER_AGENT "Windrow/" WINDROW_VERSION
/* Of an answer, of which only the beginning is looked at. */
#define ANSWER_BYTES KIB(64)
/* A run as it is stored: its input, output and the rest. */
#define RUN_BYTES (4 * LIMIT_INPUT_BYTES + 4 * LIMIT_VALUE_BYTES)

/* --- what is told --- */

static void
print_event(struct buffer *out, struct service *service, const struct delivery_row *row,
            const struct run_row *run)
{
    char time[CLOCK_ISO_BYTES];
    const char *status = row->type.ptr + sizeof("run.") - 1;
    char word[32];
    clock_iso(row->created_unix_ms, time);
    snprintf(word, sizeof(word), "%.*s", (int)(row->type.size - (sizeof("run.") - 1)), status);
    buffer_append_text(out, "{\"type\":");
    json_print_string(out, row->type);
    buffer_append_format(out, ",\"timestamp\":\"%s\",\"data\":", time);
    present_run_text(out, run, word, service);
    buffer_append_byte(out, '}');
}

/* What is too long for an event is left out: the receiver may ask for the run. */
static void
make_event(struct buffer *out, struct service *service, const struct delivery_row *row,
           const struct run_row *run)
{
    struct run_row shown = *run;
    struct slice *parts[] = {&shown.output, &shown.input, &shown.error};
    print_event(out, service, row, &shown);
    for (size_t i = 0; i < COUNT_OF(parts) && buffer_is_over(out); i++) {
        buffer_done(out);
        buffer_init(out, LIMIT_NOTICE_BYTES);
        *parts[i] = slice_of(NULL, 0);
        print_event(out, service, row, &shown);
    }
}

/* NOT_FOUND: the run has been deleted. */
static enum status
tell_run(struct buffer *out, struct service *service, const struct delivery_row *row)
{
    struct arena arena;
    struct run_row run;
    arena_init(&arena, RUN_BYTES);
    enum status status = store_run_get(service->store, &arena, &row->run, &run);
    if (status == STATUS_OK)
        make_event(out, service, row, &run);
    arena_done(&arena);
    return status;
}

/* --- the request --- */

/* As Standard Webhooks has them. */
static enum status
add_standard_headers(struct service *service, struct exchange *exchange,
                     const struct delivery_row *row, int64_t now_unix_ms)
{
    char id[sizeof("msg_") + ID_HEX_BYTES] = "msg_";
    char second[24];
    struct webhook_secret secret;
    struct buffer signature;
    enum status status = service_webhook_secret(service, &row->workspace, &secret);
    if (status != STATUS_OK)
        return status;
    buffer_init(&signature, KIB(1));
    id_hex(&row->id, id + sizeof("msg_") - 1);
    snprintf(second, sizeof(second), "%" PRId64, now_unix_ms / 1000);
    webhook_sign(&signature, &secret, slice_text(id), now_unix_ms / 1000, exchange->body);
    bool is_added =
        exchange_add_header(exchange, SLICE("webhook-id"), slice_text(id)) &&
        exchange_add_header(exchange, SLICE("webhook-timestamp"), slice_text(second)) &&
        exchange_add_header(exchange, SLICE("webhook-signature"), buffer_slice(&signature));
    assert(is_added);
    buffer_done(&signature);
    return STATUS_OK;
}

static enum status
add_headers(struct service *service, struct exchange *exchange, const struct delivery_row *row,
            int64_t now_unix_ms)
{
    bool is_added =
        exchange_add_header(exchange, SLICE("Content-Type"), SLICE("application/json")) &&
        exchange_add_header(exchange, SLICE("User-Agent"), SLICE(USER_AGENT));
    assert(is_added);
    return row->form == DELIVERY_SIXTYFOUR
               ? sixtyfour_add_headers(service, exchange, row, now_unix_ms)
               : add_standard_headers(service, exchange, row, now_unix_ms);
}

static struct exchange *
make_request(struct service *service, const struct delivery_row *row, struct slice body)
{
    struct exchange *exchange = exchange_new(2 * LIMIT_NOTICE_BYTES + ANSWER_BYTES + KIB(64));
    exchange->method = SLICE("POST");
    exchange->url = arena_copy(&exchange->arena, row->url);
    exchange->body = arena_copy(&exchange->arena, body);
    exchange->timeout_ms = service->options.deliveries.timeout_ms;
    exchange->max_answer_bytes = ANSWER_BYTES;
    exchange->workspace = row->workspace;
    exchange->run = row->run;
    return exchange;
}

static enum status
make_body(struct buffer *out, struct service *service, const struct delivery_row *row)
{
    if (row->body.size > 0) {
        buffer_append_slice(out, row->body);
        return STATUS_OK;
    }
    return row->form == DELIVERY_SIXTYFOUR ? sixtyfour_tell(out, service, row)
                                           : tell_run(out, service, row);
}

enum status
attempt_make(struct service *service, const struct delivery_row *row, int64_t now_unix_ms,
             struct exchange **out)
{
    struct buffer body;
    *out = NULL;
    buffer_init(&body, LIMIT_NOTICE_BYTES);
    enum status status = make_body(&body, service, row);
    struct exchange *exchange = NULL;
    if (status == STATUS_OK) {
        exchange = make_request(service, row, buffer_slice(&body));
        status = add_headers(service, exchange, row, now_unix_ms);
    }
    buffer_done(&body);
    if (status != STATUS_OK && exchange != NULL)
        exchange_free(&exchange);
    *out = exchange;
    return status;
}

/* --- what came of it --- */

static void
read_answer(struct attempt_end *out, const struct exchange *exchange)
{
    out->http_status = exchange->http_status;
    out->is_taken = exchange->http_status >= 200 && exchange->http_status <= 299;
    out->is_hopeless = exchange->http_status == 410;
    out->is_hosts_fault = exchange->http_status == 429 || exchange->http_status == 503;
    if (out->is_hosts_fault)
        out->wait_ms = retry_after_ms(exchange);
    if (out->is_taken)
        out->words = "";
    else if (out->is_hopeless)
        out->words = "the receiver wants no more of it (410)";
    else if (exchange->http_status >= 300 && exchange->http_status <= 399)
        out->words = "the receiver answered with a redirect, which is not followed";
    else
        out->words = "the receiver did not take it";
}

void
attempt_read(struct attempt_end *out, const struct exchange *exchange)
{
    out->words = exchange->words;
    switch (exchange->end) {
    case EXCHANGE_ANSWERED:
        read_answer(out, exchange);
        return;
    case EXCHANGE_TOO_LARGE:
        /* Whatever it says at length, it has an answer; which one is not known. */
        out->words = "the receiver's answer is too long";
        return;
    case EXCHANGE_UNREACHABLE:
    case EXCHANGE_BROKEN:
    case EXCHANGE_TIMED_OUT:
        out->is_hosts_fault = true;
        return;
    case EXCHANGE_REFUSED:
    case EXCHANGE_NO_SECRET:
        out->is_hopeless = true;
        return;
    case EXCHANGE_CANCELLED:
    case EXCHANGE_PENDING:
        return;
    }
}

static struct value
text_or_null(struct slice text, struct arena *arena)
{
    return text.size == 0 ? value_null() : value_string_copy(arena, text);
}

/* The beginning of the answer, if it is text. */
static struct value
answer_value(const struct exchange *exchange, struct arena *arena)
{
    struct slice body = slice_cut(exchange->answer_body, LIMIT_DELIVERY_ANSWER_BYTES);
    if (exchange->end != EXCHANGE_ANSWERED || !slice_is_utf8(body))
        return value_null();
    return text_or_null(body, arena);
}

struct slice
attempt_add(const struct delivery_row *row, const struct attempt_end *end,
            const struct exchange *exchange, struct arena *arena)
{
    struct value tries = value_empty_array();
    struct value old = {0};
    char time[CLOCK_ISO_BYTES];
    clock_iso(end->began_unix_ms, time);
    bool has_old = row->tries.size > 0 &&
                   json_parse(&old, arena, row->tries, 0, NULL, NULL) == STATUS_OK &&
                   old.kind == VALUE_ARRAY;
    uint32_t from = 0;
    if (has_old && old.count >= LIMIT_DELIVERY_TRIES)
        from = old.count - LIMIT_DELIVERY_TRIES + 1;
    for (uint32_t i = from; has_old && i < old.count; i++)
        tries = value_array_append(arena, tries, value_items(old)[i]);
    struct member members[] = {
        {value_text("attempt"), value_int((int64_t)row->attempts + 1)},
        {value_text("at"), value_string_copy(arena, slice_text(time))},
        {value_text("tookMs"), value_int(end->took_ms)},
        {value_text("httpStatus"),
         end->http_status == 0 ? value_null() : value_int(end->http_status)},
        {value_text("error"), text_or_null(slice_text(end->words), arena)},
        {value_text("answer"), answer_value(exchange, arena)},
    };
    tries = value_array_append(arena, tries, value_object_new(arena, members, COUNT_OF(members)));
    return json_text(arena, tries);
}
