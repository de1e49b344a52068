#include "base/fault.h"

#include "base/slice.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAULT_POINT(name) #name,
static const char *const names[] = {FAULT_POINTS};
#undef FAULT_POINT

enum fault_point fault_armed = FAULT_POINT_COUNT;
static _Atomic int64_t left;
static int signal_number = SIGKILL;

bool
fault_configure(void)
{
    const char *text = getenv("WINDROW_DIE_AT");
    const char *by = getenv("WINDROW_DIE_BY");
    if (by != NULL && strcmp(by, "SIGABRT") == 0)
        signal_number = SIGABRT;
    if (text == NULL || text[0] == '\0')
        return true;
    const char *colon = strchr(text, ':');
    struct slice name = slice_of(text, colon == NULL ? strlen(text) : (size_t)(colon - text));
    int64_t count = 1;
    if (colon != NULL && !slice_parse_int64(slice_text(colon + 1), &count))
        count = 0;
    for (int point = 0; point < FAULT_POINT_COUNT && count > 0; point++) {
        if (!slice_is(name, names[point]))
            continue;
        left = count;
        fault_armed = (enum fault_point)point;
        return true;
    }
    fprintf(stderr, "windrow: WINDROW_DIE_AT=%s names no point\n", text);
    return false;
}

void
fault_reached(enum fault_point point)
{
    if (--left == 0)
        raise(signal_number);
}
