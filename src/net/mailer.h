/* net/mailer.h - hands e-mails to the server of the configuration.
 *
 * Each mail has a connection of its own, over TLS unless the configuration says otherwise. Text and
 * HTML are alternatives of one message, attachments follow them.
 *
 * Sources: libcurl's SMTP and MIME; RFC 5321, 5322, 2047 (headers in UTF-8), 3207 (STARTTLS).
 * Threads: any number at once; the server outlives them.
 */
#ifndef NET_MAILER_H
#define NET_MAILER_H

#include "base/mail.h"

enum mail_tls {
    MAIL_TLS_REQUIRED, /* from the first byte with smtps, else by STARTTLS */
    MAIL_TLS_NONE,
};

struct mail_server {
    const char *url;      /* "smtp://mail.example.com:587"; NULL: there is none */
    const char *user;     /* NULL: nobody is asked who we are */
    const char *password; /* likewise */
    const char *from;     /* the address that mails come from */
    const char *ca_file;  /* PEM of trusted roots; NULL: the system's */
    int tls;              /* enum mail_tls */
};

/* OK; INVALID with words: a part of it is wrong or missing. */
MUST_USE enum status mail_server_check(const struct mail_server *server, struct error *error);

/* A mailer_fn over a const struct mail_server. */
mailer_fn mailer_send;

#endif
