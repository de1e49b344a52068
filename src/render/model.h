/* render/model.h - a document as blocks and spans of text, whatever it is written as.
 *
 * Markdown is read into it once (render/markdown.h) and each format is a renderer over it. A block
 * is a heading, a paragraph, a list...; it holds further blocks or spans. A span is a run of text
 * or something in the line: emphasis, a link, a mark that leads to a note or a citation. Blocks and
 * spans are linked lists in the order of reading, in one arena. All text is UTF-8, without control
 * characters other than the tabs and line ends of code; white space at line ends of the source is
 * one space.
 *
 * What a renderer may rely on: lists hold items only, tables hold rows only, rows hold cells only,
 * as many as the table has columns, and the first row is the head. Only cells and notes are empty.
 * Nesting is at most MODEL_DEPTH_MAX blocks and MODEL_SPANS_DEEP_MAX spans deep. Addresses of links
 * are safe to put into a document: http, https, mailto, "#" and an anchor that exists, or relative.
 * No span is inside one of its kind or beside one, but for links, pictures and marks; no mark is
 * inside a link; lines break in paragraphs only.
 *
 * Threads: immutable once made.
 */
#ifndef RENDER_MODEL_H
#define RENDER_MODEL_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

#define MODEL_DEPTH_MAX 32
#define MODEL_SPANS_DEEP_MAX 4

struct chart;

enum span_kind {
    SPAN_TEXT,     /* text */
    SPAN_CODE,     /* text */
    SPAN_EMPHASIS, /* first */
    SPAN_STRONG,   /* first */
    SPAN_STRIKE,   /* first */
    SPAN_LINK,     /* first, address, title */
    SPAN_PICTURE,  /* text is what to read in its place; picture, title */
    SPAN_BREAK,    /* the line ends here */
    SPAN_NOTE,     /* note, use */
    SPAN_CITATION, /* citation, use */
};

struct span {
    enum span_kind kind;
    struct span *next;
    struct span *first; /* what is inside */
    struct slice text;
    struct slice address; /* "#anchor": inside the document */
    struct slice title;   /* may be empty */
    uint32_t use;         /* of a note or citation: which of the marks that lead there, from 1 */
    union {
        const struct picture *picture;
        const struct note *note;
        const struct citation *citation;
    };
};

enum picture_type { PICTURE_PNG, PICTURE_JPEG };

struct picture {
    struct slice name; /* by which the text asks for it */
    enum picture_type type;
    struct slice bytes;     /* the file */
    struct slice base64;    /* the same in Base64 (RFC 4648, padded) */
    uint32_t width, height; /* pixels, 1 to MODEL_PICTURE_PIXELS_MAX */
};

#define MODEL_PICTURE_PIXELS_MAX 20000

enum align { ALIGN_NONE, ALIGN_LEFT, ALIGN_CENTER, ALIGN_RIGHT };

enum task_state { TASK_NONE, TASK_OPEN, TASK_DONE };

enum block_kind {
    BLOCK_HEADING,    /* spans, heading */
    BLOCK_PARAGRAPH,  /* spans */
    BLOCK_LIST,       /* first: items; list */
    BLOCK_ITEM,       /* first; task */
    BLOCK_QUOTE,      /* first */
    BLOCK_CODE,       /* code */
    BLOCK_TABLE,      /* first: rows; table */
    BLOCK_ROW,        /* first: cells; the first row of a table is its head */
    BLOCK_CELL,       /* spans */
    BLOCK_PICTURE,    /* picture: one that stands alone */
    BLOCK_CHART,      /* chart */
    BLOCK_PAGE_BREAK, /* a new page begins */
    BLOCK_RULE,       /* a line across */
};

struct column {
    enum align align; /* as written */
    bool is_number;   /* nothing but numbers in it, and at least one */
};

struct block {
    enum block_kind kind;
    struct block *next;
    struct block *first; /* what is inside */
    struct span *spans;
    union {
        struct {
            uint32_t level;      /* 1 to 6, as written */
            uint32_t rank;       /* depth in the outline without gaps, from 1 */
            struct slice anchor; /* unique in the document; letters, digits, "-" and "_" */
            struct slice text;   /* the spans as plain text, without marks */
            struct block *next;  /* heading of the document's outline; NULL at its end and for
                                    headings in quotes and lists, which have no rank */
        } heading;
        struct {
            bool is_ordered;
            bool is_tight; /* no space between its items */
            uint32_t start;
        } list;
        enum task_state task;
        struct {
            struct slice text;     /* lines, each with its end */
            struct slice language; /* letters, digits and "+-#._"; may be empty */
        } code;
        struct {
            const struct column *columns;
            uint32_t column_count;
            uint32_t row_count; /* the head included */
        } table;
        struct {
            const struct picture *file;
            struct slice alt;     /* what to read in its place */
            struct slice caption; /* may be empty */
        } picture;
        const struct chart *chart;
    };
};

/* A footnote that at least one mark leads to. */
struct note {
    const struct note *next;
    uint32_t number;    /* from 1, in the order of the first marks */
    uint32_t use_count; /* marks that lead here */
    struct slice label; /* as written */
    struct block *first;
};

/* Where a statement comes from. A document has those that marks lead to, in the order of their
 * first marks; when no mark leads to any, all that were given. */
struct citation {
    const struct citation *next;
    uint32_t number;       /* that is shown, from 1 */
    uint32_t use_count;    /* marks that lead here */
    struct slice title;    /* of the source; may be empty */
    struct slice quote;    /* verbatim; may be empty */
    struct slice address;  /* http or https; may be empty */
    struct slice document; /* name of a file; may be empty */
    bool is_unverified;    /* the quote was looked for in the source and not found */
};

enum direction { DIRECTION_LEFT_TO_RIGHT, DIRECTION_RIGHT_TO_LEFT };

struct document {
    struct span *title;      /* NULL: none. Not among the blocks */
    struct slice title_text; /* the same as plain text; without a title, that of the first heading;
                                may be empty */
    struct slice subtitle;   /* may be empty, as those that follow */
    struct slice author;
    struct slice date;        /* as its language writes it */
    struct slice date_iso;    /* 2026-03-31 */
    struct slice language;    /* BCP 47, "en" if not given */
    enum direction direction; /* of the text as a whole */
    struct block *first;
    const struct block *headings; /* the outline, by heading.next */
    const struct note *notes;
    const struct citation *citations;
};

#endif
