/* base/limits.h - every maximum of the program, with its unit and reason.
 *
 * docs/LIMITS.md is generated from this file: one line of comment above each value.
 *
 * Threads: constants.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#include <stddef.h>
#include <stdint.h>

#define KIB(n) ((size_t)(n)*1024)
#define MIB(n) ((size_t)(n)*1024 * 1024)

/* Bytes of a workflow file: beyond this it is not written by hand. */
#define LIMIT_DEFINITION_BYTES MIB(1)
/* Bytes of the definition that a workflow was made from, as JSON: half of its text. */
#define LIMIT_ORIGIN_BYTES KIB(512)
/* Steps of one workflow. */
#define LIMIT_STEPS 500
/* Further tables that the joins and unions of one workflow read. */
#define LIMIT_SIDES 100
/* Bytes of a run's input, and of any JSON body over HTTP. */
#define LIMIT_INPUT_BYTES MIB(8)
/* Bytes of the Idempotency-Key of a request. */
#define LIMIT_IDEMPOTENCY_KEY_BYTES 255
/* Milliseconds for which such a key stands for what its request made: a day. */
#define LIMIT_IDEMPOTENCY_MS INT64_C(86400000)
/* Bytes of one row of a list that is kept, as JSON. */
#define LIMIT_LIST_ROW_BYTES MIB(1)
/* Bytes of an entity's fields, or of the definition of a type, as JSON. */
#define LIMIT_ENTITY_BYTES MIB(1)
/* Bytes of the text of a document that is searched. */
#define LIMIT_DOCUMENT_TEXT_BYTES MIB(1)
/* Bytes of what else is kept of a document: title, collection and metadata as JSON. */
#define LIMIT_DOCUMENT_METADATA_BYTES KIB(64)
/* Bytes of what is searched for, and words or phrases in it. */
#define LIMIT_SEARCH_BYTES KIB(4)
#define LIMIT_SEARCH_TERMS 64
/* Documents up to which the finds of a search are counted. */
#define LIMIT_SEARCH_COUNTED 1000
/* Finds of a search that can be seen page by page. */
#define LIMIT_SEARCH_DEPTH 10000
/* Documents that a search finds, the newest ones, that are ranked: 1 ms for 1,000. */
#define LIMIT_SEARCH_RANKED 4000
/* Records of a kind without an index, the newest first, that a search compares, and their bytes. */
#define LIMIT_RECORDS_SEARCHED 100000
#define LIMIT_RECORDS_SEARCHED_BYTES MIB(256)
/* Rows of a list, or entities of a type, up to which they are counted for an answer. */
#define LIMIT_OBJECTS_COUNTED 1000000
/* Addresses that one mail goes to, in each of its lists. */
#define LIMIT_MAIL_RECIPIENTS 100
/* Files that are sent with one mail, and how many bytes they take together. */
#define LIMIT_MAIL_ATTACHMENTS 20
#define LIMIT_MAIL_BYTES MIB(20)
/* Bytes of what a step shows to whoever is to answer it, and of an answer. */
#define LIMIT_ASK_BYTES KIB(256)
/* Bytes of one column's value as JSON. */
#define LIMIT_VALUE_BYTES MIB(16)
/* Bytes of one row of a source: a CSV line, a JSON line. */
#define LIMIT_ROW_BYTES MIB(16)
/* Bytes of a file's beginning by which its encoding is told. */
#define LIMIT_ENCODING_LOOK_BYTES MIB(1)
/* Bytes of a CSV's text by which its delimiter is told. */
#define LIMIT_DELIMITER_LOOK_BYTES KIB(64)
/* Fields of one CSV row. */
#define LIMIT_ROW_FIELDS 16384
/* Loops and conditions inside each other in a Markdown template. */
#define LIMIT_MARKUP_DEPTH 32
/* Parts that one Markdown template renders, loops counted as often as they turn: about a second. */
#define LIMIT_MARKUP_NODES 2000000
/* Rows that one document shows: a table of more is for a file of rows. */
#define LIMIT_DOCUMENT_ROWS 20000
/* Bytes of one picture of a document. */
#define LIMIT_DOCUMENT_IMAGE_BYTES MIB(8)
/* Evaluation steps of one expression on one item: about a second. */
#define LIMIT_EXPR_STEPS UINT64_C(20000000)
/* Bytes that one expression may hold while it runs. */
#define LIMIT_EXPR_BYTES MIB(64)
/* Nested calls of one expression. */
#define LIMIT_EXPR_DEPTH 4000
/* Bytes of an expression's source text. */
#define LIMIT_EXPR_SOURCE_BYTES KIB(64)
/* Steps of one check of a value against a JSON Schema: about a second. */
#define LIMIT_SCHEMA_STEPS UINT64_C(20000000)
/* Schemas that one JSON Schema may hold, itself and those inside it. */
#define LIMIT_SCHEMA_COUNT 20000
/* Schemas that are applied inside each other when a value is checked. */
#define LIMIT_SCHEMA_DEPTH 1500
/* Findings that one check of a value, or of a schema, reports. */
#define LIMIT_SCHEMA_FINDINGS 100
/* Items of a chunk, the unit of claiming and of the packed record. */
#define LIMIT_CHUNK_ITEMS 256
/* Bytes of source text after which a chunk ends early. */
#define LIMIT_CHUNK_SOURCE_BYTES KIB(64)
/* Bytes that the rows of one chunk may hold while it is in memory. */
#define LIMIT_CHUNK_BYTES MIB(64)
/* Bytes of a packed record. */
#define LIMIT_RECORD_BYTES MIB(64)
/* Bytes of a run's input and one-item values in memory. */
#define LIMIT_RUN_BYTES MIB(64)
/* Chunks of one run in memory at once. */
#define LIMIT_WINDOW_CHUNKS 32
/* Bytes of memory in which one sort gathers and merges its records. */
#define LIMIT_SORT_BYTES MIB(8)
/* Bytes of one record that is sorted: its keys, at most twice the row's text, and the row. */
#define LIMIT_SORT_RECORD_BYTES MIB(64)
/* Sorted runs that are merged at once: each is read in a 64th of the memory. */
#define LIMIT_SORT_FAN_IN 64
/* Sorted runs of one sort, of up to 8 MiB each: half a terabyte. */
#define LIMIT_SORT_RUNS 65536
/* Bytes that a sort merges between two looks at whether it is still wanted. */
#define LIMIT_SORT_STEP_BYTES MIB(16)
/* Different values that one deduplication tells apart: 150 MB of memory. */
#define LIMIT_DISTINCT_HASHES 100000000
/* Places that an index over records on the disk keeps in memory: 4 MiB. */
#define LIMIT_INDEX_MARKS 262144
/* Runs in memory at once; further ones wait in the store. */
#define LIMIT_ACTIVE_RUNS 4096
/* Workflows that the steps of one run may call, those included that these call in turn. */
#define LIMIT_CALLEES 100
/* Workflows computed in place for one item, those included that these call in turn. */
#define LIMIT_ITEM_CALLS 1000
/* Runs below each other: a run's sub-workflows, theirs, and so on. */
#define LIMIT_TREE_DEPTH 8
/* Runs that the sub-workflows of one run may leave in the store, over all depths, by default. */
#define LIMIT_TREE_RUNS 10000
/* The same, if the workflow allows more. */
#define LIMIT_TREE_RUNS_MAX 1000000
/* Bytes of one writing transaction in the bulk lane. */
#define LIMIT_COMMIT_BYTES MIB(4)
/* Intents of one writing transaction. */
#define LIMIT_COMMIT_INTENTS 512
/* Milliseconds for which the writer gathers bulk intents. */
#define LIMIT_COMMIT_MS 5
/* Bytes of a provider's or server's answer to an http_request. */
#define LIMIT_ANSWER_BYTES MIB(16)
/* Bytes of the text of one source, which is kept so that quotes of it can be looked up: a book of
 * 2,000 pages. */
#define LIMIT_SOURCE_TEXT_BYTES MIB(4)
/* Texts that one call may keep beside its value. */
#define LIMIT_CALL_TEXTS 12
/* Documents of one folder that a step takes as sources. */
#define LIMIT_FOLDER_DOCUMENTS 1000
/* Bytes that the parsed form of one web page may take: ten times those of most pages. */
#define LIMIT_HTML_TREE_BYTES MIB(512)
/* Bytes of a text or web page whose text is read. */
#define LIMIT_SOURCE_FILE_BYTES MIB(64)
/* Bytes of a file that a step makes for one item. */
#define LIMIT_MADE_FILE_BYTES MIB(256)
/* Bytes of memory in which the files of a run are listed: about a million of them. */
#define LIMIT_FILE_LIST_BYTES MIB(256)
/* Bytes of one JSON answer of the HTTP API; a longer page is refused. */
#define LIMIT_ANSWER_PAGE_BYTES MIB(64)
/* Bytes of a file that is sent to the server. */
#define LIMIT_UPLOAD_BYTES MIB(2048)
/* Bytes of a file on its way in that wait for the disk, before the client has to. */
#define LIMIT_UPLOAD_PIECE_BYTES KIB(128)
/* Bytes of a file on its way in after which the kernel is told to write them; it may have twice as
 * many before it. */
#define LIMIT_UPLOAD_UNSYNCED_BYTES MIB(8)
/* Bytes of the head of one part of a form. */
#define LIMIT_MULTIPART_HEAD_BYTES KIB(8)
/* Parts of one form. */
#define LIMIT_MULTIPART_PARTS 16
/* Bytes that may stand before the first boundary of a form, and behind the last. */
#define LIMIT_MULTIPART_MARGIN_BYTES KIB(1)
/* Files on their way in at once; further ones are answered 503. */
#define LIMIT_UPLOADS 256
/* Bytes of a stored file that are read at once on its way to a client. */
#define LIMIT_FILE_PIECE_BYTES KIB(256)
/* Bytes of what /metrics prints. */
#define LIMIT_METRICS_BYTES MIB(4)
/* Tables of runs that one server renders at once; further requests are answered 503. */
#define LIMIT_RENDERINGS 16
/* Bytes of an address that is told when a run has ended. */
#define LIMIT_NOTICE_URL_BYTES KIB(2)
/* Bytes of what such an address is told; an output beyond it is left out. */
#define LIMIT_NOTICE_BYTES MIB(1)
/* Deliveries to such addresses on their way at once, over all and to one host. */
#define LIMIT_DELIVERIES_IN_FLIGHT 64
#define LIMIT_DELIVERIES_TO_HOST 8
/* Bytes of an event that a step has told. */
#define LIMIT_DELIVERY_BYTES KIB(256)
/* Attempts of a delivery that are kept, the newest. */
#define LIMIT_DELIVERY_TRIES 30
/* Bytes of a receiver's answer that are kept for whoever looks into it. */
#define LIMIT_DELIVERY_ANSWER_BYTES 500
/* Hosts whose failures are remembered while nothing is sent to them. */
#define LIMIT_DELIVERY_HOSTS 1000
/* Bytes of one exchange in memory, request and answer. */
#define LIMIT_EXCHANGE_BYTES MIB(40)
/* Bytes of one call's outcome as values, which take more room than their text. */
#define LIMIT_OUTCOME_BYTES MIB(96)
/* Calls on their way over all runs, so that one process does not open sockets without end. */
#define LIMIT_CALLS_IN_FLIGHT 2000
/* Attempts of one step on one item. */
#define LIMIT_ATTEMPTS 20
/* Calls of one step on one item, such as the pages of a list. */
#define LIMIT_STEP_CALLS 10000
/* Milliseconds for which the rows of files are counted before a run. */
#define LIMIT_ESTIMATE_MS 10000
/* Steps that are tried at once, without a run; further requests are answered 503. */
#define LIMIT_TRIALS 32
/* Calls that one trial of a step makes, such as the pages of a list. */
#define LIMIT_TRIAL_CALLS 8
/* Milliseconds that one call of a trial may take. */
#define LIMIT_TRIAL_CALL_MS INT64_C(60000)
/* Hosts whose rates are remembered though nothing calls them; then the oldest are forgotten. */
#define LIMIT_IDLE_HOSTS 10000
/* Redirects followed by one http_request. */
#define LIMIT_REDIRECTS 5
/* Bytes of an HTTP request line; longer ones are answered 414. */
#define LIMIT_HTTP_REQUEST_LINE_BYTES KIB(8)
/* Bytes of all header lines of one HTTP request; more are answered 431. */
#define LIMIT_HTTP_HEADER_BYTES KIB(32)
/* Header lines of one HTTP request; more are answered 431. */
#define LIMIT_HTTP_HEADERS 100
/* Bytes of all chunk extensions of one HTTP request body: nobody needs any. */
#define LIMIT_HTTP_CHUNK_EXTENSION_BYTES KIB(4)
/* Bytes of the trailer lines behind a chunked HTTP request body; more are answered 431. */
#define LIMIT_HTTP_TRAILER_BYTES KIB(8)
/* Segments of an HTTP path: more than any route has. */
#define LIMIT_HTTP_PATH_SEGMENTS 16
/* Open HTTP connections of one server, unless configured. */
#define LIMIT_HTTP_CONNECTIONS 16384
/* Bytes of request bodies that one HTTP loop holds at once; further ones are answered 503. */
#define LIMIT_HTTP_HELD_BYTES MIB(256)
/* Bytes that an HTTP request's own arena may hold. */
#define LIMIT_HTTP_ARENA_BYTES MIB(64)
/* Bytes of one streamed answer that wait for a slow client; beyond it the stream is full. */
#define LIMIT_HTTP_STREAM_BYTES KIB(256)
/* Of an answer that the system holds and has not sent yet, so that clients who do not read cost
 * little. */
#define LIMIT_HTTP_UNSENT_BYTES KIB(256)
/* Requests that an HTTP loop keeps for reuse. */
#define LIMIT_HTTP_SPARE_REQUESTS 256
/* Connections waiting to be accepted by one HTTP loop. */
#define LIMIT_HTTP_BACKLOG 4096
/* Threads that serve HTTP. */
#define LIMIT_HTTP_LOOPS 64
/* Bytes of what one commit tells of a run: three lines for each of its steps. */
#define LIMIT_EVENTS_BYTES MIB(1)
/* Requests that wait for what happens to runs, those of streams of events included. */
#define LIMIT_WATCHERS 20000
/* Bytes of one run's newest events that are kept in memory while somebody watches. */
#define LIMIT_WATCH_LOG_BYTES KIB(256)
/* Bytes of a stream of events that wait for a slow client. */
#define LIMIT_WATCH_STREAM_BYTES KIB(32)
/* Bytes of what a model says that are kept for those who come to watch, for each call. */
#define LIMIT_WATCH_TEXT_BYTES KIB(64)
/* Calls of models of one run whose words are shown while they come. */
#define LIMIT_WATCH_CALLS 256
/* Milliseconds for which a client may take nothing of a full stream of events. */
#define LIMIT_WATCH_FULL_MS INT64_C(10000)
/* Seconds for which a request may wait for the end of a run. */
#define LIMIT_WAIT_SECONDS 60
/* Passes for one request that are not used yet; of more those go that end first. */
#define LIMIT_PASSES 16384
/* Triggers that one filter of runs names. */
#define LIMIT_FILTER_TRIGGERS 8
/* Bytes of the request to a sandbox child: a pipe takes them at once. */
#define LIMIT_SANDBOX_REQUEST_BYTES KIB(60)
/* Bytes of memory of one sandbox child, beyond what the program itself takes. */
#define LIMIT_SANDBOX_MEMORY_BYTES MIB(768)
/* Milliseconds that the conversion of one file may take. */
#define LIMIT_SANDBOX_MS INT64_C(600000)
/* Bytes of what a sandbox child may tell about a document beside its text. */
#define LIMIT_SANDBOX_RESULT_BYTES KIB(64)
/* Sandbox children at once. */
#define LIMIT_SANDBOX_CHILDREN 2
/* Bytes of the texts that the cells of one XLSX workbook share, while it is read. */
#define LIMIT_XLSX_STRINGS_BYTES MIB(256)
/* Bytes on disk of what is made of one foreign document. */
#define LIMIT_CONVERTED_BYTES (UINT64_C(16) * 1024 * 1024 * 1024)
/* Bytes on disk of all that was made of foreign documents; those that were not used for longest go.
 */
#define LIMIT_CONVERTED_KEPT_BYTES (UINT64_C(4) * 1024 * 1024 * 1024)
/* Bytes of a model's name, the provider's in front. */
#define LIMIT_AI_MODEL_BYTES 200
/* Sources of one AI request. */
#define LIMIT_AI_SOURCES 1000
/* Fields that one extraction asks for. */
#define LIMIT_AI_FIELDS 200
/* Labels of one classification. */
#define LIMIT_AI_LABELS 500
/* Turns of a conversation that an AI request carries beyond its prompt. */
#define LIMIT_AI_TURNS 8
/* AI providers of one configuration. */
#define LIMIT_AI_PROVIDERS 64
/* Models that the configuration of one AI provider names. */
#define LIMIT_AI_MODELS 500
/* Headers that the configuration of one AI provider adds. */
#define LIMIT_AI_HEADERS 20
/* AI calls that wait or are on their way, all providers together; further ones are answered 429. */
#define LIMIT_AI_CALLS 8192
/* Milliseconds for which the AI desk itself repeats a call that meets overload. */
#define LIMIT_AI_OVERLOAD_MS INT64_C(300000)
/* Bytes of the words that are sent with one AI request. */
#define LIMIT_AI_PROMPT_BYTES MIB(16)
/* Bytes of an AI provider's answer, all pieces of a stream with their wrapping. */
#define LIMIT_AI_ANSWER_BYTES MIB(16)
/* Citations of one AI answer that are looked up; further ones are left out. */
#define LIMIT_AI_CITATIONS 1000
/* Bytes of a model's bad answer that are kept, and told back to it. */
#define LIMIT_AI_RAW_BYTES KIB(64)
/* Bytes of a quote that is looked up in its source; a longer one counts as not found. */
#define LIMIT_QUOTE_BYTES KIB(16)
/* Bytes of the Markdown of one document. */
#define LIMIT_RENDER_MARKDOWN_BYTES MIB(8)
/* Bytes of what a document is made of: the Markdown and its pictures in Base64. */
#define LIMIT_RENDER_INPUT_BYTES MIB(64)
/* Entries of the audit log that wait to be stored; further changes are refused. */
#define LIMIT_AUDIT_WAITING 10000
/* Keys and workspaces with a rate limit whose use is known; those that ask least are forgotten. */
#define LIMIT_RATE_BUCKETS 8192
/* Secrets of one workspace. */
#define LIMIT_SECRETS 1000
/* Bytes of a secret's value: it goes into a header. */
#define LIMIT_SECRET_BYTES 8192
/* Hosts to which a secret may be sent. */
#define LIMIT_SECRET_HOSTS 20
/* Variables of one workspace; all of them are kept with each run that reads one. */
#define LIMIT_VARS 200
/* Bytes of a variable's value as JSON. */
#define LIMIT_VAR_BYTES 4096
/* A workflow of another program, with all that its editor keeps in it. */
#define LIMIT_FOREIGN_BYTES MIB(16)
/* Nodes of a workflow of another program; a multiple of 64. */
#define LIMIT_FOREIGN_NODES 1024
/* Connections between them. */
#define LIMIT_FOREIGN_EDGES 8192
/* Pages of a PDF that is made. */
#define LIMIT_PDF_PAGES 2000
/* Cells of all tables of a PDF that is made. */
#define LIMIT_PDF_CELLS 100000
/* Pixels of a PNG picture in a PDF that is made: four bytes of memory each. */
#define LIMIT_PDF_PICTURE_PIXELS 40000000

#endif
