/* A sandbox over a child that misbehaves in every way: each ends as an error of the one document.
 * The argument is that child's program. */
#include "test.h"

#include "base/json.h"
#include "base/limits.h"
#include "sandbox/confine.h"
#include "sandbox/sandbox.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *program;
static const char *other_program;

/* What comes out of a conversion. */
struct outcome {
    struct buffer text;
    struct error error;
    enum status status;
    enum status output_says;
    struct conversion conversion;
};

static enum status
take(struct slice piece, void *context, struct error *error)
{
    struct outcome *outcome = context;
    buffer_append_slice(&outcome->text, piece);
    if (outcome->output_says != STATUS_OK)
        return error_set(error, outcome->output_says, "no room");
    return STATUS_OK;
}

static int
document(const char *text, size_t size)
{
    char path[] = "/tmp/windrow-sandbox-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    assert_int_equal(write(fd, text, size), size);
    return fd;
}

static void
outcome_begin(struct outcome *outcome, const char *kind)
{
    *outcome = (struct outcome){.conversion = {
                                    .kind = kind,
                                    .options = SLICE("{\"sheet\":1}"),
                                    .output_bytes_max = MIB(8),
                                    .memory_bytes_max = MIB(64),
                                    .time_ms_max = 20000,
                                    .output = take,
                                }};
    outcome->conversion.context = outcome;
    buffer_init(&outcome->text, MIB(64));
    buffer_init(&outcome->conversion.result, LIMIT_SANDBOX_RESULT_BYTES);
    outcome->conversion.input_fd = document("text", 4);
}

static void
outcome_end(struct outcome *outcome)
{
    close(outcome->conversion.input_fd);
    buffer_done(&outcome->text);
    buffer_done(&outcome->conversion.result);
}

static void
convert(struct outcome *outcome)
{
    struct sandbox *sandbox = sandbox_new(program);
    outcome->status = sandbox_convert(sandbox, &outcome->conversion, &outcome->error);
    sandbox_free(&sandbox);
}

static void
test_what_comes_out_is_whole(void **state)
{
    enum { size = 300000 };
    char *text = malloc(size);
    for (size_t i = 0; i < size; i++)
        text[i] = (char)(i * 31);
    struct outcome outcome;
    outcome_begin(&outcome, "echo");
    close(outcome.conversion.input_fd);
    outcome.conversion.input_fd = document(text, size);
    convert(&outcome);
    assert_int_equal(outcome.status, STATUS_OK);
    assert_int_equal(outcome.text.size, size);
    assert_memory_equal(outcome.text.ptr, text, size);
    assert_true(slice_is(buffer_slice(&outcome.conversion.result),
                         "{\"bytes\":300000,\"options\":{\"sheet\":1}}"));
    outcome_end(&outcome);
    free(text);
}

static void
test_a_misbehaving_child_is_an_error_of_its_document(void **state)
{
    static const struct {
        const char *kind;
        enum status status;
        const char *words;
    } table[] = {
        {"sort", STATUS_OK, ""},
        {"refuse", STATUS_INVALID, "page 7 is torn"},
        {"open", STATUS_IO, "tried what it may not"},
        {"write_file", STATUS_IO, "tried what it may not"},
        {"stat", STATUS_IO, "tried what it may not"},
        {"socket", STATUS_IO, "tried what it may not"},
        {"fork", STATUS_IO, "tried what it may not"},
        {"exec", STATUS_IO, "tried what it may not"},
        {"kill_parent", STATUS_IO, "tried what it may not"},
        {"ptrace", STATUS_IO, "tried what it may not"},
        {"code", STATUS_IO, "tried what it may not"},
        {"unlink_beside", STATUS_IO, "tried what it may not"},
        {"socket_beside", STATUS_IO, "tried what it may not"},
        {"fork_beside", STATUS_IO, "tried what it may not"},
        {"exec_beside", STATUS_IO, "tried what it may not"},
        {"kill_beside", STATUS_IO, "tried what it may not"},
        {"code_beside", STATUS_IO, "tried what it may not"},
        {"crash", STATUS_IO, "signal 11"},
        {"killed", STATUS_IO, "signal 9"},
        {"memory", STATUS_LIMIT, "more than 64 MB of memory"},
        {"flood", STATUS_LIMIT, "more than 8 MB came out"},
        {"silence", STATUS_IO, "said nothing"},
        {"babble", STATUS_IO, "nobody asked for"},
        {"huge_result", STATUS_IO, "nobody asked for"},
        {"bad_result", STATUS_IO, "gave no result"},
        {"bad_failure", STATUS_IO, "without words"},
        {"more_after_the_end", STATUS_IO, "nobody asked for"},
        {"half_a_frame", STATUS_IO, "said nothing"},
        {"no_such_kind", STATUS_UNSUPPORTED, "does not read \"no_such_kind\""},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct outcome outcome;
        outcome_begin(&outcome, table[i].kind);
        convert(&outcome);
        if (outcome.status != table[i].status || strstr(outcome.error.text, table[i].words) == NULL)
            fail_msg("%s: %s: %s", table[i].kind, status_name(outcome.status), outcome.error.text);
        outcome_end(&outcome);
    }
}

/* Without Landlock the filter alone does not know one folder from another. */
static bool
has_landlock(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;
}

static void
test_a_kind_with_folders_reads_them_and_writes_nothing(void **state)
{
    struct outcome outcome;
    outcome_begin(&outcome, "read_folders");
    outcome.conversion.options =
        has_landlock() ? SLICE("{\"landlock\":true}") : SLICE("{\"landlock\":false}");
    convert(&outcome);
    if (outcome.status != STATUS_OK)
        fail_msg("%s", outcome.error.text);
    outcome_end(&outcome);
}

static void
test_a_child_that_does_not_end_is_killed(void **state)
{
    struct outcome outcome;
    outcome_begin(&outcome, "hang");
    outcome.conversion.time_ms_max = 300;
    convert(&outcome);
    assert_int_equal(outcome.status, STATUS_TIMEOUT);
    assert_non_null(strstr(outcome.error.text, "not read within 1 s"));
    outcome_end(&outcome);

    struct sandbox *sandbox = sandbox_new(program);
    sandbox_stop(sandbox);
    outcome_begin(&outcome, "hang");
    outcome.status = sandbox_convert(sandbox, &outcome.conversion, &outcome.error);
    assert_int_equal(outcome.status, STATUS_CANCELLED);
    outcome_end(&outcome);
    sandbox_free(&sandbox);

    atomic_bool is_cancelled = true;
    outcome_begin(&outcome, "hang");
    outcome.conversion.is_cancelled = &is_cancelled;
    convert(&outcome);
    assert_int_equal(outcome.status, STATUS_CANCELLED);
    outcome_end(&outcome);
}

/* The processor's time is limited too, should nobody be left to look at the clock. */
static void
test_processor_time_is_limited(void **state)
{
    struct confine_limits limits = {MIB(64), 1, NULL};
    pid_t pid = fork();
    if (pid == 0) {
        struct error error;
        if (confine_process(&limits, &error) != STATUS_OK)
            _exit(9);
        for (;;)
            (void)getpid();
    }
    int how = 0;
    assert_int_equal(waitpid(pid, &how, 0), pid);
    assert_true(WIFSIGNALED(how));
    assert_true(WTERMSIG(how) == SIGXCPU || WTERMSIG(how) == SIGKILL);
}

static void
test_what_the_output_says_ends_it(void **state)
{
    struct outcome outcome;
    outcome_begin(&outcome, "flood");
    outcome.output_says = STATUS_FULL;
    convert(&outcome);
    assert_int_equal(outcome.status, STATUS_FULL);
    assert_string_equal(outcome.error.text, "no room");
    outcome_end(&outcome);
}

static void
test_a_program_that_is_not_there_is_unavailable(void **state)
{
    struct outcome outcome;
    outcome_begin(&outcome, "echo");
    struct sandbox *sandbox = sandbox_new("/nowhere/windrow-convert");
    outcome.status = sandbox_convert(sandbox, &outcome.conversion, &outcome.error);
    assert_int_equal(outcome.status, STATUS_UNAVAILABLE);
    assert_non_null(strstr(outcome.error.text, "/nowhere/windrow-convert"));
    sandbox_free(&sandbox);
    outcome_end(&outcome);
}

static void
run_other_program(struct outcome *outcome, const char *path)
{
    char options[4096];
    snprintf(options, sizeof(options), "{\"program\":\"%s\"}", path);
    outcome_begin(outcome, "program");
    outcome->conversion.options = slice_text(options);
    convert(outcome);
}

/* It reads the document and answers; every line tells of an attempt that failed. */
static void
test_a_program_of_others_can_read_and_answer_only(void **state)
{
    struct outcome outcome;
    run_other_program(&outcome, other_program);
    buffer_append_byte(&outcome.text, '\0');
    if (outcome.status != STATUS_OK || strstr(outcome.text.ptr, "read text\n") == NULL ||
        strstr(outcome.text.ptr, "complained\n") == NULL ||
        strstr(outcome.text.ptr, "opened /etc/ld.so.cache\n") == NULL)
        fail_msg("%s %s", outcome.text.ptr, outcome.error.text);
    assert_null(strstr(outcome.text.ptr, "DONE"));
    assert_non_null(strstr(outcome.text.ptr, "\nat the end\n"));
    outcome_end(&outcome);
}

static void
test_a_program_of_others_that_is_not_there_is_told(void **state)
{
    struct outcome outcome;
    run_other_program(&outcome, "/nowhere/either");
    assert_int_equal(outcome.status, STATUS_UNAVAILABLE);
    assert_string_equal(outcome.error.text, "hostile_program is not installed here");
    outcome_end(&outcome);
    /* Nor is a script a program. */
    run_other_program(&outcome, "/etc/ld.so.conf");
    buffer_append_byte(&outcome.text, '\0');
    assert_non_null(strstr(outcome.text.ptr, "not started: no sandbox for foreign documents can be "
                                             "made here: execveat: "));
    outcome_end(&outcome);
}

/* Nothing of ours is open in the child, and we keep nothing of it. */
static void
test_no_descriptor_is_lost(void **state)
{
    int before = dup(0);
    close(before);
    static const char *const kinds[] = {"echo", "crash", "refuse", "babble", "program"};
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        struct outcome outcome;
        outcome_begin(&outcome, kinds[i]);
        convert(&outcome);
        outcome_end(&outcome);
    }
    int after = dup(0);
    close(after);
    assert_int_equal(before, after);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* A container that forbids seccomp(2) and prctl(PR_SET_SECCOMP). */
static bool
forbid_filters(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_SET_SECCOMP, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {COUNT_OF(code), code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
}

static void
test_without_seccomp_nothing_is_read(void **state)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct outcome outcome;
        if (!forbid_filters())
            _exit(8);
        outcome_begin(&outcome, "echo");
        convert(&outcome);
        bool is_refused = outcome.status == STATUS_UNAVAILABLE && outcome.text.size == 0 &&
                          strstr(outcome.error.text, "no sandbox") != NULL;
        outcome_end(&outcome);
        _exit(is_refused ? 0 : 1);
    }
    int how = 0;
    assert_int_equal(waitpid(pid, &how, 0), pid);
    assert_true(WIFEXITED(how));
    assert_int_equal(WEXITSTATUS(how), 0);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_comes_out_is_whole),
        cmocka_unit_test(test_a_misbehaving_child_is_an_error_of_its_document),
        cmocka_unit_test(test_a_kind_with_folders_reads_them_and_writes_nothing),
        cmocka_unit_test(test_a_child_that_does_not_end_is_killed),
        cmocka_unit_test(test_processor_time_is_limited),
        cmocka_unit_test(test_what_the_output_says_ends_it),
        cmocka_unit_test(test_a_program_that_is_not_there_is_unavailable),
        cmocka_unit_test(test_a_program_of_others_can_read_and_answer_only),
        cmocka_unit_test(test_a_program_of_others_that_is_not_there_is_told),
        cmocka_unit_test(test_no_descriptor_is_lost),
        cmocka_unit_test(test_without_seccomp_nothing_is_read),
    };
    program = argc > 1 ? argv[1] : "";
    other_program = argc > 2 ? argv[2] : "";
    return cmocka_run_group_tests(tests, NULL, NULL);
}
