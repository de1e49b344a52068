#include "base/crash.h"

#include "base/buffer.h"
#include "base/fs.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define LINE_BYTES (2 * ID_BYTES + 1)

struct blamed {
    volatile sig_atomic_t is_set;
    struct id id;
};

static _Thread_local struct blamed blamed;
static int notes_fd = -1;

void
crash_blame(const struct id *id)
{
    blamed.is_set = 0;
    if (id == NULL)
        return;
    blamed.id = *id;
    blamed.is_set = 1;
}

/* Only what signal-safety(7) allows. The signal is raised again, with its usual end. */
static void
note(int signal)
{
    char line[LINE_BYTES];
    if (blamed.is_set) {
        for (size_t i = 0; i < ID_BYTES; i++) {
            line[2 * i] = "0123456789abcdef"[blamed.id.bytes[i] >> 4];
            line[2 * i + 1] = "0123456789abcdef"[blamed.id.bytes[i] & 15];
        }
        line[LINE_BYTES - 1] = '\n';
        if (write(notes_fd, line, sizeof(line)) == (ssize_t)sizeof(line))
            fdatasync(notes_fd);
    }
    raise(signal);
}

enum status
crash_watch(const char *path, struct error *error)
{
    static const int signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    notes_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (notes_fd < 0)
        return fs_errno_status(errno, "cannot open", path, error);
    for (size_t i = 0; i < COUNT_OF(signals); i++) {
        struct sigaction now;
        struct sigaction ours = {.sa_handler = note, .sa_flags = (int)SA_RESETHAND | SA_NODEFER};
        if (sigaction(signals[i], NULL, &now) == 0 && now.sa_handler == SIG_DFL)
            sigaction(signals[i], &ours, NULL);
    }
    return STATUS_OK;
}

/* --- the file --- */

static void
count_id(struct crash_notes *notes, const struct id *id)
{
    for (size_t i = 0; i < notes->count; i++) {
        if (!id_equal(&notes->notes[i].id, id))
            continue;
        notes->notes[i].count++;
        return;
    }
    if (notes->count < CRASH_IDS_MAX)
        notes->notes[notes->count++] = (struct crash_note){*id, 1};
}

enum status
crash_read(struct crash_notes *out, const char *path, struct error *error)
{
    struct buffer text;
    out->count = 0;
    enum status status = fs_read_file(&text, path, MIB(1), error);
    /* A line that a crash cut short is none. */
    for (size_t at = 0; status == STATUS_OK && at + LINE_BYTES <= text.size; at += LINE_BYTES) {
        struct id id;
        if (id_parse(&id, slice_of(text.ptr + at, LINE_BYTES - 1)))
            count_id(out, &id);
    }
    buffer_done(&text);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status
crash_write(const struct crash_notes *notes, const char *path, struct error *error)
{
    struct buffer text;
    buffer_init(&text, MIB(1));
    for (size_t i = 0; i < notes->count; i++) {
        char hex[ID_HEX_BYTES];
        id_hex(&notes->notes[i].id, hex);
        for (uint32_t n = 0; n < notes->notes[i].count; n++)
            buffer_append_format(&text, "%s\n", hex);
    }
    enum status status = fs_write_file(path, buffer_slice(&text), error);
    buffer_done(&text);
    return status;
}
