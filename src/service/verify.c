#include "service/verify.h"

#include "base/limits.h"
#include "service/host.h"

#include <inttypes.h>
#include <sys/stat.h>

#define PAGE 1000

struct look {
    struct service *service;
    struct verified *out;
    struct id last;
    uint32_t seen;
};

static bool
look_at(const struct file_row *row, void *context)
{
    struct look *look = context;
    char path[BLOB_PATH_BYTES];
    struct stat about;
    look->last = row->id;
    look->seen++;
    look->out->files++;
    blob_path(look->service->blobs, &row->id, path);
    if (stat(path, &about) == 0 && (uint64_t)about.st_size >= row->size_bytes)
        return true;
    if (look->out->missing++ == 0)
        id_hex(&row->id, look->out->first);
    return true;
}

enum status
service_verify(struct service *service, bool is_quick, struct verified *out, struct error *error)
{
    *out = (struct verified){0};
    struct look look = {.service = service, .out = out};
    enum status status = store_check(service->store, is_quick, error);
    do {
        look.seen = 0;
        if (status == STATUS_OK)
            status = store_file_scan(service->store, &look.last, PAGE, look_at, &look);
    } while (status == STATUS_OK && look.seen == PAGE);
    if (status == STATUS_OK && out->missing > 0)
        status = error_set(error, STATUS_IO,
                           "%" PRIu64 " of %" PRIu64 " files are not there, or are cut short; the "
                           "first is %s",
                           out->missing, out->files, out->first);
    return status;
}

bool
service_counts_blob(struct service *service, const struct id *blob)
{
    struct arena arena;
    struct file_row row;
    arena_init(&arena, KIB(256));
    enum status status = store_file_get(service->store, &arena, blob, &row);
    arena_done(&arena);
    return status == STATUS_OK;
}
