import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { steps } from '../../core/src/steps.js';
import { resultOf, until } from '../guests/support.js';
import { openFleet, type Fleet } from './fleet.js';
import type { Server } from './node.js';
import { stopAt } from './stopper.js';

/*
 * A host goes to and fro between its project's home and another server, and at every step of it the other server's daemon is
 * killed with what carries its part out, or the command at home is, and the other server's part. Nobody ever runs it twice; the next commands put right what was left, and then one
 * server has it, with what was on its disk, and nothing of it is on the other.
 */

const project = `global { project p }
host a { toy; template tiny; service_host gateway1; cow_filesystem no }
host b { toy; service_host backend3 }
host c { toy; service_host gateway1 }
`;
let said = '';
const MARK = 'what a guest has written\n';

let fleet: Fleet;
let [gateway1, backend3] = [] as unknown as [Server, Server];

beforeAll(async () => {
  fleet = await openFleet({ servers: ['gateway1', 'backend3'], toys: true, trusting: true, timeout: 2 });
  [gateway1, backend3] = [fleet.server('gateway1'), fleet.server('backend3')];
  await gateway1.ok('build', '-f', gateway1.write('p.mln', project));
  const mark = gateway1.write('mark', MARK);
  expect(spawnSync('debugfs', ['-w', '-R', `write ${mark} mark`, diskOn(gateway1)]).status).toBe(0);
  await gateway1.ok('start', '-p', 'p');
}, 120_000);
afterAll(async () => {
  await fleet.close();
});

const folderOn = (server: Server): string => join(server.project('p') ?? server.projects, 'a');
const diskOn = (server: Server): string => join(folderOn(server), 'root.img');
const other = (server: Server): Server => (server === gateway1 ? backend3 : gateway1);
/** The server that has the host. */
const holder = (): Server => (existsSync(join(folderOn(gateway1), 'start')) ? gateway1 : backend3);

/** How many processes of the host run on a server. */
function guestsOn(server: Server): number {
  const folder = folderOn(server);
  const worksThere = (pid: number): boolean => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === folder;
    } catch {
      return false;
    }
  };
  return server.processes().filter(({ pid, command }) => worksThere(pid) && !command.includes('mln.js')).length;
}

/** Brings the host to the server from which it is to go. */
async function placed(on: Server): Promise<void> {
  if (holder() !== on) await gateway1.ok('migrate', 'a.p', '--to', on.name, '-w', '0');
  expect([guestsOn(on), guestsOn(other(on))]).toEqual([1, 0]);
}

async function killed(process_: number): Promise<void> {
  process.kill(process_, 'SIGKILL');
  await until(() => !existsSync(`/proc/${process_}`), 'what is killed to end');
}

/** Lets the host go from a server, kills at a step, and looks at what there is after the next commands. */
async function killedAt(from: Server, step: string, who: 'the other' | 'both'): Promise<void> {
  await placed(from);
  const stop = stopAt(who === 'both' ? gateway1 : backend3, `upgrade ${step}`);
  const command = resultOf(gateway1.begin(['migrate', 'a.p', '--to', other(from).name, '-w', '0']));
  const worker = await Promise.race([
    stop.reached(),
    command.then(({ stderr }) => {
      stop.go();
      throw new Error(`${step} was not come to: ${stderr}`);
    }),
  ]);
  expect(guestsOn(gateway1) + guestsOn(backend3)).toBeLessThan(2);
  await killed(worker);
  if (who === 'the other') await backend3.kill();
  for (const { pid, command: line } of backend3.processes()) if (line.includes('mln.js')) await killed(pid);
  if (who === 'the other') await backend3.up();
  stop.go();
  const { stderr } = await command;
  said = stderr;
  expect(guestsOn(gateway1) + guestsOn(backend3)).toBeLessThan(2);
  const started = await gateway1.mln('start', '-p', 'p');
  if (started.code !== 0) throw new Error(`${said}\n---\n${started.stderr}`);
  const at = holder();
  expect({ at: at.name, guests: guestsOn(at), there: guestsOn(other(at)) }).toEqual({
    at: at.name,
    guests: 1,
    there: 0,
  });
  expect(spawnSync('debugfs', ['-R', 'cat mark', diskOn(at)], { encoding: 'utf8' }).stdout).toBe(MARK);
  expect(spawnSync('e2fsck', ['-fn', diskOn(at)]).status).toBe(0);
  expect(existsSync(folderOn(other(at)))).toBe(false);
  for (const server of [gateway1, backend3]) {
    const found = readdirSync(server.project('p') ?? '');
    expect(found.filter((name) => ['.upgrade', '.images'].includes(name))).toEqual([]);
    const { project: known, kept } = JSON.parse(
      readFileSync(join(server.project('p') ?? '', 'state.json'), 'utf8'),
    ) as {
      project: { hosts: { name: string; serviceHost: string | null }[] };
      kept: { reason: string }[];
    };
    // Who has not seen it start elsewhere keeps its old disk aside.
    expect(kept.filter((each) => each.reason !== 'moved' || server === at)).toEqual([]);
    expect(known.hosts.find(({ name }) => name === 'a')?.serviceHost).toBe(at.name);
  }
}

/** The steps of a server that the host leaves, and of one that it comes to, up to the one that cannot be taken back; and those after it. */
const leaving = { before: ['scripts', 'disks', 'stop', 'give', 'prepared'], after: ['commit', 'finish', 'end'] };
const coming = { before: ['scripts', 'disks', 'edit', 'prepared'], after: ['commit', 'hosts', 'finish', 'end'] };

test('every step is among them, but for that of switches, which these servers have none of', () => {
  const among = new Set(Object.values({ ...leaving, more: coming.before, last: coming.after }).flat());
  expect([...among, 'switches'].sort()).toEqual([...steps.upgrade].sort());
});

describe('from home, the other server is killed', () => {
  test.each(coming.before)('at %s', (step) => killedAt(gateway1, step, 'the other'), 60_000);
});
describe('from home, both are killed', () => {
  test.each(leaving.before)('at %s', (step) => killedAt(gateway1, step, 'both'), 60_000);
});
describe('to and fro, the other server is killed', () => {
  test.each(coming.after)('from home at %s', (step) => killedAt(gateway1, step, 'the other'), 60_000);
  test.each(leaving.after)('to home at %s', (step) => killedAt(backend3, step, 'the other'), 60_000);
});
describe('to and fro, both are killed', () => {
  test.each(leaving.after)('from home at %s', (step) => killedAt(gateway1, step, 'both'), 60_000);
  test.each(coming.after)('to home at %s', (step) => killedAt(backend3, step, 'both'), 60_000);
});
describe('to home, the other server is killed', () => {
  test.each(leaving.before)('at %s', (step) => killedAt(backend3, step, 'the other'), 60_000);
});
describe('to home, both are killed', () => {
  test.each(coming.before)('at %s', (step) => killedAt(backend3, step, 'both'), 60_000);
});
