/* Dates: moments, their parts and their texts, always in UTC. */
#include "expr_rows.h"

#include "test.h"

#define CHECK(rows) expr_rows_check(rows, COUNT_OF(rows))

static void
test_moments_and_parts(void **state)
{
    static const struct expr_row rows[] = {
        {"gmtime, localtime", "1425599507", "[2015,2,5,23,51,47,4,63] [2015,2,5,23,51,47,4,63]"},
        {"gmtime | ., mktime", "1425599507.25", "[2015,2,5,23,51,47.25,4,63] 1425599507"},
        {"gmtime", "-1", "[1969,11,31,23,59,59,3,364]"},
        {"gmtime", "-62135596801", "[0,11,31,23,59,59,0,365]"},
        {"gmtime[0]", "-1e15", "-31686769"},
        {"mktime", "[2024,8,21]", "1726876800"},
        {"mktime", "[2015,14,5,23,51,47.9,0,0]", "1457221907"},
        {"mktime", "[2015,-1,0,-1,-1,-1]", "1417301939"},
        {"[range(-800000; 800000; 997) * 86400 + 12345 | . == (gmtime | mktime)] | all", NULL,
         "true"},
        {"[range(0; 60000000000; 99999989) | gmtime | .[7] == (([.[0], 0, 1] | mktime) as $new | "
         "(mktime - $new) / 86400 | floor)] | all",
         NULL, "true"},
        {"try gmtime catch .", "1e18", "\"number (1e18) is too far from 1970 to be a date\""},
        {"nan | try gmtime catch .", NULL, "\"number (null) is too far from 1970 to be a date\""},
        {"try gmtime catch ., try mktime catch .", "\"x\"",
         "\"gmtime() requires numeric inputs\" \"mktime requires array inputs\""},
        {"try mktime catch .", "[\"a\"]", "\"mktime requires parsed datetime inputs\""},
        {"try mktime catch .", "[]", "\"mktime requires parsed datetime inputs\""},
        {"try mktime catch .", "[1e300]", "\"mktime requires parsed datetime inputs\""},
    };
    CHECK(rows);
}

static void
test_printing(void **state)
{
    static const struct expr_row rows[] = {
        {"todate, date, todateiso8601", "1425599621.678",
         "\"2015-03-05T23:53:41Z\" \"2015-03-05T23:53:41Z\" \"2015-03-05T23:53:41Z\""},
        {"strftime(\"%A, %B %d, %Y\")", "1435677542.822351", "\"Tuesday, June 30, 2015\""},
        {"strftime(\"%FT%TZ\")", "[2024,2,15]", "\"2024-03-15T00:00:00Z\""},
        {"strftime(\"%a %A %b %B %h\")", "[1970,0,1,0,0,0,0,0]",
         "\"Thu Thursday Jan January Jan\""},
        {"strftime(\"%c|%D|%x|%F|%r|%R|%T|%X\")", "45296",
         "\"Thu Jan  1 12:34:56 1970|01/01/70|01/01/70|1970-01-01|12:34:56 "
         "PM|12:34|12:34:56|12:34:56\""},
        {"strftime(\"%C %y %m %d %e %j %H %k %I %l %M %S\")", "3600",
         "\"19 70 01 01  1 001 01  1 01  1 00 00\""},
        {"strftime(\"%p %P %s %u %w %U %W %V %G %g %z %Z%n%t%%\")", "259200",
         "\"AM am 259200 7 0 01 00 01 1970 70 +0000 UTC\\n\\t%\""},
        {"strftime(\"%-d %_d %0e %^a %Ey %Om\")", "0", "\"1  1 01 THU 70 01\""},
        {"strftime(\"%Q %5d %\")", "0", "\"%Q %5d %\""},
        {"[range(2000; 2030) | [., 0, 1] | strftime(\"%G-%V\")] | unique | .[:4]", NULL,
         "[\"1999-52\",\"2001-01\",\"2002-01\",\"2003-01\"]"},
        {"[2020,11,31], [2021,0,3], [2018,11,31] | strftime(\"%G-W%V-%u\")", NULL,
         "\"2020-W53-4\" \"2020-W53-7\" \"2019-W01-1\""},
        {"strftime(\"%Y %C %y\")", "-100000000000", "\"-1199 -12 01\""},
        {"strflocaltime(\"%H:%M %Z\"), strflocaltime(\"\")", "0", "\"00:00 UTC\" \"\""},
        {"try strftime([]) catch ., try strflocaltime({}) catch .", "0",
         "\"strftime/1 requires a string format\" \"strflocaltime/1 requires a string format\""},
        {"try strftime(\"%Y\") catch ., try strflocaltime(\"%Y\") catch .", "\"x\"",
         "\"strftime/1 requires parsed datetime inputs\" \"strflocaltime/1 requires parsed "
         "datetime inputs\""},
        {"dateadd(\"seconds\"; 10), datesub(\"seconds\"; 10)", "100", "110 90"},
    };
    CHECK(rows);
}

static void
test_reading(void **state)
{
    static const struct expr_row rows[] = {
        {"strptime(\"%Y-%m-%dT%H:%M:%SZ\") | ., mktime", "\"2015-03-05T23:51:47Z\"",
         "[2015,2,5,23,51,47,4,63] 1425599507"},
        {"strptime(\"%a, %d %b %Y %T %z\") | mktime", "\"Thu, 05 Mar 2015 23:51:47 +0100\"",
         "1425595907"},
        {"strptime(\"%F %R%z\") | mktime", "\"2015-03-05 23:51 -05:30\"", "1425619260"},
        {"strptime(\"%A %e %B %Y\") | .[:3]", "\"thursday  5 MARCH 2015\"", "[2015,2,5]"},
        {"[.[] | strptime(\"%I:%M %p\") | .[3]]",
         "[\"12:30 PM\",\"12:30 am\",\"1:05 pm\",\"11:59 AM\"]", "[12,0,13,11]"},
        {"strptime(\"%j %Y\") | .[:3]", "\"63 2015\"", "[2015,2,4]"},
        {"strptime(\"%s\") | mktime", "\"-86400\"", "-86400"},
        {"[.[] | strptime(\"%y\") | .[0]]", "[\"68\",\"69\",\"00\"]", "[2068,1969,2000]"},
        {"strptime(\"%C%y\") | .[0]", "\"1815\"", "1815"},
        {"strptime(\"%D %r\") | todate", "\"03/05/15 11:51:47 PM\"", "\"2015-03-05T23:51:47Z\""},
        {"strptime(\"%c\") | todate", "\"Thu Mar  5 23:51:47 2015\"", "\"2015-03-05T23:51:47Z\""},
        {"strptime(\"%H%%%n%M%t%Z\") | todate", "\"10% \\n 20 UTC\"", "\"1900-01-01T10:20:00Z\""},
        {"strptime(\"%Y\") | ., mktime", "\"2015\"", "[2015,0,1,0,0,0,4,0] 1420070400"},
        {"strptime(\"%F\") | mktime | todate", "\"2015-02-31\"", "\"2015-03-03T00:00:00Z\""},
        {"[.[] | try strptime(\"%Y-%m\") catch \"no\"]",
         "[\"2015-13\",\"2015-00\",\"2015-1x\",\"-2015-1\",\"2015\",\"\",\"2015-1 \"]",
         "[\"no\",\"no\",\"no\",\"no\",\"no\",\"no\",\"no\"]"},
        {"try strptime(\"%Y\") catch .", "\"x\"",
         "\"date \\\"x\\\" does not match format \\\"%Y\\\"\""},
        {"try strptime(\"%U\") catch .", "\"1\"",
         "\"date \\\"1\\\" does not match format \\\"%U\\\"\""},
        {"try strptime(\"%Y\") catch .", "1",
         "\"strptime/1 requires string inputs and arguments\""},
    };
    CHECK(rows);
}

static void
test_iso_dates(void **state)
{
    static const struct expr_row rows[] = {
        {"fromdate, fromdateiso8601", "\"2015-03-05T23:51:47Z\"", "1425599507 1425599507"},
        {"map(fromdate)",
         "[\"2026-11-21T07:00:00.250Z\",\"2026-11-21T07:00:00.000Z\",\"2026-11-21T08:00:00+01:"
         "00\"]",
         "[1795244400.25,1795244400,1795244400]"},
        {"fromdate | todate", "\"2026-11-21T07:00:00.5-0030\"", "\"2026-11-21T07:30:00Z\""},
        {"[.[] | try fromdate catch \"no\"]",
         "[\"2026-11-21T07:00:00\",\"2026-11-21\",\"2026-11-21T07:00:00.Z\",\"2026-11-21 "
         "07:00:00Z\","
         "\"2026-11-21T07:00:00Zx\",\"2026-11-21T07:00:00+1:\",\"\"]",
         "[\"no\",\"no\",\"no\",\"no\",\"no\",\"no\",\"no\"]"},
        {"try fromdate catch .", "\"x\"",
         "\"date \\\"x\\\" does not match format \\\"%Y-%m-%dT%H:%M:%SZ\\\"\""},
        {"try fromdate catch .", "1", "\"strptime/1 requires string inputs and arguments\""},
    };
    CHECK(rows);
}

static void
test_long_formats_end(void **state)
{
    struct expr_budget budget = expr_budget_default();
    budget.steps = 100000;
    budget.bytes = (size_t)1024 * 1024;
    static const struct expr_row rows[] = {
        {"0 | strftime(\"%c\" * 100000)", NULL, "LIMIT"},
        {"\"x\" * 200000 | try strptime(.) catch 1", NULL, "LIMIT"},
        {"0 | strftime(\"%c\" * 100) | length", NULL, "2400"},
    };
    expr_rows_check_within(rows, COUNT_OF(rows), budget);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moments_and_parts), cmocka_unit_test(test_printing),
        cmocka_unit_test(test_reading),           cmocka_unit_test(test_iso_dates),
        cmocka_unit_test(test_long_formats_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
