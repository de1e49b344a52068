#include "ai/registry.h"
#include "base/exchange.h"
#include "base/limits.h"
#include "main/doctor.h"
#include "main/models.h"
#include "net/address.h"
#include "net/http_client.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ASK_MS 10000
/* What the document says that is made and read again. */
#define TRIAL "The quick brown fox"
#define INSTALL                                                                                    \
    "install windrow-convert and windrow-pdf.so beside windrow, pdftotext (poppler-utils), and a " \
    "kernel of 5.13 or newer"

/* --- providers --- */

struct asking {
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool is_over;
};

static void
asked(struct exchange *exchange)
{
    struct asking *asking = exchange->owner;
    pthread_mutex_lock(&asking->lock);
    asking->is_over = true;
    pthread_cond_signal(&asking->ended);
    pthread_mutex_unlock(&asking->lock);
}

static void
send_and_wait(struct http_client *client, struct exchange *exchange)
{
    struct asking asking = {.is_over = false};
    pthread_mutex_init(&asking.lock, NULL);
    pthread_cond_init(&asking.ended, NULL);
    exchange->done = asked;
    exchange->owner = &asking;
    http_client_submit(client, exchange);
    pthread_mutex_lock(&asking.lock);
    while (!asking.is_over)
        pthread_cond_wait(&asking.ended, &asking.lock);
    pthread_mutex_unlock(&asking.lock);
    pthread_cond_destroy(&asking.ended);
    pthread_mutex_destroy(&asking.lock);
}

/* A list of models costs nothing. An answer that says no, but not to the key, is one. */
static void
ask_provider(struct http_client *client, const struct ai_setup *setup, struct finding *out)
{
    struct exchange *exchange = exchange_new(MIB(4));
    struct slice base = setup->base_url;
    const char *query = memchr(base.ptr, '?', base.size);
    size_t path = query == NULL ? base.size : (size_t)(query - base.ptr);
    exchange->method = SLICE("GET");
    exchange->url = slice_text(arena_format(&exchange->arena, "%.*s/models%.*s", (int)path,
                                            base.ptr, (int)(base.size - path), base.ptr + path));
    exchange->timeout_ms = ASK_MS;
    exchange->max_answer_bytes = MIB(1);
    bool is_bearer = setup->key_header.size == 0;
    const char *name = is_bearer ? "Authorization" : setup->key_header.ptr;
    const char *value = arena_format(&exchange->arena, "%s%.*s", is_bearer ? "Bearer " : "",
                                     SLICE_FORMAT(setup->key));
    if (setup->key.size > 0)
        exchange_add_header(exchange, slice_text(name), slice_text(value));
    send_and_wait(client, exchange);
    if (exchange->end != EXCHANGE_ANSWERED)
        finding_set(out, FINDING_WRONG, "check base_url, the network and the firewall",
                    "%.60s cannot be reached: %.200s", setup->name.ptr, exchange->words);
    else if (exchange->http_status == 401 || exchange->http_status == 403)
        finding_set(out, FINDING_WRONG, "check the key", "%.60s refuses the key (%d)",
                    setup->name.ptr, exchange->http_status);
    exchange_free(&exchange);
}

static enum status
open_client(struct address_rules **rules, struct http_client **client, struct error *error)
{
    struct buffer allow;
    buffer_init(&allow, KIB(64));
    ai_registry_allow(models_registry(), &allow);
    enum status status = address_rules_parse(rules, buffer_slice(&allow), error);
    buffer_done(&allow);
    struct http_client_options options = {.threads = 1, .rules = *rules};
    return status == STATUS_OK ? http_client_new(client, &options, error) : status;
}

static void
ask_providers(struct finding *out)
{
    struct address_rules *rules = NULL;
    struct http_client *client = NULL;
    struct error error = {0};
    size_t count;
    const struct ai_setup *setups = ai_registry_setups(models_registry(), &count);
    if (open_client(&rules, &client, &error) != STATUS_OK)
        finding_fail(out, &error, NULL);
    for (size_t i = 0; i < count && out->state != FINDING_WRONG; i++)
        if (setups[i].base_url.size > 0)
            ask_provider(client, &setups[i], out);
    http_client_free(&client);
    address_rules_free(&rules);
}

void
doctor_providers(struct doctor *doctor, struct finding *out)
{
    struct error error = {0};
    if (models_read(doctor->settings->config, &error) != STATUS_OK) {
        finding_fail(out, &error, "see docs/models.md");
        return;
    }
    size_t count;
    ai_registry_setups(models_registry(), &count);
    finding_set(out, FINDING_OK, NULL, "%zu known; the default model is %.200s%s", count,
                models_default(), doctor->is_online ? "; all answer" : "");
    if (doctor->is_online)
        ask_providers(out);
    models_forget();
}

/* --- documents --- */

static enum status
gather(struct slice piece, void *context, struct error *error)
{
    struct buffer *into = context;
    buffer_append_slice(into, piece);
    return buffer_is_over(into) ? error_set(error, STATUS_LIMIT, "it is too large") : STATUS_OK;
}

static enum status
convert(struct doctor *doctor, const char *kind, const char *options, struct slice input,
        struct buffer *into, struct error *error)
{
    int fd = memfd_create("windrow-doctor", MFD_CLOEXEC);
    if (fd < 0 || write(fd, input.ptr, input.size) != (ssize_t)input.size ||
        lseek(fd, 0, SEEK_SET) != 0)
        return error_set(error, STATUS_IO, "no memory file can be made: %s", strerror(errno));
    struct conversion conversion = {
        .kind = kind,
        .options = slice_text(options),
        .input_fd = fd,
        .output_bytes_max = into->max_bytes,
        .memory_bytes_max = LIMIT_SANDBOX_MEMORY_BYTES,
        .time_ms_max = LIMIT_SANDBOX_MS,
        .output = gather,
        .context = into,
    };
    buffer_init(&conversion.result, LIMIT_SANDBOX_RESULT_BYTES);
    enum status status = doctor->cli->convert(&conversion, error);
    buffer_done(&conversion.result);
    close(fd);
    return status;
}

/* A PDF needs the child, its module and fonts. */
void
doctor_convert(struct doctor *doctor, struct finding *out)
{
    struct error error = {0};
    struct slice input = SLICE("{\"markdown\":\"# " TRIAL "\"}");
    enum status status =
        convert(doctor, "render", "{\"format\":\"pdf\"}", input, &doctor->made, &error);
    if (status == STATUS_OK)
        finding_set(out, FINDING_OK, NULL, "a PDF can be made: its program and fonts are there");
    else
        finding_fail(out, &error, INSTALL ", and a font package such as fonts-dejavu-core");
}

/* Reading it again needs Landlock, seccomp and pdftotext. */
void
doctor_read(struct doctor *doctor, struct finding *out)
{
    struct error error = {0};
    struct buffer text;
    if (doctor->made.size == 0) {
        finding_set(out, FINDING_NOTE, NULL, "not looked at, since no PDF could be made");
        return;
    }
    buffer_init(&text, MIB(1));
    enum status status = convert(doctor, "text", "{\"name\":\"trial.pdf\"}",
                                 buffer_slice(&doctor->made), &text, &error);
    bool is_same = text.size > 0 && memmem(text.ptr, text.size, TRIAL, strlen(TRIAL)) != NULL;
    if (status != STATUS_OK)
        finding_fail(out, &error, INSTALL);
    else if (!is_same)
        finding_set(out, FINDING_WRONG, "install fonts and poppler-utils",
                    "the PDF that was made cannot be read again");
    else
        finding_set(out, FINDING_OK, NULL, "foreign documents can be read in a safe child");
    buffer_done(&text);
}
