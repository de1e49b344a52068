/* document/csv_dialect.h - which delimiter a CSV text has, and what its columns are called.
 *
 * Threads: pure.
 */
#ifndef DOCUMENT_CSV_DIALECT_H
#define DOCUMENT_CSV_DIALECT_H

#include "base/arena.h"
#include "base/slice.h"
#include "base/value.h"

#include <stdbool.h>
#include <stdint.h>

/* Whether a byte may stand around fields: a sign of ASCII that is no usual delimiter. */
bool csv_is_quote(char byte);

/* Excel's first line "sep=;": gives the bytes of the line with its end, 0 if it is none, and the
 * delimiter that it names. */
size_t csv_sep_line(struct slice text, char *delimiter);

/* The delimiter of a text, of which the first records are looked at: comma, semicolon, tab or "|".
 * It must stand in the first record, outside quotes; of those that do, the one that divides most
 * records as it divides the first, and into more fields; if two do so equally, the one that is
 * rarer in ordinary text. A comma if none does. is_whole: nothing follows the text. */
char csv_guess_delimiter(struct slice text, bool is_whole, int quote);

/* The names of columns that a header's fields give: without blanks around them; an empty one is
 * column_N by its place; a second "a" is a_2. Names that are written are never given to another.
 * An array of different strings, NUL-terminated, in the arena; VALUE_NONE over its limit.
 * *made_count: of names that are not as they were written. */
struct value csv_make_names(struct arena *arena, const struct value *fields, uint32_t count,
                            uint32_t *made_count);

#endif
