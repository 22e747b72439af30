#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# What an agent decides of a target, PostgreSQL decides alike: every T and F of the fixture.
. "$top_srcdir/scripts/lib-platform.sh"
PLATFORM_QUIET=1

if ! pg_bin >/dev/null 2>&1; then
    echo '1..0 # SKIP PostgreSQL is not installed'
    exit 0
fi
platform_dir || exit 99
pg_start "$PLATFORM_DIR" || exit 99
pg_sql postgres 'CREATE DATABASE targets' || exit 99
pg_sql targets "$(cat "$top_srcdir/tests/fixtures/target/agent.sql")" || exit 99
failures=0 count=0
while read -r expected expression; do
    case $expected in
        T) wanted=1 ;;
        F) wanted=0 ;;
        *) continue ;;
    esac
    count=$((count + 1))
    got=$(pg_sql targets "SELECT count(*) FROM agents WHERE ($expression)" 2>&1)
    if [ "$got" != "$wanted" ]; then
        failures=$((failures + 1))
        echo "# expected $expected, PostgreSQL says: $got: $expression"
    fi
done <"$top_srcdir/tests/fixtures/target/expressions.txt"
if [ "$failures" -eq 0 ] && [ "$count" -gt 60 ]; then
    echo "ok 1 - $count targets that an agent decides, PostgreSQL decides alike"
else
    echo "not ok 1 - of $count targets PostgreSQL decides $failures otherwise"
fi
echo 1..1
[ "$failures" -eq 0 ]
