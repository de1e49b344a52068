/* tests/unit/expr/test_schema_suite.c - every case of the official test suite.
 *
 * Ends with "N passed, N failed". References to other documents are tested by putting the documents
 * under $defs, as the specification asks of bundles.
 */
#include "base/buffer.h"
#include "base/fs.h"
#include "base/json.h"
#include "expr/schema.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_BYTES MIB(4)
#define REMOTE_BASE "http://localhost:1234/draft2020-12/"

/* Schemas that the suite accepts and we refuse, and why. group NULL: the whole file. */
static const struct refusal {
    const char *file;
    const char *group;
    const char *why;
} refusals[] = {
    {"optional/dependencies-compatibility.json", NULL, "a keyword of draft-07"},
    {"optional/refOfUnknownKeyword.json", "reference of a root arbitrary keyword ",
     "an unknown keyword"},
    {"optional/refOfUnknownKeyword.json", "reference of an arbitrary keyword of a sub-schema",
     "an unknown keyword"},
    {"unknownKeyword.json", NULL, "an unknown keyword"},
    {"refRemote.json", "remote HTTP ref with different $id", "what is fetched has another id"},
    {"refRemote.json", "remote HTTP ref with different URN $id", "what is fetched has another id"},
    {"refRemote.json", "remote HTTP ref with nested absolute ref", "what is fetched has no id"},
    {"optional/format/unknown.json", NULL, "an unknown format"},
    {"optional/format/idn-hostname.json", NULL, "a format that needs the tables of IDNA"},
    {"format.json", "idn-hostname format", "a format that needs the tables of IDNA"},
    {"optional/format-assertion.json", NULL, "another dialect"},
    {"optional/cross-draft.json", "refs to historic drafts are processed as historic drafts",
     "another dialect"},
    {"vocabulary.json", NULL, "another dialect"},
};

struct suite {
    const char *folder;
    struct value remotes; /* URI: document */
    struct arena remotes_arena;
    bool is_used[COUNT_OF(refusals)];
    unsigned passed, failed;
};

static struct value
read_json_file(struct arena *arena, const char *path)
{
    struct buffer text;
    struct error error = {0};
    struct value value = {0};
    enum status status = fs_read_file(&text, path, FILE_BYTES, &error);
    if (status == STATUS_OK)
        status = json_parse(&value, arena, buffer_slice(&text), 0, NULL, &error);
    buffer_done(&text);
    if (status != STATUS_OK) {
        printf("%s: %s\n", path, error.text);
        exit(1);
    }
    return value;
}

static bool
is_to_be_refused(struct suite *suite, const char *file, struct value group)
{
    bool is_found = false;
    for (size_t i = 0; i < COUNT_OF(refusals); i++) {
        const struct refusal *at = &refusals[i];
        struct slice about = value_slice(value_get(group, "description"));
        if (strcmp(at->file, file) != 0 || (at->group != NULL && !slice_is(about, at->group)))
            continue;
        suite->is_used[i] = true;
        is_found = true;
    }
    return is_found;
}

static void
note_first(const char *instance_path, const char *schema_path, const char *words, void *context)
{
    char *text = context;
    if (text[0] == '\0')
        snprintf(text, 1200, "%s by %s: %s", instance_path, schema_path, words);
}

static bool
names(struct value document, struct slice uri, struct arena *arena)
{
    struct slice text = json_text(arena, document);
    const char *slash = memrchr(uri.ptr, '/', uri.size);
    size_t size = (size_t)(uri.ptr + uri.size - slash);
    return memmem(text.ptr, text.size, slash + 1, size - 1) != NULL;
}

/* The schema with the documents that it names, and those that they name, under $defs. */
static struct value
bundle(const struct suite *suite, struct arena *arena, struct value schema)
{
    for (uint32_t i = 0; schema.kind == VALUE_OBJECT && i < suite->remotes.count; i++) {
        const struct member *remote = &value_members(suite->remotes)[i];
        struct value document = remote->value;
        struct value defs = value_get(schema, "$defs");
        if (defs.kind == VALUE_NONE)
            defs = value_empty_object();
        if (value_find(defs, value_slice(remote->key)).kind != VALUE_NONE ||
            !names(schema, value_slice(remote->key), arena))
            continue;
        if (value_get(document, "$id").kind == VALUE_NONE)
            document = value_object_set(arena, document, value_text("$id"), remote->key);
        defs = value_object_set(arena, defs, remote->key, document);
        schema = value_object_set(arena, schema, value_text("$defs"), defs);
        i = UINT32_MAX;
    }
    return schema;
}

static void
judge(struct suite *suite, bool is_good, const char *file, struct value group, struct value test,
      const char *words)
{
    if (is_good) {
        suite->passed++;
        return;
    }
    suite->failed++;
    struct slice about = value_slice(value_get(group, "description"));
    struct slice name = value_slice(value_get(test, "description"));
    printf("%s: %.*s: %.*s: %s\n", file, SLICE_FORMAT(about), SLICE_FORMAT(name), words);
}

static void
run_test(struct suite *suite, const char *file, struct value group, const struct schema *schema,
         struct value test)
{
    char words[1200] = "";
    enum status loud = schema_check(schema, value_get(test, "data"), note_first, words);
    enum status quiet = schema_check(schema, value_get(test, "data"), NULL, NULL);
    bool should = value_get(test, "valid").kind == VALUE_TRUE;
    if (words[0] == '\0')
        snprintf(words, sizeof(words), "found valid");
    judge(suite, (loud == STATUS_OK) == should && loud == quiet, file, group, test, words);
}

static void
run_group(struct suite *suite, const char *file, struct value group)
{
    struct arena arena;
    arena_init(&arena, MIB(16));
    char words[1200] = "";
    struct schema *schema = NULL;
    struct value tests = value_get(group, "tests");
    struct value source = bundle(suite, &arena, value_get(group, "schema"));
    enum status status = schema_compile(&schema, &arena, source, note_first, words);
    bool is_refused = is_to_be_refused(suite, file, group);
    for (uint32_t i = 0; i < tests.count; i++) {
        struct value test = value_items(tests)[i];
        if (is_refused || status != STATUS_OK)
            judge(suite, is_refused && status != STATUS_OK, file, group, test,
                  status == STATUS_OK ? "not refused" : words);
        else
            run_test(suite, file, group, schema, test);
    }
    arena_done(&arena);
}

static void
run_file(struct suite *suite, const char *file)
{
    struct arena arena;
    arena_init(&arena, MIB(64));
    char path[4096];
    snprintf(path, sizeof(path), "%s/draft2020-12/%s", suite->folder, file);
    struct value groups = read_json_file(&arena, path);
    for (uint32_t i = 0; i < groups.count; i++)
        run_group(suite, file, value_items(groups)[i]);
    arena_done(&arena);
}

typedef void file_fn(struct suite *suite, const char *name);

/* Calls visit for each file below `folder`/`base`, with its name as seen from `base`. */
static void
walk(struct suite *suite, const char *base, const char *inside, file_fn *visit)
{
    char folder[4096];
    snprintf(folder, sizeof(folder), "%s/%s/%s", suite->folder, base, inside);
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, NULL, alphasort);
    if (count < 0) {
        perror(folder);
        exit(1);
    }
    for (int i = 0; i < count; i++) {
        char name[1024];
        const char *entry = entries[i]->d_name;
        snprintf(name, sizeof(name), "%s%s%s", inside, inside[0] == '\0' ? "" : "/", entry);
        size_t size = strlen(entry);
        if (size > 5 && strcmp(entry + size - 5, ".json") == 0)
            visit(suite, name);
        else if (entry[0] != '.')
            walk(suite, base, name, visit);
        free(entries[i]);
    }
    free(entries);
}

static void
add_remote(struct suite *suite, const char *name)
{
    char path[4096];
    char uri[1200];
    snprintf(path, sizeof(path), "%s/remotes/%s", suite->folder, name);
    snprintf(uri, sizeof(uri), REMOTE_BASE "%s", name);
    struct arena *arena = &suite->remotes_arena;
    suite->remotes =
        value_object_set(arena, suite->remotes, value_string_copy(arena, slice_text(uri)),
                         read_json_file(arena, path));
}

int
main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    struct suite suite = {.folder = argv[1], .remotes = value_empty_object()};
    arena_init(&suite.remotes_arena, MIB(16));
    walk(&suite, "remotes", "", add_remote);
    walk(&suite, "draft2020-12", "", run_file);
    for (size_t i = 0; i < COUNT_OF(refusals); i++) {
        if (!suite.is_used[i]) {
            printf("not there: %s (%s)\n", refusals[i].file, refusals[i].why);
            suite.failed++;
        }
    }
    arena_done(&suite.remotes_arena);
    printf("%u passed, %u failed\n", suite.passed, suite.failed);
    return suite.failed == 0 ? 0 : 1;
}
