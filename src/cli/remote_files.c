/* windrow files: what goes to a server and comes back from it. */
#include "cli/options.h"
#include "cli/remote.h"

#include "base/fs.h"
#include "base/json.h"
#include "base/limits.h"
#include "cli/download.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct files_asked {
    struct remote_options remote;
    const char *name, *type, *out;
    bool as_json;
};

/* --- upload --- */

static int
print_file(struct remote *remote, const struct files_asked *asked, struct value file)
{
    struct slice id = value_slice(value_get(file, "id"));
    struct slice name = value_slice(value_get(file, "name"));
    struct slice json = json_text(&remote->arena, file);
    if (asked->as_json)
        printf("%.*s\n", SLICE_FORMAT(json));
    else
        printf("%.*s  %.*s\n", SLICE_FORMAT(id), SLICE_FORMAT(name));
    return CLI_OK;
}

static int
send_open(struct remote *remote, const struct files_asked *asked, const char *path, int fd)
{
    struct stat stat_of;
    struct error error = {0};
    struct remote_answer answer;
    const char *slash = strrchr(path, '/');
    const char *name = asked->name != NULL ? asked->name : slash == NULL ? path : slash + 1;
    if (fstat(fd, &stat_of) != 0 || !S_ISREG(stat_of.st_mode)) {
        fprintf(stderr, "windrow: %s is not a file\n", path);
        return CLI_FAILED;
    }
    struct remote_ask ask = {
        .method = "POST",
        .path = remote_path(remote, "/v1/files?name=%s", name),
        .type = asked->type == NULL ? "application/octet-stream" : asked->type,
        .body_fd = fd,
        .body_bytes = (uint64_t)stat_of.st_size,
    };
    if (remote_do(remote, &ask, &answer, &error) == STATUS_OK)
        return print_file(remote, asked, value_get(answer.json, "data"));
    error_prepend(&error, "%s", path);
    return remote_complain(&error);
}

static int
upload(struct remote *remote, const struct files_asked *asked, const char *path)
{
    struct error error = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        status_ignore(fs_errno_status(errno, "cannot open", path, &error));
        return cli_complain(&error);
    }
    int exit_code = send_open(remote, asked, path, fd);
    close(fd);
    return exit_code;
}

/* --- download --- */

/* Without --out under the name that the file has, here. */
static int
download(struct remote *remote, const struct files_asked *asked, const char *id)
{
    struct value file;
    struct error error = {0};
    const char *path = asked->out;
    enum status status = remote_get(remote, remote_path(remote, "/v1/files/%s", id), &file, &error);
    if (status == STATUS_OK && path == NULL)
        path = fs_safe_name(&remote->arena, value_slice(value_get(file, "name"))).ptr;
    if (status == STATUS_OK)
        status = download_to(remote, remote_path(remote, "/v1/files/%s/content", id), path, &error);
    if (status != STATUS_OK)
        return remote_complain(&error);
    if (strcmp(path, "-") != 0)
        fprintf(stderr, "%s\n", path);
    return CLI_OK;
}

/* --- the command --- */

static int
act(const struct files_asked *asked, const struct positional *words)
{
    struct remote remote;
    struct error error = {0};
    bool is_upload = strcmp(words->values[0], "upload") == 0;
    if (!is_upload && strcmp(words->values[0], "download") != 0) {
        fprintf(stderr, "windrow: files: expected upload or download, found \"%s\"\n",
                words->values[0]);
        return CLI_USAGE;
    }
    enum status status = remote_open(&remote, &asked->remote, &error);
    int exit_code = status == STATUS_OK ? CLI_OK : remote_complain(&error);
    for (size_t i = 1; i < words->count && status == STATUS_OK; i++) {
        int one = is_upload ? upload(&remote, asked, words->values[i])
                            : download(&remote, asked, words->values[i]);
        exit_code = one > exit_code ? one : exit_code;
    }
    remote_close(&remote);
    return exit_code;
}

int
cli_files(struct cli *cli, int argc, char **argv)
{
    struct files_asked asked = {.name = NULL};
    const struct option options[] = {
        {.name = "--name",
         .kind = OPTION_TEXT,
         .into.text = &asked.name,
         .value = "NAME",
         .help = "upload: what the server calls it [as it is called here]"},
        {.name = "--type",
         .kind = OPTION_TEXT,
         .into.text = &asked.type,
         .value = "TYPE",
         .help = "upload: its content type [application/octet-stream]"},
        {.name = "--out",
         .kind = OPTION_TEXT,
         .into.text = &asked.out,
         .value = "FILE",
         .help = "download: write this file, or - for standard output [its name]"},
        REMOTE_OPTIONS(asked.remote),
        {.name = "--json", .kind = OPTION_FLAG, .into.flag = &asked.as_json, .help = "print JSON"},
    };
    const struct option_table table = {
        .usage = "windrow files upload FILE… | download ID… [options]",
        .summary =
            "Sends files to a server, which gives each an id for the inputs of runs, or gets\n"
            "files by their ids.",
        .options = options,
        .count = COUNT_OF(options),
        .positional_min = 2,
        .positional_max = POSITIONAL_VALUES_MAX,
    };
    struct positional words;
    enum options_end end = options_read(&table, argc, argv, &words);
    if (end != OPTIONS_OK)
        return end == OPTIONS_HELP ? CLI_OK : CLI_USAGE;
    return act(&asked, &words);
}
