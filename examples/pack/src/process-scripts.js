// @ts-check
/** @import { Scripts } from '@mln/core' */

/*
 * Scripts run by hand, in any folder, under any sh: they go to their own folder first. A pid alone may have been given
 * to another process since; the folder that a process works in says whose it is.
 */
const head = `set -eu
cd -P -- "$(dirname -- "$0")"
pid() { cat pid 2>/dev/null || echo none; }
running() { [ "$(readlink "/proc/$(pid)/cwd" 2>/dev/null)" = "$PWD" ]; }
fail() {
  echo "$unit: $1" >&2
  exit 1
}
# until CONDITION TENTHS: waits until it comes true; fails where it does not in so many tenths of a second.
wait_until() {
  tries=0
  until $1; do
    tries=$((tries + 1))
    [ "$tries" -le "$2" ] || return 1
    sleep 0.1
  done
}
gone() { ! running; }
# One script of this folder works at a time.
exec 9<start
flock -w 60 9 || fail "another script has worked on it for a minute"
`;

/**
 * Writes the scripts start and stop of a unit that is one process: `run`, which reads its lines from the pipe console.in
 * and writes to console.log. The unit is `HOST.PROJECT`; names need no quotes.
 *
 * @param {Scripts} scripts
 * @param {string} unit
 * @param {string} loop What the process does.
 */
export function emitProcess(scripts, unit, loop) {
  scripts.script(
    'run',
    `#!/bin/sh
# What ${unit} is while it runs. It ends by the signal TERM.
set -u
trap 'echo "${unit} goes down"; rm -f pid; exit 0' TERM
echo $$ >pid.new
mv pid.new pid
${loop}`,
  );
  scripts.script(
    'start',
    `#!/bin/sh
# Starts ${unit}.
unit=${unit}
${head}if running; then
  echo "$unit runs already"
  exit 0
fi
umask 077
rm -f pid
[ -p console.in ] || mkfifo console.in
setsid ./run <>console.in >console.log 2>&1 9<&- &
wait_until running 50 || fail "it ended at once: $(tail -n 3 console.log)"
`,
  );
  scripts.script(
    'stop',
    `#!/bin/sh
# Stops ${unit}. Usage: stop [halt|kill|wait SECONDS|clean]
unit=${unit}
${head}if ! running; then
  [ ! -e pid ] || [ "\${1:-}" != clean ] || echo "$unit: what it left when it died is taken away"
  rm -f pid
  exit 0
fi
case \${1:-halt} in
halt) kill -TERM "$(pid)" ;;
kill) kill -KILL "-$(pid)" ;;
wait) wait_until gone $((\${2:-60} * 10)) || fail "still runs" ;;
clean) ;;
*) fail "stop takes halt, kill, wait SECONDS or clean, not $1" ;;
esac
`,
  );
}
