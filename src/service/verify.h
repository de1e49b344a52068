/* service/verify.h - whether a data folder is whole: the database sound, every counted byte there.
 *
 * Threads: the caller's; reads the store and looks at every blob.
 */
#ifndef SERVICE_VERIFY_H
#define SERVICE_VERIFY_H

#include "service/service.h"

struct verified {
    uint64_t files;           /* that rows tell of */
    uint64_t missing;         /* of these: not there, or shorter than counted */
    char first[ID_HEX_BYTES]; /* one of these */
};

/* IO with words: the database is damaged, or a file is missing (*out tells how many). is_quick: as
 * store_check(). */
MUST_USE enum status service_verify(struct service *service, bool is_quick, struct verified *out,
                                    struct error *error);

/* Whether a row tells of the blob, so that it never changes again. */
bool service_counts_blob(struct service *service, const struct id *blob);

#endif
