/* What the conclusion of a call can do: documents become kept texts, by path and from bytes, with a
 * converter that does as the document says. */
#include "test.h"

#include "base/fs.h"
#include "base/json.h"
#include "base/limits.h"
#include "engine/env.h"
#include "store/converted.h"
#include "store/simulated/simulated.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
    char folder[64];
    struct engine_ports ports;
    struct engine_options options;
    struct step_env env;
    struct arena arena;
    struct step_failure failure;
    atomic_bool is_cancelled;
    unsigned conversions;
    char told[512]; /* options of the last one */
    int64_t time_ms_max;
};

/* --- the converter --- */

static enum status
put(struct conversion *conversion, const char *text, size_t size, struct error *error)
{
    return conversion->output(slice_of(text, size), conversion->context, error);
}

static enum status
put_much(struct conversion *conversion, struct error *error)
{
    static char piece[KIB(64)];
    enum status status = STATUS_OK;
    memset(piece, 'x', sizeof(piece));
    for (size_t i = 0; i <= LIMIT_SOURCE_TEXT_BYTES / sizeof(piece) && status == STATUS_OK; i++)
        status = put(conversion, piece, sizeof(piece), error);
    return status;
}

static enum status
convert(void *converter, struct conversion *conversion, struct error *error)
{
    struct fixture *f = converter;
    char bytes[256] = "";
    ssize_t size = read(conversion->input_fd, bytes, sizeof(bytes) - 1);
    assert_true(size >= 0);
    f->conversions++;
    f->time_ms_max = conversion->time_ms_max;
    snprintf(f->told, sizeof(f->told), "%s %.*s", conversion->kind,
             SLICE_FORMAT(conversion->options));
    buffer_append_text(&conversion->result, "{\"kind\":\"pdf\",\"title\":\"A title\",\"pages\":2}");
    if (strcmp(bytes, "bad") == 0)
        return error_set(error, STATUS_INVALID, "it is protected by a password");
    if (strcmp(bytes, "broken") == 0)
        return error_set(error, STATUS_IO, "the child was killed");
    if (strcmp(bytes, "nowhere") == 0)
        return error_set(error, STATUS_UNAVAILABLE, "no child can be started");
    if (strcmp(bytes, "slow") == 0 && *conversion->is_cancelled)
        return error_set(error, STATUS_CANCELLED, "cancelled");
    if (strcmp(bytes, "long") == 0)
        return put_much(conversion, error);
    if (strcmp(bytes, "latin") == 0)
        return put(conversion, "caf\xE9", 4, error);
    if (strcmp(bytes, "zero") == 0)
        return put(conversion, "a\0b", 3, error);
    if (strcmp(bytes, "mad") == 0)
        buffer_append_text(&conversion->result, "}");
    enum status status = put(conversion, "Says ", 5, error);
    return status == STATUS_OK ? put(conversion, bytes, (size_t)size, error) : status;
}

/* --- the place --- */

static const struct id run = {{2}};
static const uint8_t hash[STORE_HASH_BYTES] = {3};
static const struct effect_name call = {&run, {"memo", 4}, {"\x01\x07", 2}, 0, hash};

static int
set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    char converted[128];
    *state = f;
    snprintf(f->folder, sizeof(f->folder), "/tmp/windrow-test-env-XXXXXX");
    if (mkdtemp(f->folder) == NULL)
        return 1;
    snprintf(converted, sizeof(converted), "%s/converted", f->folder);
    f->ports = (struct engine_ports){.convert = convert, .world = f};
    f->options = (struct engine_options){
        .store = simulated_store_new(1),
        .converted = converted_new(converted),
        .ports = &f->ports,
        .clock = clock_system(),
        .allow_paths = true,
    };
    struct error error = {0};
    snprintf(converted, sizeof(converted), "%s/blobs", f->folder);
    if (blobs_open(&f->options.blobs, converted, NULL, &error) != STATUS_OK)
        return 1;
    arena_init(&f->arena, LIMIT_OUTCOME_BYTES);
    f->env = (struct step_env){
        .options = &f->options,
        .workspace = {{1}},
        .call = &call,
        .generation = 1,
        .arena = &f->arena,
        .is_cancelled = &f->is_cancelled,
        .time_ms_max = 5000,
    };
    return 0;
}

static int
remove_entry(const char *path, const struct stat *about, int kind, struct FTW *walk)
{
    return remove(path);
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;
    store_close(&f->options.store);
    blobs_close(&f->options.blobs);
    converted_free(&f->options.converted);
    arena_done(&f->arena);
    int failed = nftw(f->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(f);
    return failed;
}

static struct slice
write_file(struct fixture *f, const char *name, const char *text)
{
    const char *path = arena_format(&f->arena, "%s/%s", f->folder, name);
    struct error error = {0};
    assert_int_equal(fs_write_file(path, slice_text(text), &error), STATUS_OK);
    return slice_text(path);
}

/* The call is recorded: what it kept is in the store, and the next call has an environment anew. */
static void
record(struct fixture *f)
{
    struct intent *intent = intent_new(KIB(64));
    struct intent *all[] = {intent};
    struct error error = {0};
    env_record(&f->env, intent);
    assert_int_equal(store_commit(f->options.store, all, 1, &error), STATUS_OK);
    assert_int_equal(intent->status, STATUS_OK);
    intent_free(&intent);
    f->env.text_count = 0;
    f->env.has_file = f->env.has_row = false;
}

static void
assert_text(struct fixture *f, const struct digest *digest, const char *wanted)
{
    struct slice text;
    if (!step_env_text(&f->env, digest, &f->arena, &text, &f->failure))
        fail_msg("%s", f->failure.words);
    if (!slice_is(text, wanted))
        fail_msg("%.*s", SLICE_FORMAT(text));
}

/* --- reading --- */

static void
test_a_file_is_read_once_and_kept_with_the_call(void **state)
{
    struct fixture *f = *state;
    struct step_document document = {.file = write_file(f, "a.pdf", "hello")};
    struct step_text text;
    struct slice none;
    if (!step_env_read(&f->env, &document, &text, &f->failure))
        fail_msg("%s", f->failure.words);
    assert_true(slice_is(text.text, "Says hello"));
    assert_string_equal(f->told, "text {\"name\":\"a.pdf\"}");
    assert_int_equal(f->time_ms_max, 5000);
    struct slice value = json_text(&f->arena, step_text_value(&f->arena, &text));
    assert_non_null(strstr(value.ptr,
                           "\",\"title\":\"A title\",\"name\":\"a.pdf\",\"kind\":\"pdf\","
                           "\"pages\":2,\"bytes\":10}"));
    struct digest digest = text.digest;
    assert_text(f, &digest, "Says hello");
    record(f);
    assert_text(f, &digest, "Says hello");

    /* A second time it comes from the cache, and is in the store already. */
    assert_true(step_env_read(&f->env, &document, &text, &f->failure));
    assert_int_equal(f->conversions, 1);
    assert_true(slice_is(text.text, "Says hello"));
    assert_true(slice_is(text.title, "A title"));
    assert_int_equal(f->env.text_count, 0);

    /* Another text under its name is another text. */
    write_file(f, "a.pdf", "other words");
    assert_true(step_env_read(&f->env, &document, &text, &f->failure));
    assert_int_equal(f->conversions, 2);
    assert_true(slice_is(text.text, "Says other words"));
    memset(&digest, 7, sizeof(digest));
    assert_false(step_env_text(&f->env, &digest, &f->arena, &none, &f->failure));
    assert_string_equal(f->failure.code, "no_text");
}

static void
test_bytes_are_read_without_a_file(void **state)
{
    struct fixture *f = *state;
    struct step_document document = {.bytes = SLICE("page"),
                                     .name = SLICE("http://a.test/b"),
                                     .content_type = SLICE("text/html")};
    struct step_text text;
    assert_true(step_env_read(&f->env, &document, &text, &f->failure));
    assert_true(slice_is(text.text, "Says page"));
    assert_true(slice_is(text.name, "http://a.test/b"));
    assert_string_equal(f->told,
                        "text {\"name\":\"http://a.test/b\",\"contentType\":\"text/html\"}");
    assert_true(step_env_read(&f->env, &document, &text, &f->failure));
    assert_int_equal(f->conversions, 2);
    assert_int_equal(f->env.text_count, 1);
}

static void
test_what_cannot_be_read_is_a_failure(void **state)
{
    static const struct {
        const char *bytes;
        const char *code;
        const char *words;
    } table[] = {
        {"bad", "bad_file", "d.pdf: it is protected by a password"},
        {"broken", "not_converted", "d.pdf: the child was killed"},
        {"nowhere", "no_sandbox", "d.pdf: no child can be started"},
        {"slow", "cancelled", "d.pdf: cancelled"},
        {"long", "document_too_long", "d.pdf: its text is longer than 4194304 bytes"},
        {"latin", "not_converted", "d.pdf: the child that read it gave no proper text"},
        {"zero", "not_converted", "d.pdf: the child that read it gave no proper text"},
        {"mad", "not_converted", "d.pdf: the child that read it gave no proper text"},
    };
    struct fixture *f = *state;
    f->is_cancelled = true;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct step_document document = {.bytes = slice_text(table[i].bytes),
                                         .name = SLICE("d.pdf")};
        struct step_text text;
        if (step_env_read(&f->env, &document, &text, &f->failure))
            fail_msg("%s: read", table[i].bytes);
        if (strcmp(f->failure.code, table[i].code) != 0 ||
            strstr(f->failure.words, table[i].words) == NULL)
            fail_msg("%s: %s %s", table[i].bytes, f->failure.code, f->failure.words);
        /* By path too, where nothing of it stays in the cache that is taken for a text. */
        document = (struct step_document){.file = write_file(f, "d.pdf", table[i].bytes)};
        assert_false(step_env_read(&f->env, &document, &text, &f->failure));
        assert_string_equal(f->failure.code, table[i].code);
        assert_false(step_env_read(&f->env, &document, &text, &f->failure));
        assert_string_equal(f->failure.code, table[i].code);
        assert_int_equal(f->env.text_count, 0);
    }
}

static void
test_files_that_are_not_there(void **state)
{
    struct fixture *f = *state;
    struct step_document document = {.file = SLICE("/nowhere/a.pdf")};
    struct step_text text;
    assert_false(step_env_read(&f->env, &document, &text, &f->failure));
    assert_string_equal(f->failure.code, "no_file");
    document.file = slice_text(f->folder);
    assert_false(step_env_read(&f->env, &document, &text, &f->failure));
    assert_string_equal(f->failure.code, "no_file");

    document.file = write_file(f, "a.pdf", "hello");
    f->options.allow_paths = false;
    assert_false(step_env_read(&f->env, &document, &text, &f->failure));
    assert_string_equal(f->failure.code, "no_file");
    assert_non_null(strstr(f->failure.words, "uploaded file"));
    assert_int_equal(f->conversions, 0);
}

/* --- stored files --- */

static void
store_file(struct fixture *f, struct id workspace, struct id id, uint64_t size_bytes)
{
    const struct file_row row = {
        .workspace = workspace,
        .id = id,
        .name = SLICE("sent.pdf"),
        .content_type = SLICE("application/pdf"),
        .size_bytes = size_bytes,
    };
    struct error error = {0};
    struct blob *blob;
    struct intent *intent = intent_new(KIB(4));
    struct intent *all[] = {intent};
    assert_int_equal(blob_append_open(&blob, f->options.blobs, &id, 0, &error), STATUS_OK);
    assert_int_equal(blob_append(blob, SLICE("hello"), &error), STATUS_OK);
    blob_close(&blob);
    intent_add(intent, STORE_FILE_INSERT, 64)->file = &row;
    assert_int_equal(store_commit(f->options.store, all, 1, &error), STATUS_OK);
    intent_free(&intent);
}

static void
test_a_server_reads_stored_files_of_the_workspace(void **state)
{
    static const struct {
        const char *label, *file, *words;
    } table[] = {
        {"its own", "070100000000000000000000", NULL},
        {"in another form", "wf_070100000000000000000000", NULL},
        {"another's", "070200000000000000000000", "there is no file 0702"},
        {"none", "070400000000000000000000", "there is no file 0704"},
        {"cut", "070300000000000000000000", "the bytes of sent.pdf are missing or damaged"},
        {"a path", "/etc/passwd", "only under `windrow run`"},
    };
    struct fixture *f = *state;
    f->options.allow_paths = false;
    store_file(f, f->env.workspace, (struct id){{7, 1}}, 5);
    store_file(f, (struct id){{9}}, (struct id){{7, 2}}, 5);
    store_file(f, f->env.workspace, (struct id){{7, 3}}, 6);
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct step_document document = {.file = slice_text(table[i].file)};
        struct step_text text;
        bool is_read = step_env_read(&f->env, &document, &text, &f->failure);
        if (is_read != (table[i].words == NULL))
            fail_msg("%s: %s", table[i].label, f->failure.words);
        if (is_read)
            assert_true(slice_is(text.text, "Says hello") && slice_is(text.name, "sent.pdf"));
        else if (strstr(f->failure.words, table[i].words) == NULL)
            fail_msg("%s: %s", table[i].label, f->failure.words);
    }
    assert_string_equal(f->told,
                        "text {\"name\":\"sent.pdf\",\"contentType\":\"application/pdf\"}");
    assert_int_equal(f->conversions, 1);
}

/* --- texts of the step's own --- */

static void
test_texts_are_kept_up_to_the_limits(void **state)
{
    struct fixture *f = *state;
    struct digest digest;
    for (unsigned i = 0; i < LIMIT_CALL_TEXTS; i++) {
        struct slice text = slice_text(arena_format(&f->arena, "text %u", i));
        assert_true(step_env_keep(&f->env, text, &digest, &f->failure));
        assert_true(step_env_keep(&f->env, text, &digest, &f->failure));
    }
    assert_int_equal(f->env.text_count, LIMIT_CALL_TEXTS);
    assert_false(step_env_keep(&f->env, SLICE("one more"), &digest, &f->failure));
    assert_string_equal(f->failure.code, "limit_exceeded");
    record(f);
    digest = digest_of(SLICE("text 11"));
    assert_text(f, &digest, "text 11");

    size_t size = LIMIT_SOURCE_TEXT_BYTES + 1;
    char *long_text = calloc(1, size);
    memset(long_text, 'a', size);
    assert_false(step_env_keep(&f->env, slice_of(long_text, size), &digest, &f->failure));
    assert_string_equal(f->failure.code, "document_too_long");
    assert_true(step_env_keep(&f->env, slice_of(long_text, size - 1), &digest, &f->failure));
    record(f);
    free(long_text);
}

/* --- folders --- */

static void
assert_list(struct fixture *f, const char *match, const char *wanted)
{
    struct value list;
    struct slice folder = slice_text(arena_format(&f->arena, "%s/docs/", f->folder));
    if (!step_env_list(&f->env, folder, slice_text(match), &list, &f->failure))
        fail_msg("%s: %s", match, f->failure.words);
    char names[512] = "";
    for (uint32_t i = 0; i < list.count; i++) {
        struct value file = value_get(value_items(list)[i], "file");
        struct value name = value_get(value_items(list)[i], "name");
        struct slice path = value_slice(file);
        assert_true(path.size == strlen(f->folder) + 6 + name.count);
        snprintf(names + strlen(names), sizeof(names) - strlen(names), "%.*s ",
                 SLICE_FORMAT(value_slice(name)));
    }
    if (strcmp(names, wanted) != 0)
        fail_msg("%s: %s", match, names);
}

static void
test_a_folder_lists_its_documents_by_name(void **state)
{
    struct fixture *f = *state;
    char path[256];
    snprintf(path, sizeof(path), "%s/docs", f->folder);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_list(f, "", "");
    write_file(f, "outside.md", "x");
    write_file(f, "docs/b.md", "x");
    write_file(f, "docs/B.txt", "x");
    write_file(f, "docs/a.md", "x");
    write_file(f, "docs/.hidden.md", "x");
    snprintf(path, sizeof(path), "%s/docs/sub.md", f->folder);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof(path), "%s/docs/link.md", f->folder);
    assert_int_equal(symlink("../outside.md", path), 0);
    snprintf(path, sizeof(path), "%s/docs/inner.md", f->folder);
    assert_int_equal(symlink("a.md", path), 0);
    snprintf(path, sizeof(path), "%s/docs/gone.md", f->folder);
    assert_int_equal(symlink("nothing", path), 0);
    assert_list(f, "", "B.txt a.md b.md inner.md ");
    assert_list(f, "*.md", "a.md b.md inner.md ");
    assert_list(f, "[ab].*", "a.md b.md ");
    assert_list(f, "none*", "");
}

static void
test_folders_that_cannot_be_listed(void **state)
{
    struct fixture *f = *state;
    struct value list;
    char path[256];
    struct slice folder = slice_text(f->folder);
    assert_false(step_env_list(&f->env, SLICE("/nowhere"), (struct slice){0}, &list, &f->failure));
    assert_string_equal(f->failure.code, "no_file");
    assert_false(step_env_list(&f->env, (struct slice){0}, (struct slice){0}, &list, &f->failure));
    assert_string_equal(f->failure.code, "no_file");
    for (unsigned i = 0; i <= LIMIT_FOLDER_DOCUMENTS; i++) {
        snprintf(path, sizeof(path), "%s/%04u.md", f->folder, i);
        int fd = open(path, O_WRONLY | O_CREAT, 0600);
        assert_true(fd >= 0);
        close(fd);
    }
    assert_false(step_env_list(&f->env, folder, (struct slice){0}, &list, &f->failure));
    assert_string_equal(f->failure.code, "limit_exceeded");
    assert_true(step_env_list(&f->env, folder, SLICE("0*"), &list, &f->failure));
    assert_int_equal(list.count, LIMIT_FOLDER_DOCUMENTS);
    snprintf(path, sizeof(path), "%s/0\xFF.md", f->folder);
    assert_int_equal(symlink("0001.md", path), 0);
    assert_false(step_env_list(&f->env, folder, SLICE("0*.md"), &list, &f->failure));
    f->options.allow_paths = false;
    assert_false(step_env_list(&f->env, folder, SLICE("0*"), &list, &f->failure));
    assert_string_equal(f->failure.code, "no_file");
}

/* --- files of items --- */

struct found {
    struct fixture *fixture;
    unsigned count;
    char words[256];
};

static bool
see_file(const struct file_row *row, void *context)
{
    struct found *found = context;
    struct blob *blob = NULL;
    struct buffer bytes;
    struct error error = {0};
    buffer_init(&bytes, MIB(1));
    assert_int_equal(blob_read_open(&blob, found->fixture->options.blobs, &row->id, &error),
                     STATUS_OK);
    assert_int_equal(blob_read(&bytes, blob, 0, row->size_bytes, &error), STATUS_OK);
    blob_close(&blob);
    assert_true(row->is_of_item && row->key.size == 2 && row->revision == 1);
    assert_int_equal(bytes.size, row->size_bytes);
    found->count++;
    snprintf(found->words, sizeof(found->words), "%.*s %.*s %.*s %.*s", SLICE_FORMAT(row->step),
             SLICE_FORMAT(row->name), SLICE_FORMAT(row->content_type),
             SLICE_FORMAT(buffer_slice(&bytes)));
    buffer_done(&bytes);
    return true;
}

static void
assert_files(struct fixture *f, unsigned count, const char *words)
{
    struct found found = {.fixture = f};
    assert_int_equal(store_file_list(f->options.store, &run, see_file, &found), STATUS_OK);
    assert_int_equal(found.count, count);
    if (count > 0)
        assert_string_equal(found.words, words);
}

static bool
make_file(struct fixture *f, const char *kind, const char *input)
{
    struct step_made_file made = {
        .kind = kind,
        .options = value_object_set(&f->arena, value_empty_object(), value_text("format"),
                                    value_text("pdf")),
        .input = slice_text(input),
        .name = SLICE("../a/Memo.pdf"),
        .content_type = "application/pdf",
    };
    struct value value;
    bool is_ok = step_env_make_file(&f->env, &made, &value, &f->failure);
    if (is_ok)
        assert_non_null(strstr(json_text(&f->arena, value).ptr, "Memo.pdf\",\"bytes\":"));
    return is_ok;
}

static unsigned blob_count;

static int
count_entry(const char *path, const struct stat *about, int kind, struct FTW *walk)
{
    blob_count += kind == FTW_F;
    return 0;
}

static unsigned
count_blobs(struct fixture *f)
{
    blob_count = 0;
    assert_int_equal(nftw(blobs_folder(f->options.blobs), count_entry, 16, FTW_PHYS), 0);
    return blob_count;
}

static void
test_a_file_counts_with_its_call(void **state)
{
    struct fixture *f = *state;
    assert_true(make_file(f, "render", "# Hello"));
    assert_string_equal(f->told, "render {\"format\":\"pdf\"}");
    assert_files(f, 0, NULL);
    /* The process dies here: the next makes it again, in the same place. */
    f->env.has_file = false;
    assert_true(make_file(f, "render", "# Hello you"));
    assert_int_equal(count_blobs(f), 1);
    record(f);
    assert_files(f, 1, "memo _a_Memo.pdf application/pdf Says # Hello you");
}

static void
test_a_file_may_be_the_input_itself(void **state)
{
    struct fixture *f = *state;
    assert_true(make_file(f, NULL, "plain"));
    assert_int_equal(f->conversions, 0);
    record(f);
    assert_files(f, 1, "memo _a_Memo.pdf application/pdf plain");
}

static void
test_nothing_is_left_of_a_file_that_fails(void **state)
{
    static const struct {
        const char *input;
        const char *code;
    } table[] = {{"bad", "bad_file"}, {"broken", "not_converted"}, {"nowhere", "no_sandbox"}};
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        assert_false(make_file(f, "render", table[i].input));
        assert_string_equal(f->failure.code, table[i].code);
        env_forget(&f->env);
        assert_int_equal(count_blobs(f), 0);
    }
    /* Made, but the call fails all the same. */
    assert_true(make_file(f, "render", "x"));
    assert_int_equal(count_blobs(f), 1);
    env_forget(&f->env);
    assert_int_equal(count_blobs(f), 0);
    record(f);
    assert_files(f, 0, NULL);
}

static int
full_open(const char *path, int flags, mode_t mode)
{
    return open(path, flags, mode);
}

static ssize_t
full_pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    errno = ENOSPC;
    return -1;
}

static void
test_a_full_disk_is_waited_for(void **state)
{
    struct fixture *f = *state;
    struct blob_calls calls = *blobs_system();
    char folder[128];
    struct error error = {0};
    calls.open = full_open;
    calls.pwrite = full_pwrite;
    snprintf(folder, sizeof(folder), "%s", blobs_folder(f->options.blobs));
    blobs_close(&f->options.blobs);
    assert_int_equal(blobs_open(&f->options.blobs, folder, &calls, &error), STATUS_OK);
    for (int i = 0; i < 2; i++) {
        assert_false(make_file(f, i == 0 ? NULL : "render", "x"));
        assert_string_equal(f->failure.code, "file_not_written");
        assert_true(f->failure.may_retry && f->failure.is_free);
        assert_int_equal(f->failure.retry_after_ms, 1000);
        env_forget(&f->env);
    }
}

/* --- lists --- */

static const struct id list_id = {{5}};

static void
put_list(struct fixture *f)
{
    struct object_row list = {.workspace = {{1}},
                              .id = list_id,
                              .kind = OBJECT_LIST,
                              .name = SLICE("Found"),
                              .body = SLICE("{}"),
                              .revision = 1};
    struct intent *intent = intent_new(KIB(64));
    intent_add_object(intent, STORE_OBJECT_INSERT, &list);
    assert_int_equal(store_commit(f->options.store, &intent, 1, NULL), STATUS_OK);
    intent_free(&intent);
}

static uint32_t
rows_of_list(struct fixture *f)
{
    struct object_page page = {
        .workspace = {{1}}, .kind = OBJECT_LIST_ROW, .parent = list_id, .limit = 1};
    uint32_t count = 0;
    assert_int_equal(store_object_count(f->options.store, &page, 100, &count), STATUS_OK);
    return count;
}

static void
append(struct fixture *f)
{
    struct value out, row = value_empty_object();
    if (!step_env_append(&f->env, SLICE("Found"), row, &out, &f->failure))
        fail_msg("%s", f->failure.words);
    assert_string_equal(json_text(&f->arena, out).ptr, "{\"list\":\"050000000000000000000000\"}");
}

static void
test_a_row_is_appended_once_with_its_call(void **state)
{
    struct fixture *f = *state;
    const struct effect_name other = {&run, {"memo", 4}, {"\x01\x08", 2}, 0, hash};
    put_list(f);
    append(f);
    assert_int_equal(rows_of_list(f), 0);
    env_forget(&f->env);
    record(f);
    assert_int_equal(rows_of_list(f), 0);
    append(f);
    record(f);
    append(f);
    f->env.generation = 2;
    record(f);
    assert_int_equal(rows_of_list(f), 1);
    f->env.call = &other;
    append(f);
    record(f);
    assert_int_equal(rows_of_list(f), 2);
}

static void
test_what_cannot_be_appended(void **state)
{
    struct fixture *f = *state;
    struct value out, row = value_empty_object();
    static char long_text[LIMIT_LIST_ROW_BYTES];
    put_list(f);
    memset(long_text, 'x', sizeof(long_text));
    row = value_object_set(&f->arena, row, value_text("x"),
                           value_string(slice_of(long_text, sizeof(long_text))));
    assert_false(step_env_append(&f->env, SLICE("Found"), row, &out, &f->failure));
    assert_string_equal(f->failure.code, "limit_exceeded");
    assert_false(step_env_append(&f->env, SLICE("found"), value_empty_object(), &out, &f->failure));
    assert_string_equal(f->failure.code, "no_list");
    assert_false(f->failure.may_retry);
    f->env.workspace = (struct id){{9}};
    assert_false(step_env_append(&f->env, SLICE("050000000000000000000000"), value_empty_object(),
                                 &out, &f->failure));
    assert_string_equal(f->failure.code, "no_list");
    record(f);
    assert_int_equal(rows_of_list(f), 0);
}

/* --- events --- */

static bool
tell(struct fixture *f, const char *type, struct value data, struct value *out)
{
    const struct step_event event = {SLICE("https://A.example:8443/b?c"), slice_text(type), data};
    f->failure = (struct step_failure){0};
    return step_env_tell(&f->env, &event, out, &f->failure);
}

static bool
keep_delivery(const struct delivery_row *row, void *context)
{
    *(struct id *)context = row->id;
    return true;
}

static void
test_an_event_counts_with_its_call(void **state)
{
    struct fixture *f = *state;
    struct value first, again;
    struct delivery_row row;
    struct id id = {{0}};
    struct delivery_page page = {.workspace = f->env.workspace, .limit = 10};
    char hex[ID_HEX_BYTES];
    f->options.notice_ms = 1000;
    f->env.delivers = true;
    assert_true(tell(f, "a.b", value_int(7), &first));
    env_forget(&f->env);
    record(f);
    assert_int_equal(store_delivery_list(f->options.store, &page, keep_delivery, &id), STATUS_OK);
    assert_true(id_is_zero(&id));

    assert_true(tell(f, "a.b", value_int(7), &again));
    assert_true(value_equal(first, again));
    record(f);
    assert_int_equal(store_delivery_list(f->options.store, &page, keep_delivery, &id), STATUS_OK);
    id_hex(&id, hex);
    assert_true(slice_is(value_slice(again), hex));
    assert_int_equal(store_delivery_get(f->options.store, &f->arena, &id, &row), STATUS_OK);
    assert_true(id_equal(&row.run, f->env.call->run));
    assert_true(slice_is(row.type, "a.b") && slice_is(row.host, "a.example:8443"));
    assert_int_equal(row.give_up_unix_ms - row.due_unix_ms, 1000);
    assert_non_null(
        strstr(arena_format(&f->arena, "%.*s", SLICE_FORMAT(row.body)), ",\"data\":7}"));
}

static void
test_events_that_are_not_stored(void **state)
{
    struct fixture *f = *state;
    struct value out;
    static char text[LIMIT_DELIVERY_BYTES];
    memset(text, 'x', sizeof(text));
    assert_true(tell(f, "a", value_null(), &out));
    assert_int_equal(out.kind, VALUE_NULL);
    assert_false(f->env.has_delivery);
    f->env.delivers = true;
    assert_false(tell(f, "a", value_string(slice_of(text, sizeof(text))), &out));
    assert_string_equal(f->failure.code, "limit_exceeded");
    assert_false(f->env.has_delivery);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_file_is_read_once_and_kept_with_the_call, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_bytes_are_read_without_a_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_cannot_be_read_is_a_failure, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_files_that_are_not_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_server_reads_stored_files_of_the_workspace, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_texts_are_kept_up_to_the_limits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_folder_lists_its_documents_by_name, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_file_counts_with_its_call, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_file_may_be_the_input_itself, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nothing_is_left_of_a_file_that_fails, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_full_disk_is_waited_for, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_folders_that_cannot_be_listed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_row_is_appended_once_with_its_call, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_what_cannot_be_appended, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_event_counts_with_its_call, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_events_that_are_not_stored, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
