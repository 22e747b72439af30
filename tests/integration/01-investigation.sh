#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# The whole way of a question: mig, mig-api, PostgreSQL, mig-scheduler, RabbitMQ, mig-agent, a plugin, and back.
set -u
: "${top_srcdir:?run by make check}" "${top_builddir:?}"
# shellcheck source=scripts/lib-platform.sh
. "$top_srcdir/scripts/lib-platform.sh"
# shellcheck source=tests/integration/lib-tap.sh
. "$top_srcdir/tests/integration/lib-tap.sh"

platform_missing && skip_all "$PLATFORM_MISSING"
need_plugin file
PLATFORM_LOGS_ON_FAILURE=1
PLATFORM_QUIET=1
platform_dir || bail_out "no folder"
platform_tools "$top_builddir" || bail_out "no build"
platform_up || bail_out "the platform does not start"
investigator_add alice || bail_out "no investigator alice"
investigator_add bob || bail_out "no investigator bob"
site_make alice bob || bail_out "no site folder"
agent_up || bail_out "the agent does not start"

data=$PLATFORM_DIR/data
mkdir "$data"
chmod 755 "$data"
printf 'one\n' >"$data/one"
printf 'two, longer\n' >"$data/two"
err=$PLATFORM_DIR/stderr

# ask ARGS…: mig as alice; sets out, err (a file), status.
ask()
{
    out=$(mig_as alice "$@" 2>"$err")
    status=$?
}

# 1. The answer equals what coreutils say.
ask file -t all -path "$data" -name '^one$' -returnsha256
is "$status" 0 "a search that finds ends with 0"
sum=$(sha256sum "$data/one" | cut -d' ' -f1)
like "$out" "^$AGENT_NAME $data/one \[lastmodified:.*, mode:-rw-r--r--, size:4, sha256:$sum\] in search 's1'\$" \
    "the answer has name, size, mode and the sha256 that sha256sum gives"
like "$(cat "$err")" '1 agent will be targeted' "the number of targets is said"
like "$(cat "$err")" '1 sent, 1 done, 1 succeeded' "the counters are said"
like "$(cat "$err")" '1 agent has found results' "the number of agents with results is said"

ask file -t all -path /usr/bin -name '^(env|wget)$' -returnsha256
like "$out" "/usr/bin/env \[.*sha256:$(sha256sum /usr/bin/env | cut -d' ' -f1)\]" "so for /usr/bin/env"

# 2. Nothing found.
ask file -t all -path "$data" -name '^three$'
is "$status $out" "0 " "a search that finds nothing prints nothing and ends with 0"
ask file -t all -show notfound -path "$data" -name '^three$'
like "$out" "^$AGENT_NAME command success\$" "-show notfound names the agent"
ask file -show all -path "$data" -t all -name '^two$'
like "$out" "^$AGENT_NAME $data/two " "-show all prints what was found"
like "$out" "Statistics: [0-9]+ files checked" "-show all prints the statistics"
like "$out" "^$AGENT_NAME command success\$" "-show all says that the command succeeded"

# 3. Compressed parameters.
ask file -z -t all -path "$data" -name '^one$'
like "$out" "$data/one " "compressed parameters give the same answer"

# 4. The same question put to this machine.
out=$(HOME=/nonexistent run_mig file -t local -path "$data" -name '^one$' -returnsha256 2>"$err")
is "$?" 0 "-t local needs neither configuration nor platform"
like "$out" "^$data/one \[.*sha256:$sum\]" "-t local gives the same answer"
out=$(HOME=/nonexistent run_mig file -t local -path "$data" -name '(' 2>"$err")
is "$?" 1 "-t local with wrong parameters ends with 1"
like "$(cat "$err")" '^error: ' "and says why on stderr"

# 5. Ten operations in one action, each with its own answer.
ops=
for n in 0 1 2 3 4 5 6 7 8 9; do
    printf '%s' "$n" >"$data/op$n"
    ops+="${ops:+,}{\"module\":\"file\",\"parameters\":{\"searches\":{\"s$n\":{\"paths\":[\"$data\"],"
    ops+="\"names\":[\"^op$n\$\"],\"options\":{\"matchall\":true,\"maxdepth\":10,\"matchlimit\":10}}}}}"
done
printf '{"name":"ten","target":"%s","operations":[%s]}' "status='online'" "$ops" >"$PLATFORM_DIR/ten.json"
ask -i "$PLATFORM_DIR/ten.json"
is "$status" 0 "an action of ten operations succeeds"
is "$(grep -c "in search 's[0-9]'" <<<"$out")" 10 "and gives ten answers"
like "$out" "$data/op9 .* in search 's9'" "the last one too"

# 6. Refusals on the way.
ask file -t "name='nobody.example.net'" -path /etc
is "$status" 1 "no agent matches: 1"
like "$(cat "$err")" "no agent matches the target: name='nobody.example.net'" "and the target is named"
ask file -t "nonsense(" -path /etc
is "$status" 1 "a target that is not SQL: 1"
like "$(cat "$err")" 'can not evaluate the target' "and it is said"
ask file -t all
is "$status" 1 "parameters that the module refuses: 1"
like "$(cat "$err")" 'path' "and what is missing is named"
ask nosuchmodule -t all
is "$status" 1 "a module that is not there: 1"
like "$(cat "$err")" 'nosuchmodule' "and it is named"
printf '{"name":"none","target":"%s","operations":[{"module":"nosuchmodule","parameters":{}}]}' \
    "status='online'" >"$PLATFORM_DIR/none.json"
ask -i "$PLATFORM_DIR/none.json"
is "$status" 3 "an agent that refuses: 3"
like "$(cat "$err")" "^$AGENT_NAME command did not succeed. status=failed: .*nosuchmodule" \
    "and the agent is named with its reason"
out=$(run_mig file -c /nonexistent/migrc -t all -path /etc 2>&1)
is "$?" 1 "a configuration that is not there: 1"
like "$out" '/nonexistent/migrc does not exist' "and it is named"

# 7. An action's papers.
ask file -p -t all -n paper -path /etc
like "$out" '"name":"paper".*"pgpsignatures":(\[\]|null)' "-p prints the unsigned action"
ask file -s -t all -n paper -path /etc
printf '%s\n' "$out" >"$PLATFORM_DIR/signed.json"
like "$out" '"pgpsignatures":\["' "-s prints the signed one"
ask action canonical "$PLATFORM_DIR/signed.json"
like "$out" "^name=paper;target=status='online';validfrom=[0-9]+;expireafter=%!s\(int64=[0-9]+\);operations=\[" \
    "mig action canonical prints the signed text"
ask action verify "$PLATFORM_DIR/signed.json"
is "$status" 0 "mig action verify takes a good signature"
like "$out" "signature 1: valid, by $(fingerprint alice)" "and names its signer"
sed 's/"name":"paper"/"name":"other"/' "$PLATFORM_DIR/signed.json" >"$PLATFORM_DIR/tampered.json"
ask action verify "$PLATFORM_DIR/tampered.json"
is "$status" 1 "a tampered action: 1"
like "$out" 'signature 1: NOT valid' "and it is said"
mig_as bob action sign "$PLATFORM_DIR/signed.json" >"$PLATFORM_DIR/both.json" 2>"$err"
is "$(jq '.pgpsignatures | length' "$PLATFORM_DIR/both.json")" 2 "mig action sign adds a signature"
ask action verify "$PLATFORM_DIR/both.json"
is "$status" 1 "a signature of a key that alice does not have: 1"
like "$out" 'signature 2: NOT valid: signature made by unknown entity' "and it is said"
gpg --homedir "$PLATFORM_DIR/gnupg-alice" --batch --quiet --no-tty --import "$PLATFORM_DIR/gnupg-bob/public.asc" \
    2>>"$PLATFORM_DIR/log/gpg"
ask action verify "$PLATFORM_DIR/both.json"
is "$status" 0 "with bob's key both are valid"

# 8. Two investigators: bob signs, alice adds hers and launches.
mig_as bob example -s -t all -gethostname >"$PLATFORM_DIR/bob.json" 2>"$err"
ask -i "$PLATFORM_DIR/bob.json"
is "$status" 0 "an action that two have signed runs"
like "$out" "^$AGENT_NAME hostname is " "and answers"
like "$(cat "$err")" 'already had validity time period' "its validity was kept"
ask -i "$PLATFORM_DIR/bob.json" -z
is "$status" 1 "a signed action is not changed"

# 9. What the endpoint's owner reads of it.
out=$("$AGENT" log -n 4)
like "$out" "accepted command [0-9]+ of action [0-9]+ \"" "the owner's log says what was accepted"
like "$out" "signed by $(fingerprint alice) .*alice" "under whose signature"
like "$out" "signed by $(fingerprint bob) .*bob" "and whose else"
like "$out" 'example \{.*"gethostname":true' "with which parameters"
like "$out" 'ran command [0-9]+: example success, found, [0-9]+ bytes' "what ran"
like "$out" 'sent command [0-9]+: [0-9]+ bytes' "and what left"
is "$("$AGENT" log -j | jq -r 'select(.event == "sent") | .bytes > 0' | sort -u)" true "its lines are JSON"
like "$("$AGENT" log -n none 2>&1)" "-n takes a number of events, 1 or more, not 'none'" "a bad count is named"

sanitizers_quiet
ok $? "no sanitizer has a complaint in a log"
tap_done
