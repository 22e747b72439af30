#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# A real agent and a plugin that fails: what was found before is kept, limits are named, the third crash in a row
# puts the plugin in quarantine, and every place that should say so does.
set -u
: "${top_srcdir:?run by make check}" "${top_builddir:?}"
# shellcheck source=scripts/lib-platform.sh
. "$top_srcdir/scripts/lib-platform.sh"
# shellcheck source=tests/integration/lib-tap.sh
. "$top_srcdir/tests/integration/lib-tap.sh"

platform_missing && skip_all "$PLATFORM_MISSING"
faults=$top_builddir/tests/plugin-zoo/.libs/faults.so
good=$top_builddir/tests/plugin-zoo/.libs/good.so
if [ ! -f "$faults" ] || [ ! -f "$good" ]; then
    skip_all "the plugins of the zoo are not built as shared objects"
fi
PLATFORM_LOGS_ON_FAILURE=1
PLATFORM_QUIET=1
platform_dir || bail_out "no folder"
platform_tools "$top_builddir" || bail_out "no build"
export AGENT_HEARTBEAT=1s
platform_up || bail_out "the platform does not start"
investigator_add alice || bail_out "no investigator alice"
site_make alice || bail_out "no site folder"
install -m 644 "$faults" "$good" "$PLUGIN_DIR/"
# allow FILE: the line of plugins.allow, from the table that a build compiles in.
allow()
{
    "$top_builddir/core/trust/mkwhitelist" "$1" | tr -d '\n ' |
        sed -E 's/.*entries\[\]=\{\{"([^"]*)","([^"]*)",([0-9]+),([0-9]+),\{([^}]*)\}\}.*/\1 \2 \3.\4 \5\n/; s/0x|,//g'
}
{ allow "$faults"; allow "$good"; } >"$SITE/plugins.allow"
printf 'not a plugin\n' >"$PLUGIN_DIR/intruder.so"
cat >>"$SITE/agent.conf" <<CONF
[limits]
    cpu = 1
    openfiles = 64
CONF
sed -i 's/^\[agent\]/[agent]\n    extraprivacymode = on/' "$SITE/agent.conf"
agent_up || bail_out "the agent does not start"

# ask MODULE PARAMETERS: posts it for the one agent; out: all that mig says.
ask()
{
    printf '{"name":"fault","target":"%s","operations":[{"module":"%s","parameters":%s}]}' \
        "status='online'" "$1" "$2" >"$PLATFORM_DIR/fault.json"
    out=$(mig_as alice -show all -i "$PLATFORM_DIR/fault.json" 2>&1)
}
fault()
{
    ask faults "{\"how\":\"$1\"}"
}
# The platform keeps it, whatever the status.
stored()
{
    pg_sql mig "SELECT results FROM commands ORDER BY id DESC LIMIT 1"
}
reason_of()
{
    jq -r ".plugins[] | select(.name == \"$1\") | .state + \": \" + (.reason // \"\")"
}

fault "loop"
like "$out" "stopped: plugin faults used 1 s of CPU time, the site's limit \(limits.cpu\); partial result" \
    "the CPU limit is named with its value"
like "$(stored)" '"items": ?\["before"\]' "and what was emitted before it is kept"
fault "descriptors"
like "$out" "Too many open files \(the site's limit limits.openfiles is 64 files\)" "so is that of open files"
ask good '{"text":"hi"}'
like "$out" 'masked' "in the site's private mode private fields are masked"
is "$(grep -c s3cret <<<"$out")" 0 "and nothing else of them is seen"

signal='signal 11 \(Segmentation fault\)'
# A sanitizer takes the signal, and has the last words.
grep -q '^#define MIG_SANITIZERS' "$top_builddir/config.h" && signal='its process ended with status 1 and no answer: .+'
fault "crash"
like "$out" "plugin faults crashed: $signal; partial result" "a crash is reported"
like "$(stored)" '"items": ?\["before"\]' "and what was emitted before it is kept"
fault "crash"
fault "fail"
fault "crash"
fault "abort in a thread"
is "$(grep -c quarantine <<<"$out")" 0 "two in a row are not three"
like "$("$AGENT" -S | reason_of faults)" '^ok: $' "and the agent says ok"
fault "quit"
like "$out" 'status 3 and no answer' "the third says what it was"
fault "polite loop"
quarantine='plugin faults is in quarantine until the agent restarts: it crashed 3 times in a row, last: plugin faults crashed: its process ended with status 3 and no answer; partial result'
like "$out" "$quarantine" "from then on every answer says that it is in quarantine, and why"
is "$("$AGENT" -S | reason_of faults)" "quarantined: $quarantine" "so does -S"
is "$("$AGENT" -q plugins | jq '{plugins: .}' | reason_of faults)" "quarantined: $quarantine" "and -q plugins"
ask good '{}'
like "$out" 'success' "others still run"
printf '{"name":"two","target":"%s","operations":[{"module":"good","parameters":{"text":"beside"}},
    {"module":"faults","parameters":{"how":"fail"}}]}' "status='online'" >"$PLATFORM_DIR/two.json"
mig_as alice -show all -i "$PLATFORM_DIR/two.json" >"$PLATFORM_DIR/two.out" 2>&1
both=$(pg_sql mig "SELECT results FROM commands ORDER BY id DESC LIMIT 1")
is "$(jq -r '.[0].success, (.[1].errors | tostring)' <<<"$both")" "true
[\"$quarantine\"]" "beside another's result an answer says it too"
# shellcheck disable=SC2317 # called by wait_for
state_in_database()
{
    [ "$(pg_sql mig "SELECT environment->'plugins' FROM agents WHERE status = 'online'" |
        jq '{plugins: .}' | reason_of faults)" = "quarantined: $quarantine" ]
}
wait_for 30 "the environment record does not say it" state_in_database
is "$?" 0 "the environment record says it too"
found=$(pg_sql mig "SELECT count(*) FROM agents WHERE (environment->'plugins')::jsonb @> '[{\"name\":\"faults\",\"state\":\"quarantined\"}]'")
is "$found" 1 "and a target expression finds the agent by it"
like "$(pg_sql mig "SELECT environment->'confinement' FROM agents WHERE status = 'online'")" \
    '"landlock": ?[0-9]+.*"seccomp": ?true' "the record names the layers that confine workers"
like "$(pg_sql mig "SELECT environment->'modules' FROM agents WHERE status = 'online'")" '"good"' \
    "the protocol's own list of modules is as it was"

# The verifier is up with an action, and for some seconds after it.
# shellcheck disable=SC2317 # called by wait_for
both_filtered()
{
    local pid role filtered=
    ask good '{}'
    for pid in $(process_tree "$AGENT_PID"); do
        role=$(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -Eo '@(relay|verifier)') &&
            grep -q '^Seccomp:[[:space:]]*2$' "/proc/$pid/status" && filtered+=" $role"
    done
    [ "$(tr ' ' '\n' <<<"$filtered" | sort | tr -d '\n')" = "@relay@verifier" ]
}
wait_for 90 "relay and verifier are not both filtered" both_filtered
ok $? "relay and verifier have a system call filter"

settings=$("$AGENT" -S)
like "$(reason_of intruder <<<"$settings")" '^refused: plugin intruder refused: 13 bytes are too short for an ELF file' \
    "a file that is no plugin is listed as refused, with the reason"
is "$(jq -r '.plugins[] | select(.name == "good") | .version + " " + (.digest | length | tostring) + " " + .state' \
    <<<"$settings")" "1.0.0 64 ok" "a good one with version, digest and state"

agent_kill
wait_for 30 "processes of the agent stay" agent_gone || bail_out "processes of the agent stay"
agent_run || bail_out "the agent does not start again"
fault "fail"
like "$out" 'Input/output error' "after a restart the plugin runs again"
tap_done
