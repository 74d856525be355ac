import { quote, type Project, type Scripts, type Switch } from '@mln/core';
import { becomeProgram, head, makePlace, waitFor } from './script-parts.js';
import { holdTaps, needTaps, untapScript, type Tap } from './tap-scripts.js';

/** The longest path of a folder in which a vde_switch can listen: its sockets are called by their whole paths. */
const LONGEST_FOLDER = 80;

/**
 * A switch is a uml_switch(1) that listens on `ctl` in its folder, or a vde_switch(1) that has its sockets in a folder
 * of that name; or a link there to one that mln does not run. As a daemon it would leave its folder, by which it is
 * known; in the foreground it ends with its input, which is a fifo that nobody closes.
 */
export function emitSwitch(unit: Switch, scripts: Scripts, project: Project): void {
  const name = `${unit.name}.${project.name}`;
  scripts.script('start', unit.socket === null ? startScript(unit, name) : linkScript(unit.socket, name));
  scripts.script('stop', unit.socket === null ? stopScript(unit, name) : unlinkScript(name));
  if (tapsOf(unit).length > 0) scripts.script('untap', untapScript(name));
}

/** Tells whether a switch is a vde_switch(1) that mln runs. */
export function isVde({ keywords, socket }: Switch): boolean {
  return socket === null && keywords['vde'] === true;
}

/** The tap of the physical host that a switch is joined to. */
function tapsOf({ tap, socket, mtu, bridge }: Switch): readonly Tap[] {
  return tap === null || socket !== null ? [] : [{ name: tap, address: null, mtu, bridge }];
}

function startScript(unit: Switch, name: string): string {
  const [program] = commandOf(unit);
  const taps = tapsOf(unit);
  return `${head(`Starts the switch ${name}.`, name)}
place=\${2:-}
set -- "\${1:-}" ${commandOf(unit).join(' ')}
if [ "$1" = run ]; then
  shift
${holdTaps(taps)}${becomeProgram}fi

need ${program} setsid
lock
if running; then
  echo "${name} runs already"
  exit 0
fi
umask 077
${isVde(unit) ? removeVde : ''}rm -rf ctl pid starting.*
[ -p switch.in ] || mkfifo -m 600 switch.in
${makePlace}${needTaps(taps)}${isVde(unit) ? makeVde : ''}setsid ./start run "$place" <>switch.in >switch.log 2>&1 9<&- &
alive() { [ ! -s pid ] || running || fail "it ended at once: $(tail -n 3 switch.log)"; }
${waitFor(`[ -S ${isVde(unit) ? 'ctl/ctl' : 'ctl'} ] || ! alive`, 100, 'has not begun to listen within 10 s: $(tail -n 3 switch.log)')}`;
}

/** The program and its arguments. A vde_switch has 32 ports if nobody says more, and reads its user's own commands. */
function commandOf(unit: Switch): [string, ...string[]] {
  const tap = unit.tap === null ? [] : ['-tap', quote(unit.tap)];
  if (!isVde(unit)) return ['uml_switch', '-unix', 'ctl', ...(unit.hub ? ['-hub'] : []), ...tap];
  const ports = String(Math.max(32, unit.ports.length + 8));
  const access = ['-m', '0600', '--dirmode', '0700', '-f', '/dev/null'];
  return ['vde_switch', '-s', 'ctl', '-n', ports, ...access, ...(unit.hub ? ['-x'] : []), ...tap];
}

const makeVde = `if [ "$(printf %s "$PWD" | wc -c)" -gt ${LONGEST_FOLDER} ]; then
  ln -s "$(mktemp -d "\${XDG_RUNTIME_DIR:-/tmp}/mln-vde.XXXXXX")" ctl
fi
`;

const removeVde = `if [ -L ctl ]; then rm -rf -- "$(readlink ctl)"; fi
`;

function linkScript(socket: string, name: string): string {
  const at = quote(socket);
  return `${head(`Joins the switch ${name}, which others run.`, name)}
ln -sfn -- ${at} ctl
[ -e ctl ] || fail ${quote(`nobody listens on ${socket}: it does not exist, or you may not reach it`)}
socket=ctl
[ ! -d ctl ] || socket=ctl/ctl
[ -S "$socket" ] || fail ${quote(`${socket} is neither the socket of a uml_switch nor the folder of a vde_switch`)}
[ -w "$socket" ] || fail ${quote(`you may not use the switch that listens on ${socket}`)}
`;
}

/** The switch goes on, and so does what it is joined to; what mln cleans away is its own. */
function unlinkScript(name: string): string {
  return `${head(`Leaves the switch ${name}, which others run. Usage: stop [clean]`, name)}
[ "\${1:-}" = clean ] || rm -f ctl
`;
}

function stopScript(unit: Switch, name: string): string {
  const untap = tapsOf(unit).length > 0 ? './untap\n' : '';
  return `${head(`Stops the switch ${name}. Usage: stop [clean]`, name)}
lock
died=
for each in pid ctl starting.*; do
  [ ! -e "$each" ] || died=1
done
rm -rf starting.*
if running; then
  [ "\${1:-}" != clean ] || exit 0
  kill "$(pid)"
  ${waitFor('! running', 100, 'still runs').trimEnd().replaceAll('\n', '\n  ')}
elif [ -n "$died" ] && [ "\${1:-}" = clean ]; then
  echo "${name}: what it left when it died is taken away"
fi
${untap}${isVde(unit) ? `${removeVde}rm -rf ctl pid` : 'rm -f ctl pid'}
`;
}
