/* Markdown of anybody becomes a PDF, or words. That all links lead to places is checked by cairo,
 * which fails otherwise. */
#include "../unit/render/pages.h"
#include "fuzz.h"

#include "render/pdf_module.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice markdown = slice_of((const char *)data, size);
    struct page page;
    struct buffer file;
    if (size == 0 || !slice_is_utf8(markdown))
        return 0;
    page_read(&page, slice_of(markdown.ptr + 1, size - 1), data[0] % 2 == 0);
    page.has_contents = data[0] % 4 < 2;
    page.document.direction = data[0] % 8 < 4 ? DIRECTION_LEFT_TO_RIGHT : DIRECTION_RIGHT_TO_LEFT;
    if (page.status == STATUS_OK) {
        page_render(&page, pdf_render, &file);
        if (page.status == STATUS_OK)
            assert(slice_starts_with(buffer_slice(&file), SLICE("%PDF-1.5")));
        else /* too large, or the picture is none; but no fault of ours */
            assert(page.status == STATUS_LIMIT || page.status == STATUS_INVALID);
        buffer_done(&file);
    }
    page_done(&page);
    return 0;
}
