#!/bin/bash
# Installs what is missing, builds, and runs the tests; ends with a summary and a status other than 0 on any failure.
# shellcheck disable=SC2317  # the functions are called through step
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat <<'TEXT'
Usage: tests/run.sh [--quick|--scenarios] [--sanitize=address|thread] [--servers=all] [--fuzz=SECONDS] [--jobs N]
                    [-- PYTEST-ARGUMENT...]

  (nothing)               build (debug), lint, unit tests, all scenario tests against real servers
  --quick                 build and unit tests only
  --scenarios             scenario tests only; builds only what they need
  --sanitize=address      build with AddressSanitizer and UBSan; unit tests and the scenarios marked 'smoke'
  --sanitize=thread       the same with ThreadSanitizer; no unit tests of layers that are plain functions
  --servers=all           also the tests that use MySQL 5.6, MySQL 9.7 and MariaDB 11.8; tests/lib/install_servers.sh
                          fetches those that are not there yet (some 100 MB). Without it only MariaDB 10.11 from apt is used
  --fuzz=SECONDS          how long each fuzzer of tests/fuzz runs (default 20); 0: not at all. Only where neither --quick nor
                          --scenarios nor --sanitize is given
  --jobs N                so many things at once (default: the number of processors)
  -- PYTEST-ARGUMENT...   instead of all scenarios: for instance -- test_crash.py --rounds=100 --seed=7

A report of a sanitizer is a failure, also when the test in which it came up passed.
TEXT
}

quick=no scenarios_only=no sanitize='' servers=apt fuzz=20 jobs=$(nproc) pytest_arguments=()
while (($#)); do
  case $1 in
    --quick) quick=yes ;;
    --scenarios) scenarios_only=yes ;;
    --sanitize=address | --sanitize=thread) sanitize=${1#*=} ;;
    --servers=apt | --servers=all) servers=${1#*=} ;;
    --fuzz=*) fuzz=${1#*=} ;;
    --jobs) jobs=${2:?--jobs needs a number}; shift ;;
    --jobs=*) jobs=${1#*=} ;;
    --) shift; pytest_arguments=("$@"); break ;;
    --help | -h) usage; exit 0 ;;
    *) echo "tests/run.sh: unknown argument $1" >&2; usage >&2; exit 2 ;;
  esac
  shift
done
if [[ $quick == yes && $scenarios_only == yes ]]; then
  echo "tests/run.sh: --quick and --scenarios exclude each other" >&2
  exit 2
fi

case $sanitize in
  address) preset=asan ;;
  thread) preset=tsan ;;
  *) preset=debug ;;
esac

# shellcheck source=tests/lib/packages.sh
. tests/lib/packages.sh
if [[ $quick == yes ]]; then packages_ensure build run; else packages_ensure build run test; fi

failures=() summary=() details=()
outputs=$(mktemp -d)
trap 'rm -rf "$outputs"' EXIT
# step NAME COMMAND...: runs it, prints its output as it comes, remembers how it ended and how long it took.
step() {
  local name=$1 began=$SECONDS
  shift
  printf '\n=== %s\n' "$name"
  if "$@" </dev/null 2>&1 | tee "$outputs/${name// /-}"; then
    summary+=("ok      $((SECONDS - began)) s	$name")
  else
    summary+=("FAILED  $((SECONDS - began)) s	$name")
    failures+=("$name")
    details+=("$outputs/${name// /-}")
  fi
}
# The end of what failed stands once more at the end, where a reader of a long log looks.
finish() {
  local detail
  for detail in "${details[@]}"; do
    printf '\n=== the end of: %s\n' "${detail##*/}"
    tail -n 80 "$detail"
  done
  printf '\n=== summary (%s)\n' "$preset"
  printf '%s\n' "${summary[@]}"
  if ((${#failures[@]})); then
    printf '%d failed: %s\n' "${#failures[@]}" "$(IFS=,; echo "${failures[*]}")"
    exit 1
  fi
  echo "all passed"
  exit 0
}

build() {
  cmake --preset "$preset" >build/configure.log 2>&1 || { cat build/configure.log; return 1; }
  cmake --build --preset "$preset" --parallel "$jobs" --target "$@"
}
# Tests that pass are counted, not listed.
unit() { ctest --preset "$preset" --parallel "$jobs" | sed '/^ *Start  *[0-9]*: /d; / Passed  *[0-9.]* sec$/d'; }
cpp_files() { find include src tests -name '*.[ch]pp'; }
shell_files() { find tests examples -name '*.sh' && echo .ci/run; }
format() { cpp_files | xargs -r clang-format-14 --dry-run -Werror && echo "clang-format: $(cpp_files | wc -l) files"; }
shell() { shell_files | xargs -r shellcheck -x && echo "shellcheck: $(shell_files | wc -l) files"; }

mkdir -p build
if [[ $scenarios_only == yes ]]; then
  step "build" build tributaryd tributary connector_client
else
  step "build" build all
fi
((${#failures[@]} == 0)) || finish

reports=''
if [[ -n $sanitize ]]; then
  # The reports go to files, since a process that is killed or daemonised must not take its report with it.
  reports=$outputs/reports
  mkdir "$reports"
  suppressions=$PWD/tests/sanitizers
  export ASAN_OPTIONS="log_path=$reports/asan:detect_stack_use_after_return=1:strict_string_checks=1"
  export LSAN_OPTIONS="suppressions=$suppressions/lsan.supp:print_suppressions=0"
  export UBSAN_OPTIONS="print_stacktrace=1:log_path=$reports/ubsan"
  export TSAN_OPTIONS="log_path=$reports/tsan:suppressions=$suppressions/tsan.supp:second_deadlock_stack=1"
fi

if [[ $scenarios_only == no ]]; then
  step "unit tests" unit
  if [[ $quick == no && -z $sanitize ]]; then
    step "clang-format" format
    step "shellcheck" shell
    step "headers compile alone" build check-headers
    if ((fuzz)); then step "fuzzers" tests/fuzz.sh --seconds "$fuzz" --jobs "$jobs"; fi
    step "clang-tidy" python3 tests/lib/tidy.py build/tidy --jobs "$jobs"
  fi
fi

if [[ $quick == no ]]; then
  if [[ -n $sanitize ]] && ((${#pytest_arguments[@]} == 0)); then
    pytest_arguments=(-m smoke --rounds=3)
  fi
  if [[ $servers == all ]]; then step "servers" tests/lib/install_servers.sh; fi
  export TRIBUTARY_SERVERS=$servers
  export TRIBUTARYD=$PWD/build/$preset/src/daemon/tributaryd
  scenarios() (
    cd tests/scenario
    # Modules are spread over processes; each has its own servers, for which it waits much of the time: one process more.
    PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m pytest -q -n $((jobs + 1)) --dist loadscope "${pytest_arguments[@]}"
  )
  step "scenario tests" scenarios
  if [[ $servers == all && -z $sanitize ]] && ((${#pytest_arguments[@]} == 0)); then
    pytest_arguments=(--row-writer=sql test_zoo.py test_types.py)
    step "scenario tests, rows as plain SQL" scenarios
  fi
fi

if [[ -n $reports ]]; then
  no_reports() {
    local report
    for report in "$reports"/*; do
      [[ -e $report ]] || { echo "no report of a sanitizer"; return 0; }
      printf -- '--- %s\n' "${report##*/}"
      head -n 80 "$report"
    done
    return 1
  }
  step "sanitizer reports" no_reports
fi
finish
