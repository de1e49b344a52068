#include "base/digest.h"

#include "base/mem.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>

/* Fetched once a process: a fetch per call costs more than hashing a kilobyte. */
static EVP_MD *sha256;
static EVP_MAC *hmac;
static pthread_once_t fetch_once = PTHREAD_ONCE_INIT;

static void
digest_fetch(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    if (sha256 == NULL || hmac == NULL)
        abort();
}

/* The calls of libcrypto here fail only when memory runs out, which ends the process as in mem.h.
 */
static void
digest_must(int succeeded)
{
    if (succeeded != 1)
        abort();
}

struct digest_context {
    EVP_MD_CTX *evp;
};

struct digest_context *
digest_context_new(void)
{
    pthread_once(&fetch_once, digest_fetch);
    struct digest_context *context = mem_alloc(sizeof(*context));
    context->evp = EVP_MD_CTX_new();
    digest_must(context->evp != NULL);
    digest_must(EVP_DigestInit_ex2(context->evp, sha256, NULL));
    return context;
}

void
digest_context_free(struct digest_context **context)
{
    if (*context == NULL)
        return;
    EVP_MD_CTX_free((*context)->evp);
    mem_free(*context);
    *context = NULL;
}

void
digest_context_add(struct digest_context *context, struct slice bytes)
{
    if (bytes.size > 0)
        digest_must(EVP_DigestUpdate(context->evp, bytes.ptr, bytes.size));
}

struct digest
digest_context_finish(struct digest_context *context)
{
    struct digest digest;
    digest_must(EVP_DigestFinal_ex(context->evp, digest.bytes, NULL));
    digest_must(EVP_DigestInit_ex2(context->evp, sha256, NULL));
    return digest;
}

struct digest
digest_of(struct slice bytes)
{
    pthread_once(&fetch_once, digest_fetch);
    struct digest digest;
    const char *start = bytes.size == 0 ? "" : bytes.ptr;
    digest_must(EVP_Digest(start, bytes.size, digest.bytes, NULL, sha256, NULL));
    return digest;
}

struct digest
digest_hmac(struct slice key, struct slice bytes)
{
    pthread_once(&fetch_once, digest_fetch);
    char name[] = "SHA256";
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC_CTX *context = EVP_MAC_CTX_new(hmac);
    digest_must(context != NULL);
    /* A NULL key would mean "the key of before". */
    const char *key_start = key.size == 0 ? "" : key.ptr;
    digest_must(EVP_MAC_init(context, (const unsigned char *)key_start, key.size, parameters));
    if (bytes.size > 0)
        digest_must(EVP_MAC_update(context, (const unsigned char *)bytes.ptr, bytes.size));

    struct digest digest;
    size_t size = 0;
    digest_must(EVP_MAC_final(context, digest.bytes, &size, sizeof(digest.bytes)));
    assert(size == DIGEST_BYTES);
    EVP_MAC_CTX_free(context);
    return digest;
}

void
digest_hex(const struct digest *digest, char out[2 * DIGEST_BYTES + 1])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        out[2 * i] = digits[digest->bytes[i] >> 4];
        out[2 * i + 1] = digits[digest->bytes[i] & 15];
    }
    out[2 * DIGEST_BYTES] = '\0';
}

bool
digest_from_hex(struct digest *out, struct slice hex)
{
    static const char digits[] = "0123456789abcdef";
    if (hex.size != 2 * DIGEST_BYTES)
        return false;
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        const char *high = memchr(digits, hex.ptr[2 * i], 16);
        const char *low = memchr(digits, hex.ptr[2 * i + 1], 16);
        if (high == NULL || low == NULL)
            return false;
        out->bytes[i] = (uint8_t)((high - digits) << 4 | (low - digits));
    }
    return true;
}

bool
digest_secret_equal(struct slice a, struct slice b)
{
    return a.size == b.size && (a.size == 0 || CRYPTO_memcmp(a.ptr, b.ptr, a.size) == 0);
}
