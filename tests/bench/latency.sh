#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# tests/bench/latency.sh [BUILD] [COUNT]: how long one agent's answer takes, and what the agent weighs at rest.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "${1:-$top/build}" && pwd) || exit 1
# shellcheck source=scripts/lib-platform.sh
. "$top/scripts/lib-platform.sh"

make -s -C "$build" tests/bench/latency >/dev/null || exit 1
platform_missing && { echo "latency.sh: $PLATFORM_MISSING" >&2; exit 1; }
PLATFORM_LOGS_ON_FAILURE=1
# With fsync, as in earnest.
export PG_FSYNC=on
platform_dir && platform_tools "$build" && key_make bench && platform_up && investigator_add bench &&
    site_make bench && agent_up || exit 1

"$build/tests/bench/latency" "$PLATFORM_DIR/home-bench/.migrc" "${2:-20}" || exit 1

total=0
for pid in $(process_tree "$AGENT_PID"); do
    pss=$(awk '$1 == "Pss:" {print $2}' "/proc/$pid/smaps_rollup")
    total=$((total + pss))
    echo "process $pid ($(tr '\0' ' ' <"/proc/$pid/cmdline" | cut -c1-40)): $pss KiB"
done
echo "agent at rest, sum of PSS: $total KiB"
