#include "document/csv_dialect.h"

#include "base/status.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Records that are looked at: more would not change what most of them say. */
#define RECORDS_MAX 200

bool
csv_is_quote(char byte)
{
    return byte != '\0' && strchr("\"'`~^!#$%&*+-./:<=>?@_\\", byte) != NULL;
}

static bool
is_delimiter(char byte)
{
    return byte == '\t' || (byte >= ' ' && byte < 0x7F && byte != '"');
}

size_t
csv_sep_line(struct slice text, char *delimiter)
{
    static const char begin[] = "sep=";
    size_t size = sizeof(begin); /* with the delimiter */
    if (text.size < size || strncasecmp(text.ptr, begin, size - 1) != 0 ||
        !is_delimiter(text.ptr[size - 1]))
        return 0;
    if (size < text.size && text.ptr[size] == '\r')
        size++;
    if (size < text.size && text.ptr[size] == '\n')
        size++;
    if (size == sizeof(begin) && size < text.size)
        return 0;
    *delimiter = text.ptr[sizeof(begin) - 1];
    return size;
}

/* --- guessing --- */

/* From the rarest in ordinary text to the most frequent. */
static const char candidates[] = {'\t', '|', ';', ','};

struct record {
    uint32_t counts[COUNT_OF(candidates)]; /* of each candidate outside quotes */
    bool is_blank;
};

/* Behind the quotes whose text begins at `at`: there, if they are never closed. */
static const char *
behind_quotes(const char *at, const char *end, int quote)
{
    const char *close = at;
    for (;;) {
        close = memchr(close, quote, (size_t)(end - close));
        if (close == NULL)
            return at;
        if (close + 1 == end || close[1] != quote)
            return close + 1;
        close += 2;
    }
}

static bool
count_candidate(struct record *record, char byte)
{
    for (size_t c = 0; c < COUNT_OF(candidates); c++) {
        if (byte == candidates[c]) {
            record->counts[c]++;
            return true;
        }
    }
    return false;
}

/* Counts up to the end of the line, and gives the place behind it; quotes that begin a field, by
 * whatever candidate, hide what is in them. */
static const char *
scan_record(const char *at, const char *end, int quote, struct record *record)
{
    const char *begin = at;
    bool is_begin = true;
    *record = (struct record){.is_blank = false};
    while (at < end && *at != '\n' && *at != '\r') {
        const char *next = at + 1;
        if (is_begin && *at == quote)
            next = behind_quotes(next, end, quote);
        is_begin = count_candidate(record, *at) || (is_begin && *at == ' ');
        at = next;
    }
    record->is_blank = at == begin;
    return at < end ? at + 1 : end;
}

/* Whether a is better than b by the share of records that agree, times (fields - 1) / fields. */
static bool
is_better(uint64_t agreeing_a, uint64_t count_a, uint64_t agreeing_b, uint64_t count_b)
{
    return agreeing_a * count_a * (count_b + 1) > agreeing_b * count_b * (count_a + 1);
}

char
csv_guess_delimiter(struct slice text, bool is_whole, int quote)
{
    struct record first = {.is_blank = true};
    uint32_t agreeing[COUNT_OF(candidates)] = {0};
    uint32_t records = 0;
    if (text.size == 0)
        return ',';
    const char *at = text.ptr;
    const char *end = text.ptr + text.size;
    while (at < end && records < RECORDS_MAX) {
        struct record record;
        at = scan_record(at, end, quote, &record);
        bool is_cut = at == end && !is_whole;
        if (record.is_blank || (is_cut && records > 0))
            continue;
        if (records++ == 0)
            first = record;
        for (size_t c = 0; c < COUNT_OF(candidates); c++)
            agreeing[c] += record.counts[c] == first.counts[c];
    }
    size_t best = COUNT_OF(candidates) - 1;
    for (size_t c = best; c-- > 0;) {
        if (!is_better(agreeing[best], first.counts[best], agreeing[c], first.counts[c]) &&
            first.counts[c] > 0)
            best = c;
    }
    return candidates[best];
}

/* --- names --- */

struct naming {
    struct arena *arena;
    struct value owners; /* name -> place of the column that has it; VALUE_NONE: no room */
    uint32_t *numbers;   /* by the place of a name's owner: what its next namesake tries */
};

/* The place of the column that has the name, or -1. */
static int64_t
find_owner(const struct naming *naming, struct slice name)
{
    struct value owner = value_find(naming->owners, name);
    return owner.kind == VALUE_INT ? owner.integer : -1;
}

static struct value
own_name(struct naming *naming, struct value name, uint32_t place)
{
    naming->owners = value_object_set(naming->arena, naming->owners, name, value_int(place));
    return naming->owners.kind == VALUE_NONE ? naming->owners : name;
}

/* The base with a number behind it that nobody has. */
static struct value
number_name(struct naming *naming, struct slice base, uint32_t place)
{
    size_t room = base.size + 16;
    char *text = arena_try_alloc(naming->arena, room);
    uint32_t *number = &naming->numbers[find_owner(naming, base)];
    while (text != NULL) {
        memcpy(text, base.ptr, base.size);
        int tail = snprintf(text + base.size, room - base.size, "_%" PRIu32, (*number)++);
        struct slice name = slice_of(text, base.size + (size_t)tail);
        if (find_owner(naming, name) < 0)
            return own_name(naming, value_string(name), place);
    }
    return (struct value){0};
}

static struct value
make_name(struct naming *naming, struct slice written, uint32_t place)
{
    if (written.size > 0 && find_owner(naming, written) != place)
        return number_name(naming, written, place);
    if (written.size > 0) {
        struct slice copy = arena_copy(naming->arena, written);
        return copy.ptr == NULL ? (struct value){0} : value_string(copy);
    }
    struct value name = value_text(arena_format(naming->arena, "column_%" PRIu32, place + 1));
    if (find_owner(naming, value_slice(name)) >= 0)
        return number_name(naming, value_slice(name), place);
    return own_name(naming, name, place);
}

/* Names that are written are owned before any is made. */
static bool
begin_naming(struct naming *naming, const struct value *fields, uint32_t count)
{
    naming->owners = value_empty_object();
    naming->numbers = arena_try_alloc(naming->arena, count * sizeof(*naming->numbers));
    for (uint32_t i = 0; i < count && naming->numbers != NULL; i++) {
        struct slice written = slice_trim(value_slice(fields[i]));
        naming->numbers[i] = 2;
        bool is_new = written.size > 0 && find_owner(naming, written) < 0;
        if (is_new && own_name(naming, value_string(written), i).kind == VALUE_NONE)
            return false;
    }
    return naming->numbers != NULL;
}

struct value
csv_make_names(struct arena *arena, const struct value *fields, uint32_t count,
               uint32_t *made_count)
{
    struct naming naming = {.arena = arena};
    struct value names = value_empty_array();
    *made_count = 0;
    if (!begin_naming(&naming, fields, count))
        return (struct value){0};
    for (uint32_t i = 0; i < count && names.kind != VALUE_NONE; i++) {
        struct slice written = slice_trim(value_slice(fields[i]));
        struct value name = make_name(&naming, written, i);
        *made_count += !slice_equal(value_slice(name), written);
        names = name.kind == VALUE_NONE ? name : value_array_append(arena, names, name);
    }
    return names;
}
