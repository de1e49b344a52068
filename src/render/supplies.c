#include "render/supplies.h"

struct citation *
supplies_find_citation(const struct supplies *supplies, int64_t position)
{
    if (position < 1 || (uint64_t)position > supplies->citation_count)
        return NULL;
    return &supplies->citations[position - 1];
}

const struct picture *
supplies_find_picture(const struct supplies *supplies, struct slice name)
{
    for (size_t i = 0; i < supplies->picture_count; i++) {
        if (slice_equal(supplies->pictures[i].name, name))
            return &supplies->pictures[i];
    }
    return NULL;
}

const struct chart *
supplies_find_chart(const struct supplies *supplies, struct slice address)
{
    if (!slice_starts_with(address, SLICE("chart:")))
        return NULL;
    struct slice name = slice_of(address.ptr + 6, address.size - 6);
    for (size_t i = 0; i < supplies->chart_count; i++) {
        if (slice_equal(supplies->charts[i].name, name))
            return supplies->charts[i].chart;
    }
    return NULL;
}

void
supplies_warn(struct supplies *supplies, struct arena *arena, const char *before, struct slice what,
              const char *after)
{
    if (supplies->warning_count == SUPPLIES_WARNINGS_MAX)
        return;
    struct slice cut = slice_cut(what, 200);
    supplies->warnings[supplies->warning_count++] =
        arena_format(arena, "%s%.*s%s", before, SLICE_FORMAT(cut), after);
}
