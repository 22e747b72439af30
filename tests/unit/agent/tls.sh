#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# test_transport with a RabbitMQ that wants client certificates, with TLS servers that have no business to be taken for
# it, and with an HTTP proxy on the way.
. "$top_srcdir/scripts/lib-platform.sh"
# shellcheck source=tests/integration/lib-pki.sh
. "$top_srcdir/tests/integration/lib-pki.sh"
PLATFORM_QUIET=1

for program in openssl python3; do
    command -v $program >/dev/null || { echo "1..0 # SKIP needs $program"; exit 0; }
done
if ! rabbit_server >/dev/null 2>&1 || [ ! -x "$top_builddir/tests/unit/agent/test_transport" ]; then
    echo '1..0 # SKIP RabbitMQ or cmocka is not installed'
    exit 0
fi
platform_dir || exit 99
pki=$PLATFORM_DIR/pki
pki_make "$pki" || { echo 'Bail out! openssl makes no certificates'; exit 99; }
tls_port=$(free_port)
RABBIT_CONF="listeners.ssl.1 = 127.0.0.1:$tls_port
ssl_options.cacertfile = $pki/ca.pem
ssl_options.certfile = $pki/server.pem
ssl_options.keyfile = $pki/server.key
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = true"
rabbit_launch "$PLATFORM_DIR" || exit 99
export MIG_TEST_PKI=$pki
for name in wrong-name expired unknown; do
    port=$(free_port)
    spawn "s_server-$name" "" KILL openssl s_server -quiet -accept "127.0.0.1:$port" -cert "$pki/$name.pem" \
        -key "$pki/$name.key"
    wait_for 30 "no TLS server" port_open "$port" || exit 99
    export "MIG_TEST_PORT_${name//-/_}=$port"
done
spawn proxy "" KILL python3 "$top_srcdir/tests/integration/connect-proxy.py" "$PLATFORM_DIR/proxy.port" \
    "$PLATFORM_DIR/proxy.log" "someone:hunter2"
wait_for 30 "no proxy" [ -s "$PLATFORM_DIR/proxy.port" ] || exit 99
MIG_TEST_PROXY=127.0.0.1:$(cat "$PLATFORM_DIR/proxy.port")
export MIG_TEST_PROXY
rabbit_wait "$PLATFORM_DIR" && wait_for 60 "RabbitMQ has no TLS" port_open "$tls_port" || exit 99
MIG_TEST_AMQPS=amqps://$AMQP_USER:$AMQP_PASSWORD@localhost:$tls_port/$AMQP_VHOST MIG_TEST_AMQP=$AMQP_URI \
    "$top_builddir/tests/unit/agent/test_transport"
