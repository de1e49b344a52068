/* Tokens of those who may answer: one spelling, and none but those that were given out. */
#include "base/base64.h"
#include "base/limits.h"
#include "engine/ask_token.h"
#include "test.h"

static const struct digest secret = {{1, 2, 3}};

static struct ask_token
sample(void)
{
    return (struct ask_token){.run = {{9, 8, 7}},
                              .step = SLICE("payment"),
                              .key = SLICE("\x01\x02"),
                              .says = ASK_SAYS_NO,
                              .expires_unix_ms = INT64_C(1900000000123)};
}

static void
print(struct buffer *out, const struct ask_token *token)
{
    buffer_init(out, ASK_TOKEN_BYTES_MAX);
    ask_token_print(out, &secret, token);
    assert_false(buffer_is_over(out));
}

static void
test_token_is_read_back(void **state)
{
    struct ask_token token = sample(), again;
    struct buffer text;
    struct arena arena;
    arena_init(&arena, KIB(4));
    print(&text, &token);
    assert_true(ask_token_read(&again, &arena, &secret, buffer_slice(&text)));
    assert_true(id_equal(&again.run, &token.run));
    assert_true(slice_equal(again.step, token.step));
    assert_true(slice_equal(again.key, token.key));
    assert_int_equal(again.says, ASK_SAYS_NO);
    assert_int_equal(again.expires_unix_ms, token.expires_unix_ms);
    buffer_done(&text);
    arena_done(&arena);
}

static void
test_longest_token_fits(void **state)
{
    char step[UINT8_MAX], key[255];
    struct ask_token token = sample(), again;
    struct buffer text;
    struct arena arena;
    memset(step, 's', sizeof(step));
    memset(key, 'k', sizeof(key));
    token.step = slice_of(step, 64);
    token.key = slice_of(key, sizeof(key));
    arena_init(&arena, KIB(4));
    print(&text, &token);
    assert_true(ask_token_read(&again, &arena, &secret, buffer_slice(&text)));
    assert_true(slice_equal(again.key, token.key));
    buffer_done(&text);
    arena_done(&arena);
}

static void
test_every_changed_bit_is_refused(void **state)
{
    struct ask_token token = sample(), again;
    struct buffer text, changed;
    struct arena arena;
    char raw[BASE64_DECODED_BYTES(ASK_TOKEN_BYTES_MAX)];
    size_t size = 0;
    arena_init(&arena, MIB(1));
    print(&text, &token);
    assert_true(base64url_decode(raw, &size, buffer_slice(&text)));
    for (size_t bit = 0; bit < 8 * size; bit++) {
        raw[bit / 8] = (char)(raw[bit / 8] ^ 1 << bit % 8);
        buffer_init(&changed, ASK_TOKEN_BYTES_MAX);
        base64url_encode(&changed, slice_of(raw, size));
        if (ask_token_read(&again, &arena, &secret, buffer_slice(&changed)))
            fail_msg("bit %zu does not matter", bit);
        buffer_done(&changed);
        raw[bit / 8] = (char)(raw[bit / 8] ^ 1 << bit % 8);
    }
    buffer_done(&text);
    arena_done(&arena);
}

static void
test_other_texts_are_refused(void **state)
{
    static const struct digest other = {{1, 2, 4}};
    struct ask_token token = sample(), again;
    struct buffer text;
    struct arena arena;
    arena_init(&arena, KIB(64));
    print(&text, &token);
    assert_false(ask_token_read(&again, &arena, &other, buffer_slice(&text)));
    for (size_t size = 0; size < text.size; size++)
        assert_false(ask_token_read(&again, &arena, &secret, slice_of(text.ptr, size)));
    buffer_append_byte(&text, 'A');
    assert_false(ask_token_read(&again, &arena, &secret, buffer_slice(&text)));
    buffer_done(&text);
    arena_done(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_token_is_read_back),
        cmocka_unit_test(test_longest_token_fits),
        cmocka_unit_test(test_every_changed_bit_is_refused),
        cmocka_unit_test(test_other_texts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
