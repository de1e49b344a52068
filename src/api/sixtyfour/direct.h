/* api/sixtyfour/direct.h - the endpoints that answer one question about one person or company, or
 * about each of a list, at once or, by their `-async` twins, as a job that is asked for.
 *
 * Each is a run of a workflow that is made when it is first needed (foreign/sixtyfour_direct.h).
 *
 * Threads: plain values of one call.
 */
#ifndef API_SIXTYFOUR_DIRECT_H
#define API_SIXTYFOUR_DIRECT_H

#include "api/sixtyfour/sixtyfour.h"
#include "flow/problem.h"
#include "service/workflows.h"

enum direct_kind {
    DIRECT_PERSON,  /* our `extract` over what is given and the page that it names */
    DIRECT_COMPANY, /* the same */
    DIRECT_VERDICT, /* the same of scores by criteria, or a connector */
    DIRECT_LEAD,    /* a connector over a person, */
    DIRECT_BODY,    /* over what the body itself says, */
    DIRECT_BULK,    /* over each of a list */
};

struct direct {
    const char *path;      /* "find-email": the first segment, without "-async" */
    const char *task;      /* "find_email": the type of the job */
    const char *connector; /* that answers; NULL: none is asked */
    enum direct_kind kind;
    const char *must; /* a member that the body, or each of a list, has to have; NULL: none */
};

/* Of the call's path; NULL: it is none of them. */
const struct direct *direct_of(const struct call *call);

/* Whether it is the twin that answers with a job. */
bool direct_is_async(const struct call *call);

/* A call of one. */
struct asking {
    const struct direct *direct;
    bool is_async;
    bool was_taken;             /* another call made the workflow meanwhile */
    struct value data, request; /* of the run's input */
    struct slice webhook;       /* empty: nobody is told */
    struct value file;          /* the workflow's */
    struct workflow_row workflow;
    struct workflow_change change;
    struct problems problems;
    struct id run; /* whose end is waited for */
};

/* Data, request, webhook and workflow file, as the body has them. False: the call was answered. */
bool direct_read(struct call *call, struct asking *asking);

/* Answers a request with the Idempotency-Key of an earlier one, which has started the run. */
void sixtyfour_direct_again(struct call *call, const struct run_row *run);

#endif
