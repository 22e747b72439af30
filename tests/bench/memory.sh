#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# tests/bench/memory.sh [BUILD] [MIB] [COUNT]: the memory module in its worker, 10 byte strings that are not there
# against a process that holds MIB (1024) megabytes of text-like bytes, COUNT (3) times; prints the times and the speeds.
# The peer is the same search over /proc/PID/mem by grep -F. Wants root.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "${1:-$top/build}" && pwd) || exit 1
mib=${2:-1024}
count=${3:-3}
export MIG_PLUGIN_DIR=$build/plugins/memory/.libs
work=$(mktemp -d) || exit 1
trap 'exec 7>&-; rm -rf "$work"' EXIT
mkfifo "$work/in" "$work/out"
make -s -C "$build" tests/unit/memory/memory-victim || exit 1
"$build/tests/unit/memory/memory-victim" "$mib" <"$work/in" >"$work/out" &
pid=$!
exec 7>"$work/in"
read -r address <"$work/out"

strings=()
for ((i = 0; i < 10; i++)); do
    strings+=(-bytes "$(printf 'a%1x%02xb7de%02x55%02xc0ffee9%1x00%02x' "$i" $((i * 23)) $((255 - i)) $((i * 7)) "$i" $((i + 3)))")
done
timed() # TITLE COMMAND…
{
    local title=$1 i real user system
    local TIMEFORMAT='%R %U %S'
    shift
    for ((i = 0; i < count; i++)); do
        read -r real user system < <({ time "$@" >"$work/output" 2>&1; } 2>&1)
        # On a busy machine the second speed is that of the processor.
        awk -v t="$title" -v m="$mib" -v r="$real" -v c="$user" -v s="$system" 'BEGIN {
            printf "%-28s %7.3f s, %7.3f s of CPU: %6d MiB/s, %6d by CPU time\n", t, r, c + s, m / r, m / (c + s) }'
    done
}
timed "memory: 10 byte strings" "$build/cli/mig" memory -t local -name '/memory-victim$' "${strings[@]}"
cat "$work/output"
timed "memory: 1 byte string" "$build/cli/mig" memory -t local -name '/memory-victim$' "${strings[@]:0:2}"
timed "grep -F: 1 string" bash -c "dd if=/proc/$pid/mem bs=1M iflag=skip_bytes skip=$address count=$mib status=none | LC_ALL=C grep -acF c0ffee55"
