import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { fakeHost, fakeInterface, fakeSwitch } from '../../../../core/test/fake-project.js';
import { takeLock } from '../../../../core/src/lock.js';
import { lab, persistent } from './keeper-lab.js';

test('one that has died is started again, with its switch; one that was stopped on purpose is not', async () => {
  const l = await lab();
  const lan = fakeSwitch('lan', { ports: [['a', 'eth0']] });
  await l.build('ring', [persistent('a', { interfaces: [fakeInterface('eth0')] }), persistent('b'), fakeHost('c')], {
    switches: [lan, fakeSwitch('other')],
  });
  await l.act('start', 'ring', ['a', 'b', 'c']);
  const keeper = l.daemon();
  await keeper.look();
  await l.act('stop', 'ring', ['b']);
  for (const host of ['a', 'c']) l.up.delete(`ring/${host}`);
  l.clock += 3;
  await keeper.look();
  expect(l.operations.asked).toEqual([]);
  expect(l.logged).toEqual(['guest has died a']);
  l.clock += 3;
  await l.lookAndStart(keeper);
  expect(l.operations.asked).toEqual(['start ring', 'prepare a', 'switches lan', 'hosts a', 'release']);
  l.clock += 3;
  await keeper.look();
  expect([...l.up]).toEqual(['ring/a']);
  expect(l.logged).toEqual(['guest has died a', 'guest is started again a']);
  expect(l.operations.readers).toBe(0);
  expect(l.events.map(({ unit, state, project, error }) => [project, unit, state, error?.code])).toEqual([
    ['ring', 'a', 'failed', 'MLN_NOT_UP'],
    ['ring', 'a', 'begun', undefined],
    ['ring', 'a', 'done', undefined],
  ]);
});

test('a server that starts brings up what ran, in boot order, and with hook blocks where all of it is down', async () => {
  const l = await lab();
  await l.build('ring', [persistent('db', { bootOrder: 10 }), persistent('web', { bootOrder: 20 })], {
    hookBlocks: { beforeProjectStart: 'true', afterHostsStart: 'true' },
  });
  await l.build('part', [persistent('on'), persistent('off'), fakeHost('plain')]);
  await l.act('start', 'ring', ['db', 'web']);
  await l.act('start', 'part', ['on', 'off', 'plain']);
  await l.act('stop', 'part', ['off']);
  l.up.clear();
  const keeper = l.daemon();
  const both = l.operations.ended().then(() => l.operations.ended());
  await keeper.look();
  await both;
  const of = (project: string): boolean => l.operations.asked.includes(`start ${project}`);
  expect([of('ring'), of('part')]).toEqual([true, true]);
  expect([...l.up].sort()).toEqual(['part/on', 'ring/db', 'ring/web']);
  expect(l.operations.asked.filter((each) => /Start|hosts (db|web)/.test(each))).toEqual([
    'beforeProjectStart db,web',
    'hosts db',
    'hosts web',
    'afterHostsStart db,web',
  ]);
});

test('a daemon that is begun anew knows what was stopped, though the journal has been cut', async () => {
  const l = await lab();
  await l.build('ring', [persistent('a'), persistent('b')]);
  await l.act('start', 'ring', ['a', 'b']);
  await l.act('stop', 'ring', ['b']);
  const first = l.daemon();
  await first.look();
  await first.close();
  // The lines that told of b are gone.
  rmSync(join(l.projects, 'ring/journal.ndjson'));
  await l.act('start', 'ring', ['a']);
  l.up.clear();
  await l.lookAndStart(l.daemon());
  expect([...l.up]).toEqual(['ring/a']);
  expect(l.operations.asked).toContain('prepare a');
});

test('a project of the same name that was built anew is another one', async () => {
  const l = await lab();
  await l.build('ring', [persistent('a')]);
  await l.act('stop', 'ring', ['a']);
  const before = l.daemon();
  await before.look();
  await before.close();
  rmSync(join(l.projects, 'ring'), { recursive: true });
  await l.build('ring', [persistent('a')], { secret: '11' });
  await l.lookAndStart(l.daemon());
  expect([...l.up]).toEqual(['ring/a']);
});

test('built while the daemon runs, it is for its builder to start', async () => {
  const l = await lab();
  const keeper = l.daemon();
  await keeper.look();
  await l.build('ring', [persistent('a')]);
  for (const _ of [1, 2]) {
    l.clock += 60;
    await keeper.look();
  }
  expect(l.operations.asked).toEqual([]);
});

test('a project that is worked on is left alone, and looked at again', async () => {
  const l = await lab();
  await l.build('ring', [persistent('a')]);
  await l.act('start', 'ring', ['a']);
  l.up.clear();
  const keeper = l.daemon();
  const lock = await takeLock(l.projects, 'ring', 'build');
  await keeper.look();
  expect(l.operations.asked).toEqual([]);
  lock.release();
  // By the daemon’s own operations, too.
  l.operations.locked = true;
  for (let look = 0; look < 10; look += 1) {
    l.clock += 3;
    await keeper.look();
    await new Promise((resolve) => setImmediate(resolve));
  }
  l.operations.locked = false;
  l.clock += 3;
  await l.lookAndStart(keeper);
  expect([...l.up]).toEqual(['ring/a']);
  // None of that counts as a try.
  l.up.clear();
  l.clock += 3;
  await keeper.look();
  expect(l.logged).toEqual(['guest is started again a', 'guest has died a']);
});

test('stopped between the look and the start, it stays down', async () => {
  const l = await lab();
  await l.build('ring', [persistent('a'), persistent('b')]);
  await l.act('start', 'ring', ['a', 'b']);
  l.up.clear();
  l.operations.before = async ({ phase }) => {
    if (phase === 'prepare') await l.act('stop', 'ring', ['a']);
    return [];
  };
  await l.lookAndStart(l.daemon());
  expect([...l.up]).toEqual(['ring/b']);
});

test('one that does not come up is given up after five starts, and each is told', async () => {
  const l = await lab();
  await l.build('ring', [persistent('a')]);
  await l.act('start', 'ring', ['a']);
  const keeper = l.daemon();
  await keeper.look();
  l.up.clear();
  const problem = { severity: 'error', code: 'MLN_SCRIPT_FAILED', message: 'it is bad' } as const;
  l.operations.before = ({ phase }) => (phase === 'hosts' ? [{ unit: 'a', problem }] : []);
  for (let look = 0; look < 60; look += 1) {
    l.clock += 1;
    const asked = l.operations.asked.length;
    const ended = l.operations.ended();
    await keeper.look();
    if (l.operations.asked.length > asked) await ended;
  }
  expect(l.operations.asked.filter((each) => each === 'start ring')).toHaveLength(5);
  expect(l.logged.filter((each) => each === 'guest is given up a')).toHaveLength(1);
  expect(l.events.filter(({ error }) => error?.message === 'it is bad')).toHaveLength(5);
  expect(l.events.at(-1)?.error?.message).toContain('given up');
  // By hand it is taken up again.
  l.operations.before = () => [];
  await l.act('start', 'ring', ['a']);
  await keeper.look();
  l.up.clear();
  l.clock += 1;
  await keeper.look();
  l.clock += 1;
  await l.lookAndStart(keeper);
  expect([...l.up]).toEqual(['ring/a']);
});

test('what is on another server is that server’s to keep', async () => {
  const l = await lab();
  await l.build('ring', [persistent('a', { serviceHost: 'backend2' }), persistent('b')]);
  await l.act('start', 'ring', ['a', 'b']);
  l.up.clear();
  await l.lookAndStart(l.daemon());
  expect(l.operations.asked).toContain('prepare b');
});

test('what a damaged file says of orders is found out again', async () => {
  const l = await lab();
  await l.build('ring', [persistent('a')]);
  await l.act('start', 'ring', ['a']);
  l.up.clear();
  writeFileSync(join(l.projects, '../state/persistent.json'), '{"half');
  await l.lookAndStart(l.daemon());
  expect([...l.up]).toEqual(['ring/a']);
});
