#include "api/native/native.h"

#include "base/limits.h"

#define GET HTTP_METHOD_GET
#define POST HTTP_METHOD_POST
#define PUT HTTP_METHOD_PUT
#define DELETE HTTP_METHOD_DELETE
#define PATCH HTTP_METHOD_PATCH
#define SMALL KIB(64)
/* A text of JSON may be twice as long as what it says. */
#define DOCUMENT_BYTES (2 * LIMIT_DOCUMENT_TEXT_BYTES + 2 * LIMIT_DOCUMENT_METADATA_BYTES)
#define LIST_QUERY "limit,page,lt,sort,direction"
#define ASK_FILTERS "status,runId,workflow,createdAfter,createdBefore,"
#define RUN_FILTERS "status,trigger,label,createdAfter,createdBefore"

/* Companies, deals and people: their path, what one and several are called in names, and in words.
 */
#define RECORD_BYTES (LIMIT_ENTITY_BYTES + KIB(64))
#define RECORDS(path, one, one_name, all_name, word)                                               \
    {GET,                                                                                          \
     "/v1/" path,                                                                                  \
     KEY_SCOPE_READ,                                                                               \
     native_record_list,                                                                           \
     0,                                                                                            \
     .name = "list" all_name,                                                                      \
     .tag = "Records",                                                                             \
     .summary = "List " path,                                                                      \
     .query = LIST_QUERY,                                                                          \
     .gives = "[" one_name "]"},                                                                   \
        {POST,                                                                                     \
         "/v1/" path,                                                                              \
         KEY_SCOPE_RUN,                                                                            \
         native_record_create,                                                                     \
         RECORD_BYTES,                                                                             \
         .name = "create" one_name,                                                                \
         .tag = "Records",                                                                         \
         .summary = "Make a " word,                                                                \
         .takes = one_name "Wanted",                                                               \
         .gives = one_name,                                                                        \
         .status = 201},                                                                           \
        {POST,                                                                                     \
         "/v1/" path "/search",                                                                    \
         KEY_SCOPE_READ,                                                                           \
         native_record_search,                                                                     \
         SMALL,                                                                                    \
         .name = "search" all_name,                                                                \
         .tag = "Records",                                                                         \
         .summary = "Find " path " by their words",                                                \
         .takes = "RecordSearch",                                                                  \
         .gives = "[" one_name "]"},                                                               \
        {GET,                                                                                      \
         "/v1/" path "/" one,                                                                      \
         KEY_SCOPE_READ,                                                                           \
         native_record_get,                                                                        \
         0,                                                                                        \
         .name = "get" one_name,                                                                   \
         .tag = "Records",                                                                         \
         .summary = "Get a " word,                                                                 \
         .gives = one_name},                                                                       \
        {PATCH,                                                                                    \
         "/v1/" path "/" one,                                                                      \
         KEY_SCOPE_RUN,                                                                            \
         native_record_change,                                                                     \
         RECORD_BYTES,                                                                             \
         .name = "change" one_name,                                                                \
         .tag = "Records",                                                                         \
         .summary = "Change some fields of a " word,                                               \
         .takes = one_name "Change",                                                               \
         .gives = one_name},                                                                       \
        {PUT,                                                                                      \
         "/v1/" path "/" one,                                                                      \
         KEY_SCOPE_RUN,                                                                            \
         native_record_change,                                                                     \
         RECORD_BYTES,                                                                             \
         .name = "put" one_name,                                                                   \
         .tag = "Records",                                                                         \
         .summary = "The same as PATCH",                                                           \
         .takes = one_name "Change",                                                               \
         .gives = one_name},                                                                       \
    {                                                                                              \
        DELETE, "/v1/" path "/" one, KEY_SCOPE_RUN, native_record_delete, 0,                       \
            .name = "delete" one_name, .tag = "Records", .summary = "Delete a " word,              \
            .gives = one_name                                                                      \
    }

/* The first line that fits serves; those most asked for stand first. */
static const struct route routes[] = {
    {POST, "/v1/workflows/{workflow}/runs", KEY_SCOPE_RUN, native_run_start, LIMIT_INPUT_BYTES,
     .name = "startRun", .tag = "Runs", .summary = "Start a run", .query = "wait",
     .takes = "RunStart", .gives = "Run", .status = 201, .starts_run = true},
    {GET, "/v1/workflow-runs/{run}", KEY_SCOPE_READ, native_run_get, 0, .name = "getRun",
     .tag = "Runs", .summary = "Get a run", .query = "wait", .gives = "Run"},
    {GET, "/v1/workflows/{workflow}/runs", KEY_SCOPE_READ, native_run_list, 0, .name = "listRuns",
     .tag = "Runs", .summary = "List the runs of a workflow", .query = LIST_QUERY "," RUN_FILTERS,
     .gives = "[Run]"},
    {GET, "/v1/workflow-runs", KEY_SCOPE_READ, native_run_list_all, 0, .name = "listAllRuns",
     .tag = "Runs", .summary = "List the runs of all workflows",
     .query = LIST_QUERY ",workflow," RUN_FILTERS, .gives = "[Run]"},
    {GET, "/v1/workflow-runs/{run}/items", KEY_SCOPE_READ, native_run_items, 0, .name = "listItems",
     .tag = "Runs", .summary = "List the items of one of its tables",
     .query = "table,state,from,limit", .gives = "[Item]"},
    {GET, "/v1/workflow-runs/{run}/items/{item}", KEY_SCOPE_READ, native_run_item, 0,
     .name = "getItem", .tag = "Runs", .summary = "Get one item with its recorded calls",
     .query = "table", .gives = "Item"},
    {GET, "/v1/workflow-runs/{run}/tables", KEY_SCOPE_READ, native_run_tables, 0,
     .name = "listTables", .tag = "Runs", .summary = "List its tables, with links to their rows",
     .query = "format", .gives = "[Table]"},
    {GET, "/v1/workflow-runs/{run}/tables/{table}", KEY_SCOPE_READ, native_run_table, 0,
     .name = "getTable", .tag = "Runs", .summary = "Get the rows of one of its tables as a file",
     .query = "format,state,columns,from,to,limit", .gives_media = "application/octet-stream"},
    {GET, "/v1/workflow-runs/{run}/results", KEY_SCOPE_READ, native_run_results, 0,
     .name = "getResults", .tag = "Runs", .summary = "Get the rows of one of its tables as a file",
     .query = "table,format,state,columns,from,to,limit",
     .gives_media = "application/octet-stream"},
    {GET, "/v1/workflow-runs/{run}/files", KEY_SCOPE_READ, native_run_files, 0,
     .name = "listRunFiles", .tag = "Runs", .summary = "List the files that it has made",
     .gives = "[File]"},
    {GET, "/v1/workflow-runs/{run}/events", KEY_SCOPE_READ, native_run_events, 0,
     .name = "watchRun", .tag = "Runs", .summary = "Watch what happens, as server-sent events",
     .query = "lastEventId", .gives_media = "text/event-stream"},
    {GET, "/v1/workflow-runs/{run}/runs", KEY_SCOPE_READ, native_run_children, 0,
     .name = "listChildRuns", .tag = "Runs", .summary = "List the runs that its steps have called",
     .query = LIST_QUERY, .gives = "[Run]"},
    {POST, "/v1/workflow-runs/{run}/retry", KEY_SCOPE_RUN, native_run_retry, SMALL,
     .name = "retryRun", .tag = "Runs", .summary = "Go on with a failed or cancelled run",
     .query = "wait", .takes = "RunRetry", .gives = "Run"},
    {POST, "/v1/workflow-runs/{run}/rerun", KEY_SCOPE_RUN, native_run_rerun, SMALL,
     .name = "rerunRun", .tag = "Runs", .summary = "Start a new run with the same input",
     .query = "wait", .takes = "RunRerun", .gives = "Run", .status = 201, .starts_run = true},
    {POST, "/v1/workflow-runs/{run}/cancel", KEY_SCOPE_RUN, native_run_cancel, SMALL,
     .name = "cancelRun", .tag = "Runs", .summary = "End a run", .takes = "Nothing",
     .gives = "Run"},
    {POST, "/v1/workflow-runs/retry", KEY_SCOPE_RUN, native_runs_retry, SMALL, .name = "retryRuns",
     .tag = "Runs", .summary = "Retry all runs that a filter means", .takes = "RunsRetry",
     .gives = "Operation", .status = 202},
    {POST, "/v1/workflow-runs/cancel", KEY_SCOPE_RUN, native_runs_cancel, SMALL,
     .name = "cancelRuns", .tag = "Runs", .summary = "Cancel all runs that a filter means",
     .takes = "RunsMeant", .gives = "Operation", .status = 202},
    {POST, "/v1/workflow-runs/delete", KEY_SCOPE_WRITE, native_runs_delete, SMALL,
     .name = "deleteRuns", .tag = "Runs", .summary = "Delete all ended runs that a filter means",
     .takes = "RunsMeant", .gives = "Operation", .status = 202},
    {GET, "/v1/operations", KEY_SCOPE_READ, native_operation_list, 0, .name = "listOperations",
     .tag = "Runs", .summary = "List what was asked for many runs at once", .query = LIST_QUERY,
     .gives = "[Operation]"},
    {GET, "/v1/operations/{operation}", KEY_SCOPE_READ, native_operation_get, 0,
     .name = "getOperation", .tag = "Runs", .summary = "Get how far such an operation is",
     .gives = "Operation"},
    {DELETE, "/v1/workflow-runs/{run}", KEY_SCOPE_WRITE, native_run_delete, 0, .name = "deleteRun",
     .tag = "Runs", .summary = "Delete an ended run with all that it has made", .gives = "Run"},
    {POST, "/v1/workflow-runs/{run}/pause", KEY_SCOPE_RUN, native_run_pause, SMALL,
     .name = "pauseRun", .tag = "Runs", .summary = "Stop a run where it is", .takes = "Nothing",
     .gives = "Run"},
    {POST, "/v1/workflow-runs/{run}/resume", KEY_SCOPE_RUN, native_run_resume, SMALL,
     .name = "resumeRun", .tag = "Runs", .summary = "Let a paused run go on", .takes = "Nothing",
     .gives = "Run"},
    {GET, "/v1/workflows", KEY_SCOPE_READ, native_workflow_list, 0, .name = "listWorkflows",
     .tag = "Workflows", .summary = "List workflows", .query = LIST_QUERY, .gives = "[Workflow]"},
    {POST, "/v1/workflows", KEY_SCOPE_WRITE, native_workflow_create, LIMIT_DEFINITION_BYTES,
     .name = "createWorkflow", .tag = "Workflows", .summary = "Store a workflow file",
     .query = "publish", .takes_media = "application/yaml,application/json", .gives = "Workflow",
     .status = 201},
    {POST, "/v1/workflows/validate", KEY_SCOPE_WRITE, native_workflow_validate,
     LIMIT_DEFINITION_BYTES, .name = "validateWorkflow", .tag = "Workflows",
     .summary = "Check a text without storing it",
     .takes_media = "application/yaml,application/json", .gives = "Validation"},
    {POST, "/v1/workflows/{workflow}/estimate", KEY_SCOPE_RUN, native_workflow_estimate,
     LIMIT_INPUT_BYTES, .name = "estimateRun", .tag = "Workflows",
     .summary = "Tell what a run would come to", .takes = "EstimateStart", .gives = "Estimate"},
    {POST, "/v1/workflows/steps/try", KEY_SCOPE_WRITE, native_text_try, LIMIT_INPUT_BYTES,
     .name = "tryStepOfText", .tag = "Workflows",
     .summary = "Try one step of a text on one item without a run", .takes = "TextTrial",
     .gives = "Trial"},
    {POST, "/v1/workflows/{workflow}/steps/{step}/try", KEY_SCOPE_WRITE, native_step_try,
     LIMIT_INPUT_BYTES, .name = "tryStep", .tag = "Workflows",
     .summary = "Try one step on one item without a run", .takes = "StepTrial", .gives = "Trial"},
    {GET, "/v1/workflows/{workflow}", KEY_SCOPE_READ, native_workflow_get, 0, .name = "getWorkflow",
     .tag = "Workflows", .summary = "Get a workflow", .gives = "Workflow"},
    {PUT, "/v1/workflows/{workflow}", KEY_SCOPE_WRITE, native_workflow_put, LIMIT_DEFINITION_BYTES,
     .name = "putWorkflow", .tag = "Workflows",
     .summary = "Store a new version, unless the newest has the same text", .query = "publish",
     .takes_media = "application/yaml,application/json", .gives = "Workflow", .may_make = true},
    {DELETE, "/v1/workflows/{workflow}", KEY_SCOPE_WRITE, native_workflow_delete, 0,
     .name = "deleteWorkflow", .tag = "Workflows",
     .summary = "Delete a workflow; its ended runs stay", .gives = "Workflow"},
    {POST, "/v1/workflows/{workflow}/publish", KEY_SCOPE_WRITE, native_workflow_publish, SMALL,
     .name = "publishWorkflow", .tag = "Workflows",
     .summary = "Publish a version, the newest if none is named", .takes = "VersionChoice",
     .gives = "Workflow"},
    {POST, "/v1/workflows/{workflow}/archive", KEY_SCOPE_WRITE, native_workflow_archive, SMALL,
     .name = "archiveWorkflow", .tag = "Workflows", .summary = "Start no further runs of it",
     .takes = "Nothing", .gives = "Workflow"},
    {POST, "/v1/workflows/{workflow}/unarchive", KEY_SCOPE_WRITE, native_workflow_unarchive, SMALL,
     .name = "unarchiveWorkflow", .tag = "Workflows", .summary = "Take it back from the archive",
     .takes = "Nothing", .gives = "Workflow"},
    {GET, "/v1/workflows/{workflow}/versions", KEY_SCOPE_READ, native_version_list, 0,
     .name = "listVersions", .tag = "Workflows", .summary = "List its versions",
     .query = LIST_QUERY, .gives = "[Version]"},
    {GET, "/v1/workflows/{workflow}/versions/{version}", KEY_SCOPE_READ, native_version_get, 0,
     .name = "getVersion", .tag = "Workflows", .summary = "Get a version with its text",
     .query = "format", .gives = "VersionText", .gives_media = "application/yaml"},
    {GET, "/v1/workflows/{workflow}/versions/{version}/diff/{other}", KEY_SCOPE_READ,
     native_version_diff, 0, .name = "compareVersions", .tag = "Workflows",
     .summary = "Tell by step and field what differs between two versions", .gives = "VersionDiff"},
    {POST, "/v1/workflows/{workflow}/versions/restore", KEY_SCOPE_WRITE, native_version_restore,
     SMALL, .name = "restoreVersion", .tag = "Workflows",
     .summary = "Make an old version the newest one and publish it", .takes = "VersionRestore",
     .gives = "Workflow"},
    {GET, "/v1/deliveries", KEY_SCOPE_READ, native_delivery_list, 0, .name = "listDeliveries",
     .tag = "Deliveries", .summary = "List what is told to addresses outside",
     .query = "status,runId," LIST_QUERY, .gives = "[Delivery]"},
    {GET, "/v1/deliveries/{delivery}", KEY_SCOPE_READ, native_delivery_get, 0,
     .name = "getDelivery", .tag = "Deliveries", .summary = "Get a delivery with its attempts",
     .gives = "DeliveryWithTries"},
    {POST, "/v1/deliveries/{delivery}/replay", KEY_SCOPE_RUN, native_delivery_replay, SMALL,
     .name = "replayDelivery", .tag = "Deliveries",
     .summary = "Send one that was taken or given up once more", .takes = "Nothing",
     .gives = "DeliveryWithTries"},
    {GET, "/v1/webhook-secret", KEY_SCOPE_ADMIN, native_webhook_secret, 0,
     .name = "getWebhookSecret", .tag = "Deliveries",
     .summary = "Get the secret that deliveries are signed with", .gives = "WebhookSecret"},
    {POST, "/v1/webhook-secret/rotate", KEY_SCOPE_ADMIN, native_webhook_secret_rotate, SMALL,
     .name = "rotateWebhookSecret", .tag = "Deliveries",
     .summary = "Make another secret; the one before signs too for a day", .takes = "Nothing",
     .gives = "WebhookSecret"},
    {POST, "/v1/files", KEY_SCOPE_RUN, native_file_create, LIMIT_UPLOAD_BYTES, .name = "uploadFile",
     .tag = "Files", .summary = "Store the body as a file", .query = "name,sha256",
     .takes_media = "application/octet-stream,multipart/form-data", .gives = "File", .status = 201,
     .is_streamed = true},
    {GET, "/v1/files", KEY_SCOPE_READ, native_file_list, 0, .name = "listFiles", .tag = "Files",
     .summary = "List what was sent", .query = LIST_QUERY ",name,createdAfter,createdBefore",
     .gives = "[File]"},
    {GET, "/v1/files/{file}", KEY_SCOPE_READ, native_file_get, 0, .name = "getFile", .tag = "Files",
     .summary = "Get the record of a file", .gives = "File"},
    {DELETE, "/v1/files/{file}", KEY_SCOPE_WRITE, native_file_delete, 0, .name = "deleteFile",
     .tag = "Files", .summary = "Delete what was sent, at once", .gives = "File"},
    {GET, "/v1/files/{file}/content", KEY_SCOPE_READ, native_file_content, 0,
     .name = "getFileContent", .tag = "Files", .summary = "Get the bytes of a file, or a range",
     .query = "inline", .gives_media = "application/octet-stream"},
    {POST, "/v1/files/{file}/link", KEY_SCOPE_READ, native_file_link, SMALL, .name = "linkFile",
     .tag = "Files", .summary = "Make a link by which anybody can get the bytes for a while",
     .takes = "FileLinkWanted", .gives = "FileLink"},
    {GET, "/files/{token}", ROUTE_PUBLIC, native_link_content, 0, .name = "getLinkedFile",
     .tag = "Files", .summary = "Get the bytes of the file that a link names",
     .gives_media = "application/octet-stream"},
    {GET, "/v1/keys", KEY_SCOPE_ADMIN, native_key_list, 0, .name = "listKeys", .tag = "Access",
     .summary = "List the keys of the workspace", .query = LIST_QUERY, .gives = "[Key]"},
    {POST, "/v1/keys", KEY_SCOPE_ADMIN, native_key_create, SMALL, .name = "createKey",
     .tag = "Access", .summary = "Make a key; it is shown this once", .takes = "KeyWanted",
     .gives = "NewKey", .status = 201},
    {DELETE, "/v1/keys/{key}", KEY_SCOPE_ADMIN, native_key_revoke, 0, .name = "revokeKey",
     .tag = "Access", .summary = "Revoke a key, at once", .gives = "Key"},
    {GET, "/v1/credits", KEY_SCOPE_READ, native_credits_get, 0, .name = "getCredits",
     .tag = "Access", .summary = "Get what the workspace may still spend", .gives = "Credits"},
    {POST, "/v1/credits", KEY_SCOPE_ADMIN, native_credits_grant, SMALL, .name = "grantCredits",
     .tag = "Access", .summary = "Grant credits to a workspace, as the operator",
     .takes = "GrantWanted", .gives = "Credits"},
    {GET, "/v1/credits/grants", KEY_SCOPE_ADMIN, native_grant_list, 0, .name = "listGrants",
     .tag = "Access", .summary = "List what was granted to the workspace", .query = LIST_QUERY,
     .gives = "[Grant]"},
    {GET, "/v1/audit", KEY_SCOPE_ADMIN, native_audit_list, 0, .name = "listAudit", .tag = "Access",
     .summary = "List who changed what in the workspace",
     .query = LIST_QUERY ",createdAfter,createdBefore", .gives = "[AuditEntry]"},
    {GET, "/v1/usage", KEY_SCOPE_READ, native_usage, 0, .name = "listUsage", .tag = "Access",
     .summary = "List what the workspace has used, by day, key or workflow",
     .query = "firstDay,lastDay,groupBy", .gives = "[UsageSum]"},
    {GET, "/v1/workspaces", KEY_SCOPE_ADMIN, native_workspace_list, 0, .name = "listWorkspaces",
     .tag = "Access", .summary = "List the workspaces; others than the operator see their own",
     .query = LIST_QUERY, .gives = "[Workspace]"},
    {POST, "/v1/workspaces", KEY_SCOPE_ADMIN, native_workspace_create, SMALL,
     .name = "createWorkspace", .tag = "Access",
     .summary = "Make a workspace and its first key, as the operator", .takes = "WorkspaceWanted",
     .gives = "NewWorkspace", .status = 201},
    {POST, "/v1/workspaces/search", KEY_SCOPE_ADMIN, native_workspace_search, SMALL,
     .name = "searchWorkspaces", .tag = "Access",
     .summary = "Find workspaces by their names; others than the operator see their own",
     .takes = "RecordSearch", .gives = "[Workspace]"},
    {GET, "/v1/workspaces/{workspace}", KEY_SCOPE_ADMIN, native_workspace_get, 0,
     .name = "getWorkspace", .tag = "Access", .summary = "Get a workspace", .gives = "Workspace"},
    {PATCH, "/v1/workspaces/{workspace}", KEY_SCOPE_ADMIN, native_workspace_change, SMALL,
     .name = "changeWorkspace", .tag = "Access",
     .summary = "Rename, limit, close or open a workspace, as the operator",
     .takes = "WorkspaceChange", .gives = "Workspace"},
    {POST, "/v1/workspaces/{workspace}/keys", KEY_SCOPE_ADMIN, native_workspace_key_create, SMALL,
     .name = "createWorkspaceKey", .tag = "Access",
     .summary = "Make a key of another workspace, as the operator", .takes = "KeyWanted",
     .gives = "NewKey", .status = 201},
    {GET, "/v1/workflows/{workflow}/schedule", KEY_SCOPE_READ, native_schedule_get, 0,
     .name = "getSchedule", .tag = "Workflows", .summary = "Get when it starts by itself",
     .query = "next", .gives = "Schedule"},
    {GET, "/v1/schedules", KEY_SCOPE_READ, native_schedule_list, 0, .name = "listSchedules",
     .tag = "Workflows", .summary = "List what starts by itself", .query = LIST_QUERY,
     .gives = "[Schedule]"},
    {GET, "/v1/lists", KEY_SCOPE_READ, native_list_list, 0, .name = "listLists", .tag = "Data",
     .summary = "List lists", .query = LIST_QUERY, .gives = "[List]"},
    {POST, "/v1/lists", KEY_SCOPE_WRITE, native_list_create, SMALL, .name = "createList",
     .tag = "Data", .summary = "Make a list", .takes = "ListWanted", .gives = "List",
     .status = 201},
    {GET, "/v1/lists/{list}", KEY_SCOPE_READ, native_list_get, 0, .name = "getList", .tag = "Data",
     .summary = "Get a list, without its rows", .gives = "List"},
    {DELETE, "/v1/lists/{list}", KEY_SCOPE_WRITE, native_list_delete, 0, .name = "deleteList",
     .tag = "Data", .summary = "Delete a list with its rows", .gives = "List"},
    {GET, "/v1/lists/{list}/rows", KEY_SCOPE_READ, native_list_rows, 0, .name = "listRows",
     .tag = "Data", .summary = "List its rows, in their order", .query = "limit,after",
     .gives = "[ListRow]"},
    {POST, "/v1/lists/{list}/rows", KEY_SCOPE_RUN, native_list_add, LIMIT_INPUT_BYTES,
     .name = "addRows", .tag = "Data", .summary = "Add rows behind the others",
     .takes = "RowsWanted", .gives = "List"},
    {POST, "/v1/lists/{list}/runs", KEY_SCOPE_RUN, native_list_run, LIMIT_INPUT_BYTES,
     .name = "startRunOverList", .tag = "Data", .summary = "Run a workflow over a list",
     .query = "wait", .takes = "ListRun", .gives = "Run", .status = 201, .starts_run = true},
    {POST, "/v1/lists/{list}/rows/remove", KEY_SCOPE_RUN, native_list_remove, SMALL,
     .name = "removeRows", .tag = "Data", .summary = "Remove rows by their ids",
     .takes = "RowsMeant", .gives = "List"},
    {GET, "/v1/entity-types", KEY_SCOPE_READ, native_entity_type_list, 0, .name = "listEntityTypes",
     .tag = "Data", .summary = "List entity types", .query = LIST_QUERY, .gives = "[EntityType]"},
    {POST, "/v1/entity-types", KEY_SCOPE_WRITE, native_entity_type_create, MIB(1),
     .name = "createEntityType", .tag = "Data", .summary = "Define a type of entities",
     .takes = "EntityTypeWanted", .gives = "EntityType", .status = 201},
    {GET, "/v1/entity-types/{entityType}", KEY_SCOPE_READ, native_entity_type_get, 0,
     .name = "getEntityType", .tag = "Data", .summary = "Get a type", .gives = "EntityType"},
    {PATCH, "/v1/entity-types/{entityType}", KEY_SCOPE_WRITE, native_entity_type_change, MIB(1),
     .name = "changeEntityType", .tag = "Data", .summary = "Rename a type, or redefine its fields",
     .takes = "EntityTypeChange", .gives = "EntityType"},
    {DELETE, "/v1/entity-types/{entityType}", KEY_SCOPE_WRITE, native_entity_type_delete, 0,
     .name = "deleteEntityType", .tag = "Data", .summary = "Delete a type with all its entities",
     .gives = "EntityType"},
    {GET, "/v1/entities", KEY_SCOPE_READ, native_entity_list, 0, .name = "listEntities",
     .tag = "Data", .summary = "List the entities of a type",
     .query = LIST_QUERY ",entityType,externalId,archived", .gives = "[Entity]"},
    {POST, "/v1/entities", KEY_SCOPE_RUN, native_entity_create, LIMIT_ENTITY_BYTES + KIB(64),
     .name = "createEntity", .tag = "Data", .summary = "Make an entity", .takes = "EntityWanted",
     .gives = "Entity", .status = 201},
    {GET, "/v1/entities/{entity}", KEY_SCOPE_READ, native_entity_get, 0, .name = "getEntity",
     .tag = "Data", .summary = "Get an entity, also a deleted one", .gives = "Entity"},
    {PATCH, "/v1/entities/{entity}", KEY_SCOPE_RUN, native_entity_change,
     LIMIT_ENTITY_BYTES + KIB(64), .name = "changeEntity", .tag = "Data",
     .summary = "Change some of its fields", .takes = "EntityChange", .gives = "Entity"},
    {DELETE, "/v1/entities/{entity}", KEY_SCOPE_RUN, native_entity_delete, 0,
     .name = "deleteEntity", .tag = "Data", .summary = "Delete it; it can be restored for 30 days",
     .gives = "Entity"},
    {POST, "/v1/entities/{entity}/restore", KEY_SCOPE_RUN, native_entity_restore, SMALL,
     .name = "restoreEntity", .tag = "Data", .summary = "Take its deletion back",
     .takes = "Nothing", .gives = "Entity"},
    RECORDS("companies", "{company}", "Company", "Companies", "company"),
    RECORDS("deals", "{deal}", "Deal", "Deals", "deal"),
    RECORDS("people", "{person}", "Person", "People", "person"),
    {GET, "/v1/secrets", KEY_SCOPE_WRITE, native_secret_list, 0, .name = "listSecrets",
     .tag = "Secrets", .summary = "List the names of secrets and where they may be sent",
     .query = LIST_QUERY, .gives = "[Secret]"},
    {GET, "/v1/secrets/{secretName}", KEY_SCOPE_WRITE, native_secret_get, 0, .name = "getSecret",
     .tag = "Secrets", .summary = "Get what is known of a secret, without its value",
     .gives = "Secret"},
    {PUT, "/v1/secrets/{secretName}", KEY_SCOPE_ADMIN, native_secret_put, SMALL,
     .name = "putSecret", .tag = "Secrets",
     .summary = "Store a secret; nobody sees its value again", .takes = "SecretWanted",
     .gives = "Secret"},
    {DELETE, "/v1/secrets/{secretName}", KEY_SCOPE_ADMIN, native_secret_delete, 0,
     .name = "deleteSecret", .tag = "Secrets", .summary = "Delete a secret", .gives = "Secret"},
    {GET, "/v1/vars", KEY_SCOPE_READ, native_var_list, 0, .name = "listVars", .tag = "Variables",
     .summary = "List the variables of the workspace", .query = LIST_QUERY, .gives = "[Var]"},
    {GET, "/v1/vars/{varName}", KEY_SCOPE_READ, native_var_get, 0, .name = "getVar",
     .tag = "Variables", .summary = "Get a variable", .gives = "Var"},
    {PUT, "/v1/vars/{varName}", KEY_SCOPE_WRITE, native_var_put, SMALL, .name = "putVar",
     .tag = "Variables", .summary = "Store a variable, for runs that start from now on",
     .takes = "VarWanted", .gives = "Var"},
    {DELETE, "/v1/vars/{varName}", KEY_SCOPE_WRITE, native_var_delete, 0, .name = "deleteVar",
     .tag = "Variables", .summary = "Delete a variable", .gives = "Var"},
    {GET, "/v1/documents", KEY_SCOPE_READ, native_document_list, 0, .name = "listDocuments",
     .tag = "Data", .summary = "List documents, without their texts", .query = LIST_QUERY,
     .gives = "[Document]"},
    {POST, "/v1/documents", KEY_SCOPE_RUN, native_document_create, DOCUMENT_BYTES,
     .name = "createDocument", .tag = "Data", .summary = "Keep a text that is searched",
     .takes = "DocumentWanted", .gives = "Document", .status = 201},
    {POST, "/v1/documents/search", KEY_SCOPE_READ, native_document_search, SMALL,
     .name = "searchDocuments", .tag = "Data", .summary = "Find documents by their words",
     .takes = "DocumentSearch", .gives = "[DocumentHit]"},
    {GET, "/v1/documents/{document}", KEY_SCOPE_READ, native_document_get, 0, .name = "getDocument",
     .tag = "Data", .summary = "Get a document with its text", .gives = "Document"},
    {PATCH, "/v1/documents/{document}", KEY_SCOPE_RUN, native_document_change, DOCUMENT_BYTES,
     .name = "changeDocument", .tag = "Data", .summary = "Change some of it",
     .takes = "DocumentChange", .gives = "Document"},
    {DELETE, "/v1/documents/{document}", KEY_SCOPE_RUN, native_document_delete, 0,
     .name = "deleteDocument", .tag = "Data", .summary = "Delete a document", .gives = "Document"},
    {GET, "/v1/workflow-schema", ROUTE_PUBLIC, native_workflow_schema, 0,
     .name = "getWorkflowSchema", .tag = "Server",
     .summary = "Get the JSON Schema of workflow files", .gives = "Anything", .is_bare = true},
    {POST, "/webhooks/workflows/{slug}", ROUTE_PUBLIC, native_webhook, LIMIT_INPUT_BYTES,
     .name = "callWebhook", .tag = "Webhooks",
     .summary = "Start a run by its webhook; the body is its input", .query = "secret",
     .takes_media = "application/json,application/x-www-form-urlencoded", .gives = "Started",
     .status = 201},
    {GET, "/webhooks/workflows/{slug}", ROUTE_PUBLIC, native_webhook_challenge, 0,
     .name = "checkWebhook", .tag = "Webhooks",
     .summary = "Get the challenge again, as senders ask for it that check an address",
     .query = "hub.mode,hub.topic,hub.challenge,hub.lease_seconds,hub.verify_token,secret",
     .gives_media = "text/plain"},
    {GET, "/v1/workflows/{workflow}/webhook-requests", KEY_SCOPE_READ, native_hook_list, 0,
     .name = "listWebhookRequests", .tag = "Webhooks",
     .summary = "List what came to its webhook in the last seven days", .query = LIST_QUERY,
     .gives = "[WebhookRequest]"},
    {GET, "/v1/webhook-requests/{webhookRequest}", KEY_SCOPE_READ, native_hook_get, 0,
     .name = "getWebhookRequest", .tag = "Webhooks",
     .summary = "Get what came to a webhook, with its body", .gives = "WebhookRequest"},
    {POST, "/v1/webhook-requests/{webhookRequest}/replay", KEY_SCOPE_RUN, native_hook_replay, SMALL,
     .name = "replayWebhookRequest", .tag = "Webhooks",
     .summary = "Start a new run with what came then", .query = "wait", .takes = "Nothing",
     .gives = "Run", .status = 201},
    {GET, "/v1/workflows/{workflow}/trigger/webhook-secret", KEY_SCOPE_WRITE,
     native_hook_secret_get, 0, .name = "getTriggerSecret", .tag = "Webhooks",
     .summary = "Get the secret that callers of its webhook show", .gives = "WebhookSecret"},
    {POST, "/v1/workflows/{workflow}/trigger/webhook-secret/rotate", KEY_SCOPE_WRITE,
     native_hook_secret_rotate, SMALL, .name = "rotateTriggerSecret", .tag = "Webhooks",
     .summary = "Make another secret; the one before holds for 24 hours more", .takes = "Nothing",
     .gives = "WebhookSecret"},
    {GET, "/v1/waits", KEY_SCOPE_READ, native_wait_list, 0, .name = "listWaits", .tag = "Approvals",
     .summary = "List the events that runs wait for", .query = ASK_FILTERS LIST_QUERY,
     .gives = "[Wait]"},
    {GET, "/v1/approvals", KEY_SCOPE_READ, native_approval_list, 0, .name = "listApprovals",
     .tag = "Approvals", .summary = "List what runs ask people", .query = ASK_FILTERS LIST_QUERY,
     .gives = "[Approval]"},
    {GET, "/v1/approvals/{approval}", KEY_SCOPE_READ, native_approval_get, 0, .name = "getApproval",
     .tag = "Approvals", .summary = "Get what a run asks", .gives = "Approval"},
    {POST, "/v1/approvals/{approval}", KEY_SCOPE_RUN, native_approval_decide, SMALL,
     .name = "decideApproval", .tag = "Approvals", .summary = "Approve, reject or comment",
     .takes = "Decision", .gives = "Approval"},
    {GET, "/approvals/{token}", ROUTE_PUBLIC, native_approval_page, 0, .name = "getApprovalPage",
     .tag = "Approvals", .summary = "Read the page on which a person decides",
     .gives_media = "text/html"},
    {POST, "/approvals/{token}", ROUTE_PUBLIC, native_approval_sent, SMALL,
     .name = "sendApprovalPage", .tag = "Approvals", .summary = "Decide by the form of that page",
     .takes_media = "application/x-www-form-urlencoded", .gives_media = "text/html"},
    {POST, "/v1/resume/{token}", ROUTE_PUBLIC, native_event_take, LIMIT_ASK_BYTES,
     .name = "sendEvent", .tag = "Approvals",
     .summary = "Send the event that a step waits for; the body is the step's value",
     .takes = "Anything", .gives = "EventTaken"},
    {GET, "/healthz", ROUTE_PUBLIC, native_health, 0, .name = "getHealth", .tag = "Server",
     .summary = "Ask whether the process answers", .gives = "Health", .is_bare = true},
    {GET, "/readyz", ROUTE_PUBLIC, native_ready, 0, .name = "getReadiness", .tag = "Server",
     .summary = "Ask whether it can store", .gives = "Health", .is_bare = true},
    {GET, "/metrics", ROUTE_PUBLIC, native_metrics, 0, .name = "getMetrics", .tag = "Server",
     .summary = "Get what the program counts, for Prometheus", .gives_media = "text/plain"},
    {GET, "/openapi.json", ROUTE_PUBLIC, native_openapi, 0, .name = "getDescription",
     .tag = "Server", .summary = "Get this description", .gives = "Anything", .is_bare = true},
    {GET, "/docs", ROUTE_PUBLIC, native_docs, 0, .name = "getReference", .tag = "Server",
     .summary = "Read this description as a page", .gives_media = "text/html"},
    {GET, "/docs/style.css", ROUTE_PUBLIC, native_docs_style, 0, .name = NULL},
    {GET, "/", ROUTE_PUBLIC, native_no_editor, 0, .name = NULL},
    {GET, "/ui/*", ROUTE_PUBLIC, native_no_editor, 0, .name = NULL},
};

const struct route_table native_routes = {routes, COUNT_OF(routes)};

/* Below /v1 a path that nobody serves is not told from one that needs a key. */
static bool
is_guarded(const struct http_request *request)
{
    return slice_is(http_request_segment(request, 0), "v1");
}

static const char *const no_paths[] = {NULL};

const struct dialect native_dialect = {
    .paths = no_paths,
    .routes = &native_routes,
    .is_guarded = is_guarded,
    .put_fault = native_put_fault,
    .answer_again = native_answer_again,
};
