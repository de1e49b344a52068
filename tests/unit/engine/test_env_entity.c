/* Goal: what a call changes of an entity is merged with what is there, once, and nobody's change is
 * lost. Method: merges over the simulated store, recorded as calls are. */
#include "test.h"

#include "base/json.h"
#include "base/limits.h"
#include "engine/entities.h"
#include "engine/env.h"
#include "store/simulated/simulated.h"

#include <string.h>

static const struct id home = {{1}}, elsewhere = {{2}}, run = {{3}}, company = {{4}};
static const uint8_t hash[STORE_HASH_BYTES] = {3}, other_hash[STORE_HASH_BYTES] = {4};
static const struct effect_name first_call = {&run, {"put", 3}, {"\x01\x07", 2}, 0, hash};
static const struct effect_name second_call = {&run, {"put", 3}, {"\x01\x08", 2}, 0, other_hash};

static struct engine_options options;
static struct arena arena;
static struct step_failure failure;

#define TYPE                                                                                       \
    "{\"name\":\"Company\",\"fields\":["                                                           \
    "{\"name\":\"Name\",\"slug\":\"name\",\"type\":\"text\",\"required\":true,\"config\":{}},"     \
    "{\"name\":\"Size\",\"slug\":\"size\",\"type\":\"number\",\"required\":false,\"config\":{}},"  \
    "{\"name\":\"D\",\"slug\":\"double\",\"type\":\"formula\",\"required\":false,\"config\":"      \
    "{\"expression\":\".size * 2\"}}]}"
#define ACME "050000000000000000000000"
#define GONE "060000000000000000000000"
#define FOREIGN "070000000000000000000000"

static void
put(struct object_row row)
{
    struct intent *intent = intent_new(KIB(64));
    row.revision = 1;
    intent_add(intent, STORE_OBJECT_INSERT, 64)->object = &row;
    assert_int_equal(store_commit(options.store, &intent, 1, NULL), STATUS_OK);
    assert_int_equal(intent->status, STATUS_OK);
    intent_free(&intent);
}

static int
set_up(void **state)
{
    static struct object_row rows[] = {
        {.id = {{4}}, .kind = OBJECT_ENTITY_TYPE, .name = {"company", 7}, .body = {TYPE, 0}},
        {.id = {{4, 1}}, .kind = OBJECT_ENTITY_TYPE, .name = {"person", 6}, .body = {TYPE, 0}},
        {.id = {{5}},
         .kind = OBJECT_ENTITY,
         .parent = {{4}},
         .name = {"crm-1", 5},
         .body = {"{\"externalId\":\"crm-1\",\"fields\":{\"name\":\"Acme\",\"size\":1}}", 0}},
        {.id = {{6}},
         .kind = OBJECT_ENTITY,
         .parent = {{4}},
         .archived_unix_ms = 5,
         .body = {"{\"externalId\":null,\"fields\":{\"name\":\"Gone\"}}", 0}},
    };
    arena_init(&arena, LIMIT_OUTCOME_BYTES);
    options = (struct engine_options){.store = simulated_store_new(1), .clock = clock_system()};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        rows[i].workspace = home;
        rows[i].body.size = strlen(rows[i].body.ptr);
        put(rows[i]);
    }
    put((struct object_row){.workspace = elsewhere,
                            .id = {{4, 2}},
                            .kind = OBJECT_ENTITY_TYPE,
                            .name = SLICE("secret"),
                            .body = slice_text(TYPE)});
    put((struct object_row){.workspace = elsewhere,
                            .id = {{7}},
                            .kind = OBJECT_ENTITY,
                            .parent = {{4, 2}},
                            .body = SLICE("{\"fields\":{\"name\":\"Foreign\"}}")});
    return 0;
}

static int
tear_down(void **state)
{
    store_close(&options.store);
    arena_done(&arena);
    return 0;
}

static struct step_env
env_of(const struct effect_name *call)
{
    return (struct step_env){
        .options = &options, .workspace = home, .call = call, .generation = 1, .arena = &arena};
}

static enum status
record(struct step_env *env)
{
    struct intent *intent = intent_new(MIB(4));
    env_record(env, intent);
    assert_int_equal(store_commit(options.store, &intent, 1, NULL), STATUS_OK);
    enum status status = intent->status;
    intent_free(&intent);
    return status;
}

/* {type?, id?, externalId?, fields}; what it gives, or "code: words". */
static const char *
merge(struct step_env *env, const char *wanted)
{
    struct value value, out;
    assert_int_equal(json_parse(&value, &arena, slice_text(wanted), 0, NULL, NULL), STATUS_OK);
    struct slice texts[3];
    static const char *const names[] = {"type", "id", "externalId"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct value text = value_get(value, names[i]);
        texts[i] = text.kind == VALUE_STRING ? value_slice(text) : SLICE("");
    }
    struct step_entity entity = {texts[0], texts[1], texts[2], value_get(value, "fields")};
    if (!step_env_merge(env, &entity, &out, &failure))
        return arena_format(&arena, "%s: %s", failure.code, failure.words);
    return json_text(&arena, out).ptr;
}

static void
assert_starts(const char *found, const char *wanted)
{
    if (strncmp(found, wanted, strlen(wanted)) != 0)
        fail_msg("found %s, wanted %s", found, wanted);
}

/* What is there: revision and body. */
static const char *
stored(const char *id)
{
    struct entity entity;
    assert_int_equal(entity_find(options.store, &home, slice_text(id), &arena, &entity), STATUS_OK);
    return arena_format(&arena, "%d %.*s", (int)entity.row.revision, SLICE_FORMAT(entity.row.body));
}

static void
test_only_what_is_named_changes(void **state)
{
    struct step_env env = env_of(&first_call);
    assert_starts(merge(&env, "{\"id\":\"" ACME "\",\"fields\":{\"size\":4}}"),
                  "{\"id\":\"" ACME "\",\"type\":\"company\",\"externalId\":\"crm-1\","
                  "\"created\":false}");
    assert_string_equal(stored(ACME),
                        "1 {\"externalId\":\"crm-1\",\"fields\":{\"name\":\"Acme\",\"size\":1}}");
    assert_int_equal(record(&env), STATUS_OK);
    assert_string_equal(stored(ACME), "2 {\"externalId\":\"crm-1\",\"fields\":{\"name\":\"Acme\","
                                      "\"size\":4,\"double\":8}}");
    env = env_of(&second_call);
    merge(&env, "{\"type\":\"company\",\"externalId\":\"crm-1\",\"fields\":{\"size\":null}}");
    assert_int_equal(record(&env), STATUS_OK);
    assert_starts(stored(ACME), "3 {\"externalId\":\"crm-1\",\"fields\":{\"name\":\"Acme\",");
    env = env_of(&second_call);
    merge(&env, "{\"id\":\"" ACME "\",\"fields\":{\"name\":\"Acme\"}}");
    assert_false(env.has_row);
    assert_false(env_may_be_refused(&env));
}

static void
test_a_change_that_was_overtaken_is_refused_whole(void **state)
{
    struct step_env first = env_of(&first_call), second = env_of(&second_call);
    merge(&first, "{\"id\":\"" ACME "\",\"fields\":{\"size\":4}}");
    merge(&second, "{\"id\":\"" ACME "\",\"fields\":{\"name\":\"New\"}}");
    assert_true(env_may_be_refused(&second));
    assert_int_equal(record(&first), STATUS_OK);
    assert_int_equal(record(&second), STATUS_CONFLICT);
    second = env_of(&second_call);
    merge(&second, "{\"id\":\"" ACME "\",\"fields\":{\"name\":\"New\"}}");
    assert_int_equal(record(&second), STATUS_OK);
    assert_starts(stored(ACME),
                  "3 {\"externalId\":\"crm-1\",\"fields\":{\"name\":\"New\",\"size\":4,");
}

static void
test_an_external_id_that_is_new_makes_one(void **state)
{
    static const char wanted[] =
        "{\"type\":\"company\",\"externalId\":\"crm-2\",\"fields\":{\"name\":\"B\",\"size\":null}}";
    struct step_env first = env_of(&first_call), second = env_of(&second_call);
    assert_non_null(strstr(merge(&first, wanted), "\"externalId\":\"crm-2\",\"created\":true}"));
    merge(&second, wanted);
    struct id id = first.row.id;
    char hex[ID_HEX_BYTES];
    id_hex(&id, hex);
    assert_int_equal(record(&first), STATUS_OK);
    assert_starts(stored(hex), "1 {\"externalId\":\"crm-2\",\"fields\":{\"name\":\"B\"");
    assert_int_equal(record(&second), STATUS_CONFLICT);
    second = env_of(&second_call);
    assert_non_null(strstr(merge(&second, wanted), "\"created\":false}"));
    /* With a type that goes meanwhile, nothing is made. */
    struct step_env third = env_of(&first_call);
    merge(&third, "{\"type\":\"person\",\"externalId\":\"x\",\"fields\":{\"name\":\"P\"}}");
    struct object_row gone = {.workspace = home, .id = {{4, 1}}, .revision = 1};
    struct intent *intent = intent_new(KIB(4));
    intent_add(intent, STORE_OBJECT_DELETE, 64)->object = &gone;
    assert_int_equal(store_commit(options.store, &intent, 1, NULL), STATUS_OK);
    intent_free(&intent);
    assert_int_equal(record(&third), STATUS_NOT_FOUND);
}

/* However often the call is made. */
static void
test_without_a_name_one_is_made_once(void **state)
{
    struct object_page page = {
        .workspace = home, .kind = OBJECT_ENTITY, .parent = company, .limit = 10};
    uint32_t before, after;
    assert_int_equal(store_object_count(options.store, &page, 100, &before), STATUS_OK);
    for (int i = 0; i < 3; i++) {
        struct step_env env = env_of(&first_call);
        env.generation = 1 + (uint32_t)i;
        assert_non_null(strstr(merge(&env, "{\"type\":\"company\",\"fields\":{\"name\":\"N\"}}"),
                               "\"externalId\":null,\"created\":true}"));
        assert_int_equal(record(&env), STATUS_OK);
    }
    assert_int_equal(store_object_count(options.store, &page, 100, &after), STATUS_OK);
    assert_int_equal(after, before + 1);
}

static void
test_what_cannot_be_merged(void **state)
{
    static const char *const table[][2] = {
        {"{\"id\":\"" GONE "\",\"fields\":{}}", "no_entity: the entity \"" GONE "\" is deleted"},
        {"{\"id\":\"" FOREIGN "\",\"fields\":{}}", "no_entity: there is no entity \"" FOREIGN},
        {"{\"id\":\"x\",\"fields\":{}}", "no_entity: there is no entity \"x\""},
        {"{\"id\":\"040000000000000000000000\",\"fields\":{}}", "no_entity: there is no entity"},
        {"{\"type\":\"person\",\"id\":\"" ACME "\",\"fields\":{}}",
         "no_entity: the entity \"" ACME "\" is of another type"},
        {"{\"type\":\"secret\",\"externalId\":\"a\",\"fields\":{}}",
         "no_entity_type: there is no entity type \"secret\""},
        {"{\"type\":\"nothing\",\"id\":\"" ACME "\",\"fields\":{}}",
         "no_entity_type: there is no entity type \"nothing\""},
        {"{\"id\":\"" ACME "\",\"fields\":{\"size\":\"x\"}}",
         "bad_fields: fields.size: expected number"},
        {"{\"id\":\"" ACME "\",\"fields\":{\"name\":null}}",
         "bad_fields: fields.name: it is required"},
        {"{\"id\":\"" ACME "\",\"fields\":{\"double\":1}}",
         "bad_fields: fields.double: it is computed"},
        {"{\"id\":\"" ACME "\",\"fields\":{\"none\":1}}",
         "bad_fields: fields.none: the type has no such field"},
        {"{\"type\":\"company\",\"fields\":{\"size\":1}}",
         "bad_fields: fields.name: it is required"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct step_env env = env_of(&first_call);
        assert_starts(merge(&env, table[i][0]), table[i][1]);
        assert_false(env.has_row);
        assert_false(failure.may_retry);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_only_what_is_named_changes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_change_that_was_overtaken_is_refused_whole, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_an_external_id_that_is_new_makes_one, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_without_a_name_one_is_made_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_cannot_be_merged, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
