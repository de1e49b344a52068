/* base/size.h - sizes in bytes as people write them: 65536, 64KiB, 8MiB, 2GB.
 *
 * Threads: any.
 */
#ifndef BASE_SIZE_H
#define BASE_SIZE_H

#include "base/slice.h"
#include "base/status.h"

#include <stdint.h>

/* A whole number and B, KB, MB, GB, TB (powers of 1,000), KiB, MiB, GiB, TiB (of 1,024) or nothing;
 * in any case, with or without spaces between. INVALID: not of this form, or too large for int64;
 * the words quote the text. */
MUST_USE enum status size_parse(int64_t *out_bytes, struct slice text, struct error *error);

#endif
