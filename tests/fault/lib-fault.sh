#!/usr/bin/env bash
# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# What the fault tests share: sourced, after lib-platform.sh, lib-tap.sh and lib-inject.sh.
: "${top_srcdir:?}" "${top_builddir:?}"

# fault_up: a platform, an investigator `alice`, an agent, and a file to find. An API key stands for her tokens, which
# would have to be signed again for each attempt.
fault_up()
{
    platform_tools "$top_builddir" || bail_out "no build"
    platform_up || bail_out "the platform does not start"
    investigator_add alice || bail_out "no investigator alice"
    API_KEY=$(random_hex 16)
    pg_sql mig "UPDATE investigators SET apikey = sha256(convert_to('$API_KEY', 'UTF8')), apisalt = NULL" >/dev/null
    site_make alice || bail_out "no site folder"
    agent_up || bail_out "the agent does not start"
    data=$PLATFORM_DIR/data
    mkdir -m 755 "$data"
    echo x >"$data/needle"
}

# question NAME [PADDING]: a signed action.
question()
{
    local action
    action=$(sign alice file -t "status='online'${2:+ AND name <> '$2'}" -path "$data" -name '^needle$' -n "$1" -e 3600s)
    [ -n "$action" ] || bail_out "mig signs nothing"
    printf '%s' "$action"
}

# post ACTION: prints the status, 000 when there is no answer; the answer is in $PLATFORM_DIR/answer.
post()
{
    curl -sS -o "$PLATFORM_DIR/answer" -w '%{http_code}' --max-time 20 -H "X-MIGAPIKEY: $API_KEY" \
        --data-urlencode "action=$1" "${API_URL}action/create/" 2>>"$PLATFORM_DIR/log/curl"
}

# found NAME: the action is completed, and its one command has found the file, once.
found()
{
    [ "$(pg_sql mig "SELECT count(*) FROM actions a JOIN commands c ON c.actionid = a.id WHERE a.name = '$1'
        AND a.status = 'completed' AND c.status = 'success' AND json_array_length(c.results) = 1
        AND c.results->0->'elements'->'s1'->0->>'file' = '$data/needle'" 2>/dev/null)" = 1 ]
}

# said PROGRAM REGEX: its log says so, beyond what fault_mark has seen.
said()
{
    tail -n "+$((${fault_seen[$1]:-0} + 1))" "$PLATFORM_DIR/log/$1" 2>/dev/null | grep -Eq -- "$2"
}

declare -A fault_seen=()
fault_mark()
{
    local log
    for log in mig-scheduler mig-api mig-agent; do
        fault_seen[$log]=$(wc -l <"$PLATFORM_DIR/log/$log")
    done
}

# away_for_long: what is away stays so for FAULT_AWAY seconds in all, counted from $1 (SECONDS).
away_for_long()
{
    local left=$((${FAULT_AWAY:-0} - (SECONDS - $1)))
    [ "$left" -le 0 ] || read -r -t "$left" <> <(:)
}
