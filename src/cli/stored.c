#include "cli/stored.h"

#include "base/limits.h"
#include "cli/place.h"

enum status
stored_open(struct stored *stored, struct cli *cli, const char *data, struct error *error)
{
    *stored = (struct stored){.cli = cli, .data = data};
    arena_init(&stored->arena, 16 * LIMIT_VALUE_BYTES);
    return cli->open_reader(cli, data, &stored->service, error);
}

void
stored_close(struct stored *stored)
{
    stored->cli->close(stored->cli, &stored->service);
    arena_done(&stored->arena);
}

enum status
stored_find(struct stored *stored, const char *id, struct run_row *out, struct error *error)
{
    struct id workspace = service_default_workspace(stored->service);
    enum status status =
        service_run_find(stored->service, &workspace, slice_text(id), &stored->arena, out);
    if (status == STATUS_OK)
        return status;
    return error_set(error, status, "there is no run %s in %s", id, stored->data);
}

void
stored_enter(struct stored *stored, const struct run_row *run)
{
    const char *out = NULL;
    struct error error = {0};
    status_ignore(place_enter(run, &stored->arena, &out, &error));
}
