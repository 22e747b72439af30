#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Kill the agent at any point: nothing is lost, nothing is done twice.
set -u
: "${top_srcdir:?run by make check}" "${top_builddir:?}"
# shellcheck source=scripts/lib-platform.sh
. "$top_srcdir/scripts/lib-platform.sh"
# shellcheck source=tests/integration/lib-tap.sh
. "$top_srcdir/tests/integration/lib-tap.sh"
# shellcheck source=tests/integration/lib-inject.sh
. "$top_srcdir/tests/integration/lib-inject.sh"

platform_missing && skip_all "$PLATFORM_MISSING"
need_plugin file
PLATFORM_LOGS_ON_FAILURE=1
PLATFORM_QUIET=1
platform_dir || bail_out "no folder"
platform_tools "$top_builddir" || bail_out "no build"
platform_up || bail_out "the platform does not start"
investigator_add alice || bail_out "no investigator alice"
site_make alice || bail_out "no site folder"
agent_up || bail_out "the agent does not start"

inject_setup || bail_out "no agent in the database"

# Its digest takes some seconds, and no space.
data=$PLATFORM_DIR/data
mkdir -m 755 "$data"
truncate -s "${RESTART_BYTES:-1G}" "$data/big"

# shellcheck disable=SC2317 # called by wait_for
spooled()
{
    [ -n "$(find "$RUN_DIR/spool" -type f 2>/dev/null)" ]
}


# 1. Killed in the middle of an operation.
long=$(sign alice file -t all -path "$data" -name big -returnsha256 -n long)
id=$(new_command)
send_command "$id" "$long" || bail_out "the command is not sent"
wait_for 20 "the agent has not taken the command" spooled || bail_out "no command in the spool"
agent_kill
is "$(pg_sql mig "SELECT status FROM commands WHERE id = $id")" sent "the agent is killed with a command in its spool"
wait_for 30 "processes of the dead agent stay" agent_gone
ok $? "its other processes have gone with it"
agent_run || bail_out "the agent does not start again"
wait_for 180 "no answer to command $id" command_done "$id"
is "$(pg_sql mig "SELECT status FROM commands WHERE id = $id")" success "started again, it answers"
is "$(pg_sql mig "SELECT results->0->'elements'->'s1'->0->>'file' FROM commands WHERE id = $id")" "$data/big" \
    "with the result"

# 2. The journal outlives the process.
like "$(push "$long")" '^failed: .*replayed action' "replayed after a restart: refused"
agent_kill
agent_run || bail_out "the agent does not start again"
like "$(push "$long")" '^failed: .*replayed action' "and after the next one"
send_command "$id" "$long"
is "$(push "$(sign alice file -t all -path "$data" -name none -n after)")" "success: " "the agent goes on working"
is "$(pg_sql mig "SELECT status FROM commands WHERE id = $id")" success "a command delivered again keeps its answer"

# 3. The broker goes and comes.
rabbit_stop
rabbit_start "$PLATFORM_DIR" || bail_out "RabbitMQ does not start again"
out=$(mig_as alice file -t all -path "$data" -name '^big$' 2>"$PLATFORM_DIR/stderr")
is "$?" 0 "after the broker has restarted, a question is answered"
like "$out" "$data/big" "with the result"

sanitizers_quiet
ok $? "no sanitizer has a complaint in a log"
tap_done
