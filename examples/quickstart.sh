#!/bin/bash
# Two throw-away MariaDB sources flow into one target through tributaryd, all of it on loopback and in one temporary
# directory: see --help.
set -euo pipefail
repository=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=tests/lib/packages.sh
. "$repository/tests/lib/packages.sh"
# shellcheck source=examples/lib/servers.sh
. "$repository/examples/lib/servers.sh"
# shellcheck source=examples/lib/webshop.sh
. "$repository/examples/lib/webshop.sh"

usage() {
  cat <<'TEXT'
Usage: examples/quickstart.sh [--keep] [--rows N]

Installs what is missing, builds tributaryd, starts two MariaDB sources and one target with a small web-shop on each
source, replicates both into the target while customers go on shopping, kills tributaryd once on the way, and compares
every table in the end. Nothing that runs on this machine already is touched.

  --keep     leave everything running, and print how to connect and how to stop it
  --rows N   orders that each shop begins with (default 2000)

TRIBUTARYD=/path/of/tributaryd in the environment uses that program instead of building one.
TEXT
}

keep=no rows=2000
while (($#)); do
  case $1 in
    --keep) keep=yes ;;
    --rows) rows=${2:?--rows needs a number}; shift ;;
    --rows=*) rows=${1#*=} ;;
    --help | -h) usage; exit 0 ;;
    *) echo "quickstart: unknown argument $1" >&2; usage >&2; exit 2 ;;
  esac
  shift
done
[[ $rows =~ ^[1-9][0-9]{0,6}$ ]] || { echo "quickstart: --rows wants a number from 1 to 9999999" >&2; exit 2; }

say() { printf '%s[%3d s]%s %s\n' "$bold" "$SECONDS" "$plain" "$*"; }
bold='' plain=''
if [[ -t 1 ]]; then bold=$'\e[1m' plain=$'\e[0m'; fi

work='' shoppers=()
clean_up() {
  local status=$?
  trap - EXIT INT TERM
  ((${#shoppers[@]} == 0)) || kill "${shoppers[@]}" 2>/dev/null || true
  [[ -n $work ]] || exit "$status"
  if ((status)) && [[ -s $work/tributaryd.log ]]; then
    echo "quickstart failed. The end of tributaryd's log:" >&2
    tail -n 20 "$work/tributaryd.log" >&2
  fi
  stop_everything "$work"
  rm -rf "$work"
  exit "$status"
}

# --- what is needed ---

if [[ -n ${TRIBUTARYD:-} ]]; then
  packages_ensure run
else
  packages_ensure build run
  say "building tributaryd"
  mkdir -p "$repository/build"
  if ! (cd "$repository" && cmake --preset release && cmake --build --preset release --target tributaryd) \
    </dev/null >"$repository/build/quickstart.log" 2>&1; then
    tail -n 40 "$repository/build/quickstart.log" >&2
    exit 1
  fi
  TRIBUTARYD=$repository/build/release/src/daemon/tributaryd
fi

# --- servers ---

work=$(mktemp -d /tmp/tributary-XXXXXX)
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say "starting two sources and a target"
make_data_directory "$work/template"
for server in eu us target; do cp -r "$work/template" "$work/$server"; done
rm -rf "$work/template"
start_server "$work" eu --server-id=1 --log-bin=binlog --innodb-flush-log-at-trx-commit=2
start_server "$work" us --server-id=2 --log-bin=binlog --innodb-flush-log-at-trx-commit=2
start_server "$work" target --server-id=3
for server in eu us target; do wait_for_server "$work" "$server"; done

say "opening a web-shop with $rows orders on each source"
replication_password=$(random_password) target_password=$(random_password)
for shard in eu us; do
  make_replication_account "$work" "$shard" "$replication_password"
  open_shop "$work" "$shard" "$rows"
done
make_target_account "$work" "$repository/docs/target.md" "$target_password"

# --- tributaryd ---

start_tributaryd() {
  start_process "$work" tributaryd "$TRIBUTARYD" --datadir="$work/tributary" --port="$tributary_port" \
    --target="mysql://tributary@127.0.0.1:$(port_of "$work" target)" --target-password-file="$work/target-password"
  wait_until 60 "tributaryd answers" tributary_sql 'SELECT 1'
}
tributary_sql() { mariadb --defaults-file="$work/tributary/client.cnf" "${@:2}" -e "$1" 2>>"$work/client.log"; }

tributary_port=$(free_port)
(umask 077 && printf '%s\n' "$target_password" >"$work/target-password")
say "starting tributaryd"
start_tributaryd

for shard in eu us; do
  port=$(port_of "$work" "$shard")
  say "CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=$port, … FOR CHANNEL '$shard'; START SLAVE FOR CHANNEL '$shard'"
  tributary_sql "CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=$port, MASTER_USER='replication',
                 MASTER_PASSWORD='$replication_password', MASTER_CONNECT_RETRY=1 FOR CHANNEL '$shard'"
  tributary_sql "START SLAVE FOR CHANNEL '$shard'"
done

say "customers go shopping on both shards while it replicates"
for shard in eu us; do
  go_shopping "$work" "$shard" &
  shoppers+=($!)
done
sleep 2
say "kill -9 tributaryd, and start it again: nothing may be lost or applied twice"
kill_process "$work" tributaryd
start_tributaryd
sleep 2

show_status() {
  tributary_sql "SHOW SLAVE STATUS FOR CHANNEL '$1'" --vertical |
    grep -wE 'Slave_IO_State|Master_Port|Master_Log_File|Read_Master_Log_Pos|Exec_Master_Log_Pos|Slave_IO_Running|Slave_SQL_Running|Last_Error|Seconds_Behind_Master|Channel_Name'
}
say "SHOW SLAVE STATUS FOR CHANNEL 'eu'"
show_status eu

: >"$work/closing-time"
wait "${shoppers[@]}"
shoppers=()
say "the shops close; waiting until each channel has applied all of it (MASTER_POS_WAIT)"
for shard in eu us; do
  read -r file position _ < <(server_sql "$work" "$shard" 'SHOW MASTER STATUS')
  waited=$(tributary_sql "SELECT MASTER_POS_WAIT('$file', $position, 120, '$shard')" --batch --skip-column-names)
  if [[ ! $waited =~ ^[0-9]+$ ]]; then
    echo "channel '$shard' did not reach $file:$position (MASTER_POS_WAIT gave $waited)" >&2
    show_status "$shard" >&2
    exit 1
  fi
  printf '        %s: %s:%s applied\n' "$shard" "$file" "$position"
done

# --- proof ---

say "comparing every table"
compare_shops "$work" || { echo "source and target differ" >&2; exit 1; }

if [[ $keep == yes ]]; then
  trap - EXIT INT TERM
  write_stop_script "$work"
  say "everything goes on running"
  for server in eu us target; do
    printf '  %-10s mariadb --no-defaults -uroot --socket=%s\n' "$server" "$work/$server.sock"
  done
  printf '  %-10s mariadb --defaults-file=%s\n' tributary "$work/tributary/client.cnf"
  printf '  %-10s %s\n' "log" "$work/tributaryd.log"
  printf '  %-10s %s\n' "stop" "$work/stop.sh"
else
  say "stopping"
  stop_process "$work" tributaryd
  say "done: two sources in one target, row for row"
fi
