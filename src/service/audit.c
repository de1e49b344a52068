#include "service/audit.h"

#include "base/limits.h"
#include "base/log.h"
#include "service/host.h"

/* So often an entry brings along the removal of old ones, of so many at most. */
#define TRIM_EVERY 64
#define TRIM_COUNT 256
#define DAY_MS INT64_C(86400000)
/* Sums of what was used on one day are kept longer than they can be asked for. */
#define SPENDING_DAYS 800

static void
stored(struct intent *intent)
{
    struct service *service = intent->owner;
    service->audit_waiting--;
    intent_free(&intent);
}

static void
add_trims(struct service *service, struct intent *intent, int64_t now)
{
    struct store_trim *trim = arena_alloc(&intent->arena, sizeof(*trim));
    struct spending_trim *days = arena_alloc(&intent->arena, sizeof(*days));
    *trim = (struct store_trim){now - service->options.audit_ms, TRIM_COUNT};
    *days = (struct spending_trim){now / DAY_MS - SPENDING_DAYS, TRIM_COUNT};
    if (service->options.audit_ms > 0)
        intent_add(intent, STORE_AUDIT_TRIM, 64)->trim = trim;
    if (days->day > 0)
        intent_add(intent, STORE_SPENDING_TRIM, 64)->spending_trim = days;
}

/* Counts one more that waits; false: there are too many, or they would wait for ever. */
static bool
may_wait(struct service *service)
{
    struct error error = {0};
    bool has_room = service->audit_waiting++ < LIMIT_AUDIT_WAITING;
    if (has_room && service_trouble(service, &error) == STATUS_OK)
        return true;
    service->audit_waiting--;
    log_event(LOG_WARN, "an entry of the audit log was left out", "reason=%s",
              has_room ? "trouble" : "too_many");
    return false;
}

static struct intent *
new_intent(struct service *service, enum store_op_kind kind, const struct audit_row *from)
{
    struct intent *intent = intent_new(KIB(16));
    struct audit_row *row = arena_alloc(&intent->arena, sizeof(*row));
    *row = *from;
    row->method = arena_copy(&intent->arena, from->method);
    row->route = arena_copy(&intent->arena, from->route);
    row->object = arena_copy(&intent->arena, from->object);
    intent_add(intent, kind, 256)->audit = row;
    intent->done = stored;
    intent->owner = service;
    return intent;
}

static struct intent *
new_entry(struct service *service, const struct audit_row *from, struct id *id)
{
    struct audit_row row = *from;
    row.id = *id = id_next(&service->ids);
    row.created_unix_ms = clock_unix_ms(service->options.clock);
    struct intent *intent = new_intent(service, STORE_AUDIT_INSERT, &row);
    if (service->audit_notes++ % TRIM_EVERY == 0)
        add_trims(service, intent, row.created_unix_ms);
    return intent;
}

void
service_audit_note(struct service *service, const struct audit_row *from)
{
    struct id id;
    if (!may_wait(service))
        return;
    struct intent *intent = new_entry(service, from, &id);
    intent->flow = &service->notes_flow;
    writer_push(service->writer, intent);
}

enum status
service_audit_begin(struct service *service, const struct audit_row *from, struct id *id)
{
    *id = (struct id){{0}};
    if (!may_wait(service))
        return STATUS_UNAVAILABLE;
    writer_push(service->writer, new_entry(service, from, id));
    return STATUS_OK;
}

void
service_audit_end(struct service *service, const struct audit_row *row)
{
    if (!may_wait(service))
        return;
    struct intent *intent = new_intent(service, STORE_AUDIT_ANSWER, row);
    intent->flow = &service->notes_flow;
    writer_push(service->writer, intent);
}

enum status
service_audit_list(struct service *service, const struct store_page *page, store_audit_fn *visit,
                   void *context)
{
    return store_audit_list(service->store, page, visit, context);
}
