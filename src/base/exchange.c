#include "base/exchange.h"

#include "base/mem.h"

#include <stddef.h>
#include <string.h>

struct exchange *
exchange_new(size_t limit_bytes)
{
    struct exchange *exchange = mem_alloc_raw(sizeof(*exchange));
    memset(exchange, 0, offsetof(struct exchange, headers));
    arena_init(&exchange->arena, limit_bytes);
    return exchange;
}

void
exchange_free(struct exchange **exchange)
{
    if (*exchange == NULL)
        return;
    arena_done(&(*exchange)->arena);
    mem_free(*exchange);
    *exchange = NULL;
}

bool
exchange_add_header(struct exchange *exchange, struct slice name, struct slice value)
{
    if (exchange->header_count == EXCHANGE_HEADERS_MAX)
        return false;
    struct exchange_header header = {
        .name = arena_copy(&exchange->arena, name),
        .value = arena_copy(&exchange->arena, value),
    };
    if (header.name.ptr == NULL || header.value.ptr == NULL)
        return false;
    exchange->headers[exchange->header_count++] = header;
    return true;
}

struct slice
exchange_answer_header(const struct exchange *exchange, const char *name)
{
    for (size_t i = 0; i < exchange->answer_header_count; i++)
        if (slice_is(exchange->answer_headers[i].name, name))
            return exchange->answer_headers[i].value;
    return slice_of(NULL, 0);
}
