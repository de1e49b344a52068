#include "scratch.h"

#include <dirent.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static char folder[] = "/tmp/windrow-test-spill-XXXXXX";
static struct rlimit before;

int
scratch_begin(void **state)
{
    /* Beyond the limit a write fails and a signal comes. */
    signal(SIGXFSZ, SIG_IGN);
    return mkdtemp(folder) == NULL || getrlimit(RLIMIT_FSIZE, &before) != 0;
}

int
scratch_end(void **state)
{
    return rmdir(folder);
}

struct spill_place
scratch_place(void)
{
    return (struct spill_place){.folder = folder, .sort_bytes = SPILL_SORT_BYTES_MIN};
}

void
scratch_limit(uint64_t file_bytes)
{
    struct rlimit limit = {.rlim_cur = file_bytes, .rlim_max = before.rlim_max};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        abort();
}

void
scratch_no_limit(void)
{
    if (setrlimit(RLIMIT_FSIZE, &before) != 0)
        abort();
}

size_t
scratch_entries(void)
{
    size_t count = 0;
    DIR *handle = opendir(folder);
    for (struct dirent *entry = readdir(handle); entry != NULL; entry = readdir(handle))
        count += entry->d_name[0] != '.';
    closedir(handle);
    return count;
}

size_t
scratch_heap(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}
