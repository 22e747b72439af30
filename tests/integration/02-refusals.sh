#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Whoever takes over the platform can not command an agent: actions are put before it past the API and the scheduler,
# and it refuses each by itself, with its reason in the result.
set -u
: "${top_srcdir:?run by make check}" "${top_builddir:?}"
# shellcheck source=scripts/lib-platform.sh
. "$top_srcdir/scripts/lib-platform.sh"
# shellcheck source=tests/integration/lib-tap.sh
. "$top_srcdir/tests/integration/lib-tap.sh"
# shellcheck source=tests/integration/lib-inject.sh
. "$top_srcdir/tests/integration/lib-inject.sh"

platform_missing && skip_all "$PLATFORM_MISSING"
need_plugin file
PLATFORM_LOGS_ON_FAILURE=1
PLATFORM_QUIET=1
platform_dir || bail_out "no folder"
platform_tools "$top_builddir" || bail_out "no build"
platform_up || bail_out "the platform does not start"
for who in alice bob eve; do
    investigator_add "$who" || bail_out "no investigator $who"
done
# eve may use the platform, and no agent knows her key. Nothing is said of other modules, and example needs two.
site_make alice bob || bail_out "no site folder"
cat >"$SITE/acl.json" <<ACL
{"file": {"minimumweight": 1, "investigators": {
    "alice": {"fingerprint": "$(fingerprint alice)", "weight": 1}}},
 "example": {"minimumweight": 2, "investigators": {
    "alice": {"fingerprint": "$(fingerprint alice)", "weight": 1},
    "bob": {"fingerprint": "$(fingerprint bob)", "weight": 1}}}}
ACL
agent_up || bail_out "the agent does not start"
inject_setup || bail_out "no agent in the database"

search=(file -t all -path /usr/bin -name '^env$')
good=$(sign alice "${search[@]}" -n good)
[ -n "$good" ] || bail_out "mig signs nothing: $(cat "$PLATFORM_DIR/log/mig")"

is "$(push "$good")" "success: " "what alice signed runs"

# 1. Signatures.
like "$(push "$(jq -c '.pgpsignatures = []' <<<"$good")")" \
    '^failed: .*action pgpsignatures is empty' "unsigned: refused"
like "$(push "$(sign eve "${search[@]}" -n eve)")" \
    '^failed: .*signature made by unknown entity' "unknown key: refused"
for change in '.name = "other"' '.target = "true"' '.expireafter = "2037-01-01T00:00:00Z"' \
    '.validfrom = "2020-01-01T00:00:00Z"' '.operations[0].parameters.searches.s1.paths = ["/etc"]' \
    '.operations[0].module = "example"' '.operations += .operations'; do
    tampered=$(jq -c "$change" <<<"$(sign alice "${search[@]}" -n "tampered")")
    like "$(push "$tampered")" '^failed: .*(bad|invalid|wrong).* signature|signature.*(bad|invalid|wrong|not valid)' \
        "tampered, $change: refused"
done
like "$(push "$(jq -c '.pgpsignatures = ["bm90IGEgc2lnbmF0dXJl=abcd"]' <<<"$good")")" \
    '^failed: .*signature' "not a signature: refused"

like "$(push "$(sign alice file -t "name='elsewhere' AND status='online'" -path /usr/bin -name '^env$' -n elsewhere)")" \
    "^failed: .*the target does not mean this agent: name='elsewhere'" "meant for another agent: refused"
kind="environment->>'os'='linux' AND environment->>'ident' LIKE '$(. /etc/os-release && echo "${ID^}")%'"
is "$(push "$(sign alice file -t "$kind" -path /usr/bin -name '^env$' -n meant)")" "success: " \
    "meant for hosts of this kind: runs"

# 2. The access control list.
once=$(sign alice example -t all -gethostname -n once)
like "$(push "$once")" \
    '^failed: .*permission denied for operation example, insufficient signatures weight \(need 2, got 1\)' \
    "weight too low: refused"
like "$(push "$(mig_as alice action sign - <<<"$once")")" \
    "^failed: .*permission violation: key $(fingerprint alice) used to sign multiple times" \
    "one signer twice: refused"
is "$(push "$(mig_as bob action sign - <<<"$once")")" "success: " "two signers are enough"
printf '{"name":"none","target":"true","operations":[{"module":"netstat","parameters":{}}]}' \
    >"$PLATFORM_DIR/netstat.json"
like "$(push "$(sign alice -i "$PLATFORM_DIR/netstat.json" -n netstat)")" \
    '^failed: .*no ACL entry found for netstat, and no default present' "no ACL entry: refused"
jq -c '.operations += [{"module":"netstat","parameters":{}}] | .pgpsignatures = []' <<<"$good" \
    >"$PLATFORM_DIR/mixed.json"
like "$(push "$(sign alice -i "$PLATFORM_DIR/mixed.json" -n mixed)")" \
    '^failed: .*no ACL entry found for netstat' "one operation of two without an ACL entry: refused"
like "$(push "$(sign bob "${search[@]}" -n bob)")" \
    '^failed: .*insufficient signatures weight \(need 1, got 0\)' "a signer whom the entry does not name: refused"

# 3. Time.
cat >"$PLATFORM_DIR/window.jq" <<'JQ'
.validfrom = (now + $from | todate) | .expireafter = (now + $to | todate) | .pgpsignatures = []
JQ
# mig refuses to sign what has expired, so the window is short and passes.
short=$(sign alice "${search[@]}" -e 1s -n short)
# shellcheck disable=SC2317 # called by wait_for
expired()
{
    [ "$(date +%s)" -gt "$(date -d "$(jq -r .expireafter <<<"$short")" +%s)" ]
}
wait_for 5 "the action does not expire" expired
like "$(push "$short")" '^failed: .*action expireafter is in the past' "expired: refused"
jq -c --argjson from 3600 --argjson to 7200 -f "$PLATFORM_DIR/window.jq" <<<"$good" >"$PLATFORM_DIR/future.json"
like "$(push "$(sign alice -i "$PLATFORM_DIR/future.json" -n future)")" \
    '^failed: .*Action ValidFrom date is in the future' "not yet valid: refused"

# 4. Replay: the same action as another command.
like "$(push "$good")" '^failed: .*replayed action' "replayed: refused"
# A command that is delivered twice is one command: it keeps its first answer.
id=$(new_command)
again=$(sign alice "${search[@]}" -n again)
send_command "$id" "$again"
wait_for 90 "no answer to command $id" command_done "$id"
send_command "$id" "$again"
is "$(push "$(sign alice "${search[@]}" -n after)")" "success: " "a second delivery of a command does no harm"
is "$(pg_sql mig "SELECT status FROM commands WHERE id = $id")" success "and its answer stays"

# 5. The plugin's file, when it is one.
flip()
{
    local offset byte
    # In what the loader maps: the text of an error message.
    offset=$(grep -abo -m1 'search path' "$1" | head -n1 | cut -d: -f1)
    byte=$(dd if="$1" bs=1 skip="$offset" count=1 status=none)
    [ "$byte" = s ] || return 1
    cp "$1" "$1.new"
    printf 'S' | dd of="$1.new" bs=1 seek="$offset" conv=notrunc status=none
    mv "$1.new" "$1"
}
if [ -f "$PLUGIN_DIR/file.so" ]; then
    sign alice "${search[@]}" -n changed >"$PLATFORM_DIR/changed.json"
    sign alice "${search[@]}" -n stripped >"$PLATFORM_DIR/stripped.json"
    cp "$PLUGIN_DIR/file.so" "$PLATFORM_DIR/file.so.good"
    flip "$PLUGIN_DIR/file.so" || bail_out "no byte to change in file.so"
    like "$(push "$(jq -c . "$PLATFORM_DIR/changed.json")")" '^failed: .*file' "a plugin with one byte changed: refused"
    cp "$PLATFORM_DIR/file.so.good" "$PLUGIN_DIR/file.so"
    strip "$PLUGIN_DIR/file.so"
    is "$(push "$(jq -c . "$PLATFORM_DIR/stripped.json")")" "success: " "a stripped plugin runs"
fi

sanitizers_quiet
ok $? "no sanitizer has a complaint in a log"
tap_done
