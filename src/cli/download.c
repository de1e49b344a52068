#include "cli/download.h"

#include "base/fs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool
write_piece(struct slice piece, void *context)
{
    return fwrite(piece.ptr, 1, piece.size, context) == piece.size;
}

static enum status
get_into(struct remote *remote, const char *from, FILE *file, const char *name, struct error *error)
{
    struct remote_answer answer;
    struct remote_ask ask = {
        .method = "GET", .path = from, .on_piece = write_piece, .context = file};
    enum status status = remote_do(remote, &ask, &answer, error);
    if (status == STATUS_CANCELLED || (status == STATUS_OK && fflush(file) != 0))
        return fs_errno_status(errno, "cannot write", name, error);
    return status;
}

enum status
download_to(struct remote *remote, const char *from, const char *path, struct error *error)
{
    if (strcmp(path, "-") == 0)
        return get_into(remote, from, stdout, "standard output", error);
    const char *fresh = arena_format(&remote->arena, "%s.part", path);
    FILE *file = fopen(fresh, "wbe");
    if (file == NULL)
        return fs_errno_status(errno, "cannot write", fresh, error);
    enum status status = get_into(remote, from, file, path, error);
    bool is_closed = fclose(file) == 0;
    if (status == STATUS_OK && (!is_closed || rename(fresh, path) != 0))
        status = fs_errno_status(errno, "cannot write", path, error);
    if (status != STATUS_OK)
        unlink(fresh);
    return status;
}
