#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# The netstat module in a real worker beside ss(8) and ip(8), in network namespaces of the test's own.
set -u
# shellcheck source=tests/unit/net/lib-spaces.sh
. "${top_srcdir:?}/tests/unit/net/lib-spaces.sh"
need_plugin netstat
spaces_enter "$@"
spaces_make

for space in "" peer; do
    dev=v0
    [ -z "$space" ] || dev=v1
    ip ${space:+-n $space} neigh add 10.9.0.77 lladdr 02:00:00:00:00:77 dev $dev nud permanent
    ip ${space:+-n $space} neigh add 2001:db8:9::77 lladdr 02:00:00:00:00:78 dev $dev nud permanent
done
# Sockets of every kind. The peer's listen on the same ports.
cat >/run/sockets.py <<'P'
import signal, socket, sys
host, six, name = sys.argv[1:]
kept = []
def bound(family, kind, address):
    s = socket.socket(family, kind)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(address)
    if kind == socket.SOCK_STREAM:
        s.listen(4)
    kept.append(s)
    return s
def connected(server, address, **more):
    c = socket.create_connection(address, **more)
    kept.extend((c, server.accept()[0]))
four = bound(socket.AF_INET, socket.SOCK_STREAM, (host, 4443))
both = bound(socket.AF_INET6, socket.SOCK_STREAM, ("::", 4444))
bound(socket.AF_INET, socket.SOCK_DGRAM, ("0.0.0.0", 4443))
bound(socket.AF_INET6, socket.SOCK_DGRAM, (six, 4445))
connected(four, (host, 4443), source_address=(host, 5555))
connected(both, ("127.0.0.1", 4444))
connected(both, (six, 4444))
for family, address in (socket.AF_INET, ("10.9.0.9", 53)), (socket.AF_INET6, ("2001:db8:9::9", 53)):
    u = socket.socket(family, socket.SOCK_DGRAM)
    u.connect(address)
    kept.append(u)
gone = socket.create_connection((host, 4443))
other = four.accept()[0]
gone.close()
other.close()
listener = bound(socket.AF_UNIX, socket.SOCK_STREAM, "\0" + name)
client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
client.connect("\0" + name)
kept.extend((client, listener.accept()[0]))
bound(socket.AF_UNIX, socket.SOCK_DGRAM, "/run/" + name + " of\nsin")
open("/run/ready." + name, "w").close()
signal.pause()
P
python3 /run/sockets.py 10.9.0.1 2001:db8:9::1 ours &
ours=$!
ip netns exec peer python3 /run/sockets.py 10.9.0.2 2001:db8:9::2 theirs &
theirs=$!
trap 'kill $ours $theirs' EXIT
within 10 test -e /run/ready.ours || bail_out "no sockets"
within 10 test -e /run/ready.theirs || bail_out "no sockets in the peer"

netstat()
{
    module netstat "$@" | grep -v '^Statistics: \|not permitted$'
}

# tuples FILTER…: what ss says, as "local remote", addresses as the module writes them
tuples()
{
    ss -Hn "$@" | awk '{ print $(NF-1), $NF }' | sed -E 's/\[::ffff:([0-9.]+)\]/\1/g; s/\[([^]]*)\]/\1/g' | sort
}

ours_connected() # ip|cidr
{
    netstat -ci "$1" | sed -nE 's/^found connected tuple ([^ ]+) with local tuple ([^ ]+) .*/\2 \1/p' | sort
}

is "$(ours_connected 0.0.0.0/0)" \
    "$( (tuples -ta exclude listening; tuples -ua state established) | grep -v :.*:.*: | sort)" \
    "every IPv4 connection that ss shows"
is "$(ours_connected ::/0)" \
    "$( (tuples -ta exclude listening; tuples -ua state established) | grep :.*:.*: | sort)" \
    "every IPv6 connection that ss shows"
like "$(ours_connected 10.9.0.9)" '^10\.9\.0\.1:[0-9]+ 10\.9\.0\.9:53$' "one address"
is "$(ours_connected 10.9.0.8/31 | wc -l) $(ours_connected 10.9.0.10/31 | wc -l)" "1 0" "a CIDR ends where it ends"
for port in 4443 4444 4445 5555; do
    is "$(netstat -lp $port | grep -c '^found listening')" \
        "$( (ss -Hnlt "sport = :$port"; ss -Hnlu "sport = :$port") | wc -l)" "listeners on $port as ss counts them"
done
is "$(netstat -lp 5555)" "did not find anything for netstat listeningport:'5555'" \
    "the local port of a connection does not listen"
is "$(netstat -li 0.0.0.0/0 -li ::/0 | awk '{ print $4 }' | sort)" \
    "$(ip -j addr | jq -r '.[].addr_info[].local' | sort)" "every address that ip shows"
is "$(netstat -lm . | awk '{ print $4 }' | sort)" \
    "$(ip -j link | jq -r '.[].address | select(. != "00:00:00:00:00:00")' | sort)" "every MAC address that ip shows"
is "$(netstat -lm ^02:00:00:00:09:01$ -lm ^0A -lm '^02.*:09:0[1]')" \
    "found local mac 02:00:00:00:09:01 for netstat localmac:'^02:00:00:00:09:01\$'
found local mac 02:00:00:00:09:01 for netstat localmac:'^02.*:09:0[1]'" "MAC addresses by expressions"
is "$(netstat -nm . | awk '{ print $4, $5 }' | sort)" \
    "$(ip -j neigh | jq -r '.[] | (.lladdr // "00:00:00:00:00:00") + " " + .dst' | sort)" "every neighbor that ip shows"
is "$(netstat -ni 2001:db8:9::77 -ni 10.9.0.0/24 | grep 77)" \
    "found neighbor IP 2001:db8:9::77 02:00:00:00:00:78 for netstat neighborIP:'2001:db8:9::77'
found neighbor IP 10.9.0.77 02:00:00:00:00:77 for netstat neighborIP:'10.9.0.0/24'" "IPv6 neighbors too"
is "$(netstat -ni 10.9.0.78)" "did not find anything for netstat neighborIP:'10.9.0.78'" "no such neighbor"

python=$(readlink "/proc/$ours/exe")
comm=$(cat "/proc/$ours/comm")
is "$(netstat -details -lp 4443)" \
    "found listening port 4443 for netstat listeningport:'4443' tcp LISTEN uid 0 of $comm[$ours] $python
found listening port 4443 for netstat listeningport:'4443' udp UNCONNECTED uid 0 of $comm[$ours] $python" \
    "protocol, state, user and process of a listener"
like "$(netstat -details -ci 10.9.0.1)" "10\.9\.0\.1:4443 with local tuple 10\.9\.0\.1:5555 .* tcp ESTABLISHED uid 0 of $comm\[$ours\] $python\$" \
    "… and of a connection"
like "$(netstat -details -ci 10.9.0.1)" " tcp TIME_WAIT uid 0\$" "a connection that nobody holds any more"
is "$(netstat -ps "^$comm\$" | sed -nE 's/^found socket ([^ ]+) (connected to ([^ ]+) )?for .*/\1/p' | sort)" \
    "$(ss -Hntuap | grep "pid=$ours," | awk '{ print $5 }' | sed -E 's/\[::ffff:([0-9.]+)\]/\1/g; s/\[([^]]*)\]/\1/g; s/^\*/::/' | sort)" \
    "the sockets of a process as ss shows them"
is "$(netstat -us '^@ours$' | sed "s/ for netstat unixsocket:'[^']*'//" | sort)" \
    "found unix socket @ours unix stream ESTABLISHED of $comm[$ours] $python connected to $comm[$ours] $python
found unix socket @ours unix stream LISTEN of $comm[$ours] $python" "UNIX sockets, who holds them and who is connected"
like "$(netstat -us 'ours of' | head -1)" '^found unix socket /run/ours of\\x0asin .* unix dgram UNCONNECTED' \
    "a path can not forge a line"
is "$(netstat -us . | wc -l)" "$(ss -Hxa | awk '$5 ~ /^[@\/]/' | wc -l)" "as many UNIX sockets with a name as ss shows"

there=$(ip netns exec peer stat -L -c %i /proc/self/ns/net)
here=$(stat -L -c %i /proc/self/ns/net)
# Other tests may have namespaces of their own at the same time.
of_both() { grep -F -e "net:[$here]" -e "net:[$there]" | sort; }
is "$(netstat -namespaces -lp 4445 | of_both)" \
    "$(printf '%s\n' "found listening port 4445 for netstat listeningport:'4445' namespace:[net:[$here]]" \
        "found listening port 4445 for netstat listeningport:'4445' namespace:[net:[$there]]" | sort)" \
    "a listener in every namespace"
like "$(netstat -namespaces -details -lp 4445)" "namespace:\[net:\[$there\]\] udp UNCONNECTED uid 0 of $comm\[$theirs\]" \
    "… with its process"
is "$(netstat -namespaces -nm 00:77$ -li 10.9.0.2 -lm 09:02 | of_both)" \
    "$(printf '%s\n' "found local ip 10.9.0.2 for netstat localip:'10.9.0.2' namespace:[net:[$there]]" \
        "found local mac 02:00:00:00:09:02 for netstat localmac:'09:02' namespace:[net:[$there]]" \
        "found neighbor mac 02:00:00:00:00:77 10.9.0.77 for netstat neighbormac:'00:77\$' namespace:[net:[$here]]" \
        "found neighbor mac 02:00:00:00:00:77 10.9.0.77 for netstat neighbormac:'00:77\$' namespace:[net:[$there]]" | sort)" \
    "interfaces and neighbors of every namespace"
ip netns add empty
ip -n empty addr add 10.5.5.5/32 dev lo
like "$(netstat -namespaces -li 10.5.5.5)" "^found local ip 10\.5\.5\.5 .* namespace:\[net:\[" \
    "a namespace that no process is in"

refused() # MESSAGE ARGUMENT…
{
    local message=$1
    shift
    is "$(module netstat "$@" | tail -1)" "error: $message" "$message"
}
refused "invalid IPv{4,6} banana. Must be an IP or a CIDR." -ci banana
refused "invalid IPv{4,6} CIDR 10.0.0.0/33: invalid CIDR address: 10.0.0.0/33. Must be an IP or a CIDR." -ni 10.0.0.0/33
refused "invalid IPv{4,6} 10.0.0.256. Must be an IP or a CIDR." -li 10.0.0.256
refused "http is not a valid port" -lp http
refused "port out of range. must be between 1 and 65535" -lp 65536
like "$(module netstat -lm '[')" "^error: Invalid MAC regexp '\['\. Compilation failed with '.*'\. Must be a valid regular expression\.$" \
    "a MAC expression that is none"
tap_done
