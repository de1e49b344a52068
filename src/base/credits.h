/* base/credits.h - amounts of credits, which are counted in millionths.
 *
 * Threads: any; pure.
 */
#ifndef BASE_CREDITS_H
#define BASE_CREDITS_H

#include <stdint.h>

#define CREDITS_TEXT_BYTES 24

/* The amount (0 or more) in credits, as a JSON number without zeros at its end: "0.0125", "3". */
void credits_print(int64_t microcredits, char out[CREDITS_TEXT_BYTES]);

#endif
