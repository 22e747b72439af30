#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# No space left under the agent's spool, the database, the broker: who is hit says so, nothing is lost, and all go on by
# themselves when there is space again. The three live on small file systems in memory, in a mount namespace of this test.
#
#   FAULT_AWAY=60 bash tests/fault/disk.sh     the long form: full for a minute each
set -u
: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}" "${top_builddir:=$top_srcdir/build}"
if [ -z "${DISK_NAMESPACE:-}" ]; then
    unshare --mount --propagation private true 2>/dev/null ||
        { echo "1..0 # SKIP may not make a mount namespace"; exit 0; }
    export top_srcdir top_builddir DISK_NAMESPACE=1
    exec unshare --mount --propagation private bash "$0" "$@"
fi
# shellcheck source=scripts/lib-platform.sh
. "$top_srcdir/scripts/lib-platform.sh"
# shellcheck source=tests/integration/lib-tap.sh
. "$top_srcdir/tests/integration/lib-tap.sh"
# shellcheck source=tests/integration/lib-inject.sh
. "$top_srcdir/tests/integration/lib-inject.sh"
# shellcheck source=tests/fault/lib-fault.sh
. "$top_srcdir/tests/fault/lib-fault.sh"

platform_missing && skip_all "$PLATFORM_MISSING"
command -v curl >/dev/null || skip_all "curl is missing"
need_plugin file
PLATFORM_LOGS_ON_FAILURE=1
PLATFORM_QUIET=1
export AGENT_HEARTBEAT=10s
platform_dir || bail_out "no folder"
# platform_exit removes the folder, which it can not while these are mounted.
finish()
{
    local status=$?
    platform_down
    umount -l "$PLATFORM_DIR/run" "$PLATFORM_DIR/pg" "$PLATFORM_DIR/rabbit" 2>/dev/null
    (exit "$status")
    platform_exit
}
trap finish EXIT
mkdir "$PLATFORM_DIR/run" "$PLATFORM_DIR/pg" "$PLATFORM_DIR/rabbit"
mount -t tmpfs -o size=2m,mode=0700 mig-run "$PLATFORM_DIR/run" &&
    mount -t tmpfs -o size=160m,mode=0711 mig-pg "$PLATFORM_DIR/pg" &&
    mount -t tmpfs -o size=96m,mode=0700 mig-rabbit "$PLATFORM_DIR/rabbit" || skip_all "may not mount"
# Below this the broker takes nothing; it looks more often the less there is.
RABBIT_CONF='disk_free_limit.absolute = 24MB'
export RABBIT_CONF
fault_up
limit=150

# fill FOLDER: to the last block; again, what was freed since.
fill()
{
    cat /dev/zero >>"$1/filler" 2>/dev/null
    [ "$(df --output=avail "$1" | tail -n 1)" -eq 0 ]
}

# The spool: a command is not taken, so the broker keeps it.
first=$(question "spool")
fault_mark
fill "$RUN_DIR" || bail_out "$RUN_DIR is not full"
since=$SECONDS
is "$(post "$first")" 202 "the spool is full: an action is posted"
wait_for 60 "the agent does not miss space" said mig-agent 'No space left on device'
ok $? "the agent says that there is no space"
away_for_long "$since"
rm "$RUN_DIR/filler"
wait_for "$limit" "no result with space in the spool" found "spool"
ok $? "with space again, the command has its result"

# The database: what it has said yes to is there afterwards, and it says no in between.
fault_mark
actions=()
for ((i = 0; i < 12; i++)); do
    # Of some size, and no compression helps.
    actions+=("$(question "database $i" "$(random_hex 450)")")
done
fill "$PLATFORM_DIR/pg" || bail_out "the database's disk is not full"
since=$SECONDS
taken=() refused=()
for ((i = 0; i < 12; i++)); do
    # A checkpoint may have removed a file.
    fill "$PLATFORM_DIR/pg"
    if [ "$(post "${actions[i]}")" = 202 ]; then taken+=("$i"); else refused+=("$i"); fi
done
tap_diag "of 12 actions ${#taken[@]} were taken on a full disk"
[ "${#refused[@]}" -gt 0 ]
ok $? "the database is full: the API takes no action"
grep -Eq 'SQLSTATE|extend file|No space' "$PLATFORM_DIR/answer"
is "$?" 1 "and shows no internals"
said mig-api 'No space left on device'
ok $? "its log says that there is no space"
away_for_long "$since"
rm "$PLATFORM_DIR/pg/filler"
pid_alive "$PG_PID" || pg_run "$PLATFORM_DIR" || bail_out "PostgreSQL does not start again"
for i in "${refused[@]}"; do
    is "$(post "${actions[i]}")" 202 "with space again, action $i is taken"
done
all_found()
{
    local i
    for ((i = 0; i < 12; i++)); do
        found "database $i" || return 1
    done
}
wait_for "$limit" "actions stay open" all_found
ok $? "each of the 12 has its result, once"

# The broker: it takes nothing for want of space, and says so to who publishes.
first=$(question "broker")
fault_mark
fill "$PLATFORM_DIR/rabbit"
alarmed()
{
    grep -q 'Disk free space is insufficient\|disk resource limit alarm set' "$PLATFORM_DIR/log/rabbitmq"
}
wait_for 60 "the broker does not miss space" alarmed || bail_out "no alarm of the broker"
since=$SECONDS
is "$(post "$first")" 202 "the broker's disk is full: an action is taken"
wait_for 60 "the scheduler does not say so" said mig-scheduler \
    "lane dispatch: broker 127.0.0.1:$AMQP_PORT: it takes nothing at present: low on disk"
ok $? "the scheduler says what the broker lacks"
away_for_long "$since"
rm "$PLATFORM_DIR/rabbit/filler"
wait_for "$limit" "no result with space for the broker" found "broker"
ok $? "with space again, the action has its result"

is "$(pg_sql mig "SELECT count(*) FROM commands")" 14 "no command was doubled"
pid_alive "$API_PID" && pid_alive "$SCHEDULER_PID" && pid_alive "$AGENT_PID"
ok $? "no program has ended"
sanitizers_quiet
ok $? "no sanitizer has a complaint in a log"
tap_done
