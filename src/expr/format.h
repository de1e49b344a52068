/* expr/format.h - the formats: @text, @json, @csv and so on.
 *
 * Threads: as the machine.
 */
#ifndef EXPR_FORMAT_H
#define EXPR_FORMAT_H

#include "expr/machine.h"

/* By enum format, without the @. */
extern const char *const format_names[FORMAT_COUNT];

bool format_find(struct slice name, enum format *out);

/* The value as a string in that format (not TEXT or JSON, which text.h has). */
struct value format_value(struct expr_machine *machine, enum format format, struct value value);

#endif
