/* expr/regex.h - regular expressions of user programs, by PCRE2.
 *
 * Matching is charged to the machine's steps by automatic callouts: PCRE2 calls back before every
 * item of the pattern that it tries, and each call costs a step (and more after a long scan), so
 * that no pattern can hang. Compiled patterns are cached in the machine.
 *
 * Flags are jq's: g all matches, i ignore case, x extended, n ignore empty matches, p dot matches
 * newlines; s and l are accepted and change nothing.
 *
 * Sources: pcre2callout(3), pcre2api(3); the jq 1.7 manual for the shape of matches.
 * Threads: as the machine.
 */
#ifndef EXPR_REGEX_H
#define EXPR_REGEX_H

#include "expr/machine.h"

struct regex_cache;

/* Ends with regex_cache_free(). */
struct regex_cache *regex_cache_new(void);
void regex_cache_free(struct regex_cache **cache);

/* (pattern, flags) or ([pattern, flags], null): the matches as an array. */
native_fn regex_native_match;
/* Whether there is a match. */
native_fn regex_native_test;
/* The pieces between all matches. */
native_fn regex_native_split;
/* For each match what stands before it and its named groups, [text, {name: text}]; last what stands
 * behind them. For sub and gsub. */
native_fn regex_native_pieces;

#endif
