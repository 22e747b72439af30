#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# An agent whose site names no API: its heartbeats go by the broker.
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
export AGENT_HEARTBEAT=2s
platform_dir || bail_out "no folder"
platform_tools "$top_builddir" || bail_out "no build"
platform_up || bail_out "the platform does not start"
investigator_add alice || bail_out "no investigator alice"
site_make alice || bail_out "no site folder"
sed -i '/^ *api = /d' "$SITE/agent.conf"

agent_up || bail_out "the platform does not get to know the agent"
ok 0 "the platform knows an agent without an API"
is "$(pg_sql mig "SELECT tags->>'site', environment->>'os', mode FROM agents WHERE pid = $AGENT_PID")" "demo|linux|daemon" \
    "all of its record"
is "$(grep -c 'POST /api/v1/heartbeat' "$PLATFORM_DIR/log/mig-api")" 0 "and not by the API"
out=$(mig_as alice file -t all -path /usr/bin -name '^env$' 2>&1)
like "$out" "/usr/bin/env" "it answers"
# beats_after TIME
# shellcheck disable=SC2317 # called by wait_for
beats_after() { [ "$(pg_sql mig "SELECT heartbeattime > '$1' FROM agents WHERE pid = $AGENT_PID")" = t ]; }
now() { pg_sql mig "SELECT now()"; }
wait_for 20 "no second heartbeat" beats_after "$(now)"
ok $? "it goes on beating"

rabbit_stop
rabbit_start "$PLATFORM_DIR" || bail_out "RabbitMQ does not start again"
wait_for 90 "no heartbeat after the broker's absence" beats_after "$(now)"
ok $? "and does so when the broker was away"

stop_named mig-agent
out=$(timeout 90 "$AGENT" -m agent-checkin 2>&1)
is "$?" 0 "a check-in needs no API either"
is "$(pg_sql mig "SELECT mode FROM agents ORDER BY heartbeattime DESC LIMIT 1")" checkin "and has beaten"

sanitizers_quiet
ok $? "no sanitizer has a complaint in a log"
tap_done
