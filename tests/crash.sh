#!/bin/bash
# Kills, cuts, hangs and fills what Tributary depends on, round after round, and compares every table after each.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat <<'TEXT'
Usage: tests/crash.sh [--seed N] [--rounds N] [--servers=all] [--kinds A,B] [--workers N] [--option=OPT]...

Sources under load (tables with and without keys, secondary unique keys, foreign keys, large transactions, statements, DDL of every kind),
one daemon with a channel for each, and a target. Each round does one of the following by the seed, now and then two at once, and
then everything must be equal again by itself: all tables, ledgers, checkpoints, GTIDs; with no error that stops a channel.

  daemon, target, source                 SIGKILL
  cut source, cut target                 connections end, also in the middle of a packet
  hang source, hang target, slow target  nothing is answered for a while, or late
  disk full, start on full disk          no room for relay logs and state.db
  exit point, exit point=NAME            the daemon ends itself at a crash_point() of the code (debug builds)

  --seed N        0 picks one and prints it
  --rounds N      default 200
  --servers=all   two MariaDB 10.11 sources, MySQL 9.7, MySQL 5.6 and MariaDB 11.8; the target is MariaDB 10.11 with an even seed, MySQL 9.7 with an odd one
  --kinds A,B     only these
  --workers N     tributaryd --parallel-workers, default 4
  --option=OPT    one more option of tributaryd

TRIBUTARYD names the program, else it is the newest of the debug and release builds. TRIBUTARY_TMP: where the servers' directories are, else /dev/shm
if it is large enough.
A round that fails prints what is needed to repeat it and leaves all directories. At the end: CRASH rounds=… KIND=COUNT …
TEXT
}

for argument; do
  if [[ $argument == --help || $argument == -h ]]; then usage; exit 0; fi
done
# In a mount namespace of its own, for a small file system that can be full.
if unshare --mount mount -t tmpfs none /mnt 2>/dev/null; then
  enter=(unshare --mount) disk=()
elif unshare --user --map-root-user --mount mount -t tmpfs none /mnt 2>/dev/null; then
  enter=(unshare --user --map-root-user --mount) disk=()
else
  echo "no file system may be mounted here: the kinds with a full disk are left out"
  enter=() disk=(--without-disk)
fi
# A process that is killed leaves the kernel as it is: nothing here depends on a disk, and DDL is quicker without.
gigabytes=$(df --block-size=1G --output=avail /dev/shm 2>/dev/null | tail -n 1 || true)
if [[ -z ${TRIBUTARY_TMP:-} && -w /dev/shm ]] && ((${gigabytes:-0} >= 4)); then export TRIBUTARY_TMP=/dev/shm; fi
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=tests/lib:tests/crash exec "${enter[@]}" /usr/bin/python3 tests/crash/crash.py "$@" "${disk[@]}" </dev/null
