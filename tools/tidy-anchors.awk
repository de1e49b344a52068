# Links to a heading of a Markdown page, as in [words](page.md#heading): the heading is there.
# Called by tools/tidy with all pages, twice: for their headings, then for their links. A heading's
# anchor is what GitHub makes of it: small letters, digits, - and _, with - for each space, and a
# number behind when the page had it before.

FNR == 1 {
    fenced = 0
    if (FILENAME in begun)
        checking = 1
    begun[FILENAME] = 1
}

/^ *(```|~~~)/ { fenced = !fenced }
fenced { next }

!checking && /^#+ / { note(FILENAME, slug_of($0)) }
!checking { note_ids($0) }
checking { check_links($0) }

function slug_of(heading) {
    sub(/^#+ +/, "", heading)
    sub(/ +#* *$/, "", heading)
    gsub(/\]\([^)]*\)/, "", heading)
    heading = tolower(heading)
    gsub(/[!-,.\/:-@[-^`{-~]/, "", heading)
    gsub(/ /, "-", heading)
    return heading
}

function note(page, slug,   times) {
    times = seen[page, slug]++
    anchors[page, times > 0 ? slug "-" times : slug] = 1
}

function note_ids(text) {
    while (match(text, /<[^>]* (id|name)="[^"]+"/)) {
        found = substr(text, RSTART, RLENGTH - 1)
        text = substr(text, RSTART + RLENGTH)
        sub(/.*"/, "", found)
        anchors[FILENAME, found] = 1
    }
}

function check_links(text,   link, page, anchor) {
    gsub(/`[^`]*`/, "", text)
    while (match(text, /\]\([^) ]*#[^) ]+/)) {
        link = substr(text, RSTART + 2, RLENGTH - 2)
        text = substr(text, RSTART + RLENGTH)
        if (link ~ /^[a-z]+:/)
            continue
        anchor = page = link
        sub(/^[^#]*#/, "", anchor)
        sub(/#.*/, "", page)
        page = page == "" ? FILENAME : beside(FILENAME, page)
        if (page in begun && !((page, anchor) in anchors))
            printf "%s:%d: broken-link: there is no heading #%s in %s\n", FILENAME, FNR, anchor, page
    }
}

# The page that a link of another one means.
function beside(from, link) {
    if (!sub(/\/[^\/]*$/, "", from))
        from = "."
    link = from "/" link
    while (sub(/\/\.\//, "/", link) || sub(/[^\/.]+\/\.\.\//, "", link))
        continue
    sub(/^\.\//, "", link)
    return link
}
