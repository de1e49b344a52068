/* Tables of programs, inputs and what comes out, for the tests of expr/. */
#ifndef TESTS_EXPR_ROWS_H
#define TESTS_EXPR_ROWS_H

#include "expr/expr.h"

#include <stddef.h>

struct expr_row {
    const char *program;
    const char *input; /* JSON; NULL: null */
    /* The outputs as one-line JSON with a space between them; then, after an error, "!" and the
     * raised value; after the end of a budget "LIMIT". */
    const char *want;
};

/* Fails the test at the first row that gives something else. */
void expr_rows_check(const struct expr_row *rows, size_t count);

/* The same with a budget. */
void expr_rows_check_within(const struct expr_row *rows, size_t count, struct expr_budget budget);

#endif
