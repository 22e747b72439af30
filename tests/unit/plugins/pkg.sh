#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# The pkg module in its worker: names, versions and ranges on this system's packages and on a container's root, its
# lines, and what it refuses. That it reads what dpkg-query and rpm read is packages.sh's.
set -u
# shellcheck source=tests/unit/plugins/lib-module.sh
. "${top_srcdir:?}/tests/unit/plugins/lib-module.sh"
module_start pkg

# The original's lines, without the statistics.
found()
{
    ask "$@" | sort
}

# ---- refusals ----
like "$(ask)" "must specify at least one package to match" "no name"
like "$(ask -version 1)" "must specify at least one package to match" "a version alone"
like "$(ask -name '(')" "\(.*byte" "a name that is no expression"
like "$(ask -name a -version '(')" "\(" "a version that is no expression"
like "$(ask -name a -version '<')" "'<'" "a range without a version"
like "$(ask -name a -version '<1, >')" ">" "a range with a condition without a version"
like "$(ask -nam a)" "nam" "an option that is none"
help=$("$top_builddir/cli/mig" pkg help)
like "$help" "mig pkg -t all -name \^openssl\\$" "the help has examples"
like "$help" "-containers" "and the options"

# ---- a root of our own: a container, as far as the module can tell ----
root=$work/root
mkdir -p "$root/var/lib/dpkg" "$root/lib/apk/db"
for package in openssl:3.0.1-1 libssl3:3.0.1-1 zlib1g:1:1.2.13 curl:7.88.1-10+deb12u5; do
    printf 'Package: %s\nStatus: install ok installed\nVersion: %s\nArchitecture: amd64\n\n' "${package%%:*}" "${package#*:}"
done >"$root/var/lib/dpkg/status"
printf 'P:musl\nV:1.2.4_git20230717-r4\nA:x86_64\n\n' >"$root/lib/apk/db/installed"
perl -e 'chroot($ARGV[0]) && chdir("/") || exit 1; $| = 1; print "ready\n"; sleep' "$root" >"$work/ready" 2>/dev/null &
holder=$!
trap 'kill "$holder"; rm -rf "$work"' EXIT
if ! within 20 grep -q ready "$work/ready"; then
    trap 'rm -rf "$work"' EXIT
    ok 0 "a container's root # SKIP no perl here, or this user can not change its root"
    tap_done
fi

# What is in that root alone.
inside()
{
    found -containers "$@" | sed -n "s|^pkgmatch \(.*\) root=/proc/$holder/root cgroup=.*|\1|p"
}
is "$(inside -name '^openssl$')" "name=openssl version=3.0.1-1 type=dpkg arch=amd64" "a package of the container"
is "$(inside -name ssl | wc -l)" 2 "an expression is not anchored"
is "$(inside -name '^openssl$' -name '^open' | wc -l)" 2 "a package that matches twice is there twice, as with the original"
is "$(inside -name '^musl$')" "name=musl version=1.2.4_git20230717-r4 type=apk arch=x86_64" "of apk too"
is "$(inside -name . -version '^3\.')" "$(inside -name ssl)" "a version"
is "$(inside -name . -version '!^3\.' | sed 's/ .*//')" $'name=curl\nname=musl\nname=zlib1g' "a version that does not match"
is "$(inside -name '^curl$' -version '<7.88.1-10+deb12u6' | wc -l)" 1 "older than the fix"
is "$(inside -name '^curl$' -version '<7.88.1-10+deb12u5' | wc -l)" 0 "as old as the fix"
is "$(inside -name '^zlib1g$' -version '<1.2.14' | wc -l)" 0 "an epoch counts"
is "$(inside -name '^zlib1g$' -version '>=1:1.2.13~rc1, <1:1.2.14' | wc -l)" 1 "two conditions"
is "$(inside -name '^musl$' -version '<1.2.4' | wc -l)" 0 "apk's order: _git is newer"
is "$(inside -name '^musl$' -version '>=1.2.4, <1.2.4_p1-r0' | wc -l)" 1 "and older than _p"
is "$(found -name '^musl$' | grep -c /proc)" 0 "not without being asked"
like "$(ask -show all -name '^openssl$' -containers)" "^Statistics: runtime [0-9.]+(µs|ms|s)$" "the original's statistics"

# A container can not have its database be one of the host's.
printf 'Package: outside\nStatus: install ok installed\nVersion: 1\n' >"$work/outside"
rm "$root/var/lib/dpkg/status"
ln -s "../../../../../../..$work/outside" "$root/var/lib/dpkg/status"
is "$(inside -name . | sed 's/ .*//')" "name=musl" "links of a container stay inside"
rm "$root/var/lib/dpkg/status"
mkfifo "$root/var/lib/dpkg/status"
like "$(ask -show all -name '^musl$' -containers)" "/proc/$holder/root/var/lib/dpkg/status: this is not a regular file" "a pipe is not waited for"
rm "$root/var/lib/dpkg/status"

# ---- this system ----
if dpkg-query -W dpkg >/dev/null 2>&1; then
    is "$(found -name '^dpkg$')" \
        "$(dpkg-query -W -f 'pkgmatch name=${Package} version=${Version} type=dpkg arch=${Architecture}\n' dpkg)" "dpkg itself"
    version=$(dpkg-query -W -f '${Version}' dpkg)
    is "$(ask -name '^dpkg$' -version "=$version" | wc -l)" 1 "its version, exactly"
    is "$(ask -name '^dpkg$' -version "!=$version" | wc -l)" "$(ask -name '^nothing-has-this-name$' | wc -l)" "no other"
fi
tap_done
