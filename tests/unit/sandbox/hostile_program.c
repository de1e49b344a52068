/* A program that the sandbox runs in the place of a parser, and that was taken over: it tries what
 * it may not, and says of each attempt how it went. */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH_PAGE ((void *)0x10000)

static void
tell(const char *what, long result)
{
    printf("%s: %s\n", what, result == -1 ? strerror(errno) : "DONE");
    fflush(stdout);
}

static void
try_files(void)
{
    struct stat about;
    tell("open a file", open("/etc/passwd", O_RDONLY));
    tell("open memory", open("/proc/self/mem", O_RDONLY));
    tell("open the parent's", open("/proc/1/environ", O_RDONLY));
    tell("open for writing", open("/usr/lib/os-release", O_RDWR));
    tell("make a file", creat("/tmp/windrow-hostile", 0600));
    tell("open by the old call", syscall(SYS_open, "/etc/ld.so.cache", O_RDONLY));
    tell("make a folder", mkdir("/tmp/windrow-hostile", 0700));
    tell("remove", unlink("/etc/hostname"));
    tell("rename", rename("/etc/hostname", "/etc/hostname.old"));
    tell("make memory a file", memfd_create("a", 0));
    tell("copy a descriptor", dup(0));
    tell("change the mode", chmod("/etc/hostname", 0777));
    tell("go elsewhere", chdir("/"));
    if (fstat(100, &about) == 0)
        tell("a descriptor is open", 0);
    for (int fd = 3; fd < 100; fd++) {
        if (fstat(fd, &about) == 0)
            tell("a descriptor is open", fd);
    }
}

static void
try_processes(void)
{
    char *const none[] = {NULL};
    struct rlimit more = {1 << 20, 1 << 20};
    tell("socket", socket(AF_INET, SOCK_STREAM, 0));
    tell("socket of this machine", socket(AF_UNIX, SOCK_STREAM, 0));
    tell("fork", syscall(SYS_fork));
    tell("clone", syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
    tell("clone a thread", syscall(SYS_clone, CLONE_VM | CLONE_THREAD | CLONE_SIGHAND, 0, 0, 0, 0));
    tell("execve", execve("/bin/true", none, none));
    tell("execveat", syscall(SYS_execveat, AT_FDCWD, "/bin/true", none, none, 0));
    tell("execveat as an empty path",
         syscall(SYS_execveat, AT_FDCWD, "/bin/true", none, none, AT_EMPTY_PATH));
    tell("kill the parent", kill(getppid(), 0));
    tell("kill by a thread", syscall(SYS_tgkill, 1, 1, 0));
    tell("ptrace", ptrace(PTRACE_ATTACH, 1, NULL, NULL));
    tell("leave the group", setpgid(0, 0));
    tell("outlive the parent", prctl(PR_SET_PDEATHSIG, 0));
    tell("limits", setrlimit(RLIMIT_NOFILE, &more));
    tell("a name space", unshare(CLONE_NEWUSER));
    tell("another filter", syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL));
}

static long
mapped(void *page)
{
    return page == MAP_FAILED ? -1 : 0;
}

static void
try_memory(void)
{
    const int hidden = MAP_PRIVATE | MAP_ANONYMOUS;
    char *const none[] = {NULL};
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, hidden, -1, 0);
    tell("run memory", mapped(mmap(NULL, 4096, PROT_READ | PROT_EXEC, hidden, -1, 0)));
    tell("run and write", mapped(mmap(NULL, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE, 0, 0)));
    tell("run the document", mapped(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, 0, 0)));
    tell("make memory run", mprotect(page, 4096, PROT_READ | PROT_EXEC));
    tell("a path",
         mapped(mmap(PATH_PAGE, 4096, PROT_READ | PROT_WRITE, hidden | MAP_FIXED, -1, 0)));
    tell("a path below", mapped(mmap((void *)0x8000, 65536, PROT_READ, hidden | MAP_FIXED, -1, 0)));
    tell("a path that is moved",
         mapped(mremap(page, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, PATH_PAGE)));
    tell("another program", syscall(SYS_execveat, AT_FDCWD, PATH_PAGE, none, none, AT_EMPTY_PATH));
}

int
main(void)
{
    char text[100] = "";
    ssize_t size = read(STDIN_FILENO, text, sizeof(text) - 1);
    printf("read %.*s\n", (int)size, text);
    fprintf(stderr, "complained\n");
    if (open("/etc/ld.so.cache", O_RDONLY | O_CLOEXEC) == 3)
        printf("opened /etc/ld.so.cache\n");
    close(3);
    try_files();
    try_processes();
    try_memory();
    printf("at the end\n");
    return 0;
}
