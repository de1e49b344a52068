/* service/run_filter.h - which runs of a workspace are meant: by a list, or by a bulk operation.
 *
 * A filter is put together of words, as they stand in an address or in a JSON body. Every
 * combination is a merge of ranges of an index (store_run_list()), so none is refused.
 *
 * Threads: plain values.
 */
#ifndef SERVICE_RUN_FILTER_H
#define SERVICE_RUN_FILTER_H

#include "base/limits.h"
#include "service/service.h"

struct run_filter {
    struct id workflow; /* zero: all */
    uint32_t states;    /* bits; 0: all */
    struct slice triggers[LIMIT_FILTER_TRIGGERS];
    uint32_t trigger_count; /* 0: all */
    struct run_label label; /* name.size 0: whatever */
    struct id from, until;  /* only ids not less than `from`, less than `until`; zero: all */
};

/* "status": a comma list of our words, where "running" is meant as the API shows it: also what
 * waits or is paused. "trigger": a comma list. "label": NAME:VALUE. "createdAfter",
 * "createdBefore": ISO times, to the second, from that one on and before it. The text is borrowed.
 * INVALID with words that begin with the name; NOT_FOUND: there is no filter of that name. */
MUST_USE enum status run_filter_set(struct run_filter *filter, struct slice name, struct slice text,
                                    struct error *error);

/* "workflow": by id or slug. NOT_FOUND: the workspace has none of that name. */
MUST_USE enum status run_filter_set_workflow(struct run_filter *filter, struct service *service,
                                             const struct id *workspace, struct slice text);

/* Puts it into a page; the filter and, where there is a label, *resume are borrowed. */
void run_filter_apply(const struct run_filter *filter, struct store_page *page, struct id *resume);

#endif
