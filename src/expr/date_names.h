/* expr/date_names.h - English names of days and months, and formats that stand for others.
 *
 * Threads: constant tables.
 */
#ifndef EXPR_DATE_NAMES_H
#define EXPR_DATE_NAMES_H

struct date_name {
    const char *full;
    const char *brief;
};

#define DATE_WEEKDAYS 7
#define DATE_MONTHS 12

extern const struct date_name date_weekdays[DATE_WEEKDAYS];
extern const struct date_name date_months[DATE_MONTHS];

/* What a letter of strftime stands for as a format of its own; NULL if it is none of these. */
const char *date_whole_format(char letter);

#endif
