/* Addresses that mails may go to. */
#include "base/mail.h"
#include "test.h"

static void
test_plain_addresses_are_good(void **state)
{
    static const char *const good[] = {
        "ada@example.com", "a@b",          "first.last+tag@sub.example.co.uk",
        "x_y-z@a-b.c",     "o'neil@c.org", "!#$%&'*+/=?^_`{|}~@d.e",
    };
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        if (!mail_address_is_good(slice_text(good[i])))
            fail_msg("%s", good[i]);
    }
}

static void
test_what_could_end_a_header_is_not(void **state)
{
    static const char *const bad[] = {
        "",           "a",
        "@b.c",       "a@",
        "a@@b",       "a@b@c",
        "a b@c.de",   "a@b c",
        "<a@b.c>",    "a@b.c>",
        "a@b.c\r\nx", "a@b.c\n",
        "a,b@c.de",   "a;b@c.de",
        "a@b..c",     ".a@b.c",
        "a.@b.c",     "a..b@c.d",
        "\"a\"@b.c",  "a@[10.0.0.1]",
        "a@b_c",      "\xc3\xa4@b.c",
        "a\t@b.c",    "Ada <a@b.c>",
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        if (mail_address_is_good(slice_text(bad[i])))
            fail_msg("%zu: %s", i, bad[i]);
    }
    assert_false(mail_address_is_good(slice_of("a@b\0c", 5)));
    assert_false(mail_address_is_good(slice_of("a\0@bc", 5)));
}

static void
test_long_ones_are_refused(void **state)
{
    char text[400];
    memset(text, 'x', sizeof(text));
    text[64] = '@';
    assert_true(mail_address_is_good(slice_of(text, MAIL_ADDRESS_BYTES_MAX)));
    assert_false(mail_address_is_good(slice_of(text, MAIL_ADDRESS_BYTES_MAX + 1)));
    text[64] = 'x';
    text[65] = '@';
    assert_false(mail_address_is_good(slice_of(text, 100)));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_addresses_are_good),
        cmocka_unit_test(test_what_could_end_a_header_is_not),
        cmocka_unit_test(test_long_ones_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
