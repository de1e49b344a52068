/* render/chart.h - what a chart shows: series of numbers over labels.
 *
 * Written as YAML or JSON, in a fenced block "chart" of the Markdown or among the input's charts:
 * {type: bar or line, title, labels: [...], series: [{name, values: [...]}], unit}. A number may be
 * text that is one; null is a gap. How it looks is the matter of render/drawing.h.
 *
 * Threads: immutable once made.
 */
#ifndef RENDER_CHART_H
#define RENDER_CHART_H

#include "base/arena.h"
#include "base/slice.h"
#include "base/status.h"
#include "base/value.h"

#include <stdbool.h>
#include <stdint.h>

#define CHART_SERIES_MAX 8
#define CHART_LABELS_MAX 500
#define CHART_TEXT_BYTES_MAX 500
/* Values are within +- this, so that no arithmetic on them overflows. */
#define CHART_VALUE_MAX 1e15

enum chart_type { CHART_BAR, CHART_LINE };

struct chart_series {
    struct slice name;    /* may be empty when it is the only one */
    const double *values; /* one a label; NaN: a gap */
};

struct chart {
    enum chart_type type;
    struct slice title; /* may be empty */
    struct slice unit;  /* of all values; may be empty */
    uint32_t label_count;
    uint32_t series_count;
    const struct slice *labels;
    const struct chart_series *series;
};

/* Reads and checks a chart, whose texts are in the arena. INVALID, LIMIT with words that the caller
 * says the place of. */
MUST_USE enum status chart_read(const struct chart **out, struct arena *arena, struct value from,
                                struct error *error);

#endif
