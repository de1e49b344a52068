/* base/log.h - one event a line on standard error: time, level, words, then key=value.
 *
 * Only engine, service, api and main log above debug, once per fault, where it is decided what
 * happens next. No user data above debug.
 *
 * Threads: any; one write(2) a line.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/status.h"

/* LOG_NOTHING is only for log_configure(). */
enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_NOTHING };

/* Process-wide, set by main before threads start. */
void log_configure(enum log_level least, bool as_json);
bool log_is_on(enum log_level level);

/* fields: "run=… step=…" formatted by the caller, values without spaces; may be NULL. */
void log_event(enum log_level level, const char *words, const char *fields_format, ...)
    PRINTF_LIKE(3, 4);

#endif
