#include "base/json.h"

#include "base/decimal.h"
#include "base/json_scan.h"
#include "base/mem.h"

#include <assert.h>
#include <float.h>
#include <math.h>

/* Writes into the room behind the buffer's bytes and counts them only when that is full, so that a
 * token costs one comparison. */
struct printer {
    struct buffer *out;
    char *at; /* NULL, as `end` is, before the first byte and after the buffer is over */
    char *end;
    bool pretty;
    bool canonical;
    unsigned level;
};

static void
printer_flush(struct printer *printer)
{
    struct buffer *out = printer->out;
    if (printer->at != NULL)
        buffer_commit(out, (size_t)(printer->at - (out->ptr + out->size)));
    printer->at = NULL;
    printer->end = NULL;
}

static bool
printer_grow(struct printer *printer, size_t size)
{
    printer_flush(printer);
    struct buffer *out = printer->out;
    printer->at = buffer_reserve(out, size);
    if (printer->at == NULL)
        return false;
    printer->end = out->ptr + out->capacity;
    return true;
}

static inline bool
printer_room(struct printer *printer, size_t size)
{
    return (size_t)(printer->end - printer->at) >= size || printer_grow(printer, size);
}

static inline void
put_byte(struct printer *printer, char byte)
{
    if (printer_room(printer, 1))
        *printer->at++ = byte;
}

static void
put_bytes(struct printer *printer, const char *bytes, size_t size)
{
    if (size > 0 && printer_room(printer, size)) {
        memcpy(printer->at, bytes, size);
        printer->at += size;
    }
}

/* Control characters, '"', '\\' and DEL (which jq escapes, too). */
static inline uint64_t
word_has_special(uint64_t word)
{
    uint64_t control = word - JSON_ONES * 0x20;
    uint64_t quote = (word ^ JSON_ONES * '"') - JSON_ONES;
    uint64_t escape = (word ^ JSON_ONES * '\\') - JSON_ONES;
    uint64_t delete = word + JSON_ONES;
    return (control | quote | escape | delete) & ~word & JSON_HIGHS;
}

static inline bool
byte_is_special(char byte)
{
    unsigned char code = (unsigned char)byte;
    return code < 0x20 || code == '"' || code == '\\' || code == 0x7F;
}

static void
put_escaped(struct printer *printer, char byte)
{
    static const char hex[] = "0123456789abcdef";
    static const char letters[] = "\"\\bfnrt";
    static const char meanings[] = "\"\\\b\f\n\r\t";
    const char *meaning = memchr(meanings, byte, sizeof(meanings) - 1);
    unsigned char code = (unsigned char)byte;
    char text[] = {'\\', 'u', '0', '0', hex[code >> 4], hex[code & 15]};
    size_t size = sizeof(text);
    if (meaning != NULL) {
        text[1] = letters[meaning - meanings];
        size = 2;
    } else if (!byte_is_special(byte)) {
        text[0] = byte;
        size = 1;
    }
    put_bytes(printer, text, size);
}

/* Copies a run without special characters; there is room for `left` bytes. Gives its size. */
static inline size_t
put_run(char *out, const char *text, size_t left)
{
    size_t done = 0;
    while (left - done >= 8) {
        uint64_t bytes;
        memcpy(&bytes, text + done, sizeof(bytes));
        memcpy(out + done, &bytes, sizeof(bytes));
        uint64_t special = word_has_special(le64toh(bytes));
        if (special != 0)
            return done + json_lowest_byte(special);
        done += 8;
    }
    for (; done < left && !byte_is_special(text[done]); done++)
        out[done] = text[done];
    return done;
}

static void
put_string(struct printer *printer, struct slice text)
{
    put_byte(printer, '"');
    const char *at = text.ptr;
    size_t left = text.size;
    while (left > 0 && printer_room(printer, left + 1)) {
        size_t run = put_run(printer->at, at, left);
        printer->at += run;
        at += run;
        left -= run;
        if (left > 0) {
            put_escaped(printer, *at++);
            left--;
        }
    }
    put_byte(printer, '"');
}

static void
put_integer(struct printer *printer, int64_t integer)
{
    char digits[20];
    char *first = digits + sizeof(digits);
    uint64_t rest = integer < 0 ? -(uint64_t)integer : (uint64_t)integer;
    do {
        *--first = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (integer < 0)
        *--first = '-';
    put_bytes(printer, first, (size_t)(digits + sizeof(digits) - first));
}

size_t
json_print_double(char out[JSON_DOUBLE_BYTES], double real)
{
    if (isnan(real)) {
        memcpy(out, "null", 4);
        return 4;
    }
    if (isinf(real))
        real = real > 0 ? DBL_MAX : -DBL_MAX;
    struct decimal decimal;
    decimal_of_double(&decimal, real);
    return decimal_print(out, &decimal);
}

static void
put_double(struct printer *printer, double real)
{
    char text[JSON_DOUBLE_BYTES];
    put_bytes(printer, text, json_print_double(text, real));
}

/* The same bytes for every number of the same value. */
static void
put_canonical(struct printer *printer, struct value number)
{
    int64_t integer = 0;
    if (value_integer(number, &integer)) {
        put_integer(printer, integer);
        return;
    }
    if (number.kind == VALUE_DOUBLE) {
        put_double(printer, number.real);
        return;
    }
    struct decimal decimal;
    decimal_of(&decimal, number);
    if (printer_room(printer, decimal_digits(&decimal) + DECIMAL_LAYOUT_BYTES))
        printer->at += decimal_print(printer->at, &decimal);
}

static void
put_number(struct printer *printer, struct value number)
{
    if (number.kind == VALUE_INT)
        put_integer(printer, number.integer);
    else if (printer->canonical)
        put_canonical(printer, number);
    else if (number.kind == VALUE_DOUBLE)
        put_double(printer, number.real);
    else
        put_bytes(printer, number.text, number.count);
}

static void
put_line(struct printer *printer)
{
    if (!printer->pretty)
        return;
    size_t spaces = (size_t)printer->level * 2;
    if (printer_room(printer, spaces + 1)) {
        *printer->at = '\n';
        memset(printer->at + 1, ' ', spaces);
        printer->at += spaces + 1;
    }
}

static void put_value(struct printer *printer, struct value value);

static void
put_array(struct printer *printer, struct value array)
{
    put_byte(printer, '[');
    printer->level++;
    for (uint32_t i = 0; i < array.count && !printer->out->over; i++) {
        if (i > 0)
            put_byte(printer, ',');
        put_line(printer);
        put_value(printer, array.array->items[i]);
    }
    printer->level--;
    if (array.count > 0)
        put_line(printer);
    put_byte(printer, ']');
}

static void
put_member(struct printer *printer, const struct member *member, bool first)
{
    if (!first)
        put_byte(printer, ',');
    put_line(printer);
    put_string(printer, value_slice(member->key));
    put_byte(printer, ':');
    if (printer->pretty)
        put_byte(printer, ' ');
    put_value(printer, member->value);
}

static void
put_sorted(struct printer *printer, struct value object)
{
    const struct member **sorted = mem_alloc_array(object.count, sizeof(*sorted));
    value_sorted_members(object, sorted);
    for (uint32_t i = 0; i < object.count && !printer->out->over; i++)
        put_member(printer, sorted[i], i == 0);
    mem_free(sorted);
}

static void
put_object(struct printer *printer, struct value object)
{
    put_byte(printer, '{');
    printer->level++;
    if (printer->canonical)
        put_sorted(printer, object);
    else
        for (uint32_t i = 0; i < object.count && !printer->out->over; i++)
            put_member(printer, &object.object->members[i], i == 0);
    printer->level--;
    if (object.count > 0)
        put_line(printer);
    put_byte(printer, '}');
}

static void
put_value(struct printer *printer, struct value value)
{
    switch ((enum value_kind)value.kind) {
    case VALUE_NONE:
        assert(value.kind != VALUE_NONE);
        break;
    case VALUE_NULL:
        put_bytes(printer, "null", 4);
        break;
    case VALUE_FALSE:
        put_bytes(printer, "false", 5);
        break;
    case VALUE_TRUE:
        put_bytes(printer, "true", 4);
        break;
    case VALUE_INT:
    case VALUE_DOUBLE:
    case VALUE_DECIMAL:
        put_number(printer, value);
        break;
    case VALUE_STRING:
        put_string(printer, value_slice(value));
        break;
    case VALUE_ARRAY:
        put_array(printer, value);
        break;
    case VALUE_OBJECT:
        put_object(printer, value);
        break;
    }
}

void
json_print(struct buffer *out, struct value value)
{
    struct printer printer = {.out = out};
    put_value(&printer, value);
    printer_flush(&printer);
}

void
json_print_pretty(struct buffer *out, struct value value)
{
    struct printer printer = {.out = out, .pretty = true};
    put_value(&printer, value);
    printer_flush(&printer);
}

void
json_print_canonical(struct buffer *out, struct value value)
{
    struct printer printer = {.out = out, .canonical = true};
    put_value(&printer, value);
    printer_flush(&printer);
}

void
json_print_string(struct buffer *out, struct slice text)
{
    struct printer printer = {.out = out};
    put_string(&printer, text);
    printer_flush(&printer);
}

struct slice
json_text(struct arena *arena, struct value value)
{
    struct buffer buffer;
    buffer_init(&buffer, arena->limit_bytes);
    json_print(&buffer, value);
    struct slice text = slice_of(NULL, 0);
    if (!buffer_is_over(&buffer))
        text = arena_copy(arena, buffer_slice(&buffer));
    buffer_done(&buffer);
    return text;
}
