#include "base/log.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/metrics.h"
#include "base/slice.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define LOG_FIELDS_BYTES 2048
#define LOG_LINE_BYTES 16384

static const char *const level_names[] = {"debug", "info", "warn", "error"};

/* Set before threads start, read-only after. */
static enum log_level least_level = LOG_INFO;
static bool lines_are_json;

void
log_configure(enum log_level least, bool as_json)
{
    assert(least <= LOG_NOTHING);
    least_level = least;
    lines_are_json = as_json;
}

bool
log_is_on(enum log_level level)
{
    return level >= least_level;
}

/* Foreign bytes must neither begin a line of their own nor break the JSON. */
static void
log_make_plain(char *text)
{
    struct slice rest = slice_text(text);
    while (rest.size > 0) {
        size_t size = slice_character(rest);
        bool control = size == 1 && ((unsigned char)*rest.ptr < 0x20 || *rest.ptr == 0x7F);
        if (size == 0 || control)
            text[rest.ptr - text] = size == 0 ? '?' : ' ';
        size_t step = size == 0 ? 1 : size;
        rest = slice_of(rest.ptr + step, rest.size - step);
    }
}

/* Writes the next "key=value" of fields as a JSON member; what has no '=' is called "detail". */
static struct slice
log_json_field(struct buffer *line, struct slice fields)
{
    struct slice rest = slice_trim(fields);
    const char *space = rest.size == 0 ? NULL : memchr(rest.ptr, ' ', rest.size);
    size_t size = space == NULL ? rest.size : (size_t)(space - rest.ptr);
    if (size == 0)
        return rest;

    const char *equals = memchr(rest.ptr, '=', size);
    struct slice key = SLICE("detail");
    struct slice value = slice_of(rest.ptr, size);
    if (equals != NULL) {
        key = slice_of(rest.ptr, (size_t)(equals - rest.ptr));
        value = slice_of(equals + 1, size - key.size - 1);
    }
    buffer_append_byte(line, ',');
    json_print_string(line, key);
    buffer_append_byte(line, ':');
    json_print_string(line, value);
    return slice_of(rest.ptr + size, rest.size - size);
}

static void
log_json(struct buffer *line, const char *head, struct slice words, struct slice fields)
{
    buffer_append_text(line, head);
    json_print_string(line, words);
    while (fields.size > 0)
        fields = log_json_field(line, fields);
    buffer_append_text(line, "}\n");
}

static void
log_text(struct buffer *line, const char *head, struct slice words, struct slice fields)
{
    buffer_append_text(line, head);
    json_print_string(line, words);
    if (fields.size > 0)
        buffer_append_byte(line, ' ');
    buffer_append_slice(line, fields);
    buffer_append_byte(line, '\n');
}

static void
log_write(const char *head, char *words, char *fields)
{
    log_make_plain(words);
    log_make_plain(fields);
    struct buffer line;
    buffer_init(&line, LOG_LINE_BYTES);
    if (lines_are_json)
        log_json(&line, head, slice_text(words), slice_trim(slice_text(fields)));
    else
        log_text(&line, head, slice_text(words), slice_trim(slice_text(fields)));
    /* One call, so that lines of several threads do not mix. Nobody is left to tell if it fails. */
    if (write(STDERR_FILENO, line.ptr, line.size) < 0)
        buffer_clear(&line);
    buffer_done(&line);
}

static void
log_head(char *out, size_t size, const char *level_name)
{
    char time[CLOCK_ISO_BYTES];
    clock_iso(clock_unix_ms(clock_system()), time);
    if (lines_are_json)
        snprintf(out, size, "{\"time\":\"%s\",\"level\":\"%s\",\"msg\":", time, level_name);
    else
        snprintf(out, size, "time=%s level=%s msg=", time, level_name);
}

void
log_event(enum log_level level, const char *words, const char *fields_format, ...)
{
    assert(level < COUNT_OF(level_names));
    if (level >= LOG_WARN)
        metric_add(level == LOG_WARN ? METRIC_LOG_WARNINGS : METRIC_LOG_ERRORS, 1);
    if (!log_is_on(level))
        return;

    char head[96];
    log_head(head, sizeof(head), level_names[level]);
    char plain_words[LOG_FIELDS_BYTES];
    snprintf(plain_words, sizeof(plain_words), "%s", words);
    char fields[LOG_FIELDS_BYTES] = "";
    if (fields_format != NULL) {
        va_list arguments;
        va_start(arguments, fields_format);
        if (vsnprintf(fields, sizeof(fields), fields_format, arguments) < 0)
            fields[0] = '\0';
        va_end(arguments);
    }
    log_write(head, plain_words, fields);
}
