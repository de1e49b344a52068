/* steps/paper.h - the document that a `document` step makes, of one item or of a whole table.
 *
 * What is here says what to make; a sandbox child makes it (the kind "render" of windrow-convert).
 *
 * Threads: any.
 */
#ifndef STEPS_PAPER_H
#define STEPS_PAPER_H

#include "engine/step.h"
#include "engine/step_env.h"

#define PAPER_KIND "render"
/* Counts up when the same request comes out otherwise than before. */
#define PAPER_VERSION 1

extern const char *const paper_pers[];
extern const char *const paper_formats[];
extern const char *const paper_sizes[];

/* The fields of both shapes; `roots`: the further names that the template may use. */
#define PAPER_FIELDS(template_roots)                                                               \
    {.name = "template",                                                                           \
     .kind = FIELD_MARKUP,                                                                         \
     .required = true,                                                                             \
     .is_apart = true,                                                                             \
     .roots = template_roots,                                                                      \
     .help = "Markdown with values, loops and conditions, or the name of a template."},            \
        {.name = "format",                                                                         \
         .kind = FIELD_CHOICE,                                                                     \
         .required = true,                                                                         \
         .choices = paper_formats,                                                                 \
         .help = "Of the file."},                                                                  \
        {.name = "per",                                                                            \
         .kind = FIELD_CHOICE,                                                                     \
         .choices = paper_pers,                                                                    \
         .help = "One document for each item, which is the default, or one for the table."},       \
        {.name = "name",                                                                           \
         .kind = FIELD_TEXT,                                                                       \
         .help = "Of the file; the step's id and the format if not given."},                       \
        {.name = "title", .kind = FIELD_TEXT, .help = "Stands above the text."},                   \
        {.name = "subtitle", .kind = FIELD_TEXT, .help = "Stands below the title."},               \
        {.name = "author", .kind = FIELD_TEXT, .help = "Stands below the title, with the date."},  \
        {.name = "language",                                                                       \
         .kind = FIELD_LABEL,                                                                      \
         .help = "Of the text, such as de or pt-BR; en if not given."},                            \
        {.name = "paper",                                                                          \
         .kind = FIELD_CHOICE,                                                                     \
         .choices = paper_sizes,                                                                   \
         .help = "Of PDF and DOCX; a4 if not given."},                                             \
        {.name = "images",                                                                         \
         .kind = FIELD_TEXT_MAP,                                                                   \
         .help = "Pictures, PNG or JPEG: the name by which the text shows one, and its file."},    \
    {                                                                                              \
        .name = "contents", .kind = FIELD_BOOL,                                                    \
        .help = "Whether a table of contents stands first."                                        \
    }

/* The template and the words around it, rendered over the scope: {markdown, citations, title,
 * ..., date}, the date being that of the run's creation. */
bool paper_request(struct step_scope *scope, struct value *out, struct step_failure *failure);

/* Puts the pictures in the place of their files' names. */
bool paper_take_images(struct step_env *env, struct value *request, struct arena *arena,
                       struct step_failure *failure);

/* {format, paper, toc}, as the step is configured. */
struct value paper_options(const struct plan_node *node, struct arena *arena);

sink_form_fn paper_form;

#endif
