#include "main/doctor.h"

#include "base/json.h"
#include "base/limits.h"
#include "main/world.h"
#include "service/control.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static const char *const state_names[] = {"ok", "note", "wrong"};

void
finding_set(struct finding *out, enum finding_state state, const char *mend, const char *format,
            ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(out->words, sizeof(out->words), format, arguments);
    va_end(arguments);
    out->state = state;
    snprintf(out->mend, sizeof(out->mend), "%s", mend == NULL ? "" : mend);
}

void
finding_fail(struct finding *out, const struct error *error, const char *mend)
{
    finding_set(out, FINDING_WRONG, mend, "%s", error->text);
}

/* --- what is printed --- */

static struct value
finding_value(const char *name, const struct finding *finding, struct arena *arena)
{
    struct member members[] = {
        {value_text("name"), value_text(name)},
        {value_text("state"), value_text(state_names[finding->state])},
        {value_text("words"), value_string_copy(arena, slice_text(finding->words))},
        {value_text("mend"), finding->mend[0] == '\0'
                                 ? value_null()
                                 : value_string_copy(arena, slice_text(finding->mend))},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

static void
print_finding(const char *name, const struct finding *finding, struct buffer *out)
{
    buffer_append_format(out, "%-6s %-10s ", state_names[finding->state], name);
    buffer_append_printable(out, finding->words);
    if (finding->mend[0] != '\0') {
        buffer_append_format(out, "\n%-17s -> ", "");
        buffer_append_printable(out, finding->mend);
    }
    buffer_append_byte(out, '\n');
}

static void
print_json(bool is_well, struct value findings, struct arena *arena, struct buffer *out)
{
    struct member members[] = {
        {value_text("ok"), value_bool(is_well)},
        {value_text("checks"), findings},
    };
    json_print(out, value_object_new(arena, members, COUNT_OF(members)));
    buffer_append_byte(out, '\n');
}

static int
examine(struct doctor *doctor, bool as_json)
{
    struct arena arena;
    struct buffer text;
    struct value findings = value_empty_array();
    bool is_well = true;
    arena_init(&arena, MIB(1));
    buffer_init(&text, MIB(1));
    for (const struct doctor_check *check = doctor_checks; check->name != NULL; check++) {
        struct finding finding = {.state = FINDING_OK};
        check->check(doctor, &finding);
        is_well = is_well && finding.state != FINDING_WRONG;
        print_finding(check->name, &finding, &text);
        struct value value = finding_value(check->name, &finding, &arena);
        findings = value_array_append(&arena, findings, value);
    }
    if (as_json) {
        buffer_clear(&text);
        print_json(is_well, findings, &arena, &text);
    }
    bool is_written = cli_write(stdout, &text);
    buffer_done(&text);
    arena_done(&arena);
    return !is_written ? CLI_TROUBLE : is_well ? CLI_OK : CLI_FAILED;
}

/* --- the command --- */

static bool
is_served(const char *data)
{
    struct arena arena;
    struct value answer;
    struct error error = {0};
    arena_init(&arena, MIB(1));
    struct member member = {value_text("do"), value_text("ping")};
    struct value request = value_object_new(&arena, &member, 1);
    enum status status = control_ask(data, request, &arena, &answer, &error);
    arena_done(&arena);
    return status == STATUS_OK || status == STATUS_UNSUPPORTED;
}

static int
doctor_visit(struct cli *cli, const struct settings *settings, bool is_online, bool as_json)
{
    struct doctor doctor = {.cli = cli, .settings = settings, .is_online = is_online};
    cli->config = settings->config;
    cli->allow = settings->allow;
    doctor.is_served = is_served(settings->data);
    buffer_init(&doctor.made, MIB(8));
    int exit_code = examine(&doctor, as_json);
    buffer_done(&doctor.made);
    return exit_code;
}

int
doctor_command(struct cli *cli, int argc, char **argv)
{
    bool as_json = false;
    bool is_online = false;
    const struct option more[] = {
        {.name = "--online",
         .kind = OPTION_FLAG,
         .into.flag = &is_online,
         .help = "ask the providers of models whether they are there"},
        {.name = "--json",
         .kind = OPTION_FLAG,
         .into.flag = &as_json,
         .help = "print {\"ok\", \"checks\": [{\"name\", \"state\", \"words\", \"mend\"}]}"},
    };
    struct settings_call call = {
        .table = &settings_table,
        .usage = "windrow doctor [--config FILE] [--data DIR] [--online] [--json] [options]",
        .summary = "Looks whether a server with these settings could do its work, and changes "
                   "nothing.\nExit code: 0 it could, 1 something is wrong.",
        .more = more,
        .more_count = COUNT_OF(more),
    };
    struct arena arena;
    struct settings settings = {0};
    arena_init(&arena, MIB(16));
    enum options_end end = settings_read(&call, argc, argv, &settings, &arena);
    int exit_code = end == OPTIONS_HELP ? CLI_OK : CLI_USAGE;
    if (end == OPTIONS_OK)
        exit_code = doctor_visit(cli, &settings, is_online, as_json);
    arena_done(&arena);
    return exit_code;
}
