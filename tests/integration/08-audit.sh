#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# audit in a real agent: records that the kernel really sends, of this test's own making, become alerts; the kernel's
# audit stays as it is.
set -u
: "${top_srcdir:?run by make check}" "${top_builddir:?}"
# shellcheck source=scripts/lib-platform.sh
. "$top_srcdir/scripts/lib-platform.sh"
# shellcheck source=tests/integration/lib-tap.sh
. "$top_srcdir/tests/integration/lib-tap.sh"
# shellcheck source=tests/integration/lib-agent.sh
. "$top_srcdir/tests/integration/lib-agent.sh"
command -v python3 >/dev/null || skip_all "needs python3"

# audit.py listen|send TEXT… [COUNT]: USER_AVC is the one message that the kernel takes while nothing is audited.
audit_py()
{
    python3 - "$@" <<'P'
import socket, struct, sys
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 9)  # NETLINK_AUDIT
if sys.argv[1] == "listen":
    s.bind((0, 1))
    s.settimeout(3)
    k = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 9)
    k.sendto(struct.pack("=IHHII", 16 + 6, 1107, 5, 0, 0) + b"probe\0", (0, 0))
    sys.exit(0 if b"probe" in s.recv(9000) else 1)
for i in range(int(sys.argv[3]) if len(sys.argv) > 3 else 1):
    text = (sys.argv[2] % i if "%" in sys.argv[2] else sys.argv[2]).encode() + b"\0"
    s.sendto(struct.pack("=IHHII", 16 + len(text), 1107, 5, i, 0) + text, (0, 0))
    answer = s.recv(9000)
    code = struct.unpack("=i", answer[16:20])[0]
    if code != 0:
        sys.exit("the kernel says %d" % code)
P
}
audit_py listen 2>/dev/null || skip_all "the kernel's audit multicast is not to be had here"
lone_agent audit
before=$(auditctl -s 2>/dev/null | grep -E '^(enabled|failure|pid|rate_limit|backlog_limit) ')

cat >"$SITE/persist/audit.json" <<'E2'
{"rules": [{"fields": {"op": "noise"}, "drop": true},
           {"types": ["USER_AVC"], "fields": {"op": "important"}, "severity": "high"},
           {"types": ["USER_AVC"], "fields": {"op": "flood"}, "severity": "low"}],
 "ratelimit": 20}
E2
lone_agent_up
wait_for 30 "audit does not run" module_is audit running
ok $? "audit runs"
audit_py send 'op=noise acct="a"'
audit_py send 'op=important acct="root" cmd=6C73202D6C res=success'
wait_for 15 "no alert" alerted '.Data.op == "important"'
ok $? "a record that the kernel sends becomes an alert"
is "$(alerts | jq -r 'select(.Data.op == "important") | .severity + " " + .Type + " " + .Data.acct + " " + .Data.cmd + " \(.Data.uid) \(.Raw)"')" \
    "high USER_AVC root ls -l 0 " "with type, fields and decoded values, without the text"
like "$(alerts | jq -r .Serial)" '^[0-9]+$' "with its serial number"
alerted '.Data.op == "noise"'
is $? 1 "what the rules leave out is no alert"

counts() { module_ask audit | jq -r ".elements | $1"; }
audit_py send 'op=flood n=%d' 200
dropped() { [ "$(counts '.dropped')" -ge 100 ]; }
wait_for 15 "nothing is dropped" dropped
ok $? "alerts over the rate are dropped and counted"
is "$(counts '.ok')" true "the running module answers"
is "$(counts '.malformed')" 0 "no record is malformed"
printf '{"class":"parameters","parameters":{}}\n' | "$AGENT" -m audit -p >"$PLATFORM_DIR/printed"
like "$(cat "$PLATFORM_DIR/printed")" '^ok:true$' "it prints the line of the original"
is "$(auditctl -s 2>/dev/null | grep -E '^(enabled|failure|pid|rate_limit|backlog_limit) ')" "$before" \
    "the kernel's audit is as it was, its connection to auditd too"

# Without rules every event is an alert.
stop_named mig-agent
echo '{}' >"$SITE/persist/audit.json"
lone_agent_up
wait_for 30 "audit does not run" module_is audit running
audit_py send 'op=noise acct="b"'
wait_for 15 "no alert" alerted '.Data.op == "noise" and .Data.acct == "b" and .severity == "low"'
ok $? "without rules it listens, and every event is an alert"

# A wrong configuration is told, not run.
stop_named mig-agent
echo '{"rulespath": "/etc/audit/rules"}' >"$SITE/persist/audit.json"
lone_agent_up
wait_for 30 "it runs" module_is audit misconfigured
ok $? "a configuration that it can not follow keeps it from running"
like "$(agent_says status '.persist.modules[0].reason')" 'rulespath: this module does not change what the kernel audits' \
    "and the status says why"
like "$(module_ask audit)" 'audit does not run here: misconfigured' "so does a question"
tap_done
