/* convert/compound.h - what a compound file is, the form of old Office programs and of protected
 * documents.
 *
 * Sources: MS-CFB 2.2, 2.6; MS-OFFCRYPTO 1.3.
 * Threads: any.
 */
#ifndef CONVERT_COMPOUND_H
#define CONVERT_COMPOUND_H

#include "base/slice.h"

#include <stdbool.h>

enum compound {
    COMPOUND_DAMAGED,
    COMPOUND_PROTECTED, /* a document of today behind a password */
    COMPOUND_WORKBOOK,  /* .xls */
    COMPOUND_DOCUMENT,  /* .doc */
    COMPOUND_OTHER,
};

/* head: its first bytes, at least 52 if it has as many. */
bool compound_is(struct slice head);
enum compound compound_holds(int fd, struct slice head);

#endif
