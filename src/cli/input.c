#include "cli/input.h"

#include "base/fs.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_BYTES KIB(256)

static bool
is_standard(const char *name)
{
    return strcmp(name, INPUT_STANDARD) == 0;
}

/* One block more; *is_end when there is none. LIMIT: the buffer is full. */
static enum status
read_block(struct buffer *text, int fd, bool *is_end, struct error *error)
{
    char *room = buffer_reserve(text, BLOCK_BYTES);
    ssize_t count = -1;
    if (room == NULL)
        return error_set(error, STATUS_LIMIT, "the input is larger than %zu bytes",
                         text->max_bytes);
    do {
        count = read(fd, room, BLOCK_BYTES);
    } while (count < 0 && errno == EINTR);
    if (count < 0)
        return fs_errno_status(errno, "read", "the input", error);
    buffer_commit(text, (size_t)count);
    *is_end = count == 0;
    return STATUS_OK;
}

enum status
input_read(struct buffer *out, const char *name, size_t max_bytes, struct error *error)
{
    if (!is_standard(name))
        return fs_read_file(out, name, max_bytes, error);
    bool is_end = false;
    enum status status = STATUS_OK;
    buffer_init(out, max_bytes);
    while (status == STATUS_OK && !is_end)
        status = read_block(out, STDIN_FILENO, &is_end, error);
    return status;
}

enum status
input_lines_open(struct input_lines *lines, const char *name, size_t line_bytes_max,
                 struct error *error)
{
    *lines = (struct input_lines){.fd = STDIN_FILENO, .line_bytes_max = line_bytes_max};
    buffer_init(&lines->text, line_bytes_max + 2 * BLOCK_BYTES);
    if (!is_standard(name))
        lines->fd = open(name, O_RDONLY | O_CLOEXEC);
    return lines->fd >= 0 ? STATUS_OK : fs_errno_status(errno, "open", name, error);
}

void
input_lines_close(struct input_lines *lines)
{
    if (lines->fd > STDIN_FILENO)
        close(lines->fd);
    buffer_done(&lines->text);
}

static enum status
read_more(struct input_lines *lines, struct error *error)
{
    buffer_consume(&lines->text, lines->at);
    lines->at = 0;
    return read_block(&lines->text, lines->fd, &lines->has_ended, error);
}

/* Whether the next line has its end in the text, and its size so far. */
static bool
find_end(const struct input_lines *lines, size_t searched, size_t *size)
{
    *size = lines->text.size - lines->at;
    if (*size == searched)
        return false;
    const char *begin = lines->text.ptr + lines->at;
    const char *end = memchr(begin + searched, '\n', *size - searched);
    if (end != NULL)
        *size = (size_t)(end - begin);
    return end != NULL;
}

static void
give(struct input_lines *lines, size_t size, struct input_line *out)
{
    out->is_too_long = size > lines->line_bytes_max;
    out->text =
        slice_of(lines->text.ptr + lines->at, out->is_too_long ? lines->line_bytes_max : size);
    lines->number++;
}

/* What comes is a whole line, the beginning of one that is too long, or the tail of such a one,
 * which is passed over. */
enum status
input_lines_next(struct input_lines *lines, struct input_line *out, struct error *error)
{
    *out = (struct input_line){.is_end = false};
    size_t searched = 0;
    for (;;) {
        size_t size = 0;
        bool has_end = find_end(lines, searched, &size);
        if (!has_end && !lines->has_ended && size <= lines->line_bytes_max) {
            searched = size;
            enum status status = read_more(lines, error);
            if (status != STATUS_OK)
                return status;
            continue;
        }
        bool is_tail = lines->is_in_line;
        bool is_given = !is_tail && (size > 0 || has_end);
        if (is_given)
            give(lines, size, out);
        lines->is_in_line = !has_end;
        lines->at += size + has_end;
        out->is_end = !is_given && !has_end && lines->has_ended;
        if (is_given || out->is_end)
            return STATUS_OK;
        searched = 0;
    }
}
