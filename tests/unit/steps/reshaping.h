/* tests/unit/steps/reshaping.h - rows put into one reshape of a workflow, and what comes out.
 *
 * Threads: one.
 */
#ifndef TESTS_STEPS_RESHAPING_H
#define TESTS_STEPS_RESHAPING_H

/* Puts the rows (JSON texts of items, separated by blanks; keys are their numbers) of each input
 * into the step `it`, whose type and config (YAML in one line) are given. What comes out is one
 * line for each row, for the caller (test_free()): key, item, and what else it has. An item that
 * the step refuses does not go in; its failure is a line that begins with "!". `right` is for a
 * join, the second need of a union, and the lines of a list to compare with. */
char *reshape_rows(const char *type, const char *config, const char *left, const char *right);

#endif
