/* The embedded provider alone, on one core: answers each line of the file, a neutral request as in
 * ai/request.h, and writes the answers' texts to the second file, one a line (nothing for a request
 * without an answer). Prints the bytes of the sources and the seconds that the answers took, then,
 * for comparison, the seconds that counting the words and finding the line ends of the same bytes
 * take.
 *
 *   answers REQUESTS ANSWERS
 */
#include "ai/provider.h"
#include "base/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct totals {
    size_t bytes;
    double answering;
    double words;
    double line_ends;
    size_t count; /* so that counting is not left out by the compiler */
};

static double
seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static size_t
count_words(struct slice text)
{
    size_t words = 0;
    bool in_word = false;
    for (size_t i = 0; i < text.size; i++) {
        bool is_word = (unsigned char)text.ptr[i] > ' ';
        words += is_word && !in_word;
        in_word = is_word;
    }
    return words;
}

static size_t
count_line_ends(struct slice text)
{
    size_t lines = 0;
    const char *end = text.ptr + text.size;
    for (const char *at = text.ptr; at < end && (at = memchr(at, '\n', (size_t)(end - at))); at++)
        lines++;
    return lines;
}

static void
compare(struct totals *totals, const struct ai_request *request)
{
    for (size_t i = 0; i < request->source_count; i++) {
        double start = seconds();
        totals->count += count_words(request->sources[i].text);
        double middle = seconds();
        totals->count += count_line_ends(request->sources[i].text);
        totals->words += middle - start;
        totals->line_ends += seconds() - middle;
        totals->bytes += request->sources[i].text.size;
    }
}

static void
answer(struct totals *totals, struct slice line, FILE *out)
{
    struct arena arena;
    struct ai_request request;
    struct ai_answer answer = {.text = {.size = 0}};
    struct ai_failure failure;
    struct error error;
    arena_init(&arena, MIB(256));
    if (ai_request_parse(&request, &arena, line, &error) != STATUS_OK) {
        fprintf(stderr, "%s\n", error.text);
        exit(1);
    }
    double start = seconds();
    if (!ai_local.answer(&request, &arena, &answer, &failure))
        fprintf(stderr, "%s\n", failure.words);
    totals->answering += seconds() - start;
    compare(totals, &request);
    fprintf(out, "%.*s\n", SLICE_FORMAT(answer.text));
    arena_done(&arena);
}

int
main(int count, char **arguments)
{
    FILE *in = count == 3 ? fopen(arguments[1], "r") : NULL;
    FILE *out = in == NULL ? NULL : fopen(arguments[2], "w");
    struct totals totals = {.bytes = 0};
    char *line = NULL;
    size_t room = 0;
    if (out == NULL) {
        fprintf(stderr, "usage: answers REQUESTS ANSWERS\n");
        return 1;
    }
    for (ssize_t size; (size = getline(&line, &room, in)) > 0;)
        answer(&totals, slice_of(line, (size_t)size), out);
    printf("%zu bytes: %.4f s answering, %.4f s counting words, %.4f s finding line ends (%zu)\n",
           totals.bytes, totals.answering, totals.words, totals.line_ends, totals.count);
    free(line);
    fclose(in);
    return fclose(out);
}
