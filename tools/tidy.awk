# Checks C files line by line; run by tools/tidy from the top of the tree, with the files as
# arguments. A finding is "file:line: rule: words"; "long function: 42 lines: ...",
# "long header: ..." and "long signature: ..." are for the report.
# Works with any POSIX awk.

BEGIN {
    FUNCTION_LINES = 70
    FILE_LINES = 1000
    HEADER_LINES = 250
    PARAMETERS = 5
    NESTING = 4
    COLUMNS = 100

    # Who may include whom. "*" is every folder; "engine/step.h" is one file.
    may["base"] = "base"
    may["spill"] = "base spill"
    may["net"] = "base net"
    may["expr"] = "base expr"
    may["flow"] = "base expr flow"
    may["foreign"] = "base expr flow foreign"
    may["store"] = "base flow store"
    may["sandbox"] = "base sandbox"
    may["convert"] = "base sandbox document render convert"
    may["engine"] = "base spill expr flow store engine"
    may["ai"] = "base net expr ai"
    may["document"] = "base document"
    may["render"] = "base document render"
    may["sql"] = "base sql"
    may["steps"] = "base spill net expr flow ai document sandbox sql steps engine/step.h engine/step_env.h"
    may["service"] = "base expr flow store engine service"
    may["api"] = "base net expr flow foreign service api"
    may["cli"] = "base net expr flow foreign service cli"
    may["main"] = "*"

    # Where a library may be included: a file without ending, or a folder; "1 " means that only one
    # file of the folder does.
    library["yaml.h"] = "src/base/yaml"
    library["openssl/"] = "src/base/digest src/net"
    library["curl/"] = "src/net"
    library["pcre2.h"] = "1 src/expr"
    library["sqlite3.h"] = "src/store/sqlite src/sql/sqlite"
    library["libpq-fe.h"] = "src/store/postgres src/sql/postgres"
    library["sodium.h"] = "1 src/service"
    library["gumbo.h"] = "src/convert"
    library["seccomp.h"] = "1 src/sandbox"
    library["expat.h"] = "1 src/convert"
    library["zip.h"] = "1 src/convert"
    library["md4c.h"] = "1 src/render"
    library["pango/"] = "src/render"
    library["cairo.h"] = "src/render"
    library["cairo-pdf.h"] = "src/render"
    library["fontconfig/"] = "1 src/render"
    library["zlib.h"] = "1 src/document"
    library["uchardet/"] = "src/document"

    # The C library's and the kernel's own headers, free for all.
    system_headers = " assert ctype dirent dlfcn endian errno fcntl fenv float fnmatch ftw getopt glob " \
        "grp iconv ifaddrs inttypes langinfo limits locale malloc math netdb poll pthread pwd regex " \
        "sched search semaphore setjmp signal spawn stdalign stdarg stdatomic stdbool stddef stdint " \
        "stdio stdlib stdnoreturn string strings sysexits syslog termios time ucontext unistd wchar " \
        "wctype "

    banned = "strcpy|strcat|strncpy|strncat|stpcpy|sprintf|vsprintf|atoi|atol|atoll|atof|strtok|gets|alloca"
    clocks = "time|gettimeofday|rand|srand|random|srandom|rand_r"
}

function finding(rule, words) {
    printf "%s:%d: %s: %s\n", FILENAME, FNR, rule, words
}

# The line without comments and with empty strings; sets in_comment for the lines that follow.
function code_of(line,    out, token) {
    out = ""
    while (line != "") {
        if (in_comment) {
            if (!match(line, /\*\//)) return out
            line = substr(line, RSTART + 2)
            in_comment = 0
        }
        if (!match(line, /"([^"\\]|\\.)*"|'([^'\\]|\\.)*'|\/\*|\/\//)) return out line
        token = substr(line, RSTART, RLENGTH)
        out = out substr(line, 1, RSTART - 1)
        line = substr(line, RSTART + RLENGTH)
        if (token == "/*") {
            in_comment = 1
        } else if (token == "//") {
            finding("comment-style", "// comment; write /* */")
            return out
        } else {
            out = out (substr(token, 1, 1) == "\"" ? "\"\"" : "' '")
        }
    }
    return out
}

# Whether the current file is one of the places: "src/net" is a folder, "src/base/yaml" a module.
function stands_in(places,    list, count, i, rest) {
    count = split(places, list, " ")
    for (i = 1; i <= count; i++) {
        if (index(FILENAME, list[i]) != 1) continue
        rest = substr(FILENAME, length(list[i]) + 1)
        if (rest ~ /^[\/.]/) return 1
    }
    return 0
}

function check_quoted_include(path,    list, count, i, top) {
    top = path
    if (!sub(/\/.*$/, "", top)) {
        finding("include", "\"" path "\" is spelled from src/, as \"" folder "/" path "\"")
        return
    }
    if (!(folder in may)) {
        finding("include", "folder " folder " is not in the table of tools/tidy.awk")
        return
    }
    count = split(may[folder], list, " ")
    for (i = 1; i <= count; i++)
        if (list[i] == "*" || list[i] == top || list[i] == path) return
    finding("include", folder " may not include \"" path "\"")
}

function check_angled_include(path,    name, key, places, used) {
    name = path
    sub(/\.h$/, "", name)
    if (index(system_headers, " " name " ") || path ~ /^(sys|arpa|net|netinet|linux|asm)\//) return
    key = path
    if (sub(/\/.*$/, "/", key) == 0) key = path
    if (!(key in library)) {
        finding("third-party", "<" path "> is in no folder's table")
        return
    }
    places = library[key]
    if (sub(/^1 /, "", places)) {
        if (key in only_user && only_user[key] != FILENAME)
            finding("third-party", "<" path "> is already included by " only_user[key])
        only_user[key] = FILENAME
    }
    if (!stands_in(places)) finding("third-party", "<" path "> belongs in " places)
}

function check_include(line,    path) {
    path = line
    sub(/^[ \t]*#[ \t]*include[ \t]*[<"]/, "", path)
    sub(/[>"].*$/, "", path)
    if (line ~ /</) check_angled_include(path)
    else check_quoted_include(path)
}

# Calls that the house does not make.
function check_calls(code,    call) {
    if (match(code, "(^|[^A-Za-z0-9_.>])(" banned ")[ \t]*\\(")) {
        call = substr(code, RSTART, RLENGTH)
        gsub(/[^a-z]/, "", call)
        finding("banned-function", call "() is banned")
    }
    if (!in_source || stands_in("src/base/clock src/base/rng")) return
    if (match(code, "(^|[^A-Za-z0-9_.>])(" clocks ")[ \t]*\\(") ||
        (folder != "base" && match(code, /(^|[^A-Za-z0-9_.>])(clock_gettime|getrandom)[ \t]*\(/)))
        finding("hidden-clock", "time and randomness come from struct clock and struct rng")
}

function count_of(text, regex) {
    return gsub(regex, "&", text)
}

# Follows functions: clang-format puts their braces alone in the first column.
function follow_function(code,    commas) {
    if (code ~ /^{[ \t]*$/) {
        function_start = FNR
        function_name = signature
        sub(/[ \t]*\(.*$/, "", function_name)
        sub(/^.*[ \t*]/, "", function_name)
        commas = count_of(signature, ",") - (signature ~ /, *\.\.\./)
        if (commas >= PARAMETERS)
            printf "long signature: %d parameters, aim at %d: %s:%d %s()\n", commas + 1, PARAMETERS,
                FILENAME, FNR, function_name
        depth = 0
        return
    }
    if (code ~ /^}/) {
        if (function_start) end_function()
        function_start = 0
        signature = ""
        return
    }
    if (function_start) {
        follow_nesting(code)
    } else if (code ~ /^[ \t]*(#.*)?$/ || code ~ /[;}][ \t]*$/) {
        signature = ""
    } else {
        signature = signature " " code
    }
}

function end_function(    lines) {
    lines = FNR - function_start - 1
    if (lines > FUNCTION_LINES)
        printf "%s:%d: function-length: %s() has %d lines, at most %d\n", FILENAME, function_start,
            function_name, lines, FUNCTION_LINES
    printf "long function: %d lines: %s:%d %s()\n", lines, FILENAME, function_start, function_name
}

# Depth of control statements, told by the indentation that clang-format gives them.
function follow_nesting(code,    spaces) {
    if (code !~ /^ *(} else )?(if|for|while|switch|do)([ (]|$)/) return
    match(code, /^ */)
    spaces = RLENGTH
    depth = int(spaces / 4)
    if (depth > NESTING) finding("nesting", function_name "() nests deeper than " NESTING)
}

function check_header_end() {
    if (lines_read > HEADER_LINES)
        printf "long header: %d lines, aim at %d: %s\n", lines_read, HEADER_LINES, previous
    if (!has_guard)
        printf "%s:1: guard: wants #ifndef %s and #define %s\n", previous, guard, guard
    if (!has_threads)
        printf "%s:1: threads-line: says no word on threads (\"Threads: ...\")\n", previous
}

function end_file() {
    if (previous == "") return
    if (lines_read > FILE_LINES)
        printf "%s:%d: file-length: %d lines, at most %d\n", previous, lines_read, lines_read, FILE_LINES
    if (is_header && in_source) check_header_end()
}

function begin_file() {
    previous = FILENAME
    in_source = FILENAME ~ /^src\//
    is_header = FILENAME ~ /\.h$/
    folder = FILENAME
    sub(/^[a-z]+\//, "", folder)
    sub(/\/.*$/, "", folder)
    guard = FILENAME
    sub(/^[a-z]+\//, "", guard)
    gsub(/[^A-Za-z0-9]/, "_", guard)
    guard = toupper(guard)
    has_guard = has_threads = in_comment = function_start = 0
    signature = ""
}

FNR == 1 {
    end_file()
    begin_file()
}

{
    lines_read = FNR
    text = $0
    gsub(/[\200-\277]/, "", text) # a character of UTF-8 counts once
    if (length(text) > COLUMNS) finding("line-width", length(text) " columns, at most " COLUMNS)
    if ($0 ~ /(^|[^A-Za-z0-9_])(TODO|FIXME|XXX)([^A-Za-z0-9_]|$)/)
        finding("open-work", "finish it, or file an issue")
    if ($0 ~ /Threads:/) has_threads = 1
    code = code_of($0)
    if (in_source && code ~ /^[ \t]*#[ \t]*include/) check_include($0)
    if (code ~ /^#ifndef/ && $2 == guard) has_guard = 1
    if (in_source && code ~ /^[ \t]*#[ \t]*(el)?if.*TEST/)
        finding("test-ifdef", "faults enter through interfaces, not through #if")
    if (code ~ /^[ \t]*typedef[ \t]+(struct|union)/ && (code ~ /{/ || code !~ /\(/))
        finding("typedef-struct", "structs are not typedef'd")
    if (in_source && code ~ /^[ \t]*(typedef|struct|enum|union)[^(]*[a-z0-9]_t([ \t]*[;{]|$)/)
        finding("reserved-name", "names ending _t belong to POSIX")
    if (in_source && is_header && code ~ /^[a-z].*[ *](str|mem|wcs|is|to)[a-z][a-z0-9_]*\(/)
        finding("reserved-name", "names starting str, mem, wcs, is, to belong to C")
    if (in_source && folder == "store" && $0 ~ /(strftime\(|datetime\(|CURRENT_TIME|unixepoch\()/)
        finding("hidden-clock", "SQL gets its time as a parameter")
    check_calls(code)
    follow_function(code)
}

END { end_file() }
