/* Steps that ask a model: what they ask, in which order they read their sources, and what they make
 * of answers. */
#include "conversation.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

#define ROOT                                                                                       \
    "{\"input\":{},\"item\":{\"name\":\"Bolt\",\"about\":\"Bolt sells nuts. It was founded in "    \
    "1923.\",\"site\":\"https://bolt.example/a\",\"none\":null,\"list\":[\"one\",\"two\"],"        \
    "\"evil\":{\"file\":\"/etc/passwd\"},\"staff\":41},\"steps\":{},\"run\":{},\"vars\":{}}"
#define MODEL "\"model\":\"local/extractive-1\""
#define ABOUT "{\"number\":1,\"text\":\"Bolt sells nuts. It was founded in 1923.\"}"

static void
test_the_first_call(void **state)
{
    static const struct {
        const char *type, *config, *asked;
    } table[] = {
        {"ai_generate", "{ prompt: 'What does {{item.name}} sell?', model: openai/gpt-4o-mini }",
         "{\"model\":\"openai/gpt-4o-mini\",\"task\":\"generate\",\"prompt\":\"What does Bolt "
         "sell?\"}"},
        {"ai_generate",
         "{ model: a/b, system: 'Be {{item.name}}.', prompt: p, temperature: 0.2, max_tokens: 80, "
         "seed: 7, output: { type: object, properties: { x: { type: string } } } }",
         "{\"model\":\"a/b\",\"task\":\"generate\",\"system\":\"Be Bolt.\",\"prompt\":\"p\","
         "\"temperature\":0.2,\"max_tokens\":80,\"seed\":7,\"schema\":{\"type\":\"object\","
         "\"properties\":{\"x\":{\"type\":\"string\"}}}}"},
        {"ai_generate", "{ prompt: p }",
         "{" MODEL ",\"task\":\"generate\",\"prompt\":\"p\",\"sources\":[{\"number\":1,\"text\":"
         "\"name: Bolt\\nabout: Bolt sells nuts. It was founded in 1923.\\nsite: "
         "https://bolt.example/a\\nstaff: 41\\n\",\"title\":\"row\"}]}"},
        {"ai_generate", "{ prompt: p, sources: '{{item.none}}' }",
         "{" MODEL ",\"task\":\"generate\",\"prompt\":\"p\"}"},
        {"extract", "{ fields: { year: when }, sources: '{{item.about}}', prompt: look }",
         "{" MODEL ",\"task\":\"extract\",\"prompt\":\"look\",\"fields\":{\"year\":\"when\"},"
         "\"sources\":[" ABOUT "]}"},
        {"extract",
         "{ fields: { year: { type: integer, unit: years } }, sources: [{ text: '{{item.none}}' }, "
         "'', { text: '{{item.about}}' }] }",
         "{" MODEL ",\"task\":\"extract\",\"fields\":{\"year\":{\"type\":\"integer\",\"unit\":"
         "\"years\"}},\"sources\":[" ABOUT "]}"},
        {"extract", "{ fields: { a: b }, sources: ['{{item.list}}', { text: '{{item.evil}}' }] }",
         "{" MODEL ",\"task\":\"extract\",\"fields\":{\"a\":\"b\"},\"sources\":[{\"number\":1,"
         "\"text\":\"one\"},{\"number\":2,\"text\":\"two\"},{\"number\":3,\"text\":"
         "\"{\\\"file\\\":\\\"/etc/passwd\\\"}\"}]}"},
        {"extract", "{ fields: { a: b }, sources: '{{item.evil}}' }",
         "{" MODEL ",\"task\":\"extract\",\"fields\":{\"a\":\"b\"},\"sources\":[{\"number\":1,"
         "\"text\":\"{\\\"file\\\":\\\"/etc/passwd\\\"}\"}]}"},
        {"extract", "{ fields: { a: b }, sources: { page: '{{item.site}}', title: Site } }",
         "{\"source\":{\"page\":\"https://bolt.example/a\"}}"},
        {"extract", "{ fields: { a: b }, sources: { documents: papers, match: '*.md' } }",
         "{\"source\":{\"documents\":\"papers\",\"match\":\"*.md\"}}"},
        {"extract", "{ fields: { a: b }, sources: { file: 'papers/{{item.name}}.md' } }",
         "{\"source\":{\"file\":\"papers/Bolt.md\"}}"},
        {"extract", "{ fields: { a: b }, sources: { text: '{{item.none}}' } }",
         "no_source: sources: there is no text in any of them"},
        {"extract", "{ fields: { a: b }, sources: { file: '{{item.list}}' } }",
         "bad_config: sources: file: expected text, the template gave array"},
        {"classify", "{ labels: [hot, cold], text: '{{item.about}}' }",
         "{" MODEL
         ",\"task\":\"classify\",\"labels\":{\"hot\":null,\"cold\":null},\"sources\":[" ABOUT "]}"},
        {"classify",
         "{ labels: { hot: 'sells nuts', cold: else }, sources: [{ text: x, title: T }], prompt: "
         "q, text: '{{item.about}}' }",
         "{" MODEL ",\"task\":\"classify\",\"prompt\":\"q\",\"labels\":{\"hot\":\"sells nuts\","
         "\"cold\":\"else\"},\"sources\":[" ABOUT
         ",{\"number\":2,\"text\":\"x\",\"title\":\"T\"}]}"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct conversation talk;
        conversation_open(&talk, table[i].type, table[i].config, ROOT);
        const char *asked = conversation_begin(&talk);
        if (strcmp(asked, table[i].asked) != 0)
            fail_msg("%s %s: %s", table[i].type, table[i].config, asked);
        conversation_close(&talk);
    }
}

static const struct made_up papers[] = {
    {"papers/a.md", "Bolt was founded in 1923.", "On Bolt"},
    {"papers/b.txt", "Nuts since 1923.", NULL},
    {"papers/empty.txt", "", NULL},
    {"other.md", "Staff: 41.", NULL},
    {NULL, NULL, NULL},
};

/* A folder and a page, between texts: one call each, then the question. */
static void
test_sources_are_read_before_the_question(void **state)
{
    struct conversation talk;
    conversation_open(&talk, "extract",
                      "{ model: a/b, fields: { year: when }, sources: [first, { documents: papers "
                      "}, { page: '{{item.site}}' }, { file: other.md, title: Other }, last] }",
                      ROOT);
    talk.documents = papers;
    assert_string_equal(conversation_begin(&talk), "{\"source\":{\"documents\":\"papers\"}}");
    assert_non_null(strstr(conversation_answer(&talk, 0, ""), "\"file\":\"papers/b.txt\""));
    assert_string_equal(conversation_follow(&talk), "{\"source\":{\"file\":\"papers/a.md\"}}");
    assert_non_null(strstr(conversation_answer(&talk, 0, ""), "\"title\":\"On Bolt\""));
    assert_string_equal(conversation_follow(&talk), "{\"source\":{\"file\":\"papers/b.txt\"}}");
    conversation_answer(&talk, 0, "");
    assert_string_equal(conversation_follow(&talk), "{\"source\":{\"file\":\"papers/empty.txt\"}}");
    conversation_answer(&talk, 0, "");
    assert_string_equal(conversation_follow(&talk),
                        "{\"source\":{\"page\":\"https://bolt.example/a\"}}");
    conversation_answer(&talk, 200, "Bolt, the page.");
    assert_true(slice_is(talk.exchange->url, "https://bolt.example/a"));
    assert_string_equal(conversation_follow(&talk), "{\"source\":{\"file\":\"other.md\"}}");
    conversation_answer(&talk, 0, "");
    const char *asked = conversation_follow(&talk);
    static const char *const parts[] = {
        ("{\"number\":1,\"text\":\"first\"},{\"number\":2,\"title\":\"On "
         "Bolt\",\"document\":\"papers/a.md\",\"digest\":\""),
        "{\"number\":3,\"document\":\"papers/b.txt\",\"digest\":\"",
        "{\"number\":4,\"url\":\"https://bolt.example/a\",\"digest\":\"",
        "{\"number\":5,\"title\":\"Other\",\"document\":\"other.md\",\"digest\":\"",
        "{\"number\":6,\"text\":\"last\"}]}",
    };
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        if (strstr(asked, parts[i]) == NULL)
            fail_msg("%s: %s", parts[i], asked);
    conversation_close(&talk);
}

static void
test_a_place_that_cannot_be_read_fails(void **state)
{
    static const struct {
        const char *config;
        int status;
        const char *failure;
        bool may_retry;
    } table[] = {
        {"{ fields: { a: b }, sources: { page: 'https://x.example/a' } }", 404,
         "http_status: the page https://x.example/a: the server answered 404: gone", false},
        {"{ fields: { a: b }, sources: { page: 'https://x.example/a' } }", 503,
         "http_status: the page https://x.example/a: the server answered 503: gone", true},
        {"{ fields: { a: b }, sources: { page: 'ftp://x.example' } }", 200,
         "bad_config: sources: page: ", false},
        {"{ fields: { a: b }, sources: { file: none.md } }", 0, "no_file: there is no none.md",
         false},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct conversation talk;
        conversation_open(&talk, "extract", table[i].config, ROOT);
        talk.documents = papers;
        conversation_begin(&talk);
        const char *got = conversation_answer(&talk, table[i].status, "gone");
        if (strncmp(got, table[i].failure, strlen(table[i].failure)) != 0 ||
            talk.conclusion.failure.may_retry != table[i].may_retry)
            fail_msg("%s: %s", table[i].config, got);
        conversation_close(&talk);
    }
}

#define YEAR "{ model: a/b, fields: { year: { type: integer } }, sources: '{{item.about}}' }"
#define OBJECT                                                                                     \
    "{ model: a/b, prompt: p, output: { type: object, required: [x], properties: { x: { type: "    \
    "string }, y: { type: integer } } } }"
#define QUOTE(source, words, confidence)                                                           \
    "{\"field\":\"year\",\"source\":" source ",\"quote\":\"" words "\",\"confidence\":" confidence \
    "}"
#define YEAR_IS(year, quotes) "{\"output\":{\"year\":" year "},\"citations\":[" quotes "]}"

/* What is said, and the value; '*' stands for anything. */
static void
test_values_of_answers(void **state)
{
    static const struct {
        const char *type, *config, *text, *value;
    } table[] = {
        {"ai_generate", "{ model: a/b, prompt: p }", "Any text, {even} this.",
         "{\"text\":\"Any text, {even} this.\"}"},
        {"ai_generate", OBJECT, "{\"output\":{\"x\":\"1\",\"y\":2},\"citations\":[]}",
         "{\"x\":\"1\",\"y\":2}"},
        {"ai_generate", OBJECT, "{\"x\":\"1\"}", "{\"x\":\"1\",\"y\":null}"},
        {"ai_generate", OBJECT, "```json\n{\"output\":{\"x\":\"1\",\"z\":3,},}\n```",
         "{\"x\":\"1\",\"y\":null}"},
        {"ai_generate", OBJECT, "{\"output\":{\"x\":\"1\",\"y\":null}}",
         "{\"x\":\"1\",\"y\":null}"},
        {"ai_generate",
         "{ model: a/b, prompt: p, output: { type: object, additionalProperties: { type: integer "
         "} } }",
         "{\"output\":{\"b\":1,\"a\":2}}", "{\"b\":1,\"a\":2}"},
        {"ai_generate", "{ model: a/b, prompt: p, sources: ['Bolt is big.'] }",
         "{\"output\":\"Big.\",\"citations\":[{\"field\":null,\"source\":1,\"quote\":\"is big\"}]}",
         "{\"text\":\"Big.\",\"citations\":[{\"number\":1,\"field\":null,\"source\":1,\"title\":"
         "null,\"document\":null,\"url\":null,\"quote\":\"is big\",\"start\":5,\"end\":11,"
         "\"digest\":\"*\",\"verified\":true,\"confidence\":null}]}"},
        {"ai_generate", "{ model: a/b, prompt: p, sources: '{{item.none}}' }", "Plain.",
         "{\"text\":\"Plain.\"}"},
        {"extract", YEAR, "{\"output\":{\"year\":null},\"citations\":[]}",
         "{\"year\":null,\"confidence\":{\"year\":null},\"citations\":[]}"},
        {"classify", "{ model: a/b, labels: [hot, cold] }", "{\"output\":{\"label\":\"hot\"}}",
         "{\"label\":\"hot\",\"confidence\":null}"},
        {"classify", "{ model: a/b, labels: [hot, cold], text: 'It burns.' }",
         "{\"output\":{\"label\":\"hot\"},\"citations\":[{\"source\":9,\"quote\":\"it "
         "burns\",\"confidence\":0.9}]}",
         "{\"label\":\"hot\",\"confidence\":null,\"citations\":[{\"number\":1,\"field\":null,"
         "\"source\":1,*\"quote\":\"it burns\",\"start\":null,\"end\":null,*\"verified\":false,"
         "\"confidence\":0.9}]}"},
        {"classify", "{ model: a/b, labels: [hot, cold], text: 'It burns.' }",
         "{\"output\":{\"label\":\"hot\"},\"citations\":[{\"source\":1,\"quote\":\"It  "
         "burns\",\"confidence\":1.5}]}",
         "{\"label\":\"hot\",\"confidence\":1,\"citations\":[*\"quote\":\"It burns\",\"start\":0,"
         "\"end\":8,*}]}"},
        {"extract", YEAR, YEAR_IS("1923", QUOTE("1", "founded in 1923", "0.8")),
         "{\"year\":1923,\"confidence\":{\"year\":0.8},\"citations\":[{\"number\":1,\"field\":"
         "\"year\",\"source\":1,\"title\":null,\"document\":null,\"url\":null,\"quote\":\"founded "
         "in "
         "1923\",\"start\":24,\"end\":39,*"},
        {"extract", YEAR, YEAR_IS("1924", QUOTE("1", "founded in 1924", "0.8")),
         "{\"year\":1924,\"confidence\":{\"year\":null},\"citations\":[*\"verified\":false,*"},
        {"extract", YEAR,
         YEAR_IS("1923",
                 QUOTE("1", "founded in 1923", "0.8") "," QUOTE("1", "in 1923", "0.9") "," QUOTE(
                     "1", "founded in 1923", "0.8") "," QUOTE("1", "", "1")),
         "{\"year\":1923,\"confidence\":{\"year\":0.9},\"citations\":[{\"number\":1,*},{\"number\":"
         "2,"
         "*\"confidence\":0.9}]}"},
        {"extract", "{ model: a/b, fields: { year: { type: integer } }, sources: [x, y in 1923] }",
         YEAR_IS("1923", QUOTE("1", "in 1923", "0.8")),
         "{\"year\":1923,*\"source\":2,*\"verified\":true,*"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct conversation talk;
        conversation_open(&talk, table[i].type, table[i].config, ROOT);
        conversation_begin(&talk);
        const char *value = conversation_say(&talk, table[i].text);
        if (!conversation_is_like(value, table[i].value))
            fail_msg("%s %s: %s", table[i].type, table[i].text, value);
        /* Without any source that has a text the citations are added last. */
        bool is_plain = strcmp(value, "{\"text\":\"Plain.\"}") == 0;
        assert_string_equal(conversation_follow(&talk),
                            is_plain ? "value: {\"text\":\"Plain.\",\"citations\":[]}" : "answer");
        conversation_close(&talk);
    }
}

static void
test_a_bad_answer_is_told_to_the_model_once(void **state)
{
    static const struct {
        const char *label, *type, *config, *text, *words;
    } table[] = {
        {"prose", "extract", YEAR, "I do not know.", "there is no JSON object"},
        {"cut", "extract", YEAR, "{\"output\":{\"year\":19", "the JSON is cut off"},
        {"wrong type", "extract", YEAR, YEAR_IS("\"1923\"", ""), "/year: expected"},
        {"unknown field", "extract", YEAR, "{\"output\":{\"year\":1,\"month\":2}}",
         "\"month\" is not declared"},
        {"missing", "ai_generate", OBJECT, "{\"output\":{\"y\":1}}", "\"x\" is required"},
        {"null", "ai_generate", OBJECT, "{\"output\":{\"x\":null}}", "/x: expected"},
        {"no label", "classify", "{ model: a/b, labels: [hot, cold] }",
         "{\"output\":{\"label\":\"warm\"}}", "/label: "},
        {"no text", "ai_generate", "{ model: a/b, prompt: p, sources: x }", "{\"output\":[1]}",
         "output: expected"},
        {"no object", "ai_generate", "{ model: a/b, prompt: p, sources: x, output: {} }",
         "{\"output\":null}", "output: expected an object"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct conversation talk;
        conversation_open(&talk, table[i].type, table[i].config, ROOT);
        conversation_begin(&talk);
        const char *told = conversation_say(&talk, table[i].text);
        struct value parts = talk.conclusion.value;
        if (parts.kind != VALUE_ARRAY || strstr(told, "cannot be used: ") == NULL)
            fail_msg("%s: %s", table[i].label, told);
        if (memmem(value_items(parts)[1].text, value_items(parts)[1].count, table[i].words,
                   strlen(table[i].words)) == NULL)
            fail_msg("%s: %s", table[i].label, told);
        const char *asked = conversation_follow(&talk);
        if (!conversation_is_like(asked,
                                  "*\"turns\":[{\"role\":\"assistant\",\"text\":*},{\"role\":"
                                  "\"user\",\"text\":\"This answer cannot be used: *\"}]}"))
            fail_msg("%s: %s", table[i].label, asked);
        const char *end = conversation_say(&talk, table[i].text);
        if (!conversation_is_like(end, "bad_output: *"))
            fail_msg("%s: %s", table[i].label, end);
        struct value raw = value_get(talk.conclusion.details, "raw");
        assert_true(slice_is(value_slice(raw), table[i].text));
        assert_false(talk.conclusion.failure.may_retry);
        conversation_close(&talk);
    }
}

static void
test_the_second_answer_may_be_right(void **state)
{
    struct conversation talk;
    conversation_open(&talk, "extract", YEAR, ROOT);
    conversation_begin(&talk);
    conversation_say(&talk, "1923, I think.");
    conversation_follow(&talk);
    const char *value = conversation_say(&talk, YEAR_IS("1923", QUOTE("1", "in 1923", "1")));
    assert_true(conversation_is_like(value, "{\"year\":1923,*"));
    assert_string_equal(conversation_follow(&talk), "answer");
    conversation_close(&talk);
}

/* The provider that computes here is not asked twice. */
static void
test_what_the_sources_do_not_say(void **state)
{
#define LOCAL(required, type)                                                                      \
    "{ model: local/extractive-1, prompt: p, sources: x, output: { type: object, required: "       \
    "[" required "], properties: { x: { type: " type " } } } }"
    static const struct {
        const char *config, *text, *value;
    } table[] = {
        {LOCAL("x", "string"), "{\"output\":{\"x\":null}}",
         "not_in_sources: the sources do not say what `output` requires: /x: expected *. Let it be "
         "null there *"},
        {LOCAL("x", "[string, 'null']"), "{\"output\":{\"x\":null}}", "{\"x\":null,*"},
        {LOCAL("", "string"), "{\"output\":{\"x\":null}}", "{\"x\":null,*"},
        {LOCAL("x", "string"), "{\"output\":{\"x\":1}}", "bad_output: /x: expected *"},
        {LOCAL("x", "string"), "nothing", "bad_output: there is no JSON *"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct conversation talk;
        conversation_open(&talk, "ai_generate", table[i].config, ROOT);
        conversation_begin(&talk);
        const char *value = conversation_say(&talk, table[i].text);
        if (!conversation_is_like(value, table[i].value))
            fail_msg("%s %s: %s", table[i].config, table[i].text, value);
        conversation_close(&talk);
    }
}

static void
test_answers_of_a_provider_that_fails(void **state)
{
    static const struct {
        int status;
        const char *body, *failure;
        bool may_retry, is_free;
    } table[] = {
        {429, "{\"error\":{\"code\":\"overloaded\",\"message\":\"busy\"}}", "overloaded: busy",
         true, true},
        {500, "{\"error\":{\"code\":\"provider_failed\",\"message\":\"oops\"}}",
         "provider_failed: oops", true, false},
        {400, "{\"error\":{\"code\":\"provider_refused\",\"message\":\"no\"}}",
         "provider_refused: no", false, false},
        {400, "{\"error\":{\"code\":\"no_provider\",\"message\":\"a?\"}}", "no_provider: a?", false,
         false},
        {502, "not JSON", "provider_failed: the provider failed", true, false},
        {200, "not JSON", "provider_failed: ", false, false},
        {200, "{\"text\":\"I\",\"finish\":\"filter\"}", "provider_refused: the provider withheld",
         false, false},
        {200, "{\"text\":\"I was\",\"finish\":\"length\"}", "bad_output: the answer was cut off at",
         false, false},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct conversation talk;
        conversation_open(&talk, "ai_generate", "{ model: a/b, prompt: p }", ROOT);
        conversation_begin(&talk);
        const char *got = conversation_answer(&talk, table[i].status, table[i].body);
        const struct step_failure *failure = &talk.conclusion.failure;
        if (strncmp(got, table[i].failure, strlen(table[i].failure)) != 0 ||
            failure->may_retry != table[i].may_retry || failure->is_free != table[i].is_free)
            fail_msg("%d %s: %s", table[i].status, table[i].body, got);
        conversation_close(&talk);
    }
}

static void
test_tokens_and_cost_count_either_way(void **state)
{
    static const char *const texts[] = {"{\\\"output\\\":{\\\"x\\\":\\\"1\\\"}}", "no"};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct conversation talk;
        char body[256];
        snprintf(
            body, sizeof(body),
            "{\"text\":\"%s\",\"usage\":{\"input\":12,\"output\":5},\"cost_microcredits\":345}",
            texts[i]);
        conversation_open(&talk, "ai_generate", OBJECT, ROOT);
        conversation_begin(&talk);
        conversation_answer(&talk, 200, body);
        assert_int_equal(talk.conclusion.usage.tokens_in, 12);
        assert_int_equal(talk.conclusion.usage.tokens_out, 5);
        assert_int_equal(talk.conclusion.usage.cost_microcredits, 345);
        conversation_close(&talk);
    }
}

/* Columns of files are known before any row. */
static void
test_members_are_known_beforehand(void **state)
{
    static const struct {
        const char *type, *config, *names;
    } table[] = {
        {"ai_generate", "{ prompt: p }", "[\"text\"]"},
        {"ai_generate", "{ prompt: p, sources: x }", "[\"text\",\"citations\"]"},
        {"ai_generate", OBJECT, "[\"x\",\"y\"]"},
        {"ai_generate", "{ prompt: p, output: { type: object } }", "nothing"},
        {"ai_generate",
         "{ prompt: p, output: { properties: { x: true }, additionalProperties: {} } }", "nothing"},
        {"extract", YEAR, "[\"year\",\"confidence\",\"citations\"]"},
        {"classify", "{ labels: [a, b] }", "[\"label\",\"confidence\"]"},
        {"classify", "{ labels: [a, b], text: x }", "[\"label\",\"confidence\",\"citations\"]"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct conversation talk;
        conversation_open(&talk, table[i].type, table[i].config, ROOT);
        struct value names = talk.scene.type->members(talk.scene.scope.node, &talk.scene.arena);
        const char *text = scene_text(&talk.scene, names);
        if (strcmp(text, table[i].names) != 0)
            fail_msg("%s %s: %s", table[i].type, table[i].config, text);
        conversation_close(&talk);
    }
}

/* What a person gets wrong, and where the loader says so. */
static void
test_configs_that_are_refused(void **state)
{
    static const struct {
        const char *type, *config, *path, *words;
    } table[] = {
        {"ai_generate", "{}", "", "\"prompt\" of \"ai_generate\" is required"},
        {"ai_generate", "{ prompt: p, temperature: 3 }", "temperature", "a number from 0 to 2"},
        {"ai_generate", "{ prompt: p, output: { type: array } }", "output.type",
         "expected \"object\""},
        {"ai_generate", "{ prompt: p, output: { properties: { citations: true } } }",
         "output.properties.citations", "choose another name"},
        {"ai_generate", "{ prompt: p, output: { type: objekt } }", "output.type", ""},
        {"ai_generate", "{ prompt: p, sources: [] }", "sources", "at least one source"},
        {"ai_generate", "{ prompt: p, sources: 1 }", "sources", "a text, or an object"},
        {"ai_generate", "{ prompt: p, sources: [{ web_search: x }] }", "sources[0].web_search",
         "no search provider is in this build"},
        {"ai_generate", "{ prompt: p, sources: [x, { titel: x, text: y }] }", "sources[1].titel",
         "unknown key"},
        {"ai_generate", "{ prompt: p, sources: { title: x } }", "sources", "found none"},
        {"ai_generate", "{ prompt: p, sources: { file: x, page: y } }", "sources", "found more"},
        {"ai_generate", "{ prompt: p, sources: { file: x, match: y } }", "sources.match",
         "belongs to \"documents\""},
        {"ai_generate", "{ prompt: p, sources: { documents: x, title: y } }", "sources.title",
         "its own title"},
        {"ai_generate", "{ prompt: p, sources: { file: [x] } }", "sources.file", "expected text"},
        {"ai_generate", "{ prompt: p, sources: { text: '{{item.x' } }", "sources.text", ""},
        {"extract", "{ fields: { a: b } }", "", "\"sources\" of \"extract\" is required"},
        {"extract", "{ sources: x, fields: {} }", "fields", "expected 1 to 200 entries"},
        {"extract", "{ sources: x, fields: [a] }", "fields", "an object (name: description)"},
        {"extract", "{ sources: x, fields: { citations: a } }", "fields.citations",
         "choose another name"},
        {"extract", "{ sources: x, fields: { confidence: a } }", "fields.confidence",
         "choose another name"},
        {"extract", "{ sources: x, fields: { '': a } }", "fields[\"\"]", "expected a name"},
        {"extract", "{ sources: x, fields: { a: 1 } }", "fields.a", "expected text"},
        {"extract", "{ sources: x, fields: { a: '{{item.x}}' } }", "fields.a", "a template cannot"},
        {"extract", "{ sources: x, fields: { a: { type: numbr } } }", "fields.a.type",
         "expected string, number, "},
        {"extract", "{ sources: x, fields: { a: { kind: x } } }", "fields.a.kind", "unknown key"},
        {"extract", "{ sources: x, fields: { a: { type: date, enum: [x] } } }", "fields.a.enum",
         "belongs to the types string and list"},
        {"extract", "{ sources: x, fields: { a: { enum: [] } } }", "fields.a.enum", "at least one"},
        {"classify", "{ labels: [] }", "labels", "at least two labels"},
        {"classify", "{ labels: [a] }", "labels", "at least two labels"},
        {"classify", "{ labels: [a, a] }", "labels[1]", "twice"},
        {"classify", "{ labels: [a, 1] }", "labels[1]", "expected text"},
        {"classify", "{ labels: { a: b, c: 1 } }", "labels.c", "expected text"},
        {"classify", "{ labels: x }", "labels", "a list of labels"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        const char *got = conversation_problem(table[i].type, table[i].config);
        char want[256];
        snprintf(want, sizeof(want), "%s: *%s*", table[i].path, table[i].words);
        if (!conversation_is_like(got, want))
            fail_msg("%s %s: %s", table[i].type, table[i].config, got);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_call),
        cmocka_unit_test(test_sources_are_read_before_the_question),
        cmocka_unit_test(test_a_place_that_cannot_be_read_fails),
        cmocka_unit_test(test_values_of_answers),
        cmocka_unit_test(test_a_bad_answer_is_told_to_the_model_once),
        cmocka_unit_test(test_the_second_answer_may_be_right),
        cmocka_unit_test(test_what_the_sources_do_not_say),
        cmocka_unit_test(test_answers_of_a_provider_that_fails),
        cmocka_unit_test(test_tokens_and_cost_count_either_way),
        cmocka_unit_test(test_members_are_known_beforehand),
        cmocka_unit_test(test_configs_that_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
