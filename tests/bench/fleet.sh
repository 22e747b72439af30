#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# A private platform and a fleet of simulated agents on this machine; see tests/bench/fleet.c.
#
#   tests/bench/fleet.sh [BUILD] -n AGENTS [fleet's other options]   one fleet
#   tests/bench/fleet.sh [BUILD] table                               3,000 and 10,000 agents, what must hold
#   tests/bench/fleet.sh [BUILD] growth                              1,000, 10,000 and 50,000 agents, 50,000 beating
#
# Ends with 1 when a result is missing, 3 when a limit is not held: on a machine that does nothing else.
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
# As docs/operator.md has it: memory that a queue gives back is kept for the next.
export RABBIT_ERL_ARGS=${RABBIT_ERL_ARGS-+MHlmbcs 8192 +MBlmbcs 8192 +MHacul 0 +MBacul 0}
# A connection an agent: both sides of each are in this network namespace.
ulimit -n "$(ulimit -Hn)"

# Each fleet has a platform of its own, which ends with the shell that started it.
several()
{
    local fleet status=0 out
    out=$(mktemp) || return 1
    for fleet; do
        # shellcheck disable=SC2086
        bash "$0" "$build" $fleet | tee -a "$out" || [ "${PIPESTATUS[0]}" = 3 ] || status=1
    done
    printf '\n'
    grep '^|' "$out" | sed 's/^\(| [0-9]* agents, .*\)$/\n\1\n| --- | --- | --- | --- |/'
    grep -q '| NO |$' "$out" && [ "$status" = 0 ] && status=3
    rm -f "$out"
    return "$status"
}

case ${1:-} in
table)
    several '-n 3000 -r 3' '-n 10000 -c 20 -r 3'
    exit
    ;;
growth)
    several '-n 1000 -c 20 -r 3' '-n 10000 -c 20 -r 3' '-n 50000 -c 20 -r 2 -b 300'
    exit
    ;;
esac
platform_dir && platform_tools "$build" && key_make bench && platform_up && investigator_add bench || exit 1

"$build/tests/bench/fleet" -p "mig-scheduler=$SCHEDULER_PID" -p "mig-api=$API_PID" -p "postgres=$PG_PID" \
    -p "rabbitmq=$RABBIT_PID" "$@" "$PLATFORM_DIR/home-bench/.migrc" "$AMQP_URI" "$DB_CONNINFO"
