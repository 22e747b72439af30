#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# A cluster of two brokers with mirrored queues, as `mig-admin rabbitmq --queues mirrored` sets it up. The node that all
# are connected to is killed: scheduler and agent go to the other, and what was under way has its result.
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
platform_tools "$top_builddir" || bail_out "no build"
limit=150

# The second node: a folder, ports and a name of its own; the port mapper and the cookie of the first.
second=$PLATFORM_DIR/second
rabbit_start "$PLATFORM_DIR" || bail_out "no first node"
first_pid=$RABBIT_PID first_amqp=$AMQP_PORT first_dist=$RABBIT_DIST_PORT
mkdir -p "$second/rabbit"
cp -p "$PLATFORM_DIR/rabbit/.erlang.cookie" "$second/rabbit/"
unset AMQP_PORT RABBIT_DIST_PORT
rabbit_launch "$second" || bail_out "no second node"
second_amqp=$AMQP_PORT
rabbit_wait "$second" || bail_out "no second node"
for verb in stop_app "join_cluster mig-$first_dist@localhost" start_app; do
    # shellcheck disable=SC2086
    rabbit_ctl "$second" $verb >"$PLATFORM_DIR/log/cluster" 2>&1 || bail_out "$verb: $(cat "$PLATFORM_DIR/log/cluster")"
done
AMQP_PORT=$first_amqp RABBIT_DIST_PORT=$first_dist

passwords=$PLATFORM_DIR/passwords
"$MIG_ADMIN" rabbitmq --queues mirrored --password-file "$passwords" --output "$PLATFORM_DIR/definitions.json" 2>/dev/null
chmod 644 "$PLATFORM_DIR/definitions.json"
rabbit_ctl "$PLATFORM_DIR" import_definitions "$PLATFORM_DIR/definitions.json" >"$PLATFORM_DIR/log/cluster" 2>&1 ||
    bail_out "no definitions: $(cat "$PLATFORM_DIR/log/cluster")"
# uri ACCOUNT PORT
uri()
{
    echo "amqp://$1:$(sed -n "s/^$1://p" "$passwords")@127.0.0.1:$2/mig"
}

# rabbit_launch and rabbit_wait have done their part.
rabbit_launch()
{
    :
}
rabbit_wait()
{
    :
}
# Two nodes for each, in the same order.
AMQP_URI=$(printf '%s"\n    uri = "%s' "$(uri scheduler "$first_amqp")" "$(uri scheduler "$second_amqp")")
platform_up || bail_out "the platform does not start"
investigator_add alice || bail_out "no investigator alice"
API_KEY=$(random_hex 16)
pg_sql mig "UPDATE investigators SET apikey = sha256(convert_to('$API_KEY', 'UTF8')), apisalt = NULL" >/dev/null
AMQP_URI=$(printf '%s"\n    relay = "%s' "$(uri agent "$first_amqp")" "$(uri agent "$second_amqp")")
site_make alice || bail_out "no site folder"
agent_up || bail_out "the agent does not start"
data=$PLATFORM_DIR/data
mkdir -m 755 "$data"
echo x >"$data/needle"

is "$(post "$(question before)")" 202 "an action is posted to two nodes"
wait_for "$limit" "no result on two nodes" found before
ok $? "it has its result"

way=$(question "on the way") after=$(question after) back=$(question back)
fault_mark
post "$way" >/dev/null
kill -s KILL "$first_pid"
wait_for 30 "the first node does not die" pid_gone "$first_pid"
wait_for 60 "the scheduler does not miss it" said mig-scheduler "broker 127.0.0.1:$first_amqp does not answer.*the next one is tried"
ok $? "the scheduler goes on to the other node, and says so"
is "$(post "$after")" 202 "an action is posted to one node"
wait_for "$limit" "no result on one node" found after
ok $? "it has its result"
wait_for "$limit" "no result of what was under way" found "on the way"
ok $? "so has the one that was under way"

# The first comes back, the second goes.
AMQP_PORT=$first_amqp RABBIT_DIST_PORT=$first_dist
sed -i "/^$first_pid /d" "$PLATFORM_DIR/pids"
rabbit_env "$PLATFORM_DIR/rabbit"
spawn rabbitmq "$RABBIT_USER" KILL env -i "${RABBIT_ENV[@]}" RABBITMQ_ALLOW_INPUT=1 \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-noinput +S 2:2 -kernel inet_dist_use_interface {127,0,0,1}" "$(rabbit_server)"
wait_for 120 "the first node does not come back" port_open "$first_amqp" || bail_out "no first node"
synchronised()
{
    # Every queue has its mirror again.
    [ "$(rabbit_ctl "$PLATFORM_DIR" list_queues -p mig --no-table-headers synchronised_slave_pids 2>/dev/null |
        grep -c '<.*>')" -ge 2 ]
}
wait_for 120 "the queues are not mirrored again" synchronised
ok $? "the node that is back has the queues"
is "$(post "$back")" 202 "an action is posted"
wait_for "$limit" "no result" found back
ok $? "it has its result"
is "$(pg_sql mig "SELECT count(*) FROM commands")" 4 "no command was doubled"
tap_done
