/* store/blobs_inside.h - what the files about blobs share; only store/ includes it.
 *
 * Threads: as in store/blobs.h.
 */
#ifndef STORE_BLOBS_INSIDE_H
#define STORE_BLOBS_INSIDE_H

#include "store/begun.h"
#include "store/blobs.h"

#include <stdatomic.h>

/* Room in a path of BLOB_PATH_BYTES for "/ab/" and the name. */
#define BLOB_FOLDER_BYTES_MAX (BLOB_PATH_BYTES - 64)

struct blobs {
    const struct blob_calls *calls; /* borrowed */
    char *folder;
    _Atomic int64_t held_until_us; /* monotonic */
    struct begun begun;
};

#endif
