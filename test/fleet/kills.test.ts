import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { steps } from '../../core/src/steps.js';
import { resultOf, until, type Result } from '../guests/support.js';
import { openFleet, type Fleet } from './fleet.js';
import type { Server } from './node.js';
import { stopAt } from './stopper.js';

/*
 * A server's daemon is killed at every step of its part of a build and of a start; alone, while what carries the part out
 * goes on, and together with that. It is started again, the command is given again, and all is as if nothing had been.
 */

/** With every hook block there is, so that each step is come to; gw's part comes first, backend3's is killed. */
const project = (memory: string): string => `global {
  project p
${['ProjectStart', 'HostsStart'].flatMap((hook) => [`  before${hook} { : }\n`, `  after${hook} { : }\n`]).join('')}}
host gw { toy; service_host gateway1; memory ${memory}
  network eth0 { switch near; address 10.0.0.1/24 } }
host a { toy; service_host backend3; memory ${memory}
  network eth0 { switch far; address 10.0.1.1/24 } }
switch near { }
switch far { }
`;

let fleet: Fleet;
let [gateway1, backend3] = [] as unknown as [Server, Server];
let [one, other] = ['', ''];
/** What a run without a kill leaves. */
const clean = { one: {} as unknown, other: {} as unknown };

beforeAll(async () => {
  fleet = await openFleet({ servers: ['gateway1', 'backend3'], toys: true, trusting: true });
  [gateway1, backend3] = [fleet.server('gateway1'), fleet.server('backend3')];
  one = gateway1.write('one.mln', project('48M'));
  other = gateway1.write('other.mln', project('56M'));
  await gateway1.ok('build', '-f', one);
  await gateway1.ok('start', '-p', 'p');
  expect(await states()).toEqual(every('up'));
  await stopped();
  await gateway1.ok('build', '-y', '-f', other);
  clean.other = content(backend3);
  await gateway1.ok('build', '-y', '-f', one);
  clean.one = content(backend3);
}, 120_000);
afterAll(async () => {
  await fleet.close();
});

interface Kept {
  readonly project: { readonly hosts: readonly { readonly name: string; readonly memory: number }[] };
}

/** What a server has of the project: its files, and what it knows of the hosts. What tells of time is left out. */
function content(server: Server): unknown {
  const folder = server.project('p');
  if (folder === null) return null;
  const beside = readdirSync(join(folder, '..')).filter((name) => !name.endsWith('.lock'));
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => !/(^|\/)(\.history|console\.|pid$|.*\.log|starting|run\/|journal)/.test(name))
    .map((name) => name.replace(/-[0-9a-f]{16}\.json$/, '-RANDOM.json'))
    .sort();
  const { hosts } = (JSON.parse(readFileSync(join(folder, 'state.json'), 'utf8')) as Kept).project;
  return { beside, files, hosts };
}

async function states(): Promise<Readonly<Record<string, string>>> {
  const { items } = JSON.parse((await gateway1.mln('status', '-p', 'p', '--json')).stdout) as {
    items: { name: string; state: string }[];
  };
  return Object.fromEntries(items.map(({ name, state }) => [name, state]));
}

const every = (state: string): unknown => ({ gw: state, a: state, near: state, far: state });

async function stopped(): Promise<void> {
  await gateway1.ok('stop', '-p', 'p', '-w', '0');
  await until(() => backend3.processes().length === 0 && gateway1.processes().length === 0, 'all to end');
}

/** Gives a command whose part on backend3 stands still at a step, and kills there; the daemon is started again. */
async function killedAt(step: string, both: boolean, ...args: readonly string[]): Promise<Result> {
  const stop = stopAt(backend3, step);
  const command = resultOf(gateway1.begin(args));
  const worker = await Promise.race([
    stop.reached(),
    command.then(({ stderr }) => Promise.reject(new Error(`${step} was not come to: ${stderr}`))),
  ]);
  await backend3.kill();
  if (both) {
    process.kill(worker, 'SIGKILL');
    await until(() => !existsSync(`/proc/${worker}`), 'the worker to end');
  }
  await backend3.up();
  stop.go();
  return command;
}

let isOther = false;
/** Builds the one project over the other, by turns. */
async function rebuiltWith(step: string, both: boolean): Promise<void> {
  isOther = !isOther;
  const file = isOther ? other : one;
  const { code } = await killedAt(step, both, 'build', '-y', '-f', file);
  expect([0, 1, 3]).toContain(code);
  await gateway1.ok('build', '-y', '-f', file);
  await until(() => backend3.processes().length === 0, 'all workers to end');
  expect(content(backend3)).toEqual(isOther ? clean.other : clean.one);
}

async function startedWith(step: string, both: boolean): Promise<void> {
  const { code } = await killedAt(step, both, 'start', '-p', 'p');
  expect([0, 1, 3]).toContain(code);
  await gateway1.ok('start', '-p', 'p');
  expect(await states()).toEqual(every('up'));
  expect(guests(backend3)).toHaveLength(1);
  await stopped();
}

const at = (operation: 'build' | 'start'): readonly string[] => steps[operation].map((step) => `${operation} ${step}`);

describe('the daemon alone is killed, and what carries the part out goes on', () => {
  test.each(at('build'))('at %s', (step) => rebuiltWith(step, false), 60_000);
  test.each(at('start'))('at %s', (step) => startedWith(step, false), 60_000);
});

describe('the daemon is killed with what carries the part out', () => {
  // On either side of what cannot be taken back; every step is killed so in the tests of mln alone.
  test.each(['build disks', 'build moveOld', 'build moveNew'])('at %s', (step) => rebuiltWith(step, true), 60_000);
  test.each(['start switches', 'start hosts', 'start end'])('at %s', (step) => startedWith(step, true), 60_000);
});

/** What works in the folder of host a. */
function guests(server: Server): readonly string[] {
  const folder = join(server.project('p') ?? '', 'a');
  return server
    .processes()
    .flatMap(({ pid, command }) => (readlinkSync(`/proc/${pid}/cwd`) === folder ? [command] : []));
}
