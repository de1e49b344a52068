/* Oddities of CSV in the wild: each case of tests/csv is read as it says, in batches of several
 * sizes and every batch twice. The argument is the project's folder. */
#include "source_world.h"
#include "test.h"

#include "base/fs.h"
#include "base/json.h"
#include "base/limits.h"
#include "steps/types.h"

#include <stdio.h>
#include <string.h>

static const char *project;
static unsigned faults;

/* Themes are files of cases: {name, text or bytes, config?, and columns and rows or an error}. Text
 * is a string or a list of strings and of [string, times]; in `bytes` each character is one byte.
 * A row is a list of cells, or the words of its problem. */
static struct value
read_theme(const char *theme, struct arena *arena)
{
    char path[512];
    struct buffer text;
    struct error error = {0};
    struct value cases = {0};
    snprintf(path, sizeof(path), "%s/tests/csv/%s.json", project, theme);
    if (fs_read_file(&text, path, MIB(4), &error) != STATUS_OK ||
        json_parse(&cases, arena, buffer_slice(&text), 0, NULL, &error) != STATUS_OK)
        fail_msg("%s: %s", path, error.text);
    buffer_done(&text);
    return cases;
}

static void
add_part(struct buffer *out, struct value part)
{
    if (part.kind == VALUE_STRING) {
        buffer_append_slice(out, value_slice(part));
        return;
    }
    for (int64_t i = 0; i < value_items(part)[1].integer; i++)
        buffer_append_slice(out, value_slice(value_items(part)[0]));
}

static void
add_text(struct buffer *out, struct value text)
{
    if (text.kind != VALUE_ARRAY)
        add_part(out, text);
    for (uint32_t i = 0; text.kind == VALUE_ARRAY && i < text.count; i++)
        add_part(out, value_items(text)[i]);
}

static void
add_bytes(struct buffer *out, struct slice text)
{
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        if (byte >= 0x80) {
            byte = (unsigned char)(byte << 6 | (text.ptr[i + 1] & 0x3F));
            i++;
        }
        buffer_append_byte(out, (char)byte);
    }
}

static void
make_file(struct buffer *out, struct value one)
{
    struct value bytes = value_get(one, "bytes");
    buffer_init(out, MIB(64));
    if (bytes.kind == VALUE_STRING)
        add_bytes(out, value_slice(bytes));
    else
        add_text(out, value_get(one, "text"));
}

static void
add_cell(struct buffer *out, struct value cell)
{
    struct buffer text;
    buffer_init(&text, MIB(64));
    add_text(&text, cell);
    json_print_string(out, buffer_slice(&text));
    buffer_done(&text);
}

/* As source_world_read() shows it. */
static void
add_row(struct buffer *out, struct value columns, struct value row)
{
    if (row.kind == VALUE_STRING) {
        buffer_append_format(out, "!%.*s\n", SLICE_FORMAT(value_slice(row)));
        return;
    }
    assert_int_equal(row.count, columns.count);
    for (uint32_t i = 0; i < row.count; i++) {
        buffer_append_byte(out, i == 0 ? '{' : ',');
        add_cell(out, value_items(columns)[i]);
        buffer_append_byte(out, ':');
        if (value_items(row)[i].kind == VALUE_NULL)
            buffer_append_text(out, "null");
        else
            add_cell(out, value_items(row)[i]);
    }
    buffer_append_text(out, "}\n");
}

static void
make_expected(struct buffer *out, struct value one)
{
    struct value rows = value_get(one, "rows");
    buffer_init(out, MIB(64));
    for (uint32_t i = 0; i < rows.count; i++) {
        buffer_append_format(out, "%u ", i);
        add_row(out, value_get(one, "columns"), value_items(rows)[i]);
    }
}

#define complain(...)                                                                              \
    do {                                                                                           \
        print_error(__VA_ARGS__);                                                                  \
        print_error("\n");                                                                         \
        faults++;                                                                                  \
    } while (0)

static void
check_columns(struct slice name, const struct source_world *world, struct value expected)
{
    struct buffer found, wanted;
    buffer_init(&found, MIB(4));
    buffer_init(&wanted, MIB(4));
    json_print(&found, world->type->source_columns(world->source));
    buffer_append_byte(&wanted, '[');
    for (uint32_t i = 0; i < expected.count; i++) {
        buffer_append_text(&wanted, i == 0 ? "" : ",");
        add_cell(&wanted, value_items(expected)[i]);
    }
    buffer_append_byte(&wanted, ']');
    if (!slice_equal(buffer_slice(&found), buffer_slice(&wanted)))
        complain("%.*s: columns %.*s", SLICE_FORMAT(name), SLICE_FORMAT(buffer_slice(&found)));
    buffer_done(&found);
    buffer_done(&wanted);
}

static void
check_rows(struct slice name, struct source_world *world, struct slice expected)
{
    static const struct {
        size_t rows_max, bytes_max, read_most;
    } ways[] = {{256, KIB(64), MIB(1)}, {1, 1, 10}, {3, 17, 1000}, {100, SIZE_MAX, 4096}};
    bool is_long = world->text.size > KIB(64);
    for (size_t w = 0; w < (is_long ? 1 : COUNT_OF(ways)); w++) {
        struct buffer out;
        buffer_init(&out, MIB(64));
        world->read_most = ways[w].read_most;
        enum status status = source_world_read(world, ways[w].rows_max, ways[w].bytes_max, &out);
        if (status != STATUS_OK || !slice_equal(buffer_slice(&out), expected))
            complain("%.*s, way %zu: %s\n%.*s\nwanted:\n%.*s", SLICE_FORMAT(name), w,
                     world->error.text, SLICE_FORMAT(slice_cut(buffer_slice(&out), 2000)),
                     SLICE_FORMAT(slice_cut(expected, 2000)));
        buffer_done(&out);
    }
}

static void
check_case(struct value one)
{
    struct slice name = value_slice(value_get(one, "name"));
    struct value config = value_get(one, "config");
    struct value error = value_get(one, "error");
    struct buffer file, expected, text;
    make_file(&file, one);
    make_expected(&expected, one);
    buffer_init(&text, KIB(4));
    if (config.kind == VALUE_OBJECT)
        json_print(&text, config);
    else
        buffer_append_text(&text, "{}");
    buffer_append_byte(&text, '\0');
    struct source_world world;
    source_world_open(&world, &step_read_csv, text.ptr, buffer_slice(&file));
    if ((world.source == NULL) != (error.kind == VALUE_STRING) ||
        (error.kind == VALUE_STRING && !slice_is(value_slice(error), world.error.text)))
        complain("%.*s: %s", SLICE_FORMAT(name), world.error.text);
    if (world.source != NULL) {
        check_columns(name, &world, value_get(one, "columns"));
        check_rows(name, &world, buffer_slice(&expected));
    }
    source_world_close(&world);
    buffer_done(&file);
    buffer_done(&expected);
    buffer_done(&text);
}

static void
test_theme(void **state)
{
    struct arena arena;
    arena_init(&arena, MIB(64));
    struct value cases = read_theme(*state, &arena);
    faults = 0;
    for (uint32_t i = 0; i < cases.count; i++)
        check_case(value_items(cases)[i]);
    arena_done(&arena);
    assert_int_equal(faults, 0);
}

#define THEME(name)                                                                                \
    {                                                                                              \
        name, test_theme, NULL, NULL, (void *)name                                                 \
    }

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        THEME("lines"),  THEME("quotes"), THEME("malformed"), THEME("delimiters"), THEME("header"),
        THEME("ragged"), THEME("values"), THEME("encodings"), THEME("limits"),     THEME("wild"),
    };
    if (argc != 2)
        return 2;
    project = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
