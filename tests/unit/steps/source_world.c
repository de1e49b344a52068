#include "source_world.h"
#include "test.h"

#include "base/json.h"
#include "base/limits.h"

static enum status
memory_read(struct step_file *file, uint64_t offset, void *out, size_t size, size_t *got,
            struct error *error)
{
    const struct source_world *world = (const struct source_world *)file;
    *got = 0;
    if (world->read_status != STATUS_OK)
        return error_set(error, world->read_status, "the disk is broken");
    if (offset >= world->text.size)
        return STATUS_OK;
    size_t left = world->text.size - (size_t)offset;
    *got = size < left ? size : left;
    if (*got > world->read_most)
        *got = world->read_most;
    memcpy(out, world->text.ptr + offset, *got);
    return STATUS_OK;
}

void
source_world_open(struct source_world *world, const struct step_type *type, const char *config,
                  struct slice text)
{
    *world = (struct source_world){
        .file = {.read = memory_read, .size_bytes = text.size, .name = "rows.csv"},
        .text = text,
        .read_most = 1000,
        .type = type,
    };
    arena_init(&world->arena, MIB(1));
    struct value value;
    assert_int_equal(json_parse(&value, &world->arena, slice_text(config), 0, NULL, NULL),
                     STATUS_OK);
    enum status status = type->source_open(&world->source, value, &world->file, &world->error);
    assert_int_equal(status == STATUS_OK, world->source != NULL);
    assert_int_equal(status, world->error.status);
}

void
source_world_close(struct source_world *world)
{
    world->type->source_close(&world->source);
    assert_null(world->source);
    arena_done(&world->arena);
}

static void
show_batch(const struct source_batch *batch, struct source_place from, struct buffer *out)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct source_row *row = &batch->rows[i];
        buffer_append_format(out, "%d ", (int)(from.ordinal + i));
        if (row->problem != NULL)
            buffer_append_format(out, "!%s", row->problem);
        else
            json_print(out, row->value);
        buffer_append_byte(out, '\n');
    }
}

/* As the engine reads rows back whose chunk has left memory. */
static void
check_again(struct source_world *world, struct source_place from, struct source_place to,
            const struct source_batch *batch)
{
    struct arena arena;
    struct source_batch again;
    struct buffer texts[2];
    arena_init(&arena, MIB(64));
    buffer_init(&texts[0], MIB(64));
    buffer_init(&texts[1], MIB(64));
    struct source_place place = from;
    assert_int_equal(
        world->type->source_next(world->source,
                                 &(struct source_page){&place, batch->count, SIZE_MAX, &arena},
                                 &again, &world->error),
        STATUS_OK);
    assert_int_equal(again.count, batch->count);
    assert_int_equal(place.offset, to.offset);
    assert_int_equal(place.line, to.line);
    assert_int_equal(place.ordinal, to.ordinal);
    show_batch(batch, from, &texts[0]);
    show_batch(&again, from, &texts[1]);
    assert_true(slice_equal(buffer_slice(&texts[0]), buffer_slice(&texts[1])));
    buffer_done(&texts[0]);
    buffer_done(&texts[1]);
    arena_done(&arena);
}

static enum status
read_batch(struct source_world *world, struct source_place *place, size_t rows_max,
           size_t bytes_max, struct buffer *out, bool *is_end)
{
    struct arena arena;
    struct source_batch batch;
    struct source_place from = *place;
    arena_init(&arena, MIB(64));
    enum status status = world->type->source_next(
        world->source, &(struct source_page){place, rows_max, bytes_max, &arena}, &batch,
        &world->error);
    if (status == STATUS_OK) {
        assert_true(batch.count <= rows_max);
        assert_true(batch.count > 0 || batch.is_end);
        assert_true(batch.count <= 1 || from.line == 0 || place->offset - from.offset <= bytes_max);
        assert_int_equal(place->ordinal, from.ordinal + batch.count);
        if (batch.count > 0 && !batch.is_end)
            check_again(world, from, *place, &batch);
        show_batch(&batch, from, out);
        *is_end = batch.is_end;
    }
    arena_done(&arena);
    return status;
}

enum status
source_world_read(struct source_world *world, size_t rows_max, size_t bytes_max, struct buffer *out)
{
    struct source_place place = {0};
    enum status status = STATUS_OK;
    bool is_end = false;
    while (status == STATUS_OK && !is_end)
        status = read_batch(world, &place, rows_max, bytes_max, out, &is_end);
    return status;
}

void
source_world_check(const struct step_type *type, const struct source_case *wanted)
{
    static const size_t batch_rows[] = {1, 2, 3, 256};
    static const size_t batch_bytes[] = {1, 5, 17, 64 * 1024, SIZE_MAX};
    struct source_world world;
    source_world_open(&world, type, wanted->config, slice_text(wanted->text));
    if (world.source == NULL)
        fail_msg("%s: %s", wanted->label, world.error.text);
    for (size_t i = 0; i < COUNT_OF(batch_rows) * COUNT_OF(batch_bytes); i++) {
        size_t rows = batch_rows[i % COUNT_OF(batch_rows)];
        size_t bytes = batch_bytes[i / COUNT_OF(batch_rows)];
        struct buffer out;
        buffer_init(&out, MIB(1));
        world.read_most = 1 + i * 7;
        assert_int_equal(source_world_read(&world, rows, bytes, &out), STATUS_OK);
        if (!slice_is(buffer_slice(&out), wanted->rows))
            fail_msg("%s, %zu rows, %zu bytes: %.*s", wanted->label, rows, bytes,
                     SLICE_FORMAT(buffer_slice(&out)));
        buffer_done(&out);
    }
    source_world_close(&world);
}
