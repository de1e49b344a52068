#include "base/id.h"

#include "base/clock.h"
#include "base/rng.h"

#define COUNTER_BITS 24

void
id_source_init(struct id_source *source, struct clock *clock, struct rng *rng)
{
    source->clock = clock;
    rng_bytes(rng, source->random, sizeof(source->random));
    atomic_init(&source->last, 0);
}

/* Random steps forward stay as different from those of other stores as random numbers are. */
#define STEP_BITS 23

void
id_source_follow(struct id_source *source, const struct id *before)
{
    uint64_t at = 0, step = 0;
    for (size_t i = 0; i < ID_RANDOM_BYTES; i++) {
        at = at << 8 | before->bytes[4 + i];
        step = step << 8 | source->random[i];
    }
    at += 1 + step % (UINT64_C(1) << STEP_BITS);
    for (size_t i = ID_RANDOM_BYTES; i-- > 0; at >>= 8)
        source->random[i] = (uint8_t)at;
}

/* Seconds above a counter in one number: the clock moves it forward, each id adds one, and a clock
 * that is set back, or a second with too many ids, is lived through by counting on. */
static uint64_t
id_source_step(struct id_source *source)
{
    uint64_t seconds = (uint64_t)(clock_unix_ms(source->clock) / 1000);
    uint64_t now = (seconds & UINT32_MAX) << COUNTER_BITS;
    uint64_t last = atomic_load_explicit(&source->last, memory_order_relaxed);
    uint64_t next = 0;
    do {
        next = last < now ? now : last + 1;
    } while (!atomic_compare_exchange_weak_explicit(&source->last, &last, next,
                                                    memory_order_relaxed, memory_order_relaxed));
    return next;
}

struct id
id_next(struct id_source *source)
{
    uint64_t moment = id_source_step(source);
    struct id id;
    for (unsigned i = 0; i < 4; i++)
        id.bytes[i] = (uint8_t)(moment >> (COUNTER_BITS + 8 * (3 - i)));
    memcpy(id.bytes + 4, source->random, sizeof(source->random));
    for (unsigned i = 0; i < 3; i++)
        id.bytes[9 + i] = (uint8_t)(moment >> (8 * (2 - i)));
    return id;
}

bool
id_is_zero(const struct id *id)
{
    static const struct id zero;
    return id_equal(id, &zero);
}

void
id_first_of(struct id *out, int64_t unix_ms)
{
    int64_t seconds = unix_ms / 1000;
    seconds = seconds < 0 ? 0 : seconds > UINT32_MAX ? UINT32_MAX : seconds;
    *out = (struct id){.bytes = {[ID_BYTES - 1] = seconds == 0}};
    for (unsigned i = 0; i < 4; i++)
        out->bytes[i] = (uint8_t)(seconds >> (8 * (3 - i)));
}

static const char hex_digits[] = "0123456789abcdef";

static char *
hex_put(char *out, uint8_t byte)
{
    *out++ = hex_digits[byte >> 4];
    *out++ = hex_digits[byte & 15];
    return out;
}

void
id_hex(const struct id *id, char out[ID_HEX_BYTES])
{
    for (size_t i = 0; i < ID_BYTES; i++)
        out = hex_put(out, id->bytes[i]);
    *out = '\0';
}

#define UUID_BYTES 16

/* Bytes 6 and 8 carry version 8 and the variant; their free bits and the last two bytes are a mark
 * by which id_parse() knows its own from a UUID that a client made up. */
static const uint8_t uuid_mark[UUID_BYTES] = {[6] = 0x87, [8] = 0x9D, [14] = 0x57, [15] = 0x52};
/* Where the bytes of the id stand: the time first, so that these UUIDs sort too. */
static const uint8_t uuid_place[ID_BYTES] = {0, 1, 2, 3, 4, 5, 7, 9, 10, 11, 12, 13};

void
id_uuid(const struct id *id, char out[ID_UUID_BYTES])
{
    uint8_t uuid[UUID_BYTES];
    memcpy(uuid, uuid_mark, sizeof(uuid));
    for (size_t i = 0; i < ID_BYTES; i++)
        uuid[uuid_place[i]] = id->bytes[i];
    for (size_t i = 0; i < UUID_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *out++ = '-';
        out = hex_put(out, uuid[i]);
    }
    *out = '\0';
}

static int
hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    char lower = (char)(digit | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Reads count bytes of hex from text, which has at least twice as many. */
static bool
hex_read(uint8_t *out, const char *text, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int high = hex_value(text[2 * i]);
        int low = hex_value(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static bool
id_parse_uuid(struct id *out, const char *text)
{
    static const uint8_t group_bytes[] = {4, 2, 2, 2, 6};
    uint8_t uuid[UUID_BYTES];
    size_t done = 0;
    for (size_t group = 0; group < sizeof(group_bytes); group++) {
        if (group > 0 && *text++ != '-')
            return false;
        if (!hex_read(uuid + done, text, group_bytes[group]))
            return false;
        done += group_bytes[group];
        text += 2 * (size_t)group_bytes[group];
    }
    for (size_t i = 0; i < UUID_BYTES; i++)
        if (uuid_mark[i] != 0 && uuid[i] != uuid_mark[i])
            return false;
    for (size_t i = 0; i < ID_BYTES; i++)
        out->bytes[i] = uuid[uuid_place[i]];
    return true;
}

bool
id_parse(struct id *out, struct slice text)
{
    struct id id = {{0}};
    struct slice prefix = SLICE("wf_");
    bool good = false;
    if (text.size == ID_UUID_BYTES - 1)
        good = id_parse_uuid(&id, text.ptr);
    else if (text.size == 2 * ID_BYTES)
        good = hex_read(id.bytes, text.ptr, ID_BYTES);
    else if (text.size == prefix.size + 2 * ID_BYTES && slice_starts_with(text, prefix))
        good = hex_read(id.bytes, text.ptr + prefix.size, ID_BYTES);
    *out = good ? id : (struct id){{0}};
    return good;
}
