/* expr/stack.h - how far down the C stack may go.
 *
 * Who recurses over programs, schemas and values that users wrote stops above a floor, which is
 * measured, not guessed.
 *
 * Threads: any; each has its own floor.
 */
#ifndef EXPR_STACK_H
#define EXPR_STACK_H

#include "base/limits.h"

/* C stack left for the functions that are called by those who stop themselves: comparing, printing
 * and copying go down VALUE_DEPTH_MAX levels, and visitors have their own needs. */
#define EXPR_STACK_RESERVE_BYTES KIB(512)

/* The lowest address that the calling thread may come down to; looked up once a thread. */
const char *stack_floor(void);

#endif
