/* api/upload.h - a file that a client sends: as the body, or as the one file of a form.
 *
 * Whatever the form's parts beside the file are called: `name` and `sha256` mean something. The
 * bytes go to the disk as they come.
 *
 * Threads: as a streamed route (api/receiving.h).
 */
#ifndef API_UPLOAD_H
#define API_UPLOAD_H

#include "api/call.h"

struct file_row;

/* Answers with the file once it is stored; on the writer's thread. */
typedef void upload_answer_fn(struct call *call, const struct file_row *row);

/* Receives it, and answers the call with what is wrong or by `answer`. */
void call_upload(struct call *call, upload_answer_fn *answer);

#endif
