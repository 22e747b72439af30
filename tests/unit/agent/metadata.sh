#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# test_cloud with a server that speaks as the clouds' metadata services do.
. "$top_srcdir/scripts/lib-platform.sh"
PLATFORM_QUIET=1
if ! command -v python3 >/dev/null || [ ! -x "$top_builddir/tests/unit/agent/test_cloud" ]; then
    echo '1..0 # SKIP python3 or cmocka is not installed'
    exit 0
fi
platform_dir || exit 99
spawn metadata "" KILL python3 "$top_srcdir/tests/unit/agent/metadata.py" "$PLATFORM_DIR/port"
wait_for 30 "no metadata server" [ -s "$PLATFORM_DIR/port" ] || exit 99
MIG_TEST_METADATA=http://127.0.0.1:$(cat "$PLATFORM_DIR/port") "$top_builddir/tests/unit/agent/test_cloud"
