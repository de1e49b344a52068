#include "service/hooks.h"

#include "base/base64.h"
#include "base/json.h"
#include "base/limits.h"
#include "flow/plan.h"
#include "service/deliveries.h"
#include "service/host.h"

/* A body as JSON text, with what stands beside it. */
#define KEPT_BYTES_MAX (2 * LIMIT_INPUT_BYTES + KIB(16))

enum status
service_hook_find(struct service *service, struct slice slug, struct arena *arena,
                  struct workflow_row *out, struct hook_config *config)
{
    enum status status = workflow_cache_find(service, slug, arena, out);
    if (status != STATUS_OK)
        return status;
    bool is_open = slice_equal(out->slug, slug) && out->published_version > 0 &&
                   out->status == WORKFLOW_ACTIVE;
    if (!is_open)
        return STATUS_NOT_FOUND;
    struct program *program = NULL;
    struct error error = {0};
    status = programs_get(service->programs, &out->id, out->published_version, &program, &error);
    if (status != STATUS_OK)
        return status;
    struct value trigger = value_get(program->plan->triggers, "webhook");
    struct value auth = value_get(trigger, "auth"), respond = value_get(trigger, "respond");
    if (trigger.kind == VALUE_NONE)
        status = STATUS_NOT_FOUND;
    config->auth = hook_auth_of(value_slice_or(auth, SLICE("")));
    config->answers_at_end =
        respond.kind == VALUE_STRING && slice_is(value_slice(respond), "at_end");
    program_drop(&program);
    return status;
}

enum status
service_hook_check(struct service *service, const struct workflow_row *workflow,
                   const struct hook_config *config, const struct hook_proof *proof,
                   struct error *error)
{
    struct webhook_secret secret;
    if (config->auth == HOOK_AUTH_NONE)
        return STATUS_OK;
    enum status status = service_webhook_secret(service, &workflow->id, &secret);
    if (status != STATUS_OK)
        return status;
    struct hook_secrets secrets = {slice_text(secret.text), slice_text(secret.previous)};
    int64_t now_s = clock_unix_ms(service->options.clock) / 1000;
    return hook_check(config->auth, proof, &secrets, now_s, error);
}

/* --- what is kept --- */

static struct value
hex_value(const struct id *id, struct arena *arena)
{
    char hex[ID_HEX_BYTES];
    id_hex(id, hex);
    return value_string_copy(arena, slice_text(hex));
}

static struct value
digest_value(struct slice bytes, struct arena *arena)
{
    char hex[2 * DIGEST_BYTES + 1];
    struct digest digest = digest_of(bytes);
    digest_hex(&digest, hex);
    return value_string_copy(arena, slice_text(hex));
}

/* Text as it is, anything else as Base64. */
static struct value
with_body(struct value kept, struct slice body, struct arena *arena)
{
    if (slice_is_utf8(body))
        return value_set(arena, kept, "text", value_string(body));
    struct buffer text;
    buffer_init(&text, KEPT_BYTES_MAX);
    base64_encode(&text, body);
    struct slice copy = arena_copy(arena, buffer_slice(&text));
    buffer_done(&text);
    return value_set(arena, kept, "base64", value_string(copy));
}

static void
keep(struct service *service, const struct hook_request *request, const struct id *run,
     struct object_row *out, struct arena *arena)
{
    int64_t now = clock_unix_ms(service->options.clock);
    struct value kept = value_empty_object();
    kept = value_set(arena, kept, "run", hex_value(run, arena));
    kept = value_set(arena, kept, "type", value_string(request->content_type));
    kept = value_set(arena, kept, "bytes", value_int((int64_t)request->body.size));
    kept = value_set(arena, kept, "digest", digest_value(request->body, arena));
    kept = with_body(kept, request->body, arena);
    *out = (struct object_row){
        .workspace = request->workflow->workspace,
        .id = id_next(&service->ids),
        .kind = OBJECT_HOOK,
        .parent = request->workflow->id,
        .name = request->message_id,
        .body = json_text(arena, kept),
        .revision = 1,
        .created_unix_ms = now,
        .updated_unix_ms = now,
        .due_unix_ms = now + HOOK_KEPT_MS,
    };
}

enum status
service_hook_start(struct service *service, const struct hook_request *request,
                   run_started_fn *started, void *context, struct error *error)
{
    struct arena arena;
    struct object_row row;
    struct id run = id_next(&service->ids);
    arena_init(&arena, 2 * KEPT_BYTES_MAX);
    keep(service, request, &run, &row, &arena);
    struct run_new_options wanted = {
        .workspace = request->workflow->workspace,
        .workflow = request->workflow,
        .run = run,
        .input = request->input,
        .any_input = true,
        .trigger = "webhook",
        .refusal = request->refusal,
        .machine = request->machine,
        .also = {.kind = STORE_OBJECT_INSERT, .object = &row},
    };
    enum status status = service_run_start(service, &wanted, started, context, error);
    arena_done(&arena);
    return status;
}

static struct value
read_kept(const struct object_row *row, struct arena *arena)
{
    struct value kept = {.kind = VALUE_NONE};
    if (json_parse(&kept, arena, row->body, 0, NULL, NULL) != STATUS_OK)
        return value_null();
    return kept;
}

enum status
service_hook_again(struct service *service, const struct hook_request *request, struct arena *arena,
                   struct run_row *out)
{
    struct object_row row;
    struct object_row which = {
        .workspace = request->workflow->workspace,
        .kind = OBJECT_HOOK,
        .parent = request->workflow->id,
        .name = request->message_id,
    };
    enum status status = store_object_find(service->store, arena, &which, &row);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_UNAVAILABLE : status;
    struct value kept = read_kept(&row, arena);
    struct value digest = digest_value(request->body, arena);
    struct id run;
    if (!value_equal(digest, value_get(kept, "digest")))
        return STATUS_CONFLICT;
    if (!id_parse(&run, value_get_text(kept, "run")))
        return STATUS_IO;
    return store_run_get(service->store, arena, &run, out);
}

enum status
service_hook_list(struct service *service, const struct workflow_row *workflow,
                  const struct store_page *page, store_object_fn *visit, void *context)
{
    struct object_page objects = {
        .workspace = workflow->workspace,
        .kind = OBJECT_HOOK,
        .parent = workflow->id,
        .before = page->before,
        .is_ascending = page->is_ascending,
        .limit = page->limit,
        .skip = page->skip,
    };
    return store_object_list(service->store, &objects, visit, context);
}

enum status
service_hook_get(struct service *service, const struct id *workspace, struct slice text,
                 struct arena *arena, struct object_row *out)
{
    struct id id;
    if (!id_parse(&id, text))
        return STATUS_NOT_FOUND;
    enum status status = store_object_get(service->store, arena, &id, out);
    bool is_ours =
        status == STATUS_OK && out->kind == OBJECT_HOOK && id_equal(&out->workspace, workspace);
    return status == STATUS_OK && !is_ours ? STATUS_NOT_FOUND : status;
}

struct value
hook_present(const struct object_row *row, bool with_bytes, struct arena *arena)
{
    char at[CLOCK_ISO_BYTES];
    struct value kept = read_kept(row, arena), out = value_empty_object();
    bool is_text = value_get(kept, "text").kind == VALUE_STRING;
    clock_iso(row->created_unix_ms, at);
    out = value_set(arena, out, "id", hex_value(&row->id, arena));
    out = value_set(arena, out, "workflowId", hex_value(&row->parent, arena));
    out = value_set(arena, out, "messageId",
                    row->name.size == 0 ? value_null() : value_string_copy(arena, row->name));
    out = value_set(arena, out, "runId", value_find_or_null(kept, SLICE("run")));
    out = value_set(arena, out, "receivedAt", value_string_copy(arena, slice_text(at)));
    out = value_set(arena, out, "contentType", value_find_or_null(kept, SLICE("type")));
    out = value_set(arena, out, "bytes", value_find_or_null(kept, SLICE("bytes")));
    if (!with_bytes)
        return out;
    out = value_set(arena, out, "encoding", value_text(is_text ? "text" : "base64"));
    return value_set(arena, out, "body",
                     value_find_or_null(kept, slice_text(is_text ? "text" : "base64")));
}

struct slice
hook_body(const struct object_row *row, struct slice *content_type, struct arena *arena)
{
    struct value kept = read_kept(row, arena);
    struct value encoded = value_get(kept, "base64");
    *content_type = value_get_text(kept, "type");
    if (encoded.kind != VALUE_STRING)
        return value_get_text(kept, "text");
    size_t size = 0;
    char *bytes = arena_try_alloc(arena, BASE64_DECODED_BYTES(encoded.count));
    bool is_good = bytes != NULL && base64_decode(bytes, &size, value_slice(encoded));
    return is_good ? slice_of(bytes, size) : slice_of(NULL, 0);
}
