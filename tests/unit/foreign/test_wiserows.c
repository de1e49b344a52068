/* Workflows of Wiserows as ours: what each kind of step becomes, and where faults are. */
#include "base/buffer.h"
#include "base/json.h"
#include "base/limits.h"
#include "foreign/wiserows.h"
#include "test.h"

#include <string.h>

/* ' is " in the rows. */
static struct value
json(struct arena *arena, const char *text)
{
    struct value value;
    struct error error = {0};
    size_t size = strlen(text) + 1;
    char *copy = arena_try_alloc(arena, size);
    assert_non_null(copy);
    memcpy(copy, text, size);
    for (char *at = copy; *at != '\0'; at++)
        *at = *at == '\'' ? '"' : *at;
    if (json_parse(&value, arena, slice_text(copy), 0, NULL, &error) != STATUS_OK)
        fail_msg("%s: %s", text, error.text);
    return value;
}

static const char fields[] =
    "[{'slug':'title','type':'text'},{'slug':'stage','type':'select'},"
    "{'slug':'note','type':'aiGenerated'},{'slug':'size','type':'formula'}]";
static const char schema[] =
    "{'type':'object','required':['title'],'properties':{'title':{'type':'string'},"
    "'stage':{'enum':['a','b']},'note':{}}}";

static enum status
translate(struct arena *arena, const char *steps, struct value *out, struct error *error)
{
    const char *text = arena_format(arena, "{'name':'Pages','entityTypeId':'t','steps':%s}", steps);
    struct foreign_wiserows from = {
        .definition = json(arena, text),
        .type = SLICE("0123456789abcdef01234567"),
        .fields = json(arena, fields),
        .schema = json(arena, schema),
    };
    return foreign_wiserows_read(out, &from, arena, error);
}

static struct value
step_of(struct value workflow, uint32_t index)
{
    struct value steps = value_get(workflow, "steps");
    assert_true(index < steps.count);
    return value_items(steps)[index];
}

#define MADE(id, text)                                                                             \
    "(.steps[\\\"" id "\\\"][\\\"" text "\\\"]|if .==null then {} else {\\\"title\\\":.} end)"

static const struct {
    const char *label;
    const char *steps;
    const char *want; /* the last step of ours */
} rows[] = {
    {"transform", "[{'type':'transform','config':{'expression':'.item.title'}}]",
     "{'id':'step_1','type':'transform','config':{'expression':'.item.title'}}"},
    {"condition", "[{'type':'condition','config':{'expression':'true'}}]",
     "{'id':'step_1','type':'filter','config':{'where':'true'}}"},
    {"own id", "[{'id':'check','type':'condition','config':{'expression':'true'}}]",
     "{'id':'check','type':'filter','config':{'where':'true'}}"},
    {"validate", "[{'type':'validate','config':{}}]",
     "{'id':'step_1','type':'validate','config':{'schema':{'type':'object','required':['title'],"
     "'properties':{'title':{'type':'string'},'stage':{'enum':['a','b']},'note':{}}}}}"},
    {"notify", "[{'type':'notify','config':{'slack':{'url':'u','text':'t'}}}]",
     "{'id':'step_1','type':'notify','config':{'slack':{'url':'u','text':'t'}}}"},
    {"ai text", "[{'type':'ai_generate','config':{'prompt':'p','maxTokens':9,'model':'m'}}]",
     "{'id':'step_1','type':'ai_generate','config':{'prompt':'p','model':'m','max_tokens':9}}"},
    {"ai fields", "[{'type':'ai_generate','config':{'fields':['title','stage','note']}}]",
     "{'id':'step_1','type':'ai_generate','config':{'prompt':'Say what is known of: title, stage, "
     "note','output':{'type':'object','required':['title','stage','note'],'properties':{"
     "'title':{'type':['string','null']},'stage':{'enum':['a','b',null],'type':['string','null']},"
     "'note':{'type':['string','null']}}}}}"},
    {"no config", "[{'type':'publish'}]",
     "{'id':'step_1','type':'publish','config':{'entity':{'id':'{{item._id}}',"
     "'fields':'{{= [{}]|add }}'}}}"},
    {"publish of nothing", "[{'type':'publish','config':{}}]",
     "{'id':'step_1','type':'publish','config':{'entity':{'id':'{{item._id}}',"
     "'fields':'{{= [{}]|add }}'}}}"},
    {"publish of an answer",
     "[{'type':'ai_generate','config':{'prompt':'p','field':'title'}},"
     "{'type':'publish','config':{}}]",
     "{'id':'step_2','type':'publish','config':{'entity':{'id':'{{item._id}}',"
     "'fields':'{{= [{}," MADE("step_1", "text") "]|add }}'}}}"},
    {"publish of an object",
     "[{'type':'transform','config':{'expression':'{}'}},{'type':'publish','config':{}}]",
     "{'id':'step_2','type':'publish','config':{'entity':{'id':'{{item._id}}',"
     "'fields':'{{= [{},(.steps[\\\"step_1\\\"]|if type==\\\"object\\\" then "
     "del(._id,.[\\\"size\\\"]) else {} end)]|add }}'}}}"},
    {"a second publish has only what came since",
     "[{'type':'transform','config':{'expression':'{}'}},{'type':'publish','config':{}},"
     "{'type':'ai_generate','config':{'fields':['title']}},{'type':'publish','config':{}}]",
     "{'id':'step_4','type':'publish','config':{'entity':{'id':'{{item._id}}',"
     "'fields':'{{= [{}," MADE("step_3", "title") "]|add }}'}}}"},
    {"publish of fields", "[{'type':'publish','config':{'fields':{'title':'{{item.x}}'}}}]",
     "{'id':'step_1','type':'publish','config':{'entity':{'id':'{{item._id}}',"
     "'fields':{'title':'{{item.x}}'}}}}"},
    {"publish elsewhere", "[{'type':'publish','config':{'http':{'url':'u'}}}]",
     "{'id':'step_1','type':'publish','config':{'http':{'url':'u'}}}"},
};

static void
test_steps_become_ours_in_their_order(void **state)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct arena arena;
        struct value workflow;
        struct error error = {0};
        arena_init(&arena, MIB(4));
        enum status status = translate(&arena, rows[i].steps, &workflow, &error);
        if (status != STATUS_OK)
            fail_msg("%s: %s", rows[i].label, error.text);
        struct value last = step_of(workflow, value_get(workflow, "steps").count - 1);
        struct value want = json(&arena, rows[i].want);
        if (!value_equal(last, want))
            fail_msg("%s: %s", rows[i].label, json_text(&arena, last).ptr);
        arena_done(&arena);
    }
}

static void
test_a_workflow_reads_entities_first_and_keeps_what_was_sent(void **state)
{
    struct arena arena;
    struct value workflow;
    struct error error = {0};
    arena_init(&arena, MIB(4));
    const char *steps = "[{'type':'validate','config':{}}]";
    assert_int_equal(translate(&arena, steps, &workflow, &error), STATUS_OK);
    struct value want = json(&arena, "{'id':'entities','type':'read_entities','config':{"
                                     "'type':'0123456789abcdef01234567',"
                                     "'ids':'{{input.entityIds}}'}}");
    assert_true(value_equal(step_of(workflow, 0), want));
    struct value ids =
        value_get(value_get(value_get(workflow, "input"), "properties"), "entityIds");
    struct value all = value_get(value_items(value_get(ids, "anyOf"))[1], "const");
    assert_true(value_equal(all, value_text(FOREIGN_WISEROWS_ALL)));
    struct value origin = value_get(workflow, "origin");
    assert_true(value_equal(value_get(origin, "format"), value_text("wiserows")));
    assert_true(
        value_equal(value_get(value_get(origin, "definition"), "steps"), json(&arena, steps)));
    assert_true(value_equal(value_get(workflow, "name"), value_text("Pages")));
    assert_int_equal(value_get(workflow, "description").kind, VALUE_NONE);
    arena_done(&arena);
}

static const struct {
    const char *steps;
    const char *words; /* how they begin */
} bad_rows[] = {
    {"[{'type':'tranform','config':{}}]",
     "steps[0].type: there is no type \"tranform\", perhaps transform"},
    {"[{'type':'validate','config':{}},{'type':'transform','config':{}}]", "steps[1].config: "},
    {"[{'type':'transform','config':{'expression':''}}]", "steps[0].config.expression: "},
    {"[{'type':'validate','config':{'a':1}}]", "steps[0].config: "},
    {"[{'type':'ai_generate','config':{}}]", "steps[0].config: expected a prompt"},
    {"[{'type':'ai_generate','config':{'prompt':'p','field':'title','fields':['note']}}]",
     "steps[0].config: expected field or fields"},
    {"[{'type':'ai_generate','config':{'prompt':'p','field':'size'}}]",
     "steps[0].config.field: the entity type has no field \"size\""},
    {"[{'type':'ai_generate','config':{'fields':['title','x']}}]", "steps[0].config.fields.1: "},
    {"[{'type':'ai_generate','config':{'fields':[]}}]", "steps[0].config.fields: "},
    {"[{'type':'publish','config':{'fields':{'size':1}}}]", "steps[0].config.fields: "},
    {"[{'type':'publish','config':{'fields':{},'http':{}}}]", "steps[0].config: "},
    {"[{'type':'notify','config':{}}]", "steps[0].config: "},
    {"[{'type':'notify','config':{'email':{},'slack':{}}}]", "steps[0].config: "},
};

static void
test_faults_name_their_place_in_what_was_sent(void **state)
{
    for (size_t i = 0; i < COUNT_OF(bad_rows); i++) {
        struct arena arena;
        struct value workflow;
        struct error error = {0};
        arena_init(&arena, MIB(4));
        enum status status = translate(&arena, bad_rows[i].steps, &workflow, &error);
        bool is_right = strncmp(error.text, bad_rows[i].words, strlen(bad_rows[i].words)) == 0;
        if (status != STATUS_INVALID || !is_right)
            fail_msg("%s: status %d, %s", bad_rows[i].steps, status, error.text);
        arena_done(&arena);
    }
}

static void
test_places_of_ours_are_places_of_theirs(void **state)
{
    static const char *const places[][2] = {
        {"steps[1].config.where", "steps[0].config.expression"},
        {"steps[12].config.webhook.url", "steps[11].config.webhook.url"},
        {"steps[1].id", "steps[0].id"},
        {"steps[0].config.type", "steps[0].config.type"},
        {"name", "name"},
        {"", ""},
    };
    struct arena arena;
    arena_init(&arena, KIB(16));
    for (size_t i = 0; i < COUNT_OF(places); i++)
        assert_string_equal(foreign_wiserows_place(places[i][0], &arena), places[i][1]);
    arena_done(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps_become_ours_in_their_order),
        cmocka_unit_test(test_a_workflow_reads_entities_first_and_keeps_what_was_sent),
        cmocka_unit_test(test_faults_name_their_place_in_what_was_sent),
        cmocka_unit_test(test_places_of_ours_are_places_of_theirs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
