#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# tests/bench/fleet.sh [BUILD] -n AGENTS [fleet's other options]: a private platform and a fleet of simulated agents on this
# machine; see tests/bench/fleet.c. Ends with a non-zero status when a result is missing.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$top/build
if [ $# -gt 0 ] && [ -d "$1" ]; then
    build=$(cd "$1" && pwd)
    shift
fi
# shellcheck source=scripts/lib-platform.sh
. "$top/scripts/lib-platform.sh"

make -s -C "$build" tests/bench/fleet >/dev/null || exit 1
platform_missing && { echo "fleet.sh: $PLATFORM_MISSING" >&2; exit 1; }
PLATFORM_LOGS_ON_FAILURE=${FLEET_LOGS-1}
# With fsync, as in earnest.
export PG_FSYNC=on
# A connection an agent: both sides of each are in this network namespace.
ulimit -n "$(ulimit -Hn)"
platform_dir && platform_tools "$build" && key_make bench && platform_up && investigator_add bench || exit 1

"$build/tests/bench/fleet" -p "mig-scheduler=$SCHEDULER_PID" -p "mig-api=$API_PID" -p "postgres=$PG_PID" \
    -p "rabbitmq=$RABBIT_PID" "$@" "$PLATFORM_DIR/home-bench/.migrc" "$AMQP_URI" "$DB_CONNINFO"
