#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# mig-admin rabbitmq and agent-credentials: what they refuse, what they write, and, by broker_test on a real broker, what
# each account may do.
. "$top_srcdir/scripts/lib-platform.sh"
PLATFORM_QUIET=1

if ! rabbit_server >/dev/null 2>&1 || ! command -v jq >/dev/null; then
    echo '1..0 # SKIP RabbitMQ or jq is not installed'
    exit 0
fi
platform_dir || exit 99
rabbit_launch "$PLATFORM_DIR" || exit 99
admin=$top_builddir/scheduler/mig-admin
passwords=$PLATFORM_DIR/passwords
failures=0

# is WHAT EXPECTED ACTUAL: these are one case of TAP together, since broker_test counts its own.
is()
{
    [ "$2" = "$3" ] && return
    printf '# %s\n#   expected: %s\n#   found:    %s\n' "$1" "$2" "$3"
    failures=$((failures + 1))
}
# refused WHAT CODE MESSAGE ARGS…
refused()
{
    local what=$1 code=$2 message=$3 out status
    shift 3
    out=$("$admin" "$@" 2>&1 >/dev/null)
    status=$?
    is "$what" "$code mig-admin: $message" "$status ${out%%$'\n'*}"
}

refused 'no password file' 2 'rabbitmq needs --password-file' rabbitmq
refused 'queues of no kind' 2 "rabbitmq: --queues 'fast': expected classic or mirrored; quorum queues are declared by mig-scheduler: [mq] queuetype = quorum" \
    rabbitmq --password-file "$passwords" --queues fast
refused 'no agent' 2 'agent-credentials needs queue locations' agent-credentials --password-file "$passwords"
for bad in '' 'a b' 'linux.*' 'x$|.*' results heartbeats; do
    refused "the queue location '$bad'" 2 \
        "agent-credentials: '$bad' is no queue location: expected one such as linux.<id>: see \`mig-admin agent list\`" \
        agent-credentials --password-file "$passwords" "$bad"
done
is 'nothing was written' '' "$(cat "$passwords" 2>/dev/null)"
refused 'a folder that is not there' 1 "$PLATFORM_DIR/none/p: No such file or directory" \
    rabbitmq --password-file "$PLATFORM_DIR/none/p" --output "$PLATFORM_DIR/out.json"
is 'and no definitions then' 'no' "$([ -e "$PLATFORM_DIR/out.json" ] && echo yes || echo no)"

printf 'scheduler:own:word\n' >"$passwords"
is 'new passwords are told of' "mig-admin: new passwords are in $passwords" \
    "$("$admin" rabbitmq --password-file "$passwords" --output "$PLATFORM_DIR/platform.json" --queues mirrored 2>&1)"
"$admin" agent-credentials --password-file "$passwords" linux.alice linux.bob >"$PLATFORM_DIR/agents.json" 2>/dev/null
is 'a password that was there stays' 'own:word' "$(sed -n 's/^scheduler://p' "$passwords")"
is 'the others are random' '32 32 32' "$(sed -n '2,$s/^[^:]*://p' "$passwords" | awk '{printf "%s%d", s, length($0); s=" "}')"
is 'the files are their owner'\''s only' '600 600' \
    "$(stat -c %a "$passwords" "$PLATFORM_DIR/platform.json" | tr '\n' ' ' | sed 's/ $//')"
is 'no password is in the definitions' '0' \
    "$(cut -d: -f2- "$passwords" | grep -c -F -f - "$PLATFORM_DIR/platform.json" "$PLATFORM_DIR/agents.json" | awk -F: '{n += $2} END {print n}')"
is 'the policy' '^mig\. all' "$(jq -r '.policies[0] | .pattern + " " + .definition["ha-mode"]' "$PLATFORM_DIR/platform.json")"
before=$(cat "$passwords")
is 'again there is nothing new' '' \
    "$("$admin" rabbitmq --password-file "$passwords" 2>&1 >"$PLATFORM_DIR/platform.json")"
is 'and the passwords stay' "$before" "$(cat "$passwords")"

if [ "$failures" -gt 0 ]; then
    echo 'not ok 1 - mig-admin rabbitmq and agent-credentials'
    echo '1..1'
    exit 1
fi
echo '# mig-admin rabbitmq and agent-credentials: 21 checks hold'

rabbit_wait "$PLATFORM_DIR" || exit 99
chmod 644 "$PLATFORM_DIR"/*.json
rabbit_ctl "$PLATFORM_DIR" import_definitions "$PLATFORM_DIR/platform.json" >&2 || exit 99
rabbit_ctl "$PLATFORM_DIR" import_definitions "$PLATFORM_DIR/agents.json" >&2 || exit 99
# uri ACCOUNT
uri()
{
    local password
    password=$(sed -n "s/^$1://p" "$passwords")
    echo "amqp://$1:${password//:/%3A}@$AMQP_HOST:$AMQP_PORT/mig"
}
MIG_TEST_SCHEDULER=$(uri scheduler) MIG_TEST_AGENT=$(uri agent) MIG_TEST_ALICE=$(uri linux.alice) \
    MIG_TEST_BOB=$(uri linux.bob) "$top_builddir/tests/unit/store/broker_test"
