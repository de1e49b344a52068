/* render/supplies.h - what a text may ask for by name or number, and what it was told when
 * something is not there.
 *
 * Threads: one at a time.
 */
#ifndef RENDER_SUPPLIES_H
#define RENDER_SUPPLIES_H

#include "base/arena.h"
#include "base/slice.h"
#include "render/model.h"

#define SUPPLIES_WARNINGS_MAX 20

struct named_chart {
    struct slice name;
    const struct chart *chart;
};

struct supplies {
    struct citation *citations; /* the mark [@1] names the first */
    size_t citation_count;
    const struct picture *pictures;
    size_t picture_count;
    const struct named_chart *charts;
    size_t chart_count;
    const char *warnings[SUPPLIES_WARNINGS_MAX];
    size_t warning_count;
};

/* NULL: there is none. position: from 1. */
struct citation *supplies_find_citation(const struct supplies *supplies, int64_t position);
const struct picture *supplies_find_picture(const struct supplies *supplies, struct slice name);
/* By an address "chart:name". */
const struct chart *supplies_find_chart(const struct supplies *supplies, struct slice address);

/* Keeps the words: before, what (cut when it is long), after. Further ones than
 * SUPPLIES_WARNINGS_MAX are dropped. */
void supplies_warn(struct supplies *supplies, struct arena *arena, const char *before,
                   struct slice what, const char *after);

#endif
