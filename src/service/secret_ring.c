#include "service/secret_ring.h"

#include "base/base64.h"
#include "base/digest.h"
#include "base/fs.h"
#include "base/mem.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define KEY_BYTES crypto_aead_xchacha20poly1305_ietf_KEYBYTES
#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES crypto_aead_xchacha20poly1305_ietf_ABYTES
/* "1:" and the beginning of the key's digest and ":" stand before the Base64. */
#define VERSION_PREFIX "1:"
#define KEY_NAME_BYTES ((size_t)8)
#define HEAD_BYTES (sizeof(VERSION_PREFIX) + KEY_NAME_BYTES)

_Static_assert(KEY_BYTES == DIGEST_BYTES, "keys are read as digests are");

struct ring_key {
    struct digest bytes;
    char head[HEAD_BYTES + 1]; /* of what it has sealed */
};

struct secret_ring {
    size_t count;
    struct ring_key keys[SECRET_RING_KEYS_MAX];
};

static void
name_key(struct ring_key *key)
{
    char hex[2 * DIGEST_BYTES + 1];
    struct digest digest = digest_of(slice_of((const char *)key->bytes.bytes, DIGEST_BYTES));
    digest_hex(&digest, hex);
    snprintf(key->head, sizeof(key->head), VERSION_PREFIX "%.*s:", (int)KEY_NAME_BYTES, hex);
}

static bool
is_between(char byte)
{
    return byte == ',' || byte == '\n' || byte == '\r' || byte == ' ' || byte == '\t';
}

/* `where` is what errors call it; they never repeat what stands there. */
static enum status
read_keys(struct secret_ring *ring, struct slice text, const char *where, struct error *error)
{
    size_t at = 0;
    while (at < text.size) {
        size_t begin = at;
        while (at < text.size && !is_between(text.ptr[at]))
            at++;
        struct slice word = slice_of(text.ptr + begin, at - begin);
        at++;
        if (word.size == 0)
            continue;
        if (ring->count == SECRET_RING_KEYS_MAX)
            return error_set(error, STATUS_INVALID, "%s holds more than %d keys", where,
                             SECRET_RING_KEYS_MAX);
        struct ring_key *key = &ring->keys[ring->count];
        if (!digest_from_hex(&key->bytes, word))
            return error_set(error, STATUS_INVALID,
                             "%s: a key has 64 hex digits in lower case, such as `openssl rand "
                             "-hex 32` gives; newest first",
                             where);
        name_key(key);
        ring->count++;
    }
    return ring->count > 0 ? STATUS_OK : error_set(error, STATUS_INVALID, "%s holds no key", where);
}

static enum status
make_file(struct secret_ring *ring, const char *path, struct error *error)
{
    struct ring_key *key = &ring->keys[ring->count++];
    char text[2 * DIGEST_BYTES + 2];
    randombytes_buf(key->bytes.bytes, DIGEST_BYTES);
    name_key(key);
    digest_hex(&key->bytes, text);
    text[2 * DIGEST_BYTES] = '\n';
    enum status status = fs_write_file(path, slice_of(text, 2 * DIGEST_BYTES + 1), error);
    sodium_memzero(text, sizeof(text));
    return status;
}

static enum status
check_mode(const char *path, struct error *error)
{
    struct stat facts;
    if (stat(path, &facts) != 0 || (facts.st_mode & 077) == 0)
        return STATUS_OK;
    return error_set(error, STATUS_INVALID, "%s may be read by others: chmod 600 it", path);
}

static enum status
read_file(struct secret_ring *ring, const char *folder, struct error *error)
{
    char path[4096];
    struct buffer text;
    if (snprintf(path, sizeof(path), "%s/secrets.key", folder) >= (int)sizeof(path))
        return error_set(error, STATUS_INVALID, "the path of the data folder is too long");
    enum status status = fs_read_file(&text, path, 4096, error);
    if (status == STATUS_OK)
        status = check_mode(path, error);
    if (status == STATUS_OK)
        status = read_keys(ring, buffer_slice(&text), path, error);
    else if (status == STATUS_NOT_FOUND)
        status = make_file(ring, path, error);
    if (text.ptr != NULL)
        sodium_memzero(text.ptr, text.capacity);
    buffer_done(&text);
    return status;
}

enum status
secret_ring_open(struct secret_ring **out, const char *folder, const char *from_environment,
                 struct error *error)
{
    *out = NULL;
    if (sodium_init() < 0)
        return error_set(error, STATUS_IO, "libsodium finds no source of random bytes");
    struct secret_ring *ring = mem_alloc(sizeof(*ring));
    enum status status = from_environment == NULL ? read_file(ring, folder, error)
                                                  : read_keys(ring, slice_text(from_environment),
                                                              "WINDROW_SECRET_KEY", error);
    if (status != STATUS_OK) {
        secret_ring_free(&ring);
        return status;
    }
    *out = ring;
    return STATUS_OK;
}

void
secret_ring_free(struct secret_ring **ring)
{
    if (*ring == NULL)
        return;
    sodium_memzero(*ring, sizeof(**ring));
    mem_free(*ring);
    *ring = NULL;
}

void
secret_seal(const struct secret_ring *ring, struct slice plain, struct slice about,
            struct buffer *out)
{
    const struct ring_key *key = &ring->keys[0];
    size_t size = NONCE_BYTES + plain.size + TAG_BYTES;
    unsigned char *sealed = mem_alloc(size);
    randombytes_buf(sealed, NONCE_BYTES);
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        sealed + NONCE_BYTES, NULL, (const unsigned char *)plain.ptr, plain.size,
        (const unsigned char *)about.ptr, about.size, NULL, sealed, key->bytes.bytes);
    buffer_append_text(out, key->head);
    base64_encode(out, slice_of((const char *)sealed, size));
    mem_free(sealed);
}

static const struct ring_key *
key_of(const struct secret_ring *ring, struct slice sealed)
{
    for (size_t i = 0; i < ring->count; i++) {
        if (slice_starts_with(sealed, slice_text(ring->keys[i].head)))
            return &ring->keys[i];
    }
    return NULL;
}

bool
secret_unseal(const struct secret_ring *ring, struct slice sealed, struct slice about,
              struct arena *arena, struct slice *plain)
{
    const struct ring_key *key = key_of(ring, sealed);
    size_t size = 0;
    if (key == NULL)
        return false;
    struct slice text = slice_of(sealed.ptr + HEAD_BYTES, sealed.size - HEAD_BYTES);
    char *raw = arena_try_alloc(arena, BASE64_DECODED_BYTES(text.size));
    if (raw == NULL || !base64_decode(raw, &size, text) || size < NONCE_BYTES + TAG_BYTES)
        return false;
    size_t plain_size = size - NONCE_BYTES - TAG_BYTES;
    unsigned char *out = arena_try_alloc(arena, plain_size + 1);
    if (out == NULL)
        return false;
    *plain = slice_of((const char *)out, plain_size);
    return crypto_aead_xchacha20poly1305_ietf_decrypt(
               out, NULL, NULL, (const unsigned char *)raw + NONCE_BYTES, size - NONCE_BYTES,
               (const unsigned char *)about.ptr, about.size, (const unsigned char *)raw,
               key->bytes.bytes) == 0;
}

bool
secret_is_under_newest(const struct secret_ring *ring, struct slice sealed)
{
    return key_of(ring, sealed) == &ring->keys[0];
}
