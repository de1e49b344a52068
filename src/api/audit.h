/* api/audit.h - who changed what: the audit log gets a line for each request with a key but GETs.
 *
 * Threads: any, one at a time for a call.
 */
#ifndef API_AUDIT_H
#define API_AUDIT_H

#include "api/call.h"

/* Notes who asks for what before it is done, if that may change anything. False: it was answered,
 * since that cannot be noted. */
bool audit_begin(struct call *call);
/* An answer begins: it is noted too. */
void audit_answer(const struct call *call, int status);

#endif
