#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# The ping module in a real worker, against targets in network namespaces of the test's own.
set -u
# shellcheck source=tests/unit/net/lib-spaces.sh
. "${top_srcdir:?}/tests/unit/net/lib-spaces.sh"
need_plugin ping
spaces_enter "$@"
spaces_make

# Behind the peer: addresses that are unreachable, prohibited, and one that is never answered.
ip route add 10.8.0.0/24 via 10.9.0.2
ip -6 route add 2001:db8:8::/64 via 2001:db8:9::2
ip netns exec peer sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 0 >/proc/sys/net/ipv4/icmp_ratelimit;
    echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
ip -n peer route add unreachable 10.8.0.1
ip -n peer route add prohibit 10.8.0.2
ip -n peer route add blackhole 10.8.0.3
ip -n peer -6 route add unreachable 2001:db8:8::1
ip -n peer -6 route add blackhole 2001:db8:8::3
ip route add blackhole 10.7.0.0/24
ip netns exec peer python3 -c '
import socket, select
tcp = [socket.create_server(("10.9.0.2", 80)), socket.create_server(("2001:db8:9::2", 80), family=socket.AF_INET6)]
udp = []
for family, host in (socket.AF_INET, "10.9.0.2"), (socket.AF_INET6, "2001:db8:9::2"):
    for port in 53, 54:
        s = socket.socket(family, socket.SOCK_DGRAM)
        s.bind((host, port))
        udp.append(s)
open("/run/ready", "w").close()
while True:
    for s in select.select(tcp + udp, [], [])[0]:
        if s in tcp:
            s.accept()[0].close()
        else:
            data, peer = s.recvfrom(100)
            if s.getsockname()[1] == 53:
                s.sendto(data, peer)
' &
server=$!
trap 'kill $server' EXIT
within 10 test -e /run/ready || bail_out "no servers in the peer"

ping() # ARGUMENT…: one line, the times as N
{
    module ping "$@" | sed -E 's/in [0-9]+ms/in Nms/' | paste -sd'|'
}

for target in 10.9.0.2 2001:db8:9::2 127.0.0.1 ::1; do
    is "$(ping -d $target -count 2)" \
        "icmp ping of $target ($target) succeeded. Target is reachable.|ping #1 succeeded in Nms|ping #2 succeeded in Nms" \
        "icmp reaches $target"
done
is "$(ping -d 10.9.0.2 -dp 80 -count 1 -protocol tcp)" \
    "tcp ping of 10.9.0.2:80 (10.9.0.2) succeeded. Target is reachable.|ping #1 succeeded in Nms" "tcp reaches an open port"
is "$(ping -d 2001:db8:9::2 -dp 80 -count 1 -protocol tcp)" \
    "tcp ping of [2001:db8:9::2]:80 (2001:db8:9::2) succeeded. Target is reachable.|ping #1 succeeded in Nms" \
    "tcp reaches an open port over IPv6"
is "$(ping -d 10.9.0.2 -dp 53 -count 1 -protocol udp)" \
    "udp ping of 10.9.0.2:53 (10.9.0.2) succeeded. Target is reachable.|ping #1 succeeded in Nms" "udp is answered"
is "$(ping -d 2001:db8:9::2 -dp 53 -count 1 -protocol udp)" \
    "udp ping of [2001:db8:9::2]:53 (2001:db8:9::2) succeeded. Target is reachable.|ping #1 succeeded in Nms" \
    "udp is answered over IPv6"
for protocol in tcp udp; do
    is "$(ping -d 10.9.0.2 -dp 99 -count 1 -protocol $protocol)" \
        "$protocol ping of 10.9.0.2:99 (10.9.0.2) failed. Target is no reachable.|ping #1 failed, target was unreachable" \
        "$protocol is refused by a closed port"
    is "$(ping -d 2001:db8:9::2 -dp 99 -count 1 -protocol $protocol)" \
        "$protocol ping of [2001:db8:9::2]:99 (2001:db8:9::2) failed. Target is no reachable.|ping #1 failed, target was unreachable" \
        "$protocol is refused by a closed port over IPv6"
done
is "$(ping -d 10.9.0.2 -dp 54 -count 1 -timeout 1 -protocol udp)" \
    "udp ping of 10.9.0.2:54 (10.9.0.2) succeeded. Target is reachable.|ping #1 may have succeeded (no udp response)" \
    "a silent UDP port may be open"
for target in 10.8.0.3 2001:db8:8::3; do
    is "$(ping -d $target -count 1 -timeout 1)" \
        "icmp ping of $target ($target) failed. Target is no reachable.|ping #1 failed, connection timed out" \
        "icmp to $target has no answer in time"
done
is "$(ping -d 10.8.0.3 -dp 80 -count 1 -timeout 1 -protocol tcp)" \
    "tcp ping of 10.8.0.3:80 (10.8.0.3) failed. Target is no reachable.|ping #1 failed, connection timed out" \
    "tcp has no answer in time"
for protocol in icmp tcp udp; do
    like "$(ping -d 10.8.0.1 -dp 80 -count 1 -timeout 2 -protocol $protocol)" \
        'failed\. Target is no reachable\.\|ping #1 failed, reason unknown\|ping #1 failed with error: No route to host$' \
        "$protocol: a router says that the host is unreachable"
done
like "$(ping -d 2001:db8:8::1 -count 1 -timeout 2)" 'ping #1 failed with error: (No route to host|Network is unreachable)$' \
    "icmp: a router says so over IPv6"
like "$(ping -d 10.8.0.2 -count 1 -timeout 2)" 'ping #1 failed with error: (No route to host|Permission denied)$' \
    "a router prohibits it"
like "$(ping -d 10.7.0.1 -count 1)" 'ping #1 failed with error: Invalid argument$' "our own black hole"
like "$(ping -d 10.6.0.1 -count 1)" 'ping #1 failed with error: Network is unreachable$' "no route"
like "$(ping -d localhost -count 1)" '^icmp ping of localhost \((127\.0\.0\.1|::1)\) succeeded' "a name is resolved"
like "$(ping -- -d 10.9.0.2 -dp 80 -p tcp -c 2 -t 1)" 'reachable\.\|ping #1 succeeded in Nms\|ping #2 succeeded in Nms$' \
    "the original's options behind --"

# Another process answers every echo request from a wrong address or with a wrong sequence: no reply to us.
ip -n peer addr add 10.9.0.3/24 dev v1
ip netns exec peer python3 -c '
import socket, struct
def checksum(b):
    s = sum(struct.unpack("!%dH" % (len(b) // 2), b + b"" if len(b) % 2 == 0 else b[:-1])) + (b[-1] << 8 if len(b) % 2 else 0)
    while s >> 16: s = (s & 0xffff) + (s >> 16)
    return ~s & 0xffff
open("/proc/sys/net/ipv4/icmp_echo_ignore_all", "w").write("1")
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
other = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
other.bind(("10.9.0.3", 0))
open("/run/liar", "w").close()
while True:
    data, peer = s.recvfrom(2000)
    body = data[20:]
    if body[0] != 8: continue
    ident, seq = struct.unpack("!HH", body[4:8])
    for sock, i, q in (other, ident, seq), (s, ident ^ 1, seq), (s, ident, seq + 1):
        packet = struct.pack("!BBHHH", 0, 0, 0, i, q & 0xffff) + body[8:]
        packet = packet[:2] + struct.pack("!H", checksum(packet)) + packet[4:]
        sock.sendto(packet, peer)
' &
liar=$!
trap 'kill $server $liar' EXIT
within 10 test -e /run/liar || bail_out "nobody lies in the peer"
like "$(ping -d 10.9.0.2 -count 1 -timeout 1)" 'ping #1 failed, connection timed out$' \
    "replies of another source, id or sequence are none"

# Bounds.
start=$SECONDS
module ping -d 10.8.0.3 -count 100 -timeout 300 -e 2s >/run/long
ok $((SECONDS - start > 20)) "the action's time limit ends it"
like "$(cat /run/long)" 'limit of 2000 ms' "… and is named"
if tc qdisc add dev v0 root netem loss 100% 2>/dev/null; then
    like "$(ping -d 10.9.0.2 -dp 80 -protocol tcp -count 1 -timeout 1)" 'ping #1 failed, connection timed out$' "loss"
else
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - loss # SKIP the kernel has no netem"
fi

# A resolver that never answers.
mkdir -p /run/etc
printf 'nameserver 10.8.0.3\n' >/run/etc/resolv.conf
mount --bind /run/etc/resolv.conf /etc/resolv.conf
start=$SECONDS
like "$(ping -d silent.example.net -timeout 1)" 'destination silent\.example\.net: the resolver does not answer in time' \
    "a name that is not resolved in time"
ok $((SECONDS - start > 8)) "… within the time bound"

# Refusals.
refused() # MESSAGE ARGUMENT…
{
    local message=$1
    shift
    is "$(module ping "$@" | tail -1)" "error: $message" "$message"
}
refused "sctp is not a supported ping protocol" -d 127.0.0.1 -protocol sctp
refused "tcp ping requires a valid destination port between 0 and 65535, got -1" -d 127.0.0.1 -protocol tcp
refused "-dp takes a number up to 65535, not 65536" -d 127.0.0.1 -dp 65536
refused "-count takes a number up to 100, not 101" -d 127.0.0.1 -count 101
refused "-timeout takes a number up to 300, not 301" -d 127.0.0.1 -timeout 301
refused "destination IP is invalid: 224.0.0.1 is not one host" -d 224.0.0.1
refused "destination IP is invalid: ff02::1 is not one host" -d ff02::1
refused "destination IP is invalid: 255.255.255.255 is not one host" -d 255.255.255.255
tap_done
