#include "base/credits.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#define MICRO INT64_C(1000000)

void
credits_print(int64_t microcredits, char out[CREDITS_TEXT_BYTES])
{
    assert(microcredits >= 0);
    int64_t whole = microcredits / MICRO, part = microcredits % MICRO;
    if (part == 0) {
        snprintf(out, CREDITS_TEXT_BYTES, "%" PRId64, whole);
        return;
    }
    int digits = 6;
    for (; part % 10 == 0; part /= 10)
        digits--;
    snprintf(out, CREDITS_TEXT_BYTES, "%" PRId64 ".%0*" PRId64, whole, digits, part);
}
