#include "engine/pauses.h"

#include "base/buffer.h"
#include "base/limits.h"

#include <string.h>

struct pause {
    int64_t from, to; /* to: 0: it goes on */
};

/* Reads digits up to `end`; what follows them is left. */
static int64_t
read_time(const char **at, const char *end)
{
    int64_t time = 0;
    for (; *at < end && **at >= '0' && **at <= '9' && time < INT64_MAX / 10; ++*at)
        time = 10 * time + (**at - '0');
    return time;
}

static size_t
read_pauses(struct slice text, struct pause out[PAUSES_MAX])
{
    size_t count = 0;
    const char *at = text.ptr, *end = at == NULL ? NULL : at + text.size;
    while (at < end && count < PAUSES_MAX) {
        struct pause *pause = &out[count++];
        pause->from = read_time(&at, end);
        at += at < end;
        pause->to = read_time(&at, end);
        at += at < end;
    }
    return count;
}

static struct slice
print_pauses(const struct pause *pauses, size_t count, struct arena *arena)
{
    struct buffer text;
    buffer_init(&text, PAUSES_BYTES);
    for (size_t i = 0; i < count; i++) {
        buffer_append_text(&text, i == 0 ? "" : " ");
        buffer_append_int64(&text, pauses[i].from);
        buffer_append_byte(&text, '-');
        if (pauses[i].to > 0)
            buffer_append_int64(&text, pauses[i].to);
    }
    struct slice copy = arena_copy(arena, buffer_slice(&text));
    buffer_done(&text);
    return copy.ptr == NULL ? slice_of("", 0) : copy;
}

struct slice
pauses_begin(struct slice text, int64_t now_unix_ms, struct arena *arena)
{
    struct pause pauses[PAUSES_MAX];
    size_t count = read_pauses(text, pauses);
    if (count > 0 && pauses[count - 1].to == 0)
        return text;
    if (count == PAUSES_MAX) {
        pauses[1].to += pauses[0].to - pauses[0].from;
        memmove(pauses, pauses + 1, --count * sizeof(*pauses));
    }
    pauses[count++] = (struct pause){now_unix_ms, 0};
    return print_pauses(pauses, count, arena);
}

struct slice
pauses_end(struct slice text, int64_t now_unix_ms, struct arena *arena)
{
    struct pause pauses[PAUSES_MAX];
    size_t count = read_pauses(text, pauses);
    if (count == 0 || pauses[count - 1].to != 0)
        return text;
    struct pause *last = &pauses[count - 1];
    last->to = now_unix_ms > last->from ? now_unix_ms : last->from;
    return print_pauses(pauses, count, arena);
}

/* The first of those that are left, of all runs; its place in *which, or `count`. */
static void
find_first(const struct pause *firsts, size_t count, size_t *which)
{
    *which = count;
    for (size_t i = 0; i < count; i++) {
        bool is_there = firsts[i].from != INT64_MAX;
        if (is_there && (*which == count || firsts[i].from < firsts[*which].from))
            *which = i;
    }
}

/* Those of one run follow each other, so that only the first of each has to be compared. */
static int64_t add_up(struct pause (*pauses)[PAUSES_MAX + 1], size_t count)
{
    int64_t sum = 0, through = 0;
    size_t at[LIMIT_TREE_DEPTH] = {0};
    for (;;) {
        struct pause firsts[LIMIT_TREE_DEPTH];
        size_t which;
        for (size_t i = 0; i < count; i++)
            firsts[i] = pauses[i][at[i]];
        find_first(firsts, count, &which);
        if (which == count)
            return sum;
        int64_t from = firsts[which].from > through ? firsts[which].from : through;
        if (firsts[which].to > from) {
            sum += firsts[which].to - from;
            through = firsts[which].to;
        }
        at[which]++;
    }
}

int64_t
pauses_since(const struct slice *texts, size_t count, int64_t since_unix_ms, int64_t now_unix_ms)
{
    struct pause pauses[LIMIT_TREE_DEPTH][PAUSES_MAX + 1];
    if (count > LIMIT_TREE_DEPTH)
        count = LIMIT_TREE_DEPTH;
    for (size_t i = 0; i < count; i++) {
        struct pause all[PAUSES_MAX];
        size_t found = read_pauses(texts[i], all), kept = 0;
        for (size_t p = 0; p < found; p++) {
            if (all[p].from < since_unix_ms)
                continue;
            all[p].to = all[p].to == 0 ? now_unix_ms : all[p].to;
            pauses[i][kept++] = all[p];
        }
        pauses[i][kept] = (struct pause){INT64_MAX, INT64_MAX};
    }
    return add_up(pauses, count);
}
