/* convert/text.h - the kind "text": any document as plain text (convert/plain.h).
 *
 * Options, which are hints only: {name: of the file, contentType: as a server said}. What the
 * document is, its first bytes tell (convert/sniff.h). The result is {kind: "text", "markdown",
 * "html", "docx" or "pdf"; title, null if there is none; pages, null where there are none}.
 *
 * INVALID and LIMIT have words for the document's owner: what it is, and what can be done.
 *
 * Threads: the only one of its process.
 */
#ifndef CONVERT_TEXT_H
#define CONVERT_TEXT_H

#include "base/status.h"
#include "convert/job.h"

/* What has to be done while files may still be opened and programs started. Looks at the document's
 * first bytes, but parses nothing. */
void text_prepare(struct convert_job *job, const struct confine_limits *limits);

MUST_USE enum status text_convert(struct convert_job *job, struct error *error);

#endif
