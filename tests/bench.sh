#!/bin/bash
# Measures Tributary and its peers in turn, on this machine, in the same run; prints RESULT lines. Asserts no speed.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat <<'TEXT'
Usage: tests/bench.sh CASE... [--transactions N] [--repeat N] [--workers N] [--target mariadb|mysql] [...]

  receive   one binary log of a source, received by mariadb-binlog --raw and by tributaryd: rate and CPU time
  apply     sources' received binary logs applied to one target, by its own replication (serial, and 4 threads: optimistic on MariaDB, LOGICAL_CLOCK
            and write sets on MySQL) and by tributaryd: seconds, CPU time of target and daemon, the daemon's peak resident memory. The ratios are to the
            faster of the two natives
  latency   idle system: from a commit on the source to its row in the target, by a native replica and by tributaryd
  scale     the same work by 1, 2, 4, 8, 32 and 128 channels: CPU time of daemon and target per transaction
  decode    one core on the binary log of one source, full and minimal row images: scan (header, CRC32, boundary), rows (every value in
            its type), binlog_statement; of CPU time; fails when scan or rows allocate once they are warm
  memory    tributaryd's resident memory with eight busy channels of 1,000-row transactions
  all       all of them

  --transactions N   transactions per source, as many as are worth so many of sysbench's oltp_write_only (default 60000; receive: half as many
                     again; scale: of all channels together)
  --repeat N         measure so many times and take the median (default 3)
  --workers N        tributaryd --parallel-workers (default 4)
  --target T         mariadb: MariaDB 10.11 to MariaDB 10.11, from two sources (default); mysql: MySQL 9.7 to MySQL 9.7, from one

  apply:    --workload A,B   oltp_write_only (default), insert, update_index, delete, rows1000, no_key, wide, merge8 (eight sources' table into one); or all
            --writer W       binlog, sql, both: tributaryd --row-writer; default: all that this tributaryd has
            --flush N        innodb_flush_log_at_trx_commit of the target: 1 or 2; default: both
  latency:  --commits N      in each turn, default 500
  scale:    --channels A,B   numbers of channels

TRIBUTARYD=/path/of/tributaryd in the environment measures that program instead of building the release preset; so does
BENCH_DECODE=/path/of/bench_decode for decode.
  RESULT <case> <value> <unit> [ratio=<how many times better than the peer> peer=<the peer's value>]
Cases: apply.<target>.flush<n>.<binlog|sql|native.serial|native.parallel4>[.<workload>][.cpu|.memory], latency.<target>.<median|p99>, scale.<channels>[.start],
receive.…, decode.…, memory.…
TEXT
}

cases=() arguments=()
while (($#)); do
  case $1 in
    receive | apply | latency | scale | decode | memory) cases+=("$1") ;;
    all) cases+=(receive apply latency scale decode memory) ;;
    --transactions | --repeat | --workers | --target | --workload | --writer | --flush | --commits | --channels)
      arguments+=("$1" "${2:?$1 needs a value}")
      shift
      ;;
    --transactions=* | --repeat=* | --workers=* | --target=* | --workload=* | --writer=* | --flush=* | --commits=* | --channels=*)
      arguments+=("$1")
      ;;
    --help | -h) usage; exit 0 ;;
    *) echo "tests/bench.sh: unknown case or argument $1" >&2; usage >&2; exit 2 ;;
  esac
  shift
done
((${#cases[@]})) || { usage >&2; exit 2; }

# shellcheck source=tests/lib/packages.sh
. tests/lib/packages.sh
packages_ensure build run test
# build TARGET: the release preset's.
build() {
  mkdir -p build
  if ! { cmake --preset release && cmake --build --preset release --target "$1"; } </dev/null >build/bench.log 2>&1; then
    tail -n 40 build/bench.log >&2
    exit 1
  fi
}
for name in "${cases[@]}"; do
  if [[ $name == decode && -z ${BENCH_DECODE:-} ]]; then
    build bench_decode
    export BENCH_DECODE=$PWD/build/release/tests/bench/bench_decode
  elif [[ $name != decode && -z ${TRIBUTARYD:-} ]]; then
    build tributaryd
    export TRIBUTARYD=$PWD/build/release/src/daemon/tributaryd
  fi
done
for name in "${cases[@]}"; do
  PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=tests/lib /usr/bin/python3 "tests/bench/$name.py" "${arguments[@]}" </dev/null
done
