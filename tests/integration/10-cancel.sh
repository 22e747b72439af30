#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Stopping an action that agents are at: what the investigator signs does it, and nothing else does.
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
for who in alice bob; do
    investigator_add "$who" || bail_out "no investigator $who"
done
site_make alice bob || bail_out "no site folder"
# Both may search, alice alone may cancel; one worker, so that a second operation waits.
alice=$(fingerprint alice)
jq -c --arg a "$alice" '. + {cancel: {minimumweight: 1, investigators: {alice: {fingerprint: $a, weight: 1}}}}' \
    "$SITE/acl.json" >"$PLATFORM_DIR/acl.json" && mv "$PLATFORM_DIR/acl.json" "$SITE/acl.json"
sed -i 's/^\[agent\]/[agent]\n    maxworkers = 1/' "$SITE/agent.conf"
agent_up || bail_out "the agent does not start"
inject_setup || bail_out "no agent in the database"

# Its digest takes minutes, and no space.
data=$PLATFORM_DIR/data
mkdir -m 755 "$data"
truncate -s 1T "$data/big"
search='{"module":"file","parameters":{"searches":{"s1":{"paths":["'$data'"],"names":["^big$"],
    "options":{"matchall":true,"returnsha256":true}}}}}'
printf '{"name":"long","target":"%s","operations":[%s,%s]}' "status='online'" "$search" "$search" \
    >"$PLATFORM_DIR/long.json"

worker_pid()
{
    local pid
    for pid in $(process_tree "$AGENT_PID"); do
        tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q 'role=worker file' && echo "$pid"
    done
}
# shellcheck disable=SC2317 # called by wait_for
works() { [ -n "$(worker_pid)" ]; }
status_of() # ACTION
{
    pg_sql mig "SELECT status FROM commands WHERE actionid = $1"
}
# shellcheck disable=SC2317
ended() { [ "$(status_of "$1")" != sent ]; }
# long_up: a long action, at which the agent is; sets action and worker.
long_up()
{
    mig_as bob -i "$PLATFORM_DIR/long.json" >"$PLATFORM_DIR/long.out" 2>"$PLATFORM_DIR/long.err" &
    long_pid=$!
    wait_for 30 "the action does not run" works || bail_out "no worker"
    action=$(pg_sql mig "SELECT max(id) FROM actions WHERE name = 'long'")
    worker=$(worker_pid)
}
cancel() # NAME ARGS…
{
    out=$(mig_as "$1" cancel "${@:2}" -show all 2>"$PLATFORM_DIR/stderr")
    status=$?
    err=$(cat "$PLATFORM_DIR/stderr")
}

# 1. Refusals, while the action runs on.
long_up
if [ -e "/proc/$worker/autogroup" ]; then
    like "$(cat "/proc/$worker/autogroup")" ' nice 11$' "its session yields to those of the endpoint's users"
else
    ok 0 "its session yields to those of the endpoint's users # SKIP the kernel has no autogroups"
fi
cancel bob "$action"
is "$status" 3 "who may not cancel does not: 3"
like "$err" "permission denied for operation cancel, insufficient signatures weight \(need 1, got 0\)" "and is told"
sha=$(printf '%064d' 7)
op() # PARAMETERS
{
    printf '{"name":"cancel","target":"true","operations":[{"module":"cancel","parameters":%s}]}' "$1" \
        >"$PLATFORM_DIR/op.json"
    sign alice -i "$PLATFORM_DIR/op.json"
}
like "$(push "$(op "{\"actionid\":$action,\"sha256\":\"$sha\"}")")" \
    "^failed: action $action can not be cancelled: what is at work here under this id is another action than the one whose sha256 was signed" \
    "an id that the platform has given to another action: refused"
like "$(push "$(op '{"actionid":4711}')")" '^failed: action 4711 can not be cancelled: no command of it is at work here$' \
    "an unknown action: refused"
like "$(push "$(op '{"actionid":4711}' | jq -c '.id = 4711')")" '^failed: .*cancel: an action can not cancel itself \(4711\)' \
    "itself: refused"
like "$(push "$(op '{"action":1}')")" "^failed: .*operation 0: cancel: unknown parameter 'action', expected actionid" \
    "a wrong parameter: refused"
like "$(push "$(op "{\"actionid\":$action}" | jq -c '.pgpsignatures = []')")" '^failed: .*pgpsignatures is empty' \
    "unsigned: refused"
is "$(worker_pid)" "$worker" "the action has run on"

# 2. Cancelled.
cancel alice "$action"
is "$status" 0 "who may cancel does"
like "$err" "action $action is \"long\", for status='online'" "and sees which action it is"
like "$out" "^$AGENT_NAME cancelled: 1 operations stopped, 1 not started" "the agent says what it stopped"
is "$(status_of "$action")" cancelled "the command is cancelled"
wait "$long_pid"
is "$?" 3 "who had asked is told: 3"
by=$(pg_sql mig "SELECT actionid FROM commands WHERE status = 'success'")
like "$(cat "$PLATFORM_DIR/long.err")" \
    "command did not succeed. status=cancelled: cancelled by action $by, signed by $alice" "by whom"
is "$(pg_sql mig "SELECT string_agg(r->'errors'->>0, '|') FROM commands, json_array_elements(results) r WHERE actionid = $action")" \
    "cancelled by action $by, signed by $alice; partial result|cancelled by action $by, signed by $alice, before it started" \
    "each operation says so"
is "$(worker_pid)" "" "no worker is left"
is "$(pg_sql mig "SELECT status || ' ' || (canceltime IS NOT NULL) FROM actions WHERE id = $action")" "completed true" \
    "and the platform knows that the action was cancelled"
like "$("$AGENT" log)" "ran command [0-9]+: file cancelled" "the owner's log says it"

# 3. Once more, maybe within the same second: it has ended.
cancel alice "$action"
is "$status" 3 "an action that has ended: 3"
like "$err" "action $action can not be cancelled: no command of it is at work here" "and it is said"
like "$err" "for the platform it is over; agents are asked all the same" "also for the platform"

# 4. A platform that keeps the signed action can not use it again; a cancelled command does not come back.
long_up
again=$(op "{\"actionid\":$action}")
is "$(push "$again")" "success: " "an id alone will do"
wait_for 30 "the command does not end" ended "$action"
is "$(status_of "$action")" cancelled "and cancels"
wait "$long_pid"
first=$action
long_up
like "$(push "$again")" '^failed: .*replayed action' "the same cancellation again: refused"
agent_kill
wait_for 30 "processes of the agent stay" agent_gone
agent_run || bail_out "the agent does not start again"
wait_for 30 "the action does not run again" works
is "$(status_of "$first") $(status_of "$action")" "cancelled sent" "after a restart only what was not cancelled runs"
cancel alice "$action"
like "$out" "cancelled: 1 operations stopped, 1 not started" "and can be cancelled then"
wait "$long_pid"
cancel alice nonsense
is "$status" 1 "not an id: 1"
like "$err" "mig cancel takes one argument, the id of an action, not 'nonsense'" "and it is said"
like "$(mig_as alice cancel help)" '^usage: mig cancel \[options\] ID' "mig cancel help explains"

sanitizers_quiet
ok $? "no sanitizer has a complaint in a log"
tap_done
