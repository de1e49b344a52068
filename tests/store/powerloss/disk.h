/* A disk that can lose its power: files are real, but it is noted what was written to them and not
 * yet synced. At the loss each such write is kept, dropped, or torn to 512-byte pieces, in any
 * order; files whose folder was not synced may vanish; files removed may come back.
 *
 * Both ways to the disk go through it: SQLite by a VFS laid over the system's (disk_vfs.c), blobs
 * by their table of calls (disk_blobs.c). Beside the loss of power, calls may fail once.
 *
 * Threads: one. There is one disk in the program.
 */
#ifndef POWERLOSS_DISK_H
#define POWERLOSS_DISK_H

#include "base/rng.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct blob_calls;
struct disk_file;

#define DISK_VFS "powerloss"

/* Registers the VFS; once. */
int disk_register_vfs(void);
const struct blob_calls *disk_blob_calls(void);

/* A new disk with nothing on it but the folder. rng: borrowed. */
void disk_begin(const char *folder, struct rng *rng);
void disk_end(void);

/* The power goes after that many writing calls (-1: it stays). Of a million writing calls, so many
 * fail once. */
void disk_arm(int64_t calls, uint32_t faults_of_million);
bool disk_is_off(void);
/* Makes the files what the disk holds after the loss, and turns the power on again. */
void disk_lose_power(void);

/* What the shims call. */
enum disk_answer { DISK_OK, DISK_OFF, DISK_FAULT };
/* Before every writing call; anything but OK: it fails and changes nothing. */
enum disk_answer disk_step(void);
/* The file of that path; noted as new if it was not known. */
struct disk_file *disk_open(const char *path);
void disk_write(struct disk_file *file, int64_t offset, const void *bytes, size_t size);
void disk_truncate(struct disk_file *file, int64_t size);
void disk_sync(struct disk_file *file);
/* The sync failed: what was not synced may never be, though reads still show it. */
void disk_sync_failed(struct disk_file *file);
void disk_unlink(const char *path);
/* Entries of the folder are safe: its files, and its folders. */
void disk_sync_folder(const char *folder);
void disk_sync_folder_of(const char *path);

struct disk_counts {
    uint64_t calls, losses, faults, dropped, torn, vanished;
};
struct disk_counts disk_counts(void);

#endif
