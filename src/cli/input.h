/* cli/input.h - what a command reads: a file, or standard input; whole, or line by line.
 *
 * Threads: one at a time.
 */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include "base/buffer.h"
#include "base/status.h"

#include <stdint.h>

/* The name that stands for standard input. */
#define INPUT_STANDARD "-"

/* Reads all of it, at most max_bytes. LIMIT if there is more; NOT_FOUND; FORBIDDEN; IO. The buffer
 * is initialised here and the caller's to end, on every status. */
MUST_USE enum status input_read(struct buffer *out, const char *name, size_t max_bytes,
                                struct error *error);

/* Lines of a text of any size. */
struct input_lines {
    int fd;
    struct buffer text;
    size_t at; /* where the next line begins in text */
    size_t line_bytes_max;
    bool is_in_line; /* what comes next belongs to a line that was given */
    bool has_ended;  /* nothing more can be read */
    uint64_t number; /* of the line that was given last, from 1 */
};

struct input_line {
    struct slice text; /* without its end; lives until the next call */
    bool is_too_long;  /* more than line_bytes_max: its first bytes */
    bool is_end;       /* nothing follows: no line was given */
};

/* *lines is the caller's to end with input_lines_close(), on every status. */
MUST_USE enum status input_lines_open(struct input_lines *lines, const char *name,
                                      size_t line_bytes_max, struct error *error);
MUST_USE enum status input_lines_next(struct input_lines *lines, struct input_line *out,
                                      struct error *error);
void input_lines_close(struct input_lines *lines);

#endif
