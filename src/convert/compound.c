#include "convert/compound.h"

#include "base/limits.h"

#include <stdint.h>
#include <string.h>
#include <unistd.h>

/* How much of the directory is looked at. */
#define DIRECTORY_BYTES KIB(4)

bool
compound_is(struct slice head)
{
    return slice_starts_with(head, SLICE("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"));
}

/* Names are in UTF-16. */
static bool
has_name(struct slice bytes, const char *name)
{
    char wide[64] = "";
    size_t size = strlen(name);
    for (size_t i = 0; i < size && i < sizeof(wide) / 2; i++)
        wide[2 * i] = name[i];
    return bytes.size >= 2 * size && memmem(bytes.ptr, bytes.size, wide, 2 * size) != NULL;
}

enum compound
compound_holds(int fd, struct slice head)
{
    char directory[DIRECTORY_BYTES];
    const unsigned char *bytes = (const unsigned char *)head.ptr;
    if (head.size < 52)
        return COMPOUND_DAMAGED;
    unsigned shift = bytes[30] | (unsigned)bytes[31] << 8;
    uint32_t sector = bytes[48] | (uint32_t)bytes[49] << 8 | (uint32_t)bytes[50] << 16 |
                      (uint32_t)bytes[51] << 24;
    ssize_t size = -1;
    if (shift >= 9 && shift <= 12)
        size = pread(fd, directory, sizeof(directory), ((off_t)sector + 1) << shift);
    struct slice names = slice_of(directory, size < 0 ? 0 : (size_t)size);
    if (has_name(names, "EncryptedPackage"))
        return COMPOUND_PROTECTED;
    if (has_name(names, "WordDocument"))
        return COMPOUND_DOCUMENT;
    return has_name(names, "Workbook") || has_name(names, "Book") ? COMPOUND_WORKBOOK
                                                                  : COMPOUND_OTHER;
}
