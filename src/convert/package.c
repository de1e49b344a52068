#include "convert/package.h"

#include "base/limits.h"
#include "base/mem.h"
#include "convert/compound.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>

#define PIECE_BYTES KIB(64)
/* Sheets are packed thirty times, seldom a hundred. Small ones may be more so, without harm. */
#define RATIO_MAX 200
#define RATIO_FREE_BYTES MIB(64)
/* Parts of one file. */
#define PARTS_MAX 100000
/* Of what is no ZIP file: how much is looked at. */
#define HEAD_BYTES KIB(4)

struct package {
    int fd;
    uint64_t at; /* where libzip reads next */
    uint64_t size;
    zip_error_t trouble;
    zip_t *zip;
};

/* --- what it seems to be --- */

static const char *
guess_compound(int fd, struct slice head)
{
    switch (compound_holds(fd, head)) {
    case COMPOUND_DAMAGED:
        return "a damaged file of an old Office program";
    case COMPOUND_PROTECTED:
        return "protected by a password; remove it in Excel (File, Info, Protect Workbook)";
    case COMPOUND_WORKBOOK:
        return "a workbook of Excel 97 (.xls); save it as an Excel workbook (.xlsx)";
    case COMPOUND_DOCUMENT:
    case COMPOUND_OTHER:
        break;
    }
    return "a file of an old Office program; save it as an Excel workbook (.xlsx)";
}

static bool
is_text(struct slice head)
{
    for (size_t i = 0; i < head.size; i++) {
        unsigned char byte = (unsigned char)head.ptr[i];
        if (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r' && byte != 0x0c)
            return false;
    }
    return head.size > 0;
}

/* What a file is that is no ZIP file, in words that go behind "it is". */
static const char *
guess(int fd)
{
    char room[HEAD_BYTES];
    ssize_t size = pread(fd, room, sizeof(room), 0);
    struct slice head = slice_of(room, size < 0 ? 0 : (size_t)size);
    if (compound_is(head))
        return guess_compound(fd, head);
    if (slice_starts_with(head, SLICE("PK\3\4")))
        return "damaged: the end of the file is missing";
    if (slice_starts_with(head, SLICE("%PDF-")))
        return "a PDF document";
    if (slice_starts_with(head, SLICE("\xFF\xFE")) || slice_starts_with(head, SLICE("\xFE\xFF")))
        return "text in UTF-16, not a workbook; read_csv reads text";
    struct slice trimmed = slice_trim(head);
    if (is_text(head) && trimmed.size > 0 && trimmed.ptr[0] == '<')
        return "a web page or XML, not a workbook; save it as an Excel workbook (.xlsx)";
    if (is_text(head))
        return "text, not a workbook; read_csv reads CSV";
    return "not a file that Excel wrote";
}

/* --- the file, for libzip --- */

static zip_int64_t
read_source(struct package *package, void *out, zip_uint64_t size)
{
    ssize_t got = -1;
    do {
        got = pread(package->fd, out, size, (off_t)package->at);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        zip_error_set(&package->trouble, ZIP_ER_READ, errno);
        return -1;
    }
    package->at += (uint64_t)got;
    return got;
}

static zip_int64_t
seek_source(struct package *package, void *data, zip_uint64_t size)
{
    zip_int64_t at =
        zip_source_seek_compute_offset(package->at, package->size, data, size, &package->trouble);
    if (at < 0)
        return -1;
    package->at = (uint64_t)at;
    return 0;
}

static zip_int64_t
stat_source(const struct package *package, void *data, zip_uint64_t size)
{
    zip_stat_t *facts = data;
    if (size < sizeof(*facts))
        return -1;
    zip_stat_init(facts);
    facts->size = package->size;
    facts->valid = ZIP_STAT_SIZE;
    return sizeof(*facts);
}

static zip_int64_t
on_source(void *context, void *data, zip_uint64_t size, zip_source_cmd_t command)
{
    struct package *package = context;
    if (command == ZIP_SOURCE_OPEN)
        package->at = 0;
    if (command == ZIP_SOURCE_OPEN || command == ZIP_SOURCE_CLOSE || command == ZIP_SOURCE_FREE)
        return 0;
    if (command == ZIP_SOURCE_READ)
        return read_source(package, data, size);
    if (command == ZIP_SOURCE_SEEK)
        return seek_source(package, data, size);
    if (command == ZIP_SOURCE_TELL)
        return (zip_int64_t)package->at;
    if (command == ZIP_SOURCE_STAT)
        return stat_source(package, data, size);
    if (command == ZIP_SOURCE_ERROR)
        return zip_error_to_data(&package->trouble, data, size);
    if (command == ZIP_SOURCE_SUPPORTS)
        return zip_source_make_command_bitmap(
            ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR,
            ZIP_SOURCE_FREE, ZIP_SOURCE_SEEK, ZIP_SOURCE_TELL, ZIP_SOURCE_SUPPORTS, -1);
    zip_error_set(&package->trouble, ZIP_ER_OPNOTSUPP, 0);
    return -1;
}

static enum status
open_zip(struct package *package, struct error *error)
{
    zip_error_t why;
    zip_error_init(&why);
    zip_source_t *source = zip_source_function_create(on_source, package, &why);
    if (source != NULL)
        package->zip = zip_open_from_source(source, ZIP_RDONLY, &why);
    if (package->zip == NULL && source != NULL)
        zip_source_free(source);
    enum status status = STATUS_OK;
    if (package->zip == NULL && zip_error_code_zip(&why) == ZIP_ER_NOZIP)
        status = error_set(error, STATUS_INVALID, "it is %s", guess(package->fd));
    else if (package->zip == NULL)
        status = error_set(error, STATUS_INVALID, "it is damaged: %s", zip_error_strerror(&why));
    else if (zip_get_num_entries(package->zip, 0) > PARTS_MAX)
        status = error_set(error, STATUS_LIMIT, "it has more than %d parts", PARTS_MAX);
    zip_error_fini(&why);
    return status;
}

enum status
package_open(struct package **out, int fd, struct error *error)
{
    *out = NULL;
    off_t size = lseek(fd, 0, SEEK_END);
    if (size < 0)
        return error_set(error, STATUS_IO, "it cannot be measured: %s", strerror(errno));
    if (size == 0)
        return error_set(error, STATUS_INVALID, "it is empty");
    struct package *package = mem_alloc(sizeof(*package));
    package->fd = fd;
    package->size = (uint64_t)size;
    zip_error_init(&package->trouble);
    enum status status = open_zip(package, error);
    if (status == STATUS_OK)
        *out = package;
    else
        package_close(&package);
    return status;
}

void
package_close(struct package **package)
{
    struct package *gone = *package;
    *package = NULL;
    if (gone == NULL)
        return;
    if (gone->zip != NULL)
        zip_discard(gone->zip);
    zip_error_fini(&gone->trouble);
    mem_free(gone);
}

/* --- parts --- */

bool
package_has(struct package *package, const char *part)
{
    return zip_name_locate(package->zip, part, ZIP_FL_NOCASE) >= 0;
}

static enum status
damaged(const char *part, const char *words, struct error *error)
{
    return error_set(error, STATUS_INVALID, "it is damaged: %s: %s", part, words);
}

struct counted {
    const char *part;
    uint64_t bytes, bytes_max, packed_bytes;
};

static enum status
check_size(const struct counted *counted, struct error *error)
{
    if (counted->bytes > counted->bytes_max)
        return error_set(error, STATUS_LIMIT, "%s is larger than %" PRIu64 " MB", counted->part,
                         counted->bytes_max / MIB(1));
    if (counted->bytes > RATIO_FREE_BYTES && counted->bytes / RATIO_MAX > counted->packed_bytes)
        return error_set(error, STATUS_LIMIT,
                         "%s is packed more than %d times: the file seems to be a bomb",
                         counted->part, RATIO_MAX);
    return STATUS_OK;
}

static enum status
give_pieces(zip_file_t *file, struct counted *counted, package_piece_fn *piece, void *context,
            struct error *error)
{
    char *room = mem_alloc_raw(PIECE_BYTES);
    enum status status = STATUS_OK;
    bool goes_on = true;
    while (status == STATUS_OK && goes_on) {
        zip_int64_t got = zip_fread(file, room, PIECE_BYTES);
        if (got < 0) {
            status = damaged(counted->part, zip_file_strerror(file), error);
            break;
        }
        counted->bytes += (uint64_t)got;
        status = check_size(counted, error);
        if (status == STATUS_OK)
            goes_on = piece(context, slice_of(room, (size_t)got), got == 0) && got > 0;
    }
    mem_free(room);
    return status;
}

enum status
package_read(struct package *package, const char *part, uint64_t bytes_max, package_piece_fn *piece,
             void *context, struct error *error)
{
    zip_int64_t index = zip_name_locate(package->zip, part, ZIP_FL_NOCASE);
    zip_stat_t facts;
    if (index < 0)
        return error_set(error, STATUS_NOT_FOUND, "it has no part %s", part);
    if (zip_stat_index(package->zip, (zip_uint64_t)index, 0, &facts) != 0)
        return damaged(part, zip_strerror(package->zip), error);
    if ((facts.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && facts.encryption_method != ZIP_EM_NONE)
        return error_set(error, STATUS_INVALID, "it is encrypted; save it without a password");
    zip_file_t *file = zip_fopen_index(package->zip, (zip_uint64_t)index, 0);
    if (file == NULL)
        return damaged(part, zip_strerror(package->zip), error);
    struct counted counted = {part, 0, bytes_max, facts.comp_size};
    enum status status = give_pieces(file, &counted, piece, context, error);
    zip_fclose(file);
    return status;
}
