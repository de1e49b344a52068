#include "ai/local_layout.h"

#include "ai/local_line.h"

/* A paragraph is cut into sentences at the latest after so many bytes. */
#define PARAGRAPH_BYTES 65536
/* A line this long was wrapped: what follows goes on with it. */
#define WRAPPED_BYTES 50

/* What a label's place is compared by: Markdown headings are above all lines, and at the same
 * indentation a plain heading is above a label without a value, that above an item, and that above
 * a labelled value. */
enum { KEY_LINE = 10, KEY_HEADING = 0, KEY_LABEL = 1, KEY_ITEM = 2, KEY_VALUE = 3, KEY_STEP = 4 };

struct reader {
    struct slice text;
    local_piece_fn *visit;
    void *context;
    struct local_label labels[LOCAL_LABELS_MAX];
    size_t keys[LOCAL_LABELS_MAX];
    size_t label_count;
    uint32_t serial;
    struct slice paragraph;                /* ptr NULL: none is open */
    size_t paragraph_line;                 /* bytes of its last line */
    bool paragraph_is_value;               /* it began behind a label */
    struct slice headers[LOCAL_CELLS_MAX]; /* of the table that is open */
    uint32_t header_serials[LOCAL_CELLS_MAX];
    size_t header_count; /* 0: none is open */
    bool after_blank;
    bool bare_label; /* the last line was a label without a value */
};

static bool
ends_here(struct slice text, size_t at)
{
    static const char *const short_forms[] = {
        "Mr",  "Mrs", "Ms",     "Dr",  "Prof", "Inc", "Ltd", "Co",  "Corp", "No",  "St",
        "vs",  "ca",  "approx", "est", "Jan",  "Feb", "Mar", "Apr", "Aug",  "Sep", "Sept",
        "Oct", "Nov", "Dec",    "Mio", "Mrd",  "Nr",  "Jr",  "Sr",  "Fig",  "bzw", "Bros"};
    size_t start = at;
    while (start > 0 && at - start < 8 && (unsigned char)(text.ptr[start - 1] | 0x20) >= 'a')
        start--;
    struct slice word = slice_of(text.ptr + start, at - start);
    if (word.size == 1 && (start == 0 || text.ptr[start - 1] == '.' || word.ptr[0] <= 'Z'))
        return false;
    bool is_ordinal = at > 0 && text.ptr[at - 1] >= '0' && text.ptr[at - 1] <= '9' &&
                      at + 2 < text.size && text.ptr[at + 2] >= 'a';
    for (size_t i = 0; i < sizeof(short_forms) / sizeof(short_forms[0]); i++)
        if (slice_is(word, short_forms[i]))
            return false;
    return !is_ordinal;
}

/* Whether a sentence can begin at the byte. */
static bool
begins_sentence(char byte)
{
    return !(byte >= 'a' && byte <= 'z') && byte != ',' && byte != ')';
}

struct slice
local_sentence(struct slice text)
{
    size_t reach = text.size < LOCAL_PIECE_BYTES ? text.size : LOCAL_PIECE_BYTES;
    size_t last_space = 0;
    for (size_t at = 0; at < reach; at++) {
        char byte = text.ptr[at];
        if ((unsigned char)byte <= ' ')
            last_space = at;
        if (byte != '.' && byte != '!' && byte != '?')
            continue;
        size_t end = at + 1;
        while (end < reach && memchr("\"')]*_", text.ptr[end], 6) != NULL)
            end++;
        if (end < reach && (unsigned char)text.ptr[end] > ' ')
            continue;
        while (end < reach && (unsigned char)text.ptr[end] <= ' ')
            end++;
        bool goes_on = end < text.size && !begins_sentence(text.ptr[end]);
        if (!goes_on && (byte != '.' || ends_here(text, at)))
            return slice_of(text.ptr, end);
    }
    if (reach < text.size)
        reach = last_space > 0 ? last_space + 1 : slice_cut(text, reach).size;
    return slice_of(text.ptr, reach > 0 ? reach : text.size);
}

static void
emit(struct reader *reader, struct local_piece piece)
{
    piece.labels = reader->labels;
    piece.label_count = reader->label_count;
    reader->visit(reader->context, &piece);
}

static void
emit_sentences(struct reader *reader, struct slice text)
{
    while (text.size > 0) {
        struct slice sentence = local_sentence(text);
        struct slice trimmed = slice_trim(sentence);
        if (trimmed.size > 0)
            emit(reader, (struct local_piece){.text = trimmed, .quote = trimmed});
        text = slice_of(text.ptr + sentence.size, text.size - sentence.size);
    }
}

static void
paragraph_flush(struct reader *reader)
{
    if (reader->paragraph.ptr == NULL)
        return;
    struct slice text = reader->paragraph;
    reader->paragraph = slice_of(NULL, 0);
    emit_sentences(reader, text);
}

static void
paragraph_add(struct reader *reader, struct slice line)
{
    if (reader->paragraph.size > PARAGRAPH_BYTES)
        paragraph_flush(reader);
    if (reader->paragraph.ptr == NULL) {
        reader->paragraph = slice_of(line.ptr, 0);
        reader->paragraph_is_value = false;
    }
    reader->paragraph.size = (size_t)(line.ptr + line.size - reader->paragraph.ptr);
    reader->paragraph_line = line.size;
}

/* --- Labels --- */

static void
labels_pop(struct reader *reader, size_t key)
{
    while (reader->label_count > 0 && reader->keys[reader->label_count - 1] >= key)
        reader->label_count--;
}

static void
labels_push(struct reader *reader, struct slice text, size_t key)
{
    text = local_line_bare(text);
    if (text.size == 0)
        return;
    if (reader->label_count == LOCAL_LABELS_MAX)
        reader->label_count--;
    reader->keys[reader->label_count] = key;
    reader->labels[reader->label_count++] =
        (struct local_label){.text = text, .serial = ++reader->serial};
}

/* The size of a sign that joins the labels of a path, such as " > ", or 0. */
static size_t
joint_here(struct slice text, size_t at, bool is_dotted)
{
    static const char *const joints[] = {" > ", " › ", " » ", " → ", " / ", "::", ": "};
    struct slice rest = slice_of(text.ptr + at, text.size - at);
    if (rest.ptr[0] != ' ' && rest.ptr[0] != ':')
        return is_dotted && rest.ptr[0] == '.';
    for (size_t i = 0; i < sizeof(joints) / sizeof(joints[0]); i++)
        if (slice_starts_with(rest, slice_text(joints[i])))
            return strlen(joints[i]);
    return 0;
}

/* Pushes the labels of a path, all with the same key. */
static void
labels_push_path(struct reader *reader, struct slice text, size_t key)
{
    bool is_dotted = memmem(text.ptr, text.size, ". ", 2) == NULL && text.ptr[text.size - 1] != '.';
    size_t from = 0;
    for (size_t at = 1; at < text.size; at++) {
        size_t joint = joint_here(text, at, is_dotted);
        if (joint == 0)
            continue;
        labels_push(reader, slice_of(text.ptr + from, at - from), key);
        from = at + joint;
        at = from;
    }
    if (from < text.size)
        labels_push(reader, slice_of(text.ptr + from, text.size - from), key);
}

/* --- Lines --- */

static size_t
key_of(const struct local_line *line, size_t kind)
{
    size_t indent = line->indent < 200 ? line->indent : 200;
    return KEY_LINE + indent * KEY_STEP + kind;
}

/* "total: text: 5": the labels before the value, joined. */
static void
gather_labels(struct slice *label, struct slice *value)
{
    struct slice inner;
    struct slice rest;
    for (int i = 0; i < 4 && value->size < LOCAL_PIECE_BYTES; i++) {
        const char *colon = value->size == 0
                                ? NULL
                                : memmem(value->ptr, value->size < 48 ? value->size : 48, ": ", 2);
        if (colon == NULL || !local_line_label(*value, &inner, &rest) || rest.size == 0 ||
            inner.size > 48 || inner.ptr + inner.size != colon ||
            memchr(inner.ptr, ',', inner.size) != NULL)
            return;
        label->size = (size_t)(inner.ptr + inner.size - label->ptr);
        *value = rest;
    }
}

/* A value, which may be prose too: that ends on this line only if the line is short. */
static void
emit_value(struct reader *reader, struct slice value, struct slice quote, bool is_item)
{
    struct slice bare = local_line_bare(value);
    struct slice cut = slice_cut(bare, LOCAL_PIECE_BYTES);
    if (cut.size > 0)
        emit(reader, (struct local_piece){
                         .text = cut, .quote = quote, .is_value = true, .is_item = is_item});
    if (bare.size < LOCAL_PROSE_BYTES)
        return;
    paragraph_add(reader, bare);
    reader->paragraph_is_value = true;
}

static void
read_labelled(struct reader *reader, const struct local_line *line, struct slice label,
              struct slice value)
{
    paragraph_flush(reader);
    gather_labels(&label, &value);
    bool is_bare = local_line_bare(value).size == 0;
    size_t key = key_of(line, is_bare ? KEY_LABEL : KEY_VALUE);
    labels_pop(reader, key);
    labels_push_path(reader, label, key);
    if (!is_bare)
        emit_value(reader, value, line->text, false);
    reader->bare_label = is_bare;
}

/* A line that can be an item below the last heading, and a heading for what follows. */
static void
read_short(struct reader *reader, const struct local_line *line)
{
    size_t key = key_of(line, line->has_bullet ? KEY_ITEM : KEY_HEADING);
    size_t count = reader->label_count;
    bool is_below = count > 0 && (reader->bare_label || line->has_bullet) &&
                    reader->keys[count - 1] <= key_of(line, KEY_LABEL);
    paragraph_flush(reader);
    labels_pop(reader, key_of(line, is_below || line->has_bullet ? KEY_ITEM : KEY_LABEL));
    emit_value(reader, line->text, line->text, true);
    if (is_below && !line->has_bullet)
        return;
    paragraph_flush(reader);
    labels_pop(reader, key);
    labels_push_path(reader, line->text, key);
    reader->bare_label = false;
}

static void
read_heading(struct reader *reader, const struct local_line *line)
{
    paragraph_flush(reader);
    labels_pop(reader, line->heading);
    labels_push_path(reader, line->text, line->heading);
    reader->bare_label = false;
}

/* --- Tables --- */

static void
emit_cell(struct reader *reader, struct slice cell, struct slice row,
          const struct local_label *labels, size_t count)
{
    size_t before = reader->label_count;
    for (size_t i = 0; i < count && reader->label_count < LOCAL_LABELS_MAX; i++)
        if (labels[i].text.size > 0)
            reader->labels[reader->label_count++] = labels[i];
    struct slice bare = local_line_bare(cell);
    if (bare.size > 0)
        emit(reader, (struct local_piece){.text = bare, .quote = row, .is_value = true});
    reader->label_count = before;
}

static void
read_header(struct reader *reader, const struct slice *cells, size_t count)
{
    reader->header_count = count;
    for (size_t i = 0; i < count; i++) {
        reader->headers[i] = local_line_bare(cells[i]);
        reader->header_serials[i] = ++reader->serial;
    }
}

static void
read_row(struct reader *reader, const struct local_line *line, const struct slice *cells,
         size_t count)
{
    paragraph_flush(reader);
    labels_pop(reader, key_of(line, KEY_ITEM));
    bool is_first = reader->header_count == 0;
    if (is_first)
        read_header(reader, cells, count);
    struct local_label name = {.text = local_line_bare(cells[0]), .serial = ++reader->serial};
    for (size_t i = 1; i < count; i++) {
        struct local_label pair[2] = {name, {.serial = 0}};
        if (!is_first && i < reader->header_count) {
            pair[1] = (struct local_label){reader->headers[i], reader->header_serials[i]};
            emit_cell(reader, cells[i], line->text, pair, 2);
            pair[0] = pair[1];
            pair[1] = name;
        }
        emit_cell(reader, cells[i], line->text, pair, 2);
    }
    if (!is_first && reader->header_count > 0)
        emit_cell(reader, cells[0], line->text,
                  &(struct local_label){reader->headers[0], reader->header_serials[0]}, 1);
}

/* --- The text --- */

static bool
is_small_letter(char byte)
{
    return byte >= 'a' && byte <= 'z';
}

/* Whether the line goes on with the paragraph above it. */
static bool
goes_on(const struct reader *reader, const struct local_line *line)
{
    if (reader->paragraph.ptr == NULL || reader->after_blank || line->has_bullet)
        return false;
    bool is_small = is_small_letter(line->text.ptr[0]);
    if (reader->paragraph_is_value && local_line_is_short(line->text) && !is_small)
        return false;
    return reader->paragraph_line >= WRAPPED_BYTES || is_small;
}

static void
read_text_line(struct reader *reader, const struct local_line *line)
{
    struct slice label;
    struct slice value;
    struct slice cells[LOCAL_CELLS_MAX];
    size_t count = local_line_cells(line->text, cells);
    if (count == 0)
        reader->header_count = 0;
    if (count > 0) {
        read_row(reader, line, cells, count);
    } else if (!reader->paragraph_is_value && goes_on(reader, line) &&
               is_small_letter(line->text.ptr[0])) {
        paragraph_add(reader, line->text);
    } else if (local_line_label(line->text, &label, &value)) {
        read_labelled(reader, line, label, value);
    } else if (local_line_is_short(line->text) && !goes_on(reader, line)) {
        read_short(reader, line);
    } else {
        if (line->has_bullet || !goes_on(reader, line))
            paragraph_flush(reader);
        labels_pop(reader, key_of(line, KEY_ITEM));
        paragraph_add(reader, line->text);
        reader->bare_label = false;
    }
}

static void
read_line(struct reader *reader, struct slice bytes)
{
    struct local_line line = local_line_of(bytes);
    if (line.text.size == 0) {
        paragraph_flush(reader);
        reader->after_blank = true;
        reader->header_count = 0;
        return;
    }
    if (local_line_is_rule(line.text))
        paragraph_flush(reader);
    else if (line.heading > 0)
        read_heading(reader, &line);
    else
        read_text_line(reader, &line);
    reader->after_blank = false;
}

void
local_layout_read(struct slice text, local_piece_fn *visit, void *context)
{
    struct reader reader = {.text = text, .visit = visit, .context = context, .after_blank = true};
    for (size_t at = 0; at < text.size;) {
        const char *start = text.ptr + at;
        const char *end = memchr(start, '\n', text.size - at);
        size_t size = end == NULL ? text.size - at : (size_t)(end - start);
        read_line(&reader, slice_of(start, size));
        at += size + 1;
    }
    paragraph_flush(&reader);
}
