/* The input is a template as JSON, a line end and a root as JSON. */
#include "fuzz.h"

#include "base/json.h"
#include "base/limits.h"
#include "expr/template.h"

#include <string.h>

static void
render(const struct template *template, struct arena *arena, struct value root)
{
    struct expr_budget budget = expr_budget_default();
    struct expr_failure failure;
    struct value out = {0};
    budget.steps = 100000;
    budget.bytes = MIB(8);
    struct expr_machine *machine = expr_machine_new(budget);
    enum status status = template_render(machine, template, root, arena, &out, &failure);
    assert(status == failure.status);
    assert((out.kind != VALUE_NONE) == (status == STATUS_OK));
    expr_machine_free(&machine);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const char *end = size == 0 ? NULL : memchr(text, '\n', size);
    if (end == NULL)
        return 0;
    size_t first = (size_t)(end - text);
    struct arena arena;
    struct value tree = {0};
    struct value root = {0};
    struct template *template = NULL;
    struct expr_problem problem;
    struct slice where;
    arena_init(&arena, MIB(64));
    if (json_parse(&tree, &arena, slice_of(text, first), 0, NULL, NULL) == STATUS_OK &&
        json_parse(&root, &arena, slice_of(end + 1, size - first - 1), 0, NULL, NULL) ==
            STATUS_OK) {
        enum status status = template_compile(&template, &arena, tree, &problem, &where);
        if (status == STATUS_OK)
            render(template, &arena, root);
        else
            assert(template == NULL && problem.words[0] != '\0');
    }
    arena_done(&arena);
    return 0;
}
