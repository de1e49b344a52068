/* Goal: a run reads the rows of a list, and entities, as they were when it began. Method: snapshots
 * over the simulated store and a folder of blobs. */
#include "base/json.h"
#include "base/limits.h"
#include "engine/documents.h"
#include "engine/engine.h"
#include "engine/snapshot.h"
#include "store/simulated/simulated.h"
#include "test.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char folder[] = "/tmp/windrow-test-snapshot-XXXXXX";
static struct engine_options options;
static struct arena configs;
static const struct id home = {{1}}, elsewhere = {{2}}, list_id = {{3}};

static void
write_op(struct store_op op)
{
    struct intent *intent = intent_new(KIB(64));
    *intent_add(intent, op.kind, 64) = op;
    assert_int_equal(store_commit(options.store, &intent, 1, NULL), STATUS_OK);
    assert_int_equal(intent->status, STATUS_OK);
    intent_free(&intent);
}

static void
put_row(uint16_t number, const char *body)
{
    struct object_row row = {.workspace = home,
                             .id = {{9, (uint8_t)(number >> 8), (uint8_t)number}},
                             .kind = OBJECT_LIST_ROW,
                             .parent = list_id,
                             .body = slice_text(body),
                             .revision = 1};
    write_op((struct store_op){STORE_OBJECT_INSERT, .object = &row});
}

static void
open_world(void)
{
    struct error error = {0};
    struct object_row list = {.workspace = home,
                              .id = list_id,
                              .kind = OBJECT_LIST,
                              .name = SLICE("Targets"),
                              .body = SLICE("{}"),
                              .revision = 1};
    options.store = simulated_store_new(1);
    assert_int_equal(blobs_open(&options.blobs, folder, NULL, &error), STATUS_OK);
    write_op((struct store_op){STORE_OBJECT_INSERT, .object = &list});
}

static void
close_world(void)
{
    blobs_close(&options.blobs);
    store_close(&options.store);
}

static struct snapshot_wanted
wanted_of(enum step_reads reads, const char *config)
{
    struct snapshot_wanted wanted = {
        .workspace = home, .run = {{7}}, .reads = reads, .may_make = true};
    assert_int_equal(
        json_parse(&wanted.config, &configs, slice_text(config), JSON_BORROW, NULL, NULL),
        STATUS_OK);
    return wanted;
}

static struct snapshot_wanted
wanted_list(const char *name)
{
    struct member list = {value_text("list"), value_text(name)};
    struct snapshot_wanted wanted = wanted_of(STEP_READS_LIST, "{}");
    wanted.config = value_object_new(&configs, &list, 1);
    return wanted;
}

/* What the run reads; or the words of the refusal. */
static void
read_all(struct buffer *out, struct snapshot_wanted wanted)
{
    struct step_file *file;
    struct error error = {0};
    char identity[FILE_IDENTITY_BYTES];
    const char *code = NULL;
    size_t got = 0;
    wanted.options = &options;
    wanted.step = SLICE("rows");
    buffer_clear(out);
    if (snapshot_open(&file, &wanted, identity, &code, &error) != STATUS_OK) {
        buffer_append_format(out, "%s: %s", code, error.text);
        return;
    }
    static char bytes[KIB(64)];
    assert_true(file->size_bytes < sizeof(bytes));
    assert_int_equal(file->read(file, 0, bytes, sizeof(bytes), &got, &error), STATUS_OK);
    buffer_append(out, bytes, got);
    file_close(&file);
}

static void
assert_reads(struct snapshot_wanted wanted, const char *want)
{
    struct buffer found;
    buffer_init(&found, KIB(128));
    read_all(&found, wanted);
    if (!slice_starts_with(buffer_slice(&found), slice_text(want)) ||
        ((want[0] == '{' || want[0] == '"') && found.size != strlen(want)))
        fail_msg("%s: found %.*s", want, SLICE_FORMAT(buffer_slice(&found)));
    buffer_done(&found);
}

static void
test_rows_are_those_of_the_beginning(void **state)
{
    struct snapshot_wanted first = wanted_list("Targets");
    struct snapshot_wanted second = first;
    second.run = (struct id){{8}};
    open_world();
    put_row(1, "{\"a\":1}");
    put_row(2, "{\"a\":2}");
    assert_reads(first, "{\"a\":1}\n{\"a\":2}\n");
    struct blob_row blob = {.run = first.run, .blob = snapshot_id(&first.run, SLICE("rows"))};
    write_op((struct store_op){STORE_BLOB_PUT, .blob = &blob});
    put_row(3, "{\"a\":3}");
    assert_reads(first, "{\"a\":1}\n{\"a\":2}\n");
    first.may_make = false;
    assert_reads(first, "{\"a\":1}\n{\"a\":2}\n");
    assert_reads(second, "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n");
    close_world();
}

/* Nothing has been done with what no commit counts. */
static void
test_rows_that_were_not_counted_are_read_again(void **state)
{
    struct snapshot_wanted wanted = wanted_list("Targets");
    open_world();
    put_row(1, "{\"a\":1}");
    put_row(2, "{\"a\":2}");
    assert_reads(wanted, "{\"a\":1}\n{\"a\":2}\n");
    struct object_row gone = {.workspace = home, .id = {{9, 0, 2}}};
    write_op((struct store_op){STORE_OBJECT_DELETE, .object = &gone});
    assert_reads(wanted, "{\"a\":1}\n");
    wanted.may_make = false;
    assert_reads(wanted, "bad_file: the rows of this run");
    close_world();
}

static void
test_long_lists_are_whole(void **state)
{
    struct snapshot_wanted wanted = wanted_list("Targets");
    struct buffer found;
    open_world();
    for (uint16_t i = 0; i < 1000; i++)
        put_row(i, "{\"some\":\"row\"}");
    buffer_init(&found, KIB(128));
    read_all(&found, wanted);
    assert_int_equal(found.size, 1000 * strlen("{\"some\":\"row\"}\n"));
    buffer_done(&found);
    close_world();
}

static void
test_a_filter_leaves_rows_out(void **state)
{
    open_world();
    put_row(1, "{\"a\":1,\"b\":\"x\"}");
    put_row(2, "{\"a\":1.0}");
    put_row(3, "{\"a\":2}");
    assert_reads(wanted_of(STEP_READS_LIST, "{\"list\":\"Targets\",\"filter\":{\"a\":1}}"),
                 "{\"a\":1,\"b\":\"x\"}\n{\"a\":1.0}\n");
    assert_reads(
        wanted_of(STEP_READS_LIST, "{\"list\":\"Targets\",\"filter\":{\"a\":1,\"b\":null}}"),
        "{\"a\":1.0}\n");
    close_world();
}

static void
test_what_is_no_list_is_refused(void **state)
{
    static const char *const table[][2] = {
        {"{\"list\":\"targets\"}", "no_list: list: there is no list \"targets\""},
        {"{\"list\":7}", "no_list: list: expected a text, found number"},
        {"{\"list\":\"\"}", "no_list: list: there is no list \"\""},
        {"{}", "no_list: list: expected a text, found "},
    };
    open_world();
    for (size_t i = 0; i < COUNT_OF(table); i++)
        assert_reads(wanted_of(STEP_READS_LIST, table[i][0]), table[i][1]);
    struct snapshot_wanted wanted = wanted_list("Targets");
    wanted.workspace = elsewhere;
    assert_reads(wanted, "no_list: list: there is no list \"Targets\"");
    wanted = wanted_list("030000000000000000000000");
    wanted.workspace = elsewhere;
    assert_reads(wanted, "no_list: list: there is no list");
    wanted.workspace = home;
    assert_reads(wanted, "");
    close_world();
}

/* --- entities --- */

#define COMPANY "040000000000000000000000"
#define ACME "050000000000000000000000"
#define GLOBEX "050100000000000000000000"
#define GONE "050200000000000000000000"
#define FOREIGN "050300000000000000000000"
#define PERSON "050400000000000000000000"
#define OF_NO_TYPE "050500000000000000000000"

static const struct id company = {{4}}, person = {{4, 1}}, old_type = {{4, 2}},
                       foreign_type = {{4, 3}};

static void
put_object(enum object_kind kind, const struct id *id, const struct id *parent, const char *body)
{
    struct object_row row = {.workspace = id_equal(parent, &foreign_type) ? elsewhere : home,
                             .id = *id,
                             .kind = kind,
                             .body = slice_text(body),
                             .revision = 1};
    row.parent = kind == OBJECT_ENTITY ? *parent : (struct id){{0}};
    if (id_equal(id, &company))
        row.name = SLICE("company");
    else if (kind == OBJECT_ENTITY && id->bytes[1] == 0)
        row.name = SLICE("crm-1");
    row.archived_unix_ms = id_equal(id, &old_type) || (id->bytes[0] == 5 && id->bytes[1] == 2);
    write_op((struct store_op){STORE_OBJECT_INSERT, .object = &row});
}

static void
open_entities(void)
{
    static const struct {
        struct id id;
        const struct id *parent;
        const char *body;
    } table[] = {
        {{{5}}, &company, "{\"externalId\":null,\"fields\":{\"name\":\"Acme\",\"size\":1.0}}"},
        {{{5, 1}}, &company, "{\"fields\":{\"_id\":\"no\",\"name\":\"Globex\",\"tags\":[1]}}"},
        {{{5, 2}}, &company, "{\"fields\":{\"name\":\"Gone\"}}"},
        {{{5, 3}}, &foreign_type, "{\"fields\":{\"name\":\"Foreign\"}}"},
        {{{5, 4}}, &person, "{\"fields\":{}}"},
        {{{5, 5}}, &old_type, "{\"fields\":{}}"},
    };
    open_world();
    put_object(OBJECT_ENTITY_TYPE, &company, &company,
               "{\"fields\":[{\"slug\":\"name\"},{\"slug\":\"size\"},{\"slug\":\"tags\"}]}");
    put_object(OBJECT_ENTITY_TYPE, &person, &person, "{}");
    put_object(OBJECT_ENTITY_TYPE, &old_type, &old_type, "{}");
    put_object(OBJECT_ENTITY_TYPE, &foreign_type, &foreign_type, "{}");
    for (size_t i = 0; i < COUNT_OF(table); i++)
        put_object(OBJECT_ENTITY, &table[i].id, table[i].parent, table[i].body);
}

#define ACME_ROW "{\"_id\":\"" ACME "\",\"name\":\"Acme\",\"size\":1.0}\n"
#define GLOBEX_ROW "{\"_id\":\"" GLOBEX "\",\"name\":\"Globex\",\"tags\":[1]}\n"
#define PERSON_ROW "{\"_id\":\"" PERSON "\"}\n"

static void
test_entities(void **state)
{
    static const char *const table[][2] = {
        {"{\"type\":\"company\"}", ACME_ROW GLOBEX_ROW},
        {"{\"type\":\"" COMPANY "\"}", ACME_ROW GLOBEX_ROW},
        {"{\"type\":\"company\",\"filter\":{\"name\":\"Globex\"}}", GLOBEX_ROW},
        {"{\"type\":\"company\",\"filter\":{\"size\":1}}", ACME_ROW},
        {"{\"type\":\"company\",\"filter\":{\"size\":null,\"tags\":[1]}}", GLOBEX_ROW},
        {"{\"type\":\"company\",\"filter\":{\"size\":2}}", ""},
        {"{\"ids\":[\"" GLOBEX "\",\"" ACME "\",\"" GLOBEX "\"]}", GLOBEX_ROW ACME_ROW GLOBEX_ROW},
        {"{\"ids\":[\"" PERSON "\",\"" ACME "\"],\"filter\":{\"name\":null}}", PERSON_ROW},
        {"{\"ids\":[]}", ""},
        {"{\"type\":\"company\",\"ids\":[\"" PERSON "\",\"" ACME "\"]}",
         "\"the entity \\\"" PERSON "\\\" is not of the type \\\"company\\\"\"\n" ACME_ROW},
        {"{\"ids\":[\"nobody\",\"" FOREIGN "\",\"" OF_NO_TYPE "\",7,\"" GONE "\",\"" COMPANY "\"]}",
         "\"there is no entity \\\"nobody\\\"\"\n"
         "\"there is no entity \\\"" FOREIGN "\\\"\"\n"
         "\"there is no entity \\\"" OF_NO_TYPE "\\\"\"\n"
         "\"ids.3: expected an id, found number\"\n"
         "\"the entity \\\"" GONE "\\\" is deleted\"\n"
         "\"there is no entity \\\"" COMPANY "\\\"\"\n"},
        {"{\"type\":\"company\",\"externalIds\":[\"nobody\",\"crm-1\"]}",
         "\"there is no entity \\\"nobody\\\"\"\n" ACME_ROW},
        {"{\"externalIds\":[]}", "bad_config: externalIds: expected with `type`"},
        {"{\"type\":\"company\",\"ids\":[],\"externalIds\":[]}",
         "bad_config: externalIds: expected with `type` and without `ids`"},
        {"{\"type\":\"company\",\"externalIds\":7}",
         "bad_config: externalIds: expected an array of ids, found number"},
        {"{\"type\":\"nothing\"}", "no_entity_type: type: there is no entity type \"nothing\""},
        {"{\"type\":\"040300000000000000000000\"}",
         "no_entity_type: type: there is no entity type"},
        {"{\"type\":\"" ACME "\"}", "no_entity_type: type: there is no entity type"},
        {"{\"type\":7}", "no_entity_type: type: expected a text, found number"},
        {"{\"type\":\"company\",\"filter\":{\"nam\":1}}",
         "bad_config: filter.nam: the type \"company\" has no such field"},
        {"{\"type\":\"company\",\"ids\":null}",
         "bad_config: ids: expected an array of ids, found null"},
        {"{\"ids\":\"" ACME "\"}", "bad_config: ids: expected an array of ids, found string"},
        {"{}", "bad_config: say which entities: by `type` or by `ids`"},
    };
    open_entities();
    for (size_t i = 0; i < COUNT_OF(table); i++)
        assert_reads(wanted_of(STEP_READS_ENTITIES, table[i][0]), table[i][1]);
    struct snapshot_wanted wanted =
        wanted_of(STEP_READS_ENTITIES, "{\"ids\":[\"" ACME "\",\"" FOREIGN "\"]}");
    wanted.workspace = elsewhere;
    assert_reads(wanted, "\"there is no entity \\\"" ACME "\\\"\"\n{\"_id\":\"" FOREIGN
                         "\",\"name\":\"Foreign\"}\n");
    close_world();
}

/* --- documents --- */

static void
put_document(uint8_t number, const struct id *workspace, const char *collection, const char *text)
{
    struct arena arena;
    struct buffer tags;
    struct error error = {0};
    arena_init(&arena, KIB(64));
    const char *body =
        arena_format(&arena, "{\"title\":\"T%d\",\"collection\":\"%s\"}", number, collection);
    struct object_row row = {.workspace = *workspace,
                             .id = {{8, number}},
                             .kind = OBJECT_DOCUMENT,
                             .name = slice_text(arena_format(&arena, "d%d", number)),
                             .body = slice_text(body),
                             .revision = 1};
    assert_int_equal(document_tags(&tags, value_text(collection), value_null(), &error), STATUS_OK);
    struct index_row index = {.workspace = *workspace,
                              .id = row.id,
                              .tags = buffer_slice(&tags),
                              .body = slice_text(text)};
    write_op((struct store_op){STORE_OBJECT_INSERT, .object = &row});
    write_op((struct store_op){STORE_INDEX_PUT, .index = &index});
    buffer_done(&tags);
    arena_done(&arena);
}

static void
test_documents(void **state)
{
    static const char *const table[][2] = {
        {"{\"id\":\"d1\"}", "{\"_id\":\"080100000000000000000000\",\"title\":\"T1\",\"externalId\":"
                            "null,\"collection\":"
                            "\"calls\",\"metadata\":null,\"text\":\"green apples\"}\n"},
        {"{\"id\":\"d3\"}", "\"there is no document \\\"d3\\\"\"\n"},
        {"{\"id\":7}", "bad_config: id: expected a text, found number"},
        {"{\"query\":\"nowhere\"}", ""},
        {"{\"query\":\"-\"}", "bad_config: query: expected a word to look for"},
        {"{\"query\":\"a\",\"filter\":{\"colection\":\"x\"}}",
         "bad_config: filter: expected {collection, metadata"},
        {"{\"query\":\"a\",\"filter\":7}", "bad_config: filter: expected {collection, metadata"},
        {"{\"query\":\"a\",\"filter\":{\"metadata\":7}}", "bad_config: filter: expected "},
    };
    open_world();
    put_document(1, &home, "calls", "green apples");
    put_document(2, &home, "mails", "red apples");
    put_document(3, &elsewhere, "calls", "apples");
    for (size_t i = 0; i < COUNT_OF(table); i++)
        assert_reads(wanted_of(STEP_READS_DOCUMENTS, table[i][0]), table[i][1]);
    struct buffer found;
    buffer_init(&found, KIB(128));
    read_all(&found, wanted_of(STEP_READS_DOCUMENTS, "{\"query\":\"apples\"}"));
    buffer_append_byte(&found, '\0');
    assert_non_null(strstr(found.ptr, "\"title\":\"T1\""));
    assert_non_null(strstr(found.ptr, "\"title\":\"T2\""));
    assert_null(strstr(found.ptr, "\"title\":\"T3\""));
    assert_null(strchr(found.ptr, STORE_MARK_BEGIN));
    read_all(&found, wanted_of(STEP_READS_DOCUMENTS,
                               "{\"query\":\"apples\",\"filter\":{\"collection\":\"mails\"}}"));
    buffer_append_byte(&found, '\0');
    assert_null(strstr(found.ptr, "\"title\":\"T1\""));
    assert_non_null(strstr(found.ptr, "\"snippet\":\"red apples\""));
    buffer_done(&found);
    close_world();
}

static int
make_folder(void **state)
{
    arena_init(&configs, MIB(1));
    return mkdtemp(folder) == NULL;
}

static int
remove_one(const char *path, const struct stat *unused, int type, struct FTW *place)
{
    return remove(path);
}

static int
remove_folder(void **state)
{
    arena_done(&configs);
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_those_of_the_beginning),
        cmocka_unit_test(test_rows_that_were_not_counted_are_read_again),
        cmocka_unit_test(test_long_lists_are_whole),
        cmocka_unit_test(test_what_is_no_list_is_refused),
        cmocka_unit_test(test_a_filter_leaves_rows_out),
        cmocka_unit_test(test_entities),
        cmocka_unit_test(test_documents),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
