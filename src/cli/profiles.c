/* The servers that a person works with, and `windrow login`, which notes them. */
#include "cli/options.h"
#include "cli/remote.h"

#include "base/fs.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/yaml.h"
#include "cli/input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_USUAL "default"
#define FILE_BYTES_MAX KIB(256)

enum status
profiles_path(struct arena *arena, const char **out, struct error *error)
{
    const char *config = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");
    *out = NULL;
    if (config != NULL && config[0] == '/')
        *out = arena_format(arena, "%s/windrow/profiles.yaml", config);
    else if (home != NULL && home[0] == '/')
        *out = arena_format(arena, "%s/.config/windrow/profiles.yaml", home);
    else
        return error_set(error, STATUS_INVALID,
                         "there is no HOME to keep profiles in: give --server and --key");
    return STATUS_OK;
}

/* Keys that others can read are no secrets any more. */
static enum status
check_mode(const char *path, struct error *error)
{
    struct stat stat_of;
    if (stat(path, &stat_of) == 0 && (stat_of.st_mode & 077) != 0)
        return error_set(error, STATUS_INVALID, "%s can be read by others: chmod 600 %s", path,
                         path);
    return STATUS_OK;
}

/* {} if there is no file. */
static enum status
read_profiles(struct arena *arena, const char *path, struct value *out, struct error *error)
{
    struct buffer text;
    struct located *root = NULL;
    *out = value_empty_object();
    enum status status = check_mode(path, error);
    if (status != STATUS_OK)
        return status;
    status = fs_read_file(&text, path, FILE_BYTES_MAX, error);
    if (status == STATUS_OK)
        status = yaml_load(&root, arena, arena_copy(arena, buffer_slice(&text)), NULL, error);
    buffer_done(&text);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    if (status != STATUS_OK) {
        error_prepend(error, "%s", path);
        return status;
    }
    *out = root->value.kind == VALUE_OBJECT ? root->value : value_empty_object();
    return STATUS_OK;
}

static const char *
text_of(struct arena *arena, struct value profile, const char *name)
{
    struct value text = value_get(profile, name);
    return text.kind == VALUE_STRING ? arena_copy(arena, value_slice(text)).ptr : NULL;
}

enum status
profiles_find(struct arena *arena, const char *name, struct remote_options *out,
              struct error *error)
{
    const char *path;
    struct value all;
    enum status status = profiles_path(arena, &path, error);
    if (status == STATUS_OK)
        status = read_profiles(arena, path, &all, error);
    if (status != STATUS_OK)
        return status;
    const char *usual = text_of(arena, all, "default");
    const char *wanted = name != NULL ? name : usual != NULL ? usual : NAME_USUAL;
    struct value profile = value_find(value_get(all, "profiles"), slice_text(wanted));
    out->server = text_of(arena, profile, "server");
    out->key = text_of(arena, profile, "key");
    if (out->server != NULL)
        return STATUS_OK;
    if (name == NULL)
        return error_set(error, STATUS_INVALID,
                         "which server? Give --server URL and --key KEY, or run windrow login "
                         "--server URL once");
    return error_set(error, STATUS_NOT_FOUND,
                     "there is no profile \"%s\" in %s: windrow login --profile %s --server URL",
                     name, path, name);
}

/* --- login --- */

/* The first profile is the default one. JSON is YAML. */
static enum status
note_profile(struct remote *remote, const char *name, const char **path, struct error *error)
{
    struct arena *arena = &remote->arena;
    struct value all;
    enum status status = profiles_path(arena, path, error);
    if (status == STATUS_OK)
        status = read_profiles(arena, *path, &all, error);
    if (status != STATUS_OK)
        return status;
    struct member members[] = {
        {value_text("server"), value_text(remote->server)},
        {value_text("key"), value_text(remote->key)},
    };
    struct value profile = value_object_new(arena, members, COUNT_OF(members));
    struct value profiles = value_get(all, "profiles");
    if (profiles.kind != VALUE_OBJECT)
        profiles = value_empty_object();
    profiles = value_object_set(arena, profiles, value_text(name), profile);
    if (value_get(all, "default").kind != VALUE_STRING)
        all = value_object_set(arena, all, value_text("default"), value_text(name));
    all = value_object_set(arena, all, value_text("profiles"), profiles);
    struct buffer text;
    buffer_init(&text, FILE_BYTES_MAX);
    json_print_pretty(&text, all);
    buffer_append_byte(&text, '\n');
    const char *slash = strrchr(*path, '/');
    status = fs_make_folder(arena_format(arena, "%.*s", (int)(slash - *path), *path), error);
    if (status == STATUS_OK)
        status = fs_write_file(*path, buffer_slice(&text), error);
    buffer_done(&text);
    return status;
}

/* From standard input, so that it stands in no list of processes. */
static const char *
ask_for_key(char *line, int size)
{
    if (isatty(STDIN_FILENO))
        fprintf(stderr, "API key: ");
    if (fgets(line, size, stdin) == NULL)
        return NULL;
    line[strcspn(line, "\r\n")] = '\0';
    return line[0] == '\0' ? NULL : line;
}

static bool
is_open_road(const char *server)
{
    return strncmp(server, "http://", 7) == 0 && strncmp(server + 7, "127.", 4) != 0 &&
           strncmp(server + 7, "localhost", 9) != 0 && strncmp(server + 7, "[::1]", 5) != 0;
}

static int
login(const struct remote_options *options)
{
    struct remote remote;
    struct value list;
    struct error error = {0};
    const char *path = NULL;
    const char *name = options->profile == NULL ? NAME_USUAL : options->profile;
    struct remote_options wanted = {.server = options->server, .key = options->key};
    enum status status = remote_open(&remote, &wanted, &error);
    if (status == STATUS_OK && is_open_road(remote.server))
        fprintf(stderr, "windrow: the key goes to %s as plain text: better use https\n",
                remote.server);
    if (status == STATUS_OK)
        status = remote_get(&remote, "/v1/workflows?limit=1", &list, &error);
    /* A key that may not read is a key all the same. */
    if (status == STATUS_FORBIDDEN)
        status = STATUS_OK;
    if (status == STATUS_OK)
        status = note_profile(&remote, name, &path, &error);
    if (status == STATUS_OK)
        fprintf(stderr, "%s: %s, in %s\n", name, remote.server, path);
    int exit_code = status == STATUS_OK ? CLI_OK : remote_complain(&error);
    remote_close(&remote);
    return exit_code;
}

int
cli_login(struct cli *cli, int argc, char **argv)
{
    struct remote_options remote = {.server = NULL};
    const struct option options[] = {REMOTE_OPTIONS(remote)};
    const struct option_table table = {
        .usage = "windrow login --server URL [--key KEY] [--profile NAME]",
        .summary = "Notes a server and a key of it, so that commands need not be told. Without\n"
                   "--key the key is read from standard input.",
        .options = options,
        .count = COUNT_OF(options),
    };
    struct positional words;
    char line[512];
    enum options_end end = options_read(&table, argc, argv, &words);
    if (end != OPTIONS_OK)
        return end == OPTIONS_HELP ? CLI_OK : CLI_USAGE;
    if (remote.server == NULL) {
        fprintf(stderr, "windrow: login: which server? Give --server URL\n");
        return CLI_USAGE;
    }
    if (remote.key == NULL)
        remote.key = ask_for_key(line, sizeof(line));
    if (remote.key == NULL) {
        fprintf(stderr, "windrow: login: no key was given\n");
        return CLI_USAGE;
    }
    return login(&remote);
}
