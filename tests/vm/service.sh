#!/usr/bin/env bash
# SPDX-License-Identifier: MPL-2.0
# The agent as the service that `make install` leaves, below a real systemd, with the control groups that systemd
# delegates: run by `scripts/vm`, in whose machine an installation may be made.
#
#   scripts/vm bash tests/vm/service.sh
set -u
: "${top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}" "${top_builddir:=$top_srcdir/build}"
# shellcheck source=scripts/lib-platform.sh
. "$top_srcdir/scripts/lib-platform.sh"
# shellcheck source=tests/integration/lib-tap.sh
. "$top_srcdir/tests/integration/lib-tap.sh"

[ "${MIG_VM:-}" = 1 ] || skip_all "it installs a service: run it with scripts/vm"
platform_missing && skip_all "$PLATFORM_MISSING"
PLATFORM_LOGS_ON_FAILURE=1
PLATFORM_QUIET=1
export AGENT_HEARTBEAT=5s
# An emulated processor is slow.
# Used by lib-platform.sh.
# shellcheck disable=SC2034
RABBIT_WAIT=600
platform_dir || bail_out "no folder"
make -s -C "$top_builddir" install >"$PLATFORM_DIR/install" 2>&1 || bail_out "$(tail -n 5 "$PLATFORM_DIR/install")"
platform_tools "$top_builddir" || bail_out "no build"
platform_up || bail_out "the platform does not start"
investigator_add alice || bail_out "no investigator alice"
site_make alice || bail_out "no site folder"
# Where the installation has them.
sed -i '/rundir\|plugindir/d; s|^\[agent\]|[agent]\n    confdir = "/etc/mig"|' "$SITE/agent.conf"
mkdir -p /etc/mig
AGENT=$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' "$top_builddir/core/agent/mig-agent.service")
prefix=${AGENT%/sbin/mig-agent}
"$prefix/bin/mig-mkagent" --site "$SITE" -o "$AGENT" >"$PLATFORM_DIR/log/mig-mkagent" 2>&1 ||
    bail_out "mig-mkagent: $(cat "$PLATFORM_DIR/log/mig-mkagent")"

journal() { journalctl -q -u mig-agent -o cat --no-pager; }
# shellcheck disable=SC2317 # called by up
main_pid() { systemctl show -P MainPID mig-agent; }
# shellcheck disable=SC2317 # called by wait_for
up()
{
    AGENT_PID=$(main_pid)
    [ "$AGENT_PID" != 0 ] && [ -n "$(pg_sql mig "SELECT 1 FROM agents WHERE pid = $AGENT_PID AND status = 'online'")" ]
}
# start: waits until the platform knows it.
start()
{
    systemctl start mig-agent && wait_for 120 "the agent does not answer" up
}
search()
{
    mig_as alice file -t all -e 120s -path /usr/bin -name '^env$' 2>&1
}

# 1. It starts, and serves.
systemctl daemon-reload
start
ok $? "systemd starts what make install has left" || { tap_diag "$(journal | tail -n 20)"; bail_out "no service"; }
like "$(search)" "/usr/bin/env" "it answers"
is "$("$AGENT" -q pid)" "$AGENT_PID" "its -q pid is the service's"
is "$(systemctl show -P Delegate mig-agent) $(systemctl show -P NoNewPrivileges mig-agent)" "yes yes" \
    "systemd has taken the unit's bounds"
is "$(awk '$1 == "NoNewPrivs:" {print $2}' "/proc/$AGENT_PID/status")" 1 "and the kernel knows them"
like "$(systemd-analyze security --no-pager mig-agent | tail -n 1)" 'exposure level.*: [0-5]\.' "its exposure is below 6"
tap_diag "$(systemd-analyze security --no-pager mig-agent | tail -n 1)"

# 2. What of it may not be hidden from investigations.
mkdir -m 700 /home/somebody /tmp/somebody
for folder in /home/somebody /tmp/somebody; do
    echo needle >"$folder/needle"
    chown -R 64803 "$folder"
    out=$(mig_as alice file -t all -e 120s -path "$folder" -name needle -content '^needle$' -show all 2>&1)
    like "$out" "$folder/needle" "the files of others in $folder are found"
done
if [ -f "$PLUGIN_DIR/memory.so" ]; then
    out=$(mig_as alice memory -t all -e 120s -name '/gpg-agent$' -bytes 7f454c46 -show all 2>&1)
    like "$out" "gpg-agent" "so is the memory of others"
fi
if [ -f "$PLUGIN_DIR/netstat.so" ]; then
    out=$(mig_as alice netstat -t all -e 120s -lp "$API_PORT" -show all 2>&1)
    like "$out" "found listening port $API_PORT" "and the host's sockets"
fi

# 3. Control groups.
is "$("$AGENT" -q status | jq -c '.layers.cgroup // .confinement.cgroup // .cgroup')" \
    '{"active":true,"memory":true,"pids":true,"kill":true}' "each worker gets a control group of its own"
group=/sys/fs/cgroup/system.slice/mig-agent.service
is "$(cat "$group/cgroup.procs")" "" "the service's folder holds no process itself"
mig_as alice file -t all -e 120s -path / -sha2 "$(printf '%064d' 0)" >"$PLATFORM_DIR/long" 2>&1 &
long=$!
# shellcheck disable=SC2317 # called by wait_for
working() { worker=$(echo "$group"/mig-worker-*); [ -n "$(cat "$worker/cgroup.procs" 2>/dev/null)" ]; }
wait_for 60 "no worker" working
ok $? "a worker under way has its folder"
is "$(cat "$worker/pids.max")" 256 "with at most 256 processes"
like "$(cat "$worker/memory.max")" '^[0-9]+$' "and a limit of memory"

# 4. Killed while it works: systemd starts it again, nothing of the old one is left, the command ends once.
old=$AGENT_PID
mapfile -t all < <(cat "$group"/*/cgroup.procs)
kill -KILL "$old"
# shellcheck disable=SC2317
again() { up && [ "$AGENT_PID" != "$old" ]; }
wait_for 120 "it is not started again" again
ok $? "killed, it is started again"
left=0
for pid in "${all[@]}"; do
    pid_alive "$pid" && left=$((left + 1))
done
is "$left" 0 "nothing of the killed one is left"
wait "$long"
is "$(pg_sql mig "SELECT count(*) FROM commands WHERE status = 'sent'")" 0 "the command under way has ended"
like "$(search)" "/usr/bin/env" "it answers again"

# 5. It stops in good order, and stays so.
systemctl stop mig-agent
is "$(systemctl show -P Result mig-agent) $(systemctl is-active mig-agent)" "success inactive" "it stops in good order"
like "$(journal | tail -n 5)" 'stopped; 0 commands stay in the spool' "and says so in the journal"
is "$(journalctl -q -u mig-agent -o json | jq -r 'select(.MESSAGE | test("stopped; 0 ")) | .PRIORITY' | sort -u)" 5 \
    "with its severity"
[ ! -e "$group" ] || [ -z "$(cat "$group"/cgroup.procs "$group"/*/cgroup.procs 2>/dev/null)" ]
ok $? "no process stays behind"

# 6. An agent that can not start says why, and is not tried for ever at full speed.
printf '[agent]\nrelay = x\n' >/etc/mig/agent.conf
systemctl start mig-agent
# shellcheck disable=SC2317
failed() { [ "$(systemctl show -P NRestarts mig-agent)" -ge 1 ] || systemctl -q is-failed mig-agent; }
wait_for 60 "it does not fail" failed
ok $? "a broken file of the endpoint keeps it from starting"
like "$(journal | tail -n 8)" 'agent.conf:2: unknown key agent.relay' "and the journal says which file"
systemctl stop mig-agent
tap_done
