#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# The timedrift module in a real worker: against chronyd, and against servers that lie.
set -u
# shellcheck source=tests/unit/net/lib-spaces.sh
. "${top_srcdir:?}/tests/unit/net/lib-spaces.sh"
[ -e "${top_builddir:?}/plugins/timedrift/.libs/timedrift.so" ] ||
    skip_all "the timedrift plugin is not built as a shared object"
PATH=$PATH:/usr/sbin:/sbin
command -v chronyd >/dev/null || skip_all "chronyd is not installed"
spaces_enter "$@"
mount -t tmpfs tmpfs /run || bail_out "no /run of our own"
ip link set lo up

# Folders of our own in the place of the host's, and an empty file in that of a file.
for folder in /etc/chrony /etc/chrony.d /etc/ntpsec /etc/ntp.d /etc/systemd/timesyncd.conf.d; do
    [ -d "$folder" ] && mount -t tmpfs tmpfs "$folder"
done
for file in /etc/chrony.conf /etc/ntp.conf /etc/systemd/timesyncd.conf; do
    [ -f "$file" ] && mount --bind /dev/null "$file"
done
[ -d /etc/chrony ] || skip_all "there is no /etc/chrony to put a configuration in"

# chronyd as a server that has a time and does not touch the clock.
cat >/run/server.conf <<'C'
local stratum 5
allow 127.0.0.1
bindaddress 127.0.0.1
port 1123
cmdport 1323
bindcmdaddress /run/chronyd.sock
pidfile /run/chronyd.pid
C
chronyd -x -d -u root -f /run/server.conf >/run/chronyd.log 2>&1 &
chronyd=$!
# Liars: one port each.
python3 -c '
import select, socket, struct, time
def reply(query, first=0x24, stratum=2, dispersion=0, shift=0.0, cookie=None, code=b"NONE"):
    now = (time.time() + 2208988800 + shift) % 2**32
    stamp = struct.pack("!II", int(now), int(now % 1 * 2**32))
    return (struct.pack("!BBbbII4s", first, stratum, 6, -20, 0, dispersion, code) + stamp +
            (cookie or query[40:48]) + stamp + stamp)
lies = {
    2001: lambda q: [reply(q, shift=3600)],
    2002: lambda q: [reply(q, shift=-90)],
    2003: lambda q: [reply(q, stratum=0, code=b"DENY")],
    2004: lambda q: [reply(q, first=0xe4)],
    2005: lambda q: [reply(q, stratum=16)],
    2006: lambda q: [reply(q, dispersion=16 << 16)],
    2007: lambda q: [reply(q, cookie=b"12345678", shift=3600), q, b"", reply(q)[:47], reply(q)],
    2008: lambda q: [reply(q, shift=2**31)],
    2009: lambda q: [],
}
socks = {}
for port in lies:
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("127.0.0.1", port))
    socks[s] = port
seen = open("/run/seen", "w", buffering=1)
open("/run/ready", "w").close()
while True:
    for s in select.select(list(socks), [], [])[0]:
        query, peer = s.recvfrom(2000)
        seen.write("%d %s %d\n" % (socks[s], query.hex(), peer[1]))
        for packet in lies[socks[s]](query):
            s.sendto(packet, peer)
' &
liars=$!
trap 'kill $chronyd $liars 2>/dev/null' EXIT
within 10 test -e /run/ready || bail_out "no liars"
within 10 test -e /run/chronyd.pid || bail_out "chronyd does not start: $(cat /run/chronyd.log)"

drift() # ARGUMENT…: without what changes from run to run
{
    module timedrift "$@" | sed -E 's/^(local time is )[0-9T:.-]{19,29}(Z|[+-][0-9:]+)$/\1NOW/
        s/execution time was .*/execution time was D/; s/responded in [^ ]+ with time [0-9T:.-]+Z/responded in D with time T/
        s/drifts by -?([0-9.]+(ms|µs|ns)|0s)$/drifts by little/; s/ by ((59m59|1m29|68h)[0-9.]*s)$/ by \1/'
}
told() # PORT ARGUMENT…: what is said of one server
{
    local port=$1
    shift
    drift -server "127.0.0.1:$port" "$@" | grep -E "^(Local|local time is [^N]|stat: 127|error)" | paste -sd'|'
}

is "$(told 1123 -drift 1s)" \
    "local time is within acceptable drift from NTP servers|stat: 127.0.0.1:1123 responded in D with time T. local time drifts by little" \
    "chronyd tells our own time"
like "$(told 2001 -drift 5m)" \
    '^local time is out of sync from NTP servers\|Local time is behind ntp host 127.0.0.1:2001 by (59m59\.|1h0m0)[0-9.]*s\|' "an hour behind"
like "$(told 2002 -drift 1m)" '\|Local time is ahead of ntp host 127.0.0.1:2002 by 1m(29|30)[0-9.]*s\|' "90 seconds ahead"
is "$(told 2002 -drift 91s | cut -d'|' -f1)" "local time is within acceptable drift from NTP servers" "… which 91 seconds allow"
is "$(told 2001 | cut -d' ' -f1-8)" "stat: 127.0.0.1:2001 responded in D with time T." "without -drift it is told and not judged"
none='error: no NTP server told the time|stat: 127.0.0.1'
is "$(told 2003 -drift 1s)" "$none:2003 was unreachable: kiss-o'-death DENY: the server refuses us" "a kiss-o'-death"
is "$(grep -c '^2003 ' /run/seen)" 1 "… is asked once"
is "$(told 2004 -drift 1s)" "$none:2004 was unreachable: the server says that it is not synchronized (leap 3, stratum 2)" "leap 3"
is "$(told 2005 -drift 1s)" "$none:2005 was unreachable: the server says that it is not synchronized (leap 0, stratum 16)" "stratum 16"
is "$(told 2006 -drift 1s)" "$none:2006 was unreachable: the server says that it may be wrong by 16 seconds or more" "dispersion"
is "$(told 2007 -drift 1s | cut -d'|' -f1)" "local time is within acceptable drift from NTP servers" \
    "what is no reply to our question is passed over"
like "$(told 2008 -drift 1s)" '596523h14m[78][0-9.]*s\|' "the era beyond 2036"
is "$(told 2010 -drift 1s)" "$none:2010 was unreachable: Connection refused" "nobody listens"
is "$(told 2009 -drift 1s)" "$none:2009 was unreachable: no answer in time" "nobody answers"
is "$(cut -c6-85 /run/seen | sort -u)" "23$(printf '0%.0s' {1..78})" "a request tells nothing of the host"
is "$(cut -c86-101 /run/seen | sort | uniq -d)" "" "no two requests have the same cookie"
[ "$(grep '^2001 ' /run/seen | cut -c86-101 | wc -l)" = 8 ]
ok $? "a server is asked four times"
both=$(drift -drift 1s -server 127.0.0.1:2001 -server 127.0.0.1:1123)
is "$(grep -c '^stat: 127.*responded' <<<"$both")" 2 "all servers that are named are asked"
like "$both" "^local time is out of sync" "… and one that is off is enough"

# What the host is configured with.
printf 'confdir /etc/chrony/conf.d\ncmdport 1323\n' >/etc/chrony/chrony.conf
mkdir /etc/chrony/conf.d
printf 'server 127.0.0.1 port 2010 iburst\nserver 127.0.0.1 port 1123\nserver 127.0.0.1 port 2001\n' >/etc/chrony/conf.d/x.conf
all=$(drift -drift 1s)
is "$(grep '^stat: 127' <<<"$all" | cut -d' ' -f2-4 | paste -sd'|')" \
    "127.0.0.1:2010 was unreachable:|127.0.0.1:1123 responded in" "chrony's servers, until one answers"
like "$all" '^clock is (not )?synchronized, offset [^ ]+, off by at most ' "the kernel's clock"
like "$all" '^chrony is synchronized to 7F7F|^chrony is synchronized, offset 0s|^chrony is synchronized to 127' "what chronyd believes"
is "$(drift | grep -c '^stat: 127')" 0 "no server is asked without need"
like "$(module timedrift -drift 5)" "drift '5' is not a duration of 0 or more" "a drift without a unit is refused"
like "$("$top_builddir/cli/mig" timedrift help 2>&1)" 'mig timedrift -t all -drift 5m|plugin' "the help has examples"
tap_done
