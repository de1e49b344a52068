/* steps/host.h - which server a URL leads to, for limits that are counted for each.
 *
 * Threads: any.
 */
#ifndef STEPS_HOST_H
#define STEPS_HOST_H

#include "base/slice.h"

/* The authority of an http or https URL without user and default port, within the URL's text; empty
 * if it is none. */
struct slice host_of_url(struct slice url);

#endif
