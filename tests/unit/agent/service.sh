#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# The unit of systemd: it reads, it starts the installed program, and it stays as closed as it was.
set -u
: "${top_builddir:?run by make check}"
if ! command -v systemd-analyze >/dev/null; then
    echo '1..0 # SKIP systemd-analyze is not installed'
    exit 0
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
unit=$dir/mig-agent.service
# The program where the build has it, so that it is there.
program=$(cd "$top_builddir" && pwd)/core/agent/mig-agent
sed -E "s,^(Exec[a-zA-Z]+)=[^ ]+,\1=$program," "$top_builddir/core/agent/mig-agent.service" >"$unit"
failures=0
ok() # STATUS NUMBER NAME OUTPUT
{
    if [ "$1" -eq 0 ]; then
        echo "ok $2 - $3"
    else
        echo "not ok $2 - $3"
        printf '%s\n' "$4" | sed 's/^/# /'
        failures=$((failures + 1))
    fi
}
echo 1..3
if grep -Eq '@[a-z]+@' "$top_builddir/core/agent/mig-agent.service"; then
    ok 1 1 "every name is filled in" "$(grep -E '@[a-z]+@' "$top_builddir/core/agent/mig-agent.service")"
else
    ok 0 1 "every name is filled in" ""
fi
# Manual pages are looked for where they would be installed.
out=$(systemd-analyze verify --man=no "$unit" 2>&1)
status=$?
# What it says of other units of this machine is not ours.
grep -q 'mig-agent' <<<"$out" && status=1
ok "$status" 2 "systemd reads the unit" "$out"
out=$(systemd-analyze security --offline=true --no-pager --threshold=55 "$unit" 2>&1)
ok $? 3 "its exposure is at most 5.5" "$(tail -n 1 <<<"$out")"
[ "$failures" -eq 0 ]
