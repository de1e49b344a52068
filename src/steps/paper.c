#include "steps/paper.h"

#include "base/base64.h"
#include "base/limits.h"
#include "base/moment.h"
#include "expr/markup.h"

#include <string.h>

const char *const paper_pers[] = {"item", "table", NULL};
const char *const paper_formats[] = {"docx", "pdf", "html", "md", NULL};
const char *const paper_sizes[] = {"a4", "letter", NULL};

static const struct file_form forms[] = {
    {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {"pdf", "application/pdf"},
    {"html", "text/html; charset=utf-8"},
    {"md", "text/markdown; charset=utf-8"},
};

struct file_form
paper_form(const struct plan_node *node)
{
    struct slice format = value_slice(plan_node_field(node, "format")->literal);
    size_t index = 0;
    while (index + 1 < COUNT_OF(forms) && !slice_is(format, forms[index].ending))
        index++;
    return forms[index];
}

struct value
paper_options(const struct plan_node *node, struct arena *arena)
{
    const struct config_field *paper = plan_node_field(node, "paper");
    const struct config_field *contents = plan_node_field(node, "contents");
    struct value options = value_empty_object();
    options = value_object_set(arena, options, value_text("format"),
                               plan_node_field(node, "format")->literal);
    if (paper->is_given)
        options = value_object_set(arena, options, value_text("paper"), paper->literal);
    if (contents->is_given)
        options = value_object_set(arena, options, value_text("toc"), contents->literal);
    return options;
}

/* What the document says of a source; the number is that by which the text cites it. */
static struct value
citation_of(struct arena *arena, struct value from, uint32_t number)
{
    static const char *const names[] = {"title", "quote", "document", "url", "verified"};
    struct value citation = value_empty_object();
    citation = value_object_set(arena, citation, value_text("number"), value_int(number));
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct value member = value_find_or_null(from, slice_text(names[i]));
        if (member.kind != VALUE_NULL)
            citation = value_object_set(arena, citation, value_text(names[i]), member);
    }
    return citation;
}

static struct value
citations_of(struct arena *arena, struct value from)
{
    struct value list = value_empty_array();
    for (uint32_t i = 0; i < from.count; i++)
        list = value_array_append(arena, list, citation_of(arena, value_items(from)[i], i + 1));
    return list;
}

/* The date of the run's creation: a retry would otherwise make every document anew. */
static struct value
date_of(struct value root)
{
    struct value run = value_find_or_null(root, SLICE("run"));
    struct value created =
        run.kind == VALUE_OBJECT ? value_find_or_null(run, SLICE("createdAt")) : value_null();
    int64_t unix_ms = 0;
    if (created.kind != VALUE_STRING || !moment_parse_iso(value_slice(created), &unix_ms))
        return value_null();
    return value_int(unix_ms);
}

static bool
render_template(struct step_scope *scope, struct value *markdown, struct value *citations,
                struct step_failure *failure)
{
    const struct config_field *field = plan_node_field(scope->node, "template");
    struct expr_failure bad;
    struct markup_page page;
    buffer_init(&page.text, LIMIT_VALUE_BYTES);
    enum status status =
        markup_render(scope->machine, field->markup, scope->root, scope->arena, &page, &bad);
    if (status == STATUS_OK) {
        *markdown = value_string_copy(scope->arena, buffer_slice(&page.text));
        *citations = citations_of(scope->arena, page.citations);
    }
    buffer_done(&page.text);
    if (status != STATUS_OK)
        return step_fail(failure, status == STATUS_LIMIT ? "limit_exceeded" : "expression_failed",
                         "template: %s", bad.words);
    if (markdown->kind == VALUE_NONE || citations->kind == VALUE_NONE)
        return step_fail(failure, "limit_exceeded", "template: the text becomes too large");
    return true;
}

bool
paper_request(struct step_scope *scope, struct value *out, struct step_failure *failure)
{
    static const char *const lines[] = {"title", "subtitle", "author", "language", "images"};
    struct value markdown = {0}, citations = {0};
    if (!render_template(scope, &markdown, &citations, failure))
        return false;
    struct member members[] = {
        {value_text("markdown"), markdown},
        {value_text("citations"), citations},
        {value_text("date"), date_of(scope->root)},
    };
    *out = value_object_new(scope->arena, members, COUNT_OF(members));
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        struct value line;
        if (!step_render(scope, lines[i], &line, failure))
            return false;
        if (line.kind != VALUE_NONE)
            *out = value_object_set(scope->arena, *out, value_text(lines[i]), line);
    }
    if (out->kind == VALUE_NONE)
        return step_fail(failure, "limit_exceeded", "template: the text becomes too large");
    return true;
}

/* --- pictures --- */

static const char *
picture_type(struct slice bytes)
{
    if (slice_starts_with(bytes, SLICE("\x89PNG\r\n\x1A\n")))
        return "image/png";
    return slice_starts_with(bytes, SLICE("\xFF\xD8\xFF")) ? "image/jpeg" : NULL;
}

/* A picture as the request has it; VALUE_NONE after a failure. */
static struct value
read_image(struct step_env *env, const struct member *named, struct arena *arena,
           struct step_failure *failure)
{
    struct slice bytes;
    struct buffer text;
    struct value none = {0};
    struct slice file = value_slice_or(named->value, SLICE(""));
    if (!step_env_bytes(env, file, LIMIT_DOCUMENT_IMAGE_BYTES, &bytes, failure))
        return none;
    if (picture_type(bytes) == NULL) {
        step_fail(failure, "bad_file", "images: %.*s is neither PNG nor JPEG",
                  SLICE_FORMAT(slice_cut(file, 200)));
        return none;
    }
    buffer_init(&text, LIMIT_VALUE_BYTES);
    base64_encode(&text, bytes);
    struct member members[] = {
        {value_text("name"), named->key},
        {value_text("type"), value_text(picture_type(bytes))},
        {value_text("base64"), value_string_copy(arena, buffer_slice(&text))},
    };
    buffer_done(&text);
    struct value image = value_object_new(arena, members, COUNT_OF(members));
    if (image.kind == VALUE_NONE)
        step_fail(failure, "limit_exceeded", "images: they take too much memory");
    return image;
}

bool
paper_take_images(struct step_env *env, struct value *request, struct arena *arena,
                  struct step_failure *failure)
{
    struct value files = value_find_or_null(*request, SLICE("images"));
    struct value list = value_empty_array();
    if (files.kind != VALUE_OBJECT)
        return true;
    for (uint32_t i = 0; i < files.count; i++) {
        struct value image = read_image(env, &value_members(files)[i], arena, failure);
        if (image.kind == VALUE_NONE)
            return false;
        list = value_array_append(arena, list, image);
    }
    *request = value_object_set(arena, *request, value_text("images"), list);
    return request->kind != VALUE_NONE ||
           step_fail(failure, "limit_exceeded", "images: they take too much memory");
}
