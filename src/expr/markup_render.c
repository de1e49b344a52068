#include "base/json.h"
#include "base/limits.h"
#include "expr/markup.h"
#include "expr/markup_parts.h"

#include <assert.h>
#include <stdio.h>

struct printer {
    struct expr_machine *machine;
    struct arena *arena;
    struct markup_page *page;
    struct expr_failure *failure;
    uint32_t nodes;
};

static enum status
fail(const struct printer *printer, enum status status, const char *words)
{
    *printer->failure = (struct expr_failure){.status = status};
    snprintf(printer->failure->words, sizeof(printer->failure->words), "%s", words);
    return status;
}

static enum status
fail_size(const struct printer *printer)
{
    return fail(printer, STATUS_LIMIT, "the text becomes too large");
}

/* --- values as text --- */

/* Bytes that Markdown may read as a sign, wherever they stand or at the beginning of a line. */
static bool
is_sign(struct slice text, size_t at)
{
    char c = text.ptr[at];
    if (strchr("\\`*_{}[]<>|~&", c) != NULL && c != '\0')
        return true;
    if (at == 0)
        return strchr("#+-=:", c) != NULL && c != '\0';
    bool is_number = true;
    for (size_t i = 0; i < at && is_number; i++)
        is_number = text.ptr[i] >= '0' && text.ptr[i] <= '9';
    return is_number && (c == '.' || c == ')');
}

static void
append_escaped(struct buffer *out, struct slice text)
{
    text = slice_trim(text);
    for (size_t at = 0; at < text.size; at++) {
        char c = text.ptr[at];
        bool is_break = c == '\n' || c == '\r' || c == '\t' || c == '\f';
        if (is_break && at > 0 && text.ptr[at - 1] == ' ')
            continue;
        if (is_sign(text, at))
            buffer_append_byte(out, '\\');
        buffer_append_byte(out, is_break ? ' ' : c);
    }
}

static bool
is_plain_list(struct value value)
{
    if (value.kind != VALUE_ARRAY)
        return false;
    for (uint32_t i = 0; i < value.count; i++) {
        if (value.array->items[i].kind >= VALUE_ARRAY)
            return false;
    }
    return true;
}

static void
append_text(const struct printer *printer, struct value value, bool is_raw)
{
    struct buffer *out = &printer->page->text;
    if (value.kind == VALUE_NULL)
        return;
    struct slice text =
        value.kind == VALUE_STRING ? value_slice(value) : json_text(printer->arena, value);
    if (text.ptr == NULL)
        out->over = true;
    else if (is_raw)
        buffer_append_slice(out, text);
    else
        append_escaped(out, text);
}

static void
append_value(const struct printer *printer, struct value value)
{
    if (!is_plain_list(value)) {
        append_text(printer, value, false);
        return;
    }
    for (uint32_t i = 0; i < value.count; i++) {
        if (i > 0)
            buffer_append_text(&printer->page->text, ", ");
        append_text(printer, value.array->items[i], false);
    }
}

/* 1234567.8 as 1,234,567.8; what is no number as it is. */
static void
append_number(const struct printer *printer, struct value value)
{
    struct buffer *out = &printer->page->text;
    if (value.kind == VALUE_STRING || value.kind == VALUE_NULL || value.kind >= VALUE_ARRAY) {
        append_value(printer, value);
        return;
    }
    struct slice text = json_text(printer->arena, value);
    size_t digits = 0;
    size_t begin = text.size > 0 && text.ptr[0] == '-';
    while (begin + digits < text.size && text.ptr[begin + digits] >= '0' &&
           text.ptr[begin + digits] <= '9')
        digits++;
    buffer_append(out, text.ptr, begin);
    for (size_t i = 0; i < digits; i++) {
        if (i > 0 && (digits - i) % 3 == 0)
            buffer_append_byte(out, ',');
        buffer_append_byte(out, text.ptr[begin + i]);
    }
    buffer_append(out, text.ptr + begin + digits, text.size - begin - digits);
}

/* --- citations --- */

static bool
is_same_citation(struct value a, struct value b)
{
    static const char *const names[] = {"digest", "start", "end", "quote", "document", "url"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct value left = value_find_or_null(a, slice_text(names[i]));
        struct value right = value_find_or_null(b, slice_text(names[i]));
        if (value_compare(left, right) != 0)
            return false;
    }
    return true;
}

/* The number under which the text cites it, from 1; 0: there is no room. */
static uint32_t
citation_number(const struct printer *printer, struct value citation)
{
    struct value *all = &printer->page->citations;
    for (uint32_t i = 0; i < all->count; i++) {
        if (is_same_citation(all->array->items[i], citation))
            return i + 1;
    }
    struct value grown = value_array_append(printer->arena, *all, citation);
    if (grown.kind == VALUE_NONE)
        return 0;
    *all = grown;
    return all->count;
}

static void
append_mark(const struct printer *printer, struct value citation)
{
    uint32_t number = citation_number(printer, citation);
    printer->page->text.over |= number == 0;
    buffer_append_format(&printer->page->text, "[@%u]", number);
}

static struct value
citations_of(const struct markup_node *node, struct value root)
{
    struct value owner = root;
    for (size_t i = 0; i + 1 < node->name_count; i++)
        owner =
            owner.kind == VALUE_OBJECT ? value_find_or_null(owner, node->names[i]) : value_null();
    struct value all = owner.kind == VALUE_OBJECT ? value_get(owner, "citations") : value_null();
    return all.kind == VALUE_ARRAY ? all : value_empty_array();
}

static bool
is_about(const struct markup_node *node, struct value citation)
{
    struct slice name = node->names[node->name_count - 1];
    if (citation.kind != VALUE_OBJECT)
        return false;
    struct value field = value_find_or_null(citation, SLICE("field"));
    if (field.kind == VALUE_STRING)
        return slice_equal(value_slice(field), name);
    return field.kind == VALUE_NULL && (slice_is(name, "text") || slice_is(name, "label"));
}

/* Where the citation's quote ends in a text; 0: it does not stand there. */
static size_t
end_of_quote(struct value citation, struct slice text)
{
    struct value quote = value_get(citation, "quote");
    if (quote.kind != VALUE_STRING || value_slice(quote).size == 0)
        return 0;
    struct slice words = value_slice(quote);
    const char *found = memmem(text.ptr, text.size, words.ptr, words.size);
    return found == NULL ? 0 : (size_t)(found - text.ptr) + words.size;
}

/* The marks of citations whose quotes end at that place. */
static void
append_marks_at(const struct printer *printer, const struct markup_node *node, struct value all,
                struct slice text, size_t at)
{
    for (uint32_t i = 0; i < all.count; i++) {
        struct value citation = all.array->items[i];
        if (is_about(node, citation) && end_of_quote(citation, text) == at)
            append_mark(printer, citation);
    }
}

static size_t
next_end(const struct markup_node *node, struct value all, struct slice text, size_t from)
{
    size_t next = text.size;
    for (uint32_t i = 0; i < all.count; i++) {
        size_t end =
            is_about(node, all.array->items[i]) ? end_of_quote(all.array->items[i], text) : 0;
        if (end > from && end < next)
            next = end;
    }
    return next;
}

/* A text that was put together from quotes has each mark behind its quote. */
static void
append_cited(const struct printer *printer, const struct markup_node *node, struct value value,
             struct value all)
{
    struct slice text = value_slice_or(value, SLICE(""));
    size_t at = 0;
    if (value.kind != VALUE_STRING)
        append_value(printer, value);
    while (at < text.size) {
        size_t end = next_end(node, all, text, at);
        if (at > 0)
            buffer_append_byte(&printer->page->text, ' ');
        append_escaped(&printer->page->text, slice_of(text.ptr + at, end - at));
        append_marks_at(printer, node, all, text, end);
        at = end;
    }
    append_marks_at(printer, node, all, text, 0);
}

/* --- the tree --- */

static enum status render_list(struct printer *printer, const struct markup_node *list,
                               struct value root);

static enum status
render_each(struct printer *printer, const struct markup_node *node, struct value root)
{
    struct value list;
    enum status status =
        expr_one(printer->machine, node->expr, root, printer->arena, &list, printer->failure);
    if (status != STATUS_OK)
        return status;
    if (list.kind == VALUE_NULL || (list.kind == VALUE_ARRAY && list.count == 0))
        return render_list(printer, node->other, root);
    if (list.kind != VALUE_ARRAY)
        return fail(printer, STATUS_INVALID, "{{#each}} needs a list");
    for (uint32_t i = 0; i < list.count && status == STATUS_OK; i++) {
        struct value inner =
            value_object_set(printer->arena, root, value_string(node->name), list.array->items[i]);
        status =
            inner.kind == VALUE_NONE ? fail_size(printer) : render_list(printer, node->body, inner);
    }
    return status;
}

static enum status
render_if(struct printer *printer, const struct markup_node *node, struct value root)
{
    bool is_true = false;
    enum status status = expr_truth(printer->machine, node->expr, root, &is_true, printer->failure);
    if (status != STATUS_OK)
        return status;
    return render_list(printer, is_true ? node->body : node->other, root);
}

static void
append_node(const struct printer *printer, const struct markup_node *node, struct value root,
            struct value value)
{
    if (node->kind == MARKUP_CITED)
        append_cited(printer, node, value, citations_of(node, root));
    else if (node->kind == MARKUP_CITE)
        append_cited(printer, node, value_null(), citations_of(node, root));
    else if (node->kind == MARKUP_NUMBER)
        append_number(printer, value);
    else if (node->kind == MARKUP_RAW)
        append_text(printer, value, true);
    else
        append_value(printer, value);
}

static enum status
render_node(struct printer *printer, const struct markup_node *node, struct value root)
{
    struct value value;
    if (node->kind == MARKUP_TEXT) {
        buffer_append_slice(&printer->page->text, node->text);
        return STATUS_OK;
    }
    if (node->kind == MARKUP_EACH)
        return render_each(printer, node, root);
    if (node->kind == MARKUP_IF)
        return render_if(printer, node, root);
    enum status status =
        expr_one(printer->machine, node->expr, root, printer->arena, &value, printer->failure);
    if (status == STATUS_OK)
        append_node(printer, node, root, value);
    return status;
}

static enum status
render_list(struct printer *printer, const struct markup_node *list, struct value root)
{
    for (const struct markup_node *node = list; node != NULL; node = node->next) {
        if (printer->nodes++ == LIMIT_MARKUP_NODES || buffer_is_over(&printer->page->text))
            return fail_size(printer);
        enum status status = render_node(printer, node, root);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

enum status
markup_render(struct expr_machine *machine, const struct markup *markup, struct value root,
              struct arena *arena, struct markup_page *page, struct expr_failure *failure)
{
    struct printer printer = {.machine = machine, .arena = arena, .page = page, .failure = failure};
    page->citations = value_empty_array();
    *failure = (struct expr_failure){.status = STATUS_OK};
    enum status status = render_list(&printer, markup->first, root);
    if (status == STATUS_OK && buffer_is_over(&page->text))
        return fail_size(&printer);
    return status;
}
