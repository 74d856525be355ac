import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { openLab, until, type Lab } from './support.js';

/* mln is killed, the disk is full, a program or a template is missing: the project is the old one or the new one, and it is said which. */

let lab: Lab;
let ring: string;
/** The same project with so many hosts that its build takes a while. */
let large: string;
const isRoot = process.getuid?.() === 0;

beforeAll(async () => {
  lab = await openLab();
  ring = lab.write('ring.mln', readFileSync(join(process.cwd(), 'examples/ring.mln'), 'utf8'));
  const hosts = Array.from({ length: 60 }, (_, index) => `host h${index + 1} { }`);
  large = lab.write('large.mln', `global { project ring }\n${hosts.join('\n')}\n`);
}, 60_000);
afterEach(async () => {
  await lab.mln('stop', '-p', 'ring', '-w', '0');
  await lab.mln('remove', '-p', 'ring', '-y');
});
afterAll(async () => {
  await lab.close();
});

/** Starts mln, and kills it as soon as something is true. */
async function killed(args: readonly string[], when: () => boolean): Promise<void> {
  const child = spawn(process.execPath, [lab.program, ...args], { ...lab.spawnOptions, stdio: 'ignore' });
  const ended = new Promise((resolve) => child.on('close', resolve));
  const deadline = Date.now() + 20_000;
  while (!when() && Date.now() < deadline) await pause(1);
  expect(when()).toBe(true);
  child.kill('SIGKILL');
  await ended;
}

const staging = (): string => join(lab.projects, '.ring.new');

test('killed in the middle of a first build, nothing of it is left', async () => {
  await killed(['build', '-f', large], () => existsSync(join(staging(), 'h1')));
  expect(await lab.ok('list')).toBe('');
  const { stderr } = await lab.mln('clean');
  expect(stderr).toContain('the build of ring that was cut off is taken back: nothing of it is left');
  expect((await lab.run('ls', ['-A', lab.projects])).stdout).toBe('');
}, 60_000);

test('killed in the middle of a rebuild, the old project is as it was', async () => {
  await lab.ok('build', '-f', ring);
  const before = readFileSync(join(lab.projects, 'ring/state.json'), 'utf8');
  await killed(['build', '-r', '-f', large], () => existsSync(join(staging(), 'h1')));
  const { stderr } = await lab.mln('start', '-p', 'ring', '-h', 'router1');
  expect(stderr).toContain('the build of ring that was cut off is taken back: the old project is as it was');
  expect(readFileSync(join(lab.projects, 'ring/state.json'), 'utf8')).toBe(before);
  expect(existsSync(staging())).toBe(false);
}, 60_000);

test('killed in the middle of a start, the next start says so and does the rest', async () => {
  await lab.ok('build', '-f', ring);
  await killed(['start', '-p', 'ring', '-s', '30'], () => existsSync(join(lab.projects, 'ring/router1/pid')));
  const { code, stderr } = await lab.mln('start', '-p', 'ring', '--wait', '60');
  expect(stderr).toContain('an earlier start of ring was cut off: 1 of 3 hosts run');
  expect(code).toBe(0);
  expect((await lab.mln('status', '-p', 'ring', '--check')).code).toBe(0);
}, 90_000);

test('a guest whose main process alone is killed leaves nothing, whoever ends it', async () => {
  await lab.ok('build', '-f', ring);
  for (const end of [['clean'], ['stop', '-p', 'ring', '-h', 'router1'], ['start', '-p', 'ring', '-h', 'router1']]) {
    await lab.ok('start', '-p', 'ring', '-h', 'router1', '--wait', '60');
    process.kill(Number(readFileSync(join(lab.projects, 'ring/router1/pid'), 'utf8')), 'SIGKILL');
    const helpers = (): number => lab.processes().filter((command) => command.includes('umid=router1')).length;
    // Some kernels end the helpers together with it, others leave them.
    await lab.ok(...end);
    if (end[0] !== 'start') expect(helpers()).toBe(0);
  }
  await lab.ok('start', '-p', 'ring', '-h', 'router1', '--wait', '60');
}, 90_000);

test('a startup that fails is told', async () => {
  const file = lab.write('bad.mln', 'global { project ring }\nhost a { memory 64M; startup { no-such-command } }\n');
  await lab.ok('build', '-f', file);
  const { stderr } = await lab.mln('start', '-p', 'ring', '--wait', '60');
  expect(stderr).toContain('a is ready (startup ended with 127)');
  expect(await lab.ok('status', '-p', 'ring')).toContain('startup ended with 127');
}, 60_000);

test('two at once: one works, the other says who does', async () => {
  await lab.ok('build', '-f', ring);
  const slow = lab.mln('start', '-p', 'ring', '-s', '2');
  await until(() => existsSync(join(lab.projects, 'ring/router1/pid')), 'the first one to begin');
  expect(await lab.mln('stop', '-p', 'ring')).toMatchObject({
    code: 75,
    stderr: expect.stringMatching(/being worked on: start by /),
  });
  expect((await slow).code).toBe(0);
}, 60_000);

(isRoot ? test : test.skip)(
  'a full disk stops a build, and leaves nothing (a small filesystem is mounted by root)',
  async () => {
    const small = join(lab.folder, 'small');
    mkdirSync(small);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=160K,mode=0777', 'tmpfs', small]);
    try {
      const { code, stderr } = await lab.mln('-P', join(small, 'projects'), 'build', '-f', ring);
      expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringMatching(/MLN_NO_SPACE.*router\d: /) });
      expect((await lab.run('ls', ['-A', join(small, 'projects')])).stdout).toBe('');
    } finally {
      execFileSync('umount', [small]);
    }
  },
  60_000,
);

test('a clock that jumps by days, back and forth, changes nothing', async () => {
  const jump = lab.write(
    'jump.mjs',
    `const { now } = Date;
let turns = 0;
const day = 86_400_000;
Date.now = () => now() + (turns++ % 2 === 0 ? day : -day);
globalThis.Date = class extends Date { constructor(...given) { super(...(given.length > 0 ? given : [Date.now()])); } };
`,
  );
  const jumping = (...args: string[]): ReturnType<Lab['run']> =>
    lab.run(process.execPath, ['--import', jump, lab.program, ...args]);
  expect(await jumping('build', '-f', ring)).toMatchObject({ code: 0 });
  expect(await jumping('start', '-p', 'ring', '--wait', '60')).toMatchObject({ code: 0 });
  const dates = readFileSync(join(lab.projects, 'ring/journal.ndjson'), 'utf8').match(/"at":"[^T]*/g) ?? [];
  expect(new Set(dates).size).toBeGreaterThan(1);
  expect((await lab.mln('status', '-p', 'ring', '--check')).code).toBe(0);
  const stopped = await jumping('stop', '-p', 'ring', '-w', '40');
  expect(stopped).toMatchObject({ code: 0, stderr: expect.not.stringMatching(/halted|killed/) });
  expect(await jumping('template', 'prune', '--dry-run')).toMatchObject({ code: 0 });
  expect(await jumping('remove', '-p', 'ring', '-y')).toMatchObject({ code: 0 });
}, 120_000);

test('a folder for temporary files that cannot be used is named, with the way out', async () => {
  const env = { TMPDIR: join(lab.folder, 'no-such-folder') };
  const built = await lab.run(process.execPath, [lab.program, 'build', '-f', ring], { env });
  expect(built).toMatchObject({ code: 1, stderr: expect.stringMatching(/MLN_IO.*no-such-folder[^]*TMPDIR/) });
  expect((await lab.run('ls', ['-A', lab.projects])).stdout).toBe('');
}, 60_000);

test('a missing program is named, with the package that holds it', async () => {
  await lab.ok('build', '-f', ring);
  const bare = join(lab.folder, 'bare');
  mkdirSync(bare);
  for (const program of ['sh', 'cat', 'readlink', 'dirname', 'sleep', 'rm', 'mkfifo', 'setsid'])
    execFileSync('ln', ['-s', `/usr/bin/${program}`, bare]);
  const started = await lab.run(process.execPath, [lab.program, 'start', '-p', 'ring'], { env: { PATH: bare } });
  expect(started.stderr).toMatch(/error\[MLN_NO_PROGRAM\]: A: the program uml_switch is not installed/);
  expect(started.stderr).toContain('apt-get install uml-utilities');
  expect(started.code).not.toBe(0);
  expect(lab.processes()).toEqual([]);
}, 60_000);

test('a template that is missing or has changed is said before anything is made', async () => {
  const other = lab.write('other.mln', 'global { project ring }\nhost a { template tinny }\n');
  expect(await lab.mln('build', '-f', other)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/other\.mln:2:10: .*MLN_NO_TEMPLATE.*tinny[^]*did you mean tiny/),
  });
  const image = join(lab.folder, 'templates/tiny/1.0/image');
  const copy = join(lab.folder, 'copy');
  await lab.run('cp', ['-a', image, copy]);
  rmSync(image);
  expect(await lab.mln('build', '-f', ring)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('MLN_TEMPLATE_CHANGED'),
  });
  await lab.run('cp', ['-a', copy, image]);
  await lab.run('sh', ['-c', 'chmod u+w "$1" && printf x | dd of="$1" bs=1 seek=5000 conv=notrunc', 'sh', image]);
  expect(await lab.mln('template', 'verify', 'tiny')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('SHA-256'),
  });
  expect((await lab.run('ls', ['-A', lab.projects])).stdout).toBe('');
  await lab.run('cp', ['-a', '--remove-destination', copy, image]);
}, 60_000);

test('what is no name of a project touches nothing, whatever the verb', async () => {
  for (const folder of ['foo.new', 'foo.old', 'foo.gone']) mkdirSync(join(lab.folder, folder));
  for (const verb of ['start', 'stop', 'clean', 'remove', 'status'])
    expect((await lab.mln(verb, '-p', 'x/../../foo')).code).not.toBe(0);
  for (const folder of ['foo.new', 'foo.old', 'foo.gone']) expect(existsSync(join(lab.folder, folder))).toBe(true);
});

test('a line end that the command line brings is refused', async () => {
  const file = lab.write('set.mln', 'global { project ring }\nhost a { root_password crypt:$x; nameserver $x }\n');
  expect(await lab.mln('build', '-f', file, '--set', 'x=a\nroot2::0:0:::')).toMatchObject({ code: 64 });
  expect(await lab.mln('build', '-f', file, '--set', 'x=a:b')).toMatchObject({ code: 65 });
});

test('values that are shell syntax are literal, or refused', async () => {
  const weird = lab.write(
    'weird.mln',
    `global { project ring; $v = "a'b $(touch ${lab.folder}/owned) \`id\`" }
host a {
  memory 64M
  startup {
    printf '%s\\n' "\\$v" '$v' >/root/said
  }
  kernel "$v/linux"
}
`,
  );
  expect((await lab.mln('build', '-f', weird)).code).toBe(0);
  const started = await lab.mln('start', '-p', 'ring');
  expect(started).toMatchObject({ code: 1, stderr: expect.stringContaining('is not installed') });
  expect(existsSync(join(lab.folder, 'owned'))).toBe(false);
  for (const name of ['../x', '-rf', 'a b', 'start', 'x/y', '$(id)']) {
    const bad = lab.write('bad.mln', `global { project ring }\nhost '${name}' { }\n`);
    expect(await lab.mln('build', '-f', bad)).toMatchObject({ code: 65, stderr: expect.stringContaining('MLN_') });
  }
}, 60_000);
