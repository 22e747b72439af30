#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Starts a PostgreSQL, a RabbitMQ and mig-scheduler, and has lanes_test play the API and the agents. The last case is
# that the scheduler stops when it is told to.
. "$top_srcdir/scripts/lib-platform.sh"
PLATFORM_QUIET=1

if ! pg_bin >/dev/null 2>&1 || ! rabbit_server >/dev/null 2>&1; then
    echo '1..0 # SKIP PostgreSQL or RabbitMQ is not installed'
    exit 0
fi
platform_dir || exit 99
PLATFORM_LOGS_ON_FAILURE=1
rabbit_launch "$PLATFORM_DIR" && pg_start "$PLATFORM_DIR" || exit 99
pg_sql postgres 'CREATE DATABASE mig' || exit 99
db="host=$PG_SOCKET port=$PG_PORT dbname=mig"
"$top_builddir/scheduler/mig-admin" --db "$db user=postgres" --sql "$top_srcdir/sql" init >&2 || exit 99
rabbit_wait "$PLATFORM_DIR" || exit 99

cat >"$PLATFORM_DIR/scheduler.cfg" <<CONF
[postgres]
host = $PG_SOCKET
port = $PG_PORT
dbname = mig
user = migscheduler
[mq]
uri = $AMQP_URI
[logging]
mode = stdout
level = debug
CONF
spawn mig-scheduler "" TERM "$top_builddir/scheduler/mig-scheduler" -c "$PLATFORM_DIR/scheduler.cfg"
scheduler=$SPAWN_PID
MIG_TEST_DB="$db user=postgres" MIG_TEST_AMQP=$AMQP_URI "$top_builddir/tests/unit/store/lanes_test" || exit

kill -TERM "$scheduler"
wait "$scheduler"
status=$?
if [ "$status" -ne 0 ]; then
    echo "# mig-scheduler ended with $status after SIGTERM, expected 0" >&2
    exit 1
fi
