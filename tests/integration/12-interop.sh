#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# The original's client and agent against this platform, as their protocol describes them: interop.py shares no code
# with this project.
set -u
: "${top_srcdir:?run by make check}" "${top_builddir:?}"
# shellcheck source=scripts/lib-platform.sh
. "$top_srcdir/scripts/lib-platform.sh"
# shellcheck source=tests/integration/lib-tap.sh
. "$top_srcdir/tests/integration/lib-tap.sh"
# shellcheck source=tests/integration/lib-inject.sh
. "$top_srcdir/tests/integration/lib-inject.sh"

platform_missing && skip_all "$PLATFORM_MISSING"
command -v python3 >/dev/null || skip_all "needs python3"
need_plugin file
# shellcheck disable=SC2034
PLATFORM_LOGS_ON_FAILURE=1 PLATFORM_QUIET=1
platform_dir || bail_out "no folder"
platform_tools "$top_builddir" || bail_out "no build"
platform_up || bail_out "the platform does not start"
investigator_add alice || bail_out "no investigator alice"
site_make alice || bail_out "no site folder"
agent_up || bail_out "the agent does not start"

inject_setup || bail_out "no agent"

data=$PLATFORM_DIR/data
mkdir -m 0755 "$data"
echo one >"$data/one & <two>"
client()
{
    python3 "$top_srcdir/tests/integration/interop.py" "$API_URL" "$PLATFORM_DIR/gnupg-alice" \
        "$(fingerprint alice)" "$@" 2>&1
}

# The parameters of the original's file module, whole, with numbers in each way that JSON has.
parameters=$(jq -cn --arg path "$data" '{searches: {s1: {description: {author: "", email: "", url: "", revision: 1.0},
    paths: [$path], names: ["^one & <two>$"], sizes: null, modes: null, mtimes: null, contents: null,
    md5: null, sha1: null, sha2: null, sha3: null,
    options: {maxdepth: 1000, maxerrors: 30, remotefs: false, matchall: true, macroal: false,
              mismatch: null, matchlimit: 1000, returnsha256: true, decompress: false}}}}')
parameters=${parameters//\"maxdepth\":1000/\"maxdepth\":1e3}
out=$(client ask "status='online' AND environment->>'os' = 'linux'" file "$parameters")
like "$out" '^1 agents will be targeted$' "its search finds the agents of a target"
like "$out" '^1 sent, 1 done, 1 succeeded$' "its action is taken, sent and counted"
like "${out,,}" "^${AGENT_NAME,,} success .*$(sha256sum "$data/one & <two>" | cut -d' ' -f1).* true none\$" "and its way of reading gets the results"
out=$(client ask "name = 'nobody'" file "$parameters")
is "$out" "no agents" "a target of nobody is 404, as it expects"
out=$(client ask "status='online'" file 'null')
like "$out" "^$AGENT_NAME failed .* False \['.+'\]\$" "parameters that are null reach the module, and its refusal comes back"
like "$(client get dashboard)" '^200 .*"name":"online agents","value":' "its console's start page"
like "$(client get 'search?type=nothing')" '^400 .*"message":"search type is invalid' "an error as it reads them"
like "$(client get 'action?actionid=1.7e3')" '^4[0-9][0-9] .*"error":\{"code":"[0-9]+","message":"' "an id that is none"

# The original's agent: its heartbeat, and its results as Go writes them.
out=$(client beat goagent linux.goagent.abc)
is "$out" '200 {"error":null}' "its agent's heartbeat, with null lists and a number in scientific notation"
is "$(pg_sql mig "SELECT status || ' ' || pid || ' ' || version || ' ' || (environment->>'ident') FROM agents WHERE name = 'goagent'")" \
    "online 4242 20190101-0 Go 1.11 & <old>" "is an agent"
id=$(new_command)
agent=$(pg_sql mig "SELECT name FROM agents WHERE id = $agent_id")
printf '{"id":%s,"action":{"id":%se0,"name":"x","target":"","description":{},"threat":{},"validfrom":"2019-01-01T00:00:00Z","expireafter":"2019-01-01T00:00:00Z","operations":[{"module":"file","parameters":{"searches":{}}}],"pgpsignatures":["none"],"status":"","starttime":"0001-01-01T00:00:00Z","finishtime":"0001-01-01T00:00:00Z","lastupdatetime":"0001-01-01T00:00:00Z","counters":{},"syntaxversion":2},"agent":{"name":"%s","queueloc":"%s","mode":"","version":"","starttime":"0001-01-01T00:00:00Z","destructiontime":"0001-01-01T00:00:00Z","heartbeatts":"0001-01-01T00:00:00Z","refreshts":"0001-01-01T00:00:00Z","environment":{"isproxied":false},"tags":null},"status":"success","results":[{"foundanything":true,"success":true,"elements":{"\\u003cname\\u003e":1.5e+06},"statistics":{"exectime":"1.2ms"},"errors":null}],"starttime":"2019-01-01T00:00:00.123456789+02:00","finishtime":"2019-01-01T00:00:01Z"}' \
    "$id" "$(pg_sql mig "SELECT actionid FROM commands WHERE id = $id")" "$agent" "$queueloc" |
    "$top_builddir/tests/integration/amqp-publish" "$AMQP_URI" toschedulers mig.agt.results
wait_for 30 "no result" command_done "$id"
is "$(pg_sql mig "SELECT status || ' ' || (results->0->'elements'->>'<name>')::float8 FROM commands WHERE id = $id")" \
    "success 1500000" "its agent's result, with null lists and Go's escapes"
tap_done
