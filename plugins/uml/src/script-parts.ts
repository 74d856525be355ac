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
# One script of this folder works at a time, also after whoever called it was killed.
lock() {
  [ ! -e pid ] || [ -r pid ] || fail "it was started by $(stat -c %U pid), who alone can stop it"
  need flock
  exec 9<start
  flock -w 60 9 || fail "another script has worked on it for a minute"
}
`;
}

/**
 * What a start script does when it is called once more, as the process that goes on: it writes down its pid before it
 * becomes the program that is started. It does so in the place that the first call has made for it; a later script
 * takes the place away, and then nothing is started that nobody waits for. Both need `place`, a folder.
 */
export const becomeProgram = `  echo $$ >"$place/pid"
  mv -f "$place/pid" pid
  rmdir "$place"
  exec "$@"
`;

/**
 * Ends what is left of a guest whose main process has ended or was killed: its helpers hold the disk. They are in its
 * group and work in its folder; after two seconds they are not waited for.
 */
export const endRest = `ours() {
  for each in /proc/[0-9]*; do
    [ "$(readlink "$each/cwd" 2>/dev/null)" = "$PWD" ] || continue
    [ "$(sed 's/.*) . [0-9]* \\([0-9]*\\) .*/\\1/' "$each/stat" 2>/dev/null)" != "$1" ] || return 0
  done
  return 1
}
end_rest() {
  group=$(pid)
  tries=0
  while [ "$group" != none ] && kill -0 "-$group" 2>/dev/null && ours "$group"; do
    tries=$((tries + 1))
    [ "$tries" -ne 20 ] || kill -KILL "-$group" 2>/dev/null || :
    [ "$tries" -le 100 ] || fail "its last processes do not end: kill -9 -- -$group"
    sleep 0.1
  done
}
`;

/** Makes that place, and tries that there is room for sockets, pids and the first lines of a log. A start that fails takes it away. */
export const makePlace = `place=starting.$$
trap 'rm -rf "$place"' EXIT
mkdir "$place"
printf '%65536s' '' 2>/dev/null >"$place/room" || fail "no space left on the disk that holds $PWD"
rm "$place/room"
`;

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
