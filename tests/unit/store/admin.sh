#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# mig-admin on a real PostgreSQL: laying the database twice, passwords, investigators, and what it refuses.
. "$top_srcdir/scripts/lib-platform.sh"
PLATFORM_QUIET=1

if ! pg_bin >/dev/null 2>&1 || ! command -v gpg >/dev/null; then
    echo '1..0 # SKIP PostgreSQL or gpg is not installed'
    exit 0
fi
platform_dir || exit 99
pg_start "$PLATFORM_DIR" || exit 99
pg_sql postgres 'CREATE DATABASE mig' || exit 99
db="host=$PG_SOCKET port=$PG_PORT dbname=mig user=postgres"
count=0 failures=0

admin()
{
    "$top_builddir/scheduler/mig-admin" --db "$db" --sql "$top_srcdir/sql" "$@"
}

# is WHAT EXPECTED ACTUAL
is()
{
    count=$((count + 1))
    if [ "$2" = "$3" ]; then
        echo "ok $count - $1"
    else
        echo "not ok $count - $1"
        printf '# expected: %s\n# got:      %s\n' "$2" "$3"
        failures=$((failures + 1))
    fi
}

# refused WHAT CODE MESSAGE COMMAND…: the first line of what it says is MESSAGE, after "mig-admin: ".
refused()
{
    local what=$1 code=$2 message=$3 out status
    shift 3
    out=$("$@" 2>&1 >/dev/null)
    status=$?
    is "$what" "$code mig-admin: $message" "$status ${out%%$'\n'*}"
}

key()
{
    local home=$PLATFORM_DIR/gnupg
    gpg --homedir "$home" --batch --quiet --no-tty --passphrase '' "$@" 2>>"$PLATFORM_DIR/log/gpg"
}

# A gpg-agent of our own, which ends with us.
mkdir "$PLATFORM_DIR/gnupg"
chmod 700 "$PLATFORM_DIR/gnupg"
spawn gpg-agent "" TERM gpg-agent --homedir "$PLATFORM_DIR/gnupg" --no-detach --daemon
wait_for 10 'gpg-agent does not start' [ -S "$PLATFORM_DIR/gnupg/S.gpg-agent" ] || exit 99

refused 'an empty database has nothing to migrate' 1 'the database is empty: run mig-admin init' admin migrate
refused 'a folder without files' 1 "$PLATFORM_DIR/log: no NNNN-*.sql here: say --sql DIR" \
    admin --sql "$PLATFORM_DIR/log" init
files=$(cd "$top_srcdir/sql" && for f in [0-9]*.sql; do echo "applied $f"; done)
is 'init lays the schema' "$files" "$(admin init)"
is 'init again changes nothing' '' "$(admin init)"
is 'migrate after init changes nothing' '' "$(admin migrate)"
is 'the roles are there' 'migadmin migapi migreadonly migscheduler migtarget' \
    "$(pg_sql mig "SELECT string_agg(rolname, ' ' ORDER BY rolname) FROM pg_roles WHERE rolname LIKE 'mig%'")"
is 'the tables belong to migadmin' 'migadmin' \
    "$(pg_sql mig "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")"

# A second database of the same cluster, where the roles are there already.
pg_sql postgres 'CREATE DATABASE second'
is 'a second database beside the first' "$files" \
    "$("$top_builddir/scheduler/mig-admin" --db "${db/dbname=mig/dbname=second}" --sql "$top_srcdir/sql" init)"

# A file that fails in the middle leaves nothing behind.
mkdir "$PLATFORM_DIR/broken"
cp "$top_srcdir"/sql/[0-9]*.sql "$PLATFORM_DIR/broken/"
echo 'CREATE TABLE half (i int); SELECT 1/0;' >"$PLATFORM_DIR/broken/9000-broken.sql"
refused 'a migration that fails' 1 \
    "$PLATFORM_DIR/broken/9000-broken.sql: script: division by zero, SQLSTATE 22012" \
    admin --sql "$PLATFORM_DIR/broken" migrate
is 'and leaves nothing behind' 'f' "$(pg_sql mig "SELECT to_regclass('half') IS NOT NULL")"
pg_sql mig "INSERT INTO schema_version VALUES (9999, 'x')"
last=$(cd "$top_srcdir/sql" && printf '%s\n' [0-9]*.sql | tail -n 1)
refused 'a database that is newer than we are' 1 \
    "the database has schema version 9999, newer than $top_srcdir/sql/$last: use a newer release" admin migrate
pg_sql mig 'DELETE FROM schema_version WHERE version = 9999'

# Passwords.
(umask 077; printf '# roles\nmigscheduler:s:1\r\nmigtarget:t2\n' >"$PLATFORM_DIR/passwords")
is 'init takes passwords' '' "$(admin init --password-file "$PLATFORM_DIR/passwords")"
is 'a login with the password' 'migscheduler' \
    "$(PGPASSWORD=s:1 "$PG_BIN/psql" -XAtq -h 127.0.0.1 -p "$PG_PORT" -U migscheduler -d mig -c 'SELECT current_user' 2>&1)"
is 'the server has a verifier only' 'SCRAM' \
    "$(pg_sql mig "SELECT left(rolpassword, 5) FROM pg_authid WHERE rolname = 'migtarget'")"
printf 'migadmin:x\n' >"$PLATFORM_DIR/passwords"
refused 'a password for a role that does not log in' 1 \
    "$PLATFORM_DIR/passwords:1: role 'migadmin': expected migscheduler, migapi or migtarget" \
    admin init --password-file "$PLATFORM_DIR/passwords"
printf '\nmigapi\n' >"$PLATFORM_DIR/passwords"
refused 'a line without a password' 1 "$PLATFORM_DIR/passwords:2: expected role:password" \
    admin init --password-file "$PLATFORM_DIR/passwords"

# Investigators.
key --quick-gen-key 'Ann <ann@example.net>' ed25519 sign never
key --quick-gen-key 'Bob <bob@example.net>' ed25519 sign seconds=1
key --armor --export ann >"$PLATFORM_DIR/ann.asc"
key --armor --export bob >"$PLATFORM_DIR/bob.asc"
key --armor --export ann bob >"$PLATFORM_DIR/both.asc"
key --armor --export-secret-keys ann >"$PLATFORM_DIR/secret.asc"
key --export ann >"$PLATFORM_DIR/ann.bin"
ann=$(key --with-colons --list-keys ann | awk -F: '$1 == "fpr" {print $10; exit}')
bob=$(key --with-colons --list-keys bob | awk -F: '$1 == "fpr" {print $10; exit}')
# Cat and Dan certify with their primary keys and sign with subkeys.
key --quick-gen-key 'Cat <cat@example.net>' ed25519 cert never
key --quick-gen-key 'Dan <dan@example.net>' ed25519 cert never
cat=$(key --with-colons --list-keys cat | awk -F: '$1 == "fpr" {print $10; exit}')
dan=$(key --with-colons --list-keys dan | awk -F: '$1 == "fpr" {print $10; exit}')
key --quick-add-key "$cat" ed25519 sign seconds=1
key --quick-add-key "$dan" ed25519 sign never
key --armor --export cat >"$PLATFORM_DIR/cat.asc"
printf '%s\n' 'key 1' revkey y 0 '' y save | key --command-fd 0 --edit-key "$dan" >/dev/null
key --armor --export dan >"$PLATFORM_DIR/dan.asc"
all_expired()
{
    [ "$(key --with-colons --list-keys | grep -c -e '^pub:e:' -e '^sub:e:')" -eq 2 ]
}
wait_for 10 "bob's and cat's keys do not expire" all_expired || exit 99

is 'an investigator is added' "investigator 1 'Ann' with key $ann" \
    "$(admin investigator add --name Ann --key "$PLATFORM_DIR/ann.asc" --permissions all)"
refused 'the same key again' 1 "an investigator with the key $ann is there already" \
    admin investigator add --name Anna --key "$PLATFORM_DIR/ann.asc"
refused 'an expired key' 1 \
    "$PLATFORM_DIR/bob.asc: key $bob is expired, revoked or disabled: expected a usable one" \
    admin investigator add --name Bob --key "$PLATFORM_DIR/bob.asc"
refused 'a key whose signing subkey is expired' 1 "$PLATFORM_DIR/cat.asc: key $cat can not sign" \
    admin investigator add --name Cat --key "$PLATFORM_DIR/cat.asc"
refused 'a key whose signing subkey is revoked' 1 "$PLATFORM_DIR/dan.asc: key $dan can not sign" \
    admin investigator add --name Dan --key "$PLATFORM_DIR/dan.asc"
refused 'a private key' 1 \
    "$PLATFORM_DIR/secret.asc: it holds a private key: give the public one only (gpg --export --armor)" \
    admin investigator add --name Ann --key "$PLATFORM_DIR/secret.asc"
refused 'a key that is not armored' 1 \
    "$PLATFORM_DIR/ann.bin: expected an armored public key (gpg --export --armor)" \
    admin investigator add --name Ann --key "$PLATFORM_DIR/ann.bin"
refused 'two keys in one file' 1 "$PLATFORM_DIR/both.asc: it holds 2 keys: expected one" \
    admin investigator add --name Ann --key "$PLATFORM_DIR/both.asc"
refused 'no name' 2 'investigator add needs --name and --key' admin investigator add --key x
is 'the list' "1	active	$ann	Default,PermAdmin,PermLoader,PermManifest	Ann" "$(admin investigator list)"
admin investigator disable Ann
is 'disabled' 'disabled' "$(admin investigator list | cut -f 2)"
admin investigator enable "$ann"
is 'enabled' 'active' "$(admin investigator list | cut -f 2)"
refused 'an unknown one' 1 \
    "investigator 'Eve': expected the id, the fingerprint or the unique name of one: see \`mig-admin investigator list\`" \
    admin investigator disable Eve
is 'the status' "schema version: ${last:3:1} investigators active: 1" "$(admin status | tr '\n' ' ' | sed 's/ $//')"
# What older releases have left: every schema, with rows of its time, becomes the same as a new one.
dump()
{
    "$PG_BIN/pg_dump" -h "$PG_SOCKET" -p "$PG_PORT" -U postgres --schema-only "$1" | grep -v -e '^--' -e '^[\]'
}
rows="INSERT INTO agents (id, name, queueloc, mode, version, pid, starttime, heartbeattime, refreshtime, status)
        VALUES (1, 'h', 'linux.h', 'daemon', '1', 7, now(), now(), now(), 'online');
    INSERT INTO investigators (name, pgpfingerprint, status, apikey, apisalt) VALUES ('Old', 'F', 'active', 'k', 's');
    INSERT INTO actions (id, name, target, operations, validfrom, expireafter, status, pgpsignatures)
        VALUES (2, 'a', 'true', '[]', now(), now(), 'completed', '[]');
    INSERT INTO commands (id, actionid, agentid, status, starttime, results) VALUES (3, 2, 1, 'success', now(), '[1]');
    INSERT INTO signatures VALUES (2, 1, 's')"
new=$(dump second)
for file in $files; do
    [ "$file" != applied ] && [ "$file" != "$last" ] || continue
    old=${file%%-*}
    mkdir "$PLATFORM_DIR/sql-$old"
    for earlier in $files; do
        [ "$earlier" = applied ] || [[ $earlier > $file ]] || cp "$top_srcdir/sql/$earlier" "$PLATFORM_DIR/sql-$old/"
    done
    pg_sql postgres "CREATE DATABASE old$old"
    at_old=${db/dbname=mig/dbname=old$old}
    "$top_builddir/scheduler/mig-admin" --db "$at_old" --sql "$PLATFORM_DIR/sql-$old" init >/dev/null
    pg_sql "old$old" "$rows"
    "$top_builddir/scheduler/mig-admin" --db "$at_old" --sql "$top_srcdir/sql" migrate >/dev/null
    is "schema $old becomes the newest" "$new" "$(dump "old$old")"
    is "and keeps its rows" '1 h online|3 [1]|Old' "$(pg_sql "old$old" "SELECT g.id || ' ' || g.name || ' ' || g.status,
        c.id || ' ' || c.results, i.name FROM agents g, commands c, investigators i, signatures s
        WHERE c.actionid = s.actionid AND s.investigatorid = i.id AND c.agentid = g.id")"
done

# Retention.
pg_sql mig "INSERT INTO agents (id, name, queueloc, mode, version, pid, starttime, heartbeattime, refreshtime, status)
        SELECT i, 'h' || i, 'linux.' || (i + 1) / 2, 'daemon', '1', i, now(), now() - interval '1 day' * a, now(), s FROM (VALUES
        (1, 0, 'online'), (2, 0, 'online'), (3, 50, 'offline'), (4, 50, 'destroyed'), (5, 50, 'offline'), (6, 5, 'offline'))
        AS v (i, a, s);
    INSERT INTO actions (id, name, target, operations, validfrom, expireafter, finishtime, status, pgpsignatures)
        SELECT i, 'a', 'true', '[]', now(), now(), now() - interval '1 day' * a, s, '[]' FROM (VALUES (1, 100, 'completed'),
        (2, 95, 'invalid'), (3, 80, 'completed'), (4, 100, 'inflight')) AS v (i, a, s);
    INSERT INTO commands (actionid, agentid, status, starttime)
        SELECT a, g, 'success', now() FROM (VALUES (1, 3), (3, 5), (4, 1)) AS v (a, g), generate_series(1, 25);
    INSERT INTO signatures SELECT a, 1, 's' FROM generate_series(1, 4) a;
    INSERT INTO agents_stats (timestamp) VALUES (now() - interval '1 year'), (now());
    INSERT INTO tokens VALUES ('x', now() - interval '1 h'), ('y', now() + interval '1 h')"
refused 'a prune of nothing' 2 'prune needs an age: --actions, --agents or --statistics' admin prune
for age in 90 -1d 90x 1e3d 40000d ''; do
    refused "a prune with the age '$age'" 2 "prune: --actions '$age': expected an age such as 90d or 36h" \
        admin prune --actions "$age"
done
refused 'a prune in batches of none' 2 "prune: --batch '0': expected 1 to 1000000 rows" admin prune --actions 1d --batch 0
refused 'a prune of too much' 2 "prune: 'all' is too much" admin prune --actions 1d all
is 'a dry run tells' 'would delete 2 actions, 25 commands, 2 agents, 1 rows of statistics, 1 used tokens' \
    "$(admin prune --actions 90d --agents 30d --statistics 30d --dry-run)"
is 'and deletes nothing' '4 75 6 2 2' "$(pg_sql mig "SELECT concat_ws(' ', (SELECT count(*) FROM actions), (SELECT count(*)
    FROM commands), (SELECT count(*) FROM agents), (SELECT count(*) FROM agents_stats), (SELECT count(*) FROM tokens))")"
is 'a prune in small batches' 'deleted 2 actions, 25 commands, 2 agents, 1 rows of statistics, 1 used tokens' \
    "$(admin prune --actions 90d --agents 720h --statistics 30d --batch 3)"
is 'what is young, open or named stays' 'actions 3 4, agents 1 2 5 6, signatures 3 4' "$(pg_sql mig "SELECT concat(
    'actions ', (SELECT string_agg(id::text, ' ' ORDER BY id) FROM actions), ', agents ', (SELECT string_agg(id::text, ' '
    ORDER BY id) FROM agents), ', signatures ', (SELECT string_agg(actionid::text, ' ' ORDER BY actionid) FROM signatures))")"
is 'again there is nothing' 'deleted 0 actions, 0 commands, 0 agents, 0 rows of statistics, 0 used tokens' \
    "$(admin prune --actions 90d --agents 30d)"

# Agents.
is 'agents are listed' "1 online 2 online 5 offline 6 offline" "$(admin agent list | cut -f 1,2 | tr '\t\n' '  ' | sed 's/ $//')"
is 'agents of a status' '1 2' "$(admin agent list online | cut -f 1 | tr '\n' ' ' | sed 's/ $//')"
# made SECONDS: when the newer process of linux.1 was first seen, counted from now; the older beats now.
made()
{
    pg_sql mig "UPDATE agents SET id = (extract(epoch FROM now())::bigint - 1367258400 + $1) << 16 WHERE pid = 2"
}
made 10
is 'a restart is no duplicate' '' "$(admin agent duplicates 2h)"
made -60
is 'a duplicate' 'linux.1	endpoints h1, h2	processes 1, 2' "$(admin agent duplicates 2h | cut -f 1-3)"
refused 'a window that is none' 2 "agent duplicates: 'x': expected a duration such as 15m" admin agent duplicates x
is 'one is removed' '1 removed' "$(admin agent remove 1)"
is 'and is no duplicate any more' '' "$(admin agent duplicates 2h)"
is 'and stays so when it beats' 'destroyed' "$(admin agent list destroyed | cut -f 2)"
refused 'an agent that is not there' 1 \
    "agent '77': expected the id or the queue location of one that is not removed: see \`mig-admin agent list\`" \
    admin agent remove 77
refused 'a verb of agent that is none' 2 'expected agent list [STATUS], duplicates [DURATION] or remove WHO' admin agent x
refused 'an unknown command' 2 "'frobnicate' is no command, or has too many arguments" admin frobnicate

echo "1..$count"
[ "$failures" -eq 0 ]
