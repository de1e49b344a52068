#include "expr/date.h"

#include "base/civil.h"

#include <math.h>

#define DAY_SECONDS 86400
#define PART_MAX 1e9
#define ISO_FORMAT "%Y-%m-%dT%H:%M:%SZ"

static int64_t
floor_divide(int64_t number, int64_t divisor)
{
    return number / divisor - (number % divisor < 0);
}

struct date_parts
date_of(int64_t seconds)
{
    int64_t days = floor_divide(seconds, DAY_SECONDS);
    int64_t rest = seconds - days * DAY_SECONDS;
    struct civil_date date = civil_date_of(days);
    return (struct date_parts){.year = date.year,
                               .month = date.month - 1,
                               .day = date.day,
                               .hour = (int)(rest / 3600),
                               .minute = (int)(rest / 60 % 60),
                               .second = (int)(rest % 60),
                               .weekday = (int)(days + 4 - floor_divide(days + 4, 7) * 7),
                               .yearday = (int)(days - civil_days(date.year, 1, 1))};
}

int64_t
date_seconds(int64_t year, int64_t month, int64_t day, int64_t seconds_of_day)
{
    return civil_days(year, month + 1, day) * DAY_SECONDS + seconds_of_day;
}

static bool
is_in_range(double seconds)
{
    return seconds >= (double)-DATE_SECONDS_MAX && seconds <= (double)DATE_SECONDS_MAX;
}

static struct value
raise_range(struct expr_machine *machine, struct value about)
{
    return machine_raise_about(machine, about, "is too far from 1970 to be a date");
}

static struct value
parts_array(struct expr_machine *machine, int64_t seconds, double fraction)
{
    struct date_parts parts = date_of(seconds);
    struct value items[] = {
        value_int(parts.year),    value_int(parts.month),   value_int(parts.day),
        value_int(parts.hour),    value_int(parts.minute),  value_double(parts.second + fraction),
        value_int(parts.weekday), value_int(parts.yearday),
    };
    return machine_check(machine, value_array_new(&machine->scratch, items, COUNT_OF(items)));
}

struct value
date_native_gmtime(struct expr_machine *machine, struct value input, const struct value *args)
{
    if (!value_is_number(input))
        return machine_raise(machine, "gmtime() requires numeric inputs");
    double seconds = value_real(input);
    if (!is_in_range(seconds))
        return raise_range(machine, input);
    return parts_array(machine, (int64_t)floor(seconds), seconds - floor(seconds));
}

/* The moment of an array of parts, of which the last may be missing. Parts beyond their range carry
 * over; days of the week and of the year follow from the others. */
static bool
seconds_of_parts(struct value array, int64_t *seconds)
{
    int64_t parts[6] = {0};
    for (uint32_t i = 0; i < array.count; i++) {
        struct value item = array.array->items[i];
        double real = value_is_number(item) ? value_real(item) : (double)NAN;
        if (!(real >= -PART_MAX && real <= PART_MAX))
            return false;
        if (i < COUNT_OF(parts))
            parts[i] = (int64_t)real;
    }
    *seconds =
        date_seconds(parts[0], parts[1], parts[2], parts[3] * 3600 + parts[4] * 60 + parts[5]);
    return true;
}

/* A number of seconds, or an array of parts. VALUE_NONE after an error, else *seconds is set. */
static struct value
take_moment(struct expr_machine *machine, struct value input, const char *name, int64_t *seconds)
{
    bool is_array = input.kind == VALUE_ARRAY && input.count > 0;
    if (is_array && !machine_charge(machine, input.count / 8))
        return machine_no_steps(machine);
    if (is_array ? !seconds_of_parts(input, seconds) : !value_is_number(input))
        return machine_raise(machine, "%s requires parsed datetime inputs", name);
    double real = is_array ? (double)*seconds : value_real(input);
    if (!is_in_range(real))
        return raise_range(machine, input);
    if (!is_array)
        *seconds = (int64_t)floor(real);
    return value_null();
}

struct value
date_native_mktime(struct expr_machine *machine, struct value input, const struct value *args)
{
    int64_t seconds = 0;
    if (input.kind != VALUE_ARRAY)
        return machine_raise(machine, "mktime requires array inputs");
    struct value taken = take_moment(machine, input, "mktime", &seconds);
    return taken.kind == VALUE_NONE ? taken : value_int(seconds);
}

static struct value
print(struct expr_machine *machine, struct value input, struct value format, const char *name)
{
    int64_t seconds = 0;
    if (format.kind != VALUE_STRING)
        return machine_raise(machine, "%s requires a string format", name);
    struct value taken = take_moment(machine, input, name, &seconds);
    if (taken.kind == VALUE_NONE)
        return taken;
    if (!machine_charge(machine, format.count + 1u))
        return machine_no_steps(machine);
    struct buffer buffer;
    buffer_init(&buffer, machine->budget.bytes);
    date_print(&buffer, seconds, value_slice(format));
    struct value text = value_absent(OUTCOME_LIMIT);
    if (!buffer_is_over(&buffer))
        text = value_string_copy(&machine->scratch, buffer_slice(&buffer));
    buffer_done(&buffer);
    return machine_check(machine, text);
}

struct value
date_native_strftime(struct expr_machine *machine, struct value input, const struct value *args)
{
    return print(machine, input, args[0], "strftime/1");
}

struct value
date_native_strflocaltime(struct expr_machine *machine, struct value input,
                          const struct value *args)
{
    return print(machine, input, args[0], "strflocaltime/1");
}

static struct value
raise_format(struct expr_machine *machine, struct slice text, struct slice format)
{
    return machine_raise(machine, "date \"%.*s\" does not match format \"%.*s\"",
                         SLICE_FORMAT(slice_cut(text, 256)), SLICE_FORMAT(slice_cut(format, 256)));
}

struct value
date_native_strptime(struct expr_machine *machine, struct value input, const struct value *args)
{
    int64_t seconds = 0;
    if (input.kind != VALUE_STRING || args[0].kind != VALUE_STRING)
        return machine_raise(machine, "strptime/1 requires string inputs and arguments");
    if (!machine_charge(machine, (uint64_t)input.count + args[0].count))
        return machine_no_steps(machine);
    struct slice text = value_slice(input);
    struct slice format = value_slice(args[0]);
    if (!date_parse(&seconds, text, format) || !is_in_range((double)seconds))
        return raise_format(machine, text, format);
    return parts_array(machine, seconds, 0);
}

struct value
date_native_fromdate(struct expr_machine *machine, struct value input, const struct value *args)
{
    double seconds = 0;
    if (input.kind != VALUE_STRING)
        return machine_raise(machine, "strptime/1 requires string inputs and arguments");
    if (!date_parse_iso(&seconds, value_slice(input)))
        return raise_format(machine, value_slice(input), SLICE(ISO_FORMAT));
    return value_double(seconds);
}
