#include "base/json.h"
#include "base/limits.h"
#include "engine/convert.h"
#include "engine/env.h"
#include "engine/files.h"
#include "store/converted.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Counts up when the same document gives another text than before: texts made earlier are then not
 * taken from the cache. */
#define TEXT_VERSION 1
/* Of what a child tells beside the text. */
#define TITLE_BYTES_MAX ((size_t)500)
#define KIND_BYTES_MAX ((size_t)40)

/* One document on its way to its text. */
struct reading {
    struct step_env *env;
    const struct step_document *document;
    struct step_failure *failure;
    struct slice name;
    struct slice content_type;
    struct step_file *file; /* by its `file`; else NULL */
    int fd;                 /* of the bytes, or the file's */
    struct step_conversion how;
    struct convert_request request;
    char identity[FILE_IDENTITY_BYTES];
    struct buffer text, result;
    bool is_too_long;
};

static struct slice
last_part(struct slice path)
{
    const char *slash = path.size == 0 ? NULL : memrchr(path.ptr, '/', path.size);
    if (slash == NULL)
        return path;
    size_t skipped = (size_t)(slash - path.ptr) + 1;
    return slice_of(path.ptr + skipped, path.size - skipped);
}

/* --- opening --- */

static bool
open_file(struct reading *reading)
{
    const struct step_env *env = reading->env;
    struct file_wanted wanted = {env->options, env->workspace, reading->document->file};
    struct error error = {0};
    enum status status = file_open(&reading->file, &wanted, reading->identity, &error);
    if (status != STATUS_OK)
        return step_fail(reading->failure, "no_file", "%s", error.text);
    reading->fd = file_fd(reading->file);
    reading->name = arena_copy(env->arena, last_part(slice_text(reading->file->name)));
    reading->content_type = file_content_type(reading->file);
    return true;
}

static bool
open_document(struct reading *reading)
{
    if (reading->document->file.size > 0)
        return open_file(reading);
    reading->name = reading->document->name;
    reading->content_type = reading->document->content_type;
    reading->fd = env_bytes_fd(reading->document->bytes, reading->failure);
    return reading->fd >= 0;
}

static void
close_document(struct reading *reading)
{
    if (reading->file != NULL)
        file_close(&reading->file);
    else if (reading->fd >= 0)
        close(reading->fd);
}

/* --- converting --- */

static bool
describe_conversion(struct reading *reading)
{
    struct arena *arena = reading->env->arena;
    struct value options = value_object_set(arena, value_empty_object(), value_text("name"),
                                            value_string_copy(arena, reading->name));
    if (reading->content_type.size > 0)
        options = value_object_set(arena, options, value_text("contentType"),
                                   value_string_copy(arena, reading->content_type));
    reading->how = (struct step_conversion){"text", TEXT_VERSION, options};
    reading->request = (struct convert_request){
        .options = reading->env->options,
        .how = &reading->how,
        .identity = reading->identity,
        .is_cancelled = reading->env->is_cancelled,
        .time_ms_max = reading->env->time_ms_max,
    };
    return options.kind != VALUE_NONE ||
           step_fail(reading->failure, "limit_exceeded", "the document's name is too long");
}

static enum status
take_text(struct slice piece, void *context, struct error *error)
{
    struct reading *reading = context;
    buffer_append_slice(&reading->text, piece);
    reading->is_too_long = buffer_is_over(&reading->text);
    return reading->is_too_long ? error_set(error, STATUS_LIMIT, "the text is too long")
                                : STATUS_OK;
}

static bool
fail_too_long(struct reading *reading)
{
    return step_fail(reading->failure, "document_too_long",
                     "%.*s: its text is longer than %zu bytes; split the document",
                     SLICE_FORMAT(slice_cut(reading->name, 200)), LIMIT_SOURCE_TEXT_BYTES);
}

static bool
convert_document(struct reading *reading)
{
    struct conversion conversion = {
        .output_bytes_max = LIMIT_CONVERTED_BYTES, .output = take_text, .context = reading};
    struct error error = {0};
    buffer_init(&conversion.result, LIMIT_SANDBOX_RESULT_BYTES);
    enum status status = convert_run(reading->fd, &reading->request, &conversion, &error);
    reading->result = conversion.result;
    if (status == STATUS_OK)
        return true;
    if (reading->is_too_long)
        return fail_too_long(reading);
    error_prepend(&error, "%.*s", SLICE_FORMAT(slice_cut(reading->name, 200)));
    return env_fail_conversion(status, &error, reading->failure);
}

/* --- the cache, of files only --- */

static void
keep_converted(const struct reading *reading, const struct digest *name)
{
    struct converted *converted = reading->env->options->converted;
    struct converted_draft *draft = NULL;
    struct error error = {0};
    int fd = -1;
    enum status status = converted_begin(&draft, converted, name, &error);
    if (status == STATUS_OK)
        status = converted_write(draft, buffer_slice(&reading->text), &error);
    if (status == STATUS_OK)
        status = converted_keep(draft, buffer_slice(&reading->result), &fd, &error);
    /* It is made again when it is missing, with a full disk too. */
    status_ignore(status);
    converted_drop(&draft);
    if (fd >= 0)
        close(fd);
}

static bool
read_into(int fd, struct buffer *out, size_t size, uint64_t offset)
{
    while (size > 0) {
        char *room = buffer_reserve(out, size < KIB(64) ? size : KIB(64));
        ssize_t count =
            room == NULL ? 0 : pread(fd, room, size < KIB(64) ? size : KIB(64), (off_t)offset);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return count == 0 && room != NULL;
        buffer_commit(out, (size_t)count);
        offset += (size_t)count;
        size -= (size_t)count;
    }
    return true;
}

/* False: there is nothing, or it cannot be read: then the document is converted. */
static bool
find_converted(struct reading *reading, const struct digest *name)
{
    int fd = -1;
    if (converted_find(reading->env->options->converted, name, &fd) != STATUS_OK)
        return false;
    buffer_init(&reading->result, CONVERSION_HEAD_BYTES);
    bool is_read =
        read_into(fd, &reading->result, CONVERSION_HEAD_BYTES, 0) &&
        read_into(fd, &reading->text, LIMIT_SOURCE_TEXT_BYTES + 1, CONVERSION_HEAD_BYTES);
    close(fd);
    if (is_read)
        return true;
    buffer_done(&reading->result);
    buffer_clear(&reading->text);
    return false;
}

static bool
find_or_convert(struct reading *reading)
{
    if (reading->file == NULL)
        return convert_document(reading);
    struct digest name = convert_name(reading->file, &reading->request);
    if (find_converted(reading, &name))
        return true;
    if (!convert_document(reading))
        return false;
    keep_converted(reading, &name);
    return true;
}

/* --- what a child told is foreign --- */

static struct slice
told_text(struct arena *arena, struct value result, const char *name, size_t size_max)
{
    struct value value = value_get(result, name);
    if (value.kind != VALUE_STRING)
        return slice_of("", 0);
    struct slice copy = arena_copy(arena, slice_cut(value_slice(value), size_max));
    return copy.ptr == NULL ? slice_of("", 0) : copy;
}

static bool
fail_told(const struct reading *reading)
{
    return step_fail(reading->failure, "not_converted",
                     "%.*s: the child that read it gave no proper text",
                     SLICE_FORMAT(slice_cut(reading->name, 200)));
}

static bool
finish(struct reading *reading, struct step_text *out)
{
    struct arena *arena = reading->env->arena;
    struct slice text = buffer_slice(&reading->text);
    struct value result;
    if (text.size > LIMIT_SOURCE_TEXT_BYTES)
        return fail_too_long(reading);
    if (!slice_is_utf8(text) || (text.size > 0 && memchr(text.ptr, '\0', text.size) != NULL) ||
        json_parse(&result, arena, buffer_slice(&reading->result), 0, NULL, NULL) != STATUS_OK)
        return fail_told(reading);
    *out = (struct step_text){
        .text = arena_copy(arena, text),
        .name = arena_copy(arena, reading->name),
        .title = told_text(arena, result, "title", TITLE_BYTES_MAX),
        .kind = told_text(arena, result, "kind", KIND_BYTES_MAX),
    };
    value_integer(value_get(result, "pages"), &out->pages);
    if (out->text.ptr == NULL || out->name.ptr == NULL)
        return step_fail(reading->failure, "limit_exceeded", "the texts of one call are too long");
    return step_env_keep(reading->env, out->text, &out->digest, reading->failure);
}

bool
step_env_read(struct step_env *env, const struct step_document *document, struct step_text *out,
              struct step_failure *failure)
{
    struct reading reading = {.env = env, .document = document, .failure = failure, .fd = -1};
    *out = (struct step_text){0};
    buffer_init(&reading.text, LIMIT_SOURCE_TEXT_BYTES + 2);
    bool is_ok = open_document(&reading) && describe_conversion(&reading) &&
                 find_or_convert(&reading) && finish(&reading, out);
    close_document(&reading);
    buffer_done(&reading.text);
    buffer_done(&reading.result);
    return is_ok;
}

struct value
step_text_value(struct arena *arena, const struct step_text *text)
{
    char hex[2 * DIGEST_BYTES + 1];
    digest_hex(&text->digest, hex);
    struct value title = text->title.size == 0 ? value_null() : value_string(text->title);
    struct member members[] = {
        {value_text("digest"), value_string_copy(arena, slice_text(hex))},
        {value_text("title"), title},
        {value_text("name"), value_string(text->name)},
        {value_text("kind"), value_string(text->kind)},
        {value_text("pages"), text->pages > 0 ? value_int(text->pages) : value_null()},
        {value_text("bytes"), value_int((int64_t)text->text.size)},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}
