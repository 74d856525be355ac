import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { install } from '../guests/installation.js';
import { giveAway, ordinary, root, run, scratch, succeed, writeAll, type Ended } from './installation.js';

/* From nothing to a plug-in that is tested and used, as its author goes, outside of any checkout; and what becomes of it when it breaks. */

const folder = scratch();
const home = join(folder, 'home');
const plugin = join(home, 'motd');
const code = join(plugin, 'src/index.js');
const environment = {
  HOME: home,
  MLN_TEMPLATES: join(home, 'templates'),
  MLN_PROJECTS: join(home, 'projects'),
  NO_COLOR: '1',
};
/** The checkout may lie where no other user can read it. */
const program = join(install(join(folder, 'installation')), 'bin/mln.js');
const asAuthor = { cwd: home, env: environment, user: ordinary };

const mln = (args: readonly string[], cwd = home): Promise<Ended> =>
  run(process.execPath, [program, ...args], { ...asAuthor, cwd });

/** The file that the plug-in writes into the guest of its own example. */
const planned = (): Promise<Ended> =>
  mln(['--config', 'mln.config.yaml', 'plan', '-f', 'motd/example.mln', 'ada', '/etc/motd.conf']);

let whole = '';
beforeAll(async () => {
  mkdirSync(join(folder, 'etc'));
  writeAll(home, {
    'mln.config.yaml': 'plugins: ["@mln/plugin-ext", ["@mln/plugin-uml", { default: true }], ./motd]\n',
    'templates/tiny': '',
  });
  const image = join(home, 'templates/tiny');
  await succeed('mke2fs', ['-q', '-F', '-t', 'ext4', '-b', '4096', '-d', join(folder, 'etc'), image, '8M']);
  giveAway(home);
  const made = await mln(['plugin', 'new', 'motd']);
  expect(made).toMatchObject({ code: 0, stderr: '' });
  expect(made.stdout).toContain(`- "${plugin}"`);
  whole = readFileSync(code, 'utf8');
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test('its tests pass at once, without a network', async () => {
  const { code: exit, stdout } = await run('npm', ['test', '--offline'], { ...asAuthor, cwd: plugin });
  expect(exit).toBe(0);
  expect(stdout).toMatch(/^[#ℹ] pass 5$/m);
  expect(stdout).toMatch(/^[#ℹ] fail 0$/m);
});

test('mln plugin check finds nothing wrong with it, and npm packs what it needs', async () => {
  const { code: exit, stdout } = await mln(['plugin', 'check', '.'], plugin);
  expect([exit, stdout.match(/^[!✗].*$/gm)]).toEqual([0, null]);
  expect(stdout).toMatch(/✓ packed +npm packs 3 files, and all that it needs/);
});

test('TypeScript finds nothing wrong with its types, and a method that there is not', async () => {
  const broken = join(folder, 'broken');
  cpSync(plugin, broken, { recursive: true, verbatimSymlinks: true });
  writeFileSync(join(broken, 'src/index.js'), whole.replace('guest.write', 'guest.wirte'));
  // Whoever runs this test has the compiler, and the types of Node.
  const compilerOptions = {
    allowJs: true,
    checkJs: true,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    module: 'nodenext',
    target: 'es2022',
    types: ['node'],
    typeRoots: [join(root, 'node_modules/@types')],
  };
  const include = [plugin, broken].flatMap((each) => [join(each, 'src'), join(each, 'test')]);
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include }));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { stdout } = await run(process.execPath, [tsc, '-p', folder]);
  expect(stdout.trim().split('\n')).toEqual([
    expect.stringMatching(/broken\/src\/index\.js\(38,\d+\): error .*Did you mean 'write'\?/),
  ]);
});

test('it works when it is configured', async () => {
  expect(await planned()).toMatchObject({ code: 0, stdout: 'Hello from ada\n', stderr: '' });
});

/** The fault, the change that makes it, the code of the error, the exit code, and where the error is. */
test.each<[string, (text: string) => string, string, number, string]>([
  ['a syntax error', (text) => text.replace('declare({', 'declare({{'), 'MLN_PLUGIN_IMPORT', 78, ':15:'],
  ['what is thrown on import', (text) => `${text}throw new Error('oops');\n`, 'MLN_PLUGIN_IMPORT', 78, ':41:'],
  [
    'what is thrown in a tap',
    (text) => text.replace('host.keywords[', 'host.keyword['),
    'MLN_PLUGIN_FAILED',
    1,
    ':37:',
  ],
  ['no default export', (text) => text.replace('export default', ''), 'MLN_PLUGIN_NO_DEFAULT', 78, ''],
])('%s is told with its place, by plan and by check', async (_, change, errorCode, exit, line) => {
  writeFileSync(code, change(whole));
  try {
    const broken = await planned();
    expect([broken.code, broken.stdout]).toEqual([exit, '']);
    expect(broken.stderr).toContain(`error[${errorCode}]`);
    expect(broken.stderr).toContain(`motd/src/index.js${line}`);
    expect(broken.stderr).toContain('mln-plugin-motd');
    expect(broken.stderr).toContain('hint: ');
    const { code: checked, stdout } = await mln(['plugin', 'check', 'motd']);
    expect(checked).toBe(78);
    expect(stdout).toContain(errorCode);
    expect(stdout).toContain(`motd/src/index.js${line}`);
  } finally {
    writeFileSync(code, whole);
  }
});

/** The files of the core that a verb loads and that hold what is there for trials alone. */
async function trialFiles(name: string, ...args: string[]): Promise<readonly string[]> {
  const coverage = join(home, name);
  const env = { ...environment, NODE_V8_COVERAGE: coverage };
  await succeed(process.execPath, [program, ...args], { ...asAuthor, env });
  const urls = readdirSync(coverage).flatMap((each) => {
    const { result } = JSON.parse(readFileSync(join(coverage, each), 'utf8')) as { result: { url: string }[] };
    return result.map(({ url }) => url).filter((url) => url.includes('/core/dist/'));
  });
  expect(urls.length).toBeGreaterThan(5);
  return urls.filter((url) => readFileSync(fileURLToPath(url), 'utf8').includes('mln-trial-'));
}

test('what trials need is loaded for trials alone', async () => {
  expect(await trialFiles('list', 'list')).toEqual([]);
  expect(await trialFiles('plan', '--config', 'mln.config.yaml', 'plan', '-f', 'motd/example.mln')).toEqual([]);
  expect(await trialFiles('check', 'plugin', 'check', 'motd')).not.toEqual([]);
});

test('a plug-in API of another time is told', async () => {
  const description = join(plugin, 'package.json');
  const text = readFileSync(description, 'utf8');
  writeFileSync(description, text.replaceAll('^1.0.0', '^2.0.0'));
  try {
    const { code: exit, stderr } = await planned();
    expect([exit, stderr]).toEqual([78, expect.stringMatching(/MLN_PLUGIN_API.*mln-plugin-motd .*\^2\.0\.0/)]);
    const { code: checked, stdout } = await mln(['plugin', 'check', 'motd']);
    expect([checked, stdout]).toEqual([78, expect.stringContaining('MLN_PLUGIN_API')]);
  } finally {
    writeFileSync(description, text);
  }
});

test('a project that it refuses is told by its line', async () => {
  const example = join(home, 'long.mln');
  writeFileSync(example, `global { project long }\nhost ada {\n  motd "${'x'.repeat(201)}"\n}\n`);
  const { code: exit, stderr } = await mln(['--config', 'mln.config.yaml', 'validate', '-f', example]);
  expect(exit).toBe(65);
  expect(stderr).toMatch(/^long\.mln:3:3: error\[MLN_BAD_VALUE\]: ada: motd has 201 characters/m);
});
