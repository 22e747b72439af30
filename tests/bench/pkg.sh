#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# tests/bench/pkg.sh [BUILD] [PACKAGES] [COUNT]: the pkg module in its worker beside dpkg-query and rpm, on databases
# of PACKAGES packages (3000) made for it, each COUNT times (5) in turn; prints the times in milliseconds. The dpkg
# database is this system's, repeated; the rpm one has headers of 60 KB. Wants root, dpkg and, for rpm, rpmbuild
# and sqlite3.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "${1:-$top/build}" && pwd) || exit 1
packages=${2:-3000}
count=${3:-5}
[ -n "${MIG_BENCH_SPACE:-}" ] || MIG_BENCH_SPACE=1 exec unshare -m bash "$0" "$build" "$packages" "$count"
work=$(mktemp -d) || exit 1
trap 'umount -q /var/lib/dpkg /var/lib/rpm; rm -rf "$work"' EXIT
mkdir -p "$work/dpkg/updates" "$work/dpkg/info" "$work/rpm" "$work/rpmbuild"

awk -v n="$packages" 'BEGIN { RS = ""; ORS = "\n\n" }
    { stanza[NR] = $0 }
    END { for (i = 0; i < n; i++) { s = stanza[i % NR + 1]; sub(/^Package: [^\n]*/, "&-" i, s); print s } }' \
    /var/lib/dpkg/status >"$work/dpkg/status"
cp /var/lib/dpkg/arch "$work/dpkg/" 2>/dev/null
mount --bind "$work/dpkg" /var/lib/dpkg || exit 1

if command -v rpmbuild >/dev/null && command -v sqlite3 >/dev/null; then
    {
        printf 'Name: one\nVersion: 1.0\nRelease: 1\nSummary: s\nLicense: MPL-2.0\nBuildArch: noarch\n'
        seq -f 'Provides: provided(%g) = 1' 1500
        printf '%%description\nd\n%%files\n'
    } >"$work/one.spec"
    rpmbuild --quiet -bb --define "_topdir $work/rpmbuild" "$work/one.spec" >/dev/null 2>&1
    rpm --dbpath "$work/rpm" --nodeps --justdb -i "$work"/rpmbuild/RPMS/noarch/one-1.0-1.noarch.rpm 2>/dev/null
    sqlite3 "$work/rpm/rpmdb.sqlite" "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < $packages)
        INSERT INTO Packages SELECT i, (SELECT blob FROM Packages WHERE hnum = 1) FROM n"
    mkdir -p /var/lib/rpm
    mount --bind "$work/rpm" /var/lib/rpm || exit 1
fi
printf 'dpkg: %s, rpm: %s\n' "$(du -hL /var/lib/dpkg/status | cut -f1)" "$(du -h "$work/rpm" | cut -f1)"

export MIG_PLUGIN_DIR=$build/plugins/pkg/.libs HOME=$work
timed() # TITLE COMMAND…
{
    local title=$1 times="" start
    shift
    for ((i = 0; i < count; i++)); do
        start=$(date +%s%N)
        "$@" >"$work/output" 2>&1
        times+="$((($(date +%s%N) - start) / 1000000)) "
    done
    printf '%-44s %-30s %s\n' "$title" "$times" "$(tail -1 "$work/output" | grep Statistics || wc -l <"$work/output")"
}
timed "mig pkg, one name" "$build/cli/mig" pkg -t local -show all -name '^nothing-has-this-name$'
timed "mig pkg, one name and a range" "$build/cli/mig" pkg -t local -show all -name '^lib' -version '<0.0.1'
timed "mig pkg, all packages" "$build/cli/mig" pkg -t local -show all -name .
timed "mig example (what a worker takes)" env MIG_PLUGIN_DIR="$build/plugins/example/.libs" "$build/cli/mig" example -t local -show all -gethostname
# shellcheck disable=SC2016
timed "dpkg-query -W" dpkg-query -W -f '${db:Status-Status} ${Package} ${Version} ${Architecture}\n'
[ ! -e "$work/rpm/rpmdb.sqlite" ] || timed "rpm -qa" rpm --dbpath "$work/rpm" -qa --queryformat '%{NAME} %{EVR} %{ARCH}\n'
