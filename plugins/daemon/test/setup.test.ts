import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Setup, SetupItem, ShownOption } from '@mln/core';
import { parse } from 'yaml';
import { jsonSchema } from '../../../core/src/configuration-schema.js';
import { placesOf } from '../../../core/src/setup/places.js';
import { scratchFolder } from '../../../core/test/scratch.js';
import { testKernel } from '../../../test/support/test-kernel.js';
import type { Options } from '../src/options.js';
import { readRights } from '../src/rights/rights.js';
import { addServiceHost } from '../src/setup/service-host.js';

/* What a service host needs, as mln setup is told of it. */

interface Added {
  readonly items: SetupItem[];
  readonly units: Map<string, string>;
  readonly options: Map<string, readonly ShownOption[]>;
}

function added(options: Options, kind: Setup['kind'] = 'service-host'): Added {
  const all: Added = { items: [], units: new Map(), options: new Map() };
  const places = placesOf(kind, { environment: {}, home: '/home/ada', uid: 0, prefix: null });
  addServiceHost(
    {
      kind,
      serviceHost: 'gw',
      places,
      folders: { projects: '/p', templates: '/t', files: '/f' },
      add: (...items) => void all.items.push(...items),
      addUnit: (name, text) => void all.units.set(name, text),
      configure: (name, ...shown) => void all.options.set(name, shown),
      note: () => undefined,
      head: '# head\n',
      pathLine: 'Environment=PATH=/bin',
      commandLine: (...args) => ['/bin/node', '/bin/mln', ...args].join(' '),
    },
    options,
  );
  return all;
}

const paths = ({ items }: Added): readonly string[] => items.map(({ path }) => path);

test.each(['user', 'system'] as const)('nothing of it is made for %s', (kind) => {
  expect(added({}, kind)).toEqual(added({}, kind));
  expect(paths(added({}, kind))).toEqual([]);
  expect(added({}, kind).units.size).toBe(0);
});

test('a service host has a folder for its certificate that is root’s alone, roles, a group and a user', () => {
  const found = added({});
  expect(paths(found)).toEqual(['group mln', 'user mln-guest', '/etc/mln/fleet', '/etc/mln/fleet/roles.yaml']);
  expect(found.items[2]).toMatchObject({ kind: 'folder', mode: 0o700 });
  expect(found.items[3]).toMatchObject({ kind: 'file', own: true });
  expect([...found.units.keys()]).toEqual(['mln-daemon.service']);
});

test('names that the configuration has are used; files that are elsewhere are the user’s affair', () => {
  expect(paths(added({ socketGroup: 'staff', guestUser: 'guests', roles: '/srv/roles.yaml' }))).toEqual([
    'group staff',
    'user guests',
    '/etc/mln/fleet',
  ]);
  expect(paths(added({ fleet: '/srv/fleet' }))).toEqual(['group mln', 'user mln-guest']);
});

test('its unit waits until it answers, reloads, and leaves guests alone', () => {
  const lines = added({}).units.get('mln-daemon.service')?.split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      '# head',
      'Type=notify',
      'NotifyAccess=all',
      'ExecStart=/bin/node /bin/mln daemon',
      'ExecReload=/bin/kill -HUP $MAINPID',
      'KillMode=process',
    ]),
  );
});

test('the options that are shown are options of the plug-in, each with a value that is right, and each is explained', () => {
  const { mln } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')) as {
    mln: { options: { properties: Record<string, { description?: string }> } };
  };
  const faults = jsonSchema(mln.options);
  if (typeof faults === 'string') throw new TypeError(faults);
  const shown = added({}).options.get('@mln/plugin-daemon') ?? [];
  expect(faults(Object.fromEntries(shown.map(({ name, value }) => [name, value])))).toEqual([]);
  for (const { name } of shown) expect(mln.options.properties[name]?.description).toMatch(/\.$/);
  expect(shown.filter(({ chosen }) => chosen).map(({ name }) => name)).toEqual(['listen', 'socketGroup', 'guestUser']);
});

/** The roles that are written, as the daemon reads them; with what stands in comments too where that is asked for. */
async function written(comments: boolean): Promise<Awaited<ReturnType<typeof readRights>>> {
  const roles = added({}).items.find(({ path }) => path.endsWith('roles.yaml'));
  const text = roles?.kind === 'file' ? roles.text : '';
  const file = join(scratchFolder(), 'roles.yaml');
  writeFileSync(file, comments ? text.replace(/^ {2}#(?=- | {2}\w)/gm, '  ') : text);
  return readRights(await testKernel([]), file);
}

test('the roles that are written let servers do all but what the machine itself is asked for, and its users all', async () => {
  const rights = await written(false);
  const allowed = (principal: Parameters<typeof rights.allows>[0]['principal'], project: string | null = 'kafe') =>
    (['read', 'build', 'start', 'stop', 'upgrade', 'migrate', 'remove', 'console', 'host', 'admin'] as const).filter(
      (verb) => rights.allows({ principal, verb, project, groups: ['backends'] }),
    );
  const most = ['read', 'build', 'start', 'stop', 'upgrade', 'migrate', 'remove', 'console'];
  expect(allowed({ kind: 'server', name: 'backend3' })).toEqual(most);
  expect(allowed({ kind: 'local', name: 'local' })).toEqual([...most, 'host', 'admin']);
  expect(allowed({ kind: 'user', name: 'alice' })).toEqual([]);
});

test('the example among them is one', async () => {
  const rights = await written(true);
  const alice = { kind: 'user', name: 'alice' } as const;
  const may = (project: string, groups: readonly string[]): boolean =>
    rights.allows({ principal: alice, verb: 'build', project, groups });
  expect([may('kafe', ['backends']), may('kafe_2', ['backends']), may('other', ['backends']), may('kafe', [])]).toEqual(
    [true, true, false, false],
  );
});

test('what is written is YAML', () => {
  for (const item of added({}).items) if (item.kind === 'file') expect(parse(item.text)).toBeInstanceOf(Object);
});
