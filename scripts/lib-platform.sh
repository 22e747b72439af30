# shellcheck shell=bash
# SPDX-License-Identifier: MPL-2.0
#
# A private platform on loopback, for the demo and the tests: sourced, not run.
#
#   . scripts/lib-platform.sh
#   platform_dir                # makes a folder, PLATFORM_DIR, and stops everything at exit
#   pg_start  "$PLATFORM_DIR"   # sets PG_SOCKET (a folder), PG_PORT, PG_CONNINFO
#   rabbit_start "$PLATFORM_DIR"  # sets AMQP_HOST, AMQP_PORT, AMQP_USER, AMQP_PASSWORD, AMQP_VHOST, AMQP_URI
#   pg_stop; rabbit_stop        # or platform_down, which stops all that is in $PLATFORM_DIR/pids
#
# rabbit_launch returns at once and rabbit_wait waits, to start both servers side by side.
# Nothing outside the folder is touched: no system service, no /var, no port below 1024. Servers do not run
# as root. Each server dies with the shell that started it, even when that shell is killed: so start them
# from the main shell, never from a ( subshell ) or a $(substitution).

# platform_say TEXT…: progress, on stderr, unless PLATFORM_QUIET is set.
platform_say()
{
    [ -n "${PLATFORM_QUIET:-}" ] || printf '%s\n' "$*" >&2
}

platform_fail()
{
    printf 'platform: %s\n' "$*" >&2
    return 1
}

# Sets PLATFORM_DIR to a fresh folder, short enough for the path of a socket, and cleans up at exit.
platform_dir()
{
    PLATFORM_DIR=$(mktemp -d "${TMPDIR:-/tmp}/mig.XXXXXX") || return 1
    # The servers' own users must reach their folders below it.
    chmod 0711 "$PLATFORM_DIR"
    : >"$PLATFORM_DIR/pids"
    trap platform_exit EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

platform_exit()
{
    local status=$?
    trap '' HUP INT TERM
    trap - EXIT
    if [ "$status" -ne 0 ] && [ -n "${PLATFORM_LOGS_ON_FAILURE:-}" ]; then
        platform_logs >&2
    fi
    platform_down
    [ -n "${PLATFORM_KEEP:-}" ] || rm -rf "$PLATFORM_DIR"
    exit "$status"
}

# The end of every log, as TAP comments.
platform_logs()
{
    local log
    for log in "$PLATFORM_DIR"/log/*; do
        [ -s "$log" ] || continue
        printf '# ---- %s\n' "${log##*/}"
        tail -n "${PLATFORM_LOG_LINES:-40}" "$log" | sed 's/^/# /'
    done
}

# Prints a TCP port of loopback on which nothing listens, below the ephemeral range.
free_port()
{
    local port tries
    for ((tries = 0; tries < 200; tries++)); do
        port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
        if ! port_open "$port"; then
            echo "$port"
            return 0
        fi
    done
    platform_fail "no free port of 127.0.0.1 found between 20000 and 31999"
}

port_open()
{
    (: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# wait_for SECONDS WHAT COMMAND…: until the command succeeds; fails with WHAT when it never does.
wait_for()
{
    local limit=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000)) what=$2
    shift 2
    until "$@"; do
        if [ "${EPOCHREALTIME/[.,]/}" -gt "$limit" ]; then
            platform_fail "timed out: $what"
            return 1
        fi
        sleep 0.05
    done
}

# The first of these users that exists, when we are root; nothing otherwise.
platform_user()
{
    local user
    [ "$(id -u)" = 0 ] || return 0
    for user in "$@"; do
        if id -u "$user" >/dev/null 2>&1; then
            echo "$user"
            return 0
        fi
    done
}

# spawn NAME USER SIGNAL COMMAND…: starts it in the background as USER (empty: as we are), with its output in
# $PLATFORM_DIR/log/NAME; it gets SIGNAL when this shell dies. Sets SPAWN_PID.
spawn()
{
    local name=$1 user=$2 signal=$3
    local -a drop=()
    shift 3
    mkdir -p "$PLATFORM_DIR/log"
    if [ -n "$user" ]; then
        drop=(--reuid "$user" --regid "$(id -g "$user")" --clear-groups)
    fi
    # Its own session: a Ctrl-C at the terminal is for the one in front, which may still want its servers.
    setpriv "${drop[@]}" --pdeathsig "$signal" -- setsid "$@" </dev/null >>"$PLATFORM_DIR/log/$name" 2>&1 &
    SPAWN_PID=$!
    # So that bash does not remark upon its end.
    disown "$SPAWN_PID"
    printf '%s %s %s\n' "$SPAWN_PID" "$signal" "$name" >>"$PLATFORM_DIR/pids"
}

# as_user USER COMMAND…: runs it as that user (empty: as we are).
as_user()
{
    local user=$1
    shift
    if [ -n "$user" ]; then
        setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups -- "$@"
    else
        "$@"
    fi
}

pid_alive()
{
    local state
    # A zombie is dead.
    state=$(sed 's/.*) \(.\).*/\1/' "/proc/$1/stat" 2>/dev/null) || return 1
    [ -n "$state" ] && [ "$state" != Z ]
}

pid_gone()
{
    ! pid_alive "$1"
}

# stop_pid PID SIGNAL: asks, waits ten seconds, then kills.
stop_pid()
{
    pid_alive "$1" || return 0
    kill -s "$2" "$1" 2>/dev/null
    wait_for 10 "process $1 does not stop" pid_gone "$1" || kill -s KILL "$1" 2>/dev/null
    return 0
}

# Stops the process that was spawned under NAME last.
stop_named()
{
    local pid signal name found=
    while read -r pid signal name; do
        [ "$name" = "$1" ] && found="$pid $signal"
    done <"$PLATFORM_DIR/pids"
    [ -n "$found" ] || return 0
    # shellcheck disable=SC2086
    stop_pid $found
    # The number may be another process's by the time everything is stopped.
    sed -i "/^${found%% *} /d" "$PLATFORM_DIR/pids"
}

# in_front COMMAND…: runs it with our terminal. Unlike a command in the foreground it does not keep a signal to us
# waiting, and it ends when we do.
in_front()
{
    local status
    # What is started with & ignores Ctrl-C.
    env --default-signal=INT,QUIT setpriv --pdeathsig TERM -- "$@" <&0 &
    IN_FRONT=$!
    wait "$IN_FRONT"
    status=$?
    IN_FRONT=
    return "$status"
}

# Stops everything, the last started first.
platform_down()
{
    local pid signal name home
    local -a pids=()
    [ -z "${IN_FRONT:-}" ] || stop_pid "$IN_FRONT" TERM
    for home in "$PLATFORM_DIR"/gnupg-*; do
        [ -S "$home/S.gpg-agent" ] && gpgconf --homedir "$home" --kill gpg-agent 2>/dev/null
    done
    [ -f "$PLATFORM_DIR/pids" ] || return 0
    while read -r pid signal name; do
        pids=("$pid $signal" "${pids[@]}")
    done <"$PLATFORM_DIR/pids"
    for pid in "${pids[@]}"; do
        # shellcheck disable=SC2086
        stop_pid $pid
    done
    : >"$PLATFORM_DIR/pids"
}

# ---- PostgreSQL ----------------------------------------------------------------------------------

pg_bin()
{
    local dir found=
    for dir in /usr/pgsql-*/bin /usr/bin /usr/local/bin /usr/local/pgsql/bin /usr/lib/postgresql/*/bin; do
        [ -x "$dir/initdb" ] && [ -x "$dir/postgres" ] && [ -x "$dir/pg_isready" ] && found=$dir
    done
    if [ -n "$found" ]; then
        echo "$found"
        return 0
    fi
    platform_fail "PostgreSQL's initdb not found: install postgresql (scripts/deps does it)"
}

# pg_start DIR: a cluster in DIR/pg with the super user `postgres`. Whoever can open its socket is trusted; on
# loopback a password is needed. It does not fsync: nothing in it outlives a test. PG_FSYNC=on changes that.
pg_start()
{
    local dir=$1/pg
    PG_BIN=$(pg_bin) || return 1
    PG_USER=$(platform_user postgres nobody)
    mkdir -p "$dir" "$1/log"
    chmod 0711 "$dir"
    [ -z "$PG_USER" ] || chown "$PG_USER" "$dir"
    as_user "$PG_USER" env -i PATH="$PATH" LC_ALL=C "$PG_BIN/initdb" -D "$dir/data" -U postgres \
        -E UTF8 --locale=C --auth-local=trust --auth-host=scram-sha-256 --no-sync \
        >"$1/log/initdb" 2>&1 || { platform_fail "initdb failed, see $1/log/initdb"; return 1; }
    pg_run "$1"
}

# pg_run DIR: starts the cluster that is in DIR/pg, as after pg_stop.
pg_run()
{
    local dir=$1/pg
    PG_SOCKET=$dir
    PG_PORT=${PG_PORT:-$(free_port)} || return 1
    spawn postgres "$PG_USER" QUIT env -i PATH="$PATH" LC_ALL=C "$PG_BIN/postgres" -D "$dir/data" \
        -k "$dir" -p "$PG_PORT" -c listen_addresses=127.0.0.1 -c unix_socket_permissions=0700 \
        -c "fsync=${PG_FSYNC:-off}" -c "full_page_writes=${PG_FSYNC:-off}" -c shared_buffers=32MB \
        -c max_connections=60 -c dynamic_shared_memory_type=mmap
    PG_PID=$SPAWN_PID
    # Used by those who source this file.
    # shellcheck disable=SC2034
    PG_CONNINFO="host=$PG_SOCKET port=$PG_PORT user=postgres dbname=postgres"
    wait_for 90 "PostgreSQL does not answer, see $1/log/postgres" pg_ready
}

pg_ready()
{
    pid_alive "$PG_PID" || return 1
    "$PG_BIN/pg_isready" -q -h "$PG_SOCKET" -p "$PG_PORT" -U postgres -d postgres
}

# pg_sql DATABASE SQL: unaligned rows without a header.
pg_sql()
{
    "$PG_BIN/psql" -X -q -A -t -v ON_ERROR_STOP=1 -h "$PG_SOCKET" -p "$PG_PORT" -U postgres -d "$1" -c "$2"
}

pg_stop()
{
    stop_named postgres
}

# ---- RabbitMQ ------------------------------------------------------------------------------------

rabbit_server()
{
    local file
    for file in /usr/lib/rabbitmq/bin/rabbitmq-server /usr/lib/rabbitmq/lib/*/sbin/rabbitmq-server \
        /usr/local/sbin/rabbitmq-server; do
        [ -x "$file" ] && { echo "$file"; return 0; }
    done
    platform_fail "rabbitmq-server not found: install rabbitmq-server (scripts/deps does it)"
}

# rabbit_launch DIR: starts a node in DIR/rabbit with one user and one virtual host, both `mig`. RABBIT_CONF is added
# to its configuration, RABBIT_ERL_ARGS to the arguments of its virtual machine.
rabbit_launch()
{
    local dir=$1/rabbit server
    server=$(rabbit_server) || return 1
    RABBIT_USER=$(platform_user rabbitmq nobody)
    mkdir -p "$dir"
    chmod 0700 "$dir"
    AMQP_HOST=127.0.0.1
    AMQP_USER=mig
    AMQP_VHOST=mig
    AMQP_PORT=${AMQP_PORT:-$(free_port)} || return 1
    RABBIT_EPMD_PORT=${RABBIT_EPMD_PORT:-$(free_port)} || return 1
    RABBIT_DIST_PORT=${RABBIT_DIST_PORT:-$(free_port)} || return 1
    AMQP_PASSWORD=${AMQP_PASSWORD:-$(random_hex 16)}
    # Used by those who source this file.
    # shellcheck disable=SC2034
    AMQP_URI="amqp://$AMQP_USER:$AMQP_PASSWORD@$AMQP_HOST:$AMQP_PORT/$AMQP_VHOST"
    (umask 077 && cat >"$dir/rabbitmq.conf" <<CONF
listeners.tcp.1 = 127.0.0.1:$AMQP_PORT
num_acceptors.tcp = 2
default_vhost = $AMQP_VHOST
default_user = $AMQP_USER
default_pass = $AMQP_PASSWORD
log.console = true
log.console.level = info
log.file = false
${RABBIT_CONF:-}
CONF
        : >"$dir/enabled_plugins"
        printf '[].\n' >"$dir/enabled_plugins") || return 1
    [ -z "$RABBIT_USER" ] || chown -R "$RABBIT_USER" "$dir"

    # The node's own port mapper: a node that finds none starts a daemon which outlives it.
    spawn epmd "$RABBIT_USER" KILL epmd -port "$RABBIT_EPMD_PORT" -address 127.0.0.1
    wait_for 60 "epmd does not listen on port $RABBIT_EPMD_PORT" port_open "$RABBIT_EPMD_PORT" || return 1
    rabbit_env "$dir"
    # RABBITMQ_ALLOW_INPUT has the script become the node instead of waiting for it.
    spawn rabbitmq "$RABBIT_USER" KILL env -i "${RABBIT_ENV[@]}" RABBITMQ_ALLOW_INPUT=1 \
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-noinput +B i +S 2:2 +SDio 4 +A 4 -kernel inet_dist_use_interface {127,0,0,1} ${RABBIT_ERL_ARGS:-}" \
        "$server"
    RABBIT_PID=$SPAWN_PID
}

rabbit_env()
{
    local dir=$1
    RABBIT_ENV=(
        "PATH=$PATH"
        "HOME=$dir"
        LC_ALL=C.UTF-8
        "ERL_EPMD_PORT=$RABBIT_EPMD_PORT"
        ERL_EPMD_ADDRESS=127.0.0.1
        ERL_CRASH_DUMP_SECONDS=0
        RABBITMQ_CONF_ENV_FILE=/dev/null
        "RABBITMQ_CONFIG_FILE=$dir/rabbitmq.conf"
        "RABBITMQ_ADVANCED_CONFIG_FILE=$dir/advanced.config"
        "RABBITMQ_CONFIG_FILES=$dir/conf.d"
        "RABBITMQ_ENABLED_PLUGINS_FILE=$dir/enabled_plugins"
        "RABBITMQ_NODENAME=mig-$RABBIT_DIST_PORT@localhost"
        "RABBITMQ_DIST_PORT=$RABBIT_DIST_PORT"
        "RABBITMQ_MNESIA_BASE=$dir/mnesia"
        "RABBITMQ_LOG_BASE=$dir/log"
        "RABBITMQ_PID_FILE=$dir/pid"
        "RABBITMQ_GENERATED_CONFIG_DIR=$dir/config"
    )
}

# rabbitmqctl DIR ARGS…, as `rabbit_ctl "$PLATFORM_DIR" list_queues -p mig`; takes a second or two.
rabbit_ctl()
{
    local dir=$1/rabbit server
    shift
    server=$(rabbit_server) || return 1
    rabbit_env "$dir"
    as_user "$RABBIT_USER" env -i "${RABBIT_ENV[@]}" "${server%/*}/rabbitmqctl" -q \
        -n "mig-$RABBIT_DIST_PORT@localhost" "$@"
}

# The listener opens last, when the user and the virtual host are there.
rabbit_ready()
{
    if ! pid_alive "$RABBIT_PID"; then
        platform_fail "RabbitMQ has ended"
        return 0
    fi
    port_open "$AMQP_PORT"
}

# rabbit_wait DIR: for RABBIT_WAIT seconds at most.
rabbit_wait()
{
    wait_for "${RABBIT_WAIT:-180}" "RabbitMQ does not answer, see $1/log/rabbitmq" rabbit_ready && pid_alive "$RABBIT_PID"
}

# rabbit_start DIR: rabbit_launch and rabbit_wait. After rabbit_stop it starts the same node again, on the same ports
# and with what was durable.
rabbit_start()
{
    rabbit_launch "$1" && rabbit_wait "$1"
}

rabbit_stop()
{
    stop_named rabbitmq
    stop_named epmd
}

# random_hex BYTES
random_hex()
{
    od -An -N "$1" -tx1 /dev/urandom | tr -d ' \n'
}

# ---- MIG -----------------------------------------------------------------------------------------

# Says in PLATFORM_MISSING what a whole platform lacks on this machine; succeeds when something does.
platform_missing()
{
    PLATFORM_MISSING=
    if [ "$(id -u)" != 0 ]; then
        PLATFORM_MISSING="needs root: an agent runs as root and gives its rights up by itself"
    elif ! pg_bin >/dev/null 2>&1; then
        PLATFORM_MISSING="PostgreSQL is not installed"
    elif ! rabbit_server >/dev/null 2>&1; then
        PLATFORM_MISSING="RabbitMQ is not installed"
    elif ! command -v gpg >/dev/null || ! command -v jq >/dev/null || ! command -v setpriv >/dev/null; then
        PLATFORM_MISSING="needs gpg, jq and setpriv"
    fi
    [ -n "$PLATFORM_MISSING" ]
}

# platform_tools BUILD: finds the programs and plugins of a build tree. The plugins are copied into PLUGIN_DIR, a
# folder of our own, as `make install` would.
platform_tools()
{
    local plugin
    MIG_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
    MIG_BUILD=$1
    MIG=$MIG_BUILD/cli/mig
    MIG_ADMIN=$MIG_BUILD/scheduler/mig-admin
    MIG_SCHEDULER=$MIG_BUILD/scheduler/mig-scheduler
    MIG_API=$MIG_BUILD/scheduler/mig-api
    MIG_MKAGENT=$MIG_BUILD/core/agent/mig-mkagent
    for plugin in "$MIG" "$MIG_ADMIN" "$MIG_SCHEDULER" "$MIG_API" "$MIG_MKAGENT"; do
        [ -x "$plugin" ] || { platform_fail "$plugin is not built"; return 1; }
    done
    PLUGIN_DIR=$PLATFORM_DIR/plugins
    mkdir -p "$PLUGIN_DIR"
    chmod 755 "$PLUGIN_DIR"
    for plugin in "$MIG_BUILD"/plugins/*/.libs/*.so; do
        [ -f "$plugin" ] && install -m 644 "$plugin" "$PLUGIN_DIR/"
    done
    export MIG_PLUGIN_DIR=$PLUGIN_DIR
}

# platform_up: PostgreSQL, RabbitMQ, mig-scheduler, mig-api. Sets API_URL.
platform_up()
{
    mkdir -p "$PLATFORM_DIR/etc" "$PLATFORM_DIR/log"
    rabbit_launch "$PLATFORM_DIR" && pg_start "$PLATFORM_DIR" || return 1
    pg_sql postgres 'CREATE DATABASE mig' >/dev/null || return 1
    DB_CONNINFO="host=$PG_SOCKET port=$PG_PORT user=postgres dbname=mig"
    "$MIG_ADMIN" --db "$DB_CONNINFO" --sql "$MIG_TOP/sql" init >"$PLATFORM_DIR/log/mig-admin" 2>&1 ||
        { platform_fail "mig-admin init failed, see $PLATFORM_DIR/log/mig-admin"; return 1; }
    api_up && rabbit_wait "$PLATFORM_DIR" && scheduler_up
}

api_up()
{
    rm -f "$PLATFORM_DIR/api.port"
    cat >"$PLATFORM_DIR/etc/api.cfg" <<CONF
[authentication]
    enabled = on
    tokenduration = 60s
[server]
    ip = 127.0.0.1
    port = 0
    portfile = "$PLATFORM_DIR/api.port"
    baseroute = "/api/v1"
[postgres]
    host = "$PG_SOCKET"
    port = $PG_PORT
    dbname = mig
    user = migapi
[logging]
    mode = stdout
    level = ${MIG_LOG_LEVEL:-info}
CONF
    spawn mig-api "" TERM "$MIG_API" -c "$PLATFORM_DIR/etc/api.cfg"
    API_PID=$SPAWN_PID
    wait_for 60 "mig-api does not listen, see $PLATFORM_DIR/log/mig-api" api_ready || return 1
    API_PORT=$(cat "$PLATFORM_DIR/api.port")
    API_URL=http://127.0.0.1:$API_PORT/api/v1/
}

api_ready()
{
    pid_alive "$API_PID" && [ -s "$PLATFORM_DIR/api.port" ]
}

scheduler_up()
{
    (umask 077 && cat >"$PLATFORM_DIR/etc/scheduler.cfg" <<CONF
[agent]
    timeout = 20m
    heartbeatfreq = 5m
[postgres]
    host = "$PG_SOCKET"
    port = $PG_PORT
    dbname = mig
    user = migscheduler
[mq]
    uri = "$AMQP_URI"
${SCHEDULER_MQ:+    $SCHEDULER_MQ
}[logging]
    mode = stdout
    level = ${MIG_LOG_LEVEL:-info}
CONF
    ) || return 1
    spawn mig-scheduler "" TERM "$MIG_SCHEDULER" -c "$PLATFORM_DIR/etc/scheduler.cfg"
    # Used by those who source this file.
    # shellcheck disable=SC2034
    SCHEDULER_PID=$SPAWN_PID
}

# ---- investigators -------------------------------------------------------------------------------

# key_make NAME: an Ed25519 key without a passphrase in a GnuPG home of its own, which has its own gpg-agent.
key_make()
{
    local home=$PLATFORM_DIR/gnupg-$1
    (umask 077 && mkdir -p "$home") || return 1
    # A daemon would outlive us, but it ends soon after the program that it was started around.
    spawn "gpg-agent-$1" "" TERM gpg-agent --homedir "$home" --daemon sleep infinity
    wait_for 60 "gpg-agent does not start, see $PLATFORM_DIR/log/gpg-agent-$1" [ -S "$home/S.gpg-agent" ] || return 1
    gpg --homedir "$home" --batch --quiet --no-tty --passphrase '' \
        --quick-gen-key "$1 <$1@example.net>" "${KEY_ALGORITHM:-ed25519}" sign never \
        >>"$PLATFORM_DIR/log/gpg" 2>&1 || { platform_fail "gpg makes no key, see $PLATFORM_DIR/log/gpg"; return 1; }
    gpg --homedir "$home" --batch --no-tty --armor --export >"$home/public.asc" 2>>"$PLATFORM_DIR/log/gpg"
}

# fingerprint NAME: 40 upper-case hex digits.
fingerprint()
{
    gpg --homedir "$PLATFORM_DIR/gnupg-$1" --batch --no-tty --with-colons --list-keys 2>/dev/null |
        awk -F: '$1 == "fpr" {print $10; exit}'
}

# investigator_add NAME: makes the key unless it is there, tells the platform, writes a ~/.migrc into
# $PLATFORM_DIR/home-NAME.
investigator_add()
{
    [ -f "$PLATFORM_DIR/gnupg-$1/public.asc" ] || key_make "$1" || return 1
    "$MIG_ADMIN" --db "$DB_CONNINFO" investigator add --name "$1" \
        --key "$PLATFORM_DIR/gnupg-$1/public.asc" --permissions "${2:-all}" \
        >>"$PLATFORM_DIR/log/mig-admin" 2>&1 ||
        { platform_fail "mig-admin investigator add failed, see $PLATFORM_DIR/log/mig-admin"; return 1; }
    migrc_make "$1"
}

migrc_make()
{
    mkdir -p "$PLATFORM_DIR/home-$1"
    cat >"$PLATFORM_DIR/home-$1/.migrc" <<CONF
[api]
    url = "$API_URL"
[gpg]
    home = "$PLATFORM_DIR/gnupg-$1"
    keyid = "$(fingerprint "$1")"
[targets]
    macro = linux:environment->>'os'='linux'
CONF
}

# run_mig ARGS…: in front; it ends when this shell is killed.
run_mig()
{
    setpriv --pdeathsig TERM -- "$MIG" "$@"
}

# mig_as NAME ARGS…: as that investigator.
mig_as()
{
    local home=$PLATFORM_DIR/home-$1
    shift
    HOME=$home run_mig "$@"
}

# ---- the agent -----------------------------------------------------------------------------------

# site_make NAME…: a site folder, SITE, whose agent serves this platform and obeys each of these investigators.
site_make()
{
    local who sep=
    SITE=$PLATFORM_DIR/site
    RUN_DIR=$PLATFORM_DIR/run
    mkdir -p "$SITE/keys" "$RUN_DIR"
    chmod 0700 "$SITE" "$RUN_DIR"
    # The unprivileged roles get numbers that no user of this machine has.
    cat >"$SITE/agent.conf" <<CONF
[agent]
    relay = "$AMQP_URI"
    api = "$API_URL"
    heartbeatfreq = "${AGENT_HEARTBEAT:-60s}"
    moduletimeout = "120s"
    rundir = "$RUN_DIR"
    plugindir = "$PLUGIN_DIR"
    tags = "site:demo"
[user]
    relay = 64801
    verifier = 64802
CONF
    {
        printf '{"default": {"minimumweight": 1, "investigators": {'
        for who in "$@"; do
            printf '%s"%s": {"fingerprint": "%s", "weight": 1}' "$sep" "$who" "$(fingerprint "$who")"
            sep=', '
            cp "$PLATFORM_DIR/gnupg-$who/public.asc" "$SITE/keys/$who.asc"
        done
        printf '}}}\n'
    } >"$SITE/acl.json"
}

# agent_up: builds the agent of SITE, starts it, waits until the platform knows it. Sets AGENT, AGENT_PID, AGENT_NAME.
agent_up()
{
    AGENT=$PLATFORM_DIR/mig-agent
    "$MIG_MKAGENT" --libdir "$MIG_BUILD/core" --site "$SITE" -o "$AGENT" >"$PLATFORM_DIR/log/mig-mkagent" 2>&1 ||
        { platform_fail "mig-mkagent failed, see $PLATFORM_DIR/log/mig-mkagent"; return 1; }
    agent_run || return 1
    # Used by those who source this file.
    # shellcheck disable=SC2034
    AGENT_NAME=$(pg_sql mig "SELECT name FROM agents WHERE pid = $AGENT_PID")
}

agent_run()
{
    spawn mig-agent "" TERM "$AGENT" -f
    AGENT_PID=$SPAWN_PID
    wait_for 90 "the agent does not answer, see $PLATFORM_DIR/log/mig-agent" agent_ready
}

agent_ready()
{
    if ! pid_alive "$AGENT_PID"; then
        platform_fail "the agent has ended, see $PLATFORM_DIR/log/mig-agent"
        return 0
    fi
    [ -n "$(pg_sql mig "SELECT 1 FROM agents WHERE pid = $AGENT_PID AND status = 'online'")" ]
}

# process_tree PID: its number and those of all below it.
process_tree()
{
    local child
    local -a children
    echo "$1"
    read -r -a children < <(cat "/proc/$1/task/"*/children 2>/dev/null)
    for child in "${children[@]}"; do
        process_tree "$child"
    done
}

# agent_kill: kills the supervisor as a crash would; agent_gone then says whether the rest of it has gone too.
agent_kill()
{
    mapfile -t AGENT_TREE < <(process_tree "$AGENT_PID")
    kill -s KILL "$AGENT_PID"
    wait_for 10 "the agent does not die" pid_gone "$AGENT_PID"
    sed -i "/^$AGENT_PID /d" "$PLATFORM_DIR/pids"
}

agent_gone()
{
    local pid
    for pid in "${AGENT_TREE[@]}"; do
        pid_gone "$pid" || return 1
    done
}

# sanitizers_quiet: ends MIG's daemons; fails, showing it, when ASan or UBSan had something to say in a log.
sanitizers_quiet()
{
    stop_named mig-agent
    stop_named mig-scheduler
    stop_named mig-api
    ! grep -E -A 20 'ERROR: [A-Za-z]+Sanitizer|runtime error:' "$PLATFORM_DIR"/log/mig-* | sed 's/^/# /' | grep .
}
