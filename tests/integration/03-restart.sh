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

# 3. Killed when the command is in the spool and not yet in the journal: at the second fsync, that of the folder.
ran() { "$AGENT" log -j | jq -r --argjson id "$1" 'select(.event == "ran" and .command == $id) | .status' | tr '\n' ' '; }
# shellcheck disable=SC2317 # called by wait_for
traced() { grep -q "^TracerPid:.*[1-9]" "/proc/$AGENT_PID/status"; }
if strace -qq -e trace=none true 2>/dev/null; then
    id=$(new_command)
    once=$(sign alice file -t all -path "$data" -name none -n once)
    spawn strace "" TERM strace -qq -p "$AGENT_PID" -e trace=fsync -e inject=fsync:signal=KILL:when=2
    wait_for 20 "strace does not attach" traced || bail_out "strace does not attach"
    mapfile -t AGENT_TREE < <(process_tree "$AGENT_PID")
    send_command "$id" "$once"
    wait_for 20 "the agent is not killed" pid_gone "$AGENT_PID"
    is "$(basename "$RUN_DIR"/spool/*.job)" "$id.job" "the agent is killed between its spool and its journal"
    wait_for 30 "processes of the dead agent stay" agent_gone
    agent_run || bail_out "the agent does not start again"
    wait_for 60 "no answer to command $id" command_done "$id"
    is "$(pg_sql mig "SELECT status FROM commands WHERE id = $id") $(ran "$id")" "success success " \
        "started again, the command runs, once"
    # A finished command that comes again gets no place in the spool in which it could be killed.
    spawn strace "" TERM strace -qq -p "$AGENT_PID" -e trace=fsync -e inject=fsync:signal=KILL:when=2
    wait_for 20 "strace does not attach" traced || bail_out "strace does not attach"
    send_command "$id" "$once"
    # shellcheck disable=SC2317
    noticed() { grep -q "command $id came again and is done already" "$PLATFORM_DIR/log/mig-agent" || pid_gone "$AGENT_PID"; }
    wait_for 30 "the command does not come again" noticed
    stop_named strace
    pid_alive "$AGENT_PID"
    ok $? "a finished command that comes again is not put into the spool"
    agent_kill
    wait_for 30 "processes of the dead agent stay" agent_gone
    agent_run || bail_out "the agent does not start again"
    is "$(push "$(sign alice file -t all -path "$data" -name none -n then)")" "success: " "killed then, it goes on working"
    is "$(ran "$id")" "success " "and the finished command has not run again"
else
    tap_diag "strace can not trace here: not killed between spool and journal"
fi

# 4. The broker goes and comes.
rabbit_stop
rabbit_start "$PLATFORM_DIR" || bail_out "RabbitMQ does not start again"
out=$(mig_as alice file -t all -path "$data" -name '^big$' 2>"$PLATFORM_DIR/stderr")
is "$?" 0 "after the broker has restarted, a question is answered"
like "$out" "$data/big" "with the result"

sanitizers_quiet
ok $? "no sanitizer has a complaint in a log"
tap_done
