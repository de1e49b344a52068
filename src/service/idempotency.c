#include "service/host.h"

#include "base/limits.h"

enum status
service_idempotency_find(struct service *service, const struct idempotency_row *which,
                         struct arena *arena, struct idempotency_row *out)
{
    int64_t now = clock_unix_ms(service->options.clock);
    return store_idempotency_get(service->store, arena, which, now, out);
}

struct keep_request {
    run_moved_fn *kept;
    void *context;
};

static void
keep_committed(struct intent *intent)
{
    struct keep_request request = *(const struct keep_request *)intent->owner;
    enum status status = intent->status;
    intent_free(&intent);
    request.kept(status, request.context);
}

void
service_idempotency_keep(struct service *service, const struct idempotency_row *row,
                         run_moved_fn *kept, void *context)
{
    struct intent *intent = intent_new(KIB(64));
    struct keep_request *request = arena_alloc(&intent->arena, sizeof(*request));
    *request = (struct keep_request){kept, context};
    intent_add_idempotency(intent, row, row->kind, &row->id);
    intent->done = keep_committed;
    intent->owner = request;
    writer_push(service->writer, intent);
}
