/* expr/date.h - dates: seconds since 1970 in UTC, their parts, and their texts.
 *
 * The parts of a moment are jq's array [year, month from 0, day, hour, minute, second, day of the
 * week from Sunday, day of the year from 0]. There is no other zone than UTC, no language but
 * English and no clock, so that an expression gives the same everywhere.
 *
 * Sources: the jq 1.8 manual, "Dates"; POSIX strftime and strptime in the POSIX locale;
 * RFC 3339.
 * Threads: as the machine.
 */
#ifndef EXPR_DATE_H
#define EXPR_DATE_H

#include "base/buffer.h"
#include "expr/machine.h"

/* Furthest moment from 1970, in seconds: some 30 million years. */
#define DATE_SECONDS_MAX INT64_C(1000000000000000)

struct date_parts {
    int64_t year;
    int month; /* 0 to 11 */
    int day;   /* 1 to 31 */
    int hour;
    int minute;
    int second;
    int weekday; /* 0 is Sunday */
    int yearday; /* 0 is the first of January */
};

/* Seconds since 1970 of a date, whose month may be any; within +-1e9 each. */
int64_t date_seconds(int64_t year, int64_t month, int64_t day, int64_t seconds_of_day);

/* All parts of a moment within +-DATE_SECONDS_MAX. */
struct date_parts date_of(int64_t seconds);

/* Appends the moment in strftime's format. */
void date_print(struct buffer *buffer, int64_t seconds, struct slice format);

/* Reads text in strptime's format. False if it is not of that form. What the format does not ask
 * for is that of 1900-01-01T00:00:00. */
bool date_parse(int64_t *seconds, struct slice text, struct slice format);

/* Reads "2015-03-05T23:51:47Z", with a fraction of a second or an offset if there is one. */
bool date_parse_iso(double *seconds, struct slice text);

native_fn date_native_gmtime;
native_fn date_native_mktime;
native_fn date_native_strftime;
native_fn date_native_strflocaltime;
native_fn date_native_strptime;
native_fn date_native_fromdate;

#endif
