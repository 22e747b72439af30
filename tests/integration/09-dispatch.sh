#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# dispatch and syslog: a real rsyslogd over TCP and a local socket, and a TLS server that wants a client certificate;
# what waited while the server was away arrives; the endpoint's own file says where to.
set -u
: "${top_srcdir:?run by make check}" "${top_builddir:?}"
# shellcheck source=scripts/lib-platform.sh
. "$top_srcdir/scripts/lib-platform.sh"
# shellcheck source=tests/integration/lib-tap.sh
. "$top_srcdir/tests/integration/lib-tap.sh"
# shellcheck source=tests/integration/lib-agent.sh
. "$top_srcdir/tests/integration/lib-agent.sh"
for program in rsyslogd python3 openssl; do
    command -v $program >/dev/null || [ -x /usr/sbin/$program ] || skip_all "needs $program"
done
lone_agent dispatch examplepersist
rsyslogd=$(command -v rsyslogd || echo /usr/sbin/rsyslogd)
conf=$PLATFORM_DIR/etc-mig
mkdir -p "$conf/persist"
sed -i "/^ *rundir = /a\    confdir = \"$conf\"" "$SITE/agent.conf"
echo '{"interval": 1}' >"$SITE/persist/examplepersist.json"

received=$PLATFORM_DIR/received
: >"$received"
port=$(free_port)
cat >"$PLATFORM_DIR/rsyslog.conf" <<CONF
global(workDirectory="$PLATFORM_DIR" maxMessageSize="32k" processInternalMessages="on")
module(load="imtcp")
module(load="imuxsock" SysSock.Use="off")
input(type="imtcp" address="127.0.0.1" port="$port")
input(type="imuxsock" Socket="$PLATFORM_DIR/log.sock" CreatePath="on" ParseTrusted="off")
template(name="whole" type="string" string="%pri-text% %app-name% %msgid% %msg%\n")
:msg, contains, "examplepersist" action(type="omfile" file="$received" template="whole")
CONF
syslog_up()
{
    spawn rsyslogd "" TERM "$rsyslogd" -n -f "$PLATFORM_DIR/rsyslog.conf" -i "$PLATFORM_DIR/rsyslog.pid"
    wait_for 30 "rsyslogd does not listen" port_open "$port" || bail_out "no rsyslogd"
}

counted() { sed -n 's/.*examplepersist alert \([0-9]*\).*/\1/p' "$received" | sort -n | tail -n 1; }
all_to() # NUMBER: that alert, and all from 1
{
    [ "$(seq 1 "$1" | grep -Fvxc -f <(sed -n 's/.*examplepersist alert \([0-9]*\).*/\1/p' "$received"))" = 0 ]
}
answer() { module_ask dispatch | jq -r ".elements.outputs[] | select(.name == \"syslog\") | $1"; }

# The endpoint's own file says where to; the site leaves it open.
own=$conf/persist/dispatch.json
printf '{"syslog": {"host": "127.0.0.1", "port": %s, "protocol": "tcp"}}\n' "$port" >"$own"
chmod 666 "$own"
lone_agent_up
wait_for 30 "it is obeyed" module_is dispatch misconfigured
like "$(agent_says status '.persist.modules[] | select(.module == "dispatch").reason')" 'nobody else can write' \
    "a file that others can write is not obeyed"
stop_named mig-agent
chmod 600 "$own"
lone_agent_run
failing() { [ "$(answer .failures)" -ge 1 ]; }
wait_for 30 "no attempt fails" failing
ok $? "without a server attempts fail, and are counted"
like "$(answer .error)" 'Connection refused' "the status says why"
like "$(printf '{"class":"parameters","parameters":{}}\n' | "$AGENT" -m dispatch -p)" \
    'syslog: [0-9]+ queued, 0 sent, [0-9]+ failures, the last: 127.0.0.1: Connection refused' "and prints it"
syslog_up
wait_for 90 "nothing arrives over TCP" all_to 3
ok $? "what waited arrives at rsyslogd over TCP"
like "$(head -1 "$received")" '^authpriv.info mig examplepersist \{"hostname":.*"event":\{"severity":"low","alert":"examplepersist alert' \
    "with facility, severity, program, module and event"
before=$(counted)
stop_named rsyslogd
wait_for 30 "no attempt fails" failing
syslog_up
wait_for 90 "nothing arrives after a restart" all_to $((before + 1))
ok $? "alerts arrive after rsyslogd was away"

# The site says it as well: the endpoint can not change that.
stop_named mig-agent
jq -n --arg path "$PLATFORM_DIR/log.sock" '{syslog: {path: $path}}' >"$SITE/persist/dispatch.json"
lone_agent_up
wait_for 30 "it is obeyed" module_is dispatch misconfigured
like "$(agent_says status '.persist.modules[] | select(.module == "dispatch").reason')" 'syslog is set by the site' \
    "what the site sets can not be changed by the endpoint"
stop_named mig-agent
rm "$own"
before=$(counted)
lone_agent_run
wait_for 60 "nothing arrives at the local socket" all_to $((before + 2))
ok $? "alerts arrive at a local socket of rsyslogd"

# TLS
pki=$PLATFORM_DIR/pki
mkdir "$pki"
certificate() # NAME [OPTION…]
{
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$1" \
        -addext 'subjectAltName=IP:127.0.0.1' -keyout "$pki/$1.key" -out "$pki/$1.pem" 2>/dev/null
}
certificate server && certificate client && certificate stranger || bail_out "openssl makes no certificate"
tls_up() # CERTIFICATE
{
    rm -f "$PLATFORM_DIR/tls.port"
    spawn tls-syslog "" KILL env PORT="${TLS_PORT:-0}" python3 "$top_srcdir/tests/integration/tls-syslog.py" \
        "$pki/$1.pem" "$pki/$1.key" "$pki/client.pem" "$PLATFORM_DIR/tls.port" "$received"
    wait_for 30 "the TLS server does not listen" [ -s "$PLATFORM_DIR/tls.port" ] || bail_out "no TLS server"
    TLS_PORT=$(cat "$PLATFORM_DIR/tls.port")
}
stop_named mig-agent
tls_up stranger
jq -n --argjson port "$TLS_PORT" --rawfile ca "$pki/server.pem" --rawfile cert "$pki/client.pem" \
    --rawfile key "$pki/client.key" \
    '{syslog: {host: "127.0.0.1", port: $port, protocol: "tls", ca: $ca, cert: $cert, key: $key}}' \
    >"$SITE/persist/dispatch.json"
before=$(counted)
lone_agent_up
wait_for 30 "no attempt fails" failing
like "$(answer .error)" 'certificate' "a server whose certificate is not of the CA gets nothing"
is "$(counted)" "$before" "nothing has arrived there"
stop_named tls-syslog
tls_up server
wait_for 90 "nothing arrives over TLS" all_to $((before + 3))
ok $? "alerts arrive over TLS with a client certificate"
like "$(tail -1 "$received")" '^<86>1 [0-9T:.Z-]+ [^ ]+ mig - examplepersist - \{"hostname"' "as messages of RFC 5424"
is "$(grep -c BAD "$received")" 0 "in frames of RFC 5425"
before=$(counted)
stop_named tls-syslog
wait_for 30 "no attempt fails" failing
tls_up server
wait_for 90 "nothing arrives after a restart" all_to $((before + 1))
ok $? "alerts arrive after the TLS server was away"
tap_done
