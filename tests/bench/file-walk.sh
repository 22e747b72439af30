#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# tests/bench/file-walk.sh [BUILD] [COUNT]: the file module beside find, bfs, fd, ripgrep and openssl,
# and beside itself with more to look for, each COUNT times (5) in turn on a warm cache. Prints the
# medians of the time that passed and of the processor's time, in milliseconds, and the ratio of
# each: on a machine that does something else as well, the second one counts. Tools that are not
# installed are left out.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "${1:-$top/build}" && pwd) || exit 1
count=${2:-5}
make -s -C "$build" tests/bench/file-walk plugins/file/file.la >/dev/null || exit 1
export LC_ALL=C.UTF-8

# search PATH FILTERS [OPTIONS]: the parameters of one search
search() {
    printf '{"searches":{"s1":{"paths":["%s"],%s"options":{"matchall":true,"threads":2%s}}}}' "$1" "${2:+$2,}" "${3:-}"
}

scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
TIMEFORMAT='%R %U %S'

# ours PARAMETERS|@FILE: milliseconds that passed and of the processor, KiB; what was found goes to
# $scratch/found
ours() {
    "$build/tests/bench/file-walk" "$build/plugins/file/.libs/file.so" "$1" >"$scratch/ours"
    cut -d' ' -f4- "$scratch/ours" >"$scratch/found"
    cut -d' ' -f1-3 "$scratch/ours"
}

# theirs COMMAND: the same of a command
theirs() {
    { time bash -c "$1" >/dev/null 2>&1; } 2>&1 | awk '{ printf "%d %d 0\n", $1 * 1000, ($2 + $3) * 1000 }'
}

# either COMMAND|PARAMETERS|@FILE
either() {
    case $1 in
        '{'* | @*) ours "$1" ;;
        *) theirs "$1" ;;
    esac
}

# median COLUMN FILE
median() {
    cut -d' ' -f"$1" "$2" | sort -n | sed -n "$(((count + 1) / 2))p"
}

# compare TITLE A B: B is a command, or parameters
compare() {
    local i
    : >"$scratch/a"
    : >"$scratch/b"
    for ((i = 0; i < count; i++)); do
        either "$3" >>"$scratch/b"
        either "$2" >>"$scratch/a"
    done
    printf '%-38s %s\n' "$1" "$(awk -v aw="$(median 1 "$scratch/a")" -v bw="$(median 1 "$scratch/b")" \
        -v ac="$(median 2 "$scratch/a")" -v bc="$(median 2 "$scratch/b")" -v kib="$(median 3 "$scratch/a")" \
        'BEGIN { printf "%7d %7d %6.2f  %7d %7d %6.2f %8d", aw, bw, aw / (bw ? bw : 1), ac, bc, ac / (bc ? bc : 1), kib }')"
}

# with TOOL TITLE A B: compare, when the tool is there
with() {
    if command -v "$1" >/dev/null; then compare "${@:2}"; fi
}

# values COUNT FORMAT: so many different strings, as the items of an array; FORMAT takes numbers
values() {
    awk -v n="$1" -v format="\"$2\"" 'BEGIN { for (i = 1; i <= n; i++) printf("%s" format, (i > 1 ? "," : ""), i * 7919, i) }'
}

any() {
    printf '{"searches":{"s1":{"paths":["%s"],%s,"options":{"matchall":false,"matchlimit":0,"threads":2}}}}' "$1" "$2"
}

printf '%-38s %7s %7s %6s  %7s %7s %6s %8s\n' "median of $count" ms beside ratio cpu-ms beside ratio KiB
rare=$(search /usr '"names":["^ld\\.so\\.conf$"]')
compare "rare name over /usr: find" "$rare" "find /usr -name ld.so.conf"
with bfs "  bfs" "$rare" "bfs /usr -name ld.so.conf"
with fdfind "  fdfind -j2" "$rare" "fdfind -uu -j2 '^ld\\.so\\.conf\$' /usr"
compare "size and mtime over /usr: find" "$(search /usr '"sizes":[">10m"],"mtimes":["<400d"]')" \
    "find /usr -type f -size +10M -mtime -400"

regex='evil[0-9]+\.example\.(com|net)'
with rg "one regex over /usr/share: rg -j2" "$(search /usr/share "\"contents\":[\"${regex//\\/\\\\}\"]")" \
    "rg -uuu -a -j2 -l '$regex' /usr/share"
any /usr/share "\"contents\":[$(values 1000 'http://host%d-%d\\\\.example/')]" >"$scratch/contents"
values 1000 'http://host%d-%d.example/' | tr ',' '\n' | tr -d '"' >"$scratch/literals"
with rg "1,000 literals over /usr/share: rg -F -f" "@$scratch/contents" \
    "rg -uuu -a -j2 -l -F -f $scratch/literals /usr/share"

zero=$(printf '%064d' 0)
any /usr "\"sha2\":[$(values 100000 '%032d%032d')]" >"$scratch/hashes"
compare "100,000 hashes over /usr: one hash" "@$scratch/hashes" "$(any /usr "\"sha2\":[\"$zero\"]")"
compare "SHA-256 of /usr: openssl, xargs -P2" "$(search /usr "\"sha2\":[\"$zero\"]")" \
    "find /usr -type f -print0 | xargs -0 -n 200 -P2 openssl dgst -sha256"
head -c 1G /dev/urandom >"$scratch/large"
compare "SHA-256 of 1 GiB: openssl" \
    "$(search "$scratch/large" "\"sha2\":[\"$zero\"]" | sed 's/"threads":2/"threads":1/')" \
    "openssl dgst -sha256 '$scratch/large'"
rm "$scratch/large"

# matches COUNT: a folder with so many files
matches() {
    mkdir "$scratch/$1" && (cd "$scratch/$1" && seq "$1" | xargs touch)
    any "$scratch/$1" '"names":["."]'
}
compare "80,000 matches: 10,000" "$(matches 80000)" "$(matches 10000)"
