#!/usr/bin/env bash
# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
# One module in a real worker on this host: sourced.
# shellcheck source=tests/integration/lib-tap.sh
. "${top_srcdir:?}/tests/integration/lib-tap.sh"

# module_start NAME: a work folder, and $module to call.
module_start()
{
    module=$1
    need_plugin "$1"
    work=$(mktemp -d) || exit 99
    work=$(cd "$work" && pwd -P)
    trap 'rm -rf "$work"' EXIT
    export HOME=$work MIG_PLUGIN_DIR=$top_builddir/plugins/$1/.libs
}

# What `mig MODULE -t local ARGUMENT…` prints, errors as well.
ask()
{
    "$top_builddir/cli/mig" "$module" -t local "$@" 2>&1
}
