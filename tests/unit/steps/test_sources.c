/* Sources: what each text gives as rows, the same in batches of every size and at every second
 * reading; and what is refused, with its place. */
#include "source_world.h"
#include "test.h"

#include "base/limits.h"
#include "base/thread.h"
#include "steps/types.h"

#include <string.h>

static void
test_csv_rows(void **state)
{
    static const struct source_case table[] = {
        {"plain", "{}", "a,b\n1,2\n3,4\n",
         "0 {\"a\":\"1\",\"b\":\"2\"}\n1 {\"a\":\"3\",\"b\":\"4\"}\n"},
        {"no end at the end", "{}", "a\n1", "0 {\"a\":\"1\"}\n"},
        {"only a header", "{}", "a,b\n", ""},
        {"only a header, no end", "{}", "a,b", ""},
        {"byte order mark", "{}",
         "\xEF\xBB\xBF"
         "a\r\n1\r\n",
         "0 {\"a\":\"1\"}\n"},
        {"mark and quotes", "{}", "\xEF\xBB\xBF\"a,b\"\n1\n", "0 {\"a,b\":\"1\"}\n"},
        {"blank lines", "{}", "\n\na\n\n1\n\n\n2\n\n", "0 {\"a\":\"1\"}\n1 {\"a\":\"2\"}\n"},
        {"fewer fields", "{}", "a,b,c\n1\n1,\n,\n",
         "0 {\"a\":\"1\",\"b\":null,\"c\":null}\n1 {\"a\":\"1\",\"b\":\"\",\"c\":null}\n"
         "2 {\"a\":\"\",\"b\":\"\",\"c\":null}\n"},
        {"more fields", "{}", "a,b\n1,2,3\n4,5\n",
         "0 !line 2, column 5: 3 fields where the header has 2\n1 {\"a\":\"4\",\"b\":\"5\"}\n"},
        {"lines inside quotes count", "{}", "a,b\n\"x\ny\",1\n\n1,2,3\n",
         "0 {\"a\":\"x\\ny\",\"b\":\"1\"}\n1 !line 5, column 5: 3 fields where the header has 2\n"},
        {"a header of two lines", "{}", "\"a\nb\",c\n1,2,3\n",
         "0 !line 3, column 5: 3 fields where the header has 2\n"},
        {"empty fields too many", "{}", "a,b\n1,2,,\n", "0 {\"a\":\"1\",\"b\":\"2\"}\n"},
        {"bad quotes", "{}", "a\n\"1\"x\n2\n",
         "0 !line 2, column 4: text after a closing quote (a quote inside quotes is written "
         "twice)\n1 {\"a\":\"2\"}\n"},
        {"not closed", "{}", "a,b\n1,2\n\"2,3\n3,4\n5,6,7\n",
         "0 {\"a\":\"1\",\"b\":\"2\"}\n1 !line 3, column 1: a quoted field is not closed\n"
         "2 {\"a\":\"3\",\"b\":\"4\"}\n3 !line 5, column 5: 3 fields where the header has 2\n"},
        {"not UTF-8", "{}", "a,b\n\xC3\xA9,\xE9\nx,y\n",
         "0 !line 2, column 3: the byte 0xE9 (at 7 in the file) is not UTF-8; another encoding can "
         "be given as `encoding`\n1 {\"a\":\"x\",\"b\":\"y\"}\n"},
        {"not UTF-8 in the second line", "{}", "a\n\"\xC3\xA9\n\xC3\"\n",
         "0 !line 3, column 1: the byte 0xC3 (at 6 in the file) is not UTF-8; another encoding can "
         "be given as `encoding`\n"},
        {"semicolons", "{\"delimiter\":\";\"}", "a;b\n1,5;2\n", "0 {\"a\":\"1,5\",\"b\":\"2\"}\n"},
        {"tabs", "{\"delimiter\":\"\\t\"}", "a\tb\n1\t\"2\t\"\n",
         "0 {\"a\":\"1\",\"b\":\"2\\t\"}\n"},
        {"no header", "{\"header\":false}", "1,2\n3\n",
         "0 {\"column_1\":\"1\",\"column_2\":\"2\"}\n1 {\"column_1\":\"3\",\"column_2\":null}\n"},
        {"no header, with a mark", "{\"header\":false}",
         "\xEF\xBB\xBF"
         "1\n",
         "0 {\"column_1\":\"1\"}\n"},
        {"no header, nothing", "{\"header\":false}", "", ""},
        {"header true", "{\"header\":true,\"encoding\":\"UTF-8\"}", "a\n1\n", "0 {\"a\":\"1\"}\n"},
        {"every value is a string", "{}", "a,b,c\n1.10,true,null\n",
         "0 {\"a\":\"1.10\",\"b\":\"true\",\"c\":\"null\"}\n"},
        {"a quoted nothing in one column", "{}", "a\n\"\"\n", "0 {\"a\":\"\"}\n"},
        {"old Macs", "{}", "a,b\r1,2\r\r3,4,5\r",
         "0 {\"a\":\"1\",\"b\":\"2\"}\n1 !line 4, column 5: 3 fields where the header has 2\n"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++)
        source_world_check(&step_read_csv, &table[i]);
}

static void
test_a_csv_that_cannot_be_opened_says_why(void **state)
{
    static const struct {
        const char *config;
        const char *text;
        const char *words;
    } table[] = {
        {"{}", "", "rows.csv is empty: expected a first line with the names of the columns"},
        {"{}", "\n\r\n", "rows.csv is empty: expected a first line with the names of the columns"},
        {"{\"encoding\":\"utf-8\"}", "a\xFF\n",
         "rows.csv: line 1: the name of column 1 is not text in utf-8"},
        {"{}", "a,\"b\"c\n", "rows.csv: line 1, column 6: text after a closing quote"},
        {"{}", "\"a\n", "rows.csv: line 1, column 1: a quoted field is not closed"},
        {"{\"delimiter\":\"~\",\"quote\":\"~\"}", "a\n", "delimiter: expected another character"},
        {"{\"delimiter\":\"\\\"\"}", "a\n", "delimiter: expected another character"},
        {"{\"quote\":\"q\"}", "a\n", "quote: expected a sign"},
        {"{\"quote\":\",\"}", "a\n", "quote: expected a sign"},
        {"{\"header\":[\"a\",\"b\",\"a\"]}", "a\n", "header: \"a\" is given twice"},
        {"{\"encoding\":\"latin\"}", "a\n", "encoding: \"latin\" is not known; known are utf-8,"},
        {"{\"encoding\":\"windows1259\"}", "a\n",
         "encoding: \"windows1259\" is not known; did you mean \"windows-1250\"?"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct source_world world;
        source_world_open(&world, &step_read_csv, table[i].config, slice_text(table[i].text));
        assert_null(world.source);
        assert_int_equal(world.error.status, STATUS_INVALID);
        if (strncmp(world.error.text, table[i].words, strlen(table[i].words)) != 0)
            fail_msg("%zu: %s", i, world.error.text);
        source_world_close(&world);
    }
}

static void
test_columns_are_those_of_the_header(void **state)
{
    struct source_world world;
    source_world_open(&world, &step_read_csv, "{}", SLICE("name,web site\nx,y\n"));
    struct value columns = world.type->source_columns(world.source);
    assert_int_equal(columns.count, 2);
    assert_string_equal(value_items(columns)[0].text, "name");
    assert_string_equal(value_items(columns)[1].text, "web site");
    source_world_close(&world);

    source_world_open(&world, &step_read_csv, "{\"header\":false}", SLICE("x,y\n"));
    columns = world.type->source_columns(world.source);
    assert_int_equal(columns.count, 2);
    assert_string_equal(value_items(columns)[1].text, "column_2");
    source_world_close(&world);

    source_world_open(&world, &step_read_jsonl, "{}", SLICE("{\"a\":1}\n"));
    assert_int_equal(world.type->source_columns(world.source).kind, VALUE_NONE);
    source_world_close(&world);
}

static void
test_what_was_guessed_is_remarked(void **state)
{
    static const struct {
        const char *config, *text, *remark;
    } table[] = {
        {"{}", "a,b\n1,2\n", NULL},
        {"{}",
         "\xEF\xBB\xBF"
         "a\n",
         NULL},
        {"{}", "a;b\n1;2\n", "encoding utf-8, delimiter semicolon"},
        {"{\"delimiter\":\";\"}", "a;b\n1;2\n", NULL},
        {"{}", "a\tCaf\xE9\n", "encoding windows-1252, delimiter tab"},
        {"{\"encoding\":\"latin1\"}", "a,Caf\xE9\n", NULL},
        {"{}", "sep=^\na^b\n", "encoding utf-8, delimiter of its first line"},
        {"{}", "a,a,\n", "encoding utf-8, delimiter comma, columns renamed: 2"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct source_world world;
        source_world_open(&world, &step_read_csv, table[i].config, slice_text(table[i].text));
        const char *remark = world.type->source_remark(world.source);
        if ((remark == NULL) != (table[i].remark == NULL) ||
            (remark != NULL && strcmp(remark, table[i].remark) != 0))
            fail_msg("%zu: %s", i, remark);
        source_world_close(&world);
    }
}

static void
test_too_many_columns_are_refused(void **state)
{
    struct buffer text;
    buffer_init(&text, MIB(1));
    for (int i = 0; i < LIMIT_ROW_FIELDS; i++)
        buffer_append_format(&text, "c%d,", i);
    buffer_append_text(&text, "last\n");
    struct source_world world;
    source_world_open(&world, &step_read_csv, "{}", buffer_slice(&text));
    assert_int_equal(world.error.status, STATUS_INVALID);
    assert_string_equal(world.error.text, "rows.csv: line 1: 16385 fields, at most 16384 are read");
    source_world_close(&world);

    text.size -= strlen(",last\n");
    buffer_append_text(&text, "\n1\n");
    source_world_open(&world, &step_read_csv, "{}", buffer_slice(&text));
    assert_int_equal(world.error.status, STATUS_OK);
    assert_int_equal(world.type->source_columns(world.source).count, LIMIT_ROW_FIELDS);
    struct buffer out;
    buffer_init(&out, MIB(1));
    assert_int_equal(source_world_read(&world, 256, KIB(64), &out), STATUS_OK);
    const char *row = "0 {\"c0\":\"1\",\"c1\":null,";
    assert_memory_equal(out.ptr, row, strlen(row));
    buffer_done(&out);
    source_world_close(&world);
    buffer_done(&text);
}

/* A row of that many bytes between two short ones. */
static void
add_long_rows(struct buffer *text, const char *before, size_t bytes, const char *behind)
{
    buffer_append_text(text, before);
    char *room = buffer_reserve(text, bytes);
    assert_non_null(room);
    memset(room, 'x', bytes);
    buffer_commit(text, bytes);
    buffer_append_text(text, behind);
}

static void
test_long_rows_are_read_whole(void **state)
{
    static const size_t sizes[] = {4000, 16384, 65536, 300000, 5000000};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        struct buffer text;
        struct buffer out;
        buffer_init(&text, MIB(32));
        buffer_init(&out, MIB(32));
        add_long_rows(&text, "a,b\n1,2\n\"", sizes[i], "\n\",5\n3,4\n");
        struct source_world world;
        source_world_open(&world, &step_read_csv, "{}", buffer_slice(&text));
        world.read_most = 100000;
        assert_int_equal(source_world_read(&world, 256, KIB(64), &out), STATUS_OK);
        assert_int_equal(out.size, sizes[i] + strlen("0 {\"a\":\"1\",\"b\":\"2\"}\n") * 3 + 1);
        assert_memory_equal(out.ptr + out.size - 9, "\"b\":\"4\"}\n", 9);
        source_world_close(&world);
        buffer_done(&text);
        buffer_done(&out);
    }
}

/* A row of x alone is shown as one x. */
static void
shorten_long_row(struct buffer *out)
{
    static const char before[] = "{\"a\":\"xxx";
    char *row = memmem(out->ptr, out->size, before, sizeof(before) - 1);
    if (row == NULL)
        return;
    char *end = memchr(row, '\n', out->size - (size_t)(row - out->ptr));
    memmove(row + 1, end, out->size - (size_t)(end - out->ptr));
    out->size -= (size_t)(end - row) - 1;
    *row = 'x';
}

/* The text as UTF-16, two bytes a character. */
static void
widen(struct buffer *text)
{
    size_t size = text->size;
    char *to = buffer_reserve(text, size);
    assert_non_null(to);
    buffer_commit(text, size);
    for (size_t i = size; i-- > 0;) {
        text->ptr[2 * i + 1] = '\0';
        text->ptr[2 * i] = text->ptr[i];
    }
}

static void
check_long_rows(const struct step_type *type, struct slice text, const char *rows)
{
    struct buffer out;
    buffer_init(&out, MIB(64));
    struct source_world world;
    source_world_open(&world, type, "{}", text);
    world.read_most = MIB(1);
    assert_int_equal(source_world_read(&world, 256, KIB(64), &out), STATUS_OK);
    shorten_long_row(&out);
    if (!slice_is(buffer_slice(&out), rows))
        fail_msg("%s: %.*s", rows, SLICE_FORMAT(slice_cut(buffer_slice(&out), 300)));
    source_world_close(&world);
    buffer_done(&out);
}

/* Memory is that of a chunk; the long row is passed without being kept. */
static void
test_a_row_over_the_limit_is_one_failed_item(void **state)
{
    static const struct {
        const struct step_type *type;
        const char *before;
        size_t bytes;
        const char *behind, *rows;
    } table[] = {
        {&step_read_csv, "a\n1\n", LIMIT_ROW_BYTES, "\n2\n",
         "0 {\"a\":\"1\"}\n1 !line 3, column 1: the row is longer than 16 MiB\n"
         "2 {\"a\":\"2\"}\n"},
        {&step_read_csv, "a\n", 3 * LIMIT_ROW_BYTES - 100, "\r\n2,3\n",
         "0 !line 2, column 1: the row is longer than 16 MiB\n"
         "1 !line 3, column 3: 2 fields where the header has 1\n"},
        {&step_read_csv, "a\n1\n", LIMIT_ROW_BYTES - 1, "\n2",
         "0 {\"a\":\"1\"}\n1 x\n2 {\"a\":\"2\"}\n"},
        {&step_read_csv, "a\n", LIMIT_ROW_BYTES - 1, "\r\n2",
         "0 !line 2, column 1: the row is longer than 16 MiB\n1 {\"a\":\"2\"}\n"},
        {&step_read_csv, "a\n", LIMIT_ROW_BYTES, "", "0 x\n"},
        {&step_read_csv, "a\n", LIMIT_ROW_BYTES + 1, "",
         "0 !line 2, column 1: the row is longer than 16 MiB\n"},
        {&step_read_csv, "a,b\n1,\"2\n3,4\n", LIMIT_ROW_BYTES, "\n5,6\n",
         "0 !line 2, column 3: a quoted field is not closed within 16 MiB\n"
         "1 {\"a\":\"3\",\"b\":\"4\"}\n"
         "2 !line 4, column 1: the row is longer than 16 MiB\n3 {\"a\":\"5\",\"b\":\"6\"}\n"},
        {&step_read_csv, "a,b\n1,\"2\n3\n", LIMIT_ROW_BYTES, "\n5,6\n",
         "0 !line 2, column 3: a quoted field is not closed within 16 MiB\n"
         "1 {\"a\":\"5\",\"b\":\"6\"}\n"},
        {&step_read_jsonl, "{}\n{\"a\":\"", LIMIT_ROW_BYTES, "\"}\r\n5\n",
         "0 {}\n1 !line 2: the line is longer than 16 MiB\n"
         "2 !line 3: expected an object, found number\n"},
        {&step_read_jsonl, "", 2 * LIMIT_ROW_BYTES, "",
         "0 !line 1: the line is longer than 16 MiB\n"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct buffer text;
        buffer_init(&text, MIB(64));
        add_long_rows(&text, table[i].before, table[i].bytes, table[i].behind);
        check_long_rows(table[i].type, buffer_slice(&text), table[i].rows);
        if (i % 3 == 0) {
            widen(&text);
            check_long_rows(table[i].type, buffer_slice(&text), table[i].rows);
        }
        buffer_done(&text);
    }
}

/* Lines of an open quote are passed until one is a row again, wherever pieces of the file end. */
static void
test_lines_behind_an_open_quote_are_no_rows(void **state)
{
    static const size_t line_bytes[] = {10, 65536, 1048579, 3000000};
    for (size_t i = 0; i < COUNT_OF(line_bytes); i++) {
        struct buffer text;
        struct buffer out;
        buffer_init(&text, MIB(64));
        buffer_init(&out, MIB(1));
        buffer_append_text(&text, "a,b\r\n1,\"2\r\n");
        while (text.size < LIMIT_ROW_BYTES + MIB(3))
            add_long_rows(&text, "", line_bytes[i] - 2, "\r\n");
        buffer_append_text(&text, "5,6\r\n7\r\n");
        struct source_world world;
        source_world_open(&world, &step_read_csv, "{}", buffer_slice(&text));
        world.read_most = MIB(1);
        assert_int_equal(source_world_read(&world, 256, i % 2 == 0 ? KIB(64) : SIZE_MAX, &out),
                         STATUS_OK);
        static const char rows[] =
            "0 !line 2, column 3: a quoted field is not closed within 16 MiB\n"
            "1 {\"a\":\"5\",\"b\":\"6\"}\n2 {\"a\":\"7\",\"b\":null}\n";
        if (!slice_is(buffer_slice(&out), rows))
            fail_msg("%zu: %.*s", line_bytes[i], SLICE_FORMAT(slice_cut(buffer_slice(&out), 300)));
        source_world_close(&world);
        buffer_done(&text);
        buffer_done(&out);
    }
}

static void
test_a_broken_disk_is_an_error(void **state)
{
    struct source_world world;
    struct buffer out;
    buffer_init(&out, MIB(1));
    source_world_open(&world, &step_read_csv, "{}", SLICE("a\n1\n2\n"));
    world.read_status = STATUS_IO;
    assert_int_equal(source_world_read(&world, 1, 1, &out), STATUS_IO);
    assert_string_equal(world.error.text, "the disk is broken");

    /* Cut while it is read. */
    world.read_status = STATUS_OK;
    world.text.size = 4;
    assert_int_equal(source_world_read(&world, 256, KIB(64), &out), STATUS_IO);
    assert_string_equal(world.error.text, "rows.csv became shorter while it was read");
    source_world_close(&world);
    buffer_done(&out);
}

/* Room for a row is asked for, so a small arena ends a batch early and never loses a row. */
static void
test_a_full_arena_ends_the_batch(void **state)
{
    struct buffer text;
    buffer_init(&text, MIB(1));
    buffer_append_text(&text, "a\n");
    for (int i = 0; i < 1000; i++)
        buffer_append_format(&text, "\"\"\"%d\"\n", i);
    struct source_world world;
    source_world_open(&world, &step_read_csv, "{}", buffer_slice(&text));
    struct source_place place = {0};
    struct source_batch batch = {0};
    size_t rows = 0;
    while (!batch.is_end) {
        struct arena arena;
        arena_init(&arena, KIB(120));
        assert_int_equal(world.type->source_next(
                             world.source, &(struct source_page){&place, 900, SIZE_MAX, &arena},
                             &batch, &world.error),
                         STATUS_OK);
        assert_true(batch.count > 0 && batch.count < 900);
        rows += batch.count;
        arena_done(&arena);
    }
    assert_int_equal(rows, 1000);

    struct arena arena;
    arena_init(&arena, 1024);
    place = (struct source_place){0};
    assert_int_equal(world.type->source_next(world.source,
                                             &(struct source_page){&place, 900, SIZE_MAX, &arena},
                                             &batch, &world.error),
                     STATUS_LIMIT);
    arena_done(&arena);
    source_world_close(&world);
    buffer_done(&text);
}

struct reader_thread {
    struct source_world *world;
    size_t rows_max;
    struct buffer out;
};

static void
read_in_thread(void *context)
{
    struct reader_thread *reader = context;
    struct source_place place = {0};
    struct source_batch batch = {0};
    struct error error = {0};
    while (!batch.is_end) {
        struct arena arena;
        arena_init(&arena, MIB(1));
        if (reader->world->type->source_next(
                reader->world->source,
                &(struct source_page){&place, reader->rows_max, KIB(64), &arena}, &batch,
                &error) != STATUS_OK)
            break;
        for (size_t i = 0; i < batch.count; i++)
            buffer_append_slice(&reader->out, value_slice(value_get(batch.rows[i].value, "a")));
        arena_done(&arena);
    }
}

static void
test_threads_may_read_one_source_at_once(void **state)
{
    struct buffer text;
    buffer_init(&text, MIB(1));
    buffer_append_text(&text, "a,b\n");
    for (int i = 0; i < 5000; i++)
        buffer_append_format(&text, "%d,\"x\"\n", i);
    struct source_world world;
    source_world_open(&world, &step_read_csv, "{}", buffer_slice(&text));
    struct reader_thread readers[3] = {{.world = &world, .rows_max = 7},
                                       {.world = &world, .rows_max = 100},
                                       {.world = &world, .rows_max = 256}};
    struct thread *threads[3];
    for (size_t i = 0; i < COUNT_OF(readers); i++) {
        buffer_init(&readers[i].out, MIB(1));
        assert_int_equal(thread_start(&threads[i], "reader", 0, read_in_thread, &readers[i]),
                         STATUS_OK);
    }
    for (size_t i = 0; i < COUNT_OF(readers); i++)
        thread_join(&threads[i]);
    for (size_t i = 0; i < COUNT_OF(readers); i++) {
        assert_true(slice_equal(buffer_slice(&readers[0].out), buffer_slice(&readers[i].out)));
        assert_true(readers[i].out.size > 10000);
    }
    for (size_t i = 0; i < COUNT_OF(readers); i++)
        buffer_done(&readers[i].out);
    source_world_close(&world);
    buffer_done(&text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_rows),
        cmocka_unit_test(test_a_csv_that_cannot_be_opened_says_why),
        cmocka_unit_test(test_columns_are_those_of_the_header),
        cmocka_unit_test(test_what_was_guessed_is_remarked),
        cmocka_unit_test(test_too_many_columns_are_refused),
        cmocka_unit_test(test_long_rows_are_read_whole),
        cmocka_unit_test(test_a_row_over_the_limit_is_one_failed_item),
        cmocka_unit_test(test_lines_behind_an_open_quote_are_no_rows),
        cmocka_unit_test(test_a_broken_disk_is_an_error),
        cmocka_unit_test(test_a_full_arena_ends_the_batch),
        cmocka_unit_test(test_threads_may_read_one_source_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
