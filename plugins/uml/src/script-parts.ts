/*
 * Scripts run by hand, in any folder, under any sh: they go to their own folder first, and know by it whether a
 * process is theirs. A pid alone is not enough, it may have been given to another process since.
 */

/** What every script begins with. Unit is a checked name. The pid file holds the process that was started. */
export function head(comment: string, unit: string): string {
  return `#!/bin/sh
# ${comment}
set -eu
cd -P -- "$(dirname -- "$0")"
PATH=$PATH:/usr/local/bin:/usr/local/sbin:/usr/sbin:/sbin
pid() { cat pid 2>/dev/null || echo none; }
running() { [ "$(readlink "/proc/$(pid)/cwd" 2>/dev/null)" = "$PWD" ]; }
fail() {
  echo "${unit}: $1" >&2
  exit 1
}
need() {
  for program in "$@"; do
    command -v "$program" >/dev/null || fail "the program $program is not installed"
  done
}
`;
}

/** Waits for a condition of the shell; what is said when it does not come true in time. */
export function waitFor(condition: string, tenths: number, otherwise: string): string {
  return `tries=0
until ${condition}; do
  tries=$((tries + 1))
  [ "$tries" -le ${tenths} ] || fail "${otherwise}"
  sleep 0.1
done
`;
}
