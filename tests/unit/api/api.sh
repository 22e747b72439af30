#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# mig-api as a whole: a private PostgreSQL, real OpenPGP keys, curl. Every endpoint and every refusal.
set -u
: "${top_srcdir:=$(cd "$(dirname "$0")/../../.." && pwd)}" "${top_builddir:=$top_srcdir/build}"
# shellcheck source=scripts/lib-platform.sh
. "$top_srcdir/scripts/lib-platform.sh"
# shellcheck disable=SC2034
PLATFORM_QUIET=1
for tool in curl gpg; do
    command -v "$tool" >/dev/null || { echo "1..0 # SKIP $tool is missing"; exit 0; }
done
pg_bin >/dev/null 2>&1 || { echo "1..0 # SKIP PostgreSQL is missing"; exit 0; }

count=0
failures=0
# ok NAME COMMAND…
ok()
{
    local name=$1
    shift
    count=$((count + 1))
    if "$@" >/dev/null 2>&1; then
        echo "ok $count - $name"
    else
        echo "not ok $count - $name"
        failures=$((failures + 1))
        printf '%s\n' "status $status" "body ${body:0:3000}" | sed 's/^/# /'
    fi
}

# ---- platform ----------------------------------------------------------------------------------
platform_dir || exit 1
pg_start "$PLATFORM_DIR" || exit 1
pg_sql postgres 'CREATE DATABASE mig'
sql()
{
    pg_sql mig "$1"
}
for file in "$top_srcdir"/sql/[0-9]*.sql; do
    "$PG_BIN/psql" -X -q -1 -v ON_ERROR_STOP=1 -h "$PG_SOCKET" -p "$PG_PORT" -U postgres -d mig \
        <"$file" >"$PLATFORM_DIR/log/sql" 2>&1 ||
        { echo "Bail out! ${file##*/} does not apply"; exit 1; }
done

export GNUPGHOME=$PLATFORM_DIR/gpg
mkdir -m 0700 "$GNUPGHOME"
# new_key NAME: prints the fingerprint
new_key()
{
    gpg --batch --quiet --pinentry-mode loopback --passphrase '' --quick-gen-key \
        "$1 <$1@example.net>" ed25519 sign never 2>/dev/null
    gpg --batch --with-colons --list-keys "$1@example.net" 2>/dev/null |
        sed -n 's/^fpr:::::::::\([0-9A-F]*\):.*/\1/p' | sed 1q
}
# investigator NAME FPR STATUS PERMISSIONS
investigator()
{
    sql "INSERT INTO investigators (name, pgpfingerprint, publickey, status, permissions) VALUES
         ('$1', '$2', decode('$(gpg --batch --armor --export "$2" | od -An -v -tx1 | tr -d ' \n')', 'hex'), '$3', $4)"
}
alice=$(new_key alice)
bob=$(new_key bob)
carol=$(new_key carol)
mallory=$(new_key mallory)
investigator alice "$alice" active 63
investigator bob "$bob" active 1
investigator carol "$carol" disabled 63

cat >"$PLATFORM_DIR/api.cfg" <<CONF
[authentication]
enabled = on
tokenduration = 10m
[server]
ip = 127.0.0.1
port = 0
portfile = $PLATFORM_DIR/port
baseroute = /api/v1
clientpublicip = peer
workers = 4
[postgres]
host = $PG_SOCKET
port = $PG_PORT
dbname = mig
user = migapi
[logging]
mode = stdout
level = info
[manifest]
requiredsignatures = 2
CONF
start_api()
{
    rm -f "$PLATFORM_DIR/port"
    spawn "$1" "" TERM "$top_builddir/scheduler/mig-api" -c "$2"
    API_PID=$SPAWN_PID
    wait_for 20 "mig-api does not listen: $(tail -n 3 "$PLATFORM_DIR/log/$1" 2>/dev/null)" \
        test -s "$PLATFORM_DIR/port" || { echo "Bail out! mig-api does not start"; exit 1; }
    api=http://127.0.0.1:$(cat "$PLATFORM_DIR/port")/api/v1
}
start_api mig-api "$PLATFORM_DIR/api.cfg"

# ---- requests ----------------------------------------------------------------------------------
# one_line: the transport form of an armored signature
one_line()
{
    sed -e '/^-----/d' -e '/^$/d' | tr -d '\n'
}
# sign FPR: signs stdin
sign()
{
    gpg --batch --quiet --pinentry-mode loopback --passphrase '' -u "$1" --armor --detach-sign | one_line
}
nonce=0
new_nonce()
{
    nonce=$((nonce + 1))
}
# token FPR [TIME [VERSION]]: sets `token`
token()
{
    local text
    new_nonce
    text="${3:-1};${2:-$(date -u +%Y-%m-%dT%H:%M:%SZ)};$nonce"
    token="$text;$(printf '%s\n' "$text" | sign "$1")"
}
# request ARGS…: sets status and body
request()
{
    local told
    body=$(curl -sS --max-time 30 -g -w '\n%{method} %{url_effective} %{http_code} %{content_type}' "$@" 2>&1)
    read -r -a told <<<"${body##*$'\n'}"
    body=${body%$'\n'*}
    status=${told[2]-}
    # What was asked and answered, for openapi.py.
    [ "$status" = 000 ] || printf '%s\0' "${told[@]:0:3}" "${told[*]:3}" "$body" >>"$PLATFORM_DIR/exchanges"
}
# as FPR ARGS…: the same with a fresh token
as()
{
    token "$1"
    shift
    request -H "X-PGPAUTHORIZATION: $token" "$@"
}
# is STATUS TEXT…: what the last request gave
is()
{
    [ "$status" = "$1" ] || return 1
    shift
    local text
    for text in "$@"; do
        case $body in *"$text"*) ;; *) return 1 ;; esac
    done
}
refused='Authorization verification failed with error '"'"'verifySignedToken() -\u003e '

# ---- public ------------------------------------------------------------------------------------
ok 'a key without effect is named' grep -q '\[warning\] manifest.requiredsignatures is not used by this version$' \
    "$PLATFORM_DIR/log/mig-api"
request "$api/heartbeat"
ok 'GET heartbeat' is 200 '"items":[{"href":' '"data":[{"name":"heartbeat","value":"gatorz say hi"}]' \
    "\"href\":\"$api/heartbeat\"" '"version":"1.0"' '"template":{},"error":{}}}'
request -i "$api/ip"
ok 'GET ip' is 200 '127.0.0.1' 'Cache-Control: no-cache' 'Content-Type: application/json'
request "$api/publickey/$alice"
ok 'GET publickey' is 200 '-----BEGIN PGP PUBLIC KEY BLOCK-----'
request "$api/publickey/0123456789012345678901234567890123456789"
ok 'an unknown key is 404' is 404 'there is no such key'
request "$api/publickey/..%2f"
ok 'a fingerprint that is none is 404' is 404
request "$api/nothing"
ok 'an unknown route is 404' is 404 '"error":{"code":"' '"message":"there is no such resource"'
request "http://${api#http://}/../../etc/passwd"
ok 'a path outside the base route is 404' is 404
request -i -X DELETE "$api/heartbeat"
ok 'another method is 405' is 405 'Allow: GET, POST' 'method not allowed; expected GET, POST'
request -i -X POST -d x "$api/search"
ok 'POST to a GET resource is 405' is 405 'Allow: GET'

# ---- authentication ----------------------------------------------------------------------------
for path in search action command agent dashboard; do
    request "$api/$path"
    ok "no header: $path" is 401 'Valid authentication header not found'
done
request -X POST -d action=x "$api/action/create/"
ok 'no header: action/create' is 401 'Valid authentication header not found'
request -H 'X-MIGAPIKEY: 12345678901234567890123456789012' "$api/dashboard"
ok 'an unknown API key is refused' is 401 "Authorization verification failed with error 'API key authentication failed'"
for bad in 'x' '1;2;3' '1;2026-01-01T00:00:00Z;n;s;t' '1;;;' '1;yesterday;n;c2ln' ; do
    request -H "X-PGPAUTHORIZATION: $bad" "$api/dashboard"
    ok "token '$bad'" is 401 "${refused}invalid token format"
done
token "$alice" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" 2
request -H "X-PGPAUTHORIZATION: $token" "$api/dashboard"
ok 'token version 2' is 401 "${refused}invalid token version, must be 1"
token "$alice" "$(date -u -d '-11 minutes' +%Y-%m-%dT%H:%M:%SZ)"
request -H "X-PGPAUTHORIZATION: $token" "$api/dashboard"
ok 'a token of 11 minutes ago' is 401 "${refused}token timestamp is not within acceptable time limits"
token "$alice" "$(date -u -d '+11 minutes' +%Y-%m-%dT%H:%M:%SZ)"
request -H "X-PGPAUTHORIZATION: $token" "$api/dashboard"
ok 'a token of 11 minutes ahead' is 401 "${refused}token timestamp is not within acceptable time limits"
as "$mallory" "$api/dashboard"
ok 'an unknown key' is 401 "$refused" 'unknown entity'
as "$carol" "$api/dashboard"
ok 'a disabled investigator' is 401 "$refused" 'unknown entity'
token "$alice"
request -H "X-PGPAUTHORIZATION: ${token/;$nonce;/;${nonce}1;}" "$api/dashboard"
ok 'a token with another nonce' is 401 "$refused"
request -H "X-PGPAUTHORIZATION: $(printf %s "$token" | cut -d ';' -f 1-3);AAAA" "$api/dashboard"
ok 'a token with a signature that is none' is 401 "$refused"
as "$bob" "$api/dashboard"
ok 'a missing permission' is 403 'Insufficient permissions to access endpoint'
as "$bob" "$api/search"
ok 'the permission that is there' is 404 'no results found'
as "$alice" "$api/dashboard"
ok 'GET dashboard, empty' is 200 '"items":[]'
request -H "X-PGPAUTHORIZATION: $token" "$api/dashboard"
ok 'a token serves once' is 401 "${refused}token was used before"
sql "UPDATE investigators SET status = 'active', lastmodified = now() WHERE name = 'carol'"
as "$carol" "$api/dashboard"
ok 'an investigator is let in at once' is 200
sql "UPDATE investigators SET status = 'disabled' WHERE name = 'carol'"
as "$carol" "$api/dashboard"
ok 'and out at once' is 401 'unknown entity'

# ---- heartbeats --------------------------------------------------------------------------------
# beat NAME QUEUELOC PID OS [TIME]
beat()
{
    local now
    now=${5:-$(date -u +%Y-%m-%dT%H:%M:%SZ)}
    printf '{"name":"%s","mode":"daemon","version":"1.0","pid":%s,"queueLoc":"%s","startTime":"%s","refreshTime":"%s","environment":{"init":"systemd","ident":"Debian","os":"%s","arch":"amd64","isProxied":false,"addresses":["10.0.0.1/8"],"publicIP":"192.0.2.1","modules":["file"]},"tags":[{"name":"operator","value":"IT"}]}' \
        "$1" "$3" "$2" "$now" "$now" "$4"
}
post_beat()
{
    request -X POST -H 'Content-Type: application/json' --data-binary "$1" "$api/heartbeat"
}
agents()
{
    sql "SELECT name, pid, status, environment->>'os', tags->>'operator' FROM agents ORDER BY pid, name"
}
# equal EXPECTED COMMAND…
equal()
{
    local expected=$1
    shift
    body=$("$@" 2>&1)
    [ "$body" = "$expected" ]
}
post_beat "$(beat host1 linux.host1.abc 100 linux)"
ok 'POST heartbeat' is 200 '{"error":null}'
ok 'the agent is there' equal 'host1|100|online|linux|IT' agents
post_beat "$(beat host1 linux.host1.abc 100 freebsd)"
ok 'a refreshed environment reaches the database' equal 'host1|100|online|freebsd|IT' agents
sql "UPDATE agents SET status = 'idle'"
post_beat "$(beat host1 linux.host1.abc 100 linux)"
ok 'an idle agent is online again' equal 'host1|100|online|linux|IT' agents
post_beat "$(beat host1 linux.host1.abc 200 linux)"
ok 'a restarted agent takes the place of the old one' equal \
    'host1|100|offline|linux|IT
host1|200|online|linux|IT' agents
post_beat "$(beat host2 linux.host2.abc 300 linux)"
post_beat '{"name":"","mode":"daemon"}'
ok 'missing fields are named' is 400 '{"error":"Missing fields in request body: missing field(s): ' queueLoc environment.publicIP
post_beat '{"name":'
ok 'a broken body' is 400 'Failed to decode request body: '
post_beat "$(beat host1 linux.host1.abc 200 linux "$(date -u -d '-6 minutes' +%Y-%m-%dT%H:%M:%SZ)")"
ok 'an old heartbeat' is 400 'heartbeat expired'
wrong=$(beat host1 linux.host1.abc 200 linux)
post_beat "${wrong/daemon/cluster}"
ok 'a wrong mode' is 400 'agent reported an invalid mode'
post_beat "$(beat "$(printf '%0110000d' 0)" q 1 linux)"
ok 'a heartbeat over the limit' is 413 'the request body is larger than 102400 bytes'
request -X POST -H 'Transfer-Encoding: chunked' --data-binary "$(beat "$(printf '%0110000d' 0)" q 1 linux)" "$api/heartbeat"
ok 'a heartbeat over the limit, in chunks' is 413 'the request body is larger than 102400 bytes'

# ---- actions -----------------------------------------------------------------------------------
operations='[{"module":"file","parameters":{"searches":{"s1":{"names":["^a\u003cb$"],"paths":["/usr/bin"]}}}},{"module":"example","parameters":null}]'
# action_text NAME TARGET FROM TO OPERATIONS
action_text()
{
    # shellcheck disable=SC2016
    printf 'name=%s;target=%s;validfrom=%s;expireafter=%%!s(int64=%s);operations=%s;' "$1" "$2" \
        "$(date -u -d "$3" +%s)" "$(date -u -d "$4" +%s)" "$5"
}
# action_json NAME TARGET FROM TO OPERATIONS SIGNATURES
action_json()
{
    printf '{"id":0,"name":"%s","target":"%s","description":{"author":"A"},"threat":{"family":"t"},"validfrom":"%s","expireafter":"%s","operations":%s,"pgpsignatures":[%s],"syntaxversion":2}' "$@"
}
from=$(date -u -d '-1 minute' +%Y-%m-%dT%H:%M:%SZ)
to=$(date -u -d '+10 minutes' +%Y-%m-%dT%H:%M:%SZ)
target="name='host1'"
signature=$(action_text one "$target" "$from" "$to" "$operations" | sign "$alice")
second=$(action_text one "$target" "$from" "$to" "$operations" | sign "$bob")
# the same second with a fraction, and the parameters not in canonical order
loose='[{"parameters":{"searches":{"s1":{"paths":["/usr/bin"],"names":["^a<b$"]}}},"module":"file"},{"module":"example"}]'
action=$(action_json one "$target" "${from%Z}.999999999Z" "$to" "$loose" "\"$signature\",\"$second\"")
create()
{
    as "$alice" -X POST --data-urlencode "action=$1" "$api/action/create/"
}
create "$action"
ok 'POST action/create' is 202 '"data":[{"name":"action ID ' '"status":"pending"' \
    "\"operations\":$operations" '"finishtime":"9998-01-11T11:11:11Z"' "\"href\":\"$api/action?actionid="
id=$(printf '%s' "$body" | sed -n 's/.*"name":"action ID \([0-9]*\)".*/\1/p')
ok 'it is stored as pending' equal 'one|pending|2' sql \
    "SELECT name, status, (SELECT count(*) FROM signatures WHERE actionid = a.id) FROM actions a WHERE id = ${id:-0}"
ok 'operations are kept byte for byte' equal "$operations" sql "SELECT operations FROM actions WHERE id = ${id:-0}"
ok 'the signed second is kept' equal "$(date -u -d "$from" +%s)" sql \
    "SELECT floor(extract(epoch FROM validfrom))::bigint FROM actions WHERE id = ${id:-0}"
as "$alice" "$api/action?actionid=$id"
ok 'GET action' is 200 '"name":"action","value":{"id":'"$id"',' "\"operations\":$operations" \
    '"investigators":[{"id" : 1, "name" : "alice"' '"counters":{}' "\"pgpsignatures\":[\"$signature\",\"$second\"]"
as "$alice" -X POST -H 'Content-Type: application/json' --data-binary "$action" "$api/action/create/"
ok 'an action as application/json' is 202 '"status":"pending"'

create ''
ok 'an empty action' is 400
as "$alice" -X POST -d other=1 "$api/action/create/"
ok 'no action in the form' is 400 "Wrong parameters 'action': it is missing"
as "$alice" -X POST -d 'action=%zz' "$api/action/create/"
ok 'a form with a broken escape' is 400 "malformed form" "must be followed by two hexadecimal digits"
create '{"name":'
ok 'an action that is not JSON' is 400
create "${action/\"name\"/\"Name\":\"x\",\"name\"}"
ok 'an action with a key twice' is 400
create "$(action_json one "$target" "$from" "$to" "$operations" '')"
ok 'an unsigned action' is 400 'action pgpsignatures is empty'
create "$(action_json two "$target" "$from" "$to" "$operations" "\"$signature\"")"
ok 'a signature over something else' is 400 'action signature 1: '
create "$(action_json one "name='host2'" "$from" "$to" "$operations" "\"$signature\"")"
ok 'another target' is 400 'action signature 1: '
create "$(action_json one "$target" "$from" "$to" "$operations" "\"$signature\",\"$signature\"")"
ok 'one signer twice' is 400 "permission violation: key $alice used to sign multiple times"
other=$(action_text one "$target" "$from" "$to" "$operations" | sign "$carol")
create "$(action_json one "$target" "$from" "$to" "$operations" "\"$signature\",\"$other\"")"
ok 'a disabled investigator among the signers' is 400 'action signature 2: ' 'unknown entity'
create "$(action_json '' "$target" "$from" "$to" "$operations" "\"$signature\"")"
ok 'no name' is 400 'action name is empty'
create "$(action_json one "$target" "$to" "$from" "$operations" "\"$signature\"")"
ok 'validity turned round' is 400 'action expireafter is set before action validfrom'
create "$(action_json one "$target" 2020-01-01T00:00:00Z 2020-01-02T00:00:00Z "$operations" "\"$signature\"")"
ok 'an expired action' is 400 'action expireafter is in the past'
head -c 17000000 /dev/zero | tr '\0' a >"$PLATFORM_DIR/large"
as "$alice" -X POST --data-binary "@$PLATFORM_DIR/large" "$api/action/create/"
ok 'an action over the limit' is 413 'the request body is larger than 16777216 bytes'
ok 'no refused action was stored' equal 2 sql 'SELECT count(*) FROM actions'

# ---- reading -----------------------------------------------------------------------------------
agent=$(sql "SELECT id FROM agents WHERE pid = 200")
agent2=$(sql "SELECT id FROM agents WHERE pid = 300")
for thing in action command agent; do
    Thing=${thing^}
    as "$alice" "$api/$thing"
    ok "$thing without its parameter" is 400 "Wrong parameters '${thing}id': it is missing"
    as "$alice" "$api/$thing?${thing}id=x"
    ok "$thing of no number" is 400 "Wrong parameters '${thing}id': expected a decimal number, found 'x'"
    as "$alice" "$api/$thing?${thing}id=0"
    ok "$thing 0" is 400 "Invalid $Thing ID '0'"
    as "$alice" "$api/$thing?${thing}id=-1"
    ok "$thing -1" is 400 "Invalid $Thing ID '-1'"
    as "$alice" "$api/$thing?${thing}id=42"
    ok "$thing 42" is 404 "$Thing ID '42' not found"
done
sql "INSERT INTO commands (id, actionid, agentid, status, results, starttime, finishtime) VALUES
    (1001, $id, $agent, 'success', '[{\"foundanything\":true,\"success\":true,\"elements\":{},\"statistics\":{},\"errors\":null}]', now(), now()),
    (1002, $id, $agent2, 'success', '[{\"foundanything\":false,\"success\":true,\"elements\":{},\"statistics\":{},\"errors\":null}]', now(), now()),
    (1003, $id, $agent2, 'sent', NULL, now() - interval '1 hour', NULL)"
as "$alice" "$api/command?commandid=1001"
ok 'GET command' is 200 '"name":"command","value":{"id":1001,"action":{"id":'"$id"',' \
    '"agent":{"id":'"$agent,\"name\":\"host1\"" '"status":"success","results":[{"foundanything":true' \
    "\"links\":[{\"rel\":\"action\",\"href\":\"$api/action?actionid=$id\"}]"
as "$alice" "$api/action?actionid=$id"
ok 'counters' is 200 '"counters":{"sent":3,"done":2,"inflight":1,"success":2}'
as "$alice" "$api/agent?agentid=$agent"
ok 'GET agent' is 200 '"queueloc":"linux.host1.abc","mode":"daemon","version":"1.0","pid":200' \
    '"status":"online"' '"heartbeatts":"' '"tags":{"operator":"IT"}' '"isproxied":false'
sql "INSERT INTO agents_stats (timestamp, online_agents, online_agents_by_version) VALUES (now(), 2, '[{\"version\":\"1.0\",\"count\":2}]')"
as "$alice" "$api/dashboard"
ok 'GET dashboard' is 200 '{"name":"online agents","value":2},{"name":"online agents by version","value":[{"version":"1.0","count":2}]}' \
    '"name":"flapping endpoints","value":null' '"name":"action","value":{"id":'"$id"

# ---- cancelling --------------------------------------------------------------------------------
as "$alice" -X POST -d "actionid=$id" "$api/action/cancel/"
ok 'POST action/cancel' is 200 '"name":"action","value":{"id":'"$id"
ok 'it is marked' equal 'alice' sql "SELECT i.name FROM actions a JOIN investigators i ON i.id = a.cancelledby WHERE a.id = $id AND canceltime IS NOT NULL"
as "$alice" -X POST -d "actionid=$id" "$api/action/cancel/"
ok 'twice is as good as once' is 200
as "$alice" -X POST -d "actionid=42" "$api/action/cancel/"
ok 'cancelling an unknown action' is 404 "Action ID '42' not found"
as "$alice" -X POST -d "actionid=x" "$api/action/cancel/"
ok 'cancelling no number' is 400 "Wrong parameters 'actionid'"
as "$alice" -X POST -d "a=%" "$api/action/cancel/"
ok 'a broken form' is 400 'malformed form'
as "$bob" -X POST -d "actionid=$id" "$api/action/cancel/"
ok 'cancelling needs the permission to create' is 403
sql "UPDATE actions SET status = 'completed' WHERE id = $id"
as "$alice" -X POST -d "actionid=$id" "$api/action/cancel/"
ok 'an action that is over' is 409 "Action ID '$id' is over"
sql "UPDATE actions SET status = 'pending', canceltime = NULL, cancelledby = NULL WHERE id = $id"

# ---- investigators -----------------------------------------------------------------------------
as "$alice" "$api/investigator?investigatorid=2"
ok 'an investigator without the permission' is 403
sql "UPDATE investigators SET permissions = 524287 WHERE name = 'alice'"
as "$alice" "$api/investigator?investigatorid=2"
ok 'GET investigator' is 200 '"name":"investigator","value":{"id":2,"name":"bob"' "\"pgpfingerprint\":\"$bob\"" \
    '"publickey":"LS0tLS1CRUdJTiBQR1Ag' '"rel":"investigator history"'
as "$alice" "$api/investigator?investigatorid=99"
ok 'an unknown investigator' is 404 "Investigator ID '99' not found"
dave=$(new_key dave)
gpg --batch --armor --export "$dave" >"$PLATFORM_DIR/dave.asc"
as "$alice" -F name=dave -F 'permissions={"search":true,"dashboard":true}' -F "publickey=@$PLATFORM_DIR/dave.asc" "$api/investigator/create/"
ok 'POST investigator/create' is 201 '"name":"Investigator ID 4"'
ok 'it is stored' equal 'dave|33|active' sql 'SELECT name, permissions, status FROM investigators WHERE id = 4'
as "$dave" "$api/dashboard"
ok 'and may do what it was given' is 200
as "$alice" -F name=dave -F 'permissions={}' -F "publickey=@$PLATFORM_DIR/dave.asc" "$api/investigator/create/"
ok 'one key, two investigators' is 409 "an investigator with the key $dave is there already"
as "$alice" -d name=erin --data-urlencode 'permissions={}' "$api/investigator/create/"
ok 'without a key' is 201 '"name":"Investigator ID '
erin=$(sql "SELECT id FROM investigators WHERE name = 'erin'")
as "$alice" -F name=x "$api/investigator/create/"
ok 'no permissions' is 400 "Wrong parameters 'permissions': it is missing"
as "$alice" -F 'permissions={}' "$api/investigator/create/"
ok 'no name' is 400 "Wrong parameters 'name': expected 1 to 1024 bytes"
as "$alice" -F name=x -F 'permissions={"god":true}' "$api/investigator/create/"
ok 'an unknown permission' is 400 "Wrong parameters 'permissions': 'god' is no permission"
as "$alice" -F name=x -F 'permissions={"search":1}' "$api/investigator/create/"
ok 'a permission that is no boolean' is 400 "Wrong parameters 'permissions': 'search' is not true or false"
as "$alice" -F name=x -F 'permissions={}' -F publickey=abc "$api/investigator/create/"
ok 'a key that is none' is 400 "Wrong parameters 'publickey': expected an armored public key"
as "$alice" -H 'Content-Type: multipart/form-data; boundary=b' --data-binary 'x' "$api/investigator/create/"
ok 'a multipart body without its boundary' is 400 'malformed multipart/form-data: it does not start with its boundary'
as "$alice" -H 'Content-Type: multipart/form-data' --data-binary 'x' "$api/investigator/create/"
ok 'multipart without a boundary' is 400 'malformed multipart/form-data: expected a boundary'
as "$alice" -d "id=$erin" -d apikey=active "$api/investigator/update/"
ok 'an API key is made' is 200 '"apikey":"'
key=$(printf '%s' "$body" | sed -n 's/.*"apikey":"\([0-9A-Za-z]\{32\}\)".*/\1/p')
ok 'of 32 characters' test "${#key}" = 32
as "$alice" "$api/investigator?investigatorid=$erin"
ok 'and shown once' sh -c "[ '$status' = 200 ] && ! printf '%s' '$body' | grep -q apikey"
request -H "X-MIGAPIKEY: $key" "$api/dashboard"
ok 'the key is known, the permission is missing' is 403
as "$alice" -d "id=$erin" --data-urlencode 'permissions={"dashboard":true}' "$api/investigator/update/"
ok 'permissions are updated' is 200 '"dashboard":true' '"search":false'
request -H "X-MIGAPIKEY: $key" "$api/dashboard"
ok 'an API key is let in' is 200
ok 'no key is in the database' equal 0 sql "SELECT count(*) FROM investigators WHERE apikey = convert_to('$key', 'UTF8')"
ok 'nor in the log' sh -c "! grep -q '$key' '$PLATFORM_DIR/log/mig-api'"
as "$alice" -d "id=$erin" -d status=disabled "$api/investigator/update/"
request -H "X-MIGAPIKEY: $key" "$api/dashboard"
ok 'a disabled investigator: the key is refused at once' is 401 'API key authentication failed'
as "$alice" -d "id=$erin" -d status=active -d apikey=disabled "$api/investigator/update/"
request -H "X-MIGAPIKEY: $key" "$api/dashboard"
ok 'a key that was taken away' is 401 'API key authentication failed'
as "$alice" -d "id=$erin" "$api/investigator/update/"
ok 'nothing to update' is 400 'nothing to update'
as "$alice" -d "id=$erin" -d status=asleep "$api/investigator/update/"
ok 'a wrong status' is 400 "Wrong parameters 'status': expected active or disabled, found 'asleep'"
as "$alice" -d id=99 -d status=active "$api/investigator/update/"
ok 'updating an unknown investigator' is 404 "Investigator ID '99' not found"
as "$alice" -d id=1 --data-urlencode 'permissions={"search":true}' "$api/investigator/update/"
ok 'the last admin keeps the permission' is 409 'this is the last active investigator who may update investigators'
as "$alice" -d id=1 -d status=disabled "$api/investigator/update/"
ok 'and stays active' is 409 'this is the last active'
sql "UPDATE investigators SET permissions = 63 WHERE name = 'alice'"

# ---- monitoring --------------------------------------------------------------------------------
root=${api%/api/v1}
request "$root/healthz"
ok 'GET /healthz' is 200 ok
request -i "$root/metrics"
ok 'GET /metrics' is 200 'Content-Type: text/plain; version=0.0.4' 'mig_api_answers_total{status="409"} ' \
    'mig_agents{status="online"} 2' 'process_resident_memory_bytes '
request -H 'X-Forwarded-For: 192.0.2.1' "$root/metrics"
ok 'not through a proxy' is 403 'for this machine only'

# ---- search ------------------------------------------------------------------------------------
items()
{
    printf '%s' "$body" | grep -o "\"data\":\[{\"name\":\"$1\"" | wc -l | tr -d ' '
}
# found TYPE COUNT
found()
{
    [ "$status" = 200 ] && [ "$(items "$1")" = "$2" ] && [ "$(items 'search parameters')" = 1 ]
}
search()
{
    local -a args=()
    local arg
    for arg in "$@"; do
        args+=(--data-urlencode "$arg")
    done
    as "$alice" -G "${args[@]}" "$api/search"
}
search limit=10
ok 'without a condition: actions' found action 2
search type=action status=pending actionname=O% investigatorname=BOB threatfamily=t
ok 'actions by patterns' found action 2
search type=action "actionid=$id" agentname=host2
ok 'actions by id and agent' found action 1
search type=action actionname=nothing
ok 'nothing found' is 404 'no results found'
search type=action "after=$to"
ok 'actions after' is 404 'no results found'
search type=action "before=2020-01-01T00:00:00Z"
ok 'actions before' is 404 'no results found'
search type=command "actionid=$id"
ok 'commands of an action' found command 3
search type=command "actionid=$id" foundanything=true
ok 'commands that found something' found command 1
ok 'it is the right one' is 200 '"value":{"id":1001,'
search type=command "actionid=$id" foundanything=FALSE
ok 'commands that found nothing' is 200 '"value":{"id":1002,'
search type=command status=sent "agentid=$agent2" commandid=∞ agentname=%
ok 'commands by status' is 200 '"value":{"id":1003,'
search type=command "actionid=$id" limit=2
ok 'limit is exact' found command 2
search type=command "actionid=$id" limit=2 offset=2
ok 'and offset, with pagination' is 200 '"value":{"id":1003,' '"name":"pagination","value":{"limit":2,"offset":2,"next":"' \
    'search?type=command\u0026limit=2\u0026offset=4\u0026actionid='"$id"
ok 'one command is left' found command 1
search type=agent
ok 'agents' found agent 3
search type=agent status=online agentname=HOST% agentversion=1.%
ok 'agents by patterns' found agent 2
search type=investigator investigatorname=al%
ok 'investigators' found investigator 1
ok 'with their permissions' is 200 '"permissions":{"search":true,' '"loader":false'
search type=agent "target=environment->>'os'='linux' AND status='online'"
ok 'a target' found agent 2
search type=agent "target=status='online'" limit=1
ok 'a target with limit' found agent 1
search type=agent "target=status='online'" limit=1 offset=1
ok 'a target with offset' found agent 1
search type=agent "target=name='nobody'"
ok 'a target that matches nothing' is 404 'no results found'
before=$(sql 'SELECT sum(permissions) FROM investigators')
for hostile in "1=1; UPDATE investigators SET permissions=524287" \
    "1=1); RESET ROLE; UPDATE investigators SET permissions=524287; --" \
    "id IN (SELECT id FROM investigators WHERE apikey IS NOT NULL)" \
    "pg_read_file('/etc/passwd') IS NOT NULL" \
    "name = (SELECT encode(publickey,'hex') FROM investigators LIMIT 1)" \
    "nosuchcolumn = 1" "name = 'x" "pg_sleep(30) IS NULL"; do
    search type=agent "target=$hostile"
    ok "hostile target: $hostile" is 400 'search target is invalid: '
done
ok 'nobody gained a permission' equal "$before" sql 'SELECT sum(permissions) FROM investigators'
search type=nothing
ok 'a wrong type' is 400 'search type is invalid'
search limit=x
ok 'a wrong limit' is 400 "Wrong parameters 'limit': expected a number from 1 to 1000000, found 'x'"
search limit=1000001
ok 'a limit over the limit' is 400 "Wrong parameters 'limit'"
search offset=-1
ok 'a wrong offset' is 400 "Wrong parameters 'offset'"
search after=yesterday
ok 'a wrong date' is 400 'after date not in RFC3339 format'
search type=command foundanything=maybe
ok 'a wrong foundanything' is 400 'foundanything parameter must be true or false'
search actionid=abc
ok 'a wrong id' is 400 "Wrong parameters 'actionid'"
# shellcheck disable=SC1003 # a backslash, not a quote
search 'actionname=%\'
ok 'a wrong pattern' is 400 'a search parameter is not a valid pattern'
as "$alice" "$api/search?limit=1&limit=2"
ok 'a parameter twice' is 400 "malformed query: parameter 'limit' is given twice"
as "$alice" "$api/search?actionname=%00"
ok 'a NUL in a parameter' is 400 'malformed query'

# ---- who may not, and too much -----------------------------------------------------------------
sql "UPDATE investigators SET permissions = 0 WHERE name = 'bob'"
for path in search action?actionid=1 command?commandid=1 agent?agentid=1 dashboard investigator?investigatorid=1; do
    as "$bob" "$api/$path"
    ok "without the permission: GET $path" is 403 'Insufficient permissions to access endpoint'
done
head -c 1100000 /dev/zero | tr '\0' x >"$PLATFORM_DIR/large"
for path in action/create/ action/cancel/ investigator/create/ investigator/update/; do
    as "$bob" -d x=1 "$api/$path"
    ok "without the permission: POST $path" is 403 'Insufficient permissions to access endpoint'
    request -d x=1 "$api/$path"
    ok "without credentials: POST $path" is 401 'Valid authentication header not found'
    [ "$path" = action/create/ ] || {
        as "$alice" -H 'Expect: 100-continue' --data-binary "@$PLATFORM_DIR/large" "$api/$path"
        ok "a large body: POST $path" is 413 'the request body is larger than '
    }
done
sql "UPDATE investigators SET permissions = 1 WHERE name = 'bob'"
request "$api/investigator?investigatorid=1"
ok 'without credentials: GET investigator' is 401 'Valid authentication header not found'
as "$alice" "$api/dashboard?a=%zz"
ok 'a malformed query' is 400 'malformed query: '
sql "UPDATE investigators SET permissions = 524287 WHERE name = 'alice'"
as "$alice" "$api/investigator"
ok 'GET investigator without an id' is 400
sql "UPDATE investigators SET permissions = 63 WHERE name = 'alice'"

# ---- large answers -----------------------------------------------------------------------------
# A hundred results of 1 MiB that do not compress, more than mig-api may hold.
megabytes=100
sql "WITH text AS MATERIALIZED (SELECT string_agg(md5(i::text), '') AS it FROM generate_series(1, 32768) i)
     INSERT INTO commands (actionid, agentid, status, starttime, finishtime, results)
     SELECT $id, $agent2, 'success', now(), now(), json_build_array(json_build_object('foundanything', true, 'text', it))
     FROM text, generate_series(1, $megabytes)"
large='search?type=command&foundanything=true&limit=1000'
# open_large FD: asks for them and reads no more than the first bytes
open_large()
{
    token "$alice"
    eval "exec $1<>/dev/tcp/127.0.0.1/$(cat "$PLATFORM_DIR/port")"
    printf 'GET /api/v1/%s HTTP/1.1\r\nHost: x\r\nX-PGPAUTHORIZATION: %s\r\n\r\n' "$large" "$token" >&"$1"
    [ "$(head -c 15 <&"$1")" = 'HTTP/1.1 200 OK' ]
}
# whole FILE: it has the chunk that ends an answer
whole()
{
    [ "$(tail -c 5 "$1" | tr -d '\r\n')" = 0 ]
}
# nothing_runs: no statement, and no transaction, of mig-api
nothing_runs()
{
    [ "$(sql "SELECT count(*) FROM pg_stat_activity WHERE usename = 'migapi' AND state <> 'idle'")" = 0 ]
}
token "$alice"
curl -sS --max-time 120 -D "$PLATFORM_DIR/large.head" -o "$PLATFORM_DIR/large.json" -H "X-PGPAUTHORIZATION: $token" "$api/$large"
status=$? body=$(cat "$PLATFORM_DIR/large.head")
ok 'a large answer comes in chunks' grep -qi '^transfer-encoding: chunked' "$PLATFORM_DIR/large.head"
body=$(python3 -c '
import json, sys
items = json.load(open(sys.argv[1]))["collection"]["items"]
names = [data["name"] for item in items for data in item["data"]]
texts = [len(data["value"]["results"][0].get("text", "")) for item in items for data in item["data"] if data["name"] == "command"]
print(names.count("command"), names[-1], texts.count(1 << 20))' "$PLATFORM_DIR/large.json" 2>&1)
ok 'and is whole' test "$body" = "$((megabytes + 1)) search parameters $megabytes"
rm -f "$PLATFORM_DIR/large.json"
body=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$API_PID/status")
if grep -q '^#define MIG_SANITIZERS' "$top_builddir/config.h"; then
    ok 'mig-api holds at most 64 MiB # SKIP not with sanitizers' true
else
    ok 'mig-api holds at most 64 MiB' test "$body" -le 65536
fi
opened=0 opened_at=$SECONDS
for fd in 11 12 13 14 15 16 17 18; do
    open_large $fd && opened=$((opened + 1))
done
ok 'more clients than workers ask and do not read' test "$opened" = 8
ok 'that holds no database connection' wait_for 30 'mig-api to have nothing to do' nothing_runs
as "$alice" --max-time 10 "$api/dashboard"
ok 'and no worker' is 200
sql 'ALTER TABLE commands RENAME TO hidden'
cat <&11 >"$PLATFORM_DIR/cut" &
reader=$!
wait_for 30 'the answer to be cut short' grep -q 'answer cut short after [0-9]* bytes: see above' "$PLATFORM_DIR/log/mig-api"
ok 'what goes wrong on the way is in the log' grep -q 'relation "commands" does not exist' "$PLATFORM_DIR/log/mig-api"
wait "$reader"
test -s "$PLATFORM_DIR/cut" && ! whole "$PLATFORM_DIR/cut"
ok 'and the answer ends without its last chunk' test "$?" = 0
sql 'ALTER TABLE hidden RENAME TO commands'
sed 's/^enabled = on/enabled = off/' "$PLATFORM_DIR/api.cfg" >"$PLATFORM_DIR/hasty.cfg"
printf '[limits]\nanswertime = 1s\n' >>"$PLATFORM_DIR/hasty.cfg"
main_pid=$API_PID main_api=$api
start_api mig-api-hasty "$PLATFORM_DIR/hasty.cfg"
curl -sS --max-time 60 --limit-rate 2M -o "$PLATFORM_DIR/slow" "$api/$large" 2>"$PLATFORM_DIR/slow.err"
status=$? body=$(cat "$PLATFORM_DIR/slow.err")
ok 'a client that takes longer than limits.answertime is told that there is more' test "$status" = 18
ok 'and the log says why' grep -q 'answer cut short after [0-9]* bytes: the client is too slow' "$PLATFORM_DIR/log/mig-api-hasty"
kill -TERM "$API_PID"
wait "$API_PID"
API_PID=$main_pid api=$main_api
while [ $SECONDS -le $((opened_at + 33)) ]; do sleep 1; done
timeout 60 cat <&12 >"$PLATFORM_DIR/silent"
status=$? body=$(tail -c 20 "$PLATFORM_DIR/silent")
ok 'a client that reads nothing for half a minute is dropped' test "$status" = 0 -a -s "$PLATFORM_DIR/silent"
whole "$PLATFORM_DIR/silent"
ok 'before its answer is whole' test "$?" = 1
for fd in 11 12 13 14 15 16 17 18; do
    eval "exec $fd>&-"
done
sql "DELETE FROM commands WHERE agentid = $agent2 AND results::text LIKE '%\"text\"%'"

# ---- load, failures, the end -------------------------------------------------------------------
: >"$PLATFORM_DIR/parallel"
clients=()
for i in $(seq 20); do
    token "$alice"
    curl -sS -o /dev/null --max-time 60 -w '%{http_code}\n' -H "X-PGPAUTHORIZATION: $token" \
        "$api/search?type=agent" >"$PLATFORM_DIR/parallel.$i" 2>&1 &
    clients+=("$!")
done
# shellcheck disable=SC2086
wait "${clients[@]}"
ok '20 requests at the same time' equal '20' sh -c "cat '$PLATFORM_DIR'/parallel.* | grep -c '^200\$'"
token "$alice"
clients=()
for i in $(seq 8); do
    curl -sS -o /dev/null --max-time 60 -w '%{http_code}\n' -H "X-PGPAUTHORIZATION: $token" \
        "$api/dashboard" >"$PLATFORM_DIR/replay.$i" 2>&1 &
    clients+=("$!")
done
# shellcheck disable=SC2086
wait "${clients[@]}"
ok 'one token, 8 times at the same moment: served once' equal '1' sh -c "cat '$PLATFORM_DIR'/replay.* | grep -c '^200\$'"
clients=()
for i in $(seq 8); do
    curl -sS -o /dev/null --max-time 60 --data-binary "$(beat host9 linux.host9.abc 900 linux)" "$api/heartbeat" &
    clients+=("$!")
done
# shellcheck disable=SC2086
wait "${clients[@]}"
ok 'one new agent, 8 heartbeats at the same moment: one row' equal 1 sql "SELECT count(*) FROM agents WHERE name = 'host9'"

# more clients that never finish their body than there are workers
port=$(cat "$PLATFORM_DIR/port")
for fd in 11 12 13 14 15 16 17 18; do
    eval "exec $fd<>/dev/tcp/127.0.0.1/$port"
    printf 'POST /api/v1/heartbeat HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{' >&$fd
done
request --max-time 10 "$api/heartbeat"
ok 'slow clients hold no worker' is 200 'gatorz say hi'
for fd in 11 12 13 14 15 16 17 18; do
    eval "exec $fd>&-"
done
sql "INSERT INTO investigators (name, pgpfingerprint, publickey, status, permissions) VALUES ('broken', 'BAD', 'no key', 'active', 63)"
as "$alice" "$api/dashboard"
ok 'a key that is none does not lock the others out' is 200
ok 'and is in the log' grep -q 'the public key of investigator BAD is unusable' "$PLATFORM_DIR/log/mig-api"

sql 'ALTER TABLE agents_stats RENAME TO hidden'
as "$alice" "$api/dashboard"
ok 'a failure says nothing of the inside' is 500 'internal error, see the log for '
opid=$(printf '%s' "$body" | sed -n 's/.*"code":"\([0-9]*\)".*/\1/p')
ok 'and is in the log under its id' grep -q "$opid .*agents_stats" "$PLATFORM_DIR/log/mig-api"
sql 'ALTER TABLE hidden RENAME TO agents_stats'
sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename IN ('migapi', 'migtarget')" >/dev/null
as "$alice" "$api/dashboard"
ok 'a lost database connection is made anew' is 200
search type=agent "target=status='online'"
ok 'also that of targets' found agent 3
ok 'the log says who did what' grep -q "src=127.0.0.1 category=investigator auth=\[alice 1\] GET /api/v1/dashboard resp_code=200" \
    "$PLATFORM_DIR/log/mig-api"
ok 'no token is in the log' sh -c "! grep -q '$signature' '$PLATFORM_DIR/log/mig-api'"
kill -TERM "$API_PID"
wait "$API_PID"
ended=$?
ok 'SIGTERM ends it with 0' test "$ended" = 0

sed 's/^enabled = on/enabled = off/; s/^clientpublicip.*/clientpublicip = x-forwarded-for:1/' "$PLATFORM_DIR/api.cfg" >"$PLATFORM_DIR/open.cfg"
printf '[agent]\nwhitelist = %s\n' "$PLATFORM_DIR/whitelist" >>"$PLATFORM_DIR/open.cfg"
echo linux.listed.abc >"$PLATFORM_DIR/whitelist"
start_api mig-api-open "$PLATFORM_DIR/open.cfg"
request "$api/dashboard"
ok 'authentication can be switched off' is 200
post_beat "$(beat listed linux.listed.abc 7 linux)"
ok 'a heartbeat whose queue is in agent.whitelist' is 200 '{"error":null}'
post_beat "$(beat stranger linux.stranger.abc 7 linux)"
ok 'and one whose queue is not' is 403 '{"error":"this queue location is not listed"}'
ok 'which leaves no agent' equal 0 sql "SELECT count(*) FROM agents WHERE name = 'stranger'"
request -H 'X-Forwarded-For: 203.0.113.9, 192.0.2.7, 10.0.0.1' "$api/ip"
ok 'the client behind a proxy' is 200 '192.0.2.7'
request "$api/ip"
ok 'a proxy that does not say' is 200 '0.0.0.0'
kill -TERM "$API_PID"
wait "$API_PID"

# ---- limits and TLS ----------------------------------------------------------------------------
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=IP:127.0.0.1 -keyout "$PLATFORM_DIR/tls.key" -out "$PLATFORM_DIR/tls.crt" 2>/dev/null
sed "s|^workers.*|tlscert = $PLATFORM_DIR/tls.crt\ntlskey = $PLATFORM_DIR/tls.key|" "$PLATFORM_DIR/api.cfg" >"$PLATFORM_DIR/tls.cfg"
printf '[limits]\naddress = 1\naddressburst = 30\ninvestigator = 1\ninvestigatorburst = 3\nheartbeat = 1\nheartbeatburst = 2\n' >>"$PLATFORM_DIR/tls.cfg"
start_api mig-api-tls "$PLATFORM_DIR/tls.cfg"
api=https${api#http}
request --cacert "$PLATFORM_DIR/tls.crt" "$api/heartbeat"
ok 'TLS' is 200 "\"href\":\"$api/heartbeat\""
request --cacert "$PLATFORM_DIR/tls.crt" --tls-max 1.1 "$api/heartbeat"
ok 'no TLS 1.1' is 000
request "http${api#https}/heartbeat"
ok 'nothing without TLS' is 000
# at_once N ARGS…: as many requests at the same moment; with `tokens`, each has its own. Sets status to the largest.
at_once()
{
    local n=$1 i
    local -a clients=() head
    shift
    for i in $(seq "$n"); do
        head=()
        [ -z "${tokens[i]-}" ] || head=(-H "X-PGPAUTHORIZATION: ${tokens[i]}")
        curl -sS -i --max-time 60 --cacert "$PLATFORM_DIR/tls.crt" "${head[@]}" "$@" >"$PLATFORM_DIR/once.$i" 2>&1 &
        clients+=("$!")
    done
    wait "${clients[@]}"
    status=$(sed -n 's/^HTTP[^ ]* \([0-9]*\).*/\1/p' "$PLATFORM_DIR"/once.* | sort -n | tail -n 1)
    body=$(cat "$(grep -l "^HTTP[^ ]* $status" "$PLATFORM_DIR"/once.* | sed 1q)")
    rm -f "$PLATFORM_DIR"/once.*
    [[ " $* " == *" --data-binary "* ]] && local method=POST
    printf '%s\0' "${method:-GET}" "${!#}" "$status" application/json "$body" >>"$PLATFORM_DIR/exchanges"
}
tokens=()
for i in $(seq 12); do
    token "$alice"
    tokens[i]=$token
done
at_once 12 "$api/dashboard"
tokens=()
ok 'an investigator who asks too often' is 429 'too many requests; again in '
as "$bob" --cacert "$PLATFORM_DIR/tls.crt" "$api/search?type=agent"
ok 'holds up no other' is 200
at_once 12 --data-binary "$(beat host1 linux.host1.abc 200 linux)" "$api/heartbeat"
ok 'heartbeats of one address' is 429 'Retry-After: '
at_once 4 -H 'X-MIGAPIKEY: wrong' "$api/dashboard"
at_once 4 -H 'X-MIGAPIKEY: wrong' "$api/dashboard"
ok 'an address that guesses keys is soon held up' is 429 'too many requests'
kill -TERM "$API_PID"
wait "$API_PID"
sed -i '/^tlskey/d' "$PLATFORM_DIR/tls.cfg"
body=$("$top_builddir/scheduler/mig-api" -c "$PLATFORM_DIR/tls.cfg" 2>&1)
status=$?
ok 'a certificate without a key' is 1 'server.tlscert and server.tlskey: expected both or none'

body=$(printf '[server]\nprot = 1\n' >"$PLATFORM_DIR/bad.cfg"; "$top_builddir/scheduler/mig-api" -c "$PLATFORM_DIR/bad.cfg" 2>&1)
status=$?
ok 'an unknown key of the configuration is named' is 1 'bad.cfg' 'prot'
printf '[server]\nport = 0\n[postgres]\nconninfo = host=%s/none user=migapi\n' "$PLATFORM_DIR" >"$PLATFORM_DIR/bad.cfg"
body=$("$top_builddir/scheduler/mig-api" -c "$PLATFORM_DIR/bad.cfg" 2>&1)
status=$?
ok 'no database: it does not start' is 1 'mig-api: '
body=$("$top_builddir/scheduler/mig-api" -V)
status=$?
ok 'mig-api -V' is 0 '.'

# ---- the description ---------------------------------------------------------------------------
if python3 -c 'import jsonschema' 2>/dev/null; then
    python3 -W ignore "$top_srcdir/tests/unit/api/openapi.py" "$top_srcdir/docs/openapi.json" \
        "$top_srcdir/scheduler/api/router.c" "$PLATFORM_DIR/exchanges" >"$PLATFORM_DIR/openapi" 2>&1
    status=$?
    body=$(tail -c 3000 "$PLATFORM_DIR/openapi")
    ok 'openapi.json describes each answer, and there is no other' is 0 'ok 5 - '
else
    count=$((count + 1))
    echo "ok $count - openapi.json # SKIP python3-jsonschema is missing"
fi
gpgconf --kill all >/dev/null 2>&1
echo "1..$count"
[ "$failures" = 0 ]
