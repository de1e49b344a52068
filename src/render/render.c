#include "render/render.h"

#include "base/fs.h"
#include "base/limits.h"
#include "render/names.h"
#include "render/request.h"

static const struct {
    const char *name;
    render_fn *render;
} formats[] = {
    {"md", render_markdown},
    {"html", render_html},
    {"docx", render_docx},
    {"pdf", render_pdf},
};

/* The format's place in the table. */
static enum status
find_format(size_t *out, struct value options, struct error *error)
{
    struct value format = value_get(options, "format");
    struct slice name = value_slice_or(format, SLICE(""));
    for (*out = 0; *out < COUNT_OF(formats); (*out)++) {
        if (slice_is(name, formats[*out].name))
            return STATUS_OK;
    }
    return error_set(error, STATUS_UNSUPPORTED,
                     "the format \"%.*s\" is none that documents are made in",
                     SLICE_FORMAT(slice_cut(name, 100)));
}

static enum status
read_paper(enum paper *out, struct value options, struct error *error)
{
    struct value paper = value_get(options, "paper");
    if (paper.kind == VALUE_NONE)
        return STATUS_OK;
    if (paper.kind == VALUE_STRING && slice_is(value_slice(paper), "a4"))
        *out = PAPER_A4;
    else if (paper.kind == VALUE_STRING && slice_is(value_slice(paper), "letter"))
        *out = PAPER_LETTER;
    else
        return error_set(error, STATUS_INVALID, "\"paper\" is \"a4\" or \"letter\"");
    return STATUS_OK;
}

static enum status
read_options(struct rendering *rendering, struct value options, struct error *error)
{
    static const char *const names[] = {"format", "paper", "toc"};
    struct value contents = value_get(options, "toc");
    enum status status = names_check(options, "the option", names, COUNT_OF(names), error);
    if (status != STATUS_OK)
        return status;
    if (contents.kind != VALUE_NONE && contents.kind != VALUE_TRUE && contents.kind != VALUE_FALSE)
        return error_set(error, STATUS_INVALID, "\"toc\" is true or false");
    rendering->has_contents = contents.kind == VALUE_TRUE;
    return read_paper(&rendering->paper, options, error);
}

static struct value
make_warnings(struct arena *arena, const struct supplies *supplies)
{
    struct value warnings = value_empty_array();
    for (size_t i = 0; i < supplies->warning_count; i++)
        warnings = value_array_append(arena, warnings, value_text(supplies->warnings[i]));
    return warnings;
}

static struct value
make_result(const struct rendering *rendering, const char *format, const struct supplies *supplies)
{
    struct arena *arena = rendering->arena;
    struct value result = value_empty_object();
    result = value_object_set(arena, result, value_text("format"), value_text(format));
    if (rendering->page_count > 0)
        result =
            value_object_set(arena, result, value_text("pages"), value_int(rendering->page_count));
    if (supplies->warning_count > 0)
        result =
            value_object_set(arena, result, value_text("warnings"), make_warnings(arena, supplies));
    return result;
}

static enum status
render_input(struct render_job *job, struct slice input, struct error *error)
{
    struct document document;
    struct supplies supplies;
    struct rendering rendering = {
        .document = &document,
        .arena = job->arena,
        .out = job->out,
        .flush = job->flush,
        .context = job->context,
    };
    size_t format = 0;
    enum status status = find_format(&format, job->options, error);
    if (status == STATUS_OK)
        status = read_options(&rendering, job->options, error);
    if (status == STATUS_OK)
        status = request_read(&document, job->arena, input, &supplies, error);
    if (status == STATUS_OK)
        status = formats[format].render(&rendering, error);
    if (status == STATUS_OK)
        job->result = make_result(&rendering, formats[format].name, &supplies);
    return status;
}

enum status
render_convert(struct render_job *job, struct error *error)
{
    struct buffer input;
    enum status status =
        fs_read_open(&input, job->fd, "the input", LIMIT_RENDER_INPUT_BYTES, error);
    if (status == STATUS_OK)
        status = render_input(job, buffer_slice(&input), error);
    buffer_done(&input);
    return status;
}
