#include "net/http_tls.h"

#include "base/mem.h"
#include "net/http_loop.h"

#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* For TLS 1.2; those of 1.3 are all as good. */
#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"

struct http_tls {
    char *certificate_path;
    char *key_path;
    pthread_mutex_t lock; /* over what follows, which a reload replaces */
    SSL_CTX *context;
    int64_t begins_unix_ms;
    int64_t expires_unix_ms;
};

/* A client that offers other protocols only must not take our answers for one of those. */
static int
choose_protocol(SSL *session, const unsigned char **out, unsigned char *out_size,
                const unsigned char *offered, unsigned offered_size, void *context)
{
    static const unsigned char ours[] = "\x08http/1.1";
    int found = SSL_select_next_proto((unsigned char **)(uintptr_t)out, out_size, ours,
                                      sizeof(ours) - 1, offered, offered_size);
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* Nobody is there who could be asked. */
static int
give_no_password(char *out, int size, int writing, void *context)
{
    return 0;
}

static SSL_CTX *
context_new(void)
{
    static const unsigned char name[] = "windrow";
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    assert(context != NULL);
    bool right = SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
                 SSL_CTX_set_cipher_list(context, CIPHERS) == 1 &&
                 SSL_CTX_set_session_id_context(context, name, sizeof(name) - 1) == 1;
    assert(right);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE);
    /* A record that waits may have moved in memory, and what is waiting may have grown. */
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    SSL_CTX_set_default_passwd_cb(context, give_no_password);
    return context;
}

/* OpenSSL's own words for what went wrong last. */
static const char *
reason(void)
{
    const char *words = ERR_reason_error_string(ERR_peek_error());
    return words == NULL ? "no reason is known" : words;
}

/* Whether the file can be read at all. */
static enum status
check_file(const char *what, const char *path, struct error *error)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        enum status status = errno == ENOENT   ? STATUS_NOT_FOUND
                             : errno == EACCES ? STATUS_FORBIDDEN
                                               : STATUS_IO;
        return error_set(error, status, "the %s %s cannot be read: %s", what, path,
                         strerror(errno));
    }
    fclose(file);
    return STATUS_OK;
}

static enum status
load_certificate(SSL_CTX *context, const char *path, struct error *error)
{
    enum status status = check_file("certificate", path, error);
    if (status != STATUS_OK)
        return status;
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(context, path) == 1)
        return STATUS_OK;
    if (ERR_GET_REASON(ERR_peek_error()) == PEM_R_NO_START_LINE)
        return error_set(error, STATUS_INVALID,
                         "%s holds no certificate; expected PEM: -----BEGIN CERTIFICATE-----",
                         path);
    return error_set(error, STATUS_INVALID, "the certificate %s cannot be used: %s", path,
                     reason());
}

static enum status
load_key(SSL_CTX *context, const char *path, const char *certificate_path, struct error *error)
{
    enum status status = check_file("key", path, error);
    if (status != STATUS_OK)
        return status;
    ERR_clear_error();
    BIO *file = BIO_new_file(path, "r");
    EVP_PKEY *key =
        file == NULL ? NULL : PEM_read_bio_PrivateKey(file, NULL, give_no_password, NULL);
    BIO_free(file);
    if (key == NULL)
        return error_set(error, STATUS_INVALID,
                         "%s holds no private key that can be used; expected PEM: -----BEGIN "
                         "PRIVATE KEY-----, not encrypted (%s)",
                         path, reason());
    bool fits =
        SSL_CTX_use_PrivateKey(context, key) == 1 && SSL_CTX_check_private_key(context) == 1;
    EVP_PKEY_free(key);
    if (fits)
        return STATUS_OK;
    return error_set(error, STATUS_INVALID, "the key %s is not that of the certificate %s", path,
                     certificate_path);
}

static int64_t
unix_ms_of(const ASN1_TIME *time)
{
    struct tm parts;
    if (ASN1_TIME_to_tm(time, &parts) != 1)
        return 0;
    return (int64_t)timegm(&parts) * 1000;
}

/* Fills what a reload replaces. */
static enum status
load(struct http_tls *into, struct error *error)
{
    into->context = context_new();
    enum status status = load_certificate(into->context, into->certificate_path, error);
    if (status == STATUS_OK)
        status = load_key(into->context, into->key_path, into->certificate_path, error);
    ERR_clear_error();
    if (status != STATUS_OK) {
        SSL_CTX_free(into->context);
        into->context = NULL;
        return status;
    }
    const X509 *certificate = SSL_CTX_get0_certificate(into->context);
    into->begins_unix_ms = unix_ms_of(X509_get0_notBefore(certificate));
    into->expires_unix_ms = unix_ms_of(X509_get0_notAfter(certificate));
    return STATUS_OK;
}

enum status
http_tls_new(struct http_tls **out, const char *certificate_path, const char *key_path,
             struct error *error)
{
    struct http_tls *tls = mem_alloc(sizeof(*tls));
    pthread_mutex_init(&tls->lock, NULL);
    tls->certificate_path = mem_copy_text(certificate_path, strlen(certificate_path));
    tls->key_path = mem_copy_text(key_path, strlen(key_path));
    enum status status = load(tls, error);
    if (status != STATUS_OK)
        http_tls_free(&tls);
    *out = tls;
    return status;
}

enum status
http_tls_check_time(const struct http_tls *tls, int64_t now_unix_ms, struct error *error)
{
    bool is_early = now_unix_ms < tls->begins_unix_ms;
    if (!is_early && now_unix_ms < tls->expires_unix_ms)
        return STATUS_OK;
    char text[HTTP_DATE_BYTES];
    http_date((is_early ? tls->begins_unix_ms : tls->expires_unix_ms) / 1000, text);
    return error_set(error, STATUS_INVALID, "the certificate %s %s %.*s: clients refuse it",
                     tls->certificate_path, is_early ? "begins only on" : "ended on",
                     HTTP_DATE_BYTES, text);
}

enum status
http_tls_reload(struct http_tls *tls, int64_t now_unix_ms, struct error *error)
{
    struct http_tls next = {.certificate_path = tls->certificate_path, .key_path = tls->key_path};
    enum status status = load(&next, error);
    if (status != STATUS_OK)
        return status;
    status = http_tls_check_time(&next, now_unix_ms, error);
    if (status == STATUS_OK) {
        pthread_mutex_lock(&tls->lock);
        SSL_CTX *old = tls->context;
        tls->context = next.context;
        tls->begins_unix_ms = next.begins_unix_ms;
        tls->expires_unix_ms = next.expires_unix_ms;
        pthread_mutex_unlock(&tls->lock);
        next.context = old;
    }
    /* Sessions have it as long as they need it. */
    SSL_CTX_free(next.context);
    return status;
}

int64_t
http_tls_expires_unix_ms(const struct http_tls *tls)
{
    return tls->expires_unix_ms;
}

struct ssl_st *
http_tls_session(struct http_tls *tls, int fd)
{
    pthread_mutex_lock(&tls->lock);
    SSL *session = SSL_new(tls->context);
    pthread_mutex_unlock(&tls->lock);
    assert(session != NULL);
    int set = SSL_set_fd(session, fd);
    assert(set == 1);
    SSL_set_accept_state(session);
    return session;
}

void
http_tls_free(struct http_tls **tls)
{
    struct http_tls *gone = *tls;
    *tls = NULL;
    if (gone == NULL)
        return;
    SSL_CTX_free(gone->context);
    pthread_mutex_destroy(&gone->lock);
    mem_free(gone->certificate_path);
    mem_free(gone->key_path);
    mem_free(gone);
}
