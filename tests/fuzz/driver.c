/* tests/fuzz/driver.c - runs a fuzz target over every file of its corpus, without libFuzzer.
 *
 * So inputs that once crashed stay tested in each ordinary and each sanitizer build. Ends with
 * "N passed, 0 failed": a failure is a crash, an assert or a sanitizer's report.
 */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Larger than any corpus file; the limits of the parsers are tested elsewhere. */
#define INPUT_BYTES_MAX ((size_t)4 * 1024 * 1024)

/* A copy of its own size on the heap, so that reading beyond it is seen by a sanitizer. */
static void
run_input(const uint8_t *data, size_t size)
{
    uint8_t *copy = calloc(size > 0 ? size : 1, 1);
    if (copy == NULL)
        abort();
    memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void
run_file(const char *folder, const char *name)
{
    static uint8_t bytes[INPUT_BYTES_MAX];
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    size_t size = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    printf("%s\n", path);
    fflush(stdout); /* the last name before a crash is the culprit's */
    run_input(bytes, size);
}

static int
by_not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int
main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s CORPUS\n", argv[0]);
        return 2;
    }

    run_input((const uint8_t *)"", 0);
    struct dirent **entries = NULL;
    int count = scandir(argv[1], &entries, by_not_hidden, alphasort);
    for (int i = 0; i < count; i++) {
        run_file(argv[1], entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    printf("%d passed, 0 failed\n", (count > 0 ? count : 0) + 1);
    return 0;
}
