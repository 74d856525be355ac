import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { loadConfiguration } from '../src/configuration.js';
import { chosenValues, configurationText } from '../src/setup/configuration-text.js';
import { foldersIn, placesOf, type Caller } from '../src/setup/places.js';
import { scratchFolder } from './scratch.js';

/* The configuration that mln setup writes, as mln reads it. */

const caller: Caller = { environment: {}, home: '/home/ada', uid: 1000, prefix: null };
const wanted = {
  usual: foldersIn(placesOf('user', caller)),
  folders: foldersIn(placesOf('user', caller)),
  serviceHost: null,
  plugins: [],
};

async function load(text: string): Promise<Readonly<Record<string, unknown>>> {
  const folder = scratchFolder();
  const [path, empty] = [join(folder, 'mln.config.yaml'), join(folder, 'empty.json')];
  writeFileSync(path, text);
  writeFileSync(empty, '{ "plugins": [["usual", { "a": 1 }]] }');
  const { folders, origins, template, stopWait, serviceHost, plugins } = await loadConfiguration(
    { config: path },
    empty,
    {},
  );
  const said = Object.keys(origins).filter((key) => origins[key] === path);
  const listed = plugins.map(({ name, options }) => [name, options]);
  return { said, ...folders, template, stopWait, serviceHost, plugins: listed };
}

test('a configuration in which nothing is chosen says nothing; with all its comments taken away it says what counts anyway', async () => {
  const text = configurationText(wanted);
  expect((await load(text))['said']).toEqual([]);
  expect(await load(text.replace(/^#(?=\S)/gm, ''))).toEqual({
    said: ['plugins', 'template', 'service_host', 'stop_wait', 'projects', 'templates', 'files'],
    ...wanted.folders,
    template: 'tiny',
    stopWait: 60,
    serviceHost: 'server1',
    plugins: [['usual', { a: 1 }]],
  });
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(120);
});

test('each value of a configuration may be taken on its own', async () => {
  const text = configurationText(wanted);
  const names = [...text.matchAll(/^#(\w+):/gm)].map(([, name = '']) => name);
  expect(names).toHaveLength(7);
  for (const name of names) {
    const one = text.replace(new RegExp(`^#${name}:.*\\n(?:#- .*\\n)*`, 'm'), (lines) => lines.replace(/^#/gm, ''));
    expect((await load(one))['said']).toEqual([name]);
  }
});

test('what was chosen stands in the configuration without a comment', async () => {
  const chosen = { ...wanted, folders: { ...wanted.folders, projects: '/srv/a: "b"' }, serviceHost: 'no' };
  expect(chosenValues(chosen)).toEqual({ projects: '/srv/a: "b"', service_host: 'no' });
  expect(await load(configurationText(chosen))).toMatchObject({
    said: ['service_host', 'projects'],
    projects: '/srv/a: "b"',
    serviceHost: 'no',
  });
});

test('a plug-in that is listed has its options explained; each of them may be taken on its own', async () => {
  const option = (name: string, value: unknown, chosen: boolean) => ({
    name,
    value,
    chosen,
    description: `D ${name}.`,
  });
  const options = [option('a', { x: 'y: z' }, false), option('b', ['#1'], true), option('c', 'text', false)];
  const text = configurationText({ ...wanted, plugins: [{ name: 'p', options }] });
  const plugins = async (written: string): Promise<unknown> => (await load(written))['plugins'];
  expect((await load(text))['said']).toEqual(['plugins']);
  expect(await plugins(text)).toEqual([
    ['usual', { a: 1 }],
    ['p', { b: ['#1'] }],
  ]);
  expect(await plugins(text.replace('#c:', 'c:'))).toEqual([
    ['usual', { a: 1 }],
    ['p', { b: ['#1'], c: 'text' }],
  ]);
  expect(await plugins(text.replace(/^( *)#(?=\S)/gm, '$1'))).toEqual([
    ['usual', { a: 1 }],
    ['p', { a: { x: 'y: z' }, b: ['#1'], c: 'text' }],
  ]);
  for (const { description } of options) expect(text).toContain(`    # ${description}\n`);
});
