#!/usr/bin/env bash
# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# Puts commands before the agent past the API and the scheduler: sourced, after agent_up.
: "${top_builddir:?}"

# inject_setup: looks the one agent up.
inject_setup()
{
    agent_row=$(pg_sql mig "SELECT row_to_json(t) FROM (SELECT id, name, queueloc, mode, version, pid, starttime,
        heartbeattime AS heartbeatts, status FROM agents WHERE status = 'online') t")
    agent_id=$(jq -r .id <<<"$agent_row")
    queueloc=$(jq -r .queueloc <<<"$agent_row")
    [ -n "$queueloc" ]
}

# new_command: prints the id of a command that the platform believes it has sent.
new_command()
{
    pg_sql mig "WITH a AS (INSERT INTO actions (name, target, operations, validfrom, expireafter, starttime, status,
            syntaxversion, pgpsignatures)
        VALUES ('injected', 'true', '[]', now(), now() + interval '1 hour', now(), 'completed', 2, '[]')
        RETURNING id)
        INSERT INTO commands (id, actionid, agentid, status, starttime)
        SELECT mig_id(), a.id, $agent_id, 'sent', now() FROM a RETURNING id"
}

command_done()
{
    [ -n "$(pg_sql mig "SELECT 1 FROM commands WHERE id = $1 AND status <> 'sent'")" ]
}

# send_command ID ACTION-JSON: straight into the agent's queue.
send_command()
{
    jq -cn --argjson id "$1" --argjson agent "$agent_row" --slurpfile action <(printf '%s' "$2") \
        '{id: $id, action: $action[0], agent: $agent, status: "sent", results: [], starttime: (now | todate),
          finishtime: "0001-01-01T00:00:00Z"}' |
        "$top_builddir/tests/integration/amqp-publish" "$AMQP_URI" toagents "mig.agt.$queueloc"
}

# push ACTION-JSON: prints "status: reason" of the agent's answer.
push()
{
    local id
    id=$(new_command)
    send_command "$id" "$1" || return 1
    wait_for 90 "no answer to command $id" command_done "$id" || return 1
    pg_sql mig "SELECT status || ': ' || coalesce(results->0->'errors'->>0, '') FROM commands WHERE id = $id"
}

# sign NAME ARGS…: a signed action.
sign()
{
    local who=$1
    shift
    mig_as "$who" "$@" -s 2>>"$PLATFORM_DIR/log/mig"
}
