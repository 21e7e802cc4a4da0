# shellcheck shell=bash
# Throw-away servers on loopback for the examples. Every function takes the working directory first; a process's id is
# in WORK/NAME.pid, its output in WORK/NAME.log, a server's port in WORK/NAME.port.

run_as=()
if ((EUID == 0)); then run_as=(--user=root); fi

# A port of 127.0.0.1 that nobody listens on and that is not given out yet.
free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 12000))
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && ! grep -qsxF "$port" "$work"/*.port; then
      echo "$port"
      return
    fi
  done
}

random_password() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }

# wait_until SECONDS WHAT COMMAND...
wait_until() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    if ((SECONDS > deadline)); then
      echo "waited in vain: $what" >&2
      return 1
    fi
    sleep 0.1
  done
}

# start_process WORK NAME COMMAND...: in a session of its own, so that it outlives the terminal with --keep.
start_process() {
  local work=$1 name=$2
  shift 2
  setsid "$@" </dev/null >>"$work/$name.log" 2>&1 &
  echo $! >"$work/$name.pid"
  disown
}

process_runs() { kill -0 "$(<"$1/$2.pid")" 2>/dev/null; }
process_ended() { ! process_runs "$@"; }

stop_process() {
  kill "$(<"$1/$2.pid")" 2>/dev/null || return 0
  wait_until 60 "$2 ends" process_ended "$1" "$2"
}

kill_process() {
  kill -9 "$(<"$1/$2.pid")"
  wait_until 10 "$2 is gone" process_ended "$1" "$2"
}

# Ends what was started in a working directory, the last one first.
stop_everything() {
  local name
  for name in tributaryd target us eu; do
    [[ ! -s $1/$name.pid ]] || stop_process "$1" "$name" || kill_process "$1" "$name" || true
  done
}

make_data_directory() {
  mkdir "$1.tmp"  # another server that starts takes files in a shared one for its own leftovers
  TMPDIR="$1.tmp" mariadb-install-db --no-defaults "${run_as[@]}" --datadir="$1" --skip-test-db --innodb-log-file-size=32M \
    --auth-root-authentication-method=normal </dev/null >"$1.log" 2>&1 || { cat "$1.log" >&2; return 1; }
}

start_server() {
  local work=$1 name=$2 port
  shift 2
  port=$(free_port)
  echo "$port" >"$work/$name.port"
  mkdir "$work/$name.tmp"
  start_process "$work" "$name" mariadbd --no-defaults "${run_as[@]}" --datadir="$work/$name" \
    --tmpdir="$work/$name.tmp" --socket="$work/$name.sock" --port="$port" --bind-address=127.0.0.1 --pid-file="$work/$name.server-pid" \
    --innodb-log-file-size=32M --innodb-buffer-pool-size=128M "$@"
}

port_of() { cat "$1/$2.port"; }

server_sql() { mariadb --no-defaults -uroot --socket="$1/$2.sock" --default-character-set=utf8mb4 --batch \
  --skip-column-names "${@:4}" -e "$3"; }

server_answers() {
  process_runs "$1" "$2" || return 0  # reported by the caller's next statement
  server_sql "$1" "$2" 'SELECT 1'
}

wait_for_server() {
  wait_until 90 "server '$2' answers" server_answers "$1" "$2"
  if ! process_runs "$1" "$2"; then
    tail -n 20 "$1/$2.log" >&2
    return 1
  fi
}

make_replication_account() {
  server_sql "$1" "$2" "SET sql_log_bin=0; CREATE USER replication@'%' IDENTIFIED BY '$3';
                        GRANT REPLICATION SLAVE, BINLOG MONITOR ON *.* TO replication@'%'"
}

# The account as docs/target.md describes it, with a password.
make_target_account() {
  local statements
  statements=$(awk '/^```sql$/ { block = ""; inside = 1; next }
                    /^```$/ { if (inside && block ~ /CREATE USER/) { printf "%s", block; exit } inside = 0 }
                    inside { block = block $0 "\n" }' "$2")
  [[ -n $statements ]] || { echo "$2 has no sql block that creates the account" >&2; return 1; }
  server_sql "$1" target "$statements ALTER USER tributary IDENTIFIED BY '$3';"
}

write_stop_script() {
  {
    echo '#!/bin/bash'
    echo '# Ends what quickstart.sh --keep left running, and removes its directory.'
    echo 'set -euo pipefail'
    declare -f wait_until process_runs process_ended stop_process kill_process stop_everything
    printf 'stop_everything %q\nrm -rf %q\n' "$1" "$1"
  } >"$1/stop.sh"
  chmod 700 "$1/stop.sh"
}
