#include "convert/xlsx.h"

#include "convert/package.h"
#include "convert/xlsx_sheet.h"

static struct value
make_result(const struct convert_job *job, const struct xlsx_rows *rows)
{
    struct member members[] = {
        {value_text("sheet"), value_text(rows->book->sheet_name)},
        {value_text("rows"), value_int((int64_t)rows->row_count)},
        {value_text("columns"), value_int(rows->column_count)},
    };
    return value_object_new(job->arena, members, COUNT_OF(members));
}

static enum status
read_book(struct convert_job *job, struct package *package, struct error *error)
{
    struct xlsx_book book;
    struct xlsx_strings strings;
    enum status status =
        xlsx_book_read(&book, package, value_get(job->options, "sheet"), job->arena, error);
    if (status != STATUS_OK)
        return status;
    struct xlsx_rows rows = {
        .book = &book,
        .strings = &strings,
        .has_header = value_get(job->options, "header").kind != VALUE_FALSE,
        .out = job->out,
        .flush = job->flush,
        .context = job->context,
    };
    status = xlsx_strings_read(&strings, package, book.strings_part, error);
    if (status == STATUS_OK)
        status = xlsx_sheet_read(&rows, error);
    xlsx_strings_done(&strings);
    /* A part that another names has to be there. */
    if (status == STATUS_NOT_FOUND)
        status = error->status = STATUS_INVALID;
    if (status == STATUS_OK)
        job->result = make_result(job, &rows);
    return status;
}

enum status
xlsx_convert(struct convert_job *job, struct error *error)
{
    struct package *package = NULL;
    enum status status = package_open(&package, job->fd, error);
    if (status == STATUS_OK)
        status = read_book(job, package, error);
    package_close(&package);
    return status;
}
