#!/usr/bin/env bash
# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# TAP for shell tests: sourced. A test calls ok/is/like and ends with tap_done.
tap_count=0
tap_failed=0

# ok STATUS NAME
ok()
{
    tap_count=$((tap_count + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $tap_count - $2"
    else
        tap_failed=$((tap_failed + 1))
        echo "not ok $tap_count - $2"
    fi
    return "$1"
}

tap_diag()
{
    printf '%s\n' "$*" | sed 's/^/# /'
}

# is ACTUAL EXPECTED NAME
is()
{
    if [ "$1" = "$2" ]; then
        ok 0 "$3"
    else
        ok 1 "$3"
        tap_diag "expected: $2"
        tap_diag "found:    $1"
        return 1
    fi
}

# like ACTUAL EXTENDED-REGEX NAME
like()
{
    if grep -Eq -- "$2" <<<"$1"; then
        ok 0 "$3"
    else
        ok 1 "$3"
        tap_diag "expected to match: $2"
        tap_diag "found: $1"
        return 1
    fi
}

# within SECONDS COMMAND…: waits until it holds.
within()
{
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || return 1
        read -rt 0.05 <> <(:)
    done
    return 0
}

skip_all()
{
    echo "1..0 # SKIP $*"
    exit 0
}

# need_plugin NAME…: skips when this build has one of them neither as a shared object nor linked in
need_plugin()
{
    local name
    for name in "$@"; do
        [ -f "${top_builddir:?}/plugins/$name/.libs/$name.so" ] || [[ " ${MIG_BUILTIN_PLUGINS:-} " == *" $name "* ]] ||
            skip_all "the $name plugin is not built"
    done
}

bail_out()
{
    echo "Bail out! $*"
    exit 1
}

# Prints the plan; exits with 1 when a case failed, so that the logs are shown.
tap_done()
{
    echo "1..$tap_count"
    exit $((tap_failed > 0))
}
