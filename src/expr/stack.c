#include "expr/stack.h"

#include <pthread.h>

static const char *
find_floor(void)
{
    pthread_attr_t attributes;
    void *low = NULL;
    size_t size = 0;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0)
        return (const char *)__builtin_frame_address(0) - KIB(128);
    pthread_attr_getstack(&attributes, &low, &size);
    pthread_attr_destroy(&attributes);
    size_t reserve = size / 2 < EXPR_STACK_RESERVE_BYTES ? size / 2 : EXPR_STACK_RESERVE_BYTES;
    return (const char *)low + reserve;
}

const char *
stack_floor(void)
{
    static _Thread_local const char *floor;
    if (floor == NULL)
        floor = find_floor();
    return floor;
}
