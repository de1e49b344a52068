/* What callers of webhooks show: each way in, and everything that is nearly right. */
#include "service/hook_proof.h"

#include "base/base64.h"
#include "base/buffer.h"
#include "base/digest.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

#define NOW 1700000000
#define OLD_SECRET "whsec_b2xkIHNlY3JldCBvZiB0aGlydHktdHdvIGJ5dGVzIQ=="
/* The example of the Standard Webhooks specification's libraries. */
#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define BODY "{\"test\": 2432232314}"

static const struct hook_secrets secrets = {{SECRET, sizeof(SECRET) - 1},
                                            {OLD_SECRET, sizeof(OLD_SECRET) - 1}};

static enum status
check(enum hook_auth auth, const struct hook_proof *proof, int64_t now, const char *words)
{
    struct error error = {0};
    enum status status = hook_check(auth, proof, &secrets, now, &error);
    if (words != NULL && strstr(error.text, words) == NULL)
        fail_msg("\"%s\", not \"%s\"", error.text, words);
    return status;
}

/* The known answer: msg_p5jXN8AQM9LWM0D4loKWxJek, 1614265330. */
static const struct hook_proof known = {
    .id = {"msg_p5jXN8AQM9LWM0D4loKWxJek", 28},
    .timestamp = {"1614265330", 10},
    .signature = {"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", 47},
    .body = {BODY, sizeof(BODY) - 1},
};

static void
test_the_example_of_the_specification_comes_in(void **state)
{
    assert_int_equal(check(HOOK_AUTH_STANDARD, &known, 1614265330, NULL), STATUS_OK);
    assert_int_equal(check(HOOK_AUTH_STANDARD, &known, 1614265330 + 300, NULL), STATUS_OK);
    assert_int_equal(check(HOOK_AUTH_STANDARD, &known, 1614265330 - 300, NULL), STATUS_OK);
}

static void
test_several_signatures_one_of_which_is_right(void **state)
{
    struct hook_proof proof = known;
    proof.signature =
        SLICE("v1a,AAAA v1,AAAA v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v2,x");
    assert_int_equal(check(HOOK_AUTH_STANDARD, &proof, 1614265330, NULL), STATUS_OK);
}

static void
test_nearly_right_is_wrong(void **state)
{
    struct {
        struct hook_proof proof;
        const char *words;
    } table[] = {
        {known, "five minutes"},           {known, "expected the headers"},
        {known, "expected the headers"},   {known, "expected the headers"},
        {known, "seconds since 1970"},     {known, "the signature is wrong"},
        {known, "the signature is wrong"}, {known, "the signature is wrong"},
        {known, "the signature is wrong"}, {known, "the signature is wrong"},
        {known, "the signature is wrong"},
    };
    table[0].proof.timestamp = SLICE("1614265029");
    table[1].proof.id = slice_of(NULL, 0);
    table[2].proof.timestamp = slice_of(NULL, 0);
    table[3].proof.signature = slice_of(NULL, 0);
    table[4].proof.timestamp = SLICE("1614265330.0");
    table[5].proof.timestamp = SLICE("1614265331");
    table[6].proof.id = SLICE("msg_p5jXN8AQM9LWM0D4loKWxJeK");
    table[7].proof.body = SLICE("{\"test\":2432232314}");
    table[8].proof.signature = SLICE("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE");
    table[9].proof.signature = SLICE("g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    table[10].proof.signature = SLICE("v1,");
    for (size_t i = 0; i < COUNT_OF(table); i++)
        assert_int_equal(check(HOOK_AUTH_STANDARD, &table[i].proof, 1614265330, table[i].words),
                         STATUS_UNAUTHORIZED);
    assert_int_equal(check(HOOK_AUTH_STANDARD, &known, 1614265330 + 301, "five minutes"),
                     STATUS_UNAUTHORIZED);
}

static void
test_the_secret_before_holds_too(void **state)
{
    char key[64], text[80];
    size_t size = 0;
    struct buffer signature;
    assert_true(base64_decode(key, &size, slice_text(&OLD_SECRET[6])));
    struct digest mac = digest_hmac(slice_of(key, size), SLICE("m.1700000000." BODY));
    buffer_init(&signature, 100);
    base64_encode(&signature, slice_of((const char *)mac.bytes, DIGEST_BYTES));
    snprintf(text, sizeof(text), "v1,%.*s", (int)signature.size, signature.ptr);
    struct hook_proof proof = {.id = SLICE("m"),
                               .timestamp = SLICE("1700000000"),
                               .signature = slice_text(text),
                               .body = SLICE(BODY)};
    assert_int_equal(check(HOOK_AUTH_STANDARD, &proof, NOW, NULL), STATUS_OK);
    struct hook_secrets only = {.now = secrets.now};
    assert_int_equal(hook_check(HOOK_AUTH_STANDARD, &proof, &only, NOW, NULL), STATUS_UNAUTHORIZED);
    buffer_done(&signature);
}

static void
test_hub_signatures(void **state)
{
    char text[80] = "sha256=";
    struct digest mac = digest_hmac(SLICE(SECRET), SLICE(BODY));
    digest_hex(&mac, text + 7);
    struct hook_proof proof = {.hub_signature = slice_text(text), .body = SLICE(BODY)};
    assert_int_equal(check(HOOK_AUTH_HUB, &proof, NOW, NULL), STATUS_OK);
    proof.body = SLICE(BODY " ");
    assert_int_equal(check(HOOK_AUTH_HUB, &proof, NOW, "wrong"), STATUS_UNAUTHORIZED);
    proof.hub_signature = slice_text(text + 7);
    assert_int_equal(check(HOOK_AUTH_HUB, &proof, NOW, "wrong"), STATUS_UNAUTHORIZED);
    proof.hub_signature = slice_of(NULL, 0);
    assert_int_equal(check(HOOK_AUTH_HUB, &proof, NOW, "X-Hub-Signature-256"), STATUS_UNAUTHORIZED);
}

static void
test_plain_secrets(void **state)
{
    struct hook_proof proof = {.header_secret = SLICE(SECRET), .query_secret = SLICE(OLD_SECRET)};
    assert_int_equal(check(HOOK_AUTH_HEADER, &proof, NOW, NULL), STATUS_OK);
    assert_int_equal(check(HOOK_AUTH_QUERY, &proof, NOW, NULL), STATUS_OK);
    proof.header_secret = SLICE("");
    proof.query_secret = SLICE(SECRET "x");
    assert_int_equal(check(HOOK_AUTH_HEADER, &proof, NOW, "wrong"), STATUS_UNAUTHORIZED);
    assert_int_equal(check(HOOK_AUTH_QUERY, &proof, NOW, "wrong"), STATUS_UNAUTHORIZED);
    proof = (struct hook_proof){.body = SLICE(BODY)};
    assert_int_equal(check(HOOK_AUTH_HEADER, &proof, NOW, "X-Webhook-Secret"), STATUS_UNAUTHORIZED);
    assert_int_equal(check(HOOK_AUTH_QUERY, &proof, NOW, "?secret="), STATUS_UNAUTHORIZED);
    assert_int_equal(check(HOOK_AUTH_NONE, &proof, NOW, NULL), STATUS_OK);
}

static void
test_basic_passwords(void **state)
{
    static const struct {
        const char *before, *pair;
        enum status status;
    } table[] = {
        {"Basic ", "anyone:" SECRET, STATUS_OK},
        {"basic ", ":" OLD_SECRET, STATUS_OK},
        {"Basic ", "anyone:" SECRET "x", STATUS_UNAUTHORIZED},
        {"Basic ", SECRET, STATUS_UNAUTHORIZED},
        {"Basic ", "", STATUS_UNAUTHORIZED},
        {"Bearer ", "anyone:" SECRET, STATUS_UNAUTHORIZED},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct buffer header;
        buffer_init(&header, 1000);
        buffer_append_text(&header, table[i].before);
        base64_encode(&header, slice_text(table[i].pair));
        struct hook_proof proof = {.authorization = buffer_slice(&header)};
        assert_int_equal(check(HOOK_AUTH_BASIC, &proof, NOW, NULL), table[i].status);
        buffer_done(&header);
    }
    char longest[5000];
    memset(longest, 'A', sizeof(longest));
    memcpy(longest, "Basic ", 6);
    struct hook_proof proof = {.authorization = slice_of(longest, sizeof(longest))};
    assert_int_equal(check(HOOK_AUTH_BASIC, &proof, NOW, "Base64"), STATUS_UNAUTHORIZED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_example_of_the_specification_comes_in),
        cmocka_unit_test(test_several_signatures_one_of_which_is_right),
        cmocka_unit_test(test_nearly_right_is_wrong),
        cmocka_unit_test(test_the_secret_before_holds_too),
        cmocka_unit_test(test_hub_signatures),
        cmocka_unit_test(test_plain_secrets),
        cmocka_unit_test(test_basic_passwords),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
