/* sandbox/confine.h - a process gives up what it does not need to parse a document.
 *
 * Afterwards it can read and write what is open, ask for memory up to a maximum, and end; a
 * forbidden call kills it. There is no way back.
 *
 * Sources: seccomp(2), seccomp_rule_add(3), setrlimit(2), prctl(2) PR_SET_NO_NEW_PRIVS.
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
};

/* UNAVAILABLE: this kernel or container does not let a process confine itself; then nothing may be
 * parsed. */
MUST_USE enum status confine_process(const struct confine_limits *limits, struct error *error);

#endif
