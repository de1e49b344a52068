#include "base/credits.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
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

struct value
credits_value(int64_t microcredits, struct arena *arena)
{
    char text[CREDITS_TEXT_BYTES];
    credits_print(microcredits, text);
    struct slice copy = arena_copy(arena, slice_text(text));
    return copy.ptr == NULL ? (struct value){0} : value_number(copy);
}

bool
credits_read(struct value value, int64_t *microcredits)
{
    *microcredits = 0;
    if (!value_is_number(value))
        return false;
    double credits = value_real(value);
    if (!(credits >= 0) || credits > CREDITS_MAX)
        return false;
    *microcredits = llround(credits * (double)MICRO);
    return true;
}
