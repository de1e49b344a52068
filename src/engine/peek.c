#include "engine/peek.h"

#include "base/limits.h"
#include "base/mem.h"
#include "engine/convert.h"
#include "engine/files.h"
#include "engine/run.h"

struct peek {
    const struct engine_options *options;
    const struct step_type *type;
    struct step_file *file;
    struct source *source;
    struct source_place place;
    char identity[FILE_IDENTITY_BYTES];
};

static enum status
open_converted(struct peek *peek, const struct peek_wanted *wanted, const char **code,
               struct error *error)
{
    struct arena arena;
    struct step_conversion how;
    arena_init(&arena, KIB(256));
    enum status status = wanted->type->source_convert(wanted->config, &arena, &how, error);
    if (status == STATUS_OK) {
        convert_identify(peek->identity, &how);
        struct convert_request request = {
            .options = peek->options,
            .how = &how,
            .identity = peek->identity,
            .only_kept = !wanted->may_convert,
        };
        status = convert_file(&peek->file, &request, code, error);
    }
    arena_done(&arena);
    return status;
}

static enum status
open_file(struct peek *peek, const struct peek_wanted *wanted, const char **code,
          struct error *error)
{
    struct value file = value_get(wanted->config, "file");
    if (wanted->type->reads != STEP_READS_FILE) {
        *code = "no_list";
        return error_set(error, STATUS_UNSUPPORTED,
                         "rows of lists and entities are not looked at before a run");
    }
    *code = "no_file";
    if (file.kind != VALUE_STRING)
        return error_set(error, STATUS_INVALID, "file: expected a text, found %s",
                         value_kind_name(file));
    struct file_wanted which = {peek->options, wanted->workspace, value_slice(file)};
    return file_open(&peek->file, &which, peek->identity, error);
}

enum status
peek_open(struct peek **out, struct engine *engine, const struct peek_wanted *wanted,
          const char **code, struct error *error)
{
    struct peek *peek = mem_alloc(sizeof(*peek));
    *peek = (struct peek){.options = &engine->options, .type = wanted->type};
    *out = NULL;
    enum status status = open_file(peek, wanted, code, error);
    if (status == STATUS_OK) {
        *code = "bad_file";
        if (wanted->type->source_convert != NULL)
            status = open_converted(peek, wanted, code, error);
    }
    if (status == STATUS_OK)
        status = wanted->type->source_open(&peek->source, wanted->config, peek->file, error);
    if (status == STATUS_OK)
        *out = peek;
    else
        peek_close(&peek);
    return status;
}

static struct value
row_seen(const struct source_row *row, struct arena *arena)
{
    if (row->problem == NULL)
        return row->value;
    struct member member = {value_text("error"), value_text(row->problem)};
    return value_object_new(arena, &member, 1);
}

enum status
peek_rows(struct peek *peek, uint32_t limit, struct arena *arena, struct value *out,
          struct error *error)
{
    struct source_batch batch = {.is_end = false};
    enum status status = STATUS_OK;
    *out = value_empty_array();
    while (status == STATUS_OK && !batch.is_end && out->count < limit) {
        struct source_page page = {&peek->place, limit - out->count, LIMIT_CHUNK_SOURCE_BYTES,
                                   arena};
        status = peek->type->source_next(peek->source, &page, &batch, error);
        for (size_t i = 0; status == STATUS_OK && i < batch.count; i++)
            *out = value_array_append(arena, *out, row_seen(&batch.rows[i], arena));
        if (out->kind == VALUE_NONE)
            return error_set(error, STATUS_LIMIT, "the first rows hold too many bytes");
    }
    return status;
}

enum status
peek_count(struct peek *peek, int64_t until_mono_us, uint64_t *rows, bool *is_end,
           struct error *error)
{
    struct arena arena;
    struct source_batch batch = {.is_end = false};
    enum status status = STATUS_OK;
    *rows = 0;
    arena_init(&arena, LIMIT_CHUNK_BYTES);
    struct source_page page = {&peek->place, LIMIT_CHUNK_ITEMS, LIMIT_CHUNK_SOURCE_BYTES, &arena};
    while (status == STATUS_OK && !batch.is_end &&
           clock_mono_us(peek->options->clock) < until_mono_us) {
        status = peek->type->source_next(peek->source, &page, &batch, error);
        if (status == STATUS_OK)
            *rows += batch.count;
        arena_reset(&arena);
    }
    arena_done(&arena);
    *is_end = status == STATUS_OK && batch.is_end;
    return status;
}

void
peek_close(struct peek **peek)
{
    struct peek *gone = *peek;
    *peek = NULL;
    if (gone == NULL)
        return;
    if (gone->source != NULL)
        gone->type->source_close(&gone->source);
    file_close(&gone->file);
    mem_free(gone);
}
