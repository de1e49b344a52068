/* Passes: what they open, how often, for how long. */
#include "base/limits.h"
#include "service/host.h"
#include "service/passes.h"
#include "store/simulated/simulated.h"
#include "store/store.h"
#include "test.h"

#include <string.h>

static int64_t now_us;

static int64_t
fake_unix_ms(struct clock *unused)
{
    return now_us / 1000;
}

static int64_t
fake_mono_us(struct clock *unused)
{
    return now_us;
}

static struct clock fake_clock = {fake_unix_ms, fake_mono_us};
static struct service service;

static const struct id workspace_id = {{1}};
static const struct id closed_id = {{2}};
enum who { GOOD, REVOKED, EXPIRING, CLOSED, GONE, WHO_COUNT };

static struct caller
caller_of(enum who who)
{
    return (struct caller){.key = {{9, (uint8_t)who}}};
}

static void
commit(struct intent *intent)
{
    struct error error = {0};
    assert_int_equal(store_commit(service.store, &intent, 1, &error), STATUS_OK);
    assert_int_equal(intent->status, STATUS_OK);
    intent_free(&intent);
}

static void
put_key(enum who who)
{
    struct key_row row = {
        .workspace = who == CLOSED ? closed_id : workspace_id,
        .id = caller_of(who).key,
        .secret = {{(uint8_t)(who + 1)}},
        .name = SLICE("test"),
        .scopes = KEY_SCOPE_RUN,
        .created_unix_ms = 1,
        .expires_unix_ms = who == EXPIRING ? 5000 : 0,
        .revoked_unix_ms = who == REVOKED ? 2 : 0,
    };
    struct intent *intent = intent_new(KIB(4));
    intent_add(intent, STORE_KEY_INSERT, 64)->key = &row;
    commit(intent);
}

static int
open_world(void **state)
{
    const struct workspace_row rows[] = {
        {.id = workspace_id, .name = SLICE("open")},
        {.id = closed_id, .name = SLICE("closed"), .is_closed = true},
    };
    struct intent *intent = intent_new(KIB(4));
    now_us = 1000000;
    service = (struct service){
        .options.clock = &fake_clock,
        .store = simulated_store_new(1),
        .passes = passes_new(),
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        intent_add(intent, STORE_WORKSPACE_INSERT, 64)->workspace = &rows[i];
    commit(intent);
    for (enum who who = GOOD; who < GONE; who++)
        put_key(who);
    return 0;
}

static int
close_world(void **state)
{
    passes_free(&service.passes);
    store_close(&service.store);
    return 0;
}

static void
make(enum who who, int64_t ttl_ms, char out[PASS_TEXT_BYTES])
{
    struct caller caller = caller_of(who);
    service_pass_make(&service, &caller, ttl_ms, out);
}

static enum status
check(const char *text, bool is_peek)
{
    struct caller caller;
    return service_pass_check(&service, slice_text(text), is_peek, &caller);
}

static void
test_what_passes_open(void **state)
{
    static const struct {
        const char *label;
        enum who who;
        int64_t ttl_ms, after_ms;
        enum status status;
    } table[] = {
        {"at once", GOOD, 1000, 0, STATUS_OK},
        {"just in time", GOOD, 1000, 999, STATUS_OK},
        {"too late", GOOD, 1000, 1000, STATUS_UNAUTHORIZED},
        {"of a revoked key", REVOKED, 1000, 0, STATUS_UNAUTHORIZED},
        {"of a key that is valid still", EXPIRING, 300000, 0, STATUS_OK},
        {"of a key that has expired meanwhile", EXPIRING, 300000, 5000, STATUS_UNAUTHORIZED},
        {"of a closed workspace", CLOSED, 1000, 0, STATUS_FORBIDDEN},
        {"of a key that is not there", GONE, 1000, 0, STATUS_UNAUTHORIZED},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        char text[PASS_TEXT_BYTES];
        now_us = 1000000;
        make(table[i].who, table[i].ttl_ms, text);
        now_us += table[i].after_ms * 1000;
        enum status status = check(text, false);
        if (status != table[i].status)
            fail_msg("%s: %s", table[i].label, status_name(status));
        if (check(text, false) != STATUS_UNAUTHORIZED)
            fail_msg("%s: it opens a second time", table[i].label);
    }
}

static void
test_a_pass_is_in_the_name_of_its_key(void **state)
{
    char text[PASS_TEXT_BYTES];
    struct caller caller, wanted = caller_of(GOOD);
    make(GOOD, 1000, text);
    assert_int_equal(strlen(text), PASS_TEXT_BYTES - 1);
    assert_int_equal(service_pass_check(&service, slice_text(text), false, &caller), STATUS_OK);
    assert_true(id_equal(&caller.key, &wanted.key));
    assert_true(id_equal(&caller.workspace, &workspace_id));
    assert_int_equal(caller.scopes, KEY_SCOPE_RUN);
}

static void
test_a_peek_leaves_it(void **state)
{
    char text[PASS_TEXT_BYTES];
    make(GOOD, 1000, text);
    assert_int_equal(check(text, true), STATUS_OK);
    assert_int_equal(check(text, true), STATUS_OK);
    assert_int_equal(check(text, false), STATUS_OK);
    assert_int_equal(check(text, true), STATUS_UNAUTHORIZED);
}

static void
test_other_texts_open_nothing(void **state)
{
    static const char *const texts[] = {
        "",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "short",
    };
    char text[PASS_TEXT_BYTES], other[PASS_TEXT_BYTES];
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        assert_int_equal(check(texts[i], false), STATUS_UNAUTHORIZED);
    make(GOOD, 1000, text);
    make(GOOD, 1000, other);
    assert_string_not_equal(text, other);
    text[0] = text[0] == 'A' ? 'B' : 'A';
    assert_int_equal(check(text, false), STATUS_UNAUTHORIZED);
    assert_int_equal(check(other, false), STATUS_OK);
}

static void
test_of_too_many_those_go_that_end_first(void **state)
{
    char kept[PASS_TEXT_BYTES], text[PASS_TEXT_BYTES];
    make(GOOD, 300000, kept);
    for (int i = 0; i < 3 * LIMIT_PASSES; i++)
        make(GOOD, 1000, text);
    assert_int_equal(check(kept, false), STATUS_OK);
    assert_int_equal(check(text, false), STATUS_OK);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_passes_open, open_world, close_world),
        cmocka_unit_test_setup_teardown(test_a_pass_is_in_the_name_of_its_key, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(test_a_peek_leaves_it, open_world, close_world),
        cmocka_unit_test_setup_teardown(test_other_texts_open_nothing, open_world, close_world),
        cmocka_unit_test_setup_teardown(test_of_too_many_those_go_that_end_first, open_world,
                                        close_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
