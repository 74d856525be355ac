import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { writeState } from '../src/state.js';
import { commandLine, type Ended } from './cli-process.js';
import { fakeHost, fakeProject } from './fake-project.js';
import { scratchFolder } from './scratch.js';

/* Whole commands beside plug-ins that fail in ways of their own. */

const manifest = (name: string): string =>
  `export const manifest = { name: '${name}', version: '1.0.0', api: '^1.0.0' };\n`;

/** The hypervisor, which is whole: a host is up while it has a file of that name. */
const cli = commandLine(`${manifest('fake')}
  import { existsSync } from 'node:fs';
  const said = { ready: null, memory: null, cpu: null, detail: null };
  export default ({ hooks }) => {
    hooks.resolveUnit.tap('fake', (unit) => ({ ...unit, hypervisor: 'fake' }));
    hooks.monitor.tap('fake', (statuses, units, { directory }) => {
      const state = (name) => (existsSync(directory + '/' + name + '/up') ? 'up' : 'down');
      return new Map([...statuses, ...units.map(({ name }) => [name, { ...said, state: state(name) }])]);
    });
  };`);
const quick = cli.open();

let made = 0;

/** The arguments that load one more plug-in, whose module is given: a file of its own, as modules are imported once. */
function beside(name: string, code: string): readonly string[] {
  const file = `${name}${(made += 1)}.mjs`;
  writeFileSync(join(cli.folder, file), `${manifest(name)}${code}`);
  return config(name, ['./plugin.js', `./${file}`]);
}

function config(name: string, plugins: readonly string[]): readonly string[] {
  const path = join(cli.folder, `${name}.config.json`);
  writeFileSync(path, JSON.stringify({ plugins }));
  return ['--config', path];
}

const verb = (run: string): string =>
  `export default ({ hooks }) => hooks.commands.tap('bad', (commands) => {
     commands.add({ name: 'zz', summary: 'Fails.', options: [{ flags: '--json', help: 'J.' }], ${run} });
   });`;

const told = ({ stdout }: Ended): unknown => JSON.parse(stdout);

test.each([
  ['throws', 'async run() { null.x; }', "failed in its verb zz: Cannot read properties of null (reading 'x')", 3],
  ['throws a text', 'run() { throw "text"; }', 'failed in its verb zz: text', null],
  ['gives rubbish', 'run() { return "rubbish"; }', 'gave "rubbish", which is no exit code, in its verb zz', null],
  ['gives nothing', 'async run() {}', 'gave undefined, which is no exit code, in its verb zz', null],
])('a verb of a plug-in that %s is told with the plug-in', async (_, run, message, line) => {
  const ended = await quick([...beside('bad', verb(run)), 'zz', '--json']);
  expect([ended.exit, ended.stderr]).toEqual([1, '']);
  expect(told(ended)).toMatchObject({
    kind: 'Errors',
    items: [{ code: 'MLN_PLUGIN_FAILED', message: `the plug-in bad ${message}`, line }],
  });
});

test.each([
  ['verb', "commands.add({ name: 'zz' })", 'brings the verb zz without a summary'],
  ['option', "commands.option('list', { flags: '--json', help: 'J.' })", 'both bring the option --json of list'],
])('a wrong %s takes nothing else down', async (_, code, message) => {
  const bad = beside('bad', `export default ({ hooks }) => hooks.commands.tap('bad', (commands) => { ${code} });`);
  const [list, plugins, help, built] = [
    await quick([...bad, 'list']),
    await quick([...bad, 'plugin', 'list']),
    await quick([...bad, '--help']),
    await quick([...bad, 'validate', '--json']),
  ];
  expect([list.exit, plugins.exit, help.exit, built.exit]).toEqual([0, 78, 0, 78]);
  expect(list.stderr).toContain(message);
  expect(plugins.stdout + plugins.stderr).toContain(message);
  expect(help.stdout).toContain('Some plug-ins cannot be used');
  expect(told(built)).toMatchObject({ kind: 'Errors', items: [{ file: join(cli.folder, `bad${made}.mjs`), line: 2 }] });
});

const never = 'await new Promise(() => undefined);';

test.each([
  ['is imported', `${never} export default () => undefined;`, ['validate'], 'while it was imported'],
  ['is set up', `export default async () => { ${never} };`, ['validate'], 'while it was set up'],
  ['runs a verb', verb(`async run() { ${never} }`), ['zz'], 'in its verb zz'],
  [
    'taps a hook',
    `export default ({ hooks }) => hooks.transformTree.tapPromise('never', async () => { ${never} });`,
    ['validate'],
    'in transformTree',
  ],
])('a plug-in that never ends while it %s is told', async (_, code, args, where) => {
  writeFileSync(join(cli.folder, 'x.mln'), 'global { project x }\n');
  const { exit, stderr } = await cli.run([...beside('never', code), ...args]);
  expect(stderr).toContain(`error[MLN_PLUGIN_FAILED]: the plug-in never never came to an end ${where}`);
  expect(exit).toBe(1);
});

test('verbs that can do without a plug-in that never ends go on', async () => {
  const { exit, stdout, stderr } = await cli.run([...beside('never', `${never} export default () => 0;`), 'list']);
  expect([exit, stdout]).toEqual([0, '']);
  expect(stderr).toContain('warning[MLN_PLUGIN_FAILED]: the plug-in never never came to an end while it was imported');
});

test('what a plug-in throws where nobody waits is told, and the command goes on', async () => {
  const code = `export default () => { setImmediate(() => { throw new Error('stray'); }); Promise.reject(new Error('lost')); };`;
  const { exit, stdout, stderr } = await cli.run([...beside('stray', code), 'config', '--json']);
  expect(stderr).toContain(
    `stray${made}.mjs:2:51: error[MLN_PLUGIN_FAILED]: the plug-in stray failed where nobody waited for it: stray`,
  );
  expect(stderr).toContain('waited for it: lost');
  expect([exit, JSON.parse(stdout)]).toMatchObject([1, {}]);
});

test('what a plug-in prints is in no document, and what it leaves running ends with the command', async () => {
  const code = `console.log('imported'); setInterval(() => 0, 1000); export default () => console.info('set up %s', 'now');`;
  writeFileSync(
    join(cli.folder, 'run.js'),
    `import { main, runToEnd } from './main.js';
     export const distribution = { version: '0', configuration: ${JSON.stringify(join(cli.folder, 'mln.config.json'))} };
     if (process.send === undefined) await runToEnd(process.argv.slice(2), distribution);`,
  );
  const { exit, stdout, stderr } = await cli.run([...beside('noisy', code), 'list', '--json']);
  expect([exit, JSON.parse(stdout)]).toMatchObject([0, { kind: 'ProjectList' }]);
  expect(stderr).toBe('imported\nset up now\n');
});

test('of two plug-ins of one name the hint is the list that the user has written', async () => {
  const list = config('twice', ['./plugin.js', './plugin.js']);
  const { stdout } = await quick([...list, 'validate', '--json']);
  const hint = `take one of them out of the list of plug-ins in ${list[1] ?? ''}: mln config --show-origin`;
  expect(JSON.parse(stdout)).toMatchObject({ items: [{ code: 'MLN_PLUGIN_TWICE', hint }] });
  const twice = await quick([...config('standard', ['standard', 'standard']), 'validate', '--json']);
  expect(JSON.parse(twice.stdout)).toMatchObject({
    items: [
      { code: 'MLN_PLUGIN_TWICE', hint: 'take one of them out of the list of plug-ins: mln config --show-origin' },
    ],
  });
});

test('a built project is run and removed though a plug-in that shaped it is gone', async () => {
  const projects = scratchFolder();
  const directory = join(projects, 'ring');
  mkdirSync(join(directory, 'web'), { recursive: true });
  await writeState(directory, {
    project: fakeProject({ directory, hosts: [fakeHost('web')] }),
    templates: {},
  } as never);
  for (const [name, command] of [
    ['start', 'touch'],
    ['stop', 'rm -f'],
  ] as const) {
    writeFileSync(join(directory, 'web', name), `#!/bin/sh\n${command} ${join(directory, 'web/up')}\n`);
    chmodSync(join(directory, 'web', name), 0o755);
  }
  writeFileSync(join(directory, 'web/console.log'), 'booted\n');
  const gone = [...config('gone', ['./plugin.js', './gone.mjs']), '-P', projects];
  const strict = await quick([...gone, 'validate']);
  expect(strict.exit).toBe(78);
  for (const [args, up] of [
    [['list'], false],
    [['start', 'ring'], true],
    [['status', 'ring', '--check'], true],
    [['log', 'web.ring'], true],
    [['restart', 'ring'], true],
    [['stop', '-a'], false],
    [['clean', 'ring'], false],
    [['remove', 'ring', '-y'], false],
  ] as const) {
    const { exit, stderr } = await quick([...gone, ...args]);
    expect([args, exit, existsSync(join(directory, 'web/up'))]).toEqual([args, 0, up]);
    expect(stderr).toContain('warning[MLN_PLUGIN_NOT_FOUND]: there is no plug-in');
  }
  expect(existsSync(directory)).toBe(false);
});

test('a project whose disks nobody who is loaded keeps is not removed', async () => {
  const projects = scratchFolder();
  const directory = join(projects, 'ring');
  mkdirSync(join(directory, 'web'), { recursive: true });
  const disk = { role: 'root', store: 'lvm', path: 'vg/web', existing: false } as never;
  const project = fakeProject({ directory, hosts: [fakeHost('web', { disks: [disk] })] });
  await writeState(directory, { project, templates: {} } as never);
  const ended = await quick([...config('gone', ['./plugin.js', './gone.mjs']), '-P', projects, 'remove', 'ring', '-y']);
  expect([ended.exit, existsSync(directory)]).toEqual([65, true]);
  expect(ended.stderr).toContain('error[MLN_NO_CLAIM]: no plug-in that is loaded keeps disks as lvm, as web has one');
});
