/* bench/stub_main.c - the stub as a program of its own.
 *
 * Usage: stub DELAY_MS; prints its port and serves until it is killed.
 */
#include "stub.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

int
main(int count, char **arguments)
{
    uint16_t port = 0;
    /* A bench that is broken off leaves no stub behind. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int listener = stub_listen(&port);
    printf("%u\n", port);
    fflush(stdout);
    stub_serve(listener, count > 1 ? strtol(arguments[1], NULL, 10) : 0);
}
