/* Who may do what: every route with keys of every scope, of another workspace, revoked and expired.
 *
 * The API runs whole, over the simulated store, into which the keys are put before it is opened.
 */
#include "api/api.h"
#include "api/native/native.h"
#include "base/limits.h"
#include "service/service.h"
#include "steps/table.h"
#include "store/blobs.h"
#include "store/simulated/simulated.h"
#include "store/store.h"
#include "test.h"
#include "unit/net/http_peer.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/windrow-test-api-XXXXXX";
static struct store *store;
static struct service *service;
static struct api *api;
static struct http_server *server;

static const struct id home = {{1}};
static const struct id elsewhere = {{2}};
static const struct id workflow_id = {{3, 1}};
static const struct id run_id = {{4, 1}};
static const struct id wants_id = {{3, 2}};
static const struct id paused_id = {{4, 2}};
static const struct id file_id = {{5, 1}};
static const struct id nobody;
static const struct id list_id = {{6, 1}};
static const struct id type_id = {{6, 2}};
static const struct id entity_id = {{6, 3}};
static const struct id document_id = {{6, 4}};
static const struct id foreign_file_id = {{5, 2}};

/* Secrets are their own names. */
enum who { READER, RUNNER, WRITER, ADMIN, ALL, STRANGER, REVOKED, EXPIRED, SPARE, WHO_COUNT };
static const char *const secrets[WHO_COUNT] = {"reader",   "runner",  "writer",  "admin", "all",
                                               "stranger", "revoked", "expired", "spare"};
static const uint32_t scopes[WHO_COUNT] = {
    KEY_SCOPE_READ, KEY_SCOPE_RUN,  KEY_SCOPE_WRITE, KEY_SCOPE_ADMIN, KEY_SCOPES_ALL,
    KEY_SCOPES_ALL, KEY_SCOPES_ALL, KEY_SCOPES_ALL,  KEY_SCOPES_ALL,
};

/* --- the world --- */

static void
commit(struct intent *intent)
{
    struct error error = {0};
    struct intent *const intents[] = {intent};
    assert_int_equal(store_commit(store, intents, 1, &error), STATUS_OK);
    assert_int_equal(intent->status, STATUS_OK);
    intent_free(&intent);
}

static void
put_workspaces(void)
{
    const struct workspace_row rows[] = {{.id = home, .name = SLICE("home")},
                                         {.id = elsewhere, .name = SLICE("elsewhere")}};
    struct intent *intent = intent_new(KIB(4));
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        intent_add(intent, STORE_WORKSPACE_INSERT, 64)->workspace = &rows[i];
    commit(intent);
}

static void
put_keys(void)
{
    for (unsigned who = 0; who < WHO_COUNT; who++) {
        struct key_row row = {
            .workspace = who == STRANGER ? elsewhere : home,
            .id = {{9, (uint8_t)who}},
            .secret = digest_of(slice_text(secrets[who])),
            .name = SLICE("test"),
            .scopes = scopes[who],
            .created_unix_ms = 1,
            .expires_unix_ms = who == EXPIRED ? 2 : 0,
            .revoked_unix_ms = who == REVOKED ? 2 : 0,
        };
        struct intent *intent = intent_new(KIB(4));
        intent_add(intent, STORE_KEY_INSERT, 64)->key = &row;
        commit(intent);
    }
}

static void
put_workflow(void)
{
    const struct workflow_row workflow = {
        .workspace = home,
        .id = workflow_id,
        .slug = SLICE("here"),
        .name = SLICE("Here"),
        .status = WORKFLOW_ACTIVE,
        .latest_version = 1,
        .published_version = 1,
        .created_unix_ms = 1,
        .updated_unix_ms = 1,
    };
    const struct version_row version = {
        .workflow = workflow_id,
        .version = 1,
        .text = SLICE("name: Here\nsteps: [{ type: set, config: { fields: { x: 1 } } }]\n"),
        .created_unix_ms = 1,
    };
    const struct run_row run = {
        .workspace = home,
        .id = run_id,
        .workflow = workflow_id,
        .version = 1,
        .generation = 1,
        .state = RUN_STATE_COMPLETED,
        .trigger = SLICE("api"),
        .created_unix_ms = 1,
        .ended_unix_ms = 2,
        .input = SLICE("{}"),
        .output = SLICE("{\"secret\":7}"),
    };
    struct intent *intent = intent_new(KIB(16));
    intent_add(intent, STORE_WORKFLOW_INSERT, 64)->workflow = &workflow;
    intent_add(intent, STORE_VERSION_INSERT, 64)->version = &version;
    intent_add(intent, STORE_RUN_INSERT, 64)->run = &run;
    commit(intent);
}

/* A workflow whose input is a file, with a run that has not ended. */
static void
put_wants(void)
{
    const struct workflow_row workflow = {
        .workspace = home,
        .id = wants_id,
        .slug = SLICE("wants"),
        .name = SLICE("Wants"),
        .status = WORKFLOW_ACTIVE,
        .latest_version = 1,
        .published_version = 1,
        .created_unix_ms = 1,
        .updated_unix_ms = 1,
    };
    const struct version_row version = {
        .workflow = wants_id,
        .version = 1,
        .text = SLICE("name: Wants\ninput: { type: object, properties: { file: { type: string, "
                      "format: file } } }\n"
                      "steps: [{ type: set, config: { fields: { x: 1 } } }]\n"),
        .created_unix_ms = 1,
    };
    const struct run_row paused = {
        .workspace = home,
        .id = paused_id,
        .workflow = wants_id,
        .version = 1,
        .generation = 1,
        .state = RUN_STATE_PAUSED,
        .trigger = SLICE("api"),
        .created_unix_ms = 1,
    };
    struct intent *intent = intent_new(KIB(16));
    intent_add(intent, STORE_WORKFLOW_INSERT, 64)->workflow = &workflow;
    intent_add(intent, STORE_VERSION_INSERT, 64)->version = &version;
    intent_add(intent, STORE_RUN_INSERT, 64)->run = &paused;
    commit(intent);
}

static void
put_file(const struct id *workspace, const struct id *id)
{
    const struct file_row file = {
        .workspace = *workspace,
        .id = *id,
        .name = SLICE("rows.csv"),
        .content_type = SLICE("text/csv"),
        .size_bytes = 4,
        .created_unix_ms = 1,
    };
    struct intent *intent = intent_new(KIB(4));
    intent_add(intent, STORE_FILE_INSERT, 64)->file = &file;
    commit(intent);
}

static void
put_delivery(void)
{
    const struct delivery_row delivery = {
        .workspace = home,
        .id = {{6, 1}},
        .run = run_id,
        .type = SLICE("run.completed"),
        .url = SLICE("https://example.com"),
        .host = SLICE("example.com"),
        .created_unix_ms = 1,
        .due_unix_ms = INT64_MAX,
        .give_up_unix_ms = INT64_MAX,
    };
    struct intent *intent = intent_new(KIB(4));
    intent_add(intent, STORE_DELIVERY_INSERT, 64)->delivery = &delivery;
    commit(intent);
}

/* Its bytes, where the service keeps them. */
static bool
put_bytes(void)
{
    char path[4096];
    struct blobs *blobs;
    struct blob *blob;
    struct error error = {0};
    snprintf(path, sizeof(path), "%s/blobs", folder);
    if (blobs_open(&blobs, path, NULL, &error) != STATUS_OK)
        return false;
    bool is_ok = blob_append_open(&blob, blobs, &file_id, 0, &error) == STATUS_OK &&
                 blob_append(blob, SLICE("a\n1\n"), &error) == STATUS_OK;
    blob_close(&blob);
    blobs_close(&blobs);
    return is_ok;
}

static void
put_object(enum object_kind kind, const struct id *id, const struct id *parent)
{
    const struct object_row row = {
        .workspace = home,
        .id = *id,
        .kind = kind,
        .parent = *parent,
        .name = SLICE("thing"),
        .body = SLICE("{\"name\":\"Thing\",\"title\":\"Thing\",\"fields\":[]}"),
        .revision = 1,
        .created_unix_ms = 1,
        .updated_unix_ms = 1,
    };
    struct intent *intent = intent_new(KIB(4));
    intent_add_object(intent, STORE_OBJECT_INSERT, &row);
    commit(intent);
}

static void
put_text(const struct id *id)
{
    const struct index_row row = {.workspace = home, .id = *id, .body = SLICE("secret words")};
    struct intent *intent = intent_new(KIB(4));
    intent_add(intent, STORE_INDEX_PUT, 64)->index = &row;
    commit(intent);
}

static enum status
open_store(struct store **out, const char *unused, struct error *error)
{
    store = simulated_store_new(1);
    put_workspaces();
    put_keys();
    put_workflow();
    put_wants();
    put_file(&home, &file_id);
    put_file(&elsewhere, &foreign_file_id);
    put_delivery();
    put_object(OBJECT_LIST, &list_id, &nobody);
    put_object(OBJECT_ENTITY_TYPE, &type_id, &nobody);
    put_object(OBJECT_ENTITY, &entity_id, &type_id);
    put_object(OBJECT_DOCUMENT, &document_id, &nobody);
    put_text(&document_id);
    *out = store;
    return STATUS_OK;
}

static int
open_world(void **state)
{
    if (mkdtemp(folder) == NULL)
        return 1;
    struct service_options options = {
        .data_folder = folder,
        .open_store = open_store,
        .steps = &step_table,
        .catalog = &step_catalog,
        .clock = clock_system(),
        .eval_threads = 1,
    };
    struct error error = {0};
    if (service_open(&service, &options, &error) != STATUS_OK || !put_bytes())
        return 1;
    struct api_options of_api = {.service = service, .loop_count = 1};
    api = api_new(&of_api);
    server = peer_start_server(
        (struct http_server_config){.handler = api_handle, .on_head = api_on_head, .context = api});
    return server == NULL;
}

static int
remove_one(const char *path, const struct stat *unused, int type, struct FTW *place)
{
    return remove(path);
}

static int
close_world(void **state)
{
    http_server_stop(server, 1000);
    service_close(&service);
    http_server_free(&server);
    api_free(&api);
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* --- requests --- */

static struct reply
ask(const char *method, const char *path, const char *key)
{
    char request[1024];
    char header[300] = "";
    if (key != NULL)
        snprintf(header, sizeof(header), "x-metal-api-key: %s\r\n", key);
    snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: 0\r\n\r\n",
             method, path, header);
    struct peer peer = peer_connect(server);
    struct reply reply;
    peer_send_text(&peer, request);
    peer_read_reply(&peer, &reply, false);
    peer_close(&peer);
    return reply;
}

static int
status_of(const char *method, const char *path, const char *key)
{
    struct reply reply = ask(method, path, key);
    int status = reply.status;
    reply_done(&reply);
    return status;
}

/* The documented table: what each route needs, and what a key that may gets. */
#define W "/v1/workflows/030100000000000000000000"
#define R "/v1/workflow-runs/040100000000000000000000"
#define T "/v1/workspaces/010000000000000000000000"
#define K "/v1/keys/090800000000000000000000"
#define Y_ID "060200000000000000000000"
#define Y "/v1/entity-types/" Y_ID
#define E "/v1/entities/060300000000000000000000"
#define D "/v1/documents/060400000000000000000000"
#define L "/v1/lists/060100000000000000000000"
#define F "/v1/files/050100000000000000000000"
static const struct {
    const char *method;
    const char *path;
    uint32_t scope;
    int status;
    bool is_of_one; /* it names an object of the workspace */
} table[] = {
    {"GET", "/v1/workflows", KEY_SCOPE_READ, 200, false},
    {"POST", "/v1/workflows", KEY_SCOPE_WRITE, 400, false},
    {"POST", "/v1/workflows/validate", KEY_SCOPE_WRITE, 400, false},
    {"POST", W "/estimate", KEY_SCOPE_RUN, 200, true},
    {"POST", "/v1/workflows/steps/try", KEY_SCOPE_WRITE, 400, false},
    {"POST", W "/steps/step_1/try", KEY_SCOPE_WRITE, 200, true},
    {"GET", W, KEY_SCOPE_READ, 200, true},
    {"GET", "/v1/workflows/here", KEY_SCOPE_READ, 200, true},
    {"PUT", W, KEY_SCOPE_WRITE, 400, false},
    {"DELETE", "/v1/workflows/wants", KEY_SCOPE_WRITE, 409, true},
    {"POST", W "/archive", KEY_SCOPE_WRITE, 200, true},
    {"POST", W "/unarchive", KEY_SCOPE_WRITE, 200, true},
    {"POST", W "/publish", KEY_SCOPE_WRITE, 200, true},
    {"GET", W "/versions", KEY_SCOPE_READ, 200, true},
    {"GET", W "/versions/1", KEY_SCOPE_READ, 200, true},
    {"GET", W "/versions/1/diff/newest", KEY_SCOPE_READ, 200, true},
    {"POST", W "/versions/restore", KEY_SCOPE_WRITE, 400, false},
    {"GET", W "/runs", KEY_SCOPE_READ, 200, true},
    {"GET", W "/schedule", KEY_SCOPE_READ, 404, true},
    {"GET", W "/webhook-requests", KEY_SCOPE_READ, 200, true},
    {"GET", "/v1/webhook-requests/000000000000000000000001", KEY_SCOPE_READ, 404, true},
    {"POST", "/v1/webhook-requests/000000000000000000000001/replay", KEY_SCOPE_RUN, 404, true},
    {"GET", W "/trigger/webhook-secret", KEY_SCOPE_WRITE, 200, true},
    {"POST", W "/trigger/webhook-secret/rotate", KEY_SCOPE_WRITE, 200, true},
    {"GET", "/v1/schedules", KEY_SCOPE_READ, 200, false},
    {"GET", "/v1/companies", KEY_SCOPE_READ, 200, false},
    {"POST", "/v1/companies", KEY_SCOPE_RUN, 400, false},
    {"POST", "/v1/companies/search", KEY_SCOPE_READ, 400, false},
    {"GET", "/v1/companies/060300000000000000000000", KEY_SCOPE_READ, 404, true},
    {"PATCH", "/v1/companies/060300000000000000000000", KEY_SCOPE_RUN, 404, true},
    {"PUT", "/v1/companies/060300000000000000000000", KEY_SCOPE_RUN, 404, true},
    {"DELETE", "/v1/companies/externalId=none", KEY_SCOPE_RUN, 404, true},
    {"GET", "/v1/deals", KEY_SCOPE_READ, 200, false},
    {"POST", "/v1/deals", KEY_SCOPE_RUN, 400, false},
    {"POST", "/v1/deals/search", KEY_SCOPE_READ, 400, false},
    {"GET", "/v1/deals/060300000000000000000000", KEY_SCOPE_READ, 404, true},
    {"PATCH", "/v1/deals/060300000000000000000000", KEY_SCOPE_RUN, 404, true},
    {"PUT", "/v1/deals/060300000000000000000000", KEY_SCOPE_RUN, 404, true},
    {"DELETE", "/v1/deals/externalId=none", KEY_SCOPE_RUN, 404, true},
    {"GET", "/v1/people", KEY_SCOPE_READ, 200, false},
    {"POST", "/v1/people", KEY_SCOPE_RUN, 400, false},
    {"POST", "/v1/people/search", KEY_SCOPE_READ, 400, false},
    {"GET", "/v1/people/060300000000000000000000", KEY_SCOPE_READ, 404, true},
    {"PATCH", "/v1/people/060300000000000000000000", KEY_SCOPE_RUN, 404, true},
    {"PUT", "/v1/people/060300000000000000000000", KEY_SCOPE_RUN, 404, true},
    {"DELETE", "/v1/people/externalId=none", KEY_SCOPE_RUN, 404, true},
    {"GET", "/v1/secrets", KEY_SCOPE_WRITE, 200, false},
    {"GET", "/v1/secrets/none", KEY_SCOPE_WRITE, 404, true},
    {"PUT", "/v1/secrets/none", KEY_SCOPE_ADMIN, 400, false},
    {"DELETE", "/v1/secrets/none", KEY_SCOPE_ADMIN, 404, true},
    {"GET", "/v1/vars", KEY_SCOPE_READ, 200, false},
    {"GET", "/v1/vars/none", KEY_SCOPE_READ, 404, true},
    {"PUT", "/v1/vars/none", KEY_SCOPE_WRITE, 400, false},
    {"DELETE", "/v1/vars/none", KEY_SCOPE_WRITE, 404, true},
    {"POST", W "/runs", KEY_SCOPE_RUN, 201, true},
    {"GET", "/v1/workflow-runs", KEY_SCOPE_READ, 200, false},
    {"GET", R, KEY_SCOPE_READ, 200, true},
    {"GET", R "/items", KEY_SCOPE_READ, 200, true},
    {"GET", R "/items/0", KEY_SCOPE_READ, 404, true},
    {"GET", R "/tables", KEY_SCOPE_READ, 200, true},
    {"GET", R "/tables/input", KEY_SCOPE_READ, 200, true},
    {"GET", R "/results", KEY_SCOPE_READ, 200, true},
    {"GET", R "/events?lastEventId=3", KEY_SCOPE_READ, 204, true},
    {"GET", R "/runs", KEY_SCOPE_READ, 200, true},
    {"GET", R "/files", KEY_SCOPE_READ, 200, true},
    {"POST", R "/retry", KEY_SCOPE_RUN, 409, true},
    {"POST", R "/rerun", KEY_SCOPE_RUN, 201, true},
    {"POST", R "/cancel", KEY_SCOPE_RUN, 409, true},
    {"POST", R "/pause", KEY_SCOPE_RUN, 409, true},
    {"POST", R "/resume", KEY_SCOPE_RUN, 409, true},
    {"POST", "/v1/files", KEY_SCOPE_RUN, 201, false},
    {"GET", "/v1/waits", KEY_SCOPE_READ, 200, false},
    {"GET", "/v1/approvals", KEY_SCOPE_READ, 200, false},
    {"GET", "/v1/approvals/0c0100000000000000000000", KEY_SCOPE_READ, 404, true},
    {"POST", "/v1/approvals/0c0100000000000000000000", KEY_SCOPE_RUN, 400, false},
    {"GET", "/v1/deliveries", KEY_SCOPE_READ, 200, false},
    {"GET", "/v1/deliveries/060100000000000000000000", KEY_SCOPE_READ, 200, true},
    {"POST", "/v1/deliveries/060100000000000000000000/replay", KEY_SCOPE_RUN, 409, true},
    {"GET", "/v1/webhook-secret", KEY_SCOPE_ADMIN, 200, false},
    {"POST", "/v1/webhook-secret/rotate", KEY_SCOPE_ADMIN, 200, false},
    {"GET", "/v1/files", KEY_SCOPE_READ, 200, false},
    {"GET", F, KEY_SCOPE_READ, 200, true},
    {"GET", F "/content", KEY_SCOPE_READ, 200, true},
    {"POST", "/v1/workflow-runs/retry", KEY_SCOPE_RUN, 400, false},
    {"POST", "/v1/workflow-runs/cancel", KEY_SCOPE_RUN, 400, false},
    {"POST", "/v1/workflow-runs/delete", KEY_SCOPE_WRITE, 400, false},
    {"GET", "/v1/operations", KEY_SCOPE_READ, 200, false},
    {"GET", "/v1/operations/040900000000000000000000", KEY_SCOPE_READ, 404, true},
    {"DELETE", "/v1/workflow-runs/040900000000000000000000", KEY_SCOPE_WRITE, 404, true},
    {"DELETE", "/v1/files/0503000000000000000000000", KEY_SCOPE_WRITE, 404, true},
    {"POST", F "/link", KEY_SCOPE_READ, 200, true},
    {"GET", "/v1/entity-types", KEY_SCOPE_READ, 200, false},
    {"POST", "/v1/entity-types", KEY_SCOPE_WRITE, 400, false},
    {"GET", Y, KEY_SCOPE_READ, 200, true},
    {"PATCH", Y, KEY_SCOPE_WRITE, 200, true},
    {"DELETE", "/v1/entity-types/060900000000000000000000", KEY_SCOPE_WRITE, 404, true},
    {"GET", "/v1/entities?entityType=" Y_ID, KEY_SCOPE_READ, 200, true},
    {"POST", "/v1/entities", KEY_SCOPE_RUN, 400, false},
    {"GET", E, KEY_SCOPE_READ, 200, true},
    {"PATCH", E, KEY_SCOPE_RUN, 200, true},
    {"DELETE", "/v1/entities/060900000000000000000000", KEY_SCOPE_RUN, 404, true},
    {"POST", E "/restore", KEY_SCOPE_RUN, 409, true},
    {"GET", "/v1/documents", KEY_SCOPE_READ, 200, false},
    {"POST", "/v1/documents", KEY_SCOPE_RUN, 400, false},
    {"POST", "/v1/documents/search", KEY_SCOPE_READ, 400, false},
    {"GET", D, KEY_SCOPE_READ, 200, true},
    {"PATCH", D, KEY_SCOPE_RUN, 200, true},
    {"DELETE", "/v1/documents/060900000000000000000000", KEY_SCOPE_RUN, 404, true},
    {"GET", "/v1/lists", KEY_SCOPE_READ, 200, false},
    {"POST", "/v1/lists", KEY_SCOPE_WRITE, 400, false},
    {"GET", L, KEY_SCOPE_READ, 200, true},
    {"GET", L "/rows", KEY_SCOPE_READ, 200, true},
    {"POST", L "/rows", KEY_SCOPE_RUN, 400, false},
    {"POST", L "/rows/remove", KEY_SCOPE_RUN, 400, false},
    {"POST", L "/runs", KEY_SCOPE_RUN, 400, false},
    {"DELETE", "/v1/lists/060900000000000000000000", KEY_SCOPE_WRITE, 404, true},
    {"GET", "/v1/keys", KEY_SCOPE_ADMIN, 200, false},
    {"POST", "/v1/keys", KEY_SCOPE_ADMIN, 400, false},
    {"DELETE", K, KEY_SCOPE_ADMIN, 200, true},
    {"GET", "/v1/credits", KEY_SCOPE_READ, 200, false},
    {"POST", "/v1/credits", KEY_SCOPE_ADMIN, 403, false},
    {"GET", "/v1/credits/grants", KEY_SCOPE_ADMIN, 200, false},
    {"GET", "/v1/usage", KEY_SCOPE_READ, 200, false},
    {"GET", "/v1/audit", KEY_SCOPE_ADMIN, 200, false},
    {"GET", "/v1/workspaces", KEY_SCOPE_ADMIN, 200, false},
    {"POST", "/v1/workspaces", KEY_SCOPE_ADMIN, 400, false},
    {"POST", "/v1/workspaces/search", KEY_SCOPE_ADMIN, 400, false},
    {"GET", T, KEY_SCOPE_ADMIN, 200, true},
    {"PATCH", T, KEY_SCOPE_ADMIN, 403, false},
    {"POST", T "/keys", KEY_SCOPE_ADMIN, 400, false},
};

static void
test_each_route_needs_its_scope_and_no_other(void **state)
{
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        for (unsigned who = READER; who <= ALL; who++) {
            int wanted = (scopes[who] & table[i].scope) != 0 ? table[i].status : 403;
            int found = status_of(table[i].method, table[i].path, secrets[who]);
            if (found != wanted)
                fail_msg("%s %s as %s: %d, not %d", table[i].method, table[i].path, secrets[who],
                         found, wanted);
        }
    }
}

static void
test_keys_that_do_not_count_open_nothing(void **state)
{
    const char *const keys[] = {NULL, "nobody", "revoked", "expired", "READER"};
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        for (size_t k = 0; k < COUNT_OF(keys); k++) {
            int found = status_of(table[i].method, table[i].path, keys[k]);
            if (found != 401)
                fail_msg("%s %s with key %zu: %d", table[i].method, table[i].path, k, found);
        }
    }
}

static void
test_another_workspace_sees_nothing(void **state)
{
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        int wanted = table[i].is_of_one ? 404 : table[i].status;
        int found = status_of(table[i].method, table[i].path, secrets[STRANGER]);
        if (found != wanted)
            fail_msg("%s %s as stranger: %d", table[i].method, table[i].path, found);
    }
    struct reply reply = ask("GET", "/v1/workflows", secrets[STRANGER]);
    assert_true(slice_is(buffer_slice(&reply.body), "{\"data\":[]}"));
    reply_done(&reply);
}

/* A line of the route table that the table above forgets would not be tested. */
static void
test_every_guarded_route_is_in_the_table(void **state)
{
    size_t guarded = 0;
    for (size_t i = 0; i < native_routes.count; i++)
        guarded += native_routes.routes[i].scope != ROUTE_PUBLIC;
    size_t tested = 0;
    for (size_t i = 0; i < COUNT_OF(table); i++)
        tested += strcmp(table[i].path, "/v1/workflows/here") != 0;
    assert_int_equal(guarded, tested);
}

static void
test_ids_are_the_same_in_every_form(void **state)
{
    char uuid[ID_UUID_BYTES];
    char path[128];
    id_uuid(&run_id, uuid);
    const char *const forms[] = {"040100000000000000000000", "wf_040100000000000000000000", uuid};
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        snprintf(path, sizeof(path), "/v1/workflow-runs/%s", forms[i]);
        assert_int_equal(status_of("GET", path, "all"), 200);
    }
    id_uuid(&workflow_id, uuid);
    snprintf(path, sizeof(path), "/v1/workflows/%s", uuid);
    assert_int_equal(status_of("GET", path, "all"), 200);
}

static void
test_a_run_is_spelled_as_metal_does(void **state)
{
    struct reply reply = ask("GET", R, "all");
    const char *wanted =
        "{\"data\":{\"id\":\"040100000000000000000000\",\"workflowId\":"
        "\"030100000000000000000000\","
        "\"status\":\"completed\",\"state\":\"completed\",\"input\":{},\"output\":{\"secret\":7},"
        "\"error\":null,"
        "\"createdAt\":\"1970-01-01T00:00:00.001Z\",\"startedAt\":null,"
        "\"completedAt\":\"1970-01-01T00:00:00.002Z\",\"version\":1,\"generation\":1,"
        "\"trigger\":\"api\",\"parentRunId\":null,\"labels\":{},"
        "\"priority\":\"normal\",\"deadline\":null,\"callbackUrl\":null,"
        "\"concurrencyKey\":null,\"models\":null,\"counts\":null}}";
    assert_true(slice_is(buffer_slice(&reply.body), wanted));
    reply_done(&reply);
}

static void
test_a_file_is_told_and_given(void **state)
{
    struct reply reply = ask("GET", F, "all");
    assert_true(slice_is(buffer_slice(&reply.body),
                         "{\"data\":{\"id\":\"050100000000000000000000\",\"name\":\"rows.csv\","
                         "\"contentType\":\"text/csv\",\"bytes\":4,\"sha256\":null,"
                         "\"createdAt\":\"1970-01-01T00:00:00.001Z\","
                         "\"runId\":null,\"step\":null,\"partial\":false}}"));
    reply_done(&reply);
    reply = ask("GET", F "/content", "all");
    assert_true(slice_is(buffer_slice(&reply.body), "a\n1\n"));
    reply_done(&reply);
}

/* The status of a run of "wants" whose input is that file; its words are checked. */
static int
start_with(const struct id *file, const char *words)
{
    char hex[ID_HEX_BYTES];
    char request[512];
    id_hex(file, hex);
    snprintf(request, sizeof(request),
             "POST /v1/workflows/wants/runs HTTP/1.1\r\nHost: x\r\nx-api-key: all\r\n"
             "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n"
             "{\"input\":{\"file\":\"%s\"}}",
             strlen("{\"input\":{\"file\":\"\"}}") + ID_HEX_BYTES - 1, hex);
    struct peer peer = peer_connect(server);
    struct reply reply;
    peer_send_text(&peer, request);
    peer_read_reply(&peer, &reply, false);
    peer_close(&peer);
    buffer_append_byte(&reply.body, '\0');
    assert_non_null(strstr(reply.body.ptr, words));
    int status = reply.status;
    reply_done(&reply);
    return status;
}

static void
test_a_run_takes_files_of_its_own_workspace_only(void **state)
{
    assert_int_equal(start_with(&file_id, "\"status\":"), 201);
    assert_int_equal(start_with(&foreign_file_id, "input/file: there is no file"), 400);
    assert_int_equal(start_with(&run_id, "input/file: there is no file"), 400);
}

/* --- a disk in trouble --- */

static bool
is_in_trouble(void *context)
{
    struct error error = {0};
    return (service_trouble(service, &error) != STATUS_OK) == *(bool *)context;
}

/* A run that comes while the disk is full waits; those behind it are told at once, and all goes on
 * when there is room again. */
static void
test_a_full_disk_is_told_and_gets_over(void **state)
{
    bool is_wanted = true;
    simulated_set_faults(store, &(struct simulated_faults){.commit_full = 1000});
    struct peer peer = peer_connect(server);
    peer_send_text(&peer, "POST " W "/runs HTTP/1.1\r\nHost: x\r\nx-api-key: all\r\n"
                          "Content-Length: 0\r\n\r\n");
    peer_wait_for(is_in_trouble, &is_wanted, "the trouble");
    assert_int_equal(status_of("POST", W "/runs", "all"), 507);
    assert_int_equal(status_of("POST", R "/cancel", "all"), 507);
    assert_int_equal(status_of("GET", R, "all"), 200);
    assert_int_equal(status_of("GET", "/readyz", NULL), 503);
    assert_int_equal(status_of("GET", "/healthz", NULL), 200);

    simulated_set_faults(store, &(struct simulated_faults){.commit_full = 0});
    struct reply reply;
    peer_read_reply(&peer, &reply, false);
    assert_int_equal(reply.status, 201);
    reply_done(&reply);
    peer_close(&peer);
    is_wanted = false;
    peer_wait_for(is_in_trouble, &is_wanted, "its end");
    assert_int_equal(status_of("GET", "/readyz", NULL), 200);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_route_needs_its_scope_and_no_other),
        cmocka_unit_test(test_keys_that_do_not_count_open_nothing),
        cmocka_unit_test(test_another_workspace_sees_nothing),
        cmocka_unit_test(test_every_guarded_route_is_in_the_table),
        cmocka_unit_test(test_ids_are_the_same_in_every_form),
        cmocka_unit_test(test_a_file_is_told_and_given),
        cmocka_unit_test(test_a_run_takes_files_of_its_own_workspace_only),
        cmocka_unit_test(test_a_run_is_spelled_as_metal_does),
        cmocka_unit_test(test_a_full_disk_is_told_and_gets_over),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
