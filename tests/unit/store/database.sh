#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Starts a PostgreSQL, lays the database with mig-admin, and has database_test try the store on it.
. "$top_srcdir/scripts/lib-platform.sh"
PLATFORM_QUIET=1

if ! pg_bin >/dev/null 2>&1; then
    echo '1..0 # SKIP PostgreSQL is not installed'
    exit 0
fi
platform_dir || exit 99
pg_start "$PLATFORM_DIR" || exit 99
pg_sql postgres 'CREATE DATABASE mig' || exit 99
db="host=$PG_SOCKET port=$PG_PORT dbname=mig"
"$top_builddir/scheduler/mig-admin" --db "$db user=postgres" --sql "$top_srcdir/sql" init >&2 || exit 99
MIG_TEST_DB=$db "$top_builddir/tests/unit/store/database_test"
