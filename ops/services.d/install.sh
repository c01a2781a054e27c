# shellcheck shell=bash
# Sourced by ops/services: installs the distribution's packages that the local mode and the tests need.
#
# What lives here: finding what is missing, apt-get, and the guard that keeps the packages' own
# system services from being started. What never does: removing or replacing an installed package
# (apt-get runs with --no-remove), touching a service that was there before, downloading from
# anywhere but the distribution's own archive.

POLICY=/usr/sbin/policy-rc.d
POLICY_SET_ASIDE=$POLICY.before-dray
POLICY_MARK='# guard of dray ops/services'

# Names the package where its program is missing, one a line.
missing_packages() {
    [[ -x $RABBITMQ_SERVER ]] || echo rabbitmq-server
    command -v mariadbd >/dev/null && command -v mariadb-install-db >/dev/null || echo mariadb-server
    command -v redis-server >/dev/null || echo redis-server
}

install_missing_packages() {
    install_missing missing_packages "start Docker, or set AMQP_URL, DATABASE_URL and REDIS_URL."
}

# install_missing LISTER OTHERWISE: the packages that LISTER names, one a line; OTHERWISE says what else
# can be done. Two checkouts may install at once, so the lock is the machine's. It is taken on a file
# that every user may read and nobody has to create.
install_missing() {
    local lister=$1 otherwise=$2
    [[ -n $("$lister") ]] || return 0
    [[ -f /etc/debian_version ]] || die "missing: $("$lister" | tr '\n' ' ')" \
        "This is not Debian or Ubuntu: install them by hand, or: $otherwise"
    exec 7</etc/debian_version
    flock -w 1200 7 || die "another installation has been running for twenty minutes"
    local packages
    mapfile -t packages < <("$lister")
    [[ ${#packages[@]} -eq 0 ]] || install_packages "$otherwise" "${packages[@]}"
    exec 7<&-
    [[ -z $("$lister") ]] || die "still missing after the installation: $("$lister" | tr '\n' ' ')" \
        "See $STATE/log/install.log, or: $otherwise"
}

# install_packages OTHERWISE NAME...
install_packages() {
    local otherwise=$1 log=$STATE/log/install.log
    shift
    mkdir -p "$STATE/log"
    require_root_rights "$otherwise" "$@"
    say "installing $* (log: $log)"
    trap let_services_start EXIT
    trap 'exit 130' INT TERM
    keep_services_from_starting
    as_root apt-get update >"$log" 2>&1 7<&- 9<&- || say "apt-get update reported a problem; trying with the lists at hand"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
        --no-remove --option DPkg::Lock::Timeout=600 "$@" </dev/null >>"$log" 2>&1 7<&- 9<&- ||
        { tail -n 20 "$log" >&2; die "apt-get could not install $*" "The whole log is in $log" "Otherwise: $otherwise"; }
    keep_services_from_booting "$@"
    let_services_start
    trap - EXIT INT TERM
}

# Without a password, or with one where somebody is there to type it.
sudo_works() {
    command -v sudo >/dev/null || return 1
    sudo -n true 2>/dev/null || { [[ -t 0 ]] && sudo -v; }
}

as_root() {
    if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

# require_root_rights OTHERWISE NAME...
require_root_rights() {
    ((EUID != 0)) || return 0
    sudo_works || die "missing: ${*:2}" "Install them as root (apt-get install ${*:2}), or: $1"
}

# Debian asks policy-rc.d before a package starts its service; 101 means no. One that says no
# already is left alone; another is set aside and put back. A guard that a killed run left behind
# is recognised by its mark.
keep_services_from_starting() {
    let_services_start
    if [[ -e $POLICY || -L $POLICY ]]; then
        ! policy_forbids_start || return 0
        as_root mv -- "$POLICY" "$POLICY_SET_ASIDE"
    fi
    printf '#!/bin/sh\n%s\nexit 101\n' "$POLICY_MARK" | as_root tee "$POLICY" >/dev/null
    as_root chmod 0755 "$POLICY"
}

policy_forbids_start() {
    local verdict=0
    "$POLICY" redis-server start >/dev/null 2>&1 || verdict=$?
    ((verdict == 101))
}

let_services_start() {
    if [[ -f $POLICY ]] && grep -qF "$POLICY_MARK" "$POLICY"; then
        as_root rm -f -- "$POLICY"
    fi
    if [[ -e $POLICY_SET_ASIDE || -L $POLICY_SET_ASIDE ]] && [[ ! -e $POLICY && ! -L $POLICY ]]; then
        as_root mv -- "$POLICY_SET_ASIDE" "$POLICY"
    fi
}

# What was installed only for us shall not come up at the next boot either.
keep_services_from_booting() {
    command -v systemctl >/dev/null || return 0
    local package
    for package in "$@"; do
        as_root systemctl disable "${package/mariadb-server/mariadb}.service" >>"$STATE/log/install.log" 2>&1 || true
    done
}
