/* Identifiers and digests. */
#include "base/clock.h"
#include "base/digest.h"
#include "base/id.h"
#include "base/rng.h"
#include "base/status.h"
#include "test.h"

#include <string.h>

static int64_t now_ms;

static int64_t
fake_time(struct clock *clock)
{
    return now_ms;
}

static struct clock fake_clock = {.unix_ms = fake_time, .mono_us = fake_time};

static void
source_make(struct id_source *source)
{
    struct rng rng;
    rng_seed(&rng, 1);
    id_source_init(source, &fake_clock, &rng);
}

static void
test_ids_rise_whatever_the_clock_does(void **state)
{
    static const int64_t times[] = {1000, 1000, 1999, 2000, 500, 2000, 4000000000000, 3};
    struct id_source source;
    source_make(&source);
    struct id last = {{0}};
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        now_ms = times[i];
        for (int j = 0; j < 3; j++) {
            struct id id = id_next(&source);
            assert_true(memcmp(id.bytes, last.bytes, ID_BYTES) > 0);
            last = id;
        }
    }
}

static void
test_a_later_source_goes_on_behind_an_earlier_one(void **state)
{
    struct id last = {{0}};
    now_ms = 5000;
    for (uint64_t i = 0; i < 1000; i++) {
        struct id_source source;
        struct rng rng;
        rng_seed(&rng, i);
        id_source_init(&source, &fake_clock, &rng);
        source.random[0] &= i == 0 ? 0x7F : 0xFF; /* room for the steps */
        if (i > 0)
            id_source_follow(&source, &last);
        struct id first = id_next(&source), second = id_next(&source);
        assert_true(memcmp(first.bytes, last.bytes, ID_BYTES) > 0);
        assert_true(memcmp(second.bytes, first.bytes, ID_BYTES) > 0);
        last = i % 2 == 0 ? first : second;
    }
}

static void
test_id_begins_with_its_second(void **state)
{
    struct id_source source;
    source_make(&source);
    now_ms = INT64_C(0x65432100) * 1000 + 999;
    struct id id = id_next(&source);
    char hex[ID_HEX_BYTES];
    id_hex(&id, hex);
    assert_memory_equal(hex, "65432100", 8);
    assert_memory_equal(hex + 18, "000000", 7);
    assert_false(id_is_zero(&id));
}

static void
test_each_form_is_read_back(void **state)
{
    struct id id = {{0x65, 0x43, 0x21, 0, 1, 2, 3, 4, 5, 0xFD, 0xFE, 0xFF}};
    char hex[ID_HEX_BYTES], uuid[ID_UUID_BYTES];
    id_hex(&id, hex);
    id_uuid(&id, uuid);
    assert_string_equal(hex, "654321000102030405fdfeff");
    assert_string_equal(uuid, "65432100-0102-8703-9d04-05fdfeff5752");

    static const char *const forms[] = {
        "654321000102030405fdfeff",
        "654321000102030405FDFEFF",
        "wf_654321000102030405fdfeff",
        "65432100-0102-8703-9d04-05fdfeff5752",
        "65432100-0102-8703-9D04-05FDFEFF5752",
    };
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        struct id read = {{0}};
        if (!id_parse(&read, slice_text(forms[i])) || !id_equal(&read, &id))
            fail_msg("%s", forms[i]);
    }
}

static void
test_other_texts_are_no_ids(void **state)
{
    static const char *const texts[] = {
        "",
        "654321000102030405fdfef",
        "654321000102030405fdfeffa",
        "g54321000102030405fdfeff",
        "65432100010203040 fdfeff",
        "wf-654321000102030405fdfeff",
        "wf_654321000102030405fdfefx",
        "65432100-0102-4703-9d04-05fdfeff5752",
        "65432100-0102-8703-9d04-05fdfeff5753",
        "65432100-0102-8703-9d04-05fdfeff57",
        "654321000-102-8703-9d04-05fdfeff5752",
        "65432100-0102-8703-9d04-05fdfeff575g",
        "00000000-0000-0000-0000-000000000000",
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct id id = {{9}};
        if (id_parse(&id, slice_text(texts[i])) || !id_is_zero(&id))
            fail_msg("%s", texts[i]);
    }
}

static void
test_sha256_known_answers(void **state)
{
    static const struct {
        const char *text;
        const char *hex;
    } table[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    struct digest_context *context = digest_context_new();
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        char hex[2 * DIGEST_BYTES + 1];
        struct slice text = slice_text(table[i].text);
        struct digest whole = digest_of(text);
        digest_hex(&whole, hex);
        assert_string_equal(hex, table[i].hex);

        digest_context_add(context, slice_of(text.ptr, text.size / 2));
        digest_context_add(context, slice_of(NULL, 0));
        digest_context_add(context, slice_of(text.ptr + text.size / 2, text.size - text.size / 2));
        struct digest pieces = digest_context_finish(context);
        assert_memory_equal(pieces.bytes, whole.bytes, DIGEST_BYTES);
    }
    digest_context_free(&context);
    assert_null(context);
    digest_context_free(&context);
    assert_int_equal(digest_of(slice_of(NULL, 0)).bytes[0], 0xE3);
}

static void
test_hmac_known_answers(void **state)
{
    /* RFC 4231, cases 1 and 2, and the empty key and text. */
    static const struct {
        const char *key, *text, *hex;
    } table[] = {
        {"\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b",
         "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {"Jefe", "what do ya want for nothing?",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {"", "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        char hex[2 * DIGEST_BYTES + 1];
        struct digest digest = digest_hmac(slice_text(table[i].key), slice_text(table[i].text));
        digest_hex(&digest, hex);
        assert_string_equal(hex, table[i].hex);
    }
}

static void
test_secrets_compare_whole(void **state)
{
    assert_true(digest_secret_equal(SLICE("secret"), SLICE("secret")));
    assert_true(digest_secret_equal(SLICE(""), slice_of(NULL, 0)));
    assert_false(digest_secret_equal(SLICE("secret"), SLICE("secreT")));
    assert_false(digest_secret_equal(SLICE("secret"), SLICE("secre")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids_rise_whatever_the_clock_does),
        cmocka_unit_test(test_a_later_source_goes_on_behind_an_earlier_one),
        cmocka_unit_test(test_id_begins_with_its_second),
        cmocka_unit_test(test_each_form_is_read_back),
        cmocka_unit_test(test_other_texts_are_no_ids),
        cmocka_unit_test(test_sha256_known_answers),
        cmocka_unit_test(test_hmac_known_answers),
        cmocka_unit_test(test_secrets_compare_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
