#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# How an agent lives on its endpoint: brokers and proxies of which some are dead, TLS on both sides, the endpoint's own
# file, check-ins, the bounds of its unit, an init that is not systemd.
set -u
: "${top_srcdir:?run by make check}" "${top_builddir:?}"
# shellcheck source=scripts/lib-platform.sh
. "$top_srcdir/scripts/lib-platform.sh"
# shellcheck source=tests/integration/lib-tap.sh
. "$top_srcdir/tests/integration/lib-tap.sh"
# shellcheck source=tests/integration/lib-pki.sh
. "$top_srcdir/tests/integration/lib-pki.sh"

platform_missing && skip_all "$PLATFORM_MISSING"
for program in python3 openssl; do
    command -v $program >/dev/null || skip_all "needs $program"
done
need_plugin file example
PLATFORM_LOGS_ON_FAILURE=1
PLATFORM_QUIET=1
AGENT_HEARTBEAT=5s
platform_dir || bail_out "no folder"
platform_tools "$top_builddir" || bail_out "no build"
pki=$PLATFORM_DIR/pki
pki_make "$pki" || bail_out "openssl makes no certificates"
tls_port=$(free_port)
# Used by lib-platform.sh.
# shellcheck disable=SC2034
RABBIT_CONF="listeners.ssl.1 = 127.0.0.1:$tls_port
ssl_options.cacertfile = $pki/ca.pem
ssl_options.certfile = $pki/server.pem
ssl_options.keyfile = $pki/server.key
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = true"
platform_up || bail_out "the platform does not start"
investigator_add alice || bail_out "no investigator alice"
site_make alice || bail_out "no site folder"

spawn proxy "" KILL python3 "$top_srcdir/tests/integration/connect-proxy.py" "$PLATFORM_DIR/proxy.port" \
    "$PLATFORM_DIR/proxy.log" "someone:hunter2"
wait_for 30 "no proxy" [ -s "$PLATFORM_DIR/proxy.port" ] || bail_out "no proxy"
proxy=127.0.0.1:$(cat "$PLATFORM_DIR/proxy.port")
dead=$(free_port)
conf=$PLATFORM_DIR/etc-mig
mkdir -m 755 "$conf"
mkdir "$SITE/tls"
cp "$pki/ca.pem" "$SITE/tls/ca.pem"
cp "$pki/client.pem" "$SITE/tls/cert.pem"
cp "$pki/client.key" "$SITE/tls/key.pem"
secure=amqps://$AMQP_USER:$AMQP_PASSWORD@localhost
sed -i "s|^    relay = \"amqp:.*|    relay = \"$secure:$dead/$AMQP_VHOST\"\n    relay = \"$secure:$tls_port/$AMQP_VHOST\"\n\
    proxies = 127.0.0.1:$dead, someone:hunter2@$proxy\n    confdir = \"$conf\"\n    discoverpublicip = on|" "$SITE/agent.conf"

# 1. Relays and proxies in their order, AMQPS with a client certificate through CONNECT.
agent_up || bail_out "the agent does not start"
log=$PLATFORM_DIR/log/mig-agent
# shellcheck disable=SC2317 # called by wait_for
tried() { grep -q 'relay: broker .* by proxy' "$log"; }
wait_for 30 "the relay tries no proxy" tried
like "$(grep -m1 'relay: broker .* by proxy' "$log")" "broker localhost:$dead by proxy 127.0.0.1:$dead: " \
    "the first proxy is tried first, and said to be dead"
# shellcheck disable=SC2317 # called by wait_for
connected() { grep -q "connected to the broker by proxy $proxy" "$log"; }
wait_for 60 "the agent does not connect" connected
ok $? "the second proxy and the second relay connect it"
is "$(sort -u "$PLATFORM_DIR/proxy.log")" "$(printf 'CONNECT %s\n' "127.0.0.1:$API_PORT" "localhost:$tls_port" | sort)" \
    "broker and API are both reached through it"
is "$(grep -c hunter2 "$log")$("$AGENT" -S | grep -c hunter2)" 00 "the proxy's password is in no log and not in -S"
# shellcheck disable=SC2317
recorded() # SQL-CONDITION
{
    [ -n "$(pg_sql mig "SELECT 1 FROM agents WHERE pid = $AGENT_PID AND $1")" ]
}
wait_for 30 "the record does not say it" recorded \
    "environment->>'isproxied' = 'true' AND environment->>'proxy' = '$proxy' AND environment->>'publicip' = '127.0.0.1'"
ok $? "the record has the proxy, and the address that the API sees"
out=$(mig_as alice file -t "environment->>'isproxied' = 'true'" -path /usr/bin -name '^env$' 2>&1)
like "$out" "/usr/bin/env" "a question by that record is answered through it"
stop_named proxy
out=$(mig_as alice file -t all -path /usr/bin -name '^env$' 2>&1)
like "$out" "/usr/bin/env" "without any proxy left it connects directly"

# 2. The endpoint's own file.
stop_named mig-agent
own=$conf/agent.conf
refused() # TEXT REGEX NAME
{
    printf '%b' "$1" >"$own"
    out=$(timeout 20 "$AGENT" -f 2>&1)
    is "$?" 1 "$3: the agent does not start"
    like "$out" "^mig-agent: $own: ?$2" "and says why"
}
refused '[limits]\ncpu = 601\n' "limits.cpu: 601 is over the site's 600: a file here can narrow" "a limit over the site's"
refused '[agent]\nmaxworker = 1\n' '.*2.*maxworker' "a key that there is not"
refused '[modules]\noff = exampel\n' "modules.off: this agent has no module 'exampel'" "a module that there is not"
printf '[agent]\nextraprivacymode = on\ntags = owner:bob\nmaxworkers = 1\n[modules]\noff = example\n' >"$own"
chmod 666 "$own"
like "$(timeout 20 "$AGENT" -f 2>&1)" "^mig-agent: $own: owned by user 0, mode 0666: expected a file of root" \
    "a file that others can write: it says so"
chmod 600 "$own"
agent_run || bail_out "the agent does not start with its endpoint's file"
wait_for 30 "the tags are not told" recorded "tags->>'owner' = 'bob' AND tags->>'site' = 'demo'"
ok $? "its tags are added to the site's"
is "$(pg_sql mig "SELECT count(*) FROM agents WHERE pid = $AGENT_PID AND (environment->'modules')::jsonb ? 'example'")" 0 \
    "a module that is off is none of the agent's"
out=$(mig_as alice example -t "tags->>'owner'='bob'" -gethostname 2>&1)
like "$out" "module 'example' is switched off on this endpoint \(modules.off\)" "and does not run"
out=$(mig_as alice file -t all -path /usr/bin -name '^env$' 2>&1)
like "$out" "masked" "private fields are masked"
is "$("$AGENT" -S | jq -c '[.modulesoff, .agent.maxworkers, .extraprivacymode]')" '[["example"],1,true]' "-S shows what is left"
like "$(printf '{"class":"parameters","parameters":{}}' | "$AGENT" -m example)" "switched off on this endpoint" \
    "nor does it by -m"

# 3. Check-ins.
stop_named mig-agent
rm "$own"
mig_as alice file -t all -e 120s -path /usr/bin -name '^env$' >"$PLATFORM_DIR/asked" 2>&1 &
asked=$!
# shellcheck disable=SC2317
waits() { [ "$(pg_sql mig "SELECT count(*) FROM commands WHERE status = 'sent'")" = 1 ]; }
wait_for 30 "no command waits" waits
out=$(timeout 90 "$AGENT" -m agent-checkin 2>&1)
is "$?" 0 "a check-in takes what is queued and ends by itself"
like "$out" "checked in: 1 commands accepted, 1 answered" "having answered it"
wait "$asked"
like "$(cat "$PLATFORM_DIR/asked")" "/usr/bin/env" "who had asked has the answer"
is "$(pg_sql mig "SELECT mode FROM agents ORDER BY heartbeattime DESC LIMIT 1")" checkin "its heartbeats say what it is"

# 4. Within the bounds of its unit: capabilities and no new privileges.
unit=$top_builddir/core/agent/mig-agent.service
caps=$(sed -n 's/^CapabilityBoundingSet=//p' "$unit" | tr '[:upper:] ' '[:lower:],' | sed 's/cap_/+/g')
bounded()
{
    spawn mig-agent "" TERM setpriv --no-new-privs --bounding-set "-all,$caps" --inh-caps "-all" "$AGENT" -f
    AGENT_PID=$SPAWN_PID
    wait_for 90 "the agent does not answer" agent_ready
}
bounded || bail_out "the agent does not start within the bounds of its unit"
is "$(awk '$1 == "CapBnd:" {print $2}' "/proc/$AGENT_PID/status")" "$(setpriv --bounding-set "-all,$caps" \
    awk '$1 == "CapBnd:" {print $2}' /proc/self/status)" "the agent runs with the capabilities that its unit leaves"
mkdir -m 700 "$PLATFORM_DIR/closed"
echo needle >"$PLATFORM_DIR/closed/needle"
chown 64803 "$PLATFORM_DIR/closed" "$PLATFORM_DIR/closed/needle"
chmod 600 "$PLATFORM_DIR/closed/needle"
out=$(mig_as alice file -t all -path "$PLATFORM_DIR/closed" -name needle -content '^needle$' -show all 2>&1)
like "$out" "closed/needle" "there it reads the files of others"
if [ -f "$PLUGIN_DIR/memory.so" ]; then
    out=$(mig_as alice memory -t all -name '/gpg-agent$' -bytes 7f454c46 -show all 2>&1)
    like "$out" "gpg-agent" "and the memory of others"
fi
if [ -f "$PLUGIN_DIR/netstat.so" ]; then
    out=$(mig_as alice netstat -t all -lp "$API_PORT" -show all 2>&1)
    like "$out" "found listening port $API_PORT" "and the host's sockets"
fi
stop_named mig-agent

# 5. Under another init: sent to the background and ended by its tools.
if command -v start-stop-daemon >/dev/null; then
    start-stop-daemon --start --background --make-pidfile --pidfile "$PLATFORM_DIR/agent.pid" --startas "$AGENT" -- -f
    # shellcheck disable=SC2317
    up() { [ "$("$AGENT" -q pid 2>/dev/null)" = "$(cat "$PLATFORM_DIR/agent.pid" 2>/dev/null)" ]; }
    wait_for 30 "no agent" up
    ok $? "start-stop-daemon starts it, and -q pid says what its pid file says"
    AGENT_PID=$(cat "$PLATFORM_DIR/agent.pid")
    start-stop-daemon --stop --quiet --retry 20 --pidfile "$PLATFORM_DIR/agent.pid"
    ok $? "and stops it"
    is "$("$AGENT" -q pid 2>&1 | grep -c 'no agent answers')" 1 "nothing of it is left"
fi

# 6. Under runit, which starts it again when it is killed.
if command -v runsv >/dev/null; then
    service=$PLATFORM_DIR/service
    mkdir "$service"
    printf '#!/bin/sh\nexec %s -f 2>&1\n' "$AGENT" >"$service/run"
    chmod 755 "$service/run"
    spawn runsv "" TERM runsv "$service"
    old=
    # shellcheck disable=SC2317
    up()
    {
        AGENT_PID=$("$AGENT" -q pid 2>/dev/null) && [ "$AGENT_PID" = "$(cat "$service/supervise/pid")" ] &&
            [ "$AGENT_PID" != "$old" ]
    }
    wait_for 30 "no agent" up
    ok $? "runit starts it"
    old=$AGENT_PID
    kill -KILL "$old"
    wait_for 60 "no agent again" up
    ok $? "and starts it again when it is killed"
    sv -w 20 down "$service" >/dev/null
    ok $? "and stops it"
    is "$("$AGENT" -q pid 2>&1 | grep -c 'no agent answers')" 1 "nothing of it is left"
    stop_named runsv
fi

sanitizers_quiet
ok $? "no sanitizer has a complaint in a log"
tap_done
