import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { apply } from '../src/cli/verbs/apply.js';
import { plan } from '../src/cli/verbs/plan.js';
import type { Project } from '../src/project.js';
import { built, card, file, first, out, root, run, second, stateFile, text, withFile, world } from './verb-world.js';

test('a plan of a built project tells what an upgrade does, and does nothing', async () => {
  await built(first);
  const before = stateFile();
  const { exit, printed } = await withFile(plan, second);
  expect(exit).toBe(0);
  expect(printed).toEqual([
    '~ host a: restarts',
    '  ~ memory: 128M → 256M',
    expect.stringMatching(/^\+ host c: new, \d.* KiB to copy$/),
    '- host b: stops; the disk is kept aside',
    '',
    expect.stringMatching(/^hosts: 1 restarted, 1 new, 1 removed; \d.* KiB to copy$/),
  ]);
  expect(stateFile()).toBe(before);
});

test('hosts that change alike stand together, with those that notice', async () => {
  await built(text(`host a { ${card(1)} }\nhost b { ${card(2)} }\nhost c { ${card(3)} }`));
  const changed = text(
    `host a { users { jack }; ${card(1)} }\nhost b { users { jack }; ${card(2)} }\nhost c { ${card(3)} }`,
  );
  expect((await withFile(plan, changed)).printed).toEqual([
    '~ host a, b: down while the disk is edited',
    '  + users jack',
    '    noticed by c',
    '',
    'hosts: 2 down for a while, 1 left to run',
    'others notice that: c',
  ]);
});

test('--detailed-exitcode tells whether there is anything to do', async () => {
  const detailed = { detailedExitcode: true };
  expect(await withFile(plan, first, detailed)).toMatchObject({ exit: 2 });
  await built(first);
  expect(await withFile(plan, first, detailed)).toMatchObject({
    exit: 0,
    printed: [],
    noted: ['p is as the file says: nothing to do'],
  });
  expect(await withFile(plan, second, detailed)).toMatchObject({ exit: 2 });
  const variable = first.replace('project p', 'project p; $x = 1');
  expect((await withFile(plan, variable, detailed)).printed.slice(0, 2)).toEqual(['~ project p', '  + $x: 1']);
});

test('--json tells of every unit, and no secret', async () => {
  await built(first);
  const { json, printed } = await withFile(plan, first.replace('geheim', 'anders'), { json: true });
  expect(printed).toEqual([]);
  expect(json).toMatchObject({
    apiVersion: 'mln/v1',
    kind: 'UpgradePlan',
    project: 'p',
    version: 1,
    upToDate: false,
    warnings: [],
    items: [
      { kind: 'switch', name: 'lan', class: 'none', stops: false, downtime: 'nothing' },
      { kind: 'host', name: 'a', class: 'none', stops: false, bytes: 0 },
      { name: 'b', class: 'edit', stops: true, notices: ['a'], changes: [{ path: ['root_password'], secret: true }] },
    ],
  });
  expect(JSON.stringify(json)).not.toMatch(/geheim|anders/);
});

test('what a build would make is shown of a host, of what is not built, and by --build', async () => {
  const script = '  write  a/start';
  expect((await withFile(plan, first)).printed).toContain(script);
  await built(first);
  expect((await withFile(plan, first, { build: true })).printed).toContain(script);
  expect((await withFile(plan, first, {}, ['a'])).printed).toContain(script);
});

test('a plan is kept for its owner, and carried out as it was', async () => {
  expect(await withFile(plan, first, { out })).toMatchObject({ exit: 0 });
  expect(statSync(out).mode & 0o777).toBe(0o600);
  expect(await run(apply, [out])).toMatchObject({ exit: 0, errors: [] });
  expect(await withFile(plan, second, { out })).toMatchObject({ exit: 0 });
  writeFileSync(file, 'something else');
  await world.start();
  expect(await run(apply, [out])).toMatchObject({ exit: 0, errors: [] });
  const { version, project, kept } = await world.state();
  expect([version, project.hosts.map(({ name, memory }) => [name, memory / 1024 ** 2]), kept.length]).toEqual([
    2,
    [
      ['a', 256],
      ['c', 128],
    ],
    1,
  ]);
  expect([...world.up].sort()).toEqual(['a', 'c', 'lan']);
  expect((await run(apply, [out])).errors).toEqual([
    'MLN_STATE_CHANGED the plan for p is out of date: it was changed since',
  ]);
});

test('a plan for what has been built, changed or removed meanwhile is refused', async () => {
  await withFile(plan, first, { out });
  await built(first);
  expect((await run(apply, [out])).errors).toEqual([
    'MLN_STATE_CHANGED the plan for p is out of date: it was built since',
  ]);
  await withFile(plan, second, { out });
  world.clear();
  expect((await run(apply, [out])).errors).toEqual([
    'MLN_STATE_CHANGED the plan for p is out of date: there is no such project now',
  ]);
});

test('a plan with consent needs no more of it, and one without is not made', async () => {
  await built(first);
  const anew = first.replace('host a {', 'host a { template other;');
  expect((await withFile(plan, anew, { out })).errors).toEqual([expect.stringMatching(/^MLN_DATA_LOSS a: /)]);
  expect(existsSync(out)).toBe(false);
  await withFile(plan, anew, { out, rebuild: 'a' });
  expect(await run(apply, [out])).toMatchObject({ exit: 0, errors: [] });
  expect((await world.state()).kept.map(({ host, reason }) => [host.name, reason])).toEqual([['a', 'rebuilt']]);
});

test('another template than the plan was made with is told', async () => {
  const own = first.replace('host a {', 'host a { template ./own.img;');
  const template = join(root, 'source/own.img');
  writeFileSync(template, readFileSync(join(root, 'templates/tiny')));
  await withFile(plan, own, { out });
  writeFileSync(template, Buffer.concat([readFileSync(template), Buffer.alloc(4096)]));
  expect((await run(apply, [out])).errors).toEqual([
    'MLN_STATE_CHANGED the plan for p is out of date: the template of a is another one now',
  ]);
});

const edits: readonly (readonly [what: string, change: (plan: Record<string, unknown>) => unknown, why: string])[] = [
  ['no plan', () => ({ hello: 1 }), 'form: this mln reads plans of form 1'],
  ['a list', () => [], 'expected object'],
  ['another form', (each) => ({ ...each, form: 2 }), 'form: this mln reads plans of form 1'],
  ['more than a plan has', (each) => ({ ...each, more: 1 }), 'the file: Unrecognized key'],
  ['a build against a state', (each) => ({ ...each, state: '0'.repeat(64) }), 'state: a build is made against none'],
  ['other plug-ins', (each) => ({ ...each, plugins: { core: '0.0.1' } }), 'other plug-ins'],
  ['another folder', (each) => withProject(each, { directory: '/elsewhere/p' }), 'it is for /elsewhere/p'],
  ['a name that leads elsewhere', (each) => withProject(each, { name: '../p' }), 'project.name: '],
  [
    'a host that leads elsewhere',
    (each) => withProject(each, { hosts: [{ ...projectOf(each).hosts[0], name: '../x' }] }),
    'project.hosts.0.name: ',
  ],
  [
    'a disk that leads elsewhere',
    (each) => {
      const [host] = projectOf(each).hosts;
      return withProject(each, { hosts: [{ ...host, disks: [{ ...host?.disks[0], path: '../../disk' }] }] });
    },
    'project.hosts.0.disks.0.path: ',
  ],
  [
    'a host twice',
    (each) => withProject(each, { hosts: [...projectOf(each).hosts, ...projectOf(each).hosts] }),
    'hosts and switches: a is there twice',
  ],
];

function projectOf(each: Record<string, unknown>): Project {
  return each['project'] as Project;
}

function withProject(each: Record<string, unknown>, fields: Readonly<Record<string, unknown>>): object {
  return { ...each, project: { ...projectOf(each), ...fields } };
}

test.each(edits)('a plan file that holds %s is refused', async (_what, change, why) => {
  await withFile(plan, first, { out });
  const changed = change(JSON.parse(readFileSync(out, 'utf8')) as Record<string, unknown>);
  writeFileSync(out, JSON.stringify(changed));
  const { errors } = await run(apply, [out]);
  expect(errors).toHaveLength(1);
  expect(errors[0]).toMatch(/^MLN_BAD_PLAN plan\.json is no plan that can be carried out: /);
  expect(errors[0]).toContain(why);
  expect(existsSync(join(world.mln.folders.projects, 'p'))).toBe(false);
});

test('a plan file that is none at all is refused', async () => {
  writeFileSync(out, '{"form": 1');
  expect((await run(apply, [out])).errors[0]).toMatch(/^MLN_BAD_PLAN .*it is damaged, or something else/);
  expect((await run(apply, ['/dev/zero'])).errors[0]).toMatch(/^MLN_BAD_PLAN .*it is no file/);
  expect((await run(apply, [join(root, 'none')])).errors).toEqual(['MLN_NO_FILE there is no file none']);
});
