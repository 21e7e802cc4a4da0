#!/bin/bash
# Builds the fuzzers of tests/fuzz and runs each for a while from its corpus. A find fails, and is left in build/fuzz/finds.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat <<'TEXT'
Usage: tests/fuzz.sh [--seconds N] [--jobs N] [--merge] [FUZZER...]

  --seconds N   run each fuzzer so long (default 20)
  --jobs N      build with so many processes
  --merge       instead: add to tests/fuzz/corpus what reaches new code, of the inputs that make_seeds.py makes and of
                those that earlier runs found (build/fuzz/found)

Fuzzers are the names in tests/fuzz/fuzz_NAME.cpp; all without names. A find is run again by build/fuzz/tests/fuzz/fuzz_NAME FILE.
TEXT
}

seconds=20 jobs=$(nproc) merge=no names=()
while (($#)); do
  case $1 in
    --seconds) seconds=${2:?--seconds needs a number}; shift ;;
    --seconds=*) seconds=${1#*=} ;;
    --jobs) jobs=${2:?--jobs needs a number}; shift ;;
    --jobs=*) jobs=${1#*=} ;;
    --merge) merge=yes ;;
    --help | -h) usage; exit 0 ;;
    -*) echo "tests/fuzz.sh: unknown argument $1" >&2; usage >&2; exit 2 ;;
    *) names+=("$1") ;;
  esac
  shift
done

if ((${#names[@]} == 0)); then
  for file in tests/fuzz/fuzz_*.cpp; do
    name=${file##*/fuzz_}
    names+=("${name%.cpp}")
  done
fi

# shellcheck source=tests/lib/packages.sh
. tests/lib/packages.sh
packages_ensure build fuzz
mkdir -p build
if ! { cmake --preset fuzz && cmake --build build/fuzz --parallel "$jobs" --target "${names[@]/#/fuzz_}"; } \
  </dev/null >build/fuzz.log 2>&1; then
  grep -B 2 -A 8 'error:\|FAILED' build/fuzz.log | head -n 60 >&2 || tail -n 40 build/fuzz.log >&2
  exit 1
fi

export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1
export ASAN_SYMBOLIZER_PATH=/usr/bin/llvm-symbolizer-14
limits=(-rss_limit_mb=512 -timeout=5 -max_len=4096)

if [[ $merge == yes ]]; then
  PYTHONDONTWRITEBYTECODE=1 python3 tests/fuzz/make_seeds.py build/fuzz/seeds
fi
status=0
mkdir -p build/fuzz/finds
for name in "${names[@]}"; do
  program=build/fuzz/tests/fuzz/fuzz_$name corpus=tests/fuzz/corpus/$name found=build/fuzz/found/$name
  log=build/fuzz/$name.log
  mkdir -p "$corpus" "$found"
  if [[ $merge == yes ]]; then
    mkdir -p "build/fuzz/seeds/$name"
    "$program" -merge=1 -use_counters=0 "${limits[@]}" "$corpus" "build/fuzz/seeds/$name" "$found" </dev/null >"$log" 2>&1 || status=1
    printf '%-18s %5d inputs, %s\n' "$name" "$(find "$corpus" -type f | wc -l)" "$(du -sh "$corpus" | cut -f 1)"
    continue
  fi
  # New inputs go to the first directory, the others are only read.
  if "$program" "${limits[@]}" -max_total_time="$seconds" -print_final_stats=1 -artifact_prefix="build/fuzz/finds/$name-" "$found" \
    "$corpus" </dev/null >"$log" 2>&1; then
    printf 'ok      %-18s %s executions\n' "$name" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")"
  else
    status=1
    printf 'FIND    %-18s\n' "$name"
    grep -A 40 'ERROR: \|runtime error\|terminate called' "$log" | head -n 60 || tail -n 40 "$log"
  fi
done
exit "$status"
