# shellcheck shell=bash
# Sourced by ops/services: the mode in which somebody else runs the three services.
#
# What lives here: taking the given URLs apart and asking each server for a sign of life.
# What never does: starting, stopping or changing a server that is not ours.

# url_part URL host|port: of scheme://[user[:password]@]host[:port][/...]
url_part() {
    local authority=${1#*://}
    authority=${authority%%[/?]*}
    authority=${authority##*@}
    local host=${authority%:*} port=${authority##*:}
    [[ $authority == *:* && ${authority: -1} != ']' ]] || { host=$authority port=$(default_port "${1%%://*}"); }
    case $2 in
    host) printf '%s' "${host//[\[\]]/}" ;;
    port) printf '%s' "$port" ;;
    esac
}

default_port() {
    case $1 in
    amqp) echo 5672 ;;
    amqps) echo 5671 ;;
    mysql | mariadb) echo 3306 ;;
    *) echo 6379 ;;
    esac
}

external_rabbitmq_answers() {
    local host port
    host=$(url_part "$AMQP_URL" host) port=$(url_part "$AMQP_URL" port)
    case $AMQP_URL in
    amqps:*) port_open "$host" "$port" ;; # behind TLS a bare greeting gets no answer
    *) amqp_answers "$host" "$port" ;;
    esac
}

# The server speaks first: a packet of protocol version 10 (a line feed), or its refusal (0xff).
external_mariadb_answers() {
    if [[ $DATABASE_URL == *[?\&]socket=* ]]; then
        local path=${DATABASE_URL##*[?&]socket=}
        path=${path%%&*}
        [[ -S $(printf '%b' "${path//%/\\x}") ]]
    else
        [[ -n $(exchange "$(url_part "$DATABASE_URL" host)" "$(url_part "$DATABASE_URL" port)" '' 6) ]]
    fi
}

# `+PONG`, or `-NOAUTH` from a server that wants its password first: both are alive.
external_redis_answers() {
    local host port
    case $REDIS_URL in
    unix:* | redis+unix:*) [[ -S $(sed -E 's/^[a-z+]+:(\/\/)?//; s/\?.*//' <<<"$REDIS_URL") ]] ;;
    *)
        host=$(url_part "$REDIS_URL" host) port=$(url_part "$REDIS_URL" port)
        case $REDIS_URL in
        rediss:*) port_open "$host" "$port" ;;
        *) [[ $(exchange "$host" "$port" 'PING\r\n' 1) == [+-] ]] ;;
        esac
        ;;
    esac
}

external_url() {
    case $1 in
    rabbitmq) printf '%s' "$AMQP_URL" ;;
    mariadb) printf '%s' "$DATABASE_URL" ;;
    redis) printf '%s' "$REDIS_URL" ;;
    esac
}

# A Unix socket has no port.
external_port() {
    case $1 in
    unix:* | redis+unix:* | *[?\&]socket=*) printf '%s' - ;;
    *) url_part "$1" port ;;
    esac
}

external_rows() {
    local name ready
    for name in "${SERVICES[@]}"; do
        ready=no
        ! "external_${name}_answers" || ready=yes
        printf '%s - %s %s\n' "$name" "$(external_port "$(external_url "$name")")" "$ready"
    done
}

external_up() {
    local name
    for name in "${SERVICES[@]}"; do
        "external_${name}_answers" || die "$name does not answer at the address that the environment gives" \
            "Check AMQP_URL, DATABASE_URL and REDIS_URL, or unset them to get private services."
    done
    say "using the services named by AMQP_URL, DATABASE_URL and REDIS_URL"
}

external_down() { say "the services are not ours (AMQP_URL, DATABASE_URL, REDIS_URL are set): nothing to stop"; }

external_kill() { die "$1 is not ours to kill: AMQP_URL, DATABASE_URL and REDIS_URL are set"; }

external_env_pairs() {
    printf '%s\n' "AMQP_URL=$AMQP_URL"
    [[ -z ${AMQP_MANAGEMENT_URL:-} ]] || printf '%s\n' "AMQP_MANAGEMENT_URL=$AMQP_MANAGEMENT_URL"
    printf '%s\n' \
        "DATABASE_URL=$DATABASE_URL" \
        "DATABASE_OWNER_URL=${DATABASE_OWNER_URL:-$DATABASE_URL}" \
        "DATABASE_TCP_URL=${DATABASE_TCP_URL:-$DATABASE_URL}" \
        "REDIS_URL=$REDIS_URL"
}
