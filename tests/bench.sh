#!/bin/bash
# Measures Tributary and its peers in turn, on this machine, in the same run; prints RESULT lines. Asserts no speed.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat <<'TEXT'
Usage: tests/bench.sh CASE... [--transactions N] [--repeat N] [--workers N]

  receive   one binary log of a source, received by mariadb-binlog --raw and by tributaryd: rate and CPU time
  apply     two sources' received binary logs applied to one target, by MariaDB's own multi-source replication (serial,
            and 4 threads optimistic) and by tributaryd, at innodb_flush_log_at_trx_commit 1 and 2
  decode    one core on the binary log of one source, full and minimal row images: scan (header, CRC32, boundary), rows (every value in
            its type), binlog_statement; of CPU time; fails when scan or rows allocate once they are warm
  memory    tributaryd's resident memory with two busy channels of 1,000-row transactions
  all       all of them

  --transactions N   sysbench oltp_write_only transactions per source (default 60000; receive: half as many again)
  --repeat N         measure so many times and take the median (default 3)
  --workers N        tributaryd --parallel-workers (default 4)

TRIBUTARYD=/path/of/tributaryd in the environment measures that program instead of building the release preset; so does
BENCH_DECODE=/path/of/bench_decode for decode.
  RESULT <case> <value> <unit> [ratio=<how many times better than the peer> peer=<the peer's value>]
TEXT
}

cases=() arguments=()
while (($#)); do
  case $1 in
    receive | apply | decode | memory) cases+=("$1") ;;
    all) cases+=(receive apply memory) ;;
    --transactions | --repeat | --workers) arguments+=("$1" "${2:?$1 needs a number}"); shift ;;
    --transactions=* | --repeat=* | --workers=*) arguments+=("$1") ;;
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
