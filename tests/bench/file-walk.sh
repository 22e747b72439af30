#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# tests/bench/file-walk.sh [BUILD] [COUNT]: the file module beside find, grep and sha256sum, each
# COUNT times (5) in turn on a warm cache; prints the medians, in milliseconds.
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

# ours PARAMETERS: milliseconds, and on file descriptor 3 what was found
ours() {
    "$build/tests/bench/file-walk" "$build/plugins/file/.libs/file.so" "$1" | {
        read -r ms statistics
        echo "$ms"
        echo "$statistics" >&3
    }
}

# theirs COMMAND: milliseconds
theirs() {
    local start
    start=$(date +%s%N)
    bash -c "$1" >/dev/null 2>&1
    echo $((($(date +%s%N) - start) / 1000000))
}

median() {
    sort -n | sed -n "$(((count + 1) / 2))p"
}

# compare TITLE PARAMETERS COMMAND
compare() {
    local i a="" b="" found
    found=$(mktemp)
    for ((i = 0; i < count; i++)); do
        a+="$(ours "$2" 3>"$found") "
        b+="$(theirs "$3") "
    done
    # shellcheck disable=SC2086
    printf '%-36s %8s %8s   %s\n' "$1" "$(printf '%s\n' $a | median)" "$(printf '%s\n' $b | median)" \
        "$(sed 's/[{}"]//g; s/,exectime.*//' "$found")"
    rm -f "$found"
}

printf '%-36s %8s %8s   %s\n' "median of $count, ms" module tool "the module's statistics"
compare "rare name over /usr (find)" "$(search /usr '"names":["^ld\\.so\\.conf$"]')" \
    "find /usr -name ld.so.conf"
rare=$(search /usr '"names":["^ld\\.so\\.conf$"]')
command -v fdfind >/dev/null && compare "  fdfind -j2" "$rare" "fdfind -uu -j2 '^ld\\.so\\.conf\$' /usr"
command -v bfs >/dev/null && compare "  bfs" "$rare" "bfs /usr -name ld.so.conf"
compare "size and mtime over /usr (find)" "$(search /usr '"sizes":[">10m"],"mtimes":["<400d"]')" \
    "find /usr -type f -size +10M -mtime -400"
compare "sha256 of /usr (openssl, xargs -P2)" \
    "$(search /usr '"sha2":["0000000000000000000000000000000000000000000000000000000000000000"]')" \
    "find /usr -type f -print0 | xargs -0 -n 200 -P2 openssl dgst -sha256"
compare "sha256 of /usr/lib (sha256sum)" \
    "$(search /usr/lib '"sha2":["0000000000000000000000000000000000000000000000000000000000000000"]')" \
    "find /usr/lib -type f -print0 | xargs -0 sha256sum"
compare "one regex over /usr/share (grep -r)" "$(search /usr/share '"contents":["evil[0-9]+\\.example\\.(com|net)"]')" \
    "grep -rlaE 'evil[0-9]+\\.example\\.(com|net)' /usr/share"
