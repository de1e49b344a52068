#include "sandbox/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static void
close_pair(const int ends[2])
{
    close(ends[0]);
    close(ends[1]);
}

/* The new process, to its end. */
static _Noreturn void
become(const struct program *program, int program_fd, const struct confine_limits *limits)
{
    struct confine_limits own = *limits;
    struct error error;
    own.folders = program->folders;
    confine_and_run(&own, program_fd, program->arguments, &error);
    ssize_t written = write(STDERR_FILENO, PROGRAM_NOT_STARTED, strlen(PROGRAM_NOT_STARTED));
    if (written > 0)
        written = write(STDERR_FILENO, error.text, strlen(error.text));
    _exit(written > 0 ? 1 : 2);
}

/* Nothing else of ours is open in it. */
static bool
arrange(int input_fd, int output_fd, int words_fd)
{
    return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && dup2(input_fd, STDIN_FILENO) >= 0 &&
           dup2(output_fd, STDOUT_FILENO) >= 0 && dup2(words_fd, STDERR_FILENO) >= 0 &&
           fcntl(input_fd, F_SETFD, FD_CLOEXEC) == 0;
}

static int
open_program(const struct program *program)
{
    int fd = -1;
    for (size_t i = 0; program->paths[i] != NULL && fd < 0; i++)
        fd = open(program->paths[i], O_RDONLY | O_CLOEXEC);
    return fd;
}

enum status
program_start(struct program_run *out, const struct program *program, int input_fd,
              const struct confine_limits *limits, struct error *error)
{
    int output[2];
    int words[2];
    *out = (struct program_run){-1, -1};
    int program_fd = open_program(program);
    if (program_fd < 0)
        return error_set(error, STATUS_UNAVAILABLE, "%s is not installed here",
                         program->arguments[0]);
    if (pipe2(output, O_CLOEXEC) != 0 || pipe2(words, O_CLOEXEC) != 0)
        return error_set(error, STATUS_IO, "no pipe: %s", strerror(errno));
    /* Nobody reads its complaints before its end: those that do not fit are lost. */
    fcntl(words[1], F_SETFL, O_NONBLOCK);
    lseek(input_fd, 0, SEEK_SET);
    /* Nobody waits for it either. */
    signal(SIGCHLD, SIG_IGN);
    pid_t pid = fork();
    if (pid == 0 && arrange(input_fd, output[1], words[1]))
        become(program, program_fd, limits);
    if (pid == 0)
        _exit(2);
    close(program_fd);
    if (pid < 0) {
        close_pair(output);
        close_pair(words);
        return error_set(error, STATUS_IO, "no process: %s", strerror(errno));
    }
    close(output[1]);
    close(words[1]);
    *out = (struct program_run){output[0], words[0]};
    return STATUS_OK;
}
