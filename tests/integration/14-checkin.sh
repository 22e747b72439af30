#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Check-ins that find nothing, that find work, and whose work does not come to its end because the broker takes nothing.
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
platform_dir || bail_out "no folder"
platform_tools "$top_builddir" || bail_out "no build"
platform_up || bail_out "the platform does not start"
investigator_add alice || bail_out "no investigator alice"
site_make alice || bail_out "no site folder"
sed -i 's/moduletimeout = .*/moduletimeout = "5s"/; s/^\[agent\]/[agent]\n    checkin = on/' "$SITE/agent.conf"
AGENT=$PLATFORM_DIR/mig-agent
"$MIG_MKAGENT" --libdir "$MIG_BUILD/core" --site "$SITE" -o "$AGENT" >"$PLATFORM_DIR/log/mig-mkagent" 2>&1 ||
    bail_out "mig-mkagent: $(cat "$PLATFORM_DIR/log/mig-mkagent")"

# check_in: sets out, status and took (seconds).
check_in()
{
    local since=$SECONDS
    out=$(timeout 150 "$AGENT" -f 2>&1)
    status=$?
    took=$((SECONDS - since))
}
# ask NAME: posts a question that an agent answers when it comes; its answer goes to $PLATFORM_DIR/NAME.
ask()
{
    mig_as alice file -t "status='online' OR status='idle'" -e 300s -path /usr/bin -name '^env$' >"$PLATFORM_DIR/$1" 2>&1 &
    asked=$!
    wait_for 30 "no command waits" waits
}
# shellcheck disable=SC2317 # called by wait_for
waits() { [ "$(pg_sql mig "SELECT count(*) FROM commands WHERE status = 'sent'")" = 1 ]; }

# 1. Nothing is queued.
check_in
is "$status" 0 "a check-in that finds nothing ends well"
like "$out" "checked in: 0 commands accepted, 0 answered" "and says that it was nothing"
[ "$took" -lt 60 ]
ok $? "within a minute ($took s)"
is "$(pg_sql mig "SELECT count(*) FROM agents WHERE mode = 'checkin'")" 1 "the platform knows the agent by then"

# 2. The broker is full: it takes what is asked for, but no answer.
ask blocked || bail_out "no command"
rabbit_ctl "$PLATFORM_DIR" set_vm_memory_high_watermark absolute 1 || bail_out "no alarm"
connections() { grep -c 'accepting AMQP connection' "$PLATFORM_DIR/log/rabbitmq"; }
before=$(connections)
check_in
is "$status" 1 "a check-in whose answer the broker does not take ends all the same"
like "$out" "the check-in did not come to its end: (commands do not end|the broker is not to be had)" "and says so"
like "$out" "stopped; 1 commands stay in the spool" "it keeps the command"
is "$(pg_sql mig "SELECT count(*) FROM commands WHERE status = 'sent'")" 1 "which is still open"
is "$(($(connections) - before))" 1 "a minute with a full broker takes one connection, the agent's"

# 3. The next one ends it, without a second run.
rabbit_ctl "$PLATFORM_DIR" set_vm_memory_high_watermark 0.4 || bail_out "the alarm stays"
check_in
is "$status" 0 "the next check-in, with a broker that takes answers, ends well"
like "$out" "1 answered" "having answered"
wait "$asked"
like "$(cat "$PLATFORM_DIR/blocked")" "/usr/bin/env" "who had asked has the answer"
is "$("$AGENT" log -j | jq -r 'select(.event == "ran") | .status' | tr '\n' ' ')" "success " "it ran once"

sanitizers_quiet
ok $? "no sanitizer has a complaint in a log"
tap_done
