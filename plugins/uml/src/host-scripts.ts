import { MiB, quote, type Host, type Interface, type Project, type Scripts } from '@mln/core';
import { head, waitFor } from './script-parts.js';

/*
 * All paths are relative to the host's folder: a socket's path may have 107 bytes at most, unix(7), and the projects
 * folder may be anywhere. Disks and sockets outside the folder are reached through links in it, as a kernel command
 * line cannot hold blanks or commas.
 */

export function emitHost(host: Host, scripts: Scripts, project: Project): void {
  scripts.script('start', startScript(host, project));
  scripts.script('stop', stopScript(host, project));
}

function startScript(host: Host, project: Project): string {
  const unit = `${host.name}.${project.name}`;
  const kernel = String(host.keywords['kernel'] ?? 'linux.uml');
  const mounts = host.disks.flatMap((disk, index) =>
    disk.existing ? [`ln -sfn -- ${quote(disk.path)} ${linkOf(index)}`] : [],
  );
  const command = [...prefix(host), 'setarch', '-R', quote(kernel), ...kernelArguments(host, project)];
  return `${head(`Starts ${unit} (User-Mode Linux). Usage: start [screen|xterm|none]`, unit)}
term=\${1:-${host.term}}
set -- ${command.join(' \\\n  ')}
if [ "$term" = run ]; then
  echo $$ >pid
  exec "$@"
fi

if running; then
  echo "${unit} runs already"
  exit 0
fi
need setarch setsid ${quote(kernel)}
${switchChecks(host)}rm -rf run pid
[ ! -f console.log ] || mv -f console.log console.log.1
[ -p console.in ] || mkfifo -m 600 console.in
umask 077
${mounts.map((line) => `${line}\n`).join('')}case $term in
none)
  setsid ./start run <>console.in >console.log 2>&1 &
  ;;
screen)
  need screen
  screen -L -Logfile console.log -dmS ${unit} ./start run
  # Otherwise it keeps the log to itself for ten seconds.
  screen -S ${unit} -X logfile flush 0 >/dev/null || :
  ;;
xterm)
  need xterm script
  setsid xterm -T ${unit} -e script -q -f -c 'exec ./start run' console.log >/dev/null 2>&1 &
  ;;
*) fail "a console is shown by screen, xterm or none, not $term" ;;
esac
alive() { [ ! -s pid ] || running || fail "User-Mode Linux ended at once: $(tail -n 3 console.log)"; }
${waitFor(`[ -s run/${host.name}/pid ] || ! alive`, 100, 'User-Mode Linux has not begun to run within 10 s')}`;
}

/** A switch that was killed leaves its socket; one that mln does not run has no pid. */
function switchChecks(host: Host): string {
  const names = switchesOf(host);
  if (names.length === 0) return '';
  return `need_switch() {
  if [ ! -S "../$1/ctl" ] || { [ -e "../$1/pid" ] && ! kill -0 "$(cat "../$1/pid")" 2>/dev/null; }; then
    fail "the switch $1 does not run; start it first"
  fi
}
${names.map((name) => `need_switch ${name}\n`).join('')}`;
}

function stopScript(host: Host, project: Project): string {
  const unit = `${host.name}.${project.name}`;
  const socket = `run/${host.name}/mconsole`;
  return `${head(`Stops ${unit} (User-Mode Linux). Usage: stop [cad|halt|kill|wait SECONDS|clean]`, unit)}
if ! running; then
  if [ -e pid ]; then
    rm -rf run pid
    [ "\${1:-}" != clean ] || echo "${unit}: what it left when it died is taken away"
  fi
  exit 0
fi
ask() { timeout 5 uml_mconsole ${socket} "$@" >/dev/null 2>&1; }
case \${1:-cad} in
cad)
  need timeout uml_mconsole
  # In its first second the kernel has no socket yet.
  tries=0
  while running && [ ! -S ${socket} ] && [ "$tries" -lt 50 ]; do
    tries=$((tries + 1))
    sleep 0.1
  done
  ask cad || ! running || fail "its kernel does not answer"
  ;;
halt)
  # Filesystems are written out and made read-only first, so that they are found clean.
  ask sysrq s || :
  ask sysrq u || :
  sleep 2
  ask halt || :
  ;;
kill) kill -KILL "-$(pid)" ;;
wait)
  # The last of its processes lets go of the disk.
  tries=0
  group=$(pid)
  while kill -0 "-$group" 2>/dev/null; do
    tries=$((tries + 1))
    [ "$tries" -le $((\${2:-60} * 10)) ] || fail "still runs"
    # A kernel that was asked before its init could listen has begun anew.
    [ $((tries % 20)) -ne 0 ] || ask cad || :
    sleep 0.1
  done
  ;;
clean) ;;
*) fail "stop takes cad, halt, kill, wait SECONDS or clean, not $1" ;;
esac
`;
}

function prefix(host: Host): string[] {
  const { nice, cpus } = host.keywords;
  return [
    ...(nice === undefined ? [] : ['nice', '-n', quote(String(nice))]),
    ...(cpus === undefined ? [] : ['taskset', '-c', quote(String(cpus))]),
  ];
}

/** What the kernel is told; see its Documentation/virt/uml, and `linux.uml --help`. */
function kernelArguments(host: Host, project: Project): string[] {
  return [
    `mem=${host.memory / MiB}M`,
    ...host.disks.flatMap((disk, index) =>
      disk.mount?.type === 'hostfs' ? [] : [`ubd${index}=${disk.existing ? linkOf(index) : disk.path}`],
    ),
    'root=/dev/ubda',
    'rw',
    ...host.interfaces.flatMap(networkArgument),
    `umid=${host.name}`,
    'uml_dir=run',
    'con=null',
    'con0=fd:0,fd:1',
    // Nothing reads it; it tells guests apart in a list of processes.
    `mln=${host.name}.${project.name}`,
  ];
}

function networkArgument({ name, mac, switch: connected }: Interface): string[] {
  return connected === null ? [] : [`${name}=daemon,${mac ?? ''},unix,../${connected}/ctl`];
}

function switchesOf(host: Host): string[] {
  return [...new Set(host.interfaces.flatMap((each) => each.switch ?? []))];
}

/** The link in the host's folder that stands for a disk elsewhere. */
function linkOf(index: number): string {
  return `disk${index}`;
}
