#include "base/conversion.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/limits.h"
#include "cli/cli.h"
#include "cli/input.h"
#include "cli/options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes of a document that comes by standard input. */
#define STANDARD_INPUT_BYTES MIB(1024)

struct reading {
    struct cli *cli;
    bool as_json;
    bool has_several;
    int exit_code;
    struct buffer text;   /* of the document */
    struct buffer result; /* what is told about it: a JSON object */
    struct buffer out;    /* JSON */
};

static void
raise_exit(struct reading *reading, int code)
{
    if (code > reading->exit_code)
        reading->exit_code = code;
}

/* --- the document --- */

/* A child reads where it likes, which a pipe does not allow. */
static enum status
open_standard(int *fd, struct error *error)
{
    struct buffer bytes;
    enum status status = input_read(&bytes, INPUT_STANDARD, STANDARD_INPUT_BYTES, error);
    if (status == STATUS_OK)
        *fd = memfd_create("standard input", MFD_CLOEXEC);
    if (status == STATUS_OK && *fd < 0)
        status = fs_errno_status(errno, "keep", "the input", error);
    for (size_t done = 0; status == STATUS_OK && done < bytes.size;) {
        ssize_t written = write(*fd, bytes.ptr + done, bytes.size - done);
        if (written < 0 && errno != EINTR)
            status = fs_errno_status(errno, "keep", "the input", error);
        done += written > 0 ? (size_t)written : 0;
    }
    buffer_done(&bytes);
    return status;
}

static enum status
open_document(int *fd, const char *name, struct error *error)
{
    *fd = -1;
    if (strcmp(name, INPUT_STANDARD) == 0)
        return open_standard(fd, error);
    struct stat about;
    *fd = open(name, O_RDONLY | O_CLOEXEC);
    if (*fd < 0 || fstat(*fd, &about) != 0)
        return fs_errno_status(errno, "cannot open", name, error);
    if (!S_ISREG(about.st_mode))
        return error_set(error, STATUS_INVALID, "cannot open %s: it is no file", name);
    return STATUS_OK;
}

static void
print_hints(struct buffer *out, const char *name)
{
    const char *slash = strrchr(name, '/');
    struct slice last = slice_text(slash == NULL ? name : slash + 1);
    buffer_append_text(out, "{\"name\":");
    json_print_string(out, slice_is_utf8(last) ? last : SLICE(""));
    buffer_append_byte(out, '}');
}

static enum status
take_piece(struct slice piece, void *context, struct error *error)
{
    struct reading *reading = context;
    buffer_append_slice(&reading->text, piece);
    return STATUS_OK;
}

static enum status
convert(struct reading *reading, const char *name, int fd, struct error *error)
{
    struct buffer hints;
    buffer_init(&hints, LIMIT_SANDBOX_REQUEST_BYTES);
    print_hints(&hints, name);
    struct conversion conversion = {
        .kind = "text",
        .options = buffer_slice(&hints),
        .input_fd = fd,
        .output_bytes_max = LIMIT_SOURCE_TEXT_BYTES,
        .memory_bytes_max = LIMIT_SANDBOX_MEMORY_BYTES,
        .time_ms_max = LIMIT_SANDBOX_MS,
        .output = take_piece,
        .context = reading,
    };
    buffer_init(&conversion.result, LIMIT_SANDBOX_RESULT_BYTES);
    enum status status = reading->cli->convert(&conversion, error);
    buffer_append_slice(&reading->result, buffer_slice(&conversion.result));
    buffer_done(&conversion.result);
    buffer_done(&hints);
    return status;
}

/* --- what is printed --- */

static void
put_json(struct reading *reading, const char *name, const struct error *error)
{
    struct buffer *out = &reading->out;
    buffer_append_text(out, "{\"file\":");
    json_print_string(out, slice_is_utf8(slice_text(name)) ? slice_text(name) : SLICE("?"));
    if (error->status != STATUS_OK) {
        buffer_append_text(out, ",\"problem\":");
        json_print_string(out, slice_text(error->text));
    } else {
        /* The members of the object that is told. */
        struct slice told = buffer_slice(&reading->result);
        buffer_append_byte(out, ',');
        buffer_append(out, told.ptr + 1, told.size - 2);
        buffer_append_format(out, ",\"bytes\":%zu,\"text\":", reading->text.size);
        json_print_string(out, buffer_slice(&reading->text));
    }
    buffer_append_byte(out, '}');
    fwrite(out->ptr, 1, out->size, stdout);
    buffer_clear(out);
}

static void
put_text(const struct reading *reading, const char *name, const struct error *error)
{
    struct buffer line;
    buffer_init(&line, MIB(1));
    if (error->status != STATUS_OK) {
        buffer_append_text(&line, "windrow: ");
        buffer_append_printable(&line, name);
        buffer_append_format(&line, ": %s\n", error->text);
        fwrite(line.ptr, 1, line.size, stderr);
    } else {
        if (reading->has_several) {
            buffer_append_text(&line, "==> ");
            buffer_append_printable(&line, name);
            buffer_append_text(&line, " <==\n");
            fwrite(line.ptr, 1, line.size, stdout);
        }
        fwrite(reading->text.ptr, 1, reading->text.size, stdout);
    }
    buffer_done(&line);
}

/* A document that is refused is one thing, trouble around it another. */
static int
exit_of(enum status status, bool is_open)
{
    if (status == STATUS_OK)
        return CLI_OK;
    if (!is_open)
        return CLI_USAGE;
    return status == STATUS_INVALID || status == STATUS_LIMIT ? CLI_FAILED : CLI_TROUBLE;
}

static void
read_document(struct reading *reading, const char *name)
{
    struct error error = {0};
    int fd = -1;
    buffer_clear(&reading->text);
    buffer_clear(&reading->result);
    enum status status = open_document(&fd, name, &error);
    bool is_open = status == STATUS_OK;
    if (is_open)
        status = convert(reading, name, fd, &error);
    raise_exit(reading, exit_of(status, is_open));
    if (reading->as_json)
        put_json(reading, name, &error);
    else
        put_text(reading, name, &error);
    if (fd >= 0)
        close(fd);
}

static int
read_all(struct reading *reading, const struct positional *files)
{
    buffer_init(&reading->text, LIMIT_SOURCE_TEXT_BYTES);
    buffer_init(&reading->result, LIMIT_SANDBOX_RESULT_BYTES);
    buffer_init(&reading->out, 8 * LIMIT_SOURCE_TEXT_BYTES);
    reading->has_several = files->count > 1;
    if (reading->as_json)
        printf("[");
    for (size_t i = 0; i < files->count; i++) {
        if (reading->as_json && i > 0)
            printf(",");
        read_document(reading, files->values[i]);
    }
    if (reading->as_json)
        printf("]\n");
    buffer_done(&reading->text);
    buffer_done(&reading->result);
    buffer_done(&reading->out);
    return reading->exit_code;
}

int
cli_text(struct cli *cli, int argc, char **argv)
{
    struct reading reading = {.cli = cli};
    const struct option options[] = {
        {.name = "--json",
         .kind = OPTION_FLAG,
         .into.flag = &reading.as_json,
         .help = "print an array with an object for each file: kind, title, pages, bytes, text"},
    };
    const struct option_table table = {
        .usage = "windrow text [--json] FILE…",
        .summary = "Prints the text of documents: PDF, DOCX, web pages, Markdown, text; - is "
                   "standard input.\nExit code: 0 all were read, 1 a document is refused, 2 a file "
                   "cannot be read, 4 trouble.",
        .options = options,
        .count = COUNT_OF(options),
        .positional_min = 1,
        .positional_max = POSITIONAL_VALUES_MAX,
    };
    struct positional files;
    enum options_end end = options_read(&table, argc, argv, &files);
    if (end != OPTIONS_OK)
        return end == OPTIONS_HELP ? CLI_OK : CLI_USAGE;
    return read_all(&reading, &files);
}
