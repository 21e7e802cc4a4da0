# shellcheck shell=bash
# The one list of Debian 12 packages, and a function that installs what is missing. Source it, do not run it.

# To build tributaryd.
packages_build=(
  g++ cmake ninja-build ccache pkg-config
  libboost-program-options-dev libasio-dev tao-pegtl-dev libspdlog-dev libfmt-dev
  libmariadb-dev libmysqlcppconn-dev libsqlite3-dev libssl-dev libdeflate-dev libxxhash-dev libzstd-dev nlohmann-json3-dev robin-map-dev
  libgtest-dev libgmock-dev libbenchmark-dev
)
# To run it beside real servers.
packages_run=(mariadb-server mariadb-client)
# To test and measure it.
packages_test=(
  clang-format-14 clang-tidy-14 shellcheck
  python3 python3-pytest python3-pytest-xdist python3-pymysql
  sysbench procps openssl tzdata
)
# To fuzz it.
packages_fuzz=(clang-14 libclang-rt-14-dev llvm-14)
# Where there is no npm: one from elsewhere and Debian's exclude each other.
packages_npm=(npm)

# packages_ensure build|run|test|fuzz|npm...: installs what is missing of these lists; takes no time when nothing is.
packages_ensure() {
  local list package wanted=() missing=()
  for list in "$@"; do
    case $list in
      build) wanted+=("${packages_build[@]}") ;;
      run) wanted+=("${packages_run[@]}") ;;
      test) wanted+=("${packages_test[@]}") ;;
      fuzz) wanted+=("${packages_fuzz[@]}") ;;
      npm) wanted+=("${packages_npm[@]}") ;;
      *) echo "packages_ensure: no list '$list'" >&2; return 1 ;;
    esac
  done
  local installed
  installed=$(dpkg-query -W -f '${Status}\t${Package}\n' "${wanted[@]}" 2>/dev/null | sed -n 's/^install ok installed\t//p' || true)
  for package in "${wanted[@]}"; do
    grep -qxF -- "$package" <<<"$installed" || missing+=("$package")
  done
  ((${#missing[@]})) || return 0

  local as_root=()
  if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
      echo "These packages are missing and installing them needs root: ${missing[*]}" >&2
      echo "Run as root: apt-get install --no-install-recommends ${missing[*]}" >&2
      return 1
    fi
    as_root=(sudo)
  fi
  if ! command -v apt-get >/dev/null; then
    echo "These packages are missing and there is no apt-get here: ${missing[*]}" >&2
    return 1
  fi

  echo "Installing ${#missing[@]} packages: ${missing[*]}"
  # Installing mariadb-server would start a system-wide server, which nobody asked for. A policy-rc.d that says no is
  # Debian's own way to prevent that; it is in place only meanwhile, and one that exists already is left alone.
  local log status=0
  log=$(mktemp)
  (
    policy=/usr/sbin/policy-rc.d
    if [[ ! -e $policy ]]; then
      trap '"${as_root[@]}" rm -f "$policy"' EXIT
      printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
      "${as_root[@]}" chmod 755 "$policy"
    fi
    "${as_root[@]}" apt-get -qq update &&
      "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0 \
        install --no-install-recommends "${missing[@]}"
  ) </dev/null >"$log" 2>&1 || status=$?
  if ((status)); then
    tail -n 30 "$log" >&2
    echo "apt-get failed; its whole output is in $log" >&2
    return 1
  fi
  rm -f "$log"
}
