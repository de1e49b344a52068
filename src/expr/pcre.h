/* expr/pcre.h - PCRE2 by bytes; the only includer of its header, which wants to be told the width
 * of a code unit first.
 *
 * Threads: compiled patterns are read-only; match data and contexts belong to one thread.
 */
#ifndef EXPR_PCRE_H
#define EXPR_PCRE_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#endif
