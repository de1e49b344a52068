#include "certificate.h"

#include "test.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DAY_S 86400

static EVP_PKEY *
make_key(enum certificate_kind kind)
{
    EVP_PKEY *key = kind == CERTIFICATE_CURVE
                        ? EVP_EC_gen("P-256")
                        : EVP_RSA_gen(kind == CERTIFICATE_RSA ? 2048U : 1024U);
    assert_non_null(key);
    return key;
}

static void
write_files(const struct certificate *certificate, X509 *x509, EVP_PKEY *key)
{
    FILE *file = fopen(certificate->path, "we");
    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, x509), 1);
    fclose(file);
    file = fopen(certificate->key_path, "we");
    assert_non_null(file);
    assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
    fclose(file);
}

void
certificate_make(struct certificate *out, enum certificate_kind kind)
{
    snprintf(out->folder, sizeof(out->folder), "/tmp/windrow-certificate-XXXXXX");
    assert_non_null(mkdtemp(out->folder));
    snprintf(out->path, sizeof(out->path), "%s/cert.pem", out->folder);
    snprintf(out->key_path, sizeof(out->key_path), "%s/key.pem", out->folder);

    EVP_PKEY *key = make_key(kind);
    X509 *x509 = X509_new();
    X509_NAME *name = X509_get_subject_name(x509);
    X509_set_version(x509, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
    X509_gmtime_adj(X509_getm_notBefore(x509), -DAY_S);
    X509_gmtime_adj(X509_getm_notAfter(x509), DAY_S);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1,
                               0);
    X509_set_issuer_name(x509, name);
    X509_set_pubkey(x509, key);
    assert_true(X509_sign(x509, key, EVP_sha256()) > 0);
    write_files(out, x509, key);
    X509_free(x509);
    EVP_PKEY_free(key);
}

static void
copy_file(const char *to, const char *from)
{
    char bytes[8192];
    FILE *in = fopen(from, "re");
    FILE *out = fopen(to, "we");
    assert_true(in != NULL && out != NULL);
    size_t size = fread(bytes, 1, sizeof(bytes), in);
    assert_int_equal(fwrite(bytes, 1, size, out), size);
    fclose(in);
    fclose(out);
}

void
certificate_replace(const struct certificate *at, const struct certificate *by)
{
    copy_file(at->path, by->path);
    copy_file(at->key_path, by->key_path);
}

void
certificate_remove(struct certificate *certificate)
{
    unlink(certificate->path);
    unlink(certificate->key_path);
    rmdir(certificate->folder);
}
