#include "service/hook_proof.h"

#include "base/base64.h"
#include "base/buffer.h"
#include "base/digest.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#define SECRET_PREFIX "whsec_"
#define SECRET_BYTES_MAX 256
/* An id and a time before the body that is signed. */
#define SIGNED_HEAD_BYTES_MAX 1024
#define BASIC_BYTES_MAX 1024

static const char *const auth_names[] = {
    [HOOK_AUTH_NONE] = "none",     [HOOK_AUTH_STANDARD] = "standard", [HOOK_AUTH_HUB] = "hub",
    [HOOK_AUTH_HEADER] = "header", [HOOK_AUTH_BASIC] = "basic",       [HOOK_AUTH_QUERY] = "query",
};

/* Without a word the door is not open. */
enum hook_auth
hook_auth_of(struct slice word)
{
    for (size_t i = 0; i < COUNT_OF(auth_names); i++) {
        if (slice_is(word, auth_names[i]))
            return (enum hook_auth)i;
    }
    return HOOK_AUTH_STANDARD;
}

static enum status
refuse(struct error *error, const char *words)
{
    return error_set(error, STATUS_UNAUTHORIZED, "%s", words);
}

/* Whether the text is one of the secrets; both are looked at whatever the first says. */
static bool
is_secret(const struct hook_secrets *secrets, struct slice text)
{
    bool is_now = digest_secret_equal(secrets->now, text);
    bool is_before = secrets->before.size > 0 && digest_secret_equal(secrets->before, text);
    return is_now || is_before;
}

/* --- Standard Webhooks --- */

/* The Base64 of the signature that the secret gives. */
static void
sign(struct buffer *out, struct slice secret, struct slice message)
{
    char key[SECRET_BYTES_MAX];
    size_t size = 0;
    struct slice prefix = SLICE(SECRET_PREFIX);
    bool is_ours =
        slice_starts_with(secret, prefix) && secret.size <= sizeof(key) &&
        base64_decode(key, &size, slice_of(secret.ptr + prefix.size, secret.size - prefix.size));
    assert(is_ours);
    struct digest mac = digest_hmac(slice_of(key, size), message);
    base64_encode(out, slice_of((const char *)mac.bytes, sizeof(mac.bytes)));
}

/* "v1,BASE64 v1,BASE64 …": whether one of them is the signature. */
static bool
is_among(struct slice list, struct slice signature)
{
    bool is_found = false;
    while (list.size > 0) {
        const char *blank = memchr(list.ptr, ' ', list.size);
        size_t size = blank == NULL ? list.size : (size_t)(blank - list.ptr);
        struct slice part = slice_of(list.ptr, size);
        if (slice_starts_with(part, SLICE("v1,")))
            is_found |= digest_secret_equal(signature, slice_of(part.ptr + 3, part.size - 3));
        size_t used = blank == NULL ? size : size + 1;
        list = slice_of(list.ptr + used, list.size - used);
    }
    return is_found;
}

static bool
is_signed(const struct hook_proof *proof, struct slice secret)
{
    struct buffer message, signature;
    buffer_init(&message, SIGNED_HEAD_BYTES_MAX + proof->body.size);
    buffer_init(&signature, SECRET_BYTES_MAX);
    buffer_append_slice(&message, proof->id);
    buffer_append_byte(&message, '.');
    buffer_append_slice(&message, proof->timestamp);
    buffer_append_byte(&message, '.');
    buffer_append_slice(&message, proof->body);
    bool is_good = !buffer_is_over(&message);
    if (is_good)
        sign(&signature, secret, buffer_slice(&message));
    is_good = is_good && is_among(proof->signature, buffer_slice(&signature));
    buffer_done(&message);
    buffer_done(&signature);
    return is_good;
}

static enum status
check_standard(const struct hook_proof *proof, const struct hook_secrets *secrets,
               int64_t now_unix_s, struct error *error)
{
    int64_t at = 0;
    if (proof->id.size == 0 || proof->timestamp.size == 0 || proof->signature.size == 0)
        return refuse(error, "expected the headers webhook-id, webhook-timestamp and "
                             "webhook-signature");
    if (proof->id.size + proof->timestamp.size + 2 > SIGNED_HEAD_BYTES_MAX)
        return refuse(error, "webhook-id is too long");
    if (!slice_parse_int64(proof->timestamp, &at))
        return refuse(error, "webhook-timestamp: expected seconds since 1970");
    if (at < now_unix_s - HOOK_WINDOW_S || at > now_unix_s + HOOK_WINDOW_S)
        return refuse(error, "webhook-timestamp is more than five minutes off");
    bool is_now = is_signed(proof, secrets->now);
    bool is_before = secrets->before.size > 0 && is_signed(proof, secrets->before);
    return is_now || is_before ? STATUS_OK : refuse(error, "the signature is wrong");
}

/* --- the others --- */

/* "sha256=" and lower-case hex over the body; the secret's text is the key. */
static bool
is_hub_signed(const struct hook_proof *proof, struct slice secret)
{
    char hex[2 * DIGEST_BYTES + 1];
    struct digest mac = digest_hmac(secret, proof->body);
    struct slice prefix = SLICE("sha256=");
    digest_hex(&mac, hex);
    return slice_starts_with(proof->hub_signature, prefix) &&
           digest_secret_equal(slice_text(hex), slice_of(proof->hub_signature.ptr + prefix.size,
                                                         proof->hub_signature.size - prefix.size));
}

static enum status
check_hub(const struct hook_proof *proof, const struct hook_secrets *secrets, struct error *error)
{
    if (proof->hub_signature.size == 0)
        return refuse(error, "expected the header X-Hub-Signature-256");
    bool is_now = is_hub_signed(proof, secrets->now);
    bool is_before = secrets->before.size > 0 && is_hub_signed(proof, secrets->before);
    return is_now || is_before ? STATUS_OK : refuse(error, "the signature is wrong");
}

/* The password of "Basic BASE64(user:password)"; whoever the user is. */
static enum status
check_basic(const struct hook_proof *proof, const struct hook_secrets *secrets, struct error *error)
{
    struct slice scheme = SLICE("basic ");
    struct slice found = proof->authorization;
    char text[BASIC_BYTES_MAX];
    size_t size = 0;
    if (found.size <= scheme.size || strncasecmp(found.ptr, scheme.ptr, scheme.size) != 0)
        return refuse(error, "expected the header Authorization: Basic …");
    found = slice_of(found.ptr + scheme.size, found.size - scheme.size);
    if (BASE64_DECODED_BYTES(found.size) > sizeof(text) || !base64_decode(text, &size, found))
        return refuse(error, "Authorization: expected Base64 behind Basic");
    const char *colon = memchr(text, ':', size);
    size_t used = colon == NULL ? size : (size_t)(colon - text) + 1;
    bool is_good = is_secret(secrets, slice_of(text + used, size - used));
    return is_good ? STATUS_OK : refuse(error, "the password is wrong");
}

static enum status
check_text(struct slice found, const struct hook_secrets *secrets, const char *missing,
           struct error *error)
{
    if (found.ptr == NULL)
        return refuse(error, missing);
    return is_secret(secrets, found) ? STATUS_OK : refuse(error, "the secret is wrong");
}

enum status
hook_check(enum hook_auth auth, const struct hook_proof *proof, const struct hook_secrets *secrets,
           int64_t now_unix_s, struct error *error)
{
    switch (auth) {
    case HOOK_AUTH_NONE:
        return STATUS_OK;
    case HOOK_AUTH_STANDARD:
        return check_standard(proof, secrets, now_unix_s, error);
    case HOOK_AUTH_HUB:
        return check_hub(proof, secrets, error);
    case HOOK_AUTH_HEADER:
        return check_text(proof->header_secret, secrets, "expected the header X-Webhook-Secret",
                          error);
    case HOOK_AUTH_BASIC:
        return check_basic(proof, secrets, error);
    case HOOK_AUTH_QUERY:
        return check_text(proof->query_secret, secrets, "expected ?secret=…", error);
    }
    assert(false && "no such way in");
    return STATUS_UNAUTHORIZED;
}
