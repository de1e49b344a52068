/* document/zip_write.h - a ZIP file, written from front to back.
 *
 * Each entry is deflated as its bytes come; its sizes and checksum follow it in a data descriptor,
 * so that nothing behind has to be known in advance and nothing is written twice. The dates inside
 * are the first that the format knows, so that equal contents give equal files.
 *
 * Sources: PKWARE APPNOTE 6.3.10, 4.3.7 to 4.3.16 and 4.4.4.
 * Threads: one at a time.
 */
#ifndef DOCUMENT_ZIP_WRITE_H
#define DOCUMENT_ZIP_WRITE_H

#include "base/buffer.h"
#include "base/slice.h"
#include "base/status.h"

/* Bytes of one entry and of the whole file, beyond which another format (ZIP64) would be needed. */
#define ZIP_BYTES_MAX UINT64_C(4294967295)

struct zip_writer;

struct zip_writer *zip_writer_new(void);
/* Does nothing for NULL. */
void zip_writer_free(struct zip_writer **writer);

/* Begins an entry; the one before was ended. name: ASCII, borrowed until it returns. Bytes of the
 * file are appended to *out, which the caller takes away as he likes; so below. */
void zip_begin(struct zip_writer *writer, const char *name, struct buffer *out);
void zip_add(struct zip_writer *writer, struct slice bytes, struct buffer *out);
void zip_end(struct zip_writer *writer, struct buffer *out);

/* Writes the list of entries. LIMIT: the file is larger than ZIP_BYTES_MAX, or an entry is. */
MUST_USE enum status zip_finish(struct zip_writer *writer, struct buffer *out, struct error *error);

/* Bytes that were added to the entry, before they were deflated. */
uint64_t zip_entry_bytes(const struct zip_writer *writer);

#endif
