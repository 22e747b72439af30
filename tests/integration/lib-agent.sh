#!/usr/bin/env bash
# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# An agent alone, whose broker does not answer: for what it does by itself. Sourced after lib-platform.sh and
# lib-tap.sh. Alerts that no module takes are in its log.

# lone_agent MODULE…: a site with these persistent modules; write $SITE/persist/MODULE.json, then lone_agent_up.
lone_agent()
{
    local module
    [ "$(id -u)" = 0 ] || skip_all "needs root: an agent runs as root and gives its rights up by itself"
    for module in gpg jq setpriv; do
        command -v "$module" >/dev/null || skip_all "needs $module"
    done
    need_plugin "$@"
    # Used by lib-platform.sh.
    # shellcheck disable=SC2034
    PLATFORM_LOGS_ON_FAILURE=1 PLATFORM_QUIET=1
    platform_dir || bail_out "no folder"
    platform_tools "$top_builddir" || bail_out "no build"
    mkdir -p "$PLATFORM_DIR/log"
    key_make alice || bail_out "no key"
    # shellcheck disable=SC2034
    AMQP_URI=amqp://mig:mig@127.0.0.1:$(free_port)/mig API_URL=http://127.0.0.1:1/api/v1/
    site_make alice || bail_out "no site folder"
    {
        echo '[persist]'
        printf '    module = %s\n' "$@"
    } >>"$SITE/agent.conf"
    mkdir "$SITE/persist"
    LOG=$PLATFORM_DIR/log/mig-agent
}

lone_agent_up()
{
    AGENT=$PLATFORM_DIR/mig-agent
    "$MIG_MKAGENT" --libdir "$MIG_BUILD/core" --site "$SITE" -o "$AGENT" >"$PLATFORM_DIR/log/mig-mkagent" 2>&1 ||
        bail_out "mig-mkagent: $(cat "$PLATFORM_DIR/log/mig-mkagent")"
    lone_agent_run
}

lone_agent_run()
{
    spawn mig-agent "" TERM "$AGENT" -f
    AGENT_PID=$SPAWN_PID
    wait_for 60 "the agent does not answer" agent_says status .pid >/dev/null || bail_out "no agent"
}

# agent_says QUERY JQ-FILTER: what the agent answers.
agent_says()
{
    local answer
    answer=$("$AGENT" -q "$1" 2>/dev/null) || return 1
    jq -er "$2" <<<"$answer" 2>/dev/null
}

module_is() # MODULE STATE
{
    [ "$(agent_says status ".persist.modules[] | select(.module == \"$1\").state")" = "$2" ]
}

module_pid() # NAME
{
    local pid
    for pid in $(process_tree "$AGENT_PID"); do
        tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q "role=worker $1 \?\$" && echo "$pid"
    done
}

# The alerts in the log, each a line of JSON.
alerts()
{
    sed -n 's/^.*alert: \({"id".*\)$/\1/p' "$LOG" | jq -c .alert 2>/dev/null
}

# alerted JQ-CONDITION: whether one of the alerts meets it.
alerted()
{
    [ -n "$(alerts | jq -c "select($1)" 2>/dev/null)" ]
}

# module_ask MODULE [PARAMETERS]: its elements.
module_ask()
{
    printf '{"class":"parameters","parameters":%s}\n' "${2:-{\}}" | "$AGENT" -m "$1" 2>&1
}
