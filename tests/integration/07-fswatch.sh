#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# fswatch in a real agent: changes to real files are told, also those that were made while it was down, those that the
# kernel's queue had no room for, and those in a path that came later.
set -u
: "${top_srcdir:?run by make check}" "${top_builddir:?}"
# shellcheck source=scripts/lib-platform.sh
. "$top_srcdir/scripts/lib-platform.sh"
# shellcheck source=tests/integration/lib-tap.sh
. "$top_srcdir/tests/integration/lib-tap.sh"
# shellcheck source=tests/integration/lib-agent.sh
. "$top_srcdir/tests/integration/lib-agent.sh"
lone_agent fswatch

w=$(cd "$PLATFORM_DIR" && pwd -P)/watched
mkdir -p "$w/tree/deep" "$w/flat/below" "$w/busy"
echo one >"$w/tree/deep/a"
echo one >"$w/flat/a"
echo one >"$w/flat/below/a"
echo one >"$w/single"
echo one >"$w/tree/keep"
echo one >"$w/tree/skipped"
jq -n --arg w "$w" '{suppress: 0, settle: 50, rescan: 0, maxalerts: 300, exclude: ["\($w)/tree/skip*"], paths: [
    {path: "\($w)/tree", recursive: true, label: "the tree", severity: "critical"}, "\($w)/flat",
    "\($w)/single", "\($w)/later", "recursive:\($w)/busy"]}' >"$SITE/persist/fswatch.json"
lone_agent_up

status() # JQ-FILTER
{
    module_ask fswatch '{"events":100}' | jq -r ".elements | $1"
}
ready() { [ "$(status .baseline)" ] && [ "$(status .baseline)" != null ]; }
wait_for 30 "fswatch does not run" module_is fswatch running
wait_for 30 "fswatch has no baseline" ready
ok $? "fswatch runs and has a baseline"
is "$(alerts | wc -l)" 0 "what is there at the first start is no alert"
notifier=$(status .notifier)
like "$notifier" 'fanotify|inotify' "it says how it watches: $notifier"
is "$(status '[.paths[] | .state] | join(" ")')" "watched watched watched missing watched" "it says which path is missing"

sum() { sha256sum <<<"$1" | cut -d' ' -f1; }
told() # NAME ALERT: that alert is made
{
    wait_for 15 "no alert '$2'" alerted ".alert == \"$2\""
    ok $? "$1"
}
echo two >"$w/tree/deep/a"
told "a change far below a recursive path" "$w/tree/deep/a signature changed $(sum one) -> $(sum two)"
is "$(alerts | jq -r '.severity + " " + .label + " " + .event + " \(.offline) \(.old.size) \(.new.type)"')" \
    "critical the tree changed false 4 file" "an alert has label, severity and what the file was and is"
echo new >"$w/flat/new"
told "a new file" "path $w/flat/new created $(sum new)"
rm "$w/flat/new"
told "a removed file" "path $w/flat/new removed"
echo two >"$w/single.new" && mv "$w/single.new" "$w/single"
told "a file that is replaced" "$w/single signature changed $(sum one) -> $(sum two)"
chmod 4755 "$w/flat/a"
told "setuid" "$w/flat/a attributes changed 0644 0:0 -> 4755 0:0"
alerted ".severity == \"critical\" and .event == \"attributes\""
ok $? "setuid is critical"
mkdir -p "$w/tree/x/y/z" && echo deep >"$w/tree/x/y/z/f"
told "a file in folders that are new" "path $w/tree/x/y/z/f created $(sum deep)"
echo deeper >"$w/tree/x/y/z/f"
told "a change in a folder that is new" "$w/tree/x/y/z/f signature changed $(sum deep) -> $(sum deeper)"
rm -r "$w/tree/x"
told "a removed folder" "path $w/tree/x removed"
ln -s /etc/passwd "$w/flat/link"
wait_for 15 "no alert of the link" alerted ".path == \"$w/flat/link\" and .new.type == \"link\""
ok $? "a new link"
mkdir "$w/later" && echo here >"$w/later/file"
told "a path that comes later" "path $w/later/file created $(sum here)"
echo three >"$w/flat/below/a"
echo three >"$w/tree/skipped"
echo last >"$w/flat/zz"
told "a marker" "path $w/flat/zz created $(sum last)"
is "$(alerts | jq -r '.path' | grep -c 'flat/below/a\|skipped')" 0 "no alert of what is below a path that is not recursive, and of what is excluded"
is "$(status '.events[-1].alert')" "path $w/flat/zz created $(sum last)" "the running module tells of its events"

# Restart: in between, changes.
stop_named mig-agent
echo offline >"$w/tree/deep/a"
rm "$w/tree/keep"
echo offline >"$w/tree/born"
: >"$LOG"
lone_agent_run
told "changed while it was down" "$w/tree/deep/a signature changed $(sum two) -> $(sum offline)"
told "removed while it was down" "path $w/tree/keep removed"
told "made while it was down" "path $w/tree/born created $(sum offline)"
is "$(alerts | jq -c .offline | sort -u)" true "they are said to be of that time"
is "$(alerts | wc -l)" 3 "nothing else is told again"

# Killed: what was told and not saved may come again, what was not told must come.
wait_for 30 "no baseline" ready
kill -s KILL "$(module_pid fswatch)"
echo killed >"$w/flat/zz"
told "changed while it was killed" "$w/flat/zz signature changed $(sum last) -> $(sum killed)"

# The queue of the kernel overflows while the module is stopped.
wait_for 30 "fswatch does not run" module_is fswatch running
wait_for 30 "no baseline" ready
pid=$(module_pid fswatch)
kill -s STOP "$pid"
max=$(cat /proc/sys/fs/fanotify/max_queued_events 2>/dev/null || cat /proc/sys/fs/inotify/max_queued_events)
if [ "$max" -le 20000 ]; then
    (cd "$w/busy" && seq 1 $((max / 2 + 500)) | xargs touch && rm -f ./*)
    echo overflown >"$w/single"
    kill -s CONT "$pid"
    wait_for 30 "no alert of the overflow" alerted '.event == "overflow"'
    ok $? "a full queue is told"
    told "what was lost with it is found" "$w/single signature changed $(sum two) -> $(sum overflown)"
    [ "$(status .overflows)" -ge 1 ]
    ok $? "the status counts it"
else
    kill -s CONT "$pid"
    ok 0 "a full queue # SKIP the kernel's queue holds $max"
fi

# A limit of entries.
stop_named mig-agent
jq --arg w "$w" '.maxentries = 30 | .maxwatches = 3' "$SITE/persist/fswatch.json" >"$SITE/new" &&
    mv "$SITE/new" "$SITE/persist/fswatch.json"
(cd "$w/busy" && seq 1 60 | xargs touch)
: >"$LOG"
lone_agent_up
wait_for 30 "no alert of the limit" alerted '.event == "limit" and (.alert | contains("30 entries is reached"))'
ok $? "the limit of entries is told"
wait_for 30 "no alert of the limit" alerted '.event == "limit" and (.alert | contains("can not be watched"))'
ok $? "the limit of watches is told"
is "$(status '.limits | sort | join(" ")')" "entries watches" "the status says so"

# Without a running instance.
stop_named mig-agent
like "$(module_ask fswatch)" 'no agent answers|does not run' "without an agent the question is refused"
tap_done
