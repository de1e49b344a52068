/* Numbers for Prometheus: how they are printed. */
#include "test.h"

#include "base/limits.h"
#include "base/metrics.h"

#include <stdio.h>

static void
expect(struct buffer *text, const char *want)
{
    buffer_append_byte(text, '\0');
    assert_string_equal(text->ptr, want);
    buffer_clear(text);
}

static void
test_numbers_are_printed_as_prometheus_has_them(void **state)
{
    struct buffer text;
    buffer_init(&text, KIB(64));
    metrics_one(&text, "windrow_a_total", METRIC_COUNTER, "What.", 3);
    expect(&text, "# HELP windrow_a_total What.\n# TYPE windrow_a_total counter\n"
                  "windrow_a_total 3\n");
    metrics_number(&text, "windrow_b", "x=\"y\"", -4);
    expect(&text, "windrow_b{x=\"y\"} -4\n");
    metrics_micro(&text, "windrow_c_seconds", "", 1500042);
    expect(&text, "windrow_c_seconds 1.500042\n");
    buffer_done(&text);
}

static void
test_a_histogram_adds_up(void **state)
{
    struct buffer text;
    struct histogram histogram = {.sum_us = 0};
    buffer_init(&text, KIB(64));
    histogram_add(&histogram, 0);
    histogram_add(&histogram, 1000);
    histogram_add(&histogram, 1001);
    histogram_add(&histogram, 10000001);
    metrics_histogram(&text, "h", "a=\"b\"", &histogram);
    expect(&text, "h_bucket{a=\"b\",le=\"0.001\"} 2\nh_bucket{a=\"b\",le=\"0.003\"} 3\n"
                  "h_bucket{a=\"b\",le=\"0.01\"} 3\nh_bucket{a=\"b\",le=\"0.03\"} 3\n"
                  "h_bucket{a=\"b\",le=\"0.1\"} 3\nh_bucket{a=\"b\",le=\"0.3\"} 3\n"
                  "h_bucket{a=\"b\",le=\"1\"} 3\nh_bucket{a=\"b\",le=\"10\"} 3\n"
                  "h_bucket{a=\"b\",le=\"+Inf\"} 4\nh_sum{a=\"b\"} 10.002002\n"
                  "h_count{a=\"b\"} 4\n");
    buffer_done(&text);
}

static void
test_all_lines_are_there(void **state)
{
    struct buffer text;
    buffer_init(&text, KIB(64));
    metric_add(METRIC_RUNS_FAILED, 2);
    metric_add(METRIC_COST, 2500000);
    metrics_note_start();
    metrics_print(&text);
    buffer_append_byte(&text, '\0');
    assert_non_null(strstr(text.ptr, "\nwindrow_runs_ended_total{state=\"failed\"} 2\n"));
    assert_non_null(strstr(text.ptr, "\nwindrow_cost_credits_total 2.500000\n"));
    assert_non_null(strstr(text.ptr, "\nprocess_open_fds "));
    const char *first = strstr(text.ptr, "# TYPE windrow_runs_ended_total");
    assert_null(strstr(first + 1, "# TYPE windrow_runs_ended_total"));
    buffer_done(&text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_are_printed_as_prometheus_has_them),
        cmocka_unit_test(test_a_histogram_adds_up),
        cmocka_unit_test(test_all_lines_are_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
