/* Charts: what they are written as, their scales, and where things stand in the drawing. */
#include "test.h"

#include "render/chart.h"
#include "render/drawing.h"
#include "render/scale.h"

#include "base/json.h"
#include "base/limits.h"

#include <math.h>
#include <string.h>

static enum status
read_chart(struct arena *arena, const struct chart **out, const char *text, struct error *error)
{
    struct value value = {0};
    assert_int_equal(json_parse(&value, arena, slice_text(text), 0, NULL, error), STATUS_OK);
    return chart_read(out, arena, value, error);
}

static void
test_what_is_wrong_is_said(void **state)
{
    static const struct {
        const char *text;
        const char *words; /* NULL: it is right */
    } table[] = {
        {"{\"type\":\"bar\",\"labels\":[\"a\",2],\"series\":[[1,\"2.5\"]]}", NULL},
        {"{\"type\":\"line\",\"labels\":[\"a\"],\"series\":[{\"values\":[null]}]}", NULL},
        {"{\"type\":\"bar\",\"labels\":[\"a\"],\"series\":[[\"\"]]}", NULL},
        {"[]", "a chart is {type"},
        {"{\"type\":\"pie\",\"labels\":[\"a\"],\"series\":[[1]]}", "\"bar\" or \"line\""},
        {"{\"type\":\"bar\",\"labels\":[],\"series\":[[1]]}", "there are no labels"},
        {"{\"type\":\"bar\",\"series\":[[1]]}", "\"labels\" is missing"},
        {"{\"type\":\"bar\",\"labels\":[\"a\"]}", "\"series\" is missing"},
        {"{\"type\":\"bar\",\"labels\":[\"a\"],\"serie\":[[1]]}", "did you mean \"series\""},
        {"{\"type\":\"bar\",\"labels\":[\"a\",\"b\"],\"series\":[{\"name\":\"x\",\"values\":[1]}]}",
         "series \"x\" has 1 values for 2 labels"},
        {"{\"type\":\"bar\",\"labels\":[\"a\"],\"series\":[[\"much\"]]}", "no number"},
        {"{\"type\":\"bar\",\"labels\":[\"a\"],\"series\":[[1e16]]}", "another unit"},
        {"{\"type\":\"bar\",\"labels\":[\"a\"],\"series\":[[1],[2]]}", "no \"name\""},
        {"{\"type\":\"bar\",\"labels\":[[1]],\"series\":[[1]]}", "a label is a array"},
        {"{\"type\":\"bar\",\"labels\":[\"a\"],\"series\":[7]}", "a series is {name"},
        {"{\"type\":\"bar\",\"labels\":[\"a\"],\"series\":[{\"name\":\"x\"}]}", "\"values\""},
        {"{\"type\":\"bar\",\"labels\":[\"a\"],\"series\":[[1],[1],[1],[1],[1],[1],[1],[1],[1]]}",
         "9 series"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct arena arena;
        struct error error = {0};
        const struct chart *chart = NULL;
        arena_init(&arena, MIB(16));
        enum status status = read_chart(&arena, &chart, table[i].text, &error);
        bool is_right = table[i].words == NULL;
        if ((status == STATUS_OK) != is_right || (chart != NULL) != is_right)
            fail_msg("%s: %s", table[i].text, error.text);
        if (!is_right && strstr(error.text, table[i].words) == NULL)
            fail_msg("%s: %s", table[i].text, error.text);
        arena_done(&arena);
    }
}

static void
test_scales_have_round_numbers(void **state)
{
    static const struct {
        double min, max, low, high, step;
        int decimals;
    } table[] = {
        {0, 97, 0, 100, 20, 0}, {0, 1, 0, 1, 0.2, 1},        {-18, 26, -20, 30, 10, 0},
        {0, 0, 0, 1, 0.2, 1},   {5, 5, 5, 10, 1, 0},         {0, 0.0043, 0, 0.005, 0.001, 3},
        {-7, -3, -7, -3, 1, 0}, {0, 1e15, 0, 1e15, 2e14, 0}, {98.5, 101.2, 98.5, 101.5, 0.5, 1},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct scale scale = scale_make(table[i].min, table[i].max, 5);
        if (fabs(scale.min - table[i].low) > table[i].step / 1e6 ||
            fabs(scale.max - table[i].high) > table[i].step / 1e6 ||
            fabs(scale.step / table[i].step - 1) > 1e-9 || scale.decimals != table[i].decimals)
            fail_msg("%g to %g: %.10g to %.10g by %g, %d decimals", table[i].min, table[i].max,
                     scale.min, scale.max, scale.step, scale.decimals);
    }
}

static void
test_numbers_are_grouped(void **state)
{
    static const struct {
        double number;
        const char *want;
    } table[] = {
        {0, "0"},
        {1234, "1\u202F234"},
        {999, "999"},
        {12345, "12\u202F345"},
        {-1234567.8, "\u22121\u202F234\u202F568"},
        {0.125, "0.125"},
        {3.14159, "3.142"},
        {10.5, "10.5"},
        {-0.5, "\u22120.5"},
    };
    struct arena arena;
    arena_init(&arena, MIB(1));
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct slice text = scale_number(&arena, table[i].number, scale_decimals(table[i].number));
        if (!slice_is(text, table[i].want))
            fail_msg("%g: %.*s", table[i].number, SLICE_FORMAT(text));
    }
    arena_done(&arena);
}

static double
text_left(const struct shape *shape, double width)
{
    return shape->x - (shape->anchor == ANCHOR_END      ? width
                       : shape->anchor == ANCHOR_MIDDLE ? width / 2
                                                        : 0);
}

/* The shape's sides: left, top, right, bottom. */
static void
sides_of(const struct shape *shape, double sides[4])
{
    double width = drawing_measure_common(shape->text, shape->text_size, shape->is_bold, NULL);
    sides[0] = shape->x + fmin(shape->width, 0);
    sides[1] = shape->y + fmin(shape->height, 0);
    sides[2] = shape->x + fmax(shape->width, 0);
    sides[3] = shape->y + fmax(shape->height, 0);
    if (shape->kind == SHAPE_TEXT) {
        sides[0] = text_left(shape, width);
        sides[1] = shape->y - shape->text_size * 0.8;
        sides[2] = sides[0] + width;
    } else if (shape->kind == SHAPE_DOT) {
        sides[0] = shape->x - shape->width / 2;
        sides[2] = shape->x + shape->width / 2;
    }
    for (uint32_t i = 0; i < shape->point_count; i++) {
        sides[0] = i == 0 ? shape->points[i].x : fmin(sides[0], shape->points[i].x);
        sides[1] = i == 0 ? shape->points[i].y : fmin(sides[1], shape->points[i].y);
        sides[2] = i == 0 ? shape->points[i].x : fmax(sides[2], shape->points[i].x);
        sides[3] = i == 0 ? shape->points[i].y : fmax(sides[3], shape->points[i].y);
    }
}

static void
check_drawing(const char *text, double width)
{
    struct arena arena;
    struct error error = {0};
    struct drawing drawing;
    struct drawing_request request = {
        .width = width, .text_size = 12, .has_title = true, .measure = drawing_measure_common};
    arena_init(&arena, MIB(64));
    if (read_chart(&arena, &request.chart, text, &error) != STATUS_OK)
        fail_msg("%s: %s", text, error.text);
    assert_int_equal(drawing_make(&drawing, &arena, &request, &error), STATUS_OK);
    assert_true(drawing.description.size > 0);
    for (const struct shape *shape = drawing.first; shape != NULL; shape = shape->next) {
        double sides[4];
        sides_of(shape, sides);
        if (!(sides[0] >= -0.5 && sides[1] >= -0.5 && sides[2] <= width + 0.5 &&
              sides[3] <= drawing.height + 0.5))
            fail_msg("%s at %g: %d \"%.*s\" at %g, %g to %g, %g of %g", text, width, shape->kind,
                     SLICE_FORMAT(shape->text), sides[0], sides[1], sides[2], sides[3],
                     drawing.height);
    }
    arena_done(&arena);
}

#define LONG                                                                                       \
    "A label that is rather longer than anybody should have written it, really, and goes on and "  \
    "on"

static void
test_everything_is_inside(void **state)
{
    static const char *const table[] = {
        "{\"type\":\"bar\",\"labels\":[\"a\"],\"series\":[[1]]}",
        "{\"type\":\"bar\",\"labels\":[\"a\",\"b\"],\"series\":[[0,0]]}",
        "{\"type\":\"bar\",\"labels\":[\"a\",\"b\"],\"series\":[[null,null]]}",
        "{\"type\":\"bar\",\"title\":\"" LONG "\",\"unit\":\"" LONG "\",\"labels\":[\"" LONG
        "\",\"b\"],\"series\":[[-5,1000000]]}",
        "{\"type\":\"bar\",\"labels\":[\"" LONG "\"],\"series\":[[-999999999999]]}",
        "{\"type\":\"bar\",\"labels\":[\"a\",\"b\"],\"series\":[{\"name\":\"" LONG
        "\",\"values\":[1,-2]},{\"name\":\"" LONG "\",\"values\":[3,null]}]}",
        "{\"type\":\"line\",\"labels\":[\"" LONG "\",\"b\",\"" LONG "\"],\"series\":[[1,null,3]]}",
        "{\"type\":\"line\",\"labels\":[\"a\",\"b\",\"c\"],\"series\":[[1e15,-1e15,0]]}",
        "{\"type\":\"line\",\"labels\":[\"a\",\"b\"],\"series\":[[1e-9,2e-9]]}",
        "{\"type\":\"line\",\"labels\":[\"a\"],\"series\":[[-3]]}",
        "{\"type\":\"line\",\"labels\":[\"a\",\"b\"],\"series\":[[null,null]]}",
    };
    static const double widths[] = {200, 480, 720, 2000};
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        for (size_t j = 0; j < COUNT_OF(widths); j++)
            check_drawing(table[i], widths[j]);
    }
}

/* With 500 labels or 8 series nothing runs out of the drawing either. */
static void
test_many_are_inside(void **state)
{
    for (int type = 0; type < 2; type++) {
        for (uint32_t count = 1; count <= 500; count = count * 3 + 1) {
            struct buffer text;
            buffer_init(&text, MIB(1));
            buffer_append_format(&text, "{\"type\":\"%s\",\"labels\":[",
                                 type == 0 ? "bar" : "line");
            for (uint32_t i = 0; i < count; i++)
                buffer_append_format(&text, "%s\"label %u\"", i > 0 ? "," : "", i);
            buffer_append_text(&text, "],\"series\":[");
            for (uint32_t i = 0; i < 8; i++) {
                buffer_append_format(&text, "%s{\"name\":\"series %u\",\"values\":[",
                                     i > 0 ? "," : "", i);
                for (uint32_t j = 0; j < count; j++)
                    buffer_append_format(&text, "%s%d", j > 0 ? "," : "", (int)(j * 7 % 23) - 9);
                buffer_append_text(&text, "]}");
            }
            buffer_append(&text, "]}", 3);
            check_drawing(text.ptr, 720);
            buffer_done(&text);
        }
    }
}

/* WCAG 2.1: at least 3 to 1 for what is not text. */
static void
test_colors_stand_out(void **state)
{
    for (uint32_t i = 0; i < CHART_SERIES_MAX; i++) {
        double light = 0;
        static const double weights[] = {0.0722, 0.7152, 0.2126};
        for (int j = 0; j < 3; j++) {
            double part = (drawing_series_color(i) >> (8 * j) & 0xFF) / 255.0;
            light +=
                weights[j] * (part <= 0.03928 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4));
        }
        if (1.05 / (light + 0.05) < 3)
            fail_msg("series %u: contrast %g", i, 1.05 / (light + 0.05));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_wrong_is_said),
        cmocka_unit_test(test_scales_have_round_numbers),
        cmocka_unit_test(test_numbers_are_grouped),
        cmocka_unit_test(test_everything_is_inside),
        cmocka_unit_test(test_many_are_inside),
        cmocka_unit_test(test_colors_stand_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
