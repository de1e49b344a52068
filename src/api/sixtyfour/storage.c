/* CSV files that are sent first and read by a run later: specs_override.resource_handle_id. */
#include "api/sixtyfour/sixtyfour.h"

#include "api/upload.h"
#include "base/json.h"
#include "service/uploads.h"

static void
answer_handle(struct call *call, const struct file_row *row)
{
    struct buffer body;
    char handle[ID_UUID_BYTES];
    id_uuid(&row->id, handle);
    call_begin_body(&body);
    buffer_append_format(&body, "{\"handle_id\":\"%s\"", handle);
    sixtyfour_put_id(&body, "resource_handle_id", &row->id);
    buffer_append_text(&body, ",\"filename\":");
    json_print_string(&body, row->name);
    buffer_append_format(&body, ",\"size_bytes\":%llu}", (unsigned long long)row->size_bytes);
    call_answer(call, 200, &body);
}

/* With the Idempotency-Key of an earlier one. */
void
sixtyfour_answer_file_again(struct call *call, const struct id *file)
{
    struct file_row row;
    enum status status = service_file_get(call->service, file, call->arena, &row);
    if (status == STATUS_OK)
        answer_handle(call, &row);
    else if (status == STATUS_NOT_FOUND)
        call_fail(call, 404, "The file that was sent with this Idempotency-Key is gone");
    else
        call_fail_status(call, status, NULL);
}

void
sixtyfour_csv_upload(struct call *call)
{
    call_upload(call, answer_handle);
}
