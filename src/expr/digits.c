#include "expr/digits.h"

struct digits {
    const char *alphabet;
    unsigned bits;    /* of a digit */
    size_t group;     /* digits that stand for a whole number of bytes */
    const char *name; /* for errors */
};

const struct digits digits_base64 = {
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 6, 4,
    "is not valid base64 data"};
const struct digits digits_base32 = {"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 5, 8,
                                     "is not valid base32 data"};

struct value
digits_encode(struct expr_machine *machine, struct value string, const struct digits *digits)
{
    size_t group_bytes = digits->group * digits->bits / 8;
    size_t size = (string.count + group_bytes - 1) / group_bytes * digits->group;
    if (!machine_charge(machine, size / 16 + 1))
        return machine_no_steps(machine);
    char *text = machine_alloc(machine, size + 1);
    if (text == NULL)
        return machine_out_of_memory(machine);
    size_t used = 0;
    uint32_t held = 0;
    unsigned held_bits = 0;
    for (uint32_t i = 0; i < string.count; i++) {
        held = held << 8 | (unsigned char)string.text[i];
        for (held_bits += 8; held_bits >= digits->bits; held_bits -= digits->bits)
            text[used++] =
                digits->alphabet[held >> (held_bits - digits->bits) & ((1u << digits->bits) - 1)];
    }
    if (held_bits > 0)
        text[used++] =
            digits->alphabet[held << (digits->bits - held_bits) & ((1u << digits->bits) - 1)];
    memset(text + used, '=', size - used);
    return value_string(slice_of(text, size));
}

/* The bits of a digit, or -1. */
static int
digit_value(const struct digits *digits, char c)
{
    const char *found = c == '\0' ? NULL : strchr(digits->alphabet, c);
    return found == NULL ? -1 : (int)(found - digits->alphabet);
}

/* Whether so many digits at the end of a text can stand for whole bytes. */
static bool
is_whole(const struct digits *digits, size_t count)
{
    size_t rest_bits = count % digits->group * digits->bits;
    return rest_bits % 8 < digits->bits;
}

struct value
digits_decode(struct expr_machine *machine, struct value string, const struct digits *digits)
{
    struct slice text = value_slice(string);
    while (text.size > 0 && text.ptr[text.size - 1] == '=')
        text.size--;
    if (!machine_charge(machine, string.count / 16 + 1))
        return machine_no_steps(machine);
    char *bytes = machine_alloc(machine, text.size + 1);
    if (bytes == NULL)
        return machine_out_of_memory(machine);
    if (!is_whole(digits, text.size))
        return machine_raise_about(machine, string, digits->name);
    size_t size = 0;
    uint32_t held = 0;
    unsigned held_bits = 0;
    for (size_t i = 0; i < text.size; i++) {
        int digit = digit_value(digits, text.ptr[i]);
        if (digit < 0)
            return machine_raise_about(machine, string, digits->name);
        held = held << digits->bits | (uint32_t)digit;
        held_bits += digits->bits;
        if (held_bits >= 8) {
            held_bits -= 8;
            bytes[size++] = (char)(held >> held_bits);
        }
    }
    if (!slice_is_utf8(slice_of(bytes, size)))
        return machine_raise_about(machine, string, "decodes to bytes that are not UTF-8 text");
    return value_string(slice_of(bytes, size));
}
