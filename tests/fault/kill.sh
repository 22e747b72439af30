#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Investigations of a real agent while schedulers, APIs, broker, database and the agent's own parts are killed (SIGKILL) at
# random moments and started again: every command ends exactly once, with its result.
#
#   FAULT_ROUNDS=300 bash tests/fault/kill.sh     the long form; FAULT_SEED repeats a run
#
# Two schedulers and two APIs run at once. A victim is killed while an action is on its way, and is back at once; what
# the broker held in memory goes out again a minute later, when the agent beats.
set -u
: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}" "${top_builddir:=$top_srcdir/build}"
# shellcheck source=scripts/lib-platform.sh
. "$top_srcdir/scripts/lib-platform.sh"
# shellcheck source=tests/integration/lib-tap.sh
. "$top_srcdir/tests/integration/lib-tap.sh"
# shellcheck source=tests/integration/lib-inject.sh
. "$top_srcdir/tests/integration/lib-inject.sh"

platform_missing && skip_all "$PLATFORM_MISSING"
command -v curl >/dev/null || skip_all "curl is missing"
compgen -G "$top_builddir/plugins/file/.libs/file.so" >/dev/null || skip_all "the file plugin is not built as a shared object"
# The tenth takes the broker, and what it held in memory with it: another minute.
rounds=${FAULT_ROUNDS:-9}
seed=${FAULT_SEED:-$RANDOM}
RANDOM=$seed
tap_diag "$rounds rounds, FAULT_SEED=$seed"
PLATFORM_LOGS_ON_FAILURE=1
PLATFORM_QUIET=1
AGENT_HEARTBEAT=10s
platform_dir || bail_out "no folder"
platform_tools "$top_builddir" || bail_out "no build"
platform_up || bail_out "the platform does not start"
investigator_add alice || bail_out "no investigator alice"
# A key that is known here only: a token would have to be signed again for each attempt.
api_key=$(random_hex 16)
pg_sql mig "UPDATE investigators SET apikey = sha256(convert_to('$api_key', 'UTF8')), apisalt = NULL" >/dev/null
site_make alice || bail_out "no site folder"
agent_up || bail_out "the agent does not start"

# The second of each, and the same port for an API that comes back.
sed -i "s/port = 0/port = $API_PORT/; /portfile/d" "$PLATFORM_DIR/etc/api.cfg"
sed "s/port = $API_PORT/port = 0/; s|^    baseroute|    portfile = \"$PLATFORM_DIR/api2.port\"\n&|" \
    "$PLATFORM_DIR/etc/api.cfg" >"$PLATFORM_DIR/etc/api2.cfg"
start_api2()
{
    spawn mig-api-2 "" TERM "$MIG_API" -c "$PLATFORM_DIR/etc/api2.cfg"
    API2_PID=$SPAWN_PID
}
start_scheduler2()
{
    spawn mig-scheduler-2 "" TERM "$MIG_SCHEDULER" -c "$PLATFORM_DIR/etc/scheduler.cfg"
    SCHEDULER2_PID=$SPAWN_PID
}
start_api2
wait_for 60 "the second API does not start" test -s "$PLATFORM_DIR/api2.port" || bail_out "no second API"
sed -i "s/port = 0/port = $(cat "$PLATFORM_DIR/api2.port")/; /portfile/d" "$PLATFORM_DIR/etc/api2.cfg"
urls=("$API_URL" "http://127.0.0.1:$(cat "$PLATFORM_DIR/api2.port")/api/v1/")
start_scheduler2

data=$PLATFORM_DIR/data
mkdir -m 755 "$data"
echo x >"$data/needle"
# A gigabyte of zeros, which keeps a worker that hashes it there for long enough to be hit.
truncate -s 1G "$data/large"
hash=$(sha256sum "$data/needle" | cut -d ' ' -f 1)

# killed PID: with SIGKILL, and gone.
killed()
{
    kill -s KILL "$1" 2>/dev/null
    wait_for 10 "process $1 does not die" pid_gone "$1"
    sed -i "/^$1 /d" "$PLATFORM_DIR/pids"
}

# part_pid REGEX: the process of the agent with these arguments.
part_pid()
{
    local pid
    for pid in $(process_tree "$AGENT_PID"); do
        { tr '\0' ' ' <"/proc/$pid/cmdline"; } 2>/dev/null | grep -q -- "$1" && echo "$pid" && return
    done
}

strike()
{
    case $1 in
    scheduler)
        killed "$SCHEDULER_PID"
        spawn mig-scheduler "" TERM "$MIG_SCHEDULER" -c "$PLATFORM_DIR/etc/scheduler.cfg"
        SCHEDULER_PID=$SPAWN_PID
        ;;
    scheduler2)
        killed "$SCHEDULER2_PID"
        start_scheduler2
        ;;
    api)
        killed "$API_PID"
        spawn mig-api "" TERM "$MIG_API" -c "$PLATFORM_DIR/etc/api.cfg"
        API_PID=$SPAWN_PID
        ;;
    api2)
        killed "$API2_PID"
        start_api2
        ;;
    postgres)
        killed "$PG_PID"
        pg_again || bail_out "PostgreSQL does not start again"
        revive
        ;;
    rabbitmq)
        killed "$RABBIT_PID"
        stop_named epmd
        rabbit_start "$PLATFORM_DIR" || bail_out "RabbitMQ does not start again"
        ;;
    relay)
        kill -s KILL "$(part_pid @relay)" 2>/dev/null
        ;;
    verifier)
        kill -s KILL "$(part_pid @verifier)" 2>/dev/null
        ;;
    worker)
        # What it was at ends as failed, once.
        # shellcheck disable=SC2317
        at_work() { worker=$(part_pid 'role=worker file') && [ -n "$worker" ]; }
        within 10 at_work && kill -s KILL "$worker" 2>/dev/null && workers=$((workers + 1))
        ;;
    supervisor)
        agent_kill
        wait_for 30 "processes of the dead agent stay" agent_gone
        agent_run || bail_out "the agent does not start again"
        ;;
    esac
}

# Its children end by themselves; until the last has, a new one refuses to start.
pg_again()
{
    local i
    for ((i = 0; i < 20; i++)); do
        rm -f "$PG_SOCKET/data/postmaster.pid"
        pg_run "$PLATFORM_DIR" 2>/dev/null && return 0
    done
    return 1
}

# An API that was started while the database was away has refused to.
revive()
{
    pid_alive "$API_PID" || strike api
    pid_alive "$API2_PID" || strike api2
}

# stored NAME: whether the action is in the database; fails too while that is away.
stored()
{
    [ "$(pg_sql mig "SELECT count(*) FROM actions WHERE name = '$1'" 2>/dev/null)" = 1 ]
}

# post NAME JSON: to either API until one has it. Whether a lost answer was a yes is asked of the database.
post()
{
    local limit=$((SECONDS + 120)) n=0
    until stored "$1"; do
        [ "$SECONDS" -lt "$limit" ] || return 1
        revive
        curl -sS -o /dev/null --max-time 10 -H "X-MIGAPIKEY: $api_key" --data-urlencode "action=$2" \
            "${urls[n++ % 2]}action/create/" 2>/dev/null
    done
}

open_commands()
{
    pg_sql mig "SELECT count(*) FROM actions WHERE status <> 'completed'" 2>/dev/null
}
all_landed()
{
    [ "$(open_commands)" = 0 ]
}

victims=(scheduler api relay verifier postgres scheduler2 supervisor worker api2 rabbitmq)
posted=0
workers=0
for ((round = 0; round < rounds; round++)); do
    victim=${victims[round % ${#victims[@]}]}
    question=(-path "$data" -name '^needle$')
    [ "$victim" = worker ] && question=(-path "$data" -sha2 "$hash")
    action=$(sign alice file -t "status='online'" "${question[@]}" -n "round $round" -e 3600s)
    [ -n "$action" ] || bail_out "mig signs nothing"
    post "round $round" "$action" && posted=$((posted + 1))
    # Somewhere between the action's arrival and its end.
    read -r -t "0.$(printf '%03d' $((RANDOM % 400)))" <> <(:)
    strike "$victim"
done
if [ "$rounds" -ge 8 ]; then
    [ "$workers" -gt 0 ]
    ok $? "workers were hit: $workers"
fi
is "$posted" "$rounds" "every action is stored once"
wait_for $((180 + rounds)) "$(open_commands) actions stay open" all_landed
ok $? "every action is completed"
is "$(pg_sql mig "SELECT count(*) FROM commands")" "$rounds" "one command each"
# A worker that was hit has ended as failed, and says by what.
failed=$(pg_sql mig "SELECT count(*) FROM commands WHERE status = 'failed'
    AND results->0->'errors'->>0 LIKE 'plugin file crashed: killed by signal 9%'")
[ "$failed" -le "$workers" ]
ok $? "no worker fails but those that were killed ($failed of $workers hit while they ran)"
is "$(pg_sql mig "SELECT count(*) FROM commands WHERE status = 'success'")" $((rounds - failed)) \
    "every other command has ended once, with success"
is "$(pg_sql mig "SELECT count(*) FROM commands WHERE status = 'success'
    AND results->0->'elements'->'s1'->0->>'file' = '$data/needle'
    AND json_array_length(results->0->'elements'->'s1') = 1 AND json_array_length(results) = 1")" $((rounds - failed)) \
    "no result is lost or doubled"
sanitizers_quiet
ok $? "no sanitizer has a complaint in a log"
tap_done
