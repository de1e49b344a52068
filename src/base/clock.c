#include "base/clock.h"

#include <string.h>
#include <time.h>

static int64_t
system_unix_ms(struct clock *clock)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t
system_mono_us(struct clock *clock)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

struct clock *
clock_system(void)
{
    static struct clock clock = {.unix_ms = system_unix_ms, .mono_us = system_mono_us};
    return &clock;
}

int64_t
clock_unix_ms(struct clock *clock)
{
    return clock->unix_ms(clock);
}

int64_t
clock_mono_us(struct clock *clock)
{
    return clock->mono_us(clock);
}

#define DAY_MS INT64_C(86400000)
/* 0000-01-01 and the last millisecond of 9999: what the four digits of a year can say. */
#define ISO_LEAST_MS INT64_C(-62167219200000)
#define ISO_MOST_MS INT64_C(253402300799999)

struct civil_date {
    int year;
    int month;
    int day;
};

/* Counts in eras of 400 years that begin on 1 March, so that the leap day is the last of its year.
 * Source: Howard Hinnant, "chrono-compatible low-level date algorithms", civil_from_days. */
static struct civil_date
civil_date_of(int64_t days_since_1970)
{
    int64_t days = days_since_1970 + 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted_month = (5 * day_of_year + 2) / 153;
    int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    return (struct civil_date){
        .year = (int)(year_of_era + era * 400 + (month <= 2)),
        .month = (int)month,
        .day = (int)(day_of_year - (153 * shifted_month + 2) / 5 + 1),
    };
}

/* By hand: three moments stand in every answer about a run, and printf costs as much as its JSON.
 */
static void
put_digits(char *out, int count, int number)
{
    for (int i = count - 1; i >= 0; i--) {
        out[i] = (char)('0' + number % 10);
        number /= 10;
    }
}

void
clock_iso(int64_t unix_ms, char out[CLOCK_ISO_BYTES])
{
    int64_t clamped = unix_ms < ISO_LEAST_MS ? ISO_LEAST_MS : unix_ms;
    if (clamped > ISO_MOST_MS)
        clamped = ISO_MOST_MS;
    int64_t days = clamped / DAY_MS;
    if (clamped % DAY_MS < 0)
        days--;
    int ms = (int)(clamped - days * DAY_MS);
    struct civil_date date = civil_date_of(days);
    memcpy(out, "0000-00-00T00:00:00.000Z", sizeof("0000-00-00T00:00:00.000Z"));
    put_digits(out, 4, date.year);
    put_digits(out + 5, 2, date.month);
    put_digits(out + 8, 2, date.day);
    put_digits(out + 11, 2, ms / 3600000);
    put_digits(out + 14, 2, ms / 60000 % 60);
    put_digits(out + 17, 2, ms / 1000 % 60);
    put_digits(out + 20, 3, ms % 1000);
}
