#include "base/civil.h"

#define ERA_YEARS 400
#define ERA_DAYS 146097
#define DAYS_TO_1970 719468 /* from 1 March of the year 0 */

static int64_t
floor_divide(int64_t number, int64_t divisor)
{
    return number / divisor - (number % divisor < 0);
}

struct civil_date
civil_date_of(int64_t days_since_1970)
{
    int64_t days = days_since_1970 + DAYS_TO_1970;
    int64_t era = floor_divide(days, ERA_DAYS);
    int64_t day_of_era = days - era * ERA_DAYS;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted_month = (5 * day_of_year + 2) / 153;
    int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    return (struct civil_date){
        .year = year_of_era + era * ERA_YEARS + (month <= 2),
        .month = (int)month,
        .day = (int)(day_of_year - (153 * shifted_month + 2) / 5 + 1),
    };
}

int64_t
civil_days(int64_t year, int64_t month, int64_t day)
{
    int64_t shifted_year = year + floor_divide(month - 3, 12);
    int64_t shifted_month = month - 3 - floor_divide(month - 3, 12) * 12;
    int64_t era = floor_divide(shifted_year, ERA_YEARS);
    int64_t year_of_era = shifted_year - era * ERA_YEARS;
    int64_t day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * ERA_DAYS + day_of_era - DAYS_TO_1970;
}
