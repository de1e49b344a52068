/* expr/text.h - strings: putting together, taking apart, formats.
 *
 * Threads: as the machine.
 */
#ifndef EXPR_TEXT_H
#define EXPR_TEXT_H

#include "expr/machine.h"
#include "expr/node.h"

/* string * number */
struct value text_repeat(struct expr_machine *machine, struct value string, struct value times);

/* string / string */
struct value text_split(struct expr_machine *machine, struct value string, struct value separator);

/* Strings as they are, everything else as JSON. */
struct value text_of(struct expr_machine *machine, struct value value);

/* @json and its kin on one value. */
struct value text_format(struct expr_machine *machine, enum format format, struct value value);

/* A TEXT node's string; parts[0] is the value of its last piece. */
struct value text_join_pieces(struct expr_machine *machine, const struct node *node,
                              const struct value *parts);

native_fn text_native_tostring;
native_fn text_native_tojson;
native_fn text_native_fromjson;
native_fn text_native_tonumber;
native_fn text_native_toboolean;
native_fn text_native_format; /* of the name of a format */
native_fn text_native_ascii_downcase;
native_fn text_native_ascii_upcase;
native_fn text_native_explode;
native_fn text_native_implode;
native_fn text_native_startswith;
native_fn text_native_endswith;
native_fn text_native_ltrimstr;
native_fn text_native_rtrimstr;
native_fn text_native_trimstr;
native_fn text_native_trim;
native_fn text_native_ltrim;
native_fn text_native_rtrim;
native_fn text_native_split;
native_fn text_native_join;
native_fn text_native_utf8bytelength;
native_fn text_native_indices; /* of a string in a string */

#endif
