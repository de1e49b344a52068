#include "base/clock.h"

#include "base/civil.h"

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
    put_digits(out, 4, (int)date.year);
    put_digits(out + 5, 2, date.month);
    put_digits(out + 8, 2, date.day);
    put_digits(out + 11, 2, ms / 3600000);
    put_digits(out + 14, 2, ms / 60000 % 60);
    put_digits(out + 17, 2, ms / 1000 % 60);
    put_digits(out + 20, 3, ms % 1000);
}
