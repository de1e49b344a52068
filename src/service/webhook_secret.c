#include "service/deliveries.h"

#include "base/base64.h"
#include "base/mem.h"
#include "service/host.h"

#include <inttypes.h>
#include <stdio.h>

/* The server's key, as text: 64 hex digits. */
#define KEY_SETTING "webhook_key"
/* Of an owner that has rotated: "VERSION UNIX_MS". */
#define SECRET_SETTING "webhook_secret:"
#define SECRET_SETTING_BYTES (sizeof(SECRET_SETTING) + ID_HEX_BYTES)
#define SECRET_PREFIX "whsec_"
#define OVERLAP_MS INT64_C(86400000)

enum status
webhook_key_open(struct service *service, struct error *error)
{
    struct arena arena;
    struct slice hex;
    arena_init(&arena, KIB(16));
    enum status status = store_setting_get(service->store, &arena, SLICE(KEY_SETTING), &hex);
    bool is_there = status == STATUS_OK && digest_from_hex(&service->webhook_key, hex);
    arena_done(&arena);
    if (is_there)
        return STATUS_OK;
    if (status != STATUS_NOT_FOUND)
        return error_set(error, STATUS_IO, "the key of outgoing webhooks could not be read");

    char text[2 * DIGEST_BYTES + 1];
    rng_secret(service->webhook_key.bytes, DIGEST_BYTES);
    digest_hex(&service->webhook_key, text);
    struct setting_row row = {SLICE(KEY_SETTING), slice_text(text)};
    struct intent *intent = intent_new(KIB(4));
    intent_add(intent, STORE_SETTING_PUT, 128)->setting = &row;
    status = service_commit_wait(service, intent);
    if (status != STATUS_OK)
        error_set(error, status, "the key of outgoing webhooks could not be stored");
    return status;
}

static struct slice
setting_name(const struct id *owner, char out[SECRET_SETTING_BYTES])
{
    char hex[ID_HEX_BYTES];
    id_hex(owner, hex);
    snprintf(out, SECRET_SETTING_BYTES, SECRET_SETTING "%s", hex);
    return slice_text(out);
}

/* The bytes of the secret of that number. */
static struct digest
derive(const struct service *service, const struct id *owner, uint32_t version)
{
    char name[SECRET_SETTING_BYTES];
    char what[SECRET_SETTING_BYTES + 16];
    setting_name(owner, name);
    snprintf(what, sizeof(what), "%s:%" PRIu32, name, version);
    struct slice key = slice_of((const char *)service->webhook_key.bytes, DIGEST_BYTES);
    return digest_hmac(key, slice_text(what));
}

static void
print_secret(const struct digest *secret, char out[WEBHOOK_SECRET_BYTES])
{
    struct buffer text;
    buffer_init(&text, WEBHOOK_SECRET_BYTES);
    base64_encode(&text, slice_of((const char *)secret->bytes, DIGEST_BYTES));
    snprintf(out, WEBHOOK_SECRET_BYTES, SECRET_PREFIX "%.*s", SLICE_FORMAT(buffer_slice(&text)));
    buffer_done(&text);
}

/* Which secret holds, and since when; the first since ever. */
static enum status
read_version(struct service *service, const struct id *owner, uint32_t *version,
             int64_t *since_unix_ms)
{
    struct arena arena;
    struct slice text;
    char name[SECRET_SETTING_BYTES];
    *version = 1;
    *since_unix_ms = 0;
    arena_init(&arena, KIB(4));
    enum status status =
        store_setting_get(service->store, &arena, setting_name(owner, name), &text);
    const char *blank = status == STATUS_OK ? memchr(text.ptr, ' ', text.size) : NULL;
    int64_t number = 0;
    if (blank != NULL) {
        struct slice rest = slice_of(blank + 1, text.size - (size_t)(blank + 1 - text.ptr));
        if (slice_parse_int64(slice_of(text.ptr, (size_t)(blank - text.ptr)), &number) &&
            slice_parse_int64(rest, since_unix_ms))
            *version = (uint32_t)number;
    }
    arena_done(&arena);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status
service_webhook_secret(struct service *service, const struct id *owner, struct webhook_secret *out)
{
    *out = (struct webhook_secret){0};
    int64_t since = 0;
    enum status status = read_version(service, owner, &out->version, &since);
    if (status != STATUS_OK)
        return status;
    struct digest secret = derive(service, owner, out->version);
    print_secret(&secret, out->text);
    if (out->version == 1 || clock_unix_ms(service->options.clock) >= since + OVERLAP_MS)
        return STATUS_OK;
    secret = derive(service, owner, out->version - 1);
    print_secret(&secret, out->previous);
    out->previous_until_unix_ms = since + OVERLAP_MS;
    return STATUS_OK;
}

static void
rotated(struct intent *intent)
{
    struct run_asker *asker = intent->owner;
    asker->moved(intent->status, asker->context);
    intent_free(&intent);
}

void
service_webhook_secret_rotate(struct service *service, const struct id *owner,
                              const struct run_asker *asker)
{
    uint32_t version = 0;
    int64_t since = 0;
    enum status status = read_version(service, owner, &version, &since);
    if (status != STATUS_OK) {
        asker->moved(status, asker->context);
        return;
    }
    struct intent *intent = intent_new(KIB(64));
    struct setting_row *row = arena_alloc(&intent->arena, sizeof(*row));
    char *name = arena_alloc(&intent->arena, SECRET_SETTING_BYTES);
    row->name = setting_name(owner, name);
    row->value = slice_text(arena_format(&intent->arena, "%" PRIu32 " %" PRId64, version + 1,
                                         clock_unix_ms(service->options.clock)));
    intent_add(intent, STORE_SETTING_PUT, 128)->setting = row;
    intent_add_idempotency(intent, asker->idempotency, IDEMPOTENCY_SECRET, owner);
    struct run_asker *copy = arena_alloc(&intent->arena, sizeof(*copy));
    *copy = *asker;
    intent->owner = copy;
    intent->done = rotated;
    writer_push(service->writer, intent);
}

/* The bytes that a secret's text stands for: it is one of ours, so it is right. */
static void
add_signature(struct buffer *out, const char *secret, struct slice content)
{
    char bytes[BASE64_DECODED_BYTES(WEBHOOK_SECRET_BYTES)];
    size_t size = 0;
    bool is_right = base64_decode(bytes, &size, slice_text(secret + sizeof(SECRET_PREFIX) - 1));
    struct digest signature = digest_hmac(slice_of(bytes, is_right ? size : 0), content);
    buffer_append_text(out, "v1,");
    base64_encode(out, slice_of((const char *)signature.bytes, DIGEST_BYTES));
}

void
webhook_sign(struct buffer *out, const struct webhook_secret *secret, struct slice id,
             int64_t unix_second, struct slice body)
{
    struct buffer content;
    buffer_init(&content, body.size + id.size + 64);
    buffer_append_slice(&content, id);
    buffer_append_format(&content, ".%" PRId64 ".", unix_second);
    buffer_append_slice(&content, body);
    add_signature(out, secret->text, buffer_slice(&content));
    if (secret->previous[0] != '\0') {
        buffer_append_byte(out, ' ');
        add_signature(out, secret->previous, buffer_slice(&content));
    }
    buffer_done(&content);
}
