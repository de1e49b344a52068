/* main/doctor.h - what `windrow doctor` looks at; inside of doctor*.c.
 *
 * A check looks at one thing and says how it is, in words, and what to do about it. Checks change
 * nothing.
 *
 * Threads: the main thread.
 */
#ifndef MAIN_DOCTOR_H
#define MAIN_DOCTOR_H

#include "cli/cli.h"
#include "main/settings.h"

enum finding_state { FINDING_OK, FINDING_NOTE, FINDING_WRONG };

struct finding {
    enum finding_state state;
    char words[ERROR_TEXT_BYTES];
    char mend[256]; /* "": nothing is to be done */
};

struct doctor {
    struct cli *cli;
    const struct settings *settings;
    bool is_online;     /* providers may be asked */
    bool is_served;     /* a server holds the data folder */
    struct buffer made; /* the document that the one check makes and the next reads */
};

typedef void doctor_check_fn(struct doctor *doctor, struct finding *out);

struct doctor_check {
    const char *name;
    doctor_check_fn *check;
};

/* In the order in which they are told; ends with a NULL name. */
extern const struct doctor_check doctor_checks[];

/* mend: NULL for none. */
void finding_set(struct finding *out, enum finding_state state, const char *mend,
                 const char *format, ...) PRINTF_LIKE(4, 5);
/* WRONG with the error's words. */
void finding_fail(struct finding *out, const struct error *error, const char *mend);

doctor_check_fn doctor_providers, doctor_convert, doctor_read;

#endif
