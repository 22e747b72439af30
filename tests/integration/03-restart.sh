#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Kill the agent at any point: nothing is lost, nothing is done twice.
set -u
: "${top_srcdir:?run by make check}" "${top_builddir:?}"
# shellcheck source=scripts/lib-platform.sh
. "$top_srcdir/scripts/lib-platform.sh"
# shellcheck source=tests/integration/lib-tap.sh
. "$top_srcdir/tests/integration/lib-tap.sh"

platform_missing && skip_all "$PLATFORM_MISSING"
PLATFORM_LOGS_ON_FAILURE=1
PLATFORM_QUIET=1
platform_dir || bail_out "no folder"
platform_tools "$top_builddir" || bail_out "no build"
platform_up || bail_out "the platform does not start"
investigator_add alice || bail_out "no investigator alice"
site_make alice || bail_out "no site folder"
agent_up || bail_out "the agent does not start"

# A search that is at it until it is told to go on: its one file is a pipe that nobody writes to.
data=$PLATFORM_DIR/data
mkdir -m 755 "$data"
for ((i = 0; i < 20000; i++)); do
    : >"$data/f$i"
done

count()
{
    pg_sql mig "SELECT count(*) FROM commands WHERE status = '$1'"
}

has_count()
{
    [ "$(count "$1")" = "$2" ]
}

# launch ARGS…: posts an action and does not follow it; prints its id.
launch()
{
    mig_as alice "$@" -s 2>>"$PLATFORM_DIR/log/mig" >"$PLATFORM_DIR/action.json" || return 1
    mig_as alice -i "$PLATFORM_DIR/action.json" --now >"$PLATFORM_DIR/out" 2>"$PLATFORM_DIR/err" &
    LAUNCHED=$!
}

spooled()
{
    [ -n "$(find "$RUN_DIR" -path '*spool*' -type f 2>/dev/null)" ]
}

# 1. Killed in the middle of an operation.
mig_as alice file -s -t all -path "$data" -name 'f1$' -content nothing -n long \
    >"$PLATFORM_DIR/long.json" 2>>"$PLATFORM_DIR/log/mig"
HOME=$PLATFORM_DIR/home-alice "$MIG" -i "$PLATFORM_DIR/long.json" >"$PLATFORM_DIR/out" 2>"$PLATFORM_DIR/err" &
follower=$!
wait_for 20 "the agent has not taken the command" spooled || bail_out "no command in the spool"
agent_kill
ok 0 "the supervisor is killed with a command in its spool"
agent_run || bail_out "the agent does not start again"
wait "$follower"
is "$?" 0 "the action ends all the same"
is "$(count success)" 1 "with one answer"
is "$(pg_sql mig "SELECT count(*) FROM commands")" 1 "to one command"

tap_done
