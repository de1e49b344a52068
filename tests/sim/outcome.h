/* What came of a run, as text: its end, its items with all their steps, its files byte for byte.
 * Nothing in it depends on time or on how often it was tried.
 *
 * Threads: one.
 */
#ifndef SIM_OUTCOME_H
#define SIM_OUTCOME_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct scene;
struct story;

#define OUTCOME_FILES_MAX 64

struct outcome_file {
    char step[64];
    char item[24]; /* the key of its item; empty: a tap's */
    char name[128];
    uint32_t revision;
    bool is_partial;
    struct buffer content;
};

struct outcome {
    struct buffer text;
    struct outcome_file files[OUTCOME_FILES_MAX];
    size_t file_count;
};

/* Reads it from the store and the blobs; what is not as it must be is a failure of the world. */
void outcome_read(struct outcome *outcome, struct story *story);
void outcome_done(struct outcome *outcome);

/* That of an undisturbed life, after so many generations (1 to STORY_SETTLED). Kept; not while a
 * world is under way: there is one disk. */
const struct outcome *outcome_undisturbed(const struct scene *scene, unsigned generations);
void outcome_forget_all(void);

#endif
