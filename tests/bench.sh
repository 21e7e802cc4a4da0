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
  memory    tributaryd's resident memory with two busy channels of 1,000-row transactions
  all       all of them

  --transactions N   sysbench oltp_write_only transactions per source (default 60000; receive: half as many again)
  --repeat N         measure so many times and take the median (default 3)
  --workers N        tributaryd --parallel-workers (default 1)

TRIBUTARYD=/path/of/tributaryd in the environment measures that program instead of building the release preset.
  RESULT <case> <value> <unit> [ratio=<how many times better than the peer> peer=<the peer's value>]
TEXT
}

cases=() arguments=()
while (($#)); do
  case $1 in
    receive | apply | memory) cases+=("$1") ;;
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
if [[ -z ${TRIBUTARYD:-} ]]; then
  mkdir -p build
  if ! { cmake --preset release && cmake --build --preset release --target tributaryd; } \
    </dev/null >build/bench.log 2>&1; then
    tail -n 40 build/bench.log >&2
    exit 1
  fi
  export TRIBUTARYD=$PWD/build/release/src/daemon/tributaryd
fi
for name in "${cases[@]}"; do
  PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=tests/lib /usr/bin/python3 "tests/bench/$name.py" "${arguments[@]}" </dev/null
done
