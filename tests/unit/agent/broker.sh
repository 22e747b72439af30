#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# Starts a RabbitMQ and has test_transport try confirms, returns and deliveries on it.
. "$top_srcdir/scripts/lib-platform.sh"
PLATFORM_QUIET=1

if ! rabbit_server >/dev/null 2>&1 || [ ! -x "$top_builddir/tests/unit/agent/test_transport" ]; then
    echo '1..0 # SKIP RabbitMQ or cmocka is not installed'
    exit 0
fi
platform_dir || exit 99
rabbit_start "$PLATFORM_DIR" || exit 99
MIG_TEST_AMQP=$AMQP_URI "$top_builddir/tests/unit/agent/test_transport"
