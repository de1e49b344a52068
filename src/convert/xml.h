/* convert/xml.h - reads a part of a package as XML, piece by piece.
 *
 * Handlers are called with local names; elements of namespaces that they do not name have an empty
 * name. A document type, and with it every entity of its own, is refused, as is what is nested
 * deeper than XML_DEPTH_MAX.
 *
 * Sources: ECMA-376-1 (5th edition), 7; its strict and its transitional namespaces.
 * Threads: one.
 */
#ifndef CONVERT_XML_H
#define CONVERT_XML_H

#include "base/buffer.h"
#include "base/slice.h"
#include "base/status.h"
#include "convert/package.h"

#include <stdint.h>

#define XML_DEPTH_MAX 256

struct xml;

/* attributes: names and values in turn, ending with NULL. */
typedef void xml_begin_fn(struct xml *xml, const char *name, const char **attributes);
typedef void xml_end_fn(struct xml *xml, const char *name);
/* Text comes in any number of pieces, as UTF-8. */
typedef void xml_text_fn(struct xml *xml, struct slice text);

/* Namespaces, each list ending with NULL: of relationships, and of workbooks. */
extern const char *const xml_package[];
extern const char *const xml_spreadsheet[];

struct xml_handler {
    xml_begin_fn *begin;
    xml_end_fn *end;
    xml_text_fn *text; /* may be NULL */
    void *context;     /* whatever the handlers need; see xml_context() */
    const char *const *namespaces;
};

void *xml_context(struct xml *xml);

/* The value of an attribute without a namespace, or NULL. */
const char *xml_attribute(const char **attributes, const char *name);
/* The value of an attribute in one of the handler's namespaces, or NULL. */
const char *xml_own_attribute(const struct xml *xml, const char **attributes, const char *name);
/* The value of r:id, or NULL. */
const char *xml_relation(const char **attributes);

/* Whether xml:space asks to keep white space at the edges; xml_trim() does what Excel does
 * otherwise, with the text behind `begin`. */
bool xml_keeps_space(const char **attributes);
void xml_trim(struct buffer *text, size_t begin);

/* The handlers are not called any more, and xml_read() gives this. */
void xml_fail(struct xml *xml, enum status status, const char *format, ...) PRINTF_LIKE(3, 4);

/* Reads the part to its end. As package_read(), and INVALID for what is no well-formed XML. */
MUST_USE enum status xml_read(struct package *package, const char *part, uint64_t bytes_max,
                              const struct xml_handler *handler, struct error *error);

#endif
