# shellcheck shell=bash
# Sourced by ops/services: the mode in which private instances run under .dray/ of the checkout.
#
# What lives here: the settings of the three servers, starting, waiting, stopping, and telling our
# own processes from others. What never does: a system service, a file outside .dray/ (but for a
# directory for the socket where the checkout's path is too long), an address other than loopback.

RABBITMQ_SERVER=/usr/lib/rabbitmq/bin/rabbitmq-server # the wrapper in PATH insists on its own user
SOCKET_PATH_MAX_BYTES=107
OPEN_FILES=65536

# ---- processes --------------------------------------------------------------------------------

# identity PID: its start time and the machine's boot, which no later process with that number
# shares. Fails for a process that is gone or a zombie.
identity() {
    local stat fields
    { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
    read -ra fields <<<"${stat##*) }" # the name before it may hold spaces and brackets
    [[ ${fields[0]} != Z ]] || return 1
    printf '%s %s' "${fields[19]}" "$(</proc/sys/kernel/random/boot_id)"
}

# pid_of NAME: the process that we started under that name, if it still runs.
pid_of() {
    local pid='' started=''
    [[ -f $STATE/run/$1.pid ]] || return 1
    read -r pid started <"$STATE/run/$1.pid" || return 1
    [[ -n $started && $(identity "$pid") == "$started" ]] || return 1
    printf '%s' "$pid"
}

# spawn NAME COMMAND...: in the background, in its own session, holding none of our descriptors
# (the lock, a caller's pipe, cargo's job server).
spawn() {
    local name=$1 pid
    shift
    (
        cd "$STATE/$name" || exit
        ulimit -n "$OPEN_FILES" 2>/dev/null || ulimit -n "$(ulimit -Hn)"
        local fd
        for fd in "/proc/$BASHPID/fd"/*; do
            fd=${fd##*/}
            ((fd <= 2 || fd == 255)) || eval "exec $fd>&-"
        done
        exec setsid nohup "$@"
    ) </dev/null >>"$STATE/log/$name.out" 2>&1 &
    pid=$!
    printf '%s %s\n' "$pid" "$(identity "$pid")" >"$STATE/run/$name.pid"
}

# stop NAME SECONDS: asks, and insists after that time.
stop() {
    local pid deadline=$((SECONDS + $2))
    pid=$(pid_of "$1") || { rm -f "$STATE/run/$1.pid"; return 0; }
    kill -TERM "$pid" 2>/dev/null || true
    while pid_of "$1" >/dev/null; do
        if ((SECONDS >= deadline)); then
            say "$1 (pid $pid) has not stopped within $2 s: killing it"
            kill -KILL "$pid" 2>/dev/null || true
            deadline=$((SECONDS + 10))
        fi
        sleep 0.1
    done
    rm -f "$STATE/run/$1.pid"
}

# wait_until_ready NAME: until its probe succeeds; its death or the time limit end the command.
wait_until_ready() {
    local name=$1 deadline=$((SECONDS + START_TIMEOUT_S))
    until "${name}_ready"; do
        pid_of "$name" >/dev/null || fail_with_log "$name" "$name ended while starting"
        ((SECONDS < deadline)) || fail_with_log "$name" "$name does not answer after $START_TIMEOUT_S s"
        sleep 0.2
    done
}

fail_with_log() {
    local file
    for file in "$STATE/log/$1".*; do
        [[ ! -s $file ]] || { printf -- '--- %s\n' "$file" >&2; tail -n 25 "$file" >&2; }
    done
    die "$2" "The end of its logs is above." "Put it right and run ops/services up again, or start afresh: ops/services down --purge"
}

# require_free NAME PORT...: a process that was killed keeps its ports until its last thread has ended,
# a moment after it has become a zombie.
require_free() {
    local name=$1 port owner deadline=$((SECONDS + 5))
    shift
    for port in "$@"; do
        while port_open 127.0.0.1 "$port" && ((SECONDS < deadline)); do sleep 0.1; done
        port_open 127.0.0.1 "$port" || continue
        owner=$(ss -Hltnp "sport = :$port" 2>/dev/null | sed -n 's/.*users:(("\([^"]*\)",pid=\([0-9]*\).*/ (\1, pid \2)/p' | head -n 1 || true)
        die "$name needs port $port of 127.0.0.1, but a process that is not ours listens there${owner}" \
            "Stop that process, or choose other ports: DRAY_PORT_BASE=18670 ops/services up"
    done
}

# ---- RabbitMQ ---------------------------------------------------------------------------------

# The write-ahead log of quorum queues is rolled over at 64 MiB: at the broker's own 512 MiB, what it logs is
# kept in memory until then, and the broker grows beyond 1 GiB under load.
write_rabbitmq_files() {
    local home=$STATE/rabbitmq
    mkdir -p "$home/data" "$home/conf.d"
    [[ -f $home/.erlang.cookie ]] || { derive erlang-cookie >"$home/.erlang.cookie"; chmod 0400 "$home/.erlang.cookie"; }
    printf '[rabbitmq_management].\n' >"$home/enabled_plugins"
    printf '[].\n' >"$home/advanced.config"
    : >"$home/rabbitmq-env.conf" # in place of the system's own, which would be read otherwise
    cat >"$home/rabbitmq.conf" <<-CONF
		listeners.tcp.1 = 127.0.0.1:$AMQP_PORT
		management.tcp.ip = 127.0.0.1
		management.tcp.port = $MANAGEMENT_PORT
		default_vhost = dray
		default_user = dray-admin
		default_pass = $(derive broker-admin)
		default_user_tags.administrator = true
		max_message_size = 1048576
		vm_memory_high_watermark.absolute = 2GiB
		disk_free_limit.absolute = 1GB
		raft.wal_max_size_bytes = 67108864
		log.console = false
		log.file = rabbitmq.log
		log.file.level = warning
	CONF
}

# The name daemon is ours too: a shared one would be left behind or be somebody else's.
start_epmd() {
    pid_of epmd >/dev/null && return 0
    require_free "the Erlang name daemon of rabbitmq" "$EPMD_PORT"
    mkdir -p "$STATE/epmd"
    spawn epmd epmd -port "$EPMD_PORT" -address 127.0.0.1
}

# Schedulers that wait busily would take the cores from the workers beside them.
# RUNNING_UNDER_SYSTEMD makes the script replace itself by the server, so that the pid is its own.
start_rabbitmq() {
    local home=$STATE/rabbitmq
    require_free rabbitmq "$AMQP_PORT" "$MANAGEMENT_PORT" "$DISTRIBUTION_PORT"
    write_rabbitmq_files
    start_epmd
    spawn rabbitmq env -i PATH="$PATH" HOME="$home" LANG=C.UTF-8 RUNNING_UNDER_SYSTEMD=true \
        ERL_EPMD_PORT="$EPMD_PORT" ERL_EPMD_ADDRESS=127.0.0.1 \
        ERL_CRASH_DUMP="$STATE/log/rabbitmq.crash" ERL_CRASH_DUMP_SECONDS=5 \
        RABBITMQ_NODENAME="dray-$HASH@localhost" \
        RABBITMQ_DIST_PORT="$DISTRIBUTION_PORT" \
        RABBITMQ_CONF_ENV_FILE="$home/rabbitmq-env.conf" \
        RABBITMQ_CONFIG_FILE="$home/rabbitmq.conf" \
        RABBITMQ_CONFIG_FILES="$home/conf.d" \
        RABBITMQ_ADVANCED_CONFIG_FILE="$home/advanced.config" \
        RABBITMQ_GENERATED_CONFIG_DIR="$home/generated" \
        RABBITMQ_ENABLED_PLUGINS_FILE="$home/enabled_plugins" \
        RABBITMQ_MNESIA_BASE="$home/data" \
        RABBITMQ_LOG_BASE="$STATE/log" \
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='+sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}' \
        "$RABBITMQ_SERVER"
}

# Asked over the management plugin with our own password: its AMQP port is open (the last thing
# it does) and the virtual host is there. A bare AMQP greeting would leave a warning in its log.
rabbitmq_ready() {
    management_says_yes "health/checks/port-listener/$AMQP_PORT" && management_says_yes vhosts/dray
}

# management_says_yes PATH
management_says_yes() {
    local login request
    login=$(printf 'dray-admin:%s' "$(derive broker-admin)" | base64 -w 0)
    request="GET /api/$1 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic $login\r\nConnection: close\r\n\r\n"
    [[ $(exchange 127.0.0.1 "$MANAGEMENT_PORT" "$request" 12) == 'HTTP/1.1 200' ]]
}

stop_rabbitmq() {
    stop rabbitmq 60
    stop epmd 5
}

# ---- MariaDB ----------------------------------------------------------------------------------

# Where the database's socket is; written down at its start, since TMPDIR may differ by caller.
socket_path() {
    if [[ -s $STATE/run/socket_path ]]; then
        printf '%s' "$(<"$STATE/run/socket_path")"
    else
        fitting_socket_path
    fi
}

# A socket's path has to fit into 107 bytes; a checkout too deep gets a directory of its own.
fitting_socket_path() {
    local LC_ALL=C path directory=${TMPDIR:-/tmp}
    for path in "$STATE/run/mariadb.sock" "${directory%/}/dray-$HASH/mariadb.sock"; do
        ((${#path} > SOCKET_PATH_MAX_BYTES)) || { printf '%s' "$path"; return; }
    done
    printf '/tmp/dray-%s/mariadb.sock' "$HASH"
}

# In a directory that all may write to, a name can be taken first by somebody else.
prepare_socket() {
    local path directory
    path=$(fitting_socket_path)
    directory=${path%/*}
    mkdir -p "$directory"
    [[ -O $directory && ! -L $directory ]] || die "$directory belongs to somebody else" "Set TMPDIR to a directory of your own."
    chmod 0700 "$directory"
    printf '%s' "$path" >"$STATE/run/socket_path"
}

remove_socket() {
    local path
    path=$(socket_path)
    rm -f -- "$path" "$path.lock"
    [[ $path == "$STATE"/* ]] || rmdir -- "${path%/*}" 2>/dev/null || true
}

write_mariadb_files() {
    local home=$STATE/mariadb
    mkdir -p "$home/tmp"
    cat >"$home/my.cnf" <<-CONF
		[mariadbd]
		datadir = $home/data
		tmpdir = $home/tmp
		socket = $(socket_path)
		bind-address = 127.0.0.1
		port = $DATABASE_PORT
		log-error = $STATE/log/mariadb.err
		init-file = $home/users.sql
		skip-name-resolve
		skip-log-bin
		skip-ssl
		local_infile = 0
		performance_schema = OFF
		log_warnings = 1
		max_connections = 300
		# statements prepared by every connection at once, with room for large caches
		max_prepared_stmt_count = 262144
		max_allowed_packet = 64M
		table_open_cache = 4000
		character_set_server = utf8mb4
		collation_server = utf8mb4_bin
		default_time_zone = +00:00
		sql_mode = STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION
		transaction_isolation = READ-COMMITTED
		# 1: a commit that was answered is on disk
		innodb_flush_log_at_trx_commit = 1
		innodb_buffer_pool_size = ${DRAY_DB_BUFFER_POOL:-1G}
		innodb_log_file_size = 512M
		innodb_lock_wait_timeout = 3
		innodb_autoinc_lock_mode = 2
		innodb_flush_neighbors = 0
		lock_wait_timeout = 60
	CONF
    mariadb_users_sql >"$home/users.sql"
}

# Run by the server itself at every start, one statement a line: the passwords always fit the
# secret. The owner changes schemas (test schemas are named dray_test_*); a worker only rows.
mariadb_users_sql() {
    local user host
    echo "CREATE DATABASE IF NOT EXISTS dray;"
    for host in localhost 127.0.0.1; do
        for user in dray_owner dray_worker; do
            echo "CREATE USER IF NOT EXISTS '$user'@'$host';"
            echo "ALTER USER '$user'@'$host' IDENTIFIED BY '$(derive "database-$user")';"
        done
        echo "GRANT ALL PRIVILEGES ON dray.* TO 'dray_owner'@'$host';"
        echo "GRANT ALL PRIVILEGES ON \`dray\\_%\`.* TO 'dray_owner'@'$host';"
        echo "GRANT SELECT, INSERT, UPDATE, DELETE ON dray.* TO 'dray_worker'@'$host';"
    done
}

# Into a directory that gets its name only when it is complete: an interrupted installation is
# not taken for a database.
create_mariadb_data() {
    local home=$STATE/mariadb
    [[ ! -d $home/data ]] || return 0
    rm -rf "$home/data.new"
    (
        cd "$home" || exit # that script takes a full path apart at its spaces
        mariadb-install-db --no-defaults --datadir=./data.new --user="$(id -un)" \
            --auth-root-authentication-method=socket --auth-root-socket-user="$(id -un)" \
            --skip-test-db --skip-name-resolve --innodb-log-file-size=512M
    ) >"$STATE/log/mariadb.install" 2>&1 7>&- 9>&- || fail_with_log mariadb "mariadb-install-db failed"
    mv "$home/data.new" "$home/data"
}

start_mariadb() {
    require_free mariadb "$DATABASE_PORT"
    prepare_socket
    write_mariadb_files
    create_mariadb_data
    spawn mariadb mariadbd --defaults-file="$STATE/mariadb/my.cnf" --user="$(id -un)"
}

mariadb_ready() {
    MYSQL_PWD=$(derive database-dray_worker) mariadb --no-defaults --connect-timeout=2 \
        --user=dray_worker --socket="$(socket_path)" --execute='SELECT 1' dray >/dev/null 2>&1
}

stop_mariadb() {
    stop mariadb 60
    remove_socket
}

# ---- Redis ------------------------------------------------------------------------------------

# A cache and nothing more: it writes no file, and forgets the least used first.
start_redis() {
    require_free redis "$REDIS_PORT"
    mkdir -p "$STATE/redis"
    cat >"$STATE/redis/redis.conf" <<-CONF
		bind 127.0.0.1
		port $REDIS_PORT
		protected-mode yes
		requirepass $(derive redis)
		dir "$STATE/redis"
		logfile "$STATE/log/redis.log"
		daemonize no
		save ""
		appendonly no
		maxmemory 256mb
		maxmemory-policy allkeys-lru
	CONF
    spawn redis redis-server "$STATE/redis/redis.conf"
}

redis_ready() {
    [[ $(exchange 127.0.0.1 "$REDIS_PORT" "AUTH $(derive redis)\r\nPING\r\n" 12) == *PONG* ]]
}

stop_redis() { stop redis 10; }

# ---- all three --------------------------------------------------------------------------------

local_port() {
    case $1 in
    rabbitmq) echo "$AMQP_PORT" ;;
    mariadb) echo "$DATABASE_PORT" ;;
    redis) echo "$REDIS_PORT" ;;
    esac
}

local_rows() {
    local name pid ready
    for name in "${SERVICES[@]}"; do
        pid=- ready=no
        if pid=$(pid_of "$name"); then
            ! "${name}_ready" || ready=yes
        else
            pid=-
        fi
        printf '%s %s %s %s\n' "$name" "$pid" "$(local_port "$name")" "$ready"
    done
}

local_anything_runs() {
    local name
    for name in "${SERVICES[@]}"; do
        ! pid_of "$name" >/dev/null || return 0
    done
    return 1
}

# All are started before the first is waited for: the slowest sets the time.
local_up() {
    local name
    install_missing_packages
    mkdir -p "$STATE"/{log,run,rabbitmq,mariadb,redis}
    for name in "${SERVICES[@]}"; do
        pid_of "$name" >/dev/null || "start_$name"
    done
    for name in "${SERVICES[@]}"; do
        wait_until_ready "$name"
    done
    say "rabbitmq, mariadb and redis are ready (ports $PORT_BASE+, data in $STATE)"
}

local_down() {
    local name
    for name in "${SERVICES[@]}"; do
        "stop_$name"
    done
}

local_kill() {
    local pid
    pid=$(pid_of "$1") || die "$1 is not running" "Start it with ops/services up"
    kill -KILL "$pid"
    while pid_of "$1" >/dev/null; do sleep 0.05; done
}
