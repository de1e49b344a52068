#include "cli/load.h"

#include "base/fs.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "flow/calls.h"

#include <stdio.h>

static void
print_problems(const struct problems *problems, const char *file)
{
    struct buffer words;
    buffer_init(&words, MIB(1));
    problems_print(problems, file, &words);
    cli_write(stderr, &words);
    buffer_done(&words);
}

/* --- templates in files --- */

/* The templates that a workflow names, read from beside it. */
struct templates {
    const char *file; /* of the workflow */
    struct value all; /* {name: text} */
    struct arena arena;
};

static bool
is_beside(struct slice name)
{
    bool climbs = memmem(name.ptr, name.size, "..", 2) != NULL;
    return name.size > 0 && name.ptr[0] != '/' && !climbs &&
           memchr(name.ptr, '\0', name.size) == NULL;
}

static enum status
find_template(void *context, struct slice name, struct buffer *text, struct error *error)
{
    struct templates *templates = context;
    const char *slash = strrchr(templates->file, '/');
    size_t folder = slash == NULL ? 0 : (size_t)(slash + 1 - templates->file);
    if (!is_beside(name))
        return error_set(error, STATUS_INVALID,
                         "expected Markdown, or the name of a file beside the workflow");
    const char *path = arena_format(&templates->arena, "%.*s%.*s", (int)folder, templates->file,
                                    SLICE_FORMAT(name));
    enum status status = fs_read_file(text, path, LIMIT_DEFINITION_BYTES, error);
    if (status == STATUS_OK && !slice_is_utf8(buffer_slice(text)))
        status = error_set(error, STATUS_INVALID, "%s is not UTF-8", path);
    if (status != STATUS_OK)
        return status;
    struct arena *arena = &templates->arena;
    templates->all = value_object_set(arena, templates->all, value_string_copy(arena, name),
                                      value_string_copy(arena, buffer_slice(text)));
    return templates->all.kind == VALUE_NONE ? error_set(error, STATUS_LIMIT, "too many templates")
                                             : STATUS_OK;
}

/* JSON is YAML too, so that the texts can stand at the end of a file of either kind. */
static void
append_templates(struct buffer *text, const struct templates *templates)
{
    struct slice body = slice_trim(buffer_slice(text));
    bool is_flow = body.size > 0 && body.ptr[0] == '{' && body.ptr[body.size - 1] == '}';
    if (templates->all.count == 0)
        return;
    if (is_flow)
        text->size = (size_t)(body.ptr + body.size - 1 - text->ptr);
    buffer_append_text(text, is_flow ? ",\"templates\":" : "\ntemplates: ");
    json_print(text, templates->all);
    buffer_append_text(text, is_flow ? "}\n" : "\n");
}

int
load_workflow(const struct cli *cli, const char *file, const char *rows, struct buffer *text,
              struct plan **plan)
{
    struct error error = {0};
    *plan = NULL;
    if (fs_read_file(text, file, LIMIT_DEFINITION_BYTES, &error) != STATUS_OK)
        return cli_complain(&error);
    struct arena arena;
    arena_init(&arena, MIB(4));
    struct problems *problems = mem_alloc(sizeof(*problems));
    problems_init(problems, &arena);
    struct templates templates = {.file = file, .all = value_empty_object()};
    arena_init(&templates.arena, MIB(16));
    struct plan_options options = {.catalog = cli->catalog,
                                   .rows_file = rows,
                                   .find_template = find_template,
                                   .context = &templates};
    int exit_code = CLI_OK;
    if (plan_load(plan, buffer_slice(text), &options, problems) != STATUS_OK) {
        print_problems(problems, file);
        exit_code = CLI_FAILED;
    }
    append_templates(text, &templates);
    arena_done(&templates.arena);
    mem_free(problems);
    arena_done(&arena);
    return exit_code;
}

bool
check_calls(const char *file, struct plan *const *plans, size_t which, size_t count)
{
    struct arena arena;
    arena_init(&arena, MIB(4));
    struct problems *problems = mem_alloc(sizeof(*problems));
    problems_init(problems, &arena);
    const struct plan **known = mem_alloc_array(count, sizeof(struct plan *));
    size_t known_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (plans[i] != NULL)
            known[known_count++] = plans[i];
    }
    plan_check_calls(plans[which], known, known_count, problems);
    bool is_ok = problems->count == 0;
    if (!is_ok)
        print_problems(problems, file);
    mem_free(known);
    mem_free(problems);
    arena_done(&arena);
    return is_ok;
}
