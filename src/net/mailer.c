#include "net/mailer.h"

#include "base/base64.h"
#include "base/limits.h"
#include "net/http_parameters.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define CONNECT_MS 10000
/* Bytes of an encoded word, so that it is no longer than RFC 2047 allows. */
#define WORD_BYTES 42

/* One mail while it is sent. */
struct sending {
    const struct mail *mail;
    const struct mail_server *server;
    CURL *easy;
    curl_mime *mime;
    struct curl_slist *headers, *recipients;
    char words[CURL_ERROR_SIZE];
};

/* --- what the configuration says --- */

static bool
begins_with(const char *text, const char *begin)
{
    return strncmp(text, begin, strlen(begin)) == 0;
}

enum status
mail_server_check(const struct mail_server *server, struct error *error)
{
    if (server->url == NULL)
        return STATUS_OK;
    if (!begins_with(server->url, "smtp://") && !begins_with(server->url, "smtps://"))
        return error_set(error, STATUS_INVALID,
                         "smtp_url: expected smtp://HOST:PORT or smtps://HOST:PORT");
    if (server->from == NULL || !mail_address_is_good(slice_text(server->from)))
        return error_set(error, STATUS_INVALID,
                         "smtp_from: expected the address that mails come from, such as "
                         "windrow@example.com");
    if ((server->user == NULL) != (server->password == NULL))
        return error_set(error, STATUS_INVALID,
                         "smtp_user and smtp_password_file are given together, or neither");
    return STATUS_OK;
}

/* --- headers --- */

static void
add_line(struct sending *sending, const char *name, struct slice value)
{
    struct buffer line;
    buffer_init(&line, KIB(64));
    buffer_append_format(&line, "%s: %.*s", name, SLICE_FORMAT(value));
    buffer_append_byte(&line, '\0');
    if (!buffer_is_over(&line))
        sending->headers = curl_slist_append(sending->headers, line.ptr);
    buffer_done(&line);
}

static bool
is_ascii(struct slice text)
{
    for (size_t i = 0; i < text.size; i++) {
        if ((unsigned char)text.ptr[i] >= 0x80)
            return false;
    }
    return true;
}

/* RFC 2047: words of whole characters, with a space between. */
static void
add_subject(struct sending *sending)
{
    struct slice rest = sending->mail->subject;
    struct buffer text;
    if (is_ascii(rest)) {
        add_line(sending, "Subject", rest);
        return;
    }
    buffer_init(&text, KIB(4));
    while (rest.size > 0) {
        struct slice word = slice_cut(rest, WORD_BYTES);
        buffer_append_text(&text, text.size == 0 ? "=?UTF-8?B?" : " =?UTF-8?B?");
        base64_encode(&text, word);
        buffer_append_text(&text, "?=");
        rest = slice_of(rest.ptr + word.size, rest.size - word.size);
    }
    add_line(sending, "Subject", buffer_slice(&text));
    buffer_done(&text);
}

static void
add_list(struct sending *sending, const char *name, const struct mail_list *list)
{
    struct buffer text;
    buffer_init(&text, KIB(64));
    for (size_t i = 0; i < list->count; i++) {
        buffer_append_text(&text, i == 0 ? "" : ", ");
        buffer_append_slice(&text, list->addresses[i]);
    }
    if (list->count > 0 && name != NULL)
        add_line(sending, name, buffer_slice(&text));
    buffer_done(&text);
    for (size_t i = 0; i < list->count; i++) {
        char address[MAIL_ADDRESS_BYTES_MAX + 3];
        snprintf(address, sizeof(address), "<%.*s>", SLICE_FORMAT(list->addresses[i]));
        sending->recipients = curl_slist_append(sending->recipients, address);
    }
}

static void
add_date(struct sending *sending)
{
    char text[64];
    struct tm parts;
    time_t seconds = (time_t)(sending->mail->unix_ms / 1000);
    gmtime_r(&seconds, &parts);
    strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S +0000", &parts);
    add_line(sending, "Date", slice_text(text));
}

static void
add_headers(struct sending *sending)
{
    const struct mail *mail = sending->mail;
    char id[256];
    const char *from = sending->server->from;
    snprintf(id, sizeof(id), "<%.*s@%s>", SLICE_FORMAT(slice_cut(mail->id, 64)),
             strchr(from, '@') + 1);
    add_date(sending);
    add_line(sending, "From", slice_text(from));
    add_list(sending, "To", &mail->to);
    add_list(sending, "Cc", &mail->cc);
    add_list(sending, NULL, &mail->bcc);
    if (mail->reply_to.size > 0)
        add_line(sending, "Reply-To", mail->reply_to);
    add_subject(sending);
    add_line(sending, "Message-ID", slice_text(id));
    add_line(sending, "Auto-Submitted", SLICE("auto-generated"));
}

/* --- the body --- */

static bool
add_part(curl_mime *mime, struct slice bytes, const char *type)
{
    curl_mimepart *part = curl_mime_addpart(mime);
    return part != NULL && curl_mime_data(part, bytes.ptr, bytes.size) == CURLE_OK &&
           curl_mime_type(part, type) == CURLE_OK && curl_mime_encoder(part, "base64") == CURLE_OK;
}

/* The last alternative is the one that is shown where it can be. */
static bool
add_alternatives(struct sending *sending)
{
    const struct mail *mail = sending->mail;
    curl_mime *both = curl_mime_init(sending->easy);
    curl_mimepart *part = curl_mime_addpart(sending->mime);
    bool is_ok = both != NULL && part != NULL;
    if (is_ok && mail->text.size > 0)
        is_ok = add_part(both, mail->text, "text/plain; charset=utf-8");
    if (is_ok && mail->html.size > 0)
        is_ok = add_part(both, mail->html, "text/html; charset=utf-8");
    if (!is_ok || curl_mime_subparts(part, both) != CURLE_OK) {
        curl_mime_free(both);
        return false;
    }
    return curl_mime_type(part, "multipart/alternative") == CURLE_OK;
}

/* The name in ASCII, and as it is (RFC 2231 as RFC 8187 has it). */
static struct curl_slist *
disposition(struct slice name)
{
    struct curl_slist *headers = NULL;
    struct buffer line;
    buffer_init(&line, KIB(4));
    buffer_append_text(&line, "Content-Disposition: ");
    http_disposition_print(&line, false, slice_cut(name, 200));
    buffer_append_byte(&line, '\0');
    if (!buffer_is_over(&line))
        headers = curl_slist_append(NULL, line.ptr);
    buffer_done(&line);
    return headers;
}

static bool
add_attachment(struct sending *sending, const struct mail_attachment *attachment)
{
    char type[128];
    snprintf(type, sizeof(type), "%.*s", SLICE_FORMAT(slice_cut(attachment->type, 120)));
    curl_mimepart *part = curl_mime_addpart(sending->mime);
    return part != NULL &&
           curl_mime_data(part, attachment->bytes.ptr, attachment->bytes.size) == CURLE_OK &&
           curl_mime_type(part, type) == CURLE_OK &&
           curl_mime_headers(part, disposition(attachment->name), 1) == CURLE_OK &&
           curl_mime_encoder(part, "base64") == CURLE_OK;
}

static bool
add_body(struct sending *sending)
{
    const struct mail *mail = sending->mail;
    sending->mime = curl_mime_init(sending->easy);
    bool is_ok = sending->mime != NULL && add_alternatives(sending);
    for (size_t i = 0; is_ok && i < mail->attachment_count; i++)
        is_ok = add_attachment(sending, &mail->attachments[i]);
    return is_ok;
}

/* --- sending --- */

static int
look_for_cancel(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                curl_off_t up)
{
    const struct sending *sending = context;
    return sending->mail->is_cancelled != NULL && atomic_load(sending->mail->is_cancelled);
}

static void
set_options(struct sending *sending)
{
    const struct mail_server *server = sending->server;
    CURL *easy = sending->easy;
    curl_easy_setopt(easy, CURLOPT_URL, server->url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, sending->words);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)sending->mail->time_ms_max);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, look_for_cancel);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, sending);
    curl_easy_setopt(easy, CURLOPT_USE_SSL,
                     server->tls == MAIL_TLS_REQUIRED ? (long)CURLUSESSL_ALL
                                                      : (long)CURLUSESSL_NONE);
    if (server->ca_file != NULL)
        curl_easy_setopt(easy, CURLOPT_CAINFO, server->ca_file);
    if (server->user != NULL) {
        curl_easy_setopt(easy, CURLOPT_USERNAME, server->user);
        curl_easy_setopt(easy, CURLOPT_PASSWORD, server->password);
    }
    curl_easy_setopt(easy, CURLOPT_MAIL_FROM, server->from);
    curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, sending->recipients);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, sending->headers);
    curl_easy_setopt(easy, CURLOPT_MIMEPOST, sending->mime);
}

static enum status
status_of(CURLcode code, long answer)
{
    switch ((int)code) {
    case CURLE_OK:
        return STATUS_OK;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
        return STATUS_UNAVAILABLE;
    case CURLE_OPERATION_TIMEDOUT:
        return STATUS_TIMEOUT;
    case CURLE_ABORTED_BY_CALLBACK:
        return STATUS_CANCELLED;
    case CURLE_LOGIN_DENIED:
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
        return STATUS_FORBIDDEN;
    default:
        break;
    }
    if (answer >= 500 && answer < 600)
        return STATUS_INVALID;
    return answer >= 400 && answer < 500 ? STATUS_UNAVAILABLE : STATUS_IO;
}

static enum status
transfer(struct sending *sending, struct error *error)
{
    long answer = 0;
    CURLcode code = curl_easy_perform(sending->easy);
    curl_easy_getinfo(sending->easy, CURLINFO_RESPONSE_CODE, &answer);
    enum status status = status_of(code, answer);
    if (status == STATUS_OK)
        return STATUS_OK;
    const char *words = sending->words[0] != '\0' ? sending->words : curl_easy_strerror(code);
    return answer >= 400
               ? error_set(error, status, "the mail server answered %ld: %s", answer, words)
               : error_set(error, status, "the mail server: %s", words);
}

enum status
mailer_send(void *mailer, const struct mail *mail, struct error *error)
{
    struct sending sending = {.mail = mail, .server = mailer};
    if (sending.server->url == NULL)
        return error_set(error, STATUS_UNSUPPORTED, "no mail server is configured: set smtp_url");
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return error_set(error, STATUS_IO, "libcurl cannot begin");
    sending.easy = curl_easy_init();
    enum status status = STATUS_IO;
    if (sending.easy != NULL && add_body(&sending)) {
        add_headers(&sending);
        set_options(&sending);
        status = transfer(&sending, error);
    } else {
        error_set(error, status, "there is no memory for the mail");
    }
    curl_easy_cleanup(sending.easy);
    curl_mime_free(sending.mime);
    curl_slist_free_all(sending.headers);
    curl_slist_free_all(sending.recipients);
    curl_global_cleanup();
    return status;
}
