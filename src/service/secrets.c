#include "service/secrets.h"

#include "base/host_pattern.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "service/host.h"
#include "service/present.h"
#include "service/secret_inside.h"
#include "service/signing.h"

#include <string.h>

/* A sealed value in Base64, with its hosts. */
#define BODY_BYTES_MAX (2 * LIMIT_SECRET_BYTES + LIMIT_SECRET_HOSTS * 2 * HOST_PATTERN_BYTES_MAX)
/* Rows that are read at once when the server starts. */
#define PAGE_ROWS 1000

struct slice
secret_about(const struct secret_entry *entry, struct arena *arena)
{
    struct buffer text;
    char hex[ID_HEX_BYTES];
    id_hex(&entry->workspace, hex);
    buffer_init(&text, BODY_BYTES_MAX);
    buffer_append_format(&text, "windrow secret %s %.*s ", hex, SLICE_FORMAT(entry->name));
    buffer_append_slice(&text, entry->hosts);
    struct slice about = arena_copy(arena, buffer_slice(&text));
    buffer_done(&text);
    return about;
}

/* --- the stored form: {"hosts": […], "sealed": "…"} --- */

static struct slice
print_body(const struct secret_entry *entry, struct arena *arena)
{
    struct buffer text;
    buffer_init(&text, BODY_BYTES_MAX + 64);
    buffer_append_text(&text, "{\"hosts\":");
    buffer_append_slice(&text, entry->hosts);
    buffer_append_text(&text, ",\"sealed\":");
    json_print(&text, value_string(entry->sealed));
    buffer_append_byte(&text, '}');
    struct slice body = arena_copy(arena, buffer_slice(&text));
    buffer_done(&text);
    return body;
}

static bool
read_body(const struct object_row *row, struct arena *arena, struct secret_entry *out)
{
    struct value body = value_null();
    if (json_parse(&body, arena, row->body, 0, NULL, NULL) != STATUS_OK)
        return false;
    struct value sealed = value_get(body, "sealed");
    *out = (struct secret_entry){
        .workspace = row->workspace,
        .name = row->name,
        .hosts = json_text(arena, value_get(body, "hosts")),
        .sealed = value_slice_or(sealed, SLICE("")),
    };
    return true;
}

/* --- at the start --- */

struct opening {
    struct service *service;
    struct intent *intent; /* of secrets that are sealed anew */
    struct id last;
    uint32_t seen;
    uint32_t closed; /* which no key opens */
};

static void
seal_anew(struct opening *opening, const struct object_row *row, struct secret_entry *entry,
          struct arena *arena)
{
    struct service *service = opening->service;
    struct slice about = secret_about(entry, arena);
    struct slice plain;
    struct buffer sealed;
    if (!secret_unseal(service->ring, entry->sealed, about, arena, &plain)) {
        opening->closed++;
        return;
    }
    buffer_init(&sealed, BODY_BYTES_MAX);
    secret_seal(service->ring, plain, about, &sealed);
    explicit_bzero((char *)plain.ptr, plain.size);
    entry->sealed = arena_copy(arena, buffer_slice(&sealed));
    buffer_done(&sealed);
    struct object_row fresh = *row;
    fresh.body = print_body(entry, arena);
    fresh.revision++;
    intent_add_object(opening->intent, STORE_OBJECT_UPDATE, &fresh);
}

static bool
open_secret(const struct object_row *row, void *context)
{
    struct opening *opening = context;
    struct secret_entry entry;
    struct arena arena;
    opening->last = row->id;
    opening->seen++;
    arena_init(&arena, 16 * BODY_BYTES_MAX);
    if (read_body(row, &arena, &entry)) {
        if (!secret_is_under_newest(opening->service->ring, entry.sealed))
            seal_anew(opening, row, &entry, &arena);
        secret_book_put(opening->service->secrets, &entry);
    }
    arena_done(&arena);
    return true;
}

static enum status
commit_anew(struct opening *opening)
{
    struct intent *intent = opening->intent;
    opening->intent = NULL;
    if (intent->op_count > 0)
        return service_commit_wait(opening->service, intent);
    intent_free(&intent);
    return STATUS_OK;
}

static enum status
open_page(struct opening *opening, const struct object_page *page)
{
    opening->intent = intent_new(PAGE_ROWS * (size_t)BODY_BYTES_MAX);
    opening->seen = 0;
    enum status status = store_object_list(opening->service->store, page, open_secret, opening);
    if (status != STATUS_OK) {
        intent_free(&opening->intent);
        return status;
    }
    return commit_anew(opening);
}

static enum status
open_secrets_of(struct opening *opening, const struct id *workspace)
{
    struct object_page page = {
        .workspace = *workspace, .kind = OBJECT_SECRET, .is_ascending = true, .limit = PAGE_ROWS};
    enum status status = STATUS_OK;
    do {
        status = open_page(opening, &page);
        page.before = opening->last;
    } while (status == STATUS_OK && opening->seen == PAGE_ROWS);
    bool is_closed = false;
    if (status == STATUS_OK)
        status = signing_seal_anew(opening->service, workspace, &is_closed);
    opening->closed += is_closed ? 1 : 0;
    return status;
}

struct workspaces {
    struct id ids[PAGE_ROWS];
    uint32_t count;
};

static bool
note_workspace(const struct workspace_row *row, void *context)
{
    struct workspaces *workspaces = context;
    workspaces->ids[workspaces->count++] = row->id;
    return true;
}

static enum status
open_all(struct opening *opening)
{
    struct store_page page = {.is_ascending = true, .limit = PAGE_ROWS};
    struct workspaces *found = mem_alloc(sizeof(*found));
    enum status status = STATUS_OK;
    do {
        found->count = 0;
        status = store_workspace_list(opening->service->store, &page, note_workspace, found);
        for (uint32_t i = 0; i < found->count && status == STATUS_OK; i++)
            status = open_secrets_of(opening, &found->ids[i]);
        if (found->count > 0)
            page.before = found->ids[found->count - 1];
    } while (status == STATUS_OK && found->count == PAGE_ROWS);
    mem_free(found);
    return status;
}

enum status
secrets_open(struct service *service, struct error *error)
{
    struct opening opening = {.service = service};
    service->secrets = secret_book_new();
    enum status status = secret_ring_open(&service->ring, service->options.data_folder,
                                          service->options.secret_keys, error);
    if (status != STATUS_OK)
        return status;
    status = open_all(&opening);
    if (status != STATUS_OK)
        return error_set(error, status, "the secrets could not be read");
    if (opening.closed > 0)
        log_event(LOG_WARN, "secrets lie under a key that is not there; calls with them fail",
                  "secrets=%u", opening.closed);
    return STATUS_OK;
}

void
secrets_close(struct service *service)
{
    secret_book_free(&service->secrets);
    secret_ring_free(&service->ring);
}

/* --- one goes in --- */

static enum status
check_value(struct slice value, struct error *error)
{
    if (value.size == 0 || value.size > LIMIT_SECRET_BYTES)
        return error_set(error, STATUS_INVALID, "value: expected 1 to %d bytes",
                         LIMIT_SECRET_BYTES);
    if (!slice_is_utf8(value))
        return error_set(error, STATUS_INVALID, "value: is no UTF-8");
    for (size_t i = 0; i < value.size; i++) {
        unsigned char byte = (unsigned char)value.ptr[i];
        if (byte < ' ' || byte == 0x7f)
            return error_set(error, STATUS_INVALID,
                             "value: holds a control character at byte %zu, which headers cannot "
                             "carry",
                             i + 1);
    }
    return STATUS_OK;
}

static enum status
read_hosts(struct value hosts, struct arena *arena, struct slice *out, struct error *error)
{
    struct value list = value_empty_array();
    if (hosts.kind != VALUE_ARRAY || hosts.count == 0 || hosts.count > LIMIT_SECRET_HOSTS)
        return error_set(error, STATUS_INVALID,
                         "hosts: expected a list of 1 to %d hosts to which it may be sent",
                         LIMIT_SECRET_HOSTS);
    for (uint32_t i = 0; i < hosts.count; i++) {
        struct value host = value_items(hosts)[i];
        struct slice text = value_slice_or(host, SLICE(""));
        enum status status = host_pattern_read(&text, arena, text, error);
        if (status != STATUS_OK) {
            error_prepend(error, "hosts");
            return status;
        }
        list = value_array_append(arena, list, value_string(text));
    }
    *out = json_text(arena, list);
    return STATUS_OK;
}

enum status
service_secret_find(struct service *service, const struct id *workspace, struct slice name,
                    struct arena *arena, struct object_row *out)
{
    struct object_row which = {.workspace = *workspace, .kind = OBJECT_SECRET, .name = name};
    return named_find(service, &which, arena, out);
}

/* A change on its way to the store. */
struct storing {
    struct named_change change;
    struct secret_entry entry;
};

static void
note_committed(const struct named_change *change)
{
    const struct storing *storing = (const struct storing *)change;
    struct secret_book *book = change->service->secrets;
    if (change->is_gone)
        secret_book_remove(book, &change->row.workspace, change->row.name);
    else
        secret_book_put(book, &storing->entry);
}

static struct storing *
storing_new(struct intent *intent, struct service *service, named_stored_fn *stored, void *context)
{
    struct storing *storing = arena_alloc(&intent->arena, sizeof(*storing));
    storing->change = (struct named_change){
        .service = service,
        .row = {.kind = OBJECT_SECRET},
        .committed = note_committed,
        .stored = stored,
        .context = context,
    };
    return storing;
}

static void
seal_into(struct storing *storing, struct slice plain, struct arena *arena)
{
    struct secret_entry *entry = &storing->entry;
    struct buffer sealed;
    buffer_init(&sealed, BODY_BYTES_MAX);
    entry->workspace = storing->change.row.workspace;
    entry->name = storing->change.row.name;
    secret_seal(storing->change.service->ring, plain, secret_about(entry, arena), &sealed);
    entry->sealed = arena_copy(arena, buffer_slice(&sealed));
    buffer_done(&sealed);
    storing->change.row.body = print_body(entry, arena);
}

enum status
service_secret_put(struct service *service, const struct secret_wanted *wanted,
                   named_stored_fn *stored, void *context, struct error *error)
{
    struct intent *intent = intent_new(16 * BODY_BYTES_MAX);
    struct arena *arena = &intent->arena;
    struct storing *storing = storing_new(intent, service, stored, context);
    storing->change.row.workspace = wanted->workspace;
    storing->change.row.name = wanted->name;
    enum status status = check_value(wanted->value, error);
    if (status == STATUS_OK)
        status = read_hosts(wanted->hosts, arena, &storing->entry.hosts, error);
    if (status == STATUS_OK)
        status = named_prepare(&storing->change, arena, LIMIT_SECRETS, error);
    if (status != STATUS_OK) {
        intent_free(&intent);
        return status;
    }
    seal_into(storing, wanted->value, arena);
    named_push(&storing->change, intent);
    return STATUS_OK;
}

void
service_secret_delete(struct service *service, const struct object_row *row,
                      named_stored_fn *stored, void *context)
{
    struct intent *intent = intent_new(4 * BODY_BYTES_MAX);
    struct storing *storing = storing_new(intent, service, stored, context);
    storing->change.row = *row;
    storing->change.row.name = arena_copy(&intent->arena, row->name);
    storing->change.row.body = slice_of("", 0);
    storing->change.is_gone = true;
    named_push(&storing->change, intent);
}

/* --- what may be seen --- */

enum status
service_secret_list(struct service *service, const struct store_page *page, store_object_fn *visit,
                    void *context)
{
    return named_list(service, OBJECT_SECRET, page, visit, context);
}

static bool
is_readable(struct service *service, const struct secret_entry *entry)
{
    struct arena arena;
    struct slice plain;
    arena_init(&arena, 16 * BODY_BYTES_MAX);
    bool is_ok =
        secret_unseal(service->ring, entry->sealed, secret_about(entry, &arena), &arena, &plain);
    if (is_ok)
        explicit_bzero((char *)plain.ptr, plain.size);
    arena_done(&arena);
    return is_ok;
}

struct value
secret_present(struct service *service, const struct object_row *row, struct arena *arena)
{
    struct secret_entry entry = {.workspace = row->workspace};
    struct value hosts = value_empty_array();
    bool is_ok = read_body(row, arena, &entry);
    if (is_ok)
        status_ignore(json_parse(&hosts, arena, entry.hosts, 0, NULL, NULL));
    struct member members[] = {
        {value_text("id"), present_id(&row->id, arena)},
        {value_text("name"), value_string_copy(arena, row->name)},
        {value_text("hosts"), hosts},
        {value_text("readable"), value_bool(is_ok && is_readable(service, &entry))},
        {value_text("createdAt"), present_time(row->created_unix_ms, arena)},
        {value_text("updatedAt"), present_time(row->updated_unix_ms, arena)},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}
