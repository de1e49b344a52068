/* expr/digits.h - bytes as digits of 5 or 6 bits: base32 and base64.
 *
 * Source: RFC 4648, sections 4 and 6.
 * Threads: as the machine.
 */
#ifndef EXPR_DIGITS_H
#define EXPR_DIGITS_H

#include "expr/machine.h"

struct digits;

extern const struct digits digits_base64;
extern const struct digits digits_base32;

struct value digits_encode(struct expr_machine *machine, struct value string,
                           const struct digits *digits);

/* Padding may be missing. What does not decode to UTF-8 text is an error. */
struct value digits_decode(struct expr_machine *machine, struct value string,
                           const struct digits *digits);

#endif
