# shellcheck shell=bash
# Sourced by ops/services: the mode in which a Docker engine runs the three services.
#
# What lives here: calling `docker compose` on docker-compose.yml with this checkout's project
# name, ports and passwords. What never does: the containers' settings (they are in that file).

# An engine that answers without the compose plugin is of no use here.
docker_answers() {
    command -v docker >/dev/null &&
        [[ -n $(timeout 5 docker version --format '{{.Server.Version}}' 2>/dev/null) ]] &&
        timeout 5 docker compose version >/dev/null 2>&1
}

# What docker-compose.yml asks for, one NAME=VALUE a line.
compose_env_pairs() {
    ensure_secret
    printf '%s\n' \
        "DRAY_AMQP_PORT=$AMQP_PORT" \
        "DRAY_MANAGEMENT_PORT=$MANAGEMENT_PORT" \
        "DRAY_DATABASE_PORT=$DATABASE_PORT" \
        "DRAY_REDIS_PORT=$REDIS_PORT" \
        "DRAY_PORTAL_PORT=$PORTAL_PORT" \
        "DRAY_PORTAL_URL=${DRAY_PORTAL_URL:-http://127.0.0.1:$PORTAL_PORT}" \
        "DRAY_DB_BUFFER_POOL=${DRAY_DB_BUFFER_POOL:-1G}" \
        "DRAY_BROKER_ADMIN_PASSWORD=$(derive broker-admin)" \
        "DRAY_DATABASE_ROOT_PASSWORD=$(derive database-root)" \
        "DRAY_DATABASE_OWNER_PASSWORD=$(derive database-dray_owner)" \
        "DRAY_DATABASE_WORKER_PASSWORD=$(derive database-dray_worker)" \
        "DRAY_REDIS_PASSWORD=$(derive redis)" \
        "DRAY_IDENTITY_SECRET=$(derive identity)" \
        "DRAY_SECRET_FILE=$SECRET_FILE" \
        "DRAY_UID=$(id -u)"
    worker_password_pairs
}

# The password that `dray topology apply` gives each worker's own broker user, dray-<worker>.
worker_password_pairs() {
    local worker variable
    for worker in "$ROOT"/workers/*/; do
        worker=$(basename "$worker")
        variable=${worker^^}
        printf 'DRAY_BROKER_PASSWORD_%s=%s\n' "${variable//-/_}" "$(derive "broker-dray-$worker")"
    done
}

docker_compose() {
    compose_env_pairs >"$STATE/compose.env"
    docker compose --project-name "dray-$HASH" --project-directory "$ROOT" \
        --file "$ROOT/docker-compose.yml" --env-file "$STATE/compose.env" "$@"
}

# The compose file names a container after the product in it.
container_of() {
    case $1 in
    mariadb) echo mysql ;;
    *) echo "$1" ;;
    esac
}

docker_port() {
    case $1 in
    rabbitmq) echo "$AMQP_PORT" ;;
    mariadb) echo "$DATABASE_PORT" ;;
    redis) echo "$REDIS_PORT" ;;
    esac
}

docker_rows() {
    local name id pid health
    for name in "${SERVICES[@]}"; do
        pid=- health=''
        id=$(docker_compose ps --quiet "$(container_of "$name")" 2>/dev/null || true)
        if [[ -n $id ]]; then
            read -r pid health < <(docker inspect --format '{{.State.Pid}} {{.State.Health.Status}}' "$id") || true
        fi
        printf '%s %s %s ' "$name" "$pid" "$(docker_port "$name")"
        if [[ $health == healthy ]]; then echo yes; else echo no; fi
    done
}

docker_anything_runs() { [[ -n $(docker_compose ps --quiet --status running 2>/dev/null) ]]; }

docker_up() {
    docker_compose up --detach --wait --wait-timeout "$START_TIMEOUT_S" rabbitmq mysql redis >&2 ||
        die "docker compose could not bring up the services" \
            "See: docker compose --project-name dray-$HASH logs"
    say "rabbitmq, mysql and redis are ready in Docker project dray-$HASH"
}

docker_down() {
    local options=()
    [[ $1 != --purge ]] || options+=(--volumes)
    docker_compose down "${options[@]}" >&2
}

docker_kill() { docker_compose kill --signal KILL "$(container_of "$1")" >&2; }
