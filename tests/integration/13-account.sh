#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# An endpoint with an account of its own at the broker: made by mig-admin agent-credentials, given to the agent by
# relay.conf, and vouched for by RabbitMQ in every answer.
set -u
: "${top_srcdir:?run by make check}" "${top_builddir:?}"
# shellcheck source=scripts/lib-platform.sh
. "$top_srcdir/scripts/lib-platform.sh"
# shellcheck source=tests/integration/lib-tap.sh
. "$top_srcdir/tests/integration/lib-tap.sh"

platform_missing && skip_all "$PLATFORM_MISSING"
need_plugin file
PLATFORM_LOGS_ON_FAILURE=1
PLATFORM_QUIET=1
AGENT_HEARTBEAT=2s
# Used by lib-platform.sh.
# shellcheck disable=SC2034
SCHEDULER_MQ="agentaccounts = on"
platform_dir || bail_out "no folder"
platform_tools "$top_builddir" || bail_out "no build"
platform_up || bail_out "the platform does not start"
investigator_add alice || bail_out "no investigator alice"
site_make alice || bail_out "no site folder"
conf=$PLATFORM_DIR/etc-mig
mkdir -m 755 "$conf"
# What is built in is no account at all: the endpoint's own is the only way in.
sed -i "s|^    relay = \"amqp:.*|    relay = \"amqp://nobody:nothing@$AMQP_HOST:$AMQP_PORT/$AMQP_VHOST\"\n    confdir = \"$conf\"|" \
    "$SITE/agent.conf"
log=$PLATFORM_DIR/log/mig-agent
logged() { grep -Eq -- "$1" "$log"; }
connections() { rabbit_ctl "$PLATFORM_DIR" list_connections user client_properties | grep 'mig-agent' | cut -f 1; }

agent_up || bail_out "the agent does not start"
queueloc=$(pg_sql mig "SELECT queueloc FROM agents WHERE pid = $AGENT_PID")
wait_for 30 "the relay does not try" logged 'relay: broker .*log in'
ok $? "with the account that is built in nobody gets in"
stop_named mig-agent

passwords=$PLATFORM_DIR/broker.passwords
"$MIG_ADMIN" agent-credentials --vhost "$AMQP_VHOST" --password-file "$passwords" --output "$PLATFORM_DIR/agents.json" \
    "$queueloc" linux.another 2>"$PLATFORM_DIR/log/mig-admin" &&
    { [ -z "$RABBIT_USER" ] || chown "$RABBIT_USER" "$PLATFORM_DIR/agents.json"; } &&
    rabbit_ctl "$PLATFORM_DIR" import_definitions "$PLATFORM_DIR/agents.json" >"$PLATFORM_DIR/log/import" 2>&1
ok $? "mig-admin agent-credentials makes the accounts" || bail_out "no accounts"
password_of() { sed -n "s/^$1://p" "$passwords"; }
own=$conf/relay.conf
account() # USER PASSWORD
{
    printf '[relay]\n    user = %s\n    password = %s\n' "$1" "$2" >"$own"
    chmod 600 "$own"
}

# 1. A broken file is no silent way back to the site's account.
refused() # REGEX NAME
{
    out=$(timeout 20 "$AGENT" -f 2>&1)
    is "$?" 1 "$2: the agent does not start"
    like "$out" "$own: ?$1" "and says why"
}
account "$queueloc" "$(password_of "$queueloc")"
chmod 640 "$own"
refused 'owned by user 0, mode 0640: expected a file of root that nobody else can read' "a file that others can read"
printf '[relay]\nuser = %s\n' "$queueloc" >"$own"
chmod 600 "$own"
refused 'relay.password is missing' "half an account"
printf '[relay]\nuser = a\npassword = b\nhost = broker.example.com\n' >"$own"
refused '.*unknown key relay.host' "another broker"
printf '[relay]\nuser = a\npassword = %0256d\n' 0 >"$own"
refused 'relay.password: expected at most 255 bytes' "a password that is too long"
mv "$own" "$PLATFORM_DIR/elsewhere" && ln -s "$PLATFORM_DIR/elsewhere" "$own"
refused '.*Too many levels of symbolic links' "a symbolic link"
rm "$own"
is "$(password_of "$queueloc" | grep -c -F -f - "$log")" 0 "no password is in the log"

# 2. Another's account: RabbitMQ does not let it have this agent's queue.
: >"$log"
account linux.another "$(password_of linux.another)"
agent_run || bail_out "the agent does not start"
wait_for 30 "the broker does not refuse" logged 'relay: account linux.another of relay.conf: .*ACCESS_REFUSED'
ok $? "the account of another agent is refused this agent's queue"
stop_named mig-agent
: >"$log"
account "$queueloc" wrong
agent_run || bail_out "the agent does not start"
wait_for 30 "the broker does not refuse" logged "relay: account $queueloc of relay.conf: broker .*log in"
ok $? "a wrong password is said to be relay.conf's"
stop_named mig-agent
out=$(timeout 120 "$AGENT" -m agent-checkin 2>&1)
is "$?" 1 "a check-in that does not get in gives up by itself"
like "$out" 'the check-in did not come to its end: the broker is not to be had' "and says so"

# 3. Its own.
account "$queueloc" "$(password_of "$queueloc")"
agent_run || bail_out "the agent does not start with its account"
out=$(mig_as alice file -t all -path /usr/bin -name '^env$' 2>&1)
like "$out" "/usr/bin/env" "an agent with its own account answers"
is "$(connections)" "$queueloc" "it is the account of the connection"
is "$("$AGENT" -S | grep -c -F "$(password_of "$queueloc")")" 0 "its password is not in -S"
grep -qF "$(password_of "$queueloc")" "/proc/$AGENT_PID/environ" "$log"
is "$?" 1 "nor in its environment or log"
stop_named mig-agent

sanitizers_quiet
ok $? "no sanitizer has a complaint in a log"
tap_done
