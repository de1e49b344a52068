#include "render/pdf_table.h"

#include "base/limits.h"

#include <math.h>

/* A long word does not take more than this share of the table. */
#define WORD_SHARE_MAX 0.4
/* A row of more lines may break across pages. */
#define ROW_LINES_KEPT 10

struct builder {
    struct pdf_flow *flow;
    const struct block *block;
    const struct column *columns; /* of the document */
    struct pdf_table *table;
    struct pdf_row *rows;
    uint32_t row_count;
    bool is_small;
    double width; /* of the table */
};

/* --- cells --- */

static enum pdf_align
cell_align(const struct column *column)
{
    switch (column->align) {
    case ALIGN_CENTER:
        return PDF_ALIGN_CENTER;
    case ALIGN_LEFT:
        return PDF_ALIGN_LEFT;
    case ALIGN_RIGHT:
        return PDF_ALIGN_RIGHT;
    case ALIGN_NONE:
        break;
    }
    return column->is_number ? PDF_ALIGN_RIGHT : PDF_ALIGN_START;
}

static enum pdf_style
cell_style(const struct builder *builder, const struct pdf_row *row)
{
    if (builder->is_small)
        return row->is_head ? STYLE_SMALL_HEAD_CELL : STYLE_SMALL_CELL;
    return row->is_head ? STYLE_HEAD_CELL : STYLE_CELL;
}

static void
fill_row(const struct builder *builder, struct pdf_row *row, const struct block *from)
{
    const struct block *cell = from->first;
    for (uint32_t i = 0; i < builder->table->column_count && cell != NULL; i++) {
        struct pdf_text *text = &row->cells[i];
        *text = (struct pdf_text){.spans = cell->spans,
                                  .style = cell_style(builder, row),
                                  .align = cell_align(&builder->columns[i])};
        cell = cell->next;
    }
}

static bool
is_empty_row(const struct block *row)
{
    for (const struct block *cell = row->first; cell != NULL; cell = cell->next)
        if (cell->spans != NULL)
            return false;
    return true;
}

/* False: there is no room for them. */
static bool
make_rows(struct builder *builder)
{
    struct arena *arena = builder->flow->pdf->arena;
    uint32_t columns = builder->table->column_count;
    builder->rows =
        arena_try_alloc(arena, builder->block->table.row_count * sizeof(struct pdf_row));
    if (builder->rows == NULL)
        return false;
    bool is_head = true;
    for (const struct block *row = builder->block->first; row != NULL; row = row->next) {
        bool is_left_out = is_head && is_empty_row(row);
        struct pdf_row *made = &builder->rows[builder->row_count];
        *made = (struct pdf_row){.table = builder->table, .is_head = is_head};
        is_head = false;
        if (is_left_out)
            continue;
        made->cells = arena_try_alloc(arena, columns * sizeof(struct pdf_text));
        if (made->cells == NULL)
            return false;
        fill_row(builder, made, row);
        builder->row_count++;
    }
    return true;
}

/* --- widths --- */

static double
pads(const struct pdf_table *table)
{
    return table->column_count * 2.0 * PDF_CELL_PAD_SIDE;
}

static void
measure_cell(struct builder *builder, struct pdf_column *column, struct pdf_text *text)
{
    struct pdf_texts *texts = &builder->flow->pdf->texts;
    pdf_text_measure(texts, text);
    double word = text->natural_width;
    if (word > column->smallest)
        word = pdf_text_longest_word(texts, text);
    /* Rounding must not make a line of what fits. */
    column->natural = fmax(column->natural, text->natural_width + 0.1);
    column->smallest = fmax(column->smallest, word + 0.1);
    pdf_text_rest(texts, text);
}

static void
measure_columns(struct builder *builder)
{
    struct pdf_table *table = builder->table;
    for (uint32_t c = 0; c < table->column_count; c++)
        table->columns[c] = (struct pdf_column){.natural = 6, .smallest = 6};
    for (uint32_t r = 0; r < builder->row_count; r++) {
        if (pdf_is_stopped(builder->flow->pdf))
            return;
        for (uint32_t c = 0; c < table->column_count; c++)
            measure_cell(builder, &table->columns[c], &builder->rows[r].cells[c]);
    }
    double most = builder->width * WORD_SHARE_MAX;
    for (uint32_t c = 0; c < table->column_count; c++)
        table->columns[c].smallest = fmin(table->columns[c].smallest, most);
}

/* The room that words need if none is cut. */
static double
smallest_width(const struct pdf_table *table)
{
    double sum = pads(table);
    for (uint32_t c = 0; c < table->column_count; c++)
        sum += table->columns[c].smallest;
    return sum;
}

/* How much a column wants beyond what its words need. */
static double
wish(const struct pdf_column *column)
{
    return column->natural > column->smallest ? column->natural - column->smallest : 0;
}

/* Grants wishes of at most an equal share of the room; false when there is none such. */
static bool
grant_one(struct pdf_table *table, double *room, uint32_t *open)
{
    for (uint32_t c = 0; c < table->column_count; c++) {
        struct pdf_column *column = &table->columns[c];
        if (column->width > 0 || wish(column) > *room / *open)
            continue;
        column->width = column->smallest + wish(column);
        *room -= wish(column);
        --*open;
        return *open > 0;
    }
    return false;
}

/* Each column gets what its words need. Of the rest small wishes are granted, the other columns
 * share by the root of theirs. */
static void
share(struct pdf_table *table, double room)
{
    double weights = 0;
    uint32_t open = table->column_count;
    for (uint32_t c = 0; c < table->column_count; c++) {
        table->columns[c].width = 0;
        room -= table->columns[c].smallest;
    }
    room = fmax(room, 0);
    while (grant_one(table, &room, &open))
        continue;
    for (uint32_t c = 0; c < table->column_count; c++)
        weights += table->columns[c].width > 0 ? 0 : sqrt(wish(&table->columns[c]));
    for (uint32_t c = 0; c < table->column_count; c++) {
        struct pdf_column *column = &table->columns[c];
        if (column->width <= 0)
            column->width = column->smallest + room * sqrt(wish(column)) / weights;
    }
}

/* Widths add up to the table's; where words cannot have what they need, all give way alike. */
static void
set_widths(struct builder *builder)
{
    struct pdf_table *table = builder->table;
    double room = builder->width - pads(table);
    double sum = 0;
    share(table, room);
    for (uint32_t c = 0; c < table->column_count; c++)
        sum += table->columns[c].width;
    double x = PDF_CELL_PAD_SIDE;
    for (uint32_t c = 0; c < table->column_count; c++) {
        table->columns[c].width *= room / sum;
        table->columns[c].x = x;
        x += table->columns[c].width + 2 * PDF_CELL_PAD_SIDE;
    }
}

/* --- strips --- */

static double
line_height(const struct pdf_row *row, uint32_t line)
{
    double height = 0;
    for (uint32_t c = 0; c < row->table->column_count; c++)
        if (line < row->cells[c].line_count)
            height = fmax(height, row->cells[c].lines[line].height);
    return height;
}

/* No page ends within the first two or the last two lines of a row, nor within a short one. */
static bool
is_kept_line(const struct pdf_row *row, uint32_t line)
{
    uint32_t last = row->line_count - 1;
    if (line == last)
        return row->is_head;
    return row->line_count <= ROW_LINES_KEPT || line < 1 || line + 1 == last;
}

static struct pdf_strip *
add_row(struct builder *builder, struct pdf_row *row, const struct pdf_strip *head)
{
    struct pdf_flow *flow = builder->flow;
    struct pdf_table *table = builder->table;
    row->line_count = 1;
    for (uint32_t c = 0; c < table->column_count; c++) {
        row->cells[c].width = table->columns[c].width;
        pdf_text_measure(&flow->pdf->texts, &row->cells[c]);
        if (row->cells[c].line_count > row->line_count)
            row->line_count = row->cells[c].line_count;
    }
    struct pdf_strip *first = NULL;
    for (uint32_t line = 0; line < row->line_count; line++) {
        struct pdf_strip *strip = pdf_flow_strip(flow, STRIP_ROW);
        strip->row = row;
        strip->line = line;
        strip->width = builder->width;
        strip->height = line_height(row, line);
        strip->pad_top = line == 0 ? PDF_CELL_PAD : 0;
        strip->pad_bottom = line + 1 == row->line_count ? PDF_CELL_PAD : 0;
        strip->is_kept = is_kept_line(row, line);
        strip->head = head;
        for (uint32_t c = 0; c < table->column_count; c++)
            if (line < row->cells[c].line_count)
                pdf_flow_calls(flow->pdf, strip, &row->cells[c], line);
        first = first == NULL ? strip : first;
    }
    for (uint32_t c = 0; c < table->column_count; c++)
        pdf_text_rest(&flow->pdf->texts, &row->cells[c]);
    return first;
}

static void
add_rows(struct builder *builder)
{
    const struct pdf_strip *head = NULL;
    for (uint32_t r = 0; r < builder->row_count; r++) {
        if (pdf_is_stopped(builder->flow->pdf))
            return;
        struct pdf_strip *first = add_row(builder, &builder->rows[r], head);
        if (builder->rows[r].is_head)
            head = first;
    }
    /* A head without rows is not held to what comes below the table. */
    if (builder->row_count == 1 && head != NULL)
        builder->flow->strips->last->is_kept = false;
}

/* --- tables that are too wide --- */

static void
make_small(struct builder *builder)
{
    builder->is_small = true;
    struct pdf_texts *texts = &builder->flow->pdf->texts;
    for (uint32_t r = 0; r < builder->row_count; r++)
        for (uint32_t c = 0; c < builder->table->column_count; c++) {
            struct pdf_text *text = &builder->rows[r].cells[c];
            pdf_text_drop(texts, text);
            *text = (struct pdf_text){.spans = text->spans,
                                      .style = cell_style(builder, &builder->rows[r]),
                                      .align = text->align};
        }
    measure_columns(builder);
}

/* The columns from `first` that fit beside the first of all; at least one. */
static uint32_t
fitting(const struct builder *builder, uint32_t first)
{
    const struct pdf_table *table = builder->table;
    double room = builder->width - table->columns[0].smallest - 2 * PDF_CELL_PAD_SIDE;
    uint32_t count = 0;
    for (uint32_t c = first; c < table->column_count; c++) {
        room -= table->columns[c].smallest + 2 * PDF_CELL_PAD_SIDE;
        if (room < 0 && count > 0)
            break;
        count++;
    }
    return count;
}

/* The table with its first column and `count` others alone. False: there is no room for it. */
static bool
make_part(struct builder *part, const struct builder *whole, uint32_t first, uint32_t count)
{
    struct arena *arena = whole->flow->pdf->arena;
    *part = *whole;
    part->table = arena_alloc(arena, sizeof(*part->table));
    part->table->column_count = count + 1;
    part->table->columns = arena_try_alloc(arena, (count + 1) * sizeof(struct pdf_column));
    part->rows = arena_try_alloc(arena, whole->row_count * sizeof(struct pdf_row));
    if (part->table->columns == NULL || part->rows == NULL)
        return false;
    for (uint32_t c = 0; c <= count; c++) {
        uint32_t from = c == 0 ? 0 : first + c - 1;
        part->table->columns[c] = whole->table->columns[from];
    }
    for (uint32_t r = 0; r < whole->row_count; r++) {
        part->rows[r] = whole->rows[r];
        part->rows[r].table = part->table;
        part->rows[r].cells = arena_try_alloc(arena, (count + 1) * sizeof(struct pdf_text));
        if (part->rows[r].cells == NULL)
            return false;
        for (uint32_t c = 0; c <= count; c++) {
            struct pdf_text *text = &part->rows[r].cells[c];
            const struct pdf_text *from = &whole->rows[r].cells[c == 0 ? 0 : first + c - 1];
            *text = (struct pdf_text){.spans = from->spans,
                                      .style = from->style,
                                      .align = from->align,
                                      .is_again = c == 0 && first > 1};
        }
    }
    return true;
}

static void
drop_layouts(struct builder *builder)
{
    for (uint32_t r = 0; r < builder->row_count; r++)
        for (uint32_t c = 0; c < builder->table->column_count; c++)
            pdf_text_drop(&builder->flow->pdf->texts, &builder->rows[r].cells[c]);
}

static void
flow_parts(struct builder *builder)
{
    uint32_t columns = builder->table->column_count;
    drop_layouts(builder);
    for (uint32_t first = 1; first < columns && !pdf_is_stopped(builder->flow->pdf);) {
        uint32_t count = fitting(builder, first);
        struct builder part;
        if (!make_part(&part, builder, first, count)) {
            error_set(builder->flow->pdf->error, STATUS_LIMIT, "a table is too large for a PDF");
            return;
        }
        set_widths(&part);
        add_rows(&part);
        builder->flow->space = 14;
        first += count;
    }
}

/* --- the whole --- */

static bool
begin(struct builder *builder)
{
    struct pdf *pdf = builder->flow->pdf;
    const struct block *block = builder->block;
    uint64_t cells = (uint64_t)block->table.row_count * block->table.column_count;
    if (cells > LIMIT_PDF_CELLS - pdf->cell_count) {
        error_set(
            pdf->error, STATUS_LIMIT,
            "the tables of the document have more than %d cells, which is the most for a PDF; "
            "write long tables as CSV or XLSX",
            LIMIT_PDF_CELLS);
        return false;
    }
    pdf->cell_count += (uint32_t)cells;
    builder->table = arena_alloc(pdf->arena, sizeof(*builder->table));
    builder->table->column_count = block->table.column_count;
    builder->table->columns =
        arena_try_alloc(pdf->arena, block->table.column_count * sizeof(struct pdf_column));
    if (builder->table->columns != NULL && make_rows(builder))
        return true;
    error_set(pdf->error, STATUS_LIMIT, "a table is too large for a PDF");
    return false;
}

void
pdf_table_flow(struct pdf_flow *flow, const struct block *table)
{
    struct builder builder = {
        .flow = flow, .block = table, .columns = table->table.columns, .width = flow->width};
    if (table->table.column_count == 0 || !begin(&builder))
        return;
    measure_columns(&builder);
    if (smallest_width(builder.table) > builder.width)
        make_small(&builder);
    if (smallest_width(builder.table) > builder.width && builder.table->column_count > 2) {
        flow_parts(&builder);
        return;
    }
    set_widths(&builder);
    add_rows(&builder);
}
