#include "api/native/native.h"

#include "api/upload.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/limits.h"
#include "service/links.h"
#include "service/present.h"
#include "service/run_filter.h"
#include "service/uploads.h"

void
native_answer_file(struct call *call, int http_status, const struct file_row *row)
{
    struct buffer body;
    native_begin_one(&body);
    present_file_text(&body, row);
    native_end_one(call, http_status, &body, "/v1/files/", &row->id);
}

static void
answer_sent(struct call *call, const struct file_row *row)
{
    native_answer_file(call, 201, row);
}

void
native_file_create(struct call *call)
{
    call_upload(call, answer_sent);
}

static bool
find_file(struct call *call, struct file_row *out)
{
    enum status status =
        service_file_find(call->service, &call->caller.workspace, call->names[0], call->arena, out);
    return call_found(call, status);
}

void
native_file_get(struct call *call)
{
    struct file_row row;
    if (find_file(call, &row))
        native_answer_file(call, 200, &row);
}

void
native_file_content(struct call *call)
{
    struct content *content = arena_alloc(call->arena, sizeof(*content));
    *content = (struct content){.is_part = false};
    if (!call_read_flag(call, "inline", &content->is_inline) || !find_file(call, &content->row))
        return;
    content->name = content->row.name;
    native_send_content(call, content);
}

/* --- lists --- */

struct file_list {
    struct list_query query;
    struct buffer body;
};

static bool
put_listed(const struct file_row *row, void *context)
{
    struct file_list *list = context;
    const struct list_query *query = &list->query;
    if (call_list_is_over(query, &row->id))
        return false;
    native_next_item(&list->body);
    present_file_text(&list->body, row);
    return !buffer_is_over(&list->body);
}

static void
read_list(struct call *call)
{
    struct file_list *list = call->own;
    native_begin_list(&list->body);
    enum status status = service_file_list(call->service, &list->query.page, put_listed, list);
    native_end_list(call, &list->body, status);
}

/* Moments are those of the lists of runs. */
static bool
read_filters(struct call *call, struct store_page *page)
{
    static const char *const names[] = {"createdAfter", "createdBefore"};
    struct run_filter filter = {.workflow = {{0}}};
    struct error error = {0};
    enum status status = STATUS_OK;
    for (size_t i = 0; i < COUNT_OF(names) && status == STATUS_OK; i++) {
        struct slice text = http_request_query(call->request, names[i]);
        if (text.ptr != NULL)
            status = run_filter_set(&filter, slice_text(names[i]), text, &error);
    }
    page->from = filter.from;
    page->until = filter.until;
    page->workspace = call->caller.workspace;
    page->name = http_request_query(call->request, "name");
    if (status != STATUS_OK)
        call_fail_status(call, status, &error);
    return status == STATUS_OK;
}

void
native_file_list(struct call *call)
{
    struct file_list *list = arena_alloc(call->arena, sizeof(*list));
    if (!call_read_list(call, &list->query) || !read_filters(call, &list->query.page))
        return;
    call->own = list;
    call_go_on(call, read_list);
}

/* --- delete --- */

static void
file_deleted(enum status status, void *context)
{
    struct call *call = context;
    if (status == STATUS_OK)
        native_answer_file(call, 200, call->own);
    else
        call_fail_status(call, status, NULL);
}

void
native_file_delete(struct call *call)
{
    struct file_row *row = arena_alloc(call->arena, sizeof(*row));
    if (!find_file(call, row))
        return;
    call->own = row;
    if (id_is_zero(&row->run))
        service_file_delete(call->service, row, file_deleted, call);
    else
        call_fail(call, 409, "a run has made this file; it goes with the run");
}

/* --- links --- */

void
native_file_link(struct call *call)
{
    struct file_row row;
    if (!find_file(call, &row))
        return;
    int64_t seconds;
    if (!value_integer(value_get(call->body, "expiresIn"), &seconds))
        seconds = LINK_SECONDS;
    struct link link = {
        .file = row.id,
        .name = fs_safe_name(call->arena, row.name),
        .is_inline = value_is_true(value_get(call->body, "inline")),
    };
    struct buffer body;
    char end[CLOCK_ISO_BYTES];
    call_begin_body(&body);
    buffer_append_text(&body, "{\"data\":{\"url\":");
    call_put_link(&body, call, &link, seconds);
    clock_iso(link.expires_unix_s * 1000, end);
    buffer_append_format(&body, ",\"expiresAt\":\"%s\"}}", end);
    call_answer(call, 200, &body);
}

/* Whoever has the link is let in by it alone. */
void
native_link_content(struct call *call)
{
    struct link link;
    struct content *content = arena_alloc(call->arena, sizeof(*content));
    enum link_state state = service_link_read(call->service, call->arena, call->names[0], &link);
    if (state == LINK_EXPIRED) {
        call_fail(call, 410, "this link has expired; ask for another");
        return;
    }
    if (state == LINK_GOOD && link.is_table) {
        native_send_table(call, &link);
        return;
    }
    enum status status = state == LINK_FORGED ? STATUS_NOT_FOUND
                                              : service_file_get(call->service, &link.file,
                                                                 call->arena, &content->row);
    if (status == STATUS_NOT_FOUND) {
        call_fail(call, 404, "there is no file behind this link");
        return;
    }
    if (status != STATUS_OK) {
        call_fail_status(call, status, NULL);
        return;
    }
    content->name = link.name;
    content->is_inline = link.is_inline;
    native_send_content(call, content);
}

/* --- those of a run --- */

struct run_files {
    struct call *call;
    struct run_row run;
    struct buffer body;
};

/* The record of a file, and a link to it. */
static bool
put_file(const struct file_row *row, void *context)
{
    struct run_files *files = context;
    struct link link = {.file = row->id, .name = row->name};
    native_next_item(&files->body);
    present_file_text(&files->body, row);
    if (buffer_is_over(&files->body))
        return false;
    files->body.size--;
    buffer_append_text(&files->body, ",\"url\":");
    call_put_link(&files->body, files->call, &link, LINK_SECONDS);
    buffer_append_byte(&files->body, '}');
    return !buffer_is_over(&files->body);
}

static void
list_files(struct call *call)
{
    struct run_files *files = call->own;
    struct error error = {0};
    native_begin_list(&files->body);
    enum status status = service_run_files(call->service, &files->run, put_file, files, &error);
    native_end_list(call, &files->body, status);
}

void
native_run_files(struct call *call)
{
    struct run_files *files = arena_alloc(call->arena, sizeof(*files));
    files->call = call;
    call->own = files;
    if (call_find_run(call, &files->run))
        call_go_on(call, list_files);
}
