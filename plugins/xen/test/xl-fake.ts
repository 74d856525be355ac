import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { MiB, readyMark, unitsOf, type Host, type Mln, type Project, type Shell, type ShellResult } from '@mln/core';
import { decided, testKernel } from '../../../test/support/test-kernel.js';
import { fakeShell } from '../../../test/support/examine.js';
import { claimUnit } from '../src/claim.js';
import { domainName, domainUuid } from '../src/identity.js';
import { keywords } from '../src/keywords.js';
import type { Machine } from '../src/monitor-machine.js';
import { monitor } from '../src/monitor.js';
import { prepare } from '../src/prepare.js';

/** What a real xl 4.17 has printed. */
export function captured(name: string): string {
  return readFileSync(join(import.meta.dirname, 'fixtures', `xl-4.17-${name}.txt`), 'utf8');
}

export interface FakeDomain {
  readonly name: string;
  readonly id: number;
  readonly uuid: string;
  /** MiB. */
  readonly memory: number;
  /** Of `rbpsd` those that are set. */
  state: string;
  /** Why it has shut down. */
  reason?: number;
  seconds: number;
  percent: number;
}

/** A hypervisor that keeps its domains in a map, and prints them as xl 4.17 does. */
export interface FakeXen {
  readonly domains: Map<number, FakeDomain>;
  /** Every program that was run, with its arguments. */
  readonly calls: string[];
  readonly shell: Shell;
  /** MiB that no domain has. */
  free: number;
  commandLine: string;
  /** What xl fails with, whatever it is asked. */
  broken: string | null;
  /** Programs that are not installed. */
  readonly missing: Set<string>;
  /** Makes a domain that runs. */
  add(domain: Partial<FakeDomain> & Pick<FakeDomain, 'name' | 'uuid'>): FakeDomain;
  /** What its guest writes on its console. */
  readonly boots: Map<string, string>;
}

const dom0: FakeDomain = {
  name: 'Domain-0',
  id: 0,
  uuid: '00000000-0000-0000-0000-000000000000',
  memory: 768,
  state: 'r',
  seconds: 31.3,
  percent: 9.6,
};

export function fakeXen(project?: () => Project): FakeXen {
  const domains = new Map([[0, { ...dom0 }]]);
  let next = 1;
  const fake: FakeXen = {
    domains,
    calls: [],
    free: 748,
    commandLine: 'dom0_mem=768M,max:768M dom0_max_vcpus=1',
    broken: null,
    missing: new Set(),
    boots: new Map(),
    add(given) {
      const domain = { id: next, memory: 96, state: 'b', seconds: 6.1, percent: 0.5, ...given };
      next = domain.id + 1;
      domains.set(domain.id, domain);
      fake.free -= domain.memory;
      return domain;
    },
    shell: fakeShell((program, args) => {
      if (fake.missing.has(program)) return null;
      // Whether it is installed is asked without arguments.
      if (args.length > 0 || program.includes('/')) fake.calls.push([basename(program), ...args].join(' '));
      if (program === 'xl') return answer(fake, args);
      if (program === 'xentop') return xentop(fake);
      const found = project?.();
      if (found && program.startsWith(found.directory)) return runScript(fake, found, program, args);
      return '';
    }),
  };
  return fake;
}

function answer(fake: FakeXen, args: readonly string[]): Partial<ShellResult> | string {
  if (fake.broken !== null) return { exitCode: 1, stderr: fake.broken };
  switch (args.join(' ')) {
    case 'list -v':
      return list(fake);
    case 'info':
      return captured('info')
        .replace(/^(free_memory +: ).*$/m, `$1${fake.free}`)
        .replace(/^(xen_commandline +: ).*$/m, `$1${fake.commandLine} `);
    default:
      return { exitCode: 2, stderr: `xl: the fake one does not know ${args.join(' ')}\n` };
  }
}

const reasons = '-rscw';

/** As list_domains of xl_info.c prints it. */
function list({ domains }: FakeXen): string {
  const [header] = captured('list-v').split('\n');
  const rows = [...domains.values()].map(({ name, id, uuid, memory, state, reason, seconds }) => {
    const flag = (letter: string): string => (state.includes(letter) ? letter : '-');
    const letters = `${flag('r')}${flag('b')}${flag('p')}${flag('s')}${reasons[reason ?? 0] ?? '?'}${flag('d')}`;
    const numbers = [id, memory, 1].map((each) => String(each).padStart(5)).join(' ');
    const why = reason === undefined ? '-' : reason.toString(16);
    return `${name.padEnd(40)} ${numbers}     ${letters}  ${seconds.toFixed(1).padStart(8)} ${uuid} ${why.padStart(8)} ${'-'.padStart(16)}`;
  });
  return `${[header, ...rows].join('\n')}\n`;
}

/** As xentop.c prints two samples: in the first it knows no percent yet. */
function xentop({ domains }: FakeXen): string {
  const [header] = captured('xentop').split('\n');
  const sample = (percentOf: (domain: FakeDomain) => number): string[] =>
    [...domains.values()].map((domain) => {
      const { name, state, seconds, memory } = domain;
      const flag = (letter: string): string => (state.includes(letter) ? letter : '-');
      const letters = ['d', 's', 'b', 'c', 'p', 'r'].map(flag).join('');
      const most = domain.id === 0 ? '  no limit       n/a' : `${String((memory + 1) * 1024).padStart(10)}       6.3`;
      return `${name.padStart(10)} ${letters} ${seconds.toFixed(0).padStart(10)} ${percentOf(domain).toFixed(1).padStart(6)} ${String(memory * 1024).padStart(10)}    6.3 ${most}     1    2        2        0    1        0       11        9         42       2044    0`;
    });
  return `${[header, ...sample(() => 0), header, ...sample(({ percent }) => percent)].join('\n')}\n`;
}

/** What the scripts of a host's folder come to. */
function runScript(
  fake: FakeXen,
  project: Project,
  program: string,
  [how = 'shutdown']: readonly string[],
): Partial<ShellResult> | string {
  const folder = dirname(program);
  const host = project.hosts.find(({ name }) => name === basename(folder));
  if (!host) return '';
  const uuid = domainUuid(host, project);
  const running = [...fake.domains.values()].find((domain) => domain.uuid === uuid);
  const file = (name: string): string => join(folder, name);
  if (basename(program) === 'start') {
    if (running) return `${domainName(host, project)} runs already\n`;
    const wanted = host.memory / MiB;
    if (wanted > fake.free) return { exitCode: 1, stderr: captured('create-nomem.err') };
    rmSync(file('memory.save'), { force: true });
    const { id } = fake.add({ name: domainName(host, project), uuid, memory: wanted });
    writeFileSync(file('domid'), `${id}\n`);
    writeFileSync(file('console.log'), fake.boots.get(host.name) ?? `${readyMark(host.name, project.name)}\n`);
    return '';
  }
  // A guest that is deaf is not heard, and saved all the same.
  if (!running || how === 'clean' || (how === 'shutdown' && fake.boots.get(host.name) === 'deaf')) return '';
  if (how === 'save') {
    if (fake.boots.get(host.name) === 'cannot be saved')
      return { exitCode: 1, stderr: `${domainName(host, project)}: its memory cannot be saved, and it runs on\n` };
    writeFileSync(file('memory.save.part'), 'memory');
    if (fake.boots.get(host.name) === 'goes down') rmSync(file('memory.save.part'));
    else renameSync(file('memory.save.part'), file('memory.save'));
  }
  fake.domains.delete(running.id);
  fake.free += running.memory;
  rmSync(file('domid'), { force: true });
  return '';
}

/** A project whose folders are there, on a machine that is made up: its /proc, /sys and /etc are files that tests write. */
export interface FakeLab {
  readonly mln: Mln;
  readonly project: Project;
  readonly machine: Machine;
  readonly xen: FakeXen;
  host(name: string): Host;
  /** Writes a file of the project's folder. */
  write(path: string, text?: string): void;
  /** Writes a file of the machine. */
  machineFile(path: string, text: string): void;
  /** Makes a network interface. */
  link(name: string, details?: { alias?: string; bridge?: boolean; up?: boolean; rx?: number; tx?: number }): void;
}

/** Opens a lab in an empty folder: a machine that has booted Xen, and a project that is built and not started. */
export async function openFake(
  folder: string,
  body: string,
  plugins: Parameters<typeof testKernel>[0] = [],
): Promise<FakeLab> {
  const [root, projects] = [join(folder, 'machine'), join(folder, 'projects')];
  const machine = { root, uid: 0 };
  const fake = fakeXen(() => project);
  const mln = await testKernel(
    [
      (kernel) => {
        tapOn(machine, kernel);
      },
      ...plugins,
    ],
    { projects, shell: fake.shell },
  );
  const project = { ...(await decided(mln, '/x.mln', `global { project kafe }\n${body}`)), secret: 'secret' };
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  };
  for (const { name } of unitsOf(project))
    for (const script of ['start', 'stop', 'domain.cfg']) put(join(project.directory, name, script), '');
  put(join(root, 'sys/hypervisor/type'), 'xen\n');
  put(join(root, 'proc/xen/capabilities'), 'control_d\n');
  for (const file of ['vmlinuz', 'initrd.img', 'sys/class/net/lo/flags']) put(join(root, file), '0x9\n');
  return {
    mln,
    project,
    machine,
    xen: fake,
    host(name) {
      const found = project.hosts.find((each) => each.name === name);
      if (!found) throw new Error(`there is no host ${name}`);
      return found;
    },
    write: (path, text = '') => {
      put(join(project.directory, path), text);
    },
    machineFile: (path, text) => {
      put(join(root, path), text);
    },
    link(name, { alias = '', bridge = true, up = true, rx = 0, tx = 0 } = {}) {
      const at = join(root, 'sys/class/net', name);
      put(join(at, 'flags'), up ? '0x1003\n' : '0x1002\n');
      put(join(at, 'ifalias'), alias === '' ? '' : `${alias}\n`);
      put(join(at, 'statistics/rx_bytes'), `${rx}\n`);
      put(join(at, 'statistics/tx_bytes'), `${tx}\n`);
      if (bridge) put(join(at, 'bridge/bridge_id'), '8000.000000000000\n');
    },
  };
}

/** Taps hooks as the plug-in does, for a machine that is made up. */
function tapOn(machine: Machine, mln: Mln): void {
  const { hooks } = mln;
  hooks.keywords.tap('xen', (table) => {
    table.declare(...keywords);
  });
  hooks.resolveUnit.tap('xen', (unit, block, project) => claimUnit(unit, block, project, {}));
  hooks.monitor.tapPromise('xen', (statuses, units, project, look) =>
    monitor(mln, statuses, units, project, look, machine),
  );
  hooks.execute.tapPromise('xen', (operation, part) => prepare(mln, {}, operation, part, machine));
}
