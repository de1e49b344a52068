/* main/world.h - the concrete parts of this program: store, steps, transport.
 *
 * Threads: the main thread.
 */
#ifndef MAIN_WORLD_H
#define MAIN_WORLD_H

#include "cli/cli.h"

struct settings;

/* A command line that opens services over SQLite with the network as transport. */
/* With the connectors of WINDROW_CONNECTORS, if it is set; INVALID and others of connectors_open(),
 * with words. */
MUST_USE enum status world_init(struct cli *cli, struct error *error);
void world_done(void);

/* As cli->open, for a server: takes up unfinished runs. */
enum status world_open_server(struct cli *cli, const struct settings *settings,
                              struct service **out, struct error *error);

/* The command `windrow doctor`. */
int doctor_command(struct cli *cli, int argc, char **argv);

int world_serve(struct cli *cli, int argc, char **argv);

#endif
