import { quote, type Project, type Scripts, type Switch } from '@mln/core';
import { head, waitFor } from './script-parts.js';

/**
 * A switch is a uml_switch(1) that listens on `ctl` in its folder; or a link there to one that mln does not run. As a
 * daemon it would leave its folder, by which it is known; in the foreground it ends with its input, which is a fifo
 * that nobody closes.
 */
export function emitSwitch(unit: Switch, scripts: Scripts, project: Project): void {
  const name = `${unit.name}.${project.name}`;
  scripts.script('start', unit.socket === null ? startScript(unit, name) : linkScript(unit.socket, name));
  scripts.script('stop', stopScript(name));
}

function startScript(unit: Switch, name: string): string {
  const command = [
    'uml_switch',
    '-unix',
    'ctl',
    ...(unit.hub ? ['-hub'] : []),
    ...(unit.tap === null ? [] : ['-tap', quote(unit.tap)]),
  ];
  return `${head(`Starts the switch ${name}.`, name)}
if running; then
  echo "${name} runs already"
  exit 0
fi
need uml_switch setsid
umask 077
rm -f ctl
[ -p switch.in ] || mkfifo -m 600 switch.in
setsid ${command.join(' ')} <>switch.in >switch.log 2>&1 &
echo $! >pid
alive() { running || fail "it ended at once: $(tail -n 3 switch.log)"; }
${waitFor('[ -S ctl ] || ! alive', 100, 'has not begun to listen within 10 s: $(tail -n 3 switch.log)')}`;
}

function linkScript(socket: string, name: string): string {
  return `${head(`Joins the switch ${name}, which others run.`, name)}
ln -sfn -- ${quote(socket)} ctl
[ -S ctl ] || fail ${quote(`nobody listens on ${socket}`)}
`;
}

function stopScript(name: string): string {
  return `${head(`Stops the switch ${name}. Usage: stop [clean]`, name)}
if running; then
  [ "\${1:-}" != clean ] || exit 0
  kill "$(pid)"
  ${waitFor('! running', 100, 'still runs').trimEnd().replaceAll('\n', '\n  ')}
elif [ -e pid ] && [ "\${1:-}" = clean ]; then
  echo "${name}: what it left when it died is taken away"
fi
rm -f ctl pid
`;
}
