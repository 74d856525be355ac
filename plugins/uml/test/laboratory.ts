import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { unitsOf, type Project } from '@mln/core';
import uml from '@mln/plugin-uml';
import { createScripts } from '../../../core/src/scripts.js';
import { decided, testKernel } from '../../../test/support/test-kernel.js';

/*
 * Runs the scripts of a project for real, against programs that only pretend: a kernel that writes its pid where
 * User-Mode Linux does and waits, a switch that listens, a monitor console that ends the kernel. Each logs what it is
 * told. They are found first on PATH, and so is a sleep of a tenth of the time.
 */

const programs: Readonly<Record<string, string>> = {
  // FAKE_KERNEL=dies: it says why and ends. FAKE_KERNEL=deaf: nothing listens. Its child is in its group.
  'linux.uml': `#!/usr/bin/perl
use IO::Socket::UNIX;
open(my $log, '>', 'arguments'); print $log join("\\n", @ARGV), "\\n"; close($log);
my $mode = $ENV{FAKE_KERNEL} // '';
$| = 1;
if ($mode eq 'dies') { print "Checking that ptrace can change system call numbers...\\nfailed to open root.img\\n"; exit 1 }
my ($umid) = map { /^umid=(.*)/ } @ARGV;
print "booting $umid\\n";
mkdir 'run'; mkdir "run/$umid";
my $socket = IO::Socket::UNIX->new(Local => "run/$umid/mconsole", Listen => 1) unless $mode eq 'deaf';
unless (fork) { exec '/bin/sleep', '60' }
open(my $pid, '>', "run/$umid/pid"); print $pid "$$\\n"; close($pid);
$SIG{TERM} = sub { unlink "run/$umid/mconsole", "run/$umid/pid"; rmdir "run/$umid"; $SIG{TERM} = 'IGNORE'; kill 'TERM', -$$; exit 0 };
sleep 1 while 1;
`,
  uml_switch: `#!/usr/bin/perl
use IO::Socket::UNIX;
open(my $log, '>', 'arguments'); print $log join("\\n", @ARGV), "\\n"; close($log);
if (($ENV{FAKE_SWITCH} // '') eq 'dies') { print "tap0: Operation not permitted\\n"; exit 1 }
my $socket = IO::Socket::UNIX->new(Local => $ARGV[1], Listen => 1) or die "cannot listen: $!";
sleep 1 while 1;
`,
  uml_mconsole: `#!/bin/sh
echo "$*" >>mconsole.log
socket=$1
shift
[ "\${FAKE_CONSOLE:-}" != silent ] || exit 1
[ "\${FAKE_CONSOLE:-}" != deaf ] || exit 0
case $* in
cad | halt) kill -TERM "$(cat "$(dirname "$socket")/pid")" ;;
esac
`,
  sleep: '#!/bin/sh\ncase $1 in\n2) exec /bin/sleep 0.05 ;;\n*) exec /bin/sleep 0.02 ;;\nesac\n',
  screen: `#!/bin/sh
echo "$*" >>screen.arguments
[ "$1" != -S ] || exit 0
shift 5
setsid "$@" </dev/null >console.log 2>&1 &
`,
  // Keeps links as files beside the programs: number, flags, kind, owner, master; and addresses, a line each.
  ip: `#!/bin/sh
links=$(dirname "$0")/../interfaces
[ "$*" = "\${FAKE_IP_FAILS:-}" ] && exit 1
while [ "\${1#-}" != "$1" ]; do shift; done
verb="$1 $2"
case $verb in
"link set") [ "$3" = dev ] && shift; link=$3 ;;
"address add") link=$5 ;;
"tuntap add" | "link show" | "link delete" | "address show") link=$4 ;;
esac
[ "$verb" = "tuntap add" ] || [ -e "$links/$link" ] || exit 1
case $verb in
"tuntap add") echo "$(($(ls "$links" | wc -l) + 7)): $link: <BROADCAST> mtu 1500 link/ether tun type tap pi off" >"$links/$link" ;;
"address add") echo "1: $link    inet $3 scope global $link" >>"$links/$link.addresses" ;;
"address show") [ ! -e "$links/$link.addresses" ] || cat "$links/$link.addresses" ;;
"link show") cat "$links/$link" ;;
"link delete") rm -f "$links/$link" "$links/$link.addresses" ;;
"link set")
  shift 3
  case $1 in
  up) sed -i 's/<BROADCAST>/<BROADCAST,UP>/' "$links/$link" ;;
  mtu) sed -i "s/mtu [0-9]*/mtu $2/" "$links/$link" ;;
  master) sed -i "s/$/ master $2/" "$links/$link" ;;
  esac
  ;;
esac
`,
  'slirp-fullbolt': '#!/bin/sh\n',
  id: '#!/bin/sh\ncase "$1 \${FAKE_USER:-root}" in\n"-u root") echo 0 ;;\n"-u "*) echo 1000 ;;\n*) echo "\${FAKE_USER:-root}" ;;\nesac\n',
  xterm: '#!/bin/sh\nprintf \'%s\\n\' "$@" >xterm.arguments\nshift 3\nexec "$@" </dev/null >/dev/null 2>&1\n',
};

export interface Result {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Laboratory {
  readonly project: Project;
  /** Runs a script of a unit, as `a/start none`; environment variables steer the fakes. */
  run(command: string, environment?: Readonly<Record<string, string>>): Result;
  path(file: string): string;
  read(file: string): string;
  exists(file: string): boolean;
  write(file: string, text: string): void;
  /** The process that a unit's pid file names; NaN where there is none. */
  pid(unit: string): number;
  /** Begins a process that the laboratory ends with itself. */
  begin(folder: string, program: string, ...args: string[]): ChildProcess;
  /** Takes a fake away; programs of that name elsewhere are not found either. */
  without(...names: string[]): void;
  close(): void;
}

/** Writes the scripts of a project's units into a folder of its own; shell is what they name in their first line. */
export async function laboratory(text: string, shell = '/bin/dash'): Promise<Laboratory> {
  // A blank, a quote and a dollar in the path: scripts may lie anywhere.
  const folder = join(realpathSync(mkdtempSync(join(tmpdir(), 'mln-uml-'))), "it's a $HOME");
  const bin = join(dirname(folder), 'bin');
  const mln = await testKernel([[uml, { default: true }]], { projects: folder });
  const project = await decided(mln, '/lab.mln', text);
  const write = (path: string, content: string, mode = 0o600): void => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content, { mode });
  };
  for (const [name, content] of Object.entries(programs)) write(join(bin, name), content, 0o755);
  for (const unit of unitsOf(project)) {
    const { scripts, files } = createScripts();
    mln.hooks.emitScripts.call(unit, scripts, project);
    for (const { path, text: script } of files)
      write(join(project.directory, unit.name, path), script.replace(/^#!\/bin\/sh$/m, `#!${shell}`), 0o700);
    const disks = unit.kind === 'host' ? unit.disks.filter(({ existing }) => !existing) : [];
    for (const disk of disks) write(join(project.directory, unit.name, disk.path), '');
  }
  const began: ChildProcess[] = [];
  let hidden: readonly string[] = [];
  const at = (file: string): string => join(project.directory, file);
  const lab: Laboratory = {
    project,
    run(command, environment = {}) {
      const [script = '', ...args] = command.split(' ');
      const path = hidden.length > 0 ? pathWithout(bin, hidden) : `${bin}:${process.env['PATH'] ?? '/usr/bin:/bin'}`;
      const result = spawnSync(at(script), args, {
        cwd: '/',
        encoding: 'utf8',
        timeout: 20_000,
        env: { HOME: '/nonexistent', ...environment, PATH: path },
      });
      return { status: result.status ?? -1, stdout: result.stdout, stderr: result.stderr };
    },
    path: at,
    read: (file) => readFileSync(at(file), 'utf8'),
    exists: (file) => existsSync(at(file)),
    write: (file, content) => {
      write(at(file), content);
    },
    pid: (unit) => (existsSync(at(`${unit}/pid`)) ? Number(readFileSync(at(`${unit}/pid`), 'utf8')) : Number.NaN),
    begin(where, program, ...args) {
      const child = spawn(program, args, { cwd: at(where), stdio: 'ignore', detached: true });
      began.push(child);
      return child;
    },
    without: (...names) => {
      hidden = names;
    },
    close() {
      for (const child of began) child.kill('SIGKILL');
      for (const pid of processesIn(folder)) kill(pid);
      rmSync(dirname(folder), { recursive: true, force: true });
    },
  };
  return lab;

  function pathWithout(programsFolder: string, names: readonly string[]): string {
    const links = join(dirname(folder), 'links');
    mkdirSync(links, { recursive: true });
    const wanted = [
      'sh',
      'cat',
      'dirname',
      'readlink',
      'rm',
      'mv',
      'mkfifo',
      'mkdir',
      'rmdir',
      'flock',
      'tail',
      'setsid',
      'setarch',
      'timeout',
      'ln',
      'stat',
      'sed',
      'head',
    ];
    for (const name of wanted.filter((each) => !names.includes(each)))
      write(join(links, name), `#!/bin/sh\nPATH=/usr/bin:/bin exec ${name} "$@"\n`, 0o755);
    for (const name of readdirSync(programsFolder).filter((each) => !names.includes(each)))
      write(join(links, name), `#!/bin/sh\nexec '${join(programsFolder, name)}' "$@"\n`, 0o755);
    return links;
  }
}

/** Processes that work below a folder: those that the scripts began. */
export function processesIn(folder: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
      } catch {
        return false;
      }
    });
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended in the meantime.
  }
}

/** Waits until something is so; says so when it is not within two seconds. */
export async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (condition()) return;
    await pause(10);
  }
  throw new Error(`not so within 2 s: ${String(condition)}`);
}
