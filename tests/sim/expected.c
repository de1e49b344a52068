#include "expected.h"

#include "outcome.h"
#include "scenes.h"

#include "base/status.h"

#include <assert.h>
#include <stdio.h>

#define COMPLETED(output) "state completed\noutput " output "\nerror \n"
#define FAILED(error) "state failed\noutput \nerror " error
#define NO(step, item)                                                                             \
    "{\"code\":\"http_status\",\"message\":\"the server answered 400: "                            \
    "{\\\"error\\\":\\\"no\\\"}\","                                                                \
    "\"attempts\":1,\"step\":\"" step "\",\"item\":\"" item "\""

/* The beginning of an outcome. Flaky requests go well from the second generation on. */
static const struct {
    const char *scene;
    unsigned generations;
    const char *begin;
} table[] = {
    {"pure", 1,
     COMPLETED("{\"a\":{\"n\":7,\"mode\":\"ok\"},\"e\":{\"y\":{\"big\":7},\"z\":null}}")},
    {"rows", 1, COMPLETED("{\"rows\":21,\"told\":21}")},
    {"rows", 3, COMPLETED("{\"rows\":25,\"told\":25}")},
    {"few_rows", 1, COMPLETED("{\"rows\":4,\"told\":4}")},
    {"few_rows", 2, COMPLETED("{\"rows\":5,\"told\":5}")},
    {"told", 2, COMPLETED("{\"word\":\"0c937c\"}")},
    {"waits", 1, COMPLETED("[\"d6237b\",\"16f9b9\",\"ef17c7\"]")},
    {"waits_flaky", 1, FAILED(NO("one", ""))},
    {"waits_flaky", 2, COMPLETED("[\"9dbb54\",\"2ee3a0\",\"ddae29\"]")},
    {"waits_down", 2, FAILED("{\"code\":\"http_status\"")},
    {"going_on", 1, COMPLETED("{\"rows\":9,\"file\":\"lines.jsonl\"}")},
    {"row_waits", 1, COMPLETED("{\"early\":24,\"rows\":24}")},
    {"row_waits", 2, COMPLETED("{\"early\":29,\"rows\":29}")},
    {"behind_tap", 2, COMPLETED("{\"file\":\"last.jsonl\",\"rows\":29}")},
    {"not_taken", 1, COMPLETED("{\"n\":null,\"s\":214.50}")},
    {"not_taken_bad", 1, FAILED(NO("other", ""))},
    {"max_failed", 1, FAILED(NO("score", "1"))},
    {"max_failed", 2, FAILED(NO("score", "4"))},
    {"two_failed", 1, COMPLETED("{\"file\":\"table.csv\",\"rows\":0}")},
    {"all_failed", 1, FAILED(NO("score", "0"))},
    {"late", 1, FAILED("{\"code\":\"deadline_passed\"")},
    {"late", 2, FAILED("{\"code\":\"deadline_passed\"")},
    {"patient", 1, "state completed\n"},
    {"beside", 1, COMPLETED("{\"file\":\"wide.csv\",\"rows\":5}")},
    {"beside", 2, COMPLETED("{\"file\":\"wide.csv\",\"rows\":6}")},
    {"no_rows", 1, COMPLETED("{\"rows\":0,\"told\":0}")},
    {"no_file", 1, FAILED("{\"code\":\"no_file\"")},
    {"broken_rows", 1, COMPLETED("{\"word\":\"c32486\"}")},
    {"unknown_column", 1, FAILED("{\"code\":\"unknown_column\"")},
    {"pages", 1, COMPLETED("{\"lines\":24,\"rows\":24}")},
    {"pages", 3, COMPLETED("{\"lines\":29,\"rows\":29}")},
    {"asking", 1, COMPLETED("{\"file\":\"table.csv\",\"rows\":9}")},
    {"asking_many", 1, COMPLETED("{\"file\":\"table.csv\",\"rows\":44}")},
    {"asking_down", 1, FAILED("{\"code\":\"http_status\"")},
    {"answered", 1, COMPLETED("[7,null,7,\"fdeff0\"]")},
    {"answered_flaky", 1, FAILED(NO("one", ""))},
    {"approved", 1, COMPLETED("{\"file\":\"table.csv\",\"rows\":5}")},
    {"approved", 2, COMPLETED("{\"file\":\"table.csv\",\"rows\":5}")},
    {"refused", 1, FAILED("{\"word\":\"no\",\"n\":7,\"step\":\"all\"")},
    {"answered_rows", 1, COMPLETED("{\"file\":\"table.csv\",\"rows\":5}")},
    {"answered_rows", 2, COMPLETED("{\"file\":\"table.csv\",\"rows\":6}")},
    {"reshaped", 1, COMPLETED("{\"table\":24,\"few\":5,\"all\":53}")},
    {"reshaped", 3, COMPLETED("{\"table\":29,\"few\":5,\"all\":63}")},
    {"few_reshaped", 1, COMPLETED("{\"table\":5,\"few\":3,\"all\":13}")},
    {"none_reshaped", 1, COMPLETED("{\"table\":0,\"few\":0,\"all\":0}")},
    {"expanded", 1, COMPLETED("{\"pairs\":77,\"none\":11}")},
    {"grouped", 1, COMPLETED("{\"kinds\":1}")},
    {"grouped", 3, COMPLETED("{\"kinds\":2}")},
    {"letters", 1, COMPLETED("{\"rows\":2}")},
    {"no_letters", 1, COMPLETED("{\"rows\":null}")},
    {"one_list", 1, COMPLETED("\"1a 1b 2a 2b 3a 3b 4a 4b\"")},
    {"one_list_flaky", 1, FAILED(NO("list", ""))},
    {"one_list_flaky", 2,
     FAILED("{\"code\":\"http_status\",\"message\":\"the server answered 400: "
            "{\\\"error\\\":\\\"no\\\"}\",\"attempts\":1,\"call\":1,")},
    {"one_list_flaky", 3, COMPLETED("\"1a 1b 2a 2b\"")},
    {"two_sources", 1, FAILED(NO("which", ""))},
    {"two_sources", 3, COMPLETED("{\"a\":6,\"b\":4}")},
    {"calls_pure", 1, COMPLETED("{\"a\":42,\"b\":\"bad_input\"}")},
    {"calls_rows", 1, COMPLETED("5")},
    {"calls_rows", 2, COMPLETED("6")},
    {"calls_many", 3, COMPLETED("29")},
    {"calls_one", 1, COMPLETED("[\"0ef9c6\",\"0f3807\",\"621c00\"]")},
    {"calls_one_flaky", 1, FAILED("{\"code\":\"workflow_failed\",\"message\":\"the workflow ")},
    {"calls_one_flaky", 2, COMPLETED("[\"21e647\",\"7afae9\",\"eb4ca8\"]")},
    {"calls_deep", 1, COMPLETED("[3,\"0ef9c6\"]")},
    {"calls_waits", 1, COMPLETED("{\"file\":\"table.csv\",\"rows\":9}")},
    {"calls_late", 1, FAILED("{\"code\":\"deadline_passed\"")},
    {"calls_patient", 1, COMPLETED("\"0ef9c6\"")},
};

void
expected_check(unsigned *passed, unsigned *failed)
{
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        const struct scene *scene = scene_find(table[i].scene);
        assert(scene != NULL);
        const struct outcome *outcome = outcome_undisturbed(scene, table[i].generations);
        struct slice text = buffer_slice(&outcome->text);
        if (slice_starts_with(text, slice_text(table[i].begin))) {
            ++*passed;
            continue;
        }
        ++*failed;
        fprintf(stderr, "scene %s after %u generations came to\n%.*s\nand not to\n%s\n",
                table[i].scene, table[i].generations, (int)(text.size < 400 ? text.size : 400),
                text.ptr, table[i].begin);
    }
}
