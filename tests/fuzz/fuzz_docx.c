/* A Word document of anybody gives text or words. Input that is no ZIP file is XML: of the body,
 * the styles, the numbering, the footnotes and the properties, with a zero byte between them, since
 * a fuzzer does not find its way through deflated data. */
#include "text.h"

#include "../unit/convert/word.h"

#include <stdlib.h>
#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *parts[5] = {""};
    if (size >= 2 && memcmp(data, "PK", 2) == 0) {
        check_text(bytes_file(data, size), "{}");
        return 0;
    }
    char *text = malloc(size + 1);
    if (text == NULL)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    const char *at = text;
    for (size_t i = 0; i < 5 && at < text + size; i++) {
        parts[i] = at;
        at += strlen(at) + 1;
    }
    struct word word = {.body = parts[0],
                        .styles = parts[1],
                        .numbering = parts[2],
                        .footnotes = parts[3],
                        .endnotes = parts[3],
                        .core = parts[4]};
    check_text(word_file(&word), "{}");
    free(text);
    return 0;
}
