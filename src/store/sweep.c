/* Blobs that a process left behind when it was killed before it had stored who they belong to. */
#include "store/blobs_inside.h"

#include "base/limits.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

struct sweep {
    struct blobs *blobs;
    struct id id; /* of the one that is looked at */
    uint32_t removed;
};

static void
remove_one(void *context)
{
    struct sweep *sweep = context;
    /* What stays is found by the next process. */
    sweep->removed += blob_remove(sweep->blobs, &sweep->id, NULL) == STATUS_OK;
}

/* False: it is not known any more what may be removed. */
static bool
sweep_one(struct sweep *sweep, const char *name, blob_counted_fn *counted, void *context)
{
    char own[ID_HEX_BYTES];
    if (!id_parse(&sweep->id, slice_text(name)))
        return true;
    id_hex(&sweep->id, own);
    /* Not one of ours if it is spelled otherwise. */
    if (strcmp(own, name) != 0 || counted(&sweep->id, context) != STATUS_NOT_FOUND)
        return true;
    return begun_unless(&sweep->blobs->begun, &sweep->id, remove_one, sweep);
}

enum status
blobs_sweep(struct blobs *blobs, unsigned part, blob_counted_fn *counted, void *context,
            uint32_t *removed)
{
    struct sweep sweep = {.blobs = blobs};
    bool is_known = true;
    char path[BLOB_PATH_BYTES];
    snprintf(path, sizeof(path), "%.*s/%02x", BLOB_FOLDER_BYTES_MAX, blobs->folder, part);
    *removed = 0;
    DIR *folder = opendir(path);
    if (folder == NULL)
        return STATUS_OK;
    for (struct dirent *entry = readdir(folder); entry != NULL && is_known; entry = readdir(folder))
        is_known = sweep_one(&sweep, entry->d_name, counted, context);
    closedir(folder);
    *removed = sweep.removed;
    return is_known ? STATUS_OK : STATUS_LIMIT;
}

void
blobs_sweep_end(struct blobs *blobs)
{
    begun_end(&blobs->begun);
}
