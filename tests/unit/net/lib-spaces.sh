#!/usr/bin/env bash
# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# Network namespaces for a test: sourced, with the test's arguments. The test runs again inside namespaces of
# its own, which end with it; nothing of the host's network is touched. `peer` is a second one: 10.9.0.2,
# 2001:db8:9::2 on its v1, across from 10.9.0.1 and 2001:db8:9::1 on our v0.
# shellcheck source=tests/integration/lib-tap.sh
. "${top_srcdir:?}/tests/integration/lib-tap.sh"

spaces_enter()
{
    if [ -n "${MIG_TEST_SPACES:-}" ]; then
        return
    fi
    for program in ip jq python3 ss unshare; do
        command -v "$program" >/dev/null || skip_all "$program is not installed"
    done
    unshare -n -m true 2>/dev/null || skip_all "no network namespaces can be made here"
    MIG_TEST_SPACES=1 exec unshare -n -m bash "$0" "$@"
}

spaces_make()
{
    mount -t tmpfs tmpfs /run || bail_out "no /run of our own"
    ip link set lo up
    ip netns add peer
    ip link add v0 address 02:00:00:00:09:01 type veth peer name v1 address 02:00:00:00:09:02 netns peer ||
        skip_all "no veth interfaces can be made here"
    ip addr add 10.9.0.1/24 dev v0
    ip addr add 2001:db8:9::1/64 dev v0 nodad
    ip link set v0 up
    ip -n peer addr add 10.9.0.2/24 dev v1
    ip -n peer addr add 2001:db8:9::2/64 dev v1 nodad
    ip -n peer link set lo up
    ip -n peer link set v1 up
}

# module NAME PARAMETERS…: what `mig NAME -t local` prints
module()
{
    local name=$1
    shift
    MIG_PLUGIN_DIR=${top_builddir:?}/plugins/$name/.libs \
        "$top_builddir/cli/mig" "$name" -t local -show all "$@" 2>&1
}
