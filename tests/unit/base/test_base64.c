#include "base/base64.h"
#include "base/buffer.h"
#include "test.h"

#include <string.h>

/* RFC 4648, section 10, and bytes that are no text. */
static void
test_there_and_back(void **state)
{
    static const struct {
        struct slice bytes;
        const char *text;
    } rows[] = {
        {{"", 0}, ""},
        {{"f", 1}, "Zg=="},
        {{"fo", 2}, "Zm8="},
        {{"foo", 3}, "Zm9v"},
        {{"foob", 4}, "Zm9vYg=="},
        {{"fooba", 5}, "Zm9vYmE="},
        {{"foobar", 6}, "Zm9vYmFy"},
        {{"\xFF\xFE\0\x80", 4}, "//4AgA=="},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buffer out;
        char bytes[16];
        size_t size = 0;
        buffer_init(&out, 64);
        base64_encode(&out, rows[i].bytes);
        assert_true(slice_is(buffer_slice(&out), rows[i].text));
        assert_true(base64_decode(bytes, &size, buffer_slice(&out)));
        assert_true(slice_equal(slice_of(bytes, size), rows[i].bytes));
        buffer_done(&out);
    }
}

static void
test_what_is_none_is_refused(void **state)
{
    static const char *const texts[] = {
        "Z", "Zg", "Zg=", "Zg=a", "Zh==", "Zm9=", "Z g=", "Zm9v\n", "====", "Zm9v====", "Zm-v"};
    char bytes[16];
    size_t size = 0;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        if (base64_decode(bytes, &size, slice_text(texts[i])))
            fail_msg("\"%s\" was read", texts[i]);
    }
}

/* RFC 4648, section 5: other digits, no padding, still one text for the same bytes. */
static void
test_base64url(void **state)
{
    static const struct {
        struct slice bytes;
        const char *text;
    } rows[] = {
        {{"", 0}, ""},
        {{"f", 1}, "Zg"},
        {{"fo", 2}, "Zm8"},
        {{"foo", 3}, "Zm9v"},
        {{"\xFF\xFE\0\x80", 4}, "__4AgA"},
        {{"\xFB", 1}, "-w"},
    };
    static const char *const wrong[] = {"Z", "Zg==", "Zh", "Zm9", "//4AgA", "+w", "Zm9vZ", "Z g"};
    char bytes[16];
    size_t size = 0;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buffer out;
        buffer_init(&out, 64);
        base64url_encode(&out, rows[i].bytes);
        assert_true(slice_is(buffer_slice(&out), rows[i].text));
        assert_true(base64url_decode(bytes, &size, buffer_slice(&out)));
        assert_true(slice_equal(slice_of(bytes, size), rows[i].bytes));
        buffer_done(&out);
    }
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        if (base64url_decode(bytes, &size, slice_text(wrong[i])))
            fail_msg("\"%s\" was read", wrong[i]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_what_is_none_is_refused),
        cmocka_unit_test(test_base64url),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
