#include "main/doctor.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/limits.h"
#include "net/http_listen.h"
#include "net/http_tls.h"
#include "service/verify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

/* Less is soon used up; below the second a server could not even say so. */
#define FREE_BYTES_WELL (INT64_C(1) << 30)
#define FREE_BYTES_LEAST (INT64_C(100) << 20)
/* Files that are open beside connections and calls: database, blobs, children. */
#define FILES_BESIDE 200
/* 2025-01-01: before that nobody had this program. */
#define CLOCK_LEAST_MS INT64_C(1735689600000)

/* --- configuration --- */

/* Wrong ones have ended the command before. */
static void
check_config(struct doctor *doctor, struct finding *out)
{
    const char *path = doctor->settings->config;
    if (path == NULL)
        finding_set(out, FINDING_OK, NULL, "no file; flags, variables and defaults");
    else
        finding_set(out, FINDING_OK, NULL, "%.300s is understood", path);
}

static void
check_tls(struct doctor *doctor, struct finding *out)
{
    const struct settings *settings = doctor->settings;
    struct http_tls *tls = NULL;
    struct error error = {0};
    if (settings->tls_cert == NULL && settings->tls_key == NULL) {
        finding_set(out, FINDING_OK, NULL, "not used: plain HTTP");
        return;
    }
    if (settings->tls_cert == NULL || settings->tls_key == NULL) {
        finding_set(out, FINDING_WRONG, "give both", "tls_cert and tls_key go together");
        return;
    }
    enum status status = http_tls_new(&tls, settings->tls_cert, settings->tls_key, &error);
    if (status == STATUS_OK)
        status = http_tls_check_time(tls, clock_unix_ms(clock_system()), &error);
    if (status == STATUS_OK) {
        char time[CLOCK_ISO_BYTES];
        clock_iso(http_tls_expires_unix_ms(tls), time);
        finding_set(out, FINDING_OK, NULL, "%.200s is valid until %s", settings->tls_cert, time);
    } else {
        finding_fail(out, &error, "put the right files there");
    }
    http_tls_free(&tls);
}

static void
check_listen(struct doctor *doctor, struct finding *out)
{
    const char *listen = doctor->settings->listen;
    struct http_listen_address address;
    struct error error = {0};
    int fd = -1;
    enum status status = http_listen_parse(&address, listen, &error);
    if (status == STATUS_OK && doctor->is_served) {
        finding_set(out, FINDING_OK, NULL, "%.200s; a server runs", listen);
        return;
    }
    if (status == STATUS_OK)
        status = http_listen_open(&fd, 1, &address, &error);
    if (status != STATUS_OK) {
        finding_fail(out, &error, "choose another address (listen), or end who has it");
        return;
    }
    close(fd);
    http_listen_clean(&address);
    finding_set(out, FINDING_OK, NULL, "%.200s is free", listen);
}

/* --- the data folder --- */

static void
check_data(struct doctor *doctor, struct finding *out)
{
    const char *data = doctor->settings->data;
    struct stat about;
    struct error error = {0};
    if (stat(data, &about) != 0) {
        if (errno == ENOENT)
            finding_set(out, FINDING_NOTE, NULL, "%.300s is not there; the first start makes it",
                        data);
        else
            finding_set(out, FINDING_WRONG, "give the folder to the user of the server",
                        "%.300s: %s", data, strerror(errno));
    } else if (!S_ISDIR(about.st_mode)) {
        finding_set(out, FINDING_WRONG, "name a folder (data)", "%.300s is no folder", data);
    } else if (access(data, R_OK | W_OK | X_OK) != 0) {
        fs_errno_status(errno, "cannot use", data, &error);
        finding_fail(out, &error, "give the folder to the user of the server");
    } else if ((about.st_mode & 077) != 0) {
        finding_set(out, FINDING_NOTE, "chmod 0700 it: it holds everything, hashes of keys too",
                    "%.300s can be read by others (mode %04o)", data,
                    (unsigned)about.st_mode & 07777);
    } else {
        finding_set(out, FINDING_OK, NULL, "%.300s%s", data,
                    doctor->is_served ? ", held by a running server" : "");
    }
}

/* The nearest folder above that is there: a data folder may not be. */
static enum status
measure_disk(const char *data, struct statvfs *disk, struct error *error)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s", data);
    while (statvfs(path, disk) != 0) {
        char *slash = strrchr(path, '/');
        if (errno != ENOENT || strcmp(path, ".") == 0 || strcmp(path, "/") == 0)
            return fs_errno_status(errno, "cannot measure", path, error);
        if (slash == NULL)
            snprintf(path, sizeof(path), ".");
        else
            slash[slash == path] = '\0';
    }
    return STATUS_OK;
}

static void
check_disk(struct doctor *doctor, struct finding *out)
{
    struct statvfs disk;
    struct error error = {0};
    if (measure_disk(doctor->settings->data, &disk, &error) != STATUS_OK) {
        finding_fail(out, &error, NULL);
        return;
    }
    int64_t free_bytes = (int64_t)disk.f_bavail * (int64_t)disk.f_frsize;
    int64_t free_mib = free_bytes >> 20;
    bool has_names = disk.f_files == 0 || disk.f_favail > 1000;
    if (!has_names)
        finding_set(out, FINDING_WRONG, "remove files", "the disk has no room for more files");
    else if (free_bytes < FREE_BYTES_LEAST)
        finding_set(out, FINDING_WRONG, "free some space", "%" PRId64 " MiB are free", free_mib);
    else if (free_bytes < FREE_BYTES_WELL)
        finding_set(out, FINDING_NOTE, "free some space", "%" PRId64 " MiB are free", free_mib);
    else
        finding_set(out, FINDING_OK, NULL, "%" PRId64 " MiB are free", free_mib);
}

/* Schema, soundness, and every file that the database tells of. */
static void
check_database(struct doctor *doctor, struct finding *out)
{
    char path[4200];
    struct service *service = NULL;
    struct verified verified;
    struct error error = {0};
    snprintf(path, sizeof(path), "%s/windrow.db", doctor->settings->data);
    if (access(path, F_OK) != 0 && errno == ENOENT) {
        finding_set(out, FINDING_OK, NULL, "none yet");
        return;
    }
    struct cli *cli = doctor->cli;
    enum status status = cli->open_reader(cli, doctor->settings->data, &service, &error);
    if (status == STATUS_OK)
        status = service_verify(service, true, &verified, &error);
    if (status == STATUS_OK)
        finding_set(out, FINDING_OK, NULL, "sound; all %" PRIu64 " files are there",
                    verified.files);
    else if (status == STATUS_CONFLICT)
        finding_set(out, FINDING_NOTE, NULL, "%s", error.text);
    else
        finding_fail(out, &error, "if it is damaged: stop the server, restore a backup");
    cli->close(cli, &service);
}

/* --- the machine --- */

static void
check_files(struct doctor *doctor, struct finding *out)
{
    struct rlimit limit;
    int64_t wanted = doctor->settings->max_connections + LIMIT_CALLS_IN_FLIGHT + FILES_BESIDE;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        finding_set(out, FINDING_NOTE, NULL, "the limit cannot be read: %s", strerror(errno));
    else if (limit.rlim_max != RLIM_INFINITY && (int64_t)limit.rlim_max < wanted)
        finding_set(out, FINDING_NOTE, "LimitNOFILE= of the unit, ulimit -n, or max_connections",
                    "%" PRIu64 " files may be open; all connections and calls would need %" PRId64,
                    (uint64_t)limit.rlim_max, wanted);
    else
        finding_set(out, FINDING_OK, NULL, "enough files may be open");
}

static void
check_clock(struct doctor *doctor, struct finding *out)
{
    struct timex state = {.modes = 0};
    char now[CLOCK_ISO_BYTES];
    int64_t now_ms = clock_unix_ms(clock_system());
    clock_iso(now_ms, now);
    if (now_ms < CLOCK_LEAST_MS)
        finding_set(out, FINDING_WRONG, "set it", "the clock says %s", now);
    else if (adjtimex(&state) == TIME_ERROR)
        finding_set(out, FINDING_NOTE, "let a time service keep it (chrony, systemd-timesyncd)",
                    "%s; nothing keeps the clock right", now);
    else
        finding_set(out, FINDING_OK, NULL, "%s", now);
}

const struct doctor_check doctor_checks[] = {
    {"config", check_config},     {"providers", doctor_providers},
    {"tls", check_tls},           {"listen", check_listen},
    {"data", check_data},         {"disk", check_disk},
    {"database", check_database}, {"documents", doctor_convert},
    {"sandbox", doctor_read},     {"files", check_files},
    {"clock", check_clock},       {NULL, NULL},
};
