import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { resultOf } from '../guests/support.js';
import { filesBelow, giveAway, npm, ordinary, packFolder, packInto, root, run, scratch } from './installation.js';

/* The pack of examples/pack: its own tests, and what it does where npm has installed it. */

const pack = join(root, 'examples/pack');
const folder = scratch();
const plain = { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1' };
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test('its own tests pass', () => {
  const { status, stdout } = spawnSync(process.execPath, ['--test'], { cwd: pack, env: plain, encoding: 'utf8' });
  expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/^# fail 0$/m) });
});

test('the types of the examples are right', () => {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', 'examples'], { cwd: root, encoding: 'utf8' });
  expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
});

describe('installed from its tarball', () => {
  const [place, home] = [join(folder, 'site'), join(folder, 'home')];
  const projects = join(home, 'projects');
  const env = { HOME: home, MLN_PROJECTS: projects, MLN_TEMPLATES: join(home, 'templates'), NO_COLOR: '1' };
  const program = join(place, 'node_modules/.bin/mln');
  const mln = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(program, args, { cwd: place, env, user: ordinary });
    expect({ args, code, stderr: code === 0 ? '' : stderr }).toEqual({ args, code: 0, stderr: '' });
    return stdout;
  };

  beforeAll(async () => {
    const tarballs = packInto(join(folder, 'tarballs'));
    const tarball = await packFolder(pack, join(folder, 'tarballs'));
    mkdirSync(place);
    mkdirSync(home);
    const plugins = ['@mln/plugin-ext', '@mln/plugin-linux', 'mln-pack-toy'];
    writeFileSync(join(place, 'mln.config.json'), JSON.stringify({ plugins }));
    cpSync(join(pack, 'example.mln'), join(place, 'example.mln'));
    await npm(['install', ...tarballs.values(), tarball], { cwd: place });
    giveAway(place);
    giveAway(home);
    await mln('template', 'build', 'tiny');
    await mln('build');
  });

  afterAll(() => mln('stop', '-p', 'toys', '-w', '0'));

  test('it is its sources, README and package.json', () => {
    const sources = filesBelow(join(pack, 'src')).map((path) => `src/${path}`);
    const files = filesBelow(join(place, 'node_modules/mln-pack-toy'));
    expect(files).toEqual([...sources, 'README.md', 'package.json'].sort());
  });

  test('its guests start, are shown with their memory, answer on their consoles and stop', async () => {
    await mln('start', '-p', 'toys', '--wait', '30');
    const { items } = JSON.parse(await mln('status', '-p', 'toys', '--json')) as {
      items: {
        name: string;
        hypervisor: string;
        state: string;
        ready: boolean | null;
        memory: number;
        detail: string;
      }[];
    };
    expect(items.map(({ name, hypervisor, state, ready }) => [name, hypervisor, state, ready])).toEqual([
      ['lan', 'toy', 'up', null],
      ['buzz', 'toy', 'up', true],
      ['woody', 'toy', 'up', true],
    ]);
    for (const { memory, detail } of items) {
      expect(memory).toBeGreaterThan(100_000);
      expect(detail).toMatch(/^up for \d+ s$/);
    }
    const command = `printf 'cat /etc/hostname\\nsay hello\\n' | '${program}' console -p toys woody`;
    const console = spawn('sh', ['-c', command], {
      cwd: place,
      env: { ...process.env, ...env },
      ...ordinary,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    expect((await resultOf(console)).stdout).toContain('\nwoody\n');
    expect(await mln('log', '-p', 'toys', 'buzz')).toContain('woody hello');
    await mln('stop', '-p', 'toys', '-w', '10');
    expect(await mln('status', '-p', 'toys')).not.toContain(' up ');
  });

  const hasShellcheck = spawnSync('shellcheck', ['--version']).status === 0;
  (hasShellcheck ? test : test.skip)(
    `shellcheck has nothing to say of its scripts${hasShellcheck ? '' : ' (skipped: no shellcheck here)'}`,
    () => {
      const scripts = ['lan', 'woody', 'buzz'].flatMap((unit) =>
        ['start', 'stop', 'run'].map((script) => join(projects, 'toys', unit, script)),
      );
      const { status, stdout } = spawnSync('shellcheck', ['-s', 'sh', ...scripts], { encoding: 'utf8' });
      expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    },
  );

  test('mln plugin list names both, and the pack', async () => {
    const { items } = JSON.parse(await mln('plugin', 'list', '--json')) as { items: { name: string; pack: string }[] };
    const found = items.filter(({ pack: from }) => from === 'mln-pack-toy').map(({ name }) => name);
    expect(found).toEqual(['toy', 'toy-uptime']);
  });

  test('mln doctor has tried what it needs', async () => {
    expect(await mln('doctor', 'toy')).toMatch(/toy guests\n.*setsid, flock, debugfs/);
  });
});
