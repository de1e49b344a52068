/* What is noted when a process dies of its own doing. */
#include "test.h"

#include "base/crash.h"
#include "base/limits.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[64];

static struct id
id_of(uint8_t last)
{
    return (struct id){.bytes = {[0] = 0xAB, [ID_BYTES - 1] = last}};
}

/* A child that works for `blamed` (0: nobody) and dies of the signal. */
static void
die(uint8_t blamed, int number)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct id id = id_of(blamed);
        /* cmocka looks at these itself. */
        signal(number, SIG_DFL);
        if (crash_watch(path, NULL) != STATUS_OK)
            _exit(9);
        crash_blame(blamed == 0 ? NULL : &id);
        raise(number);
        _exit(8);
    }
    int how = 0;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFSIGNALED(how));
    assert_int_equal(WTERMSIG(how), number);
}

static void
expect(struct crash_notes *notes, const char *want)
{
    char text[256] = "";
    size_t used = 0;
    struct error error = {0};
    if (crash_read(notes, path, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    for (size_t i = 0; i < notes->count; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%u:%u", i == 0 ? "" : " ",
                                 notes->notes[i].id.bytes[ID_BYTES - 1], notes->notes[i].count);
    assert_string_equal(text, want);
}

static void
test_who_was_worked_for_is_noted(void **state)
{
    static struct crash_notes notes;
    expect(&notes, "");
    die(1, SIGABRT);
    expect(&notes, "1:1");
    die(2, SIGFPE);
    die(1, SIGILL);
    die(0, SIGABRT);
    die(2, SIGKILL);
    die(2, SIGTERM);
    expect(&notes, "1:2 2:1");

    notes.notes[0] = notes.notes[1];
    notes.count = 1;
    assert_int_equal(crash_write(&notes, path, NULL), STATUS_OK);
    die(3, SIGABRT);
    FILE *file = fopen(path, "a");
    fputs("ab00", file);
    fclose(file);
    expect(&notes, "2:1 3:1");
    unlink(path);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_who_was_worked_for_is_noted)};
    snprintf(path, sizeof(path), "/tmp/windrow-crash-%d", (int)getpid());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
