#include "engine/peek.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "engine/convert.h"
#include "engine/files.h"
#include "engine/kept_rows.h"
#include "engine/run.h"

struct peek {
    const struct engine_options *options;
    const struct step_type *type;
    struct step_file *file;
    struct source *source;
    struct source_place place;
    char identity[FILE_IDENTITY_BYTES];
    struct kept_wanted kept; /* of one that reads no file */
};

/* --- what stays --- */

/* Rows that are taken, or only counted. */
struct kept_taking {
    struct arena *arena;
    struct value rows;
    uint64_t count, most;
    struct clock *clock;
    int64_t until_mono_us;
};

static bool
take_none(struct slice line, void *context)
{
    return false;
}

static bool
take_line(struct slice line, void *context)
{
    struct kept_taking *taking = context;
    struct value row;
    if (json_parse(&row, taking->arena, line, 0, NULL, NULL) != STATUS_OK)
        row = value_text("the row is too large");
    struct member problem = {value_text("error"), row};
    if (row.kind == VALUE_STRING)
        row = value_object_new(taking->arena, &problem, 1);
    taking->rows = value_array_append(taking->arena, taking->rows, row);
    return taking->rows.kind == VALUE_ARRAY && ++taking->count < taking->most;
}

static bool
count_line(struct slice line, void *context)
{
    struct kept_taking *taking = context;
    if (clock_mono_us(taking->clock) >= taking->until_mono_us)
        return false;
    taking->count++;
    return true;
}

static enum status
kept_rows(struct peek *peek, uint32_t limit, struct arena *arena, struct value *out,
          struct error *error)
{
    const char *code;
    struct kept_taking taking = {.arena = arena, .rows = value_empty_array(), .most = limit};
    enum status status = kept_rows_read(&peek->kept, take_line, &taking, &code, error);
    *out = taking.rows;
    return status == STATUS_OK && taking.rows.kind == VALUE_NONE
               ? error_set(error, STATUS_LIMIT, "the first rows hold too many bytes")
               : status;
}

static enum status
kept_count(struct peek *peek, int64_t until_mono_us, uint64_t *rows, bool *is_end,
           struct error *error)
{
    const char *code;
    struct kept_taking taking = {.clock = peek->options->clock, .until_mono_us = until_mono_us};
    enum status status = kept_rows_read(&peek->kept, count_line, &taking, &code, error);
    *rows = taking.count;
    *is_end = status == STATUS_OK && clock_mono_us(taking.clock) < until_mono_us;
    return status;
}

/* --- files --- */

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
    *code = "no_file";
    if (file.kind != VALUE_STRING)
        return error_set(error, STATUS_INVALID, "file: expected a text, found %s",
                         value_kind_name(file));
    struct file_wanted which = {peek->options, wanted->workspace, value_slice(file)};
    return file_open(&peek->file, &which, peek->identity, error);
}

static enum status
open_kept(struct peek *peek, const struct peek_wanted *wanted, const char **code,
          struct error *error)
{
    peek->kept = (struct kept_wanted){.store = peek->options->store,
                                      .workspace = wanted->workspace,
                                      .reads = wanted->type->reads,
                                      .config = wanted->config};
    return kept_rows_read(&peek->kept, take_none, NULL, code, error);
}

static enum status
open_source(struct peek *peek, const struct peek_wanted *wanted, const char **code,
            struct error *error)
{
    enum status status = open_file(peek, wanted, code, error);
    if (status != STATUS_OK)
        return status;
    *code = "bad_file";
    if (wanted->type->source_convert != NULL)
        status = open_converted(peek, wanted, code, error);
    return status == STATUS_OK
               ? wanted->type->source_open(&peek->source, wanted->config, peek->file, error)
               : status;
}

enum status
peek_open(struct peek **out, struct engine *engine, const struct peek_wanted *wanted,
          const char **code, struct error *error)
{
    struct peek *peek = mem_alloc(sizeof(*peek));
    *peek = (struct peek){.options = &engine->options, .type = wanted->type};
    *out = NULL;
    enum status status = wanted->type->reads == STEP_READS_FILE
                             ? open_source(peek, wanted, code, error)
                             : open_kept(peek, wanted, code, error);
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
    if (peek->type->reads != STEP_READS_FILE)
        return kept_rows(peek, limit, arena, out, error);
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
    if (peek->type->reads != STEP_READS_FILE)
        return kept_count(peek, until_mono_us, rows, is_end, error);
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
