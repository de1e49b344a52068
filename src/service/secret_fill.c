#include "service/secrets.h"

#include "base/exchange.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/secret_mark.h"
#include "service/host.h"
#include "service/secret_inside.h"

#include <stdio.h>
#include <string.h>

/* Shorter secrets are not looked for in answers: they stand there by chance. */
#define BLOT_BYTES_MIN 8

/* Plain bytes that are on their way with an exchange; in its arena. */
struct plain {
    struct plain *next;
    struct slice name; /* empty: a whole header */
    struct slice text;
};

/* A header as it was before it was filled. */
struct marked {
    struct marked *next;
    size_t header;
    struct slice value;
};

struct bearer {
    struct service *service;
    struct exchange *exchange;
    struct plain *plains;
    struct marked *marked;
    exchange_done_fn *done;
    void *owner;
};

/* --- when it comes back --- */

static void
wipe(struct slice text)
{
    if (text.size > 0)
        explicit_bzero((char *)text.ptr, text.size);
}

/* Over all places of the words in what the transport has put into the arena. */
static void
blot(struct slice text, struct slice words)
{
    size_t at = 0;
    while (words.size >= BLOT_BYTES_MIN && at + words.size <= text.size) {
        char *found = memmem(text.ptr + at, text.size - at, words.ptr, words.size);
        if (found == NULL)
            return;
        memset(found, '*', words.size);
        at = (size_t)(found - text.ptr) + words.size;
    }
}

static void
blot_answer(struct exchange *exchange, struct slice words)
{
    blot(exchange->answer_body, words);
    for (size_t i = 0; i < exchange->answer_header_count; i++)
        blot(exchange->answer_headers[i].value, words);
}

/* As it stands in a JSON text. */
static void
blot_as_json(struct exchange *exchange, struct slice words)
{
    struct buffer text;
    buffer_init(&text, LIMIT_HTTP_HEADER_BYTES * 8);
    json_print(&text, value_string(words));
    if (!buffer_is_over(&text) && text.size > words.size + 2)
        blot_answer(exchange, slice_of(text.ptr + 1, text.size - 2));
    if (text.ptr != NULL)
        explicit_bzero(text.ptr, text.capacity);
    buffer_done(&text);
}

/* Nothing plain is left where others look. */
static void
forget(struct bearer *bearer)
{
    for (struct plain *plain = bearer->plains; plain != NULL; plain = plain->next)
        wipe(plain->text);
    for (struct marked *marked = bearer->marked; marked != NULL; marked = marked->next) {
        struct exchange_header *header = &bearer->exchange->headers[marked->header];
        wipe(header->value);
        header->value = marked->value;
    }
}

/* Longest first: a header holds the secrets in it. */
static void
came_back(struct exchange *exchange)
{
    struct bearer *bearer = exchange->owner;
    for (struct plain *plain = bearer->plains; plain != NULL; plain = plain->next) {
        blot_answer(exchange, plain->text);
        blot_as_json(exchange, plain->text);
    }
    forget(bearer);
    exchange->done = bearer->done;
    exchange->owner = bearer->owner;
    exchange->done(exchange);
}

/* --- when it goes --- */

static bool
refuse(struct bearer *bearer, struct slice name, const char *words)
{
    struct exchange *exchange = bearer->exchange;
    exchange->end = EXCHANGE_NO_SECRET;
    snprintf(exchange->words, sizeof(exchange->words), "the secret \"%.*s\" %s",
             SLICE_FORMAT(slice_cut(name, SECRET_NAME_BYTES_MAX)), words);
    return false;
}

static struct plain *
add_plain(struct bearer *bearer, struct slice name, struct slice text)
{
    struct plain *plain = arena_alloc(&bearer->exchange->arena, sizeof(*plain));
    *plain = (struct plain){.next = bearer->plains, .name = name, .text = text};
    bearer->plains = plain;
    return plain;
}

static bool
add_bound(struct bearer *bearer, const struct secret_entry *entry)
{
    struct arena *arena = &bearer->exchange->arena;
    struct value hosts = value_empty_array();
    struct error error = {0};
    if (json_parse(&hosts, arena, entry->hosts, 0, NULL, &error) != STATUS_OK)
        return refuse(bearer, entry->name, "cannot be read");
    struct slice *list = arena_try_alloc(arena, (hosts.count + 1) * sizeof(*list));
    struct exchange_bound *bound = arena_alloc(arena, sizeof(*bound));
    if (list == NULL)
        return refuse(bearer, entry->name, "has too many hosts");
    for (uint32_t i = 0; i < hosts.count; i++)
        list[i] = value_slice(value_items(hosts)[i]);
    *bound = (struct exchange_bound){bearer->exchange->bounds, entry->name, list, hosts.count};
    bearer->exchange->bounds = bound;
    return true;
}

static bool
open_secret(struct slice name, struct slice *out, void *context)
{
    struct bearer *bearer = context;
    struct service *service = bearer->service;
    struct arena *arena = &bearer->exchange->arena;
    struct secret_entry entry;
    for (struct plain *plain = bearer->plains; plain != NULL; plain = plain->next) {
        if (slice_equal(plain->name, name)) {
            *out = plain->text;
            return true;
        }
    }
    if (!secret_book_find(service->secrets, &bearer->exchange->workspace, name, arena, &entry))
        return refuse(bearer, name,
                      "is not there: store it with `windrow secrets set` or "
                      "PUT /v1/secrets/{name}");
    if (!secret_unseal(service->ring, entry.sealed, secret_about(&entry, arena), arena, out))
        return refuse(bearer, name,
                      "cannot be opened with the keys of this server: store it "
                      "again");
    add_plain(bearer, entry.name, *out);
    return add_bound(bearer, &entry);
}

/* Keeps what stood there. */
static void
set_header(struct bearer *bearer, size_t index, struct slice filled)
{
    struct exchange_header *header = &bearer->exchange->headers[index];
    struct marked *marked = arena_alloc(&bearer->exchange->arena, sizeof(*marked));
    *marked = (struct marked){bearer->marked, index, header->value};
    bearer->marked = marked;
    header->value = filled;
}

static bool
fill_header(struct bearer *bearer, size_t index)
{
    const struct exchange_header *header = &bearer->exchange->headers[index];
    struct buffer text;
    buffer_init(&text, LIMIT_HTTP_HEADER_BYTES);
    bool is_ok = secret_mark_fill(&text, header->value, open_secret, bearer);
    struct slice filled = slice_of(NULL, 0);
    if (is_ok && !buffer_is_over(&text))
        filled = arena_copy(&bearer->exchange->arena, buffer_slice(&text));
    if (text.ptr != NULL)
        explicit_bzero(text.ptr, text.capacity);
    buffer_done(&text);
    if (filled.ptr == NULL)
        return is_ok ? refuse(bearer, header->name, "makes a header that is too large") : false;
    set_header(bearer, index, filled);
    return true;
}

/* What Basic makes of a password may be echoed too. */
static void
note_headers(struct bearer *bearer)
{
    for (struct marked *marked = bearer->marked; marked != NULL; marked = marked->next) {
        struct slice value = bearer->exchange->headers[marked->header].value;
        const char *blank = memchr(value.ptr, ' ', value.size);
        size_t scheme = blank == NULL ? 0 : (size_t)(blank + 1 - value.ptr);
        add_plain(bearer, slice_of("", 0), slice_of(value.ptr + scheme, value.size - scheme));
    }
}

static bool
has_marks(const struct exchange *exchange)
{
    for (size_t i = 0; i < exchange->header_count; i++) {
        if (secret_mark_is_in(exchange->headers[i].value))
            return true;
    }
    return false;
}

bool
secrets_fill(struct service *service, struct exchange *exchange)
{
    if (!has_marks(exchange))
        return true;
    struct bearer *bearer = arena_alloc(&exchange->arena, sizeof(*bearer));
    *bearer = (struct bearer){.service = service, .exchange = exchange};
    bearer->done = exchange->done;
    bearer->owner = exchange->owner;
    for (size_t i = 0; i < exchange->header_count; i++) {
        if (secret_mark_is_in(exchange->headers[i].value) && !fill_header(bearer, i)) {
            forget(bearer);
            return false;
        }
    }
    note_headers(bearer);
    exchange->done = came_back;
    exchange->owner = bearer;
    return true;
}
