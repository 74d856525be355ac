import { MiB, quote, type Host, type Project, type Scripts } from '@mln/core';
import { cardFunction, networkArguments, networkChecks, tapsOf } from './cards.js';
import { becomeProgram, endRest, head, makePlace, waitFor } from './script-parts.js';
import { holdTaps, needTaps, untapScript } from './tap-scripts.js';
import { tapOf } from './uplink.js';

/*
 * All paths are relative to the host's folder: a socket's path may have 107 bytes at most, unix(7), and the projects
 * folder may be anywhere. Disks and sockets outside the folder are reached through links in it, as a kernel command
 * line cannot hold blanks or commas.
 */

export function emitHost(host: Host, scripts: Scripts, project: Project): void {
  scripts.script('start', startScript(host, project));
  scripts.script('stop', stopScript(host, project));
  if (tapsOf(host).length > 0) scripts.script('untap', untapScript(`${host.name}.${project.name}`, isFiltered(host)));
}

/** Whether somebody has a script in the host's folder that filters what its taps send. */
function isFiltered(host: Host): boolean {
  return host.interfaces.some((card) => card.keywords?.['port_filter'] === true && tapOf(card) !== null);
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
place=\${2:-}
${cardFunction(host, project)}set -- ${command.join(' \\\n  ')}
if [ "$term" = run ]; then
${holdTaps(tapsOf(host))}${becomeProgram}fi

need setarch setsid ${quote(kernel)}
lock
if running; then
  echo "${unit} runs already"
  exit 0
fi
${endRest}end_rest
${useChecks(host)}${diskChecks(host)}${networkChecks(host)}${folderChecks(host)}rm -rf run pid starting.*
[ ! -f console.log ] || mv -f console.log console.log.1
[ -p console.in ] || mkfifo -m 600 console.in
umask 077
${mounts.map((line) => `${line}\n`).join('')}${memoryCheck}${makePlace}${needTaps(tapsOf(host))}${isFiltered(host) ? './filter up\n' : ''}case $term in
none)
  setsid ./start run "$place" <>console.in >console.log 2>&1 9<&- &
  ;;
screen)
  need screen
  screen -L -Logfile console.log -dmS ${unit} ./start run "$place" 9<&-
  # Otherwise it keeps the log to itself for ten seconds.
  screen -S ${unit} -X logfile flush 0 >/dev/null || :
  ;;
xterm)
  need xterm script
  setsid xterm -T ${unit} -e script -q -f -c "exec ./start run $place" console.log >/dev/null 2>&1 9<&- &
  ;;
*) fail "a console is shown by screen, xterm or none, not $term" ;;
esac
${death}alive() { [ ! -s pid ] || running || death; }
${waitFor(`[ -s run/${host.name}/pid ] || ! alive`, 100, 'User-Mode Linux has not begun to run within 10 s')}`;
}

/** Where the kernel makes the file that is the guest's memory, as choose_tempdir of its arch/um/os-Linux/mem.c does. */
const memoryCheck = `memory=\${TMPDIR:-\${TMP:-\${TEMP:-/dev/shm}}}
[ -d "$memory" ] || [ "$memory" != /dev/shm ] || memory=/tmp
{ [ -d "$memory" ] && [ -w "$memory" ]; } ||
  fail "the folder $memory, where it would have its memory, is missing or may not be written; TMPDIR names another"
`;

/** What a guest that ended at once has died of. */
const death = `death() {
  ! grep -q -e '^<3>Bus error' -e 'Kernel mode signal 7' console.log ||
    fail "no memory is left in $memory, where guests have theirs; stop others, or name a folder with more room by TMPDIR"
  ! grep -q 'not mounted noexec' console.log ||
    fail "$memory, where it would have its memory, is mounted noexec; TMPDIR names another folder"
  fail "User-Mode Linux ended at once: $(tail -n 3 console.log)"
}
`;

/**
 * The kernel refuses an image with another time of change than the disk's header says (its bytes 8 to 11, big-endian).
 * A disk that has been made whole since begins with something else.
 */
function diskChecks(host: Host): string {
  const checks = host.disks.flatMap(({ path, standsOn }) => {
    if (standsOn === undefined) return [];
    const image = standsOn.startsWith('/') ? standsOn : `../${standsOn}`;
    return [`need_image ${quote(path)} ${quote(image)}\n`];
  });
  if (checks.length === 0) return '';
  return `need_image() {
  [ "$(head -c 4 "$1")" = OOOM ] || return 0
  [ -r "$2" ] || fail "the image $2, which the disk $1 stands on, is missing"
  time=$(od -An -t u1 -j 8 -N 4 "$1" | { read -r a b c d && echo $((((a * 256 + b) * 256 + c) * 256 + d)); })
  [ "$(stat -L -c %Y "$2")" = "$time" ] ||
    fail "the image $2 has changed since the disk $1 was made from it; if its content is the old one: touch -d @$time $2"
}
${checks.join('')}`;
}

/** A kernel locks the disks that it writes; what is locked by another is told before one dies of it. See proc(5). */
function useChecks(host: Host): string {
  const disks = host.disks.filter(({ mount }) => mount?.type !== 'hostfs').map(({ path }) => path);
  return `need_free() {
  [ -e "$1" ] || fail "its disk $1 is missing"
  [ -f "$1" ] || return 0
  at=$(stat -L -c '%d %i' "$1" | { read -r d i && printf '%02x:%02x:%d' $((d >> 8 & 4095)) $((d & 255 | d >> 12 & 1048320)) "$i"; })
  holder=$(sed -n "s/.* WRITE \\([0-9-]*\\) $at .*/\\1/p" /proc/locks | head -n 1)
  [ -z "$holder" ] || fail "its disk $1 is in use: process $holder writes to it; end that first"
}
${disks.map((path) => `need_free ${quote(path)}\n`).join('')}`;
}

/** Folders of the physical host that the guest mounts: they may have gone since the build. */
function folderChecks(host: Host): string {
  const folders = host.disks.filter(({ mount }) => mount?.type === 'hostfs').map(({ path }) => path);
  if (folders.length === 0) return '';
  return `need_folder() {
  { [ -d "$1" ] && [ -r "$1" ] && [ -x "$1" ]; } || fail "the folder $1, which it mounts, is missing or may not be read"
}
${folders.map((path) => `need_folder ${quote(path)}\n`).join('')}`;
}

function stopScript(host: Host, project: Project): string {
  const unit = `${host.name}.${project.name}`;
  const socket = `run/${host.name}/mconsole`;
  return `${head(`Stops ${unit} (User-Mode Linux). Usage: stop [cad|halt|kill|wait SECONDS|clean]`, unit)}
${endRest}lock
died=
for each in run/${host.name} starting.*; do
  [ ! -e "$each" ] || died=1
done
rm -rf starting.*
if ! running; then
  end_rest
  rm -rf run pid
${tapsOf(host).length > 0 ? '  ./untap\n' : ''}  [ "\${1:-}" != clean ] || [ -z "$died" ] || echo "${unit}: what it left when it died is taken away"
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
    ...networkArguments(host, project),
    // Mounts of the physical host begin at the host's folder, where links stand for what is mounted.
    ...(host.disks.some(({ mount }) => mount?.type === 'hostfs') ? ['hostfs=.'] : []),
    `umid=${host.name}`,
    'uml_dir=run',
    'con=null',
    'con0=fd:0,fd:1',
    // Nothing reads it; it tells guests apart in a list of processes.
    `mln=${host.name}.${project.name}`,
  ];
}

/** The link in the host's folder that stands for a disk elsewhere. */
function linkOf(index: number): string {
  return `disk${index}`;
}
