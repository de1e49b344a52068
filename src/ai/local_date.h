/* ai/local_date.h - dates as people write them.
 *
 * 2024-05-31, 31.05.2024, 31/05/2024, 31 May 2024, 31. Mai 2024, 31 de mayo de 2024, May 31, 2024,
 * May 2024. Month names in English, German, French, Spanish, Italian, Dutch and Portuguese.
 *
 * Threads: pure, any thread.
 */
#ifndef AI_LOCAL_DATE_H
#define AI_LOCAL_DATE_H

#include "ai/local_value.h"

/* Reads a date that begins with a digit at `at`. */
bool local_date_read(struct slice text, size_t at, struct local_found *out);

/* Reads a date that begins with a month's name at `at`, which is the beginning of a word. */
bool local_date_read_month_first(struct slice text, size_t at, struct local_found *out);

#endif
