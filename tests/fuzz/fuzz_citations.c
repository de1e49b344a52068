/* The first line of the input is a quote, the rest the text that it is said to come from. What
 * stands at the place that is found is found there again. */
#include "fuzz.h"

#include "ai/citations.h"
#include "base/limits.h"

#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice all = slice_of((const char *)data, size);
    const char *end = size == 0 ? NULL : memchr(all.ptr, '\n', size);
    if (end == NULL || !slice_is_utf8(all))
        return 0;
    struct slice quote = slice_of(all.ptr, (size_t)(end - all.ptr));
    struct citation_text text;
    struct citation_place place, again;
    citation_text_init(&text, slice_of(end + 1, size - quote.size - 1));
    if (citation_find(&text, quote, SIZE_MAX, &place)) {
        assert(place.start < place.end && place.end <= text.text.size);
        struct slice found = slice_of(text.text.ptr + place.start, place.end - place.start);
        assert(slice_is_utf8(found));
        bool is_there =
            found.size > LIMIT_QUOTE_BYTES || citation_find(&text, found, place.start, &again);
        assert(is_there);
    }
    citation_text_done(&text);
    return 0;
}
