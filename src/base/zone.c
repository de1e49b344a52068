#include "base/zone.h"

#include "base/buffer.h"
#include "base/civil.h"
#include "base/fs.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ZONE_FOLDER "/usr/share/zoneinfo"
#define ZONE_FILE_BYTES_MAX (256 * 1024)
#define ZONE_NAME_BYTES_MAX 64
#define HEADER_BYTES 44
#define DAY_S 86400

/* One end of summer time, as POSIX writes it. */
struct turn {
    char kind; /* 'M': month, week, weekday; 'J': day without 29 February; 'n': day from 0 */
    int month, week, day;
    int64_t time_s; /* of the clock that shows until then */
};

struct rule {
    bool is_there;
    bool has_summer;
    int64_t winter_s, summer_s; /* local - unix */
    struct turn begin, end;     /* of summer */
};

struct zone {
    int64_t *jumps;   /* rising instants */
    int64_t *offsets; /* offsets[0] before the first jump, offsets[i + 1] behind jump i */
    size_t count;
    struct rule rule; /* behind the last jump */
};

/* --- the rule in words --- */

struct cursor {
    const char *at, *end;
    bool is_good;
};

static char
peek(const struct cursor *cursor)
{
    return cursor->at < cursor->end ? *cursor->at : '\0';
}

static int64_t
take_number(struct cursor *cursor)
{
    int64_t number = 0;
    const char *begin = cursor->at;
    while (peek(cursor) >= '0' && peek(cursor) <= '9' && number < 100000)
        number = number * 10 + (*cursor->at++ - '0');
    cursor->is_good = cursor->is_good && cursor->at > begin;
    return number;
}

/* "CET" or "<+0330>". */
static void
skip_name(struct cursor *cursor)
{
    const char *begin = cursor->at;
    bool is_quoted = peek(cursor) == '<';
    while (cursor->at < cursor->end &&
           (is_quoted ? *cursor->at != '>'
                      : ((*cursor->at | 0x20) >= 'a' && (*cursor->at | 0x20) <= 'z')))
        cursor->at++;
    if (is_quoted && peek(cursor) == '>')
        cursor->at++;
    cursor->is_good = cursor->is_good && cursor->at - begin >= 3;
}

/* "[+-]h[:m[:s]]" in seconds. */
static int64_t
take_time(struct cursor *cursor)
{
    int64_t sign = peek(cursor) == '-' ? -1 : 1;
    if (peek(cursor) == '-' || peek(cursor) == '+')
        cursor->at++;
    int64_t seconds = take_number(cursor) * 3600;
    for (int64_t unit = 60; unit >= 1 && peek(cursor) == ':'; unit /= 60) {
        cursor->at++;
        seconds += take_number(cursor) * unit;
    }
    return sign * seconds;
}

static void
take_turn(struct cursor *cursor, struct turn *out)
{
    *out = (struct turn){.kind = 'n', .time_s = 7200};
    cursor->is_good = cursor->is_good && peek(cursor) == ',';
    cursor->at += cursor->is_good;
    if (peek(cursor) == 'M') {
        cursor->at++;
        out->kind = 'M';
        out->month = (int)take_number(cursor);
        cursor->at += peek(cursor) == '.';
        out->week = (int)take_number(cursor);
        cursor->at += peek(cursor) == '.';
    } else if (peek(cursor) == 'J') {
        cursor->at++;
        out->kind = 'J';
    }
    out->day = (int)take_number(cursor);
    if (peek(cursor) == '/') {
        cursor->at++;
        out->time_s = take_time(cursor);
    }
}

/* "CET-1CEST,M3.5.0,M10.5.0/3": offsets count westwards. False if it is none. */
static bool
rule_parse(struct rule *out, struct slice text)
{
    struct cursor cursor = {text.ptr, text.ptr + text.size, true};
    *out = (struct rule){.is_there = true};
    skip_name(&cursor);
    out->winter_s = -take_time(&cursor);
    if (!cursor.is_good || cursor.at == cursor.end)
        return cursor.is_good;
    out->has_summer = true;
    out->summer_s = out->winter_s + 3600;
    skip_name(&cursor);
    if (peek(&cursor) != ',')
        out->summer_s = -take_time(&cursor);
    take_turn(&cursor, &out->begin);
    take_turn(&cursor, &out->end);
    return cursor.is_good && cursor.at == cursor.end;
}

/* The day of the turn in that year, since 1970. */
static int64_t
turn_day(const struct turn *turn, int64_t year)
{
    int64_t first = civil_days(year, 1, 1);
    bool is_leap = civil_days(year + 1, 1, 1) - first == 366;
    if (turn->kind == 'J')
        return first + turn->day - 1 + (is_leap && turn->day >= 60);
    if (turn->kind == 'n')
        return first + turn->day;
    first = civil_days(year, turn->month, 1);
    int64_t weekday = ((first + 4) % 7 + 7) % 7;
    int64_t day = first + (turn->day - weekday + 7) % 7 + 7 * (turn->week - 1);
    while (day >= civil_days(year, turn->month + 1, 1))
        day -= 7;
    return day;
}

/* --- the file --- */

static int64_t
read_big_endian(const char *at, size_t size)
{
    uint64_t number = (at[0] & 0x80) != 0 ? UINT64_MAX : 0;
    for (size_t i = 0; i < size; i++)
        number = number << 8 | (uint8_t)at[i];
    return (int64_t)number;
}

struct header {
    int64_t utc_flags, standard_flags, leaps, jumps, types, letters;
};

/* False: it does not begin with a header of sound counts. */
static bool
header_read(struct header *out, struct slice file, size_t at)
{
    if (file.size < at + HEADER_BYTES || memcmp(file.ptr + at, "TZif", 4) != 0)
        return false;
    int64_t counts[6];
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        counts[i] = read_big_endian(file.ptr + at + 20 + 4 * i, 4);
        if (counts[i] < 0 || counts[i] > ZONE_FILE_BYTES_MAX)
            return false;
    }
    *out = (struct header){counts[0], counts[1], counts[2], counts[3], counts[4], counts[5]};
    return out->types > 0;
}

static size_t
block_bytes(const struct header *header, size_t time_bytes)
{
    return (size_t)(header->jumps * (int64_t)(time_bytes + 1) + header->types * 6 +
                    header->letters + header->leaps * (int64_t)(time_bytes + 4) +
                    header->standard_flags + header->utc_flags);
}

/* The jumps of the block that begins there. False: damaged. */
static bool
jumps_read(struct zone *zone, const struct header *header, const char *block)
{
    size_t count = (size_t)header->jumps;
    const char *types = block + 9 * count - count;
    const char *infos = types + count;
    zone->jumps = mem_alloc_array(count + 1, sizeof(*zone->jumps));
    zone->offsets = mem_alloc_array(count + 1, sizeof(*zone->offsets));
    zone->count = count;
    zone->offsets[0] = read_big_endian(infos, 4);
    for (size_t i = 0; i < count; i++) {
        uint8_t type = (uint8_t)types[i];
        zone->jumps[i] = read_big_endian(block + 8 * i, 8);
        if (type >= header->types || (i > 0 && zone->jumps[i] <= zone->jumps[i - 1]))
            return false;
        zone->offsets[i + 1] = read_big_endian(infos + 6 * (size_t)type, 4);
    }
    return true;
}

/* What stands between the newlines behind the second block. */
static bool
footer_read(struct zone *zone, struct slice text)
{
    if (text.size < 2 || text.ptr[0] != '\n')
        return false;
    const char *end = memchr(text.ptr + 1, '\n', text.size - 1);
    if (end == NULL)
        return false;
    struct slice rule = slice_of(text.ptr + 1, (size_t)(end - text.ptr) - 1);
    return rule.size == 0 || rule_parse(&zone->rule, rule);
}

/* The second block has the times in 64 bits. */
static bool
zone_read(struct zone *zone, struct slice file)
{
    struct header old, header;
    if (!header_read(&old, file, 0) || file.ptr[4] < '2')
        return false;
    size_t second = HEADER_BYTES + block_bytes(&old, 4);
    if (!header_read(&header, file, second))
        return false;
    size_t block = second + HEADER_BYTES;
    size_t end = block + block_bytes(&header, 8);
    return end <= file.size && jumps_read(zone, &header, file.ptr + block) &&
           footer_read(zone, slice_of(file.ptr + end, file.size - end));
}

static bool
is_name(struct slice name)
{
    for (size_t i = 0; i < name.size; i++) {
        char c = name.ptr[i];
        bool is_good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       (c != '\0' && strchr("_+-/", c) != NULL);
        if (!is_good)
            return false;
    }
    return name.size > 0 && name.size <= ZONE_NAME_BYTES_MAX && name.ptr[0] != '/';
}

enum status
zone_open(struct zone **out, struct slice name, struct error *error)
{
    *out = NULL;
    struct buffer file;
    char path[sizeof(ZONE_FOLDER) + ZONE_NAME_BYTES_MAX + 2];
    if (!is_name(name))
        return error_set(error, STATUS_NOT_FOUND,
                         "\"%.*s\" is no time zone; expected a name such as Europe/Berlin or UTC",
                         SLICE_FORMAT(slice_cut(name, 60)));
    snprintf(path, sizeof(path), ZONE_FOLDER "/%.*s", SLICE_FORMAT(name));
    enum status status = fs_read_file(&file, path, ZONE_FILE_BYTES_MAX, error);
    struct zone *zone = mem_alloc(sizeof(*zone));
    if (status == STATUS_OK && !zone_read(zone, buffer_slice(&file)))
        status = STATUS_INVALID;
    buffer_done(&file);
    if (status == STATUS_OK) {
        *out = zone;
        return STATUS_OK;
    }
    zone_free(&zone);
    return error_set(error, status == STATUS_INVALID ? STATUS_INVALID : STATUS_NOT_FOUND,
                     "there is no time zone \"%.*s\" on this machine; expected a name such as "
                     "Europe/Berlin or UTC (package tzdata)",
                     SLICE_FORMAT(name));
}

void
zone_free(struct zone **zone)
{
    if (*zone == NULL)
        return;
    mem_free((*zone)->jumps);
    mem_free((*zone)->offsets);
    mem_free(*zone);
    *zone = NULL;
}

/* --- looking --- */

struct jump {
    int64_t unix_s, offset_s;
};

static int
compare_jumps(const void *a, const void *b)
{
    const struct jump *x = a, *y = b;
    return x->unix_s < y->unix_s ? -1 : x->unix_s > y->unix_s;
}

/* Behind `from`, where the last jump of the file lies. */
static struct zone_span
span_by_rule(const struct zone *zone, int64_t unix_s, int64_t from)
{
    const struct rule *rule = &zone->rule;
    struct zone_span span = {from, INT64_MAX, rule->winter_s};
    if (!rule->has_summer)
        return span;
    struct jump jumps[6];
    int64_t year = civil_date_of((unix_s - ((unix_s % DAY_S) + DAY_S) % DAY_S) / DAY_S).year;
    for (int i = 0; i < 3; i++) {
        int64_t begin = turn_day(&rule->begin, year - 1 + i) * DAY_S + rule->begin.time_s;
        int64_t end = turn_day(&rule->end, year - 1 + i) * DAY_S + rule->end.time_s;
        jumps[2 * i] = (struct jump){begin - rule->winter_s, rule->summer_s};
        jumps[2 * i + 1] = (struct jump){end - rule->summer_s, rule->winter_s};
    }
    qsort(jumps, COUNT_OF(jumps), sizeof(jumps[0]), compare_jumps);
    for (size_t i = 0; i < COUNT_OF(jumps); i++) {
        if (jumps[i].unix_s > unix_s) {
            span.end_unix_s = jumps[i].unix_s;
            break;
        }
        span.offset_s = jumps[i].offset_s;
        if (jumps[i].unix_s > span.begin_unix_s)
            span.begin_unix_s = jumps[i].unix_s;
    }
    return span;
}

struct zone_span
zone_span_of(const struct zone *zone, int64_t unix_s)
{
    if (zone == NULL)
        return (struct zone_span){INT64_MIN, INT64_MAX, 0};
    size_t low = 0, high = zone->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (zone->jumps[middle] <= unix_s)
            low = middle + 1;
        else
            high = middle;
    }
    int64_t begin = low == 0 ? INT64_MIN : zone->jumps[low - 1];
    if (low == zone->count && zone->rule.is_there)
        return span_by_rule(zone, unix_s, begin);
    int64_t end = low == zone->count ? INT64_MAX : zone->jumps[low];
    return (struct zone_span){begin, end, zone->offsets[low]};
}
