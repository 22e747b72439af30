#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# The agentdestroy module in a real worker: it kills agents, and nothing else.
set -u
# shellcheck source=tests/unit/plugins/lib-module.sh
. "${top_srcdir:?}/tests/unit/plugins/lib-module.sh"
module_start agentdestroy
agent=$(cd "${top_builddir:?}" && pwd -P)/core/agent/mig-agent
[ -x "$agent" ] || skip_all "mig-agent is not built"
[ "$(id -u)" = 0 ] || skip_all "needs root, as an agent has it"
command -v jq >/dev/null || skip_all "jq is not installed"
version=$("$agent" -V)

# Agents that have a broker to look for, and none to find.
mkdir -p "$work/site/keys" "$work/run"
cat >"$work/site/agent.conf" <<C
[agent]
    relay = "amqp://mig:none@127.0.0.1:1/mig"
    api = "http://127.0.0.1:1/api/v1/"
    heartbeatfreq = "300s"
    moduletimeout = "20s"
    rundir = "$work/run"
    plugindir = "$MIG_PLUGIN_DIR"
[user]
    relay = 64801
    verifier = 64802
C
printf '{"default": {"minimumweight": 1, "investigators": {}}}\n' >"$work/site/acl.json"
alive()
{
    local state
    state=$(sed 's/.*) \(.\).*/\1/' "/proc/$1/stat" 2>/dev/null) && [ "$state" != Z ]
}
gone()
{
    ! alive "$1"
}
children() # PID: its first child
{
    cut -d' ' -f1 <"/proc/$1/task/$1/children"
}
has_child()
{
    [ -n "$(children "$1")" ]
}
start() # FILE COMMAND…: in the background; sets pid
{
    "$@" >"$work/log" 2>&1 </dev/null &
    pid=$!
    pids="${pids:-} $pid"
}
# shellcheck disable=SC2154
trap 'kill -KILL ${pids:-} 2>/dev/null; rm -rf "$work"' EXIT

agent_site() # FILE
{
    "$top_builddir/core/agent/mig-mkagent" --libdir "$top_builddir/core" --site "$work/site" -o "$1" \
        >"$work/mkagent" 2>&1
}
if ! agent_site "$work/other"; then
    # A site needs a key to obey.
    command -v gpg >/dev/null || skip_all "gpg is not installed"
    mkdir -m 700 "$work/gnupg"
    gpg --homedir "$work/gnupg" --batch --quiet --no-tty --passphrase '' --quick-gen-key 'x <x@example.net>' ed25519 sign \
        never >"$work/gpg" 2>&1
    gpg --homedir "$work/gnupg" --batch --no-tty --armor --export >"$work/site/keys/x.asc" 2>>"$work/gpg"
    fpr=$(gpg --homedir "$work/gnupg" --batch --no-tty --with-colons --list-keys 2>/dev/null |
        awk -F: '$1 == "fpr" {print $10; exit}')
    gpgconf --homedir "$work/gnupg" --kill gpg-agent
    printf '{"default": {"minimumweight": 1, "investigators": {"x": {"fingerprint": "%s", "weight": 1}}}}\n' "$fpr" \
        >"$work/site/acl.json"
    agent_site "$work/other" || bail_out "no agent: $(cat "$work/mkagent")"
fi
chmod 755 "$work/other"
cp "$work/other" "$work/renamed"

start "$work/other" -f
within 20 has_child "$pid" || bail_out "the agent does not start: $(cat "$work/log")"
first=$pid

# What it does not kill.
start sleep 600
like "$(ask -pid "$pid" -version "$version")" "PID '$pid' is not a mig-agent\$" "another program is refused"
cp "$(command -v sleep)" "$work/mig-agent"
start "$work/mig-agent" 600
like "$(ask -pid "$pid" -version "$version")" "PID '$pid' is not a mig-agent\$" "… whatever its name"
alive "$pid"
ok $? "… and lives"
like "$(ask -pid "$first" -version 0.0.9)" "PID '$first' is version '$version', but we want to kill version '0.0.9'\$" \
    "another version is refused"
# Some of its processes live only for a moment.
ask_role()
{
    child=$(children "$first")
    out=$(ask -pid "$child" -version "$version")
    [[ $out != *"PID '$child': "* ]]
}
within 30 ask_role
like "$out" "PID '$child' is a process of the agent with PID '$first'\$" "a process of an agent is refused"
like "$(ask -pid 4194304 -version "$version")" "PID '4194304': (No such process|Invalid argument)\$" "nobody has the number"
like "$(ask -pid 1 -version "$version")" "PID '1' is not in the range \[2:4194304\]\$" "PID 1"
like "$(ask -pid 5000000 -version "$version")" "number up to 4194304, not 5000000" "a PID that is none"
like "$(ask -pid 17 -version '')" "parameter 'version' is empty. Expecting version.\$" "no version"
like "$(ask -pid 17)" "needs the option -version" "the version is required"
# Its own: asked of an agent's module mode, which is what a supervisor would run.
mine()
{
    printf '{"class":"parameters","parameters":{"pid":%d,"version":"%s"}}\n' "$BASHPID" "$version" >"$work/mine"
    exec "$work/renamed" -m agentdestroy <"$work/mine" 2>&1
}
like "$(mine | jq -r '.errors[0]')" "PID '[0-9]+' is mine. Refusing to suicide.\$" \
    "an agent does not kill itself"
alive "$first"
ok $? "the agent lives after all that"

# What it does.
is "$(ask -show all -pid "$first" -version "$version" | grep -v '^[0-9]')" \
    "PID $first from agent $version has been killed and its executable removed from $work/other
agentdestroy module has succeeded" "an agent is killed"
wait "$first" 2>/dev/null
is "$?" 137 "… by SIGKILL"
[ ! -e "$work/other" ]
ok $? "… and its executable is removed"
within 30 gone "$child"
ok $? "… and its processes end"
[ -e "$work/renamed" ]
ok $? "… and a copy is not"
start "$work/renamed" -f
within 20 has_child "$pid" || bail_out "the agent does not start again: $(cat "$work/log")"
rm "$work/renamed"
cp "$(command -v sleep)" "$work/renamed"
out=$(ask -show all -pid "$pid" -version "$version")
like "$out" "PID $pid from agent $version has been killed\$" "an agent whose executable was replaced"
like "$out" "^\[error\] the executable of PID '$pid' was not removed" "… says so"
[ -e "$work/renamed" ]
ok $? "… and leaves the other file"
like "$("$top_builddir/cli/mig" agentdestroy help)" 'mig agentdestroy -t .* -pid 1234' "the help has examples"
tap_done
