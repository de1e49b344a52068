/* cli/asking.h - requests of one command to whoever holds a data folder, or to a server elsewhere.
 *
 * Beside a running server they go through its control socket; without one the service is opened
 * here; with --server they become requests of the HTTP API.
 *
 * Threads: the main thread.
 */
#ifndef CLI_ASKING_H
#define CLI_ASKING_H

#include "cli/cli.h"
#include "cli/remote.h"

/* A request as service/control.h has it, asked of a server elsewhere, and its answer. */
typedef enum status asking_remote_fn(struct remote *remote, struct value request,
                                     struct value *answer, struct error *error);

struct asking {
    struct cli *cli;
    const char *data;
    asking_remote_fn *translate; /* NULL: not of a server elsewhere */
    struct arena arena;
    struct service *service;
    struct remote remote;
    struct value answer;
    struct error error;
};

/* options: NULL: the data folder is meant. asking_done() is to be called whatever comes back. */
MUST_USE enum status asking_init(struct asking *asking, struct cli *cli, const char *data,
                                 const struct remote_options *options, asking_remote_fn *translate);
void asking_done(struct asking *asking);

/* False: asking->error says why; else asking->answer is there. */
bool asking_ask(struct asking *asking, struct value request);
/* {"do": what}, and members for it; a NULL text is left out. */
struct value asking_request(struct asking *asking, const char *what);
void asking_put(struct asking *asking, struct value *request, const char *name, struct value value);
void asking_put_text(struct asking *asking, struct value *request, const char *name,
                     const char *text);
/* "a,b" as an array of texts, which live as long as the text. */
void asking_put_list(struct asking *asking, struct value *request, const char *name,
                     const char *text);

/* Tells what went wrong; the exit code. */
int asking_complain(const struct asking *asking);

/* Calls `show` for each thing of a list, page by page: the next one begins behind the last id of
 * this. many: the member of the answer; id: that of each thing. */
typedef void asking_show_fn(struct value thing, void *context);
bool asking_list(struct asking *asking, struct value request, const char *many, const char *id,
                 asking_show_fn *show, void *context);

/* For a show function: JSON with a comma before it, unless it is the first. context: bool, first
 * true. */
void asking_show_json(struct value thing, void *context);

#endif
