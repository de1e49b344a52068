/* ai/local_number.h - one number as people write it, with its currency, scale, per cent and unit.
 *
 * Threads: pure, any thread.
 */
#ifndef AI_LOCAL_NUMBER_H
#define AI_LOCAL_NUMBER_H

#include "ai/local_value.h"

/* Reads the number that begins at `at`: with a digit, a sign, a currency's sign or its code. */
bool local_number_read(struct slice text, size_t at, enum local_style style,
                       struct local_found *out);

/* Whether one may begin with the byte there, which is no letter and no digit. */
bool local_number_may_begin(struct slice text, size_t at);

#endif
