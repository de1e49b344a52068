#include "expr/regex.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "expr/pcre.h"

#include <stdlib.h>

/* Compiled patterns kept by a machine; one slot a hash, a newcomer takes it. */
#define CACHE_SLOTS 64
#define PATTERN_BYTES_MAX 16384
#define NESTING_MAX 100
/* Pairs of offsets that a match can fill: the whole and its groups. */
#define PAIRS_MAX 100
/* Memory that one match may take for going back. */
#define HEAP_KIB (16 * 1024)
/* A match with more steps than this may have taken much of that memory, which is then given back.
 */
#define HEAVY_STEPS 100000
/* A scan over so many bytes costs a step. */
#define SCAN_BYTES 16

struct regex {
    uint64_t hash;
    char *pattern;
    size_t size;
    uint32_t options;
    pcre2_code *code; /* NULL: the slot is free */
    uint32_t group_count;
    struct slice names[PAIRS_MAX]; /* of the groups; .ptr NULL where there is none */
};

struct regex_cache {
    struct regex slots[CACHE_SLOTS];
    pcre2_compile_context *compile_context;
    pcre2_match_context *match_context;
    pcre2_match_data *match_data; /* NULL until needed */
    bool is_heavy;                /* match_data may hold much memory */
};

static void *
must(void *made)
{
    if (made == NULL)
        abort();
    return made;
}

struct regex_cache *
regex_cache_new(void)
{
    struct regex_cache *cache = mem_alloc(sizeof(*cache));
    cache->compile_context = must(pcre2_compile_context_create(NULL));
    cache->match_context = must(pcre2_match_context_create(NULL));
    pcre2_set_max_pattern_length(cache->compile_context, PATTERN_BYTES_MAX);
    pcre2_set_parens_nest_limit(cache->compile_context, NESTING_MAX);
    pcre2_set_heap_limit(cache->match_context, HEAP_KIB);
    return cache;
}

static void
regex_done(struct regex *regex)
{
    pcre2_code_free(regex->code);
    mem_free(regex->pattern);
    *regex = (struct regex){0};
}

void
regex_cache_free(struct regex_cache **cache)
{
    struct regex_cache *gone = *cache;
    if (gone == NULL)
        return;
    for (size_t i = 0; i < CACHE_SLOTS; i++)
        regex_done(&gone->slots[i]);
    pcre2_match_data_free(gone->match_data);
    pcre2_match_context_free(gone->match_context);
    pcre2_compile_context_free(gone->compile_context);
    mem_free(gone);
    *cache = NULL;
}

/* The names point into the compiled pattern. */
static void
read_names(struct regex *regex)
{
    uint32_t count = 0;
    uint32_t entry_bytes = 0;
    PCRE2_SPTR table = NULL;
    pcre2_pattern_info(regex->code, PCRE2_INFO_CAPTURECOUNT, &regex->group_count);
    pcre2_pattern_info(regex->code, PCRE2_INFO_NAMECOUNT, &count);
    pcre2_pattern_info(regex->code, PCRE2_INFO_NAMEENTRYSIZE, &entry_bytes);
    pcre2_pattern_info(regex->code, PCRE2_INFO_NAMETABLE, &table);
    for (uint32_t i = 0; i < count; i++) {
        PCRE2_SPTR entry = table + (size_t)i * entry_bytes;
        uint32_t group = (uint32_t)entry[0] << 8 | entry[1];
        if (group < PAIRS_MAX)
            regex->names[group] = slice_text((const char *)entry + 2);
    }
}

static struct value
raise_pattern(struct expr_machine *machine, struct slice pattern, int code, size_t offset)
{
    PCRE2_UCHAR words[160];
    pcre2_get_error_message(code, words, sizeof(words));
    return machine_raise(machine, "Regex failure: %s at offset %zu of %.*s", (const char *)words,
                         utf8_count(slice_of(pattern.ptr, offset)),
                         SLICE_FORMAT(slice_cut(pattern, 128)));
}

/* NULL with *absent set if the pattern is wrong. */
static struct regex *
compile(struct expr_machine *machine, struct slice pattern, uint32_t options, struct value *absent)
{
    struct regex_cache *cache = machine->regexes;
    uint64_t hash = hash_bytes(pattern, options);
    struct regex *regex = &cache->slots[hash % CACHE_SLOTS];
    if (regex->code != NULL && regex->hash == hash && regex->options == options &&
        slice_equal(slice_of(regex->pattern, regex->size), pattern))
        return regex;

    /* Compiling takes some hundred nanoseconds a byte. */
    if (!machine_charge(machine, pattern.size * 4 + 100)) {
        *absent = machine_no_steps(machine);
        return NULL;
    }
    int error = 0;
    size_t offset = 0;
    uint32_t always = PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C | PCRE2_AUTO_CALLOUT;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern.ptr, pattern.size, always | options,
                                     &error, &offset, cache->compile_context);
    if (code == NULL) {
        *absent = raise_pattern(machine, pattern, error, offset);
        return NULL;
    }
    regex_done(regex);
    *regex = (struct regex){.hash = hash, .size = pattern.size, .options = options, .code = code};
    regex->pattern = mem_copy_text(pattern.ptr, pattern.size);
    read_names(regex);
    if (regex->group_count < PAIRS_MAX)
        return regex;
    regex_done(regex);
    *absent = machine_raise(machine, "Regex failure: more than %d groups", PAIRS_MAX - 1);
    return NULL;
}

struct flags {
    uint32_t compile_options;
    uint32_t match_options;
    bool all;
};

static bool
add_flag(struct flags *flags, char flag)
{
    switch (flag) {
    case 'g':
        flags->all = true;
        return true;
    case 'i':
        flags->compile_options |= PCRE2_CASELESS;
        return true;
    case 'x':
        flags->compile_options |= PCRE2_EXTENDED;
        return true;
    case 'n':
        flags->match_options |= PCRE2_NOTEMPTY;
        return true;
    case 'p':
        flags->compile_options |= PCRE2_DOTALL;
        return true;
    case 's':
    case 'l':
        return true;
    default:
        return false;
    }
}

/* A subject with the pattern that goes over it. */
struct search {
    struct expr_machine *machine;
    struct slice subject;
    struct regex *regex;
    struct flags flags;
    size_t start;       /* where the next match may begin */
    size_t known_bytes; /* a byte offset whose code point offset is known */
    int64_t known_points;
    size_t scanned; /* the position at the last callout */
};

static int
charge_callout(pcre2_callout_block *block, void *context)
{
    struct search *search = context;
    size_t at = block->current_position;
    size_t moved = at > search->scanned ? at - search->scanned : search->scanned - at;
    search->scanned = at;
    return machine_charge(search->machine, 1 + moved / SCAN_BYTES) ? 0 : PCRE2_ERROR_CALLOUT;
}

/* Splits ([pattern, flags], null) into its two parts, as jq does. */
static struct value
take_arguments(struct expr_machine *machine, const struct value *args, struct value *pattern,
               struct value *flags)
{
    *pattern = args[0];
    *flags = args[1];
    bool is_list = args[0].kind == VALUE_ARRAY && args[1].kind == VALUE_NULL;
    if (is_list && args[0].count > 0) {
        *pattern = args[0].array->items[0];
        *flags = args[0].count > 1 ? args[0].array->items[1] : value_null();
    } else if (args[0].kind != VALUE_STRING && args[1].kind == VALUE_NULL) {
        return machine_raise(machine, "%s not a string or array", value_kind_name(args[0]));
    }
    if (pattern->kind != VALUE_STRING)
        return machine_raise_about(machine, *pattern, "cannot be matched, as it is not a string");
    if (flags->kind != VALUE_STRING && flags->kind != VALUE_NULL)
        return machine_raise_about(machine, *flags, "is not a string");
    return value_null();
}

/* VALUE_NONE on failure. */
static struct value
start_search(struct search *search, struct expr_machine *machine, struct value input,
             const struct value *args)
{
    struct value pattern = {0};
    struct value flags = {0};
    *search = (struct search){.machine = machine};
    struct value status = take_arguments(machine, args, &pattern, &flags);
    if (status.kind == VALUE_NONE)
        return status;
    if (input.kind != VALUE_STRING)
        return machine_raise_about(machine, input, "cannot be matched, as it is not a string");
    search->subject = value_slice(input);
    for (uint32_t i = 0; flags.kind == VALUE_STRING && i < flags.count; i++) {
        if (!add_flag(&search->flags, flags.text[i]))
            return machine_raise(machine, "%.*s is not a valid modifier string",
                                 SLICE_FORMAT(slice_cut(value_slice(flags), 128)));
    }
    search->regex = compile(machine, value_slice(pattern), search->flags.compile_options, &status);
    return status;
}

static struct value
match_failure(struct search *search, int code)
{
    struct expr_machine *machine = search->machine;
    if (code == PCRE2_ERROR_CALLOUT)
        return machine_no_steps(machine);
    if (code == PCRE2_ERROR_HEAPLIMIT || code == PCRE2_ERROR_MATCHLIMIT ||
        code == PCRE2_ERROR_DEPTHLIMIT || code == PCRE2_ERROR_NOMEMORY)
        return machine_spend(machine, "a regular expression needs too much work");
    PCRE2_UCHAR words[160];
    pcre2_get_error_message(code, words, sizeof(words));
    return machine_raise(machine, "Regex failure: %s", (const char *)words);
}

static void
ready_match_data(struct regex_cache *cache)
{
    if (cache->is_heavy) {
        pcre2_match_data_free(cache->match_data);
        cache->match_data = NULL;
        cache->is_heavy = false;
    }
    if (cache->match_data == NULL)
        cache->match_data = must(pcre2_match_data_create(PAIRS_MAX, NULL));
}

/* The next match's offsets into *pairs: true, false (no more), or VALUE_NONE on failure. */
static struct value
next_match(struct search *search, const size_t **pairs)
{
    struct regex_cache *cache = search->machine->regexes;
    if (search->start > search->subject.size)
        return value_bool(false);
    ready_match_data(cache);
    uint64_t before = search->machine->steps_left;
    search->scanned = search->start;
    pcre2_set_callout(cache->match_context, charge_callout, search);
    PCRE2_SPTR subject = (PCRE2_SPTR)(search->subject.ptr == NULL ? "" : search->subject.ptr);
    int code = pcre2_match(search->regex->code, subject, search->subject.size, search->start,
                           search->flags.match_options | PCRE2_NO_UTF_CHECK, cache->match_data,
                           cache->match_context);
    cache->is_heavy = before - search->machine->steps_left > HEAVY_STEPS;
    if (code > 0) {
        *pairs = pcre2_get_ovector_pointer(cache->match_data);
        size_t end = (*pairs)[1];
        bool is_empty = (*pairs)[1] <= (*pairs)[0];
        bool has_more = end < search->subject.size;
        search->start = end;
        if (is_empty)
            search->start += has_more ? utf8_size(search->subject.ptr[end]) : 1;
        return value_bool(true);
    }
    return code == PCRE2_ERROR_NOMATCH ? value_bool(false) : match_failure(search, code);
}

/* Code points before a byte offset; matches come in order, so that little is counted twice. */
static int64_t
point_offset(struct search *search, size_t bytes)
{
    if (bytes >= search->known_bytes) {
        search->known_points += (int64_t)utf8_count(
            slice_of(search->subject.ptr + search->known_bytes, bytes - search->known_bytes));
    } else {
        search->known_points -=
            (int64_t)utf8_count(slice_of(search->subject.ptr + bytes, search->known_bytes - bytes));
    }
    search->known_bytes = bytes;
    return search->known_points;
}

/* The members that a match and a group have in common. */
static size_t
describe_span(struct search *search, const size_t *pair, struct member *members)
{
    bool is_set = pair[0] != PCRE2_UNSET && pair[0] <= pair[1];
    struct slice text = slice_of("", 0);
    if (is_set && pair[1] > pair[0])
        text = slice_of(search->subject.ptr + pair[0], pair[1] - pair[0]);
    int64_t offset = is_set ? point_offset(search, pair[0]) : -1;
    members[0] = (struct member){value_text("offset"), value_int(offset)};
    members[1] = (struct member){value_text("length"), value_int((int64_t)utf8_count(text))};
    members[2] = (struct member){value_text("string"), is_set ? value_string(text) : value_null()};
    return 3;
}

static struct value
describe_group(struct search *search, const size_t *pairs, uint32_t group)
{
    struct expr_machine *machine = search->machine;
    struct member members[4];
    size_t count = describe_span(search, &pairs[2 * group], members);
    struct slice name = search->regex->names[group];
    members[count++] = (struct member){
        value_text("name"), name.ptr == NULL ? value_null() : machine_text(machine, name)};
    return machine_check(machine, value_object_new(&machine->scratch, members, count));
}

static struct value
describe_match(struct search *search, const size_t *pairs)
{
    struct expr_machine *machine = search->machine;
    struct member members[4];
    size_t count = describe_span(search, pairs, members);
    if (!machine_charge_bytes(machine, pairs[1] - pairs[0]))
        return machine_no_steps(machine);
    struct value groups = value_empty_array();
    for (uint32_t i = 1; i <= search->regex->group_count; i++) {
        struct value group = describe_group(search, pairs, i);
        if (group.kind == VALUE_NONE)
            return group;
        groups = machine_check(machine, value_array_append(&machine->scratch, groups, group));
        if (groups.kind == VALUE_NONE)
            return groups;
    }
    members[count++] = (struct member){value_text("captures"), groups};
    return machine_check(machine, value_object_new(&machine->scratch, members, count));
}

struct value
regex_native_match(struct expr_machine *machine, struct value input, const struct value *args)
{
    struct search search;
    const size_t *pairs = NULL;
    struct value found = start_search(&search, machine, input, args);
    size_t base = machine->value_count;
    while (found.kind != VALUE_NONE) {
        found = next_match(&search, &pairs);
        if (found.kind != VALUE_TRUE)
            break;
        struct value match = describe_match(&search, pairs);
        if (match.kind == VALUE_NONE || !machine_push(machine, match))
            return value_absent(OUTCOME_LIMIT);
        if (!search.flags.all)
            break;
    }
    if (found.kind == VALUE_NONE) {
        machine->value_count = base;
        return found;
    }
    return machine_pop_array(machine, base);
}

struct value
regex_native_test(struct expr_machine *machine, struct value input, const struct value *args)
{
    struct search search;
    const size_t *pairs = NULL;
    struct value ready = start_search(&search, machine, input, args);
    return ready.kind == VALUE_NONE ? ready : next_match(&search, &pairs);
}

/* The named groups of a match as an object. */
static struct value
named_groups(struct search *search, const size_t *pairs)
{
    struct expr_machine *machine = search->machine;
    struct value object = value_empty_object();
    for (uint32_t i = 1; i <= search->regex->group_count && object.kind != VALUE_NONE; i++) {
        struct slice name = search->regex->names[i];
        if (name.ptr == NULL)
            continue;
        const size_t *pair = &pairs[2 * i];
        struct value text = value_null();
        if (pair[0] != PCRE2_UNSET && pair[0] <= pair[1])
            text = value_string(slice_of(search->subject.ptr + pair[0], pair[1] - pair[0]));
        object = value_object_set(&machine->scratch, object, machine_text(machine, name), text);
    }
    return machine_check(machine, object);
}

/* What stands before a match, alone or with the match's groups. */
static struct value
piece_before(struct search *search, size_t from, const size_t *pairs, bool with_groups)
{
    struct expr_machine *machine = search->machine;
    struct value piece = value_string(slice_of(search->subject.ptr + from, pairs[0] - from));
    if (!with_groups)
        return piece;
    struct value parts[] = {piece, named_groups(search, pairs)};
    return machine_check(machine, value_array_new(&machine->scratch, parts, COUNT_OF(parts)));
}

/* Pieces before the matches, and what stands behind the last. */
static struct value
split_search(struct search *search, struct value found, bool with_groups)
{
    struct expr_machine *machine = search->machine;
    const size_t *pairs = NULL;
    size_t base = machine->value_count;
    size_t from = 0;
    while (found.kind != VALUE_NONE) {
        found = next_match(search, &pairs);
        if (found.kind != VALUE_TRUE)
            break;
        struct value piece = piece_before(search, from, pairs, with_groups);
        if (piece.kind == VALUE_NONE || !machine_push(machine, piece))
            return value_absent(OUTCOME_LIMIT);
        from = pairs[1];
        if (!search->flags.all)
            break;
    }
    struct slice rest = slice_of(search->subject.ptr + from, search->subject.size - from);
    if (found.kind == VALUE_NONE || !machine_push(machine, value_string(rest))) {
        machine->value_count = base;
        return found.kind == VALUE_NONE ? found : machine_no_steps(machine);
    }
    return machine_pop_array(machine, base);
}

struct value
regex_native_split(struct expr_machine *machine, struct value input, const struct value *args)
{
    struct search search;
    struct value ready = start_search(&search, machine, input, args);
    search.flags.all = true;
    return split_search(&search, ready, false);
}

struct value
regex_native_pieces(struct expr_machine *machine, struct value input, const struct value *args)
{
    struct search search;
    struct value ready = start_search(&search, machine, input, args);
    return split_search(&search, ready, true);
}
