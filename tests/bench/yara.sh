#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# tests/bench/yara.sh [BUILD] [FOLDER] [COUNT]: the yara module in its worker beside `yara -p 2 -r` with the same rules
# over FOLDER (/usr/lib), each COUNT times (5) in turn on a warm cache, two threads each; prints the times in
# milliseconds and how many matches there were. Over FOLDER's files without its symbolic links: the module scans what
# a link to a file leads to, yara goes into folders that links lead to, or, with -N, ignores links.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "${1:-$top/build}" && pwd) || exit 1
folder=${2:-/usr/lib}
count=${3:-5}
work=$(mktemp -d -p /var/tmp) || exit 1
trap 'rm -rf "$work"' EXIT
export MIG_PLUGIN_DIR=$build/plugins/yara/.libs HOME=$work

# A hundred rules of each kind that people write.
for i in $(seq 100); do
    printf 'rule text%d { strings: $a = "evil-%d.example.com" nocase wide ascii $b = "/bin/mig-bench-%d" condition: any of them }\n' "$i" "$i" "$i"
    printf 'rule hex%d { strings: $a = { 4d 49 47 %02x ?? %02x [2-6] ca fe } condition: $a and filesize < 50MB }\n' "$i" "$((i % 256))" "$((i * 7 % 256))"
    printf 'rule regex%d { strings: $a = /mig_bench_[a-f0-9]{%d}\\.(php|jsp)/ condition: $a }\n' "$i" "$((i % 30 + 3))"
done >"$work/rules.yar"
printf 'rule elf : binary { condition: uint32(0) == 0x464c457f }\n' >>"$work/rules.yar"

timed() # TITLE COMMAND…
{
    local title=$1 times="" matches start
    shift
    "$@" >"$work/output" 2>&1
    for ((i = 0; i < count; i++)); do
        start=$(date +%s%N)
        "$@" >"$work/output" 2>"$work/errors"
        times+="$((($(date +%s%N) - start) / 1000000)) "
    done
    if ! matches=$(grep -c "$folder" "$work/output"); then
        echo "yara.sh: '$1' found nothing, not even programs: $(head -n 3 "$work/errors")" >&2
        exit 1
    fi
    printf '%-24s %-44s %s\n' "$title" "$times" "$matches matches"
}
# The same files, under other names where they may be on the same file system, without the links.
tree=$work/tree
mkdir "$tree" || exit 1
cp -al "$folder/." "$tree" 2>/dev/null || cp -a "$folder/." "$tree" || exit 1
find "$tree" -type l -delete
folder=$tree

timed "mig yara -threads 2" "$build/cli/mig" yara -t local -rules "$work/rules.yar" -files "-path $folder" -threads 2 -timeout 60
timed "yara -p 2 -r" yara -p 2 -r -a 60 "$work/rules.yar" "$folder"
