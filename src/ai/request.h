/* ai/request.h - what a step asks of a model and what comes back, whoever the provider is.
 *
 * A step makes the neutral request, the desk (ai/desk.h) has it answered by the provider that the
 * model's name begins with, and gives the neutral answer. Both are JSON, so that they travel as
 * bodies of an exchange with the URL AI_URL, and both are what the engine hashes and records.
 *
 * With a schema, fields, labels or sources the answer's text is an envelope:
 *
 *   {"output": <the value>, "citations": [{"field", "source", "quote", "confidence"}]}
 *
 * The value is by the schema; {field: value or null} for fields; {"label": name} for labels; a
 * string without any of them. Without sources too the text is plain. See ai/shape.h for the JSON
 * Schema of it.
 *
 * What a field's type gives: string, date ("2024", "2024-05" or "2024-05-31"), email, url, address:
 * a string; number, integer; percentage: a number (12.5 for 12.5 %); boolean; money: {"amount":
 * number, "currency": ISO 4217 code or null}; list: an array of strings. Any may be null.
 *
 * Threads: pure, any thread.
 */
#ifndef AI_REQUEST_H
#define AI_REQUEST_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/slice.h"
#include "base/status.h"
#include "base/value.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The URL of an exchange whose body is a neutral request. */
#define AI_URL "ai:"

enum ai_task { AI_TASK_GENERATE, AI_TASK_EXTRACT, AI_TASK_CLASSIFY };

enum ai_field_type {
    AI_FIELD_STRING,
    AI_FIELD_NUMBER,
    AI_FIELD_INTEGER,
    AI_FIELD_BOOLEAN,
    AI_FIELD_DATE,
    AI_FIELD_MONEY,
    AI_FIELD_PERCENTAGE,
    AI_FIELD_EMAIL,
    AI_FIELD_URL,
    AI_FIELD_ADDRESS,
    AI_FIELD_LIST,
};

#define AI_FIELD_TYPE_COUNT (AI_FIELD_LIST + 1)

/* A field of task extract. */
struct ai_field {
    struct slice name;
    enum ai_field_type type;
    struct slice description; /* may be empty */
    struct slice unit;        /* that a number is wanted in; may be empty */
    struct value choices;     /* array of strings ("enum"), one of which it is; VALUE_NONE: any */
};

/* A label of task classify. */
struct ai_label {
    struct slice name;
    struct slice description; /* may be empty */
};

/* A text that the answer is drawn from, and that its citations point into. */
struct ai_source {
    int64_t number; /* 1 or more, different from the others' */
    struct slice title;
    struct slice document; /* the file's name, or empty */
    struct slice url;      /* of the page, or empty */
    struct slice digest;   /* 64 hex digits of a kept text; empty: the text is inline */
    struct slice text;     /* inline, or loaded by the desk before a provider sees it */
};

/* What was said after the prompt: the model's answer, and what was wrong with it. */
struct ai_turn {
    bool is_model;
    struct slice text;
};

/* All of it borrows the arena that it was parsed into. */
struct ai_request {
    struct slice provider; /* of "provider/model", to the first slash */
    struct slice model;    /* what follows it */
    enum ai_task task;
    struct slice system; /* may be empty, as may the prompt */
    struct slice prompt;
    struct ai_turn *turns;
    size_t turn_count;
    struct value schema; /* JSON Schema of the output; VALUE_NONE: not given */
    struct ai_field *fields;
    size_t field_count;
    struct ai_label *labels;
    size_t label_count;
    struct ai_source *sources;
    size_t source_count;
    struct value temperature; /* number, or VALUE_NONE: the provider's own */
    int64_t max_tokens;       /* of the answer; 0: the provider's own */
    struct value seed;        /* number, or VALUE_NONE */
};

enum ai_finish {
    AI_FINISH_STOP,
    AI_FINISH_LENGTH, /* cut at max_tokens */
    AI_FINISH_FILTER, /* the provider withheld it */
};

struct ai_answer {
    struct slice text;  /* verbatim */
    struct slice model; /* that the provider says it was, without the provider's name */
    struct slice id;    /* the provider's own, or empty */
    enum ai_finish finish;
    int64_t input_tokens; /* 0 or more, as are the others */
    int64_t output_tokens;
    int64_t cost_microcredits;
};

/* "string", "number", …; the same names are read. */
const char *ai_field_type_name(enum ai_field_type type);
bool ai_field_type_find(enum ai_field_type *out, struct slice name);

/* Whether the answer's text is the envelope described above. */
bool ai_request_wants_envelope(const struct ai_request *request);

/* Reads the JSON text; everything lives in the arena. INVALID: malformed, or against the shape,
 * with words that name the place; LIMIT: more sources, turns, fields or labels than base/limits.h
 * allows, or the arena is full. */
MUST_USE enum status ai_request_parse(struct ai_request *out, struct arena *arena,
                                      struct slice text, struct error *error);

/* The request as a JSON object of the same meaning. VALUE_NONE if the arena is full. */
struct value ai_request_value(const struct ai_request *request, struct arena *arena);

/* As ai_request_parse() and ai_request_value(), for the answer. */
MUST_USE enum status ai_answer_parse(struct ai_answer *out, struct arena *arena, struct slice text,
                                     struct error *error);
struct value ai_answer_value(const struct ai_answer *answer, struct arena *arena);

#endif
