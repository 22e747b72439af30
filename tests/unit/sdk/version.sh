#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Versions are ordered as dpkg and rpm order them: every pair of a list, asked of both.
set -u
compare=${top_builddir:?}/tests/unit/sdk/version-compare
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
export LC_ALL=C

versions='0 1 01 1.0 1.00 1.0.0 1.0-1 1.0-1.1 1.0-10 1.0-2 1.0~rc1 1.0~rc1-1 1.0~~ 1.0~~a 1.0~a 1.0a 1.0b1 1.0+b1
1.0+dfsg-1 1.0-1+deb12u1 1.0-1+b2 1.0-0ubuntu1 1:0.1 1:1.0-1 2:0 10 1.10 1.9 1.9.9 2.0 1.0.z 1.0z 1a 1-1-1
99999999999999999999999 99999999999999999999998 20241124 1.2.3-4 1.2.3-4.1 1.2.3-5 1.2.3.4'
rpm_versions='1.0^ 1.0^git1 1.0^git2 1.0^git1~pre 1.0~rc1^git1 1.0^20160101 1.0.1^20160101 5.el9 5.el9_1 5.el9.1 xyz10 xyz10.1
2_0 2.0.1a 2.0.1 1.0010 1.1.fc4 1.fc4 10xyz 10.1xyz'

pairs() {
    local a b
    for a in $1; do for b in $1; do echo "$a $b"; done; done
}

tap() { # TITLE WANTED GOT
    n=$((n + 1))
    if cmp -s "$2" "$3" && [ -s "$2" ]; then
        echo "ok $n - $1 ($(wc -l <"$2") pairs)"
    else
        echo "not ok $n - $1"
        paste -d' ' "$work/pairs" "$2" "$3" | awk '$3 != $4 { print "# " $1 " " $2 ": theirs " $3 ", ours " $4 }' | head -20
    fi
}

n=0
echo 1..2
if command -v dpkg >/dev/null; then
    pairs "$versions" >"$work/pairs"
    while read -r a b; do
        if dpkg --compare-versions "$a" lt "$b"; then
            echo '<'
        elif dpkg --compare-versions "$a" eq "$b"; then
            echo '='
        else
            echo '>'
        fi
    done <"$work/pairs" >"$work/theirs"
    "$compare" dpkg <"$work/pairs" >"$work/ours"
    tap "dpkg's order" "$work/theirs" "$work/ours"
else
    n=$((n + 1))
    echo "ok $n - dpkg's order # SKIP no dpkg here"
fi
if command -v rpm >/dev/null; then
    pairs "$versions $rpm_versions" >"$work/pairs"
    rpm --eval "%{lua:
        for line in io.lines('$work/pairs') do
            local a, b = line:match('(%S+) (%S+)')
            local code = rpm.vercmp(a, b)
            print((code < 0 and '<' or code > 0 and '>' or '=') .. '\n')
        end}" | grep . >"$work/theirs"
    "$compare" rpm <"$work/pairs" >"$work/ours"
    tap "rpm's order" "$work/theirs" "$work/ours"
else
    n=$((n + 1))
    echo "ok $n - rpm's order # SKIP no rpm here"
fi
