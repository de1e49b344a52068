/* windrow-convert: what the server starts for each foreign document; nobody calls it by hand. */
#include "convert/text.h"
#include "convert/xlsx.h"
#include "render/render.h"
#include "sandbox/child.h"

static void
flush(void *context)
{
    child_flush(context);
}

static struct convert_job
job_of(struct child *child)
{
    return (struct convert_job){
        .fd = child->input_fd,
        .options = child->options,
        .arena = &child->arena,
        .out = &child->output,
        .flush = flush,
        .context = child,
    };
}

static enum status
run_xlsx(struct child *child)
{
    struct convert_job job = job_of(child);
    enum status status = xlsx_convert(&job, &child->error);
    child->result = job.result;
    return status;
}

static void
prepare_text(struct child *child)
{
    struct convert_job *job = arena_alloc(&child->arena, sizeof(*job));
    *job = job_of(child);
    text_prepare(job, child->limits);
    child->prepared = job;
}

static enum status
run_text(struct child *child)
{
    struct convert_job *job = child->prepared;
    enum status status = text_convert(job, &child->error);
    child->result = job->result;
    return status;
}

static void
prepare_render(struct child *child)
{
    render_prepare(child->options);
}

static enum status
run_render(struct child *child)
{
    struct render_job job = {
        .fd = child->input_fd,
        .options = child->options,
        .arena = &child->arena,
        .out = &child->output,
        .flush = flush,
        .context = child,
        .result = value_empty_object(),
    };
    enum status status = render_convert(&job, &child->error);
    child->result = job.result;
    return status;
}

int
main(void)
{
    static const struct child_kind kinds[] = {
        {.name = "xlsx", .run = run_xlsx},
        {.name = "text", .run = run_text, .prepare = prepare_text},
        {.name = "render",
         .run = run_render,
         .folders = render_font_folders,
         .prepare = prepare_render},
        {.name = NULL},
    };
    child_main(kinds);
}
