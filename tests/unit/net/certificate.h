/* net/certificate.h - self-signed certificates for tests, in files of a temporary folder.
 *
 * Threads: any.
 */
#ifndef TESTS_NET_CERTIFICATE_H
#define TESTS_NET_CERTIFICATE_H

#include <stdint.h>

#define CERTIFICATE_PATH_BYTES 128

enum certificate_kind {
    CERTIFICATE_CURVE, /* P-256 */
    CERTIFICATE_RSA,
    CERTIFICATE_WEAK, /* RSA of 1,024 bits */
};

struct certificate {
    char folder[CERTIFICATE_PATH_BYTES / 2];
    char path[CERTIFICATE_PATH_BYTES];
    char key_path[CERTIFICATE_PATH_BYTES];
};

/* For 127.0.0.1 and localhost, valid for a day before and after now. */
void certificate_make(struct certificate *out, enum certificate_kind kind);

/* Writes the files of one over those of the other. */
void certificate_replace(const struct certificate *at, const struct certificate *by);

/* Removes folder and files. */
void certificate_remove(struct certificate *certificate);

#endif
