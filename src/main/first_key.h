/* main/first_key.h - the key with which a new server is opened.
 *
 * There is no default key: the first start on a data folder without keys makes one.
 *
 * Threads: the main thread.
 */
#ifndef MAIN_FIRST_KEY_H
#define MAIN_FIRST_KEY_H

#include "service/service.h"

/* Does nothing if the default workspace has had a key. choice: NULL makes one of every scope and
 * prints it on standard output, which is no log; "none" makes none; anything else is the key's own
 * text, which is not printed. INVALID: it is not fit for one. */
MUST_USE enum status first_key_make(struct service *service, const char *choice,
                                    struct error *error);

#endif
