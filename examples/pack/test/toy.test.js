// @ts-check
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { tryPlugin } from '@mln/core/testing';

/** The pack as mln finds it. */
const pack = join(import.meta.dirname, '..');
const example = readFileSync(join(pack, 'example.mln'), 'utf8');

test('hosts that say toy are claimed, and the switches that they are connected to', async () => {
  const { project, warnings } = await tryPlugin(pack, `${example}\nhost rex { }\nswitch other { }`);
  const platforms = [...project.hosts, ...project.switches].map(({ name, hypervisor }) => `${name} ${hypervisor}`);
  assert.deepEqual(platforms, ['buzz toy', 'rex memory', 'woody toy', 'lan toy', 'other memory']);
  assert.deepEqual(warnings, []);
});

test('with the option default those that say nothing are claimed as well', async () => {
  const toy = join(pack, 'src/toy.js');
  const text = 'global { project p }\nhost a { }\nhost b { toy no }\nswitch s { }';
  const { project } = await tryPlugin(toy, text, { options: { default: true } });
  assert.deepEqual(
    [...project.hosts, ...project.switches].map(({ hypervisor }) => hypervisor),
    ['toy', 'memory', 'toy'],
  );
});

test('what a toy cannot do is told at its line', async () => {
  const text = 'global { project p }\nhost a {\n  toy\n  term screen\n}';
  await assert.rejects(tryPlugin(pack, text, { file: '/x.mln' }), (error) => {
    const [problem] = /** @type {import('@mln/core').MlnError} */ (error).problems;
    assert.equal(problem?.code, 'MLN_UNSUPPORTED');
    assert.equal(problem.place?.line, 4);
    return true;
  });
});

test('nothing that a project says is run by the shell', async () => {
  const { scripts } = await tryPlugin(pack, `global { project p }\nhost a { toy; greeting "it's $(touch x)" }`);
  assert.match(scripts('a').get('run') ?? '', /^echo 'it'\\''s \$\(touch x\)'$/m);
});

/** The project in a folder of its own, as a build would leave it, and a way to run its scripts. */
async function built() {
  const { mln, project, scripts } = await tryPlugin(pack, example);
  const directory = mkdtempSync(join(tmpdir(), 'toys-'));
  const units = [...project.switches, ...project.hosts];
  for (const { name } of units) {
    mkdirSync(join(directory, name));
    for (const [path, text] of scripts(name)) {
      writeFileSync(join(directory, name, path), text);
      chmodSync(join(directory, name, path), 0o700);
    }
    writeFileSync(join(directory, name, 'root.img'), '');
  }
  /** @type {(unit: string, script: string, ...args: string[]) => string} */
  const run = (unit, script, ...args) => execFileSync(join(directory, unit, script), args, { encoding: 'utf8' });
  after(() => {
    for (const { name } of units) run(name, 'stop', 'kill');
    rmSync(directory, { recursive: true });
  });
  const status = async () => mln.hooks.monitor.promise(new Map(), units, { ...project, directory }, { usage: false });
  /** Waits until a unit has written something on its console. @type {(unit: string, text: string) => Promise<void>} */
  const shows = async (unit, text) => {
    for (let tries = 0; !readFileSync(join(directory, unit, 'console.log'), 'utf8').includes(text); tries += 1) {
      if (tries > 500) throw new Error(`${unit} does not show ${text}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  /** @type {(unit: string, line: string) => void} */
  const type = (unit, line) => {
    writeFileSync(join(directory, unit, 'console.in'), `${line}\n`, { flag: 'a' });
  };
  return { run, status, shows, type };
}

test('toys start, talk with each other and stop', async () => {
  const { run, status, shows, type } = await built();
  assert.deepEqual(
    [...(await status()).values()].map(({ state }) => state),
    ['down', 'down', 'down'],
  );
  for (const unit of ['lan', 'woody', 'buzz']) assert.equal(run(unit, 'start'), '');
  assert.equal(run('woody', 'start'), 'woody.toys runs already\n');
  await shows('woody', "You've got a friend in me");
  await shows('woody', 'mln: woody.toys is ready');
  await shows('buzz', 'mln: buzz.toys is ready');
  for (const { state, memory, cpu, ready, detail } of (await status()).values()) {
    assert.equal(state, 'up');
    assert.ok(memory !== null && memory > 100_000 && memory < 16 * 1024 * 1024, `${memory} bytes`);
    assert.ok(cpu !== null && cpu < 5);
    assert.notEqual(ready, false);
    assert.match(detail ?? '', /^up for \d+ s$/);
  }
  type('woody', 'say to infinity; $(touch x)');
  await shows('buzz', 'woody to infinity; $(touch x)');
  type('buzz', 'uptime');
  await shows('buzz', ' s\n');
  for (const unit of ['buzz', 'woody', 'lan']) {
    run(unit, 'stop');
    run(unit, 'stop', 'wait', '5');
  }
  assert.deepEqual(
    [...(await status()).values()].map(({ state, detail }) => `${state} ${detail}`),
    ['down null', 'down null', 'down null'],
  );
});

test('a toy that was killed is told, and what it left is taken away', async () => {
  const { run, status } = await built();
  const woody = async () => (await status()).get('woody');
  run('woody', 'start');
  process.kill((await woody())?.id ?? 0, 'SIGKILL');
  while ((await woody())?.state === 'up') await new Promise((resolve) => setTimeout(resolve, 20));
  assert.match((await woody())?.detail ?? '', /^it has died/);
  assert.match(run('woody', 'stop', 'clean'), /taken away/);
  assert.equal((await woody())?.detail, null);
  run('woody', 'start');
  assert.equal((await woody())?.state, 'up');
});
