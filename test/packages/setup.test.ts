import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { install } from '../guests/installation.js';
import { giveAway, ordinary, run, scratch, type Ended } from './installation.js';

/*
 * mln setup as an ordinary user runs it, in a home folder of its own: mln as it was compiled, found on the PATH as npm
 * links it.
 */

const folder = scratch();
const home = join(folder, 'home');
const bin = join(folder, 'bin');
const env = {
  HOME: home,
  PATH: `${bin}:${process.env['PATH'] ?? ''}`,
  XDG_RUNTIME_DIR: join(folder, 'runtime'),
  NO_COLOR: '1',
  MANPAGER: 'cat',
  PAGER: 'cat',
};

beforeAll(() => {
  for (const path of [home, bin, env.XDG_RUNTIME_DIR]) mkdirSync(path);
  // The checkout may lie where no other user can read it.
  symlinkSync(join(install(join(folder, 'installation')), 'bin/mln.js'), join(bin, 'mln'));
  for (const path of [home, env.XDG_RUNTIME_DIR]) giveAway(path);
});

afterAll(() => {
  for (const child of running) child.kill();
  rmSync(folder, { recursive: true, force: true });
});

function mln(...args: readonly string[]): Promise<Ended> {
  return run('mln', args, { cwd: home, env, user: ordinary });
}

/** Runs mln on a terminal of its own, by script(1): when it has printed a text, what stands behind that is typed. */
async function onTerminal(
  command: string,
  dialogue: readonly (readonly [heard: string, typed: string])[],
): Promise<Ended> {
  const clean = Object.entries(process.env).filter(([name]) => !/^(npm_|MLN_|NODE_OPTIONS$|XDG_)/i.test(name));
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    cwd: home,
    env: { ...Object.fromEntries(clean), ...env, TERM: 'dumb' },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...ordinary,
  });
  running.add(child);
  const left = [...dialogue];
  let stdout = '';
  let from = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString().replaceAll('\r', '');
    for (let next = left[0]; next && stdout.includes(next[0], from); next = left[0]) {
      from = stdout.indexOf(next[0], from) + next[0].length;
      child.stdin.write(next[1]);
      left.shift();
    }
  });
  const [[code], stderr] = (await Promise.all([once(child, 'close'), text(child.stderr)])) as [[number], string];
  running.delete(child);
  return { code, stdout, stderr };
}

const running = new Set<ChildProcess>();

/** What is below the home folder, with what is in it. */
function everything(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    readdirSync(home, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const path = join(entry.parentPath, entry.name);
        return [path.slice(home.length + 1), `${statSync(path).mtimeMs} ${readFileSync(path, 'utf8')}`];
      }),
  );
}

const configuration = join(home, '.config/mln/mln.config.yaml');

test('without a terminal it asks nothing, makes everything, and a second run changes nothing', async () => {
  expect((await mln('setup', '--check')).code).toBe(1);
  expect(readdirSync(home)).toEqual([]);
  const first = await mln('setup', '--boot');
  expect(first).toMatchObject({ code: 0, stdout: expect.stringMatching(/^✓ made +configuration/m) });
  expect(first.stderr).toContain(`mln as: `);
  const made = everything();
  expect(Object.keys(made)).toEqual(
    expect.arrayContaining([
      '.config/mln/mln.config.yaml',
      '.config/systemd/user/mln.service',
      '.local/share/bash-completion/completions/mln',
      '.local/share/zsh/site-functions/_mln',
      '.local/share/fish/vendor_completions.d/mln.fish',
      '.local/share/man/man1/mln-start.1',
      '.local/share/man/man5/mln-project.5',
    ]),
  );
  expect((await mln('setup', '--check')).code).toBe(0);
  const second = await mln('setup');
  expect(second).toMatchObject({ code: 0, stdout: expect.stringContaining('nothing is to be done') });
  expect(everything()).toEqual(made);
});

test('each value of the configuration counts as it stands, and the plug-ins that it lists are found', async () => {
  const written = readFileSync(configuration, 'utf8');
  const config = async (): Promise<{ values: unknown; origins: Record<string, string> }> => {
    const { code, stdout, stderr } = await mln('config', '--json', '--show-origin');
    expect([code, stderr]).toEqual([0, '']);
    return JSON.parse(stdout) as { values: unknown; origins: Record<string, string> };
  };
  const usual = await config();
  writeFileSync(configuration, written.replace(/^#(?=\S)/gm, ''));
  const said = await config();
  expect(said.values).toEqual({ ...(usual.values as object), service_host: 'server1' });
  expect(new Set(Object.values(said.origins))).toEqual(new Set([configuration]));
  writeFileSync(configuration, written);
  expect((await mln('setup', '--check')).code).toBe(0);
});

const analyze = spawnSync('systemd-analyze', ['--version']).status === 0;

(analyze ? test : test.skip)(
  `systemd has nothing against the units${analyze ? '' : ' (skipped: no systemd-analyze that runs here)'}`,
  async () => {
    const unit = join(home, '.config/systemd/user/mln.service');
    const verify = (path: string): Promise<Ended> =>
      run('systemd-analyze', ['verify', '--man=no', '--user', path], { env, user: ordinary });
    expect(await verify(unit)).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const broken = join(env.XDG_RUNTIME_DIR, 'broken.service');
    writeFileSync(
      broken,
      readFileSync(unit, 'utf8').replace('/mln start', '/no-mln start').replace('OOMPolicy', 'Oom'),
    );
    expect((await verify(broken)).stderr).toContain('Oom');
    const stage = join(folder, 'stage');
    const done = await run('mln', ['setup', '--service-host', 'gw', '--boot', '--prefix', stage], { cwd: folder, env });
    expect(done.code).toBe(0);
    const system = join(stage, 'usr/lib/systemd/system/mln.service');
    expect(await run('systemd-analyze', ['verify', '--man=no', system], { env })).toMatchObject({
      code: 0,
      stderr: '',
    });
  },
);

test('the commands of the unit do what they are for', async () => {
  const unit = readFileSync(join(home, '.config/systemd/user/mln.service'), 'utf8');
  const commands = [...unit.matchAll(/^Exec(?:Start|Stop)=(.*)$/gm)].map(([, line = '']) => line.split(' '));
  expect(commands).toHaveLength(2);
  for (const [program = '', script, ...args] of commands) {
    expect([program.startsWith('/'), script]).toEqual([true, join(bin, 'mln')]);
    // As systemd runs them: without anything of the caller's environment.
    const { code } = await run('env', ['-i', `HOME=${home}`, program, String(script), ...args], { user: ordinary });
    expect(code).toBe(0);
  }
});

const mandoc = spawnSync('mandoc', ['-h']).error === undefined;
const pages = join(home, '.local/share/man');

(mandoc ? test : test.skip)(
  `mandoc has nothing against the pages, and prints every option of every verb${mandoc ? '' : ' (skipped: no mandoc here)'}`,
  async () => {
    const listed = JSON.parse((await mln('setup', '--check', '--json')).stdout) as {
      items: readonly { what: string; path: string }[];
    };
    const paths = listed.items.filter(({ what }) => what === 'manual page').map(({ path }) => path);
    expect(paths.length).toBeGreaterThan(25);
    expect(await run('mandoc', ['-Tlint', '-W', 'warning', ...paths])).toEqual({ code: 0, stdout: '', stderr: '' });
    for (const verb of ['build', 'start', 'setup', 'template add', 'template build', 'graph']) {
      const help = await mln(...verb.split(' '), '--help');
      const options = [...help.stdout.matchAll(/^ {2}(?:-\w, )?(--?[a-z0-9-]+)/gm)].map(([, flag = '']) => flag);
      expect(options).toContain('--help');
      const page = join(pages, 'man1', `mln-${verb.split(' ')[0] ?? ''}.1`);
      const { stdout } = await run('mandoc', ['-Tutf8', page]);
      // Bold is a character, a backspace and the character again
      const printed = stdout.replace(/.\u0008/gu, '');
      for (const option of options.filter((each) => each !== '--help'))
        expect(printed).toMatch(new RegExp(`^ +(?:-\\w, )?${option}(?![\\w-])`, 'm'));
    }
  },
);

test('mln man prints a page, and on a terminal lets man(1) or mandoc(1) show it', async () => {
  const plain = await mln('man', 'template', 'add');
  expect(plain.stdout).toMatch(/^NAME\n {7}mln-template - /);
  const shown = await onTerminal('mln man template add', []);
  expect(shown.code).toBe(0);
  // Bold, as a terminal is told of it
  const seen = shown.stdout.replace(/.\u0008|\u001b\[[\d;]*m/gu, '');
  if (spawnSync('man', ['--version']).status === 0 || mandoc) expect(seen).toMatch(/^MLN-TEMPLATE\(1\)/m);
  expect(seen).toMatch(/^ +--from host\.project$/m);
});

test('--remove takes everything away but what was changed and what it never wrote', async () => {
  mkdirSync(join(home, '.local/share/mln/projects/ring'));
  appendFileSync(configuration, 'stop_wait: 5\n');
  const { code, stdout } = await mln('setup', '--remove');
  expect(code).toBe(0);
  expect(stdout).toContain(`left, it is changed or holds something: ${configuration}`);
  expect(Object.keys(everything())).toEqual(['.config/mln/mln.config.yaml']);
  expect(existsSync(join(home, '.local/share/mln/projects/ring'))).toBe(true);
  rmSync(join(home, '.config'), { recursive: true });
  rmSync(join(home, '.local'), { recursive: true });
});

test('on a terminal it asks; what is answered is done, and is what counts the next time', async () => {
  const projects = join(home, 'my projects');
  const { code, stdout } = await onTerminal('mln setup', [
    ['Number [1]', '1\n'],
    ['Projects in', `${projects}\n`],
    ['Templates in', '\n'],
    ['(y/n)', 'y\n'],
  ]);
  expect(code).toBe(0);
  expect(stdout).toContain('Whom is mln for?');
  expect(statSync(projects).mode & 0o777).toBe(0o700);
  expect(readFileSync(configuration, 'utf8')).toContain(`\nprojects: ${JSON.stringify(projects)}\n`);
  expect(existsSync(join(home, '.config/systemd/user/default.target.wants/mln.service'))).toBe(true);
  const made = everything();
  const again = await onTerminal(
    'mln setup',
    ['Number [1]', 'Projects in', 'Templates in', '(y/n)'].map((heard) => [heard, '\n']),
  );
  expect(again.stdout).toContain(`Projects in [${projects}]`);
  expect(again.stdout).toContain('nothing is to be done');
  expect((await mln('setup', '--check')).code).toBe(0);
  expect(everything()).toEqual(made);
});

test('whoever ends the questions has confirmed nothing', async () => {
  await mln('setup', '--remove');
  const { code, stdout } = await onTerminal('mln setup', [
    ['Number [1]', '1\n'],
    ['Projects in', '\u0004'],
  ]);
  expect([code, stdout]).toEqual([1, expect.stringContaining('MLN_NOT_CONFIRMED')]);
  expect(everything()).toEqual({});
});

test('the whole system is for root', async () => {
  if (ordinary.uid === 0) throw new Error('this test is run by an ordinary user');
  const { code, stderr } = await mln('setup', '--system');
  expect([code, stderr]).toEqual([77, expect.stringContaining('sudo mln setup --system')]);
});
