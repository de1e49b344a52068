/* expr/format.h - the formats @csv, @tsv, @html, @uri, @sh, @base64 and @base64d.
 *
 * Threads: as the machine.
 */
#ifndef EXPR_FORMAT_H
#define EXPR_FORMAT_H

#include "expr/machine.h"

/* The value as a string in that format (not TEXT or JSON, which text.h has). */
struct value format_value(struct expr_machine *machine, enum format format, struct value value);

#endif
