/* Rows of files that no disk here would hold: reading goes on at any place by its offset alone, at
 * a cost that does not depend on what lies before. Rows have one size, so that any part of the file
 * can be made when it is read. */
#include "test.h"

#include "base/limits.h"
#include "steps/types.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ROW_CHARACTERS 100

struct far_file {
    struct step_file file;
    const char *header;          /* of ROW_CHARACTERS too, when it is there */
    const char *before, *behind; /* a row's id; then comes its filling */
    const char *tail;            /* behind that */
    size_t character_bytes;
    uint64_t read_bytes; /* of all reads */
};

static void
make_row(const struct far_file *far, uint64_t row, char out[ROW_CHARACTERS + 1])
{
    bool is_header = far->header != NULL && row == 0;
    uint64_t id = row - (far->header != NULL);
    size_t tail = strlen(far->tail);
    int size = is_header ? snprintf(out, ROW_CHARACTERS + 1, "%s", far->header)
                         : snprintf(out, ROW_CHARACTERS + 1, "%s%012" PRIu64 "%s", far->before, id,
                                    far->behind);
    memset(out + size, 'x', ROW_CHARACTERS - (size_t)size);
    memcpy(out + ROW_CHARACTERS - tail, far->tail, tail);
}

static enum status
far_read(struct step_file *file, uint64_t offset, void *out, size_t size, size_t *got,
         struct error *error)
{
    struct far_file *far = (struct far_file *)file;
    char *to = out;
    char row[ROW_CHARACTERS + 1];
    uint64_t made = UINT64_MAX;
    for (size_t i = 0; i < size; i++) {
        uint64_t character = (offset + i) / far->character_bytes;
        if (character / ROW_CHARACTERS != made) {
            made = character / ROW_CHARACTERS;
            make_row(far, made, row);
        }
        bool is_low = (offset + i) % far->character_bytes == 0;
        to[i] = (char)(is_low ? row[character % ROW_CHARACTERS] : '\0');
    }
    far->read_bytes += size;
    *got = size;
    return STATUS_OK;
}

static void
check_ids(const struct source_batch *batch, uint64_t first)
{
    for (size_t i = 0; i < batch->count; i++) {
        char wanted[32];
        snprintf(wanted, sizeof(wanted), "%012" PRIu64, first + i);
        assert_null(batch->rows[i].problem);
        assert_true(slice_is(value_slice(value_get(batch->rows[i].value, "id")), wanted));
    }
}

/* Reads the rest of the rows from that one on, as after a restart. */
static void
check_rows_from(const struct step_type *type, struct far_file *far, uint64_t row, uint64_t count)
{
    struct arena arena;
    struct source *source;
    struct error error = {0};
    arena_init(&arena, MIB(1));
    struct member no_member;
    struct value config = value_object_new(&arena, &no_member, 0);
    assert_int_equal(type->source_open(&source, config, &far->file, &error), STATUS_OK);
    bool has_header = far->header != NULL;
    uint64_t row_bytes = ROW_CHARACTERS * far->character_bytes;
    struct source_place place = {(row + has_header) * row_bytes, row + has_header + 1, row};
    if (row == 0)
        place = (struct source_place){0};
    struct source_batch batch = {0};
    for (uint64_t at = row; at < count && at < row + 1000; at += batch.count) {
        struct arena rows;
        arena_init(&rows, MIB(4));
        assert_int_equal(type->source_next(source,
                                           &(struct source_page){&place, 256, KIB(64), &rows},
                                           &batch, &error),
                         STATUS_OK);
        assert_true(batch.count > 0);
        check_ids(&batch, at);
        assert_int_equal(place.ordinal, at + batch.count);
        assert_int_equal(place.line, at + batch.count + has_header + 1);
        assert_int_equal(place.offset, (at + batch.count + has_header) * row_bytes);
        assert_int_equal(batch.is_end, at + batch.count == count);
        arena_done(&rows);
    }
    type->source_close(&source);
    arena_done(&arena);
}

static void
test_places_beyond_4_gib_are_read_as_the_first(void **state)
{
    static const struct {
        const struct step_type *type;
        const char *header, *before, *behind, *tail;
        size_t character_bytes;
    } table[] = {
        {&step_read_csv, "id,", "", ",", "\n", 1},
        {&step_read_csv, "id;", "", ";\"", "\"\r\n", 1},
        {&step_read_csv, "id\t", "", "\t\"", "\"\r\n", 2},
        {&step_read_jsonl, NULL, "{\"id\":\"", "\",\"x\":\"", "\"}\n", 1},
        {&step_read_jsonl, NULL, "{\"id\":\"", "\",\"x\":\"", "\"}\n", 2},
    };
    static const uint64_t count = UINT64_C(1000000000); /* 100 GB and more */
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct far_file far = {
            .header = table[i].header,
            .before = table[i].before,
            .behind = table[i].behind,
            .tail = table[i].tail,
            .character_bytes = table[i].character_bytes,
        };
        uint64_t rows = count + (far.header != NULL);
        far.file =
            (struct step_file){far_read, rows * ROW_CHARACTERS * far.character_bytes, "rows.csv"};
        const uint64_t places[] = {0, 42949671, 42949674, 900000000, count - 5};
        for (size_t p = 0; p < COUNT_OF(places); p++)
            check_rows_from(table[i].type, &far, places[p], count);
        /* Per opening the beginning of the file, and what was asked for. */
        assert_true(far.read_bytes < COUNT_OF(places) * MIB(3));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places_beyond_4_gib_are_read_as_the_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
