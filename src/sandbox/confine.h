/* sandbox/confine.h - a process gives up what it does not need to parse a document.
 *
 * Afterwards it can read and write what is open, ask for memory up to a maximum, and end; a
 * forbidden call kills it. There is no way back. Who makes documents needs fonts as well: then
 * files may be opened for reading, and threads started, which libraries of fonts do. Landlock,
 * where the kernel has it, holds those files to the folders that were named.
 *
 * Sources: seccomp(2), seccomp_rule_add(3), setrlimit(2), landlock(7), execveat(2), prctl(2)
 * PR_SET_NO_NEW_PRIVS.
 * Threads: the only one of its process.
 */
#ifndef SANDBOX_CONFINE_H
#define SANDBOX_CONFINE_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

struct confine_limits {
    size_t memory_bytes; /* on top of the address space that the process has now */
    int64_t cpu_seconds;
    /* Files below them may be read; ends with NULL; those that are not there do no harm. NULL: no
     * file can be opened. */
    const char *const *folders;
};

/* UNAVAILABLE: this kernel or container does not let a process confine itself; then nothing may be
 * parsed. */
MUST_USE enum status confine_process(const struct confine_limits *limits, struct error *error);

/* Becomes another program, which is as confined, with an empty environment: it finds its libraries
 * and what else it reads below the folders, writes to what is open, and cannot start anything. What
 * it may not do fails, without killing it: it is not ours. Landlock has to be there. program_fd is
 * of the program's file, open for reading, and is closed in it. Comes back only when that fails:
 * UNAVAILABLE. */
enum status confine_and_run(const struct confine_limits *limits, int program_fd,
                            const char *const *arguments, struct error *error);

#endif
