/* bench/front.c - the least that a durable run over HTTP could cost: the same HTTP server, and for
 * each request one insert of a finished run, committed in groups before the answer.
 *
 * What windrow needs beyond this is its own: the key, the route, JSON, the steps.
 *
 * Usage: front FOLDER; prints its port and serves until the end of its input.
 */
#include "base/clock.h"
#include "base/id.h"
#include "base/rng.h"
#include "net/http_server.h"
#include "store/sqlite/sqlite.h"
#include "store/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* About what windrow stores of a small run, and answers. */
static const char output[] = "{\"name\":\"Ada\",\"score\":135,\"level\":\"large\"}";
static char filler[256];
static char body[700];

struct front {
    struct writer *writer;
    struct id_source ids;
    struct id workspace, workflow;
};

static void
die(const char *words)
{
    fprintf(stderr, "front: %s\n", words);
    exit(1);
}

static void
committed(struct intent *intent)
{
    const struct http_answer answer = {
        .status = intent->status == STATUS_OK ? 201 : 500,
        .content_type = "application/json",
        .body = {body, sizeof(body)},
        .body_kind = HTTP_BODY_STATIC,
    };
    http_answer(intent->owner, &answer);
    intent_free(&intent);
}

static void
handle(struct http_request *request, void *context)
{
    struct front *front = context;
    struct intent *intent = intent_new(65536);
    struct run_row *row = arena_alloc(&intent->arena, sizeof(*row));
    int64_t now = clock_unix_ms(clock_system());
    *row = (struct run_row){
        .workspace = front->workspace,
        .id = id_next(&front->ids),
        .workflow = front->workflow,
        .version = 1,
        .generation = 1,
        .state = RUN_STATE_COMPLETED,
        .trigger = SLICE("api"),
        .created_unix_ms = now,
        .started_unix_ms = now,
        .ended_unix_ms = now,
        .input = arena_copy(&intent->arena, http_request_body(request)),
        .output = SLICE(output),
        .counts = slice_of(filler, sizeof(filler)),
        .inline_record = slice_of(filler, 128),
    };
    intent_add(intent, STORE_RUN_INSERT, row->input.size + 600)->run = row;
    intent->done = committed;
    intent->owner = request;
    writer_push(front->writer, intent);
}

static void
open_writer(struct front *front, struct store **store, const char *folder)
{
    struct error error = {0};
    if (chdir(folder) != 0)
        die("cannot enter that folder");
    if (sqlite_store_open(store, "front.db", NULL, &error) != STATUS_OK ||
        writer_start(&front->writer, *store, &error) != STATUS_OK)
        die(error.text);
}

int
main(int count, char **arguments)
{
    static struct front front;
    struct http_server *server = NULL;
    struct store *store = NULL;
    struct error error = {0};
    memset(filler, 'x', sizeof(filler));
    memset(body, 'y', sizeof(body));
    struct rng rng;
    rng_seed_system(&rng);
    id_source_init(&front.ids, clock_system(), &rng);
    front.workspace = id_next(&front.ids);
    front.workflow = id_next(&front.ids);
    open_writer(&front, &store, count > 1 ? arguments[1] : ".");
    struct http_server_config config = {
        .address = "127.0.0.1:0", .handler = handle, .context = &front};
    if (http_server_start(&server, &config, &error) != STATUS_OK)
        die(error.text);
    printf("%u\n", http_server_port(server));
    fflush(stdout);
    while (getchar() != EOF)
        continue;
    http_server_stop(server, 1000);
    writer_stop(&front.writer, 10000);
    http_server_free(&server);
    store_close(&store);
    return 0;
}
