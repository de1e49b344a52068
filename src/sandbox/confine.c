#include "sandbox/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static enum status
refused(const char *what, int failed, struct error *error)
{
    return error_set(error, STATUS_UNAVAILABLE,
                     "no sandbox for foreign documents can be made here: %s: %s", what,
                     strerror(failed));
}

/* --- limits --- */

/* Of who may open any. */
#define OPEN_FILES_MAX 64

static int
limit(int resource, uint64_t most)
{
    struct rlimit both = {most, most};
    return setrlimit((__rlimit_resource_t)resource, &both) == 0 ? 0 : errno;
}

/* A limit on the address space counts what is there already: the program, its libraries and, with
 * sanitizers, terabytes of shadow. */
static uint64_t
address_space_bytes(void)
{
    char text[128] = "";
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
    if (fd >= 0)
        close(fd);
    unsigned long long pages = 0;
    if (size <= 0 || sscanf(text, "%llu", &pages) != 1)
        return 256ull * 1024 * 1024;
    return pages * (unsigned long long)sysconf(_SC_PAGESIZE);
}

static enum status
set_limits(const struct confine_limits *limits, struct error *error)
{
    const struct {
        int resource;
        uint64_t most;
    } table[] = {
        {RLIMIT_AS, address_space_bytes() + limits->memory_bytes},
        {RLIMIT_CPU, (uint64_t)limits->cpu_seconds},
        {RLIMIT_NOFILE, limits->folders == NULL ? 0 : OPEN_FILES_MAX},
        {RLIMIT_FSIZE, 0},
        {RLIMIT_CORE, 0},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        int failed = limit(table[i].resource, table[i].most);
        if (failed != 0)
            return refused("setrlimit", failed, error);
    }
    return STATUS_OK;
}

/* --- the filter --- */

/* What parsing needs: reading and writing what is open, memory, the end. qsort() asks how much
 * memory there is. */
static const int allowed[] = {
    SCMP_SYS(read),         SCMP_SYS(pread64),       SCMP_SYS(write),       SCMP_SYS(close),
    SCMP_SYS(lseek),        SCMP_SYS(fstat),         SCMP_SYS(brk),         SCMP_SYS(munmap),
    SCMP_SYS(mremap),       SCMP_SYS(madvise),       SCMP_SYS(futex),       SCMP_SYS(getrandom),
    SCMP_SYS(getpid),       SCMP_SYS(gettid),        SCMP_SYS(exit),        SCMP_SYS(exit_group),
    SCMP_SYS(rt_sigreturn), SCMP_SYS(clock_gettime), SCMP_SYS(sched_yield), SCMP_SYS(sysinfo),
};

static int
allow_memory(scmp_filter_ctx filter)
{
    /* Never memory that can be run. */
    const struct scmp_arg_cmp not_run = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    int failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, not_run);
    if (failed == 0)
        failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, not_run);
    return failed;
}

/* abort() ends the process by a signal to itself, and to none other. A sanitizer looks at the
 * stack of signals on the way. */
static int
allow_abort(scmp_filter_ctx filter)
{
    static const int calls[] = {SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigaction),
                                SCMP_SYS(sigaltstack)};
    const struct scmp_arg_cmp itself = SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0);
    int failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, itself);
    for (size_t i = 0; i < COUNT_OF(calls) && failed == 0; i++)
        failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
    return failed;
}

/* What looking for files, reading them and starting threads needs; the last four for sanitizers. */
static const int allowed_reading[] = {
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(newfstatat),
    SCMP_SYS(stat),
    SCMP_SYS(lstat),
    SCMP_SYS(statx),
    SCMP_SYS(statfs),
    SCMP_SYS(fstatfs),
    SCMP_SYS(fcntl),
    SCMP_SYS(fadvise64),
    SCMP_SYS(getdents64),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(rseq),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep),
};

/* What libraries of fonts try and can do without. glibc starts a thread by clone(2), whose flags a
 * filter sees, where it finds no clone3(2). */
static const struct {
    int call, failed;
} failing[] = {
    {SCMP_SYS(mkdir), EACCES},
    {SCMP_SYS(mkdirat), EACCES},
    {SCMP_SYS(prctl), EPERM},
    {SCMP_SYS(clone3), ENOSYS},
};

static int
allow_calls(scmp_filter_ctx filter, const int *calls, size_t count)
{
    int failed = 0;
    for (size_t i = 0; i < count && failed == 0; i++)
        failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
    return failed;
}

static int
allow_reading_files(scmp_filter_ctx filter)
{
    static const scmp_datum_t writing[] = {O_WRONLY, O_RDWR, O_CREAT, O_TRUNC};
    const scmp_datum_t any_writing = O_ACCMODE | O_CREAT | O_TRUNC;
    int failed = allow_calls(filter, allowed_reading, COUNT_OF(allowed_reading));
    if (failed == 0)
        failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
                                  SCMP_A2(SCMP_CMP_MASKED_EQ, any_writing, 0));
    for (size_t i = 0; i < COUNT_OF(writing) && failed == 0; i++)
        failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(openat), 1,
                                  SCMP_A2(SCMP_CMP_MASKED_EQ, writing[i], writing[i]));
    return failed;
}

static int
allow_threads(scmp_filter_ctx filter)
{
    const scmp_datum_t thread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
                                CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID |
                                CLONE_CHILD_CLEARTID;
    int failed = 0;
    for (size_t i = 0; i < COUNT_OF(failing) && failed == 0; i++)
        failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint32_t)failing[i].failed),
                                  failing[i].call, 0);
    if (failed == 0)
        failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                                  SCMP_A0(SCMP_CMP_EQ, thread, 0));
    return failed;
}

static int
load_filter(scmp_filter_ctx filter, bool may_read)
{
    int failed = allow_calls(filter, allowed, COUNT_OF(allowed));
    if (failed == 0)
        failed = allow_memory(filter);
    if (failed == 0)
        failed = allow_abort(filter);
    if (failed == 0 && may_read)
        failed = allow_reading_files(filter);
    if (failed == 0 && may_read)
        failed = allow_threads(filter);
    return failed == 0 ? seccomp_load(filter) : failed;
}

/* --- the folders --- */

static int
add_rule(int rules, int fd, uint64_t access)
{
    const struct landlock_path_beneath_attr beneath = {.allowed_access = access, .parent_fd = fd};
    long added = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
    return added == 0 ? 0 : errno;
}

/* A folder, or a file. */
static int
add_path(int rules, const char *path, uint64_t access)
{
    struct stat about;
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return 0;
    if (fstat(fd, &about) == 0 && !S_ISDIR(about.st_mode))
        access &= ~(uint64_t)LANDLOCK_ACCESS_FS_READ_DIR;
    int failed = add_rule(rules, fd, access);
    close(fd);
    return failed;
}

#define ACCESS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)

/* program_fd: of what may be started, or -1. ENOSYS, EOPNOTSUPP: the kernel or a container has no
 * Landlock, and nothing was done. */
static int
hold_to_folders(const char *const *folders, int program_fd)
{
    const uint64_t program = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE;
    const struct landlock_ruleset_attr handled = {.handled_access_fs =
                                                      (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1};
    int rules = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled), 0);
    if (rules < 0)
        return errno;
    /* A program is started by its loader, which lies among its libraries. */
    uint64_t access = program_fd < 0 ? ACCESS_READ : ACCESS_READ | program;
    int failed = program_fd < 0 ? 0 : add_rule(rules, program_fd, program);
    for (size_t i = 0; folders[i] != NULL && failed == 0; i++)
        failed = add_path(rules, folders[i], access);
    if (failed == 0 && syscall(SYS_landlock_restrict_self, rules, 0) != 0)
        failed = errno;
    close(rules);
    return failed;
}

/* Where there is no Landlock the filter alone has to do, for programs of ours. */
static int
hold_ourselves(const struct confine_limits *limits)
{
    int failed = limits->folders == NULL ? 0 : hold_to_folders(limits->folders, -1);
    return failed == ENOSYS || failed == EOPNOTSUPP ? 0 : failed;
}

enum status
confine_process(const struct confine_limits *limits, struct error *error)
{
    /* Without it a filter would need rights, and a program started later could get them. */
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return refused("prctl", errno, error);
    enum status status = set_limits(limits, error);
    if (status != STATUS_OK)
        return status;
    int failed = hold_ourselves(limits);
    if (failed != 0)
        return refused("landlock", failed, error);
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (filter == NULL)
        return refused("seccomp", ENOMEM, error);
    failed = load_filter(filter, limits->folders != NULL);
    if (failed != 0)
        status = refused("seccomp", -failed, error);
    seccomp_release(filter);
    return status;
}

/* --- another program --- */

/* The page that holds the one path that execveat(2) may be given, an empty one: with AT_EMPTY_PATH
 * it means the descriptor itself. A filter sees the address only, and the program that is started
 * cannot map anything there: so it can start nothing. */
#define PATH_ADDRESS 0x10000
#define MAPPED_ADDRESS_MIN 0x20000
/* What a program does when it begins, and C++ on top. */
static const int allowed_starting[] = {
    SCMP_SYS(arch_prctl), SCMP_SYS(set_tid_address), SCMP_SYS(writev),       SCMP_SYS(readv),
    SCMP_SYS(uname),      SCMP_SYS(sysinfo),         SCMP_SYS(getuid),       SCMP_SYS(geteuid),
    SCMP_SYS(getgid),     SCMP_SYS(getegid),         SCMP_SYS(clock_getres),
};

static int
map_path(void)
{
    void *page =
        mmap((void *)(uintptr_t)PATH_ADDRESS, (size_t)sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    return page == MAP_FAILED ? errno : 0;
}

/* Memory that is to be run comes from files, and is not written to; the document, which is standard
 * input, is none of them. Addresses are the kernel's choice or lie above the page of the path. */
static int
allow_program_memory(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp where[] = {SCMP_A0(SCMP_CMP_EQ, 0, 0),
                                         SCMP_A0(SCMP_CMP_GE, MAPPED_ADDRESS_MIN, 0)};
    const struct scmp_arg_cmp not_run = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    const struct scmp_arg_cmp run = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, PROT_EXEC);
    const struct scmp_arg_cmp of_file = SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, 0);
    const struct scmp_arg_cmp opened = SCMP_A4(SCMP_CMP_GT, STDERR_FILENO, 0);
    int failed = 0;
    for (size_t i = 0; i < COUNT_OF(where) && failed == 0; i++) {
        failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2, where[i], not_run);
        if (failed == 0)
            failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 4, where[i], run,
                                      of_file, opened);
    }
    if (failed == 0)
        failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, not_run);
    return failed;
}

static int
load_program_filter(scmp_filter_ctx filter)
{
    /* mremap(2) could move memory to where the path is; the others are dealt with below. */
    int failed = 0;
    for (size_t i = 0; i < COUNT_OF(allowed) && failed == 0; i++) {
        if (allowed[i] != SCMP_SYS(mremap))
            failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
    }
    if (failed == 0)
        failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mremap), 1,
                                  SCMP_A3(SCMP_CMP_MASKED_EQ, MREMAP_FIXED, 0));
    if (failed == 0)
        failed = allow_calls(filter, allowed_starting, COUNT_OF(allowed_starting));
    if (failed == 0)
        failed = allow_program_memory(filter);
    if (failed == 0)
        failed = allow_abort(filter);
    if (failed == 0)
        failed = allow_reading_files(filter);
    if (failed == 0) /* limits may be read, not set */
        failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1,
                                  SCMP_A2(SCMP_CMP_EQ, 0, 0));
    if (failed == 0)
        failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(execveat), 2,
                                  SCMP_A1(SCMP_CMP_EQ, PATH_ADDRESS, 0),
                                  SCMP_A4(SCMP_CMP_EQ, AT_EMPTY_PATH, 0));
    return failed == 0 ? seccomp_load(filter) : failed;
}

enum status
confine_and_run(const struct confine_limits *limits, int program_fd, const char *const *arguments,
                struct error *error)
{
    char *const environment[] = {NULL};
    int failed = map_path();
    if (failed != 0)
        return refused("mmap", failed, error);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return refused("prctl", errno, error);
    enum status status = set_limits(limits, error);
    if (status != STATUS_OK)
        return status;
    failed = hold_to_folders(limits->folders, program_fd);
    if (failed != 0)
        return refused("landlock", failed, error);
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    if (filter == NULL)
        return refused("seccomp", ENOMEM, error);
    failed = load_program_filter(filter);
    if (failed != 0)
        return refused("seccomp", -failed, error);
    syscall(SYS_execveat, program_fd, PATH_ADDRESS, arguments, environment, AT_EMPTY_PATH);
    return refused("execveat", errno, error);
}
