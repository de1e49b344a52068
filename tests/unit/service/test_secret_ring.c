#include "service/secret_ring.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define KEY_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static struct secret_ring *
ring_of(const char *keys)
{
    struct secret_ring *ring = NULL;
    struct error error = {0};
    assert_int_equal(secret_ring_open(&ring, "/nowhere", keys, &error), STATUS_OK);
    return ring;
}

static bool
opens(const struct secret_ring *ring, struct slice sealed, const char *about, const char *plain)
{
    struct arena arena;
    struct slice got;
    arena_init(&arena, 65536);
    bool is_ok = secret_unseal(ring, sealed, slice_text(about), &arena, &got);
    if (is_ok)
        assert_true(slice_is(got, plain));
    arena_done(&arena);
    return is_ok;
}

static void
test_sealed_opens_with_its_key_and_about_alone(void **state)
{
    struct secret_ring *a = ring_of(KEY_A), *b = ring_of(KEY_B), *both = ring_of(KEY_B "," KEY_A);
    struct buffer sealed, again;
    buffer_init(&sealed, 1024);
    buffer_init(&again, 1024);
    secret_seal(a, SLICE("plain words"), SLICE("about"), &sealed);
    secret_seal(a, SLICE("plain words"), SLICE("about"), &again);
    assert_null(memmem(sealed.ptr, sealed.size, "plain", 5));
    assert_false(slice_equal(buffer_slice(&sealed), buffer_slice(&again)));
    assert_true(opens(a, buffer_slice(&sealed), "about", "plain words"));
    assert_false(opens(a, buffer_slice(&sealed), "other", "plain words"));
    assert_false(opens(b, buffer_slice(&sealed), "about", "plain words"));
    assert_true(opens(both, buffer_slice(&sealed), "about", "plain words"));
    assert_true(secret_is_under_newest(a, buffer_slice(&sealed)));
    assert_false(secret_is_under_newest(both, buffer_slice(&sealed)));
    buffer_done(&again);
    buffer_done(&sealed);
    secret_ring_free(&a);
    secret_ring_free(&b);
    secret_ring_free(&both);
}

static void
test_what_was_changed_does_not_open(void **state)
{
    struct secret_ring *ring = ring_of(KEY_A);
    struct buffer sealed;
    buffer_init(&sealed, 1024);
    secret_seal(ring, SLICE("plain"), SLICE("about"), &sealed);
    for (size_t i = 0; i < sealed.size; i++) {
        char kept = sealed.ptr[i];
        sealed.ptr[i] = kept == 'A' ? 'B' : 'A';
        if (opens(ring, buffer_slice(&sealed), "about", "plain"))
            fail_msg("byte %zu may be changed", i);
        sealed.ptr[i] = kept;
    }
    for (size_t size = 0; size < sealed.size; size++) {
        if (opens(ring, slice_of(sealed.ptr, size), "about", "plain"))
            fail_msg("cut to %zu bytes it opens", size);
    }
    buffer_done(&sealed);
    secret_ring_free(&ring);
}

static void
test_keys_that_are_none_are_refused(void **state)
{
    static const char *const texts[] = {
        "",
        " \n",
        "abc",
        KEY_A "0",
        KEY_A ",x",
        "AAAA" KEY_A,
        KEY_A "," KEY_A "," KEY_A "," KEY_A "," KEY_A "," KEY_A "," KEY_A "," KEY_A "," KEY_A,
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct secret_ring *ring = NULL;
        struct error error = {0};
        if (secret_ring_open(&ring, "/nowhere", texts[i], &error) != STATUS_INVALID)
            fail_msg("row %zu", i);
        assert_null(ring);
        assert_null(strstr(error.text, "aaaaaaaa"));
    }
}

static void
test_the_file_is_made_once_for_its_owner_alone(void **state)
{
    char folder[] = "/tmp/windrow-ring-XXXXXX";
    char path[64];
    struct secret_ring *ring = NULL;
    struct error error = {0};
    struct stat facts;
    struct buffer sealed;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/secrets.key", folder);
    assert_int_equal(secret_ring_open(&ring, folder, NULL, &error), STATUS_OK);
    buffer_init(&sealed, 1024);
    secret_seal(ring, SLICE("kept"), SLICE(""), &sealed);
    secret_ring_free(&ring);
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0600);
    assert_int_equal(secret_ring_open(&ring, folder, NULL, &error), STATUS_OK);
    assert_true(opens(ring, buffer_slice(&sealed), "", "kept"));
    secret_ring_free(&ring);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(secret_ring_open(&ring, folder, NULL, &error), STATUS_INVALID);
    assert_non_null(strstr(error.text, "chmod 600"));
    buffer_done(&sealed);
    unlink(path);
    rmdir(folder);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sealed_opens_with_its_key_and_about_alone),
        cmocka_unit_test(test_what_was_changed_does_not_open),
        cmocka_unit_test(test_keys_that_are_none_are_refused),
        cmocka_unit_test(test_the_file_is_made_once_for_its_owner_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
