#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Persistent modules in a real agent: examplepersist makes alerts, dispatch sends them to an HTTPS collector; each
# arrives at least once although the modules, the agent and the collector are killed.
set -u
: "${top_srcdir:?run by make check}" "${top_builddir:?}"
# shellcheck source=scripts/lib-platform.sh
. "$top_srcdir/scripts/lib-platform.sh"
# shellcheck source=tests/integration/lib-tap.sh
. "$top_srcdir/tests/integration/lib-tap.sh"

platform_missing && skip_all "$PLATFORM_MISSING"
command -v python3 >/dev/null && command -v openssl >/dev/null || skip_all "needs python3 and openssl"
need_plugin dispatch examplepersist
PLATFORM_LOGS_ON_FAILURE=1
PLATFORM_QUIET=1
platform_dir || bail_out "no folder"
platform_tools "$top_builddir" || bail_out "no build"
platform_up || bail_out "the platform does not start"
investigator_add alice || bail_out "no investigator"
export AGENT_HEARTBEAT=1s
site_make alice || bail_out "no site folder"

# A CA, the collector's certificate by it, and one that is signed by nobody we know.
pki=$PLATFORM_DIR/pki
mkdir "$pki"
certificate() # NAME SUBJECT: signs itself
{
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$2" \
        -addext 'subjectAltName=IP:127.0.0.1' -keyout "$pki/$1.key" -out "$pki/$1.pem" 2>/dev/null
}
certificate good collector && certificate stranger collector || bail_out "openssl makes no certificate"
received=$PLATFORM_DIR/received
: >"$received"
collector() # CERTIFICATE
{
    rm -f "$PLATFORM_DIR/collector.port"
    spawn collector "" KILL env PORT="${COLLECTOR_PORT:-0}" python3 "$top_srcdir/tests/integration/https-collector.py" \
        "$pki/$1.pem" "$pki/$1.key" "$PLATFORM_DIR/collector.port" "$received"
    wait_for 60 "the collector does not listen" [ -s "$PLATFORM_DIR/collector.port" ] || bail_out "no collector"
    COLLECTOR_PORT=$(cat "$PLATFORM_DIR/collector.port")
}
collector stranger

printf '[persist]\n    module = examplepersist\n    module = dispatch\n' >>"$SITE/agent.conf"
mkdir "$SITE/persist"
echo '{"interval": 1}' >"$SITE/persist/examplepersist.json"
jq -n --arg url "https://127.0.0.1:$COLLECTOR_PORT/alerts" --rawfile ca "$pki/good.pem" '{http: {url: $url, ca: $ca}}' \
    >"$SITE/persist/dispatch.json"
agent_up || bail_out "the agent does not start"

ask() { mig_as alice "$@" 2>&1; }
failed_once() { [[ $(ask dispatch -t all -show all) =~ \ [1-9][0-9]*\ failures ]]; }
arrived() # NUMBER: that alert, and all before it
{
    [ "$(seq 1 "$1" | grep -Fvxc -f <(jq -r '.event.alert' "$received" | sed -n 's/^examplepersist alert //p'))" = 0 ]
}
counted() { jq -r '.event.alert' "$received" | sed -n 's/^examplepersist alert //p' | sort -n | tail -n 1; }
module_pid() # NAME
{
    local pid
    for pid in $(process_tree "$AGENT_PID"); do
        tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q "role=worker $1 \?\$" && echo "$pid"
    done
}

wait_for 30 "dispatch does not try" failed_once
ok $? "dispatch tries, and its failures are told"
is "$(wc -c <"$received")" 0 "a collector with a certificate of an unknown CA gets nothing"

stop_named collector
collector good
wait_for 90 "no alert arrives" arrived 3
ok $? "what waited arrives when the collector is the right one"
is "$(jq -r '.module + " " + .event.severity + " " + .tags.site + " " + .hostname' "$received" | sort -u)" \
    "examplepersist low demo $(uname -n)" "an alert has its module, the event, the tags and the host"

out=$(ask examplepersist -t all -show all -echo hello)
like "$out" 'hello' "a question reaches the running instance"

for module in examplepersist dispatch; do
    pid=$(module_pid "$module")
    [ ! -e "/proc/$pid/autogroup" ] || [[ $(cat "/proc/$pid/autogroup") = *" nice 0" ]]
    ok $? "$module does not yield to other sessions: it must keep up"
    before=$(counted)
    kill -s KILL "$pid"
    wait_for 60 "$module is not started again" arrived $((before + 3))
    ok $? "$module is started again when it is killed, and nothing is missing"
done

agent_kill
wait_for 10 "the agent's processes stay" agent_gone
ok $? "the modules end with their agent"
before=$(counted)
agent_run || bail_out "the agent does not start again"
wait_for 60 "alerts are missing after the agent was killed" arrived $((before + 3))
ok $? "after the agent was killed the count goes on and nothing is missing"

stop_named collector
before=$(counted)
wait_for 30 "nothing waits" failed_once
agent_kill
agent_run || bail_out "the agent does not start again"
collector good
wait_for 120 "alerts are missing after the collector was away" arrived $((before + 4))
ok $? "alerts of the time without a collector outlive the agent and arrive"

state_of() # MODULE: "state: reason", of -S or of what stands on standard input
{
    jq -r ".persist[] | select(.module == \"$1\") | .state + \": \" + (.reason // \"\")"
}
# shellcheck disable=SC2317 # called by wait_for
{
    runs() # MODULE OLD-PID: a new process of it does, which takes the agent a moment to know
    {
        local new
        new=$(module_pid "$1")
        [ -n "$new" ] && [ "$new" != "$2" ] && [ "$("$AGENT" -S | state_of "$1")" = "running: " ]
    }
    in_quarantine() { [[ $("$AGENT" -S | state_of "$1") == quarantined:* ]]; }
    recorded()
    {
        [ "$(pg_sql mig "SELECT environment->'persist' FROM agents ORDER BY heartbeattime DESC LIMIT 1" |
            jq '{persist: .}' | state_of "$1")" = "$2" ]
    }
}
pid=
for _ in 1 2 3; do
    wait_for 60 "examplepersist does not run" runs examplepersist "$pid" || break
    pid=$(module_pid examplepersist)
    kill -s KILL "$pid"
done
wait_for 30 "no quarantine" in_quarantine examplepersist
quarantine='plugin examplepersist is in quarantine until the agent restarts: it crashed 3 times in a row, last: plugin examplepersist crashed: killed by signal 9 (Killed)'
is "$("$AGENT" -S | state_of examplepersist)" "quarantined: $quarantine" "the third crash in a row ends it for good"
is "$("$AGENT" -q persist | jq '{persist: .}' | state_of dispatch)" "running: " "the other one runs on"
like "$(ask examplepersist -t all -show all -echo hello)" "${quarantine%% (*}" "a question is told so"
wait_for 30 "the environment record does not say it" recorded examplepersist "quarantined: $quarantine"
ok $? "the environment record says so too" ||
    tap_diag "$(pg_sql mig "SELECT status, heartbeattime, environment->'persist' FROM agents")"
agent_kill
wait_for 10 "the agent's processes stay" agent_gone
is "$("$AGENT" -S | state_of dispatch)" "stopped: no agent runs" "without an agent they are stopped"
agent_run || bail_out "the agent does not start again"
wait_for 60 "it stays in quarantine" runs examplepersist ""
ok $? "and after a restart it runs again"

tap_done
