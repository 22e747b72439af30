#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# tests/bench/retention.sh [BUILD] [COMMANDS]: what the platform's statements touch beside so many closed commands
# (500,000), and beside four times as many: pages and milliseconds, and whether `commands` is ever read as a whole. Then
# a prune of a tenth. What does not grow from one to the other does not grow with a hundred million; when a statement
# does, the exit code is 1.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$top/build
if [ $# -gt 0 ] && [ -d "$1" ]; then
    build=$(cd "$1" && pwd)
    shift
fi
commands=${1:-500000}
# shellcheck source=scripts/lib-platform.sh
. "$top/scripts/lib-platform.sh"

make -s -C "$build" tests/bench/fleet >/dev/null || exit 1
platform_missing && { echo "retention.sh: $PLATFORM_MISSING" >&2; exit 1; }
PLATFORM_LOGS_ON_FAILURE=1
PLATFORM_QUIET=1
ulimit -n "$(ulimit -Hn)"
platform_dir && platform_tools "$build" && key_make bench && platform_up && investigator_add bench || exit 1
pg_sql postgres 'ALTER SYSTEM SET shared_preload_libraries = pg_stat_statements' &&
    pg_sql postgres 'ALTER SYSTEM SET max_wal_size = 4096' || exit 1
stop_named mig-scheduler
stop_named mig-api
pg_stop
pg_run "$PLATFORM_DIR" && pg_sql mig 'CREATE EXTENSION pg_stat_statements' || exit 1
# By hand, so that a round is not measured with statistics of the one before.
pg_sql mig 'ALTER TABLE commands SET (autovacuum_enabled = off)'
api_up && migrc_make bench && scheduler_up || exit 1

# fill COUNT: closed commands, a thousand an action, of 5,000 agents that are gone; the actions ended in the last 100 days.
fill()
{
    pg_sql mig "
        INSERT INTO agents (id, name, queueloc, mode, version, pid, starttime, heartbeattime, refreshtime, status)
            SELECT i, 'old' || i, 'old.' || i, 'daemon', '1', 1, now(), now() - interval '1 year', now(), 'offline'
            FROM generate_series(1, 5000) i ON CONFLICT DO NOTHING;
        WITH a AS (INSERT INTO actions (name, target, operations, validfrom, expireafter, finishtime, status, pgpsignatures)
            SELECT 'old', 'true', '[]', now(), now(), now() - interval '100 days' * random(), 'completed', '[]'
            FROM generate_series(1, $1 / 1000) RETURNING id)
        INSERT INTO commands (actionid, agentid, status, starttime, finishtime, results)
            SELECT a.id, 1 + (random() * 4999)::int, 'success', now(), now(),
                '[{\"foundanything\":false,\"success\":true,\"elements\":{},\"statistics\":null,\"errors\":null}]'
            FROM a, generate_series(1, 1000)" && pg_sql mig 'VACUUM ANALYZE'
}

# measure NAME: two rounds of a small fleet. Each statement's id, text, calls, rows, and pages and milliseconds a row, or a
# call where it gives fewer rows than it is called: how often a lane looks for nothing depends on the time of the rounds.
measure()
{
    pg_sql mig "SELECT pg_stat_statements_reset(), pg_stat_reset()" >/dev/null
    "$build/tests/bench/fleet" -n 500 -c 10 -r 2 "$PLATFORM_DIR/home-bench/.migrc" "$AMQP_URI" "$DB_CONNINFO" \
        >"$PLATFORM_DIR/log/fleet" || { cat "$PLATFORM_DIR/log/fleet" >&2; return 1; }
    pg_sql mig "COPY (SELECT queryid::text, regexp_replace(left(query, 70), '\s+', ' ', 'g'), calls, rows,
            round((shared_blks_hit + shared_blks_read)::numeric / greatest(calls, rows), 1),
            round(total_exec_time::numeric / greatest(calls, rows), 3)
        FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid
        WHERE r.rolname IN ('migscheduler', 'migapi') AND query LIKE '%commands%' AND query NOT LIKE '%agents_stats%'
        ORDER BY queryid::text COLLATE \"C\") TO STDOUT" >"$PLATFORM_DIR/$1"
    pg_sql mig "SELECT 'commands: ' || n_live_tup || ' rows, ' || seq_scan || ' reads of the whole table'
        FROM pg_stat_user_tables WHERE relname = 'commands'"
}

fill "$commands" && measure one || exit 1
fill $((commands * 3)) && measure four || exit 1
printf '\n| statement | calls, rows | pages, %s | pages, %s | ms | ms |\n| --- | --- | --- | --- | --- | --- |\n' \
    "$commands" "$((commands * 4))"
# Three times and 64 pages more: one level of an index, or a few dead rows, are no growth.
LC_ALL=C join -t $'\t' "$PLATFORM_DIR/one" "$PLATFORM_DIR/four" |
    awk -F'\t' '{
            more = $10 > 3 * $5 + 64
            printf "| %s | %s, %s | %s | %s%s | %s | %s |\n", $2, $3, $4, $5, $10, more ? " GROWS" : "", $6, $11
            grown += more
        }
        END { if (NR == 0) print "no statement was measured"; exit NR == 0 || grown > 0 }'
flat=$?

pg_sql mig 'SELECT pg_stat_statements_reset()' >/dev/null
printf '\n'
time "$MIG_ADMIN" --db "$DB_CONNINFO" prune --actions 90d
pg_sql mig "SELECT calls || ' transactions of commands, ' || round(mean_exec_time) || ' ms and '
        || (shared_blks_hit + shared_blks_read) / greatest(rows, 1) || ' pages a row'
    FROM pg_stat_statements WHERE query LIKE 'DELETE FROM commands%'"
exit $flat
