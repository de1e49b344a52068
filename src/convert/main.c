/* windrow-convert: what the server starts for each foreign document; nobody calls it by hand. */
#include "convert/xlsx.h"
#include "sandbox/child.h"

static void
flush(void *context)
{
    child_flush(context);
}

static enum status
run_xlsx(struct child *child)
{
    struct xlsx_job job = {
        .fd = child->input_fd,
        .options = child->options,
        .arena = &child->arena,
        .out = &child->output,
        .flush = flush,
        .context = child,
    };
    enum status status = xlsx_convert(&job, &child->error);
    child->result = job.result;
    return status;
}

int
main(void)
{
    static const struct child_kind kinds[] = {
        {"xlsx", run_xlsx, NULL},
        {NULL, NULL, NULL},
    };
    child_main(kinds);
}
