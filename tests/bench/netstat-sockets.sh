#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# tests/bench/netstat-sockets.sh [BUILD] [CONNECTIONS] [COUNT]: the netstat module in its worker beside ss, with
# CONNECTIONS (100000: 200,000 sockets) TCP connections in a network namespace of its own, each COUNT times (3)
# in turn; prints the times in milliseconds. Wants root, 200,000 open files and a gigabyte of memory.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "${1:-$top/build}" && pwd) || exit 1
connections=${2:-100000}
count=${3:-3}
[ -n "${MIG_BENCH_SPACE:-}" ] || MIG_BENCH_SPACE=1 exec unshare -n -m bash "$0" "$build" "$connections" "$count"
mount -t tmpfs tmpfs /run && ip link set lo up || exit 1

python3 - "$connections" <<'P' &
import os, resource, signal, socket, sys
signal.signal(signal.SIGTERM, lambda *_: os.killpg(0, signal.SIGKILL))
os.setpgid(0, 0)
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
each = max(1, (min(hard, 1000000) - 64) // 2)
left = int(sys.argv[1])
holder = 0
while left > 0:
    read, write = os.pipe()
    if os.fork() == 0:
        listener = socket.create_server(("127.0.%d.1" % holder, 80), backlog=64)
        kept = []
        for i in range(min(each, left)):
            source = "127.1.%d.%d" % (holder % 250, i // 20000 + 1)
            kept.append(socket.create_connection(listener.getsockname(), source_address=(source, 0)))
            kept.append(listener.accept()[0])
        os.write(write, b"x")
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pause()
        os._exit(0)
    os.close(write)
    if os.read(read, 1) != b"x":
        os.killpg(0, signal.SIGKILL)
    os.close(read)
    left -= each
    holder += 1
open("/run/ready", "w").close()
signal.pause()
P
holder=$!
trap 'kill $holder' EXIT
until [ -e /run/ready ]; do
    kill -0 $holder 2>/dev/null || exit 1
    read -rt 0.2 <> <(:)
done

export MIG_PLUGIN_DIR=$build/plugins/netstat/.libs
timed() # TITLE COMMAND…
{
    local title=$1 times="" start
    shift
    for ((i = 0; i < count; i++)); do
        start=$(date +%s%N)
        "$@" >/run/output 2>&1
        times+="$((($(date +%s%N) - start) / 1000000)) "
    done
    printf '%-52s %-20s %s\n' "$title" "$times" "$(tail -1 /run/output | grep Statistics || wc -l </run/output)"
}
timed "one address, no details" "$build/cli/mig" netstat -t local -show all -ci 10.1.2.3
timed "one listener with its process" "$build/cli/mig" netstat -t local -show all -lp 80 -details
timed "all connections (as many as 12 MiB hold)" "$build/cli/mig" netstat -t local -show all -ci 0.0.0.0/0
timed "… with their processes" "$build/cli/mig" netstat -t local -show all -ci 0.0.0.0/0 -details
timed "ss -tan" ss -tan
timed "ss -tanp" ss -tanp
