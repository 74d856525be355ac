import { quote, type Host, type Project } from '@mln/core';
import { bridgeOfInterface } from './bridges.js';
import { cardsOf } from './domain-file.js';
import { kernelOf, ramdiskOf, type Options } from './guest-type.js';
import { consoleFunction, head, lock, lookFunction, rootOnly, settleFunctions } from './script-parts.js';

interface Started {
  readonly project: Project;
  readonly options: Options;
  readonly unit: string;
  readonly uuid: string;
  /** The paths of its disks. */
  readonly paths: readonly string[];
}

/**
 * Makes the domain paused, attaches its console, and lets it go: nothing of its boot is missed. Saved memory is renamed
 * before it is used and gone afterwards: it never meets a disk that has changed since.
 */
export function startScript(host: Host, { project, options, unit, uuid, paths }: Started): string {
  return `${head(`Starts ${unit} (Xen). Usage: start [screen|xterm|none]`, unit)}term=\${1:-${host.term}}
${rootOnly(unit, 'only root may start guests of Xen')}need xl setsid
case $term in
none) ;;
screen) need screen ;;
xterm) need xterm script ;;
*) fail "a console is shown by screen, xterm or none, not $term" ;;
esac
${lookFunction(unit, uuid, ['reason', 'stranger'])}${settleFunctions}${consoleFunction}${beginConsole(unit)}${lock}${running(unit)}${checks(host, project, options, paths)}${isFiltered(host) ? './filter up\n' : ''}${making(unit)}${going}`;
}

/** Whether somebody has a script in the host's folder that filters what its cards send. */
export function isFiltered({ interfaces }: Pick<Host, 'interfaces'>): boolean {
  return interfaces.some(({ keywords }) => keywords?.['vifname'] !== undefined);
}

/** Begins the console where nobody keeps it, and waits until it is there. */
function beginConsole(unit: string): string {
  return `begin_console() {
  ! console_runs || return 0
  [ -p console.in ] || {
    rm -f console.in
    mkfifo -m 600 console.in
  }
  : >starting.console
  case $term in
  none) setsid ./console starting.console <>console.in >>console.log 2>&1 9<&- & ;;
  screen)
    screen -L -Logfile console.log -dmS ${unit} ./console starting.console 9<&-
    # Otherwise it keeps the log to itself for ten seconds.
    screen -S ${unit} -X logfile flush 0 >/dev/null || :
    ;;
  xterm) setsid xterm -T ${unit} -e script -q -f -a -c "exec ./console starting.console" console.log >/dev/null 2>&1 9<&- & ;;
  esac
  tries=0
  until [ -s starting.console ]; do
    tries=$((tries + 1))
    { [ -e starting.console ] && [ "$tries" -le 200 ]; } || fail "its console cannot be reached: $(tail -n 1 console.log)"
    sleep 0.1
  done
}
`;
}

/** A domain that runs is left alone; what a start or a save that was cut off has left of one is taken away first. */
function running(unit: string): string {
  return `settle || fail "its domain is still going down, or made anew"
if [ -n "$number" ]; then
  if ! dead && ! half_made; then
    umask 077
    begin_console
    if [ -e starting.unpause ]; then
      case $state in *p*) xl unpause "$number" ;; esac
    fi
    # It has gone on since, whoever started it.
    rm -f starting.* memory.restoring memory.save
    echo "${unit} runs already"
    exit 0
  fi
  end_domain
fi
[ -z "$stranger" ] || fail "another domain has its name, with the UUID $stranger: xl rename ${unit} NAME gives that one another"
rm -f starting.* memory.save.part
`;
}

function checks(host: Host, project: Project, options: Options, paths: readonly string[]): string {
  const bridges = new Set(cardsOf(host).flatMap((card) => bridgeOfInterface(card, project) ?? []));
  const kernel = kernelOf(host, options);
  const ramdisk = ramdiskOf(host, options);
  const files = [
    ...(kernel === null ? [] : [['kernel', kernel] as const]),
    ...(ramdisk === null ? [] : [['ramdisk', ramdisk] as const]),
  ];
  return `${files
    .map(([what, path]) => `[ -r ${quote(path)} ] || fail ${quote(`its ${what} ${path} is missing`)}\n`)
    .join('')}need_disk() { [ -b "$1" ] || [ -f "$1" ] || fail "its disk $1 is missing"; }
${paths.map((path) => `need_disk ${quote(path)}\n`).join('')}${bridges.size === 0 ? '' : bridgeChecks(bridges)}`;
}

function bridgeChecks(bridges: ReadonlySet<string>): string {
  return `need ip
links=$(ip -o link show type bridge)
need_bridge() {
  case $links in
  *": $1: "*) ;;
  *) fail "there is no bridge $1: start the switch that it belongs to, or make it: ip link add $1 type bridge" ;;
  esac
}
${[...bridges].map((bridge) => `need_bridge ${quote(bridge)}\n`).join('')}`;
}

/**
 * Whoever kills this script leaves the shell that waits for xl: it holds the lock until the domain is whole. Where xl
 * itself was killed, starting.create tells that the domain is not.
 */
function making(unit: string): string {
  return `umask 077
printf '%65536s' '' 2>/dev/null >starting.room || fail "no space left on the disk that holds $PWD"
rm starting.room
if [ -e memory.restoring ]; then
  echo "${unit}: it was cut off while its memory was restored, and the disk may have changed since: it boots anew, without that memory" >&2
  rm -f memory.restoring
fi
undo() {
  exec 8<&-
  if [ -e starting.create ] || [ -e starting.unpause ]; then
    end_domain
    rm -f domid starting.*
    [ ! -e memory.restoring ] || mv -f memory.restoring memory.save
  fi
}
# That of an earlier domain ends by itself, but would take this one for its own.
while console_runs; do
  kill -- "-$keeper" 2>/dev/null || kill "$keeper" 2>/dev/null || :
  sleep 0.1
done
trap undo EXIT
trap 'exit 1' HUP INT TERM
: >starting.create
if [ -e memory.save ]; then
  mv -f memory.save memory.restoring
  sync . 2>/dev/null || sync
  doing="cannot go on with its saved memory; rm memory.save in $PWD has it boot anew"
  set -- restore -p memory.restoring
else
  [ ! -f console.log ] || mv -f console.log console.log.1
  doing='its domain cannot be made'
  set -- create -p domain.cfg
fi
exec 8<domain.cfg
flock -w 10 8 || fail "an xl still watches its last domain"
(
  xl "$@" >xl.log 2>&1 9<&- && mv -f starting.create starting.unpause
) || {
  said=$(grep -v -e '^Parsing' -e '^Loading' -e '^ Savefile' -e '^xc: [ip]' -e estroy -e Destruction -e '^ *$' xl.log | head -n 3)
  case $said in
  *'Out of memory'* | *'Cannot allocate memory'* | *'ailed to free memory'*)
    fail "$doing: the hypervisor has too little memory left, see free_memory in xl info"
    ;;
  esac
  fail "$doing: $said"
}
exec 8<&-
look
[ -n "$number" ] || fail "its domain has ended at once"
echo "$number" >domid
`;
}

const going = `begin_console
# From here on it writes: what it had saved is used up, whatever becomes of this script.
trap '' HUP INT TERM
xl unpause "$number" || fail "its domain cannot be set going"
trap - EXIT
rm -f starting.* memory.restoring
`;
