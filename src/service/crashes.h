/* service/crashes.h - runs on which the server crashes again and again.
 *
 * A step that breaks an assert ends the process, and the next start takes the run up again. Which
 * run it was stands in DATA/crashes (base/crash.h). After three of these crashes the run is given
 * up: it ends as failed, with the code crashed_server, and the others go on. A retry begins anew.
 *
 * Threads: while the service is opened.
 */
#ifndef SERVICE_CRASHES_H
#define SERVICE_CRASHES_H

#include "service/service.h"

/* Gives up what has to be, before the engine takes up anything; notes crashes from now on. */
MUST_USE enum status crashes_open(struct service *service, struct error *error);

#endif
