/* A sandbox child that does what a taken-over parser would do; each kind is one attempt. If the
 * attempt comes back, it was not stopped, and the kind succeeds: which fails the test. */
#include "sandbox/child.h"
#include "sandbox/frame.h"
#include "sandbox/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a good child does: the document comes out, and its size is told. */
static enum status
run_echo(struct child *child)
{
    char piece[1000];
    off_t at = 0;
    ssize_t got = 0;
    while ((got = pread(child->input_fd, piece, sizeof(piece), at)) > 0) {
        buffer_append(&child->output, piece, (size_t)got);
        child_flush(child);
        at += got;
    }
    child->result =
        value_object_set(&child->arena, child->result, value_text("bytes"), value_int((int64_t)at));
    child->result =
        value_object_set(&child->arena, child->result, value_text("options"), child->options);
    return STATUS_OK;
}

static int
compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* A good child, too: what glibc does on the way is allowed. */
static enum status
run_sort(struct child *child)
{
    int numbers[1000];
    for (int i = 0; i < 1000; i++)
        numbers[i] = 1000 - i;
    qsort(numbers, COUNT_OF(numbers), sizeof(numbers[0]), compare);
    return numbers[0] == 1 ? STATUS_OK : STATUS_IO;
}

static enum status
run_refuse(struct child *child)
{
    return error_set(&child->error, STATUS_INVALID, "page 7 is torn");
}

static enum status
run_open(struct child *child)
{
    return open("/etc/passwd", O_RDONLY) == -2 ? STATUS_IO : STATUS_OK;
}

static enum status
run_write_file(struct child *child)
{
    return creat("/tmp/windrow-hostile", 0600) == -2 ? STATUS_IO : STATUS_OK;
}

static enum status
run_stat(struct child *child)
{
    struct stat about;
    return stat("/etc/passwd", &about) == -2 ? STATUS_IO : STATUS_OK;
}

static enum status
run_socket(struct child *child)
{
    return socket(AF_INET, SOCK_STREAM, 0) == -2 ? STATUS_IO : STATUS_OK;
}

static enum status
run_fork(struct child *child)
{
    return fork() == 0 ? STATUS_IO : STATUS_OK;
}

static enum status
run_exec(struct child *child)
{
    char *const argv[] = {NULL};
    return execve("/bin/true", argv, argv) == -2 ? STATUS_IO : STATUS_OK;
}

static enum status
run_kill_parent(struct child *child)
{
    return kill(getppid(), 0) == -2 ? STATUS_IO : STATUS_OK;
}

static enum status
run_ptrace(struct child *child)
{
    return ptrace(PTRACE_ATTACH, 1, NULL, NULL) == -2 ? STATUS_IO : STATUS_OK;
}

static enum status
run_code(struct child *child)
{
    void *code =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return code == NULL ? STATUS_IO : STATUS_OK;
}

static enum status
run_crash(struct child *child)
{
    signal(SIGSEGV, SIG_DFL); /* a sanitizer would make a report of it */
    raise(SIGSEGV);
    return STATUS_OK;
}

/* As if from outside: by hand, or by the kernel that is out of memory. */
static enum status
run_killed(struct child *child)
{
    raise(SIGKILL);
    return STATUS_OK;
}

static enum status
run_memory(struct child *child)
{
    enum { size = 1 << 20 };
    char *block = NULL;
    while (block != MAP_FAILED)
        block = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    /* As base/mem does. */
    abort();
}

static enum status
run_hang(struct child *child)
{
    while (getpid() != 0)
        continue;
    return STATUS_OK;
}

static enum status
run_flood(struct child *child)
{
    while (getpid() != 0) {
        for (int i = 0; i < 4096; i++)
            buffer_append(&child->output, "flood of text. ", 15);
        child_flush(child);
    }
    return STATUS_OK;
}

static enum status
run_silence(struct child *child)
{
    _exit(0);
}

static void
say(const char *bytes, size_t size)
{
    if (write(STDOUT_FILENO, bytes, size) != (ssize_t)size)
        _exit(3);
}

static enum status
run_babble(struct child *child)
{
    say("x\x04\0\0\0abcd", 9);
    _exit(0);
}

static enum status
run_huge_result(struct child *child)
{
    say("r\xff\xff\xff\xff{}", 7);
    _exit(0);
}

static enum status
run_bad_result(struct child *child)
{
    say("r\x04\0\0\0[1,2", 9);
    _exit(0);
}

static enum status
run_bad_failure(struct child *child)
{
    say("f\x03\0\0\0\x01\xff\xfe", 8);
    _exit(0);
}

static enum status
run_more_after_the_end(struct child *child)
{
    say("r\x02\0\0\0{}r\x02\0\0\0{}", 14);
    _exit(0);
}

static enum status
run_half_a_frame(struct child *child)
{
    say("o\x09\0\0\0abc", 8);
    _exit(0);
}

static const char *const folders[] = {"/nowhere/at/all", "/usr/lib", NULL};

static void *
note_that_it_ran(void *context)
{
    *(bool *)context = true;
    return NULL;
}

/* What a kind with folders may do works, and what it may not fails without a kill. */
static enum status
run_read_folders(struct child *child)
{
    bool is_held = value_get(child->options, "landlock").kind == VALUE_TRUE;
    bool has_run = false;
    pthread_t thread;
    struct stat about;
    if (open("/usr/lib/os-release", O_RDONLY) < 0)
        return error_set(&child->error, STATUS_IO, "a file in a folder: %s", strerror(errno));
    if (open("/usr/lib", O_RDONLY | O_DIRECTORY) < 0 || stat("/usr/lib", &about) != 0)
        return error_set(&child->error, STATUS_IO, "the folder itself: %s", strerror(errno));
    if (is_held && (open("/etc/passwd", O_RDONLY) >= 0 || errno != EACCES))
        return error_set(&child->error, STATUS_IO, "a file elsewhere: %s", strerror(errno));
    if (pthread_create(&thread, NULL, note_that_it_ran, &has_run) != 0 ||
        pthread_join(thread, NULL) != 0 || !has_run)
        return error_set(&child->error, STATUS_IO, "a thread: %s", strerror(errno));
    static const int writing[] = {O_WRONLY, O_RDWR, O_RDONLY | O_CREAT, O_RDONLY | O_TRUNC,
                                  O_TMPFILE | O_RDWR};
    for (size_t i = 0; i < COUNT_OF(writing); i++)
        if (open("/tmp/windrow-hostile", writing[i], 0600) >= 0 || errno != EACCES)
            return error_set(&child->error, STATUS_IO, "writing, way %zu: %s", i, strerror(errno));
    return STATUS_OK;
}

static enum status
run_unlink(struct child *child)
{
    return unlink("/tmp/windrow-hostile") == -2 ? STATUS_IO : STATUS_OK;
}

/* What a program says that reads the document in our place. */
static void
prepare_program(struct child *child)
{
    static const char *const arguments[] = {"hostile_program", NULL};
    static const char *const libraries[] = {"/lib", "/lib64", "/usr/lib", "/etc/ld.so.cache", NULL};
    struct program_run *run = arena_alloc(&child->arena, sizeof(*run));
    struct value path =
        value_string_copy(&child->arena, value_slice(value_get(child->options, "program")));
    const char *const paths[] = {"/nowhere/at/all", path.text, NULL};
    const struct program program = {paths, arguments, libraries};
    child->prepared = run;
    child->error.status =
        program_start(run, &program, child->input_fd, child->limits, &child->error);
}

static enum status
run_program(struct child *child)
{
    const struct program_run *run = child->prepared;
    char piece[1000];
    ssize_t got = 0;
    if (child->error.status != STATUS_OK)
        return child->error.status;
    while ((got = read(run->output_fd, piece, sizeof(piece))) > 0)
        buffer_append(&child->output, piece, (size_t)got);
    while ((got = read(run->words_fd, piece, sizeof(piece))) > 0)
        buffer_append(&child->output, piece, (size_t)got);
    return STATUS_OK;
}

int
main(void)
{
    static const struct child_kind kinds[] = {
        {.name = "echo", .run = run_echo},
        {.name = "sort", .run = run_sort},
        {.name = "refuse", .run = run_refuse},
        {.name = "open", .run = run_open},
        {.name = "write_file", .run = run_write_file},
        {.name = "stat", .run = run_stat},
        {.name = "socket", .run = run_socket},
        {.name = "fork", .run = run_fork},
        {.name = "exec", .run = run_exec},
        {.name = "kill_parent", .run = run_kill_parent},
        {.name = "ptrace", .run = run_ptrace},
        {.name = "code", .run = run_code},
        {.name = "crash", .run = run_crash},
        {.name = "killed", .run = run_killed},
        {.name = "memory", .run = run_memory},
        {.name = "hang", .run = run_hang},
        {.name = "flood", .run = run_flood},
        {.name = "silence", .run = run_silence},
        {.name = "babble", .run = run_babble},
        {.name = "huge_result", .run = run_huge_result},
        {.name = "bad_result", .run = run_bad_result},
        {.name = "bad_failure", .run = run_bad_failure},
        {.name = "more_after_the_end", .run = run_more_after_the_end},
        {.name = "half_a_frame", .run = run_half_a_frame},
        {.name = "read_folders", .run = run_read_folders, .folders = folders},
        {.name = "unlink_beside", .run = run_unlink, .folders = folders},
        {.name = "socket_beside", .run = run_socket, .folders = folders},
        {.name = "fork_beside", .run = run_fork, .folders = folders},
        {.name = "exec_beside", .run = run_exec, .folders = folders},
        {.name = "kill_beside", .run = run_kill_parent, .folders = folders},
        {.name = "code_beside", .run = run_code, .folders = folders},
        {.name = "program", .run = run_program, .prepare = prepare_program},
        {.name = NULL},
    };
    child_main(kinds);
}
