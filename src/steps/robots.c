#include "steps/robots.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

/* Longer paths are compared by their beginning, longer rules are left out: each comparison is
 * bounded by their product. */
#define PATH_BYTES_MAX 1024
#define RULE_BYTES_MAX 256

struct line {
    struct slice key, value;
};

static bool
is_word(struct slice text, struct slice word)
{
    return text.size == word.size && strncasecmp(text.ptr, word.ptr, word.size) == 0;
}

/* The next line, without its comment; false at the end. A line without a colon has an empty key. */
static bool
next_line(struct slice *text, struct line *out)
{
    size_t end = 0;
    if (text->size == 0)
        return false;
    while (end < text->size && text->ptr[end] != '\n' && text->ptr[end] != '\r')
        end++;
    struct slice line = slice_of(text->ptr, end);
    size_t used = end < text->size ? end + 1 : end;
    *text = slice_of(text->ptr + used, text->size - used);
    const char *comment = line.size == 0 ? NULL : memchr(line.ptr, '#', line.size);
    if (comment != NULL)
        line.size = (size_t)(comment - line.ptr);
    const char *colon = line.size == 0 ? NULL : memchr(line.ptr, ':', line.size);
    size_t key = colon == NULL ? 0 : (size_t)(colon - line.ptr);
    size_t skip = colon == NULL ? 0 : key + 1;
    out->key = slice_trim(slice_of(line.ptr, key));
    out->value = slice_trim(slice_of(line.ptr + skip, line.size - skip));
    return true;
}

/* Whether the rule fits the beginning of the path; `*` stands for any bytes, `$` at its end for the
 * end of the path. */
static bool
fits(struct slice rule, struct slice path)
{
    bool is_whole = rule.size > 0 && rule.ptr[rule.size - 1] == '$';
    size_t r = 0, p = 0, star = SIZE_MAX, star_path = 0;
    rule.size -= is_whole;
    for (;;) {
        if (r == rule.size && (!is_whole || p == path.size))
            return true;
        if (r < rule.size && rule.ptr[r] == '*') {
            star = r++;
            star_path = p;
        } else if (r < rule.size && p < path.size && rule.ptr[r] == path.ptr[p]) {
            r++;
            p++;
        } else if (star != SIZE_MAX && star_path < path.size) {
            r = star + 1;
            p = ++star_path;
        } else {
            return false;
        }
    }
}

/* What the groups of one agent come to. */
struct verdict {
    bool has_group;
    size_t longest;
    bool is_allowed;
};

static void
take_rule(struct verdict *verdict, const struct line *line, struct slice path)
{
    bool allows = is_word(line->key, SLICE("allow"));
    if (!allows && !is_word(line->key, SLICE("disallow")))
        return;
    size_t size = line->value.size;
    if (size == 0 || size > RULE_BYTES_MAX || size < verdict->longest || !fits(line->value, path))
        return;
    verdict->is_allowed = size > verdict->longest ? allows : allows || verdict->is_allowed;
    verdict->longest = size;
}

/* Lines of user agents that follow each other begin one group. */
static struct verdict
judge(struct slice text, struct slice agent, struct slice path)
{
    struct verdict verdict = {.is_allowed = true};
    struct line line;
    bool is_ours = false, is_head = false;
    while (next_line(&text, &line)) {
        bool is_agent = is_word(line.key, SLICE("user-agent"));
        if (is_agent) {
            is_ours = (is_head && is_ours) || is_word(line.value, agent);
            verdict.has_group |= is_ours;
        } else if (is_ours) {
            take_rule(&verdict, &line, path);
        }
        is_head = is_agent || (is_head && line.key.size == 0);
    }
    return verdict;
}

bool
robots_allow(struct slice text, struct slice agent, struct slice path)
{
    if (slice_starts_with(text, SLICE("\xEF\xBB\xBF")))
        text = slice_of(text.ptr + 3, text.size - 3);
    if (text.size > ROBOTS_BYTES_MAX)
        text.size = ROBOTS_BYTES_MAX;
    if (path.size > PATH_BYTES_MAX)
        path.size = PATH_BYTES_MAX;
    struct verdict verdict = judge(text, agent, path);
    if (!verdict.has_group)
        verdict = judge(text, SLICE("*"), path);
    return verdict.is_allowed;
}
