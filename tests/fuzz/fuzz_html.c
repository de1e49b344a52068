/* Bytes of anybody as a web page, and as whatever they seem to be. */
#include "text.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_text(bytes_file(data, size), "{\"name\":\"a.html\"}");
    check_text(bytes_file(data, size), "{\"contentType\":\"text/markdown; charset=gb18030\"}");
    return 0;
}
