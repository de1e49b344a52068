/* steps/robots.h - what a site's robots.txt says to us.
 *
 * Sources: RFC 9309 (Robots Exclusion Protocol): groups by product token, * and $ in paths, the
 *          longest rule holds, `allow` among equals; the first 500 KiB count.
 * Threads: pure, any thread.
 */
#ifndef STEPS_ROBOTS_H
#define STEPS_ROBOTS_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

/* Bytes of a robots.txt that count. */
#define ROBOTS_BYTES_MAX ((size_t)500 * 1024)

/* Whether that file lets the program of that product token, such as "windrow", have the path with
 * its query. */
bool robots_allow(struct slice text, struct slice agent, struct slice path);

#endif
