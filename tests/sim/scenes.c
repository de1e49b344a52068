#include "scenes.h"

#include "base/buffer.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/limits.h"

#include <assert.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define URL "http://sim.test/{{run.id}}"
#define ROWS "  - { id: rows, type: read_csv, config: { file: \"{{input.file}}\" } }\n"
#define LINES "  - { id: rows, type: read_jsonl, config: { file: \"{{input.file}}\" } }\n"
#define CALL(id, more)                                                                             \
    "  - { id: " id ", type: http_request, retry: { attempts: 3, backoff: 1s..4s },\n"             \
    "      config: { url: \"" URL "/3/" id                                                         \
    "\", json: { k: \"{{item.k}}\", mode: \"{{item.mode}}\" "                                      \
    "} }" more " }\n"

static const char pure[] =
    "name: pure\n"
    "steps:\n"
    "  - { id: a, type: transform, config: { expression: \"{n: 7, mode: .input.mode}\" } }\n"
    "  - { id: c, type: condition, config: { if: \".steps.a.mode == \\\"ok\\\"\" } }\n"
    "  - { id: y, type: set, needs: c.yes, config: { fields: { big: \"{{steps.a.n}}\" } } }\n"
    "  - { id: z, type: set, needs: c.no, config: { fields: { small: \"{{steps.a.n}}\" } } }\n"
    "  - { id: w, type: set, needs: c.no, when: \"false\", config: { fields: { w: 1 } } }\n"
    "  - { id: e, type: set, needs: [y, z, w],\n"
    "      config: { fields: { y: \"{{steps.y}}\", z: \"{{steps.z}}\" } } }\n"
    "output: { a: \"{{steps.a}}\", e: \"{{steps.e}}\" }\n";

static const char rows[] =
    "name: rows\n"
    "limits: { concurrency: 7 }\n"
    "steps:\n" ROWS "  - { id: num, type: transform,\n"
    "      config: { expression: \"{n: (.item.n | tonumber), twice: (.item.n | tonumber * 2)}\" } "
    "}\n"
    "  - { id: some, type: filter, config: { where: \".steps.num.n % 7 != 3\" } }\n"
    "  - { id: kind, type: condition, config: { else: rest, cases: {\n"
    "      call: \".item.mode != \\\"quiet\\\"\", note: \".steps.num.n % 2 == 1\" } } }\n" CALL(
        "score",
        ", needs: kind.call") "  - { id: note, type: set, needs: kind.note,\n"
                              "      config: { fields: { text: \"note {{item.name}}\" } } }\n"
                              "  - { id: both, type: transform, needs: [score, note, kind.rest],\n"
                              "      config: { expression: \"{s: .steps.score.body.score, t: "
                              ".steps.note.text}\" } }\n"
                              "  - { id: table, type: write_csv, config: { name: \"table.csv\", "
                              "columns: {\n"
                              "      k: \"{{item.k}}\", s: \"{{steps.both.s}}\", t: "
                              "\"{{steps.both.t}}\" } } }\n"
                              "  - { id: wide, type: write_csv }\n"
                              "  - { id: lines, type: write_jsonl, config: { columns: { k: "
                              "\"{{item.k}}\",\n"
                              "      n: \"{{steps.num.twice}}\", t: \"{{steps.both.t}}\" } } }\n"
                              "  - { id: tell, type: set, needs: table, config: { fields: { n: "
                              "\"{{steps.table.rows}}\" } } }\n"
                              "output: { rows: \"{{steps.table.rows}}\", told: "
                              "\"{{steps.tell.n}}\" }\n";

/* The output by default, a call behind the tap that failed rows do not reach. */
static const char told[] =
    "name: told\n"
    "on_failure: { workflow: handler }\n"
    "limits: { max_failed: 50% }\n"
    "steps:\n" ROWS CALL(
        "score", "") "  - { id: table, type: write_csv, config: { columns: { k: \"{{item.k}}\",\n"
                     "      s: \"{{steps.score.body.score}}\" } } }\n"
                     "  - { id: tell, type: http_request, needs: table,\n"
                     "      config: { url: \"" URL
                     "/3/tell\", json: { rows: \"{{steps.table.rows}}\" } } }\n"
                     "  - { id: said, type: set, config: { fields: { word: "
                     "\"{{steps.tell.body.word}}\" } } }\n";

static const char waits[] =
    "name: waits\n"
    "on_failure: { workflow: handler }\n"
    "steps:\n"
    "  - { id: one, type: http_request, config: { url: \"" URL "/3/one\",\n"
    "      json: { mode: \"{{input.mode}}\" } } }\n"
    "  - { id: nap, type: wait, config: { for: 30ms } }\n"
    "  - { id: two, type: http_request, config: { url: \"" URL "/3/two\",\n"
    "      json: { was: \"{{steps.one.body.score}}\", wait_ms: 30, since: one } } }\n"
    "  - { id: long, type: wait, config: { for: 5m } }\n"
    "  - { id: three, type: http_request, config: { url: \"" URL "/3/three\",\n"
    "      json: { was: \"{{steps.two.body.score}}\", wait_ms: 300000, since: two } } }\n"
    "  - { id: longer, type: wait, config: { for: 40m } }\n"
    "  - { id: end, type: transform, config: { expression:\n"
    "      \"[.steps.one.body.word, .steps.two.body.word, .steps.three.body.word]\" } }\n";

static const char going_on[] =
    "name: going on\n"
    "limits: { max_failed: 0 }\n"
    "steps:\n" LINES "  - { id: score, type: http_request, on_error: continue, retry: { attempts: "
    "2, backoff: 1s },\n"
    "      config: { url: \"" URL "/2/score\", json: { k: \"{{item.k}}\",\n"
    "      mode: \"{{item.mode}}\" } } }\n"
    "  - { id: seen, type: set, config: { fields: { score: \"{{steps.score.body.score}}\",\n"
    "      code: \"{{steps.score.error.code}}\" } } }\n"
    "  - { id: lines, type: write_jsonl }\n"
    "output: { rows: \"{{steps.lines.rows}}\", file: \"{{steps.lines.file}}\" }\n";

/* Stretches: calls before and behind waits of minutes, taps of both. */
static const char row_waits[] =
    "name: row waits\n"
    "steps:\n" ROWS CALL(
        "first",
        "") "  - { id: early, type: write_csv, config: { columns: { k: \"{{item.k}}\" } } }\n"
            "  - { id: pause, type: wait, needs: first, config: { for: 2m } }\n"
            "  - { id: second, type: http_request, config: { url: \"" URL "/3/second\",\n"
            "      json: { k: \"{{item.k}}\", was: \"{{steps.first.body.score}}\",\n"
            "      wait_ms: 120000, since: first } } }\n"
            "  - { id: nap, type: wait, config: { for: 50ms } }\n"
            "  - { id: table, type: write_csv, config: { columns: { k: \"{{item.k}}\",\n"
            "      s: \"{{steps.second.body.word}}\" } } }\n"
            "  - { id: wide, type: write_csv }\n"
            "output: { early: \"{{steps.early.rows}}\", rows: \"{{steps.table.rows}}\" }\n";

/* A stretch behind a tap of the same rows. */
static const char behind_tap[] =
    "name: behind tap\n"
    "steps:\n" LINES
    "  - { id: first, type: set, config: { fields: { name: \"{{item.name}}!\" } } }\n"
    "  - { id: table, type: write_csv, config: { columns: { n: \"{{steps.first.name}}\" } } }\n"
    "  - { id: after, type: http_request, needs: [first, table], config: {\n"
    "      url: \"" URL "/3/after\", json: { k: \"{{item.k}}\", mode: \"{{item.mode}}\",\n"
    "      rows: \"{{steps.table.rows}}\" } } }\n"
    "  - { id: last, type: write_jsonl, config: { columns: { k: \"{{item.k}}\",\n"
    "      s: \"{{steps.after.body.score}}\", rows: \"{{steps.table.rows}}\" } } }\n";

static const char not_taken[] =
    "name: not taken\n"
    "steps:\n"
    "  - { id: ask, type: condition, config: { if: \".input.mode == \\\"never\\\"\" } }\n"
    "  - { id: rows, type: read_csv, needs: ask.yes, config: { file: \"{{input.file}}\" } }\n"
    "  - { id: table, type: write_csv, config: { columns: { k: \"{{item.k}}\" } } }\n"
    "  - { id: behind, type: set, needs: table, config: { fields: { n: \"{{steps.table.rows}}\" } "
    "} }\n"
    "  - { id: other, type: http_request, needs: ask.no, config: { url: \"" URL "/3/other\",\n"
    "      json: { mode: \"{{input.mode}}\" } } }\n"
    "  - { id: last, type: set, needs: [other, table], config: { fields: {\n"
    "      n: \"{{steps.table.rows}}\", s: \"{{steps.other.body.score}}\" } } }\n";

static const char max_failed[] =
    "name: max failed\n"
    "on_failure: { workflow: handler }\n"
    "limits: { max_failed: 2, concurrency: 3 }\n"
    "steps:\n" ROWS CALL(
        "score",
        "") "  - { id: table, type: write_csv, config: { columns: { k: \"{{item.k}}\" } } }\n";

static const char deadline[] =
    "name: deadline\n"
    "on_failure: { workflow: handler }\n"
    "limits: { deadline: 40s }\n"
    "steps:\n" ROWS CALL(
        "score",
        "") "  - { id: lines, type: write_jsonl, config: { columns: { k: \"{{item.k}}\" } } }\n";

static const char late[] =
    "name: late\n"
    "limits: { deadline: 40s }\n"
    "steps:\n" ROWS "  - { id: score, type: http_request, config: { url: \"" URL "/1/score\",\n"
    "      json: { k: \"{{item.k}}\", mode: slow } } }\n"
    "  - { id: table, type: write_csv, config: { columns: { k: \"{{item.k}}\" } } }\n";

/* Waiting does not count. */
static const char patient[] =
    "name: patient\n"
    "limits: { deadline: 40s }\n"
    "steps:\n"
    "  - { id: one, type: http_request, config: { url: \"" URL "/3/one\",\n"
    "      json: { mode: \"{{input.mode}}\" } } }\n"
    "  - { id: long, type: wait, config: { for: 30m } }\n"
    "  - { id: two, type: http_request, config: { url: \"" URL "/3/two\", json: { x: 1 } } }\n";

/* Steps that look at all columns see those behind which they stand, whenever others are decided. */
static const char beside[] =
    "name: beside\n"
    "steps:\n" ROWS CALL(
        "score", "") "  - { id: one, type: transform, needs: rows, config: { expression: \".steps "
                     "| keys\" } }\n"
                     "  - { id: ask, type: condition, needs: one, config: { if: \".item.k != "
                     "\\\"k2\\\"\" } }\n"
                     "  - { id: two, type: transform, config: { expression: \".steps | keys\" } }\n"
                     "  - { id: lines, type: write_jsonl }\n"
                     "  - { id: last, type: transform, needs: [score, one], config: { expression:\n"
                     "      \".steps | keys\" } }\n"
                     "  - { id: wide, type: write_csv }\n";

/* Lists in pages, read back behind a wait. */
static const char pages[] =
    "name: pages\n"
    "limits: { concurrency: 5 }\n"
    "steps:\n" ROWS "  - { id: list, type: http_request, retry: { attempts: 3, backoff: 1s..4s },\n"
    "      config: { url: \"" URL "/3/list\", json: { k: \"{{item.k}}\", mode: \"{{item.mode}}\",\n"
    "      page: 1 }, paging: { json: { page: .body.next }, items: .body.items } } }\n"
    "  - { id: lines, type: write_jsonl, config: { columns: { k: \"{{item.k}}\",\n"
    "      list: \"{{steps.list}}\" } } }\n"
    "  - { id: pause, type: wait, needs: list, config: { for: 2m } }\n"
    "  - { id: tell, type: http_request, config: { url: \"" URL "/3/tell\", json: {\n"
    "      k: \"{{item.k}}\", last: \"{{steps.list[-1]}}\" } } }\n"
    "  - { id: table, type: write_csv, config: { columns: { k: \"{{item.k}}\",\n"
    "      n: \"{{= .steps.list | length }}\", w: \"{{steps.tell.body.word}}\" } } }\n"
    "output: { lines: \"{{steps.lines.rows}}\", rows: \"{{steps.table.rows}}\" }\n";

/* Two steps to one host, each with its limit: the strictest counts. */
static const char paced[] =
    "name: paced\n"
    "steps:\n" ROWS
    "  - { id: score, type: http_request, retry: { attempts: 3, backoff: 1s..4s },\n"
    "      config: { url: \"" URL "/3/score\", rate: 5/s, per_host: 3,\n"
    "      json: { k: \"{{item.k}}\", mode: \"{{item.mode}}\" } } }\n"
    "  - { id: list, type: http_request, needs: rows, config: { url: \"" URL "/3/list\",\n"
    "      rate: 2/s, per_host: 3, json: { page: 1, k: \"{{item.k}}\" },\n"
    "      paging: { json: { page: .body.next }, items: .body.items, max_pages: 2 } } }\n"
    "  - { id: table, type: write_csv, needs: [score, list], config: { columns: {\n"
    "      k: \"{{item.k}}\", s: \"{{steps.score.body.score}}\", l: \"{{steps.list}}\" } } }\n";

static const char one_list[] =
    "name: one list\n"
    "steps:\n"
    "  - { id: list, type: http_request, config: { url: \"" URL "/3/list\",\n"
    "      json: { mode: \"{{input.mode}}\", page: 1 },\n"
    "      paging: { json: { page: .body.next }, items: .body.items } } }\n"
    "  - { id: end, type: transform, config: { expression: \".steps.list | join(\\\" \\\")\" } }\n";

static const char unknown_column[] =
    "name: unknown column\n"
    "steps:\n" ROWS "  - { id: x, type: set, config: { fields: { a: \"{{item.nmae}}\" } } }\n"
    "  - { id: table, type: write_csv }\n"
    "  - { id: tell, type: set, needs: table, config: { fields: { n: \"{{steps.table.rows}}\" } } "
    "}\n";

static const char two_sources[] =
    "name: two sources\n"
    "steps:\n"
    "  - { id: which, type: http_request, config: { url: \"" URL "/3/which\",\n"
    "      json: { mode: \"{{input.mode}}\" } } }\n"
    "  - { id: rows, type: read_csv, config: { file: \"{{input.file}}\" } }\n" CALL(
        "score",
        "") "  - { id: table, type: write_csv, config: { columns: { k: \"{{item.k}}\",\n"
            "      w: \"{{steps.which.body.word}}\" } } }\n"
            "  - { id: again, type: read_csv, needs: table, config: { file: \"{{input.file}}\" } "
            "}\n"
            "  - { id: odd, type: filter, config: { where: \"(.item.n | tonumber) % 2 == 1\" } }\n"
            "  - { id: more, type: http_request, config: { url: \"" URL "/3/more\",\n"
            "      json: { k: \"{{item.k}}\", rows: \"{{steps.table.rows}}\" } } }\n"
            "  - { id: lines, type: write_jsonl, config: { columns: { k: \"{{item.k}}\",\n"
            "      s: \"{{steps.more.body.score}}\" } } }\n"
            "output: { a: \"{{steps.table.rows}}\", b: \"{{steps.lines.rows}}\" }\n";

/* Rows in another order, the first of each kind, a few of them, and both together: calls before and
 * behind, a wait behind. Tables of other rows have names that begin with r_. */
static const char reshaped[] =
    "name: reshaped\n"
    "steps:\n" ROWS CALL(
        "score",
        "") "  - { id: r_sorted, type: sort, config: { by: [item.mode, { path: item.k, order: desc "
            "}] } }\n"
            "  - { id: r_once, type: deduplicate, config: { by: steps.score.body.word } }\n"
            "  - { id: again, type: http_request, config: { url: \"" URL "/3/again\",\n"
            "      json: { k: \"{{item.k}}\", was: \"{{steps.score.body.score}}\" } } }\n"
            "  - { id: table, type: write_csv, config: { columns: { k: \"{{item.k}}\", m: "
            "\"{{item.mode}}\",\n"
            "      s: \"{{steps.score.body.score}}\", a: \"{{steps.again.body.word}}\" } } }\n"
            "  - { id: r_few, type: limit, needs: r_sorted, config: { count: 5, offset: 2 } }\n"
            "  - { id: pause, type: wait, config: { for: 2m } }\n"
            "  - { id: few, type: write_jsonl, config: { columns: { k: \"{{item.k}}\" } } }\n"
            "  - { id: r_all, type: union, needs: [pause, score, again] }\n"
            "  - { id: all, type: write_csv, config: { columns: { k: \"{{item.k}}\",\n"
            "      a: \"{{steps.again.body.score}}\" } } }\n"
            "output: { table: \"{{steps.table.rows}}\", few: \"{{steps.few.rows}}\", all: "
            "\"{{steps.all.rows}}\" }\n";

/* Elements of lists, and the rows that they came from beside them again. */
static const char expanded[] =
    "name: expanded\n"
    "steps:\n" ROWS "  - { id: r_parts, type: expand, config: {\n"
    "      list: \"[range((.item.n | tonumber) % 4) | {i: ., mode: \\\"odd\\\"}]\" } }\n"
    "  - { id: part, type: http_request, config: { url: \"" URL "/3/part\",\n"
    "      json: { i: \"{{item.i}}\", k: \"{{parent.item.k}}\" } } }\n"
    "  - { id: r_pairs, type: join, needs: rows, config: { with: part, kind: left,\n"
    "      on: { left: item.k, right: parent.item.k } } }\n"
    "  - { id: pair, type: set, config: { fields: { k: \"{{item.k}}\",\n"
    "      i: \"{{steps.r_pairs.item.i}}\", w: \"{{steps.r_pairs.steps.part.body.word}}\" } } }\n"
    "  - { id: lines, type: write_jsonl, config: { columns: { pair: \"{{steps.pair}}\" } } }\n"
    "  - { id: r_none, type: join, needs: rows, config: { with: part, kind: anti,\n"
    "      on: { left: item.k, right: parent.item.k } } }\n"
    "  - { id: none, type: write_csv }\n"
    "output: { pairs: \"{{steps.lines.rows}}\", none: \"{{steps.none.rows}}\" }\n";

/* One row for each group: aggregates that stream and one that does not, calls before and behind. */
static const char grouped[] =
    "name: grouped\n"
    "steps:\n" ROWS CALL(
        "score", "") "  - { id: r_kinds, type: group_by, config: { by: item.mode, max_rows: 8, "
                     "aggregates: {\n"
                     "      n: length, sum: \"map(.item.n | tonumber) | add\", words: "
                     "\"map(.item.k) | join(\\\" "
                     "\\\")\",\n"
                     "      first: \"first | .steps.score.body.word\" } } }\n"
                     "  - { id: tell, type: http_request, config: { url: \"" URL "/3/tell\",\n"
                     "      json: { mode: \"{{item.mode}}\", n: \"{{item.n}}\" } } }\n"
                     "  - { id: table, type: write_csv }\n"
                     "output: { kinds: \"{{steps.table.rows}}\" }\n";

/* Rows from the one input, or none at all. */
static const char letters[] =
    "name: letters\n"
    "steps:\n"
    "  - { id: ask, type: condition, config: { if: \".input.mode == \\\"ok\\\"\" } }\n"
    "  - { id: r_letters, type: expand, needs: ask.yes,\n"
    "      config: { list: \".input.mode / \\\"\\\"\" } }\n"
    "  - { id: said, type: http_request, config: { url: \"" URL "/3/said\",\n"
    "      json: { letter: \"{{item}}\" } } }\n"
    "  - { id: table, type: write_csv, config: { columns: { l: \"{{item}}\" } } }\n"
    "  - { id: end, type: set, config: { fields: { n: 1 } }, needs: table }\n"
    "output: { rows: \"{{steps.table.rows}}\" }\n";

/* --- workflows that call others --- */

static const char twice[] =
    "name: twice\n"
    "input: { type: object, properties: { n: { type: integer } } }\n"
    "steps:\n"
    "  - { id: t, type: transform, config: { expression: \".input.n * 2\" } }\n";

static const char scorer[] =
    "name: scorer\n"
    "on_failure: { workflow: handler }\n"
    "input: { type: object, required: [k, mode], properties: { mode: { type: string } } }\n"
    "steps:\n"
    "  - { id: q, type: transform, config: { expression: \".input.k + \\\"!\\\"\" } }\n"
    "  - { id: score, type: http_request, retry: { attempts: 3, backoff: 1s..4s },\n"
    "      config: { url: \"" URL "/3/score\", json: { k: \"{{steps.q}}\",\n"
    "      mode: \"{{input.mode}}\" } } }\n"
    "output: { score: \"{{steps.score.body.score}}\", k: \"{{steps.q}}\" }\n";

static const char waiter[] =
    "name: waiter\n"
    "steps:\n"
    "  - { id: one, type: http_request, config: { url: \"" URL "/3/one\",\n"
    "      json: { mode: \"{{input.mode}}\" } } }\n"
    "  - { id: nap, type: wait, config: { for: 30ms } }\n"
    "  - { id: long, type: wait, config: { for: 5m } }\n"
    "  - { id: two, type: http_request, config: { url: \"" URL "/3/two\",\n"
    "      json: { was: \"{{steps.one.body.score}}\", wait_ms: 300000, since: one,\n"
    "      mode: \"{{input.later}}\" } } }\n"
    "output: \"{{steps.two.body.word}}\"\n";

static const char sweeper[] =
    "name: sweeper\n"
    "limits: { max_failed: 90%, concurrency: 3 }\n"
    "steps:\n" ROWS "  - { id: call, type: workflow, config: { slug: scorer,\n"
    "      input: { k: \"{{item.k}}\", mode: \"{{item.mode}}\" } } }\n"
    "  - { id: table, type: write_csv, config: { columns: { k: \"{{item.k}}\",\n"
    "      s: \"{{steps.call.score}}\" } } }\n"
    "output: \"{{steps.table.rows}}\"\n";

static const char slow[] =
    "name: slow\n"
    "steps:\n"
    "  - { id: score, type: http_request, config: { url: \"" URL "/1/score\",\n"
    "      json: { mode: slow } } }\n";

const struct called called[] = {
    {"twice", twice}, {"scorer", scorer}, {"waiter", waiter}, {"sweeper", sweeper}, {"slow", slow},
};
const size_t called_count = COUNT_OF(called);

static const char calls_pure[] =
    "name: calls pure\n"
    "steps:\n"
    "  - { id: a, type: workflow, config: { slug: twice, input: { n: 21 } } }\n"
    "  - { id: b, type: workflow, on_error: continue, config: { slug: twice, input: { n: x } } }\n"
    "output: { a: \"{{steps.a}}\", b: \"{{steps.b.error.code}}\" }\n";

static const char calls_rows[] =
    "name: calls rows\n"
    "on_failure: { workflow: handler }\n"
    "limits: { max_failed: 90%, concurrency: 5 }\n"
    "steps:\n" ROWS "  - { id: n, type: workflow, config: { slug: twice,\n"
    "      input: { n: \"{{= .item.n | tonumber }}\" } } }\n"
    "  - { id: call, type: workflow, config: { slug: scorer,\n"
    "      input: { k: \"{{item.k}}\", mode: \"{{item.mode}}\" } } }\n"
    "  - { id: table, type: write_csv, config: { columns: { k: \"{{steps.call.k}}\",\n"
    "      n: \"{{steps.n}}\", s: \"{{steps.call.score}}\" } } }\n"
    "  - { id: sure, type: workflow, needs: rows, on_error: continue, config: { slug: scorer,\n"
    "      input: { k: \"{{item.k}}\", mode: \"{{item.mode}}\" } } }\n"
    "  - { id: lines, type: write_jsonl, config: { columns: { k: \"{{item.k}}\",\n"
    "      c: \"{{steps.sure.error.code}}\" } } }\n"
    "output: \"{{steps.table.rows}}\"\n";

static const char calls_one[] =
    "name: calls one\n"
    "steps:\n"
    "  - { id: a, type: workflow, config: { slug: waiter, input: { mode: \"{{input.mode}}\" } } }\n"
    "  - { id: c, type: workflow, on_error: continue, needs: [],\n"
    "      config: { slug: waiter, input: { later: \"{{input.mode}}\" } } }\n"
    "  - { id: b, type: http_request, needs: a, config: { url: \"" URL "/3/b\",\n"
    "      json: { was: \"{{steps.a}}\" } } }\n"
    "output: [\"{{steps.a}}\", \"{{steps.b.body.word}}\", \"{{= .steps.c | if type == "
    "\\\"object\\\" then .error.code else . end }}\"]\n";

static const char calls_deep[] =
    "name: calls deep\n"
    "steps:\n"
    "  - { id: a, type: workflow, config: { slug: sweeper, input: { file: \"{{input.file}}\" } } "
    "}\n"
    "  - { id: b, type: workflow, config: { slug: waiter, input: { mode: ok } } }\n"
    "output: [\"{{steps.a}}\", \"{{steps.b}}\"]\n";

/* Each row waits in a run of its own. */
static const char calls_waits[] =
    "name: calls waits\n"
    "limits: { concurrency: 4 }\n"
    "steps:\n" ROWS "  - { id: a, type: workflow, config: { slug: waiter,\n"
    "      input: { k: \"{{item.k}}\", mode: ok } } }\n"
    "  - { id: table, type: write_csv, config: { columns: { k: \"{{item.k}}\", w: "
    "\"{{steps.a}}\" } } }\n";

static const char calls_late[] = "name: calls late\n"
                                 "limits: { deadline: 40s }\n"
                                 "steps:\n"
                                 "  - { id: a, type: workflow, config: { slug: slow } }\n";

/* What a run below waits does not count above. */
static const char calls_patient[] =
    "name: calls patient\n"
    "limits: { deadline: 100s }\n"
    "steps:\n"
    "  - { id: a, type: workflow, config: { slug: waiter, input: { mode: ok } } }\n";

/* Documents are read, rows share answers, in flight or kept, and each has a file. */
static const char asking[] =
    "name: asking\n"
    "limits: { concurrency: 6 }\n"
    "steps:\n" ROWS
    "  - { id: kept, type: ask, cache: 365d, retry: { attempts: 3, backoff: 1s..4s }, config: {\n"
    "      url: \"" URL "/3/kept\", file: \"{{input.file}}\", mode: \"{{input.mode}}\",\n"
    "      k: \"{{= .item.n | tonumber % 5}}\" } }\n"
    "  - { id: alike, type: ask, retry: { attempts: 3, backoff: 1s..4s }, config: {\n"
    "      url: \"" URL "/3/alike\", file: \"{{input.file}}\", mode: \"{{input.mode}}\",\n"
    "      k: \"{{= .item.n | tonumber % 3}}\" } }\n"
    "  - { id: memo, type: memo, config: { name: \"memo of {{steps.kept.word}}.txt\",\n"
    "      text: \"{{item.k}} {{steps.alike.word}}\" } }\n"
    "  - { id: table, type: write_csv, config: { columns: { k: \"{{item.k}}\",\n"
    "      w: \"{{steps.kept.word}}\", d: \"{{steps.alike.digest}}\",\n"
    "      f: \"{{steps.memo.file}}\" } } }\n";

/* Block by block: what the first version has called is found by the second, behind which more is
 * called, on the rows that came through and on others. */
#define SCREEN                                                                                     \
    "name: screen\n"                                                                               \
    "steps:\n" ROWS CALL(                                                                          \
        "score", "") "  - { id: r_some, type: filter, config: { where: \".item.n | tonumber % 3 "  \
                     "!= 1\" } }\n"                                                                \
                     "  - { id: table, type: write_csv, config: { columns: { k: \"{{item.k}}\",\n" \
                     "      s: \"{{steps.score.body.score}}\" } } }\n"
static const char screen[] = SCREEN;
static const char longer_screen[] =
    SCREEN "  - { id: word, type: http_request, needs: r_some, on_error: continue,\n"
           "      config: { url: \"" URL "/3/word\", json: { k: \"{{item.k}}\",\n"
           "      was: \"{{steps.score.body.score}}\" } } }\n"
           "  - { id: lines, type: write_jsonl, config: { columns: { k: \"{{item.k}}\",\n"
           "      w: \"{{steps.word.body.word}}\" } } }\n"
           "  - { id: beside, type: http_request, needs: rows, config: { url: \"" URL
           "/3/beside\",\n      json: { k: \"{{item.k}}\" } } }\n"
           "output: { rows: \"{{steps.table.rows}}\", words: \"{{steps.lines.rows}}\" }\n";

#define SCENE(its_name, its_workflow, its_file, its_mode)                                          \
    .name = its_name, .workflow = its_workflow, .file = its_file, .mode = its_mode

/* Somebody answers the first (answers.c), nobody the second. */
static const char answered[] =
    "name: answered\n"
    "steps:\n"
    "  - { id: one, type: http_request, config: { url: \"" URL "/3/one\",\n"
    "      json: { mode: \"{{input.mode}}\" } } }\n"
    "  - { id: said, type: wait, config: { for: 2d,\n"
    "      event: { about: \"{{steps.one.body.word}}\", on_timeout: fail } } }\n"
    "  - { id: two, type: http_request, config: { url: \"" URL "/3/two\",\n"
    "      json: { was: \"{{steps.said.word}}\" } } }\n"
    "  - { id: none, type: wait, config: { for: 3m, event: { about: late, on_timeout: continue } } "
    "}\n"
    "  - { id: no, type: wait, on_error: continue,\n"
    "      config: { for: 2d, event: { about: no, on_timeout: continue } } }\n"
    "  - { id: end, type: transform, config: { expression:\n"
    "      \"[.steps.said.n, .steps.none, .steps.no.error.n, .steps.two.body.word]\" } }\n";

static const char answered_rows[] =
    "name: answered rows\n"
    "steps:\n" ROWS CALL(
        "score", "") "  - { id: said, type: wait, config: { for: 2d,\n"
                     "      event: { about: \"{{item.k}}\", on_timeout: fail } } }\n"
                     "  - { id: late, type: wait, config: { for: 90s,\n"
                     "      event: { about: late, on_timeout: continue } } }\n"
                     "  - { id: table, type: write_csv, config: { columns: { k: \"{{item.k}}\",\n"
                     "      s: \"{{steps.said.word}}\" } } }\n";

/* One decision for all rows that went well, and one for each of them. */
static const char approved[] =
    "name: approved\n"
    "limits: { max_failed: 90% }\n"
    "steps:\n" ROWS CALL(
        "score", "") "  - { id: all, type: approval, config: { title: \"{{item.rows}}\", for: 2d,\n"
                     "      on_timeout: fail } }\n"
                     "  - { id: each, type: approval, config: { per: item, title: \"{{item.k}}\",\n"
                     "      for: 2d, on_timeout: fail } }\n"
                     "  - { id: tell, type: http_request, config: { url: \"" URL "/3/tell\",\n"
                     "      json: { k: \"{{item.k}}\", mode: \"{{item.mode}}\", word: "
                     "\"{{steps.each.word}}\" } } }\n"
                     "  - { id: table, type: write_csv, config: { columns: { k: \"{{item.k}}\",\n"
                     "      a: \"{{steps.all.word}}\" } } }\n";

static const char refused[] =
    "name: refused\n"
    "steps:\n" ROWS "  - { id: all, type: approval, config: { title: no, for: 2d, on_timeout: fail "
    "} }\n" CALL("score", "");

const struct scene scenes[] = {
    {SCENE("pure", pure, NULL, "ok"), .is_pure = true},
    {SCENE("rows", rows, "many.csv", "ok"), .concurrency = 7},
    {SCENE("few_rows", rows, "few.csv", "ok")},
    {SCENE("told", told, "few.csv", "ok")},
    {SCENE("told_many", told, "many.csv", "ok")},
    {SCENE("waits", waits, NULL, "ok")},
    {SCENE("waits_flaky", waits, NULL, "flaky")},
    {SCENE("waits_down", waits, NULL, "down")},
    {SCENE("going_on", going_on, "few.jsonl", "ok")},
    {SCENE("row_waits", row_waits, "many.csv", "ok")},
    {SCENE("few_row_waits", row_waits, "few.csv", "ok")},
    {SCENE("behind_tap", behind_tap, "many.jsonl", "ok")},
    {SCENE("not_taken", not_taken, "few.csv", "ok")},
    {SCENE("not_taken_bad", not_taken, "few.csv", "bad")},
    {SCENE("max_failed", max_failed, "few.csv", "ok"), .concurrency = 3},
    {SCENE("two_failed", max_failed, "bad.csv", "ok")},
    {SCENE("all_failed", beside, "bad.csv", "ok")},
    {SCENE("late", late, "few.csv", "ok"), .is_late = true},
    {SCENE("patient", patient, NULL, "ok")},
    {SCENE("beside", beside, "few.csv", "ok")},
    {SCENE("deadline", deadline, "few.csv", "ok")},
    {SCENE("no_rows", rows, "empty.csv", "ok")},
    {SCENE("no_file", told, "absent.csv", "ok")},
    {SCENE("broken_rows", told, "broken.csv", "ok")},
    {SCENE("unknown_column", unknown_column, "few.csv", "ok")},
    {SCENE("two_sources", two_sources, "few.csv", "flaky")},
    {SCENE("calls_pure", calls_pure, NULL, "ok"), .is_pure = true},
    {SCENE("calls_rows", calls_rows, "few.csv", "ok")},
    {SCENE("calls_many", calls_rows, "many.csv", "ok")},
    {SCENE("calls_one", calls_one, NULL, "ok")},
    {SCENE("calls_one_flaky", calls_one, NULL, "flaky")},
    {SCENE("calls_one_bad", calls_one, NULL, "bad")},
    {SCENE("calls_deep", calls_deep, "steady.csv", "ok")},
    {SCENE("calls_waits", calls_waits, "few.csv", "ok")},
    {SCENE("calls_late", calls_late, NULL, "ok"), .is_late = true},
    {SCENE("calls_patient", calls_patient, NULL, "ok")},
    {SCENE("pages", pages, "many.csv", "ok"), .concurrency = 5},
    {SCENE("few_pages", pages, "few.csv", "ok")},
    {SCENE("asking", asking, "few.csv", "ok"), .concurrency = 6},
    {SCENE("asking_many", asking, "many.csv", "ok"), .concurrency = 6},
    {SCENE("asking_down", asking, "few.csv", "down"), .concurrency = 6},
    {SCENE("paced", paced, "few.csv", "ok"), .concurrency = 3, .rate = 5},
    {SCENE("answered", answered, NULL, "ok")},
    {SCENE("answered_flaky", answered, NULL, "flaky")},
    {SCENE("approved", approved, "few.csv", "ok")},
    {SCENE("many_approved", approved, "many.csv", "ok")},
    {SCENE("refused", refused, "few.csv", "ok")},
    {SCENE("answered_rows", answered_rows, "few.csv", "ok")},
    {SCENE("many_answered_rows", answered_rows, "many.csv", "ok")},
    {SCENE("reshaped", reshaped, "many.csv", "ok")},
    {SCENE("few_reshaped", reshaped, "few.csv", "ok")},
    {SCENE("none_reshaped", reshaped, "empty.csv", "ok")},
    {SCENE("expanded", expanded, "many.csv", "ok")},
    {SCENE("grouped", grouped, "many.csv", "ok")},
    {SCENE("letters", letters, NULL, "ok")},
    {SCENE("no_letters", letters, NULL, "flaky")},
    {SCENE("one_list", one_list, NULL, "ok")},
    {SCENE("one_list_flaky", one_list, NULL, "flaky")},
    {SCENE("longer", screen, "many.csv", "ok"), .longer = longer_screen},
    {SCENE("few_longer", screen, "few.csv", "ok"), .longer = longer_screen},
};
const size_t scene_count = COUNT_OF(scenes);

const struct scene *
scene_find(const char *name)
{
    for (size_t i = 0; i < scene_count; i++) {
        if (strcmp(scenes[i].name, name) == 0)
            return &scenes[i];
    }
    return NULL;
}

/* --- the files --- */

static char folder[] = "/tmp/windrow-test-sim-XXXXXX";
static const char *const files[] = {"few.csv",   "many.csv",   "few.jsonl", "many.jsonl",
                                    "empty.csv", "broken.csv", "bad.csv",   "steady.csv"};

/* How the server takes a row's request; the modes come round in this order. */
static const char *const modes[] = {"ok", "flaky", "quiet", "ok", "bad", "ok", "down", "odd", "ok"};

static void
add_csv_rows(struct buffer *out, size_t count, size_t pad_bytes)
{
    buffer_append_text(out, "k,name,mode,n,pad\r\n");
    for (size_t i = 0; i < count; i++) {
        buffer_append_format(out, "k%zu,\"name \"\"%zu\"\"\n, Ltd\",%s,%zu,", i, i,
                             modes[i % COUNT_OF(modes)], i);
        for (size_t b = 0; b < pad_bytes; b++)
            buffer_append_byte(out, (char)('a' + (i + b) % 26));
        buffer_append_text(out, "\r\n");
    }
}

static void
add_json_rows(struct buffer *out, size_t count, size_t pad_bytes)
{
    for (size_t i = 0; i < count; i++) {
        buffer_append_format(out,
                             "{\"k\":\"k%zu\",\"name\":\"n %zu\",\"mode\":\"%s\",\"n\":%zu.10,", i,
                             i, modes[i % COUNT_OF(modes)], i);
        buffer_append_text(out, "\"pad\":\"");
        for (size_t b = 0; b < pad_bytes; b++)
            buffer_append_byte(out, (char)('a' + (i + b) % 26));
        buffer_append_text(out, "\"}\n");
    }
}

static void
fill_file(struct buffer *out, const char *name)
{
    bool is_many = strncmp(name, "many", 4) == 0;
    if (strcmp(name, "empty.csv") == 0) {
        add_csv_rows(out, 0, 0);
    } else if (strcmp(name, "bad.csv") == 0) {
        buffer_append_text(out, "k,name,mode\nx,one,bad\ny,two,down\n");
    } else if (strcmp(name, "steady.csv") == 0) {
        buffer_append_text(out, "k,mode\na,ok\nb,bad\nc,ok\nd,down\ne,odd\nf,ok\n");
    } else if (strcmp(name, "broken.csv") == 0) {
        add_csv_rows(out, 5, 0);
        buffer_append_text(out, "too,few\r\n");
        buffer_append_text(out, "k9,name,ok,9,\"never closed\n");
    } else if (strstr(name, ".csv") != NULL) {
        add_csv_rows(out, is_many ? 44 : 9, is_many ? 5000 : 3);
    } else {
        add_json_rows(out, is_many ? 44 : 9, is_many ? 5000 : 3);
    }
}

static void
file_path(const char *name, char *out, size_t size)
{
    snprintf(out, size, "%s/%s", folder, name);
}

void
scenes_prepare(void)
{
    char *made = mkdtemp(folder);
    assert(made != NULL);
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        struct buffer text;
        buffer_init(&text, MIB(4));
        fill_file(&text, files[i]);
        char path[256];
        file_path(files[i], path, sizeof(path));
        enum status status = fs_write_file(path, buffer_slice(&text), NULL);
        assert(status == STATUS_OK);
        buffer_done(&text);
    }
}

/* What was made of documents stays from life to life. */
static void
remove_converted(void)
{
    char path[256 + NAME_MAX + 2];
    file_path("converted", path, 256);
    DIR *converted = opendir(path);
    size_t size = strlen(path);
    const struct dirent *entry;
    while (converted != NULL && (entry = readdir(converted)) != NULL) {
        snprintf(path + size, sizeof(path) - size, "/%s", entry->d_name);
        if (entry->d_name[0] != '.')
            unlink(path);
    }
    if (converted != NULL)
        closedir(converted);
    path[size] = '\0';
    rmdir(path);
}

void
scenes_remove(void)
{
    char path[256];
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        file_path(files[i], path, sizeof(path));
        unlink(path);
    }
    file_path("blobs", path, sizeof(path));
    rmdir(path);
    remove_converted();
    rmdir(folder);
}

const char *
scenes_folder(void)
{
    return folder;
}

struct value
scene_input(const struct scene *scene, struct arena *arena)
{
    struct value input = value_empty_object();
    input = value_object_set(arena, input, value_text("mode"), value_text(scene->mode));
    if (scene->file == NULL)
        return input;
    char path[256];
    file_path(scene->file, path, sizeof(path));
    return value_object_set(arena, input, value_text("file"),
                            value_string_copy(arena, slice_text(path)));
}
