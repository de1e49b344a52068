#include "engine/convert.h"

#include "base/json.h"
#include "base/limits.h"
#include "engine/files.h"
#include "store/converted.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void
convert_identify(char identity[FILE_IDENTITY_BYTES], const struct step_conversion *how)
{
    size_t used = strlen(identity);
    snprintf(identity + used, FILE_IDENTITY_BYTES - used, " %s/%" PRIu32, how->kind, how->version);
}

struct digest
convert_name(const struct step_file *file, const struct convert_request *request)
{
    const struct step_conversion *how = request->how;
    struct buffer text;
    buffer_init(&text, LIMIT_SANDBOX_REQUEST_BYTES);
    buffer_append_format(&text, "%s\n%s\n%s/%u\n", file->name, request->identity, how->kind,
                         how->version);
    json_print_canonical(&text, how->options);
    struct digest name = digest_of(buffer_slice(&text));
    buffer_done(&text);
    return name;
}

static enum status
take_output(struct slice piece, void *context, struct error *error)
{
    return converted_write(context, piece, error);
}

enum status
convert_run(int fd, const struct convert_request *request, struct conversion *conversion,
            struct error *error)
{
    const struct engine_ports *ports = request->options->ports;
    int64_t time_ms_max = request->time_ms_max;
    struct buffer options;
    buffer_init(&options, LIMIT_SANDBOX_REQUEST_BYTES);
    json_print(&options, request->how->options);
    conversion->kind = request->how->kind;
    conversion->options = buffer_slice(&options);
    conversion->input_fd = fd;
    conversion->memory_bytes_max = LIMIT_SANDBOX_MEMORY_BYTES;
    conversion->time_ms_max =
        time_ms_max > 0 && time_ms_max < LIMIT_SANDBOX_MS ? time_ms_max : LIMIT_SANDBOX_MS;
    conversion->is_cancelled = request->is_cancelled;
    enum status status = ports->convert(ports->world, conversion, error);
    buffer_done(&options);
    return status;
}

static enum status
make(const struct step_file *file, const struct convert_request *request, const struct digest *name,
     int *fd, struct error *error)
{
    struct converted_draft *draft = NULL;
    struct conversion conversion = {.output_bytes_max = LIMIT_CONVERTED_BYTES,
                                    .output = take_output};
    enum status status = converted_begin(&draft, request->options->converted, name, error);
    if (status != STATUS_OK)
        return status;
    conversion.context = draft;
    buffer_init(&conversion.result, LIMIT_SANDBOX_RESULT_BYTES);
    status = convert_run(file_fd(file), request, &conversion, error);
    if (status != STATUS_OK)
        error_prepend(error, "%s", file->name);
    else
        status = converted_keep(draft, buffer_slice(&conversion.result), fd, error);
    buffer_done(&conversion.result);
    converted_drop(&draft);
    return status;
}

static void
set_code(enum status status, const char **code)
{
    *code = "not_converted";
    if (status == STATUS_INVALID || status == STATUS_LIMIT)
        *code = "bad_file";
    else if (status == STATUS_UNAVAILABLE)
        *code = "no_sandbox";
}

enum status
convert_file(struct step_file **file, const struct convert_request *request, const char **code,
             struct error *error)
{
    struct digest name = convert_name(*file, request);
    int fd = -1;
    enum status status = converted_find(request->options->converted, &name, &fd);
    if (status == STATUS_NOT_FOUND && request->only_kept)
        status =
            error_set(error, STATUS_UNSUPPORTED, "%s has not been converted yet", (*file)->name);
    else if (status == STATUS_NOT_FOUND)
        status = make(*file, request, &name, &fd, error);
    if (status == STATUS_OK)
        status = file_replace(file, fd, error);
    if (status != STATUS_OK)
        set_code(status, code);
    return status;
}
