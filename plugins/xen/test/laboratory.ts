import { execFileSync, spawn, spawnSync } from 'node:child_process';
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
import { unitsOf } from '@mln/core';
import xen from '@mln/plugin-xen';
import { createScripts } from '../../../core/src/scripts.js';
import { decided, testKernel } from '../../../test/support/test-kernel.js';
import { domainUuid } from '../src/identity.js';

/*
 * Runs the scripts of a project for real, against programs that only pretend. The hypervisor is a file, `domains`, of
 * a line for each domain: name, number, state, UUID, reason. xl(1) leaves a process behind for each domain that it has
 * made, with the descriptors that it has inherited, as the real one does: it takes domains away that have shut down,
 * and makes them anew that reboot. FAKE_XL: no-memory and no-save fail; deaf hears no shutdown.
 */

const xl = `#!/usr/bin/perl
use Fcntl ':flock';
use POSIX ();
my $home = $ENV{FAKE_HOME}; my $mode = $ENV{FAKE_XL} // '';
open(my $log, '>>', "$home/log"); print $log "@ARGV\\n"; close($log);
sub change { my ($how) = @_;
  open(my $lock, '>', "$home/lock"); flock($lock, LOCK_EX);
  open(my $in, '<', "$home/domains"); my @lines = map { [split ' '] } <$in>; close($in);
  @lines = $how->(@lines);
  open(my $out, '>', "$home/domains.new"); print $out "@$_\\n" for @lines; close($out);
  rename("$home/domains.new", "$home/domains"); close($lock);
  return @lines }
sub next_number { open(my $in, '<', "$home/next"); my $n = <$in> || 0; close($in); $n++; open(my $out, '>', "$home/next"); print $out $n; close($out); return $n }
sub state_of { my ($id, $state, $reason) = @_;
  my $found = 0;
  change(sub { map { if ($_->[1] eq $id) { $found = 1; $_->[2] = $state; $_->[4] = $reason // '-' } $_ } @_ });
  if (!$found) { print STDERR "$id is an invalid domain identifier (rc=-6)\\n"; exit 1 } }
sub watch { my ($name, $uuid, $number) = @_;
  exit 0 if fork; POSIX::setsid(); open(STDIN, '<', '/dev/null'); open(STDOUT, '>', '/dev/null'); open(STDERR, '>', '/dev/null'); chdir '/';
  while (1) {
    select(undef, undef, undef, 0.02);
    my ($line) = grep { $_->[1] eq $number } change(sub { @_ });
    exit 0 unless $line;
    next unless $line->[2] =~ /s/ and $line->[4] ne '2';
    select(undef, undef, undef, 0.1);
    change(sub { grep { $_->[1] ne $number } @_ });
    exit 0 unless $line->[4] eq '1';
    select(undef, undef, undef, 0.2);
    $number = next_number();
    change(sub { (@_, [$name, $number, '--p---', $uuid, '-']) });
    select(undef, undef, undef, 0.2);
    state_of($number, '-b----') } }
my $verb = shift @ARGV; my @words = grep { !/^-/ } @ARGV;
if ($verb eq 'list') {
  print "Name ID Mem VCPUs\\tState\\tTime(s) UUID Reason-Code\\tSecurity Label\\nDomain-0 0 768 1 r----- 31.3 00000000-0000-0000-0000-000000000000 - -\\n";
  print "$_->[0] $_->[1] 96 1 $_->[2] 6.1 $_->[3] $_->[4] -\\n" for change(sub { @_ });
} elsif ($verb eq 'create' or $verb eq 'restore') {
  if ($mode eq 'no-memory') { print STDERR "Parsing config from $words[0]\\nxc: error: panic: xg_dom_boot.c:119: can't allocate low memory for domain: Out of memory\\n"; exit 3 }
  open(my $in, '<', $words[0]) or do { print STDERR "Can't open restore file: No such file or directory\\n"; exit 1 };
  local $/; my $text = <$in>; close($in);
  my ($name) = $text =~ /^name = "(.*)"/m; my ($uuid) = $text =~ /^uuid = "(.*)"/m;
  if (!$uuid) { print STDERR "xc: error: Restore failed (0 = Success): Internal error\\n"; exit 1 }
  if (grep { $_->[0] eq $name } change(sub { @_ })) { print STDERR "Domain with name \\"$name\\" already exists.\\n"; exit 3 }
  my $number = next_number();
  change(sub { (@_, [$name, $number, '--p---', $uuid, '-']) });
  if ($mode eq 'slow') { select(undef, undef, undef, 0.5) }
  watch($name, $uuid, $number);
} elsif ($verb eq 'save') {
  if ($mode eq 'no-save') { print STDERR "Saving to $words[1] new xl format\\nFailed to save domain, resuming domain\\n"; exit 1 }
  my ($line) = grep { $_->[1] eq $words[0] } change(sub { @_ });
  open(my $out, '>', $words[1]); print $out "name = \\"$line->[0]\\"\\nuuid = \\"$line->[3]\\"\\n"; close($out);
  change(sub { grep { $_->[1] ne $words[0] } @_ });
} elsif ($verb eq 'unpause') { state_of($words[0], '-b----'); select(undef, undef, undef, 0.5) if $mode eq 'slow'
} elsif ($verb eq 'destroy') { state_of($words[0], '-b----'); change(sub { grep { $_->[1] ne $words[0] } @_ })
} elsif ($verb eq 'shutdown') { state_of($words[0], '---s--', 0) unless $mode eq 'deaf'; exec 'sleep', '60' if $mode eq 'deaf' and grep { $_ eq '-w' } @ARGV
}
`;

const programs: Readonly<Record<string, string>> = {
  xl,
  xenconsole: `#!/usr/bin/perl
$| = 1; my $number = $ARGV[-1];
my ($fd) = map { $ARGV[$_ + 1] } grep { $ARGV[$_] eq '--start-notify-fd' } 0 .. $#ARGV;
if (($ENV{FAKE_CONSOLE} // '') eq 'none') { print STDERR "xenconsole: Could not read tty from store\\n"; exit 2 }
print "console of $number\\n";
if (defined $fd) { open(my $told, ">&=$fd"); syswrite($told, "\\0"); close($told) }
while (1) {
  my $bits = ''; vec($bits, 0, 1) = 1;
  if (select($bits, undef, undef, 0.02)) { sysread(STDIN, my $said, 100); print "guest $number hears $said" }
  open(my $in, '<', "$ENV{FAKE_HOME}/domains"); my @lines = <$in>; close($in);
  exit 0 unless grep { (split ' ')[1] eq $number } @lines }
`,
  id: '#!/bin/sh\\necho "\${FAKE_UID:-0}"\\n'.replaceAll('\\n', '\n'),
  ip: '#!/bin/sh\nfor each in $FAKE_BRIDGES; do echo "2: $each: <BROADCAST,UP> mtu 1500"; done\n',
  sleep: '#!/bin/sh\nexec /bin/sleep 0.02\n',
  sync: '#!/bin/sh\n',
};

export interface Result {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Laboratory {
  /** Runs a script of host a; environment variables steer the fakes. */
  run(command: string, environment?: Readonly<Record<string, string>>): Result;
  /** Begins a script, in a process group of its own. */
  begin(command: string, environment?: Readonly<Record<string, string>>): number;
  path(file: string): string;
  read(file: string): string;
  exists(file: string): boolean;
  write(file: string, text: string): void;
  /** The domains that there are: name, number, state. */
  domains(): readonly string[];
  setDomains(lines: string): void;
  /** What xl was told, but for looks. */
  told(): readonly string[];
  readonly uuid: string;
  close(): void;
}

/** Writes the scripts of a host into a folder of its own; shell is what they name in their first line. */
export async function laboratory(body: string, shell = '/bin/dash'): Promise<Laboratory> {
  const folder = join(realpathSync(mkdtempSync(join(tmpdir(), 'mln-xen-'))), "it's a $HOME");
  const bin = join(dirname(folder), 'bin');
  const home = join(dirname(folder), 'hypervisor');
  const mln = await testKernel([xen], { projects: folder });
  const kernel = join(dirname(folder), 'kernel');
  const text = `global { project lab }\nhost a { xen; kernel ${kernel}\n${body} }`;
  const project = await decided(mln, '/lab.mln', text);
  const write = (path: string, content: string, mode = 0o600): void => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content, { mode });
  };
  for (const [name, content] of Object.entries(programs)) write(join(bin, name), content, 0o755);
  write(kernel, '');
  write(join(home, 'domains'), '');
  for (const unit of unitsOf(project)) {
    const { scripts, files } = createScripts();
    mln.hooks.emitScripts.call(unit, scripts, project);
    for (const { path, text: script, executable } of files)
      write(
        join(project.directory, unit.name, path),
        script.replace(/^#!\/bin\/sh$/m, `#!${shell}`),
        executable ? 0o700 : 0o600,
      );
  }
  const at = (file: string): string => join(project.directory, 'a', file);
  write(at('root.img'), '');
  const read = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');
  const environment = (more: Readonly<Record<string, string>>): Record<string, string> => ({
    FAKE_HOME: home,
    FAKE_BRIDGES: 'br0',
    ...more,
    PATH: `${bin}:${process.env['PATH'] ?? '/usr/bin:/bin'}`,
  });
  return {
    uuid: domainUuid({ name: 'a' }, project),
    run(command, more = {}) {
      const [script = '', ...args] = command.split(' ');
      const result = spawnSync(at(script), args, {
        cwd: '/',
        encoding: 'utf8',
        timeout: 30_000,
        env: environment(more),
      });
      return { status: result.status ?? -1, stdout: result.stdout, stderr: result.stderr };
    },
    begin(command, more = {}) {
      const [script = '', ...args] = command.split(' ');
      const child = spawn(at(script), args, { cwd: '/', stdio: 'ignore', detached: true, env: environment(more) });
      return child.pid ?? 0;
    },
    path: at,
    read: (file) => read(at(file)),
    exists: (file) => existsSync(at(file)),
    write: (file, content) => {
      write(at(file), content);
    },
    domains: () =>
      read(join(home, 'domains'))
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.split(' ').slice(0, 3).join(' ')),
    setDomains: (lines) => {
      // Whoever watches a domain rewrites the file all the time.
      const put = ['-c', 'cat >domains.set && mv domains.set domains'];
      execFileSync('flock', ['lock', 'sh', ...put], { cwd: home, input: lines });
    },
    told: () =>
      read(join(home, 'log'))
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('list')),
    close() {
      write(join(home, 'domains'), '');
      for (const pid of processesOf(home)) kill(pid);
      rmSync(dirname(folder), { recursive: true, force: true });
    },
  };
}

/** Processes that were begun with the environment of a laboratory. */
function processesOf(home: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        readlinkSync(`/proc/${pid}/cwd`);
        return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`FAKE_HOME=${home}`);
      } catch {
        return false;
      }
    })
    .map(Number);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended in the meantime.
  }
}

/** Waits until something is so; says so when it is not in time. */
export async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 3000; tries += 1) {
    if (condition()) return;
    await pause(10);
  }
  throw new Error(`not so within 30 s: ${String(condition)}`);
}
