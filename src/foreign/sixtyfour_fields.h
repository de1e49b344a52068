/* foreign/sixtyfour_fields.h - what shall be found, as Sixtyfour says it (`return_fields` of a
 * block, `struct` of a direct endpoint), as the fields of an `extract` of ours.
 *
 * {name: "description"} or {name: {description, type}}, with types as Python has them: str, int,
 * float, bool, list[str], list[int], dict. Words that JSON Schema and clients use for the same are
 * read too, our own types (date, money, email and so on), and `score`: a number from 0 to 10, null
 * where what was found is none.
 *
 * Sources: docs.sixtyfour.ai (Enrich lead, Workflow blocks).
 * Threads: pure.
 */
#ifndef FOREIGN_SIXTYFOUR_FIELDS_H
#define FOREIGN_SIXTYFOUR_FIELDS_H

#include "base/arena.h"
#include "base/status.h"
#include "base/value.h"

struct sixtyfour_field_problem {
    char place[200];  /* within the object, dots between its parts: "age.type"; empty: all of it */
    const char *type; /* "dict_type", "enum" and so on */
    char words[200];
};

/* {name: {type, description}}, in the order in which they came, in the arena. INVALID with the
 * problem: no object, none or too many, a name that `extract` adds itself, a type that there is
 * not. LIMIT: the arena is full. */
MUST_USE enum status sixtyfour_fields_read(struct value *out, struct value given,
                                           struct arena *arena,
                                           struct sixtyfour_field_problem *problem);

/* jq that makes an object of just these fields of the value of such an `extract`, which is `from`
 * (".steps.found"): numbers for list[int], objects for dict where the text is one. Of what
 * sixtyfour_fields_read() took; in the arena. NULL: it is too long. */
const char *sixtyfour_fields_expression(struct value given, const char *from, struct arena *arena);

#endif
