/* base/status.h - what can come back from a function that depends on the world.
 *
 * A bug is an assert; a failed step is data; everything else that can go wrong (disk, network,
 * user input, another worker) is one of these. Words for a human travel in a struct error on the
 * caller's stack, written by whoever found the trouble.
 *
 * Threads: plain values, any thread.
 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#include <stdbool.h>
#include <stddef.h>

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_at, first_at) __attribute__((format(printf, format_at, first_at)))
#define CLEANUP(function) __attribute__((cleanup(function)))
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

enum status {
    STATUS_OK,
    STATUS_INVALID,      /* the input is malformed or breaks a rule */
    STATUS_UNAUTHORIZED, /* no key, or a wrong one */
    STATUS_FORBIDDEN,    /* the key or the configuration does not allow it */
    STATUS_NOT_FOUND,
    STATUS_CONFLICT,    /* somebody else was first, or the state does not allow it */
    STATUS_LIMIT,       /* a stated maximum is exceeded */
    STATUS_UNSUPPORTED, /* a known thing that this build or this place does not do */
    STATUS_TIMEOUT,
    STATUS_CANCELLED,
    STATUS_UNAVAILABLE, /* not now: busy, stopping; try again */
    STATUS_IO,          /* disk, database or network failed */
    STATUS_FULL,        /* no space left on the device */
};

#define STATUS_COUNT (STATUS_FULL + 1)

/* The lower-case name ("not_found"), also the code in API errors. */
const char *status_name(enum status status);

/* The HTTP status that answers it, 200 to 507. */
int status_http(enum status status);

/* Whether the same call may succeed later without a change by the caller. */
bool status_may_retry(enum status status);

/* Says in the code that a status is dropped on purpose. */
void status_ignore(enum status status);

#define ERROR_TEXT_BYTES 512

/* Zero-initialised = no error. `text` is always NUL-terminated UTF-8, cut at a character. */
struct error {
    enum status status;
    char text[ERROR_TEXT_BYTES];
};

/* Writes status and text into *error (may be NULL) and returns status. */
enum status error_set(struct error *error, enum status status, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* Puts "text: " before what is there. */
void error_prepend(struct error *error, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
