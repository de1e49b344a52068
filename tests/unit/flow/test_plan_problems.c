#include "test.h"

#include "base/buffer.h"
#include "base/limits.h"
#include "flow/plan.h"
#include "unit/flow/small_catalog.h"

#include <stdio.h>
#include <string.h>

/* Each row: a file, and all its problems as they are printed, without the name of the file. A line
 * of `want` that ends in '*' is only the beginning of what must be there. */
struct row {
    const char *label;
    const char *text;
    const char *want;
};

static bool
lines_match(const char *want, const char *got)
{
    while (*want != '\0' && *got != '\0') {
        size_t want_size = strcspn(want, "\n");
        size_t got_size = strcspn(got, "\n");
        if (want_size > 0 && want[want_size - 1] == '*') {
            if (got_size < want_size - 1 || memcmp(want, got, want_size - 1) != 0)
                return false;
        } else if (want_size != got_size || memcmp(want, got, want_size) != 0) {
            return false;
        }
        want += want_size + (want[want_size] == '\n');
        got += got_size + (got[got_size] == '\n');
    }
    return *want == '\0' && *got == '\0';
}

static void
expect_problems(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct arena arena;
        arena_init(&arena, (size_t)1024 * 1024);
        struct problems problems;
        problems_init(&problems, &arena);
        struct plan_options options = {.catalog = &small_catalog};
        struct plan *plan;
        struct buffer printed;
        buffer_init(&printed, (size_t)1024 * 1024);
        enum status status = plan_load(&plan, slice_text(rows[i].text), &options, &problems);
        problems_print(&problems, "", &printed);
        buffer_append_byte(&printed, '\0');
        /* Without the ":" between the name of the file and the line. */
        struct buffer lines;
        buffer_init(&lines, (size_t)1024 * 1024);
        for (const char *at = printed.ptr; *at != '\0'; at++) {
            if (*at != ':' || (at != printed.ptr && at[-1] != '\n'))
                buffer_append_byte(&lines, *at);
        }
        buffer_append_byte(&lines, '\0');
        bool should_load = rows[i].want[0] == '\0';
        if ((status == STATUS_OK) != should_load || !lines_match(rows[i].want, lines.ptr))
            fail_msg("%s: %s\n%swanted:\n%s", rows[i].label, status_name(status), lines.ptr,
                     rows[i].want);
        assert_int_equal(plan != NULL, should_load);
        plan_drop(&plan);
        buffer_done(&lines);
        buffer_done(&printed);
        arena_done(&arena);
    }
}

#define HEAD "name: t\nsteps:\n"
#define STEP(config) "- {id: a, type: set, config: {fields: {x: 1}}" config "}\n"

static void
test_whole_files(void **state)
{
    static const struct row rows[] = {
        {"an empty file", "", "1:1: the text is empty\n"},
        {"a list", "[1]", "1:1: expected an object (name: value), found a list\n"},
        {"no YAML", "name: [", "1:8: *"},
        {"nothing but a name", "name: t\n", "1:1: \"steps\" is required and missing\n"},
        {"no steps", "name: t\nsteps: []\n", "2:8: steps: expected at least one step\n"},
        {"steps are an object", "name: t\nsteps: {a: 1}\n",
         "2:8: steps: expected a list of steps, found an object\n"},
        {"unknown keys", "name: t\nstep: 1\nzzz: 1\nsteps:\n" STEP(""),
         "2:1: step: unknown key \"step\", expected name, *\n3:1: zzz: unknown key \"zzz\", "
         "expected name, *\n"},
        {"JSON", "{\"name\": \"t\",\n \"steps\": [{\"type\": \"nothing\"}]}",
         "2:21: steps[0].type: unknown step type \"nothing\"\n"},
        {"a good file", HEAD STEP(""), ""},
        {"a good file in JSON",
         "{\"name\":\"t\",\"steps\":[{\"type\":\"set\",\"config\":{\"fields\":{\"a\":\"b\"}}}]}",
         ""},
    };
    expect_problems(rows, COUNT_OF(rows));
}

static void
test_triggers(void **state)
{
    static const struct row rows[] = {
        {"triggers",
         "name: t\ntriggers:\n  webhook: {auth: nome, x: 1, respond: later}\n  schedule: {cron: '* "
         "* "
         "*'}\nsteps:\n" STEP(""),
         "3:19: triggers.webhook.auth: expected standard, hub, header, basic, query or none, found "
         "\"nome\" (did you mean none?)\n"
         "3:25: triggers.webhook.x: unknown key \"x\", expected auth or respond\n"
         "3:40: triggers.webhook.respond: expected at_once or at_end, found \"later\"\n"
         "4:20: triggers.schedule.cron: expected five fields: minute, hour, day of month, month, "
         "day of week (or six with the second first), found 3\n"},
        {"a failure of what", "name: t\ntriggers: {failure: all}\nsteps:\n" STEP(""),
         "2:21: triggers.failure: expected true or false\n"},
        {"a schedule at no time",
         "name: t\ntriggers: {schedule: {cron: '0 24 * * *', missed: never, input: 7}}\n"
         "steps:\n" STEP(""),
         "2:29: triggers.schedule.cron: hour: a number is out of range in \"24\"\n"
         "2:51: triggers.schedule.missed: expected skip, once or all, found \"never\"\n"
         "2:65: triggers.schedule.input: expected an object: the input of the runs, found a "
         "number\n"},
        {"a schedule without cron",
         "name: t\ntriggers: {schedule: {timezone: UTC}}\nsteps:\n" STEP(""),
         "2:22: triggers.schedule: \"cron\" is required and missing\n"},
    };
    expect_problems(rows, COUNT_OF(rows));
}

static void
test_top_keys(void **state)
{
    static const struct row rows[] = {
        {"a name that is no text", "name: 5\nsteps:\n" STEP(""),
         "1:7: name: expected text, found a number\n"},
        {"an empty name", "name: ''\nsteps:\n" STEP(""),
         "1:7: name: expected a name of 1 to 200 bytes\n"},
        {"a name without letters", "name: '!!!'\nsteps:\n" STEP(""),
         "1:1: \"slug\" is missing and the name gives none: write one\n"},
        {"a bad slug", "name: t\nslug: A b\nsteps:\n" STEP(""),
         "2:7: slug: expected 1 to 63 of the letters a-z, digits and -\n"},
        {"limits",
         "name: t\nlimits:\n  concurrency: 0\n  budget: -1\n  deadline: 0s\n  max_failed: 101%\n"
         "steps:\n" STEP(""),
         "3:16: limits.concurrency: expected a whole number from 1 to 10000\n"
         "4:11: limits.budget: expected credits: a number from 0 to 1000000000\n"
         "5:13: limits.deadline: expected a duration above 0\n"
         "6:15: limits.max_failed: expected a share of the items such as 10%, or a whole number of "
         "items\n"},
        {"more limits",
         "name: t\nlimits: {concurrency: 10001, deadline: 3, max_failed: -1, runs: "
         "0}\nsteps:\n" STEP(""),
         "2:23: limits.concurrency: expected a whole number from 1 to 10000\n"
         "2:40: limits.deadline: expected a duration such as 30s or 2h, found a number\n"
         "2:55: limits.max_failed: *\n2:65: limits.runs: expected a whole number from 1 to "
         "1000000\n"},
        {"notify", "name: t\nnotify: {on_end: 5, on_ende: x}\nsteps:\n" STEP(""),
         "2:18: notify.on_end: expected an address as text, found a number\n"
         "2:21: notify.on_ende: unknown key \"on_ende\", expected on_end or form (did you mean "
         "on_end?)\n"},
        {"on_failure", "name: t\non_failure: {workflow: 'A b', then: x}\nsteps:\n" STEP(""),
         "2:24: on_failure.workflow: expected the slug of a workflow: 1 to 63 of the letters a-z, "
         "digits and -\n"
         "2:31: on_failure.then: unknown key \"then\", expected workflow\n"},
        {"on_failure of itself", "name: T 1\non_failure: {workflow: t-1}\nsteps:\n" STEP(""),
         "2:24: on_failure.workflow: a workflow cannot be run for its own failures: name another "
         "one\n"},
        {"the input's schema",
         "name: t\ninput:\n  type: object\n  required: name\n  properties:\n"
         "    a: {type: strin}\n    b c: {oneOf: []}\n  additionalPropertys: false\nsteps:\n" STEP(
             ""),
         "4:3: input.required: expected a list of property names\n"
         "6:9: input.properties.a.type: unknown type \"strin\", did you mean \"string\"?\n"
         "7:11: input.properties[\"b c\"].oneOf: expected a list of at least one schema\n"
         "8:3: input.additionalPropertys: unknown keyword \"additionalPropertys\", did you mean "
         "\"additionalProperties\"?\n"},
        {"the schema of a step",
         "name: t\nsteps:\n  - type: validate\n    config:\n      schema:\n"
         "        properties: { a: { $ref: '#/$defs/x' } }\n        $defs: { y: { minimun: 1 } }\n"
         "  - type: validate\n    config: { schema: '{{input.schema}}' }\n"
         "  - type: validate\n    config: { schema: { pattern: '{{' } }\n",
         "6:28: steps[0].config.schema.properties.a.$ref: \"#/$defs/x\" leads nowhere: there "
         "is "
         "no \"x\" at \"/$defs\"\n"
         "7:23: steps[0].config.schema.$defs.y.minimun: unknown keyword \"minimun\", did you "
         "mean "
         "\"minimum\"?\n"
         "9:23: steps[1].config.schema: expected a JSON Schema (an object), found text\n"},
        {"the output's templates", "name: t\nsteps:\n" STEP("") "output:\n  a: '{{= ) }}'\n",
         "5:11: output.a: *"},
        {"parts that are for later are good files",
         "name: t\ntriggers: {webhook: {auth: standard}, schedule: {cron: '0 7 * * 1', timezone: "
         "Europe/Berlin}}\nlimits: {budget: 500, max_failed: 10%}\nretention: 30d\nnotify: "
         "{on_end: 'https://x'}\non_failure: {workflow: other}\n"
         "steps:\n" STEP(""),
         ""},
    };
    expect_problems(rows, COUNT_OF(rows));
}

static void
test_retention(void **state)
{
    static const struct row rows[] = {
        {"retention", "name: t\nretention: 30\nsteps:\n" STEP(""),
         "2:12: retention: expected a duration such as 30s or 2h, found a number\n"},
        {"no retention", "name: t\nretention: 0s\nsteps:\n" STEP(""),
         "2:12: retention: expected a duration above 0\n"},
    };
    expect_problems(rows, COUNT_OF(rows));
}

static void
test_origin(void **state)
{
    static const struct row rows[] = {
        {"origin",
         "name: t\norigin: {format: sixtyfour, definition: {blocks: []}}\nsteps:\n" STEP(""), ""},
        {"no such format", "name: t\norigin: {format: sixty, definition: {}}\nsteps:\n" STEP(""),
         "2:18: origin.format: *"},
        {"no definition", "name: t\norigin: {format: n8n}\nsteps:\n" STEP(""), "2:9: origin: *"},
        {"a definition that is none",
         "name: t\norigin: {format: n8n, definition: []}\nsteps:\n" STEP(""),
         "2:35: origin.definition: *"},
        {"something else",
         "name: t\norigin: {format: n8n, definition: {}, by: me}\nsteps:\n" STEP(""),
         "2:39: origin.by: *"},
    };
    expect_problems(rows, COUNT_OF(rows));
}

static void
test_an_origin_has_a_longest_size(void **state)
{
    struct arena arena;
    struct problems problems;
    struct plan_options options = {.catalog = &small_catalog};
    struct plan *plan = NULL;
    struct buffer text;
    buffer_init(&text, LIMIT_DEFINITION_BYTES);
    arena_init(&arena, MIB(8));
    problems_init(&problems, &arena);
    buffer_append_text(&text,
                       "{\"name\":\"t\",\"steps\":[{\"type\":\"set\",\"config\":{\"fields\":{}}}],"
                       "\"origin\":{\"format\":\"n8n\",\"definition\":{\"a\":\"");
    for (size_t i = 0; i < LIMIT_ORIGIN_BYTES; i++)
        buffer_append_byte(&text, 'x');
    buffer_append_text(&text, "\"}}}");
    assert_int_equal(plan_load(&plan, buffer_slice(&text), &options, &problems), STATUS_INVALID);
    assert_string_equal(problems.list[0].path, "origin");
    buffer_done(&text);
    arena_done(&arena);
}

static void
test_step_keys(void **state)
{
    static const struct row rows[] = {
        {"no object", HEAD "- 5\n",
         "3:3: steps[0]: expected an object (name: value), found a number\n"},
        {"no type", HEAD "- {id: a}\n", "3:3: steps[0]: \"type\" is required and missing\n"},
        {"a type that is no text", HEAD "- {type: [x]}\n",
         "3:10: steps[0].type: expected the name of a step type, found a list\n"},
        {"the nearest type", HEAD "- {type: fliter}\n",
         "3:10: steps[0].type: unknown step type \"fliter\" (did you mean filter?)\n"},
        {"the nearest key", HEAD STEP(", need: x, retrys: {}"),
         "3:48: steps[0].need: unknown key \"need\", expected id, type, config, needs, when, "
         "retry, "
         "timeout, cache or on_error (did you mean needs?)\n"
         "3:57: steps[0].retrys: *\n"},
        {"ids",
         HEAD "- {id: 1a, type: set, config: {fields: {}}}\n- {id: 5, type: set, config: "
              "{fields: {}}}\n",
         "3:8: steps[0].id: expected a letter or _, then letters, digits, _ and - (at most 64)\n"
         "4:8: steps[1].id: expected a step id as text, found a number\n"},
        {"an id twice", HEAD STEP("") STEP(""),
         "4:8: steps[1].id: the id \"a\" is taken by the step in line 3\n"},
        {"an id by position that is taken",
         HEAD
         "- {id: step_2, type: set, config: {fields: {}}}\n- {type: set, config: {fields: {}}}\n",
         "4:3: steps[1]: the id \"step_2\" is taken by the step in line 3\n"},
        {"retry", HEAD STEP(", retry: {attempts: 21, backoff: 60s..1s, x: 1}"),
         "3:66: steps[0].retry.attempts: expected a whole number from 1 to 20\n"
         "3:79: steps[0].retry.backoff: *\n"
         "3:88: steps[0].retry.x: unknown key \"x\", expected attempts or backoff\n"},
        {"durations", HEAD STEP(", timeout: 0s, cache: 5x"),
         "3:57: steps[0].timeout: expected a duration above 0\n"
         "3:68: steps[0].cache: *\n"},
        {"on_error", HEAD STEP(", on_error: contineu"),
         "3:58: steps[0].on_error: expected fail or continue, found \"contineu\" (did you mean "
         "continue?)\n"},
        {"when", HEAD STEP(", when: true"),
         "3:54: steps[0].when: expected a jq expression as text, found true\n"},
    };
    expect_problems(rows, COUNT_OF(rows));
}

static void
test_configs(void **state)
{
    static const struct row rows[] = {
        {"the nearest field", HEAD "- {type: filter, config: {wher: '.item'}}\n",
         "3:26: steps[0].config: \"where\" of \"filter\" is required and missing\n"
         "3:27: steps[0].config.wher: unknown key \"wher\", \"filter\" has where (did you mean "
         "where?)\n"},
        {"no config", HEAD "- type: filter\n",
         "3:3: steps[0]: \"where\" of \"filter\" is required and missing\n"},
        {"config is no object", HEAD "- {type: filter, config: '.item'}\n",
         "3:26: steps[0].config: expected an object (name: value), found text\n"},
        {"wrong kinds",
         HEAD "- type: http_request\n  config:\n    url: 5\n    method: get\n    headers: [a]\n"
              "    redirects: 6\n    body: null\n",
         "5:10: steps[0].config.url: expected text, found a number\n"
         "6:13: steps[0].config.method: expected GET, POST, PUT or DELETE, found \"get\" (did you "
         "mean GET?)\n"
         "7:14: steps[0].config.headers: expected an object (name: value), found a list\n"
         "8:16: steps[0].config.redirects: expected a whole number from 0 to 5\n"
         "9:11: steps[0].config.body: expected text, found nothing\n"},
        {"signs",
         HEAD "- {type: read_csv, config: {file: f, header: [], delimiter: ';;'}}\n"
              "- {type: read_csv, config: {file: f, header: [a, '{{b}}'], delimiter: \u00e9}}\n",
         "3:46: steps[0].config.header: expected at least one name\n"
         "3:61: steps[0].config.delimiter: expected one ASCII character, such as \";\" or \"\\t\"\n"
         "4:3: steps[1]: a source starts from one item, but this one follows the rows of "
         "\"step_1\": write needs: [] to start from the run's input\n"
         "4:50: steps[1].config.header[1]: expected plain text, a template cannot stand here\n"
         "4:71: steps[1].config.delimiter: expected one ASCII character, such as \";\" or "
         "\"\\t\"\n"},
        {"literals",
         HEAD "- {type: read_csv, config: {file: f, header: 'yes', delimiter: '{{x}}'}}\n",
         "3:46: steps[0].config.header: expected true, false or a list of names\n"
         "3:64: steps[0].config.delimiter: expected plain text, a template cannot stand here\n"},
        {"lists of names",
         HEAD "- {type: remove_columns, config: {columns: [a, 5]}}\n"
              "- {type: remove_columns, config: {columns: []}}\n",
         "3:48: steps[0].config.columns[1]: expected text, found a number\n"
         "4:44: steps[1].config.columns: expected at least one name\n"},
        {"one of two fields", HEAD "- {type: wait}\n- {type: wait, config: {for: 1s, until: x}}\n",
         "3:3: steps[0]: exactly one of for or until is needed, found none\n"
         "4:24: steps[1].config: exactly one of for or until is needed, found more\n"},
        {"durations of a config",
         HEAD "- {type: wait, config: {for: 1w}}\n"
              "- {type: wait, config: {for: '{{input.time}}'}}\n",
         "3:30: steps[0].config.for: *\n"},
        {"cases without else", HEAD "- {type: condition, config: {cases: {a: 'true'}}}\n",
         "3:29: steps[0].config: \"cases\" needs \"else\": the label when no case is true\n"},
        {"else without cases", HEAD "- {type: condition, config: {if: 'true', else: b}}\n",
         "3:29: steps[0].config: \"else\" belongs to \"cases\"\n"},
        {"else is a case", HEAD "- {type: condition, config: {cases: {a: 'true'}, else: a}}\n",
         "3:29: steps[0].config: \"else\" needs a label of its own, \"a\" is one of the cases\n"},
        {"no cases", HEAD "- {type: condition, config: {cases: {}, else: a}}\n",
         "3:37: steps[0].config.cases: expected at least one entry\n"},
        {"two files of one name",
         HEAD "- {type: read_csv, config: {file: f}}\n- {type: write_csv, config: {name: a.csv}}\n"
              "- {id: b, type: write_csv, config: {name: '{{input.x}}'}}\n"
              "- {type: write_csv, config: {name: a.csv}}\n",
         "6:36: steps[3].config.name: the step \"step_2\" writes a file of the same name\n"},
    };
    expect_problems(rows, COUNT_OF(rows));
}

static void
test_needs(void **state)
{
    static const struct row rows[] = {
        {"a step that is not there",
         HEAD STEP("") "- {type: set, config: {fields: {}}, needs: aa}\n",
         "4:44: steps[1].needs: there is no step \"aa\"\n"},
        {"the nearest step",
         HEAD "- {id: research, type: set, config: {fields: {}}}\n"
              "- {type: set, config: {fields: {}}, needs: [reserch]}\n",
         "4:45: steps[1].needs[0]: there is no step \"reserch\" (did you mean research?)\n"},
        {"no text", HEAD STEP("") "- {type: set, config: {fields: {}}, needs: [5]}\n",
         "4:45: steps[1].needs[0]: expected a step id, found a number\n"},
        {"twice", HEAD STEP("") "- {type: set, config: {fields: {}}, needs: [a, a]}\n",
         "4:48: steps[1].needs[1]: \"a\" is named twice\n"},
        {"a label that is not there",
         HEAD "- {id: c, type: condition, config: {if: 'true'}}\n"
              "- {type: set, config: {fields: {}}, needs: [c.yse]}\n",
         "4:45: steps[1].needs[0]: the condition \"c\" has no label \"yse\" (did you mean yes?)\n"},
        {"a label of no condition",
         HEAD STEP("") "- {type: set, config: {fields: {}}, needs: a.yes}\n",
         "4:44: steps[1].needs: \"a\" is not a condition and has no label \"yes\"\n"},
        {"a circle",
         HEAD
         "- {id: a, type: set, config: {fields: {}}, needs: c}\n"
         "- {id: b, type: set, config: {fields: {}}}\n- {id: c, type: set, config: {fields: {}}}\n",
         "3:51: steps[0].needs: steps need each other in a circle: a needs c needs b needs a\n"},
        {"itself", HEAD "- {id: a, type: set, config: {fields: {}}, needs: a}\n",
         "3:51: steps[0].needs: steps need each other in a circle: a needs a\n"},
        {"two tables",
         HEAD "- {id: p, type: read_csv, config: {file: f}}\n"
              "- {id: q, type: read_csv, config: {file: f}, needs: []}\n"
              "- {id: b, type: set, config: {fields: {}}, needs: [p, q]}\n",
         "5:51: steps[2].needs: edges from two tables of rows, \"p\" and \"q\", cannot meet in one "
         "step: put a join or a union step between\n"},
        {"a source behind rows",
         HEAD "- {id: p, type: read_csv, config: {file: f}}\n"
              "- {id: q, type: read_csv, config: {file: f}}\n",
         "4:3: steps[1]: a source starts from one item, but this one follows the rows of \"p\": "
         "write "
         "needs: [] to start from the run's input\n"},
        {"an unknown type does not hide the rest",
         HEAD "- {id: p, type: read_cvs, config: {file: f}}\n- {id: q, type: set}\n"
              "- {id: r, type: set, config: {fields: {}}, needs: x}\n",
         "3:17: steps[0].type: unknown step type \"read_cvs\" (did you mean read_csv?)\n"
         "4:3: steps[1]: \"fields\" of \"set\" is required and missing\n"
         "5:51: steps[2].needs: there is no step \"x\"\n"},
    };
    expect_problems(rows, COUNT_OF(rows));
}

#define CLOSED                                                                                     \
    "name: t\ninput: {properties: {company: {properties: {city: {}}, additionalProperties: "       \
    "false}}, additionalProperties: false}\nsteps:\n"
#define SET(id, value) "- {id: " id ", type: set, config: {fields: {x: '" value "'}}}\n"
#define ROWS "- {id: rows, type: read_csv, config: {file: f}}\n"

static void
test_names(void **state)
{
    static const struct row rows[] = {
        {"good names",
         HEAD SET("a", "{{input.x}} {{item.y.z}} {{vars.k}} {{run.id}} {{run.workflow.slug}}")
             SET("b", "{{steps.a.x}} {{= .steps | keys}}"),
         ""},
        {"a root", HEAD SET("a", "{{itme.x}}"),
         "3:46: steps[0].config.fields.x: unknown name \"itme\", expected input, item, steps, run "
         "or "
         "vars (did you mean item?)\n"},
        {"the place in an expression",
         HEAD "- type: transform\n  config:\n    expression: '.input.a + .itme.b'\n",
         "5:29: steps[0].config.expression: unknown name \"itme\", expected input, item, steps, "
         "run "
         "or vars (did you mean item?)\n"},
        {"the place in a block",
         HEAD
         "- type: transform\n  config:\n    expression: |\n      .input.a +\n        .itme.b\n",
         "7:9: steps[0].config.expression: unknown name *"},
        {"each string of a tree",
         HEAD
         "- type: http_request\n  config:\n    url: u\n    json: {a: ['{{x}}', {b: '{{y.z}}'}]}\n",
         "6:19: steps[0].config.json.a[0]: unknown name \"x\", *\n"
         "6:32: steps[0].config.json.a[1].b: unknown name \"y\", *\n"},
        {"run", HEAD SET("a", "{{run.startedat}}{{run.workflow.nam}}"),
         "3:46: steps[0].config.fields.x: \"run\" has no \"startedat\", expected id, createdAt, "
         "startedAt, "
         "generation, workflow, trigger, labels or tokens (did you mean startedAt?)\n"
         "3:63: steps[0].config.fields.x: \"run.workflow\" has no \"nam\", expected id, slug, name "
         "or "
         "version (did you mean name?)\n"},
        {"a closed input",
         CLOSED SET("a", "{{input.compny}}{{input.company.cty}}{{input.company.city.x}}"),
         "4:46: steps[0].config.fields.x: the input has no \"compny\" (its schema allows no "
         "further "
         "properties) (did you mean company?)\n"
         "4:62: steps[0].config.fields.x: the input has no \"cty\" (its schema allows no further "
         "properties) (did you mean city?)\n"},
        {"the input as item", CLOSED SET("a", "{{item.compny}}") ROWS SET("b", "{{item.compny}}"),
         "4:46: steps[0].config.fields.x: the input has no \"compny\" *\n"},
    };
    expect_problems(rows, COUNT_OF(rows));
}

static void
test_steps_in_names(void **state)
{
    static const struct row rows[] = {
        {"a step that is not there", HEAD SET("first", "{{input.a}}") SET("b", "{{steps.frist}}"),
         "4:46: steps[1].config.fields.x: there is no step \"frist\" (did you mean first?)\n"},
        {"a step that comes later", HEAD SET("a", "{{steps.b}}") SET("b", "x"),
         "3:46: steps[0].config.fields.x: the step \"b\" does not come before \"a\": add it to its "
         "needs\n"},
        {"a step of another branch",
         HEAD ROWS SET("a", "1") "- {id: b, type: set, needs: rows, config: {fields: {x: "
                                 "'{{steps.a.x}}'}}}\n",
         "5:59: steps[2].config.fields.x: the step \"a\" does not come before \"b\": add it to its "
         "needs\n"},
        {"itself", HEAD SET("a", "{{steps.a}}"),
         "3:46: steps[0].config.fields.x: the step \"a\" cannot use its own value\n"},
        {"a source", HEAD ROWS SET("a", "{{steps.rows.name}}"),
         "4:46: steps[1].config.fields.x: the source \"rows\" has no value: its rows are seen as "
         "item "
         "(did you mean item?)\n"},
        {"rows outside of their table",
         HEAD ROWS SET("a", "1") "- {id: t, type: write_csv}\n"
                                 "- {id: b, type: set, needs: t, config: {fields: {x: "
                                 "'{{steps.a.x}}{{steps.t.file}}'}}}\n"
                                 "output: '{{steps.a}}{{steps.t}}'\n",
         "6:56: steps[3].config.fields.x: the step \"a\" works on the rows of \"rows\" and is not "
         "known "
         "outside them\n"
         "7:12: output: the step \"a\" works on the rows of \"rows\" and is not known outside "
         "them\n"},
        {"when", HEAD STEP(", when: '.steps.zz'"),
         "3:55: steps[0].when: there is no step \"zz\"\n"},
        {"the output may name every step of one item",
         HEAD SET("a", "1") SET("b", "1") ROWS "- {id: t, type: write_csv}\n"
                                               "output: {x: '{{steps.a}}', y: '{{steps.b.x}}', z: "
                                               "'{{steps.t.rows}}', q: '{{input}}'}\n",
         ""},
        {"with a circle names are still looked up",
         HEAD "- {id: a, type: set, needs: b, config: {fields: {x: '{{steps.b}}{{stps}}'}}}\n"
              "- {id: b, type: set, config: {fields: {}}}\n",
         "3:29: steps[0].needs: *\n3:67: steps[0].config.fields.x: unknown name \"stps\", *\n"},
    };
    expect_problems(rows, COUNT_OF(rows));
}

static void
test_expressions(void **state)
{
    static const struct row rows[] = {
        {"at the end", HEAD "- {type: filter, config: {where: '.item |'}}\n",
         "3:42: steps[0].config.where: expected an expression, found the end\n"},
        {"in a block",
         HEAD
         "- type: transform\n  config:\n    expression: |\n      .a\n        | ( .b\n        , )\n",
         "8:11: steps[0].config.expression: expected an expression, found )\n"},
        {"in folded lines",
         HEAD "- type: transform\n  config:\n    expression: >-\n      .input.x\n      + .item\n\n"
              "      + )\n",
         "9:9: steps[0].config.expression: expected an expression, found )\n"},
        {"behind escapes", HEAD "- type: transform\n  config: {expression: \"[1,\\t\\u00e9 )\"}\n",
         "4:30: steps[0].config.expression: *"},
        {"behind a doubled quote", HEAD "- type: transform\n  config: {expression: '\"''\" + )'}\n",
         "4:32: steps[0].config.expression: expected an expression, found )\n"},
        {"in JSON, behind a pair of surrogates",
         "{\"name\":\"t\",\"steps\":[{\"type\":\"filter\",\n"
         "\"config\":{\"where\":\"\\\"\\ud83d\\ude00\\\" + )\"}}]}",
         "2:39: steps[0].config.where: expected an expression, found )\n"},
        {"functions that are refused", HEAD "- {type: filter, config: {where: 'input'}}\n",
         "3:35: steps[0].config.where: input is not available*\n"},
        {"the nearest function", HEAD SET("a", "{{= .input.y | lenght }}"),
         "3:59: steps[0].config.fields.x: unknown function lenght: did you mean length?\n"},
        {"every template of a config",
         HEAD "- type: set\n  config: {fields: {b: '{{ }}', d: ['{{item.x']}}\n",
         "4:27: steps[0].config.fields.b: *\n4:38: steps[0].config.fields.d[0]: *\n"},
    };
    expect_problems(rows, COUNT_OF(rows));
}

static void
test_too_many_problems_are_counted(void **state)
{
    struct arena arena;
    arena_init(&arena, (size_t)1024 * 1024);
    struct problems problems;
    problems_init(&problems, &arena);
    struct buffer text;
    buffer_init(&text, (size_t)1024 * 1024);
    buffer_append_text(&text, HEAD);
    for (int i = 0; i < 300; i++)
        buffer_append_text(&text, "- {type: set}\n");
    struct plan_options options = {.catalog = &small_catalog};
    struct plan *plan;
    assert_int_equal(plan_load(&plan, buffer_slice(&text), &options, &problems), STATUS_INVALID);
    assert_null(plan);
    assert_int_equal(problems.count, PROBLEMS_MAX);
    assert_int_equal(problems.more, 200);
    buffer_done(&text);
    arena_done(&arena);
}

static void
test_more_steps_than_the_limit(void **state)
{
    struct buffer text;
    buffer_init(&text, (size_t)1024 * 1024);
    buffer_append_text(&text, HEAD);
    for (int i = 0; i < LIMIT_STEPS + 1; i++)
        buffer_append_text(&text, "- {type: set, config: {fields: {}}}\n");
    buffer_append_byte(&text, '\0');
    struct row rows[] = {
        {"one step too many", text.ptr, "3:1: steps: at most 500 steps, found 501\n"},
    };
    expect_problems(rows, COUNT_OF(rows));
    buffer_done(&text);
}

static void
test_steps_that_call_workflows(void **state)
{
#define CALL(config, more) HEAD "- {id: a, type: workflow, config: {" config "}" more "}\n"
#define ROWS_CALL(config)                                                                          \
    HEAD                                                                                           \
        "- {id: r, type: read_csv, config: {file: f}}\n- {id: a, type: workflow, config: {" config \
        "}}\n"
    static const struct row rows[] = {
        {"by slug", CALL("slug: other", ""), ""},
        {"by id", CALL("id: wf_0123456789abcdef01234567", ""), ""},
        {"both", CALL("slug: other, id: 0123456789abcdef01234567", ""),
         "3:35: steps[0].config: exactly one of id or slug is needed, found more\n"},
        {"none", CALL("input: {a: 1}", ""),
         "3:35: steps[0].config: exactly one of id or slug is needed, found none\n"},
        {"no slug", CALL("slug: Other", ""),
         "3:42: steps[0].config.slug: expected the slug of a workflow: 1 to 63 of the letters "
         "a-z, digits and -\n"},
        {"a template", CALL("slug: '{{input.slug}}'", ""), "3:42: steps[0].config.slug: *\n"},
        {"no id", CALL("id: other", ""),
         "3:40: steps[0].config.id: expected the id of a workflow*\n"},
        {"itself", CALL("slug: t", ""),
         "3:42: steps[0].config.slug: a workflow cannot call itself\n"},
        {"retry", CALL("slug: other", ", retry: {attempts: 2}"),
         "3:50: steps[0].retry: a \"workflow\" step is not tried again by itself: the steps of the "
         "workflow that it calls have their own retry\n"},
        {"per item of rows", ROWS_CALL("slug: other, per: item"), ""},
        {"per table of one item", CALL("slug: other, per: table", ""), ""},
        {"per table of rows", ROWS_CALL("slug: other, per: table"),
         "4:54: steps[1].config.per: one call for all rows needs them in one place: *\n"},
        {"names in its input", CALL("slug: other, input: {x: '{{steps.b}}'}", ""), "3:*\n"},
    };
    expect_problems(rows, COUNT_OF(rows));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps_that_call_workflows),
        cmocka_unit_test(test_whole_files),
        cmocka_unit_test(test_top_keys),
        cmocka_unit_test(test_triggers),
        cmocka_unit_test(test_retention),
        cmocka_unit_test(test_origin),
        cmocka_unit_test(test_an_origin_has_a_longest_size),
        cmocka_unit_test(test_step_keys),
        cmocka_unit_test(test_configs),
        cmocka_unit_test(test_needs),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_steps_in_names),
        cmocka_unit_test(test_expressions),
        cmocka_unit_test(test_too_many_problems_are_counted),
        cmocka_unit_test(test_more_steps_than_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
