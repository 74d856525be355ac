import { execFileSync } from 'node:child_process';
import { chownSync, lchownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { inFolder } from '../src/configuration-files.js';
import { loadConfiguration, type Configuration, type GlobalFlags } from '../src/configuration.js';
import { scratchFolder } from './scratch.js';

const before = process.cwd();
let folder = '';
beforeEach(() => {
  folder = scratchFolder();
  write(
    'distribution/mln.config.json',
    '{ "plugins": ["usual", ["other", { "a": 1 }]], "template": "of-distribution", "stop_wait": 1 }',
  );
  mkdirSync(join(folder, 'project/deep'), { recursive: true });
  process.chdir(join(folder, 'project/deep'));
});
afterEach(() => {
  process.chdir(before);
});

function write(path: string, text: string): string {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
  return join(folder, path);
}

const load = (flags: GlobalFlags = {}, environment: NodeJS.ProcessEnv = {}): Promise<Configuration> =>
  loadConfiguration(flags, join(folder, 'distribution/mln.config.json'), {
    XDG_CONFIG_HOME: join(folder, 'xdg'),
    ...environment,
  });

test('for each value the first source counts: flag, environment, project, user, distribution', async () => {
  const project = write('project/mln.config.yaml', 'template: of-project\nfiles: ./files\nservice_host: of-project\n');
  write('mln.config.yaml', 'template: of-no-one\n');
  const user = write('xdg/mln/mln.config.json', '{ "template": "of-user", "stop_wait": 2, "projects": "~/mine" }');
  const distribution = join(folder, 'distribution/mln.config.json');
  const found = await load(
    { serviceHost: 'of-flag' },
    { MLN_SERVICE_HOST: 'of-environment', MLN_TEMPLATES: '/of-environment' },
  );
  expect(found).toMatchObject({ template: 'of-project', stopWait: 2, serviceHost: 'of-flag' });
  expect(found.folders).toMatchObject({ files: join(folder, 'project/files'), templates: '/of-environment' });
  expect(found.origins).toEqual({
    plugins: distribution,
    template: project,
    service_host: 'command line',
    stop_wait: user,
    projects: user,
    templates: 'environment',
    files: project,
  });
  expect(found.plugins).toMatchObject([
    { name: 'usual', standard: true, from: join(folder, 'distribution') },
    { name: 'other', standard: true, options: { a: 1 } },
  ]);
});

test('a named configuration stands alone before the distribution’s, a flag before the environment', async () => {
  write('project/mln.config.yaml', 'template: of-project\n');
  const [one, other] = [write('one.yml', 'stop_wait: 3\n'), write('other.json', '{ "stop_wait": 4 }')];
  expect(await load({}, { MLN_CONFIG: one })).toMatchObject({ stopWait: 3, template: 'of-distribution' });
  expect(await load({ config: other }, { MLN_CONFIG: one })).toMatchObject({ stopWait: 4 });
  expect(await load({}, { MLN_CONFIG: '' })).toMatchObject({ template: 'of-project' });
});

test('a list of plug-ins has names, and names with options; it knows where it stands', async () => {
  const file = write('site.yaml', 'plugins:\n  - one\n  - [./two.js, { a: 1 }]\n  - [three]\n');
  const { plugins } = await load({ config: file });
  expect(plugins.map(({ name, options, from, listedIn }) => [name, options, from, listedIn])).toEqual([
    ['one', {}, folder, file],
    ['./two.js', { a: 1 }, folder, file],
    ['three', {}, folder, file],
  ]);
});

test.each(['', '\n', '# nothing\n', '{}'])('a file may say nothing: %j', async (text) => {
  expect(await load({ config: write('site.yaml', text) })).toMatchObject({ stopWait: 1 });
});

test.each<[name: string, text: string, message: string]>([
  ['site.yaml', 'plugin: [a]\n', 'Unrecognized key: "plugin"'],
  ['site.yaml', '$import: ./other.yaml\n', 'Unrecognized key: "$import"'],
  ['site.yaml', 'stop_wait: soon\n', 'stop_wait: Invalid input'],
  ['site.yaml', 'a: [\n', 'cannot be read'],
  ['site.json', '{ "a": ', 'cannot be read'],
  ['site.json', '5', 'expected object'],
])('%s with %j is refused, with its name', async (name, text, message) => {
  const config = write(name, text);
  await expect(load({ config })).rejects.toMatchObject({
    code: 'MLN_BAD_CONFIGURATION',
    exit: 78,
    message: expect.stringMatching(`${config}.*${message.replaceAll('$', '\\$')}`) as unknown,
  });
});

test.each(['none.yaml', 'none.mjs'])('a named %s that is not there is an error', async (name) => {
  await expect(load({ config: join(folder, name) })).rejects.toMatchObject({ code: 'MLN_BAD_CONFIGURATION' });
});

test('standard stands for the plug-ins that mln comes with, but for those that the list names itself', async () => {
  const own = write('project/mln.config.yaml', 'plugins: [./first.js, standard, [other, { a: 2 }]]\n');
  const { plugins } = await load();
  expect(plugins.map(({ name, options, listedIn, standard }) => [name, options, listedIn === own, standard])).toEqual([
    ['./first.js', {}, true, false],
    ['usual', {}, false, true],
    ['other', { a: 2 }, true, false],
  ]);
});

test('a pipe is no configuration; one of another name beside it is found', () => {
  execFileSync('sh', ['-c', 'mkfifo "$0"', join(folder, 'project/mln.config.yaml')]);
  expect(inFolder(join(folder, 'project'))).toEqual([]);
  const file = write('project/mln.config.json', '{ "stop_wait": 5 }');
  expect(inFolder(join(folder, 'project'))).toEqual([file]);
});

test('what a linked configuration names starts where that lies', async () => {
  write('elsewhere/site.yaml', 'projects: ./p\n');
  symlinkSync('../elsewhere/site.yaml', join(folder, 'project/mln.config.yaml'));
  expect((await load()).folders.projects).toBe(join(folder, 'elsewhere/p'));
});

const asRoot = process.getuid?.() === 0 ? test : test.skip;
const stranger = 65_533;

asRoot('nothing that lies about is a configuration by the link, or in the folder, of a stranger', async () => {
  write('elsewhere/site.yaml', 'stop_wait: 5\n');
  const link = join(folder, 'project/mln.config.yaml');
  symlinkSync('../elsewhere/site.yaml', link);
  expect(await load()).toMatchObject({ stopWait: 5 });
  const refused = { code: 'MLN_BAD_CONFIGURATION', message: expect.stringContaining(`${link} belongs to another`) };
  lchownSync(link, stranger, stranger);
  await expect(load()).rejects.toMatchObject(refused);
  lchownSync(link, 0, 0);
  chownSync(join(folder, 'project'), stranger, stranger);
  await expect(load()).rejects.toMatchObject(refused);
});

asRoot('root takes no folders on the word of a file, or of an environment, of a stranger', async () => {
  const refused = { code: 'MLN_BAD_CONFIGURATION', message: expect.stringContaining('root runs what lies there') };
  for (const key of ['projects', 'templates', 'files']) {
    const config = write('xdg/mln/mln.config.yaml', `${key}: ./here\n`);
    expect(await load()).toMatchObject({ folders: { [key]: join(folder, 'xdg/mln/here') } });
    chownSync(join(folder, 'xdg'), stranger, stranger);
    await expect(load()).rejects.toMatchObject(refused);
    await expect(load({ config })).rejects.toMatchObject(refused);
    expect(await load({ [key]: '/named' })).toMatchObject({ folders: { [key]: '/named' } });
    chownSync(join(folder, 'xdg'), 0, 0);
  }
  write('xdg/mln/mln.config.yaml', '');
  mkdirSync(join(folder, 'data/mln/projects'), { recursive: true });
  const environment = { XDG_DATA_HOME: join(folder, 'data') };
  expect(await load({}, environment)).toMatchObject({ folders: { projects: join(folder, 'data/mln/projects') } });
  chownSync(join(folder, 'data/mln'), stranger, stranger);
  await expect(load({}, environment)).rejects.toMatchObject(refused);
});
