/* bench/watch.c - runs another program and says what it took.
 *
 * Usage: watch run COMMAND...          until its end: seconds, CPU, peak memory
 *        watch start PORT COMMAND...   until /readyz on that port answers 200: milliseconds, then
 *                                      its memory when idle, then SIGTERM and how long it took
 * What the program prints goes to standard error; one line of JSON to standard output.
 */
#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define READY_US_MAX INT64_C(60000000)
#define LOOK_US 200
#define IDLE_US 2000000

static void
die(const char *words)
{
    fprintf(stderr, "watch: %s: %s\n", words, strerror(errno));
    exit(1);
}

static int64_t
now_us(void)
{
    return clock_mono_us(clock_system());
}

static pid_t
spawn(char **command)
{
    pid_t pid = fork();
    if (pid < 0)
        die("cannot fork");
    if (pid > 0)
        return pid;
    dup2(STDERR_FILENO, STDOUT_FILENO);
    execvp(command[0], command);
    die(command[0]);
    return 0;
}

static double
seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static int
exit_code(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void
watch_run(char **command)
{
    int64_t from_us = now_us();
    pid_t pid = spawn(command);
    int status = 0;
    struct rusage use;
    if (wait4(pid, &status, 0, &use) != pid)
        die("cannot wait");
    printf("{\"seconds\":%.3f,\"user\":%.3f,\"system\":%.3f,\"peak_kib\":%ld,\"exit\":%d}\n",
           (double)(now_us() - from_us) / 1e6, seconds_of(use.ru_utime), seconds_of(use.ru_stime),
           use.ru_maxrss, exit_code(status));
}

static bool
is_ready(uint16_t port)
{
    static const char request[] = "GET /readyz HTTP/1.1\r\nHost: localhost\r\n"
                                  "Connection: close\r\n\r\n";
    static const char wanted[] = "HTTP/1.1 200 ";
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char answer[sizeof(wanted)] = "";
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
              write(fd, request, strlen(request)) == (ssize_t)strlen(request) &&
              recv(fd, answer, strlen(wanted), MSG_WAITALL) == (ssize_t)strlen(wanted) &&
              strcmp(answer, wanted) == 0;
    close(fd);
    return is;
}

/* Proportional set size of a process and of the children of its threads, in KiB. */
static long
pss_kib(pid_t pid)
{
    char path[64];
    char line[256];
    long total = 0;
    snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, "Pss:", 4) == 0)
            total += strtol(line + 4, NULL, 10);
    }
    if (file != NULL)
        fclose(file);
    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
    file = fopen(path, "re");
    int child = 0;
    while (file != NULL && fscanf(file, "%d", &child) == 1)
        total += pss_kib(child);
    if (file != NULL)
        fclose(file);
    return total;
}

static void
watch_start(uint16_t port, char **command)
{
    int status = 0;
    int64_t from_us = now_us();
    pid_t pid = spawn(command);
    while (!is_ready(port)) {
        if (now_us() - from_us > READY_US_MAX || waitpid(pid, &status, WNOHANG) != 0)
            die("it does not get ready");
        usleep(LOOK_US);
    }
    int64_t ready_us = now_us() - from_us;
    usleep(IDLE_US);
    long idle_kib = pss_kib(pid);
    from_us = now_us();
    kill(pid, SIGTERM);
    waitpid(pid, &status, 0);
    printf("{\"ready_ms\":%.1f,\"pss_kib\":%ld,\"stop_ms\":%.1f,\"exit\":%d}\n",
           (double)ready_us / 1e3, idle_kib, (double)(now_us() - from_us) / 1e3, exit_code(status));
}

int
main(int count, char **arguments)
{
    if (count > 2 && strcmp(arguments[1], "run") == 0)
        watch_run(arguments + 2);
    else if (count > 3 && strcmp(arguments[1], "start") == 0)
        watch_start((uint16_t)strtoul(arguments[2], NULL, 10), arguments + 3);
    else
        fprintf(stderr, "usage: watch run COMMAND... | watch start PORT COMMAND...\n");
    return 0;
}
