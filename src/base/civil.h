/* base/civil.h - days since 1970 and dates of the Gregorian calendar, before and after it was made.
 *
 * Counts in eras of 400 years that begin on 1 March, so that the leap day is the last of its year.
 *
 * Source: Howard Hinnant, "chrono-compatible low-level date algorithms".
 * Threads: no state.
 */
#ifndef BASE_CIVIL_H
#define BASE_CIVIL_H

#include <stdint.h>

struct civil_date {
    int64_t year;
    int month; /* 1 to 12 */
    int day;   /* 1 to 31 */
};

/* For days within +-1e12. */
struct civil_date civil_date_of(int64_t days_since_1970);

/* Months and days beyond their range carry over. All within +-1e12. */
int64_t civil_days(int64_t year, int64_t month, int64_t day);

#endif
