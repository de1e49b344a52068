/* SQLite's way to the disk: a VFS laid over the system's. Reads, locks and shared memory go
 * through; writes, truncations, syncs and deletions are noted. Syncs are not passed on: what counts
 * as synced is the disk's to say, and so the test is fast. */
#include "disk.h"

#include <sqlite3.h>
#include <string.h>

struct shim_file {
    sqlite3_file base;
    struct disk_file *file; /* NULL: a temporary file, which no loss concerns */
    const char *path;       /* lives as long as the file is open */
    bool syncs_folder;      /* the system's VFS does so with the first sync of a new log */
    sqlite3_file *real;     /* behind this struct */
};

static sqlite3_vfs shim_vfs;

static sqlite3_vfs *
real_vfs(void)
{
    return shim_vfs.pAppData;
}

static sqlite3_file *
real(sqlite3_file *file)
{
    return ((struct shim_file *)file)->real;
}

/* SQLITE_OK, or what a failing disk answers. */
static int
step(const struct shim_file *shim, int failure)
{
    if (shim->file == NULL)
        return SQLITE_OK;
    switch (disk_step()) {
    case DISK_OK:
        return SQLITE_OK;
    case DISK_OFF:
    case DISK_FAULT:
        break;
    }
    return failure;
}

static int
shim_close(sqlite3_file *file)
{
    return real(file)->pMethods->xClose(real(file));
}

static int
shim_read(sqlite3_file *file, void *bytes, int size, sqlite3_int64 offset)
{
    return real(file)->pMethods->xRead(real(file), bytes, size, offset);
}

static int
shim_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 offset)
{
    struct shim_file *shim = (struct shim_file *)file;
    int code = step(shim, offset % 3 == 0 ? SQLITE_FULL : SQLITE_IOERR_WRITE);
    if (code != SQLITE_OK)
        return code;
    if (shim->file != NULL)
        disk_write(shim->file, offset, bytes, (size_t)size);
    return shim->real->pMethods->xWrite(shim->real, bytes, size, offset);
}

static int
shim_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct shim_file *shim = (struct shim_file *)file;
    int code = step(shim, SQLITE_IOERR_TRUNCATE);
    if (code != SQLITE_OK)
        return code;
    if (shim->file != NULL)
        disk_truncate(shim->file, size);
    return shim->real->pMethods->xTruncate(shim->real, size);
}

static int
shim_sync(sqlite3_file *file, int flags)
{
    struct shim_file *shim = (struct shim_file *)file;
    int code = step(shim, SQLITE_IOERR_FSYNC);
    if (code != SQLITE_OK) {
        if (!disk_is_off())
            disk_sync_failed(shim->file);
        return code;
    }
    if (shim->file == NULL)
        return SQLITE_OK;
    disk_sync(shim->file);
    if (shim->syncs_folder)
        disk_sync_folder_of(shim->path);
    shim->syncs_folder = false;
    return SQLITE_OK;
}

static int
shim_file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return real(file)->pMethods->xFileSize(real(file), size);
}

static int
shim_lock(sqlite3_file *file, int level)
{
    return real(file)->pMethods->xLock(real(file), level);
}

static int
shim_unlock(sqlite3_file *file, int level)
{
    return real(file)->pMethods->xUnlock(real(file), level);
}

static int
shim_check_reserved(sqlite3_file *file, int *out)
{
    return real(file)->pMethods->xCheckReservedLock(real(file), out);
}

/* The system's VFS would allocate room behind our back. */
static int
shim_control(sqlite3_file *file, int what, void *argument)
{
    if (what == SQLITE_FCNTL_CHUNK_SIZE || what == SQLITE_FCNTL_SIZE_HINT)
        return SQLITE_OK;
    return real(file)->pMethods->xFileControl(real(file), what, argument);
}

static int
shim_sector_size(sqlite3_file *file)
{
    return real(file)->pMethods->xSectorSize(real(file));
}

static int
shim_characteristics(sqlite3_file *file)
{
    return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

static int
shim_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
    return real(file)->pMethods->xShmMap(real(file), page, size, extend, out);
}

static int
shim_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}

static void
shim_shm_barrier(sqlite3_file *file)
{
    real(file)->pMethods->xShmBarrier(real(file));
}

static int
shim_shm_unmap(sqlite3_file *file, int delete_flag)
{
    return real(file)->pMethods->xShmUnmap(real(file), delete_flag);
}

static const sqlite3_io_methods shim_methods = {
    .iVersion = 2,
    .xClose = shim_close,
    .xRead = shim_read,
    .xWrite = shim_write,
    .xTruncate = shim_truncate,
    .xSync = shim_sync,
    .xFileSize = shim_file_size,
    .xLock = shim_lock,
    .xUnlock = shim_unlock,
    .xCheckReservedLock = shim_check_reserved,
    .xFileControl = shim_control,
    .xSectorSize = shim_sector_size,
    .xDeviceCharacteristics = shim_characteristics,
    .xShmMap = shim_shm_map,
    .xShmLock = shim_shm_lock,
    .xShmBarrier = shim_shm_barrier,
    .xShmUnmap = shim_shm_unmap,
};

static int
shim_open(sqlite3_vfs *vfs, sqlite3_filename path, sqlite3_file *file, int flags, int *out_flags)
{
    struct shim_file *shim = (struct shim_file *)file;
    bool is_log = (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL)) != 0;
    *shim = (struct shim_file){.real = (sqlite3_file *)(shim + 1), .path = path};
    if ((flags & SQLITE_OPEN_CREATE) != 0 && path != NULL && disk_step() != DISK_OK)
        return SQLITE_CANTOPEN;
    int code = real_vfs()->xOpen(real_vfs(), path, shim->real, flags, out_flags);
    if (code != SQLITE_OK)
        return code;
    if (path != NULL)
        shim->file = disk_open(path);
    shim->syncs_folder = is_log;
    shim->base.pMethods = &shim_methods;
    return SQLITE_OK;
}

static int
shim_delete(sqlite3_vfs *vfs, const char *path, int syncs_folder)
{
    if (disk_step() != DISK_OK)
        return SQLITE_IOERR_DELETE;
    int code = real_vfs()->xDelete(real_vfs(), path, 0);
    if (code != SQLITE_OK)
        return code;
    disk_unlink(path);
    if (syncs_folder != 0)
        disk_sync_folder_of(path);
    return SQLITE_OK;
}

static int
shim_access(sqlite3_vfs *vfs, const char *path, int flags, int *out)
{
    return real_vfs()->xAccess(real_vfs(), path, flags, out);
}

static int
shim_full_path(sqlite3_vfs *vfs, const char *path, int size, char *out)
{
    return real_vfs()->xFullPathname(real_vfs(), path, size, out);
}

static int
shim_randomness(sqlite3_vfs *vfs, int size, char *out)
{
    return real_vfs()->xRandomness(real_vfs(), size, out);
}

static int
shim_sleep(sqlite3_vfs *vfs, int microseconds)
{
    return real_vfs()->xSleep(real_vfs(), microseconds);
}

static int
shim_time(sqlite3_vfs *vfs, double *out)
{
    return real_vfs()->xCurrentTime(real_vfs(), out);
}

static int
shim_last_error(sqlite3_vfs *vfs, int size, char *out)
{
    return real_vfs()->xGetLastError(real_vfs(), size, out);
}

int
disk_register_vfs(void)
{
    sqlite3_vfs *system = sqlite3_vfs_find(NULL);
    shim_vfs = (sqlite3_vfs){
        .iVersion = 1,
        .szOsFile = (int)sizeof(struct shim_file) + system->szOsFile,
        .mxPathname = system->mxPathname,
        .zName = DISK_VFS,
        .pAppData = system,
        .xOpen = shim_open,
        .xDelete = shim_delete,
        .xAccess = shim_access,
        .xFullPathname = shim_full_path,
        .xRandomness = shim_randomness,
        .xSleep = shim_sleep,
        .xCurrentTime = shim_time,
        .xGetLastError = shim_last_error,
    };
    return sqlite3_vfs_register(&shim_vfs, 0);
}
