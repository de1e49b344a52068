/* What undisturbed lives come to, written down: others are only compared with them.
 *
 * Threads: one.
 */
#ifndef SIM_EXPECTED_H
#define SIM_EXPECTED_H

/* Adds to both; words on standard error. */
void expected_check(unsigned *passed, unsigned *failed);

#endif
