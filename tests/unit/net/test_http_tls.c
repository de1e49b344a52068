/* TLS in front of the HTTP server: its files, what it speaks and what not, and clients that never
 * get through the handshake. That requests fare as in plain is shown by the tests of the server,
 * which run through TLS too. */
#include "certificate.h"
#include "http_peer.h"
#include "net/http_tls.h"
#include "test.h"

#include "base/clock.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOST "Host: a\r\n"
#define GET "GET / HTTP/1.1\r\n" HOST "\r\n"
#define GET_LAST "GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"

static struct certificate one, two;

/* Says whether it came through TLS. */
static void
tell(struct http_request *request, void *context)
{
    struct http_answer answer = {.status = 200};
    answer.body = http_request_is_secure(request) ? SLICE("secure") : SLICE("plain");
    http_answer(request, &answer);
}

static void
break_off(struct http_request *request, void *context)
{
    const struct http_answer answer = {.status = 200};
    const struct http_stream stream = {0};
    http_answer_begin(request, &answer, &stream);
    assert_int_equal(http_answer_write(request, SLICE("half")), STATUS_OK);
    http_answer_break(request);
}

static struct http_tls *
new_tls(const struct certificate *certificate)
{
    struct http_tls *tls = NULL;
    struct error error;
    if (http_tls_new(&tls, certificate->path, certificate->key_path, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    return tls;
}

/* A peer with what a client of OpenSSL may want. */
struct wish {
    int min_version, max_version;
    const char *ciphers;
    const char *protocols; /* of ALPN, each behind its length */
    SSL_SESSION *session;
};

/* The peer is connected and the handshake done, or .tls is NULL. */
static struct peer
shake(const struct http_server *server, struct wish wish)
{
    struct peer peer = peer_connect(server);
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, wish.min_version);
    SSL_CTX_set_max_proto_version(context, wish.max_version);
    if (wish.ciphers != NULL)
        assert_int_equal(SSL_CTX_set_cipher_list(context, wish.ciphers), 1);
    peer.tls = SSL_new(context);
    SSL_CTX_free(context);
    if (wish.protocols != NULL)
        SSL_set_alpn_protos(peer.tls, (const unsigned char *)wish.protocols,
                            (unsigned)strlen(wish.protocols));
    if (wish.session != NULL)
        SSL_set_session(peer.tls, wish.session);
    SSL_set_fd(peer.tls, peer.fd);
    ERR_clear_error();
    if (SSL_connect(peer.tls) != 1) {
        SSL_free(peer.tls);
        peer.tls = NULL;
    }
    return peer;
}

static void
test_files_that_cannot_be_used_are_named(void **state)
{
    struct certificate rsa, weak;
    certificate_make(&rsa, CERTIFICATE_RSA);
    certificate_make(&weak, CERTIFICATE_WEAK);
    const struct {
        const char *certificate, *key;
        enum status status;
        const char *words;
    } table[] = {
        {"/nowhere/cert.pem", one.key_path, STATUS_NOT_FOUND,
         "the certificate /nowhere/cert.pem cannot be read: No such file"},
        {one.path, "/nowhere/key.pem", STATUS_NOT_FOUND,
         "the key /nowhere/key.pem cannot be read: No such file"},
        {one.key_path, one.key_path, STATUS_INVALID, "holds no certificate; expected PEM"},
        {one.path, one.path, STATUS_INVALID, "holds no private key that can be used"},
        {"/dev/null", one.key_path, STATUS_INVALID, "holds no certificate"},
        {one.path, "/dev/null", STATUS_INVALID, "holds no private key"},
        {one.folder, one.key_path, STATUS_INVALID, "holds no certificate"},
        {one.path, two.key_path, STATUS_INVALID, "is not that of the certificate"},
        {one.path, rsa.key_path, STATUS_INVALID, "is not that of the certificate"},
        {weak.path, weak.key_path, STATUS_INVALID, "cannot be used: ee key too small"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct http_tls *tls = NULL;
        struct error error = {0};
        enum status status = http_tls_new(&tls, table[i].certificate, table[i].key, &error);
        if (status != table[i].status || tls != NULL || strstr(error.text, table[i].words) == NULL)
            fail_msg("%zu: %s: %s", i, status_name(status), error.text);
    }
    certificate_remove(&rsa);
    certificate_remove(&weak);
}

static void
test_the_time_of_a_certificate_is_looked_at(void **state)
{
    const int64_t day_ms = INT64_C(86400000);
    struct http_tls *tls = new_tls(&one);
    struct error error = {0};
    int64_t now_ms = clock_unix_ms(clock_system());
    assert_int_equal(http_tls_check_time(tls, now_ms, &error), STATUS_OK);
    assert_true(http_tls_expires_unix_ms(tls) > now_ms);
    assert_true(http_tls_expires_unix_ms(tls) <= now_ms + day_ms);
    assert_int_equal(http_tls_check_time(tls, now_ms + 2 * day_ms, &error), STATUS_INVALID);
    assert_non_null(strstr(error.text, "ended on "));
    assert_int_equal(http_tls_check_time(tls, now_ms - 2 * day_ms, &error), STATUS_INVALID);
    assert_non_null(strstr(error.text, "begins only on "));
    http_tls_free(&tls);
}

static bool
shows(struct peer *peer, const struct certificate *certificate)
{
    X509 *seen = SSL_get1_peer_certificate(peer->tls);
    FILE *file = fopen(certificate->path, "re");
    X509 *wanted = PEM_read_X509(file, NULL, NULL, NULL);
    bool same = X509_cmp(seen, wanted) == 0;
    fclose(file);
    X509_free(seen);
    X509_free(wanted);
    return same;
}

static void
test_new_files_are_for_new_connections(void **state)
{
    struct certificate files;
    struct error error = {0};
    int64_t now_ms = clock_unix_ms(clock_system());
    certificate_make(&files, CERTIFICATE_RSA);
    certificate_replace(&files, &one);
    struct http_tls *tls = new_tls(&files);
    struct http_server *server =
        peer_start_server((struct http_server_config){.handler = tell, .tls = tls});
    struct peer first = shake(server, (struct wish){0});
    assert_true(shows(&first, &one));

    certificate_replace(&files, &two);
    assert_int_equal(http_tls_reload(tls, now_ms, &error), STATUS_OK);
    struct peer second = shake(server, (struct wish){0});
    assert_true(shows(&second, &two));
    peer_expect(&first, GET, 200, "secure");
    peer_expect(&second, GET, 200, "secure");

    /* What cannot be used changes nothing. */
    assert_int_equal(http_tls_reload(tls, now_ms + INT64_C(172800000), &error), STATUS_INVALID);
    assert_int_equal(unlink(files.key_path), 0);
    assert_int_equal(http_tls_reload(tls, now_ms, &error), STATUS_NOT_FOUND);
    struct peer third = shake(server, (struct wish){0});
    assert_true(shows(&third, &two));
    peer_expect(&third, GET, 200, "secure");
    peer_close(&first);
    peer_close(&second);
    peer_close(&third);
    peer_stop_server(&server);
    http_tls_free(&tls);
    certificate_remove(&files);
}

static void
test_what_is_spoken(void **state)
{
    static const struct {
        const char *label;
        struct wish wish;
        bool is_spoken;
        const char *protocol;
    } table[] = {
        {"TLS 1.3", {.min_version = TLS1_3_VERSION}, true, ""},
        {"TLS 1.2", {.max_version = TLS1_2_VERSION}, true, ""},
        {"TLS 1.1", {.max_version = TLS1_1_VERSION}, false, NULL},
        {"TLS 1.0", {.max_version = TLS1_VERSION}, false, NULL},
        {"no forward secrecy",
         {.max_version = TLS1_2_VERSION, .ciphers = "AES128-GCM-SHA256:AES256-SHA"},
         false,
         NULL},
        {"CBC", {.max_version = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-AES128-SHA"}, false, NULL},
        {"no key", {.max_version = TLS1_2_VERSION, .ciphers = "aNULL"}, false, NULL},
        {"ALPN http/1.1", {.protocols = "\x02h2\x08http/1.1"}, true, "http/1.1"},
        {"ALPN h2 alone", {.protocols = "\x02h2"}, false, NULL},
        {"ALPN of mail", {.protocols = "\x04smtp"}, false, NULL},
    };
    struct http_tls *tls = new_tls(&one);
    struct http_server *server =
        peer_start_server((struct http_server_config){.handler = tell, .tls = tls});
    uint64_t refused = 0;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct peer peer = shake(server, table[i].wish);
        if ((peer.tls != NULL) != table[i].is_spoken)
            fail_msg("%s: %s", table[i].label, peer.tls != NULL ? "spoken" : "refused");
        if (peer.tls != NULL) {
            const unsigned char *protocol = NULL;
            unsigned size = 0;
            SSL_get0_alpn_selected(peer.tls, &protocol, &size);
            assert_true(slice_is(slice_of((const char *)protocol, size), table[i].protocol));
            peer_expect(&peer, GET, 200, "secure");
        } else {
            refused++;
        }
        peer_close(&peer);
    }
    peer_wait_open(server, 0);
    assert_int_equal(http_server_counts(server).shakes_failed, refused);
    peer_stop_server(&server);
    http_tls_free(&tls);
}

static void
test_sessions_are_taken_up_again(void **state)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    struct http_tls *tls = new_tls(&one);
    struct http_server *server =
        peer_start_server((struct http_server_config){.handler = tell, .tls = tls});
    for (size_t i = 0; i < COUNT_OF(versions); i++) {
        struct wish wish = {.min_version = versions[i], .max_version = versions[i]};
        struct peer first = shake(server, wish);
        peer_expect(&first, GET_LAST, 200, "secure");
        assert_true(peer_read_end(&first));
        wish.session = SSL_get1_session(first.tls);
        /* Closed as it should be, or OpenSSL thinks it not fit for use. */
        SSL_shutdown(first.tls);
        peer_close(&first);
        struct peer second = shake(server, wish);
        assert_true(SSL_session_reused(second.tls));
        peer_expect(&second, GET, 200, "secure");
        peer_close(&second);
        SSL_SESSION_free(wish.session);
    }
    peer_stop_server(&server);
    http_tls_free(&tls);
}

static void
test_nobody_begins_anew(void **state)
{
    struct http_tls *tls = new_tls(&one);
    struct http_server *server =
        peer_start_server((struct http_server_config){.handler = tell, .tls = tls});
    struct peer peer = shake(server, (struct wish){.max_version = TLS1_2_VERSION});
    peer_expect(&peer, GET, 200, "secure");
    SSL_renegotiate(peer.tls);
    assert_int_not_equal(SSL_do_handshake(peer.tls), 1);
    peer_close(&peer);

    /* New keys may be asked for, by who takes what comes back. */
    peer = shake(server, (struct wish){.min_version = TLS1_3_VERSION});
    for (int i = 0; i < 20; i++) {
        assert_int_equal(SSL_key_update(peer.tls, SSL_KEY_UPDATE_REQUESTED), 1);
        peer_expect(&peer, GET, 200, "secure");
    }
    peer_close(&peer);
    peer_stop_server(&server);
    http_tls_free(&tls);
}

static void
test_plain_http_is_told_where_it_is(void **state)
{
    struct http_tls *tls = new_tls(&one);
    struct http_server *server =
        peer_start_server((struct http_server_config){.handler = tell, .tls = tls});
    static const char *const requests[] = {GET, "post /", "X", "DELETE /x HTTP/1.0\r\n\r\n"};
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        struct peer peer = peer_connect(server);
        peer_expect(&peer, requests[i], 400,
                    "{\"error\":\"this port speaks TLS; use https://\"}\n");
        assert_true(peer_read_end(&peer));
        peer_close(&peer);
    }
    peer_wait_open(server, 0);
    assert_int_equal(http_server_counts(server).refused, COUNT_OF(requests));
    assert_int_equal(http_server_counts(server).requests, 0);
    peer_stop_server(&server);
    http_tls_free(&tls);
}

/* A client's first record, as OpenSSL makes it. */
static size_t
make_hello(char *out, size_t size)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *session = SSL_new(context);
    BIO *written = BIO_new(BIO_s_mem());
    SSL_set_bio(session, BIO_new(BIO_s_mem()), written);
    assert_int_not_equal(SSL_connect(session), 1);
    int count = BIO_read(written, out, (int)size);
    SSL_free(session);
    SSL_CTX_free(context);
    assert_true(count > 100);
    return (size_t)count;
}

static void
test_handshakes_that_lead_nowhere_end(void **state)
{
    static const struct {
        const char *label;
        struct slice bytes;
    } table[] = {
        {"zeros", {"\0\0\0\0\0\0\0\0", 8}},
        {"a record that is too long", {"\x16\x03\x01\xff\xff\x01\x00\x00\x00", 9}},
        {"an empty record", {"\x16\x03\x01\x00\x00", 5}},
        {"another version", {"\x16\x09\x09\x00\x05hello", 10}},
        {"SSL 2", {"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10", 11}},
        {"an alert", {"\x15\x03\x01\x00\x02\x02\x28", 7}},
        {"data at once", {"\x17\x03\x03\x00\x05hello", 10}},
        {"a message of another kind", {"\x16\x03\x01\x00\x04\x14\x00\x00\x00", 9}},
        {"a hello of nothing", {"\x16\x03\x01\x00\x04\x01\x00\x00\x00", 9}},
    };
    struct http_tls *tls = new_tls(&one);
    struct http_server *server =
        peer_start_server((struct http_server_config){.handler = tell, .tls = tls, .shake_ms = 50});
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct peer peer = peer_connect(server);
        peer_send(&peer, table[i].bytes);
        /* What comes is no HTTP: an alert at most. */
        peer_read_end(&peer);
        assert_true(peer.in.size < 20);
        peer_close(&peer);
        peer_wait_open(server, 0);
        if (http_server_counts(server).shakes_failed != i + 1)
            fail_msg("%s: not counted", table[i].label);
    }
    assert_int_equal(http_server_counts(server).requests, 0);
    peer_stop_server(&server);
    http_tls_free(&tls);
}

static void
test_half_a_handshake_is_not_waited_for(void **state)
{
    char hello[2048];
    size_t size = make_hello(hello, sizeof(hello));
    const size_t parts[] = {0, 1, 5, 6, size / 2, size - 1, size};
    struct http_tls *tls = new_tls(&one);
    struct http_server *server =
        peer_start_server((struct http_server_config){.handler = tell, .tls = tls, .shake_ms = 20});
    for (int how = 0; how < 3; how++) {
        for (size_t i = 0; i < COUNT_OF(parts); i++) {
            struct peer peer = peer_connect(server);
            peer_send(&peer, slice_of(hello, parts[i]));
            if (how == 0)
                peer_read_end(&peer); /* It waits, until it is too slow. */
            else if (how == 1)
                peer_half_close(&peer);
            else
                peer_reset(&peer);
            peer_wait_open(server, 0);
            peer_close(&peer);
        }
    }
    assert_true(http_server_counts(server).shakes_failed >= COUNT_OF(parts));
    peer_stop_server(&server);

    /* Byte by byte is slow, not wrong, nor is it HTTP when a letter comes first in what is left. */
    server = peer_start_server((struct http_server_config){.handler = tell, .tls = tls});
    for (int round = 0; round < 20; round++) {
        struct peer peer = peer_connect(server);
        for (size_t i = 0; i < size; i++) {
            peer_send(&peer, slice_of(hello + i, 1));
            sched_yield();
        }
        char first = 0;
        assert_int_equal(recv(peer.fd, &first, 1, 0), 1);
        assert_int_equal(first, 0x16); /* The server's own hello. */
        peer_close(&peer);
    }
    peer_stop_server(&server);
    http_tls_free(&tls);
}

static void
test_the_end_is_told_unless_the_answer_broke_off(void **state)
{
    static const struct {
        http_handler_fn *handler;
        const char *request;
        bool is_told;
    } table[] = {
        {tell, GET_LAST, true},           {tell, "GET / HTTP/1.0\r\n\r\n", true},
        {tell, "nonsense\r\n\r\n", true}, {break_off, "GET / HTTP/1.0\r\n\r\n", false},
        {break_off, GET, false},
    };
    struct http_tls *tls = new_tls(&one);
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct http_server *server =
            peer_start_server((struct http_server_config){.handler = table[i].handler, .tls = tls});
        struct peer peer = shake(server, (struct wish){0});
        peer_send_text(&peer, table[i].request);
        peer_read_end(&peer);
        bool is_told = (SSL_get_shutdown(peer.tls) & SSL_RECEIVED_SHUTDOWN) != 0 &&
                       SSL_get_error(peer.tls, 0) == SSL_ERROR_ZERO_RETURN;
        if (is_told != table[i].is_told)
            fail_msg("%zu: %s", i, is_told ? "told" : "not told");
        peer_close(&peer);
        peer_stop_server(&server);
    }
    http_tls_free(&tls);
}

static void
test_who_is_one_too_many_is_closed_at_once(void **state)
{
    struct http_tls *tls = new_tls(&one);
    struct http_server *server = peer_start_server(
        (struct http_server_config){.handler = tell, .tls = tls, .max_per_address = 1});
    struct peer peer = shake(server, (struct wish){0});
    struct peer late = shake(server, (struct wish){0});
    assert_null(late.tls);
    assert_int_equal(http_server_counts(server).turned_away, 1);
    peer_expect(&peer, GET, 200, "secure");
    peer_close(&peer);
    peer_close(&late);
    peer_stop_server(&server);
    http_tls_free(&tls);
}

static int
make_certificates(void **state)
{
    signal(SIGPIPE, SIG_IGN);
    certificate_make(&one, CERTIFICATE_CURVE);
    certificate_make(&two, CERTIFICATE_CURVE);
    return 0;
}

static int
remove_certificates(void **state)
{
    certificate_remove(&one);
    certificate_remove(&two);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_that_cannot_be_used_are_named),
        cmocka_unit_test(test_the_time_of_a_certificate_is_looked_at),
        cmocka_unit_test(test_new_files_are_for_new_connections),
        cmocka_unit_test(test_what_is_spoken),
        cmocka_unit_test(test_sessions_are_taken_up_again),
        cmocka_unit_test(test_nobody_begins_anew),
        cmocka_unit_test(test_plain_http_is_told_where_it_is),
        cmocka_unit_test(test_handshakes_that_lead_nowhere_end),
        cmocka_unit_test(test_half_a_handshake_is_not_waited_for),
        cmocka_unit_test(test_the_end_is_told_unless_the_answer_broke_off),
        cmocka_unit_test(test_who_is_one_too_many_is_closed_at_once),
    };
    return cmocka_run_group_tests(tests, make_certificates, remove_certificates);
}
