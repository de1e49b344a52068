#include "service/signing.h"

#include "base/digest.h"
#include "base/json.h"
#include "base/rng.h"
#include "service/host.h"
#include "service/secret_ring.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* There is one object in a workspace, with this name and the body
 * {"id", "ending", "created", "sealed", "previous"?: {"id", "sealed", "until"}}. */
#define NAME SLICE("signing")
#define BODY_BYTES KIB(4)
#define INTENT_BYTES KIB(64)

/* --- the stored form --- */

/* A sealed text opens as this secret alone. */
static struct slice
about_of(const struct id *workspace, const struct id *secret, struct arena *arena)
{
    char of[ID_HEX_BYTES], which[ID_HEX_BYTES];
    id_hex(workspace, of);
    id_hex(secret, which);
    return slice_text(arena_format(arena, "windrow signing %s %s", of, which));
}

static struct value
seal(struct service *service, const struct id *workspace, const struct id *secret,
     struct slice plain, struct arena *arena)
{
    struct buffer sealed;
    buffer_init(&sealed, BODY_BYTES);
    secret_seal(service->ring, plain, about_of(workspace, secret, arena), &sealed);
    struct value text = value_string_copy(arena, buffer_slice(&sealed));
    buffer_done(&sealed);
    return text;
}

/* Of the body, or of the "previous" in it. */
static bool
unseal(struct service *service, const struct id *workspace, struct value part, struct arena *arena,
       struct slice *plain)
{
    struct id id;
    struct value text = value_get(part, "id");
    struct value sealed = value_get(part, "sealed");
    if (text.kind != VALUE_STRING || sealed.kind != VALUE_STRING ||
        !id_parse(&id, value_slice(text)))
        return false;
    return secret_unseal(service->ring, value_slice(sealed), about_of(workspace, &id, arena), arena,
                         plain);
}

static enum status
find(struct service *service, const struct id *workspace, struct arena *arena,
     struct object_row *out, struct value *body)
{
    struct object_row which = {.workspace = *workspace, .kind = OBJECT_SIGNING, .name = NAME};
    enum status status = named_find(service, &which, arena, out);
    if (status == STATUS_OK)
        status = json_parse(body, arena, out->body, 0, NULL, NULL);
    return status;
}

enum status
service_signing_find(struct service *service, const struct id *workspace, struct signing_meta *out)
{
    struct arena arena;
    struct object_row row;
    struct value body;
    *out = (struct signing_meta){.created_unix_ms = 0};
    arena_init(&arena, INTENT_BYTES);
    enum status status = find(service, workspace, &arena, &row, &body);
    if (status == STATUS_OK) {
        id_parse(&out->id, value_slice(value_get(body, "id")));
        snprintf(out->ending, sizeof(out->ending), "%.*s",
                 SLICE_FORMAT(value_slice(value_get(body, "ending"))));
        value_integer(value_get(body, "created"), &out->created_unix_ms);
    }
    arena_done(&arena);
    return status;
}

/* --- one is made --- */

static void
draw(char secret[SIGNING_SECRET_BYTES])
{
    struct digest random;
    char hex[2 * DIGEST_BYTES + 1];
    rng_secret(random.bytes, DIGEST_BYTES);
    digest_hex(&random, hex);
    snprintf(secret, SIGNING_SECRET_BYTES, SIGNING_PREFIX "%s", hex);
    explicit_bzero(hex, sizeof(hex));
}

static struct value
print_id(const struct id *id, struct arena *arena)
{
    char hex[ID_HEX_BYTES];
    id_hex(id, hex);
    return value_string_copy(arena, slice_text(hex));
}

/* VALUE_NONE: nothing of the one that there was signs any more. */
static struct value
keep_previous(struct service *service, const struct signing_wanted *wanted, struct value body,
              struct arena *arena)
{
    struct member members[] = {
        {value_text("id"), value_get(body, "id")},
        {value_text("sealed"), value_get(body, "sealed")},
        {value_text("until"),
         value_int(clock_unix_ms(service->options.clock) + wanted->overlap_ms)},
    };
    if (!wanted->is_roll || wanted->overlap_ms == 0)
        return (struct value){0};
    return value_object_new(arena, members, COUNT_OF(members));
}

static struct named_change *
change_new(struct service *service, struct intent *intent, const struct id *workspace,
           named_stored_fn *stored, void *context)
{
    struct named_change *change = arena_alloc(&intent->arena, sizeof(*change));
    *change = (struct named_change){
        .service = service,
        .row = {.workspace = *workspace, .kind = OBJECT_SIGNING, .name = NAME},
        .stored = stored,
        .context = context,
    };
    return change;
}

static struct slice
print_body(struct service *service, const struct signing_wanted *wanted, struct value old,
           struct slice secret, const struct signing_meta *meta, struct arena *arena)
{
    struct member members[] = {
        {value_text("id"), print_id(&meta->id, arena)},
        {value_text("ending"), value_string_copy(arena, slice_text(meta->ending))},
        {value_text("created"), value_int(meta->created_unix_ms)},
        {value_text("sealed"), seal(service, &wanted->workspace, &meta->id, secret, arena)},
    };
    struct value body = value_object_new(arena, members, COUNT_OF(members));
    struct value previous = keep_previous(service, wanted, old, arena);
    if (previous.kind == VALUE_OBJECT)
        body = value_object_set(arena, body, value_text("previous"), previous);
    return json_text(arena, body);
}

enum status
service_signing_make(struct service *service, const struct signing_wanted *wanted,
                     char secret[SIGNING_SECRET_BYTES], struct signing_meta *out)
{
    struct intent *intent = intent_new(INTENT_BYTES);
    struct named_change *change =
        change_new(service, intent, &wanted->workspace, wanted->stored, wanted->context);
    struct value old = {0};
    enum status status = named_prepare(change, &intent->arena, 1, NULL);
    if (status == STATUS_NOT_FOUND || change->is_new)
        status = wanted->is_roll ? STATUS_NOT_FOUND : STATUS_OK;
    else if (status == STATUS_OK)
        status = json_parse(&old, &intent->arena, change->row.body, 0, NULL, NULL);
    if (status != STATUS_OK) {
        intent_free(&intent);
        return status;
    }
    draw(secret);
    *out = (struct signing_meta){
        .id = id_next(&service->ids),
        .created_unix_ms = clock_unix_ms(service->options.clock),
    };
    memcpy(out->ending, secret + SIGNING_SECRET_BYTES - SIGNING_ENDING_BYTES, SIGNING_ENDING_BYTES);
    change->row.body = print_body(service, wanted, old, slice_text(secret), out, &intent->arena);
    named_push(change, intent);
    return STATUS_OK;
}

enum status
service_signing_remove(struct service *service, const struct id *workspace, named_stored_fn *stored,
                       void *context)
{
    struct intent *intent = intent_new(INTENT_BYTES);
    struct named_change *change = change_new(service, intent, workspace, stored, context);
    const struct object_row which = change->row;
    enum status status = named_find(service, &which, &intent->arena, &change->row);
    change->is_gone = true;
    if (status == STATUS_OK)
        named_push(change, intent);
    else
        intent_free(&intent);
    return status;
}

/* --- deliveries are signed --- */

static void
add_signature(struct buffer *out, struct slice secret, struct slice content)
{
    char hex[2 * DIGEST_BYTES + 1];
    struct digest signature = digest_hmac(secret, content);
    digest_hex(&signature, hex);
    buffer_append_format(out, ",v1=%s", hex);
}

static enum status
sign(struct service *service, const struct id *workspace, struct value body, int64_t now_unix_ms,
     struct slice content, struct buffer *out)
{
    struct arena arena;
    struct slice plain;
    int64_t until = 0;
    arena_init(&arena, INTENT_BYTES);
    bool is_open = unseal(service, workspace, body, &arena, &plain);
    if (is_open) {
        buffer_append_format(out, "t=%" PRId64, now_unix_ms / 1000);
        add_signature(out, plain, content);
        explicit_bzero((char *)plain.ptr, plain.size);
    }
    struct value previous = value_get(body, "previous");
    bool is_two = value_integer(value_get(previous, "until"), &until) && now_unix_ms < until;
    if (is_open && is_two && unseal(service, workspace, previous, &arena, &plain)) {
        add_signature(out, plain, content);
        explicit_bzero((char *)plain.ptr, plain.size);
    }
    arena_done(&arena);
    return is_open ? STATUS_OK : STATUS_IO;
}

enum status
signing_sign(struct service *service, const struct id *workspace, int64_t now_unix_ms,
             struct slice body, struct buffer *out)
{
    struct arena arena;
    struct object_row row;
    struct value stored;
    struct buffer content;
    arena_init(&arena, INTENT_BYTES);
    enum status status = find(service, workspace, &arena, &row, &stored);
    if (status == STATUS_OK) {
        buffer_init(&content, body.size + 32);
        buffer_append_format(&content, "%" PRId64 ".", now_unix_ms / 1000);
        buffer_append_slice(&content, body);
        status = sign(service, workspace, stored, now_unix_ms, buffer_slice(&content), out);
        buffer_done(&content);
    }
    arena_done(&arena);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* --- when keys have changed --- */

/* Of the body, or of the "previous" in it. */
static bool
seal_part(struct service *service, const struct id *workspace, struct value *part,
          struct arena *arena)
{
    struct id id;
    struct slice plain;
    if (!unseal(service, workspace, *part, arena, &plain))
        return false;
    id_parse(&id, value_slice(value_get(*part, "id")));
    *part = value_object_set(arena, *part, value_text("sealed"),
                             seal(service, workspace, &id, plain, arena));
    explicit_bzero((char *)plain.ptr, plain.size);
    return true;
}

enum status
signing_seal_anew(struct service *service, const struct id *workspace, bool *is_closed)
{
    struct intent *intent = intent_new(INTENT_BYTES);
    struct arena *arena = &intent->arena;
    struct object_row *row = arena_alloc(arena, sizeof(*row));
    struct value body = value_null();
    enum status status = find(service, workspace, arena, row, &body);
    struct value sealed = value_get(body, "sealed");
    *is_closed = false;
    if (status != STATUS_OK || sealed.kind != VALUE_STRING ||
        secret_is_under_newest(service->ring, value_slice(sealed))) {
        intent_free(&intent);
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    struct value previous = value_get(body, "previous");
    *is_closed = !seal_part(service, workspace, &body, arena);
    if (previous.kind == VALUE_OBJECT && seal_part(service, workspace, &previous, arena))
        body = value_object_set(arena, body, value_text("previous"), previous);
    row->body = json_text(arena, body);
    row->revision++;
    intent_add_object(intent, STORE_OBJECT_UPDATE, row);
    return service_commit_wait(service, intent);
}
