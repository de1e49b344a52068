/* base/mail.h - one e-mail on its way out, as plain data.
 *
 * A step says what is to be sent; engine/env_mail.c adds the attachments; a mailer hands it to the
 * server of the configuration (net/mailer.h is the real one). The server may have taken a mail
 * whose sending broke, so that a repetition may come twice: it carries the same Message-ID.
 *
 * Sources: RFC 5321 (SMTP), RFC 5322 (the message).
 * Threads: one owner at a time; a mailer may be called by many.
 */
#ifndef BASE_MAIL_H
#define BASE_MAIL_H

#include "base/slice.h"
#include "base/status.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest address that RFC 5321 lets through. */
#define MAIL_ADDRESS_BYTES_MAX 254
#define MAIL_SUBJECT_BYTES_MAX 300

struct mail_attachment {
    struct slice name; /* safe for a folder */
    struct slice type; /* content type */
    struct slice bytes;
};

struct mail_list {
    const struct slice *addresses;
    size_t count;
};

struct mail {
    struct mail_list to, cc, bcc;
    struct slice reply_to; /* empty: none */
    struct slice subject;
    struct slice text, html; /* either may be empty, not both */
    struct slice id;         /* of the Message-ID, before the @ */
    const struct mail_attachment *attachments;
    size_t attachment_count;
    int64_t unix_ms; /* its Date */
    int64_t time_ms_max;
    const atomic_bool *is_cancelled; /* looked at while it is sent; may be NULL */
};

/* One address such as ada@example.com, in ASCII, without a name and without anything by which a
 * header or a command could end. */
bool mail_address_is_good(struct slice address);

/* OK: the server has taken it. Else, with words: UNSUPPORTED no server is configured; FORBIDDEN it
 * does not let us in, or speaks no TLS that we trust; INVALID it refuses the mail for good;
 * UNAVAILABLE not now, and nothing was taken; TIMEOUT, CANCELLED, IO: it may have been taken. */
typedef enum status mailer_fn(void *mailer, const struct mail *mail, struct error *error);

#endif
