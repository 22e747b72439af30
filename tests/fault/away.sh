#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# The broker goes away, then the database, under work that is under way: each says so, nothing is lost, and all go on by
# themselves when it is back.
#
#   FAULT_AWAY=60 bash tests/fault/away.sh     the long form: away for a minute each; FAULT_ROUNDS repeats it
set -u
: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}" "${top_builddir:=$top_srcdir/build}"
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
fault_up
# How long what was sent before may take: the agent's next beat after the wait for it (MIG_DISPATCH_RESEND_S).
limit=150

for ((round = 1; round <= ${FAULT_ROUNDS:-1}; round++)); do
    # The broker. One command is under way, one action comes while it is away.
    first=$(question "broker first $round") second=$(question "broker second $round")
    fault_mark
    post "$first" >/dev/null
    since=$SECONDS
    rabbit_stop
    is "$(post "$second")" 202 "without a broker, an action is taken"
    wait_for 60 "the scheduler does not miss the broker" said mig-scheduler "lane dispatch: broker 127.0.0.1:$AMQP_PORT"
    ok $? "the scheduler says that the broker is away"
    wait_for 60 "the agent does not miss the broker" said mig-agent "broker 127.0.0.1:$AMQP_PORT"
    ok $? "so does the agent"
    away_for_long "$since"
    rabbit_start "$PLATFORM_DIR" || bail_out "RabbitMQ does not start again"
    wait_for "$limit" "no result of the second" found "broker second $round"
    ok $? "the action that came meanwhile has its result"
    wait_for "$limit" "no result of the first" found "broker first $round"
    ok $? "so has the one that was under way"

    # The database. The answer of the agent comes while it is away.
    first=$(question "database first $round") second=$(question "database second $round")
    fault_mark
    is "$(post "$first")" 202 "an action is posted"
    since=$SECONDS
    pg_stop
    wait_for 60 "the scheduler does not miss the database" said mig-scheduler 'lane (collect|agents|intake|expire): database'
    ok $? "the scheduler says that the database is away"
    status=$(post "$second")
    like "$status" '^50[03]$' "the API takes no action"
    grep -Eq '5432|migapi|socket|libpq|SQLSTATE' "$PLATFORM_DIR/answer"
    is "$?" 1 "and shows no internals"
    away_for_long "$since"
    pg_run "$PLATFORM_DIR" || bail_out "PostgreSQL does not start again"
    wait_for "$limit" "no result of the first" found "database first $round"
    ok $? "the action that was under way has its result"
    again=$(question "database third $round")
    is "$(post "$again")" 202 "the same API takes actions again"
    wait_for "$limit" "no result of the third" found "database third $round"
    ok $? "which have results"
done
is "$(pg_sql mig "SELECT count(*) FROM commands")" "$((4 * (round - 1)))" "no command was doubled"
pid_alive "$API_PID" && pid_alive "$SCHEDULER_PID" && pid_alive "$AGENT_PID"
ok $? "no program has ended"
sanitizers_quiet
ok $? "no sanitizer has a complaint in a log"
tap_done
