/* base/cron.h - cron expressions: the instants at which a schedule is due.
 *
 * Five fields (minute, hour, day of month, month, day of week), or six with the second first.
 * Each is `*` or `?`, or a list of numbers, ranges `a-b` and steps `a-b/n`, `*`/n; months and days
 * of the week have names (JAN, MON). Days of month also `L` (the last), days of week also `5L` (the
 * last Friday) and `2#1` (the first Tuesday); 0 and 7 are Sunday. If both days are restricted, one
 * of them is enough. @yearly, @monthly, @weekly, @daily and @hourly stand for the usual ones.
 *
 * Where clocks jump: a schedule with fixed hours is due once a day, so a time that clocks skip is
 * due when they jump, and of a time that comes twice the first counts. One whose hour begins with
 * `*` goes by the hours that there are.
 *
 * Sources: crontab(5) of Debian's cron and its rules for daylight saving; Quartz for L and #.
 * Threads: pure.
 */
#ifndef BASE_CRON_H
#define BASE_CRON_H

#include "base/slice.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct zone;

/* Bit n of a set: the number n is in it. */
struct cron {
    uint64_t seconds, minutes;
    uint32_t hours;
    uint32_t days; /* of the month, from 1 */
    uint16_t months;
    uint8_t weekdays;        /* 0: Sunday */
    uint8_t last_weekdays;   /* the last one of the month */
    uint8_t nth_weekdays[6]; /* by which one of the month, from 1 */
    bool last_day;
    bool is_any_day, is_any_weekday; /* the field does not restrict */
    bool is_hourly;                  /* the hour begins with `*` */
};

/* INVALID, with words that name the field. */
MUST_USE enum status cron_parse(struct cron *out, struct slice text, struct error *error);

/* The first instant after the given one at which it is due; false: there is none within 50 years.
 * zone NULL: UTC. */
bool cron_next(const struct cron *cron, const struct zone *zone, int64_t after_unix_s,
               int64_t *out_unix_s);

#endif
